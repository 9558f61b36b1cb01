//! The ask of the filing in force, sized beside what is known of the account.

use anyhow::{Context as _, Result};

use crate::domain::ask::{self, Knowledge, KnownAccount, Sized};
use crate::domain::position::Position;
use crate::domain::projection::FiledProjection;
use crate::report::Audience;

use super::Engine;

impl Engine {
    /// What the filing that `position` rests on costs and supports, as far as `audience` may see it; `None` while nothing is filed.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn sized(&self, position: &Position, audience: &Audience) -> Result<Option<Sized>> {
        let Some(filed) = &position.filing else { return Ok(None) };
        let filings = self.store().projections().await.context("reading the filings")?;
        let Some(stored) = filings.into_iter().find(|stored| stored.version == filed.version) else { return Ok(None) };
        let (engine, audience, position) = (self.clone(), audience.clone(), position.clone());
        let sized = tokio::task::spawn_blocking(move || {
            let mut filing = FiledProjection::parse_frozen(&stored.body, &engine.parts.prices).ok()?;
            if let Audience::Partner { records } = &audience {
                filing.records.retain(|record| records.contains(&record.id));
                // What others ask for is theirs.
                filing.application.asked_usd = None;
            }
            (!filing.records.is_empty()).then(|| engine.size(&filing, &position, &audience))
        });
        sized.await.context("sizing the filing")
    }

    fn size(&self, filing: &FiledProjection, position: &Position, audience: &Audience) -> Sized {
        // A partner learns nothing of the account from an objection.
        let account = if *audience == Audience::Owner { KnownAccount::from(position) } else { KnownAccount::default() };
        let knowledge = Knowledge { book: &self.parts.prices, classifier: &self.parts.classifier, account: &account };
        ask::size(filing, &knowledge)
    }
}
