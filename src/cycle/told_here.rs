//! What this process told that the store cannot remember.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::domain::position::finding::Rule;

/// What this process told: a disk that takes no writes cannot remember it.
pub(super) type ToldFromMemory = Mutex<BTreeMap<Rule, ToldHere>>;

/// When something was told last, and whether its all-clear was given since.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToldHere {
    pub at: SystemTime,
    pub is_over: bool,
}

pub(super) fn locked(told: &ToldFromMemory) -> MutexGuard<'_, BTreeMap<Rule, ToldHere>> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
