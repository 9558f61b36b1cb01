//! Backups: a consistent copy of a live store.

use std::path::{Path, PathBuf};

use duckdb::Connection;

use super::Store;
use super::error::{Result, StoreError};

/// The copy's name while it is attached. Detached before it is used too: a copy that failed must not fail the next one.
const COPY: &str = "copy_of_store";

impl Store {
    /// Copies everything into a new database file at `target`, which must not exist yet. The copy appears under its
    /// name only once it is whole; of one that fails nothing stays.
    ///
    /// # Errors
    /// [`StoreError::Backup`] if `target` exists or the copy cannot be written, DuckDB's if the store cannot be read.
    pub async fn backup(&self, target: &Path) -> Result<()> {
        let target = target.to_owned();
        let store = self.clone();
        self.call(move |connection| {
            let failed = |reason: String| StoreError::Backup { path: target.clone(), reason };
            check_target(&target).map_err(failed)?;
            let partial = target.with_extension("partial");
            let name = partial.to_str().ok_or_else(|| failed("its name is not valid UTF-8".to_owned()))?;
            // A leftover of a copy that was cut short is of no use to anybody.
            remove(&partial);
            store.checkpoint_on(connection)?;
            let copied = copy(connection, name);
            let renamed = copied.and_then(|()| {
                std::fs::rename(&partial, &target)
                    .map_err(|error| failed(format!("the finished copy cannot be given its name: {error}")))
            });
            renamed.map_err(|error| {
                remove(&partial);
                match error {
                    StoreError::Duckdb(error) => failed(error.to_string()),
                    StoreError::OutOfMemory(_) => failed(error.to_string()),
                    other => other,
                }
            })
        })
        .await
    }
}

/// What the user can mend is said before anything is written.
fn check_target(target: &Path) -> std::result::Result<(), String> {
    if target.exists() {
        return Err("a file of that name exists already; choose another name".to_owned());
    }
    match target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => {
            Err(format!("there is no folder {}; create it, or choose another place", folder.display()))
        }
        _ => Ok(()),
    }
}

fn copy(connection: &Connection, name: &str) -> Result<()> {
    let source: String = connection.query_row("SELECT current_database()", [], |row| row.get(0))?;
    let detach = format!("DETACH DATABASE IF EXISTS {COPY}");
    connection.execute_batch(&detach)?;
    let copied = connection.execute_batch(&format!(
        "ATTACH '{}' AS {COPY}; COPY FROM DATABASE \"{}\" TO {COPY}",
        name.replace('\'', "''"),
        source.replace('"', "\"\""),
    ));
    let detached = connection.execute_batch(&detach);
    // What failed first is the cause of the other.
    Ok(copied.and(detached)?)
}

/// Removes a copy that is not whole, with its log. Where that fails, the next copy says so.
fn remove(partial: &Path) {
    let mut log = partial.as_os_str().to_owned();
    log.push(".wal");
    for file in [partial.to_owned(), PathBuf::from(log)] {
        let _ = std::fs::remove_file(file);
    }
}
