//! Reports as files: rendered from a view with its evidence, noted in the store under their hash.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use tracing::warn;

use crate::report::{self, Audience, Document, File, Format, ReportKind, Typesetting};
use crate::store::IssuedReport;

use super::{Engine, View};

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
        let document = if kind == ReportKind::Ask {
            let sized = self.sized(&view.position, audience).await?;
            report::build_ask(&view.position, sized.as_ref(), audience)
        } else {
            report::build(kind, &view.position, &view.series, audience)
        };
        // What is filed is priced from a table, and rests on no answer of AWS.
        let document = if kind == ReportKind::Ask && view.position.filing.is_some() {
            document
        } else {
            let evidence = self.store().evidence(view.position.as_of).await;
            document.with_evidence(&evidence.context("reading what the figures rest on")?, &view.position, audience)
        };
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
