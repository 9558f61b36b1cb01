//! [`AlertEvent`]: one message, under an id that does not change when the cycle that caused it runs again.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::decide::{Action, Decision, Reason};
use crate::domain::finding::{NamedDay, Rule, Severity};

/// One message: what is stored, and what every channel's payload is built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertEvent {
    /// Stable key of this message; the same however often it is sent.
    pub event_id: String,
    /// Key of the finding.
    pub key: String,
    /// Its rule.
    pub rule: Rule,
    /// How bad it is, or was.
    pub severity: Severity,
    /// What was decided; what was held back is no message.
    pub decision: Action,
    /// Why.
    pub reason: Reason,
    /// Day since which it is so.
    pub since: NaiveDate,
    /// Clock of the cycle.
    pub fired_at: DateTime<Utc>,
    /// One line.
    pub title: String,
    /// What happened, in a sentence.
    pub summary: String,
    /// The whole message as plain text.
    pub text: String,
    /// What to do next, in a sentence; empty in an all-clear.
    #[serde(default)]
    pub next: String,
    /// The day that it names.
    #[serde(default)]
    pub named: Option<NamedDay>,
    /// A Markdown document that belongs to it: the trajectory of the same cycle.
    pub attachment: Option<String>,
    /// Where to look.
    pub dashboard_url: Option<String>,
    /// Who is to hear it. It is settled when deliveries are written, and is no part of the message.
    #[serde(skip)]
    pub audience: Audience,
}

/// Who is to hear a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Audience {
    /// Every channel.
    #[default]
    Everyone,
    /// An all-clear: the channels that heard the alarm.
    Only(BTreeSet<String>),
}

impl Audience {
    /// True if `channel` is to hear it.
    pub fn includes(&self, channel: &str) -> bool {
        match self {
            Audience::Everyone => true,
            Audience::Only(names) => names.contains(channel),
        }
    }
}

/// The id of the message that a decision asks for: 128 bits of a hash over the key, the start of the episode, the
/// action, the severity and the number of messages before it. The same cycle run twice gives the same id; the next
/// reminder, and the next episode, give another.
pub fn event_id(decision: &Decision, now: DateTime<Utc>) -> String {
    let (opened_at, told) = decision.open.as_ref().map_or((now, 0), |open| (open.opened_at, open.told));
    // Microseconds, because that is what the store keeps.
    stable_id(&[
        decision.key.as_str(),
        &opened_at.timestamp_micros().to_string(),
        decision.action.as_str(),
        decision.severity.as_str(),
        &told.to_string(),
    ])
}

/// 128 bits of a hash over `parts`, in hex.
pub(in crate::domain) fn stable_id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::decide::OpenAlert;
    use super::super::fixture::{clock, day};
    use super::*;

    fn decision(action: Action, severity: Severity, told: Option<u32>) -> Decision {
        Decision {
            action,
            reason: Reason::New,
            key: "exhaustion:total".into(),
            rule: Rule::Exhaustion,
            severity,
            finding: None,
            open: told.map(|told| OpenAlert {
                key: "exhaustion:total".into(),
                rule: Rule::Exhaustion,
                severity,
                since: day("2026-03-01"),
                opened_at: clock(),
                last_told_at: clock(),
                told,
                summary: String::new(),
                named: None,
                heard_by: BTreeSet::new(),
            }),
        }
    }

    #[test]
    fn ids_are_stable_and_differ_where_messages_do() {
        let later = clock() + TimeDelta::days(1);
        let fire = decision(Action::Fire, Severity::Critical, None);
        assert_eq!(event_id(&fire, clock()), event_id(&fire, clock()));
        assert_eq!(event_id(&fire, clock()).len(), 32);
        let repeat = decision(Action::Repeat, Severity::Critical, Some(1));
        assert_eq!(event_id(&repeat, clock()), event_id(&repeat, later), "the episode counts, not the clock");

        let distinct: BTreeSet<String> = [
            event_id(&fire, clock()),
            event_id(&fire, later),
            event_id(&decision(Action::Fire, Severity::Warning, None), clock()),
            event_id(&repeat, clock()),
            event_id(&decision(Action::Repeat, Severity::Critical, Some(2)), clock()),
            event_id(&decision(Action::Resolve, Severity::Critical, Some(2)), clock()),
        ]
        .into();
        assert_eq!(distinct.len(), 6);
    }
}
