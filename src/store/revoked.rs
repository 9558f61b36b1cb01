//! Which links were revoked, in a file beside the store and in each folder of backups: a store that is put back as it was before
//! a revocation must not bring the link back to life.
//!
//! Invariants: a list only grows, names its store, and holds beside that nothing but ids, which open nothing; the store's own rows
//! count first, and the lists are brought up to them whenever the store is opened, a link is made or revoked, or a backup is made; a
//! list that cannot be brought up is removed, since a list that lacks something is worse than none.
//! At a restore a list is believed to be complete only where it can have missed nothing: it stood beside the store, or in the folder
//! where all its backups go, and knows all that the file which is put back, and the one that it takes the place of, know. A list in a
//! second place can have been away when a link was revoked, so that it is believed only where the old file is there to compare it with.
//! Where no list is complete, every link that the restored store knows is ended.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf, absolute};

use chrono::{DateTime, TimeDelta, Utc};
use duckdb::{Connection, params};
use tracing::warn;

use super::error::Result;
use super::examine::{Depth, Examined};
use super::opening::{BackupFolders, Opening};
use super::{StoreId, beside, whole};
use crate::domain::words::moment_text;

/// Who ended links because a list told that they were revoked.
const BY_LIST: &str = "restore";
/// Who ended links because there was no complete list.
pub(super) const WITHOUT_LIST: &str = "restore without a list of revoked links";
/// What the first line of a list begins with.
const OF_STORE: &str = "# links that were revoked, of the store ";
const AS_OF: &str = ", as of ";
/// How old a list may be that is complete, before it is written again to say so.
const SAID_EVERY: TimeDelta = TimeDelta::days(1);

/// A list as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct List {
    /// Whose it is; `None` for one of an older version.
    store: Option<StoreId>,
    /// When it was last brought up to the store's rows; `None` for one of an older version.
    as_of: Option<DateTime<Utc>>,
    ids: BTreeSet<String>,
}

impl List {
    fn parse(text: &str) -> List {
        let mut list = List::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_prefix(OF_STORE).and_then(|rest| rest.split_once(AS_OF)) {
                Some((store, as_of)) => (list.store, list.as_of) = (store.parse().ok(), as_of.parse().ok()),
                None if line.starts_with('#') => {}
                None => {
                    list.ids.insert(line.to_owned());
                }
            }
        }
        list
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if let Some((store, as_of)) = self.store.as_ref().zip(self.as_of) {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "{OF_STORE}{store}{AS_OF}{}", as_of.to_rfc3339());
        }
        for id in &self.ids {
            let _ = writeln!(text, "{id}");
        }
        text
    }

    fn is_of(&self, store: &StoreId) -> bool {
        self.store.as_ref().is_none_or(|of| of == store)
    }
}

/// The list beside the store `path`.
pub(super) fn list_of(path: &Path) -> PathBuf {
    beside(path, "revoked")
}

/// The lists beside the store `path` and in each of `folders` that is there, and whether each can have been away.
fn lists(path: &Path, folders: &BackupFolders) -> Vec<(PathBuf, bool)> {
    let beside = list_of(path);
    let in_folder = |folder: PathBuf| {
        let can_be_away = folder != folders.first;
        beside.file_name().map(|name| (folder.join(name), can_be_away))
    };
    let in_folders: Vec<(PathBuf, bool)> = folders.there().into_iter().filter_map(in_folder).collect();
    std::iter::once((beside, false)).chain(in_folders).collect()
}

fn read(list: &Path) -> Option<List> {
    match fs::read_to_string(list) {
        Ok(text) => Some(List::parse(&text)),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            warn!("the list of revoked links {} cannot be read: {error}", list.display());
            None
        }
    }
}

fn ids(connection: &Connection, sql: &str) -> Result<BTreeSet<String>> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    Ok(rows.collect::<duckdb::Result<_>>()?)
}

/// The ids of revoked links that the database of `connection` holds.
pub(super) fn revoked(connection: &Connection) -> Result<BTreeSet<String>> {
    ids(connection, "SELECT link_id FROM link_revocations")
}

/// Brings every list up to the revocations that the store holds. A store that never had a link has none. Gives the places that the
/// newest revocations could not be listed at, in words; each is in the log too.
pub(super) fn keep_lists(connection: &Connection, opening: &Opening) -> Result<Vec<String>> {
    let links: i64 = connection.query_row("SELECT count(*) FROM shared_links", [], |row| row.get(0))?;
    if links == 0 {
        return Ok(Vec::new());
    }
    let (store, revoked, now) = (StoreId::of(connection)?, revoked(connection)?, (opening.now)());
    let mut problems = Vec::new();
    for (place, _) in lists(&opening.path, &opening.backups) {
        let known = read(&place).filter(|list| list.is_of(&store));
        let is_fresh = |list: &List| list.as_of.is_some_and(|as_of| as_of <= now && now - as_of < SAID_EVERY);
        if known.as_ref().is_some_and(|list| is_fresh(list) && list.ids.is_superset(&revoked)) {
            continue;
        }
        let ids = known.unwrap_or_default().ids.into_iter().chain(revoked.iter().cloned()).collect();
        let list = List { store: Some(store.clone()), as_of: Some(now), ids };
        if let Err(error) = whole::write(&place, list.text().as_bytes()) {
            // Without it a restore knows that it does not know.
            let _ = fs::remove_file(&place);
            problems.push(format!("the list of revoked links {} cannot be written: {error}", place.display()));
        }
    }
    problems.extend(away(connection, &opening.backups)?);
    problems.iter().for_each(|problem| warn!("{problem}"));
    Ok(problems)
}

