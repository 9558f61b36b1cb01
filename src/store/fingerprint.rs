//! A cheap answer to "could what is read now differ from what was read before?".

use duckdb::Connection;
use serde::Serialize;

use super::Store;
use super::error::Result;

/// Counts over every table that a position is made from. Two equal fingerprints of one store mean that nothing was
/// written in between: each part only ever grows, because facts are appended and a paid request is settled once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Fingerprint {
    /// Newest ingest run; charges, usage, credits and allocations are written with one.
    pub newest_run: i64,
    /// Newest finished cycle.
    pub newest_cycle: i64,
    /// Filings, which are numbered and never edited.
    pub filings: i64,
    /// Balances typed in.
    pub recorded_balances: i64,
    /// Paid requests noted.
    pub paid_requests: i64,
    /// Of these, the ones that turned out to be free.
    pub not_charged: i64,
}

impl Store {
    /// The fingerprint of what is stored now.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn fingerprint(&self) -> Result<Fingerprint> {
        self.call(|connection| fingerprint(connection)).await
    }
}

/// The fingerprint of what is stored now.
pub fn fingerprint(connection: &Connection) -> Result<Fingerprint> {
    let sql = "SELECT (SELECT coalesce(max(run_id), 0) FROM ingest_runs),
                      (SELECT coalesce(max(run_id), 0) FROM cycles),
                      (SELECT count(*) FROM filed_projections),
                      (SELECT count(*) FROM recorded_balances),
                      (SELECT count(*) FROM paid_requests),
                      (SELECT count(*) FROM paid_requests WHERE outcome = 'not_charged')";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([], |row| {
        Ok(Fingerprint {
            newest_run: row.get(0)?,
            newest_cycle: row.get(1)?,
            filings: row.get(2)?,
            recorded_balances: row.get(3)?,
            paid_requests: row.get(4)?,
            not_charged: row.get(5)?,
        })
    })?)
}
