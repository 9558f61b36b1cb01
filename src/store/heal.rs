//! Puts a store together again that cannot be read whole, or is not there.
//!
//! Invariants: what is damaged is moved aside with its log, and nothing is ever deleted of it; the new file is whole on the disk,
//! with the note of what happened in it, before the old one is moved; killed anywhere, the next start goes on from there.
//! What is looked into is the copy that is installed, which lies beside the store, where nobody else writes: a file in a folder of
//! backups can change between two looks, and a log beside it can say something else than the file alone.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use duckdb::{Connection, params};
use tracing::{error, info, warn};

use super::backup_files::Backup;
use super::copying::{copy_bytes, stands};
use super::damage::Damage;
use super::database::{config, confine};
use super::disk::sync_folder;
use super::error::{Result, StoreError};
use super::examine::{Depth, Examined, Opens};
use super::id::StoreId;
use super::names::{beside, held_beside, log_of};
use super::opening::Opening;
use super::regular::{LONGEST_STORE, Links};
use super::trouble::DiskTrouble;
use super::verify::Verified;
use super::{migrations, revoked};
use crate::domain::facts::healing::{HealedFrom, Healing};

/// What a store is put together from.
#[derive(Debug, Clone, Default)]
pub struct Base {
    /// The id that it had.
    pub id: Option<StoreId>,
    /// Its backups, newest first.
    pub backups: Vec<Backup>,
    /// A copy of what the database still held in memory, just made.
    pub held: Option<PathBuf>,
}

/// What is put in the place of the old file; what it is made from is [`staged`] already, unless it is nothing.
struct Chosen {
    /// The backup.
    copied: Option<PathBuf>,
    source: HealedFrom,
    knows_to: Option<DateTime<Utc>>,
    /// It is all that there was.
    holds_all: bool,
}

/// Goes on where a process was killed that had put a store together and had moved the old one aside.
pub fn resume(opening: &Opening) -> Result<()> {
    let (path, ready) = (&opening.path, beside(&opening.path, READY));
    if !ready.exists() {
        return Ok(());
    }
    let failed = |error: io::Error| cannot(path, "putting the restored store in its place", &error);
    if path.exists() {
        // It was put together for a file that was not moved yet: that is looked into anew.
        return fs::remove_file(&ready).map_err(failed);
    }
    move_aside(&log_of(path), &log_of(&aside(path, (opening.now)()))).map_err(failed)?;
    fs::rename(&ready, path).and_then(|()| sync_folder(path)).map_err(failed)?;
    info!(path = %path.display(), "a store that was being put together is in its place");
    Ok(())
}

/// Makes an empty store, whole or not at all; with the id that it had, if it had one.
pub fn begin(opening: &Opening, id: Option<&StoreId>) -> Result<()> {
    remove(&beside(&opening.path, BEING_MADE));
    build(opening, id, None)?;
    // A log that was left over belongs to no new store.
    let stray = log_of(&opening.path).exists().then(|| aside(&opening.path, (opening.now)()));
    install(opening, stray.as_deref())
}

/// Moves what stands at the path aside and puts the best of `base` in its place: what the database still held, if
/// that could be copied, its own file where only its log is damaged, the newest good backup, else an empty store.
///
/// # Errors
/// [`StoreError::Defect`] where the newest good backup is wrong in the same way, [`StoreError::BackupUnread`] where one may be good
/// and none is known to be, [`StoreError::TooOften`]; nothing is moved then.
/// [`StoreError::Open`] if the disk fails.
pub fn heal(opening: &Opening, damage: &Damage, base: Base) -> Result<Healing> {
    error!(path = %opening.path.display(), reason = damage.reason, "the store is damaged; it is put together again");
    let times = lately(&opening.path, (opening.now)());
    if times >= OFTEN {
        return Err(StoreError::TooOften { path: opening.path.clone(), reason: damage.reason.clone(), times });
    }
    let chosen = choose(opening, damage, &base)?;
    put(opening, damage, base.id.as_ref(), chosen)
}

