//! The ask of the filing in force, sized beside what is known of the account.

use anyhow::{Context as _, Result};

use crate::domain::billing::price::PriceBook;
use crate::domain::filing::ask::{self, CheckedFiling, Knowledge, KnownAccount, SizedFiling};
use crate::domain::filing::projection::{AwardHad, Company, FiledProjection};
use crate::domain::position::Position;
use crate::report::Audience;

use super::drafts::DraftError;
use super::engine::Engine;

impl Engine {
    /// What the filing that `position` rests on costs and supports, as far as `audience` may see it; while nothing is filed, what the bill
    /// would support. `None` without either.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn sized(&self, position: &Position, audience: &Audience) -> Result<Option<SizedFiling>> {
        let Some(filed) = &position.filing else {
            // What the bill is of is the owner's to know.
            return if *audience == Audience::Owner { self.sized_from_bill(position).await } else { Ok(None) };
        };
        let filings = self.store().projections().await.context("reading the filings")?;
        let Some(stored) = filings.into_iter().find(|stored| stored.version == filed.version) else { return Ok(None) };
        let (engine, audience, position) = (self.clone(), audience.clone(), position.clone());
        let sized = tokio::task::spawn_blocking(move || {
            let mut filing = FiledProjection::parse_frozen(&stored.body, &engine.parts.prices).ok()?;
            let all = filing.records.len();
            if let Audience::Partner { records } = &audience {
                filing.records.retain(|record| records.contains(&record.id));
            }
            let in_part = filing.records.len() < all;
            if in_part {
                // What the file says beside its records is of others' too.
                filing.application.asked_usd = None;
                filing.company = None;
                filing.deal_size_usd = None;
                filing.post_credit_growth_per_month = None;
            }
            let sized = (!filing.records.is_empty()).then(|| engine.size(&filing, &position, &audience))?;
            Some(if in_part { sized.of_some_records() } else { sized })
        });
        sized.await.context("sizing the filing")
    }

    /// What the bill behind `position` supports, gone on for a year.
    async fn sized_from_bill(&self, position: &Position) -> Result<Option<SizedFiling>> {
        let drafted = match self.draft_filing(Some(position.as_of)).await {
            Ok(draft) => draft.to_toml(),
            Err(DraftError::Nothing(_)) => return Ok(None),
            Err(DraftError::Failed(error)) => return Err(error.context("drafting a filing from the bill")),
        };
        let filing = filing_of_bill(&drafted, &self.parts.prices, position);
        Ok(filing.map(|filing| self.size(&filing, position, &Audience::Owner)))
    }

    fn size(&self, filing: &FiledProjection, position: &Position, audience: &Audience) -> SizedFiling {
        // A partner learns nothing of the account from an objection.
        let account = if *audience == Audience::Owner { KnownAccount::from(position) } else { KnownAccount::default() };
        let account = account.with_partner(self.config().partner_name());
        ask::size(filing, &self.knowledge(&account))
    }

    /// Reads a filing as `projection check` does, beside what the newest position knows of the account. Nothing is stored.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn check_filing(&self, text: String) -> Result<CheckedFiling> {
        let account = self.known_account().await?;
        let engine = self.clone();
        let checked = tokio::task::spawn_blocking(move || ask::check_one(&text, &engine.knowledge(&account)));
        checked.await.context("checking the filing")
    }

    fn knowledge<'a>(&'a self, account: &'a KnownAccount) -> Knowledge<'a> {
        Knowledge { book: &self.parts.prices, classifier: &self.parts.classifier, account }
    }
}

/// A draft read as a filing of a company that holds the awards of `position`.
pub fn filing_of_bill(drafted: &str, prices: &PriceBook, position: &Position) -> Option<FiledProjection> {
    let mut filing = FiledProjection::parse_with(drafted, prices).ok()?;
    let awards = position.credits.pools.iter();
    let awards = awards.filter_map(|pool| Some(AwardHad { programme: pool.programme?, usd: pool.granted }));
    filing.company = Some(Company { awards: awards.collect(), ..Company::default() });
    Some(filing)
}
