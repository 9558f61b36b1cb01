//! Which days each line rests on, and what they make of a month.
//!
//! A line rests on the newest 28 days, or on those since its level changed within them; what comes at a cadence on whole cycles.
//! Lines that change while the account as a whole does not (one model takes over from another) rest on the same days, so that
//! what moved is not counted twice.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::streams::Stream;
use crate::filing::projection::Claim;
use crate::forecast::{Occurrences, Pace};
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange, plus_days};

/// Days that a pace rests on: four weeks, so that every weekday counts alike.
pub(super) const PACE_DAYS: i64 = 28;
/// Cycles of a cadence that are averaged.
const CYCLES: usize = 4;
/// What is due less often than this is counted by the month; what comes more often has a pace.
const SELDOM_DAYS: Decimal = Decimal::from_parts(20, 0, 0, false, 0);
/// An average month.
pub(super) const MONTH_DAYS: Decimal = Decimal::from_parts(30_416_667, 0, 0, false, 6);
/// How far the lines together may be off the account's own pace, as a share.
const APART: Decimal = Decimal::from_parts(5, 0, 0, false, 2);
/// Fewest days that all lines rest on together.
const TOGETHER_DAYS: usize = 7;
/// Spend between occurrences that is more than this share of all is a level of its own.
const BESIDE: Decimal = Decimal::from_parts(25, 0, 0, false, 2);
/// A line that is less of the pace than this share decides for no other.
const COUNTS: Decimal = Decimal::from_parts(5, 0, 0, false, 2);

/// Why a line rests on its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The newest four weeks, or all complete days where there are fewer.
    Newest,
    /// The level began or changed on their first day.
    SinceChange,
    /// Whole cycles of a cadence.
    Cadence {
        /// First days of the cycles.
        starts: Vec<NaiveDate>,
        /// First days of those that are due in the first month.
        due: Vec<NaiveDate>,
    },
}

/// The days that a line rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// The days.
    pub days: DayRange,
    /// Why these.
    pub why: Why,
    /// How many times what they hold is the first month.
    pub first_month: Decimal,
    /// The same of an average month after it.
    pub later_month: Decimal,
}

impl Rest {
    fn at_a_pace(days: DayRange, why: Why, month: BillingPeriod) -> Rest {
        let per = |month: Decimal| month.checked_div(Decimal::from(days.len())).unwrap_or_default();
        Rest { days, why, first_month: per(Decimal::from(month.days())), later_month: per(MONTH_DAYS) }
    }

    /// Cycles that are averaged; `None` for a pace.
    pub fn cycles(&self) -> Option<usize> {
        match &self.why {
            Why::Cadence { starts, .. } => Some(starts.len()),
            Why::Newest | Why::SinceChange => None,
        }
    }
}

/// The newest `count` days of `days`.
fn newest(days: DayRange, count: usize) -> DayRange {
    let count = i64::try_from(count).unwrap_or(PACE_DAYS);
    DayRange::new(plus_days(days.end, -count).max(days.start), days.end)
}

