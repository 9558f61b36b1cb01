//! Backups: a consistent copy of a live store.

use std::path::Path;

use super::Store;
use super::error::{Result, StoreError};

impl Store {
    /// Copies everything into a new database file at `target`, which must not exist yet. The copy appears under its
    /// name only once it is whole.
    ///
    /// # Errors
    /// [`StoreError::Open`] if `target` exists or cannot be written, DuckDB's otherwise.
    pub async fn backup(&self, target: &Path) -> Result<()> {
        let target = target.to_owned();
        let store = self.clone();
        self.call(move |connection| {
            let failed = |reason: String| StoreError::Open { path: target.clone(), reason };
            if target.exists() {
                return Err(failed("a file of that name exists already; choose another name".to_owned()));
            }
            let partial = target.with_extension("partial");
            let name = partial.to_str().ok_or_else(|| failed("its name is not valid UTF-8".to_owned()))?;
            // A leftover of a copy that was cut short is of no use to anybody.
            let _ = std::fs::remove_file(&partial);
            let source: String = connection.query_row("SELECT current_database()", [], |row| row.get(0))?;
            store.checkpoint_on(connection)?;
            connection.execute_batch(&format!(
                "ATTACH '{}' AS copy_of_store; COPY FROM DATABASE \"{}\" TO copy_of_store; \
                 DETACH copy_of_store;",
                name.replace('\'', "''"),
                source.replace('"', "\"\""),
            ))?;
            std::fs::rename(&partial, &target).map_err(|error| failed(format!("it cannot be named: {error}")))
        })
        .await
    }
}
