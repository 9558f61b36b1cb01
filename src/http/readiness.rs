//! What readiness rests on.
//!
//! Invariant: however many ask, the store is read once for each change of it, by one of them at a time.

use chrono::{DateTime, Utc};

use crate::cycle::{CycleMark, Engine, Unfinished};

/// What an answer rests on.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Clock of the newest cycle that pulled costs.
    pub last_pull: Option<DateTime<Utc>>,
    /// The newest cycle, if it did not come to its end.
    pub unfinished: Option<Unfinished>,
    /// True if any cycle ever did.
    pub has_finished: bool,
}

/// After how many writes, and with which cycle under way or failed, something was known.
type Moment = (u64, CycleMark);

/// What was known last. Who reads the store holds it, and whoever else asks waits for the same.
#[derive(Debug, Default)]
pub struct Readiness(tokio::sync::Mutex<Option<(Moment, Known)>>);

impl Readiness {
    /// What is known now.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn known(&self, engine: &Engine) -> anyhow::Result<Known> {
        let store = engine.store();
        let mut kept = self.0.lock().await;
        // Taken first: what changes meanwhile makes the next one look again.
        let moment = (store.writes(), engine.cycle_mark());
        if let Some((_, known)) = kept.filter(|(of, _)| *of == moment) {
            return Ok(known);
        }
        let known = Known {
            last_pull: store.last_pull().await?,
            unfinished: engine.unfinished().await?,
            has_finished: store.first_and_newest_cycle().await?.is_some(),
        };
        *kept = Some((moment, known));
        Ok(known)
    }
}
