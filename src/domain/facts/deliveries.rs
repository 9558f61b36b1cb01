//! Channels that messages do not reach.

use chrono::NaiveDate;

/// A configured channel whose newest settled delivery was given up, or that has refused a message for about an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadChannel {
    /// Name of the channel in config.
    pub channel: String,
    /// Day of the first message that did not arrive since one last did.
    pub since: NaiveDate,
    /// Messages given up since then.
    pub lost: u32,
    /// Messages that were tried for about an hour, and are tried further.
    pub waiting: u32,
    /// What the channel answered last.
    pub last_error: String,
}
