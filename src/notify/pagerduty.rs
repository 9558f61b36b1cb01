//! PagerDuty Events API v2: one incident per alert, opened, updated and resolved under the alert's key.
//!
//! The routing key is put in when a message leaves and stands in no stored payload.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::answer::Answer;
use super::http::HttpClient;
use super::text::shorten;
use crate::domain::values::secret::Secret;
use crate::domain::wording::{Letter, Phase};

/// Where events go unless config names another region.
pub const DEFAULT_URL: &str = "https://events.pagerduty.com/v2/enqueue";
/// Characters of `dedup_key`.
const MAX_KEY: usize = 255;
/// Characters of `payload.summary`.
const MAX_SUMMARY: usize = 1024;
/// Characters of each text in `custom_details`. An event may have 512 KB; a person reads this on a phone.
const MAX_DETAIL: usize = 8000;

/// The event without its routing key.
pub(super) fn payload(letter: &Letter) -> String {
    let dedup_key = dedup_key(&letter.key);
    let action = match letter.phase {
        Phase::Firing | Phase::Once => "trigger",
        Phase::Acknowledged => "acknowledge",
        Phase::Resolved => "resolve",
    };
    if action != "trigger" {
        return json!({ "event_action": action, "dedup_key": dedup_key }).to_string();
    }
    let mut event = json!({
        "event_action": action,
        "dedup_key": dedup_key,
        "client": "glidepath",
        "payload": {
            "summary": shorten(&format!("{}: {}", letter.title, letter.summary), MAX_SUMMARY),
            "source": "glidepath",
            // The API knows critical, error, warning and info; ours are among them.
            "severity": letter.severity.as_str(),
            "timestamp": letter.at.to_rfc3339(),
            "component": "aws-credits",
            "group": letter.rule.map_or(letter.kind.as_str(), |rule| rule.as_str()),
            "class": letter.kind,
            "custom_details": {
                "what": shorten(&letter.text, MAX_DETAIL),
                "since": letter.since,
                "key": letter.key,
                "event_id": letter.event_id,
            },
        },
    });
    if let Some(url) = &letter.dashboard_url {
        event["client_url"] = json!(url);
        let document = letter.document_url().map(|url| json!({ "href": url, "text": "What the bill becomes" }));
        let page = json!({ "href": url, "text": "Open the dashboard" });
        event["links"] = Value::Array([Some(page), document].into_iter().flatten().collect());
    }
    event.to_string()
}

/// The alert's key, or a hash of one that is too long.
fn dedup_key(key: &str) -> String {
    if key.chars().count() <= MAX_KEY { key.to_owned() } else { hex::encode(Sha256::digest(key)) }
}

/// Posts a stored event.
pub(super) async fn send(http: &HttpClient, url: &str, routing_key: &Secret, payload: &str) -> Answer {
    let mut event = match serde_json::from_str::<Value>(payload) {
        Ok(event) if event.is_object() => event,
        _ => return Answer::Unsendable { error: "the stored message is no event for PagerDuty".to_owned() },
    };
    event["routing_key"] = json!(routing_key.expose());
    http.post(url, &[], &event.to_string()).await
}
