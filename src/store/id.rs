//! Which store it is: an id that it keeps for life, in itself and in a file beside it.
//!
//! Invariants: the store's own id wins, and the file is written again where it says something else; the file never stands beside
//! a store whose migrations are not committed; a copy of the store is the same store.

use super::regular;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Hexadecimal digits of an id.
const DIGITS: usize = 16;

/// The id of a store.
///
/// ```
/// use glidepath_store::StoreId;
/// let id: StoreId = "00ffa3b17c9e2d54".parse().unwrap();
/// assert_eq!(id.to_string(), "00ffa3b17c9e2d54");
/// assert!("00FFA3B17C9E2D54".parse::<StoreId>().is_err() && "glidepath".parse::<StoreId>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId(String);

impl FromStr for StoreId {
    type Err = String;

    fn from_str(text: &str) -> Result<StoreId, String> {
        let sound = text.len() == DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        sound.then(|| StoreId(text.to_owned())).ok_or_else(|| {
            format!("{text:?} is not the id of a store, which has {DIGITS} digits from 0 to 9 and a to f")
        })
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StoreId {
    /// The file beside the store `path` that says its id.
    pub fn file(path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(".id");
        PathBuf::from(name)
    }

    /// What the file beside the store `path` says; `None` if there is no such file.
    ///
    /// # Errors
    /// Why the file cannot be read, or that it holds no id.
    pub fn beside(path: &Path) -> Result<Option<StoreId>, String> {
        match regular::read_text(&StoreId::file(path), regular::LONGEST_NOTE) {
            Ok(text) => text.trim_end().parse().map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}
