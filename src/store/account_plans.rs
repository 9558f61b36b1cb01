//! The account's plan with AWS, as it was answered.

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, OptionalExt as _, params};

use super::error::Result;
use super::handle::Store;
use super::json::{from_json, to_json};
use crate::domain::facts::account_plan::AccountPlan;

impl Store {
    /// When AWS was last asked for the plan, answered or not.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn plan_asked_at(&self) -> Result<Option<DateTime<Utc>>> {
        self.read(|connection| {
            let sql = "SELECT max(asked_at) FROM account_plans";
            let at: Option<NaiveDateTime> = connection.query_row(sql, [], |row| row.get(0))?;
            Ok(at.map(|at| at.and_utc()))
        })
        .await
    }

    /// Keeps that AWS was asked for the plan, and what it answered.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn keep_account_plan(&self, asked_at: DateTime<Utc>, plan: Option<AccountPlan>) -> Result<()> {
        self.call(move |connection| {
            let body = plan.as_ref().map(to_json);
            connection.execute("INSERT INTO account_plans VALUES (?, ?)", params![asked_at.naive_utc(), body])?;
            Ok(())
        })
        .await
    }
}

/// The newest answer at or before `as_of`.
pub fn newest(connection: &Connection, as_of: DateTime<Utc>) -> Result<Option<AccountPlan>> {
    let sql = "SELECT plan FROM account_plans WHERE asked_at <= ? AND plan IS NOT NULL ORDER BY asked_at DESC LIMIT 1";
    let body: Option<String> = connection.query_row(sql, params![as_of.naive_utc()], |row| row.get(0)).optional()?;
    body.map(|body| from_json("an account's plan", &body)).transpose()
}
