//! Day series for charts, put together from an [`Assessment`] and its outlook.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::assess::Assessment;
use crate::billing::costs::by_month;
use crate::filing::projection::{daily_costs, daily_plan};
use crate::outlook::Outlook;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange, plus_days};
use crate::values::quantiles::{DayAmount, DayBand};
use crate::values::workload::Workload;

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

/// All series of one moment; empty before the first complete day.
pub fn series(assessment: &Assessment, outlook: Option<&Outlook>) -> Series {
    let Some(days) = assessment.complete_days() else { return Series::default() };
    let horizon_end =
        outlook.and_then(|outlook| outlook.cumulative.last()).map_or(days.end, |band| plus_days(band.day, 1));
    let plan = assessment.filing().map(|filing| daily_costs(&daily_plan(&filing.plan))).unwrap_or_default();
    let first_filed = plan.iter().map(|cost| cost.day).min();
    let start = first_filed.map_or(days.start, |first| first.max(days.start));
    let costs = assessment.costs().split.iter().map(|cost| (cost.day, cost.gross()));
    let actual = cumulative(costs, DayRange::new(start, days.end));
    let filed = plan.iter().map(|cost| (cost.day, cost.payable));
    let filed_range = first_filed.map_or(DayRange::new(start, start), |first| DayRange::new(first, horizon_end));
    let reached = actual.last().map_or(Money::ZERO, |last| last.amount);
    Series {
        pools: pool_series(assessment, outlook, days, filed_range),
        actual,
        filed: cumulative(filed, filed_range),
        outlook: outlook
            .map(|outlook| {
                let told = outlook.cumulative.iter().take_while(|b| outlook.reaches.is_none_or(|last| b.day <= last));
                told.map(|b| raised(*b, reached)).collect()
            })
            .unwrap_or_default(),
        by_model: by_model(assessment, days),
    }
}

fn raised(band: DayBand, by: Money) -> DayBand {
    DayBand { day: band.day, p10: band.p10 + by, p50: band.p50 + by, p90: band.p90 + by }
}

/// Running totals over `range`, a value for every day of it.
fn cumulative(costs: impl Iterator<Item = (NaiveDate, Money)>, range: DayRange) -> Vec<DayAmount> {
    let mut by_day: BTreeMap<NaiveDate, Money> = BTreeMap::new();
    for (day, cost) in costs.filter(|(day, _)| range.contains(*day)) {
        *by_day.entry(day).or_default() += cost;
    }
    let mut total = Money::ZERO;
    range
        .days()
        .map(|day| {
            total += by_day.get(&day).copied().unwrap_or_default();
            DayAmount { day, amount: total }
        })
        .collect()
}

fn pool_series(assessment: &Assessment, outlook: Option<&Outlook>, days: DayRange, filed: DayRange) -> Vec<PoolSeries> {
    let ledger = &assessment.ledger;
    let planned = assessment.planned_ledger(filed.end);
    let balance = |index: usize, ledger: &crate::credit::ledger::Ledger, range: DayRange| {
        let inside = ledger.balances.iter().filter(|balances| range.contains(balances.day));
        inside.map(|balances| DayAmount { day: balances.day, amount: balances.left[index] }).collect::<Vec<_>>()
    };
    ledger
        .pools
        .iter()
        .enumerate()
        .map(|(index, pool)| {
            let life = DayRange::new(BillingPeriod::of(pool.starts_on).first_day(), pool.expires_on);
            let ahead = outlook.and_then(|outlook| outlook.pools.iter().find(|ahead| ahead.id == pool.id));
            PoolSeries {
                id: pool.id.clone(),
                name: pool.name.clone(),
                granted: pool.granted,
                expires_on: pool.expires_on,
                balance: balance(index, ledger, days.intersect(life)),
                outlook: ahead.map(|ahead| ahead.balance.clone()).unwrap_or_default(),
                planned: planned.as_ref().map(|plan| balance(index, plan, life.intersect(filed))).unwrap_or_default(),
            }
        })
        .collect()
}

fn by_model(assessment: &Assessment, days: DayRange) -> Vec<MonthModelCost> {
    let costs = assessment.costs();
    let mut sums: BTreeMap<(BillingPeriod, Workload, Option<&str>), Money> = BTreeMap::new();
    for sum in by_month(costs, days) {
        let class = &costs.kinds[sum.kind].class;
        *sums.entry((sum.month, class.workload, class.model.as_deref())).or_default() += sum.cost;
    }
    sums.into_iter()
        .map(|((month, workload, model), cost)| MonthModelCost {
            month,
            workload,
            model: model.map(str::to_owned),
            cost,
        })
        .collect()
}
