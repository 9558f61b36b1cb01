//! Discounts, and the use that they are taken off.
//!
//! A discount lowers what credit is asked to pay for its service on its day. The bill can have it elsewhere: under one service
//! for all of them, or once a month as a lump. AWS settles credit per monthly bill, so what a service-day cannot take of a
//! discount lowers the service's month, else the day's other services, else the month's. What nothing takes stays where it is.
//! A lump that comes every month is foreseen where the running month does not have it yet: in the outlook alone. What is
//! negative under a name that nobody knows is treated the same.
//!
//! Invariants: moving changes no sum of a month; no cost falls below zero by what is moved to it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::billing::daily_cost::{DailyCost, SplitCost};
use crate::facts::Facts;
use crate::facts::charge::{Role, record_kind};
use crate::facts::rows::ChargeRow;
use crate::values::money::Money;
use crate::values::period::BillingPeriod;

/// The discounts of one service and day, with AWS's sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Booked {
    /// All of them.
    pub all: Money,
    /// What of them comes once a month.
    pub lump: Money,
}

/// The same, and the rows of that service and day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedDay {
    /// Places of the rows.
    pub rows: Range<usize>,
    /// Discounts.
    pub discounts: Booked,
}

/// Kind and day of every discount that its month has on that day alone.
pub fn lumps(facts: &Facts, is_discount: impl Fn(&ChargeRow) -> bool) -> BTreeSet<(usize, NaiveDate)> {
    let mut months: BTreeMap<(usize, BillingPeriod), BTreeSet<NaiveDate>> = BTreeMap::new();
    for row in facts.charges.iter().filter(|row| is_discount(row) && !row.cost.is_zero()) {
        months.entry((row.kind, BillingPeriod::of(row.day))).or_default().insert(row.day);
    }
    let alone = |((kind, _), days): ((usize, BillingPeriod), BTreeSet<NaiveDate>)| {
        days.first().filter(|_| days.len() == 1).map(|day| (kind, *day))
    };
    months.into_iter().filter_map(alone).collect()
}

/// The lumps that the running month has not had yet, as shares of the cost before discounts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToCome {
    /// Share that comes off a service's cost, by service; negative.
    of_service: BTreeMap<String, Decimal>,
    /// Share that comes off the cost of all services besides.
    of_all: Decimal,
}

impl ToCome {
    /// What last month's lumps took off. Only where both of the last two months had one, and the running month, that of
    /// `through`, has none yet. A lump lowers its own service first, and all of them by what that cannot take.
    pub fn read(facts: &Facts, split: &[SplitCost], through: NaiveDate) -> ToCome {
        let is_discount =
            |row: &ChargeRow| record_kind(&facts.charge_kinds[row.kind].record_type, row.cost).role == Role::Discount;
        let lumps = lumps(facts, is_discount);
        let mut months: BTreeMap<&str, BTreeMap<BillingPeriod, Money>> = BTreeMap::new();
        let is_lump = |row: &&ChargeRow| is_discount(row) && lumps.contains(&(row.kind, row.day));
        for row in facts.charges.iter().filter(is_lump) {
            let of_service = months.entry(&facts.charge_kinds[row.kind].service).or_default();
            *of_service.entry(BillingPeriod::of(row.day)).or_default() += row.cost;
        }
        let running = BillingPeriod::of(through);
        let [last, before] = [-1, -2].map(|back| running.plus_months(back));
        let mut full: BTreeMap<&str, Money> = BTreeMap::new();
        for cost in split.iter().filter(|cost| BillingPeriod::of(cost.day) == last) {
            *full.entry(&cost.service).or_default() += (cost.payable - cost.discount).at_least_zero();
        }
        let mut to_come = ToCome::default();
        let mut elsewhere = Money::ZERO;
        let due = months.into_iter().filter(|(_, had)| had.contains_key(&before) && !had.contains_key(&running));
        for (service, lump) in due.filter_map(|(service, had)| Some((service, *had.get(&last)?))) {
            let of_service = full.get(service).copied().unwrap_or_default();
            let own = lump.max(-of_service).min(Money::ZERO);
            elsewhere += (lump - own).min(Money::ZERO);
            if let Some(share) = own.ratio(of_service) {
                to_come.of_service.insert(service.to_owned(), share);
            }
        }
        to_come.of_all = elsewhere.ratio(full.into_values().sum()).unwrap_or_default();
        to_come
    }

    fn is_empty(&self) -> bool {
        self.of_all.is_zero() && self.of_service.is_empty()
    }

