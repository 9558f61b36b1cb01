//! Second places for backups where this store left its mark.

use std::path::Path;

use super::error::Result;
use super::handle::Store;
use chrono::{DateTime, Utc};
use duckdb::params;

impl Store {
    /// True if this store has left its mark in the folder `path`.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn has_marked(&self, path: &Path) -> Result<bool> {
        let path = path.to_string_lossy().into_owned();
        self.read(move |connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM backup_places WHERE path = ?)";
            Ok(connection.query_row(sql, params![path], |row| row.get(0))?)
        })
        .await
    }

    /// Notes that it did at `now`.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn note_mark(&self, path: &Path, now: DateTime<Utc>) -> Result<()> {
        let path = path.to_string_lossy().into_owned();
        self.call(move |connection| {
            connection.execute("INSERT INTO backup_places VALUES (?, ?)", params![path, now.naive_utc()])?;
            Ok(())
        })
        .await
    }
}
