//! What the rules look at beside the position, and what they answer.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::rules::key;
use super::settings::AlertRules;
use crate::credit::{CoverageState, Programme};
use crate::facts::Facts;
pub use crate::facts::Outcome;
use crate::finding::{Finding, Rule, Severity};
use crate::healing::Healing;
use crate::money::Money;
use crate::period::{BillingPeriod, DayRange, plus_days};
use crate::position::{DayAmount, Position};
use crate::purchase::Purchase;

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

/// A service that burns cash because no credit pays for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncoveredBurn {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// First day of it, as far as the data shows.
    pub since: NaiveDate,
    /// Uncovered cost per day over the last 7 complete days.
    pub per_day_7d: Money,
    /// Uncovered cost of the last 28 complete days.
    pub total_28d: Money,
    /// Why no credit pays.
    pub state: CoverageState,
    /// How most of it is bought, where a credit names the service and is limited to other purchase types.
    pub limited: Vec<Purchase>,
}

/// A record type that this program does not know. Its cost is counted by its sign and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRecordType {
    /// The record type as Cost Explorer wrote it.
    pub name: String,
    /// First day on which it was seen.
    pub since: NaiveDate,
    /// Its cost to date, with AWS's sign.
    pub cost: Money,
}

/// A month in which AWS's allocation history shows another pool paying than replay does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderContradiction {
    /// A closed billing period.
    pub month: BillingPeriod,
    /// Pool id.
    pub pool: String,
    /// AWS's figure less ours.
    pub gap: Money,
}

/// A configured channel whose newest settled delivery was given up, or that has refused a message for about an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadChannel {
    /// Name of the channel in config.
    pub channel: String,
    /// Day of the first message that did not arrive since one last did.
    pub since: NaiveDate,
    /// Messages given up since then.
    pub lost: u32,
    /// Messages that were tried for about an hour, and are tried further.
    pub waiting: u32,
    /// What the channel answered last.
    pub last_error: String,
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

/// What a model or a service cost lately, against the weeks before. Both are averages of complete days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendChange {
    /// Name of the model, or of the service where no model is known.
    pub subject: String,
    /// A day, over the last 3 complete days.
    pub recent_per_day: Money,
    /// A day, over the 28 days before them (fewer if fewer are stored, but 14 at least).
    pub before_per_day: Money,
    /// The highest average of 3 days in a row within the 90 days before.
    pub highest_before: Money,
    /// First day of the last days above both.
    pub since: NaiveDate,
    /// What most of the rise comes from.
    pub cause: ChangeCause,
    /// That part of the rise a day.
    pub cause_amount: Money,
}

impl SpendChange {
    /// The rise a day.
    pub fn more_per_day(&self) -> Money {
        self.recent_per_day - self.before_per_day
    }
}

/// What a model or a service cost on one of the newest days, to which AWS may still add, against the weeks before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlyRise {
    /// Name of the model, or of the service where no model is known.
    pub subject: String,
    /// The day: the newest complete one, or one after it.
    pub day: NaiveDate,
    /// What it cost, at least.
    pub amount: Money,
    /// True if AWS adds no more to it.
    pub complete: bool,
    /// A day, over the 28 days before the newest complete one (fewer if fewer are stored, but 7 at least).
    pub before_per_day: Money,
    /// The highest day within the 90 days before.
    pub highest_day: Money,
    /// What most of the rise comes from.
    pub cause: ChangeCause,
    /// That part of the rise.
    pub cause_amount: Money,
}

/// Why spend changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeCause {
    /// More of the same.
    Volume {
        /// How many times as much; none where units differ.
        ratio: Option<Decimal>,
        /// What is counted: tokens, chip hours.
        unit: String,
    },
    /// Another price for the same.
    Price,
    /// Dearer kinds: other directions, tiers or routing.
    Mix,
    /// Usage that was not there before.
    New {
        /// The dearest of it, as AWS names it.
        usage_type: String,
    },
}

/// A credit that AWS listed and lists no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoneCredit {
    /// Pool id.
    pub pool: String,
    /// Name for people.
    pub name: String,
    /// Newest day on which it was listed.
    pub last_seen: NaiveDate,
    /// Its balance then.
    pub held: Money,
}

/// Days in a row that AWS no longer shows and whose cost is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VanishedDays {
    /// The days.
    pub days: DayRange,
    /// Their gross cost as it was shown.
    pub cost: Money,
    /// Day of the first cycle that noticed.
    pub noticed_on: NaiveDate,
}

/// What a credit paid for accounts that are not watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrainedCredit {
    /// Pool id.
    pub pool: String,
    /// Name for people.
    pub name: String,
    /// First month of it.
    pub since: BillingPeriod,
    /// The accounts.
    pub accounts: BTreeSet<String>,
    /// All of it.
    pub amount: Money,
}

/// Facts for the rules that a position does not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observations {
    /// Uncovered spend per service.
    pub uncovered: Vec<UncoveredBurn>,
    /// Record types nobody knows.
    pub unknown_record_types: Vec<UnknownRecordType>,
    /// Pools that AWS drew in another order than documented, by month and pool.
    pub order_contradictions: Vec<OrderContradiction>,
    /// Channels that messages do not reach; only those that are still configured.
    pub dead_channels: Vec<DeadChannel>,
    /// Cost per complete day that a credit could pay, without one-off fees: the last 28 days, each with an entry.
    pub burn: Vec<DayAmount>,
    /// What models and services cost lately against before; those that rose.
    pub changes: Vec<SpendChange>,
    /// What models and services cost on the newest days, if more than before.
    pub rising: Vec<EarlyRise>,
    /// Spend on models and accelerators that credit could pay.
    pub model_spend: ModelSpend,
    /// Credits that are no longer listed.
    pub gone: Vec<GoneCredit>,
    /// Credits that pay for others.
    pub drained: Vec<DrainedCredit>,
    /// Days that AWS no longer shows, in order.
    pub vanished: Vec<VanishedDays>,
    /// How the store was put together again, oldest first.
    pub healings: Vec<Healing>,
    /// Severity of what was told and is open, by key.
    pub told: BTreeMap<String, Severity>,
    /// The first name of each service that AWS renamed, by its newest.
    pub first_names: BTreeMap<String, String>,
    /// By pool, credit that expires unused if spend goes as filed; empty while nothing is filed.
    pub unused_as_filed: BTreeMap<String, Money>,
}

/// Spend on models and accelerators that credit could pay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelSpend {
    /// Of the last 28 days.
    pub last_28_days: Money,
    /// Programmes that are meant for such spend and can still grant, the one to start with left out.
    pub fits: Vec<Programme>,
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
