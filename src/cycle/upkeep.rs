//! The care of the store: it is read whole each day, healed where it is damaged, and somebody is told while its disk takes no
//! writes.
//!
//! Invariants: nothing is replaced under a cycle, an entry or a backup; what is told of a disk that takes no writes comes from
//! memory, at most once an hour for each store, also over restarts.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use chrono::{DateTime, Timelike as _, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tracing::{error, info, warn};
use utoipa::ToSchema;

use crate::config::Config;
use crate::domain::alert::{
    Action, Decision, Evaluation, MessageContext, PendingDelivery, Reason, compose, decide, disk_full_finding,
    store_healed_finding,
};
use crate::domain::finding::{Finding, Rule};
use crate::domain::healing::Healing;
use crate::domain::referee::SetAside;
use crate::notify::{self, HttpClient, RetryPolicy};
use crate::store::{Damage, DiskProblem, DiskTrouble, StoreId, Verified, alerts, note_told_of_disk, told_of_disk};

use super::Engine;

/// Between two messages that the disk takes no writes.
const TELL_EVERY: Duration = Duration::from_secs(60 * 60);

/// What reading the whole store brought.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VerifyReport {
    /// The store.
    #[schema(value_type = String)]
    pub path: PathBuf,
    /// Its id.
    pub id: String,
    /// Whether nothing is wrong.
    pub sound: bool,
    /// Every table, and what has to hold of the facts.
    #[serde(flatten)]
    pub found: Verified,
    /// What is wrong, in words.
    pub problems: Vec<String>,
    /// Runs under a clock that lay ahead of AWS's: kept, and read by nothing.
    pub set_aside: Vec<SetAside>,
    /// How it was put together again, oldest first.
    pub healings: Vec<Healing>,
}

impl Engine {
    /// Reads every row of the store, and checks that the facts fit each other. What is wrong is healed at the next look at the
    /// store's health.
    ///
    /// # Errors
    /// If the store fails for another reason than damage.
    pub async fn verify(&self) -> Result<VerifyReport> {
        let store = self.store();
        let found = store.verify().await.context("reading the whole store")?;
        let (sound, problems) = (found.is_sound(), found.problems());
        let readable = found.is_readable();
        // Where tables cannot be read, these may be among them.
        let set_aside = if readable { store.sets_aside().await? } else { Vec::new() };
        let healings = if readable { store.healings().await? } else { Vec::new() };
        let (path, id) = (store.path().to_owned(), store.id().to_string());
        Ok(VerifyReport { path, id, sound, found, problems, set_aside, healings })
    }

    /// Reads the whole store, and heals it where that finds damage.
    pub async fn verify_and_heal(&self, now: DateTime<Utc>) {
        match self.verify().await {
            Ok(report) if report.sound => {
                info!(tables = report.found.tables.len(), "the store was read whole and is sound");
            }
            Ok(report) => {
                error!("the store is damaged: {}", report.problems.join("; "));
                self.heal_if_damaged(now).await;
            }
            Err(error) => error!("the store could not be verified: {error:#}"),
        }
    }

    /// Looks at the store's health, as is done every minute: damage that was met is healed, and a disk that takes no writes is
    /// tried again, and told.
    pub async fn tend_store(&self, now: DateTime<Utc>) {
        self.heal_if_damaged(now).await;
        self.tend_disk(now).await;
    }

    /// Heals the store if damage was met. True if it was healed.
    pub async fn heal_if_damaged(&self, now: DateTime<Utc>) -> bool {
        let Some(damage) = self.store().damage() else { return false };
        match self.heal(damage).await {
            Ok(None) => false,
            Ok(Some(_)) => {
                self.tell_healings(now).await;
                true
            }
            Err(error) => {
                error!("healing the store failed: {error:#}");
                false
            }
        }
    }

    /// Heals the store, once nothing goes on that rests on what it read before; `None` while a cycle runs.
    async fn heal(&self, damage: Damage) -> Result<Option<Healing>> {
        let Ok(_no_cycle) = self.parts.running.try_lock() else { return Ok(None) };
        let _no_plan = self.parts.planning.lock().await;
        let _no_outlook = self.parts.concluding.lock().await;
        let _no_delivery = self.parts.delivering.lock().await;
        Ok(Some(self.store().heal(damage).await?))
    }