/// Moves what stands at the path aside and puts the file `from` in its place, which holds all that was entered up to `knows_to`.
///
/// # Errors
/// [`StoreError::Open`] if `from` is no good backup, or the disk fails.
pub fn restore(opening: &Opening, from: &Path, knows_to: Option<DateTime<Utc>>) -> Result<Healing> {
    let found = staged(opening, from, Links::Followed)?.map_err(|unfit| StoreError::Open {
        path: from.to_owned(),
        reason: format!(
            "{}; it is not put in the place of {}, and nothing was changed",
            unfit.reason,
            opening.path.display()
        ),
    })?;
    put_named(opening, from, &found, knows_to)
}

/// Moves what stands at the path aside and puts the newest good backup of `base` in its place; `None` if there is none.
///
/// # Errors
/// [`StoreError::Open`] if the disk fails.
pub fn restore_newest(opening: &Opening, base: &Base) -> Result<Option<Healing>> {
    for backup in &base.backups {
        match staged(opening, &backup.path, Links::Refused)? {
            Ok(found) => {
                let knows_to = Some(backup.knows_to((opening.now)()));
                return put_named(opening, &backup.path, &found, knows_to).map(Some);
            }
            Err(unfit) => passed_over(backup, &unfit.reason),
        }
    }
    Ok(None)
}

fn put_named(opening: &Opening, from: &Path, found: &Opens, knows_to: Option<DateTime<Utc>>) -> Result<Healing> {
    let chosen = Chosen { copied: Some(from.to_owned()), source: HealedFrom::Named, knows_to, holds_all: false };
    // A backup of an older version does not know which store it is of.
    let id = StoreId::beside(&opening.path).ok().flatten().filter(|_| found.id.is_none());
    put(opening, &Damage::of_file("it was restored by hand"), id.as_ref(), chosen)
}

fn put(opening: &Opening, damage: &Damage, id: Option<&StoreId>, chosen: Chosen) -> Result<Healing> {
    let (path, healed_at) = (&opening.path, (opening.now)());
    let aside = aside(path, healed_at);
    let stands = path.exists() || log_of(path).exists();
    let healing = Healing {
        healed_at,
        damage: damage.reason.clone(),
        kept_as: stands.then(|| aside.display().to_string()),
        source: chosen.source,
        copied: chosen.copied.map(|from| from.display().to_string()),
        knows_to: if chosen.holds_all { Some(healed_at) } else { chosen.knows_to },
        links_ended: 0,
    };
    if chosen.source == HealedFrom::Nothing {
        remove(&beside(path, BEING_MADE));
    }
    let links_ended = build(opening, id, Some(&healing))?;
    let healing = Healing { links_ended, ..healing };
    install(opening, Some(&aside))?;
    warn!(
        path = %path.display(),
        kept_as = healing.kept_as,
        "the store is put together again from {}. {}",
        healing.restored(),
        healing.not_brought_back()
    );
    Ok(healing)
}

