//! [`Position`]: the summary that every alert, report and page renders, so that they cannot disagree.
//!
//! The field names are a published contract (`status --json`, `GET /api/v1/position`). Money and quantities are
//! strings, days are `YYYY-MM-DD`, absent is null. Every figure of spend runs through `data_through`.

use crate::billing::costs::WorkloadSpend;
use crate::credit::coverage::Coverage;
use crate::filing::variance::Variance;
use crate::outlook::monthly_bill::MonthlyBill;
use crate::values::quantiles::{DateQuantiles, MoneyQuantiles};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::credit::programme::Programme;
use crate::credit::reconcile::Reconciliation;
use crate::credit::unlisted::UnlistedCredit;
use crate::credit::{Delisted, Statement};
use crate::facts::account_plan::AccountPlan;
use crate::facts::history::MissingHistory;
use crate::facts::referee::SetAside;
use crate::filing::next_award::{Meant, NextAward};
use crate::filing::projection::KnownScale;
use crate::filing::review::Review;
use crate::filing::review::next_ask::Asked;
use crate::filing::usage::Usage;
use crate::outlook::track_record::TrackRecord;
use crate::outlook::{Exposure, MadeWith, Sensitivity};
use crate::plan::Planned;
use crate::position::basis::{AtLeast, DateBasis};
use crate::position::buys::Buys;
use crate::position::finding::Finding;
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::workload::Workload;

pub use crate::filing::filing_ref::FilingRef;

/// Everything as of one cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Position {
    /// Clock of the newest included cycle.
    pub as_of: DateTime<Utc>,
    /// Last complete day, inclusive: two days before `as_of`, or earlier if not pulled; null before any data.
    pub data_through: Option<NaiveDate>,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// Spend so far.
    pub spend: Spend,
    /// Credit granted, drawn and left.
    pub credits: Credits,
    /// When money that a pool could have paid for goes uncovered.
    pub exhaustion: Exhaustion,
    /// Month-to-date spend by purpose, model and token direction.
    pub workloads: Vec<WorkloadSpend>,
    /// Per service: does credit pay for it, and how we know.
    pub coverage: Vec<Coverage>,
    /// Actual against filed, per month, record, workload and model; empty while nothing is filed.
    pub variance: Vec<Variance>,
    /// The monthly bill from the current month on.
    pub trajectory: Vec<MonthlyBill>,
    /// What deserves attention, most severe first.
    pub findings: Vec<Finding>,
    /// How far the figures can be trusted.
    pub data_quality: DataQuality,
    /// Replay against what AWS reports: month by month, and per pool against the newest stated balance.
    pub reconciliation: Reconciliation,
    /// How the outlook was made, in a sentence for people; null until one was made.
    pub outlook_basis: Option<String>,
    /// Last day for which odds of amounts are told, at least 14 days after `data_through`; null = the whole outlook.
    #[serde(default)]
    pub outlook_reaches: Option<NaiveDate>,
    /// What the outlook was made with; null until one was made.
    pub outlook_made_with: Option<MadeWith>,
    /// Cash of the 90 days after credit ends; null where that lies beyond the outlook.
    pub exposure: Option<Exposure>,
    /// Cost of the next 365 days that no pool pays, before tax; null until an outlook was made.
    pub uncovered: MoneyQuantiles,
    /// Which assumption moves the date of exhaustion most; null without a pool, or until an outlook tried.
    pub sensitivity: Option<Sensitivity>,
    /// The filing that `variance` compares with; null while nothing is filed.
    pub filing: Option<FilingRef>,
    /// What a reviewer of the credits would ask, answered.
    pub review: Review,
    /// What earlier outlooks said, against what came.
    pub track_record: TrackRecord,
    /// The award that is meant next.
    #[serde(default)]
    pub award_meant: Meant,
    /// When to file for the next award; null before any data, or while no pool is known.
    pub next_award: Option<NextAward>,
    /// What is planned, by people and by the filing in force, in order of day.
    #[serde(default)]
    pub planned: Vec<Planned>,
    /// When the newest entry that is counted here was stored, on the wall clock; null if nothing was entered.
    #[serde(default)]
    pub entered_through: Option<DateTime<Utc>>,
    /// Whether the outlook knows everything that is entered.
    #[serde(default)]
    pub outlook_state: OutlookState,
    /// What AWS shows of the days after `data_through`; null while it shows nothing of them.
    #[serde(default)]
    pub at_least: Option<AtLeast>,
    /// The bills that take cash.
    #[serde(default)]
    pub bills: Bills,
    /// What the credit left buys at today's prices and mix: days, tokens by model, chip-hours by instance type.
    #[serde(default)]
    pub buys: Vec<Buys>,
    /// The next ask that spend supports; null where it is not known or below what the programme grants at least.
    #[serde(default)]
    pub next_ask: Option<Asked>,
    /// The plan of the account as AWS states it; null where AWS does not say.
    #[serde(default)]
    pub account_plan: Option<AccountPlan>,
    /// Tokens and chip-hours by month, filed and metered, and what caching and batch saved.
    #[serde(default)]
    pub usage: Usage,
}

