//! Where backups go, whose lie there, and what is in their way.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::cli::access::Access;
use crate::config::Config;
use crate::cycle::{backups_in, newest_backup, second_place};
use crate::store::{BackupFile, StoreId};

/// A line for the schedule, some for each place, and one for each thing in the way.
pub async fn lines(config: &Config, held: Option<&Access>, now: DateTime<Utc>) -> Result<Vec<String>> {
    let engine = match held {
        Some(Access::Store(engine)) => Some(engine),
        Some(Access::Daemon(_)) | None => None,
    };
    let own = engine.map(|engine| engine.store().id().clone());
    let own = own.or_else(|| StoreId::beside(&config.store_path).ok().flatten());
    let when = config
        .backup_schedule
        .as_ref()
        .map_or_else(|| "never by themselves".to_owned(), |line| format!("{} (UTC)", line.as_str()));
    let mut lines = vec![format!("backups   {when}; the newest {} of this store are kept", config.backups_kept)];
    for folder in [Some(&config.backup_folder), config.backup_to.as_ref()].into_iter().flatten() {
        match backups_in(folder) {
            Ok(files) => lines.extend(found(folder, &files, own.as_ref(), now)),
            Err(error) => lines.push(format!("warning   {error:#}")),
        }
        for odd in BackupFile::odd_in(folder).unwrap_or_default() {
            lines.push(format!("warning   {odd}"));
        }
    }
    let Some(second) = &config.backup_to else { return Ok(lines) };
    let problem = match engine {
        Some(engine) => engine.second_place_problem().await?,
        None => second_place(second, false).err().map(|error| error.to_string()),
    };
    match problem {
        Some(problem) => lines.push(format!("warning   backup_to in [store]: {problem}")),
        None if is_same_disk(&config.store_path, second) => lines.push(format!(
            "warning   backup_to in [store]: {} lies on the disk of the store, and is lost with it; if a disk of its own belongs there, \
             mount it",
            second.display()
        )),
        None => {}
    }
    Ok(lines)
}

/// What lies in a folder: of this store, of each other one, and without an id.
fn found(folder: &Path, files: &[BackupFile], own: Option<&StoreId>, now: DateTime<Utc>) -> Vec<String> {
    let mut of: BTreeMap<Option<&StoreId>, usize> = BTreeMap::new();
    for file in files.iter().filter(|file| file.whole) {
        *of.entry(file.id.as_ref()).or_default() += 1;
    }
    let newest = |id| {
        let at = newest_backup(files, id, now);
        at.map(|at| format!(", the newest of {}", at.format("%Y-%m-%d %H:%M UTC"))).unwrap_or_default()
    };
    let ours = own.map_or_else(String::new, |id| {
        let count = of.remove(&Some(id)).unwrap_or_default();
        format!(": {count} of this store ({id}){}", newest(id))
    });
    let mut lines = vec![format!("backups   {}{ours}", folder.display())];
    for (id, count) in of {
        lines.push(match id {
            Some(id) => format!("backups   and {count} of another store ({id}){}, left alone", newest(id)),
            None => format!(
                "backups   and {count} of an older version, which do not say of which store they are, left alone"
            ),
        });
    }
    lines
}

/// True if both lie on one disk; false where that cannot be told.
fn is_same_disk(store: &Path, second: &Path) -> bool {
    let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let disk = |path: &Path| path.metadata().map(|it| it.dev()).ok();
    disk(folder).is_some_and(|of_store| disk(second) == Some(of_store))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_whose_backups_lie_in_a_folder() {
        let files: Vec<BackupFile> = [
            "0123456789abcdef-glidepath-20261122T030000Z.duckdb",
            "0123456789abcdef-glidepath-20261123T030000Z.duckdb",
            "0123456789abcdef-glidepath-20261124T030000Z.partial",
            "fedcba9876543210-glidepath-20261120T030000Z.duckdb",
            "glidepath-20261101T030000Z.duckdb",
        ]
        .iter()
        .filter_map(|name| BackupFile::of(name, None))
        .collect();
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let own: StoreId = "0123456789abcdef".parse().unwrap();
        assert_eq!(
            found(Path::new("/backups"), &files, Some(&own), now),
            [
                "backups   /backups: 2 of this store (0123456789abcdef), the newest of 2026-11-23 03:00 UTC",
                "backups   and 1 of an older version, which do not say of which store they are, left alone",
                "backups   and 1 of another store (fedcba9876543210), the newest of 2026-11-20 03:00 UTC, left alone",
            ]
        );
        assert_eq!(
            found(Path::new("/none"), &[], Some(&own), now),
            ["backups   /none: 0 of this store (0123456789abcdef)"]
        );
        assert_eq!(found(Path::new("/none"), &[], None, now), ["backups   /none"], "a store that is not made yet");
    }

    #[test]
    fn one_disk_is_told_from_two() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_same_disk(&folder.path().join("glidepath.duckdb"), folder.path()));
        assert!(!is_same_disk(&folder.path().join("glidepath.duckdb"), Path::new("/proc")));
        assert!(!is_same_disk(&folder.path().join("none/glidepath.duckdb"), folder.path()), "it cannot be told");
    }
}
