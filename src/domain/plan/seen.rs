//! What the bill shows of one thing, day by day.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::billing::costs::{Costs, DetailKind};
use crate::billing::price::plan_money;
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};

/// Days that an event is looked for in.
const WEEK: i64 = 7;
/// Days before an event that tell what was there without it.
const BEFORE_DAYS: i64 = 28;

/// The complete days of a bill.
#[derive(Debug, Clone, Copy)]
pub struct Days<'a> {
    /// Classified costs.
    pub costs: &'a Costs,
    /// First stored to last complete day.
    pub complete: DayRange,
}

/// Cost and chip-hours by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    complete: DayRange,
    usd: Vec<Money>,
    chip_hours: Vec<Decimal>,
}

impl<'a> Days<'a> {
    /// Last complete day.
    pub fn through(self) -> NaiveDate {
        plus_days(self.complete.end, -1)
    }

    /// Sorts the detail into `count` things by what `thing` says of each kind.
    pub fn of_each(self, count: usize, thing: impl Fn(&'a DetailKind) -> Option<usize>) -> Vec<Seen> {
        let of_kind: Vec<Option<usize>> = self.costs.kinds.iter().map(thing).collect();
        let mut seen = vec![Seen::nothing(self.complete); count];
        for row in self.costs.detail.iter().filter(|row| self.complete.contains(row.day)) {
            let Some(thing) = of_kind[row.kind] else { continue };
            let at = usize::try_from((row.day - self.complete.start).num_days()).unwrap_or(0);
            seen[thing].usd[at] += row.cost;
            let class = &self.costs.kinds[row.kind].class;
            if let Some(scale) = class.scale.filter(|_| class.unit == "chip_hours") {
                seen[thing].chip_hours[at] += row.quantity.times(scale).amount();
            }
        }
        seen
    }

    /// The days of all kinds that are `wanted`.
    pub fn of(self, wanted: impl Fn(&'a DetailKind) -> bool) -> Seen {
        self.of_each(1, |kind| wanted(kind).then_some(0)).remove(0)
    }
}

impl Seen {
    fn nothing(complete: DayRange) -> Seen {
        let days = usize::try_from(complete.len()).unwrap_or(0);
        Seen { complete, usd: vec![Money::ZERO; days], chip_hours: vec![Decimal::ZERO; days] }
    }

    fn at<T: Copy>(&self, of: &[T], days: DayRange) -> Vec<T> {
        let known = self.complete.intersect(days);
        let at = |day: NaiveDate| usize::try_from((day - self.complete.start).num_days()).unwrap_or(0);
        if known.is_empty() { Vec::new() } else { of[at(known.start)..at(known.end)].to_vec() }
    }

    /// Cost of some days.
    pub fn usd(&self, days: DayRange) -> Money {
        self.at(&self.usd, days).into_iter().sum()
    }

    /// Chip-hours of some days.
    pub fn chip_hours(&self, days: DayRange) -> Decimal {
        self.at(&self.chip_hours, days).into_iter().sum()
    }

    /// Cost per day over the `days` days that end with `last`; days before the first stored one cost nothing.
    pub fn per_day(&self, last: NaiveDate, days: i64) -> Money {
        self.usd(DayRange::new(plus_days(last, 1 - days), plus_days(last, 1))).per(days)
    }

    /// Cost per day over the last week.
    pub fn last_week(&self) -> Money {
        self.per_day(plus_days(self.complete.end, -1), WEEK)
    }

    /// Cost per day that is there already: of the last week, or of the last two days where that is more.
    pub fn level(&self) -> Money {
        self.last_week().max(self.per_day(plus_days(self.complete.end, -1), 2))
    }

    /// Cost per day since `day`; `None` before it.
    pub fn since(&self, day: NaiveDate) -> Option<Money> {
        let days = (self.complete.end - day).num_days();
        (days > 0).then(|| self.per_day(plus_days(self.complete.end, -1), days))
    }

    /// What the bill shows of a run of so many `chip_hours`, by day: the first of them within `days`, and how many are left.
    pub fn of_run(&self, chip_hours: Decimal, days: DayRange) -> (Vec<(NaiveDate, Money)>, Decimal) {
        let mut left = chip_hours;
        let mut billed = Vec::new();
        let known = self.complete.intersect(days);
        for (day, (hours, usd)) in
            known.days().zip(self.at(&self.chip_hours, days).into_iter().zip(self.at(&self.usd, days)))
        {
            let part = hours.min(left);
            if part > Decimal::ZERO {
                billed.push((day, plan_money(usd.amount() * part / hours)));
                left -= part;
            }
        }
        (billed, left)
    }

    /// Cost per day over the last four weeks.
    pub fn four_weeks(&self) -> Money {
        self.per_day(plus_days(self.complete.end, -1), BEFORE_DAYS)
    }

    /// Cost per day over the four weeks before a day.
    pub fn before(&self, day: NaiveDate) -> Money {
        self.per_day(plus_days(day, -1), BEFORE_DAYS)
    }

    /// True if some week that ends on a day from `from` on, or the newest one, costs at least `per_day` a day.
    pub fn reaches(&self, per_day: Money, from: NaiveDate) -> bool {
        let last = plus_days(self.complete.end, -1);
        self.last_week() >= per_day
            || DayRange::new(from.max(self.complete.start), plus_days(last, 1).max(from))
                .days()
                .any(|day| self.per_day(day, WEEK) >= per_day)
    }
}
