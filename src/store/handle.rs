//! An open store, and the ways to call on it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::database::{blocking, locked};
use super::error::{Result, StoreError};
use super::health::Health;
use super::id::StoreId;
use super::lock::Lock;
use super::opened::Opened;
use super::opening::Opening;
use duckdb::Connection;

/// An open store. Cloning shares it.
#[derive(Clone)]
pub struct Store {
    pub(super) inner: Arc<Inner>,
}

/// What is shared.
pub(super) struct Inner {
    pub(super) path: PathBuf,
    pub(super) id: StoreId,
    pub(super) memory_mb: u32,
    /// How it is healed; `None` for a store that is opened as it is.
    pub(super) opening: Option<Opening>,
    /// `None` while the file is opened anew.
    pub(super) opened: RwLock<Option<Opened>>,
    pub(super) health: Health,
    /// See [`Store::writes`].
    pub(super) writes: AtomicU64,
    pub(super) interrupted: AtomicBool,
    /// Held for as long as the store is open; `None` in memory.
    pub(super) lock: Option<Lock>,
}

impl Store {
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
    pub(super) async fn note<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let store = self.clone();
        blocking(move || store.with(|opened| work(&locked(&opened.notes)))).await
    }

    /// As [`Store::call`], for `work` that writes to the tables of notes as well: none is appended meanwhile, since they
    /// are numbered from the newest.
    pub(super) async fn call_without_notes<T, F>(&self, work: F) -> Result<T>
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

    pub(super) fn write<T>(&self, work: impl FnOnce(&Opened, &mut Connection) -> Result<T>) -> Result<T> {
        // Counted when it ends, however it does, and before the writer is answered: nobody is told of what readers miss.
        let _counted = Counted(&self.inner.writes);
        self.with(|opened| {
            let mut connection = locked(&opened.connection);
            let result = work(opened, &mut connection);
            if result.is_err() {
                opened.undo(&connection);
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
            opened.interrupt();
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
pub(super) fn checkpoint(opened: &Opened, connection: &Connection) -> Result<()> {
    // DuckDB refuses while another connection writes.
    let _no_notes = locked(&opened.notes);
    connection.execute_batch("CHECKPOINT").map_err(|error| {
        let busy = error.to_string().contains("other write transactions active");
        if busy { StoreError::Busy } else { error.into() }
    })
}

/// Counts when it is dropped.
struct Counted<'a>(&'a AtomicU64);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
