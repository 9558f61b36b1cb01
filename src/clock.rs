//! The clock: the system's, or one that a demo or test sets. It is read at the edges and passed inwards.
//!
//! Invariant: no time has more digits than the store keeps, so that what is told of a moment reads the same before and after
//! it was stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

use crate::domain::period::to_microseconds;

/// Where "now" comes from. Cloning shares it.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's.
    System,
    /// A clock that stands still until it is set; microseconds since the epoch.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn set_to(now: DateTime<Utc>) -> Clock {
        Clock::Set(Arc::new(AtomicI64::new(now.timestamp_micros())))
    }

    /// Now, to the microsecond.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Clock::System => to_microseconds(Utc::now()),
            Clock::Set(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::Relaxed)).unwrap_or_default(),
        }
    }

    /// Moves a set clock; the system's cannot be moved.
    pub fn advance_to(&self, now: DateTime<Utc>) {
        if let Clock::Set(micros) = self {
            micros.store(now.timestamp_micros(), Ordering::Relaxed);
        }
    }
}
