//! Signed webhooks after the Standard Webhooks specification.
//!
//! The event id is the webhook id, the same at every attempt, so that a receiver can drop what it has seen. The
//! timestamp is that of the attempt: receivers refuse old ones.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

use super::answer::Answer;
use super::error::ChannelError;
use super::http::HttpClient;
use crate::domain::alert::{OutboxFile, PendingDelivery};
use crate::domain::values::secret::Secret;
use crate::domain::wording::Letter;

/// `{type, timestamp, data}`, as the specification recommends.
pub(super) fn payload(letter: &Letter) -> String {
    let mut data = letter.data.clone();
    if !letter.links.is_empty() {
        data["links"] = json!(letter.links);
    }
    json!({ "type": letter.kind, "timestamp": letter.at, "data": data }).to_string()
}

/// Posts a stored message, signed for this attempt.
pub(super) async fn send(
    http: &HttpClient,
    url: &Secret,
    secret: &Secret,
    delivery: &PendingDelivery,
    now: DateTime<Utc>,
) -> Answer {
    let body = match with_files(&delivery.payload, &delivery.files) {
        Ok(body) => body,
        Err(error) => return Answer::Unsendable { error },
    };
    match headers(secret, &delivery.event_id, &body, now) {
        Ok(headers) => http.post(url.expose(), &headers, &body).await,
        Err(error) => Answer::Unsendable { error: error.to_string() },
    }
}

/// The message with the bytes of its files beside their names, in base64.
fn with_files(payload: &str, files: &[OutboxFile]) -> Result<String, String> {
    if files.is_empty() {
        return Ok(payload.to_owned());
    }
    let unreadable = "the stored message does not name the files that belong to it";
    let mut message: Value = serde_json::from_str(payload).map_err(|error| format!("{unreadable}: {error}"))?;
    let named = message["data"]["files"].as_array_mut().ok_or(unreadable)?;
    for file in files {
        let place = named.iter_mut().find(|it| it["name"] == file.name.as_str()).ok_or(unreadable)?;
        place["base64"] = json!(BASE64_STANDARD.encode(&file.bytes));
    }
    Ok(message.to_string())
}

/// Bytes of a secret at least, by the specification.
pub(super) const SHORTEST_SECRET: usize = 24;

/// True for a secret of fewer bytes, by which a signature could be found.
pub(super) fn is_short(secret: &Secret) -> bool {
    let text = secret.expose();
    let bytes = BASE64_STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text));
    bytes.is_ok_and(|bytes| bytes.len() < SHORTEST_SECRET)
}

/// Reads the signing key.
pub(super) fn signer(secret: &Secret) -> Result<Webhook, ChannelError> {
    if secret.is_empty() {
        return Err(ChannelError::SigningSecret("it is empty".to_owned()));
    }
    Webhook::new(secret.expose()).map_err(|_| {
        // The decoder's own message would quote a character of the secret.
        ChannelError::SigningSecret("it cannot be decoded".to_owned())
    })
}

/// The three headers of one attempt.
fn headers(
    secret: &Secret,
    event_id: &str,
    body: &str,
    now: DateTime<Utc>,
) -> Result<[(&'static str, String); 3], ChannelError> {
    let timestamp = now.timestamp();
    let signature = signer(secret)?
        .sign(event_id, timestamp, body.as_bytes())
        .expect("a str is valid UTF-8, which is all that signing asks for");
    Ok([
        (HEADER_WEBHOOK_ID, event_id.to_owned()),
        (HEADER_WEBHOOK_TIMESTAMP, timestamp.to_string()),
        (HEADER_WEBHOOK_SIGNATURE, signature),
    ])
}
