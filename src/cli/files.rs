//! Files that a command reads and writes. Where one cannot be had, the error says what to do.

use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind, Read as _, Take, Write as _};
use std::path::Path;

use thiserror::Error;

use super::umask;
use crate::config::given;
use crate::store::new_beside;

/// A file that a command was given and cannot use.
#[derive(Debug, Error)]
#[error("{what} {path} cannot be {done}: {error}{}", hint(remedy))]
pub struct FileError {
    /// What it was to be, such as `the filing`.
    what: &'static str,
    /// Where it was looked for, or to be put.
    path: String,
    /// What was tried: read or written.
    done: &'static str,
    /// What to do, where the system's words leave that open.
    remedy: Option<&'static str>,
    /// What the system said.
    error: Error,
}

fn hint(remedy: &Option<&'static str>) -> String {
    remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default()
}

/// The text of a file; `what` says what it is, such as `the filing`.
///
/// # Errors
/// [`FileError`].
pub fn read_text(what: &'static str, path: &Path) -> Result<String, FileError> {
    given::text(path, given::LONGEST_DOCUMENT).map_err(|error| unreadable(what, path, error))
}

/// The bytes of a file; `what` says what it is.
///
/// # Errors
/// [`FileError`].
pub fn read_bytes(what: &'static str, path: &Path) -> Result<Vec<u8>, FileError> {
    given::bytes(path, given::LONGEST_DOCUMENT).map_err(|error| unreadable(what, path, error))
}

/// A file to read from, as far as such a file is read; `what` says what it is.
///
/// # Errors
/// [`FileError`].
pub fn open(what: &'static str, path: &Path) -> Result<Take<File>, FileError> {
    File::open(path).map(|file| file.take(given::LONGEST_DOCUMENT)).map_err(|error| unreadable(what, path, error))
}

/// Writes a file, which appears whole or not at all: where it cannot be written, what stood there stands there still. `what` says
/// what it is.
///
/// # Errors
/// [`FileError`].
pub fn write(what: &'static str, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_for(what, path, bytes, Readers::AsElsewhere)
}

/// As [`write`], of a file that is its owner's alone.
///
/// # Errors
/// [`FileError`].
pub fn write_private(what: &'static str, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_for(what, path, bytes, Readers::OwnerAlone)
}

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// Whoever the umask lets.
    AsElsewhere,
    OwnerAlone,
}

fn write_for(what: &'static str, path: &Path, bytes: &[u8], readers: Readers) -> Result<(), FileError> {
    write_whole(path, bytes, readers).map_err(|error| {
        let remedy = match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Some("make its folder first, or name another place"),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Some("name a place where you may write, or give yourself the right to")
            }
            ErrorKind::IsADirectory => Some("this is a folder: name a file in it"),
            ErrorKind::StorageFull => Some("make room, or name another place"),
            _ => None,
        };
        FileError { what, path: path.display().to_string(), done: "written", remedy, error }
    })
}

fn write_whole(path: &Path, bytes: &[u8], readers: Readers) -> std::io::Result<()> {
    // Through a link the file behind it is replaced, not the link.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let before = std::fs::metadata(&target).ok();
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        // A pipe or a device cannot be replaced.
        return std::fs::write(&target, bytes);
    }
    // Whoever may write in the same folder must not choose what is written through the name of the moment.
    let made = new_beside(&target).and_then(|(mut file, partial)| {
        let made = fill(&mut file, &partial, bytes, (before.as_ref(), readers))
            .and_then(|()| std::fs::rename(&partial, &target));
        made.inspect_err(|_| {
            let _ = std::fs::remove_file(&partial);
        })
    });
    let Err(error) = made else { return Ok(()) };
    // A single file that is mounted, or that may be written in a folder that may not, is not replaced but written.
    match error.kind() {
        ErrorKind::ResourceBusy | ErrorKind::PermissionDenied if before.is_some() => std::fs::write(&target, bytes),
        _ => Err(error),
    }
}

/// Writes the new file, with the rights of what was there `before`.
fn fill(
    file: &mut File,
    name: &Path,
    bytes: &[u8],
    (before, readers): (Option<&Metadata>, Readers),
) -> std::io::Result<()> {
    file.write_all(bytes)?;
    match (before, readers) {
        (Some(before), _) => file.set_permissions(before.permissions())?,
        (None, Readers::AsElsewhere) => umask::hand_out(name)?,
        // As it was made.
        (None, Readers::OwnerAlone) => {}
    }
    file.sync_all()
}

fn unreadable(what: &'static str, path: &Path, error: Error) -> FileError {
    let remedy = match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Some("correct the path; a relative one starts in the current folder")
        }
        ErrorKind::PermissionDenied => Some("give the user who runs this the right to read it"),
        ErrorKind::IsADirectory => Some("this is a folder: name a file in it"),
        ErrorKind::InvalidData => Some("it holds no text in UTF-8: is it the right file?"),
        _ => None,
    };
    FileError { what, path: path.display().to_string(), done: "read", remedy, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_had_names_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("none").join("report.pdf");
        let said = read_text("the filing", &nowhere).unwrap_err().to_string();
        assert!(said.starts_with("the filing ") && said.contains("none/report.pdf cannot be read: "), "{said}");
        assert!(said.ends_with("; correct the path; a relative one starts in the current folder"), "{said}");
        let said = write("the report", &nowhere, b"x").unwrap_err().to_string();
        assert!(said.contains("cannot be written: ") && said.ends_with("make its folder first, or name another place"));
        let said = read_bytes("the report", folder.path()).unwrap_err().to_string();
        assert!(said.ends_with("this is a folder: name a file in it"), "{said}");
        std::fs::write(folder.path().join("picture"), [0xff, 0xfe]).unwrap();
        let said = read_text("the filing", &folder.path().join("picture")).unwrap_err().to_string();
        assert!(said.ends_with("is it the right file?"), "{said}");
    }

    #[test]
    fn a_file_is_replaced_whole_behind_a_link_and_with_its_rights() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("report.pdf"), folder.path().join("newest.pdf"));
        write("the report", &path, b"first").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        write("the report", &link, b"second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        assert!(link.is_symlink());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
        write("the report", Path::new("/dev/null"), b"third").unwrap();
    }
}
