//! Which runs the belief of a moment rests on.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use duckdb::{Connection, params};
use rust_decimal::Decimal;

use super::error::{Result, StoreError};
use super::handle::Store;
use crate::domain::facts::evidence::{BalanceEvidence, Evidence, MonthEvidence, RunEvidence};
use crate::domain::values::money::Money;
use crate::domain::values::period::{BillingPeriod, DayRange};

/// Rows believed by month and the run that brought them.
type Brought = BTreeMap<BillingPeriod, BTreeMap<i64, u64>>;

impl Store {
    /// What everything rests on that is known from runs whose clock is at or before `as_of`.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn evidence(&self, as_of: DateTime<Utc>) -> Result<Evidence> {
        self.read(move |connection| evidence(connection, as_of)).await
    }
}

fn evidence(connection: &Connection, as_of: DateTime<Utc>) -> Result<Evidence> {
    let newest = "SELECT max(run_id) FROM ingest_runs WHERE clock <= ?";
    let newest: Option<i64> = connection.query_row(newest, params![as_of.naive_utc()], |row| row.get(0))?;
    let Some(newest) = newest else { return Ok(Evidence::default()) };
    let brought = brought(connection, newest)?;
    let all = runs(connection, newest)?;
    let months: Vec<MonthEvidence> = brought
        .iter()
        .map(|(month, by)| MonthEvidence {
            month: *month,
            rows: by.values().sum(),
            brought_by: by.keys().copied().collect(),
            confirmed_by: all.iter().rfind(|run| reaches_into(run.window, *month)).map(|run| run.run_id),
        })
        .collect();
    let one = |sql: &str| connection.query_row(sql, params![newest], |row| row.get::<_, Option<i64>>(0));
    let credits = one("SELECT max(run_id) FROM credit_snapshots WHERE run_id <= ?")?;
    let cycle = one("SELECT max(run_id) FROM cycles WHERE run_id <= ?")?;
    let allocations = allocations(connection, newest)?;
    let named: BTreeSet<i64> = months
        .iter()
        .flat_map(|month| month.brought_by.iter().copied().chain(month.confirmed_by))
        .chain(credits)
        .chain(allocations.iter().copied())
        .chain(cycle)
        .collect();
    let believed = |run: i64| brought.values().filter_map(|by| by.get(&run)).sum();
    let runs = all.into_iter().filter(|run| named.contains(&run.run_id));
    let runs = runs.map(|run| RunEvidence { rows: believed(run.run_id), ..run }).collect();
    let balances = balances(connection, as_of)?;
    Ok(Evidence { months, credits, allocations, balances, cycle, runs })
}

/// The runs that brought the newest allocation history of a month.
fn allocations(connection: &Connection, newest: i64) -> Result<Vec<i64>> {
    let sql = "SELECT DISTINCT run_id FROM
                   (SELECT max(run_id) AS run_id FROM credit_allocations WHERE run_id <= ? GROUP BY month)
               ORDER BY run_id";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![newest], |row| row.get(0))?;
    Ok(rows.collect::<duckdb::Result<_>>()?)
}

/// The newest balance of each pool that was typed in by `as_of`; of two for one day the later one, which corrects the other.
fn balances(connection: &Connection, as_of: DateTime<Utc>) -> Result<Vec<BalanceEvidence>> {
    let sql = "SELECT pool, amount, observed_on, recorded_at FROM recorded_balances WHERE recorded_at <= ?
               QUALIFY row_number() OVER (PARTITION BY pool ORDER BY observed_on DESC, recorded_at DESC) = 1
               ORDER BY pool";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![as_of.naive_utc()], |row| {
        Ok(BalanceEvidence {
            pool: row.get(0)?,
            amount: Money::from_decimal(row.get::<_, Decimal>(1)?),
            observed_on: row.get(2)?,
            recorded_at: row.get::<_, NaiveDateTime>(3)?.and_utc(),
        })
    })?;
    Ok(rows.collect::<duckdb::Result<_>>()?)
}

fn reaches_into(window: Option<DayRange>, month: BillingPeriod) -> bool {
    window.is_some_and(|window| !window.intersect(month.range()).is_empty())
}

fn brought(connection: &Connection, newest: i64) -> Result<Brought> {
    let sql = "SELECT strftime(charge_day, '%Y-%m'), run_id, count(*) FROM (
                   SELECT charge_day, max(run_id) AS run_id FROM charges WHERE run_id <= ?1
                   GROUP BY charge_day, service_name, x_record_type
                   UNION ALL
                   SELECT charge_day, max(run_id) AS run_id FROM usage WHERE run_id <= ?1
                   GROUP BY charge_day, service_name, x_usage_type)
               GROUP BY ALL ORDER BY ALL";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![newest], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
    let mut brought = Brought::new();
    for row in rows {
        let (month, run, rows) = row?;
        let month = month.parse().map_err(|_| StoreError::Unreadable {
            what: "the month of a charge".to_owned(),
            reason: format!("{month:?} is no month"),
        })?;
        brought.entry(month).or_default().insert(run, rows);
    }
    Ok(brought)
}

/// Every run up to `newest`, oldest first, without its rows.
fn runs(connection: &Connection, newest: i64) -> Result<Vec<RunEvidence>> {
    let sql = "SELECT run_id, clock, account, window_start, window_end, array_to_string(request_ids, chr(10)),
                      coalesce((SELECT string_agg(request_id, chr(10) ORDER BY c.rowid) FROM credit_requests c
                                WHERE c.run_id = r.run_id), '')
               FROM ingest_runs r WHERE run_id <= ? ORDER BY run_id";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![newest], |row| {
        let window: (Option<NaiveDate>, Option<NaiveDate>) = (row.get(3)?, row.get(4)?);
        Ok(RunEvidence {
            run_id: row.get(0)?,
            clock: row.get::<_, NaiveDateTime>(1)?.and_utc(),
            account: row.get(2)?,
            window: window.0.zip(window.1).map(|(start, end)| DayRange::new(start, end)),
            rows: 0,
            cost_requests: listed(&row.get::<_, String>(5)?),
            credit_requests: listed(&row.get::<_, String>(6)?),
        })
    })?;
    Ok(rows.collect::<duckdb::Result<_>>()?)
}

fn listed(lines: &str) -> Vec<String> {
    lines.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
