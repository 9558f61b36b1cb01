//! The next filing, drafted from the assessed bill.

use super::Assessment;
use crate::filing::draft::{Basis, Draft, NoDraft, draft};
use crate::filing::projection::BEDROCK;

impl Assessment<'_> {
    /// Drafts the next filing from the complete days of the bill; what the filing in force claims keeps its record.
    ///
    /// # Errors
    /// [`NoDraft`].
    pub fn draft(&self) -> Result<Draft, NoDraft> {
        let service = |model: &str| self.context.classifier.model_service(model).unwrap_or(BEDROCK).to_owned();
        draft(&Basis {
            costs: &self.costs,
            complete: self.complete_days(),
            today: self.facts.as_of.date_naive(),
            filing: self.filing().map(|filing| &filing.projection),
            book: self.context.prices,
            service_of_model: &service,
        })
    }
}
