//! The outbox: messages on their way to channels. The store keeps it, delivery empties it; neither knows the other.

use chrono::{DateTime, Utc};

use crate::position::finding::Severity;

/// A delivery to be written with its event: the payload is what will be sent, whatever config says by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The event's id.
    pub event_id: String,
    /// Name of the channel in config.
    pub channel: String,
    /// Body to be sent.
    pub payload: String,
}

/// A file that goes with a message, on channels that carry files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxFile {
    /// `glidepath-funding-pack-2026-11-23.pdf`
    pub name: String,
    /// What it is, as HTTP and e-mail call it.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A delivery that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDelivery {
    /// The event's id, under which every attempt is made.
    pub event_id: String,
    /// Name of the channel in config.
    pub channel: String,
    /// Key of the finding.
    pub key: String,
    /// How bad it is; the log channel chooses its level by it.
    pub severity: Severity,
    /// Body to be sent.
    pub payload: String,
    /// Files that go with it.
    pub files: Vec<OutboxFile>,
    /// Attempts made before this one.
    pub attempts: u32,
}

/// How a due delivery went, to be written back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryOutcome {
    /// The event's id.
    pub event_id: String,
    /// Name of the channel in config.
    pub channel: String,
    /// What happened.
    pub result: DeliveryResult,
}

impl DeliveryOutcome {
    /// True if the message reached its channel.
    pub fn arrived(&self) -> bool {
        self.result == DeliveryResult::Delivered
    }
}

/// What happened to a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryResult {
    /// It arrived.
    Delivered,
    /// It may succeed later.
    Retry {
        /// Earliest time of the next attempt.
        next_attempt_at: DateTime<Utc>,
        /// What went wrong, without secrets.
        error: String,
    },
    /// It was not attempted: the channel asked for a pause.
    Deferred {
        /// End of the pause.
        next_attempt_at: DateTime<Utc>,
    },
    /// It was given up.
    Dead {
        /// What went wrong, without secrets.
        error: String,
    },
}
