//! Who read a report or entered something. Entries are appended, and removed once they are as old as config says; of one that
//! stands for many the count grows, and nothing else of any is ever edited.
//!
//! Invariant: a row is short, whatever was asked for, so that any number of rows can be read, copied and removed within the
//! store's memory; rows of older versions are made so before anything else reads them.

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Result;
use super::handle::Store;
use super::shortened::LONGEST_TEXT;
use crate::domain::values::printable::{printable, shortened};

/// What is to be remembered. Of each text 200 characters are kept, those that are not seen as their codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Name of a token, `link ID`, or how else it came.
    pub who: String,
    /// `read`, or what was entered.
    pub action: String,
    /// The address as the API describes it, with the names in it where something was read or entered; without query and without
    /// the text of a link.
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
    /// How often, within the hour that begins at `at`.
    #[serde(default = "once")]
    pub times: u64,
    /// When last; null where it was once.
    #[serde(default)]
    pub last_at: Option<DateTime<Utc>>,
}

const fn once() -> u64 {
    1
}

/// Where a page of the audit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditKey {
    /// Number of its last row.
    pub number: i64,
}

/// What happened again, of a row that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// Number of the row.
    pub number: i64,
    /// How often since it was last written.
    pub times: u64,
    /// When last.
    pub last_at: DateTime<Utc>,
}

impl Store {
    /// Appends an entry, and gives its number.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn audit(&self, entry: AuditEntry) -> Result<i64> {
        self.note(move |connection| insert_entry(connection, &entry)).await
    }

    /// Adds to the counts of rows. One that was removed meanwhile is passed over.
    ///
    /// # Errors
    /// DuckDB's; nothing is added then.
    pub async fn audit_again(&self, again: Vec<Again>) -> Result<()> {
        self.note(move |connection| {
            let transaction = connection.unchecked_transaction()?;
            for Again { number, times, last_at } in again {
                transaction.execute(
                    "UPDATE audit SET times = times + ?, last_at = ? WHERE number = ?",
                    params![times, last_at.naive_utc(), number],
                )?;
            }
            Ok(transaction.commit()?)
        })
        .await
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
            let sql = "SELECT number, noted_at, who, action, path, status, times, last_at FROM audit
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
                let last_at = row.get::<_, Option<NaiveDateTime>>(7)?.map(|last_at| last_at.and_utc());
                Ok(AuditRow { number: row.get(0)?, entry, times: row.get(6)?, last_at })
            })?;
            Ok(rows.collect::<duckdb::Result<_>>()?)
        })
        .await
    }
}

/// Appends an entry, and gives its number.
pub(super) fn insert_entry(connection: &Connection, entry: &AuditEntry) -> Result<i64> {
    let AuditEntry { at, who, action, path, status } = entry;
    let [who, action, path] = [who, action, path].map(|text| shortened(&printable(text), LONGEST_TEXT));
    let sql = "INSERT INTO audit (number, noted_at, who, action, path, status)
               SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ?, ? FROM audit RETURNING number";
    Ok(connection.query_row(sql, params![at.naive_utc(), who, action, path, status], |row| row.get(0))?)
}