    /// Takes them off the running month's costs, so that its days say what they will cost. Returns by service what comes off.
    pub fn take_off(&self, costs: &mut [DailyCost], through: NaiveDate) -> BTreeMap<String, Money> {
        let mut taken: BTreeMap<String, Money> = BTreeMap::new();
        if self.is_empty() {
            return taken;
        }
        let running = BillingPeriod::of(through).range();
        for cost in costs.iter_mut().filter(|cost| running.contains(cost.day) && cost.payable.is_positive()) {
            let share = self.of_service.get(&cost.service).copied().unwrap_or_default() + self.of_all;
            let off = Money::from_micros((cost.payable - cost.discount).at_least_zero().times(share).to_micros());
            let off = off.max(-cost.payable);
            cost.payable += off;
            cost.discount += off;
            *taken.entry(cost.service.clone()).or_default() += off;
        }
        taken
    }
}

/// Says of the rows of one service and day what of their payable cost is `discount`: of rows below zero first, since the
/// detail then shows it there; of the others in proportion. A row below zero lowers the service's others.
pub fn attribute(rows: &mut [SplitCost], discount: Money) {
    if discount.is_zero() || rows.is_empty() {
        return;
    }
    let mut left = discount;
    for row in rows.iter_mut().filter(|row| row.payable.is_negative()) {
        let part = left.max(row.payable).min(Money::ZERO);
        row.discount += part;
        left -= part;
    }
    let shares = shares(rows, |row| row.payable, left);
    rows.iter_mut().zip(shares).for_each(|(row, share)| row.discount += share);
    let mut over = Money::ZERO;
    for row in rows.iter_mut().filter(|row| row.payable.is_negative() && row.discount.is_negative()) {
        over += row.give(row.payable.max(row.discount));
    }
    let left = take(rows, &mut |_| true, over);
    rows[0].put(left);
}

/// Parts of `amount` in proportion to what is positive, in micro-dollars; the last takes what rounding leaves. Where nothing is
/// positive, the first takes all.
fn shares(rows: &[SplitCost], of: impl Fn(&SplitCost) -> Money, amount: Money) -> Vec<Money> {
    let positive: Vec<Money> = rows.iter().map(|row| of(row).at_least_zero()).collect();
    let total: Money = positive.iter().copied().sum();
    let last = positive.iter().rposition(|part| part.is_positive()).unwrap_or(0);
    let mut left = amount;
    let mut shares = Vec::with_capacity(rows.len());
    for (at, part) in positive.into_iter().enumerate() {
        let share = match part.ratio(total) {
            _ if at == last => left,
            Some(ratio) => Money::from_micros(amount.times(ratio).to_micros()),
            None => Money::ZERO,
        };
        left -= share;
        shares.push(share);
    }
    shares
}

impl SplitCost {
    /// Gives `discount` (negative) away; returns it.
    fn give(&mut self, discount: Money) -> Money {
        self.put(-discount);
        discount
    }

    /// Takes `discount` (negative) on.
    fn put(&mut self, discount: Money) {
        self.payable += discount;
        self.discount += discount;
        self.moved += discount;
    }
}

/// Lets the wanted rows take as much of `discount` as their payable cost allows, in proportion; returns what is left.
fn take(rows: &mut [SplitCost], wanted: &mut dyn FnMut(&SplitCost) -> bool, discount: Money) -> Money {
    if discount.is_zero() {
        return discount;
    }
    let wanted: Vec<bool> = rows.iter().map(wanted).collect();
    let open = |(row, wanted): (&SplitCost, &bool)| if *wanted { row.payable.at_least_zero() } else { Money::ZERO };
    let room: Money = rows.iter().zip(&wanted).map(open).sum();
    let taken = discount.max(-room);
    let mut left = taken;
    for (row, _) in rows.iter_mut().zip(&wanted).filter(|(_, wanted)| **wanted) {
        let Some(ratio) = row.payable.at_least_zero().ratio(room) else { continue };
        // Never below zero, never more than is left.
        let share = Money::from_micros(taken.times(ratio).to_micros()).max(-row.payable.at_least_zero()).max(left);
        row.put(share);
        left -= share;
    }
    for (row, _) in rows.iter_mut().zip(&wanted).filter(|(_, wanted)| **wanted) {
        let share = left.max(-row.payable.at_least_zero());
        row.put(share);
        left -= share;
    }
    discount - taken + left
}

/// A discount that its service and day cannot take.
struct Over {
    /// First row of its service and day.
    row: usize,
    day: NaiveDate,
    service: String,
    lump: bool,
    left: Money,
}

/// Moves discounts that the bill has elsewhere to the use that they lower. `split` is in order of days.
pub fn move_within_months(split: &mut [SplitCost], booked: &[BookedDay]) {
    let mut days = booked.iter().filter(|day| !day.rows.is_empty()).peekable();
    while let Some(first) = days.peek() {
        let month = BillingPeriod::of(split[first.rows.start].day);
        let mut over = Vec::new();
        while let Some(day) = days.next_if(|day| BillingPeriod::of(split[day.rows.start].day) == month) {
            over.extend(unplaced(split, day));
        }
        if over.is_empty() {
            continue;
        }
        let range = month.range();
        let start = split.partition_point(|row| row.day < range.start);
        let end = split.partition_point(|row| row.day < range.end);
        let rows = &mut split[start..end];
        for it in &mut over {
            it.left = take(rows, &mut |row| row.service == it.service, it.left);
        }
        for it in over.iter_mut().filter(|it| !it.lump) {
            it.left = take(rows, &mut |row| row.day == it.day, it.left);
        }
        for it in &mut over {
            it.left = take(rows, &mut |_| true, it.left);
        }
        over.iter().for_each(|it| split[it.row].put(it.left));
    }
}

