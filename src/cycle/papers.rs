//! Reports as files: rendered from a view with its evidence, noted in the store under their hash.

use anyhow::{Context as _, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use thiserror::Error;

use crate::report::{self, Audience, File, Format, ReportKind};
use crate::store::{IssuedReport, StoreError};

use super::{Engine, View};

/// A moment of which nothing can be shown.
#[derive(Debug, Error)]
pub enum AsOfError {
    /// It has not come yet.
    #[error(
        "{} lies in the future: it is {} now. Ask for a time that has passed, or for none, to get the newest cycle",
        shown(.as_of),
        shown(.now)
    )]
    Future {
        /// What was asked for.
        as_of: DateTime<Utc>,
        /// The present.
        now: DateTime<Utc>,
    },
    /// Nothing was known then.
    #[error("no cycle had finished by {}: the first one finished at {}", shown(.as_of), shown(.first))]
    BeforeFirst {
        /// What was asked for.
        as_of: DateTime<Utc>,
        /// Clock of the first finished cycle.
        first: DateTime<Utc>,
    },
    /// Nothing is known yet.
    #[error("no cycle has finished yet; run `glidepath cycle`, or wait for the daemon's")]
    NothingYet,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn shown(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

impl Engine {
    /// Refuses a moment of which nothing can be shown. Cycles can be run under a clock ahead of `now`, and what they
    /// know can be asked for.
    ///
    /// # Errors
    /// [`AsOfError`].
    pub async fn check_as_of(&self, as_of: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), AsOfError> {
        let Some((first, newest)) = self.store().first_and_newest_cycle().await? else {
            return Err(AsOfError::NothingYet);
        };
        match as_of {
            Some(as_of) if as_of > now.max(newest) => Err(AsOfError::Future { as_of, now: now.max(newest) }),
            Some(as_of) if as_of < first => Err(AsOfError::BeforeFirst { as_of, first }),
            _ => Ok(()),
        }
    }

    /// A report of `view` as a file, noted as handed out at `now`.
    ///
    /// # Errors
    /// If it cannot be rendered, or the store fails.
    pub async fn report(
        &self,
        view: &View,
        kind: ReportKind,
        format: Format,
        audience: &Audience,
        now: DateTime<Utc>,
    ) -> Result<File> {
        let evidence = self.store().evidence(view.position.as_of).await.context("reading what the figures rest on")?;
        let document = report::build(kind, &view.position, &view.series, audience).with_evidence(&evidence, audience);
        // Typesetting takes long enough to keep it off the threads that serve requests.
        let file = tokio::task::spawn_blocking(move || File::of(&document, format)).await;
        let file = file.context("rendering the report")??;
        let issued = IssuedReport {
            sha256: file.sha256(),
            kind: kind.to_string(),
            format: format.to_string(),
            audience: audience.to_string(),
            as_of: view.position.as_of,
            made_at: now,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            config_digest: self.config().digest.clone(),
        };
        self.store().note_report(issued).await.context("noting that the report was handed out")?;
        Ok(file)
    }
}
