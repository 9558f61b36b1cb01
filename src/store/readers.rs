//! Connections that only read. DuckDB keeps versions of rows, so that they wait for no writer and no writer for them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use super::database::{locked, undo};
use super::error::Result;
use duckdb::Connection;

/// Enough for a page beside a long read of a cycle; more would only share DuckDB's two threads.
const CONNECTIONS: usize = 4;

/// The connections, whichever is free.
pub struct Readers {
    connections: Vec<Mutex<Connection>>,
    /// Whose turn it is where none is free.
    turn: AtomicUsize,
}

impl Readers {
    /// Opens them to the database of `connection`.
    pub fn beside(connection: &Connection) -> Result<Readers> {
        let open = |_| Ok(Mutex::new(connection.try_clone()?));
        let connections = (0..CONNECTIONS).map(open).collect::<Result<_>>()?;
        Ok(Readers { connections, turn: AtomicUsize::new(0) })
    }

    /// Runs `work` in a transaction that sees one moment and may not write.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let moment = Moment(self.free());
        moment.0.execute_batch("BEGIN TRANSACTION READ ONLY")?;
        work(&moment.0)
    }

    fn free(&self) -> MutexGuard<'_, Connection> {
        let free = self.connections.iter().find_map(|connection| match connection.try_lock() {
            Ok(free) => Some(free),
            Err(TryLockError::Poisoned(sound)) => Some(sound.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        free.unwrap_or_else(|| {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            locked(&self.connections[turn % self.connections.len()])
        })
    }
}

/// A connection inside a transaction, which ends with it, also where the work panics.
struct Moment<'a>(MutexGuard<'a, Connection>);

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        undo(&self.0);
    }
}
