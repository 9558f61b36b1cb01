//! What people enter: balances read off the console, and filings.
//!
//! Invariant: everything is judged before it is stored, and by the same rules whether a command holds the store itself
//! or asks a daemon, so that nothing is recorded that no reading would ever use.

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracing::warn;
use utoipa::ToSchema;

use crate::config::given;
use crate::domain::credit::pools::pools;
use crate::domain::facts::credits::{CreditSnapshot, RecordedBalance};
use crate::domain::filing::ask::KnownAccount;
use crate::domain::filing::projection::{FiledProjection, FilingSize, KnownScale, ProjectionProblem, content_hash};
use crate::domain::values::bounds;
use crate::domain::values::money::Money;
use crate::domain::values::period::BillingPeriod;
use crate::domain::values::quantiles::DayAmount;
use crate::store::{NewProjection, StoreError, StoredProjection};

use super::engine::Engine;
use super::failure;

/// A balance as somebody enters it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BalanceEntry {
    /// Pool id.
    pub pool: String,
    /// Credit left.
    pub remaining: Money,
    /// Day on which it was read off, not before the month in which the credit starts; without it today's.
    #[serde(default)]
    pub on: Option<NaiveDate>,
}

/// A balance as it was recorded. It counts at once, unless AWS states one of the same day or later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordedEntry {
    /// Pool id.
    pub pool: String,
    /// Credit left.
    pub remaining: Money,
    /// Day on which it was read off.
    pub on: NaiveDate,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// AWS's own balance of the same day or later, which counts instead; null where what is recorded counts.
    #[serde(default)]
    pub aws_states: Option<DayAmount>,
}