/// Whether an outlook knows everything that is entered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutlookState {
    /// It does.
    #[default]
    Current,
    /// It is being made again; what is shown is the one before.
    BeingComputed,
}

impl Position {
    /// The position before anything is known.
    pub fn empty(as_of: DateTime<Utc>, currency: &str) -> Position {
        Position {
            as_of,
            data_through: None,
            currency: currency.to_owned(),
            spend: Spend::default(),
            credits: Credits::default(),
            exhaustion: Exhaustion::default(),
            workloads: Vec::new(),
            coverage: Vec::new(),
            variance: Vec::new(),
            trajectory: Vec::new(),
            findings: Vec::new(),
            data_quality: DataQuality::default(),
            reconciliation: Reconciliation::default(),
            outlook_basis: None,
            outlook_reaches: None,
            outlook_made_with: None,
            exposure: None,
            uncovered: MoneyQuantiles::default(),
            sensitivity: None,
            filing: None,
            review: Review::default(),
            track_record: TrackRecord::default(),
            award_meant: Meant::default(),
            next_award: None,
            planned: Vec::new(),
            entered_through: None,
            outlook_state: OutlookState::Current,
            at_least: None,
            bills: Bills::default(),
            buys: Vec::new(),
            next_ask: None,
            account_plan: None,
            usage: Usage::default(),
        }
    }
}

impl Position {
    /// What it shows of the account's size.
    pub fn known_scale(&self) -> KnownScale {
        KnownScale { pace_per_day: self.spend.burn_per_day.last_28_days, granted: self.credits.granted }
    }

    /// Credit that pays although no pool is known: what lies ahead is then unknown, and our replay has nothing to draw.
    pub fn paying_unlisted(&self) -> Option<UnlistedCredit> {
        self.credits.without_pool().filter(UnlistedCredit::pays)
    }

    /// Adds a finding behind those that are at least as severe.
    pub fn add_finding(&mut self, finding: Finding) {
        let milder = |other: &Finding| other.severity < finding.severity;
        let place = self.findings.iter().position(milder).unwrap_or(self.findings.len());
        self.findings.insert(place, finding);
    }
}

/// Spend through `data_through`. Credit, refund and tax carry AWS's sign, so the parts add up to net.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Spend {
    /// Everything but credit, refund and tax, from the earliest stored day.
    pub gross_to_date: Money,
    /// Credit applied; negative.
    pub credit_to_date: Money,
    /// Refunds; negative.
    pub refund_to_date: Money,
    /// Tax.
    pub tax_to_date: Money,
    /// Cash: gross + credit + refund + tax.
    pub net_to_date: Money,
    /// Gross of the month that `data_through` lies in.
    pub gross_month_to_date: Money,
    /// Average daily usage without one-off fees.
    pub burn_per_day: BurnPerDay,
}

/// Trailing average cost per complete day, one-off fees left out; null without a complete day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BurnPerDay {
    /// Over the last 7 complete days (fewer if fewer are stored).
    #[serde(rename = "7d")]
    pub last_7_days: Option<Money>,
    /// Over the last 28 complete days (fewer if fewer are stored).
    #[serde(rename = "28d")]
    pub last_28_days: Option<Money>,
}

/// Totals over the pools, and the pools.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Credits {
    /// Sum granted.
    pub granted: Money,
    /// Sum remaining by replay.
    pub remaining: Money,
    /// Sum of what is left: what is told, and what the outlook starts from.
    #[serde(default)]
    pub left: Money,
    /// Each pool, in the order in which AWS draws them.
    pub pools: Vec<PoolPosition>,
    /// While no pool is known: how AWS answered when asked for credits, and what its Credit rows show; null once one is.
    #[serde(default)]
    pub unlisted: Option<UnlistedCredit>,
}

impl Credits {
    /// What is known of credit where no pool is; `None` once one is.
    pub fn without_pool(&self) -> Option<UnlistedCredit> {
        self.pools.is_empty().then(|| self.unlisted.unwrap_or_default())
    }
}

