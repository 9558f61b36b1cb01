//! Which days before the newest ones are still to be fetched, and how many of them at a time.
//!
//! A first pull of a large account takes more pages than a day's ceiling on paid requests allows, and so does the pull after a
//! long pause. So a cycle pulls the newest days by themselves, and what lies before them afterwards: by calendar months, newest
//! first, each stored as soon as it is there. What is stored tells where to go on.
//!
//! Invariants: a window is as long as the one that is next to it lets expect to be whole within what may still be asked today;
//! no day is asked for twice, unless AWS's answer broke off; something is asked for on every day on which it can be had, whatever
//! the ceiling.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::values::period::{BillingPeriod, DayRange, plus_days};

/// Pages of the shortest answer: one to each of the two questions.
pub const FEWEST_PAGES: u64 = 2;
/// A day is complete two days later.
const LAG_DAYS: i64 = 2;
/// Days that the rules on spend look back on.
const RULES_LOOK_BACK_DAYS: i64 = 28;
/// Days of the ordinary daily window.
const DAILY_DAYS: u64 = 11;
/// Halvings after which a window is no longer than a day.
const MOST_HALVINGS: u32 = 5;

/// A pull of costs that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPull {
    /// Days that it covers.
    pub window: DayRange,
    /// The day on which AWS answered.
    pub on: NaiveDate,
    /// Pages that it took.
    pub pages: u64,
}

/// What is not there yet, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissingHistory {
    /// First day from which on costs are there without a gap.
    pub whole_from: NaiveDate,
    /// First day that is still to be fetched.
    pub missing_from: NaiveDate,
    /// Day after the last one that is.
    pub missing_to: NaiveDate,
    /// Why it is not there yet.
    pub problem: String,
    /// What the user can do about it.
    pub advice: String,
}

impl MissingHistory {
    /// True while the days are not all there, through `data_through`, that the rules on spend look back on.
    pub fn is_within_look_back(&self, data_through: NaiveDate) -> bool {
        self.whole_from > plus_days(data_through, 1 - RULES_LOOK_BACK_DAYS)
    }
}

/// The days of which what was complete has been pulled, in order and without overlap.
pub fn held(pulls: &[StoredPull]) -> Vec<DayRange> {
    let complete =
        |pull: &StoredPull| DayRange::new(pull.window.start, pull.window.end.min(plus_days(pull.on, 1 - LAG_DAYS)));
    let mut ranges: Vec<DayRange> = pulls.iter().map(complete).filter(|range| !range.is_empty()).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut held: Vec<DayRange> = Vec::new();
    for range in ranges {
        match held.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => held.push(range),
        }
    }
    held
}

/// The days from `from` on that are not held, before the newest that are; oldest first.
pub fn gaps(from: NaiveDate, held: &[DayRange]) -> Vec<DayRange> {
    let ends = std::iter::once(from).chain(held.iter().map(|range| range.end.max(from)));
    let gaps = ends.zip(held).map(|(end, next)| DayRange { start: end, end: next.start.max(end) });
    gaps.filter(|gap| !gap.is_empty()).collect()
}

/// What may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {
    /// Pages that may still be asked for today.
    pub left: u64,
    /// Pages that may be asked for on a day on which nothing but the ordinary cycle was asked.
    pub a_day: u64,
    /// Days on which the ceiling was reached since something of the past was last stored: what was asked for was too much.
    pub cut: u32,
}

impl Means {
    /// With `sent` requests of today's `ceiling` used, where a cycle's newest days took what `newest` did.
    pub fn new(ceiling: u64, sent: u64, newest: StoredPull, cut: u32) -> Means {
        let daily = pages_of(DAILY_DAYS, newest).min(newest.pages.max(FEWEST_PAGES));
        Means { left: ceiling.saturating_sub(sent), a_day: ceiling.saturating_sub(daily), cut }
    }

