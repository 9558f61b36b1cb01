//! The outlook: what the next year of spend does to the pools, with odds.
//!
//! Each workload is forecast apart (`future`), its odds become random paths (`odds`), and every path of all workloads
//! together goes through the same fold as the actual costs (`simulate`), so that dates, breakage and bills follow from one
//! mechanism. Floats stay inside this folder; what leaves it is dates and micro-dollars.
//!
//! Invariants: the same inputs give the same outlook to the byte (the seed is fixed and every workload has its own stream of
//! random numbers); a path never has negative cost; p10 dates are never after p50, nor p50 after p90.

mod changes;
mod future;
mod gain;
mod odds;
mod recent;
mod sensitivity;
mod shown;
mod simulate;
mod spread;
mod summary;
mod tally;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::changes::{Changes, Effect, FiledDays, Foreseen};
pub use self::future::Basis;
pub use self::gain::Gain;
pub use self::odds::FORGETTING;
pub use self::sensitivity::{Assumed, CacheDoubt, Doubts, Sensitivity, Shift, Swing};
use self::simulate::{RANDOM_PATHS, Simulation};
use super::credit::CreditPool;
use super::forecast::Evidence;
use super::ledger::{DailyCost, Stream};
use super::money::Money;
use super::period::{BillingPeriod, DayRange, plus_days};
use super::position::{DateQuantiles, DayBand, MoneyQuantiles};
use super::workload::Workload;

/// How far ahead dates are looked for.
pub const HORIZON_DAYS: i64 = 365;
/// Days of the exposure after credit ends.
pub const EXPOSURE_DAYS: i64 = 90;
/// Months in the trajectory, the current one included.
pub const TRAJECTORY_MONTHS: i32 = 12;
/// Days that an outlook reaches at least.
pub const LEAST_REACH: i64 = 14;
/// Spend beyond this on one day counts as uncovered, in micro-dollars: 1 USD, so that rounding never raises an alarm.
pub const UNCOVERED_THRESHOLD: Money = Money::ONE;

/// What the outlook is made from.
#[derive(Debug, Clone, Copy)]
pub struct OutlookInputs<'a> {
    /// Pools in drawing order.
    pub pools: &'a [CreditPool],
    /// What is left in each at the end of `data_through`, in the same order: AWS's stated balance where there is one.
    pub balances: &'a [Money],
    /// Complete days of cost, one-off fees left out.
    pub recurring: &'a [DailyCost],
    /// What AWS shows so far for the days after `data_through`: each costs at least that. It enters no mean.
    pub at_least: &'a [DailyCost],
    /// First stored day.
    pub first_day: NaiveDate,
    /// Last complete day.
    pub data_through: NaiveDate,
    /// Gross and covered cost of the running month through `data_through`.
    pub month_so_far: MonthSoFar,
    /// Tax on what credit does not pay; `None` if config gives no rate.
    pub tax_rate: Option<Decimal>,
    /// What the filed projection plans by day of what has come, if one is in force: it shapes the growth of workloads that
    /// are young. What has not come yet is an event of `changes`, which adds to a level and says nothing of its growth.
    pub planned: &'a [DailyCost],
    /// How far forecasts were off before.
    pub evidence: &'a Evidence,
    /// What is to change in the days ahead; by default nothing.
    pub changes: Changes<'a>,
}

/// The running month as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MonthSoFar {
    /// Gross cost, one-off fees included, less what AWS refunded of it.
    pub gross: Money,
    /// Paid by credit.
    pub covered: Money,
    /// Tax billed.
    pub tax: Money,
}

/// An outlook as made: stored with its cycle, never recomputed for reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outlook {
    /// Last complete day that it knew.
    pub data_through: NaiveDate,
    /// How it was made, in sentences for people.
    pub basis: String,
    /// How each workload was forecast.
    pub workloads: Vec<Basis>,
    /// Per pool, in drawing order.
    pub pools: Vec<PoolOutlook>,
    /// First day on which more than 1 USD goes uncovered that an issued pool could have paid.
    pub exhaustion: DateQuantiles,
    /// The same per workload that has cost.
    pub exhaustion_by_workload: BTreeMap<Workload, DateQuantiles>,
    /// Cost of the next 365 days that no pool pays, before tax: too late, too little, not on its list, or of a kind that no
    /// credit pays.
    pub uncovered: MoneyQuantiles,
    /// The monthly bills.
    pub bills: Vec<BillOutlook>,
    /// Cumulative gross cost from the day after `data_through`.
    pub cumulative: Vec<DayBand>,
    /// Cash of the days after credit ends; null where that lies beyond the days looked at, or in an outlook stored before
    /// it was kept.
    pub exposure: Option<Exposure>,
    /// What it was made with; null in an outlook stored before it was kept.
    pub made_with: Option<MadeWith>,
    /// Which assumption moves the date most; null without a pool, and in an outlook stored before it was kept.
    pub sensitivity: Option<Sensitivity>,
    /// Last day for which odds of amounts are told, because too little is known to tell them further; null = all days.
    #[serde(default)]
    pub reaches: Option<NaiveDate>,
    /// True if the dates rest on what AWS shows of the days after `data_through`: it is more than was forecast for them, or
    /// more than the credit left.
    #[serde(default)]
    pub estimated: bool,
    /// If spend goes as filed; null while nothing is filed, and in an outlook stored before it was kept.
    #[serde(default)]
    pub as_filed: Option<AsFiled>,
}

