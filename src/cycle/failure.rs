//! A cycle that fails is told like stale data: by the process that failed, in a transaction of its own.
//!
//! Invariants: whatever a cycle does between asking and its stored end, it ends or it is told, panics included; telling needs
//! none of what failed; where even that cannot be stored, the log and the metric say so, and a disk that takes no writes is told
//! from memory.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::task::Poll;

use anyhow::{Context as _, Result, anyhow};
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use tokio::task::JoinError;
use tracing::{error, info, warn};

use crate::domain::alert::{Evaluation, FailedCycle, History, cycle_failed_finding, decide};
use crate::domain::position::finding::{Finding, Rule};
use crate::store::alerts::history;
use crate::store::{Progress, StoreError};

use super::clock_ahead::ClockAhead;
use super::engine::Engine;
use super::unfinished::{CycleMark, Running, Unfinished};

impl Engine {
    /// Runs a part of a cycle under the clock `now`. Where it fails or panics, that is stored and told.
    ///
    /// # Errors
    /// Those of `part`.
    pub(super) async fn ended_or_told<T>(&self, now: DateTime<Utc>, part: BoxFuture<'_, Result<T>>) -> Result<T> {
        let ended = caught(part).await.and_then(|ended| ended);
        match &ended {
            Ok(_) => self.note_failure(None),
            // The daemon stops and cuts short what runs: the next start ends it.
            Err(_) if self.store().is_interrupted() => {}
            // Whoever asked for that clock is told; of the cycles before nothing is wrong.
            Err(error) if matches!(error.downcast_ref(), Some(StoreError::ClockGoesBack { .. })) => {}
            // Nothing was asked and nothing is missing: that the disk is full is told by itself, and a cycle that is due is tried again.
            Err(error) if matches!(error.downcast_ref(), Some(StoreError::NoRoom { .. })) => self.tell_disk(now).await,
            Err(error) => self.tell_failure(now, error).await,
        }
        ended
    }

    /// Stores that a cycle failed, and tells it. Nothing of this can fail the caller further: it is in the log then.
    async fn tell_failure(&self, now: DateTime<Utc>, error: &anyhow::Error) {
        let ahead = error.downcast_ref::<ClockAhead>().copied();
        // A clock that is wrong stamps nothing.
        let now = ahead.map_or(now, |ahead| ahead.aws);
        let problem = ahead.map_or_else(|| format!("{error:#}"), |ahead| ahead.problem());
        let remedy = ahead.map(|ahead| ahead.remedy().to_owned());
        self.note_failure(Some(Unfinished { clock: now, ahead }));
        if let Err(reason) = self.record_failure(now, problem.clone(), remedy).await {
            error!(problem, "the cycle failed, and the store could not keep that: {reason:#}");
        } else if let Err(reason) = self.deliver(now).await {
            error!(problem, "the cycle failed, and telling it waits for the next try: {reason:#}");
        }
        self.tell_disk(now).await;
    }

    async fn record_failure(&self, now: DateTime<Utc>, problem: String, remedy: Option<String>) -> Result<()> {
        let before = self.store().failed_cycle().await.context("looking for earlier failures")?;
        let finished_at = match &before {
            Some(before) => before.finished_at,
            None => self.store().first_and_newest_cycle().await.context("looking for the newest cycle")?.map(|it| it.1),
        };
        let since = before.map_or(now, |before| before.since);
        let rules = &self.config().rules;
        let failed = FailedCycle { since, last: now, problem: problem.clone(), remedy: remedy.clone(), finished_at };
        let finding = cycle_failed_finding(&failed, rules);
        let evaluation = Evaluation { findings: vec![finding], ..Evaluation::default() };
        let within = rules.clear_after();
        // What was told before may be part of what cannot be read: then it is told as if for the first time.
        let (mut history, known) = match self.store().read(move |connection| history(connection, now, within)).await {
            Ok(history) => (history, true),
            Err(error) => {
                warn!(%error, "what was told before cannot be read");
                (History::default(), false)
            }
        };
        history.open.retain(|open| open.rule == Rule::CycleFailed);
        let mut decisions = decide(&evaluation, &history, now, rules);
        if !known {
            // Each is the first of its kind then, and none may pass for an earlier one.
            decisions
                .iter_mut()
                .for_each(|decision| decision.earlier = u32::try_from(now.timestamp()).unwrap_or_default());
        }
        let messages = self.messages(&decisions, now, String::new);
        self.store().record_failure(now, problem, remedy, messages).await.context("storing that the cycle failed")
    }