/// State of one pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PoolPosition {
    /// AWS's creditId.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Programme, where config names it.
    pub programme: Option<Programme>,
    /// Amount granted.
    pub granted: Money,
    /// Drawn by replay through `data_through`.
    pub drawn: Money,
    /// Granted less drawn; zero once expired.
    pub remaining: Money,
    /// What is left at the end of `data_through`: the newest balance stated or typed in less what was drawn since, and only
    /// where there is none by replay. It is what is told, and what the outlook starts from; zero once expired.
    #[serde(default)]
    pub left: Money,
    /// The newest balance from which the outlook starts: AWS's own figure, unless its `source` says otherwise.
    pub stated: Option<Statement>,
    /// Day the credit became valid.
    pub starts_on: NaiveDate,
    /// First day on which it pays nothing any more.
    pub expires_on: NaiveDate,
    /// Where it is in its life.
    pub status: PoolStatus,
    /// That AWS listed it and lists it no more; null while it does, or never did.
    #[serde(default)]
    pub delisted: Option<Delisted>,
    /// Day on which its balance reaches zero; null = not before it expires or not within the horizon.
    pub exhausts_on: DateQuantiles,
    /// Day on which replay drew the last of it; null while replay leaves credit in it, whatever AWS states.
    pub exhausted_on: Option<NaiveDate>,
    /// Credit that expires unused; null = it expires beyond the horizon.
    pub breakage: MoneyQuantiles,
}

/// Where a pool is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolStatus {
    /// Not started yet.
    Pending,
    /// Started, not expired, credit left.
    Active,
    /// No credit left.
    Exhausted,
    /// Its time is up.
    Expired,
    /// Switched off by its owner.
    Paused,
    /// AWS lists it no more.
    Gone,
}

impl PoolStatus {
    /// The name for people and for JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            PoolStatus::Pending => "pending",
            PoolStatus::Active => "active",
            PoolStatus::Exhausted => "exhausted",
            PoolStatus::Expired => "expired",
            PoolStatus::Paused => "paused",
            PoolStatus::Gone => "gone",
        }
    }
}

/// First day after `data_through` on which more than 1 USD goes uncovered that an issued pool could have paid; if that
/// is already so, the day it began, at all odds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exhaustion {
    /// Over all workloads.
    #[serde(flatten)]
    pub total: DateQuantiles,
    /// The same if spend that belongs to a record goes as filed and other spend as its middle path; null = nothing is filed,
    /// or not within 365 days.
    #[serde(default)]
    pub as_filed: Option<NaiveDate>,
    /// True if a filing is in force.
    #[serde(default)]
    pub filed: bool,
    /// What the dates rest on.
    #[serde(default)]
    pub basis: DateBasis,
    /// The same per workload.
    pub by_workload: Vec<WorkloadExhaustion>,
}

/// Exhaustion as one workload feels it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkloadExhaustion {
    /// Purpose.
    pub workload: Workload,
    /// First day on which more than 1 USD of it goes uncovered.
    #[serde(flatten)]
    pub dates: DateQuantiles,
}

/// The bills that take cash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bills {
    /// First month whose bill takes cash that counts, by amount and by share of what is used; null within the outlook.
    pub first_cash_month: Option<BillingPeriod>,
    /// First calendar month that lies wholly after the middle date of exhaustion; null where there is no such date.
    pub first_full_month: Option<BillingPeriod>,
    /// Mean cash of the uncovered days since credit ended, before tax; null while usage is covered.
    pub cash_per_day: Option<Money>,
}

/// How far the figures can be trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DataQuality {
    /// Month-to-date gross that no rule understands.
    pub unclassified_cost: Money,
    /// The dearest of it this month, at most five.
    #[serde(default)]
    pub unclassified: Vec<UnclassifiedUsage>,
    /// Sum over the closed months of what replay draws more or less than AWS applied, each without its sign.
    pub reconciliation_gap: Money,
    /// Sum of absolute changes that the newest cycle brought to days already stored.
    pub moved_in_last_cycle: Money,
    /// Cost Explorer requests that were charged on the day of `as_of`.
    pub paid_requests_today: u64,
    /// US dollars spent on asking in the month of `as_of`.
    pub usd_spent_asking_month: Money,
    /// What was stored and cannot be read, a sentence each: it was left out, or computed again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
    /// Cycles that were set aside in the last 28 days because their clocks lay ahead of AWS's: figures could go back once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<SetAside>,
    /// Costs of the past that are still to be fetched; absent if none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_history: Option<MissingHistory>,
}

/// Spend of the month that no rule understands, as AWS names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnclassifiedUsage {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Usage type; null for money that AWS gives no usage type for.
    pub usage_type: Option<String>,
    /// Month-to-date cost with AWS's sign.
    pub cost: Money,
    /// What the rules stumbled over.
    pub because: Option<String>,
}
