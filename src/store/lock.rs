//! The lock file beside the database: one process at a time has the store open.
//!
//! It says which process that is, and what was last told of a store that could not keep it; its time says when.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::{Result, StoreError};
use super::names::{beside, remedy};
use super::regular::{self, LONGEST_NOTE, Links};
use tracing::debug;

/// A lock that is held until it is dropped; the operating system lets go of it when the process dies.
#[derive(Debug)]
pub struct Lock {
    /// `None` on a disk that can only be read, where nobody made the file.
    file: Option<File>,
}

/// The lock file of the store `path`.
fn file_of(path: &Path) -> PathBuf {
    beside(path, "lock")
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
            reason: format!(
                "its lock file {} cannot be opened: {reason}{}",
                name.display(),
                remedy(&reason, path.parent().unwrap_or(Path::new("")))
            ),
        };
        let is_new = !name.exists();
        let opened = open(&name, true);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => {
                match regular::open(&name, Links::Refused, LONGEST_NOTE) {
                    Ok(file) => file,
                    Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Lock { file: None }),
                    Err(error) => return Err(failed(error)),
                }
            }
            Err(error) => return Err(failed(error)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut held = String::new();
                let read = (&mut file).take(LONGEST).read_to_string(&mut held);
                let holder = read.ok().and_then(|_| held.lines().next()?.trim().parse().ok());
                return Err(StoreError::InUse { path: path.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let lock = Lock { file: Some(file) };
        lock.sign(path, is_new);
        Ok(lock)
    }

    /// Writes down who holds it, which helps people and decides nothing.
    fn sign(&self, path: &Path, is_new: bool) {
        let Some(mut file) = self.file.as_ref().and_then(|file| file.try_clone().ok()) else { return };
        let told = told(path).filter(|_| !is_new).unwrap_or(Told { at: SystemTime::UNIX_EPOCH, rule: None });
        let signed = write(&mut file, &std::process::id().to_string(), told.rule.as_deref());
        if let Err(error) = signed.and(file.set_modified(told.at)) {
            // On a disk that takes no write, nobody can.
            debug!("the lock file could not be signed: {error}");
            let _ = file.set_modified(told.at);
        }
    }
}

/// Opens the lock file `name` to read and write it, and makes it if it `may_be_new`.
fn open(name: &Path, may_be_new: bool) -> std::io::Result<File> {
    let mut options = regular::options(Links::Refused);
    let opened = options.create(may_be_new).truncate(false).read(true).write(true).open(name);
    let file = opened.map_err(|error| regular::told(name, error))?;
    regular::check(name, &file, LONGEST_NOTE)?;
    Ok(file)
}

/// What was told of a store from memory, since the store could not keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When; long ago if never.
    pub at: SystemTime,
    /// The rule; none if nothing was, or that could not be kept.
    pub rule: Option<String>,
}

/// What was last told of the store `path`; `None` where nothing can remember it.
pub fn told(path: &Path) -> Option<Told> {
    let file = file_of(path);
    let at = file.symlink_metadata().ok()?.modified().ok()?;
    let held = regular::read_text(&file, LONGEST_NOTE).unwrap_or_default();
    Some(Told { at, rule: held.lines().nth(1).map(str::to_owned) })
}

/// Notes what was told of the store `path`, or that nothing is any more. Where even that cannot be kept, a restart tells again.
pub fn note_told(path: &Path, told: &Told) {
    let noted = || -> std::io::Result<()> {
        let mut file = open(&file_of(path), false)?;
        let mut held = String::new();
        (&mut file).take(LONGEST).read_to_string(&mut held)?;
        let written = write(&mut file, held.lines().next().unwrap_or_default(), told.rule.as_deref());
        file.set_modified(told.at).and(written)
    };
    if let Err(error) = noted() {
        debug!("what was told of the store cannot be kept: {error}");
    }
}

/// More than a lock file holds.
const LONGEST: u64 = 256;

/// The holder, and what was told. The new text is no longer than a block, so a full disk takes it too.
fn write(file: &mut File, holder: &str, rule: Option<&str>) -> std::io::Result<()> {
    let mut text = format!("{holder}\n");
    if let Some(rule) = rule {
        text.push_str(rule);
        text.push('\n');
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
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
        let never = Told { at: SystemTime::UNIX_EPOCH, rule: None };
        assert_eq!(told(&path), Some(never.clone()), "nobody was told yet");
        let refused = Lock::take(&path).unwrap_err();
        assert!(matches!(refused, StoreError::InUse { holder: Some(holder), .. } if holder == std::process::id()));
        let of_disk = Told {
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000),
            rule: Some("disk_full".to_owned()),
        };
        note_told(&path, &of_disk);
        let refused = Lock::take(&path).unwrap_err();
        assert!(matches!(refused, StoreError::InUse { holder: Some(holder), .. } if holder == std::process::id()));
        drop(lock);
        let _again = Lock::take(&path).unwrap();
        assert_eq!(told(&path), Some(of_disk), "also after a restart");
        note_told(&path, &never);
        assert_eq!(told(&path), Some(never));
    }
}
