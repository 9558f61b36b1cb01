//! What deserves attention: a [`Finding`] is what a rule found in a position, before anybody decides whether to tell.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How bad it is. The order is the order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Act this week.
    Warning,
    /// Act today.
    Critical,
}

impl Severity {
    /// The name for people and for JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// The rules that can find something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Credit runs out within the lead time of the next award.
    Exhaustion,
    /// A month's bill is the first that takes real cash.
    FirstCash,
    /// Spend runs faster than the credit left can bear to its expiry, over a long and a short window.
    BurnRate,
    /// A model or a service costs far more than it did.
    Spike,
    /// A service burns cash that no pool will pay.
    UncoveredSpend,
    /// Credit will expire unused.
    ExpiringCredit,
    /// A pool is switched off.
    PausedCredit,
    /// AWS no longer lists a credit that held money: it was transferred, split or revoked.
    CreditGone,
    /// A credit pays for more than this account's bill shows.
    DrainedCredit,
    /// No complete data for too long.
    StaleData,
    /// AWS refuses costs or credits.
    IngestDenied,
    /// Asking AWS failed for another reason.
    IngestFailed,
    /// A check of our own refused what AWS answered, or whom it would have been asked for.
    IngestRefused,
    /// A cycle asked AWS and could not finish.
    CycleFailed,
    /// AWS no longer shows days that had cost something.
    DaysVanished,
    /// Asking AWS costs more than it should.
    IngestBudget,
    /// Spend that no classification rule understands.
    UnclassifiedSpend,
    /// A record type this program does not know.
    UnknownRecordType,
    /// Replay and AWS's figures differ.
    BalanceDrift,
    /// AWS drew one pool where replay drew another.
    OrderContradicted,
    /// A pool's list of services is missing.
    CoverageUnknown,
    /// Spend is too slow to consume an award before it expires.
    AwardPace,
    /// Far less is spent than was filed.
    ProjectionInflated,
    /// Far more is spent than was filed.
    ProjectionExceeded,
    /// Model spend is not where it was committed.
    CommitmentUnmet,
    /// A filed step was waited for and did not come.
    FiledNotCome,
    /// A percentage of the credit is used.
    UsedPercent,
    /// An award that is smaller than what was asked for.
    AwardSmaller,
    /// Spend for which credit programmes exist, and no award of one.
    AwardUnclaimed,
    /// The account is on AWS's free plan, whose end closes it.
    FreePlanEnds,
    /// A channel that messages do not reach.
    DeadChannel,
    /// The store was damaged, or gone, and was put together again.
    StoreHealed,
    /// The store's disk takes no writes.
    DiskFull,
    /// The store is damaged, and could not be put together again.
    StoreDamaged,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 34] = [
        Rule::Exhaustion,
        Rule::FirstCash,
        Rule::BurnRate,
        Rule::Spike,
        Rule::UncoveredSpend,
        Rule::ExpiringCredit,
        Rule::PausedCredit,
        Rule::CreditGone,
        Rule::DrainedCredit,
        Rule::StaleData,
        Rule::IngestDenied,
        Rule::IngestFailed,
        Rule::IngestRefused,
        Rule::CycleFailed,
        Rule::DaysVanished,
        Rule::IngestBudget,
        Rule::UnclassifiedSpend,
        Rule::UnknownRecordType,
        Rule::BalanceDrift,
        Rule::OrderContradicted,
        Rule::CoverageUnknown,
        Rule::AwardPace,
        Rule::ProjectionInflated,
        Rule::ProjectionExceeded,
        Rule::CommitmentUnmet,
        Rule::FiledNotCome,
        Rule::UsedPercent,
        Rule::AwardSmaller,
        Rule::AwardUnclaimed,
        Rule::FreePlanEnds,
        Rule::DeadChannel,
        Rule::StoreHealed,
        Rule::DiskFull,
        Rule::StoreDamaged,
    ];

    /// The name in JSON, config and alert keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Rule::Exhaustion => "exhaustion",
            Rule::FirstCash => "first_cash",
            Rule::BurnRate => "burn_rate",
            Rule::Spike => "spike",
            Rule::UncoveredSpend => "uncovered_spend",
            Rule::ExpiringCredit => "expiring_credit",
            Rule::PausedCredit => "paused_credit",
            Rule::CreditGone => "credit_gone",
            Rule::DrainedCredit => "drained_credit",
            Rule::StaleData => "stale_data",
            Rule::IngestDenied => "ingest_denied",
            Rule::IngestFailed => "ingest_failed",
            Rule::IngestRefused => "ingest_refused",
            Rule::CycleFailed => "cycle_failed",
            Rule::DaysVanished => "days_vanished",
            Rule::IngestBudget => "ingest_budget",
            Rule::UnclassifiedSpend => "unclassified_spend",
            Rule::UnknownRecordType => "unknown_record_type",
            Rule::BalanceDrift => "balance_drift",
            Rule::OrderContradicted => "order_contradicted",
            Rule::CoverageUnknown => "coverage_unknown",
            Rule::AwardPace => "award_pace",
            Rule::ProjectionInflated => "projection_inflated",
            Rule::ProjectionExceeded => "projection_exceeded",
            Rule::CommitmentUnmet => "commitment_unmet",
            Rule::FiledNotCome => "filed_not_come",
            Rule::UsedPercent => "used_percent",
            Rule::AwardSmaller => "award_smaller",
            Rule::AwardUnclaimed => "award_unclaimed",
            Rule::FreePlanEnds => "free_plan_ends",
            Rule::DeadChannel => "dead_channel",
            Rule::StoreHealed => "store_healed",
            Rule::DiskFull => "disk_full",
            Rule::StoreDamaged => "store_damaged",
        }
    }

    /// Rules that speak of spend. They are silent while data is stale: old figures must not raise new alarms.
    pub const fn needs_fresh_data(self) -> bool {
        !matches!(
            self,
            Rule::StaleData
                | Rule::IngestDenied
                | Rule::IngestFailed
                | Rule::IngestRefused
                | Rule::CycleFailed
                | Rule::DaysVanished
                | Rule::IngestBudget
                | Rule::DeadChannel
                | Rule::StoreHealed
                | Rule::DiskFull
                | Rule::StoreDamaged
        )
    }
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// How bad.
    pub severity: Severity,
    /// Identity across cycles, for example `exhaustion:total` or `uncovered_spend:Amazon RDS`.
    pub key: String,
    /// Day since which it is so, as far as the data shows.
    pub since: NaiveDate,
    /// One sentence: what happened, with dollars and days.
    pub summary: String,
    /// Why the rule speaks at this severity, how sure, and what to do next.
    pub reason: String,
    /// The day that the message names, where its coming nearer is news.
    #[serde(default)]
    pub named: Option<NamedDay>,
}

/// A day that a message names: that on which credit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedDay {
    /// The day.
    pub day: NaiveDate,
    /// True if it has come: then it is in the costs, and no forecast.
    pub has_come: bool,
    /// True if credit is left all the same: it pays for other use, or is switched off.
    #[serde(default)]
    pub in_part: bool,
}

impl Finding {
    /// What to do next: every reason ends with it, after "Next: ". Empty where a reason of an older version does not.
    pub fn next_step(&self) -> &str {
        self.reason.rsplit_once("Next: ").map_or("", |(_, next)| next)
    }
}
