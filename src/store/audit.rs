//! Who read a report or entered something. Entries are appended, never edited, and removed once they are as old as config says.

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Store;
use super::error::Result;

/// What is to be remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Name of a token, `link ID`, or how else it came.
    pub who: String,
    /// `read`, or what was entered.
    pub action: String,
    /// The address, without query and without the text of a link.
    pub path: String,
    /// Status of the answer, as in HTTP.
    pub status: u16,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditRow {
    /// Counted up from 1.
    pub number: i64,
    /// What happened.
    #[serde(flatten)]
    pub entry: AuditEntry,
}

/// Where a page of the audit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditKey {
    /// Number of its last row.
    pub number: i64,
}

impl Store {
    /// Appends an entry.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn audit(&self, entry: AuditEntry) -> Result<()> {
        self.note(move |connection| insert_entry(connection, &entry)).await
    }

    /// Removes the entries from before `before`, and tells how many. The newest entry stays in any case: the numbers go on
    /// from it.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn prune_audit(&self, before: DateTime<Utc>) -> Result<usize> {
        self.call_without_notes(move |connection| {
            let sql = "DELETE FROM audit WHERE noted_at < ? AND number < (SELECT max(number) FROM audit)";
            Ok(connection.execute(sql, params![before.naive_utc()])?)
        })
        .await
    }

    /// Entries, newest first, at most `limit`, from behind `after` on.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn audited(&self, after: Option<AuditKey>, limit: u32) -> Result<Vec<AuditRow>> {
        self.read(move |connection| {
            let sql = "SELECT number, noted_at, who, action, path, status FROM audit
                       WHERE ?1 IS NULL OR number < ?1 ORDER BY number DESC LIMIT ?2";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map(params![after.map(|key| key.number), limit], |row| {
                let entry = AuditEntry {
                    at: row.get::<_, NaiveDateTime>(1)?.and_utc(),
                    who: row.get(2)?,
                    action: row.get(3)?,
                    path: row.get(4)?,
                    status: row.get(5)?,
                };
                Ok(AuditRow { number: row.get(0)?, entry })
            })?;
            Ok(rows.collect::<duckdb::Result<_>>()?)
        })
        .await
    }
}

/// Appends an entry.
pub(super) fn insert_entry(connection: &Connection, entry: &AuditEntry) -> Result<()> {
    connection.execute(
        "INSERT INTO audit SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ?, ? FROM audit",
        params![entry.at.naive_utc(), entry.who, entry.action, entry.path, entry.status],
    )?;
    Ok(())
}
