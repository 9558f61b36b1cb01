//! A cycle that is under way, and one that did not come to its end.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use tokio::sync::MutexGuard;

use super::clock_ahead::ClockAhead;

/// A cycle that did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// Its clock; AWS's where that was ahead.
    pub clock: DateTime<Utc>,
    /// Both clocks, where its own lay ahead of AWS's.
    pub ahead: Option<ClockAhead>,
}

/// How often a cycle has begun and ended in this process, and whether the newest one failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CycleMark {
    pub(super) turns: u64,
    pub(super) failed: Option<Unfinished>,
}

/// A cycle is under way, or is being ended.
pub(super) struct Running<'a> {
    pub(super) alone: Option<MutexGuard<'a, ()>>,
    pub(super) turns: &'a AtomicU64,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Counted once nothing runs any more: what was seen before is looked at again.
        drop(self.alone.take());
        self.turns.fetch_add(1, Ordering::SeqCst);
    }
}
