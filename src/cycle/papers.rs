//! Reports as files: rendered from a view with its evidence, noted in the store under their hash.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use tracing::warn;

use crate::report::{self, Audience, Beside, Document, File, Format, ReportKind, Typesetting};
use crate::store::IssuedReport;

use super::engine::Engine;
use super::view::View;

impl Engine {
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
        let kind = kind.in_format(format)?;
        let sized = match kind {
            ReportKind::Ask | ReportKind::FundingPack => self.sized(&view.position, audience).await?,
            _ => None,
        };
        let evidence = match kind {
            ReportKind::Evidence => {
                let evidence = self.store().evidence(view.position.as_of).await;
                Some(evidence.context("reading what the figures rest on")?)
            }
            _ => None,
        };
        let partner = self.config().partner.as_ref();
        let beside = Beside { sized: sized.as_ref(), partner, evidence: evidence.as_ref() };
        let document = report::build_beside(kind, &view.position, &view.series, beside, audience);
        let file = self.file_of(document, format).await?;
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
        match self.store().note_report(issued).await {
            Ok(()) => Ok(file),
            // Who needs figures on a day on which the disk is full gets them.
            Err(error) if error.disk().is_some() => {
                warn!("a report is handed out and could not be noted, so it cannot be verified later: {error}");
                Ok(file)
            }
            Err(error) => Err(error).context("noting that the report was handed out"),
        }
    }

    /// Rendering takes long enough to keep it off the threads that serve requests.
    async fn file_of(&self, document: Document, format: Format) -> Result<File> {
        if format != Format::Pdf {
            let render = move || Ok(File::of(&document, format)?);
            return tokio::task::spawn_blocking(render).await.context("rendering the report")?;
        }
        let written = tokio::task::spawn_blocking(move || (Typesetting::of(&document), document)).await;
        let (order, document) = written.context("writing the report to set")?;
        let bytes = self.parts.typesetter.set(order).await?;
        Ok(File::named(&document, format, bytes))
    }
}
