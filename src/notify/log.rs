//! The daemon's own log as a channel: it needs no configuration and cannot be down.

use super::answer::Answer;
use crate::domain::alert::PendingDelivery;
use crate::domain::position::finding::Severity;
use crate::domain::wording::Letter;

/// Title and text; the attached document would drown the log.
pub(super) fn payload(letter: &Letter) -> String {
    let link = letter.dashboard_url.as_ref().map_or_else(String::new, |url| format!("\n\nDashboard: {url}"));
    format!("{}\n\n{}{link}", letter.title, letter.text)
}

/// Writes one record at the level of its severity.
pub(super) fn send(delivery: &PendingDelivery) -> Answer {
    let (event_id, key) = (&delivery.event_id, &delivery.key);
    let message = &delivery.payload;
    match delivery.severity {
        Severity::Critical => tracing::error!(event_id, key, severity = "critical", "{message}"),
        Severity::Warning => tracing::warn!(event_id, key, severity = "warning", "{message}"),
        Severity::Info => tracing::info!(event_id, key, severity = "info", "{message}"),
    }
    Answer::DELIVERED
}
