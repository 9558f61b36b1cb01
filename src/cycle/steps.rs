//! One cycle, step by step.

use std::sync::PoisonError;

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};
use utoipa::ToSchema;

use super::engine::Engine;
use super::fetched::Fetched;
use crate::domain::facts::outcome::Outcome;
use crate::domain::facts::referee::ClockOf;
use crate::domain::values::period::to_microseconds;
use crate::domain::wording::trouble::Trouble;
use crate::store::IngestRun;

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
            let mut fetched = Fetched::default();
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
    pub(super) fn is_at(&self, doing: &'static str) {
        *self.parts.doing.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }

    /// What `cycle` gives, unless it takes longer than config allows.
    pub(super) async fn within_its_time<T>(&self, cycle: impl Future<Output = Result<T>>) -> Result<T> {
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
            self.end(run, run_id, Fetched::default()).await
        };
        let report = self.ended_or_told(clock, Box::pin(stored)).await?;
        self.deliver_end(report).await
    }

    /// Assesses and evaluates what the run brought: afterwards the cycle is finished, and its messages wait.
    pub(super) async fn end(&self, run: IngestRun, run_id: i64, fetched: Fetched) -> Result<CycleReport> {
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
    pub(super) async fn deliver_end(&self, report: CycleReport) -> Result<CycleReport> {
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
}
