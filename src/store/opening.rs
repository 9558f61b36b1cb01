//! How to open a store: where it is, where its backups are, and what may be put in its place.

use std::path::{Path, PathBuf};

use super::backup_files::MARK;
use super::examine::{Depth, Examined, Examiner};
use super::id::StoreId;
use chrono::{DateTime, Utc};

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The database file.
    pub path: PathBuf,
    /// Megabytes that DuckDB may use.
    pub memory_mb: u32,
    /// Who looks into a file before it is opened.
    pub examiner: Examiner,
    /// Where backups lie: beside the store, and on another disk.
    pub backups: BackupFolders,
    /// What may be put where no store is.
    pub claim: Claim,
    /// The time, which the names of what is moved bear.
    pub now: fn() -> DateTime<Utc>,
}

/// Where backups lie.
#[derive(Debug, Clone, Default)]
pub struct BackupFolders {
    /// `backup_folder`.
    pub first: PathBuf,
    /// `backup_to`.
    pub second: Option<PathBuf>,
    /// Where somebody asked for a copy, now and once; nothing is looked for there.
    pub copy: Option<PathBuf>,
}

impl Opening {
    /// Looks into the file `path` and its log, with the memory that the store may use.
    pub(super) fn examine(&self, path: &Path, depth: Depth) -> Examined {
        self.examiner.examine(path, depth, self.memory_mb)
    }
}

impl BackupFolders {
    /// Both, whether they are there or not.
    pub(super) fn all(&self) -> Vec<PathBuf> {
        std::iter::once(self.first.clone()).chain(self.second.clone()).collect()
    }

    /// Every folder that the database may write a copy into.
    pub(super) fn reached(&self) -> Vec<PathBuf> {
        self.all().into_iter().chain(self.copy.clone()).collect()
    }

    /// Those that are there; a second place only with its mark, since what is written to it else may lie on another disk.
    pub(super) fn there(&self) -> Vec<PathBuf> {
        let second = self.second.clone().filter(|place| place.join(MARK).exists());
        std::iter::once(self.first.clone()).chain(second).filter(|folder| folder.is_dir()).collect()
    }

    /// A second place that does not show what it holds, and why: its folder, or the mark in it, is not there.
    pub(super) fn unseen(&self) -> Option<(PathBuf, String)> {
        let place = self.second.as_ref()?;
        let marked = place.join(MARK).exists();
        let why = "the mark that glidepath leaves in its backup_to is not there, so that disk may not be mounted; where there never was a \
                   backup, take backup_to out of the config for one start";
        (!marked).then(|| (place.clone(), why.to_owned()))
    }
}

/// What may be put in the place of a store of which nothing is left but backups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Claim {
    /// Nothing that is not known to belong there.
    #[default]
    None,
    /// An empty store.
    New,
    /// The newest good one of these backups in the first folder.
    Backups {
        /// The id that their names bear; `None` for those of older versions.
        of: Option<StoreId>,
    },
}
