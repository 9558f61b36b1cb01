//! Whose file stands at a store's path, and what becomes of one that does not open.
//!
//! Invariants: what stands at the store's path is opened, healed or refused, and never written to before it is known which; an
//! empty store is made only where nothing says that there was another; what can be mended outside the file is never taken for
//! damage.

use std::fs;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use chrono::DateTime;

use super::backup_files::{Backup, BackupFile, newest_first};
use super::damage::Damage;
use super::error::{Result, StoreError};
use super::examine::{Depth, Examined};
use super::heal::{self, Base};
use super::id::StoreId;
use super::migrations;
use super::mode::Mode;
use super::opening::{Claim, Opening};
use super::regular::{self, Links};
use super::unclaimed::{Unclaimed, UnclaimedBackup};
use crate::domain::facts::healing::Healing;

/// What stands at the store's path.
enum Stands {
    Nothing,
    File(Mode, Examined),
}

/// Sees to it that a store stands at the path, and that it opens.
pub(super) fn make_ready(opening: &Opening) -> Result<Mode> {
    heal::resume(opening)?;
    let path = &opening.path;
    let (damage, mode) = match look(opening)? {
        Stands::File(mode, Examined::Store(opens)) => {
            let known = migrations::known();
            if opens.version > known {
                return Err(StoreError::TooNew { path: path.clone(), found: opens.version, known });
            }
            return Ok(mode);
        }
        Stands::File(mode, Examined::Blank) if !StoreId::file(path).exists() => return Ok(mode),
        Stands::File(mode, Examined::Blank) => (Damage::of_file("it holds no table any more"), mode),
        Stands::File(_, Examined::Foreign) => return Err(foreign(path)),
        Stands::File(_, Examined::Altered { what }) => {
            let reason = format!(
                "it holds another program's objects, which could read files when they are read: {what}. Nothing was moved or changed: \
                 `glidepath restore` puts a backup in its place"
            );
            return Err(refused(path, reason));
        }
        Stands::File(mode, Examined::Damaged { reason }) if is_ours(path) => (Damage::of_file(reason), mode),
        Stands::File(_, Examined::Damaged { .. }) => return Err(foreign(path)),
        Stands::File(_, Examined::Unknown { reason }) => {
            let reason = format!("{reason}. Nothing was moved or changed; mend that, and try again");
            return Err(refused(path, reason));
        }
        Stands::File(_, Examined::NewerFormat) => {
            let reason = "a newer glidepath wrote it. Use that version or a newer one; nothing was changed";
            return Err(refused(path, reason.to_owned()));
        }
        Stands::Nothing => {
            return match base_of_nothing(opening)? {
                None => heal::begin(opening, None).map(|()| Mode::Writable),
                Some(base) => heal::heal(opening, &Damage::missing(), base).map(|_| Mode::Writable),
            };
        }
    };
    if mode == Mode::ReadOnly {
        let reason = format!("{}, and its disk can only be read", damage.reason);
        return Err(refused(path, reason));
    }
    let base = if is_nameless(path) { base_of_nothing(opening)?.unwrap_or_default() } else { base_of(opening)? };
    heal::heal(opening, &damage, base)?;
    Ok(mode)
}

/// True if what stands at the path says no more of whose store it was than nothing at all would: it is empty, and has no id.
fn is_nameless(path: &Path) -> bool {
    !StoreId::file(path).exists() && is_empty(path)
}

fn refused(path: &Path, reason: String) -> StoreError {
    StoreError::Open { path: path.to_owned(), reason }
}

fn foreign(path: &Path) -> StoreError {
    let reason = "it is another program's file. Nothing was moved or changed: name another path in [store] path, or move that file";
    refused(path, reason.to_owned())
}

fn look(opening: &Opening) -> Result<Stands> {
    let path = &opening.path;
    let refused = |reason: String| refused(path, reason);
    let held = match fs::metadata(path) {
        Ok(held) => held,
        Err(error) if error.kind() == ErrorKind::NotFound => match fs::read_link(path) {
            Ok(to) => {
                let to = to.display();
                return Err(refused(format!(
                    "it is a link to {to}, which is not there. Mount its disk, or remove the link"
                )));
            }
            Err(_) => return Ok(Stands::Nothing),
        },
        Err(error) => return Err(refused(format!("{error}. Give the user who runs this the right to its folder"))),
    };
    if !held.is_file() {
        let what = if held.is_dir() { "it is a folder" } else { "it is no file" };
        return Err(refused(format!("{what}: name a file in [store] path, or remove what stands there")));
    }
    let mode = match regular::options(Links::Followed).read(true).write(true).open(path) {
        Ok(_) => Mode::Writable,
        Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => Mode::ReadOnly,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let reason = "the user who runs this may not read and write it. Give that user the right to (`chown`, `chmod`), or run it as \
                          the file's owner";
            return Err(refused(reason.to_owned()));
        }
        Err(error) => return Err(refused(error.to_string())),
    };
    let examined = if held.len() == 0 {
        Examined::Damaged { reason: "it is empty".to_owned() }
    } else {
        opening.examine(path, Depth::Opens)
    };
    Ok(Stands::File(mode, examined))
}

