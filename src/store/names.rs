//! What the files beside a store are called, and what to do where one cannot be made.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// DuckDB's log of the file `path`.
pub(super) fn log_of(path: &Path) -> PathBuf {
    beside(path, "wal")
}

/// A file that belongs to the file `path`: its name with `.` and `what` at the end.
pub(super) fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    PathBuf::from(name)
}

/// What is copied out of memory.
const HELD: &str = "held";

/// Where what the database of the store `path` still holds in memory is copied to.
pub(super) fn held_beside(path: &Path) -> PathBuf {
    beside(path, HELD)
}

/// What to do where the system lets nobody write in `folder`, after its own words.
pub(super) fn remedy(error: &std::io::Error, folder: &Path) -> String {
    let what = match error.kind() {
        ErrorKind::PermissionDenied => "give the user who runs this the right to write in",
        ErrorKind::NotFound | ErrorKind::NotADirectory => "make the folder",
        _ => return String::new(),
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    format!("; {what} {}, or write another path in [store]", folder.display())
}
