//! The replays that run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

/// How far a replay has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayProgress {
    /// First day that was ordered.
    pub from: NaiveDate,
    /// Last day, inclusive.
    pub to: NaiveDate,
    /// Looks that are done.
    pub done: u64,
    /// Looks in all.
    pub of: u64,
}

/// A replay that runs: its order and how many looks it takes; the looks that are done.
#[derive(Debug)]
pub(super) struct UnderWay {
    from: NaiveDate,
    to: NaiveDate,
    of: u64,
    pub done: AtomicU64,
}

/// The replays that run.
#[derive(Debug, Default)]
pub(super) struct Replays(Mutex<Vec<Arc<UnderWay>>>);

impl Replays {
    pub fn start(&self, from: NaiveDate, to: NaiveDate, looks: usize) -> Started<'_> {
        let of = u64::try_from(looks).unwrap_or(u64::MAX);
        let started = Arc::new(UnderWay { from, to, of, done: AtomicU64::new(0) });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&started));
        Started { all: self, own: started, left: CancellationToken::new() }
    }

    pub fn progress(&self) -> Vec<ReplayProgress> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = |it: &Arc<UnderWay>| {
            let UnderWay { from, to, of, ref done } = **it;
            ReplayProgress { from, to, done: done.load(Ordering::Relaxed), of }
        };
        all.iter().map(progress).collect()
    }
}

/// A replay of its own list, from which it goes when it ends or is left; then no look of it is begun any more.
pub(super) struct Started<'a> {
    all: &'a Replays,
    pub own: Arc<UnderWay>,
    pub left: CancellationToken,
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        self.left.cancel();
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|it| !Arc::ptr_eq(it, &self.own));
    }
}
