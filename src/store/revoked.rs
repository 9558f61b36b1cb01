//! Which links were revoked, in a file beside the store and in each folder of backups: a store that is put back as it was before
//! a revocation must not bring the link back to life.
//!
//! Invariants: a list only grows, and names its store; one that cannot be brought up is removed, since a list that lacks something is
//! worse than none. What any list says was revoked is revoked in the store too, whenever that is opened.
//! Every store that is open knows rightly of each of its links whether it was revoked. So at a restore a link stays open only where
//! something says that it was open to the end: the list beside the store, which is written before a revocation is stored and lies where
//! the store lies; or the store that is replaced, where a list agrees with it. A folder of backups can have been away, or not have been the
//! one in use, when a link was revoked: its list tells what was revoked, and never that something was not. Every other link is ended.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf, absolute};

use chrono::{DateTime, TimeDelta, Utc};
use duckdb::{Connection, params};
use tracing::warn;

use super::error::Result;
use super::examine::{Depth, Examined};
use super::id::StoreId;
use super::known_links::KnownLinks;
use super::names::beside;
use super::opening::Opening;
use super::regular::{self, LONGEST_LIST, Links};
use super::revoked_list::{List, PLACE};
use super::whole;
use crate::domain::values::words::moment_text;

/// Who ended links because a list told that they were revoked.
const BY_LIST: &str = "restore";
/// Who ended links because nothing told that they were open.
pub(super) const WITHOUT_LIST: &str = "restore without a list of revoked links";
/// How old a list may be that is complete, before it is written again to say so.
const SAID_EVERY: TimeDelta = TimeDelta::days(1);
/// More folders than anybody ever kept backups in.
const MOST_PLACES: usize = 100;

/// The list beside the store `path`.
fn list_of(path: &Path) -> PathBuf {
    beside(path, "revoked")
}

/// The list at `place`, if there is one and it is not another store's.
fn read(place: &Path, store: &StoreId) -> Option<List> {
    match regular::read_text(place, LONGEST_LIST) {
        Ok(text) => Some(List::parse(&text)).filter(|list| list.is_of(store)),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            warn!("the list of revoked links {} cannot be read: {error}", place.display());
            None
        }
    }
}

/// The lists of a store as they are found.
struct Lists {
    beside: Option<List>,
    folders: Vec<InFolder>,
}

/// A folder of backups, and the list in it.
struct InFolder {
    folder: PathBuf,
    place: PathBuf,
    list: Option<List>,
    /// The config names it.
    is_wanted: bool,
    /// A list was written there before.
    is_known: bool,
    /// It can be written to: it is in the config and there, or holds a list of this store.
    is_there: bool,
}

impl Lists {
    /// Those beside the store and in every folder of backups that the config names, or where one was written before. Only the list
    /// beside the store is believed to say where that is.
    fn find(opening: &Opening, store: &StoreId) -> Lists {
        let own = list_of(&opening.path);
        let name = own.file_name().map(PathBuf::from).unwrap_or_default();
        let whole = |folder: &PathBuf| absolute(folder).unwrap_or_else(|_| folder.clone());
        let beside = read(&own, store);
        let known: BTreeSet<PathBuf> =
            beside.iter().flat_map(|list| &list.places).take(MOST_PLACES).map(PathBuf::from).collect();
        let wanted: BTreeSet<PathBuf> = opening.backups.all().iter().map(whole).collect();
        let there: BTreeSet<PathBuf> = opening.backups.there().iter().map(whole).collect();
        let in_folder = |folder: &PathBuf| {
            let (is_wanted, place) = (wanted.contains(folder), folder.join(&name));
            // Below a second place whose disk is away, nothing counts.
            let list = if is_wanted && !there.contains(folder) { None } else { read(&place, store) };
            let is_there = there.contains(folder) || list.is_some();
            InFolder { folder: folder.clone(), place, list, is_wanted, is_known: known.contains(folder), is_there }
        };
        let folders = wanted.union(&known).map(in_folder).collect();
        Lists { beside, folders }
    }

    fn in_folders(&self) -> impl Iterator<Item = &List> {
        self.folders.iter().filter_map(|folder| folder.list.as_ref())
    }

    /// All that any of them says was revoked.
    fn ids(&self) -> BTreeSet<String> {
        self.beside.iter().chain(self.in_folders()).flat_map(|list| list.ids.iter().cloned()).collect()
    }

