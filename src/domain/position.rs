//! [`Position`]: the summary that every alert, report and page renders, so that they cannot disagree.
//!
//! The field names are a published contract (`status --json`, `GET /api/v1/position`). Money and quantities are
//! strings, days are `YYYY-MM-DD`, absent is null. Every figure of spend runs through `data_through`.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account_plan::AccountPlan;
use super::bills::Bills;
use super::buys::Buys;
use super::credit::{CoverageState, Programme, Statement};
use super::delisted::Delisted;
use super::finding::Finding;
use super::history::MissingHistory;
use super::money::{Money, Quantity};
use super::next_award::{Meant, NextAward};
use super::outlook::{Exposure, MadeWith, Sensitivity};
use super::partial_days::{AtLeast, DateBasis};
use super::period::BillingPeriod;
use super::plan::Planned;
use super::projection::KnownScale;
use super::reconcile::Reconciliation;
use super::referee::SetAside;
use super::review::Review;
use super::review::next_ask::Asked;
use super::track_record::TrackRecord;
use super::unlisted::UnlistedCredit;
use super::usage::Usage;
use super::workload::{Direction, Routing, Tier, Workload};

pub use super::filing_ref::{FiledApplication, FilingRef};

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

/// A date at three odds; p10 is the early one. Null = not within the horizon in that share of the paths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DateQuantiles {
    /// One path in ten is there by this day.
    pub p10: Option<NaiveDate>,
    /// Half of the paths are.
    pub p50: Option<NaiveDate>,
    /// Nine in ten are.
    pub p90: Option<NaiveDate>,
}

impl DateQuantiles {
    /// The same day at all odds: something that has already happened, or a day on which credit expires whatever is spent.
    pub const fn certain(day: NaiveDate) -> Self {
        DateQuantiles { p10: Some(day), p50: Some(day), p90: Some(day) }
    }
}

/// An amount at three odds, small to large.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyQuantiles {
    /// One path in ten is at or below it.
    pub p10: Option<Money>,
    /// Half of the paths are.
    pub p50: Option<Money>,
    /// Nine in ten are.
    pub p90: Option<Money>,
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

/// Month-to-date spend of one combination of dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkloadSpend {
    /// Purpose.
    pub workload: Workload,
    /// Model, where the row is inference.
    pub model: Option<String>,
    /// Token direction; null for what is not text tokens.
    pub direction: Option<Direction>,
    /// Service tier of inference.
    pub tier: Option<Tier>,
    /// Routing of inference.
    pub routing: Option<Routing>,
    /// Cost with AWS's sign.
    pub cost: Money,
    /// Metered quantity in `unit`; null where units differ or are not understood.
    pub quantity: Option<Quantity>,
    /// `tokens`, `chip_hours`, or AWS's own text; null where units differ.
    pub unit: Option<String>,
}

/// Does credit pay for a service?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// The answer.
    pub state: CoverageState,
    /// How we know, in a sentence.
    pub evidence: String,
}

/// Actual minus projected for one month, record, workload and model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Variance {
    /// Billing period; the newest is month to date, with the plan pro-rated by complete days.
    pub month: BillingPeriod,
    /// Record id of the filing, or `outside`.
    pub record: String,
    /// Purpose.
    pub workload: Workload,
    /// Model, where the line is inference.
    pub model: Option<String>,
    /// Planned cost.
    pub projected: Money,
    /// Actual gross cost.
    pub actual: Money,
    /// Actual minus projected.
    pub amount: Money,
    /// `amount` in percent of `projected`, one digit; null where the plan is 0.
    #[serde(with = "rust_decimal::serde::str_option")]
    #[schema(value_type = Option<Decimal>)]
    pub percent: Option<Decimal>,
    /// True where less was spent than planned, false where more was; null on plan.
    pub favourable: Option<bool>,
    /// Why; adds up to `amount` exactly.
    pub causes: Causes,
}

/// Causes of a variance, in dollars.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Causes {
    /// More or fewer tokens or chip-hours.
    pub volume: Money,
    /// Another mix of models.
    pub mix: Money,
    /// Another price.
    pub price: Money,
    /// Another share of cached input.
    pub cache: Money,
    /// Another share of batch.
    pub batch: Money,
    /// Another routing.
    pub routing: Money,
    /// What the lines' drivers do not explain.
    pub other: Money,
}

/// One month's bill: cash = gross - covered + tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthlyBill {
    /// Billing period; the current one is actual days plus outlook.
    pub month: BillingPeriod,
    /// Gross cost; what AWS has refunded of the month is taken off.
    pub gross: Money,
    /// Paid by credit.
    pub covered: Money,
    /// Left to pay, tax included where it is known.
    pub cash: Money,
    /// Tax on what credit does not pay; null without a configured rate.
    pub tax: Option<Money>,
    /// Cash that one path in ten stays below; null beyond `outlook_reaches`.
    pub cash_p10: Option<Money>,
    /// Cash that one path in ten exceeds; null beyond `outlook_reaches`.
    pub cash_p90: Option<Money>,
    /// The days ahead in it by service, workload and model, dearest first. Support and what is billed already are no part.
    pub lines: Vec<BillLine>,
}

impl MonthlyBill {
    /// Cash at 10 and 90 %, where odds are told.
    pub fn odds(&self) -> Option<(Money, Money)> {
        self.cash_p10.zip(self.cash_p90)
    }
}

/// A part of a month's bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillLine {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Purpose.
    pub workload: Workload,
    /// Model, where the last 28 days show any: the forecast is split as these were.
    pub model: Option<String>,
    /// Before credit.
    pub gross: Money,
    /// Paid by credit.
    pub covered: Money,
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

/// Day series for charts. Read apart from the position, since only pages and reports draw.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    /// Burn-down of each pool, in the order of the pools of the credits.
    pub pools: Vec<PoolSeries>,
    /// Cumulative gross actual cost, from the first filed day (or the first stored day while nothing is filed).
    pub actual: Vec<DayAmount>,
    /// Cumulative filed cost over the same days and on to the end of the horizon.
    pub filed: Vec<DayAmount>,
    /// Cumulative outlook, continuing `actual`.
    pub outlook: Vec<DayBand>,
    /// Monthly cost by model or workload, newest month last.
    pub by_model: Vec<MonthModelCost>,
}

/// Balance of one pool by day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PoolSeries {
    /// Pool id.
    pub id: String,
    /// Pool name.
    pub name: String,
    /// Amount granted.
    pub granted: Money,
    /// First day without it.
    pub expires_on: NaiveDate,
    /// Balance at the end of each day through `data_through`.
    pub balance: Vec<DayAmount>,
    /// Balance in the outlook; p10 is the low balance.
    pub outlook: Vec<DayBand>,
    /// Balance had spend gone as filed; empty while nothing is filed.
    pub planned: Vec<DayAmount>,
}

/// An amount at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayAmount {
    /// UTC day.
    pub day: NaiveDate,
    /// Amount.
    pub amount: Money,
}

/// An amount at three odds at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayBand {
    /// UTC day.
    pub day: NaiveDate,
    /// Low.
    pub p10: Money,
    /// Middle.
    pub p50: Money,
    /// High.
    pub p90: Money,
}

/// One month's cost of one model, or of a workload where no model applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthModelCost {
    /// Billing period.
    pub month: BillingPeriod,
    /// Purpose.
    pub workload: Workload,
    /// Model, where the spend is inference.
    pub model: Option<String>,
    /// Gross cost.
    pub cost: Money,
}