    /// True if `window`, which is longer than the ordinary one, can be asked for at once: it may take twice what `like` lets expect,
    /// since its days were not seen yet.
    pub fn suffice_for(self, window: DayRange, like: StoredPull) -> bool {
        let single = like.pages <= FEWEST_PAGES && self.cut == 0;
        single || pages_of(days_of(window), like) << (1 + self.cut.min(MOST_HALVINGS)) <= self.left
    }
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Everything is there.
    Done,
    /// These days.
    Ask(DayRange),
    /// Nothing more today: the next days would take so many pages, more than are left.
    Wait(u64),
}

/// What comes next after `pulls`, in the order in which they were stored, where AWS keeps what is `from` a day on.
pub fn next(from: NaiveDate, pulls: &[StoredPull], means: Means) -> Next {
    let gaps = gaps(from, &held(pulls));
    let Some((&gap, older)) = gaps.split_last() else { return Next::Done };
    let Some(&beside) = pulls.iter().rev().find(|pull| pull.window.contains(gap.end)) else { return Next::Done };
    // A page each of the two questions, which can hold any number of days: as many at once as can never be too much.
    let single = beside.pages <= FEWEST_PAGES;
    if single && older.is_empty() && means.cut == 0 && pages_of(days_of(gap), beside) <= means.left {
        return Next::Ask(gap);
    }
    let month = DayRange::new(BillingPeriod::of(plus_days(gap.end, -1)).first_day().max(gap.start), gap.end);
    let likely = |days: u64| if single { FEWEST_PAGES } else { pages_of(days, beside) };
    let whole = likely(days_of(month));
    let fits = if whole > means.a_day { days_of(month) * means.a_day / whole } else { days_of(month) };
    let days = fits.min(days_of(month) >> means.cut.min(MOST_HALVINGS)).max(1);
    if likely(days) > means.left {
        return Next::Wait(likely(days));
    }
    let first = plus_days(gap.end, -i64::try_from(days).unwrap_or(1));
    Next::Ask(DayRange::new(first.max(month.start), gap.end))
}

/// Pages that `days` days take if they hold as much a day as `like`, each of its pages full.
pub fn pages_of(days: u64, like: StoredPull) -> u64 {
    (like.pages * days).div_ceil(days_of(like.window).max(1)).max(FEWEST_PAGES)
}

