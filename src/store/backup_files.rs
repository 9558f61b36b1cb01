//! The files in a folder of backups, by their names: whose each is, when it was made, and whether it was finished.

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::copying::stands;
use super::id::StoreId;
use super::names::log_of;
use super::regular;
use super::whole::is_unguessable;
use crate::domain::facts::referee::is_ahead;

/// The file by which a second place for backups is known.
pub const MARK: &str = "glidepath-backups";
const PREFIX: &str = "glidepath-";
/// UTC to the second, without characters that a file system or a shell minds.
const STAMP: &str = "%Y%m%dT%H%M%SZ";
const WHOLE: &str = ".duckdb";
/// While a copy is written, and of its log.
const HALVES: [&str; 2] = [".partial", ".partial.wal"];

/// A file that glidepath made in a folder of backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFile {
    /// Which store it is of; `None` for one of an older version.
    pub id: Option<StoreId>,
    /// The time that its name says.
    pub taken_at: DateTime<Utc>,
    /// False for one that was not finished.
    pub whole: bool,
    /// When it was last written to, where that is known.
    pub written_at: Option<DateTime<Utc>>,
    /// Its name.
    pub name: String,
}

impl BackupFile {
    /// Reads a name; `None` for every other file.
    pub fn of(name: &str, written_at: Option<DateTime<Utc>>) -> Option<BackupFile> {
        let half = HALVES.iter().find_map(|half| name.strip_suffix(half));
        // Older versions wrote it under a name without the random word.
        let half =
            half.map(|half| half.rsplit_once('.').filter(|(_, word)| is_unguessable(word)).map_or(half, |it| it.0));
        let stem = name.strip_suffix(WHOLE).or(half)?;
        let (before, stamp) = stem.split_once(PREFIX)?;
        let id = match before {
            "" => None,
            before => Some(before.strip_suffix('-')?.parse().ok()?),
        };
        let taken_at = NaiveDateTime::parse_from_str(stamp, STAMP).ok()?.and_utc();
        Some(BackupFile { id, taken_at, whole: half.is_none(), written_at, name: name.to_owned() })
    }

    /// The name of a backup of the store `id`, made at `now`.
    pub fn name_of(id: &StoreId, now: DateTime<Utc>) -> String {
        format!("{id}-{PREFIX}{}{WHOLE}", now.format(STAMP))
    }

    /// True for a finished one of the store `id`.
    pub fn is_of(&self, id: &StoreId) -> bool {
        self.whole && self.id.as_ref() == Some(id)
    }

    /// Backups, and halves of them, in `folder`; none where it does not exist. What bears such a name and is no regular file is none.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn all_in(folder: &Path) -> io::Result<Vec<BackupFile>> {
        Ok(entries(folder)?.into_iter().filter(|entry| entry.odd.is_none()).map(|entry| entry.file).collect())
    }

    /// What in `folder` bears the name of a backup and is none, and logs that lie beside backups; each with the remedy, in words.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn odd_in(folder: &Path) -> io::Result<Vec<String>> {
        let mut said = Vec::new();
        for Entry { file, odd } in entries(folder)? {
            let path = folder.join(&file.name);
            if let Some(what) = odd {
                said.push(regular::remedy(&path, what));
            } else if file.whole && stands(&log_of(&path)) {
                let log = log_of(&path);
                said.push(format!(
                    "{} lies beside a backup, and no backup has a log: the backup is read without it; remove it",
                    log.display()
                ));
            }
        }
        Ok(said)
    }
}

/// Something under the name of a backup.
struct Entry {
    file: BackupFile,
    /// What it is, if it is no regular file.
    odd: Option<&'static str>,
}

fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let listed = match folder.read_dir() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut entries = Vec::new();
    for entry in listed {
        let entry = entry?;
        let name = entry.file_name();
        let Some(file) = name.to_str().and_then(|name| BackupFile::of(name, None)) else { continue };
        // Of a link itself, not of what it leads to.
        let held = entry.metadata().ok();
        let written_at = held.as_ref().and_then(|it| it.modified().ok()).map(DateTime::from);
        let odd = held.and_then(|held| regular::odd(held.file_type()));
        entries.push(Entry { file: BackupFile { written_at, ..file }, odd });
    }
    Ok(entries)
}

/// A finished backup and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// What its name says.
    pub file: BackupFile,
    /// Its path.
    pub path: PathBuf,
}

impl Backup {
    /// What was entered up to then is in it, as far as can be told at `now`: neither its name nor the time of the file was written
    /// before it was made, and one of both may have been written under a clock that lay ahead.
    pub fn knows_to(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let written = self.file.written_at.filter(|at| !is_ahead(*at, now)).unwrap_or(self.file.taken_at);
        self.file.taken_at.min(written).min(now - TimeDelta::seconds(1))
    }
}

