//! What is known from one run of deliveries to the next.

use std::collections::BTreeSet;

use super::unstored::Unstored;

/// The dead channels that were told of, so that the history is read only when they change; `None` after a start.
pub(super) type KnownDead = Option<BTreeSet<String>>;

/// What is known from one run of deliveries to the next.
#[derive(Debug, Default)]
pub(super) struct Delivering {
    pub dead: KnownDead,
    pub unstored: Unstored,
}
