//! Filings, frozen under a version and a content hash.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use duckdb::{Connection, OptionalExt as _, Row, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::entered::shown;
use super::error::{Result, StoreError};
use super::handle::Store;
use crate::domain::filing::projection::content_hash;

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

    /// The newest filing that was filed with AWS by the day of `clock`, of the first `known` versions.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn filing_knowing(&self, clock: DateTime<Utc>, known: i64) -> Result<Option<StoredProjection>> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM filed_projections WHERE version <= ? AND filed_on <= ?
                 ORDER BY version DESC LIMIT 1"
            );
            Ok(connection.query_row(&sql, params![known, clock.date_naive()], read).optional()?)
        })
        .await
    }

    /// The newest filing that was filed with AWS by the day of `clock`, of those that the outlook knew which is shown of the
    /// cycle `cycle`. Of a cycle that was stored before that was kept, seen at `as_of`: without `as_of` all count, with it
    /// those that were known by then: recorded by that moment, or before the cycle ended, whose clock can lie behind the one
    /// that filings are recorded by.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn filing_in_force(
        &self,
        cycle: i64,
        clock: DateTime<Utc>,
        as_of: Option<DateTime<Utc>>,
    ) -> Result<Option<StoredProjection>> {
        self.read(move |connection| {
            let version = version_in_force(connection, cycle, clock, as_of)?;
            let sql = format!("SELECT {COLUMNS} FROM filed_projections WHERE version = ?");
            Ok(connection.query_row(&sql, params![version], read).optional()?)
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

/// The version of [`Store::filing_in_force`]; 0 for none.
pub fn version_in_force(
    connection: &Connection,
    cycle: i64,
    clock: DateTime<Utc>,
    as_of: Option<DateTime<Utc>>,
) -> Result<i64> {
    let sql = "SELECT coalesce(max(version), 0) FROM filed_projections
               WHERE filed_on <= ?1 AND (?4 IS NULL OR version <= ?4)
                   AND (?4 IS NOT NULL OR ?2 IS NULL OR recorded_at <= ?2
                        OR version <= (SELECT newest_filing FROM cycles WHERE run_id = ?3))";
    let known = shown(connection, Some(clock))?.filter(|shown| shown.run_id == cycle).and_then(|shown| shown.entered);
    let mut statement = connection.prepare_cached(sql)?;
    let (as_of, known) = (as_of.map(|as_of| as_of.naive_utc()), known.map(|known| known.filings));
    Ok(statement.query_row(params![clock.date_naive(), as_of, cycle, known], |row| row.get(0))?)
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
