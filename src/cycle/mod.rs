//! The only orchestration: a cycle asks AWS, stores, assesses, evaluates and delivers; a view reads what is stored.
//!
//! Invariants: a cycle cut anywhere loses and repeats nothing (facts are one transaction, the cycle's end with its
//! messages another, and the outbox delivers what was committed); failing to ask is itself recorded and evaluated, and
//! failing to finish is told; one cycle at a time.

mod accepted;
mod account_plan;
mod alerts;
mod as_of;
mod ask;
mod backup;
mod backup_names;
mod check;
mod corrections;
mod digest;
mod drafts;
mod enclosed_links;
mod entries;
mod failure;
mod filed;
mod from_memory;
mod history;
mod ingest;
mod links;
mod meter;
mod outbox;
mod papers;
mod plan;
mod prices;
mod referee;
mod remade;
mod replay;
mod sent_reports;
mod typesetter;
mod unstored;
mod upkeep;
mod view;
mod whatif;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tracing::{info, warn};
use utoipa::ToSchema;

use crate::config::Config;
use crate::domain::alert::{Action, Decision, History, IngestHealth, MessageContext, carry_since, decide, evaluate};
use crate::domain::billing::classify::Classifier;
use crate::domain::billing::price::PriceBook;
use crate::domain::facts::outcome::Outcome;
use crate::domain::facts::referee::ClockOf;
use crate::domain::outlook::Outlook;
use crate::domain::position::observations::Observations;
use crate::domain::position::series::series;
use crate::domain::values::period::to_microseconds;
use crate::domain::wording::compose;
use crate::domain::wording::trouble::Trouble;
use crate::notify::{self, HttpClient};
use crate::report;
use crate::store::alerts::{history, mutes};
use crate::store::{Entered, FinishedCycle, IngestRun, KeptView, Messages, Store};

pub use accepted::{AcceptError, AcceptOrder, AcceptedDays};
pub use alerts::{AlertList, AlertRow, AlertState, MuteEntry};
pub use as_of::AsOfError;
pub use ask::filing_of_bill;
pub use backup::{BackedUp, BackupPlace, BackupReport, backups_in, newest_backup, second_place};
pub use check::{CheckReport, TriedPermission};
pub use drafts::DraftError;
pub use entries::{BalanceEntry, EntryError, RecordedEntry, TakenSnapshot};
pub use failure::{CycleMark, Unfinished};
pub use filed::{ComparedFilings, ComparedSide, FiledView, FilingSource, PlannedLine, compare};
pub use from_memory::{Unopened, tell_unopened};
pub use links::{
    ClosedLink, EndedLink, LinkError, LinkKind, LinkKindError, LinkOrder, MadeLink, SharedReport, SignedLink,
};
pub use outbox::TestedChannel;
pub use plan::PlanError;
pub use referee::ClockAhead;
pub use replay::{ReplayError, ReplayOrder, ReplayProgress};
pub use sent_reports::{SendError, SentFile, SentReport};
use typesetter::Typesetter;
pub use upkeep::VerifyReport;
pub use view::View;
pub use whatif::WhatIfError;

/// Where AWS is.
#[derive(Debug, Clone)]
pub enum AwsAccess {
    /// As the SDK's environment says.
    Environment,
    /// A stand-in on loopback, with made-up credentials.
    Endpoint(String),
}

/// Everything that a cycle or a view needs. Cloning shares it.
#[derive(Clone)]
pub struct Engine {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    config: Config,
    aws: AwsAccess,
    classifier: Classifier,
    prices: PriceBook,
    http: HttpClient,
    /// Which program this is; `None` if that cannot be told.
    program: Option<String>,
    running: Mutex<()>,
    /// How often it was taken and given back.
    turns: AtomicU64,
    /// Held while an event is judged and stored, so that of two that are the same one is seen to be.
    planning: Mutex<()>,
    /// Held while an outlook is made and stored, at the end of a cycle or after an entry.
    concluding: Mutex<()>,
    /// What the running cycle is doing.
    doing: StdMutex<&'static str>,
    /// How the newest cycle of this process failed, if it did.
    failed: StdMutex<Option<Unfinished>>,
    /// How far back AWS said that its data reach, if it refused something.
    refused: StdMutex<Option<history::Refused>>,
    /// Held while a what-if is reckoned, so that many questions cannot take the machine from a cycle.
    reckoning: Mutex<()>,
    /// The replays that run.
    replays: replay::Replays,
    /// What goes on where backups go.
    backup_places: [backup::Busy; 2],
    /// Held while messages are on their way, so that none is sent twice at once.
    delivering: Mutex<outbox::Delivering>,
    /// What was told of the store from memory.
    told_from_memory: from_memory::ToldFromMemory,
    /// Who sets reports.
    typesetter: Typesetter,
}

