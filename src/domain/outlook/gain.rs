//! Days between two dates of exhaustion.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Days gained; negative = lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gain {
    /// Days; null if credit lasts beyond the outlook before and after, so that nothing can be said.
    pub days: Option<i64>,
    /// True if one of the two dates lies beyond the outlook: at least so many days gained, or lost.
    pub at_least: bool,
}

impl Gain {
    /// Between two dates of exhaustion; `end` is the first day that is not looked at.
    pub fn of(before: Option<NaiveDate>, after: Option<NaiveDate>, end: NaiveDate) -> Gain {
        let days =
            (before.is_some() || after.is_some()).then(|| (after.unwrap_or(end) - before.unwrap_or(end)).num_days());
        Gain { days, at_least: before.is_some() != after.is_some() }
    }
}
