//! A cheap answer to "could what is read now differ from what was read before?".

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, OptionalExt as _, params};
use serde::Serialize;

use super::Store;
use super::error::Result;
use super::failures::holding;
use super::projections::version_in_force;
use super::requests::{ChargedRequests, charged_by};

/// Everything that the view of a finished cycle is made from, but for the paid requests, which are counted into it when it
/// is read. Each part only ever grows, because facts are appended: equal fingerprints of one store mean that the view comes
/// out the same. What a running cycle writes under a later clock is no part of it, so that a cycle disturbs nobody who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Fingerprint {
    /// The cycle, by its ingest run.
    pub cycle: i64,
    /// Newest ingest run that its clock knows; charges, usage, credits and allocations are written with one.
    pub newest_run: i64,
    /// Version of the filing in force, 0 for none; filings are numbered and never edited.
    pub filing: i64,
    /// Balances typed in.
    pub recorded_balances: i64,
    /// Entries of the plan.
    pub plan_entries: i64,
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
}

impl Store {
    /// What the view of the newest finished cycle at or before `as_of` (or of all) is made from now; `None` before the
    /// first.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn seen(&self, as_of: Option<DateTime<Utc>>) -> Result<Option<Seen>> {
        self.read(move |connection| seen(connection, as_of)).await
    }

    /// What the newest view of cycle `cycle` at `clock` is made from now, whether or not the cycle is finished.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn fingerprint(&self, cycle: i64, clock: DateTime<Utc>) -> Result<Fingerprint> {
        self.read(move |connection| fingerprint(connection, cycle, clock, None)).await
    }
}

/// What there is to see at `as_of`, or newest.
pub fn seen(connection: &Connection, as_of: Option<DateTime<Utc>>) -> Result<Option<Seen>> {
    let sql = "SELECT run_id, clock FROM cycles WHERE ?1 IS NULL OR clock <= ?1 ORDER BY run_id DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let newest = statement
        .query_row(params![as_of.map(|as_of| as_of.naive_utc())], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, NaiveDateTime>(1)?.and_utc()))
        })
        .optional()?;
    let Some((cycle, clock)) = newest else { return Ok(None) };
    let fingerprint = fingerprint(connection, cycle, clock, as_of)?;
    let failures = if as_of.is_none() { holding(connection)? } else { 0 };
    Ok(Some(Seen { fingerprint, charged: charged_by(connection, clock)?, failures }))
}

fn fingerprint(
    connection: &Connection,
    cycle: i64,
    clock: DateTime<Utc>,
    as_of: Option<DateTime<Utc>>,
) -> Result<Fingerprint> {
    let sql = "SELECT (SELECT coalesce(max(run_id), 0) FROM ingest_runs WHERE clock <= ?),
                      (SELECT count(*) FROM recorded_balances), (SELECT count(*) FROM plan_entries)";
    let mut statement = connection.prepare_cached(sql)?;
    let (newest_run, recorded_balances, plan_entries) =
        statement.query_row(params![clock.naive_utc()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let filing = version_in_force(connection, cycle, clock, as_of)?;
    Ok(Fingerprint { cycle, newest_run, filing, recorded_balances, plan_entries })
}
