//! What is wrong with an open store: its disk, its file, or DuckDB, which refuses everything after some errors.
//!
//! Invariants: a file is opened anew only once every call on the old connections has ended; what cannot be opened is tried again
//! ever later, by whoever asks next; damage that is met while the store is open is noted, and nothing is replaced under a cycle.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError, RwLockReadGuard};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tracing::{error, info, warn};

use super::error::{Result, StoreError};
use super::heal::{self, Damage};
use super::opened::Opened;
use super::opening::{self, Mode};
use super::trouble::{DiskTrouble, is_damage, is_unusable};
use super::{Depth, Examined, Store, bring_up_to_date, locked, open_file, verify};
use crate::domain::healing::Healing;

/// The first pause between two tries to open the file; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often it is doubled.
const DOUBLED: u32 = 6;

/// Bytes that a cycle has to find room for before it pays for anything: more than most bring.
const ROOM: usize = 1 << 20;

/// What is known of a store's health.
#[derive(Debug)]
pub struct Health {
    mode: Mode,
    /// Set by an error after which DuckDB refuses everything.
    unusable: AtomicBool,
    /// The newest try to open the file anew that failed.
    tried: Mutex<Option<Failed>>,
    disk: Mutex<Option<DiskProblem>>,
    damage: Mutex<Option<Damage>>,
    /// Calls that may take long, and are known to be going on: healing, backups.
    long: AtomicU32,
}

#[derive(Debug, Clone)]
struct Failed {
    at: Instant,
    times: u32,
    reason: String,
}

/// What is wrong with the disk that the store lies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskProblem {
    /// What kind of thing.
    pub trouble: DiskTrouble,
    /// What failed, in words.
    pub reason: String,
}

impl Health {
    pub fn of(mode: Mode) -> Health {
        Health {
            mode,
            unusable: AtomicBool::new(false),
            tried: Mutex::default(),
            disk: Mutex::default(),
            damage: Mutex::default(),
            long: AtomicU32::new(0),
        }
    }

    /// Takes note that the disk took all that there was to write.
    pub fn takes_writes(&self) {
        *kept(&self.disk) = None;
    }

    /// Takes note of what a failed call means for the store.
    pub fn note(&self, error: &StoreError) {
        if matches!(error, StoreError::Closed { .. }) {
            return;
        }
        let reason = error.to_string();
        if is_unusable(&reason) && !self.unusable.swap(true, Ordering::SeqCst) {
            warn!("DuckDB gave up the store, which is opened anew: {reason}");
        }
        // What else a backup says is of the backup's disk.
        if matches!(error, StoreError::Backup { .. }) {
            return;
        }
        if let Some(trouble) = DiskTrouble::of(&reason) {
            *kept(&self.disk) = Some(DiskProblem { trouble, reason });
        } else if is_damage(&reason) {
            kept(&self.damage).get_or_insert_with(|| {
                error!("the store is damaged: {reason}");
                Damage::of_file(reason)
            });
        }
    }
}

/// Says for as long as it lives that something long is going on.
pub struct Long<'a>(&'a AtomicU32);

impl Drop for Long<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn kept<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Runs `work` on the open file, which is opened anew before where it has to be, and takes note of how it fails.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Opened) -> Result<T>) -> Result<T> {
        let result = {
            let opened = self.opened()?;
            let opened = opened.as_ref().ok_or_else(|| self.closed("another call is opening it".to_owned()))?;
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

    /// Closes the file, and opens it again.
    fn open_anew(&self) -> Result<()> {
        let health = &self.inner.health;
        let mut tried = kept(&health.tried);
        if let Some(Failed { at, times, reason }) = &*tried
            && at.elapsed() < FIRST_PAUSE * 2_u32.pow((*times).min(DOUBLED))
        {
            return Err(self.closed(reason.clone()));
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
                let times = tried.as_ref().map_or(0, |tried| tried.times + 1);
                *tried = Some(Failed { at: Instant::now(), times, reason: reason.clone() });
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
            && let Examined::Damaged { reason } = opening.examiner.examine(&inner.path, Depth::Opens)
        {
            *kept(&inner.health.damage) = Some(Damage::of_file(reason.clone()));
            return Err(self.closed(reason));
        }
        let mut connection = open_file(&inner.path, inner.memory_mb, inner.health.mode)?;
        bring_up_to_date(&inner.path, &mut connection, inner.health.mode)?;
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

    /// Writes a little, to learn whether the disk takes a write again; notes that it does.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn try_to_write(&self, now: DateTime<Utc>) -> Result<()> {
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

    /// Writes and removes a file beside the store, to learn whether what comes next will find room. Notes it if it will not.
    ///
    /// # Errors
    /// [`StoreError::NoRoom`].
    pub async fn find_room(&self) -> Result<()> {
        if self.inner.lock.is_none() {
            return Ok(());
        }
        let store = self.clone();
        super::blocking(move || {
            let mut trial = store.inner.path.as_os_str().to_owned();
            trial.push(".room");
            let written = fs::write(&trial, vec![0x5a; ROOM]);
            let removed = fs::remove_file(&trial);
            written.and(removed).map_err(|error| {
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

    /// Reads every row, and checks that the facts fit each other. What cannot be read, or does not fit, is noted as damage.
    ///
    /// # Errors
    /// If DuckDB fails for a reason that lies outside the file.
    pub async fn verify(&self) -> Result<verify::Verified> {
        let found = self.read(verify::verify).await?;
        let problems = found.problems();
        if !problems.is_empty() {
            let broken = found.broken().into_iter().map(str::to_owned).collect();
            *kept(&self.inner.health.damage) = Some(Damage { reason: problems.join("; "), broken });
        }
        Ok(found)
    }

    /// Puts the store together again from what is left of it. Waits for every call to end. Who calls this
    /// sees to it that nothing goes on that rests on what it read before.
    ///
    /// # Errors
    /// [`StoreError::Defect`] where the newest good backup is wrong in the same way, [`StoreError::Open`] if the disk fails; the old
    /// file is opened again then.
    pub async fn heal(&self, damage: Damage) -> Result<Healing> {
        let store = self.clone();
        super::blocking(move || store.heal_blocking(&damage)).await
    }

    fn heal_blocking(&self, damage: &Damage) -> Result<Healing> {
        let inner = &self.inner;
        let Some(opening) = &inner.opening else {
            return Err(self.closed("it was opened to be read as it is".to_owned()));
        };
        let _long = self.long();
        let mut tried = kept(&inner.health.tried);
        let mut opened = inner.opened.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = &*opened {
            // What the log holds of what can be read goes along, if it can be written.
            if let Err(error) = locked(&opened.connection).execute_batch("CHECKPOINT") {
                info!("the damaged store takes no checkpoint: {error}");
            }
        }
        *opened = None;
        let healed = opening::base_of(opening).and_then(|base| heal::heal(opening, damage, base));
        if healed.is_ok() {
            *kept(&inner.health.damage) = None;
        }
        let anew = self.open_file_again();
        *tried = None;
        inner.health.unusable.store(anew.is_err(), Ordering::SeqCst);
        inner.writes.fetch_add(1, Ordering::SeqCst);
        *opened = Some(anew?);
        healed
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
