//! Files that appear under their name whole or not at all.
//!
//! Invariant: nothing that somebody else put there is written through: a file is written under a name that nobody can guess, and that is
//! made new.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::disk::{new_file, sync_folder};
use super::names::beside;
use rand::TryRng as _;
use rand::rngs::SysRng;

/// The end of a name while a file is written.
const PARTIAL: &str = "partial";
/// Random bytes in such a name.
const RANDOM_BYTES: usize = 8;

/// A word that nobody can guess, of 16 hexadecimal digits.
///
/// # Errors
/// If the system gives no random bytes.
pub fn unguessable() -> io::Result<String> {
    let mut bytes = [0; RANDOM_BYTES];
    SysRng.try_fill_bytes(&mut bytes).map_err(|error| io::Error::other(format!("no random bytes: {error}")))?;
    Ok(hex::encode(bytes))
}

/// True for what [`unguessable`] gives.
pub(super) fn is_unguessable(word: &str) -> bool {
    word.len() == 2 * RANDOM_BYTES && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A new file beside `path`, and its name, which is to be given up for that of `path`.
///
/// # Errors
/// The system's.
pub fn new_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    loop {
        let name = beside(path, &format!("{}.{PARTIAL}", unguessable()?));
        match new_file(&name) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map(|file| (file, name)),
        }
    }
}

/// Writes `bytes` into the file `path`, in the place of what stands there. What stands there is replaced, and not what it leads to.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (mut file, partial) = new_beside(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written.and_then(|()| sync_folder(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_that_stands_there_is_replaced_and_what_it_leads_to_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for victim in ["there", "nowhere"] {
            if victim == "there" {
                fs::write(at(victim), "mine").unwrap();
            }
            symlink(at(victim), at("list")).unwrap();
            write(&at("list"), b"new").unwrap();
            assert!(!at("list").is_symlink() && fs::read(at("list")).unwrap() == b"new");
            assert_eq!(fs::read(at(victim)).ok(), (victim == "there").then(|| b"mine".to_vec()));
            assert!(new_file(&at("list")).is_err());
            fs::remove_file(at("list")).unwrap();
            symlink(at(victim), at("list")).unwrap();
            assert!(new_file(&at("list")).is_err(), "not even through a link to nowhere");
            fs::remove_file(at("list")).unwrap();
        }
        assert!(write(&at("none/list"), b"new").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }
}
