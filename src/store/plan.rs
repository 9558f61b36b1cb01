//! Planned events.
//!
//! Invariant: a row is never edited; taking an event back is another row, so that an older cycle still knows what it knew.

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, Transaction, params};

use rust_decimal::Decimal;
use tracing::warn;

use super::error::Result;
use super::handle::Store;
use super::json::to_json;
use crate::domain::facts::plan::{PlanEntry, What};

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
    /// DuckDB's.
    pub async fn remove_plan(&self, id: u32, at: DateTime<Utc>) -> Result<Option<PlanEntry>> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let Some(entry) = standing(&transaction, i64::MAX)?.events.into_iter().find(|entry| entry.id == id) else {
                return Ok(None);
            };
            insert(&transaction, &entry, "remove", at)?;
            transaction.commit()?;
            Ok(Some(entry))
        })
        .await
    }

    /// Every event that was not taken back and can be read, by number.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn plan(&self) -> Result<Vec<PlanEntry>> {
        Ok(self.read(|connection| standing(connection, i64::MAX)).await?.events)
    }
}

fn insert(transaction: &Transaction, entry: &PlanEntry, action: &str, at: DateTime<Utc>) -> Result<()> {
    let sql = "SELECT coalesce(max(entry_id), 0) FROM plan_entries";
    let last: i64 = transaction.query_row(sql, [], |row| row.get(0))?;
    let details = to_json(&entry.what);
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

/// The plan as it is read back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Events that were not taken back, by number.
    pub events: Vec<PlanEntry>,
    /// Numbers of those that this version cannot read: one of them must not end every cycle.
    pub unreadable: Vec<u32>,
}

/// The events that stand once the first `last` entries were made.
///
/// # Errors
/// DuckDB's.
pub fn standing(connection: &Connection, last: i64) -> Result<Standing> {
    let sql = "SELECT event_id, recorded_at, starts_on, sure, note, details FROM plan_entries AS added
               WHERE action = 'add' AND entry_id <= ?1
                   AND NOT EXISTS (SELECT 1 FROM plan_entries AS gone
                                   WHERE gone.action = 'remove' AND gone.event_id = added.event_id AND gone.entry_id <= ?1)
               ORDER BY event_id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(params![last])?;
    let mut standing = Standing::default();
    while let Some(row) = rows.next()? {
        let id: u32 = row.get(0)?;
        let (sure, details): (String, String) = (row.get(3)?, row.get(5)?);
        match (sure.parse::<Decimal>(), serde_json::from_str::<What>(&details)) {
            (Ok(sure), Ok(what)) => standing.events.push(PlanEntry {
                id,
                recorded_at: row.get::<_, NaiveDateTime>(1)?.and_utc(),
                on: row.get(2)?,
                sure,
                note: row.get(4)?,
                what,
            }),
            (sure, what) => {
                let (sure, what) = (sure.err(), what.err());
                warn!(id, ?sure, ?what, "a planned event cannot be read; it is left out");
                standing.unreadable.push(id);
            }
        }
    }
    Ok(standing)
}