/// A credit as AWS listed it on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TakenSnapshot {
    /// Day of the cycle that asked.
    pub taken_on: NaiveDate,
    /// As listed then.
    #[serde(flatten)]
    pub credit: CreditSnapshot,
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
    /// The filing is far above anything known.
    #[error("the projection is far above anything known here:{}", listed(problems))]
    Implausible {
        /// What is, each with its dollars.
        problems: Vec<String>,
    },
    /// What was said about an alert cannot be meant.
    #[error("this cannot be kept: {reason}")]
    Mute {
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// A text that was read as a filing.
struct ReadFiling {
    body: String,
    filing: FiledProjection,
    size: FilingSize,
}

pub(super) fn listed(problems: &[String]) -> String {
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
        let entered = self.store().entered().await.context("reading what is entered")?;
        let facts = self.store().facts_knowing(now, self.config().aws.currency.clone(), entered).await;
        let facts = facts.context("reading the pools")?;
        let known = pools(&facts, &self.config().pools, self.parts.classifier.service_aliases());
        let wrong = |reason: String| Err(EntryError::Balance { reason });
        if let Some(problem) = bounds::USD.refuse_usd("remaining", remaining) {
            return wrong(problem);
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
            // AWS applies a credit to the whole month in which it starts.
            Some(known) if on < BillingPeriod::of(known.starts_on).first_day() => {
                let from = BillingPeriod::of(known.starts_on).first_day();
                return wrong(format!(
                    "{on} lies before {pool} can pay anything, which is from {from} on; record a balance on the day it \
                     was read off"
                ));
            }
            Some(_) => {}
        }
        let balance = RecordedBalance { pool: pool.clone(), amount: remaining, at: on };
        self.store().record_balance(now, balance).await.context("recording the balance")?;
        self.count_entry(now).await;
        let listed = facts.credits.iter().find(|seen| seen.snapshot.credit_id == pool && seen.seen_on >= on);
        let aws_states = listed.and_then(|seen| {
            let amount = seen.snapshot.estimated.or(seen.snapshot.remaining)?;
            Some(DayAmount { day: seen.seen_on, amount })
        });
        Ok(RecordedEntry { pool, remaining, on, recorded_at: now, aws_states })
    }

    /// Every snapshot of every credit that AWS listed, oldest first.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn credit_history(&self) -> anyhow::Result<Vec<TakenSnapshot>> {
        let history = self.store().credit_history().await.context("reading what AWS listed")?;
        Ok(history.into_iter().map(|(taken_on, credit)| TakenSnapshot { taken_on, credit }).collect())
    }

    /// Freezes a filing, which counts at once.
    ///
    /// # Errors
    /// [`EntryError::Filing`] with every problem of the text, or where it does not fit to what is filed; or if the
    /// store fails.
    pub async fn file_projection(&self, now: DateTime<Utc>, body: String) -> Result<StoredProjection, EntryError> {
        let read = self.read_filing(body).await?;
        self.frozen_and_counted(now, read).await
    }

    /// The same, but refuses what is far above anything known; not what is frozen already.
    ///
    /// # Errors
    /// [`EntryError::Implausible`], and as [`Engine::file_projection`].
    pub async fn file_plausible(&self, now: DateTime<Utc>, body: String) -> Result<StoredProjection, EntryError> {
        let frozen = self.store().projections().await.context("reading the filings")?;
        let read = self.read_filing(body).await?;
        if !frozen.iter().any(|version| version.content_hash == read.filing.content_hash) {
            let problems = read.size.refusals(&self.known_scale().await?);
            if !problems.is_empty() {
                return Err(EntryError::Implausible { problems });
            }
        }
        self.frozen_and_counted(now, read).await
    }

    /// Reads and prices a filing where blocking is allowed: who sends a long one keeps nobody else waiting.
    async fn read_filing(&self, body: String) -> Result<ReadFiling, EntryError> {
        let engine = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let filing = FiledProjection::parse_with(&body, engine.prices())?;
            Ok(ReadFiling { size: engine.filing_size(&filing), filing, body })
        });
        failure::computed("reading the filing", read.await)?.map_err(|problems: Vec<ProjectionProblem>| {
            EntryError::Filing { problems: problems.iter().map(ToString::to_string).collect() }
        })
    }

    /// What a filing comes to.
    pub fn filing_size(&self, filing: &FiledProjection) -> FilingSize {
        FilingSize::of(filing, self.prices(), |model| self.service_of_model(model))
    }

    /// What the newest position knows of the account's size.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn known_scale(&self) -> anyhow::Result<KnownScale> {
        Ok(self.known_account().await?.scale)
    }

    /// What the newest position knows of the account.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn known_account(&self) -> anyhow::Result<KnownAccount> {
        let view = self.view(None).await?;
        let account = view.map(|view| KnownAccount::from(&view.position)).unwrap_or_default();
        Ok(account.with_partner(self.config().partner_name()))
    }

    async fn frozen_and_counted(&self, now: DateTime<Utc>, read: ReadFiling) -> Result<StoredProjection, EntryError> {
        let filed = self.freeze(now, read).await?;
        self.count_entry(now).await;
        Ok(filed)
    }

    /// Freezes a filing.
    ///
    /// # Errors
    /// [`EntryError::Filing`] where it does not fit to what is filed; or if the store fails.
    async fn freeze(&self, now: DateTime<Utc>, read: ReadFiling) -> Result<StoredProjection, EntryError> {
        let ReadFiling { body, filing, .. } = read;
        let filed = NewProjection {
            recorded_at: now,
            filed_on: filing.filed_on,
            corrects: filing.corrects,
            content_hash: filing.content_hash,
            body,
        };
        match self.store().file_projection(filed).await {
            Ok(filed) => Ok(filed),
            Err(misfit @ (StoreError::FiledBeforeNewest { .. } | StoreError::NothingToCorrect { .. })) => {
                Err(EntryError::Filing { problems: vec![misfit.to_string()] })
            }
            Err(error) => Err(anyhow::Error::new(error).context("storing the filing").into()),
        }
    }

    /// Makes sure that the files of `[projection]` are sound where they are needed: while nothing is filed yet. Afterwards
    /// the frozen text counts, and a file that is gone or broken is told in the log and stops nothing.
    ///
    /// # Errors
    /// [`ConfigError`](crate::config::ConfigError) with what is wrong, while nothing is filed; or if the store fails.
    pub async fn check_projection_files(&self) -> anyhow::Result<()> {
        let Some(wrong) = &self.config().filing_problems else { return Ok(()) };
        if self.store().projections().await?.is_empty() {
            return Err(wrong.clone().into());
        }
        for problem in &wrong.problems {
            warn!(%problem, "the frozen filing counts, and a file beside it cannot be used; `glidepath check` lists all");
        }
        Ok(())
    }

    /// Freezes the configured filing if nothing is filed yet. A later change of the file is a correction, which
    /// somebody makes on purpose with `projection file`.
    pub(super) async fn file_first_projection(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.check_projection_files().await?;
        let Some(path) = &self.config().projection_file else { return Ok(()) };
        let filed = self.store().projections().await?;
        let body = match given::text(path, given::LONGEST_DOCUMENT) {
            Ok(body) => body,
            Err(error) if !filed.is_empty() => {
                // What was wrong when the config was read is told already.
                if self.config().filing_problems.is_none() {
                    warn!(file = %path.display(), %error, "the file cannot be read; the frozen filing counts");
                }
                return Ok(());
            }
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        if !filed.is_empty() {
            let hash = content_hash(&body);
            if !filed.iter().any(|version| version.content_hash == hash) {
                warn!(file = %path.display(), hash, "the file was never filed as it stands; `projection file` freezes it");
            }
            return Ok(());
        }
        let filed = async { self.freeze(now, self.read_filing(body).await?).await };
        filed.await.with_context(|| format!("filing {}", path.display()))?;
        Ok(())
    }
}
