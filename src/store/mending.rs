//! Opens an open store anew after an error with which DuckDB refuses everything, and puts it together again where it is damaged.
//!
//! Invariants: a file is opened anew only once every call on the old connections has ended; what cannot be opened is tried again
//! ever later, by whoever asks next; damage that is met while the store is open is noted, and nothing is replaced under a cycle.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{PoisonError, RwLockReadGuard, TryLockError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::info;

use super::damage::Damage;
use super::database::{blocking, locked, open_file};
use super::error::{Result, StoreError};
use super::examine::{self, Depth, Examined};
use super::handle::{Store, checkpoint};
use super::heal::{self, Base};
use super::health::{DiskProblem, Failed, Long, kept};
use super::names::{beside, held_beside, log_of};
use super::opened::Opened;
use super::opening::Opening;
use super::regular::{self, Links};
use super::up_to_date::bring_up_to_date;
use super::{backup, ready, verify, whole};
use crate::domain::facts::healing::Healing;

/// The first pause between two tries to open the file; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(64);

/// The first pause after a healing that failed; each is twice as long as the one before.
const HEAL_AGAIN: Duration = Duration::from_secs(15 * 60);
/// The longest.
const HEAL_AGAIN_AT_MOST: Duration = Duration::from_secs(6 * 60 * 60);

/// Bytes that a cycle has to find room for before it pays for anything: more than most bring.
const ROOM: usize = 1 << 20;

/// The file `path` or its log, if this process has it open and it bears its name no more.
fn removed(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let whole = fs::canonicalize(folder).ok()?.join(path.file_name()?);
    let open = fs::read_dir("/proc/self/fd").ok()?.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let open: Vec<PathBuf> = open.collect();
    // As Linux names what was removed.
    let is_gone = |file: &PathBuf| {
        let mut name = file.as_os_str().to_owned();
        name.push(" (deleted)");
        open.iter().any(|link| link.as_os_str() == name)
    };
    [whole.clone(), log_of(&whole)].into_iter().find(is_gone)
}