    /// The folders that a list was written to, or is going to be. A name that does not fit into a line is left out.
    fn places(&self) -> BTreeSet<String> {
        let used = self.folders.iter().filter(|folder| folder.is_known || folder.is_there);
        let path = |folder: &InFolder| folder.folder.to_str().map(str::to_owned);
        used.filter_map(path).filter(|path| !path.contains(char::is_control) && path.trim() == path).collect()
    }

    /// The list beside the store, if it cannot have missed what another list knows.
    fn newest_beside(&self) -> Option<&List> {
        let own = self.beside.as_ref().filter(|list| list.store.is_some() && list.as_of.is_some())?;
        self.in_folders().all(|list| list.as_of <= own.as_of && list.ids.is_subset(&own.ids)).then_some(own)
    }
}

/// Brings every list up to the revocations that the store holds, and that of `ending`, which is going to be stored; and the store to
/// what the lists hold. A store that never had a link has none. Gives the places whose lists could not be brought up, in words; each is
/// in the log too.
pub(super) fn keep_lists(connection: &Connection, opening: &Opening, ending: Option<&str>) -> Result<Vec<String>> {
    let store = StoreId::of(connection)?;
    let lists = Lists::find(opening, &store);
    let known = all_links(connection)?;
    if lists.beside.is_none() && ending.is_none() && known == KnownLinks::default() {
        return Ok(Vec::new());
    }
    let mut ids = lists.ids();
    let strange: Vec<&String> = ids.intersection(&known.open).collect();
    if !strange.is_empty() {
        warn!(links = strange.len(), "lists of revoked links name some that the store holds for open: they are ended");
        end(connection, strange.into_iter(), BY_LIST, (opening.now)())?;
    }
    ids.extend(known.revoked.into_iter().chain(ending.map(str::to_owned)));
    let open = known.open.difference(&ids).cloned().collect();
    let mut problems = away(connection, opening, &lists)?;
    problems.extend(write_lists(opening, &lists, &store, ids, open));
    problems.iter().for_each(|problem| warn!("{problem}"));
    Ok(problems)
}

/// Writes the lists that lack something or are old: that beside the store first, and never without it one in a folder, so that none is
/// newer.
fn write_lists(
    opening: &Opening,
    lists: &Lists,
    store: &StoreId,
    ids: BTreeSet<String>,
    open: BTreeSet<String>,
) -> Vec<String> {
    let (now, places) = ((opening.now)(), lists.places());
    let is_good = |list: &List, open: &BTreeSet<String>, places: &BTreeSet<String>| {
        let is_fresh = list.as_of.is_some_and(|as_of| as_of <= now && now - as_of < SAID_EVERY);
        list.store.is_some() && is_fresh && list.ids == ids && list.places == *places && list.open == *open
    };
    let none = BTreeSet::<String>::new();
    let due: Vec<&InFolder> = lists
        .folders
        .iter()
        .filter(|folder| folder.is_there && !folder.list.as_ref().is_some_and(|list| is_good(list, &none, &none)))
        .collect();
    if due.is_empty() && lists.beside.as_ref().is_some_and(|list| is_good(list, &open, &places)) {
        return Vec::new();
    }
    let mut list = List { store: Some(store.clone()), as_of: Some(now), ids, open, places };
    let own = list_of(&opening.path);
    let mut problems: Vec<String> = write(&own, &list).err().into_iter().collect();
    // The rest is believed beside the store alone.
    (list.open, list.places) = (none.clone(), none.clone());
    problems.extend(due.into_iter().filter_map(|folder| write(&folder.place, &list).err()));
    problems
}

/// Writes a list; where that fails there is none afterwards, by which a restore knows that it does not know.
fn write(place: &Path, list: &List) -> std::result::Result<(), String> {
    let Err(error) = whole::write(place, list.text().as_bytes()) else { return Ok(()) };
    let removed = match fs::remove_file(place) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(_) => regular::options(Links::Refused).write(true).truncate(true).open(place).map(|_| ()),
        Ok(()) => Ok(()),
    };
    let stale = removed.map_or("; what it said before is out of date: remove it by hand", |()| "");
    Err(format!("the list of revoked links {} cannot be written: {error}{stale}", place.display()))
}

