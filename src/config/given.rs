//! Files that the operator names, in the config or at the command line. They may be pipes, as of `<(command)`, which say no length: so
//! none is read beyond one.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// Bytes of a config, a filing, a price book or a report.
pub const LONGEST_DOCUMENT: u64 = 64 << 20;
/// Bytes of a secret.
pub const LONGEST_SECRET: u64 = 64 << 10;

/// The bytes of the file `path`, if there are `longest` at most.
///
/// # Errors
/// The system's, and [`ErrorKind::FileTooLarge`].
pub fn bytes(path: &Path, longest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(longest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
        let reason = format!("it is longer than the {longest} bytes that are read of such a file");
        return Err(io::Error::new(ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

/// As [`bytes`], of a file that holds text.
///
/// # Errors
/// As [`bytes`], and [`ErrorKind::InvalidData`].
pub fn text(path: &Path, longest: u64) -> io::Result<String> {
    let text = String::from_utf8(bytes(path, longest)?);
    text.map_err(|_| io::Error::new(ErrorKind::InvalidData, "stream did not contain valid UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_such_a_file_holds() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "text").unwrap();
        assert_eq!(text(&file, 4).unwrap(), "text");
        assert_eq!(text(&file, 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(bytes(Path::new("/dev/zero"), 9).unwrap_err().kind(), ErrorKind::FileTooLarge);
        std::fs::write(&file, [0xff]).unwrap();
        assert_eq!(text(&file, 3).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
