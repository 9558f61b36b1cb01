//! Files and folders as the disk has them.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// A new file at `path`, where nothing may stand yet, not even a link to nowhere.
///
/// # Errors
/// The system's.
pub fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Has the folder of `file` remember its names.
///
/// # Errors
/// The system's.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