/// Folders of backups that should hold a list and do not show it, in words.
fn away(connection: &Connection, opening: &Opening, lists: &Lists) -> Result<Vec<String>> {
    let own = list_of(&opening.path);
    let mut problems = Vec::new();
    for folder in &lists.folders {
        let shown = folder.folder.display();
        if !folder.is_there && (folder.is_known || is_marked(connection, &folder.folder)?) {
            let (go, remedy) = if folder.is_wanted {
                ("go", String::new())
            } else {
                ("went", format!("; where it is gone for good, delete the line `{PLACE}{shown}` in {}", own.display()))
            };
            problems.push(format!(
                "{shown}, where backups {go}, is not there, so the list of revoked links in it lacks the newest; it is brought up once \
                 that is there again and the store is opened, a link is made or revoked, or a backup is made{remedy}"
            ));
        } else if folder.is_known && folder.list.is_none() {
            problems.push(format!(
                "the list of revoked links that was in {shown} is not there any more: if another disk belongs there, mount it, and the \
                 list on that is brought up; a new one is written"
            ));
        }
    }
    Ok(problems)
}

/// True for a second place that the store has used.
fn is_marked(connection: &Connection, folder: &Path) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM backup_places WHERE path = ?)";
    Ok(connection.query_row(sql, [folder.to_string_lossy().into_owned()], |row| row.get(0))?)
}

/// All links of the store itself, however many.
fn all_links(connection: &Connection) -> Result<KnownLinks> {
    let ids = |sql: &str| -> Result<BTreeSet<String>> {
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        Ok(rows.collect::<duckdb::Result<_>>()?)
    };
    Ok(KnownLinks {
        open: ids("SELECT link_id FROM shared_links ANTI JOIN link_revocations USING (link_id)")?,
        revoked: ids("SELECT link_id FROM link_revocations")?,
    })
}

fn end<'a>(
    connection: &Connection,
    ids: impl Iterator<Item = &'a String>,
    by: &str,
    at: DateTime<Utc>,
) -> Result<usize> {
    let mut ended = 0;
    for id in ids {
        let row = params![id, at.naive_utc(), by];
        ended += connection.execute("INSERT INTO link_revocations VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)?;
    }
    Ok(ended)
}

/// Ends what was revoked, in a store that takes the place of the one at `opening.path`; where it `is_older` than what was there, also
/// each link of which nothing tells that it was open to the end. Gives how many those were.
pub(super) fn end_links(
    connection: &Connection,
    opening: &Opening,
    is_older: bool,
    at: DateTime<Utc>,
) -> Result<usize> {
    let (store, restored) = (StoreId::of(connection)?, all_links(connection)?);
    let lists = Lists::find(opening, &store);
    let replaced = if is_older { known_to_old(opening, &store) } else { None };
    let mut told = lists.ids();
    told.extend(replaced.iter().flat_map(|links| links.revoked.iter().cloned()));
    end(connection, told.intersection(&restored.open), BY_LIST, at)?;
    if !is_older {
        return Ok(0);
    }
    let open = known_open(&lists, &restored, replaced);
    let unknown = restored.open.iter().filter(|id| !told.contains(*id) && !open.contains(*id));
    let ended = end(connection, unknown, WITHOUT_LIST, at)?;
    if ended > 0 {
        let newest = lists.beside.iter().chain(lists.in_folders()).filter_map(|list| list.as_of).max();
        let newest = newest.map_or("none was found".to_owned(), |at| format!("the newest is of {}", moment_text(at)));
        warn!(
            ended,
            "for some links no list of revoked links beside the store is known to be complete ({newest}), so these are ended: make new \
             ones with `glidepath share new`"
        );
    }
    Ok(ended)
}

/// Links that are known to have been open to the end, in so far as no list says otherwise.
fn known_open(lists: &Lists, restored: &KnownLinks, replaced: Option<KnownLinks>) -> BTreeSet<String> {
    let replaced = replaced.unwrap_or_default();
    let knows_both = |list: &&List| list.ids.is_superset(&restored.revoked) && list.ids.is_superset(&replaced.revoked);
    let mut open = lists.newest_beside().filter(knows_both).map(|list| list.open.clone()).unwrap_or_default();
    if lists.beside.iter().chain(lists.in_folders()).any(|list| knows_both(&list)) {
        open.extend(replaced.open);
    }
    open
}

/// The links of the store that stands at the path and is to be replaced, if it can be read and is the same one.
fn known_to_old(opening: &Opening, store: &StoreId) -> Option<KnownLinks> {
    if !opening.path.exists() {
        return None;
    }
    match opening.examine(&opening.path, Depth::Opens) {
        Examined::Store(opens) if opens.id.as_deref() == Some(store.to_string().as_str()) => Some(*opens.links),
        _ => None,
    }
}
