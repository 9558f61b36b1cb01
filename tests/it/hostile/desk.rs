//! Stores in folders, as the daemon opens them, and links in them.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::store::{BackupFolders, Claim, Examiner, Opening, StoreError, StoredLink};

use crate::support::served::first_cycle;

pub fn now() -> DateTime<Utc> {
    first_cycle() + TimeDelta::days(1)
}

pub fn examiner() -> Examiner {
    Examiner { program: Some(env!("CARGO_BIN_EXE_glidepath-under-test").into()) }
}

/// The store `a.duckdb` with its backups beside it.
pub fn opening(folder: &Path) -> Opening {
    Opening {
        path: folder.join("a.duckdb"),
        memory_mb: 64,
        examiner: examiner(),
        backups: BackupFolders { first: folder.join("backups"), second: None, copy: None },
        claim: Claim::None,
        now,
    }
}

/// Tries again while another thread's child, which is about to start, still has the lock that it was born with.
pub fn patiently<T>(open: impl Fn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    loop {
        match open() {
            Err(StoreError::InUse { .. }) => std::thread::yield_now(),
            opened => return opened,
        }
    }
}

/// A link that opens for so many days.
pub fn link(id: &str, days: i64) -> StoredLink {
    StoredLink {
        id: id.to_owned(),
        made_at: first_cycle(),
        made_by: "founder".to_owned(),
        kind: "trajectory".to_owned(),
        formats: vec!["md".to_owned()],
        records: vec!["ai".to_owned()],
        expires_at: first_cycle() + TimeDelta::days(days),
        as_of: None,
        revoked: None,
    }
}
