//! Runs under a clock that lay ahead of AWS's, which an older version or a cycle without AWS's clock stored.
//!
//! Invariants: they are set aside whole and for good, in one transaction, once an answer that AWS accepted says what time it
//! is; their rows are moved as they are into tables of their own, so that no query has to know of them and none can forget
//! them; what people entered stays where it is; the number of a run is never given out again.

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, OptionalExt as _, Transaction, params};

use super::error::Result;
use super::handle::Store;
use super::runs::next_run;
use crate::domain::facts::referee::{SetAside, TOLERANCE};
use crate::domain::values::period::plus_days;

/// Everything that a run brings or makes, in the order in which it is moved, and which rows of it lie beyond the moment `?`.
const MOVED: [(&str, &str); 17] = [
    ("charges", OF_RUNS),
    ("usage", OF_RUNS),
    ("credit_snapshots", OF_RUNS),
    ("credit_allocations", OF_RUNS),
    ("credit_requests", OF_RUNS),
    ("vanished_days", OF_RUNS),
    ("monthly_questions", OF_RUNS),
    ("month_sums", OF_RUNS),
    ("remade_outlooks", OF_RUNS),
    ("said", OF_RUNS),
    ("cycles", OF_RUNS),
    ("delivery_files", OF_EVENTS),
    ("deliveries", OF_EVENTS),
    ("alert_events", "decided_at > ?"),
    ("failed_cycles", "failed_at > ?"),
    ("account_plans", "asked_at > ?"),
    ("ingest_runs", "clock > ?"),
];
const OF_RUNS: &str = "run_id IN (SELECT run_id FROM ingest_runs WHERE clock > ?)";
const OF_EVENTS: &str = "event_id IN (SELECT event_id FROM alert_events WHERE decided_at > ?)";

impl Store {
    /// Sets every run aside whose clock lies ahead of AWS's, `aws`; gives what was, if anything.
    ///
    /// # Errors
    /// DuckDB's; then nothing is set aside.
    pub async fn set_aside(&self, aws: DateTime<Utc>) -> Result<Option<SetAside>> {
        let limit = aws + TOLERANCE;
        // Almost never is there any, and who reads need not wait for a cycle that looks.
        if !self.read(move |connection| any_beyond(connection, limit)).await? {
            return Ok(None);
        }
        self.call_without_notes(move |connection| set_aside(connection, aws, limit)).await
    }

    /// What was set aside, oldest first.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn sets_aside(&self) -> Result<Vec<SetAside>> {
        self.read(|connection| {
            let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM set_aside ORDER BY before_run"))?;
            let rows = statement.query_map([], read)?;
            Ok(rows.collect::<duckdb::Result<_>>()?)
        })
        .await
    }
}

const COLUMNS: &str = "aws_clock, cycles, furthest";

fn read(row: &duckdb::Row<'_>) -> duckdb::Result<SetAside> {
    Ok(SetAside {
        noticed_at: row.get::<_, NaiveDateTime>(0)?.and_utc(),
        cycles: row.get(1)?,
        furthest: row.get::<_, NaiveDateTime>(2)?.and_utc(),
    })
}

/// What was set aside last before run `newest`.
pub fn newest(connection: &Connection, newest: i64) -> Result<Option<SetAside>> {
    let sql = format!("SELECT {COLUMNS} FROM set_aside WHERE before_run <= ? ORDER BY before_run DESC LIMIT 1");
    Ok(connection.query_row(&sql, params![newest], read).optional()?)
}

fn any_beyond(connection: &Connection, limit: DateTime<Utc>) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM ingest_runs WHERE clock > ?1)
                   OR EXISTS (SELECT 1 FROM failed_cycles WHERE failed_at > ?1)
                   OR EXISTS (SELECT 1 FROM alert_events WHERE decided_at > ?1)
                   OR EXISTS (SELECT 1 FROM alert_mutes WHERE made_at > ?1)";
    Ok(connection.query_row(sql, params![limit.naive_utc()], |row| row.get(0))?)
}

