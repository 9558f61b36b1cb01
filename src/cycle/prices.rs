//! Prices as the bill implies them, beside the book's.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};

use crate::domain::billing::costs::Costs;
use crate::domain::billing::implied_price::{ImpliedPrices, PriceRow, PriceSource};
use crate::domain::values::period::DayRange;

use super::engine::Engine;

impl Engine {
    /// What was paid up to the clock of the newest finished cycle beside what the price book says of that day; `all`
    /// adds what the bill does not show. Before the first cycle it is the book alone, as of `now`.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn prices_paid(&self, now: DateTime<Utc>, all: bool) -> Result<Vec<PriceRow>> {
        let cycle = self.store().newest_cycle(None).await.context("looking for the newest cycle")?;
        let clock = cycle.map_or(now, |cycle| cycle.clock);
        let facts = self.store().facts(clock, self.config().aws.currency.clone()).await.context("reading the facts")?;
        let engine = self.clone();
        let rows = tokio::task::spawn_blocking(move || {
            let assessment = engine.assess(&facts, None);
            let on = clock.date_naive();
            let implied = match assessment.complete_days() {
                Some(complete) => ImpliedPrices::of(assessment.costs(), complete),
                None => ImpliedPrices::of(&Costs::default(), DayRange::new(on, on)),
            };
            PriceSource { book: engine.prices(), implied: &implied }.compare(on, all)
        });
        rows.await.context("comparing prices")
    }
}
