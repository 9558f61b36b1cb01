//! What a cycle tells, and to whom.

use crate::domain::alert::{AlertEvent, NewDelivery};

/// What a cycle tells, and to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Messages {
    /// Which rules decided.
    pub config_digest: String,
    /// The messages.
    pub events: Vec<AlertEvent>,
    /// Each message as it goes to each channel.
    pub deliveries: Vec<NewDelivery>,
}
