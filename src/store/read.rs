//! Reads facts as of a clock.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use duckdb::{Connection, params};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::believed::{current_charges, current_usage};
use super::credits::{self, KnownBalances};
use super::entered::{Entered, shown, through};
use super::error::Result;
use super::handle::Store;
use super::json::from_json;
use super::{account_plans, alerts, aside, history, month_sums, plan, requests, vanished};
use crate::domain::facts::Facts;
use crate::domain::facts::outcome::Outcome;
use crate::domain::values::money::Money;

/// One thing that AWS changed about a day after it was complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Restatement {
    /// Clock of the cycle that noticed.
    pub noticed_at: DateTime<Utc>,
    /// The day that changed.
    pub day: NaiveDate,
    /// Service as Cost Explorer names it.
    pub service: String,
    /// RECORD_TYPE, verbatim.
    pub record_type: String,
    /// Cost as believed before.
    pub before: Money,
    /// Cost as believed since.
    pub after: Money,
}

/// Where a page of restatements ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestatementKey {
    /// Clock of the cycle that noticed.
    pub noticed_at: DateTime<Utc>,
    /// The day that changed.
    pub day: NaiveDate,
    /// Service as Cost Explorer names it.
    pub service: String,
    /// RECORD_TYPE, verbatim.
    pub record_type: String,
}

impl Restatement {
    /// Its place in the list.
    pub fn key(&self) -> RestatementKey {
        let Restatement { noticed_at, day, service, record_type, .. } = self.clone();
        RestatementKey { noticed_at, day, service, record_type }
    }
}

impl Store {
    /// Everything known from runs whose clock is at or before `as_of`, with the entries that the outlook knew which is shown
    /// of the newest finished cycle among them.
    ///
    /// # Errors
    /// DuckDB's, or [`Unreadable`](super::error::StoreError::Unreadable) for a stored value that does not parse.
    pub async fn facts(&self, as_of: DateTime<Utc>, currency: String) -> Result<Facts> {
        self.read(move |connection| {
            let shown = shown(connection, Some(as_of))?;
            let known = match shown {
                Some(shown) => shown.entered.map_or(Known::Before(as_of), Known::By),
                None => Known::Before(as_of),
            };
            facts(connection, as_of, &currency, known)
        })
        .await
    }

    /// The same with the entries that `entered` counts.
    ///
    /// # Errors
    /// As [`Store::facts`].
    pub async fn facts_knowing(&self, as_of: DateTime<Utc>, currency: String, entered: Entered) -> Result<Facts> {
        self.read(move |connection| facts(connection, as_of, &currency, Known::By(entered))).await
    }

    /// Changes to complete days, newest first, at most `limit`, from behind `after` on. Cycles add theirs at the front,
    /// so that pages read one after the other neither lose nor repeat a row.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn restatements(&self, after: Option<RestatementKey>, limit: u32) -> Result<Vec<Restatement>> {
        self.read(move |connection| {
            let sql = "SELECT clock, charge_day, service_name, x_record_type, cost_before, cost_after
                       FROM restatements
                       WHERE ?1 IS NULL OR clock < ?1 OR (clock = ?1 AND (charge_day < ?2 OR (charge_day = ?2 AND
                           (service_name > ?3 OR (service_name = ?3 AND x_record_type > ?4)))))
                       ORDER BY clock DESC, charge_day DESC, service_name, x_record_type LIMIT ?5";
            let mut statement = connection.prepare(sql)?;
            let clock = after.as_ref().map(|key| key.noticed_at.naive_utc());
            let (day, service) = (after.as_ref().map(|key| key.day), after.as_ref().map(|key| key.service.clone()));
            let record_type = after.map(|key| key.record_type);
            let rows = statement.query_map(params![clock, day, service, record_type, limit], |row| {
                Ok(Restatement {
                    noticed_at: row.get::<_, NaiveDateTime>(0)?.and_utc(),
                    day: row.get(1)?,
                    service: row.get(2)?,
                    record_type: row.get(3)?,
                    before: Money::from_decimal(row.get::<_, Decimal>(4)?),
                    after: Money::from_decimal(row.get::<_, Decimal>(5)?),
                })
            })?;
            Ok(rows.collect::<duckdb::Result<_>>()?)
        })
        .await
    }
}

