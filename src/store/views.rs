//! The newest cycle's view, kept so that reading it does not put it together again.
//!
//! Invariants: one row at most; it answers only while everything that it was made from is as it was then, which its key
//! names; so deleting it changes how much is computed and never the answer.

use chrono::{DateTime, Utc};
use duckdb::{Connection, OptionalExt as _, params};
use serde::Serialize;

use super::Store;
use super::error::Result;
use super::fingerprint::{Fingerprint, fingerprint};
use super::read::to_json;

/// What a view is made with besides the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewMaker {
    /// SHA-256 of the config text.
    pub config_digest: String,
    /// The program, exactly.
    pub program: String,
}

#[derive(Serialize)]
struct Key<'a> {
    cycle: i64,
    store: Fingerprint,
    maker: &'a ViewMaker,
}

impl Store {
    /// Keeps the view of cycle `cycle`, made from what `store` counted, in place of an older one.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn keep_view(&self, cycle: i64, store: Fingerprint, maker: ViewMaker, body: String) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM views", [])?;
            let key = to_json(&Key { cycle, store, maker: &maker });
            transaction.execute("INSERT INTO views VALUES (?, ?)", params![key, body])?;
            Ok(transaction.commit()?)
        })
        .await
    }

    /// The kept view, if it is that of the newest cycle at or before `as_of` (or of all), and `maker` would make the
    /// same again.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn kept_view(&self, as_of: Option<DateTime<Utc>>, maker: ViewMaker) -> Result<Option<String>> {
        self.call(move |connection| kept_view(connection, as_of, &maker)).await
    }
}

fn kept_view(connection: &Connection, as_of: Option<DateTime<Utc>>, maker: &ViewMaker) -> Result<Option<String>> {
    let newest = "SELECT max(run_id) FROM cycles WHERE ?1 IS NULL OR clock <= ?1";
    let cycle: Option<i64> =
        connection.query_row(newest, params![as_of.map(|as_of| as_of.naive_utc())], |row| row.get(0))?;
    let Some(cycle) = cycle else { return Ok(None) };
    let key = to_json(&Key { cycle, store: fingerprint(connection)?, maker });
    let body = connection.query_row("SELECT body FROM views WHERE key = ?", params![key], |row| row.get(0));
    Ok(body.optional()?)
}
