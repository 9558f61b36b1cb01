//! Tries deliveries: channels beside each other, the messages of one channel one after another.

use std::collections::BTreeMap;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use futures_util::stream::iter;
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

use super::answer::{Answer, Attempt, judge};
use super::{Channel, HttpClient, RetryPolicy};
use crate::domain::alert::{DeliveryOutcome, DeliveryResult, OutboxFile, PendingDelivery};
use crate::domain::position::finding::Severity;
use crate::domain::wording::Letter;

/// Channels that are delivered to at the same time.
const CHANNELS_AT_ONCE: usize = 8;
/// Time after which a run starts no further delivery; the next run goes on. So a cycle never waits much longer for a
/// receiver that answers, but slowly.
const RUN_TIME: Duration = Duration::from_secs(60);

/// Tries each due delivery once and hands each outcome over as soon as it is known, so that little is sent again after a
/// crash. After a failure that may pass, the rest of that channel's deliveries wait: until the end of the pause that a 429
/// asks for, or else for the next run; so one dead receiver costs one time limit per run. Ends early when nobody takes
/// outcomes any more.
pub async fn deliver_due(
    due: &[PendingDelivery],
    channels: &BTreeMap<String, Channel>,
    http: &HttpClient,
    retry: &RetryPolicy,
    now: DateTime<Utc>,
    outcomes: mpsc::Sender<DeliveryOutcome>,
) {
    let mut by_channel: BTreeMap<&str, Vec<&PendingDelivery>> = BTreeMap::new();
    for delivery in due {
        by_channel.entry(delivery.channel.as_str()).or_default().push(delivery);
    }
    // Built in a loop: the compiler cannot see that futures out of a closure may change threads.
    let mut runs = Vec::new();
    for (name, deliveries) in by_channel {
        let run = Run { http, retry, now, outcomes: outcomes.clone() };
        runs.push(run.deliver_channel(name, channels.get(name), deliveries));
    }
    drop(outcomes);
    iter(runs).buffer_unordered(CHANNELS_AT_ONCE).collect::<()>().await;
}

/// One channel's part of a run.
struct Run<'a> {
    http: &'a HttpClient,
    retry: &'a RetryPolicy,
    now: DateTime<Utc>,
    outcomes: mpsc::Sender<DeliveryOutcome>,
}

impl Run<'_> {
    async fn deliver_channel(self, name: &str, channel: Option<&Channel>, deliveries: Vec<&PendingDelivery>) {
        match channel {
            Some(channel) => self.deliver(channel, &deliveries).await,
            None => self.give_up(name, &deliveries).await,
        }
    }

    async fn give_up(&self, name: &str, deliveries: &[&PendingDelivery]) {
        for delivery in deliveries {
            let error = format!("the channel {name} is not in the config any more");
            if !self.hand_over(delivery, DeliveryResult::Dead { error }).await {
                return;
            }
        }
    }

    async fn deliver(&self, channel: &Channel, deliveries: &[&PendingDelivery]) {
        let mut time = pin!(sleep(RUN_TIME));
        for (index, delivery) in deliveries.iter().enumerate() {
            if is_over(time.as_mut()).await {
                return;
            }
            let answer = channel.send(delivery, self.http, self.now).await;
            let attempt = Attempt { delivery, retry: self.retry, now: self.now };
            let result = judge(&answer, &attempt, |text| channel.redact(text));
            let failed_for_now = matches!(result, DeliveryResult::Retry { .. });
            if !self.hand_over(delivery, result).await {
                return;
            }
            if let Some(next_attempt_at) = answer.pause_until(self.retry, self.now) {
                for later in &deliveries[index + 1..] {
                    if !self.hand_over(later, DeliveryResult::Deferred { next_attempt_at }).await {
                        return;
                    }
                }
                return;
            }
            if failed_for_now {
                return;
            }
        }
    }

    async fn hand_over(&self, delivery: &PendingDelivery, result: DeliveryResult) -> bool {
        self.outcomes.send(outcome(delivery, result)).await.is_ok()
    }
}

/// True once the time is up. A timer notices only when it is polled.
async fn is_over(mut time: Pin<&mut Sleep>) -> bool {
    poll_fn(|context| Poll::Ready(time.as_mut().poll(context).is_ready())).await
}

fn outcome(delivery: &PendingDelivery, result: DeliveryResult) -> DeliveryOutcome {
    DeliveryOutcome { event_id: delivery.event_id.clone(), channel: delivery.channel.clone(), result }
}

/// Sends one letter with its files to one channel now, outside every outbox.
///
/// # Errors
/// What the channel answered, without secrets.
pub async fn try_once(
    name: &str,
    channel: &Channel,
    letter: Letter,
    files: Vec<OutboxFile>,
    http: &HttpClient,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let delivery = PendingDelivery {
        event_id: letter.event_id.clone(),
        channel: name.to_owned(),
        key: letter.key.clone(),
        severity: letter.severity,
        payload: channel.payload(letter),
        files,
        attempts: 0,
    };
    let answer = channel.send(&delivery, http, now).await;
    error_of(channel, &delivery, &answer, now)
}

/// Posts stored messages that still fire to an Alertmanager again, so that it neither forgets them nor takes them for
/// over. Other channels need no such thing.
///
/// # Errors
/// What it answered last, without secrets.
pub async fn refresh(
    name: &str,
    channel: &Channel,
    firing: Vec<(String, String)>,
    http: &HttpClient,
    now: DateTime<Utc>,
) -> Result<(), String> {
    if !matches!(channel, Channel::Alertmanager { .. }) {
        return Ok(());
    }
    for (event_id, payload) in firing {
        let (channel_name, key) = (name.to_owned(), String::new());
        let (severity, files) = (Severity::Info, Vec::new());
        let delivery = PendingDelivery { event_id, channel: channel_name, key, severity, payload, files, attempts: 0 };
        let answer = channel.send(&delivery, http, now).await;
        error_of(channel, &delivery, &answer, now)?;
    }
    Ok(())
}

fn error_of(channel: &Channel, delivery: &PendingDelivery, answer: &Answer, now: DateTime<Utc>) -> Result<(), String> {
    let retry = RetryPolicy::default();
    match judge(answer, &Attempt { delivery, retry: &retry, now }, |text| channel.redact(text)) {
        DeliveryResult::Delivered => Ok(()),
        DeliveryResult::Retry { error, .. } | DeliveryResult::Dead { error } => Err(error),
        DeliveryResult::Deferred { .. } => Err("the channel asked for a pause".to_owned()),
    }
}