/// The finished backups in `folders`, newest first at `now`; those that bear a time that is yet to come, last. A folder that cannot be
/// read holds none.
pub fn newest_first(folders: &[PathBuf], now: DateTime<Utc>) -> Vec<Backup> {
    let mut backups: Vec<Backup> = folders
        .iter()
        .flat_map(|folder| {
            let files = BackupFile::all_in(folder).unwrap_or_else(|error| {
                tracing::warn!("the backups in {} cannot be listed: {error}", folder.display());
                Vec::new()
            });
            for said in BackupFile::odd_in(folder).unwrap_or_default() {
                tracing::warn!("{said}");
            }
            files.into_iter().filter(|file| file.whole).map(|file| Backup { path: folder.join(&file.name), file })
        })
        .collect();
    // Stable: of two of one moment, that in the first folder comes first.
    backups.sort_by_key(|backup| {
        let made = backup.file.written_at.map_or(backup.file.taken_at, |written| written.min(backup.file.taken_at));
        (is_ahead(made, now), std::cmp::Reverse(made))
    });
    backups
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "0123456789abcdef";
    const THEIRS: &str = "fedcba9876543210";

    fn id(text: &str) -> StoreId {
        text.parse().unwrap()
    }

    #[test]
    fn names_read_back_and_other_files_are_none_of_ours() {
        let now = "2026-11-23T06:30:05Z".parse().unwrap();
        let name = BackupFile::name_of(&id(OURS), now);
        assert_eq!(name, "0123456789abcdef-glidepath-20261123T063005Z.duckdb");
        let read = BackupFile::of(&name, None).unwrap();
        assert!(read.is_of(&id(OURS)) && !read.is_of(&id(THEIRS)));
        assert_eq!(read.taken_at, now);
        for (name, whole) in [
            ("glidepath-20261123T063005Z.duckdb", true),
            ("glidepath-20261123T063005Z.partial", false),
            ("0123456789abcdef-glidepath-20261123T063005Z.partial", false),
            ("0123456789abcdef-glidepath-20261123T063005Z.fedcba9876543210.partial", false),
            ("0123456789abcdef-glidepath-20261123T063005Z.fedcba9876543210.partial.wal", false),
            ("0123456789abcdef-glidepath-20261123T063005Z.partial.wal", false),
        ] {
            assert_eq!(BackupFile::of(name, None).map(|file| file.whole), Some(whole), "{name}");
        }
        for name in [
            "glidepath-before-upgrade.duckdb",
            "glidepath-20200101T000000Z.duckdb.old",
            "0123456789abcdef-glidepath-20261123T063005Z.duckdb.id",
            "0123456789abcdef-glidepath-20261123T063005Z.duckdb.wal",
            "0123456789ABCDEF-glidepath-20261123T063005Z.duckdb",
            "0123456789abcde-glidepath-20261123T063005Z.duckdb",
            "0123456789abcdefglidepath-20261123T063005Z.duckdb",
            "-glidepath-20261123T063005Z.duckdb",
            "my-glidepath-20261123T063005Z.duckdb",
            "glidepath-20261323T063005Z.duckdb",
            "0123456789abcdef-glidepath-20261123T063005Z.fedcba9876543210.duckdb",
            "0123456789abcdef-glidepath-20261123T063005Z.fedcba987654321.partial",
            "glidepath-backups",
            "notes.txt",
        ] {
            assert_eq!(BackupFile::of(name, None), None, "{name}");
        }
    }

    #[test]
    fn the_newest_come_first_and_a_folder_that_is_not_there_holds_nothing() {
        let top = tempfile::tempdir().unwrap();
        let folders = [top.path().join("a"), top.path().join("none"), top.path().join("b")];
        std::fs::create_dir(&folders[0]).unwrap();
        std::fs::create_dir(&folders[2]).unwrap();
        assert_eq!(BackupFile::all_in(&folders[1]).unwrap(), []);
        for (folder, name) in [
            (&folders[0], "glidepath-20261121T063000Z.duckdb"),
            (&folders[0], "glidepath-20261123T063000Z.partial"),
            (&folders[0], "notes.txt"),
            (&folders[2], "glidepath-20261122T063000Z.duckdb"),
            (&folders[2], "glidepath-20261121T063000Z.duckdb"),
        ] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        assert!(BackupFile::all_in(&folders[0]).unwrap()[0].written_at.is_some());
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        // Made under a clock that lay ahead: before the others, by the time of its file.
        let ahead = folders[2].join("glidepath-20261122T113000Z.duckdb");
        std::fs::write(&ahead, "").unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        std::fs::File::options().write(true).open(&ahead).unwrap().set_modified(long_ago).unwrap();
        let later = folders[0].join("glidepath-20990101T000000Z.duckdb");
        std::fs::write(&later, "").unwrap();
        let soon = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(4_100_000_000);
        for file in ["glidepath-20261121T063000Z.duckdb", "glidepath-20990101T000000Z.duckdb"] {
            std::fs::File::options().write(true).open(folders[0].join(file)).unwrap().set_modified(soon).unwrap();
        }
        let backups = newest_first(&folders, now);
        assert!(backups.iter().all(|backup| backup.knows_to(now) < now));
        let paths: Vec<PathBuf> = backups.into_iter().map(|backup| backup.path).collect();
        assert_eq!(
            paths,
            [
                folders[2].join("glidepath-20261122T063000Z.duckdb"),
                folders[0].join("glidepath-20261121T063000Z.duckdb"),
                folders[2].join("glidepath-20261121T063000Z.duckdb"),
                ahead,
                later,
            ]
        );
    }
}
