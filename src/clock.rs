//! The clock: the system's, or one that a demo or test sets. It is read at the edges and passed inwards.
//!
//! Invariant: no time has more digits than the store keeps, so that what is told of a moment reads the same before and after
//! it was stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::values::period::to_microseconds;

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

    /// True for a clock that runs by itself.
    pub fn runs(&self) -> bool {
        matches!(self, Clock::System)
    }

    /// Moves a set clock; the system's cannot be moved.
    pub fn advance_to(&self, now: DateTime<Utc>) {
        if let Clock::Set(micros) = self {
            micros.store(now.timestamp_micros(), Ordering::Relaxed);
        }
    }
}

/// More than a clock is ever corrected by without being set, within a minute.
const LEAST_STEP: TimeDelta = TimeDelta::seconds(5);

/// Finds out that a clock was set, or that the machine slept, by a clock beside it that only runs on and stands still meanwhile.
///
/// ```
/// use std::time::Duration;
/// use glidepath::clock::Steps;
/// let at = |text: &str| text.parse().unwrap();
/// let mut steps = Steps::new(at("2026-03-01T06:00:00Z"), Duration::ZERO);
/// assert_eq!(steps.look(at("2026-03-01T06:01:00Z"), Duration::from_secs(60)), None);
/// let back = steps.look(at("2026-03-01T04:02:00Z"), Duration::from_secs(120)).unwrap();
/// assert_eq!(back.num_hours(), -2);
/// ```
#[derive(Debug)]
pub struct Steps {
    wall: DateTime<Utc>,
    ran: Duration,
}

impl Steps {
    /// Starts where the clock says `wall` and the one beside it has run for `ran`.
    pub fn new(wall: DateTime<Utc>, ran: Duration) -> Steps {
        Steps { wall, ran }
    }

    /// By how much the clock was moved since the last look, if it was.
    pub fn look(&mut self, wall: DateTime<Utc>, ran: Duration) -> Option<TimeDelta> {
        let passed = TimeDelta::from_std(ran.saturating_sub(self.ran)).unwrap_or(TimeDelta::MAX);
        let step = (wall - self.wall).checked_sub(&passed)?;
        (self.wall, self.ran) = (wall, ran);
        (step.abs() >= LEAST_STEP).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_sleep_are_found_once_and_drift_is_not() {
        let start: DateTime<Utc> = "2028-02-28T23:59:00Z".parse().unwrap();
        let mut steps = Steps::new(start, Duration::ZERO);
        let (mut wall, mut ran) = (start, Duration::ZERO);
        for (moved, found) in [
            (TimeDelta::zero(), false),
            (TimeDelta::seconds(1), false),
            (TimeDelta::seconds(-4), false),
            (TimeDelta::seconds(5), true),
            (TimeDelta::hours(-2), true),
            (TimeDelta::zero(), false),
            (TimeDelta::days(40), true),
            (TimeDelta::days(-40), true),
            (TimeDelta::days(3_653), true),
            (TimeDelta::days(-3_653), true),
            (TimeDelta::zero(), false),
        ] {
            ran += Duration::from_secs(60);
            wall += TimeDelta::seconds(60) + moved;
            assert_eq!(steps.look(wall, ran), found.then_some(moved), "{moved}");
        }
    }
}
