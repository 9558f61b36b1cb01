//! Day series for charts, put together from an [`Assessment`] and its outlook.

use std::collections::BTreeMap;

use super::assess::Assessment;
use super::costs::by_month;
use super::money::Money;
use super::outlook::Outlook;
use super::period::{BillingPeriod, DayRange, plus_days};
use super::position::{DayAmount, DayBand, MonthModelCost, PoolSeries, Series};
use super::projection::{daily_costs, daily_plan};
use super::workload::Workload;

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
fn cumulative(costs: impl Iterator<Item = (chrono::NaiveDate, Money)>, range: DayRange) -> Vec<DayAmount> {
    let mut by_day: BTreeMap<chrono::NaiveDate, Money> = BTreeMap::new();
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
    let balance = |index: usize, ledger: &super::ledger::Ledger, range: DayRange| {
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
