//! Copies of files, onto the disk.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::Path;

use super::disk::new_file;
use super::regular::{self, Links};
use sha2::{Digest as _, Sha256};

/// Bytes that are copied at once.
const AT_ONCE: usize = 1 << 20;

/// What a file holds, in a form that no two files share.
pub(super) type Contents = [u8; 32];

/// Copies the bytes of a regular file of at most `longest` bytes into a new one, onto the disk; without its log, and without its
/// rights. Gives what was read, not what can be read again.
///
/// # Errors
/// The system's, and those of [`regular::open`].
pub(super) fn copy_bytes(from: &Path, to: &Path, links: Links, longest: u64) -> io::Result<Contents> {
    let (mut from, mut to) = (regular::open(from, links, longest)?.take(longest), new_file(to)?);
    let contents = each(&mut from, |bytes| to.write_all(bytes))?;
    to.sync_all()?;
    Ok(contents)
}

/// What the file that was copied to `path` holds.
///
/// # Errors
/// The system's.
pub(super) fn contents(path: &Path) -> io::Result<Contents> {
    each(&mut File::open(path)?, |_| Ok(()))
}

fn each(from: &mut impl Read, mut with: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Contents> {
    let (mut bytes, mut digest) = (vec![0; AT_ONCE], Sha256::new());
    loop {
        let read = match from.read(&mut bytes) {
            Ok(0) => return Ok(digest.finalize().into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        with(&bytes[..read])?;
        digest.update(&bytes[..read]);
    }
}

/// True if something stands at `path`, be it a link to nowhere.
pub(super) fn stands(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