/// A second place that the store has used and that is not there, in words.
fn away(connection: &Connection, folders: &BackupFolders) -> Result<Option<String>> {
    let Some((place, _)) = folders.unseen() else { return Ok(None) };
    let path = absolute(&place).unwrap_or_else(|_| place.clone()).to_string_lossy().into_owned();
    let sql = "SELECT EXISTS (SELECT 1 FROM backup_places WHERE path = ?)";
    let used: bool = connection.query_row(sql, [path], |row| row.get(0))?;
    Ok(used.then(|| {
        format!(
            "{}, where backups go, is not there, so the list of revoked links in it lacks the newest; it is brought up once that is there \
             again and the store is opened, a link is made or revoked, or a backup is made",
            place.display()
        )
    }))
}

/// Ends what was revoked, in a store that takes the place of the one at `opening.path`; where it `is_older` than what was there and no
/// list is known to be complete, all links that it holds. Gives how many were ended for want of a list.
pub(super) fn end_links(
    connection: &Connection,
    opening: &Opening,
    is_older: bool,
    at: DateTime<Utc>,
) -> Result<usize> {
    let (store, own) = (StoreId::of(connection)?, revoked(connection)?);
    let found = lists(&opening.path, &opening.backups).into_iter();
    let found = found.filter_map(|(place, can_be_away)| Some((read(&place)?, can_be_away)));
    let found: Vec<(List, bool)> = found.filter(|(list, _)| list.is_of(&store)).collect();
    for id in found.iter().flat_map(|(list, _)| &list.ids) {
        connection.execute(
            "INSERT INTO link_revocations SELECT link_id, ?, ? FROM shared_links WHERE link_id = ? ON CONFLICT DO NOTHING",
            params![at.naive_utc(), BY_LIST, id],
        )?;
    }
    if !is_older {
        return Ok(0);
    }
    let replaced = if found.is_empty() { None } else { known_to_old(opening, &store) };
    let can_be_complete = |list: &List, can_be_away: bool| {
        list.ids.is_superset(&own) && replaced.as_ref().map_or(!can_be_away, |replaced| list.ids.is_superset(replaced))
    };
    if found.iter().any(|(list, can_be_away)| can_be_complete(list, *can_be_away)) {
        return Ok(0);
    }
    let ended = connection.execute(
        "INSERT INTO link_revocations SELECT link_id, ?, ? FROM shared_links ON CONFLICT DO NOTHING",
        params![at.naive_utc(), WITHOUT_LIST],
    )?;
    if ended > 0 {
        let newest = found.iter().filter_map(|(list, _)| list.as_of).max();
        let newest = newest.map_or("none was found".to_owned(), |at| format!("the newest is of {}", moment_text(at)));
        warn!(
            ended,
            "no list of revoked links beside the store or with its backups is known to be complete ({newest}), so every link that it \
             knows is ended: make new ones with `glidepath share new`"
        );
    }
    Ok(ended)
}

/// The ids of revoked links that the store knows which stands at the path and is to be replaced, if it can be read and is the same one.
fn known_to_old(opening: &Opening, store: &StoreId) -> Option<BTreeSet<String>> {
    if !opening.path.exists() {
        return None;
    }
    match opening.examine(&opening.path, Depth::Opens) {
        Examined::Store(opens) if opens.id.as_deref() == Some(store.to_string().as_str()) => Some(opens.revoked),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_back_and_one_of_an_older_version_is_anybodys() {
        let ids: BTreeSet<String> = ["b", "a"].map(str::to_owned).into();
        let (store, as_of) = ("00ffa3b17c9e2d54".parse().unwrap(), "2026-11-23T06:00:00Z".parse().unwrap());
        let list = List { store: Some(store), as_of: Some(as_of), ids: ids.clone() };
        assert_eq!(List::parse(&list.text()), list);
        assert!(list.text().ends_with("\na\nb\n"), "{}", list.text());
        assert!(list.is_of(list.store.as_ref().unwrap()) && !list.is_of(&"11ffa3b17c9e2d54".parse().unwrap()));
        let older = List::parse("a\n\n b \n");
        assert_eq!(older, List { store: None, as_of: None, ids });
        assert!(older.is_of(list.store.as_ref().unwrap()));
    }
}