impl Outlook {
    /// By pool, credit that expires unused if spend goes as filed; empty while nothing is filed.
    pub fn unused_as_filed(&self) -> BTreeMap<String, Money> {
        self.as_filed.as_ref().map(|filed| filed.unused.clone()).unwrap_or_default()
    }
}

/// What comes if spend that belongs to a record of the filing goes as filed and other spend as its middle path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AsFiled {
    /// First day on which more than 1 USD goes uncovered that an issued pool could have paid; null = not within 365 days.
    pub exhaustion: Option<NaiveDate>,
    /// By pool id, credit that expires unused within the days looked at.
    pub unused: BTreeMap<String, Money>,
}

/// Cash of the 90 days from the middle (50 %) day of exhaustion on: what no credit pays of all usage on those
/// days, with tax where its rate is known. The days are the same on every path, whenever credit ends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exposure {
    /// First day.
    pub from: NaiveDate,
    /// Days, this one included.
    pub days: i64,
    /// One path in ten stays below.
    pub p10: Money,
    /// Half of the paths do.
    pub p50: Money,
    /// Nine in ten do.
    pub p90: Money,
}

/// What an outlook was made with besides the facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MadeWith {
    /// How each workload was forecast.
    pub workloads: Vec<Basis>,
    /// Random paths, besides the middle one.
    pub paths: usize,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Tax on what credit does not pay; null if config gave no rate.
    #[serde(with = "rust_decimal::serde::str_option")]
    #[schema(value_type = Option<Decimal>)]
    pub tax_rate: Option<Decimal>,
}

/// One pool's future.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolOutlook {
    /// Pool id.
    pub id: String,
    /// Balance at the end of `data_through` from which the paths start.
    pub starts_from: Money,
    /// Day on which the balance reaches zero by being drawn.
    pub exhausts_on: DateQuantiles,
    /// Credit that expires unused; null where it expires beyond the horizon.
    pub breakage: MoneyQuantiles,
    /// Balance by day, every day at first and then every week.
    pub balance: Vec<DayBand>,
}

/// One month's bill: cash = gross - covered + tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillOutlook {
    /// Billing period.
    pub month: BillingPeriod,
    /// On the middle path; what AWS has refunded of the month is taken off.
    pub gross: Money,
    /// On the middle path.
    pub covered: Money,
    /// On the middle path.
    pub tax: Option<Money>,
    /// On the middle path.
    pub cash: Money,
    /// One path in ten stays below; null where the outlook does not reach so far.
    pub cash_p10: Option<Money>,
    /// One path in ten lies above; null where the outlook does not reach so far.
    pub cash_p90: Option<Money>,
    /// The days ahead of it by service, dearest first, on the middle path. Support and what is billed already are no part.
    pub services: Vec<ServiceOutlook>,
}

impl BillOutlook {
    /// Cash at 10 and 90 %, where odds are told.
    pub fn odds(&self) -> Option<(Money, Money)> {
        self.cash_p10.zip(self.cash_p90)
    }
}

/// One service's part of a bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceOutlook {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Purpose.
    pub workload: Workload,
    /// Before credit.
    pub gross: Money,
    /// Paid by credit.
    pub covered: Money,
}

/// Makes the outlook, without its sensitivity.
pub fn outlook(inputs: &OutlookInputs) -> Outlook {
    outlook_along(inputs, RANDOM_PATHS)
}

/// The same along another number of random paths; an even one, since they come in mirrored pairs. Memory does not grow with
/// their number. Beyond the usual one a quantile is a value of one of the first 1,001 paths, the one next to the exact one.
pub fn outlook_along(inputs: &OutlookInputs, random_paths: usize) -> Outlook {
    summary::summarise(&Simulation::new(inputs), random_paths)
}

/// Makes the outlook, and tries which assumption moves it most.
pub fn outlook_with_sensitivity(inputs: &OutlookInputs, doubts: &Doubts) -> Outlook {
    let simulation = Simulation::new(inputs);
    let outlook = summary::summarise(&simulation, RANDOM_PATHS);
    let sensitivity = sensitivity::sensitivity(&simulation, outlook.exhaustion.p50, doubts);
    Outlook { sensitivity, ..outlook }
}

/// The days that an outlook walks along: a year, and the rest of its last month where that is longer.
pub fn days_ahead(data_through: NaiveDate) -> DayRange {
    simulate::range(data_through)
}

/// The first day that no date of exhaustion is looked for on.
pub fn horizon_end(data_through: NaiveDate) -> NaiveDate {
    plus_days(data_through, HORIZON_DAYS + 1)
}

/// The first calendar month that lies wholly after `day`.
pub fn first_full_month(day: NaiveDate) -> BillingPeriod {
    BillingPeriod::of(day).next()
}

/// The first day on which a pool that may pay `stream` was issued, if any was.
pub fn payable_from<'p>(pools: impl IntoIterator<Item = &'p CreditPool>, stream: &Stream) -> Option<NaiveDate> {
    let issued = pools.into_iter().filter(|pool| pool.draws_for(stream));
    issued.map(|pool| BillingPeriod::of(pool.starts_on).first_day()).min()
}
