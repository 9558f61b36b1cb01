//! Backups under names that sort by time, and the removal of those that newer ones replace.
//!
//! Invariant: only files that carry our own naming pattern are ever removed, and only after a newer backup is whole.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing::info;
use utoipa::ToSchema;

use super::Engine;

const PREFIX: &str = "glidepath-";
const SUFFIX: &str = ".duckdb";
/// UTC to the second, without characters that a file system or a shell minds.
const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// What a backup did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupReport {
    /// The new copy.
    #[schema(value_type = String)]
    pub path: PathBuf,
    /// Older copies of ours that were removed.
    #[schema(value_type = Vec<String>)]
    pub removed: Vec<PathBuf>,
}

impl Engine {
    /// Copies the store into the backup folder under the time `now`, then removes all but the newest copies that config
    /// keeps. The copy just made always stays.
    ///
    /// # Errors
    /// If the folder or the copy cannot be written, or an old copy cannot be removed.
    pub async fn back_up(&self, now: DateTime<Utc>) -> Result<BackupReport> {
        let folder = &self.config().backup_folder;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating the folder for backups, {}", folder.display()))?;
        let path = folder.join(file_name(now));
        self.store().backup(&path).await?;
        let removed = prune(folder, self.config().backups_kept, now.naive_utc())?;
        info!(path = %path.display(), removed = removed.len(), "backup made");
        Ok(BackupReport { path, removed })
    }
}

/// When the newest backup of ours in `folder` was made; `None` if there is none. Read off the names, so that it
/// holds across restarts and says nothing of a copy that was not finished.
///
/// # Errors
/// If the folder is there and cannot be read.
pub fn newest_backup(folder: &Path) -> Result<Option<DateTime<Utc>>> {
    if !folder.exists() {
        return Ok(None);
    }
    Ok(names_in(folder)?.iter().filter_map(|name| taken_at(name)).max().map(|at| at.and_utc()))
}

fn file_name(now: DateTime<Utc>) -> String {
    format!("{PREFIX}{}{SUFFIX}", now.format(STAMP))
}

fn names_in(folder: &Path) -> Result<Vec<String>> {
    let reading = || format!("listing the backups in {}", folder.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(reading)? {
        names.extend(entry.with_context(reading)?.file_name().into_string().ok());
    }
    Ok(names)
}

fn prune(folder: &Path, kept: usize, made_at: NaiveDateTime) -> Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for name in superseded(names_in(folder)?, kept, made_at) {
        let path = folder.join(name);
        std::fs::remove_file(&path).with_context(|| format!("removing the old backup {}", path.display()))?;
        removed.push(path);
    }
    Ok(removed)
}

/// Our own backups among `names` but for the `kept` newest (at least one), oldest first. The one of `made_at` was made last: one
/// that bears a later time was made before it, under another clock, and goes first.
fn superseded(names: Vec<String>, kept: usize, made_at: NaiveDateTime) -> Vec<String> {
    let mut ours: Vec<(bool, NaiveDateTime, String)> = names
        .into_iter()
        .filter_map(|name| {
            let taken_at = taken_at(&name)?;
            Some((taken_at.and_utc().timestamp() <= made_at.and_utc().timestamp(), taken_at, name))
        })
        .collect();
    ours.sort();
    ours.truncate(ours.len().saturating_sub(kept.max(1)));
    ours.into_iter().map(|(.., name)| name).collect()
}

/// When a backup of ours was taken; `None` for every other file.
fn taken_at(name: &str) -> Option<NaiveDateTime> {
    let stamp = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    NaiveDateTime::parse_from_str(stamp, STAMP).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn names_read_back() {
        let now: DateTime<Utc> = "2026-11-23T06:30:05Z".parse().unwrap();
        assert_eq!(file_name(now), "glidepath-20261123T063005Z.duckdb");
        assert_eq!(taken_at(&file_name(now)), Some(now.naive_utc()));
    }

    #[test]
    fn the_newest_stay_and_strangers_are_left_alone() {
        let found = names(&[
            "glidepath-20261123T063000Z.duckdb",
            "glidepath-20261121T063000Z.duckdb",
            "glidepath-20251231T235959Z.duckdb",
            "glidepath-20261122T063000Z.duckdb",
            "glidepath-before-upgrade.duckdb",
            "glidepath-20200101T000000Z.duckdb.old",
            "glidepath-20261123T063000Z.partial",
            "notes.txt",
        ]);
        let made_at = "2026-11-23T06:30:00.75".parse().unwrap();
        assert_eq!(
            superseded(found.clone(), 2, made_at),
            ["glidepath-20251231T235959Z.duckdb", "glidepath-20261121T063000Z.duckdb"]
        );
        assert!(superseded(found.clone(), 4, made_at).is_empty());
        assert_eq!(superseded(found, 0, made_at).len(), 3, "the one just made is never removed");
    }

    #[test]
    fn what_was_made_last_is_the_newest_whatever_time_it_bears() {
        let found = names(&[
            "glidepath-20261121T063000Z.duckdb",
            "glidepath-20261122T063000Z.duckdb",
            "glidepath-20270102T063000Z.duckdb",
            "glidepath-20310102T063000Z.duckdb",
        ]);
        let after = |made_at: &str, kept| superseded(found.clone(), kept, made_at.parse().unwrap());
        let made_under_a_clock_ahead = ["glidepath-20270102T063000Z.duckdb", "glidepath-20310102T063000Z.duckdb"];
        assert_eq!(after("2026-11-22T06:30:00", 2), made_under_a_clock_ahead, "and put back since");
        assert_eq!(after("2026-11-22T06:30:00", 1).len(), 3);
        assert_eq!(after("2026-11-22T06:30:00", 1).last().unwrap(), "glidepath-20261121T063000Z.duckdb");
        assert_eq!(after("2031-01-02T06:30:00", 3), ["glidepath-20261121T063000Z.duckdb"]);
    }
}
