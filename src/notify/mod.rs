//! Delivers messages to channels: at least once, always under the same event id, retrying only what can succeed.
//!
//! What to send is built beforehand and pure ([`outbox`]); [`deliver_due`] tries each due delivery once and answers how
//! it went. It neither reads nor writes the store, never sleeps, and is bounded in time: the next run tries again what may
//! succeed later.

mod alertmanager;
mod answer;
mod deliver;
mod email;
mod error;
mod heartbeat;
mod http;
mod log;
mod pagerduty;
mod slack;
mod smtp;
mod text;
mod webhook;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;

use crate::domain::alert::{AlertEvent, NewDelivery, PendingDelivery};
use crate::domain::values::secret::Secret;
use crate::domain::wording::Letter;

pub use alertmanager::Login;
use answer::Answer;
pub use answer::RetryPolicy;
pub use deliver::{deliver_due, refresh, try_once};
pub use email::Email;
pub use error::ChannelError;
pub use heartbeat::Heartbeat;
pub use http::{HttpClient, is_in_the_open};
pub use pagerduty::DEFAULT_URL as PAGERDUTY_URL;
pub use smtp::{MailServer, Security};

/// Longest that one delivery over HTTP may take; e-mail, whose servers keep strangers waiting, has three times as long.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// A Slack incoming webhook; its URL is the credential.
    Slack {
        /// `https://hooks.slack.com/services/...`
        webhook_url: Secret,
    },
    /// A PagerDuty service, through Events API v2.
    PagerDuty {
        /// The integration key.
        routing_key: Secret,
        /// Where events are taken; regions differ.
        url: String,
    },
    /// People, through a mail server.
    Email(Email),
    /// A Prometheus Alertmanager, API v2.
    Alertmanager {
        /// Its address, without `/api/v2`.
        url: String,
        /// How to log in, if it asks.
        login: Option<Login>,
        /// How long a firing alert lasts unless it is posted again.
        lasts: TimeDelta,
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

/// How a channel carries a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// As files.
    Files,
    /// By links, beside a few words.
    Links,
    /// The few words alone.
    Words,
    /// Not at all.
    Nothing,
}

