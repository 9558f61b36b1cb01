//! What is entered counts at once: the outlook is made again from the stored facts and kept beside the cycle's.
//!
//! Invariants: a remade outlook belongs to the newest finished cycle, and its clock stays that cycle's; nothing asks AWS;
//! what it tells is decided like a cycle's, against everything told by that clock, so that nothing is told twice.

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::timeout;
use tracing::{error, info};

use super::conclude::Basis;
use super::engine::Engine;
use crate::store::AwaitedOutlook;

/// How long whoever enters something waits for the outlook that knows it. It is made all the same.
const PATIENCE: Duration = Duration::from_secs(5);

impl Engine {
    /// Makes the newest cycle's outlook again if it does not know all that is entered, or was made with another config;
    /// false if there is nothing to do. Its messages wait in the outbox.
    ///
    /// # Errors
    /// If the store fails, or the outlook cannot be computed.
    pub async fn remake_outlook(&self, now: DateTime<Utc>) -> Result<bool> {
        Ok(self.remade(now).await?.is_some())
    }

    /// The same; gives the moment at which its messages were decided.
    async fn remade(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
        let _alone = self.parts.concluding.lock().await;
        let awaited = self.store().awaited_outlook(self.config().digest.clone()).await;
        let Some(awaited) = awaited.context("looking for what was entered")? else { return Ok(None) };
        let AwaitedOutlook { run_id, clock, made_before, entered } = awaited;
        let remade = made_before + 1;
        // A command may enter something beside cycles of other times. A moment after the cycle's clock, later cycles know of
        // what is told here, and each outlook that is made again has a moment of its own.
        let decided_at = clock + TimeDelta::microseconds(remade);
        let made = self.concluded(Basis { run_id, clock, remade, entered }, decided_at, now).await;
        let (cycle, messages, view) = made.context("making the outlook again")?;
        info!(findings = cycle.findings.len(), messages = messages.events.len(), "the outlook knows what was entered");
        self.store().keep_outlook(cycle, decided_at, messages, view).await.context("storing the outlook")?;
        Ok(Some(decided_at))
    }

    /// Lets what was just entered count: has the outlook made again and its messages sent, apart from the caller, who may
    /// leave. What fails is in the log, and is tried again within a minute where a daemon runs.
    pub(super) async fn count_entry(&self, now: DateTime<Utc>) {
        let engine = self.clone();
        let made = tokio::spawn(async move { engine.remake_and_tell(now).await });
        // Beyond that it goes on by itself, and the position says that it is being computed.
        let _ = timeout(PATIENCE, made).await;
    }

    /// Makes the outlook again where that is needed, and sends what it tells.
    pub async fn remake_and_tell(&self, now: DateTime<Utc>) {
        let told = match self.remade(now).await {
            Ok(None) => return,
            // The cycle's clock may lie ahead of this machine's.
            Ok(Some(decided_at)) => self.deliver(now.max(decided_at)).await.map(|_| ()),
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            error!("what was entered does not count yet: {error:#}");
        }
    }
}
