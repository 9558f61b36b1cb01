//! What people enter: balances read off the console, and filings.
//!
//! Invariant: everything is judged before it is stored, and by the same rules whether a command holds the store itself
//! or asks a daemon, so that nothing is recorded that no reading would ever use.

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::facts::{CreditSnapshot, RecordedBalance};
use crate::domain::money::Money;
use crate::domain::period::BillingPeriod;
use crate::domain::pools::pools;
use crate::domain::projection::{FiledProjection, PlannedMonth};
use crate::domain::workload::Workload;
use crate::store::StoredProjection;

use super::Engine;

/// A balance as somebody enters it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceEntry {
    /// Pool id.
    pub pool: String,
    /// Credit left.
    pub remaining: Money,
    /// Day on which it was read off; without it today's.
    #[serde(default)]
    pub on: Option<NaiveDate>,
}

/// A balance as it was recorded. It counts from the next cycle on, whose clock is the first that knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEntry {
    /// Pool id.
    pub pool: String,
    /// Credit left.
    pub remaining: Money,
    /// Day on which it was read off.
    pub on: NaiveDate,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// A credit as AWS listed it on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenSnapshot {
    /// Day of the cycle that asked.
    pub taken_on: NaiveDate,
    /// As listed then.
    #[serde(flatten)]
    pub credit: CreditSnapshot,
}

/// A filing and its plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiledVersion {
    /// As stored.
    #[serde(flatten)]
    pub filing: StoredProjection,
    /// What it comes to by month, past the end of every outlook.
    pub plan: Vec<PlannedLine>,
}

/// One line's planned cost of one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedLine {
    /// Billing period.
    pub month: BillingPeriod,
    /// Record id.
    pub record: String,
    /// Purpose.
    pub workload: Workload,
    /// Model, instance type or service.
    pub line: String,
    /// Planned cost.
    pub cost: Money,
}

impl From<PlannedMonth> for PlannedLine {
    fn from(planned: PlannedMonth) -> Self {
        let PlannedMonth { month, record, workload, model, instance_type, service, cost, .. } = planned;
        PlannedLine { month, record, workload, line: model.or(instance_type).unwrap_or(service), cost }
    }
}

/// Why an entry was not stored.
#[derive(Debug, Error)]
pub enum EntryError {
    /// The balance cannot be one of a pool that is known.
    #[error("this balance cannot be recorded: {reason}")]
    Balance {
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The filing cannot be used.
    #[error("the projection cannot be filed:{}", listed(problems))]
    Filing {
        /// Every problem, each with its place and remedy.
        problems: Vec<String>,
    },
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

fn listed(problems: &[String]) -> String {
    problems.iter().map(|problem| format!("\n  - {problem}")).collect()
}

impl Engine {
    /// Records a balance at `now`.
    ///
    /// # Errors
    /// [`EntryError::Balance`] for one that no pool can have, or if the store fails.
    pub async fn record_balance(&self, now: DateTime<Utc>, entry: BalanceEntry) -> Result<RecordedEntry, EntryError> {
        let BalanceEntry { pool, remaining, on } = entry;
        let today = now.date_naive();
        let on = on.unwrap_or(today);
        let facts = self.store().facts(now, self.config().aws.currency.clone()).await;
        let facts = facts.context("reading the pools")?;
        let known = pools(&facts, &self.config().pools, self.parts.classifier.service_aliases());
        let wrong = |reason: String| Err(EntryError::Balance { reason });
        if remaining.is_negative() {
            return wrong(format!("{} is less than nothing; credit left is zero or more", remaining.dollars()));
        }
        if on > today {
            return wrong(format!("{on} lies in the future; record a balance on the day it was read off"));
        }
        match known.iter().find(|known| known.id == pool) {
            None => {
                let ids: Vec<&str> = known.iter().map(|known| known.id.as_str()).collect();
                let ids = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
                return wrong(format!(
                    "no pool has the id {pool:?}; known are: {ids}. A pool that AWS does not list needs a [[pool]] in \
                     the config with granted, starts_on and expires_on"
                ));
            }
            Some(known) if remaining > known.granted => {
                let (left, granted) = (remaining.dollars(), known.granted.dollars());
                return wrong(format!("{left} is more than the {granted} that {pool} was granted"));
            }
            Some(_) => {}
        }
        let balance = RecordedBalance { pool: pool.clone(), amount: remaining, at: on };
        self.store().record_balance(now, balance).await.context("recording the balance")?;
        Ok(RecordedEntry { pool, remaining, on, recorded_at: now })
    }

    /// Every snapshot of every credit that AWS listed, oldest first.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn credit_history(&self) -> anyhow::Result<Vec<TakenSnapshot>> {
        let history = self.store().credit_history().await.context("reading what AWS listed")?;
        Ok(history.into_iter().map(|(taken_on, credit)| TakenSnapshot { taken_on, credit }).collect())
    }

    /// Freezes a filing, once it is known to read and to be priced.
    ///
    /// # Errors
    /// [`EntryError::Filing`] with every problem of the text, or if the store fails.
    pub async fn file_projection(&self, now: DateTime<Utc>, body: String) -> Result<StoredProjection, EntryError> {
        let filing = FiledProjection::parse(&body)
            .map_err(|problems| EntryError::Filing { problems: problems.iter().map(ToString::to_string).collect() })?;
        // A filing that cannot be priced would stop every later look at the position.
        self.planned(&filing, BillingPeriod::of(now.date_naive()))
            .map_err(|unpriced| EntryError::Filing { problems: vec![unpriced.to_string()] })?;
        let filed = self.store().file_projection(now, filing.filed_on, filing.content_hash, body).await;
        Ok(filed.context("storing the filing")?)
    }

    /// Freezes the configured filing if nothing is filed yet. A later change of the file is a correction, which
    /// somebody makes on purpose with `projection file`.
    pub(super) async fn file_first_projection(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let Some(path) = &self.config().projection_file else { return Ok(()) };
        if !self.store().projections().await?.is_empty() {
            return Ok(());
        }
        let body = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        self.file_projection(now, body).await.with_context(|| format!("filing {}", path.display()))?;
        Ok(())
    }

    /// A version with its plan to past the horizon of `now`, or the newest one; `None` if there is no such version.
    ///
    /// # Errors
    /// If the store fails or the filing does not read any more.
    pub async fn filed_version(
        &self,
        version: Option<u32>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Option<FiledVersion>> {
        let stored = self.store().projections().await.context("reading the filings")?;
        let found = stored.into_iter().rfind(|filing| version.is_none_or(|version| filing.version == version));
        let Some(filing) = found else { return Ok(None) };
        let plan = self.filing(&filing, BillingPeriod::of(now.date_naive()))?.plan;
        Ok(Some(FiledVersion { filing, plan: plan.into_iter().map(PlannedLine::from).collect() }))
    }
}
