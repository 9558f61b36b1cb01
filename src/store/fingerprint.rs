//! A cheap answer to "could what is read now differ from what was read before?".

use super::entered::{Entered, Shown, entered, shown};
use super::error::Result;
use super::failures::holding;
use super::handle::Store;
use super::projections::version_in_force;
use super::requests::{ChargedRequests, charged_by};
use chrono::{DateTime, Utc};
use duckdb::{Connection, params};
use serde::Serialize;

/// Everything that the view of a finished cycle is made from, but for the paid requests, which are counted into it when it
/// is read. Each part only ever grows, because facts are appended: equal fingerprints of one store mean that the view comes
/// out the same. What a running cycle writes under a later clock is no part of it, so that a cycle disturbs nobody who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Fingerprint {
    /// The cycle, by its ingest run.
    pub cycle: i64,
    /// Newest ingest run that its clock knows; charges, usage, credits and allocations are written with one.
    pub newest_run: i64,
    /// The outlook that was made again for it last, by its number; 0 for its own.
    pub remade: i64,
    /// What was entered that it knows.
    pub entered: Entered,
}

/// What there is to see at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// What the view is made from.
    pub fingerprint: Fingerprint,
    /// What is counted into it when it is read.
    pub charged: ChargedRequests,
    /// Cycles that failed since the newest one finished, which is said beside the newest view and no other.
    pub failures: i64,
    /// How often the store was put together again, which is said beside the newest view too.
    pub healings: i64,
    /// True while the newest outlook does not know all that is entered, or was made with another config.
    pub outlook_awaited: bool,
}

impl Store {
    /// What the view of the newest finished cycle at or before `as_of` (or of all) is made from now; `None` before the
    /// first. `config_digest` is that of the config in force.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn seen(&self, as_of: Option<DateTime<Utc>>, config_digest: String) -> Result<Option<Seen>> {
        self.read(move |connection| seen(connection, as_of, &config_digest)).await
    }

    /// What the view of cycle `cycle` at `clock` is made from, whether or not the cycle is finished, once its outlook number
    /// `remade` (0 for its own) is made from what `entered` counts.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn fingerprint(
        &self,
        cycle: i64,
        clock: DateTime<Utc>,
        remade: i64,
        entered: Entered,
    ) -> Result<Fingerprint> {
        self.read(move |connection| {
            Ok(Fingerprint { cycle, newest_run: newest_run(connection, clock)?, remade, entered })
        })
        .await
    }
}

/// What there is to see at `as_of`, or newest.
pub fn seen(connection: &Connection, as_of: Option<DateTime<Utc>>, config_digest: &str) -> Result<Option<Seen>> {
    let Some(Shown { run_id: cycle, clock, remade, entered: known, config_digest: made_with }) =
        shown(connection, as_of)?
    else {
        return Ok(None);
    };
    let newest_run = newest_run(connection, clock)?;
    let now = entered(connection)?;
    // Of a cycle of before that was kept, everything counts that its view could know.
    let entered = match known {
        Some(known) => known,
        None => Entered { filings: version_in_force(connection, cycle, clock, as_of)?, ..now },
    };
    let fingerprint = Fingerprint { cycle, newest_run, remade, entered };
    let failures = if as_of.is_none() { holding(connection)? } else { 0 };
    let healings = if as_of.is_none() { healings(connection)? } else { 0 };
    let outlook_awaited = as_of.is_none() && (known != Some(now) || made_with.as_deref() != Some(config_digest));
    Ok(Some(Seen { fingerprint, charged: charged_by(connection, clock)?, failures, healings, outlook_awaited }))
}

fn healings(connection: &Connection) -> Result<i64> {
    Ok(connection.prepare_cached("SELECT count(*) FROM healings")?.query_row([], |row| row.get(0))?)
}

fn newest_run(connection: &Connection, clock: DateTime<Utc>) -> Result<i64> {
    let sql = "SELECT coalesce(max(run_id), 0) FROM ingest_runs WHERE clock <= ?";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row(params![clock.naive_utc()], |row| row.get(0))?)
}