/// How a cycle went.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CycleReport {
    /// Its ingest run.
    pub run_id: i64,
    /// Its clock.
    pub clock: DateTime<Utc>,
    /// How the pull of costs ended.
    pub costs: Outcome,
    /// How the pull of credits ended.
    pub credits: Outcome,
    /// Rows of money pulled.
    pub charges: usize,
    /// Rows of its detail pulled.
    pub usage: usize,
    /// Pages read.
    pub pages: u32,
    /// Findings now.
    pub findings: usize,
    /// Messages decided on.
    pub messages: usize,
    /// Deliveries that arrived in this cycle.
    pub delivered: usize,
    /// Deliveries that did not.
    pub undelivered: usize,
}

/// What an outlook is made from.
#[derive(Debug, Clone, Copy)]
struct Basis {
    /// The cycle's ingest run.
    run_id: i64,
    /// The cycle's clock.
    clock: DateTime<Utc>,
    /// Its number among those that were made again; 0 for a cycle's own.
    remade: i64,
    /// What it knows of what people entered.
    entered: Entered,
}

impl CycleReport {
    /// Says in the log what could not be had; for a cycle whose report nobody prints.
    pub fn log_problems(&self) {
        for (what, outcome) in [("costs", &self.costs), ("credits", &self.credits)] {
            if let Some((problem, advice)) = outcome.problem() {
                warn!(what, problem, advice, "nothing new was taken in");
            }
        }
    }
}

impl Engine {
    /// Wires the parts.
    ///
    /// # Errors
    /// If no HTTP client can be built.
    pub fn new(store: Store, config: Config, aws: AwsAccess) -> Result<Engine> {
        let classifier = Classifier::builtin().with_model_aliases(config.model_aliases.clone());
        let http = HttpClient::new(notify::DELIVERY_TIMEOUT).context("preparing to deliver messages")?;
        let prices = config.prices.clone();
        let program = view::program();
        let parts = Parts {
            store,
            config,
            aws,
            classifier,
            prices,
            http,
            program,
            running: Mutex::new(()),
            turns: AtomicU64::new(0),
            planning: Mutex::new(()),
            concluding: Mutex::new(()),
            doing: StdMutex::default(),
            failed: StdMutex::default(),
            refused: StdMutex::default(),
            reckoning: Mutex::new(()),
            replays: replay::Replays::default(),
            backup_places: Default::default(),
            delivering: Mutex::default(),
            told_from_memory: from_memory::ToldFromMemory::default(),
            typesetter: Typesetter::default(),
        };
        Ok(Engine { parts: Arc::new(parts) })
    }