/// Takes off a service and day what it cannot keep: its lump, and what exceeds its cost.
fn unplaced(split: &mut [SplitCost], day: &BookedDay) -> Vec<Over> {
    let rows = &mut split[day.rows.clone()];
    let (on, service) = (rows[0].day, rows[0].service.clone());
    let mut gives = |amount: Money| {
        let mut left = amount;
        for row in rows.iter_mut() {
            let part = left.max(row.discount).min(Money::ZERO);
            left -= row.give(part);
        }
        amount - left
    };
    let lump = gives(day.discounts.lump.min(Money::ZERO));
    let payable: Money = split[day.rows.clone()].iter().map(|row| row.payable).sum();
    let other = (day.discounts.all - lump).min(Money::ZERO);
    let rows = &mut split[day.rows.clone()];
    let excess = payable.max(other).min(Money::ZERO);
    let mut left = excess;
    // What is below zero gives first.
    rows.iter_mut().filter(|row| row.payable.is_negative()).for_each(|row| {
        let part = left.max(row.discount).max(row.payable).min(Money::ZERO);
        left -= row.give(part);
    });
    let over = |lump, left| Over { row: day.rows.start, day: on, service: service.clone(), lump, left };
    [over(true, lump), over(false, excess - left)].into_iter().filter(|it| !it.left.is_zero()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::purchase::Purchase;
    use crate::values::workload::Workload;

    fn usd(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn row(day: &str, service: &str, payable: &str) -> SplitCost {
        SplitCost {
            day: day.parse().unwrap(),
            service: service.to_owned(),
            workload: Workload::Supporting,
            purchase: Purchase::OnDemand,
            payable: usd(payable),
            discount: Money::ZERO,
            moved: Money::ZERO,
            unpayable: Money::ZERO,
            one_off: Money::ZERO,
        }
    }

    fn payable(rows: &[SplitCost]) -> Vec<String> {
        rows.iter().map(|row| row.payable.to_string()).collect()
    }

    /// Rows of which some are discounts alone, after they were moved.
    fn moved(mut rows: Vec<SplitCost>, discounts: &[(usize, bool)]) -> Vec<SplitCost> {
        let mut booked = Vec::new();
        for &(at, is_lump) in discounts {
            let all = rows[at].payable;
            attribute(&mut rows[at..=at], all);
            let lump = if is_lump { all } else { Money::ZERO };
            booked.push(BookedDay { rows: at..at + 1, discounts: Booked { all, lump } });
        }
        move_within_months(&mut rows, &booked);
        rows
    }

    #[test]
    fn thirds_are_shared_to_the_last_digit() {
        let rows = vec![
            row("2026-03-01", "A", "1.0000000001"),
            row("2026-03-01", "B", "1"),
            row("2026-03-01", "C", "1"),
            row("2026-03-01", "D", "-0.1"),
        ];
        let rows = moved(rows, &[(3, false)]);
        assert_eq!(rows.iter().map(|row| row.payable).sum::<Money>(), usd("2.9000000001"));
        assert_eq!(payable(&rows)[1..], ["0.966667", "0.966667", "0"]);
    }

    #[test]
    fn a_service_takes_its_own_first_then_the_day_then_the_month() {
        let rows = || {
            vec![
                row("2026-03-01", "A", "10"),
                row("2026-03-01", "B", "30"),
                row("2026-03-02", "A", "-15"),
                row("2026-03-02", "B", "3"),
                row("2026-04-01", "A", "50"),
            ]
        };
        // 10 of its own month, 3 of its day, 2 of the rest; none of April.
        assert_eq!(payable(&moved(rows(), &[(2, false)])), ["0", "28", "0", "0", "50"]);
        // A lump belongs to no day.
        let lump = moved(rows(), &[(2, true)]);
        assert_eq!(lump.iter().map(|row| row.payable).sum::<Money>(), usd("78"));
        assert_eq!(payable(&lump)[1], "25.454545");
    }

    #[test]
    fn what_nothing_takes_stays_where_it_is() {
        let rows = vec![row("2026-03-01", "A", "10"), row("2026-03-02", "A", "-15"), row("2026-04-01", "A", "50")];
        let rows = moved(rows, &[(1, false)]);
        assert_eq!(payable(&rows), ["0", "-5", "50"]);
        assert_eq!(rows.iter().map(|row| row.moved).sum::<Money>(), Money::ZERO);
    }
}
