//! An outlook as it is stored and read.

use super::future::Basis;
use super::swing::Sensitivity;
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::quantiles::{DateQuantiles, DayBand, MoneyQuantiles};
use crate::values::workload::Workload;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

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
