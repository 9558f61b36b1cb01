//! Delivers messages to channels: at least once, always under the same event id, retrying only what can succeed.
//!
//! What to send is built beforehand and pure ([`outbox`]); [`deliver_due`] tries each due delivery once and answers how
//! it went. It neither reads nor writes the store, never sleeps, and is bounded by the client's time limit: the next run
//! tries again what may succeed later.

mod answer;
mod http;
mod log;
mod slack;
mod webhook;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::domain::alert::{AlertEvent, DeliveryOutcome, DeliveryResult, NewDelivery, PendingDelivery};
use crate::domain::secret::Secret;

use answer::Answer;
pub use answer::RetryPolicy;
pub use http::HttpClient;

/// Longest that one delivery may take. A cycle waits for its deliveries, each channel at most this long.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// A Slack incoming webhook; its URL is the credential.
    Slack {
        /// `https://hooks.slack.com/services/...`
        webhook_url: Secret,
    },
    /// Any receiver of signed webhooks (Standard Webhooks).
    Webhook {
        /// Where to post. It may hold a token, so it does not print either.
        url: Secret,
        /// The signing key in base64, with or without its `whsec_` prefix.
        secret: Secret,
    },
    /// The daemon's own log.
    Log,
}

/// A channel that can never work as configured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChannelError {
    /// Not a URL that a message can be posted to.
    #[error("the URL cannot be used: {0}")]
    Url(String),
    /// Not a signing key.
    #[error("the signing secret is not base64, as Standard Webhooks asks for: {0}")]
    SigningSecret(String),
    /// The HTTP client could not be built.
    #[error("the HTTP client cannot be built: {0}")]
    Client(String),
}

impl Channel {
    /// The kind, as config names it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Channel::Slack { .. } => "slack",
            Channel::Webhook { .. } => "webhook",
            Channel::Log => "log",
        }
    }

    /// Says what would make every delivery fail, so that config can report it at start.
    ///
    /// # Errors
    /// [`ChannelError`] with the part that cannot be used; never with the secret.
    pub fn validate(&self) -> Result<(), ChannelError> {
        match self {
            Channel::Slack { webhook_url } => http::check_url(webhook_url, true),
            Channel::Webhook { url, secret } => {
                http::check_url(url, false)?;
                webhook::signer(secret).map(drop)
            }
            Channel::Log => Ok(()),
        }
    }

    /// The body for this channel, as it will be sent.
    pub fn payload(&self, event: &AlertEvent) -> String {
        match self {
            Channel::Slack { .. } => slack::payload(event),
            Channel::Webhook { .. } => webhook::payload(event),
            Channel::Log => log::payload(event),
        }
    }

    async fn send(&self, delivery: &PendingDelivery, http: &HttpClient, now: DateTime<Utc>) -> Answer {
        match self {
            Channel::Slack { webhook_url } => http.post(webhook_url, &[], &delivery.payload).await,
            Channel::Webhook { url, secret } => match webhook::headers(secret, delivery, now) {
                Ok(headers) => http.post(url, &headers, &delivery.payload).await,
                Err(error) => Answer::Unsendable { error: error.to_string() },
            },
            Channel::Log => log::send(delivery),
        }
    }

    /// Masks the channel's own secrets in text that comes from outside.
    fn redact(&self, text: &str) -> String {
        match self {
            Channel::Slack { webhook_url } => http::redact_url(webhook_url, text),
            Channel::Webhook { url, secret } => secret.redact(&http::redact_url(url, text)),
            Channel::Log => text.to_owned(),
        }
    }
}

/// The deliveries to be written with `events`: one for each channel that is to hear each.
pub fn outbox(events: &[AlertEvent], channels: &BTreeMap<String, Channel>) -> Vec<NewDelivery> {
    let mut deliveries = Vec::new();
    for event in events {
        for (name, channel) in channels.iter().filter(|(name, _)| event.audience.includes(name)) {
            deliveries.push(NewDelivery {
                event_id: event.event_id.clone(),
                channel: name.clone(),
                payload: channel.payload(event),
            });
        }
    }
    deliveries
}

/// Tries each due delivery once. After a failure that may pass, the rest of that channel's deliveries wait: until the
/// end of the pause that a 429 asks for, or else for the next run; so one dead receiver costs one time limit per run.
pub async fn deliver_due(
    due: &[PendingDelivery],
    channels: &BTreeMap<String, Channel>,
    http: &HttpClient,
    retry: &RetryPolicy,
    now: DateTime<Utc>,
) -> Vec<DeliveryOutcome> {
    let mut by_channel: BTreeMap<&str, Vec<&PendingDelivery>> = BTreeMap::new();
    for delivery in due {
        by_channel.entry(delivery.channel.as_str()).or_default().push(delivery);
    }
    let mut outcomes = Vec::new();
    for (name, deliveries) in by_channel {
        match channels.get(name) {
            Some(channel) => outcomes.extend(deliver_channel(channel, &deliveries, http, retry, now).await),
            None => outcomes.extend(deliveries.into_iter().map(|delivery| {
                let error = format!("the channel {name} is not in the config any more");
                outcome(delivery, DeliveryResult::Dead { error })
            })),
        }
    }
    outcomes
}

async fn deliver_channel(
    channel: &Channel,
    deliveries: &[&PendingDelivery],
    http: &HttpClient,
    retry: &RetryPolicy,
    now: DateTime<Utc>,
) -> Vec<DeliveryOutcome> {
    let mut outcomes = Vec::new();
    for (index, delivery) in deliveries.iter().enumerate() {
        let answer = channel.send(delivery, http, now).await;
        let result = answer::judge(&answer, delivery.attempts + 1, retry, now, |text| channel.redact(text));
        let failed_for_now = matches!(result, DeliveryResult::Retry { .. });
        let pause = answer.pause_until(retry, now);
        outcomes.push(outcome(delivery, result));
        if let Some(next_attempt_at) = pause {
            let rest = &deliveries[index + 1..];
            outcomes.extend(rest.iter().map(|later| outcome(later, DeliveryResult::Deferred { next_attempt_at })));
            break;
        }
        if failed_for_now {
            break;
        }
    }
    outcomes
}

fn outcome(delivery: &PendingDelivery, result: DeliveryResult) -> DeliveryOutcome {
    DeliveryOutcome { event_id: delivery.event_id.clone(), channel: delivery.channel.clone(), result }
}
