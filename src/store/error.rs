//! What can go wrong with the store, where a caller or a reader must tell the cases apart.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use thiserror::Error;

use super::trouble::{DiskTrouble, is_damage};
use super::unclaimed::Unclaimed;
use crate::domain::values::bounds::DEFAULT_STORE_MEMORY_MB;
use crate::domain::wording::trouble::Trouble;

fn process(holder: &Option<u32>) -> String {
    holder.map(|holder| format!(", number {holder}")).unwrap_or_default()
}

/// A store that could not be opened, read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error(
        "the store {path} is in use by another glidepath process{}. One process at a time may open it: stop the other \
         one, or ask it over HTTP",
        process(holder)
    )]
    InUse {
        /// The database file.
        path: PathBuf,
        /// The number of the process, as it is called where it runs.
        holder: Option<u32>,
    },
    /// There is no store, and there are backups that may be of one.
    #[error("{0}")]
    Unclaimed(Box<Unclaimed>),
    /// What does not hold in the store did not hold in its newest good backup either.
    #[error(
        "the store {path} was not touched, although {reason}: the newest backup that can be read, {backup}, is wrong in the same \
         way. This is a defect of glidepath: please report this message"
    )]
    Defect {
        /// The database file.
        path: PathBuf,
        /// What does not hold.
        reason: String,
        /// The backup.
        backup: PathBuf,
    },
    /// None of its backups is known to be good, and one may be.
    #[error(
        "the store {path} was not touched, although {reason}: a good backup may lie at {backup}, and could not be looked into: {why}. \
         Mend that, and try again"
    )]
    BackupUnread {
        /// The database file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// The backup.
        backup: PathBuf,
        /// Why it could not be read.
        why: String,
    },
    /// It was damaged again and again.
    #[error(
        "the store {path} was not touched, although {reason}: it was put together again {times} times within the hour, so this machine's \
         disk or memory does not keep what is written; look at both, and start again in an hour"
    )]
    TooOften {
        /// The database file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// How often.
        times: usize,
    },
    /// Its disk takes no writes.
    #[error("the disk of the store {path} takes no writes: {reason}")]
    NoRoom {
        /// The database file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It had to be closed, and does not open again.
    #[error("the store {path} was closed after an error, and could not be opened again: {reason}")]
    Closed {
        /// The database file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Written by a newer version.
    #[error(
        "the store {path} was written by a newer glidepath (its schema is version {found}, this program knows {known}). \
         Use that version or a newer one; nothing was changed"
    )]
    TooNew {
        /// The database file.
        path: PathBuf,
        /// Version in the file.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// The file cannot be created or opened.
    #[error("cannot open the store {path}: {reason}")]
    Open {
        /// The database file.
        path: PathBuf,
        /// What the system said, and what to check.
        reason: String,
    },
    /// A backup cannot be written.
    #[error("the backup {path} was not made: {reason}")]
    Backup {
        /// The file it was to be.
        path: PathBuf,
        /// What is in the way, and what to do where that is known.
        reason: String,
    },
    /// A migration failed; it was rolled back.
    #[error("migration {name} of the store failed and was rolled back: {source}")]
    Migration {
        /// File name of the migration.
        name: &'static str,
        /// DuckDB's error.
        source: duckdb::Error,
    },
    /// A cycle's clock lies before one that is already stored.
    #[error(
        "the clock {clock} lies before that of the newest stored cycle, {newest}: facts are appended in the order in \
         which they became known. Choose a later time, or another store"
    )]
    ClockGoesBack {
        /// The clock asked for.
        clock: DateTime<Utc>,
        /// The newest one stored.
        newest: DateTime<Utc>,
    },
    /// The credentials belong to another account than the stored data.
    #[error("the store holds data of account {stored}, and these credentials and [aws] accounts stand for {asked}")]
    OtherAccount {
        /// Account of the data.
        stored: String,
        /// Account of the credentials.
        asked: String,
    },
    /// The sum that was written is not the sum that was pulled.
    #[error(
        "the conservation check failed: {what} pulled for {window} sum to {pulled}, stored they would sum to {stored}; \
         {days}. Nothing of it was stored"
    )]
    NotConserved {
        /// Charges or usage.
        what: &'static str,
        /// The pulled window.
        window: String,
        /// Sum as pulled.
        pulled: String,
        /// Sum as it would have been stored.
        stored: String,
        /// Which days differ, and by how much.
        days: String,
    },
    /// A stored filing is not the text that was frozen.
    #[error(
        "version {version} of the filed projection is no longer what was frozen: its content hash is {frozen}, and the \
         text in the store hashes to {found}. Something changed the store from outside; go back to a backup"
    )]
    FilingChanged {
        /// Version.
        version: u32,
        /// The hash that it was frozen under.
        frozen: String,
        /// The hash of its text now.
        found: String,
    },
    /// What was pulled comes to more than any sum here can be.
    #[error(
        "the check of amounts failed: the {what} pulled for {window} come to {most} or more without their signs, which is no \
         bill. Nothing of it was stored"
    )]
    BeyondAnyBill {
        /// Charges or usage.
        what: &'static str,
        /// The days that were pulled.
        window: String,
        /// The largest sum.
        most: String,
    },
    /// A filing is dated before the newest one.
    #[error(
        "the file says it was filed on {filed_on}, and version {version}, filed on {newest}, claims its records from \
         that day on: two filings would claim one record. Write the day on which this correction was filed with AWS"
    )]
    FiledBeforeNewest {
        /// Day of the filing that was refused.
        filed_on: NaiveDate,
        /// The newest version.
        version: u32,
        /// Its day.
        newest: NaiveDate,
    },
    /// A filing corrects a version that does not exist.
    #[error(
        "the file says corrects = {corrects}, and there is no such version (the newest is {newest}; 0 means that nothing \
         is filed). `glidepath projection list` shows the versions"
    )]
    NothingToCorrect {
        /// The version it names.
        corrects: u32,
        /// The newest version, 0 if none.
        newest: u32,
    },
    /// Something stored does not read back.
    #[error("{what} in the store cannot be read: {reason}")]
    Unreadable {
        /// Which thing.
        what: String,
        /// Why.
        reason: String,
    },
    /// Another connection of this process writes at the moment.
    #[error("the store is being written to, so its log cannot be moved into the file now; try again in a moment")]
    Busy,
    /// DuckDB needs more memory than it may use.
    #[error(
        "the store needs more memory than it may use: {0}. Write a higher `memory_mb` under [store] in the config, twice \
         as much to begin with ({DEFAULT_STORE_MEMORY_MB} where it says nothing), and start again; nothing is lost"
    )]
    OutOfMemory(duckdb::Error),
    /// DuckDB failed.
    #[error("the store failed: {0}")]
    Duckdb(duckdb::Error),
    /// The blocking thread that ran the call died.
    #[error("a call to the store did not finish: {0}")]
    Interrupted(String),
}

