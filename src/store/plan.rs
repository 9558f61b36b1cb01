//! Planned events.
//!
//! Invariant: a row is never edited; taking an event back is another row, so that an older cycle still knows what it knew.

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, Transaction, params};

use super::Store;
use super::error::{Result, StoreError};
use crate::domain::plan::PlanEntry;

impl Store {
    /// Keeps an event under the next number, whatever number it carries.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn add_plan(&self, entry: PlanEntry) -> Result<PlanEntry> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let sql = "SELECT coalesce(max(event_id), 0) FROM plan_entries";
            let last: u32 = transaction.query_row(sql, [], |row| row.get(0))?;
            let entry = PlanEntry { id: last + 1, ..entry };
            insert(&transaction, &entry, "add", entry.recorded_at)?;
            transaction.commit()?;
            Ok(entry)
        })
        .await
    }

    /// Takes an event back; `None` if there is none of this number, or it was taken back before.
    ///
    /// # Errors
    /// DuckDB's, or a stored event that this version cannot read.
    pub async fn remove_plan(&self, id: u32, at: DateTime<Utc>) -> Result<Option<PlanEntry>> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let Some(entry) = standing(&transaction, i64::MAX)?.into_iter().find(|entry| entry.id == id) else {
                return Ok(None);
            };
            insert(&transaction, &entry, "remove", at)?;
            transaction.commit()?;
            Ok(Some(entry))
        })
        .await
    }

    /// Every event that was not taken back, by number.
    ///
    /// # Errors
    /// DuckDB's, or a stored event that this version cannot read.
    pub async fn plan(&self) -> Result<Vec<PlanEntry>> {
        self.read(|connection| standing(connection, i64::MAX)).await
    }
}

fn insert(transaction: &Transaction, entry: &PlanEntry, action: &str, at: DateTime<Utc>) -> Result<()> {
    let sql = "SELECT coalesce(max(entry_id), 0) FROM plan_entries";
    let last: i64 = transaction.query_row(sql, [], |row| row.get(0))?;
    let details = serde_json::to_string(&entry.what).map_err(|error| unreadable(entry.id, &error))?;
    transaction.execute(
        "INSERT INTO plan_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            last + 1,
            entry.id,
            action,
            at.naive_utc(),
            entry.what.kind().as_str(),
            entry.on,
            entry.sure.to_string(),
            entry.note,
            details,
        ],
    )?;
    Ok(())
}

/// The events that stand once the first `last` entries were made.
///
/// # Errors
/// DuckDB's, or a stored event that this version cannot read.
pub fn standing(connection: &Connection, last: i64) -> Result<Vec<PlanEntry>> {
    let sql = "SELECT event_id, recorded_at, starts_on, sure, note, details FROM plan_entries AS added
               WHERE action = 'add' AND entry_id <= ?1
                   AND NOT EXISTS (SELECT 1 FROM plan_entries AS gone
                                   WHERE gone.action = 'remove' AND gone.event_id = added.event_id AND gone.entry_id <= ?1)
               ORDER BY event_id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(params![last])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let id: u32 = row.get(0)?;
        let (sure, details): (String, String) = (row.get(3)?, row.get(5)?);
        entries.push(PlanEntry {
            id,
            recorded_at: row.get::<_, NaiveDateTime>(1)?.and_utc(),
            on: row.get(2)?,
            sure: sure.parse().map_err(|error| unreadable(id, &error))?,
            note: row.get(4)?,
            what: serde_json::from_str(&details).map_err(|error| unreadable(id, &error))?,
        });
    }
    Ok(entries)
}

fn unreadable(id: u32, error: &dyn std::error::Error) -> StoreError {
    StoreError::Unreadable { what: format!("planned event {id}"), reason: error.to_string() }
}