fn set_aside(connection: &mut Connection, aws: DateTime<Utc>, limit: DateTime<Utc>) -> Result<Option<SetAside>> {
    let transaction = connection.transaction()?;
    let beyond = limit.naive_utc();
    let sql = "SELECT count(*) FILTER (WHERE part_of IS NULL), max(clock) FROM ingest_runs WHERE clock > ?";
    let (cycles, furthest): (u64, Option<NaiveDateTime>) =
        transaction.query_row(sql, params![beyond], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let before_run = next_run(&transaction)?;
    for (table, rows) in MOVED {
        transaction.execute(
            &format!("INSERT INTO aside_{table} BY NAME SELECT * FROM {table} WHERE {rows}"),
            params![beyond],
        )?;
        transaction.execute(&format!("DELETE FROM {table} WHERE {rows}"), params![beyond])?;
    }
    // The newest view was made from them.
    transaction.execute("DELETE FROM views", [])?;
    date_back(&transaction, aws)?;
    let Some(furthest) = furthest else {
        transaction.commit()?;
        return Ok(None);
    };
    let row = params![before_run, aws.naive_utc(), cycles, furthest];
    transaction.execute("INSERT INTO set_aside VALUES (?, ?, ?, ?)", row)?;
    transaction.commit()?;
    Ok(Some(SetAside { noticed_at: aws, cycles, furthest: furthest.and_utc() }))
}

/// What is not set aside and has a time that has not come: requests were paid for by yesterday, so that they stay in the sums
/// and take nothing from a day's ceiling; what somebody acknowledged or silenced was by now.
fn date_back(transaction: &Transaction, aws: DateTime<Utc>) -> Result<()> {
    let today = aws.date_naive();
    let yesterday = params![plus_days(today, -1), today];
    transaction.execute("UPDATE paid_requests SET day = ? WHERE day > ?", yesterday)?;
    let now = aws.naive_utc();
    transaction.execute("UPDATE alert_mutes SET made_at = ?1 WHERE made_at > ?1", params![now])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Tables that name a run or an event and hold what people entered, or what went out under their names.
    const STAYS: [&str; 2] = ["accepted_days", "notices"];

    async fn names(store: &Store, sql: &'static str) -> BTreeSet<String> {
        let names = store.read(move |connection| {
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<duckdb::Result<_>>()?)
        });
        names.await.unwrap()
    }

    #[tokio::test]
    async fn every_table_of_runs_and_events_is_moved_or_named_as_one_that_stays() {
        let store = Store::in_memory().unwrap();
        let sql = "SELECT DISTINCT table_name FROM duckdb_columns() JOIN duckdb_tables() USING (table_oid, table_name)
                   WHERE column_name IN ('run_id', 'event_id') AND NOT starts_with(table_name, 'aside_')";
        let mut found = names(&store, sql).await;
        assert!(found.len() > 10, "{found:?}");
        for table in STAYS {
            assert!(found.remove(table), "{table} names no run any more");
        }
        // The plan's events are what people entered, and have numbers of their own.
        found.remove("plan_entries");
        let moved: BTreeSet<String> = MOVED.iter().map(|(table, _)| (*table).to_owned()).collect();
        let forgotten: Vec<&String> = found.difference(&moved).collect();
        assert!(forgotten.is_empty(), "say what becomes of these when their run is set aside: {forgotten:?}");
    }

    #[tokio::test]
    async fn the_tables_beside_have_the_columns_of_those_that_they_take_rows_from() {
        let store = Store::in_memory().unwrap();
        let columns = "SELECT table_name || '.' || column_name || ' ' || data_type FROM duckdb_columns()
                       WHERE database_name = current_database() AND NOT internal";
        let all = names(&store, columns).await;
        for (table, _) in MOVED {
            let of = |name: String| {
                let start = format!("{name}.");
                all.iter().filter_map(|column| column.strip_prefix(&start)).collect::<Vec<_>>()
            };
            assert_eq!(of(format!("aside_{table}")), of(table.to_owned()), "aside_{table}");
            assert!(!of(table.to_owned()).is_empty(), "{table}");
        }
    }
}