/// Which entries count.
#[derive(Clone, Copy)]
enum Known {
    /// Those that are counted.
    By(Entered),
    /// Balances of before a moment, and every event of the plan: beside a cycle of which nothing is counted.
    Before(DateTime<Utc>),
}

fn facts(connection: &Connection, as_of: DateTime<Utc>, currency: &str, known: Known) -> Result<Facts> {
    let newest: i64 = connection.query_row(
        "SELECT coalesce(max(run_id), 0) FROM ingest_runs WHERE clock <= ?",
        params![as_of.naive_utc()],
        |row| row.get(0),
    )?;
    let (balances, events, entered_through) = match known {
        Known::By(entered) => (KnownBalances::First(entered.balances), entered.plan, through(connection, entered)?),
        Known::Before(moment) => (KnownBalances::Until(moment), i64::MAX, None),
    };
    let plan = plan::standing(connection, events)?;
    let charges = current_charges(connection, newest, None)?;
    let usage = current_usage(connection, newest, None)?;
    let mut facts = Facts {
        costs_pulled_at: pulled_at(connection, newest, as_of)?,
        charge_kinds: charges.kinds,
        charges: charges.rows,
        usage_kinds: usage.kinds,
        usage: usage.rows,
        credits: credits::seen(connection, newest)?,
        stated: credits::stated(connection, newest)?,
        allocations: credits::allocations(connection, newest)?,
        recorded: credits::recorded(connection, balances)?,
        vanished: vanished::vanished(connection, newest)?,
        months_apart: month_sums::months_apart(connection, newest)?,
        account_plan: account_plans::newest(connection, as_of)?,
        set_aside: aside::newest(connection, newest)?,
        missing_history: history::missing(connection, newest)?,
        dead_channels: alerts::dead_channels(connection)?,
        plan: plan.events,
        unreadable_events: plan.unreadable,
        entered_through,
        ..Facts::none(as_of, currency)
    };
    add_run(connection, newest, &mut facts)?;
    let charged = requests::charged_by(connection, as_of)?;
    (facts.paid_requests_today, facts.paid_requests_month) = (charged.today, charged.month);
    Ok(facts)
}

/// When costs were pulled last, by the cycle's clock and AWS's: what only one of them has passed is not over.
fn pulled_at(connection: &Connection, newest: i64, as_of: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let sql = "SELECT max(least(clock, coalesce(aws_clock, clock))) FROM ingest_runs
               WHERE run_id <= ? AND clock <= ? AND window_start IS NOT NULL AND part_of IS NULL";
    let known = params![newest, as_of.naive_utc()];
    let clock: Option<NaiveDateTime> = connection.query_row(sql, known, |row| row.get(0))?;
    Ok(clock.map(|clock| clock.and_utc()))
}

fn add_run(connection: &Connection, newest: i64, facts: &mut Facts) -> Result<()> {
    let sql = "SELECT costs_outcome, credits_outcome,
                      moved + (SELECT coalesce(sum(p.moved), 0) FROM ingest_runs p WHERE p.part_of = r.run_id AND p.run_id <= ?1)
               FROM ingest_runs r WHERE run_id <= ?1 AND part_of IS NULL ORDER BY run_id DESC LIMIT 1";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(params![newest])?;
    if let Some(row) = rows.next()? {
        facts.costs_outcome = from_json::<Outcome>("an ingest outcome", &row.get::<_, String>(0)?)?;
        facts.credits_outcome = from_json::<Outcome>("an ingest outcome", &row.get::<_, String>(1)?)?;
        facts.moved_in_last_cycle = Money::from_decimal(row.get::<_, Decimal>(2)?);
    }
    Ok(())
}
