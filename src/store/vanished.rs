//! Days that AWS no longer shows and whose cost is kept, and what people said of them.
//!
//! Invariant: nothing is edited. That a day is kept is a row, that it is no longer is another; accepting one appends zeros
//! under a run of its own, which belongs to the newest cycle and to no earlier one; where that cycle is set aside, the next
//! one brings the zeros.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use duckdb::{Connection, Transaction, params};

use super::believed::{current_charges, current_usage};
use super::error::Result;
use super::handle::Store;
use super::runs::{insert_part, next_run};
use crate::domain::facts::charge::record_kind;
use crate::domain::facts::outcome::Outcome;
use crate::domain::facts::vanished::VanishedDay;
use crate::domain::values::money::{Money, Quantity};
use crate::domain::values::period::{DayRange, plus_days};

impl Store {
    /// The days that are kept, in order.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn vanished_days(&self) -> Result<Vec<VanishedDay>> {
        self.read(|connection| vanished(connection, i64::MAX)).await
    }

    /// Makes the kept days from `first` to `last`, both inclusive, cost nothing; gives them, none if there are none.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn accept_vanished(
        &self,
        now: DateTime<Utc>,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<Vec<NaiveDate>> {
        self.call(move |connection| accept(connection, now, first, last)).await
    }
}

fn accept(
    connection: &mut Connection,
    now: DateTime<Utc>,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<NaiveDate>> {
    let transaction = connection.transaction()?;
    let run_id = next_run(&transaction)?;
    let range = DayRange::new(first, plus_days(last, 1));
    let days = vanished(&transaction, run_id)?.into_iter().map(|kept| kept.day).filter(|day| range.contains(*day));
    let days: Vec<NaiveDate> = days.collect();
    if days.is_empty() {
        return Ok(days);
    }
    append_zeros(&transaction, run_id, range, &days)?;
    let sql = "SELECT max(run_id) FROM ingest_runs WHERE part_of IS NULL";
    let cycle: i64 = transaction.query_row(sql, [], |row| row.get(0))?;
    insert_part(&transaction, run_id, cycle, None, (&Outcome::NotTried, Money::ZERO))?;
    for day in &days {
        transaction.execute("INSERT INTO vanished_days VALUES (?, ?, false)", params![run_id, day])?;
    }
    transaction.execute(
        "INSERT INTO accepted_days SELECT coalesce(max(entry_id), 0) + 1, ?, ?, ?, ? FROM accepted_days",
        params![now.naive_utc(), first, last, run_id],
    )?;
    transaction.commit()?;
    Ok(days)
}

/// Counts again, with run `run_id`, what people accepted beside runs that were set aside since.
pub fn accept_again(transaction: &Transaction, run_id: i64) -> Result<()> {
    let sql = "SELECT entry_id, first_day, last_day FROM accepted_days
               WHERE run_id IN (SELECT run_id FROM aside_ingest_runs) ORDER BY entry_id";
    let mut statement = transaction.prepare(sql)?;
    let entries = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let entries: Vec<(i64, NaiveDate, NaiveDate)> = entries.collect::<duckdb::Result<_>>()?;
    for (entry, first, last) in entries {
        let range = DayRange::new(first, plus_days(last, 1));
        let days = vanished(transaction, run_id)?.into_iter().map(|kept| kept.day).filter(|day| range.contains(*day));
        let days: Vec<NaiveDate> = days.collect();
        append_zeros(transaction, run_id, range, &days)?;
        for day in days {
            transaction.execute("INSERT INTO vanished_days VALUES (?, ?, false)", params![run_id, day])?;
        }
        transaction.execute("UPDATE accepted_days SET run_id = ? WHERE entry_id = ?", params![run_id, entry])?;
    }
    Ok(())
}

fn append_zeros(transaction: &Transaction, run_id: i64, range: DayRange, days: &[NaiveDate]) -> Result<()> {
    let (cost, quantity) = (Money::ZERO.amount(), Quantity::ZERO.amount());
    let charges = current_charges(transaction, run_id, Some(range))?;
    let mut appender = transaction.appender("charges")?;
    for row in charges.rows.iter().filter(|row| days.contains(&row.day)) {
        let kind = &charges.kinds[row.kind];
        let category = record_kind(&kind.record_type, row.cost).category.as_str();
        appender.append_row(params![run_id, row.day, kind.service, kind.record_type, category, cost, true])?;
    }
    appender.flush()?;
    let usage = current_usage(transaction, run_id, Some(range))?;
    let mut appender = transaction.appender("usage")?;
    for row in usage.rows.iter().filter(|row| days.contains(&row.day)) {
        let kind = &usage.kinds[row.kind];
        let row = params![run_id, row.day, kind.service, kind.usage_type, cost, quantity, kind.unit, true];
        appender.append_row(row)?;
    }
    appender.flush()?;
    Ok(())
}

/// Notes which days of `window` run `run_id` keeps, and which it no longer does; nothing where that is known.
pub fn note(transaction: &Transaction, run_id: i64, window: DayRange, kept: &[NaiveDate]) -> Result<()> {
    let before: Vec<NaiveDate> = vanished(transaction, run_id)?.into_iter().map(|kept| kept.day).collect();
    let new = kept.iter().filter(|day| !before.contains(day)).map(|day| (day, true));
    let shown_again = before.iter().filter(|day| window.contains(**day) && !kept.contains(day)).map(|day| (day, false));
    for (day, kept) in new.chain(shown_again) {
        transaction.execute("INSERT INTO vanished_days VALUES (?, ?, ?)", params![run_id, day, kept])?;
    }
    Ok(())
}

/// The days that are kept as of run `newest`, in order.
pub fn vanished(connection: &Connection, newest: i64) -> Result<Vec<VanishedDay>> {
    let sql = "SELECT v.charge_day, max(r.clock) FROM vanished_days v JOIN ingest_runs r USING (run_id)
               WHERE v.run_id <= ?1 AND v.kept AND v.run_id = (SELECT max(w.run_id) FROM vanished_days w
                   WHERE w.charge_day = v.charge_day AND w.run_id <= ?1)
               GROUP BY v.charge_day ORDER BY v.charge_day";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![newest], |row| {
        Ok(VanishedDay { day: row.get(0)?, noticed_on: row.get::<_, NaiveDateTime>(1)?.date() })
    })?;
    Ok(rows.collect::<duckdb::Result<_>>()?)
}
