//! Views that are kept until anything that they are made from changes.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::cycle::View;
use crate::store::Seen;

/// The newest view, and the last ones of the past that somebody looked at.
const KEPT: usize = 3;
/// Times of which it is known what there was to see.
const TIMES: usize = 16;
/// A view with what the store held of it, and what was said from memory beside it.
type Kept = ((Seen, String), Arc<View>);

/// Views with what each was made from, the one looked at last in front. Config is part of the engine and never changes
/// under them.
#[derive(Default)]
pub struct ViewCache {
    kept: Mutex<Vec<Kept>>,
    /// What there was to see newest after so many writes: while none is added, the store need not be asked.
    pub(super) newest: Mutex<Option<(u64, Seen)>>,
    /// What there was to see as of the times that were asked for last, each after so many writes.
    of_times: Mutex<Vec<(DateTime<Utc>, u64, Seen)>>,
    /// Held while the newest view is put together, so that many readers cost one.
    pub(super) making: Arc<tokio::sync::Mutex<()>>,
}

impl ViewCache {
    pub(super) fn get(&self, seen: Seen, said: &str) -> Option<Arc<View>> {
        let known = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().find(|((made_from, beside), _)| same(*made_from, seen) && beside == said).cloned()
        };
        let ((made_from, _), view) = known?;
        let view = if made_from == seen { view } else { Arc::new(View::clone(&view).charged(seen.charged)) };
        self.put(seen, said.to_owned(), view.clone());
        Some(view)
    }

    /// The view as of `time`, if it was just looked at and nothing was written since.
    pub(super) fn of_time(&self, time: DateTime<Utc>, writes: u64) -> Option<Arc<View>> {
        let times = self.of_times.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = times.iter().find(|(of, after, _)| (*of, *after) == (time, writes)).map(|(_, _, seen)| *seen);
        drop(times);
        self.get(seen?, "")
    }

    pub(super) fn put_time(&self, time: DateTime<Utc>, writes: u64, seen: Seen) {
        let mut times = self.of_times.lock().unwrap_or_else(PoisonError::into_inner);
        times.retain(|(of, ..)| *of != time);
        times.insert(0, (time, writes, seen));
        times.truncate(TIMES);
    }

    /// The newest of those that are kept, whether it is the newest there is or not.
    pub(super) fn newest_kept(&self) -> Option<Arc<View>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(|(_, view)| view).max_by_key(|view| view.position.as_of).cloned()
    }

    pub(super) fn put(&self, seen: Seen, said: String, view: Arc<View>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|((made_from, _), _)| !same(*made_from, seen));
        kept.insert(0, ((seen, said), view));
        kept.truncate(KEPT);
    }
}

/// True if two views differ by no more than what is counted into them when they are read.
fn same(a: Seen, b: Seen) -> bool {
    let of = |seen: Seen| (seen.fingerprint, seen.failures, seen.healings, seen.outlook_awaited);
    of(a) == of(b)
}