fn choose(opening: &Opening, damage: &Damage, base: &Base) -> Result<Chosen> {
    let path = &opening.path;
    if let Some(held) = &base.held {
        match staged(opening, held, Links::Refused)? {
            Ok(_) => {
                return Ok(Chosen { copied: None, source: HealedFrom::File, knows_to: None, holds_all: true });
            }
            // It may be all that there is.
            Err(Unfit { reason, is_unknown: true, .. }) => {
                let reason = format!("what the database still held cannot be looked into: {reason}");
                return Err(StoreError::Open { path: path.clone(), reason });
            }
            Err(Unfit { reason, .. }) => warn!("what the database still held is passed over: {reason}"),
        }
    }
    // The file alone is the newest checkpoint, and newer than every backup.
    if damage.broken.is_empty()
        && fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0)
        && staged(opening, path, Links::Followed)?.is_ok()
    {
        // A time that is yet to come was of a clock that lay ahead.
        let written = fs::metadata(path).and_then(|it| it.modified()).ok().map(DateTime::from);
        let knows_to = written.map(|at: DateTime<Utc>| at.min((opening.now)() - TimeDelta::seconds(1)));
        return Ok(Chosen { copied: None, source: HealedFrom::File, knows_to, holds_all: false });
    }
    let mut unknown = None;
    for backup in &base.backups {
        let Err(Unfit { reason, broken, is_unknown }) = staged(opening, &backup.path, Links::Refused)? else {
            let (copied, knows_to) = (Some(backup.path.clone()), Some(backup.knows_to((opening.now)())));
            return Ok(Chosen { copied, source: HealedFrom::Backup, knows_to, holds_all: false });
        };
        passed_over(backup, &reason);
        if is_unknown {
            unknown.get_or_insert((backup.path.clone(), reason));
        }
        if broken.iter().any(|broken| damage.broken.contains(broken)) {
            return Err(StoreError::Defect {
                path: path.clone(),
                reason: damage.reason.clone(),
                backup: backup.path.clone(),
            });
        }
    }
    match unknown.or_else(|| opening.backups.unseen()) {
        Some((backup, why)) => {
            Err(StoreError::BackupUnread { path: path.clone(), reason: damage.reason.clone(), backup, why })
        }
        None => Ok(Chosen { copied: None, source: HealedFrom::Nothing, knows_to: None, holds_all: false }),
    }
}

fn passed_over(backup: &Backup, reason: &str) {
    warn!("the backup {} is passed over: {reason}", backup.path.display());
}

/// Why a file may not take the store's place.
struct Unfit {
    /// In words.
    reason: String,
    /// What has to hold of its facts and does not, where all of it can be read.
    broken: Vec<String>,
    /// It could not be looked into, so it may be good.
    is_unknown: bool,
}

impl Unfit {
    fn because(reason: impl Into<String>) -> Unfit {
        Unfit { reason: reason.into(), broken: Vec::new(), is_unknown: false }
    }
}

/// Copies the file `from` to where a new store is made, alone, and looks into the copy: what it says of itself, or why it may not take
/// the store's place. Of one that may not, nothing stays.
///
/// # Errors
/// If the store's own disk takes no copy.
fn staged(opening: &Opening, from: &Path, links: Links) -> Result<std::result::Result<Opens, Unfit>> {
    let making = beside(&opening.path, BEING_MADE);
    remove(&making);
    if from != opening.path && stands(&log_of(from)) {
        warn!("a log lies beside {}, and no backup has one: the file is taken as it is without it", from.display());
    }
    if let Err(error) = copy_bytes(from, &making, links, LONGEST_STORE) {
        remove(&making);
        if matches!(DiskTrouble::of(&error.to_string()), Some(DiskTrouble::Full | DiskTrouble::ReadOnly)) {
            return Err(cannot(&opening.path, &format!("copying {}", from.display()), &error));
        }
        // What is no file at all will not be one later.
        let is_unknown = !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::NotFound);
        return Ok(Err(Unfit { is_unknown, ..Unfit::because(format!("it cannot be copied: {error}")) }));
    }
    Ok(good(opening, &making).inspect_err(|_| remove(&making)))
}

/// Looks into a file alone, whose log does not count, without reading it whole.
pub fn look_alone(opening: &Opening, path: &Path) -> Examined {
    let making = beside(&opening.path, BEING_MADE);
    remove(&making);
    let found = match copy_bytes(path, &making, Links::Refused, LONGEST_STORE) {
        Ok(_) => opening.examine(&making, Depth::Opens),
        Err(error) => Examined::Unknown { reason: error.to_string() },
    };
    remove(&making);
    found
}

