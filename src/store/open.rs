//! Opens a store: as it is, put together again, or in memory.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, RwLock};

use duckdb::Connection;
use tracing::warn;

use super::database::{config, open_file};
use super::error::{Result, StoreError};
use super::handle::{Inner, Store};
use super::health::Health;
use super::id::StoreId;
use super::lock::Lock;
use super::mode::Mode;
use super::names::remedy;
use super::opened::Opened;
use super::opening::Opening;
use super::up_to_date::bring_up_to_date;
use super::{heal, ready};
use crate::domain::facts::healing::Healing;
use crate::domain::values::bounds::DEFAULT_STORE_MEMORY_MB;

impl Store {
    /// Opens or creates the store at `path` and brings its schema up to date. A file that cannot be read is an error.
    ///
    /// # Errors
    /// [`StoreError::InUse`] beside another process, [`StoreError::TooNew`] for a newer version's file, and
    /// [`StoreError::Open`] if the file cannot be created or read.
    pub fn open(path: &Path) -> Result<Store> {
        Store::open_within(path, DEFAULT_STORE_MEMORY_MB)
    }

    /// As [`Store::open`]; DuckDB may use `memory_mb` megabytes.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_within(path: &Path, memory_mb: u32) -> Result<Store> {
        create_folder(path)?;
        let lock = Lock::take(path)?;
        Store::open_as(path, memory_mb, Mode::Writable, Some(lock), None)
    }

    /// Opens or creates the store, and puts it together again where it is damaged or gone; see [`Opening`].
    ///
    /// # Errors
    /// As [`Store::open`], [`StoreError::Unclaimed`] where it cannot be told whether there was one, and [`StoreError::Defect`].
    pub fn open_or_heal(opening: Opening) -> Result<Store> {
        create_folder(&opening.path)?;
        let lock = Lock::take(&opening.path)?;
        let mode = ready::make_ready(&opening)?;
        let (path, memory_mb) = (opening.path.clone(), opening.memory_mb);
        Store::open_as(&path, memory_mb, mode, Some(lock), Some(opening))
    }

    /// Puts the backup `from`, or the newest good one, in the place of the store, which is moved aside.
    ///
    /// # Errors
    /// [`StoreError::InUse`] beside another process, and [`StoreError::Open`] if there is no good backup or the disk fails;
    /// nothing is moved then.
    pub fn restore(opening: &Opening, from: Option<&Path>) -> Result<Healing> {
        create_folder(&opening.path)?;
        let _lock = Lock::take(&opening.path)?;
        heal::resume(opening)?;
        ready::restore(opening, from)
    }

    /// A store in memory, for tests and benchmarks.
    ///
    /// # Errors
    /// If DuckDB cannot start.
    pub fn in_memory() -> Result<Store> {
        // Past its memory DuckDB writes into the current folder, which may be a source tree.
        let config = config(DEFAULT_STORE_MEMORY_MB)?.with("temp_directory", std::env::temp_dir().to_string_lossy())?;
        let connection = Connection::open_in_memory_with_flags(config)?;
        let path = Path::new(":memory:");
        Store::of(path, DEFAULT_STORE_MEMORY_MB, connection, Mode::Writable, None, None)
    }

    fn open_as(path: &Path, memory_mb: u32, mode: Mode, lock: Option<Lock>, opening: Option<Opening>) -> Result<Store> {
        let connection = open_file(path, memory_mb, mode, opening.as_ref().map(|it| it.backups.reached()).as_deref())?;
        let store = Store::of(path, memory_mb, connection, mode, lock, opening)?;
        if mode == Mode::Writable {
            store.id().write_beside(path);
            // As the file with the id: what it lacks is said, and opens no store less.
            if let Err(error) = store.write(|_, connection| store.keep_revoked(connection, None)) {
                warn!("which links were revoked cannot be listed beside the store: {error}");
            }
        }
        Ok(store)
    }

    fn of(
        path: &Path,
        memory_mb: u32,
        mut connection: Connection,
        mode: Mode,
        lock: Option<Lock>,
        opening: Option<Opening>,
    ) -> Result<Store> {
        bring_up_to_date(path, &mut connection, mode)?;
        let inner = Inner {
            path: path.to_owned(),
            id: StoreId::of(&connection)?,
            memory_mb,
            opening,
            opened: RwLock::new(Some(Opened::of(connection)?)),
            health: Health::of(mode),
            writes: AtomicU64::new(0),
            interrupted: AtomicBool::new(false),
            lock,
        };
        Ok(Store { inner: Arc::new(inner) })
    }
}

fn create_folder(path: &Path) -> Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) else {
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(|error| StoreError::Open {
        path: path.to_owned(),
        reason: format!("its folder cannot be created: {error}{}", remedy(&error, folder)),
    })
}
