//! Signed webhooks after the Standard Webhooks specification.
//!
//! The event id is the webhook id, the same at every attempt, so that a receiver can drop what it has seen. The
//! timestamp is that of the attempt: receivers refuse old ones.

use chrono::{DateTime, Utc};
use serde_json::json;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

use super::ChannelError;
use crate::domain::alert::{Letter, PendingDelivery};
use crate::domain::secret::Secret;

/// `{type, timestamp, data}`, as the specification recommends.
pub(super) fn payload(letter: &Letter) -> String {
    json!({ "type": letter.kind, "timestamp": letter.at, "data": letter.data }).to_string()
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
pub(super) fn headers(
    secret: &Secret,
    delivery: &PendingDelivery,
    now: DateTime<Utc>,
) -> Result<[(&'static str, String); 3], ChannelError> {
    let timestamp = now.timestamp();
    let signature = signer(secret)?
        .sign(&delivery.event_id, timestamp, delivery.payload.as_bytes())
        .expect("a str is valid UTF-8, which is all that signing asks for");
    Ok([
        (HEADER_WEBHOOK_ID, delivery.event_id.clone()),
        (HEADER_WEBHOOK_TIMESTAMP, timestamp.to_string()),
        (HEADER_WEBHOOK_SIGNATURE, signature),
    ])
}
