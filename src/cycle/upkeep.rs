//! The care of the store: it is read whole each day, and healed where it is damaged.
//!
//! Invariant: nothing is replaced under a cycle, an entry or a backup.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing::{error, info, warn};
use utoipa::ToSchema;

use crate::domain::alert::{Evaluation, decide, store_healed_finding};
use crate::domain::facts::healing::Healing;
use crate::domain::facts::referee::SetAside;
use crate::domain::position::finding::{Finding, Rule};
use crate::store::{Damage, Verified, alerts};

use super::engine::Engine;

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
                self.tell_store_is_sound(now).await;
            }
            Ok(report) => {
                error!("the store is damaged: {}", report.problems.join("; "));
                self.heal_if_damaged(now).await;
            }
            Err(error) => error!("the store could not be verified: {error:#}"),
        }
    }

    /// Looks at the store's health, as is done every minute: damage that was met is healed, a disk that takes no writes is tried
    /// again, and somebody is told of both.
    pub async fn tend_store(&self, now: DateTime<Utc>) {
        if let Ok(Some(gone)) = self.store().look_for_files().await {
            error!("the store is damaged: {gone}");
        }
        self.heal_if_damaged(now).await;
        self.tend_disk(now).await;
    }

    /// Has the store's database opened anew where that frees memory.
    pub(super) async fn renew_store(&self) {
        if let Err(error) = self.store().renew().await {
            warn!("the store could not be closed and opened again to free memory: {error}");
        }
    }

    /// Heals the store if damage was met, and tells how that went. True if it was healed.
    pub async fn heal_if_damaged(&self, now: DateTime<Utc>) -> bool {
        let Some(damage) = self.store().damage_to_heal() else {
            self.tell_damage(now).await;
            return false;
        };
        match self.heal(damage).await {
            Ok(None) => false,
            Ok(Some(_)) => {
                self.tell_healings(now).await;
                self.tell_store_is_sound(now).await;
                true
            }
            Err(error) => {
                error!("healing the store failed: {error:#}");
                self.tell_damage(now).await;
                false
            }
        }
    }

    /// Heals the store, once nothing goes on that rests on what it read before; `None` while a cycle runs.
    async fn heal(&self, damage: Damage) -> Result<Option<Healing>> {
        let Some(_no_cycle) = self.try_run() else { return Ok(None) };
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
}