/// What a file that may take the store's place says of itself, or why it may not.
fn good(opening: &Opening, path: &Path) -> std::result::Result<Opens, Unfit> {
    match opening.examine(path, Depth::Whole) {
        Examined::Store(Opens { version, .. }) if version > migrations::known() => {
            Err(Unfit::because("a newer version of glidepath wrote it"))
        }
        Examined::Store(opens) => {
            let problems = opens.verified.as_ref().map(Verified::problems).unwrap_or_default();
            if problems.is_empty() {
                return Ok(opens);
            }
            let broken = opens.verified.as_ref().map(Verified::broken).unwrap_or_default();
            Err(Unfit {
                reason: problems.join("; "),
                broken: broken.into_iter().map(str::to_owned).collect(),
                is_unknown: false,
            })
        }
        Examined::Blank | Examined::Foreign => Err(Unfit::because("it is no store of glidepath")),
        Examined::Altered { what } => Err(Unfit::because(format!("it holds another program's objects: {what}"))),
        Examined::Damaged { reason } => Err(Unfit::because(reason)),
        Examined::Unknown { reason } => Err(Unfit { is_unknown: true, ..Unfit::because(reason) }),
        Examined::NewerFormat => Err(Unfit::because("a newer version of glidepath wrote it")),
    }
}

/// While it is written.
const BEING_MADE: &str = "restoring";
/// Once it is whole.
const READY: &str = "restored";
/// A copy of what the database still held in memory.
/// Healings within an hour after which it is no use to go on.
const OFTEN: usize = 5;

/// How often the store was moved aside within the hour before `now`.
fn lately(path: &Path, now: DateTime<Utc>) -> usize {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return 0 };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let moved_at = |entry: io::Result<fs::DirEntry>| {
        let moved = entry.ok()?.file_name().into_string().ok()?;
        let stamp = moved.strip_prefix(name)?.strip_prefix(".damaged-")?;
        let stamp = stamp.get(..STAMP_LENGTH).filter(|_| !stamp.ends_with(".wal"))?;
        NaiveDateTime::parse_from_str(stamp, STAMP).ok().map(|at| at.and_utc())
    };
    let moved = folder.read_dir().into_iter().flatten().filter_map(moved_at);
    moved.filter(|at| *at <= now && now - *at < TimeDelta::hours(1)).count()
}

/// UTC to the second, as in the names of backups.
const STAMP: &str = "%Y%m%dT%H%M%SZ";
const STAMP_LENGTH: usize = "20261129T033000Z".len();

/// Where the damaged file goes: a name that nothing bears.
fn aside(path: &Path, now: DateTime<Utc>) -> PathBuf {
    let stem = format!("damaged-{}", now.format(STAMP));
    let names = std::iter::once(stem.clone()).chain((2..).map(|number| format!("{stem}-{number}")));
    let mut free = names.map(|name| beside(path, &name)).filter(|name| !name.exists() && !log_of(name).exists());
    free.next().unwrap_or_else(|| beside(path, &stem))
}

/// Makes the new file of what is [`staged`], or an empty one where nothing is, looks into it, and gives it the name under which
/// [`resume`] finds it. Gives how many links had to be ended.
fn build(opening: &Opening, id: Option<&StoreId>, healing: Option<&Healing>) -> Result<u64> {
    let making = beside(&opening.path, BEING_MADE);
    let made = write(opening, &making, id, healing).and_then(|ended| {
        // An empty one is of nobody else's making.
        let checked = if healing.is_some() { good(opening, &making).map(|_| ()) } else { Ok(()) };
        if let Err(unfit) = checked {
            let reason = format!("what was put together for it is no store: {}", unfit.reason);
            return Err(StoreError::Open { path: opening.path.clone(), reason });
        }
        let named = File::open(&making).and_then(|file| file.sync_all());
        let ready = beside(&opening.path, READY);
        let named = named.and_then(|()| fs::rename(&making, &ready)).and_then(|()| sync_folder(&ready));
        named.map_err(|error| cannot(&opening.path, "writing it to disk", &error))?;
        Ok(ended)
    });
    remove(&held_beside(&opening.path));
    made.inspect_err(|_| remove(&making))
}