impl StoreError {
    /// What is wrong with the store's disk, if this is about that.
    pub fn disk(&self) -> Option<DiskTrouble> {
        DiskTrouble::of(&self.to_string())
    }

    /// What it is about, for whoever looks it up.
    pub fn trouble(&self) -> Trouble {
        if self.disk().is_some() {
            return Trouble::DiskFull;
        }
        match self {
            StoreError::InUse { .. } => Trouble::StoreInUse,
            StoreError::Unclaimed(_) => Trouble::WhoseStore,
            StoreError::Defect { .. } | StoreError::BackupUnread { .. } | StoreError::TooOften { .. } => {
                Trouble::StoreDamaged
            }
            StoreError::NoRoom { .. } => Trouble::DiskFull,
            StoreError::TooNew { .. } => Trouble::StoreOfANewerVersion,
            StoreError::Open { .. } => Trouble::StoreNotOpened,
            StoreError::Backup { .. } => Trouble::BackupNotMade,
            StoreError::Migration { .. } => Trouble::MigrationFailed,
            StoreError::ClockGoesBack { .. } => Trouble::ClockNotRight,
            StoreError::OtherAccount { .. } => Trouble::StoreOfAnotherAccount,
            StoreError::NotConserved { .. } | StoreError::BeyondAnyBill { .. } => Trouble::AnswerRefused,
            StoreError::FilingChanged { .. } => Trouble::FilingChanged,
            StoreError::FiledBeforeNewest { .. } | StoreError::NothingToCorrect { .. } => Trouble::FilingNotUsable,
            StoreError::Unreadable { .. } => Trouble::StoredNotReadable,
            StoreError::OutOfMemory(_) => Trouble::StoreOutOfMemory,
            StoreError::Duckdb(error) if is_damage(&error.to_string()) => Trouble::StoreDamaged,
            StoreError::Closed { .. } | StoreError::Busy | StoreError::Duckdb(_) | StoreError::Interrupted(_) => {
                Trouble::StoreNotAnswering
            }
        }
    }
}

impl From<duckdb::Error> for StoreError {
    fn from(error: duckdb::Error) -> StoreError {
        // DuckDB's crate tells kinds of errors apart by their text alone.
        let kind = if error.to_string().contains("Out of Memory Error") {
            StoreError::OutOfMemory
        } else {
            StoreError::Duckdb
        };
        kind(error)
    }
}

/// Result of a call to the store.
pub type Result<T> = std::result::Result<T, StoreError>;