    /// The same engine, whose reports as PDF are set by `program`, a file of this version; by this process without one.
    #[must_use]
    pub fn setting_reports_apart(mut self, program: Option<PathBuf>) -> Engine {
        if let (Some(parts), Some(program)) = (Arc::get_mut(&mut self.parts), program) {
            parts.typesetter = Typesetter::apart(program);
        }
        self
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// The config.
    pub fn config(&self) -> &Config {
        &self.parts.config
    }

    /// One cycle at `now`, which this machine's clock says, to the microsecond; `None` if one is running already, which is left
    /// to finish. A clock that was put back a little takes that of the newest cycle.
    ///
    /// # Errors
    /// If the store fails, `now` lies further before its newest cycle, or it lies ahead of AWS's clock. A failure to ask AWS,
    /// credentials of another account and an answer that does not add up are no errors here: they are recorded, evaluated,
    /// and in the report.
    pub async fn cycle(&self, now: DateTime<Utc>) -> Result<Option<CycleReport>> {
        self.cycle_under(now, ClockOf::Machine).await
    }

    /// One cycle under the clock `as_of`, which somebody named: as it is, or not at all.
    ///
    /// # Errors
    /// As [`Engine::cycle`].
    pub async fn cycle_as_of(&self, as_of: DateTime<Utc>) -> Result<Option<CycleReport>> {
        self.cycle_under(as_of, ClockOf::Caller).await
    }

    async fn cycle_under(&self, now: DateTime<Utc>, of: ClockOf) -> Result<Option<CycleReport>> {
        let Some(_running) = self.try_run() else {
            warn!("a cycle is still running; this one is skipped");
            return Ok(None);
        };
        let now = to_microseconds(now);
        let asked = async {
            self.store().find_room().await.context("looking for room before AWS is asked")?;
            let heard = self.hear(now, of).await?;
            self.file_first_projection(heard.clock()).await?;
            let run = self.ingest(heard).await?;
            self.is_at("storing what AWS answered");
            let (run, run_id) = self.store_run(run).await?;
            let mut fetched = history::Fetched::default();
            if let Some(pull) = &run.costs {
                self.is_at("comparing whole months with AWS's sums");
                self.take_late_corrections((run.clock, run.aws_clock), run_id, pull.window).await?;
                fetched = self.fetch_history((run.clock, run.aws_clock), run_id).await?;
            }
            self.is_at("assessing what is known");
            self.end(run, run_id, fetched).await
        };
        let ended = self.ended_or_told(now, Box::pin(self.within_its_time(asked))).await;
        self.beat(ended.as_ref().is_ok_and(|report| report.costs == Outcome::Ok)).await;
        let delivered = self.deliver_end(ended?).await.map(Some);
        // Here no cycle needs memory beside it.
        self.renew_store().await;
        delivered
    }

    /// Notes what a cycle is doing, for the case that it has to give up.
    fn is_at(&self, doing: &'static str) {
        *self.parts.doing.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }

    /// What `cycle` gives, unless it takes longer than config allows.
    async fn within_its_time<T>(&self, cycle: impl Future<Output = Result<T>>) -> Result<T> {
        let limit = self.config().cycle_limit;
        match tokio::time::timeout(limit, cycle).await {
            Ok(ended) => ended,
            Err(_) => {
                let doing = *self.parts.doing.lock().unwrap_or_else(PoisonError::into_inner);
                let minutes = limit.as_secs() / 60;
                let said = format!("given up after {minutes} minutes ([aws] cycle_minutes) while {doing}");
                Err(Trouble::CycleFailed.said(said).into())
            }
        }
    }

    /// Tells the monitor that a cycle ended, and whether well. One that does not hear it says so by itself.
    async fn beat(&self, well: bool) {
        let Some(heartbeat) = &self.config().heartbeat else { return };
        if let Err(error) = heartbeat.beat(&self.parts.http, well).await {
            warn!("the heartbeat did not arrive: {error}");
        }
    }

    /// The rest of a cycle, once AWS was asked: stores, assesses, evaluates and delivers. What a check of the store
    /// refuses is not stored, and the cycle goes on to say so.
    ///
    /// # Errors
    /// As [`Engine::cycle`].
    pub async fn conclude(&self, run: IngestRun) -> Result<CycleReport> {
        let clock = run.clock;
        let stored = async {
            let (run, run_id) = self.store_run(run).await?;
            self.end(run, run_id, history::Fetched::default()).await
        };
        let report = self.ended_or_told(clock, Box::pin(stored)).await?;
        self.deliver_end(report).await
    }

    /// Assesses and evaluates what the run brought: afterwards the cycle is finished, and its messages wait.
    async fn end(&self, run: IngestRun, run_id: i64, fetched: history::Fetched) -> Result<CycleReport> {
        let now = run.clock;
        let (costs, credits) = (run.costs_outcome.clone(), run.credits_outcome.clone());
        let (charges, usage) = run.costs.as_ref().map_or((0, 0), |pull| (pull.charges.len(), pull.usage.len()));
        let pages = run.costs.as_ref().map_or(0, |pull| pull.pages) + fetched.pages;
        let (charges, usage) = (charges + fetched.charges, usage + fetched.usage);
        let (findings, messages) = self.finish(run_id, now, now).await?;
        info!(run_id, pages, charges, usage, findings, messages, "cycle finished");
        Ok(CycleReport {
            run_id,
            clock: now,
            costs,
            credits,
            charges,
            usage,
            pages,
            findings,
            messages,
            delivered: 0,
            undelivered: 0,
        })
    }

    /// What follows on the end of a cycle: its messages are sent, and what has grown old is removed.
    async fn deliver_end(&self, report: CycleReport) -> Result<CycleReport> {
        let (delivered, undelivered) = self.deliver(report.clock).await?;
        self.prune_audit(report.clock).await?;
        Ok(CycleReport { delivered, undelivered, ..report })
    }

    /// Removes what the audit has kept for as long as config says.
    async fn prune_audit(&self, now: DateTime<Utc>) -> Result<()> {
        let days = self.config().audit_days;
        let removed = self.store().prune_audit(now - TimeDelta::days(days.into())).await;
        match removed.context("removing old entries of the audit")? {
            0 => {}
            removed => info!(removed, days, "entries of the audit were as old as they may become"),
        }
        Ok(())
    }

    /// Assesses, evaluates and stores the end of the cycle of `clock`, and decides at `now`, which is the same but where an
    /// earlier try failed; gives the numbers of findings and messages.
    async fn finish(&self, run_id: i64, clock: DateTime<Utc>, now: DateTime<Utc>) -> Result<(usize, usize)> {
        let _alone = self.parts.concluding.lock().await;
        let entered = self.store().entered().await.context("reading what is entered")?;
        let (cycle, messages, view) = self.concluded(Basis { run_id, clock, remade: 0, entered }, now, now).await?;
        let counts = (cycle.findings.len(), messages.events.len());
        self.store().finish_cycle(cycle, messages, view).await.context("storing the end of the cycle")?;
        Ok(counts)
    }

    /// Assesses and evaluates what is known at the cycle's clock and what was entered since; compares it with what was told
    /// by `decided_at`, and with what is muted by `now`.
    async fn concluded(
        &self,
        basis: Basis,
        decided_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(FinishedCycle, Messages, Option<KeptView>)> {
        let Basis { run_id, clock, remade, entered } = basis;
        let before = self.store().fingerprint(run_id, clock, remade, entered).await;
        let before = before.context("reading what the store holds")?;
        let facts = self.store().facts_knowing(clock, self.config().aws.currency.clone(), entered).await;
        let facts = facts.context("reading the facts")?;
        let filing = self.filing_knowing(clock, entered).await?;
        for line in filing.iter().flat_map(|filing| &filing.unpriced) {
            warn!(%line, "the filing plans what has no price");
        }
        let within = self.config().rules.clear_after();
        let history = self.store().read(move |connection| {
            Ok(History { mutes: mutes(connection, now.max(decided_at))?, ..history(connection, decided_at, within)? })
        });
        let history = history.await?;
        let past = self.store().past_outlooks(clock).await.context("reading the earlier outlooks")?;
        let own = self.own_accounts().await?;
        let healings = self.store().healings().await.context("looking for how the store was put together again")?;
        let engine = self.clone();
        // Replaying a hundred paths takes long enough to keep it off the threads that serve requests.
        let ended = tokio::task::spawn_blocking(move || -> Result<_> {
            let assessment = engine.assess(&facts, filing.as_ref());
            let outlook = assessment.outlook();
            let mut position = engine.position(&assessment, outlook.as_ref(), &past);
            let observations = Observations {
                dead_channels: engine.configured(&facts.dead_channels),
                told: history.told(),
                healings,
                unused_as_filed: outlook.as_ref().map(Outlook::unused_as_filed).unwrap_or_default(),
                ..assessment.observations(&position.coverage, &own)
            };
            let rules = &engine.config().rules;
            let mut evaluation = evaluate(&position, &IngestHealth::of(&facts), &observations, rules);
            carry_since(&mut evaluation.findings, &history.open);
            position.findings.clone_from(&evaluation.findings);
            let decisions = decide(&evaluation, &history, decided_at, rules);
            let view = View { series: series(&assessment, outlook.as_ref()), position };
            let trajectory = || report::alert_attachment(&view.position, &view.series);
            let messages = engine.messages(&decisions, decided_at, trajectory);
            let held = decisions.iter().filter_map(|it| Some((it.key.clone(), it.held(&evaluation)?))).collect();
            let cycle = FinishedCycle { run_id, clock, outlook, findings: evaluation.findings, held, entered };
            Ok((cycle, messages, engine.to_keep(before, &view)?))
        });
        failure::computed("computing position and outlook", ended.await)?
    }

    /// The accounts whose bills are watched: the configured ones, and the one that the stored data belongs to.
    async fn own_accounts(&self) -> Result<BTreeSet<String>> {
        let stored = self.store().account().await.context("reading whose the stored data is")?;
        let configured = self.config().aws.accounts.iter().chain(&self.config().aws.payer_account).cloned();
        Ok(configured.chain(stored).collect())
    }

    /// The messages that `decisions` ask for, each as it will be sent.
    fn messages(&self, decisions: &[Decision], now: DateTime<Utc>, trajectory: impl FnOnce() -> String) -> Messages {
        let speaks = |decision: &&Decision| decision.action != Action::Hold;
        for decision in decisions {
            info!(key = decision.key, action = decision.action.as_str(), reason = decision.reason.as_str(), "decided");
        }
        let trajectory = decisions.iter().any(|decision| speaks(&decision)).then(trajectory);
        let context = MessageContext {
            now,
            repeat: self.config().rules.repeat,
            trajectory: trajectory.as_deref(),
            dashboard_url: self.config().dashboard_url.as_deref(),
        };
        let mut events: Vec<_> = decisions.iter().filter_map(|decision| compose(decision, &context)).collect();
        for event in &mut events {
            event.address(self.config().listeners());
        }
        let deliveries = notify::outbox(&events, &self.config().channels);
        Messages { config_digest: self.config().digest.clone(), events, deliveries }
    }
}
