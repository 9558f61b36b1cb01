//! What people entered, and which of it an outlook knew.
//!
//! Invariant: the lists of what is entered only grow, so how long each was says exactly what was known.

use super::error::Result;
use super::handle::Store;
use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};

/// How much of each list of entries is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Entered {
    /// Balances typed in, by their number.
    pub balances: i64,
    /// Filings, by the newest version.
    pub filings: i64,
    /// Entries of the plan, by the newest.
    pub plan: i64,
    /// Acknowledgements and silences, by the newest.
    pub mutes: i64,
    /// Vanished days accepted as gone, by the newest entry.
    pub accepted: i64,
}

impl Store {
    /// All that is entered now.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn entered(&self) -> Result<Entered> {
        self.read(entered).await
    }
}

/// All that is entered now.
pub fn entered(connection: &Connection) -> Result<Entered> {
    let sql = "SELECT (SELECT count(*) FROM recorded_balances),
                      (SELECT CAST(coalesce(max(version), 0) AS BIGINT) FROM filed_projections),
                      (SELECT coalesce(max(entry_id), 0) FROM plan_entries),
                      (SELECT CAST(coalesce(max(mute_id), 0) AS BIGINT) FROM alert_mutes),
                      (SELECT coalesce(max(entry_id), 0) FROM accepted_days)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([], |row| {
        Ok(Entered {
            balances: row.get(0)?,
            filings: row.get(1)?,
            plan: row.get(2)?,
            mutes: row.get(3)?,
            accepted: row.get(4)?,
        })
    })?)
}

/// When the newest of these entries was stored; `None` if there are none.
pub fn through(connection: &Connection, entered: Entered) -> Result<Option<DateTime<Utc>>> {
    let sql = "SELECT max(stored_at) FROM (
                   SELECT recorded_at AS stored_at FROM recorded_balances WHERE rowid < ?
                   UNION ALL SELECT recorded_at FROM filed_projections WHERE version <= ?
                   UNION ALL SELECT recorded_at FROM plan_entries WHERE entry_id <= ?
                   UNION ALL SELECT made_at FROM alert_mutes WHERE mute_id <= ?
                   UNION ALL SELECT recorded_at FROM accepted_days WHERE entry_id <= ?)";
    let Entered { balances, filings, plan, mutes, accepted } = entered;
    let at: Option<NaiveDateTime> =
        connection.query_row(sql, params![balances, filings, plan, mutes, accepted], |row| row.get(0))?;
    Ok(at.map(|at| at.and_utc()))
}

/// What the outlook knew that is shown of a cycle, and the config it was made with; `None` where it was stored before that
/// was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The cycle, by its ingest run.
    pub run_id: i64,
    /// Its clock.
    pub clock: DateTime<Utc>,
    /// The outlook that was made again last, by its number; 0 for the cycle's own.
    pub remade: i64,
    /// What it knew.
    pub entered: Option<Entered>,
    /// SHA-256 of the config text that it was made with.
    pub config_digest: Option<String>,
}

/// What is shown of the newest finished cycle at or before `as_of` (or of all).
pub fn shown(connection: &Connection, as_of: Option<DateTime<Utc>>) -> Result<Option<Shown>> {
    let sql = "SELECT run_id, clock, entered, config_digest FROM cycles WHERE ?1 IS NULL OR clock <= ?1
               ORDER BY run_id DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![as_of.map(|as_of| as_of.naive_utc())])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (run_id, clock): (i64, NaiveDateTime) = (row.get(0)?, row.get(1)?);
    let (own, config_digest): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
    let sql = "SELECT remade_id, entered, config_digest FROM remade_outlooks WHERE run_id = ?
               ORDER BY remade_id DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![run_id])?;
    let (remade, known, config_digest) = match rows.next()? {
        Some(row) => (row.get(0)?, Some(row.get::<_, String>(1)?), Some(row.get(2)?)),
        None => (0, own, config_digest),
    };
    let entered = known.and_then(|json| serde_json::from_str(&json).ok());
    Ok(Some(Shown { run_id, clock: clock.and_utc(), remade, entered, config_digest }))
}
