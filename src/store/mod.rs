//! DuckDB: the only SQL.
//!
//! Invariants: one process opens the file (a lock file says so before DuckDB does); facts are appended in
//! transactions, so a process killed anywhere leaves the previous picture; no call blocks the async runtime; who reads
//! sees one moment and does not wait for who writes; migrations run in order, each in a transaction of its own, with a
//! checkpoint before and after; after an error with which DuckDB refuses everything the file is opened anew by the next call.

use glidepath_domain as domain;

mod account_plans;
pub mod alerts;
mod aside;
mod audit;
mod backup;
mod backup_files;
mod backup_places;
mod charges;
mod child;
mod copying;
mod credits;
mod cycles;
mod entered;
mod error;
mod evidence;
mod examine;
mod failures;
mod fingerprint;
mod heal;
mod health;
mod history;
mod id;
mod ingest;
mod links;
mod lock;
mod log_file;
mod migrations;
mod month_sums;
mod mutes;
mod notices;
mod objects;
mod opened;
mod opening;
pub mod packed;
mod plan;
mod projections;
mod read;
mod readers;
mod regular;
mod reports;
mod requests;
mod revoked;
mod revoked_list;
mod trouble;
mod vanished;
mod verify;
mod views;
mod whole;

use std::io::ErrorKind;
use std::path::{Path, PathBuf, absolute};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use duckdb::{AccessMode, Config, Connection};
use tracing::warn;

use crate::domain::facts::healing::Healing;
use crate::domain::values::bounds::DEFAULT_STORE_MEMORY_MB;

use health::Health;
use lock::Lock;
use opened::Opened;
use opening::Mode;

pub use audit::{Again, AuditEntry, AuditKey, AuditRow};
pub use backup_files::{Backup, BackupFile, MARK as BACKUP_MARK};
pub use charges::{ChargeFilter, ChargeKey, StoredCharge};
pub use credits::SnapshotKey;
pub use cycles::{AwaitedOutlook, FinishedCycle, Messages, PastOutlooks, StoredCycle, UnreadOutlook};
pub use entered::Entered;
pub use error::{Result, StoreError};
pub use examine::{Depth, EXAMINE, Examined, Examiner, copy_with_log, examine, seconds_for, without_secrets};
pub use failures::Progress;
pub use fingerprint::{Fingerprint, Seen};
pub use heal::Damage;
pub use health::DiskProblem;
pub use id::StoreId;
pub use ingest::{CreditPull, IngestRun, PulledCosts};
pub use links::{LinkKey, Revocation, StoredLink};
pub use lock::{Told, note_told, told};
pub use month_sums::MonthsKnown;
pub use notices::{Enclosed, LastNotice, NoticeKind};
pub use opening::{BackupFolders, Claim, Opening, Unclaimed, UnclaimedBackup};
pub use projections::{NewProjection, StoredProjection};
pub use read::{Restatement, RestatementKey};
pub use reports::{IssuedKey, IssuedReport};
pub use requests::{ChargedRequests, PaidRequests};
pub use trouble::DiskTrouble;
pub use verify::{Invariant, Verified, VerifiedTable};
pub use views::{KeptView, ViewMaker};
pub use whole::{new_beside, new_file};

/// Threads that DuckDB may use; more would only add stacks and buffers at this size.
const THREADS: i64 = 2;

/// An open store. Cloning shares it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    id: StoreId,
    memory_mb: u32,
    /// How it is healed; `None` for a store that is opened as it is.
    opening: Option<Opening>,
    /// `None` while the file is opened anew.
    opened: RwLock<Option<Opened>>,
    health: Health,
    /// See [`Store::writes`].
    writes: AtomicU64,
    interrupted: AtomicBool,
    /// Held for as long as the store is open; `None` in memory.
    lock: Option<Lock>,
}

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
        let mode = opening::make_ready(&opening)?;
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
        opening::restore(opening, from)
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
        let connection = open_file(path, memory_mb, mode, opening.as_ref().map(|opening| &opening.backups))?;
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

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Which store it is.
    pub fn id(&self) -> &StoreId {
        &self.inner.id
    }

    /// Runs `work`, which writes, on a thread where blocking is allowed.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError::Interrupted`] if it panicked.
    pub async fn call<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || store.call_blocking(work)).await
    }

    /// Runs `work`, which only reads, on a thread where blocking is allowed. It sees one moment, however many statements
    /// it makes and whatever is written meanwhile, and waits for no writer.
    ///
    /// # Errors
    /// Those of `work`, DuckDB's if it writes, and [`StoreError::Interrupted`] if it panicked.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || store.with(|opened| opened.readers.read(work))).await
    }

    /// Runs `work`, which appends a note on who read what, without waiting for a cycle that writes.
    async fn note<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || store.with(|opened| work(&locked(&opened.notes)))).await
    }

    /// As [`Store::call`], for `work` that writes to the tables of notes as well: none is appended meanwhile, since they
    /// are numbered from the newest.
    async fn call_without_notes<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || {
            store.write(|opened, connection| {
                let _no_notes = locked(&opened.notes);
                work(connection)
            })
        })
        .await
    }

    /// Runs `work`, which writes, here and now, for callers that may block.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn call_blocking<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        self.write(|_, connection| work(connection))
    }

    fn write<T>(&self, work: impl FnOnce(&Opened, &mut Connection) -> Result<T>) -> Result<T> {
        // Counted when it ends, however it does, and before the writer is answered: nobody is told of what readers miss.
        let _counted = Counted(&self.inner.writes);
        self.with(|opened| {
            let mut connection = locked(&opened.connection);
            let result = work(opened, &mut connection);
            if result.is_err() {
                undo(&connection);
            }
            result
        })
    }

    /// How often something may have been written since the store was opened, notes on who read what left out. Nothing else
    /// writes the file, so what is read between two equal counts is the same; asking costs nothing, unlike a query.
    pub fn writes(&self) -> u64 {
        self.inner.writes.load(Ordering::SeqCst)
    }

    /// Makes the statement that is running fail, if there is one. What its transaction did is undone.
    pub fn interrupt(&self) {
        self.inner.interrupted.store(true, Ordering::SeqCst);
        if let Some(opened) = &*self.inner.opened.read().unwrap_or_else(PoisonError::into_inner) {
            opened.interrupt.interrupt();
        }
    }

    /// True once a statement may have been cut short: what failed since then need not have failed by itself.
    pub fn is_interrupted(&self) -> bool {
        self.inner.interrupted.load(Ordering::SeqCst)
    }

    /// Writes the write-ahead log into the file, so that the next start has nothing to replay.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while something else writes, and if DuckDB cannot write.
    pub fn checkpoint(&self) -> Result<()> {
        self.write(|opened, connection| checkpoint(opened, connection))?;
        self.inner.health.takes_writes();
        Ok(())
    }
}

