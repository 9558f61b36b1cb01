//! Whether the store still answers: a trivial read every few seconds, and since when one has not returned.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::store::Store;

/// Between two reads.
const PAUSE: Duration = Duration::from_secs(5);
/// A trivial read that takes longer is stuck.
const STUCK: Duration = Duration::from_secs(60);

/// Since when a trivial read has not returned, if one is on its way.
#[derive(Debug, Default)]
pub struct Pulse(Mutex<Option<Instant>>);

impl Pulse {
    /// Reads again and again.
    pub async fn beat(&self, store: &Store) {
        loop {
            self.set(Some(Instant::now()));
            // An error is an answer.
            let _ = store.trivial_read().await;
            self.set(None);
            sleep(PAUSE).await;
        }
    }

    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// True if a trivial read has not returned for a minute, and nothing is known that would explain it.
    pub fn is_stuck(&self, store: &Store) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() >= STUCK) && !store.is_at_length()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_does_not_return_is_noticed_after_a_minute() {
        let store = Store::in_memory().unwrap();
        let pulse = Pulse::default();
        assert!(!pulse.is_stuck(&store));
        pulse.set(Some(Instant::now()));
        assert!(!pulse.is_stuck(&store));
        pulse.set(Instant::now().checked_sub(STUCK));
        assert!(pulse.is_stuck(&store));
        pulse.set(None);
        assert!(!pulse.is_stuck(&store));
    }
}
