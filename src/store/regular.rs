//! How files that others may have put there are opened: those in folders of backups, and those beside the store.
//!
//! Invariant: nothing that is read or copied waits without end or is without end. What is no regular file (a pipe, a device, a
//! folder), or a link where glidepath writes the file itself, is named and counts as missing.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Bytes of a file that says an id, or who holds a lock.
pub(super) const LONGEST_NOTE: u64 = 1_024;
/// Bytes of a list of links: some hundred thousand.
pub(super) const LONGEST_LIST: u64 = 16 << 20;
/// Bytes of DuckDB's log, which is written into the file at two megabytes; one transaction can be longer than that.
pub(super) const LONGEST_LOG: u64 = 1 << 30;
/// Bytes of a store.
pub(super) const LONGEST_STORE: u64 = 64 << 30;

/// Whether a name may be a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// Somebody named it who may lay links: the store itself, or a file at the command line.
    Followed,
    /// Glidepath writes it under this name, and writes no links.
    Refused,
}

/// Options that neither wait for who holds the other end of a pipe nor, where those are refused, follow a link.
pub(super) fn options(links: Links) -> OpenOptions {
    let mut options = OpenOptions::new();
    let flags = match links {
        Links::Followed => OFlags::NONBLOCK,
        Links::Refused => OFlags::NONBLOCK | OFlags::NOFOLLOW,
    };
    options.custom_flags(flags.bits().cast_signed());
    options
}

/// Opens the file `path` to read it, if it is one of at most `longest` bytes.
///
/// # Errors
/// The system's; of [`ErrorKind::InvalidData`] where it is no such file, with what it is and the remedy.
pub(super) fn open(path: &Path, links: Links, longest: u64) -> io::Result<File> {
    let file = options(links).read(true).open(path).map_err(|error| told(path, error))?;
    check(path, &file, longest)?;
    Ok(file)
}

/// As [`open`], of a file that was opened with [`options`].
pub(super) fn check(path: &Path, file: &File, longest: u64) -> io::Result<()> {
    let held = file.metadata()?;
    if let Some(odd) = odd(held.file_type()) {
        return Err(refused(path, odd));
    }
    if held.len() > longest {
        return Err(refused(path, &format!("longer than the {longest} bytes that such a file has at most")));
    }
    Ok(())
}

/// The bytes of a file that glidepath writes itself.
///
/// # Errors
/// As [`open`].
pub(super) fn read(path: &Path, longest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // It may grow while it is read.
    open(path, Links::Refused, longest)?.take(longest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
        return Err(refused(path, &format!("longer than the {longest} bytes that such a file has at most")));
    }
    Ok(bytes)
}

/// The text of a file that glidepath writes itself.
///
/// # Errors
/// As [`open`].
pub(super) fn read_text(path: &Path, longest: u64) -> io::Result<String> {
    String::from_utf8(read(path, longest)?).map_err(|_| refused(path, "no text"))
}

/// What a file of this type is in words, if it is no regular file.
pub(super) fn odd(kind: FileType) -> Option<&'static str> {
    Some(match kind {
        kind if kind.is_file() => return None,
        kind if kind.is_symlink() => "a link",
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    })
}

/// What the system says of something that was not opened, in words of ours where it is odd.
pub(super) fn told(path: &Path, error: io::Error) -> io::Error {
    let is = |errno: Errno| error.raw_os_error() == Some(errno.raw_os_error());
    // A link, a socket, or a pipe that nobody reads.
    if !is(Errno::LOOP) && !is(Errno::NXIO) {
        return error;
    }
    match fs::symlink_metadata(path).ok().and_then(|held| odd(held.file_type())) {
        Some(odd) => refused(path, odd),
        None => error,
    }
}

fn refused(path: &Path, what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, remedy(path, what))
}

/// What to do with something that is no file of ours.
pub(super) fn remedy(path: &Path, what: &str) -> String {
    format!("{} is {what}, and counts as missing: remove it, or put the file there that belongs there", path.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, Mode, mknodat};

    use super::*;

    #[test]
    fn what_is_no_regular_file_is_named_at_once_and_so_is_what_is_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "text").unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink("/dev/zero", at("zero")).unwrap();
        symlink(at("none"), at("nowhere")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        mknodat(CWD, at("pipe"), rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        assert_eq!(read_text(&at("file"), 4).unwrap(), "text");
        for (name, is) in [
            ("link", "a link"),
            ("zero", "a link"),
            ("nowhere", "a link"),
            ("folder", "a folder"),
            ("pipe", "a pipe"),
            ("socket", "a socket"),
        ] {
            let error = read(&at(name), 4).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{name}");
            assert!(
                error.to_string().contains(&format!("{name} is {is}, and counts as missing: remove it")),
                "{error}"
            );
        }
        let long = read(&at("file"), 3).unwrap_err().to_string();
        assert!(long.contains("file is longer than the 3 bytes"), "{long}");
        assert_eq!(read(&at("none"), 3).unwrap_err().kind(), ErrorKind::NotFound);
        // Where links are followed, what they lead to is looked at.
        assert!(open(&at("link"), Links::Followed, 4).is_ok());
        assert!(open(&at("zero"), Links::Followed, 4).unwrap_err().to_string().contains("is a device"));
        fs::write(at("file"), [0xff]).unwrap();
        assert!(read_text(&at("file"), 4).unwrap_err().to_string().contains("is no text"));
    }
}
