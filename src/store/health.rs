//! What is known to be wrong with an open store: its disk, its file, or DuckDB, which refuses everything after some errors.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::damage::Damage;
use super::error::StoreError;
use super::mode::Mode;
use super::trouble::{DiskTrouble, is_damage, is_unusable};
use tracing::{error, warn};

/// What is known of a store's health.
#[derive(Debug)]
pub struct Health {
    /// Whether the disk can only be read.
    pub(super) read_only: AtomicBool,
    /// Set by an error after which DuckDB refuses everything.
    pub(super) unusable: AtomicBool,
    /// The newest try to open the file anew that failed.
    pub(super) tried: Mutex<Option<Failed>>,
    pub(super) disk: Mutex<Option<DiskProblem>>,
    pub(super) damage: Mutex<Option<Damage>>,
    /// The newest try to heal it, which failed.
    pub(super) unhealed: Mutex<Option<Failed>>,
    /// Calls that may take long, and are known to be going on: healing, backups.
    pub(super) long: AtomicU32,
}

#[derive(Debug, Clone)]
pub(super) struct Failed {
    at: Instant,
    times: u32,
    pub(super) reason: String,
}

impl Failed {
    /// Another failure, after the one `before`.
    pub(super) fn after(before: Option<&Failed>, reason: String) -> Failed {
        Failed { at: Instant::now(), times: before.map_or(0, |before| before.times + 1), reason }
    }

    /// Whether it is too early to try again; the pause is `first` and is doubled each time, to `longest` at most.
    pub(super) fn waits(&self, first: Duration, longest: Duration) -> bool {
        let pause = first.saturating_mul(2_u32.saturating_pow(self.times)).min(longest);
        self.at.elapsed() < pause
    }
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
        let disk = (mode == Mode::ReadOnly).then(|| DiskProblem {
            trouble: DiskTrouble::ReadOnly,
            reason: "its disk is mounted to be read only".to_owned(),
        });
        Health {
            read_only: AtomicBool::new(mode == Mode::ReadOnly),
            unusable: AtomicBool::new(false),
            tried: Mutex::default(),
            disk: Mutex::new(disk),
            damage: Mutex::default(),
            unhealed: Mutex::default(),
            long: AtomicU32::new(0),
        }
    }

    pub(super) fn mode(&self) -> Mode {
        if self.read_only.load(Ordering::SeqCst) { Mode::ReadOnly } else { Mode::Writable }
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
pub struct Long<'a>(pub(super) &'a AtomicU32);

impl Drop for Long<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(super) fn kept<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