impl Store {
    /// Runs `work` on the open file, which is opened anew before where it has to be, and takes note of how it fails.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Opened) -> Result<T>) -> Result<T> {
        let result = {
            let opened = self.opened()?;
            let opened = opened.as_ref().ok_or_else(|| self.closed("another call is opening it".to_owned()))?;
            opened.is_called();
            work(opened)
        };
        if let Err(error) = &result {
            self.inner.health.note(error);
        }
        result
    }

    fn opened(&self) -> Result<RwLockReadGuard<'_, Option<Opened>>> {
        let health = &self.inner.health;
        let guard = self.inner.opened.read().unwrap_or_else(PoisonError::into_inner);
        if guard.is_some() && !health.unusable.load(Ordering::SeqCst) {
            return Ok(guard);
        }
        drop(guard);
        self.open_anew()?;
        Ok(self.inner.opened.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn closed(&self, reason: String) -> StoreError {
        StoreError::Closed { path: self.inner.path.clone(), reason }
    }

    /// Closes the database and opens it again once it was called so often that this frees memory, if nobody uses it at this moment
    /// and its file, as it lies on the disk, is sound. True if it did.
    ///
    /// # Errors
    /// If its log cannot be written into the file, and then it stays open; or if it does not open again, which is tried again by
    /// whoever asks next.
    pub async fn renew(&self) -> Result<bool> {
        let inner = &self.inner;
        let is_well = inner.opening.is_some() && self.damage().is_none() && self.disk_problem().is_none();
        let is_worn = || {
            let opened = inner.opened.read().unwrap_or_else(PoisonError::into_inner);
            opened.as_ref().is_some_and(Opened::is_worn)
        };
        if !is_well || !is_worn() {
            return Ok(false);
        }
        // What it holds in memory may be all that is left of a file that was damaged under it.
        match self.verify_file().await? {
            (None, None) => {}
            (Some(problem), _) => {
                kept(&self.inner.health.damage).get_or_insert_with(|| Damage::of_file(problem));
                return Ok(false);
            }
            (None, Some(_)) => return Ok(false),
        }
        let store = self.clone();
        blocking(move || store.renew_blocking()).await
    }

    fn renew_blocking(&self) -> Result<bool> {
        let inner = &self.inner;
        {
            let opened = match inner.opened.try_write() {
                Ok(opened) => opened,
                Err(TryLockError::Poisoned(sound)) => sound.into_inner(),
                Err(TryLockError::WouldBlock) => return Ok(false),
            };
            let Some(worn) = &*opened else { return Ok(false) };
            // What it holds of a file that was removed would be gone.
            if removed(&inner.path).is_some() {
                return Ok(false);
            }
            checkpoint(worn, &locked(&worn.connection))?;
            inner.health.unusable.store(true, Ordering::SeqCst);
        }
        self.open_anew()?;
        Ok(true)
    }

    /// Closes the file, and opens it again.
    fn open_anew(&self) -> Result<()> {
        let health = &self.inner.health;
        let mut tried = kept(&health.tried);
        if let Some(failed) = tried.as_ref().filter(|failed| failed.waits(FIRST_PAUSE, LONGEST_PAUSE)) {
            return Err(self.closed(failed.reason.clone()));
        }
        let mut opened = self.inner.opened.write().unwrap_or_else(PoisonError::into_inner);
        if opened.is_some() && !health.unusable.load(Ordering::SeqCst) {
            // Somebody else did it meanwhile.
            return Ok(());
        }
        // Every connection has to go before another may come.
        *opened = None;
        match self.open_file_again() {
            Ok(anew) => {
                *opened = Some(anew);
                health.unusable.store(false, Ordering::SeqCst);
                *tried = None;
                self.inner.writes.fetch_add(1, Ordering::SeqCst);
                info!(path = %self.inner.path.display(), "the store is open again");
                Ok(())
            }
            Err(error) => {
                health.note(&error);
                let reason = error.to_string();
                *tried = Some(Failed::after(tried.as_ref(), reason.clone()));
                Err(self.closed(reason))
            }
        }
    }

    fn open_file_again(&self) -> Result<Opened> {
        let inner = &self.inner;
        if inner.lock.is_none() {
            return Err(self.closed("it was in memory".to_owned()));
        }
        if let Some(opening) = &inner.opening
            && let Examined::Damaged { reason } = opening.examine(&inner.path, Depth::Opens)
        {
            *kept(&inner.health.damage) = Some(Damage::of_file(reason.clone()));
            return Err(self.closed(reason));
        }
        let mode = inner.health.mode();
        let mut connection = open_file(
            &inner.path,
            inner.memory_mb,
            mode,
            inner.opening.as_ref().map(|it| it.backups.reached()).as_deref(),
        )?;
        bring_up_to_date(&inner.path, &mut connection, mode)?;
        Opened::of(connection)
    }

    /// What is wrong with the store's disk, since the newest write that went through.
    pub fn disk_problem(&self) -> Option<DiskProblem> {
        kept(&self.inner.health.disk).clone()
    }

    /// Damage that was met and is not healed.
    pub fn damage(&self) -> Option<Damage> {
        kept(&self.inner.health.damage).clone()
    }

    /// Damage that is to be healed now: none for a while after a healing that failed.
    pub fn damage_to_heal(&self) -> Option<Damage> {
        let health = &self.inner.health;
        let waits = kept(&health.unhealed).as_ref().is_some_and(|it| it.waits(HEAL_AGAIN, HEAL_AGAIN_AT_MOST));
        self.damage().filter(|_| !waits)
    }

    /// What is wrong that could not be healed, and why not.
    pub fn unhealed(&self) -> Option<String> {
        self.damage().and(kept(&self.inner.health.unhealed).as_ref().map(|failed| failed.reason.clone()))
    }

    /// Writes a little, to learn whether the disk takes a write again; notes that it does.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn try_to_write(&self, now: DateTime<Utc>) -> Result<()> {
        self.look_whether_writable();
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM write_trials", [])?;
            transaction.execute("INSERT INTO write_trials VALUES (?)", [now.naive_utc()])?;
            Ok(transaction.commit()?)
        })
        .await?;
        self.inner.health.takes_writes();
        Ok(())
    }

    /// Has the next call open the file anew where its disk could only be read, and can be written now.
    fn look_whether_writable(&self) {
        let health = &self.inner.health;
        let writable = || regular::options(Links::Followed).append(true).open(&self.inner.path).is_ok();
        if health.read_only.load(Ordering::SeqCst) && writable() {
            health.read_only.store(false, Ordering::SeqCst);
            health.unusable.store(true, Ordering::SeqCst);
        }
    }

    /// Writes and removes a file beside the store, to learn whether what comes next will find room. Notes it if it will not.
    ///
    /// # Errors
    /// [`StoreError::NoRoom`].
    pub async fn find_room(&self) -> Result<()> {
        if self.inner.lock.is_none() {
            return Ok(());
        }
        let store = self.clone();
        blocking(move || {
            store.look_whether_writable();
            let tried = whole::new_beside(&beside(&store.inner.path, "room")).and_then(|(mut file, trial)| {
                let written = file.write_all(&vec![0x5a; ROOM]);
                let removed = fs::remove_file(&trial);
                written.and(removed)
            });
            tried.map_err(|error| {
                let error = StoreError::NoRoom { path: store.inner.path.clone(), reason: error.to_string() };
                store.inner.health.note(&error);
                error
            })
        })
        .await
    }

    /// Notes that something is going on over which calls may take long, until what is given is dropped.
    pub(super) fn long(&self) -> Long<'_> {
        self.inner.health.long.fetch_add(1, Ordering::SeqCst);
        Long(&self.inner.health.long)
    }

    /// True while the store is healed or backed up, over which a call may take long.
    pub fn is_at_length(&self) -> bool {
        self.inner.health.long.load(Ordering::SeqCst) > 0
    }

    /// Reads every row, and checks that the facts fit each other; then the same of the file and its log as they lie on the disk,
    /// of which the database reads nothing again that it holds in memory. What cannot be read, or does not fit, is noted as damage.
    ///
    /// # Errors
    /// If DuckDB fails for a reason that lies outside the file.
    pub async fn verify(&self) -> Result<verify::Verified> {
        let mut found = self.read(verify::verify).await?;
        if found.is_sound() {
            match self.look_for_files().await? {
                Some(gone) => found.file = Some(gone),
                None => (found.file, found.unread) = self.verify_file().await?,
            }
        }
        let problems = found.problems();
        // What was met before and is not found again stays noted: not every block of a file is read here.
        if !problems.is_empty() {
            let broken = found.broken().into_iter().map(str::to_owned).collect();
            *kept(&self.inner.health.damage) = Some(Damage { reason: problems.join("; "), broken });
        }
        Ok(found)
    }

    /// Says if the file or its log was removed, or another was put in its place, while the database has it open. Notes it as damage.
    ///
    /// # Errors
    /// If the file had to be closed and does not open again.
    pub async fn look_for_files(&self) -> Result<Option<String>> {
        let store = self.clone();
        // Nothing is written meanwhile: a checkpoint removes the log itself.
        let gone = self.call_without_notes(move |_| Ok(removed(&store.inner.path))).await?;
        let reason = gone.map(|file| {
            format!("{} was removed, or another file put in its place, while the program had it open", file.display())
        });
        if let Some(reason) = &reason {
            kept(&self.inner.health.damage).get_or_insert_with(|| Damage::of_file(reason.clone()));
        }
        Ok(reason)
    }

    /// What is wrong with the file and its log as they lie on the disk, or why they were not looked at.
    async fn verify_file(&self) -> Result<(Option<String>, Option<String>)> {
        let store = self.clone();
        let copied = self.call_without_notes(move |_| Ok(store.copy_as_it_lies())).await?;
        let (opening, copy) = match copied {
            Ok(copied) => copied,
            Err(why) => return Ok((None, why)),
        };
        blocking(move || {
            let examined = opening.examine(&copy, Depth::Whole);
            examine::remove_copy(&copy);
            Ok(match examined {
                Examined::Damaged { reason } => (Some(reason), None),
                Examined::Altered { what } => (Some(format!("it holds another program's objects: {what}")), None),
                Examined::Blank | Examined::Foreign => (Some("it holds no table any more".to_owned()), None),
                Examined::Store(opens) => {
                    let problems = opens.verified.map(|found| found.problems()).unwrap_or_default();
                    ((!problems.is_empty()).then(|| problems.join("; ")), None)
                }
                Examined::Unknown { reason } => (None, Some(reason)),
                Examined::NewerFormat => (None, None),
            })
        })
        .await
    }

    /// Copies the file and its log, which nobody may write to meanwhile.
    ///
    /// # Errors
    /// Why not, where there is a file to copy.
    fn copy_as_it_lies(&self) -> std::result::Result<(Opening, PathBuf), Option<String>> {
        let opening = self.inner.opening.as_ref().ok_or(None)?;
        let copy = opening.examiner.copy(&self.inner.path);
        copy.map(|copy| (opening.clone(), copy)).map_err(|error| Some(error.to_string()))
    }

    /// Puts the store together again from what is left of it. Waits for every call to end. Who calls this
    /// sees to it that nothing goes on that rests on what it read before.
    ///
    /// # Errors
    /// [`StoreError::Defect`] where the newest good backup is wrong in the same way, [`StoreError::Open`] if the disk fails; the old
    /// file is opened again then.
    pub async fn heal(&self, damage: Damage) -> Result<Healing> {
        let store = self.clone();
        blocking(move || store.heal_blocking(&damage)).await
    }

    fn heal_blocking(&self, damage: &Damage) -> Result<Healing> {
        let inner = &self.inner;
        let Some(opening) = &inner.opening else {
            return Err(self.closed("it was opened to be read as it is".to_owned()));
        };
        let _long = self.long();
        let mut tried = kept(&inner.health.tried);
        let mut opened = inner.opened.write().unwrap_or_else(PoisonError::into_inner);
        // The database may hold in memory what its file no longer does.
        let held = match opened.as_ref().filter(|_| damage.broken.is_empty()).map(|opened| self.copy_held(opened)) {
            Some(Ok(held)) => held,
            // It goes on holding it, until there is room.
            Some(Err(error)) => return Err(error),
            None => None,
        };
        *opened = None;
        let base = match ready::base_of(opening) {
            Err(_) if held.is_some() => Ok(Base { id: Some(inner.id.clone()), ..Base::default() }),
            base => base,
        };
        let healed = base.and_then(|base| heal::heal(opening, damage, Base { held: held.clone(), ..base }));
        if let Some(held) = held {
            backup::remove(&held);
        }
        let mut unhealed = kept(&inner.health.unhealed);
        match &healed {
            Ok(_) => {
                *kept(&inner.health.damage) = None;
                *unhealed = None;
            }
            Err(error) => *unhealed = Some(Failed::after(unhealed.as_ref(), error.to_string())),
        }
        drop(unhealed);
        let anew = self.open_file_again();
        *tried = None;
        inner.health.unusable.store(anew.is_err(), Ordering::SeqCst);
        inner.writes.fetch_add(1, Ordering::SeqCst);
        *opened = Some(anew?);
        healed
    }

    /// Copies what the open database can still read, if that is all of it.
    ///
    /// # Errors
    /// If the disk takes no copy.
    fn copy_held(&self, opened: &Opened) -> Result<Option<PathBuf>> {
        let held = held_beside(&self.inner.path);
        let _no_notes = locked(&opened.notes);
        match backup::copy_whole(&locked(&opened.connection), &held, self.inner.memory_mb) {
            Ok(()) => Ok(Some(held)),
            Err(error) => {
                backup::remove(&held);
                if let Some(trouble) = error.disk() {
                    *kept(&self.inner.health.disk) = Some(DiskProblem { trouble, reason: error.to_string() });
                    return Err(error);
                }
                info!("what the damaged store holds in memory is not all of it: {error}");
                Ok(None)
            }
        }
    }

    /// Asks the file for next to nothing.
    ///
    /// # Errors
    /// If even that fails.
    pub async fn trivial_read(&self) -> Result<()> {
        self.read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?)).await
    }

    /// How this store was put together again, oldest first.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn healings(&self) -> Result<Vec<Healing>> {
        self.read(heal::healings).await
    }
}
