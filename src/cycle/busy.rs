//! What goes on where backups go.

use std::sync::Arc;

use tokio::sync::Mutex;

/// What goes on at a place: a disk that does not answer holds up what waits for it, one thread, and nothing else.
#[derive(Debug, Default)]
pub struct Busy {
    /// Held while a backup is made, so that none takes the half of another for one that was cut off.
    pub(super) making: Mutex<()>,
    /// Held while its files are listed.
    pub(super) looking: Arc<Mutex<()>>,
}
