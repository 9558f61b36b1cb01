//! Filings that are read, and what they are read and compared with.

use std::path::Path;

use anyhow::Result;

use super::super::access::Access;
use super::super::files;
use super::super::out::errln;
use crate::config::Config;
use crate::cycle::{ComparedFilings, FilingSource, compare};
use crate::domain::billing::classify::Classifier;
use crate::domain::billing::price::PriceBook;
use crate::domain::filing::ask::{self, Knowledge, KnownAccount, SizedFiling};
use crate::domain::filing::projection::{BEDROCK, FiledProjection};
use crate::domain::wording::trouble::Trouble;
use crate::store::StoredProjection;

/// The text of a filing.
///
/// # Errors
/// If the file cannot be read.
pub fn read(path: &Path) -> Result<String> {
    Ok(files::read_text("the filing", path)?)
}

/// Every version, from the store or the daemon.
///
/// # Errors
/// If the store or the daemon fails.
pub async fn filed(access: &Access) -> Result<Vec<StoredProjection>> {
    match access {
        Access::Store(engine) => Ok(engine.store().projections().await?),
        Access::Daemon(daemon) => daemon.fetch("/api/v1/projections").await,
    }
}

/// What filings are read and compared with: config's prices and names of models.
pub struct Book {
    /// The price book.
    pub prices: PriceBook,
    classifier: Classifier,
}

impl Book {
    /// Of a config.
    pub fn of(config: &Config) -> Book {
        let classifier = Classifier::builtin().with_model_aliases(config.model_aliases.clone());
        Book { prices: config.prices.clone(), classifier }
    }

    /// The service that a model bills under.
    pub fn service(&self, model: &str) -> String {
        self.classifier.model_service(model).unwrap_or(BEDROCK).to_owned()
    }

    pub(super) fn knowledge<'a>(&'a self, account: &'a KnownAccount) -> Knowledge<'a> {
        Knowledge { book: &self.prices, classifier: &self.classifier, account }
    }

    /// The filing in a file. Where it has problems each is told, and `undone` says what does not come of it.
    ///
    /// # Errors
    /// If the file cannot be read, or has a problem.
    pub fn filing_in(&self, path: &Path, undone: &str) -> Result<FiledProjection> {
        let name = path.display();
        let filing = FiledProjection::parse_with(&read(path)?, &self.prices).map_err(|problems| {
            problems.iter().for_each(|problem| errln!("{name}: {problem}"));
            Trouble::FilingNotUsable.said(format!("{name} has {} problem(s), so {undone}", problems.len()))
        })?;
        Ok(filing)
    }

    /// What a filing costs and supports.
    pub(super) fn size(&self, filing: &FiledProjection, account: &KnownAccount) -> SizedFiling {
        ask::size(filing, &self.knowledge(account))
    }

    pub(super) fn compare(
        &self,
        filings: &[StoredProjection],
        before: &FilingSource,
        after: &FilingSource,
    ) -> Result<ComparedFilings> {
        compare(filings, before, after, &self.prices, &|model| self.service(model))
    }
}
