//! What is told of the store itself, which may not take it: that its disk takes no writes, that it is damaged and could not be put
//! together again, and that this is over.
//!
//! Invariants: nothing of it is stored; of one kind somebody is told at most once within its pause, also over restarts, where the
//! lock file can be written.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use chrono::{DateTime, Timelike as _, Utc};
use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::config::Config;
use crate::domain::alert::{
    Action, Decision, MessageContext, OpenAlert, PendingDelivery, Reason, disk_full_finding, store_damaged_finding,
};
use crate::domain::position::finding::{Finding, Rule};
use crate::domain::wording::compose;
use crate::notify::{self, HttpClient, RetryPolicy};
use crate::store::{DiskProblem, DiskTrouble, StoreError, StoreId, Told, note_told, told};

use super::engine::Engine;
use super::told_here::{ToldFromMemory, ToldHere, locked};

/// Between two messages that the disk takes no writes, and from the last one to the all-clear.
const TELL_OF_DISK: Duration = Duration::from_secs(60 * 60);
/// Between two messages that the store is damaged.
const TELL_OF_DAMAGE: Duration = Duration::from_secs(24 * 60 * 60);

impl Engine {
    /// What there is to say at `now` of a store that could not be put together again, and of a disk that takes no writes.
    pub(super) fn findings_from_memory(&self, now: DateTime<Utc>) -> Vec<Finding> {
        let store = self.store().id().to_string();
        let damaged = self.store().unhealed();
        let damaged = damaged.map(|why| store_damaged_finding(&store, &why, now));
        let disk = self.store().disk_problem().map(|problem| of_disk(&store, &problem, now));
        damaged.into_iter().chain(disk).collect()
    }

    /// What is said of the store and its disk now, in a few words that change with it; empty while all is well.
    pub fn said_from_memory(&self) -> String {
        let findings = self.findings_from_memory(DateTime::UNIX_EPOCH);
        findings.into_iter().map(|finding| finding.key + &finding.summary).collect()
    }

    /// Tries the disk again where it took no write, tells while it takes none, and gives the all-clear.
    pub async fn tend_disk(&self, now: DateTime<Utc>) {
        if self.store().disk_problem().is_some() {
            match self.store().try_to_write(now).await {
                Ok(()) => info!("the store's disk takes writes again"),
                Err(error) => {
                    warn!("the store's disk takes no writes: {error}");
                    self.tell_disk(now).await;
                }
            }
        }
        if self.store().disk_problem().is_none() {
            self.tell_disk_is_well(now).await;
        }
    }

    /// Tells that the store's disk takes no writes, unless somebody was told within the hour.
    pub(super) async fn tell_disk(&self, now: DateTime<Utc>) {
        let Some(problem) = self.store().disk_problem() else { return };
        self.teller().tell(of_disk(&self.store().id().to_string(), &problem, now), TELL_OF_DISK, now).await;
    }

    /// Tells that the disk takes writes again, an hour after somebody was last told that it takes none: one that fills again and
    /// again is one matter.
    async fn tell_disk_is_well(&self, now: DateTime<Utc>) {
        let Some(at) = self.told_of(Rule::DiskFull).filter(|at| !is_within(TELL_OF_DISK, *at, now)) else { return };
        if self.store().try_to_write(now).await.is_ok() {
            // Whatever it was, it took no writes.
            let problem = DiskProblem { trouble: DiskTrouble::Sick, reason: String::new() };
            self.tell_is_over(of_disk(&self.store().id().to_string(), &problem, at.into()), at, now).await;
        }
    }

    /// Tells that the store is sound, if somebody was told that it is not.
    pub(super) async fn tell_store_is_sound(&self, now: DateTime<Utc>) {
        let Some(at) = self.told_of(Rule::StoreDamaged) else { return };
        self.tell_is_over(store_damaged_finding(&self.store().id().to_string(), "", at.into()), at, now).await;
    }

    /// When somebody was told under `rule`, if that is the newest of what was told from memory and is not over.
    fn told_of(&self, rule: Rule) -> Option<SystemTime> {
        if let Some(told) = locked(&self.parts.told_from_memory).get(&rule) {
            return (!told.is_over).then_some(told.at);
        }
        told(self.store().path()).filter(|told| told.rule.as_deref() == Some(rule.as_str())).map(|told| told.at)
    }

    /// Tells that `finding` is over, which was told `at`.
    async fn tell_is_over(&self, finding: Finding, at: SystemTime, now: DateTime<Utc>) {
        let teller = self.teller();
        note_told(teller.path, &Told { at, rule: None });
        locked(&self.parts.told_from_memory).insert(finding.rule, ToldHere { at, is_over: true });
        teller.send(&all_clear(finding, at.into(), self.config(), now), now).await;
    }

    /// Tells that the store is damaged and could not be put together again, unless somebody was told within the day.
    pub(super) async fn tell_damage(&self, now: DateTime<Utc>) {
        let Some(why) = self.store().unhealed() else { return };
        let finding = store_damaged_finding(&self.store().id().to_string(), &why, now);
        self.teller().tell(finding, TELL_OF_DAMAGE, now).await;
    }

    fn teller(&self) -> Teller<'_> {
        let told_here = Some(&self.parts.told_from_memory);
        Teller { config: self.config(), http: &self.parts.http, path: self.store().path(), told_here }
    }
}

