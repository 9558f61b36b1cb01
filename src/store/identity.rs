//! The id of a store, read out of it and written beside it.

use std::path::Path;

use super::error::{Result, StoreError};
use super::id::StoreId;
use super::whole;
use duckdb::Connection;
use tracing::warn;

impl StoreId {
    /// Reads it out of a store whose migrations are done.
    pub(super) fn of(connection: &Connection) -> Result<StoreId> {
        let text: String = connection.query_row("SELECT id FROM store_id", [], |row| row.get(0))?;
        text.parse().map_err(|reason| StoreError::Unreadable { what: "its id".to_owned(), reason })
    }

    /// Writes it beside the store `path`, unless it stands there. A store that opens is of use without: what cannot be written is
    /// only told.
    pub(super) fn write_beside(&self, path: &Path) {
        if StoreId::beside(path).is_ok_and(|there| there.as_ref() == Some(self)) {
            return;
        }
        if let Err(error) = whole::write(&StoreId::file(path), format!("{self}\n").as_bytes()) {
            let file = StoreId::file(path);
            warn!(
                "the file {}, by which commands find the daemon of this store, cannot be written: {error}",
                file.display()
            );
        }
    }
}
