//! The next filing, drafted from the bill that the newest cycle knows.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::domain::filing::draft::{Draft, NoDraft};

use super::engine::Engine;

/// Why no filing was drafted.
#[derive(Debug, Error)]
pub enum DraftError {
    /// The bill gives none.
    #[error(transparent)]
    Nothing(#[from] NoDraft),
    /// The store failed.
    #[error("{0:#}")]
    Failed(anyhow::Error),
}

impl Engine {
    /// Drafts the next filing from what is believed at the clock of the newest finished cycle, or of the newest one at or before
    /// `as_of`, beside the filing in force then. Nothing is asked of AWS, and nothing is stored.
    ///
    /// # Errors
    /// [`DraftError`].
    pub async fn draft_filing(&self, as_of: Option<DateTime<Utc>>) -> Result<Draft, DraftError> {
        let failed = |doing: &'static str| move |error: anyhow::Error| DraftError::Failed(error.context(doing));
        let cycle = self.store().newest_cycle(as_of).await;
        let cycle =
            cycle.map_err(|error| failed("looking for the newest cycle")(error.into()))?.ok_or(NoDraft::NoBill)?;
        let facts = self.store().facts(cycle.clock, self.config().aws.currency.clone()).await;
        let facts = facts.map_err(|error| failed("reading the facts")(error.into()))?;
        let filing = self.filing_in_force(cycle.run_id, cycle.clock, as_of).await;
        let filing = filing.map_err(failed("reading the filing in force"))?;
        let engine = self.clone();
        let drafted = tokio::task::spawn_blocking(move || engine.assess(&facts, filing.as_ref()).draft()).await;
        Ok(drafted.map_err(|error| failed("drafting the next filing")(error.into()))??)
    }
}
