//! What-if on the facts of the newest finished cycle. This forecasts, so no partner may ask for it, and it is answered one
//! question at a time, and off the threads that serve requests.

use anyhow::Context as _;
use chrono::Months;
use thiserror::Error;

use crate::domain::facts::Facts;
use crate::domain::filing::Filing;
use crate::domain::filing::next_award::Meant;
use crate::domain::outlook::{Outlook, outlook};
use crate::domain::position::Position;
use crate::domain::values::money::Money;
use crate::domain::values::period::plus_days;
use crate::domain::whatif::{Answer, Base, Change, Levers, NextAward, Refused, answer, levers, proposals};
use crate::store::StoredCycle;

use super::engine::Engine;
use super::failure;

/// Life of the next award in months: the shorter of what credits live.
const AWARD_MONTHS: u32 = 12;

/// Why a question got no answer.
#[derive(Debug, Error)]
pub enum WhatIfError {
    /// There is nothing to start from.
    #[error("no complete day of spend is known yet; run `glidepath cycle`, or wait for the daemon's")]
    NothingYet,
    /// The question cannot be answered on this account.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Reading failed.
    #[error("reckoning what would be: {0:#}")]
    Failed(#[from] anyhow::Error),
}

impl Engine {
    /// What the changes buy, all together.
    ///
    /// # Errors
    /// [`WhatIfError`].
    pub async fn what_if(&self, scenario: Vec<Change>) -> Result<Answer, WhatIfError> {
        self.reckon(move |base, before, _| Ok(answer(base, before, &scenario)?)).await
    }

    /// The standard levers, ranked.
    ///
    /// # Errors
    /// [`WhatIfError`].
    pub async fn levers(&self) -> Result<Levers, WhatIfError> {
        self.reckon(|base, before, award| Ok(levers(base, before, proposals(base, &award)))).await
    }

    async fn reckon<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Base, &Outlook, NextAward) -> Result<T, WhatIfError> + Send + 'static,
    ) -> Result<T, WhatIfError> {
        let _one_at_a_time = self.parts.reckoning.lock().await;
        let cycle = self.store().newest_cycle(None).await.context("looking for the newest cycle")?;
        let StoredCycle { clock, .. } = cycle.ok_or(WhatIfError::NothingYet)?;
        let currency = self.config().aws.currency.clone();
        let entered = self.store().entered().await.context("reading what is entered")?;
        let facts: Facts = self.store().facts_knowing(clock, currency, entered).await.context("reading the facts")?;
        let filing = self.filing_knowing(clock, entered).await?;
        let engine = self.clone();
        let told = tokio::task::spawn_blocking(move || {
            let assessment = engine.assess(&facts, filing.as_ref());
            assessment.what_if(|base| {
                let before = outlook(base.inputs);
                let position = assessment.position(Some(&before));
                let next = engine.next_award(base, position.award_meant, next_ask(&position, filing.as_ref()));
                ask(base, &before, next)
            })
        });
        failure::computed("computing the answer", told.await)?.unwrap_or(Err(WhatIfError::NothingYet))
    }

    /// The award that is meant next.
    fn next_award(&self, base: &Base, meant: Meant, amount: Result<Money, String>) -> NextAward {
        let award = self.config().rules.award(meant, base.on);
        let from = plus_days(base.on, award.longest());
        let same = self.config().pools.iter().find(|pool| pool.programme == Some(meant.programme));
        NextAward {
            name: award.name().to_owned(),
            amount: amount.map(|amount| Money::from_decimal(amount.cents())),
            from,
            until: from.checked_add_months(Months::new(AWARD_MONTHS)).unwrap_or(from),
            services: same.and_then(|pool| pool.services.clone()),
        }
    }
}

/// The size of the next award: what the account's own spend supports, else what the filing asked for.
///
/// # Errors
/// Half a sentence why neither names any.
fn next_ask(position: &Position, filing: Option<&Filing>) -> Result<Money, String> {
    let supported = position.review.next_ask.as_ref().map(|ask| ask.amount);
    supported.or_else(|| filing.and_then(|filing| filing.projection.asked_usd())).ok_or_else(|| {
        let why = position.review.no_ask.map(|why| format!("{}, and ", why.because(position.award_meant.programme)));
        format!("{}no filing says how many dollars to ask for", why.unwrap_or_default())
    })
}
