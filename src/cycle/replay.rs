//! Alert rules over the store's past, as it was known then.

use crate::domain::wording::compose;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::domain::alert::{AlertRules, IngestHealth, Moment, Replay, ReplayReport};
use crate::domain::facts::Facts;
use crate::domain::facts::hindsight::known_by;
use crate::domain::filing::Filing;
use crate::domain::filing::next_award::Wanted;
use crate::domain::outlook::Outlook;
use crate::domain::position::Position;
use crate::domain::position::observations::Observations;
use crate::domain::values::period::{DayRange, plus_days};
use crate::store::StoredCycle;

use super::engine::Engine;
use super::entries::listed;
use super::failure;
use super::replays::ReplayProgress;
use super::view::reread;

/// What to replay. Both days are part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayOrder {
    /// First day.
    pub from: NaiveDate,
    /// Last day, inclusive: unlike the end of a range of charges, it is replayed too.
    pub to: NaiveDate,
    /// Rules to try; without them the config's.
    #[serde(default)]
    pub rules: Option<AlertRules>,
}

/// Why there is nothing to replay.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The days stand the wrong way round.
    #[error("the last day, {to}, lies before the first, {from}")]
    Reversed {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// The rules to try cannot be used.
    #[error("the rules cannot be used:{}", listed(problems))]
    Rules {
        /// Everything that is wrong with them.
        problems: Vec<String>,
    },
    /// Nobody looked on these days, and nothing is known about them.
    #[error("there is no look from {from} through {to}: no cycle ran then, and no earlier day is stored")]
    NoLook {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
        /// The first and the last day that can be looked at; `None` before the first cycle.
        known: Option<(NaiveDate, NaiveDate)>,
    },
    /// The store failed, or a filing no longer reads.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl ReplayError {
    /// What to do about it; `None` if the caller can do nothing.
    pub fn advice(&self) -> Option<String> {
        match self {
            ReplayError::Reversed { .. } => Some("name the earlier day first".to_owned()),
            ReplayError::Rules { .. } => {
                Some("correct them, or leave them out to replay those of the config".to_owned())
            }
            ReplayError::NoLook { known: Some((first, last)), .. } => {
                Some(format!("ask for days from {first} through {last}"))
            }
            ReplayError::NoLook { known: None, .. } => {
                Some("run `glidepath cycle`, or wait for the daemon's first one".to_owned())
            }
            ReplayError::Failed(_) => None,
        }
    }
}

impl ReplayOrder {
    /// Refuses days that stand the wrong way round, and rules that no config could hold.
    ///
    /// # Errors
    /// [`ReplayError::Reversed`] and [`ReplayError::Rules`].
    pub fn check(&self) -> Result<(), ReplayError> {
        let ReplayOrder { from, to, .. } = *self;
        if to < from {
            return Err(ReplayError::Reversed { from, to });
        }
        let problems = self.rules.as_ref().map(AlertRules::problems).unwrap_or_default();
        if problems.is_empty() { Ok(()) } else { Err(ReplayError::Rules { problems }) }
    }
}

/// Looks that are computed at the same time. Each forecasts, which keeps a core busy.
const AT_ONCE: usize = 2;
/// Nothing is known until a complete day is: two days after the first stored one.
const DAYS_UNTIL_KNOWN: i64 = 2;
/// Cycles are numbered from 1.
const NO_CYCLE: i64 = 0;
/// Time of day of a look that nobody made.
const MORNING: NaiveTime = NaiveTime::from_hms_opt(6, 30, 0).expect("half past six exists");

/// A moment to look at.
enum Look {
    /// A finished cycle.
    Cycle(DateTime<Utc>),
    /// Nobody looked; the facts of the first cycle, cut back.
    Hindsight(DateTime<Utc>, Arc<Facts>),
}

/// What a look sees.
struct Seen {
    clock: DateTime<Utc>,
    reconstructed: bool,
    facts: Facts,
    position: Position,
    observations: Observations,
}

