//! Which days a cycle asks Cost Explorer for.
//!
//! Invariants: a window always reaches to the end of the cycle's own day; it never leaves a gap after the last
//! successful cycle; and the first cycle after each day on which AWS corrects a closed month asks for that month
//! again, however late that cycle comes.

use chrono::NaiveDate;

use crate::values::period::{BillingPeriod, DayRange, plus_days};

/// Whole months before the current one for which Cost Explorer keeps daily figures.
pub const MONTHS_KEPT: i32 = 13;

/// Days whose figures AWS still moves.
const UNSETTLED_DAYS: i64 = 10;
/// A day is dependable two days later, so the days just before the last success are asked for again.
const LAG_DAYS: i64 = 2;
/// Days of a month after which AWS has closed or corrected the month before: first closing, support fees and some
/// credits, last corrections.
const CORRECTION_MARKS: [i64; 3] = [2, 7, 11];

/// What AWS keeps: from the first day of the month `months` before `as_of_day`'s, through `as_of_day`.
///
/// ```
/// use glidepath_core::facts::window::{backfill_window, MONTHS_KEPT};
/// let window = backfill_window("2026-03-05".parse().unwrap(), MONTHS_KEPT);
/// assert_eq!(window.to_string(), "2025-02-01..2026-03-06");
/// ```
pub fn backfill_window(as_of_day: NaiveDate, months: i32) -> DayRange {
    DayRange::new(BillingPeriod::of(as_of_day).plus_months(-months).first_day(), plus_days(as_of_day, 1))
}

/// The first pull: the month of `as_of_day`, through it; with the month before while no day of this one is complete. What lies
/// before is fetched afterwards (`history`).
///
/// ```
/// use glidepath_core::facts::window::first_window;
/// let day = |text: &str| text.parse().unwrap();
/// assert_eq!(first_window(day("2026-03-20")).to_string(), "2026-03-01..2026-03-21");
/// assert_eq!(first_window(day("2026-03-02")).to_string(), "2026-02-01..2026-03-03");
/// ```
pub fn first_window(as_of_day: NaiveDate) -> DayRange {
    DayRange::new(BillingPeriod::of(plus_days(as_of_day, -LAG_DAYS)).first_day(), plus_days(as_of_day, 1))
}

/// The end of `window` from the last ten days on, and at least the month of `as_of_day`.
pub fn ordinary_window(as_of_day: NaiveDate, window: DayRange) -> DayRange {
    let lately = first_window(as_of_day).start.min(plus_days(as_of_day, -UNSETTLED_DAYS));
    DayRange::new(window.start.max(lately), window.end)
}

/// Every later pull: the last ten days, everything since `last_success_day` (the day of the last cycle that pulled
/// costs), and the whole month before each correction mark that has passed since; never more than AWS keeps.
///
/// ```
/// use glidepath_core::facts::window::steady_window;
/// let day = |text: &str| text.parse().unwrap();
/// assert_eq!(steady_window(day("2026-03-20"), day("2026-03-19")).to_string(), "2026-03-10..2026-03-21");
/// assert_eq!(steady_window(day("2026-03-08"), day("2026-03-07")).to_string(), "2026-02-01..2026-03-09");
/// ```
pub fn steady_window(as_of_day: NaiveDate, last_success_day: NaiveDate) -> DayRange {
    let recent = plus_days(as_of_day, -UNSETTLED_DAYS).min(plus_days(last_success_day, -LAG_DAYS));
    // Later marks reach back to later months, so the first one missed decides.
    let corrected =
        mark_between(last_success_day, as_of_day).map_or(recent, |mark| BillingPeriod::of(mark).previous().first_day());
    let start = recent.min(corrected).max(backfill_window(as_of_day, MONTHS_KEPT).start);
    DayRange::new(start, plus_days(as_of_day, 1))
}

/// The first correction mark that has passed by `as_of_day` since a cycle on `last_day`.
pub fn mark_between(last_day: NaiveDate, as_of_day: NaiveDate) -> Option<NaiveDate> {
    first_mark_from(last_day).filter(|mark| *mark < as_of_day)
}

