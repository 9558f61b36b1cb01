//! Credit snapshots, allocation history and balances typed in.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use duckdb::{Connection, Transaction, params};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::error::Result;
use super::handle::Store;
use super::json::{from_json, to_json};
use super::runs::CreditPull;
use crate::domain::facts::credits::{Allocation, CreditSnapshot, RecordedBalance, SeenCredit, StatedBalance};
use crate::domain::facts::outcome::Outcome;
use crate::domain::values::money::Money;

/// Where a page of snapshots ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotKey {
    /// Run that took its last snapshot.
    pub run_id: i64,
    /// The credit's id.
    pub credit_id: String,
}

impl Store {
    /// Keeps a balance that somebody read off the console.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn record_balance(&self, recorded_at: DateTime<Utc>, balance: RecordedBalance) -> Result<()> {
        self.call(move |connection| {
            connection.execute(
                "INSERT INTO recorded_balances VALUES (?, ?, ?, ?)",
                params![recorded_at.naive_utc(), balance.pool, balance.amount.amount(), balance.at],
            )?;
            Ok(())
        })
        .await
    }

    /// Every snapshot of every credit, oldest first, with the day on which it was taken.
    ///
    /// # Errors
    /// DuckDB's, or an unreadable snapshot.
    pub async fn credit_history(&self) -> Result<Vec<(NaiveDate, CreditSnapshot)>> {
        let kept = self.credit_history_from(None, u32::MAX).await?;
        Ok(kept.into_iter().map(|(_, day, snapshot)| (day, snapshot)).collect())
    }

    /// Snapshots, oldest first, at most `limit`, from behind `after` on; each with its place and the day on which it was
    /// taken. New ones come at the end.
    ///
    /// # Errors
    /// DuckDB's, or an unreadable snapshot.
    pub async fn credit_history_from(
        &self,
        after: Option<SnapshotKey>,
        limit: u32,
    ) -> Result<Vec<(SnapshotKey, NaiveDate, CreditSnapshot)>> {
        self.read(move |connection| {
            let sql = "SELECT run_id, credit_id, taken_on, snapshot FROM credit_snapshots
                       WHERE ?1 IS NULL OR run_id > ?1 OR (run_id = ?1 AND credit_id > ?2)
                       ORDER BY run_id, credit_id LIMIT ?3";
            let mut statement = connection.prepare(sql)?;
            let (run_id, credit_id) = after.map(|key| (key.run_id, key.credit_id)).unzip();
            let mut rows = statement.query(params![run_id, credit_id, limit])?;
            let mut kept = Vec::new();
            while let Some(row) = rows.next()? {
                let key = SnapshotKey { run_id: row.get(0)?, credit_id: row.get(1)? };
                kept.push((key, row.get(2)?, from_json("a credit snapshot", &row.get::<_, String>(3)?)?));
            }
            Ok(kept)
        })
        .await
    }
}

/// Appends every snapshot, and the months of the allocation history that changed.
pub fn append(transaction: &Transaction, run_id: i64, today: NaiveDate, pull: &CreditPull) -> Result<()> {
    for snapshot in &pull.snapshots {
        transaction.execute(
            "INSERT INTO credit_snapshots VALUES (?, ?, ?, ?, ?, ?)",
            params![
                run_id,
                today,
                snapshot.credit_id,
                snapshot.enabled,
                to_json(snapshot),
                snapshot.estimated.map(Money::amount),
            ],
        )?;
    }
    for request_id in &pull.request_ids {
        transaction.execute("INSERT INTO credit_requests VALUES (?, ?)", params![run_id, request_id])?;
    }
    let known = allocation_bodies(transaction, run_id)?;
    for (month, rows) in &pull.allocations {
        let body = to_json(rows);
        if known.get(&month.to_string()) != Some(&body) {
            transaction
                .execute("INSERT INTO credit_allocations VALUES (?, ?, ?)", params![run_id, month.to_string(), body])?;
        }
    }
    Ok(())
}

