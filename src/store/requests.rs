//! Paid requests: written before they leave, so that a ceiling survives restarts and crashes.

use chrono::{DateTime, NaiveDate, Utc};
use duckdb::{Connection, params};

use super::error::Result;
use super::handle::Store;
use crate::domain::values::period::{BillingPeriod, DayRange, plus_days};

/// Requests of one day and month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PaidRequests {
    /// Requests that left today, whatever their answer: what the ceiling counts.
    pub sent_today: u64,
    /// Of the month, those charged or of unknown outcome.
    pub charged_month: u64,
}

/// Requests that AWS charged, as known at one moment. One whose answer was never seen counts as charged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChargedRequests {
    /// On the day of a clock.
    pub today: u64,
    /// In its month, through that day.
    pub month: u64,
}

impl Store {
    /// Notes that a request is about to leave, unless `ceiling` requests already left on `day`; gives its ticket.
    ///
    /// # Errors
    /// DuckDB's; then the request must not leave.
    pub async fn reserve_request(&self, day: NaiveDate, ceiling: u64) -> Result<Option<i64>> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let (sent, last): (u64, i64) = transaction.query_row(
                "SELECT count(*) FILTER (WHERE day = ?), coalesce(max(ticket), 0) FROM paid_requests",
                params![day],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            if sent >= ceiling {
                return Ok(None);
            }
            transaction.execute("INSERT INTO paid_requests VALUES (?, ?, 'unknown')", params![last + 1, day])?;
            transaction.commit()?;
            Ok(Some(last + 1))
        })
        .await
    }

    /// Notes whether AWS charged for the request.
    ///
    /// # Errors
    /// DuckDB's; the request then goes on counting as charged.
    pub async fn settle_request(&self, ticket: i64, charged: bool) -> Result<()> {
        self.call(move |connection| {
            let outcome = if charged { "charged" } else { "not_charged" };
            connection.execute("UPDATE paid_requests SET outcome = ? WHERE ticket = ?", params![outcome, ticket])?;
            Ok(())
        })
        .await
    }

    /// Requests of the day and its month.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn paid_requests(&self, day: NaiveDate) -> Result<PaidRequests> {
        self.read(move |connection| {
            let sent_today =
                connection.query_row("SELECT count(*) FROM paid_requests WHERE day = ?", params![day], |r| r.get(0))?;
            Ok(PaidRequests { sent_today, charged_month: charged(connection, BillingPeriod::of(day).range())? })
        })
        .await
    }
}

/// Charged requests on the day of `as_of` and in its month. Requests of later days are no part of what was known on this one.
pub fn charged_by(connection: &Connection, as_of: DateTime<Utc>) -> Result<ChargedRequests> {
    let (day, tomorrow) = (as_of.date_naive(), plus_days(as_of.date_naive(), 1));
    Ok(ChargedRequests {
        today: charged(connection, DayRange::new(day, tomorrow))?,
        month: charged(connection, DayRange::new(BillingPeriod::of(day).first_day(), tomorrow))?,
    })
}

/// Requests within `days` that AWS charged. One whose answer was never seen counts as charged.
fn charged(connection: &Connection, days: DayRange) -> Result<u64> {
    let sql = "SELECT count(*) FROM paid_requests WHERE day >= ? AND day < ? AND outcome <> 'not_charged'";
    Ok(connection.query_row(sql, params![days.start, days.end], |row| row.get(0))?)
}
