//! What was seen beside the position: facts for rules, of which most say that something is not as it was.

use crate::credit::coverage::CoverageState;
use crate::credit::programme::Programme;
use crate::facts::deliveries::DeadChannel;
use crate::facts::healing::Healing;
use crate::position::finding::Severity;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange};
use crate::values::purchase::Purchase;
use crate::values::quantiles::DayAmount;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

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

/// Spend on models and accelerators that credit could pay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelSpend {
    /// Of the last 28 days.
    pub last_28_days: Money,
    /// Programmes that are meant for such spend and can still grant, the one to start with left out.
    pub fits: Vec<Programme>,
}
