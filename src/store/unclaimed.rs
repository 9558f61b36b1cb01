//! Backups that may be of a store that is gone.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::id::StoreId;
use crate::domain::values::words::moment_text;

/// Backups that may be of a store that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclaimed {
    /// The store's path.
    pub path: PathBuf,
    /// The newest backup of each id.
    pub newest: Vec<UnclaimedBackup>,
    /// The only id in the first folder, and whose data it is; `None` where there are several, or none.
    pub sole: Option<(Option<StoreId>, Option<String>)>,
}

/// A backup that may be of a store that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnclaimedBackup {
    /// Its path.
    pub path: PathBuf,
    /// Which store it is of; `None` for one of an older version.
    pub id: Option<StoreId>,
    /// The account of its data, if that could be read.
    pub account: Option<String>,
    /// When it was made.
    pub taken_at: DateTime<Utc>,
}

impl std::fmt::Display for Unclaimed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.display();
        write!(f, "whose store was at {path} cannot be told, and there are backups that may be of it:")?;
        for backup in &self.newest {
            let id =
                backup.id.as_ref().map_or_else(|| "a store of an older version".to_owned(), |id| format!("store {id}"));
            let account = backup
                .account
                .as_deref()
                .map_or_else(|| "account not known".to_owned(), |account| format!("account {account}"));
            write!(f, "\n  {}  {id}, {account}, made on {}", backup.path.display(), moment_text(backup.taken_at))?;
        }
        write!(
            f,
            "\nNothing was created. `glidepath restore PATH` puts the backup PATH in its place; `--new` of `serve` and `cycle` begins \
             an empty store"
        )
    }
}
