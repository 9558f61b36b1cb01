//! Filings, frozen under a version and a content hash.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use duckdb::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Store;
use super::error::{Result, StoreError};
use crate::domain::projection::content_hash;

/// A filing as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

impl StoredProjection {
    /// True if the body is still what was frozen.
    pub fn is_intact(&self) -> bool {
        content_hash(&self.body) == self.content_hash
    }

    /// Refuses a body that is not what was frozen.
    ///
    /// # Errors
    /// [`StoreError::FilingChanged`].
    pub fn verify(&self) -> Result<()> {
        if self.is_intact() {
            return Ok(());
        }
        let (frozen, found) = (self.content_hash.clone(), content_hash(&self.body));
        Err(StoreError::FilingChanged { version: self.version, frozen, found })
    }
}

/// A filing to freeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProjection {
    /// When it is recorded here.
    pub recorded_at: DateTime<Utc>,
    /// Day it was filed with AWS.
    pub filed_on: NaiveDate,
    /// The version that it says it corrects.
    pub corrects: Option<u32>,
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
    /// [`StoreError::FiledBeforeNewest`] if the newest version was filed with AWS later and so claims the same records
    /// from its day on; [`StoreError::NothingToCorrect`] if the version that it corrects does not exist; DuckDB's.
    pub async fn file_projection(&self, new: NewProjection) -> Result<StoredProjection> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let known = all(&transaction)?;
            let newest = known.last();
            if let Some(same) = newest.filter(|newest| newest.content_hash == new.content_hash) {
                return Ok(same.clone());
            }
            if let Some(later) = newest.filter(|newest| newest.filed_on > new.filed_on) {
                let (version, newest) = (later.version, later.filed_on);
                return Err(StoreError::FiledBeforeNewest { filed_on: new.filed_on, version, newest });
            }
            if let Some(corrects) = new.corrects.filter(|wanted| !known.iter().any(|one| one.version == *wanted)) {
                return Err(StoreError::NothingToCorrect {
                    corrects,
                    newest: newest.map_or(0, |newest| newest.version),
                });
            }
            let version = newest.map_or(1, |newest| newest.version + 1);
            let NewProjection { recorded_at, filed_on, content_hash, body, .. } = new;
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
        self.read(all).await
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
