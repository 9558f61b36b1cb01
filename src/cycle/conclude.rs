//! The end of a cycle, and of what is made again beside it: what is known is assessed and evaluated, and compared with what was told.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use tracing::{info, warn};

use super::engine::Engine;
use super::failure;
use super::view::View;
use crate::domain::alert::{Action, Decision, History, IngestHealth, MessageContext, carry_since, decide, evaluate};
use crate::domain::outlook::Outlook;
use crate::domain::position::observations::Observations;
use crate::domain::position::series::series;
use crate::domain::wording::compose;
use crate::notify;
use crate::report;
use crate::store::alerts::{history, mutes};
use crate::store::{Entered, FinishedCycle, KeptView, Messages};

/// What an outlook is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Basis {
    /// The cycle's ingest run.
    pub run_id: i64,
    /// The cycle's clock.
    pub clock: DateTime<Utc>,
    /// Its number among those that were made again; 0 for a cycle's own.
    pub remade: i64,
    /// What it knows of what people entered.
    pub entered: Entered,
}

impl Engine {
    /// Assesses, evaluates and stores the end of the cycle of `clock`, and decides at `now`, which is the same but where an
    /// earlier try failed; gives the numbers of findings and messages.
    pub(super) async fn finish(&self, run_id: i64, clock: DateTime<Utc>, now: DateTime<Utc>) -> Result<(usize, usize)> {
        let _alone = self.parts.concluding.lock().await;
        let entered = self.store().entered().await.context("reading what is entered")?;
        let (cycle, messages, view) = self.concluded(Basis { run_id, clock, remade: 0, entered }, now, now).await?;
        let counts = (cycle.findings.len(), messages.events.len());
        self.store().finish_cycle(cycle, messages, view).await.context("storing the end of the cycle")?;
        Ok(counts)
    }

    /// Assesses and evaluates what is known at the cycle's clock and what was entered since; compares it with what was told
    /// by `decided_at`, and with what is muted by `now`.
    pub(super) async fn concluded(
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
    pub(super) async fn own_accounts(&self) -> Result<BTreeSet<String>> {
        let stored = self.store().account().await.context("reading whose the stored data is")?;
        let configured = self.config().aws.accounts.iter().chain(&self.config().aws.payer_account).cloned();
        Ok(configured.chain(stored).collect())
    }

    /// The messages that `decisions` ask for, each as it will be sent.
    pub(super) fn messages(
        &self,
        decisions: &[Decision],
        now: DateTime<Utc>,
        trajectory: impl FnOnce() -> String,
    ) -> Messages {
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
