//! Alertmanager's API v2: an alert lives under its labels, and only until it ends.
//!
//! Alertmanager forgets alerts when it restarts and takes one for resolved when it ends, so a firing alert is posted again
//! every few minutes by [`super::refresh`], each time with an end that outlasts several cycles. Escalation changes a label,
//! which makes it another alert; each letter therefore ends the same alert at the other severities.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::http::HttpClient;
use super::text::shorten;
use crate::domain::position::finding::Severity;
use crate::domain::values::secret::Secret;
use crate::domain::wording::{Letter, Phase};

/// Characters of a label's value. Alertmanager has no limit, but what stores its notifications does.
const MAX_LABEL: usize = 200;
/// Characters of an annotation.
const MAX_ANNOTATION: usize = 8000;
/// How long a digest or a test stays.
const ONCE: TimeDelta = TimeDelta::minutes(5);

/// How to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// `Authorization: Bearer`.
    Token(Secret),
    /// `Authorization: Basic`.
    Password {
        /// User name.
        user: String,
        /// Password.
        password: Secret,
    },
}

impl Login {
    fn header(&self) -> String {
        match self {
            Login::Token(token) => format!("Bearer {}", token.expose()),
            Login::Password { user, password } => format!("Basic {}", basic(user, password)),
        }
    }

    /// Masks it in others' text, as it is and as it goes over the wire.
    pub(super) fn redact(&self, text: &str) -> String {
        match self {
            Login::Token(token) => token.redact(text),
            Login::Password { user, password } => password.redact(&Secret::new(basic(user, password)).redact(text)),
        }
    }
}

fn basic(user: &str, password: &Secret) -> String {
    BASE64_STANDARD.encode(format!("{user}:{}", password.expose()))
}

/// One alert as it is posted. A firing one is stored without its end, which is set when it leaves.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostableAlert {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<DateTime<Utc>>,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    generator_url: Option<String>,
}

/// The letter's alert, and the same alert at the other severities as ended.
pub(super) fn payload(letter: &Letter) -> String {
    let ends_at = match letter.phase {
        Phase::Firing | Phase::Acknowledged => None,
        Phase::Resolved => Some(letter.at),
        Phase::Once => Some(letter.at + ONCE),
    };
    let mut alerts = vec![alert(letter, letter.severity, ends_at)];
    if letter.phase != Phase::Once {
        let others = [Severity::Critical, Severity::Warning, Severity::Info].into_iter();
        let others = others.filter(|severity| *severity != letter.severity);
        alerts.extend(others.map(|severity| alert(letter, severity, Some(letter.at))));
    }
    serde_json::to_string(&alerts).expect("alerts of text and times")
}

fn alert(letter: &Letter, severity: Severity, ends_at: Option<DateTime<Utc>>) -> PostableAlert {
    let rule = letter.rule.map_or(letter.kind.as_str(), |rule| rule.as_str());
    let label = |text: &str| shorten(text, MAX_LABEL);
    let labels = [
        ("alertname", format!("Glidepath{}", camel_case(rule))),
        ("key", label(&letter.key)),
        ("rule", label(rule)),
        ("service", "glidepath".to_owned()),
        ("severity", severity.as_str().to_owned()),
    ];
    let note = |text: &str| shorten(text, MAX_ANNOTATION);
    let mut annotations = vec![
        ("description", note(&letter.text)),
        ("event_id", letter.event_id.clone()),
        ("since", letter.since.to_string()),
        ("summary", note(&letter.summary)),
        ("title", note(&letter.title)),
    ];
    annotations.extend(letter.dashboard_url.clone().map(|url| ("dashboard_url", url)));
    annotations.extend(letter.document_url().map(|url| ("document_url", url)));
    let named = |(name, text): (&str, String)| (name.to_owned(), text);
    PostableAlert {
        labels: labels.into_iter().map(named).collect(),
        annotations: annotations.into_iter().map(named).collect(),
        starts_at: letter.at,
        ends_at,
        generator_url: letter.dashboard_url.clone(),
    }
}

/// `stale_data` to `StaleData`.
fn camel_case(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

/// Posts a stored message; what fires in it ends at `until`, unless it is posted again before.
pub(super) async fn send(
    http: &HttpClient,
    url: &str,
    login: Option<&Login>,
    payload: &str,
    until: DateTime<Utc>,
) -> Answer {
    let mut alerts = match serde_json::from_str::<Vec<PostableAlert>>(payload) {
        Ok(alerts) => alerts,
        Err(error) => return Answer::Unsendable { error: format!("the stored message is no list of alerts: {error}") },
    };
    for alert in &mut alerts {
        alert.ends_at = alert.ends_at.or(Some(until));
    }
    let body = serde_json::to_string(&alerts).expect("alerts of text and times");
    let headers: Vec<_> = login.map(|login| ("authorization", login.header())).into_iter().collect();
    http.post(&format!("{}/api/v2/alerts", url.trim_end_matches('/')), &headers, &body).await
}
