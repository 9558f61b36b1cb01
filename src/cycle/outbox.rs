//! The outbox between cycles: what waits is tried, a channel that went dead is told on the others, what fires is kept alive
//! where it would be forgotten.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tracing::{info, warn};
use utoipa::ToSchema;

use crate::domain::alert::{Evaluation, dead_channel_finding, decide};
use crate::domain::facts::deliveries::DeadChannel;
use crate::domain::position::finding::{Finding, Rule};
use crate::domain::wording::test_letter;
use crate::notify::{self, Channel, RetryPolicy};
use crate::report::Audience;
use crate::store::alerts;

use super::delivering::{Delivering, KnownDead};
use super::engine::Engine;
use super::unstored::Unstored;

/// Outcomes that are written back in one transaction, while the next deliveries are on their way.
const OUTCOMES_AT_ONCE: usize = 32;

/// How a test message went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestedChannel {
    /// Name in config.
    pub channel: String,
    /// Its type.
    pub kind: String,
    /// True if the receiver accepted it.
    pub arrived: bool,
    /// What went wrong otherwise, without secrets.
    pub error: Option<String>,
}

impl Engine {
    /// Tries every delivery that is due; gives how many arrived and how many did not. Waits for a run that is going on.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn deliver(&self, now: DateTime<Utc>) -> Result<(usize, usize)> {
        let mut delivering = self.parts.delivering.lock().await;
        self.deliver_alone(&mut delivering.unstored, now).await
    }

    /// What is done every minute: what is due is tried, and a channel that died or came back is told. Leaves it to the next
    /// minute while another run delivers.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn tend_outbox(&self, now: DateTime<Utc>) -> Result<(usize, usize)> {
        let Ok(mut delivering) = self.parts.delivering.try_lock() else { return Ok((0, 0)) };
        let Delivering { dead, unstored } = &mut *delivering;
        let (arrived, failed) = self.deliver_alone(unstored, now).await?;
        if self.tell_dead_channels(dead, now).await? == 0 {
            return Ok((arrived, failed));
        }
        let (then_arrived, then_failed) = self.deliver_alone(unstored, now).await?;
        Ok((arrived + then_arrived, failed + then_failed))
    }

    /// Takes note that the clock was put back by `step` and is at `now`: no delivery waits for it to get there again.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn clock_was_put_back(&self, step: TimeDelta, now: DateTime<Utc>) -> Result<()> {
        let mut delivering = self.parts.delivering.lock().await;
        delivering.unstored.bring_nearer(step, now);
        self.store().bring_attempts_nearer(step, now).await.context("planning deliveries anew")
    }

    async fn deliver_alone(&self, unstored: &mut Unstored, now: DateTime<Utc>) -> Result<(usize, usize)> {
        let storing = "storing how deliveries went";
        let waiting = unstored.waiting();
        if !waiting.is_empty() {
            match self.store().record_outcomes(waiting).await {
                Ok(()) => unstored.are_stored(),
                Err(error) => warn!("{storing} failed again: {error}"),
            }
        }
        let due = self.store().read(move |connection| Ok(alerts::pending_deliveries(connection, now)?)).await?;
        let due = unstored.still_due(due, now);
        if due.is_empty() {
            return Ok((0, 0));
        }
        let (due, refused) = self.with_signed_links(due).await?;
        let (sender, mut outcomes) = mpsc::channel(OUTCOMES_AT_ONCE);
        let retry = RetryPolicy::default();
        let sending = async {
            for outcome in refused {
                // Whoever takes outcomes is the other half of this.
                let _ = sender.send(outcome).await;
            }
            notify::deliver_due(&due, &self.config().channels, &self.parts.http, &retry, now, sender).await;
        };
        let recording = async move {
            let (mut arrived, mut count, mut failed) = (0, 0, None);
            let mut some = Vec::new();
            while outcomes.recv_many(&mut some, OUTCOMES_AT_ONCE).await > 0 {
                let batch = std::mem::take(&mut some);
                arrived += batch.iter().filter(|outcome| outcome.arrived()).count();
                count += batch.len();
                let timed = batch.iter().map(|outcome| (outcome.clone(), now)).collect();
                if let Err(error) = self.store().record_outcomes(timed).await {
                    unstored.keep(batch, now);
                    failed = Some(error);
                }
            }
            match failed {
                None => Ok((arrived, count - arrived)),
                Some(error) => Err(error).context(storing),
            }
        };
        let ((), told) = tokio::join!(sending, recording);
        told
    }

    /// Tells on the other channels that one is dead, or alive again; gives the number of messages. Between cycles nothing
    /// else is decided, since nothing else can have changed.
    async fn tell_dead_channels(&self, known: &mut KnownDead, now: DateTime<Utc>) -> Result<usize> {
        let looking = "looking for dead channels";
        let dead = self.store().read(|connection| Ok(alerts::dead_channels(connection)?)).await.context(looking)?;
        let dead = self.configured(&dead);
        let names: BTreeSet<String> = dead.iter().map(|dead| dead.channel.clone()).collect();
        if known.as_ref() == Some(&names) {
            return Ok(0);
        }
        let rules = &self.config().rules;
        let within = rules.clear_after();
        let read = self
            .store()
            .read(move |connection| Ok((alerts::newest_run(connection)?, alerts::history(connection, now, within)?)));
        let (run_id, mut history) = read.await.context(looking)?;
        history.open.retain(|open| open.rule == Rule::DeadChannel);
        let findings = dead.iter().map(dead_channel_finding).collect();
        let evaluation = Evaluation { findings, costs_pulled: true, ..Evaluation::default() };
        let decisions = decide(&evaluation, &history, now, rules);
        let messages = self.messages(&decisions, now, String::new);
        let count = messages.events.len();
        self.store().keep_messages(run_id, messages).await.context("storing that a channel is dead or alive again")?;
        *known = Some(names);
        Ok(count)
    }

    /// What there is to say of channels right now: between cycles one may have died, or come back.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn channel_findings(&self) -> Result<Vec<Finding>> {
        let dead = self.store().read(|connection| Ok(alerts::dead_channels(connection)?)).await;
        let dead = self.configured(&dead.context("looking for dead channels")?);
        Ok(dead.iter().map(dead_channel_finding).collect())
    }

    /// Those of `dead` that config still names.
    pub(super) fn configured(&self, dead: &[DeadChannel]) -> Vec<DeadChannel> {
        dead.iter().filter(|dead| self.config().channels.contains_key(&dead.channel)).cloned().collect()
    }

    /// Posts what fires to every Alertmanager again, which forgets it otherwise.
    ///
    /// # Errors
    /// If the store fails. What a receiver answers is logged; it is asked again soon.
    pub async fn refresh_firing(&self, now: DateTime<Utc>) -> Result<()> {
        let forgetful = |channel: &Channel| matches!(channel, Channel::Alertmanager { .. });
        for (name, channel) in self.config().channels.iter().filter(|(_, channel)| forgetful(channel)) {
            let asked = name.clone();
            let firing = self.store().read(move |connection| Ok(alerts::firing_on(connection, &asked)?)).await?;
            if let Err(error) = notify::refresh(name, channel, firing, &self.parts.http, now).await {
                warn!(channel = name, error, "what fires could not be posted again");
            }
        }
        Ok(())
    }

    /// Sends a test message through every channel, or through the one named; `None` if there is no such channel. Nothing
    /// of it is stored.
    pub async fn test_channels(&self, only: Option<&str>, now: DateTime<Utc>) -> Option<Vec<TestedChannel>> {
        let channels: BTreeMap<_, _> =
            self.config().channels.iter().filter(|(name, _)| only.is_none_or(|only| only == name.as_str())).collect();
        if only.is_some() && channels.is_empty() {
            return None;
        }
        let mut tested = Vec::new();
        for (name, channel) in channels {
            // A partner has no use for an address that takes a token of another role.
            let dashboard =
                self.config().dashboard_url.as_deref().filter(|_| self.audience_of(name) == Audience::Owner);
            let letter = test_letter(name, now, dashboard);
            let sent = notify::try_once(name, channel, letter, Vec::new(), &self.parts.http, now).await;
            info!(channel = name, kind = channel.kind(), arrived = sent.is_ok(), "test message");
            tested.push(TestedChannel {
                channel: name.clone(),
                kind: channel.kind().to_owned(),
                arrived: sent.is_ok(),
                error: sent.err(),
            });
        }
        Some(tested)
    }
}
