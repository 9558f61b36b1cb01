//! The newest cycle's view, kept so that reading it does not put it together again.
//!
//! Invariants: one row at most, written with the end of its cycle, or again where it could not be used; it answers only
//! while everything that it was made from is as it was then, which its key names; so deleting it changes how much is
//! computed and never the answer.

use chrono::{DateTime, Utc};
use duckdb::{Connection, OptionalExt as _, Transaction, params};
use serde::Serialize;

use super::error::Result;
use super::fingerprint::{Fingerprint, Seen, seen};
use super::handle::Store;
use super::json::to_json;

/// What a view is made with besides the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewMaker {
    /// SHA-256 of the config text.
    pub config_digest: String,
    /// The program, exactly.
    pub program: String,
}

/// A view to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptView {
    /// What it was made from. Taken before its facts were read, so that what was written since keeps it from being used.
    pub fingerprint: Fingerprint,
    /// What it was made with.
    pub maker: ViewMaker,
    /// The view as JSON.
    pub body: String,
}

#[derive(Serialize)]
struct Key<'a> {
    store: Fingerprint,
    maker: &'a ViewMaker,
}

impl Store {
    /// The kept view, if it is that of the newest cycle at or before `as_of` (or of all), and `maker` would make the
    /// same again; and what it is to be shown with.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn kept_view(&self, as_of: Option<DateTime<Utc>>, maker: ViewMaker) -> Result<Option<(String, Seen)>> {
        self.read(move |connection| kept_view(connection, as_of, &maker)).await
    }

    /// Keeps a view that was put together again in place of the one that could not be used.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn keep_view(&self, view: KeptView) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            keep(&transaction, &view)?;
            Ok(transaction.commit()?)
        })
        .await
    }
}

/// Keeps a view in place of an older one.
pub fn keep(transaction: &Transaction, view: &KeptView) -> Result<()> {
    transaction.execute("DELETE FROM views", [])?;
    let key = to_json(&Key { store: view.fingerprint, maker: &view.maker });
    transaction.execute("INSERT INTO views VALUES (?, ?)", params![key, view.body])?;
    Ok(())
}

fn kept_view(
    connection: &Connection,
    as_of: Option<DateTime<Utc>>,
    maker: &ViewMaker,
) -> Result<Option<(String, Seen)>> {
    let Some(seen) = seen(connection, as_of, &maker.config_digest)? else { return Ok(None) };
    let key = to_json(&Key { store: seen.fingerprint, maker });
    let body = connection.query_row("SELECT body FROM views WHERE key = ?", params![key], |row| row.get(0));
    Ok(body.optional()?.map(|body| (body, seen)))
}
