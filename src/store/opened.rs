//! The connections to an open file.

use std::sync::{Arc, Mutex};

use duckdb::{Connection, InterruptHandle};

use super::error::Result;
use super::readers::Readers;

/// All connections to the file; once this is dropped, DuckDB has closed it.
pub struct Opened {
    /// Writes, one call at a time.
    pub connection: Mutex<Connection>,
    /// Appends who read what, which must not wait for a cycle. Who writes these tables through `connection` locks this
    /// one too, and after it.
    pub notes: Mutex<Connection>,
    /// Read.
    pub readers: Readers,
    /// Cuts what `connection` runs.
    pub interrupt: Arc<InterruptHandle>,
}

impl Opened {
    /// Opens the others beside `connection`.
    pub fn of(connection: Connection) -> Result<Opened> {
        Ok(Opened {
            notes: Mutex::new(connection.try_clone()?),
            readers: Readers::beside(&connection)?,
            interrupt: connection.interrupt_handle(),
            connection: Mutex::new(connection),
        })
    }
}