impl Channel {
    /// The kind, as config names it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Channel::Slack { .. } => "slack",
            Channel::PagerDuty { .. } => "pagerduty",
            Channel::Email(_) => "email",
            Channel::Alertmanager { .. } => "alertmanager",
            Channel::Webhook { .. } => "webhook",
            Channel::Log => "log",
        }
    }

    /// How a report goes there.
    pub const fn carries(&self) -> Carries {
        match self {
            Channel::Email(_) | Channel::Webhook { .. } => Carries::Files,
            Channel::Slack { .. } => Carries::Links,
            Channel::Log => Carries::Words,
            Channel::PagerDuty { .. } | Channel::Alertmanager { .. } => Carries::Nothing,
        }
    }

    /// True where a signed link is kept to those for whom it is: not where logs are collected, and not on a pager.
    pub const fn may_carry_links(&self) -> bool {
        matches!(self, Channel::Slack { .. } | Channel::Email(_) | Channel::Webhook { .. })
    }

    /// True where a summary of the week makes sense: not for what wakes people, or counts what fires.
    pub const fn is_read_at_leisure(&self) -> bool {
        !matches!(self, Channel::PagerDuty { .. } | Channel::Alertmanager { .. })
    }

    /// Says what would make every delivery fail, so that config can report it at start.
    ///
    /// # Errors
    /// [`ChannelError`] with the part that cannot be used; never with the secret.
    pub fn validate(&self) -> Result<(), ChannelError> {
        match self {
            Channel::Slack { webhook_url } => http::check_url(webhook_url.expose(), true),
            Channel::PagerDuty { url, .. } => http::check_url(url, true),
            Channel::Email(email) => email.validate(),
            Channel::Alertmanager { url, login, .. } => http::check_url(url, login.is_some()),
            Channel::Webhook { url, secret } => {
                http::check_url(url.expose(), false)?;
                webhook::signer(secret).map(drop)
            }
            Channel::Log => Ok(()),
        }
    }

    /// What is allowed about the channel and unwise, a sentence each with what to do.
    pub fn cautions(&self) -> Vec<String> {
        if let Some(name) = self.example() {
            return vec![format!("{name} is a name for examples, where nothing arrives: put your own in its place")];
        }
        // Alertmanager and what else stands in one's own network is reached without TLS; where a credential goes along, http is refused.
        let Channel::Webhook { url, secret } = self else { return Vec::new() };
        let mut cautions = Vec::new();
        if is_in_the_open(url.expose()) {
            cautions.push(
                "its address is http and leads to another machine, so that what it is told can be read on the way: use https"
                    .to_owned(),
            );
        }
        if webhook::is_short(secret) {
            cautions.push(format!(
                "its secret is shorter than the {} bytes that Standard Webhooks asks for, so that a signature could be forged: \
                 `openssl rand -base64 32` prints a longer one",
                webhook::SHORTEST_SECRET
            ));
        }
        cautions
    }

    /// The first name of it that stands in examples and belongs to nobody.
    fn example(&self) -> Option<String> {
        let reserved = ["example", "example.com", "example.net", "example.org", "invalid", "test"];
        let is_reserved = |host: &str| {
            let host = host.trim_end_matches(['>', '.']).to_lowercase();
            reserved
                .iter()
                .any(|name| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
        };
        let names: Vec<String> = match self {
            Channel::Email(Email { server, from, to }) => {
                let of = |address: &String| address.rsplit('@').next().unwrap_or_default().to_owned();
                [server.host.clone(), of(from)].into_iter().chain(to.iter().map(of)).collect()
            }
            Channel::Alertmanager { url, .. } => {
                Url::parse(url).ok()?.host_str().map(str::to_owned).into_iter().collect()
            }
            _ => Vec::new(),
        };
        names.into_iter().find(|name| is_reserved(name)).map(|name| name.trim_end_matches('>').to_owned())
    }

    /// The body for this channel, as it will be sent.
    pub fn payload(&self, letter: impl Into<Letter>) -> String {
        let letter = letter.into();
        match self {
            Channel::Slack { .. } => slack::payload(&letter),
            Channel::PagerDuty { .. } => pagerduty::payload(&letter),
            Channel::Email(_) => email::payload(&letter),
            Channel::Alertmanager { .. } => alertmanager::payload(&letter),
            Channel::Webhook { .. } => webhook::payload(&letter),
            Channel::Log => log::payload(&letter),
        }
    }

    async fn send(&self, delivery: &PendingDelivery, http: &HttpClient, now: DateTime<Utc>) -> Answer {
        let payload = &delivery.payload;
        match self {
            Channel::Slack { webhook_url } => http.post(webhook_url.expose(), &[], payload).await,
            Channel::PagerDuty { routing_key, url } => pagerduty::send(http, url, routing_key, payload).await,
            Channel::Email(email) => email.send(delivery).await,
            Channel::Alertmanager { url, login, lasts } => {
                alertmanager::send(http, url, login.as_ref(), payload, now + *lasts).await
            }
            Channel::Webhook { url, secret } => webhook::send(http, url, secret, delivery, now).await,
            Channel::Log => log::send(delivery),
        }
    }

    /// Masks the channel's own secrets in text that comes from outside.
    fn redact(&self, text: &str) -> String {
        match self {
            Channel::Slack { webhook_url } => http::redact_url(webhook_url, text),
            Channel::PagerDuty { routing_key, .. } => routing_key.redact(text),
            Channel::Email(email) => email.redact(text),
            Channel::Alertmanager { login, .. } => {
                login.as_ref().map_or_else(|| text.to_owned(), |login| login.redact(text))
            }
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