fn write(opening: &Opening, making: &Path, id: Option<&StoreId>, healing: Option<&Healing>) -> Result<u64> {
    let mut connection = Connection::open_with_flags(making, config(opening.memory_mb)?)?;
    confine(&connection, &[], &[])?;
    migrations::migrate(making, &mut connection)?;
    if let Some(id) = id {
        connection.execute("UPDATE store_id SET id = ?", [id.to_string()])?;
    }
    let mut ended = 0;
    if let Some(healing) = healing {
        let is_older = healing.source != HealedFrom::Nothing && !healing.is_whole();
        ended = revoked::end_links(&connection, opening, is_older, healing.healed_at)?;
        insert(&connection, healing)?;
    }
    connection.execute_batch("CHECKPOINT")?;
    connection.close().map_err(|(_, error)| StoreError::from(error))?;
    Ok(u64::try_from(ended).unwrap_or(u64::MAX))
}

/// Moves what stands at the path aside, if a name is given, and the new file there.
fn install(opening: &Opening, aside: Option<&Path>) -> Result<()> {
    let (path, ready) = (&opening.path, beside(&opening.path, READY));
    let moved = || -> io::Result<()> {
        if let Some(aside) = aside {
            move_aside(path, aside)?;
            move_aside(&log_of(path), &log_of(aside))?;
        }
        fs::rename(&ready, path)?;
        sync_folder(path)
    };
    moved().map_err(|error| cannot(path, "putting the new file in its place", &error))
}

fn move_aside(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        moved => moved,
    }
}

/// A leftover is in nobody's way once it cannot be removed; what comes next says so.
fn remove(path: &Path) {
    for file in [path.to_owned(), log_of(path)] {
        let _ = fs::remove_file(file);
    }
}

fn cannot(path: &Path, doing: &str, error: &io::Error) -> StoreError {
    StoreError::Open { path: path.to_owned(), reason: format!("{doing} failed: {error}") }
}

const fn word(source: HealedFrom) -> &'static str {
    match source {
        HealedFrom::File => "file",
        HealedFrom::Backup => "backup",
        HealedFrom::Nothing => "nothing",
        HealedFrom::Named => "named",
    }
}

fn insert(connection: &Connection, healing: &Healing) -> Result<()> {
    let Healing { healed_at, damage, kept_as, source, copied, knows_to, .. } = healing;
    connection.execute(
        "INSERT INTO healings VALUES (?, ?, ?, ?, ?, ?)",
        params![healed_at.naive_utc(), damage, kept_as, word(*source), copied, knows_to.map(|at| at.naive_utc())],
    )?;
    Ok(())
}

/// The healings of a store, oldest first.
pub fn healings(connection: &Connection) -> Result<Vec<Healing>> {
    let sql = "SELECT healed_at, damage, kept_as, source, copied, knows_to,
                      (SELECT count(*) FROM link_revocations WHERE revoked_by = ? AND revoked_at = healed_at)
               FROM healings ORDER BY healed_at";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([revoked::WITHOUT_LIST], |row| {
        let source: String = row.get(3)?;
        let source = [HealedFrom::File, HealedFrom::Backup, HealedFrom::Nothing, HealedFrom::Named]
            .into_iter()
            .find(|known| word(*known) == source);
        Ok(Healing {
            healed_at: row.get::<_, NaiveDateTime>(0)?.and_utc(),
            damage: row.get(1)?,
            kept_as: row.get(2)?,
            source: source.unwrap_or(HealedFrom::Named),
            copied: row.get(4)?,
            knows_to: row.get::<_, Option<NaiveDateTime>>(5)?.map(|at| at.and_utc()),
            links_ended: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<duckdb::Result<_>>()?)
}
