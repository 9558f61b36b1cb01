//! What is believed of the bill as of a run. Rows come over Arrow, because two years of them are read at every look.

use std::cmp::Reverse;
use std::collections::HashSet;

use chrono::NaiveDate;
use duckdb::arrow::array::{AsArray, Date32Array, Decimal128Array, RecordBatch};
use duckdb::arrow::datatypes::{Date32Type, Decimal128Type, Int64Type, UInt64Type};
use duckdb::{Connection, params};
use rust_decimal::Decimal;

use super::error::{Result, StoreError};
use crate::domain::facts::rows::{ChargeKind, ChargeRow, UsageKind, UsageRow};
use crate::domain::values::interner::{Interner, ranked};
use crate::domain::values::money::{MONEY_SCALE, Money, QUANTITY_SCALE, Quantity};
use crate::domain::values::period::DayRange;

/// Rows and the names they refer to.
pub struct Table<K, R> {
    /// Names.
    pub kinds: Vec<K>,
    /// Rows, by day and name.
    pub rows: Vec<R>,
}

/// Current belief about the money as of run `newest`, in `window` or everywhere; rows that vanished are left out.
pub fn current_charges(
    connection: &Connection,
    newest: i64,
    window: Option<DayRange>,
) -> Result<Table<ChargeKind, ChargeRow>> {
    const NAMES: &str = "SELECT DISTINCT hash(?4, service_name, x_record_type), service_name, x_record_type, ''
                         FROM charges WHERE run_id <= ?1 AND charge_day >= ?2 AND charge_day < ?3";
    const ROWS: &str = "SELECT run_id, charge_day, hash(?4, service_name, x_record_type), billed_cost
                        FROM charges WHERE run_id <= ?1 AND charge_day >= ?2 AND charge_day < ?3";
    let Read { names, batches, observations } = newest_observations(connection, [NAMES, ROWS], newest, window)?;
    let costs: Vec<&Decimal128Array> = batches.iter().map(|batch| decimals(batch, 3)).collect();
    let mut table = TableOf::new(names.len());
    for Observation { day, name, batch, row, .. } in observations {
        let cost = money(costs[batch], row)?;
        if !cost.is_zero() {
            let kind = table.kind(name, || {
                let Name { service, kind, .. } = &names[name];
                ChargeKind { service: service.clone(), record_type: kind.clone() }
            });
            table.rows.push(ChargeRow { day: calendar_day(day)?, kind, cost });
        }
    }
    Ok(Table { kinds: table.kinds, rows: table.rows })
}

/// Current belief about the detail as of run `newest`, in `window` or everywhere; rows that vanished are left out.
pub fn current_usage(
    connection: &Connection,
    newest: i64,
    window: Option<DayRange>,
) -> Result<Table<UsageKind, UsageRow>> {
    const NAMES: &str =
        "SELECT DISTINCT hash(?4, service_name, x_usage_type, consumed_unit), service_name, x_usage_type, consumed_unit
         FROM usage WHERE run_id <= ?1 AND charge_day >= ?2 AND charge_day < ?3";
    const ROWS: &str = "SELECT run_id, charge_day, hash(?4, service_name, x_usage_type, consumed_unit), billed_cost,
                               consumed_quantity
                        FROM usage WHERE run_id <= ?1 AND charge_day >= ?2 AND charge_day < ?3";
    let Read { names, batches, observations } = newest_observations(connection, [NAMES, ROWS], newest, window)?;
    let costs: Vec<&Decimal128Array> = batches.iter().map(|batch| decimals(batch, 3)).collect();
    let quantities: Vec<&Decimal128Array> = batches.iter().map(|batch| decimals(batch, 4)).collect();
    let mut table = TableOf::new(names.len());
    for Observation { day, name, batch, row, .. } in observations {
        let cost = money(costs[batch], row)?;
        let quantity = Quantity::from_decimal(decimal(quantities[batch], row, QUANTITY_SCALE)?);
        if !(cost.is_zero() && quantity.is_zero()) {
            let kind = table.kind(name, || {
                let Name { service, kind, unit } = &names[name];
                UsageKind { service: service.clone(), usage_type: kind.clone(), unit: unit.clone() }
            });
            table.rows.push(UsageRow { day: calendar_day(day)?, kind, cost, quantity });
        }
    }
    Ok(Table { kinds: table.kinds, rows: table.rows })
}

/// A table that is being read: only names with a row are in it, in order of first appearance.
struct TableOf<K, R> {
    kinds: Vec<K>,
    kind_of: Vec<Option<usize>>,
    rows: Vec<R>,
}

impl<K, R> TableOf<K, R> {
    fn new(names: usize) -> Self {
        TableOf { kinds: Vec::new(), kind_of: vec![None; names], rows: Vec::new() }
    }

