//! DuckDB's databases, each with the files that it may reach, and how a call on one ends.

use std::path::{Path, PathBuf, absolute};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::{Result, StoreError};
use super::mode::Mode;
use super::names::{beside, held_beside};
use duckdb::{AccessMode, Config, Connection};

/// Threads that DuckDB may use; more would only add stacks and buffers at this size.
const THREADS: i64 = 2;

/// Opens the file. The database reaches it, what is copied out of it, and its backups in `folders`; without those, its own folder.
pub(super) fn open_file(path: &Path, memory_mb: u32, mode: Mode, folders: Option<&[PathBuf]>) -> Result<Connection> {
    let config = match mode {
        Mode::Writable => config(memory_mb)?,
        Mode::ReadOnly => config(memory_mb)?.access_mode(AccessMode::ReadOnly)?,
    };
    let connection = Connection::open_with_flags(path, config).map_err(|error| StoreError::Open {
        path: path.to_owned(),
        reason: format!("{error}. Check that the file is a glidepath store and is writable"),
    })?;
    let reached: Vec<PathBuf> = match folders {
        Some(folders) => folders.to_vec(),
        None => absolute(path).ok().and_then(|path| path.parent().map(Path::to_owned)).into_iter().collect(),
    };
    confine(&connection, &reached, &[held_beside(path)])?;
    Ok(connection)
}

/// Lets the database of `connection` reach no other files than its own, those in `folders`, and the databases `files`, for good: whatever
/// stands in a file that somebody put there reads nothing else.
pub(super) fn confine(connection: &Connection, folders: &[PathBuf], files: &[PathBuf]) -> Result<()> {
    let list = |paths: Vec<PathBuf>| -> String {
        let whole = |path: PathBuf| absolute(&path).unwrap_or(path).to_string_lossy().replace('\'', "''");
        paths.into_iter().map(|path| format!("'{}'", whole(path))).collect::<Vec<_>>().join(", ")
    };
    // What DuckDB keeps beside a database while it writes it.
    let with_logs = |file: &PathBuf| ["wal", "wal.checkpoint", "wal.recovery"].map(|log| beside(file, log)).into_iter();
    let files = files.iter().flat_map(|file| std::iter::once(file.clone()).chain(with_logs(file))).collect();
    connection.execute_batch(&format!(
        "SET allowed_directories = [{}]; SET allowed_paths = [{}]; SET enable_external_access = false",
        list(folders.to_vec()),
        list(files)
    ))?;
    Ok(())
}

/// An empty database that reaches no file at all.
pub(super) fn unconnected() -> Result<Connection> {
    let config = Config::default().max_memory("64MB")?.threads(1)?.enable_autoload_extension(false)?;
    let connection = Connection::open_in_memory_with_flags(config)?;
    connection.execute_batch("SET temp_directory = ''")?;
    confine(&connection, &[], &[])?;
    Ok(connection)
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Interrupted(error.to_string()))?
}

pub(super) fn locked(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A panic inside an earlier call rolled its transaction back; the connection itself is sound.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends whatever transaction a failed call left behind; where dropping it has done so already, there is none to end. Who calls this
/// sees to it that nobody cuts it short.
pub(super) fn undo(connection: &Connection) {
    let _none_or_over = connection.execute_batch("ROLLBACK");
}

/// Length of DuckDB's log at which it writes it into the file. What stands in the log is held in memory too.
const LOG_LIMIT: &str = "2MB";

pub(super) fn config(memory_mb: u32) -> Result<Config> {
    let bounded = Config::default().max_memory(&format!("{memory_mb}MB"))?.with("wal_autocheckpoint", LOG_LIMIT)?;
    Ok(bounded.threads(THREADS)?.enable_autoload_extension(false)?)
}
