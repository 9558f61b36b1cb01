//! Reads facts as of a clock. Rows come over Arrow, because two years of them are read at every look.

use std::collections::HashMap;
use std::hash::Hash;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use duckdb::arrow::array::{AsArray, Date32Array, Decimal128Array, RecordBatch, StringArray};
use duckdb::arrow::datatypes::{Date32Type, Decimal128Type};
use duckdb::{Connection, params};
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::facts::{ChargeKind, ChargeRow, Facts, Outcome, UsageKind, UsageRow};
use crate::domain::money::{MONEY_SCALE, Money, QUANTITY_SCALE, Quantity};
use crate::domain::period::{BillingPeriod, DayRange, plus_days};

use super::error::{Result, StoreError};
use super::{Store, alerts, credits, requests};

/// One thing that AWS changed about a day after it was complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

impl Store {
    /// Everything known from runs whose clock is at or before `as_of`.
    ///
    /// # Errors
    /// DuckDB's, or [`StoreError::Unreadable`] for a stored value that does not parse.
    pub async fn facts(&self, as_of: DateTime<Utc>, currency: String) -> Result<Facts> {
        self.call(move |connection| facts(connection, as_of, &currency)).await
    }

    /// Changes to complete days, newest first, at most `limit`.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn restatements(&self, limit: u32) -> Result<Vec<Restatement>> {
        self.call(move |connection| {
            let sql = "SELECT clock, charge_day, service_name, x_record_type, cost_before, cost_after
                       FROM restatements ORDER BY clock DESC, charge_day DESC, service_name, x_record_type LIMIT ?";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map(params![limit], |row| {
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

/// Rows and the names they refer to.
pub struct Table<K, R> {
    /// Names.
    pub kinds: Vec<K>,
    /// Rows, by day and name.
    pub rows: Vec<R>,
}

impl Table<ChargeKind, ChargeRow> {
    /// Sum of all costs.
    pub fn sum(&self) -> Money {
        self.rows.iter().map(|row| row.cost).sum()
    }
}

impl Table<UsageKind, UsageRow> {
    /// Sum of all costs.
    pub fn sum(&self) -> Money {
        self.rows.iter().map(|row| row.cost).sum()
    }
}

fn facts(connection: &Connection, as_of: DateTime<Utc>, currency: &str) -> Result<Facts> {
    let newest: i64 = connection.query_row(
        "SELECT coalesce(max(run_id), 0) FROM ingest_runs WHERE clock <= ?",
        params![as_of.naive_utc()],
        |row| row.get(0),
    )?;
    let charges = current_charges(connection, newest, None)?;
    let usage = current_usage(connection, newest, None)?;
    let mut facts = Facts {
        costs_pulled_at: pulled_at(connection, newest)?,
        charge_kinds: charges.kinds,
        charges: charges.rows,
        usage_kinds: usage.kinds,
        usage: usage.rows,
        credits: credits::seen(connection, newest)?,
        allocations: credits::allocations(connection, newest)?,
        recorded: credits::recorded(connection, as_of)?,
        dead_channels: alerts::dead_channels(connection)?,
        ..Facts::none(as_of, currency)
    };
    add_run(connection, newest, &mut facts)?;
    let (day, tomorrow) = (as_of.date_naive(), plus_days(as_of.date_naive(), 1));
    facts.paid_requests_today = requests::charged(connection, DayRange::new(day, tomorrow))?;
    // Requests of later days are no part of what was known on this one.
    let month_to_date = DayRange::new(BillingPeriod::of(day).first_day(), tomorrow);
    facts.paid_requests_month = requests::charged(connection, month_to_date)?;
    Ok(facts)
}

fn pulled_at(connection: &Connection, newest: i64) -> Result<Option<DateTime<Utc>>> {
    let sql = "SELECT max(clock) FROM ingest_runs WHERE run_id <= ? AND window_start IS NOT NULL";
    let clock: Option<NaiveDateTime> = connection.query_row(sql, params![newest], |row| row.get(0))?;
    Ok(clock.map(|clock| clock.and_utc()))
}

fn add_run(connection: &Connection, newest: i64, facts: &mut Facts) -> Result<()> {
    let sql = "SELECT costs_outcome, credits_outcome, moved FROM ingest_runs WHERE run_id = ?";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(params![newest])?;
    if let Some(row) = rows.next()? {
        facts.costs_outcome = from_json::<Outcome>("an ingest outcome", &row.get::<_, String>(0)?)?;
        facts.credits_outcome = from_json::<Outcome>("an ingest outcome", &row.get::<_, String>(1)?)?;
        facts.moved_in_last_cycle = Money::from_decimal(row.get::<_, Decimal>(2)?);
    }
    Ok(())
}

/// Current belief about the money as of run `newest`, in `window` or everywhere; rows that vanished are left out.
pub fn current_charges(
    connection: &Connection,
    newest: i64,
    window: Option<DayRange>,
) -> Result<Table<ChargeKind, ChargeRow>> {
    let sql = "SELECT charge_day, service_name, x_record_type, arg_max(billed_cost, run_id) AS cost
               FROM charges WHERE run_id <= ? AND charge_day >= ? AND charge_day < ?
               GROUP BY charge_day, service_name, x_record_type HAVING cost <> 0
               ORDER BY charge_day, service_name, x_record_type";
    let batches = batches(connection, sql, newest, window)?;
    let mut interner = Interner::new();
    let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in &batches {
        let (days, costs) = (days(batch, 0), decimals(batch, 3));
        let (services, types) = (texts(batch, 1), texts(batch, 2));
        for index in 0..batch.num_rows() {
            let kind = interner.number((services.value(index), types.value(index)), |(service, record_type)| {
                ChargeKind { service: service.to_owned(), record_type: record_type.to_owned() }
            });
            rows.push(ChargeRow { day: day(days, index)?, kind, cost: money(costs, index)? });
        }
    }
    Ok(Table { kinds: interner.names, rows })
}

/// Current belief about the detail as of run `newest`, in `window` or everywhere; rows that vanished are left out.
pub fn current_usage(
    connection: &Connection,
    newest: i64,
    window: Option<DayRange>,
) -> Result<Table<UsageKind, UsageRow>> {
    let sql = "SELECT charge_day, service_name, x_usage_type, arg_max(consumed_unit, run_id) AS unit,
                      arg_max(billed_cost, run_id) AS cost, arg_max(consumed_quantity, run_id) AS quantity
               FROM usage WHERE run_id <= ? AND charge_day >= ? AND charge_day < ?
               GROUP BY charge_day, service_name, x_usage_type HAVING cost <> 0 OR quantity <> 0
               ORDER BY charge_day, service_name, x_usage_type";
    let batches = batches(connection, sql, newest, window)?;
    let mut interner = Interner::new();
    let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in &batches {
        let (days, costs, quantities) = (days(batch, 0), decimals(batch, 4), decimals(batch, 5));
        let (services, types, units) = (texts(batch, 1), texts(batch, 2), texts(batch, 3));
        for index in 0..batch.num_rows() {
            let key = (services.value(index), types.value(index), units.value(index));
            let kind = interner.number(key, |(service, usage_type, unit)| UsageKind {
                service: service.to_owned(),
                usage_type: usage_type.to_owned(),
                unit: unit.to_owned(),
            });
            let quantity = Quantity::from_decimal(decimal(quantities, index, QUANTITY_SCALE)?);
            rows.push(UsageRow { day: day(days, index)?, kind, cost: money(costs, index)?, quantity });
        }
    }
    Ok(Table { kinds: interner.names, rows })
}

fn batches(connection: &Connection, sql: &str, newest: i64, window: Option<DayRange>) -> Result<Vec<RecordBatch>> {
    let everywhere = DayRange::new(NaiveDate::default(), NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default());
    let window = window.unwrap_or(everywhere);
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_arrow(params![newest, window.start, window.end])?.collect())
}

/// Numbers for names, in order of first appearance.
struct Interner<Key, Name> {
    numbers: HashMap<Key, usize>,
    names: Vec<Name>,
}

impl<Key: Hash + Eq + Copy, Name> Interner<Key, Name> {
    fn new() -> Self {
        Interner { numbers: HashMap::new(), names: Vec::new() }
    }

    fn number(&mut self, key: Key, name: impl FnOnce(Key) -> Name) -> usize {
        *self.numbers.entry(key).or_insert_with(|| {
            self.names.push(name(key));
            self.names.len() - 1
        })
    }
}

fn texts(batch: &RecordBatch, column: usize) -> &StringArray {
    batch.column(column).as_string()
}

fn days(batch: &RecordBatch, column: usize) -> &Date32Array {
    batch.column(column).as_primitive::<Date32Type>()
}

fn decimals(batch: &RecordBatch, column: usize) -> &Decimal128Array {
    batch.column(column).as_primitive::<Decimal128Type>()
}

fn day(days: &Date32Array, index: usize) -> Result<NaiveDate> {
    days.value_as_date(index).ok_or_else(|| unreadable("a day", days.value(index)))
}

fn money(costs: &Decimal128Array, index: usize) -> Result<Money> {
    decimal(costs, index, MONEY_SCALE).map(Money::from_decimal)
}

fn decimal(values: &Decimal128Array, index: usize, scale: u32) -> Result<Decimal> {
    let value = values.value(index);
    Decimal::try_from_i128_with_scale(value, scale).map_err(|_| unreadable("an amount", value))
}

fn unreadable(what: &str, value: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable { what: what.to_owned(), reason: format!("{value} is out of range") }
}

/// JSON of a value of ours.
pub fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("our own types have string keys and no failing serialisers")
}

/// A value of ours from stored JSON.
pub fn from_json<T: DeserializeOwned>(what: &str, json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|error| StoreError::Unreadable { what: what.to_owned(), reason: error.to_string() })
}