impl Engine {
    /// Runs rules over every cycle of the ordered days, on the facts and the outlook of its time, and sends nothing. Days
    /// before the first cycle of all are looked at once each, on what the first cycle learnt about them.
    ///
    /// It ends with whoever waits for it: where this is dropped no further look is begun, and those that are being computed,
    /// two of them, stop at their next step. [`Engine::replays`] says how far it has come.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub async fn replay(&self, order: ReplayOrder) -> Result<ReplayReport, ReplayError> {
        order.check()?;
        let ReplayOrder { from, to, rules } = order;
        let own = Arc::new(self.own_accounts().await?);
        let rules = rules.unwrap_or_else(|| self.config().rules.clone());
        let wanted = rules.wanted();
        let mut replay = Replay::new(rules, compose);
        let looks = self.looks(DayRange::new(from, plus_days(to, 1))).await?;
        if looks.is_empty() {
            return Err(ReplayError::NoLook { from, to, known: self.days_to_look_at().await? });
        }
        let started = self.parts.replays.start(from, to, looks.len());
        let mut looks = looks.into_iter().peekable();
        while looks.peek().is_some() {
            let mut running = Vec::new();
            for look in looks.by_ref().take(AT_ONCE) {
                running.push(self.start_look(look, wanted, Arc::clone(&own), started.left.clone()).await?);
            }
            for seen in running {
                let seen = failure::computed("looking at a past moment", seen.await)?;
                // Only who has gone sees none.
                let Some(Seen { clock, reconstructed, facts, position, observations }) = seen else { continue };
                let health = IngestHealth::of(&facts);
                replay.look(Moment { clock, reconstructed, position: &position, health, observations });
                started.own.done.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(replay.finish())
    }

    /// The replays that run, the oldest first.
    pub fn replays(&self) -> Vec<ReplayProgress> {
        self.parts.replays.progress()
    }

    async fn looks(&self, days: DayRange) -> Result<Vec<Look>> {
        let store = self.store();
        let Some(first) = self.first_cycle().await? else {
            return Ok(Vec::new());
        };
        let facts = store.facts(first, self.config().aws.currency.clone()).await.context("reading the facts")?;
        let Some(first_day) = facts.first_day() else { return Ok(Vec::new()) };
        let facts = Arc::new(facts);
        let before = days.intersect(DayRange::new(first_day, plus_days(first.date_naive(), 1)));
        let clocks = before.days().map(|day| day.and_time(MORNING).and_utc()).filter(|clock| *clock < first);
        let clocks = clocks.filter(|clock| plus_days(first_day, DAYS_UNTIL_KNOWN) <= clock.date_naive());
        let mut looks: Vec<Look> = clocks.map(|clock| Look::Hindsight(clock, Arc::clone(&facts))).collect();
        let cycles = store.cycle_clocks(days).await.context("reading the cycles")?;
        looks.extend(cycles.into_iter().map(Look::Cycle));
        Ok(looks)
    }

    /// The first and the last day that can be looked at; `None` before the first cycle.
    async fn days_to_look_at(&self) -> Result<Option<(NaiveDate, NaiveDate)>> {
        let cycles = self.store().first_and_newest_cycle().await.context("reading the cycles")?;
        let Some((first, newest)) = cycles else { return Ok(None) };
        let facts = self.store().facts(first, self.config().aws.currency.clone()).await.context("reading the facts")?;
        let (first, newest) = (first.date_naive(), newest.date_naive());
        let before = facts.first_day().map_or(first, |day| plus_days(day, DAYS_UNTIL_KNOWN));
        Ok(Some((before.min(first), newest)))
    }

    /// Reads what the look needs, and computes the rest where blocking is allowed.
    async fn start_look(
        &self,
        look: Look,
        wanted: Wanted,
        own: Arc<BTreeSet<String>>,
        left: CancellationToken,
    ) -> Result<tokio::task::JoinHandle<Option<Seen>>> {
        let engine = self.clone();
        Ok(match look {
            Look::Cycle(clock) => {
                let cycle = self.store().newest_cycle(Some(clock)).await?;
                let run_id = cycle.as_ref().map_or(NO_CYCLE, |cycle| cycle.run_id);
                let filing = self.filing_in_force(run_id, clock, Some(clock)).await?;
                let facts = self.store().facts(clock, self.config().aws.currency.clone()).await?;
                tokio::task::spawn_blocking(move || engine.see(facts, filing.as_ref(), cycle, (wanted, &own), &left))
            }
            Look::Hindsight(clock, facts) => {
                // Whoever had looked would have known what was filed with AWS by then, though it was recorded here later.
                let filing = self.filing_in_force(NO_CYCLE, clock, None).await?;
                tokio::task::spawn_blocking(move || {
                    if left.is_cancelled() {
                        return None;
                    }
                    engine.see(known_by(&facts, clock), filing.as_ref(), None, (wanted, &own), &left)
                })
            }
        })
    }

    /// The position as a cycle makes it; of a cycle, with the outlook that it stored. `None` once nobody waits for it.
    fn see(
        &self,
        facts: Facts,
        filing: Option<&Filing>,
        cycle: Option<StoredCycle>,
        (wanted, own): (Wanted, &BTreeSet<String>),
        left: &CancellationToken,
    ) -> Option<Seen> {
        let reconstructed = cycle.is_none();
        let assessment = self.assess_for(&facts, filing, wanted);
        if left.is_cancelled() {
            return None;
        }
        let outlook = match &cycle {
            Some(cycle) => reread(cycle, &assessment).outlook,
            None => assessment.outlook(),
        };
        let position = assessment.position(outlook.as_ref());
        // A channel that died is no part of the rules' past.
        let observations = Observations {
            unused_as_filed: outlook.as_ref().map(Outlook::unused_as_filed).unwrap_or_default(),
            ..assessment.observations(&position.coverage, own)
        };
        Some(Seen { clock: facts.as_of, reconstructed, facts, position, observations })
    }
}
