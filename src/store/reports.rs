//! Reports that were handed out, known again by their hash.

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Row, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Store;
use super::error::Result;

/// A report that this program handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedReport {
    /// SHA-256 of the file in hex.
    pub sha256: String,
    /// What it is about.
    pub kind: String,
    /// Its form.
    pub format: String,
    /// Whom it was made for.
    pub audience: String,
    /// Clock of the newest included cycle.
    pub as_of: DateTime<Utc>,
    /// When it was made first.
    pub made_at: DateTime<Utc>,
    /// Version of the program that made it.
    pub program: String,
    /// SHA-256 of the config's text.
    pub config_digest: String,
}

const COLUMNS: &str = "sha256, kind, format, audience, as_of, made_at, program, config_digest";

impl Store {
    /// Notes that a report was handed out. The same file again changes nothing.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn note_report(&self, report: IssuedReport) -> Result<()> {
        self.note(move |connection| {
            connection.execute(
                "INSERT INTO issued_reports VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                params![
                    report.sha256,
                    report.kind,
                    report.format,
                    report.audience,
                    report.as_of.naive_utc(),
                    report.made_at.naive_utc(),
                    report.program,
                    report.config_digest,
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// Every report that was handed out, oldest first.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn issued_reports(&self) -> Result<Vec<IssuedReport>> {
        self.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM issued_reports ORDER BY made_at, kind, format, sha256");
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map([], issued)?;
            Ok(rows.collect::<duckdb::Result<_>>()?)
        })
        .await
    }
}

fn issued(row: &Row<'_>) -> duckdb::Result<IssuedReport> {
    Ok(IssuedReport {
        sha256: row.get(0)?,
        kind: row.get(1)?,
        format: row.get(2)?,
        audience: row.get(3)?,
        as_of: row.get::<_, NaiveDateTime>(4)?.and_utc(),
        made_at: row.get::<_, NaiveDateTime>(5)?.and_utc(),
        program: row.get(6)?,
        config_digest: row.get(7)?,
    })
}
