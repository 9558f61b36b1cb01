//! What the same caller does again and again: it stays few rows of the audit, whose counts grow.
//!
//! Invariants: the first of an hour has its row before it is answered, and so has each of the first hundred reports that are
//! shown; what is counted instead is in the store a minute later, when somebody lists the audit, and when the daemon ends; who
//! asks cannot make the daemon remember more than the routes, statuses and reports that there are.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use crate::store::{Again, AuditEntry};

/// What counts as the same: all of an entry but when, of which only the hour.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Same {
    hour: DateTime<Utc>,
    who: String,
    action: String,
    path: String,
    status: u16,
}

impl Same {
    /// What is the same as `entry`.
    pub fn of(entry: &AuditEntry) -> Same {
        let AuditEntry { at, who, action, path, status } = entry.clone();
        Same { hour: at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at), who, action, path, status }
    }
}

/// What was seen of the same.
#[derive(Debug, Default)]
struct Seen {
    /// Rows that were begun.
    rows: u32,
    /// The newest of them that is stored.
    row: Option<i64>,
    /// Times that no row counts yet.
    uncounted: u64,
    /// The last of them.
    last_at: DateTime<Utc>,
}

/// What is to be done about one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It takes a row of its own, before it is answered.
    Row,
    /// It is counted.
    Counted {
        /// True if it is the first that waits to be written.
        first: bool,
    },
}

/// What was seen in this hour.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<Same, Seen>>);

impl Tally {
    /// Counts one more of the same at `at`, of which `most` have a row of their own.
    pub fn add(&self, same: &Same, at: DateTime<Utc>, most: u32) -> Next {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains_key(same) {
            // Of hours that are over nothing comes any more.
            all.retain(|other, seen| other.hour == same.hour || seen.uncounted > 0);
        }
        let seen = all.entry(same.clone()).or_default();
        if seen.rows < most {
            seen.rows += 1;
            return Next::Row;
        }
        let first = seen.uncounted == 0;
        seen.uncounted += 1;
        seen.last_at = at;
        Next::Counted { first }
    }

    /// Says what became of a row: its number, or none if it could not be stored. The next of the same then takes one.
    pub fn stored(&self, same: &Same, number: Option<i64>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(seen) = all.get_mut(same) else { return };
        match number {
            Some(number) => seen.row = seen.row.max(Some(number)),
            None => seen.rows = seen.rows.saturating_sub(1),
        }
    }

    /// Takes out what is to be added to rows.
    pub fn take(&self) -> Vec<Again> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = all.values_mut().filter(|seen| seen.uncounted > 0);
        let taken = waiting.filter_map(|seen| {
            let number = seen.row?;
            Some(Again { number, times: std::mem::take(&mut seen.uncounted), last_at: seen.last_at })
        });
        taken.collect()
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, again: &[Again]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for Again { number, times, last_at } in again {
            if let Some(seen) = all.values_mut().find(|seen| seen.row == Some(*number)) {
                seen.uncounted += times;
                seen.last_at = seen.last_at.max(*last_at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at: &str, who: &str, status: u16) -> AuditEntry {
        let text = |text: &str| text.to_owned();
        AuditEntry { at: at.parse().unwrap(), who: text(who), action: text("read"), path: text("/p"), status }
    }

    fn add(tally: &Tally, entry: &AuditEntry, most: u32) -> Next {
        tally.add(&Same::of(entry), entry.at, most)
    }

    #[test]
    fn the_first_of_an_hour_has_a_row_and_the_others_are_counted_on_it() {
        let tally = Tally::default();
        let first = entry("2026-11-23T06:00:00Z", "p", 403);
        assert_eq!(add(&tally, &first, 1), Next::Row);
        // The second comes before the first is stored.
        assert_eq!(add(&tally, &first, 1), Next::Counted { first: true });
        assert_eq!(tally.take(), [], "there is no row to add it to yet");
        tally.stored(&Same::of(&first), Some(7));
        let later = entry("2026-11-23T06:59:59Z", "p", 403);
        assert_eq!(add(&tally, &later, 1), Next::Counted { first: false });
        let again = Again { number: 7, times: 2, last_at: later.at };
        assert_eq!(tally.take(), [again]);
        assert_eq!(tally.take(), []);
        tally.put_back(&[again]);
        assert_eq!(tally.take(), [again], "the disk was full, and is not any more");
        for other in [entry("2026-11-23T07:00:00Z", "p", 403), entry("2026-11-23T07:00:00Z", "q", 403)] {
            assert_eq!(add(&tally, &other, 1), Next::Row, "{other:?}");
        }
        assert_eq!(add(&tally, &entry("2026-11-23T07:00:00Z", "p", 404), 1), Next::Row);
        assert_eq!(tally.0.lock().unwrap().len(), 3, "the hour before is forgotten");
    }

    #[test]
    fn what_is_shown_has_rows_up_to_a_number_and_one_that_cannot_be_stored_is_none() {
        let tally = Tally::default();
        let shown = entry("2026-11-23T06:00:00Z", "p", 200);
        for number in 1..=3 {
            assert_eq!(add(&tally, &shown, 3), Next::Row);
            tally.stored(&Same::of(&shown), Some(number));
        }
        assert_eq!(add(&tally, &shown, 3), Next::Counted { first: true });
        assert_eq!(tally.take(), [Again { number: 3, times: 1, last_at: shown.at }]);

        let unstored = entry("2026-11-23T06:00:00Z", "q", 403);
        assert_eq!(add(&tally, &unstored, 1), Next::Row);
        tally.stored(&Same::of(&unstored), None);
        assert_eq!(add(&tally, &unstored, 1), Next::Row);
    }
}
