//! What was told about a key and is not cleared.

use crate::position::finding::{NamedDay, Rule, Severity};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;

/// What was told about a key since it last fired, as the stored events say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAlert {
    /// Key of the finding.
    pub key: String,
    /// Its rule.
    pub rule: Rule,
    /// Severity of the newest message.
    pub severity: Severity,
    /// Day since which it was so, when it fired.
    pub since: NaiveDate,
    /// Clock of the cycle in which it fired: the start of the episode.
    pub opened_at: DateTime<Utc>,
    /// Clock of the newest message.
    pub last_told_at: DateTime<Utc>,
    /// Messages sent in this episode.
    pub told: u32,
    /// What the newest message said.
    pub summary: String,
    /// The day that it named.
    pub named: Option<NamedDay>,
    /// Channels that heard of it, or will: deliveries that were not given up.
    pub heard_by: BTreeSet<String>,
}
