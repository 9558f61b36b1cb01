//! Reports that were handed out, known again by their hash.

use super::error::Result;
use super::handle::Store;
use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Row, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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

/// Where a page of reports ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedKey {
    /// When its last report was made first.
    pub made_at: DateTime<Utc>,
    /// The report's hash.
    pub sha256: String,
}

impl IssuedReport {
    /// Where a page ends whose last report this is.
    pub fn key(&self) -> IssuedKey {
        IssuedKey { made_at: self.made_at, sha256: self.sha256.clone() }
    }
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
        self.issued_from(None, u32::MAX).await
    }

    /// Reports that were handed out, oldest first, at most `limit`, from behind `after` on. New ones come at the end.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn issued_from(&self, after: Option<IssuedKey>, limit: u32) -> Result<Vec<IssuedReport>> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM issued_reports
                 WHERE ?1 IS NULL OR epoch_us(made_at) > ?1 OR (epoch_us(made_at) = ?1 AND sha256 > ?2)
                 ORDER BY made_at, sha256 LIMIT ?3"
            );
            let mut statement = connection.prepare(&sql)?;
            let (made_at, last) = after.map(|key| (key.made_at.timestamp_micros(), key.sha256)).unzip();
            let rows = statement.query_map(params![made_at, last, limit], issued)?;
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