/// Newest snapshot of every credit as of run `newest`, and how many later lists lack it. Whole snapshots are long and kept for
/// ever, so no other is read.
pub fn seen(connection: &Connection, newest: i64) -> Result<Vec<SeenCredit>> {
    let sql = "SELECT credit_id, max(run_id),
                      CASE WHEN arg_max(enabled, run_id) THEN NULL ELSE
                        min(taken_on) FILTER (WHERE run_id > coalesce(last_enabled, 0)) END
               FROM (SELECT run_id, taken_on, credit_id, enabled,
                            max(run_id) FILTER (WHERE enabled) OVER (PARTITION BY credit_id) AS last_enabled
                     FROM credit_snapshots WHERE run_id <= ?)
               GROUP BY credit_id ORDER BY credit_id";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![newest], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<NaiveDate>>(2)?))
    })?;
    let newest_of: Vec<_> = rows.collect::<duckdb::Result<_>>()?;
    let sql = "SELECT taken_on, snapshot FROM credit_snapshots WHERE run_id = ? AND credit_id = ?";
    let mut statement = connection.prepare(sql)?;
    let lists = "SELECT count(*) FROM ingest_runs
                 WHERE run_id > ? AND run_id <= ? AND part_of IS NULL AND credits_outcome = ?";
    let mut lists = connection.prepare(lists)?;
    let answered = to_json(&Outcome::Ok);
    let seen = newest_of.into_iter().map(|(credit_id, run_id, paused_from)| {
        let (seen_on, json): (NaiveDate, String) =
            statement.query_row(params![run_id, credit_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let missing_from = lists.query_row(params![run_id, newest, answered], |row| row.get(0))?;
        Ok(SeenCredit { seen_on, snapshot: from_json("a credit snapshot", &json)?, paused_from, missing_from })
    });
    seen.collect()
}

/// What AWS stated as left after open bills as of run `newest`: each day's newest, by credit and day.
pub fn stated(connection: &Connection, newest: i64) -> Result<Vec<StatedBalance>> {
    let sql = "SELECT credit_id, taken_on, arg_max_null(estimated, run_id) FROM credit_snapshots WHERE run_id <= ?
               GROUP BY credit_id, taken_on ORDER BY credit_id, taken_on";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![newest], |row| {
        let amount = row.get::<_, Option<Decimal>>(2)?.map(Money::from_decimal);
        Ok(amount.map(|amount| (row.get(0), amount, row.get(1))))
    })?;
    let mut stated = Vec::new();
    for row in rows {
        if let Some((credit_id, amount, at)) = row? {
            stated.push(StatedBalance { credit_id: credit_id?, amount, at: at? });
        }
    }
    Ok(stated)
}

/// Newest complete allocation history of each month as of run `newest`.
pub fn allocations(connection: &Connection, newest: i64) -> Result<Vec<Allocation>> {
    let months = allocation_bodies(connection, newest)?;
    let mut rows = Vec::new();
    for body in months.values() {
        rows.extend(from_json::<Vec<Allocation>>("an allocation history", body)?);
    }
    Ok(rows)
}

/// The newest body of each month; the earlier ones are not read.
fn allocation_bodies(connection: &Connection, newest: i64) -> Result<BTreeMap<String, String>> {
    let sql = "SELECT month, max(run_id) FROM credit_allocations WHERE run_id <= ? GROUP BY month";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![newest], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    let newest_of: Vec<_> = rows.collect::<duckdb::Result<_>>()?;
    let mut statement = connection.prepare("SELECT rows FROM credit_allocations WHERE run_id = ? AND month = ?")?;
    let bodies = newest_of.into_iter().map(|(month, run_id)| {
        let body = statement.query_row(params![run_id, month], |row| row.get(0))?;
        Ok((month, body))
    });
    bodies.collect()
}

/// Which of the balances typed in are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownBalances {
    /// The first so many.
    First(i64),
    /// Those of before a moment.
    Until(DateTime<Utc>),
}

/// The balances typed in that are known, by day and in the order in which they were typed in.
pub fn recorded(connection: &Connection, known: KnownBalances) -> Result<Vec<RecordedBalance>> {
    let sql = "SELECT pool, amount, observed_on FROM recorded_balances
               WHERE rowid < coalesce(CAST(?1 AS BIGINT), 9223372036854775807) AND (?2 IS NULL OR recorded_at <= ?2)
               ORDER BY observed_on, rowid";
    let (first, until) = match known {
        KnownBalances::First(first) => (Some(first), None),
        KnownBalances::Until(until) => (None, Some(until.naive_utc())),
    };
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![first, until], |row| {
        let amount = Money::from_decimal(row.get::<_, Decimal>(1)?);
        Ok(RecordedBalance { pool: row.get(0)?, amount, at: row.get(2)? })
    })?;
    Ok(rows.collect::<duckdb::Result<_>>()?)
}