/// The days that each stream rests on, for a filing whose first month is `month`.
pub(super) fn rests(streams: &[Stream<'_>], month: BillingPeriod) -> Vec<Rest> {
    let found: Vec<Option<Rest>> = streams.iter().map(|stream| at_a_cadence(stream, month)).collect();
    let paced: Vec<&Stream<'_>> =
        streams.iter().zip(&found).filter(|(_, rest)| rest.is_none()).map(|(stream, _)| stream).collect();
    let mut paces = windows(&paced).into_iter();
    found
        .into_iter()
        .map(|rest| {
            rest.or_else(|| {
                let (days, why) = paces.next()?;
                Some(Rest::at_a_pace(days, why, month))
            })
        })
        .map(|rest| rest.expect("each stream without a cadence has a window"))
        .collect()
}

/// The windows of streams that have a pace.
fn windows(streams: &[&Stream<'_>]) -> Vec<(DayRange, Why)> {
    let Some(first) = streams.first() else { return Vec::new() };
    let days = first.days;
    let within = PACE_DAYS.unsigned_abs() as usize;
    let window = |since: Option<usize>| match since {
        Some(count) => (newest(days, count), Why::SinceChange),
        None => (newest(days, within), Why::Newest),
    };
    let mut all = vec![Money::ZERO; first.daily.len()];
    for stream in streams {
        all.iter_mut().zip(&stream.daily).for_each(|(sum, cost)| *sum += *cost);
    }
    let whole = window(Pace::of(&all, within).since_change);
    let of_whole = per_day(all.iter().copied(), days, whole.0);
    let paces: Vec<Pace> = streams.iter().map(|stream| Pace::of(&stream.daily, within)).collect();
    let own: Vec<(DayRange, Why)> = paces.iter().map(|pace| window(pace.since_change)).collect();
    let together = |windows: &[(DayRange, Why)]| -> Money {
        streams
            .iter()
            .zip(windows)
            .map(|(stream, (days, _))| per_day(stream.daily.iter().copied(), stream.days, *days))
            .sum()
    };
    let fits = |sum: Money| (sum - of_whole).abs() <= of_whole.abs().times(APART);
    if fits(together(&own)) {
        return own;
    }
    let counts = |stream: &Stream<'_>| stream.cost(newest(days, within)).per(PACE_DAYS) >= of_whole.times(COUNTS);
    let moved = streams.iter().zip(&paces).filter(|(stream, _)| counts(stream));
    let moved = moved.flat_map(|(_, pace)| [pace.since_change.unwrap_or(0), pace.idle]);
    let mut moved: Vec<usize> = moved.filter(|count| (TOGETHER_DAYS..within).contains(count)).collect();
    moved.sort_unstable();
    moved.dedup();
    let same = |since: usize| vec![(newest(days, since), Why::SinceChange); streams.len()];
    let same = moved.into_iter().map(same).find(|windows| fits(together(windows)));
    same.unwrap_or_else(|| vec![whole; streams.len()])
}

/// Cost a day over the days `of` a window, where `daily` are those of `days`.
fn per_day(daily: impl Iterator<Item = Money>, days: DayRange, of: DayRange) -> Money {
    days.days().zip(daily).filter(|(day, _)| of.contains(*day)).map(|(_, cost)| cost).sum::<Money>().per(of.len())
}

/// Runs of accelerators at a cadence, and other spend that comes every few weeks or less often.
fn at_a_cadence(stream: &Stream<'_>, month: BillingPeriod) -> Option<Rest> {
    let ahead = month.range();
    let runs = matches!(stream.claim, Claim::InstanceType(_));
    let Occurrences { starts, seen, due } = &Occurrences::find(&stream.daily, plus_days(stream.days.end, -1), ahead)
        .filter(|found| runs || found.distance() >= SELDOM_DAYS)?;
    // From one start to the next, so that nothing of a run is left out; the newest may not be over.
    let cycles = &starts[starts.len().saturating_sub(CYCLES + 1)..];
    let (whole, last) = (&cycles[..cycles.len() - 1], cycles[cycles.len() - 1]);
    let days = DayRange::new(whole[0], last);
    let count = Decimal::from(whole.len());
    let later_month = MONTH_DAYS / Decimal::from(days.len());
    let all = stream.cost(days);
    let of_occurrences: Money = seen.iter().map(|span| stream.cost(span.intersect(days))).sum();
    // A level beside the occurrences goes on whether or not one of them falls into the month.
    let counted = runs || all - of_occurrences <= all.times(BESIDE);
    let first_month = if counted { Decimal::from(due.len()) / count } else { later_month };
    Some(Rest { days, why: Why::Cadence { starts: whole.to_vec(), due: due.clone() }, first_month, later_month })
}