/// Checkpoints; called by who holds the connection that writes.
fn checkpoint(opened: &Opened, connection: &Connection) -> Result<()> {
    // DuckDB refuses while another connection writes.
    let _no_notes = locked(&opened.notes);
    connection.execute_batch("CHECKPOINT").map_err(|error| {
        let busy = error.to_string().contains("other write transactions active");
        if busy { StoreError::Busy } else { error.into() }
    })
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

/// What to do where the system lets nobody write in `folder`, after its own words.
fn remedy(error: &std::io::Error, folder: &Path) -> String {
    let what = match error.kind() {
        ErrorKind::PermissionDenied => "give the user who runs this the right to write in",
        ErrorKind::NotFound | ErrorKind::NotADirectory => "make the folder",
        _ => return String::new(),
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    format!("; {what} {}, or write another path in [store]", folder.display())
}

/// Opens the file. The database reaches it, what is copied out of it, and its backups in `folders`; without those, its own folder.
fn open_file(path: &Path, memory_mb: u32, mode: Mode, folders: Option<&BackupFolders>) -> Result<Connection> {
    let config = match mode {
        Mode::Writable => config(memory_mb)?,
        Mode::ReadOnly => config(memory_mb)?.access_mode(AccessMode::ReadOnly)?,
    };
    let connection = Connection::open_with_flags(path, config).map_err(|error| StoreError::Open {
        path: path.to_owned(),
        reason: format!("{error}. Check that the file is a glidepath store and is writable"),
    })?;
    let reached: Vec<PathBuf> = match folders {
        Some(folders) => folders.all().into_iter().chain(folders.copy.clone()).collect(),
        None => absolute(path).ok().and_then(|path| path.parent().map(Path::to_owned)).into_iter().collect(),
    };
    confine(&connection, &reached, &[heal::held_beside(path)])?;
    Ok(connection)
}

/// Lets the database of `connection` reach no other files than its own, those in `folders`, and the databases `files`, for good: whatever
/// stands in a file that somebody put there reads nothing else.
fn confine(connection: &Connection, folders: &[PathBuf], files: &[PathBuf]) -> Result<()> {
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
fn unconnected() -> Result<Connection> {
    let config = Config::default().max_memory("64MB")?.threads(1)?.enable_autoload_extension(false)?;
    let connection = Connection::open_in_memory_with_flags(config)?;
    connection.execute_batch("SET temp_directory = ''")?;
    confine(&connection, &[], &[])?;
    Ok(connection)
}

fn bring_up_to_date(path: &Path, connection: &mut Connection, mode: Mode) -> Result<()> {
    if mode == Mode::ReadOnly {
        let (found, known) = (migrations::version_of(connection)?, migrations::known());
        if found == known {
            return Ok(());
        }
        let reason = format!(
            "an older glidepath wrote it (its schema is version {found}, this program's is {known}), and its disk can only be read. \
             Open it once where it can be written"
        );
        return Err(StoreError::Open { path: path.to_owned(), reason });
    }
    migrations::migrate(path, connection)?;
    cycles::say_again(connection)
}

/// DuckDB's log of the file `path`.
fn log_of(path: &Path) -> PathBuf {
    beside(path, "wal")
}

/// A file that belongs to the file `path`: its name with `.` and `what` at the end.
fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    PathBuf::from(name)
}

/// Counts when it is dropped.
struct Counted<'a>(&'a AtomicU64);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Interrupted(error.to_string()))?
}

fn locked(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A panic inside an earlier call rolled its transaction back; the connection itself is sound.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends whatever transaction a failed call left behind. Dropping it has done so already, unless [`Store::interrupt`]
/// cut that rollback short as well; then the next call would fail for a reason that is not its own.
fn undo(connection: &Connection) {
    // Many, since who interrupts may do so in a loop.
    const TRIES: u32 = 10_000;
    for _ in 0..TRIES {
        match connection.execute_batch("ROLLBACK") {
            Ok(()) => return,
            Err(error) if error.to_string().contains("no transaction is active") => return,
            Err(error) if trouble::is_unusable(&error.to_string()) => return,
            Err(_) => {}
        }
    }
}

/// Length of DuckDB's log at which it writes it into the file. What stands in the log is held in memory too.
const LOG_LIMIT: &str = "2MB";

fn config(memory_mb: u32) -> Result<Config> {
    let bounded = Config::default().max_memory(&format!("{memory_mb}MB"))?.with("wal_autocheckpoint", LOG_LIMIT)?;
    Ok(bounded.threads(THREADS)?.enable_autoload_extension(false)?)
}