/// True for a file that does not open and was a store of ours: something says so beside it, or it is empty, or begins as DuckDB's
/// files do.
fn is_ours(path: &Path) -> bool {
    /// Where DuckDB's mark stands.
    const MARK_AT: u64 = 8;
    let marked = || -> std::io::Result<bool> {
        let (mut file, mut mark) = (regular::open(path, Links::Followed, u64::MAX)?, [0; 4]);
        file.seek(SeekFrom::Start(MARK_AT))?;
        file.read_exact(&mut mark)?;
        Ok(&mark == b"DUCK")
    };
    StoreId::file(path).exists() || is_empty(path) || marked().unwrap_or(false)
}

fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|held| held.len() == 0)
}

/// The store that the file beside the path names.
fn id_beside(path: &Path) -> Option<StoreId> {
    StoreId::beside(path).ok().flatten()
}

/// What a store that cannot be read whole is put together from.
pub(super) fn base_of(opening: &Opening) -> Result<Base> {
    let backups = newest_first(&opening.backups.all(), (opening.now)());
    if let Some(id) = id_beside(&opening.path) {
        return Ok(of_id(id, backups, opening));
    }
    match sole(opening) {
        Some(of) => Ok(of_sole(of, backups)),
        None if backups.is_empty() => Ok(Base::default()),
        None => Err(StoreError::Unclaimed(Box::new(unclaimed(opening, backups)))),
    }
}

/// What is put where no store is; `None` for an empty one, since there was none before.
fn base_of_nothing(opening: &Opening) -> Result<Option<Base>> {
    if opening.claim == Claim::New {
        return Ok(None);
    }
    let backups = newest_first(&opening.backups.all(), (opening.now)());
    match &opening.claim {
        _ if StoreId::file(&opening.path).exists() => base_of(opening).map(Some),
        _ if backups.is_empty() => Ok(None),
        Claim::Backups { of } if sole(opening).as_ref() == Some(of) => Ok(Some(of_sole(of.clone(), backups))),
        _ => Err(StoreError::Unclaimed(Box::new(unclaimed(opening, backups)))),
    }
}

/// Backups of the store `id`; where there are none, those of older versions, if the first folder holds no others.
fn of_id(id: StoreId, backups: Vec<Backup>, opening: &Opening) -> Base {
    let own: Vec<Backup> = backups.iter().filter(|backup| backup.file.is_of(&id)).cloned().collect();
    if own.is_empty() && sole(opening) == Some(None) {
        return Base { id: Some(id), ..of_sole(None, backups) };
    }
    Base { id: Some(id), backups: own, held: None }
}

fn of_sole(of: Option<StoreId>, backups: Vec<Backup>) -> Base {
    let backups = backups.into_iter().filter(|backup| backup.file.id == of).collect();
    Base { id: of, backups, held: None }
}

/// The only id that backups in the first folder bear; `None` where there are several, or no backups.
fn sole(opening: &Opening) -> Option<Option<StoreId>> {
    let mut ids: Vec<Option<StoreId>> = newest_first(std::slice::from_ref(&opening.backups.first), (opening.now)())
        .into_iter()
        .map(|backup| backup.file.id)
        .collect();
    ids.sort();
    ids.dedup();
    if ids.len() == 1 { ids.pop() } else { None }
}

fn unclaimed(opening: &Opening, backups: Vec<Backup>) -> Unclaimed {
    let mut newest: Vec<UnclaimedBackup> = Vec::new();
    for Backup { file, path } in backups {
        if newest.iter().any(|other| other.id == file.id) {
            continue;
        }
        let account = match heal::look_alone(opening, &path) {
            Examined::Store(opens) => opens.account,
            _ => None,
        };
        newest.push(UnclaimedBackup { path, id: file.id, account, taken_at: file.taken_at });
    }
    let account_of =
        |id: &Option<StoreId>| newest.iter().find(|backup| backup.id == *id).and_then(|backup| backup.account.clone());
    let sole = sole(opening).map(|id| {
        let account = account_of(&id);
        (id, account)
    });
    Unclaimed { path: opening.path.clone(), newest, sole }
}

/// Puts the backup `from`, or the newest good one, in the place of the store.
pub(super) fn restore(opening: &Opening, from: Option<&Path>) -> Result<Healing> {
    let named = |path: &Path| {
        let written = fs::metadata(path).and_then(|it| it.modified()).ok().map(DateTime::from);
        let file = path.file_name().and_then(|name| name.to_str()).and_then(|name| BackupFile::of(name, written));
        let backup = file.map(|file| Backup { path: path.to_owned(), file });
        backup.map(|backup| backup.knows_to((opening.now)())).or(written)
    };
    if let Some(from) = from {
        return heal::restore(opening, from, named(from));
    }
    let base = base_of(opening)?;
    heal::restore_newest(opening, &base)?.ok_or_else(|| {
        let folders: Vec<String> = opening.backups.all().iter().map(|folder| folder.display().to_string()).collect();
        let reason = format!(
            "no good backup of it lies in {}. Name one: `glidepath restore PATH`. Nothing was changed",
            folders.join(" or ")
        );
        refused(&opening.path, reason)
    })
}
