//! DuckDB: the only SQL in the crate.
//!
//! Invariants: one process opens the file (a lock file says so before DuckDB does); facts are appended in
//! transactions, so a process killed anywhere leaves the previous picture; no call blocks the async runtime; who reads
//! sees one moment and does not wait for who writes; migrations run in order, each in a transaction of its own, with a
//! checkpoint before and after.

mod account_plans;
pub mod alerts;
mod aside;
mod audit;
mod backup;
mod backup_places;
mod charges;
mod credits;
mod cycles;
mod entered;
mod error;
mod evidence;
mod failures;
mod fingerprint;
mod history;
mod id;
mod ingest;
mod links;
mod migrations;
mod month_sums;
mod mutes;
mod notices;
pub mod packed;
mod plan;
mod projections;
mod read;
mod readers;
mod reports;
mod requests;
mod vanished;
mod views;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duckdb::{Config, Connection, InterruptHandle};

use crate::domain::bounds::DEFAULT_STORE_MEMORY_MB;

use readers::Readers;

pub use audit::{AuditEntry, AuditKey, AuditRow};
pub use charges::{ChargeFilter, ChargeKey, StoredCharge};
pub use credits::SnapshotKey;
pub use cycles::{AwaitedOutlook, FinishedCycle, Messages, PastOutlooks, StoredCycle, UnreadOutlook};
pub use entered::Entered;
pub use error::{Result, StoreError};
pub use failures::Progress;
pub use fingerprint::{Fingerprint, Seen};
pub use id::StoreId;
pub use ingest::{CreditPull, IngestRun, PulledCosts};
pub use links::{LinkKey, Revocation, StoredLink};
pub use month_sums::MonthsKnown;
pub use notices::{Enclosed, LastNotice, NoticeKind};
pub use projections::{NewProjection, StoredProjection};
pub use read::{Restatement, RestatementKey};
pub use reports::{IssuedKey, IssuedReport};
pub use requests::{ChargedRequests, PaidRequests};
pub use views::{KeptView, ViewMaker};

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
    /// Writes, one call at a time.
    connection: Mutex<Connection>,
    /// Appends who read what, which must not wait for a cycle. Who writes these tables through `connection` locks this
    /// one too, and after it.
    notes: Mutex<Connection>,
    readers: Readers,
    /// See [`Store::writes`].
    writes: AtomicU64,
    interrupt: Arc<InterruptHandle>,
    interrupted: AtomicBool,
    /// Held for as long as the store is open; the operating system lets go of it when the process dies.
    _lock: Option<File>,
}

impl Store {
    /// Opens or creates the store at `path` and brings its schema up to date.
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
        let failed = |reason: String| StoreError::Open { path: path.to_owned(), reason };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|error| failed(format!("its folder cannot be created: {error}")))?;
        }
        let lock = lock(path)?;
        let config = config(memory_mb)?;
        let connection = Connection::open_with_flags(path, config)
            .map_err(|error| failed(format!("{error}. Check that the file is a glidepath store and is writable")))?;
        let store = Store::prepare(path, connection, Some(lock))?;
        store.id().write_beside(path);
        Ok(store)
    }

    /// A store in memory, for tests and benchmarks.
    ///
    /// # Errors
    /// If DuckDB cannot start.
    pub fn in_memory() -> Result<Store> {
        // Past its memory DuckDB writes into the current folder, which may be a source tree.
        let config = config(DEFAULT_STORE_MEMORY_MB)?.with("temp_directory", std::env::temp_dir().to_string_lossy())?;
        let connection = Connection::open_in_memory_with_flags(config)?;
        Store::prepare(Path::new(":memory:"), connection, None)
    }

    fn prepare(path: &Path, mut connection: Connection, lock: Option<File>) -> Result<Store> {
        migrations::migrate(path, &mut connection)?;
        cycles::say_again(&mut connection)?;
        let inner = Inner {
            path: path.to_owned(),
            id: StoreId::of(&connection)?,
            notes: Mutex::new(connection.try_clone()?),
            readers: Readers::beside(&connection)?,
            writes: AtomicU64::new(0),
            interrupt: connection.interrupt_handle(),
            interrupted: AtomicBool::new(false),
            connection: Mutex::new(connection),
            _lock: lock,
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
        blocking(move || store.inner.readers.read(work)).await
    }

    /// Runs `work`, which appends a note on who read what, without waiting for a cycle that writes.
    async fn note<F>(&self, work: F) -> Result<()>
    where
        F: FnOnce(&Connection) -> Result<()> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || work(&locked(&store.inner.notes))).await
    }

    /// As [`Store::call`], for `work` that writes to the tables of notes as well: none is appended meanwhile, since they
    /// are numbered from the newest.
    async fn call_without_notes<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    {
        let store = self.clone();
        self.call(move |connection| {
            let _no_notes = locked(&store.inner.notes);
            work(connection)
        })
        .await
    }

    /// Runs `work`, which writes, here and now, for callers that may block.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn call_blocking<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        // Counted when it ends, however it does, and before the writer is answered: nobody is told of what readers miss.
        let _counted = Counted(&self.inner.writes);
        let mut connection = locked(&self.inner.connection);
        let result = work(&mut connection);
        if result.is_err() {
            undo(&connection);
        }
        result
    }

    /// How often something may have been written since the store was opened, notes on who read what left out. Nothing else
    /// writes the file, so what is read between two equal counts is the same; asking costs nothing, unlike a query.
    pub fn writes(&self) -> u64 {
        self.inner.writes.load(Ordering::SeqCst)
    }

    /// Makes the statement that is running fail, if there is one. What its transaction did is undone.
    pub fn interrupt(&self) {
        self.inner.interrupted.store(true, Ordering::SeqCst);
        self.inner.interrupt.interrupt();
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
        self.call_blocking(|connection| self.checkpoint_on(connection))
    }

    fn checkpoint_on(&self, connection: &Connection) -> Result<()> {
        // DuckDB refuses while another connection writes.
        let _no_notes = locked(&self.inner.notes);
        connection.execute_batch("CHECKPOINT").map_err(|error| {
            let busy = error.to_string().contains("other write transactions active");
            if busy { StoreError::Busy } else { error.into() }
        })
    }
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
            Err(_) => {}
        }
    }
}

fn config(memory_mb: u32) -> Result<Config> {
    Ok(Config::default().max_memory(&format!("{memory_mb}MB"))?.threads(THREADS)?.enable_autoload_extension(false)?)
}

/// Takes the lock file beside the database.
fn lock(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let open = |reason: std::io::Error| StoreError::Open {
        path: path.to_owned(),
        reason: format!("its lock file cannot be opened: {reason}"),
    };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(PathBuf::from(name)).map_err(open)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(open(error)),
    }
}
