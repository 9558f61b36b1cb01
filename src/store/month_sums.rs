//! The questions for whole months: when one is due, what is believed beside AWS's sums, and what stayed apart.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use duckdb::{Connection, params};
use rust_decimal::Decimal;

use super::believed::current_charges;
use super::day_sums::gross_by_day;
use super::error::Result;
use super::handle::Store;
use super::runs::{insert_part, next_run};
use super::vanished::vanished;
use crate::domain::facts::corrections::{MonthlySums, Sums};
use crate::domain::facts::outcome::Outcome;
use crate::domain::facts::vanished::kept_days;
use crate::domain::values::money::Money;
use crate::domain::values::period::{BillingPeriod, DayRange, plus_days};

/// What is known before a question for whole months is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthsKnown {
    /// Day of the cycle that asked last, or of the first that pulled.
    pub asked_on: NaiveDate,
    /// First day that is held and not kept as vanished.
    pub first: NaiveDate,
    /// What identified AWS's sums of each month when it was last pulled beside such a question.
    pub at_last_pull: BTreeMap<BillingPeriod, String>,
}

impl Store {
    /// What is known before such a question; `None` before the first charge.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn months_known(&self) -> Result<Option<MonthsKnown>> {
        self.read(months_known).await
    }

    /// What is believed of `window`, by month, service and record type.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn believed_months(&self, window: DayRange) -> Result<MonthlySums> {
        self.read(move |connection| {
            let charges = current_charges(connection, i64::MAX, Some(window))?;
            let mut months = MonthlySums::new();
            for row in charges.rows {
                let kind = &charges.kinds[row.kind];
                let sums = months.entry(BillingPeriod::of(row.day)).or_default();
                *sums.entry((kind.service.clone(), kind.record_type.clone())).or_default() += row.cost;
            }
            months.values_mut().for_each(|sums: &mut Sums| sums.retain(|_, cost| !cost.is_zero()));
            Ok(months)
        })
        .await
    }

    /// The days of `window` whose cost is kept should AWS show nothing of them.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn days_worth_keeping(&self, window: DayRange) -> Result<Vec<NaiveDate>> {
        self.read(move |connection| {
            let believed = current_charges(connection, i64::MAX, Some(window))?;
            Ok(kept_days(window, None, &gross_by_day(&believed)))
        })
        .await
    }

    /// Keeps that the cycle of run `run_id` asked for whole months, what identified the sums of those whose days were pulled,
    /// and how far AWS's sums and what is believed stayed apart.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn keep_monthly_question(
        &self,
        run_id: i64,
        pulled: BTreeMap<BillingPeriod, String>,
        apart: Money,
    ) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            transaction.execute("INSERT INTO monthly_questions VALUES (?, ?)", params![run_id, apart.amount()])?;
            for (month, digest) in pulled {
                let row = params![run_id, month.to_string(), digest];
                transaction.execute("INSERT INTO month_sums VALUES (?, ?, ?)", row)?;
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    /// Keeps the believed cost of `days`, of which AWS's answer for whole months shows nothing.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn keep_vanished(&self, part_of: i64, days: Vec<NaiveDate>) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let run_id = next_run(&transaction)?;
            insert_part(&transaction, run_id, part_of, None, (&Outcome::NotTried, Money::ZERO))?;
            for day in days {
                transaction.execute("INSERT INTO vanished_days VALUES (?, ?, true)", params![run_id, day])?;
            }
            Ok(transaction.commit()?)
        })
        .await
    }
}

fn months_known(connection: &Connection) -> Result<Option<MonthsKnown>> {
    let sql = "SELECT min(clock), (SELECT max(r.clock) FROM monthly_questions JOIN ingest_runs r USING (run_id)),
                      (SELECT min(charge_day) FROM charges)
               FROM ingest_runs WHERE window_start IS NOT NULL AND part_of IS NULL";
    let (pulled, asked, first): (Option<NaiveDateTime>, Option<NaiveDateTime>, Option<NaiveDate>) =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let Some((pulled, first)) = pulled.zip(first) else { return Ok(None) };
    let after = vanished(connection, i64::MAX)?.last().map(|kept| plus_days(kept.day, 1));
    let sql = "SELECT month, arg_max(digest, run_id) FROM month_sums GROUP BY month";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut at_last_pull = BTreeMap::new();
    for row in rows {
        let (month, digest) = row?;
        at_last_pull.extend(month.parse().ok().map(|month: BillingPeriod| (month, digest)));
    }
    Ok(Some(MonthsKnown {
        asked_on: asked.unwrap_or(pulled).date(),
        first: after.map_or(first, |after| after.max(first)),
        at_last_pull,
    }))
}

/// How far AWS's monthly sums and what is believed were apart at the newest question known by run `newest`.
pub fn months_apart(connection: &Connection, newest: i64) -> Result<Money> {
    let sql = "SELECT coalesce(arg_max(apart, run_id), 0) FROM monthly_questions WHERE run_id <= ?";
    let apart: Decimal = connection.query_row(sql, params![newest], |row| row.get(0))?;
    Ok(Money::from_decimal(apart))
}
