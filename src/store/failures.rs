//! Cycles that did not come to their end.
//!
//! Invariants: a failure is written in one transaction with the messages that tell of it, apart from the cycle's own; it holds
//! until a cycle finishes, whichever.

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, OptionalExt as _, params};

use super::alerts;
use super::error::Result;
use super::handle::Store;
use super::messages::Messages;
use crate::domain::alert::FailedCycle;

/// How far the newest cycle came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Its ingest run.
    pub run_id: i64,
    /// Its clock.
    pub clock: DateTime<Utc>,
    /// Whether it finished.
    pub finished: bool,
}

impl Store {
    /// Keeps that a cycle failed at `failed_at`, with what is told of it, in one transaction.
    ///
    /// # Errors
    /// DuckDB's; then nothing of it is stored.
    pub async fn record_failure(
        &self,
        failed_at: DateTime<Utc>,
        problem: String,
        remedy: Option<String>,
        messages: Messages,
    ) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO failed_cycles
                 SELECT CAST(? AS TIMESTAMP), (SELECT coalesce(max(run_id), 0) FROM ingest_runs),
                        (SELECT coalesce(max(run_id), 0) FROM cycles), CAST(? AS VARCHAR), CAST(? AS VARCHAR)",
                params![failed_at.naive_utc(), problem, remedy],
            )?;
            let run_id = alerts::newest_run(&transaction)?;
            let Messages { config_digest, events, deliveries } = &messages;
            alerts::insert_events(&transaction, run_id, config_digest, events, deliveries)?;
            Ok(transaction.commit()?)
        })
        .await
    }

    /// The failure that holds, if one does.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn failed_cycle(&self) -> Result<Option<FailedCycle>> {
        self.read(failed_cycle).await
    }

    /// The newest ingest run, and whether its cycle came to its end; `None` before the first.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn progress(&self) -> Result<Option<Progress>> {
        self.read(|connection| {
            let sql = "SELECT run_id, clock, run_id IN (SELECT run_id FROM cycles) FROM ingest_runs
                       WHERE part_of IS NULL ORDER BY run_id DESC LIMIT 1";
            let newest = connection.query_row(sql, [], |row| {
                let clock = row.get::<_, NaiveDateTime>(1)?.and_utc();
                Ok(Progress { run_id: row.get(0)?, clock, finished: row.get(2)? })
            });
            Ok(newest.optional()?)
        })
        .await
    }
}

fn failed_cycle(connection: &Connection) -> Result<Option<FailedCycle>> {
    let sql =
        "SELECT min(failed_at), max(failed_at), arg_max(problem, failed_at), arg_max(coalesce(remedy, ''), failed_at),
                      (SELECT clock FROM cycles ORDER BY run_id DESC LIMIT 1)
               FROM failed_cycles WHERE finished = (SELECT coalesce(max(run_id), 0) FROM cycles)";
    let (since, last, problem, remedy, finished_at) = connection.query_row(sql, [], |row| {
        Ok((
            row.get::<_, Option<NaiveDateTime>>(0)?,
            row.get::<_, Option<NaiveDateTime>>(1)?,
            row.get::<_, Option<String>>(2)?,
            row.get::<_, Option<String>>(3)?,
            row.get::<_, Option<NaiveDateTime>>(4)?,
        ))
    })?;
    Ok(since.zip(last).zip(problem).map(|((since, last), problem)| FailedCycle {
        since: since.and_utc(),
        last: last.and_utc(),
        problem,
        remedy: remedy.filter(|remedy| !remedy.is_empty()),
        finished_at: finished_at.map(|at| at.and_utc()),
    }))
}

/// How many failures hold: 0 once a cycle finished.
pub fn holding(connection: &Connection) -> Result<i64> {
    let sql = "SELECT count(*) FROM failed_cycles WHERE finished = (SELECT coalesce(max(run_id), 0) FROM cycles)";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}
