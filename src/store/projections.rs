//! Filings, frozen under a version and a content hash.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use duckdb::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use super::Store;
use super::error::Result;

/// A filing as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredProjection {
    /// Version, counted from 1.
    pub version: u32,
    /// When it was recorded here.
    pub recorded_at: DateTime<Utc>,
    /// Day it was filed with AWS.
    pub filed_on: NaiveDate,
    /// SHA-256 of the body in hex.
    pub content_hash: String,
    /// The file, verbatim.
    pub body: String,
}

const COLUMNS: &str = "version, recorded_at, filed_on, content_hash, body";

impl Store {
    /// Freezes a filing under the next version. Filing the newest version's text again changes nothing and gives
    /// that version.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn file_projection(
        &self,
        recorded_at: DateTime<Utc>,
        filed_on: NaiveDate,
        content_hash: String,
        body: String,
    ) -> Result<StoredProjection> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let newest = all(&transaction)?.pop();
            if let Some(same) = newest.as_ref().filter(|newest| newest.content_hash == content_hash) {
                return Ok(same.clone());
            }
            let version = newest.map_or(1, |newest| newest.version + 1);
            let filed = StoredProjection { version, recorded_at, filed_on, content_hash, body };
            transaction.execute(
                "INSERT INTO filed_projections VALUES (?, ?, ?, ?, ?)",
                params![version, recorded_at.naive_utc(), filed_on, filed.content_hash, filed.body],
            )?;
            transaction.commit()?;
            Ok(filed)
        })
        .await
    }

    /// Every filing, oldest version first.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn projections(&self) -> Result<Vec<StoredProjection>> {
        self.call(|connection| all(connection)).await
    }
}

fn all(connection: &Connection) -> Result<Vec<StoredProjection>> {
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM filed_projections ORDER BY version"))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<duckdb::Result<_>>()?)
}

fn read(row: &Row) -> duckdb::Result<StoredProjection> {
    Ok(StoredProjection {
        version: row.get(0)?,
        recorded_at: row.get::<_, NaiveDateTime>(1)?.and_utc(),
        filed_on: row.get(2)?,
        content_hash: row.get(3)?,
        body: row.get(4)?,
    })
}
