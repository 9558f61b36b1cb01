//! Files of this process are its user's alone.
//!
//! Whatever umask a shell or a service has, what the program keeps (the store with its log, id, lock and moved files, backups, and the
//! folders that it makes for them) is made without any right for others, from the first byte on: DuckDB makes most of these files,
//! and asks for no rights. What a command writes for people to hand on (`-o`) has the rights that the umask left, as everywhere.

use std::io;
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::{Mode, chmod};
use rustix::process::umask;

/// The umask that the process was started with.
static BEFORE: OnceLock<Mode> = OnceLock::new();
/// Takes every right from others.
const PRIVATE: Mode = Mode::RWXG.union(Mode::RWXO);

/// To be called before any thread starts.
pub fn keep_files_private() {
    let _ = BEFORE.set(umask(PRIVATE));
}

/// Gives a file or a folder that was just made the rights that it would have had without [`keep_files_private`].
///
/// # Errors
/// The system's.
pub fn hand_out(path: &Path) -> io::Result<()> {
    let Some(before) = BEFORE.get() else { return Ok(()) };
    let all = if path.is_dir() { 0o777 } else { 0o666 };
    Ok(chmod(path, Mode::from_raw_mode(all).difference(*before))?)
}
