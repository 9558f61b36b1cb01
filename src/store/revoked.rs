//! Which links were revoked, in a file beside the store and in each folder of backups: a store that is put back as it was before
//! a revocation must not bring the link back to life.
//!
//! Invariants: a list only grows, and holds nothing but ids, which open nothing; the store's own rows count first, and the lists
//! are brought up to them whenever the store is opened, a link is made or revoked, or a backup is made; at a restore, no list at
//! all means that nobody knows what was revoked, and every link that the restored store knows is ended.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use duckdb::{Connection, params};
use tracing::warn;

use super::beside;
use super::error::Result;
use super::opening::BackupFolders;

/// Who ended links because a list told that they were revoked.
const BY_LIST: &str = "restore";
/// Who ended links because there was no list.
pub(super) const WITHOUT_LIST: &str = "restore without a list of revoked links";

/// The list beside the store `path`.
pub(super) fn list_of(path: &Path) -> PathBuf {
    beside(path, "revoked")
}

/// The list of the store `path` in each of `folders` that is there.
fn lists_in(path: &Path, folders: &BackupFolders) -> Vec<PathBuf> {
    let Some(name) = list_of(path).file_name().map(ToOwned::to_owned) else { return Vec::new() };
    folders.there().into_iter().map(|folder| folder.join(&name)).collect()
}

/// Ids on the lists that are there; `None` where there is none that can be read.
fn known(path: &Path, folders: &BackupFolders) -> Option<BTreeSet<String>> {
    let lists = std::iter::once(list_of(path)).chain(lists_in(path, folders));
    lists.filter_map(|list| read(&list)).reduce(|mut all, more| {
        all.extend(more);
        all
    })
}

fn read(list: &Path) -> Option<BTreeSet<String>> {
    match fs::read_to_string(list) {
        Ok(text) => Some(text.lines().map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            warn!("the list of revoked links {} cannot be read: {error}", list.display());
            None
        }
    }
}

/// Brings every list up to the revocations that the store `path` holds. A store that never had a link has none.
pub(super) fn keep_lists(connection: &Connection, path: &Path, folders: &BackupFolders) -> Result<()> {
    let links: i64 = connection.query_row("SELECT count(*) FROM shared_links", [], |row| row.get(0))?;
    if links == 0 {
        return Ok(());
    }
    let mut statement = connection.prepare("SELECT link_id FROM link_revocations")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let revoked: BTreeSet<String> = rows.collect::<duckdb::Result<_>>()?;
    for list in std::iter::once(list_of(path)).chain(lists_in(path, folders)) {
        let known = read(&list);
        if known.as_ref().is_some_and(|known| known.is_superset(&revoked)) {
            continue;
        }
        let all = known.unwrap_or_default().into_iter().chain(revoked.iter().cloned()).collect();
        if let Err(error) = write(&list, &all) {
            warn!(
                "the list of revoked links {} cannot be written: {error}. Until it can, a store that is restored with the help of \
                 it alone does not know the newest of them",
                list.display()
            );
        }
    }
    Ok(())
}

/// The list appears whole or not at all.
fn write(list: &Path, ids: &BTreeSet<String>) -> std::io::Result<()> {
    let partial = beside(list, "partial");
    let mut file = File::create(&partial)?;
    for id in ids {
        writeln!(file, "{id}")?;
    }
    file.sync_all()?;
    fs::rename(partial, list)
}

/// Ends what was revoked, in a store that takes the place of the one at `path`; where nobody knows what was and `is_older`, all
/// links that it holds. Gives how many were ended for want of a list.
pub(super) fn end_links(
    connection: &Connection,
    (path, folders): (&Path, &BackupFolders),
    is_older: bool,
    at: DateTime<Utc>,
) -> Result<usize> {
    if let Some(ids) = known(path, folders) {
        for id in ids {
            connection.execute(
                "INSERT INTO link_revocations SELECT link_id, ?, ? FROM shared_links WHERE link_id = ? ON CONFLICT DO NOTHING",
                params![at.naive_utc(), BY_LIST, id],
            )?;
        }
        return Ok(0);
    }
    if !is_older {
        return Ok(0);
    }
    let ended = connection.execute(
        "INSERT INTO link_revocations SELECT link_id, ?, ? FROM shared_links ON CONFLICT DO NOTHING",
        params![at.naive_utc(), WITHOUT_LIST],
    )?;
    if ended > 0 {
        warn!(
            ended,
            "no list of revoked links was found beside the store or with its backups, so every link that it knows is ended: make new \
             ones with `glidepath share new`"
        );
    }
    Ok(ended)
}