/// The first correction mark on or after `day`. A cycle on the mark itself may have come before AWS's correction,
/// so that mark still counts as ahead of it.
fn first_mark_from(day: NaiveDate) -> Option<NaiveDate> {
    let month = BillingPeriod::of(day);
    [month, month.next()]
        .into_iter()
        .flat_map(|month| CORRECTION_MARKS.map(|mark| plus_days(month.first_day(), mark - 1)))
        .find(|mark| day <= *mark)
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn aws_keeps_thirteen_full_months() {
        for (as_of, expected) in [
            ("2026-11-23", "2025-10-01..2026-11-24"),
            ("2026-01-31", "2024-12-01..2026-02-01"),
            ("2024-02-29", "2023-01-01..2024-03-01"),
            ("2025-12-31", "2024-11-01..2026-01-01"),
        ] {
            assert_eq!(backfill_window(day(as_of), MONTHS_KEPT).to_string(), expected, "{as_of}");
        }
        assert_eq!(backfill_window(day("2026-11-23"), 1).to_string(), "2026-10-01..2026-11-24");
    }

    #[test]
    fn later_pulls_follow_the_table() {
        for (as_of, last_success, expected, why) in [
            ("2026-03-20", "2026-03-19", "2026-03-10..2026-03-21", "an ordinary day"),
            ("2026-03-20", "2026-03-20", "2026-03-10..2026-03-21", "a second cycle on the same day"),
            ("2026-03-20", "2026-03-12", "2026-03-10..2026-03-21", "the gap's own start equals the ten days"),
            ("2026-03-28", "2026-03-14", "2026-03-12..2026-03-29", "a gap longer than ten days"),
            ("2026-03-02", "2026-03-01", "2026-02-20..2026-03-03", "on the mark, not yet after it"),
            ("2026-03-03", "2026-03-02", "2026-02-01..2026-03-04", "after the 2nd"),
            ("2026-03-03", "2026-03-03", "2026-02-21..2026-03-04", "after the 2nd, done already that day"),
            ("2026-03-04", "2026-03-03", "2026-02-22..2026-03-05", "the 2nd is done"),
            ("2026-03-06", "2026-03-02", "2026-02-01..2026-03-07", "after the 2nd, three days late"),
            ("2026-03-08", "2026-03-07", "2026-02-01..2026-03-09", "after the 7th"),
            ("2026-03-12", "2026-03-11", "2026-02-01..2026-03-13", "after the 11th"),
            ("2026-03-13", "2026-03-12", "2026-03-03..2026-03-14", "the 11th is done"),
            ("2026-03-31", "2026-03-05", "2026-02-01..2026-04-01", "two marks missed at once"),
            ("2026-04-20", "2026-03-11", "2026-02-01..2026-04-21", "40 days, the mark of the 11th still open"),
            ("2026-04-21", "2026-03-12", "2026-03-01..2026-04-22", "40 days, only April's marks missed"),
            ("2026-01-03", "2026-01-02", "2025-12-01..2026-01-04", "the year's end"),
            ("2026-01-12", "2025-12-12", "2025-12-01..2026-01-13", "a gap across the year's end"),
            ("2024-03-08", "2024-03-07", "2024-02-01..2024-03-09", "February of a leap year"),
            ("2024-03-10", "2024-03-09", "2024-02-29..2024-03-11", "ten days before reach the leap day"),
            ("2026-11-20", "2023-01-15", "2025-10-01..2026-11-21", "no further back than AWS keeps"),
            ("2026-03-20", "2026-03-25", "2026-03-10..2026-03-21", "a clock that went back"),
        ] {
            assert_eq!(steady_window(day(as_of), day(last_success)).to_string(), expected, "{why}");
        }
    }

    #[test]
    fn daily_cycles_ask_for_a_closed_month_exactly_three_times() {
        let mut asked_again = Vec::new();
        for today in DayRange::new(day("2026-03-01"), day("2026-04-01")).days() {
            let window = steady_window(today, plus_days(today, -1));
            if window.start <= day("2026-02-01") {
                asked_again.push(today.day());
            }
        }
        assert_eq!(asked_again, [3, 8, 12]);
    }

    proptest! {
        #[test]
        fn no_day_is_left_between_two_cycles(offset in 0i64..2000, gap in 0i64..300) {
            let last = plus_days(day("2022-01-01"), offset);
            let today = plus_days(last, gap);
            let window = steady_window(today, last);
            prop_assert!(window.start <= plus_days(last, -2));
            prop_assert!(window.start <= plus_days(today, -10));
            prop_assert_eq!(window.end, plus_days(today, 1));
            for back in 1..=gap {
                let mark = plus_days(today, -back);
                if [2, 7, 11].contains(&mark.day()) {
                    prop_assert!(window.start <= BillingPeriod::of(mark).previous().first_day());
                }
            }
        }
    }
}
