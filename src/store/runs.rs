//! What a cycle brought, and the rows that say so.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, Transaction, params};

use super::error::Result;
use super::json::to_json;
use crate::domain::facts::charge::{Charge, Usage};
use crate::domain::facts::credits::{Allocation, CreditSnapshot};
use crate::domain::facts::outcome::Outcome;
use crate::domain::values::money::Money;
use crate::domain::values::period::{BillingPeriod, DayRange};

/// What Cost Explorer answered: all of `window`, or there is no such value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledCosts {
    /// Days asked for.
    pub window: DayRange,
    /// The money.
    pub charges: Vec<Charge>,
    /// Its detail.
    pub usage: Vec<Usage>,
    /// Pages that it took.
    pub pages: u32,
    /// AWS's request ids.
    pub request_ids: Vec<String>,
}

/// What the credits API answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreditPull {
    /// Every credit listed.
    pub snapshots: Vec<CreditSnapshot>,
    /// Months whose allocation history came back complete.
    pub allocations: BTreeMap<BillingPeriod, Vec<Allocation>>,
    /// AWS's request ids.
    pub request_ids: Vec<String>,
}

/// One cycle's asking, successful or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestRun {
    /// The cycle's clock.
    pub clock: DateTime<Utc>,
    /// AWS's clock, as the newest Date of its answers says; `None` where none carried one, and nobody vouches for `clock`.
    pub aws_clock: Option<DateTime<Utc>>,
    /// Account whose credentials asked, where known.
    pub account: Option<String>,
    /// Costs, where the pull succeeded.
    pub costs: Option<PulledCosts>,
    /// How the pull of costs ended.
    pub costs_outcome: Outcome,
    /// Credits, as far as they were answered.
    pub credits: CreditPull,
    /// How the pull of credits ended.
    pub credits_outcome: Outcome,
}

/// The number of a run that is about to be appended. Those of runs that were set aside stay theirs.
pub fn next_run(transaction: &Transaction) -> Result<i64> {
    let sql = "SELECT greatest((SELECT coalesce(max(run_id), 0) FROM ingest_runs),
                               (SELECT coalesce(max(run_id), 0) FROM aside_ingest_runs)) + 1";
    Ok(transaction.query_row(sql, [], |row| row.get(0))?)
}

/// Appends a run that adds to `part_of`, with its clock and account, `costs` if it brought any, how asking for them ended and by
/// how much they moved what was known.
pub fn insert_part(
    transaction: &Transaction,
    run_id: i64,
    part_of: i64,
    costs: Option<&PulledCosts>,
    (outcome, moved): (&Outcome, Money),
) -> Result<()> {
    let request_ids = costs.map(|costs| costs.request_ids.join("\n")).unwrap_or_default();
    transaction.execute(
        "INSERT INTO ingest_runs
         SELECT ?1, clock, account, ?2, ?3, ?4, string_split(?5, chr(10)), ?6, ?7, ?8, run_id,
                aws_clock, unrefereed
         FROM ingest_runs WHERE run_id = ?9",
        params![
            run_id,
            costs.map(|costs| costs.window.start),
            costs.map(|costs| costs.window.end),
            costs.map_or(0, |costs| costs.pages),
            request_ids,
            to_json(outcome),
            to_json(&Outcome::NotTried),
            moved.amount(),
            part_of,
        ],
    )?;
    Ok(())
}

/// The newest clock of any run, finished or not, that somebody vouched for: by it no later cycle is hindered otherwise.
pub fn newest_clock(connection: &Connection) -> Result<Option<DateTime<Utc>>> {
    let clock: Option<NaiveDateTime> =
        connection.query_row("SELECT max(clock) FROM ingest_runs WHERE NOT unrefereed", [], |row| row.get(0))?;
    Ok(clock.map(|clock| clock.and_utc()))
}