    /// What holds of a cycle that could not finish, if anything does, as a finding.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn failure_finding(&self) -> Result<Option<Finding>> {
        let failed = self.store().failed_cycle().await.context("looking for a cycle that could not finish")?;
        Ok(failed.map(|failed| cycle_failed_finding(&failed, &self.config().rules)))
    }

    /// The newest cycle, if it did not come to its end; `None` if it did, or runs. One that was killed counts once nothing
    /// runs any more.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn unfinished(&self) -> Result<Option<Unfinished>> {
        if let Some(failed) = *self.parts.failed.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Some(failed));
        }
        if let Some(failed) = self.store().failed_cycle().await? {
            return Ok(Some(Unfinished { clock: failed.last, ahead: None }));
        }
        let unfinished = |newest: Option<Progress>| newest.filter(|newest| !newest.finished);
        if unfinished(self.store().progress().await?).is_none() || self.parts.running.try_lock().is_err() {
            return Ok(None);
        }
        // Nothing runs any more; what ran when the store was asked has finished by now.
        Ok(unfinished(self.store().progress().await?).map(|Progress { clock, .. }| Unfinished { clock, ahead: None }))
    }

    /// What [`Engine::unfinished`] rests on beside the store. Asking costs nothing.
    pub fn cycle_mark(&self) -> CycleMark {
        let failed = *self.parts.failed.lock().unwrap_or_else(PoisonError::into_inner);
        CycleMark { turns: self.parts.turns.load(Ordering::SeqCst), failed }
    }

    /// Lets nothing else that runs or ends a cycle begin until it is dropped; `None` while something does.
    pub(super) fn try_run(&self) -> Option<Running<'_>> {
        let alone = self.parts.running.try_lock().ok()?;
        self.parts.turns.fetch_add(1, Ordering::SeqCst);
        Some(Running { alone: Some(alone), turns: &self.parts.turns })
    }

    /// True while the newest cycle of this process failed, or one did before and none has finished since.
    pub async fn is_failing(&self) -> bool {
        let noted = self.parts.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        noted || !matches!(self.store().failed_cycle().await, Ok(None))
    }

    /// Ends a cycle whose answers are stored and whose end is missing, without asking AWS again. False if there is none, or
    /// another cycle runs.
    ///
    /// # Errors
    /// If it fails again.
    pub async fn end_unfinished(&self, now: DateTime<Utc>) -> Result<bool> {
        let Some(_running) = self.try_run() else { return Ok(false) };
        let newest = self.store().progress().await.context("looking for a cycle without an end")?;
        let Some(Progress { run_id, clock, finished: false }) = newest else { return Ok(false) };
        let (findings, messages) =
            self.ended_or_told(now, Box::pin(self.finish(run_id, clock, now.max(clock)))).await?;
        info!(run_id, findings, messages, "a cycle without an end was finished");
        self.deliver(now).await?;
        Ok(true)
    }

    /// Notes for the metric how the newest cycle of this process went, which holds where the store cannot be written.
    fn note_failure(&self, failed: Option<Unfinished>) {
        *self.parts.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }
}

/// The result of `part`, whose panic is an error.
async fn caught<T>(part: impl Future<Output = T>) -> Result<T> {
    let mut part = pin!(part);
    // Nothing of the part is touched again once it has panicked.
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| part.as_mut().poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panicked(&*panic))),
    })
    .await
}

fn panicked(panic: &(dyn Any + Send)) -> anyhow::Error {
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    anyhow!("a defect of glidepath: {}", said.unwrap_or("it broke off and did not say why"))
}

/// The result of computing apart from the threads that serve requests; a panic becomes an error that says `doing` what.
pub(super) fn computed<T>(doing: &'static str, joined: std::result::Result<T, JoinError>) -> Result<T> {
    let broken = |error: JoinError| error.try_into_panic().map_or_else(anyhow::Error::from, |panic| panicked(&*panic));
    joined.map_err(broken).context(doing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_that_says_what_broke() {
        let part = async {
            tokio::task::yield_now().await;
            (i64::MAX.checked_add(1)).expect("a number that fits")
        };
        let error = caught(part).await.unwrap_err();
        assert_eq!(error.to_string(), "a defect of glidepath: a number that fits");
        assert_eq!(caught(async { 7 }).await.unwrap(), 7);

        let joined = tokio::task::spawn_blocking(|| std::panic::panic_any("Multiplication overflowed")).await;
        let error = computed::<()>("computing position and outlook", joined).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "computing position and outlook: a defect of glidepath: Multiplication overflowed"
        );
    }
}
