//! Days that AWS no longer shows.
//!
//! When an account joins an organisation, Cost Explorer shows it nothing of the days before. They were used and paid for
//! all the same. So days that an answer leaves empty at its head keep what they were believed to cost, until somebody says
//! that they really cost nothing.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};

/// Days for which a day that AWS stopped showing is asked for again: it may have been one bad answer.
const ASKED_AGAIN_DAYS: i64 = 10;

/// A day whose cost is kept although AWS no longer shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VanishedDay {
    /// The day.
    pub day: NaiveDate,
    /// Day of the cycle that noticed.
    pub noticed_on: NaiveDate,
}

/// The days of `window` that keep their cost: those before `first_told`, the first day with a row in the answer, that were
/// believed to cost more than a dollar. `believed` is gross, because a day that credit paid whole sums to nothing. A day
/// of cents that is taken back is a correction like any other.
pub fn kept_days(
    window: DayRange,
    first_told: Option<NaiveDate>,
    believed: &BTreeMap<NaiveDate, Money>,
) -> Vec<NaiveDate> {
    let head = DayRange::new(window.start, first_told.unwrap_or(window.end));
    believed.iter().filter(|(day, cost)| head.contains(**day) && **cost > Money::ONE).map(|(day, _)| *day).collect()
}

/// The first day that is to be asked for again on `today`; `None` where AWS has long stopped showing all of them.
pub fn asked_again_from(vanished: &[VanishedDay], today: NaiveDate) -> Option<NaiveDate> {
    let lately = |it: &&VanishedDay| today <= plus_days(it.noticed_on, ASKED_AGAIN_DAYS);
    vanished.iter().filter(lately).map(|it| it.day).min()
}

/// Sorted days as ranges without a gap.
pub fn runs(days: &[NaiveDate]) -> Vec<DayRange> {
    let mut runs: Vec<DayRange> = Vec::new();
    for &day in days {
        match runs.last_mut() {
            Some(run) if run.end == day => run.end = plus_days(day, 1),
            _ => runs.push(DayRange::new(day, plus_days(day, 1))),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(number: i64) -> NaiveDate {
        plus_days("2026-11-01".parse().unwrap(), number)
    }

    #[test]
    fn only_the_empty_head_of_an_answer_keeps_its_cost() {
        let window = DayRange::new(day(0), day(10));
        let believed =
            |costs: &[i64]| (0..).map(day).zip(costs.iter().map(|&usd| Money::from_micros(usd * 10_000))).collect();
        let kept = |costs: &[i64], first: Option<i64>| kept_days(window, first.map(day), &believed(costs));
        assert_eq!(kept(&[30_000; 10], Some(4)), [day(0), day(1), day(2), day(3)]);
        assert_eq!(kept(&[30_000; 10], Some(0)), [], "the first day is there");
        assert_eq!(kept(&[30_000; 10], None).len(), 10, "nothing is there");
        assert_eq!(kept(&[100; 10], Some(4)), [], "a dollar a day");
        assert_eq!(kept(&[101, 0, 100, 500], Some(4)), [day(0), day(3)], "a day without cost has none to keep");
        assert_eq!(kept(&[], Some(4)), [], "nothing was known");
    }

    #[test]
    fn a_day_is_asked_for_again_for_ten_days_after_it_vanished() {
        let vanished = [(1, 12), (2, 12), (9, 20)].map(|(it, on)| VanishedDay { day: day(it), noticed_on: day(on) });
        assert_eq!(asked_again_from(&vanished, day(13)), Some(day(1)));
        assert_eq!(asked_again_from(&vanished, day(22)), Some(day(1)));
        assert_eq!(asked_again_from(&vanished, day(23)), Some(day(9)));
        assert_eq!(asked_again_from(&vanished, day(31)), None);
        assert_eq!(asked_again_from(&[], day(13)), None);
    }

    proptest! {
        #[test]
        fn runs_hold_each_day_once(mask in proptest::collection::vec(any::<bool>(), 0..40)) {
            let days: Vec<NaiveDate> = (0..).zip(&mask).filter(|(_, kept)| **kept).map(|(number, _)| day(number)).collect();
            let runs = runs(&days);
            prop_assert_eq!(runs.iter().flat_map(|run| run.days()).collect::<Vec<_>>(), days);
            prop_assert!(runs.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }
}