    /// What there is to say at `now` of how the store was put together again.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn healing_findings(&self, now: DateTime<Utc>) -> Result<Vec<Finding>> {
        let healings = self.store().healings().await.context("looking for how the store was put together again")?;
        Ok(healings.iter().filter_map(|healing| store_healed_finding(healing, now)).collect())
    }

    /// What there is to say at `now` of a disk that takes no writes.
    pub(super) fn disk_finding(&self, now: DateTime<Utc>) -> Option<Finding> {
        self.store().disk_problem().map(|problem| found(&self.store().id().to_string(), &problem, now))
    }

    /// Tells how the store was put together again, without waiting for a cycle.
    pub async fn tell_healings(&self, now: DateTime<Utc>) {
        let told = async {
            let findings = self.healing_findings(now).await?;
            if findings.is_empty() {
                return Ok(());
            }
            let within = self.config().rules.clear_after();
            let read = self.store().read(move |connection| {
                Ok((alerts::newest_run(connection)?, alerts::history(connection, now, within)?))
            });
            let (run_id, mut history) = read.await.context("reading what was told before")?;
            history.open.retain(|open| open.rule == Rule::StoreHealed);
            let evaluation = Evaluation { findings, ..Evaluation::default() };
            let decisions = decide(&evaluation, &history, now, &self.config().rules);
            let messages = self.messages(&decisions, now, String::new);
            self.store()
                .keep_messages(run_id, messages)
                .await
                .context("storing that the store was put together again")?;
            self.deliver(now).await.map(drop)
        };
        if let Err(error) = told.await {
            error!("telling that the store was put together again failed, and waits for the next cycle: {error:#}");
        }
    }

    /// Tries the disk again where it took no write, and tells while it takes none.
    pub async fn tend_disk(&self, now: DateTime<Utc>) {
        if self.store().disk_problem().is_none() {
            return;
        }
        match self.store().try_to_write(now).await {
            Ok(()) => info!("the store's disk takes writes again"),
            Err(error) => {
                warn!("the store's disk takes no writes: {error}");
                self.tell_disk(now).await;
            }
        }
    }

    /// Tells that the store's disk takes no writes, unless somebody was told within the hour.
    pub(super) async fn tell_disk(&self, now: DateTime<Utc>) {
        let Some(problem) = self.store().disk_problem() else { return };
        let path = self.store().path();
        if told_of_disk(path).is_some_and(|told| is_recent(told, now)) {
            return;
        }
        note_told_of_disk(path, now.into());
        tell_disk(self.config(), &self.parts.http, &self.store().id().to_string(), &problem, now).await;
    }
}

fn found(store: &str, problem: &DiskProblem, now: DateTime<Utc>) -> Finding {
    disk_full_finding(store, &problem.reason, problem.trouble == DiskTrouble::Full, now)
}

/// True if somebody was told less than an hour before `now`. A time that is yet to come was of a clock that lay ahead.
fn is_recent(told: SystemTime, now: DateTime<Utc>) -> bool {
    SystemTime::from(now).duration_since(told).is_ok_and(|since| since < TELL_EVERY)
}

/// Tells every channel of `config` that the disk of the store called `store` takes no writes. Nothing of it is stored.
async fn tell_disk(config: &Config, http: &HttpClient, store: &str, problem: &DiskProblem, now: DateTime<Utc>) {
    let finding = found(store, problem, now);
    let decision = Decision {
        action: Action::Fire,
        reason: Reason::New,
        key: finding.key.clone(),
        rule: finding.rule,
        severity: finding.severity,
        // Nothing remembers which message of the day it is but the clock.
        earlier: now.time().num_seconds_from_midnight(),
        finding: Some(finding),
        open: None,
    };
    let context = MessageContext {
        now,
        repeat: config.rules.repeat,
        trajectory: None,
        dashboard_url: config.dashboard_url.as_deref(),
    };
    let Some(mut event) = compose(&decision, &context) else { return };
    event.address(config.listeners());
    let due: Vec<PendingDelivery> = notify::outbox(std::slice::from_ref(&event), &config.channels)
        .into_iter()
        .map(|delivery| PendingDelivery {
            event_id: delivery.event_id,
            channel: delivery.channel,
            key: event.key.clone(),
            severity: event.severity,
            payload: delivery.payload,
            files: Vec::new(),
            attempts: 0,
        })
        .collect();
    let (sender, mut outcomes) = mpsc::channel(due.len().max(1));
    notify::deliver_due(&due, &config.channels, http, &RetryPolicy::default(), now, sender).await;
    while let Some(outcome) = outcomes.recv().await {
        if !outcome.arrived() {
            warn!(channel = outcome.channel, "could not be told that the disk takes no writes: {:?}", outcome.result);
        }
    }
}

/// Tells that a store could not be opened because its disk takes no writes, unless somebody was told within the hour.
///
/// # Errors
/// If no HTTP client can be built.
pub async fn tell_unopened(config: &Config, problem: &DiskProblem, now: DateTime<Utc>) -> Result<()> {
    let path: &Path = &config.store_path;
    if told_of_disk(path).is_some_and(|told| is_recent(told, now)) {
        return Ok(());
    }
    note_told_of_disk(path, now.into());
    let id = StoreId::beside(path).ok().flatten();
    let store = id.map_or_else(|| path.display().to_string(), |id| id.to_string());
    let http = HttpClient::new(notify::DELIVERY_TIMEOUT).context("preparing to deliver messages")?;
    tell_disk(config, &http, &store, problem, now).await;
    Ok(())
}
