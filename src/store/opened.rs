//! The connections to an open file.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::database::undo;
use super::error::Result;
use super::readers::Readers;
use duckdb::{Connection, InterruptHandle};

/// All connections to the file; once this is dropped, DuckDB has closed it.
pub struct Opened {
    /// Writes, one call at a time.
    pub connection: Mutex<Connection>,
    /// Appends who read what, which must not wait for a cycle. Who writes these tables through `connection` locks this
    /// one too, and after it.
    pub notes: Mutex<Connection>,
    /// Read.
    pub readers: Readers,
    /// Cuts what `connection` runs, but for the end of a transaction that failed: who ends one holds this meanwhile.
    interrupt: Mutex<Arc<InterruptHandle>>,
    /// Calls so far.
    calls: AtomicU32,
}

/// Calls after which a database that is closed and opened again takes megabytes less: DuckDB keeps a list of buffers that are gone, which
/// it shortens only once it is hundreds of thousands long.
const MANY_CALLS: u32 = 2_000;

impl Opened {
    /// Opens the others beside `connection`.
    pub fn of(connection: Connection) -> Result<Opened> {
        Ok(Opened {
            notes: Mutex::new(connection.try_clone()?),
            readers: Readers::beside(&connection)?,
            interrupt: Mutex::new(connection.interrupt_handle()),
            connection: Mutex::new(connection),
            calls: AtomicU32::new(0),
        })
    }

    /// Cuts the statement that writes, if there is one.
    pub fn interrupt(&self) {
        self.interrupt.lock().unwrap_or_else(PoisonError::into_inner).interrupt();
    }

    /// Ends whatever transaction a failed call left behind on the connection that writes.
    pub fn undo(&self, connection: &Connection) {
        let _uncut = self.interrupt.lock().unwrap_or_else(PoisonError::into_inner);
        undo(connection);
    }

    /// Counts a call.
    pub fn is_called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// True once closing it and opening it again frees memory.
    pub fn is_worn(&self) -> bool {
        self.calls.load(Ordering::Relaxed) >= MANY_CALLS
    }
}