/// What became of a store that could not be opened.
#[derive(Debug)]
pub enum Unopened {
    /// Its disk takes no writes.
    Disk(DiskProblem),
    /// It is damaged, and could not be put together again.
    Damaged {
        /// Why not.
        why: String,
    },
}

impl Unopened {
    /// What `error` says of it, if it is something of which somebody is to be told.
    pub fn of(error: &StoreError) -> Option<Unopened> {
        if let Some(trouble) = error.disk() {
            return Some(Unopened::Disk(DiskProblem { trouble, reason: error.to_string() }));
        }
        use StoreError::{BackupUnread, Defect, TooOften};
        let of_damage = matches!(error, Defect { .. } | BackupUnread { .. } | TooOften { .. });
        of_damage.then(|| Unopened::Damaged { why: error.to_string() })
    }
}

/// Tells why a store could not be opened, unless somebody was told lately.
///
/// # Errors
/// If no HTTP client can be built.
pub async fn tell_unopened(config: &Config, unopened: &Unopened, now: DateTime<Utc>) -> Result<()> {
    let path: &Path = &config.store_path;
    let id = StoreId::beside(path).ok().flatten();
    let store = id.map_or_else(|| path.display().to_string(), |id| id.to_string());
    let http = HttpClient::new(notify::DELIVERY_TIMEOUT).context("preparing to deliver messages")?;
    let teller = Teller { config, http: &http, path, told_here: None };
    match unopened {
        Unopened::Disk(problem) => teller.tell(of_disk(&store, problem, now), TELL_OF_DISK, now).await,
        Unopened::Damaged { why } => {
            teller.tell(store_damaged_finding(&store, why, now), TELL_OF_DAMAGE, now).await;
        }
    }
    Ok(())
}

fn of_disk(store: &str, problem: &DiskProblem, now: DateTime<Utc>) -> Finding {
    disk_full_finding(store, &problem.reason, problem.trouble == DiskTrouble::Full, now)
}

/// True if it is less than `pause` from `at` to `now`. A time that is yet to come was of a clock that lay ahead.
fn is_within(pause: Duration, at: SystemTime, now: DateTime<Utc>) -> bool {
    SystemTime::from(now).duration_since(at).is_ok_and(|since| since < pause)
}

/// Nothing remembers which message of the day it is but the clock.
fn number(now: DateTime<Utc>) -> u32 {
    now.time().num_seconds_from_midnight()
}

fn alarm(finding: Finding, now: DateTime<Utc>) -> Decision {
    Decision {
        action: Action::Fire,
        reason: Reason::New,
        key: finding.key.clone(),
        rule: finding.rule,
        severity: finding.severity,
        finding: Some(finding),
        open: None,
        earlier: number(now),
    }
}

/// The all-clear for `finding`, which was told `at` to everybody.
fn all_clear(finding: Finding, at: DateTime<Utc>, config: &Config, now: DateTime<Utc>) -> Decision {
    let open = OpenAlert {
        key: finding.key.clone(),
        rule: finding.rule,
        severity: finding.severity,
        since: finding.since,
        opened_at: at,
        last_told_at: at,
        told: 1,
        summary: finding.summary,
        named: None,
        heard_by: config.channels.keys().cloned().collect(),
    };
    Decision {
        action: Action::Resolve,
        reason: Reason::ConditionGone,
        key: finding.key,
        rule: finding.rule,
        severity: finding.severity,
        finding: None,
        open: Some(open),
        earlier: number(now),
    }
}

/// Tells every channel of a config what concerns the store at a path.
#[derive(Clone, Copy)]
struct Teller<'a> {
    config: &'a Config,
    http: &'a HttpClient,
    path: &'a Path,
    /// What this process told before.
    told_here: Option<&'a ToldFromMemory>,
}

impl Teller<'_> {
    /// Tells what was found, unless it was told less than `pause` ago.
    async fn tell(&self, finding: Finding, pause: Duration, now: DateTime<Utc>) {
        if self.is_told(finding.rule, pause, now) {
            return;
        }
        let rule = finding.rule.as_str();
        if let Some(told_here) = self.told_here {
            locked(told_here).insert(finding.rule, ToldHere { at: now.into(), is_over: false });
        }
        note_told(self.path, &Told { at: now.into(), rule: Some(rule.to_owned()) });
        self.send(&alarm(finding, now), now).await;
    }

    /// True if somebody was told under `rule` less than `pause` ago, as far as this process or the lock file remembers.
    fn is_told(&self, rule: Rule, pause: Duration, now: DateTime<Utc>) -> bool {
        let here = self
            .told_here
            .is_some_and(|told| locked(told).get(&rule).is_some_and(|told| is_within(pause, told.at, now)));
        // A disk that fills again soon after its all-clear is the same matter.
        let is_of = |told: &Told| told.rule.as_deref().map_or(rule == Rule::DiskFull, |told| told == rule.as_str());
        here || told(self.path).filter(is_of).is_some_and(|told| is_within(pause, told.at, now))
    }

    async fn send(&self, decision: &Decision, now: DateTime<Utc>) {
        let Teller { config, http, .. } = *self;
        let context = MessageContext {
            now,
            repeat: config.rules.repeat,
            trajectory: None,
            dashboard_url: config.dashboard_url.as_deref(),
        };
        let Some(mut event) = compose(decision, &context) else { return };
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
                warn!(
                    channel = outcome.channel,
                    rule = decision.rule.as_str(),
                    "could not be told: {:?}",
                    outcome.result
                );
            }
        }
    }
}
