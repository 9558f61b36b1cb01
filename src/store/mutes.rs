//! Acknowledgements and silences.
//!
//! Invariant: a row is never edited; the newest of a kind and key counts, so taking a word back is another row.

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, params};

use super::error::{Result, StoreError};
use super::handle::Store;
use crate::domain::alert::{Mute, MuteKind, newest_mutes};
use crate::domain::position::finding::Severity;

impl Store {
    /// Keeps what somebody said.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn record_mute(&self, mute: Mute) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let last: i64 =
                transaction.query_row("SELECT coalesce(max(mute_id), 0) FROM alert_mutes", [], |row| row.get(0))?;
            transaction.execute(
                "INSERT INTO alert_mutes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    last + 1,
                    mute.kind.as_str(),
                    mute.key,
                    mute.up_to.as_str(),
                    mute.by,
                    mute.why,
                    mute.made_at.naive_utc(),
                    mute.until.map(|until| until.naive_utc()),
                ],
            )?;
            Ok(transaction.commit()?)
        })
        .await
    }
}

/// The newest word of each kind about each key as of `now`, whether or not it still holds.
///
/// # Errors
/// DuckDB's, or a stored name that this version cannot read.
pub fn mutes(connection: &Connection, now: DateTime<Utc>) -> Result<Vec<Mute>> {
    let sql =
        "SELECT kind, key, up_to, made_by, why, made_at, until FROM alert_mutes WHERE made_at <= ? ORDER BY mute_id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(params![now.naive_utc()])?;
    let mut said = Vec::new();
    while let Some(row) = rows.next()? {
        said.push(Mute {
            kind: named::<MuteKind>("the kind of a mute", row.get(0)?)?,
            key: row.get(1)?,
            up_to: named::<Severity>("the severity of a mute", row.get(2)?)?,
            by: row.get(3)?,
            why: row.get(4)?,
            made_at: row.get::<_, NaiveDateTime>(5)?.and_utc(),
            until: row.get::<_, Option<NaiveDateTime>>(6)?.map(|until| until.and_utc()),
        });
    }
    Ok(newest_mutes(said))
}

/// A value of ours from the name that is stored for it.
fn named<T: serde::de::DeserializeOwned>(what: &str, name: String) -> Result<T> {
    serde_json::from_value(name.into())
        .map_err(|error| StoreError::Unreadable { what: what.to_owned(), reason: error.to_string() })
}
