//! Which windows of costs are stored, and what of the past is still to be fetched.
//!
//! Invariant: whether something is missing is what the newest cycle that pulled costs left: a run beside its own that brought
//! nothing and says why.

use chrono::{DateTime, NaiveDate, Utc};
use duckdb::{Connection, OptionalExt as _, params};

use super::error::Result;
use super::handle::Store;
use super::json::{from_json, to_json};
use super::runs::{insert_part, next_run};
use crate::domain::facts::history::{MissingHistory, StoredPull, gaps, held};
use crate::domain::facts::outcome::Outcome;
use crate::domain::facts::window::{MONTHS_KEPT, backfill_window};
use crate::domain::values::money::Money;
use crate::domain::values::period::DayRange;

impl Store {
    /// The pulls of costs that reach behind `from`, in the order in which they were stored.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn stored_pulls(&self, from: NaiveDate) -> Result<Vec<StoredPull>> {
        self.read(move |connection| pulls(connection, from, i64::MAX)).await
    }

    /// The days before `today` on which `ceiling` paid requests or more left, since one on which costs of the past were stored.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn days_at_ceiling(&self, today: NaiveDate, ceiling: u64) -> Result<u32> {
        self.read(move |connection| {
            let sql = "SELECT count(*) FROM (
                           SELECT day FROM paid_requests WHERE day < ?1 GROUP BY day HAVING count(*) >= ?2)
                       WHERE day >= (SELECT min(CAST(clock AS DATE)) FROM ingest_runs WHERE window_start IS NOT NULL)
                         AND day > coalesce((SELECT max(CAST(clock AS DATE)) FROM ingest_runs
                                             WHERE window_start IS NOT NULL AND part_of IS NOT NULL), DATE '1970-01-01')";
            Ok(connection.query_row(sql, params![today, ceiling], |row| row.get(0))?)
        })
        .await
    }

    /// Notes beside run `part_of` why something of the past is missing still.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn note_missing_history(&self, part_of: i64, why: Outcome) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let run_id = next_run(&transaction)?;
            insert_part(&transaction, run_id, part_of, None, (&why, Money::ZERO))?;
            Ok(transaction.commit()?)
        })
        .await
    }
}

/// The pulls that were stored before run `before` and reach behind `from`, in their order.
pub fn pulls(connection: &Connection, from: NaiveDate, before: i64) -> Result<Vec<StoredPull>> {
    let sql = "SELECT window_start, window_end, CAST(least(clock, coalesce(aws_clock, clock)) AS DATE), pages
               FROM ingest_runs WHERE window_start IS NOT NULL AND window_end > ? AND run_id < ? ORDER BY run_id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![from, before], |row| {
        let window = DayRange { start: row.get(0)?, end: row.get(1)? };
        Ok(StoredPull { window, on: row.get(2)?, pages: row.get(3)? })
    })?;
    Ok(rows.collect::<duckdb::Result<_>>()?)
}

/// What was missing after the newest cycle that pulled costs, as known by run `newest`; `None` where nothing was.
pub fn missing(connection: &Connection, newest: i64) -> Result<Option<MissingHistory>> {
    let sql = "SELECT p.clock, p.costs_outcome FROM ingest_runs p
               WHERE p.run_id <= ?1 AND p.window_start IS NULL AND p.part_of = (
                   SELECT max(run_id) FROM ingest_runs
                   WHERE run_id <= ?1 AND window_start IS NOT NULL AND part_of IS NULL)
                 AND p.costs_outcome <> ?2
               ORDER BY p.run_id DESC LIMIT 1";
    let note = connection
        .query_row(sql, params![newest, to_json(&Outcome::NotTried)], |row| {
            Ok((row.get::<_, chrono::NaiveDateTime>(0)?.and_utc(), row.get::<_, String>(1)?))
        })
        .optional()?;
    let Some((clock, outcome)): Option<(DateTime<Utc>, String)> = note else { return Ok(None) };
    let outcome: Outcome = from_json("an ingest outcome", &outcome)?;
    let from = backfill_window(clock.date_naive(), MONTHS_KEPT).start;
    let held = held(&pulls(connection, from, newest + 1)?);
    let gaps = gaps(from, &held);
    let (Some(first), Some(last), Some(whole)) = (gaps.first(), gaps.last(), held.last()) else { return Ok(None) };
    let (problem, advice) = outcome.problem().unwrap_or_default();
    Ok(Some(MissingHistory {
        whole_from: whole.start,
        missing_from: first.start,
        missing_to: last.end,
        problem: problem.to_owned(),
        advice: advice.to_owned(),
    }))
}
