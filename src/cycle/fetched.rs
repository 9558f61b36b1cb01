//! What was fetched of the past, and how far back AWS's data reach.

use chrono::NaiveDate;

/// AWS's word on how far back its data reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    /// First day that it did not refuse.
    pub kept_from: NaiveDate,
    /// When it said so.
    pub on: NaiveDate,
}

/// What a cycle fetched of the past.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) pages: u32,
    pub(super) charges: usize,
    pub(super) usage: usize,
}
