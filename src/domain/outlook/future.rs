//! What one workload is said to cost: its daily forecast, the odds around it, and the services that bill it.

use crate::outlook::horizon::LARGEST_DAY;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OutlookInputs;
use super::odds::Odds;
use crate::billing::daily_cost::Stream;
use crate::forecast::{Forecast, History, Plan, Voice};
use crate::values::money::Money;
use crate::values::period::plus_days;
use crate::values::workload::Workload;

/// Days that a stream's share of its workload is read from, and its discount.
pub(super) const SHARE_DAYS: i64 = 28;
/// How a workload was forecast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Basis {
    /// The workload.
    pub workload: Workload,
    /// What spoke.
    pub voice: Voice,
    /// Complete days known.
    pub known_days: usize,
    /// The account's own past forecasts, a week apart, that decided between trend and plain rate; 0 = too few to judge.
    pub trials: usize,
    /// True where the filed projection shaped the growth of a young workload.
    pub by_plan: bool,
    /// True while it rests on a level that began with the workload less than four weeks ago.
    #[serde(default)]
    pub young: bool,
}

/// One workload's future.
pub(super) struct Future {
    pub basis: Basis,
    /// Running totals in micro-dollars, from the first day of the range.
    pub odds: Odds,
    /// Index into the outlook's streams, and that stream's share of the workload.
    pub shares: Vec<(usize, f64)>,
    /// Days for which odds are told; `None` for all.
    pub reach: Option<usize>,
}

impl Future {
    /// Forecasts `days` days of `workload`; `None` where it never cost anything.
    pub fn of(inputs: &OutlookInputs, workload: Workload, streams: &[Stream], days: usize) -> Option<Future> {
        let daily = history(inputs, workload);
        if daily.iter().all(|cost| *cost == 0.0) {
            return None;
        }
        let known = History(&daily);
        let begun = inputs.changes.begun.iter().filter(|(of, _)| *of == workload).map(|(_, day)| *day).max();
        let begun = begun.and_then(|day| usize::try_from((inputs.data_through - day).num_days() + 1).ok());
        let mut made = Forecast::after_step(known, begun, inputs.data_through, days, (inputs.evidence, None));
        let told = plan(inputs, workload, known, days).shape(known, &mut made.daily);
        made.law = made.law.told(told);
        let Forecast { voice, trials, young, .. } = made;
        let basis = Basis { workload, voice, known_days: known.days(), trials, by_plan: told > 0.0, young };
        Some(Future {
            basis,
            odds: Odds::new(&made, days, LARGEST_DAY as f64),
            shares: shares(inputs, workload, streams),
            reach: made.course.reach(),
        })
    }
}

/// What the filing in force plans for the workload, beside its history.
fn plan(inputs: &OutlookInputs, workload: Workload, known: History, days: usize) -> Plan {
    let mut planned: BTreeMap<NaiveDate, f64> = BTreeMap::new();
    for plan in inputs.planned.iter().filter(|plan| plan.workload == workload) {
        *planned.entry(plan.day).or_default() += plan.payable.to_chart();
    }
    Plan::of(&planned, inputs.data_through, known.days(), days)
}

/// US dollars a day from the first stored day through the last complete one, gaps as zero.
fn history(inputs: &OutlookInputs, workload: Workload) -> Vec<f64> {
    let days = usize::try_from((inputs.data_through - inputs.first_day).num_days() + 1).unwrap_or(0);
    let mut daily = vec![Money::ZERO; days];
    for cost in inputs.recurring.iter().filter(|cost| cost.workload == workload) {
        let at = usize::try_from((cost.day - inputs.first_day).num_days()).ok();
        if let Some(sum) = at.and_then(|at| daily.get_mut(at)) {
            *sum += cost.payable;
        }
    }
    for run in inputs.changes.runs.iter().filter(|run| run.workload == workload) {
        let at = usize::try_from((run.day - inputs.first_day).num_days()).ok();
        if let Some(sum) = at.and_then(|at| daily.get_mut(at)) {
            *sum -= run.payable;
        }
    }
    let daily: Vec<f64> = daily.into_iter().map(Money::to_chart).collect();
    // A workload is as old as its first cost, not as the account.
    let begun = daily.iter().position(|cost| *cost != 0.0).unwrap_or(0);
    daily[begun..].to_vec()
}

/// How the services share the workload's newest spend; where that is nothing, its spend of all time.
fn shares(inputs: &OutlookInputs, workload: Workload, streams: &[Stream]) -> Vec<(usize, f64)> {
    let since = |from: NaiveDate| -> Vec<(usize, f64)> {
        let mut sums: BTreeMap<usize, Money> = BTreeMap::new();
        for cost in inputs.recurring.iter().filter(|cost| cost.workload == workload && cost.day >= from) {
            let of = |stream: &Stream| cost.is_of(stream);
            if let Some(stream) = streams.iter().position(of).filter(|_| cost.day <= inputs.data_through) {
                *sums.entry(stream).or_default() += cost.payable;
            }
        }
        let sums: Vec<(usize, f64)> = sums.into_iter().map(|(stream, sum)| (stream, sum.to_chart().max(0.0))).collect();
        let total: f64 = sums.iter().map(|(_, sum)| sum).sum();
        sums.into_iter().filter(|(_, sum)| *sum > 0.0).map(|(stream, sum)| (stream, sum / total)).collect()
    };
    let newest = since(plus_days(inputs.data_through, 1 - SHARE_DAYS));
    if newest.is_empty() { since(inputs.first_day) } else { newest }
}
