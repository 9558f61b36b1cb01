//! What a question adds to the future that the forecast would not know: growth beyond it, and costs on given days.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::simulate::LARGEST_DAY_MICROS;
use crate::domain::credit::CreditPool;
use crate::domain::ledger::{DailyCost, Demand, Stream};
use crate::domain::period::DayRange;
use crate::domain::workload::Workload;

/// Days of an average month.
const MONTH_DAYS: f64 = 365.25 / 12.0;

/// Changes to what lies ahead. The default changes nothing, to the byte.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changes<'a> {
    /// Costs of days after `data_through` that every path carries, on top of what is forecast.
    pub added: &'a [DailyCost],
    /// Ids of pools that are not there yet. They pay, but what they alone would pay counts in no date: else a small award
    /// that pays for something new would seem to end credit the day it is used up. Without other pools, it does count.
    pub landed: &'a [String],
    /// What a forecast dollar of a workload becomes; others stay as they are.
    pub levels: &'a [(Workload, Decimal)],
    /// Growth per month beyond what is forecast, as a share; all payable cost grows by it, what is added does not.
    pub growth_per_month: Decimal,
}

/// The changes, ready for the walk along a path.
pub(super) struct Ahead {
    /// Per day, what a forecast dollar becomes.
    growth: Vec<f64>,
    /// By position in [`Workload::ALL`], what a forecast dollar becomes on every day.
    levels: [f64; Workload::ALL.len()],
    /// Per day, stream and micro-dollars.
    added: Vec<Vec<(usize, i64)>>,
}

impl Changes<'_> {
    /// The pools whose services make the dates.
    pub(super) fn dating<'p>(&self, pools: &'p [CreditPool]) -> Vec<&'p CreditPool> {
        let held: Vec<&CreditPool> = pools.iter().filter(|pool| !self.landed.contains(&pool.id)).collect();
        if held.is_empty() { pools.iter().collect() } else { held }
    }
}

impl Ahead {
    pub fn new(changes: &Changes, streams: &[Stream], range: DayRange) -> Ahead {
        let monthly = 1.0 + changes.growth_per_month.to_f64().unwrap_or(0.0);
        let days = usize::try_from(range.len()).unwrap_or(0);
        let growth = (0..days).map(|ahead| monthly.max(0.0).powf((ahead + 1) as f64 / MONTH_DAYS)).collect();
        let mut levels = [1.0; Workload::ALL.len()];
        for (workload, level) in changes.levels {
            levels[*workload as usize] *= level.to_f64().unwrap_or(1.0).max(0.0);
        }
        let mut added: Vec<Vec<(usize, i64)>> = vec![Vec::new(); days];
        for cost in changes.added {
            let at = usize::try_from((cost.day - range.start).num_days()).ok();
            let of = |stream: &Stream| stream.service == cost.service && stream.workload == cost.workload;
            if let Some((day, stream)) = at.and_then(|at| added.get_mut(at)).zip(streams.iter().position(of)) {
                let room = LARGEST_DAY_MICROS - day.iter().map(|(_, payable)| payable).sum::<i64>();
                day.push((stream, cost.payable.to_micros().clamp(0, room)));
            }
        }
        Ahead { growth, levels, added }
    }

    /// A workload's forecast cost after the changes, in micro-dollars; no more than can be added up.
    pub fn changed(&self, ahead: usize, workload: Workload, cost: f64) -> f64 {
        (cost * self.levels[workload as usize] * self.growth[ahead]).min(LARGEST_DAY_MICROS as f64)
    }

    /// Adds the day's extra costs to its demands; gives their sum, which is no more than can be added up.
    pub fn add(&self, ahead: usize, demands: &mut Vec<Demand<i64>>) -> i64 {
        for (stream, payable) in &self.added[ahead] {
            match demands.iter_mut().find(|demand| demand.stream == *stream) {
                Some(demand) => demand.payable += payable,
                None => demands.push(Demand { stream: *stream, payable: *payable }),
            }
        }
        self.added[ahead].iter().map(|(_, payable)| payable).sum()
    }
}
