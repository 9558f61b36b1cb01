//! What the rules look at beside the position, and what they answer.

use crate::position::observations::Observations;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::settings::AlertRules;
use crate::alert::key::key;
use crate::facts::Facts;
pub use crate::facts::outcome::Outcome;
use crate::position::Position;
use crate::position::finding::{Finding, Rule, Severity};
use crate::values::period::plus_days;

/// How the cycle's questions to AWS went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestHealth {
    /// The cycle's clock.
    pub as_of: DateTime<Utc>,
    /// Last complete day in the store, inclusive.
    pub data_through: Option<NaiveDate>,
    /// Clock of the newest cycle that pulled all costs; none before the first.
    pub last_success: Option<DateTime<Utc>>,
    /// Cost Explorer in this cycle.
    pub costs: Outcome,
    /// The credits API in this cycle.
    pub credits: Outcome,
    /// The days that the rules on spend look back on are not all fetched yet.
    pub is_too_short: bool,
}

impl IngestHealth {
    /// What `facts` say of it.
    pub fn of(facts: &Facts) -> IngestHealth {
        IngestHealth {
            as_of: facts.as_of,
            data_through: facts.data_through(),
            last_success: facts.costs_pulled_at,
            costs: facts.costs_outcome.clone(),
            credits: facts.credits_outcome.clone(),
            is_too_short: facts
                .missing_history
                .as_ref()
                .zip(facts.data_through())
                .is_some_and(|(missing, through)| missing.is_within_look_back(through)),
        }
    }

    /// True once the newest whole pull is older than the rules allow, or none ever came.
    pub fn is_stale(&self, rules: &AlertRules) -> bool {
        self.age().is_none_or(|age| age > rules.stale_after())
    }

    /// Time since the newest whole pull.
    pub fn age(&self) -> Option<TimeDelta> {
        self.last_success.map(|at| self.as_of - at)
    }

    /// The UTC day of the cycle's clock.
    pub fn today(&self) -> NaiveDate {
        self.as_of.date_naive()
    }
}

/// A cycle that asked AWS and could not finish, while none has finished since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCycle {
    /// Clock under which a cycle first failed since one finished.
    pub since: DateTime<Utc>,
    /// Clock under which one failed last.
    pub last: DateTime<Utc>,
    /// What failed last, for people.
    pub problem: String,
    /// What to do about it, where that is known.
    pub remedy: Option<String>,
    /// Clock of the newest finished cycle; `None` before the first.
    pub finished_at: Option<DateTime<Utc>>,
}

impl Observations {
    /// The last day on which a date counts as near: the lead time from the position's day, and some days more for what was told at
    /// `severity` or above.
    pub(super) fn reach(&self, key: &str, severity: Severity, position: &Position, rules: &AlertRules) -> NaiveDate {
        let told = self.told.get(key).is_some_and(|told| *told >= severity);
        let wobble = if told { i64::from(rules.wobble_days) } else { 0 };
        let today = position.as_of.date_naive();
        plus_days(today, rules.lead_days(position.award_meant, today) + wobble)
    }
}

/// Rules whose findings are about a service.
const ABOUT_SERVICES: [Rule; 2] = [Rule::UncoveredSpend, Rule::Spike];

impl Observations {
    /// The same with what was told of a service that AWS renamed since, also under its newest name.
    pub(super) fn told_by_newest_names(&self) -> Cow<'_, Observations> {
        if self.first_names.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut observations = self.clone();
        for (newest, first) in &self.first_names {
            for rule in ABOUT_SERVICES {
                let told = self.told.get(&key(rule, first)).map(|severity| (key(rule, newest), *severity));
                observations.told.extend(told);
            }
        }
        Cow::Owned(observations)
    }

    /// The key under which something is told of a service that AWS renamed: with its first name, so that what is open,
    /// muted or acknowledged stays so.
    pub(super) fn kept_key(&self, of: String) -> String {
        let of_newest = |rule: Rule| {
            let mut names = self.first_names.iter();
            names.find(|(newest, _)| key(rule, newest) == of).map(|(_, first)| key(rule, first))
        };
        ABOUT_SERVICES.into_iter().find_map(of_newest).unwrap_or(of)
    }
}

/// What the rules found, and what they could not look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// Most severe first, then by rule and key.
    pub findings: Vec<Finding>,
    /// Data is too old for rules on spend, or too short: they are silent, and their open alerts are held.
    pub stale: bool,
    /// Costs were pulled in this very cycle, so that a rule on spend may give an all-clear.
    pub costs_pulled: bool,
    /// Keys about a source that gave no clean answer in this cycle: silence about them is no all-clear.
    pub unchecked: BTreeSet<String>,
    /// Of these keys, the key of the finding that says the same: one message for one trouble.
    pub part_of: BTreeMap<String, String>,
    /// Keys that the filing contradicts, because it plans what has not come yet.
    pub filed_ahead: BTreeSet<String>,
}

impl Evaluation {
    /// True if the absence of a finding proves that its condition is gone.
    pub(super) fn proves_gone(&self, rule: Rule, key: &str) -> bool {
        let looked = !rule.needs_fresh_data() || (self.costs_pulled && !self.stale);
        looked && !self.unchecked.contains(key)
    }
}

/// The day that figures hold for.
pub(super) fn data_day(health: &IngestHealth) -> NaiveDate {
    health.data_through.unwrap_or_else(|| health.today())
}
