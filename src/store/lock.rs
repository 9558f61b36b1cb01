//! The lock file beside the database: one process at a time has the store open.
//!
//! It says which process that is, and its time says when somebody was last told that the disk is full, which no other file could
//! remember then.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tracing::debug;

use super::error::{Result, StoreError};

/// A lock that is held until it is dropped; the operating system lets go of it when the process dies.
#[derive(Debug)]
pub struct Lock {
    /// `None` on a disk that can only be read, where nobody made the file.
    file: Option<File>,
}

/// The lock file of the store `path`.
fn file_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

impl Lock {
    /// Takes it.
    ///
    /// # Errors
    /// [`StoreError::InUse`] beside another process, and [`StoreError::Open`] if the file cannot be opened.
    pub fn take(path: &Path) -> Result<Lock> {
        let name = file_of(path);
        let failed = |reason: std::io::Error| StoreError::Open {
            path: path.to_owned(),
            reason: format!("its lock file {} cannot be opened: {reason}", name.display()),
        };
        let is_new = !name.exists();
        let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&name);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => match File::open(&name) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Lock { file: None }),
                Err(error) => return Err(failed(error)),
            },
            Err(error) => return Err(failed(error)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let read = (&mut file).take(64).read_to_string(&mut holder);
                let holder = read.ok().and_then(|_| holder.trim().parse().ok());
                return Err(StoreError::InUse { path: path.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let lock = Lock { file: Some(file) };
        lock.sign(is_new);
        Ok(lock)
    }

    /// Writes down who holds it, which helps people and decides nothing.
    fn sign(&self, is_new: bool) {
        let Some(mut file) = self.file.as_ref() else { return };
        let told = file.metadata().and_then(|it| it.modified()).ok().filter(|_| !is_new);
        let told = told.unwrap_or(SystemTime::UNIX_EPOCH);
        let signed = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(format!("{}\n", std::process::id()).as_bytes()))
            .and_then(|()| file.stream_position())
            .and_then(|end| file.set_len(end))
            .and(file.set_modified(told));
        if let Err(error) = signed {
            // On a disk that takes no write, nobody can.
            debug!("the lock file could not be signed: {error}");
            let _ = file.set_modified(told);
        }
    }
}

/// When somebody was last told that the disk of the store `path` takes no writes; long ago if never.
pub fn told_of_disk(path: &Path) -> Option<SystemTime> {
    file_of(path).metadata().ok()?.modified().ok()
}

/// Notes that somebody was told of it at `now`. Where even that cannot be kept, a restart tells again.
pub fn note_told_of_disk(path: &Path, now: SystemTime) {
    let noted = OpenOptions::new().write(true).open(file_of(path)).and_then(|file| file.set_modified(now));
    if let Err(error) = noted {
        debug!("when the disk's state was told cannot be kept: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_says_who_holds_it_and_remembers_when_somebody_was_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.duckdb");
        let lock = Lock::take(&path).unwrap();
        assert_eq!(told_of_disk(&path), Some(SystemTime::UNIX_EPOCH), "nobody was told yet");
        let refused = Lock::take(&path).unwrap_err();
        assert!(matches!(refused, StoreError::InUse { holder: Some(holder), .. } if holder == std::process::id()));
        let told = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        note_told_of_disk(&path, told);
        drop(lock);
        let _again = Lock::take(&path).unwrap();
        assert_eq!(told_of_disk(&path), Some(told), "also after a restart");
    }
}
