//! [`AlertEvent`]: one message, under an id that does not change when the cycle that caused it runs again.

use crate::alert::RepeatPolicy;
use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::alert::{Action, Decision, Reason};
use crate::position::finding::{NamedDay, Rule, Severity};

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

/// What a message needs beside the decision.
#[derive(Debug, Clone, Copy)]
pub struct MessageContext<'a> {
    /// The cycle's clock.
    pub now: DateTime<Utc>,
    /// How often reminders come, so that a message can say so.
    pub repeat: RepeatPolicy,
    /// The post-credit trajectory of this cycle in Markdown.
    pub trajectory: Option<&'a str>,
    /// Where the dashboard is.
    pub dashboard_url: Option<&'a str>,
}

/// Puts a decision into words; `None` where nothing is told.
pub type Compose = fn(&Decision, &MessageContext<'_>) -> Option<AlertEvent>;

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

/// The id of the message that a decision asks for: 128 bits of a hash over the key, which says rule and subject, the first day of
/// the episode, how many began on that day before, the action, the severity and the number of messages before it. No clock is
/// part of it: the same cycle run twice gives the same id, and so does a store that finds the same again after it lost what it
/// knew; the next reminder, and the next episode, give another.
pub fn event_id(decision: &Decision) -> String {
    let told = decision.open.as_ref().map_or(0, |open| open.told);
    let since =
        decision.open.as_ref().map(|open| open.since).or(decision.finding.as_ref().map(|finding| finding.since));
    stable_id(&[
        decision.key.as_str(),
        &since.map(|since| since.to_string()).unwrap_or_default(),
        &decision.earlier.to_string(),
        decision.action.as_str(),
        decision.severity.as_str(),
        &told.to_string(),
    ])
}

/// 128 bits of a hash over `parts`, in hex.
pub(crate) fn stable_id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{clock, day};
    use super::*;
    use crate::alert::OpenAlert;
    use crate::position::finding::Finding;

    fn decision(action: Action, severity: Severity, told: Option<u32>) -> Decision {
        Decision {
            action,
            reason: Reason::New,
            key: "exhaustion:total".into(),
            rule: Rule::Exhaustion,
            severity,
            finding: (action != Action::Resolve).then(|| Finding {
                named: None,
                rule: Rule::Exhaustion,
                severity,
                key: "exhaustion:total".into(),
                since: day("2026-03-01"),
                summary: String::new(),
                reason: String::new(),
            }),
            earlier: 0,
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
        let fire = decision(Action::Fire, Severity::Critical, None);
        assert_eq!(event_id(&fire).len(), 32);
        let found_again_later = Decision { reason: Reason::RepeatDue, ..fire.clone() };
        assert_eq!(event_id(&fire), event_id(&found_again_later));
        let mut on_another_day = fire.clone();
        on_another_day.finding.as_mut().unwrap().since = day("2026-03-02");

        let distinct: BTreeSet<String> = [
            event_id(&fire),
            event_id(&on_another_day),
            event_id(&Decision { earlier: 1, ..fire.clone() }),
            event_id(&decision(Action::Fire, Severity::Warning, None)),
            event_id(&decision(Action::Repeat, Severity::Critical, Some(1))),
            event_id(&decision(Action::Repeat, Severity::Critical, Some(2))),
            event_id(&decision(Action::Resolve, Severity::Critical, Some(2))),
        ]
        .into();
        assert_eq!(distinct.len(), 7);
    }
}