    fn kind(&mut self, name: usize, make: impl FnOnce() -> K) -> usize {
        *self.kind_of[name].get_or_insert_with(|| {
            self.kinds.push(make());
            self.kinds.len() - 1
        })
    }
}

/// What a row is about. Service and kind are its key; the unit is what the observation says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    service: String,
    kind: String,
    unit: String,
}

/// Where one run's belief about a key on a day stands in the batches.
#[derive(Clone, Copy)]
struct Observation {
    /// Days since 1970.
    day: i32,
    /// Number of service and kind, in their order.
    key: usize,
    /// Index into the names.
    name: usize,
    run: i64,
    batch: usize,
    row: usize,
}

/// Names, rows as stored, and the newest observation of each key on each day, by day and name.
struct Read {
    names: Vec<Name>,
    batches: Vec<RecordBatch>,
    observations: Vec<Observation>,
}

/// Reads a table with its names apart. Text is most of what two years of rows are made of and a few hundred names are
/// all there is of it, so the rows carry a hash, which DuckDB makes once per entry of its own dictionaries.
fn newest_observations(
    connection: &Connection,
    [names, rows]: [&str; 2],
    newest: i64,
    window: Option<DayRange>,
) -> Result<Read> {
    let everywhere = DayRange::new(NaiveDate::default(), NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default());
    let window = window.unwrap_or(everywhere);
    let (salt, hashes, names) = told_apart(connection, names, newest, window)?;
    let mut statement = connection.prepare_cached(rows)?;
    let batches = statement.stream_arrow(params![newest, window.start, window.end, salt])?;
    let batches: Vec<RecordBatch> = batches.collect::<duckdb::Result<_>>()?;

    let mut interner = Interner::default();
    for hash in hashes {
        interner.number(hash);
    }
    let keys: Vec<(&str, &str)> = names.iter().map(|name| (name.service.as_str(), name.kind.as_str())).collect();
    let (ranks, _) = ranked(&keys);
    let mut observations = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for (batch, columns) in batches.iter().enumerate() {
        let (runs, days) = (columns.column(0).as_primitive::<Int64Type>(), days(columns, 1));
        let hashes = columns.column(2).as_primitive::<UInt64Type>();
        for row in 0..columns.num_rows() {
            let name = interner.number(hashes.value(row));
            observations.push(Observation {
                day: days.value(row),
                key: ranks[name],
                name,
                run: runs.value(row),
                batch,
                row,
            });
        }
    }
    // Newest first within a key, so that the first of each is kept. Rows mostly come in this order already, which the
    // stable sort makes use of.
    observations.sort_by_key(|o| (o.day, o.key, Reverse(o.run)));
    observations.dedup_by_key(|o| (o.day, o.key));
    Ok(Read { names, batches, observations })
}

/// The names, sorted, each with its hash, and the salt under which no two of them share one.
fn told_apart(connection: &Connection, sql: &str, newest: i64, window: DayRange) -> Result<(i64, Vec<u64>, Vec<Name>)> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut salt = 0;
    loop {
        let rows = statement.query_map(params![newest, window.start, window.end, salt], |row| {
            Ok((Name { service: row.get(1)?, kind: row.get(2)?, unit: row.get(3)? }, row.get::<_, u64>(0)?))
        })?;
        let mut names: Vec<(Name, u64)> = rows.collect::<duckdb::Result<_>>()?;
        names.sort_unstable();
        let hashes: Vec<u64> = names.iter().map(|(_, hash)| *hash).collect();
        if hashes.iter().collect::<HashSet<_>>().len() == hashes.len() {
            return Ok((salt, hashes, names.into_iter().map(|(name, _)| name).collect()));
        }
        salt += 1;
    }
}

fn days(batch: &RecordBatch, column: usize) -> &Date32Array {
    batch.column(column).as_primitive::<Date32Type>()
}

fn decimals(batch: &RecordBatch, column: usize) -> &Decimal128Array {
    batch.column(column).as_primitive::<Decimal128Type>()
}

fn calendar_day(since_1970: i32) -> Result<NaiveDate> {
    Date32Type::to_naive_date_opt(since_1970).ok_or_else(|| unreadable("a day", since_1970))
}

fn money(costs: &Decimal128Array, index: usize) -> Result<Money> {
    decimal(costs, index, MONEY_SCALE).map(Money::from_decimal)
}

fn decimal(values: &Decimal128Array, index: usize, scale: u32) -> Result<Decimal> {
    // The columns keep more digits than AWS sends. Eight zeros at once come off cheaper here than one by one later.
    const ZEROS: i128 = 100_000_000;
    let (value, scale) = match values.value(index) {
        value if scale >= 8 && value % ZEROS == 0 => (value / ZEROS, scale - 8),
        value => (value, scale),
    };
    Decimal::try_from_i128_with_scale(value, scale).map_err(|_| unreadable("an amount", value))
}

fn unreadable(what: &str, value: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable { what: what.to_owned(), reason: format!("{value} is out of range") }
}