/// Days of `range`.
pub fn days_of(range: DayRange) -> u64 {
    u64::try_from(range.len()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::facts::window::{MONTHS_KEPT, backfill_window, first_window, steady_window};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days(text: &str) -> DayRange {
        let (start, end) = text.split_once("..").unwrap();
        DayRange::new(day(start), day(end))
    }

    fn pull(window: &str, on: &str, pages: u64) -> StoredPull {
        StoredPull { window: days(window), on: day(on), pages }
    }

    #[test]
    fn what_was_not_complete_when_it_was_pulled_is_not_held() {
        let held = |pulls: &[StoredPull]| held(pulls).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(held(&[pull("2026-03-01..2026-03-21", "2026-03-20", 2)]), ["2026-03-01..2026-03-19"]);
        assert_eq!(held(&[pull("2026-03-01..2026-03-03", "2026-03-02", 2)]), Vec::<String>::new());
        let newest = pull("2026-03-01..2026-03-21", "2026-03-20", 2);
        let february = pull("2026-02-01..2026-03-01", "2026-03-20", 2);
        assert_eq!(held(&[newest, february]), ["2026-02-01..2026-03-19"]);
        let later = pull("2026-03-18..2026-03-30", "2026-03-29", 2);
        assert_eq!(held(&[newest, february, later]), ["2026-02-01..2026-03-28"]);
        let after_a_pause = pull("2026-06-01..2026-06-21", "2026-06-20", 2);
        assert_eq!(held(&[newest, after_a_pause]), ["2026-03-01..2026-03-19", "2026-06-01..2026-06-19"]);
    }

    #[test]
    fn the_next_days_follow_the_table() {
        let plenty = Means { left: 90, a_day: 90, cut: 0 };
        let from = "2025-02-01";
        for (why, pulls, means, expected) in [
            (
                "a small account: all at once",
                vec![pull("2026-03-01..2026-03-21", "2026-03-20", 2)],
                plenty,
                "2025-02-01..2026-03-01",
            ),
            (
                "what could be too much for today: a month",
                vec![pull("2026-03-01..2026-03-21", "2026-03-20", 2)],
                Means { left: 39, ..plenty },
                "2026-02-01..2026-03-01",
            ),
            (
                "more than a page: a month",
                vec![pull("2026-03-01..2026-03-21", "2026-03-20", 3)],
                plenty,
                "2026-02-01..2026-03-01",
            ),
            (
                "the month before the one that was stored last",
                vec![pull("2026-03-01..2026-03-21", "2026-03-20", 9), pull("2026-02-01..2026-03-01", "2026-03-20", 14)],
                plenty,
                "2026-01-01..2026-02-01",
            ),
            (
                "the next day goes on where the newest left off",
                vec![
                    pull("2026-03-01..2026-03-21", "2026-03-20", 9),
                    pull("2026-02-01..2026-03-01", "2026-03-20", 14),
                    pull("2026-03-11..2026-03-22", "2026-03-21", 6),
                ],
                plenty,
                "2026-01-01..2026-02-01",
            ),
            (
                "a month larger than a day's ceiling: the newest days of it",
                vec![pull("2026-03-01..2026-03-21", "2026-03-20", 60)],
                Means { left: 40, a_day: 40, cut: 0 },
                "2026-02-16..2026-03-01",
            ),
            (
                "it was too much yesterday: half",
                vec![pull("2026-03-01..2026-03-21", "2026-03-20", 9)],
                Means { cut: 1, ..plenty },
                "2026-02-15..2026-03-01",
            ),
            (
                "again and again: a day",
                vec![pull("2026-03-01..2026-03-21", "2026-03-20", 9)],
                Means { cut: 40, ..plenty },
                "2026-02-28..2026-03-01",
            ),
            (
                "the rest of a month",
                vec![pull("2026-03-01..2026-03-21", "2026-03-20", 9), pull("2026-02-15..2026-03-01", "2026-03-20", 7)],
                plenty,
                "2026-02-01..2026-02-15",
            ),
            (
                "a pause, newest first",
                vec![pull("2025-01-01..2026-01-06", "2026-01-05", 9), pull("2026-03-01..2026-03-21", "2026-03-20", 9)],
                plenty,
                "2026-02-01..2026-03-01",
            ),
            (
                "and its other end",
                vec![
                    pull("2025-01-01..2026-01-06", "2026-01-05", 9),
                    pull("2026-03-01..2026-03-21", "2026-03-20", 9),
                    pull("2026-02-01..2026-03-01", "2026-03-20", 14),
                ],
                plenty,
                "2026-01-04..2026-02-01",
            ),
        ] {
            assert_eq!(next(day(from), &pulls, means), Next::Ask(days(expected)), "{why}");
        }
        let newest = pull("2026-03-01..2026-03-21", "2026-03-20", 9);
        assert_eq!(next(day(from), &[newest], Means { left: 12, ..plenty }), Next::Wait(13));
        assert_eq!(next(day("2026-03-01"), &[newest], plenty), Next::Done);
        assert_eq!(next(day(from), &[], plenty), Next::Done, "nothing is there to lie before");
    }

    #[test]
    fn a_day_s_ceiling_is_for_the_ordinary_cycle_first() {
        let newest = pull("2026-03-01..2026-03-21", "2026-03-20", 20);
        assert_eq!(Means::new(100, 20, newest, 0), Means { left: 80, a_day: 89, cut: 0 });
        let small = pull("2026-03-01..2026-03-21", "2026-03-20", 2);
        assert_eq!(Means::new(4, 2, small, 0), Means { left: 2, a_day: 2, cut: 0 });
        assert_eq!(Means::new(2, 2, small, 1), Means { left: 0, a_day: 0, cut: 1 });
    }

    #[test]
    fn a_window_longer_than_the_ordinary_one_needs_room() {
        let newest = pull("2025-11-01..2025-11-21", "2025-11-20", 8);
        let after_a_pause = days("2025-11-01..2026-03-21");
        let suffice = |left: u64, cut: u32, pages: u64| {
            Means { left, a_day: left, cut }.suffice_for(after_a_pause, StoredPull { pages, ..newest })
        };
        assert!(!suffice(60, 0, 8), "56 pages are expected, and may be more");
        assert!(suffice(112, 0, 8));
        assert!(!suffice(112, 1, 8), "it was too much yesterday");
        assert!(suffice(4, 0, 2), "a page can hold any number of days");
        assert!(!suffice(4, 1, 2), "and did not");
    }

    /// How an account whose days hold `weights` entries in each question, of which `page` fit on a page, is pulled on and after
    /// `today` under `ceiling`: days until all is there, pages, and pages of answers that broke off.
    fn pulled(today: NaiveDate, weights: &[u64], page: u64, ceiling: u64) -> (u64, u64, u64) {
        let kept = backfill_window(today, MONTHS_KEPT);
        let pages = |window: DayRange| {
            let entries: u64 =
                window.days().map(|day| weights[(day - kept.start).num_days() as usize % weights.len()]).sum();
            2 * entries.div_ceil(page).max(1)
        };
        let (mut pulls, mut all, mut lost, mut cut) = (Vec::new(), 0, 0, 0);
        for later in 0..500 {
            let on = plus_days(today, later);
            let window = if later == 0 {
                first_window(on)
            } else {
                steady_window(on, plus_days(on, -1)).intersect(DayRange::new(plus_days(on, -10), plus_days(on, 1)))
            };
            let newest = StoredPull { window, on, pages: pages(window) };
            assert!(newest.pages <= ceiling, "the newest days alone are more than the ceiling");
            pulls.push(newest);
            let mut sent = newest.pages;
            all += newest.pages;
            let mut stored = false;
            loop {
                match next(kept.start, &pulls, Means::new(ceiling, sent, newest, cut)) {
                    Next::Done => return (u64::try_from(later).unwrap() + 1, all, lost),
                    Next::Wait(_) => break,
                    Next::Ask(window) => {
                        let took = pages(window);
                        if sent + took > ceiling {
                            lost += ceiling - sent;
                            cut += u32::from(!stored);
                            break;
                        }
                        all += took;
                        sent += took;
                        pulls.push(StoredPull { window, on, pages: took });
                        (stored, cut) = (true, 0);
                    }
                }
            }
        }
        panic!("it never ends");
    }

    #[test]
    fn an_account_of_months_alike_takes_as_many_days_as_its_pages() {
        // 11 months and 20 days at one page a day and question: 62 or 60 pages a month and 22 a day.
        let today = day("2026-03-20");
        let total = 2 * days_of(backfill_window(today, MONTHS_KEPT));
        for (ceiling, expected) in [(1000, 1), (200, 6), (100, 13)] {
            let (took, pages, lost) = pulled(today, &[1], 1, ceiling);
            assert_eq!((took, lost), (expected, 0), "{ceiling} a day");
            assert_eq!(pages, total + (took - 1) * 22, "each page once, and the ordinary windows: {ceiling} a day");
        }
        assert_eq!(pulled(today, &[1], 5000, 100), (1, 4, 0), "a small account: the newest days, and all before them");
        assert_eq!(pulled(today, &[1], 5000, 4).2, 0);
    }

    proptest! {
        #[test]
        fn it_ends_under_any_ceiling_that_lets_a_day_through(
            offset in 0i64..800,
            weights in proptest::collection::vec(prop_oneof![Just(1u64), 1u64..40], 1..40),
            page in 1u64..4000,
            spare in 2u64..200,
        ) {
            let today = plus_days(day("2025-01-01"), offset);
            let heaviest = weights.iter().max().copied().unwrap_or(1);
            // The newest days of any cycle, and the heaviest single day beside the ordinary ones, fit.
            let newest = 2 * (62 * heaviest).div_ceil(page).max(1);
            pulled(today, &weights, page, newest + 2 * heaviest.div_ceil(page).max(1) + spare);
        }
    }
}
