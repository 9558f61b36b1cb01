//! Planned events beside the bill, and what they change of an outlook's inputs.

use crate::billing::daily_cost::{DailyCost, Stream};
use crate::credit::CreditPool;
use crate::credit::ledger::{AWS_ORDER, drawing_order};
use crate::outlook::{Effect, FiledDays, Foreseen, OutlookInputs, days_ahead};
use crate::plan::{Entered, FiledPlan, Planned, SwitchAhead};
use crate::values::money::Money;
use crate::values::workload::Workload;
use crate::whatif::{Base, switch_factors};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Planned events beside the bill.
#[derive(Debug, Default)]
pub(super) struct Plans {
    /// Of the filing in force.
    pub filed: Option<FiledPlan>,
    /// Of people.
    pub entered: Entered,
}

/// What plans change of an outlook's inputs.
pub(super) struct Expected {
    /// Pools in drawing order, those that will land among them.
    pub pools: Vec<CreditPool>,
    /// What is left in each.
    pub balances: Vec<Money>,
    /// Ids of those that will land.
    pub landed: Vec<String>,
    /// Events.
    pub events: Vec<Foreseen>,
    /// Spend as filed.
    pub filed: Option<FiledDays>,
    /// Steps that the bill shows.
    pub begun: Vec<(Workload, NaiveDate)>,
    /// Planned runs that the bill shows.
    pub runs: Vec<DailyCost>,
}

impl Plans {
    /// In order of their days.
    pub fn rows(&self) -> Vec<Planned> {
        let filed = self.filed.iter().flat_map(FiledPlan::rows);
        let mut rows: Vec<Planned> = self.entered.rows.iter().cloned().chain(filed).collect();
        rows.sort_by_key(|row| row.on);
        rows
    }

    /// True for a pool that is only planned.
    pub fn is_award(&self, id: &str) -> bool {
        self.entered.awards.iter().any(|pool| pool.id == id)
    }

    /// What the outlook that `base` asks for is to expect.
    pub fn expected(&self, base: &Base) -> Expected {
        let OutlookInputs { pools, balances, data_through, .. } = *base.inputs;
        let ahead = days_ahead(data_through);
        let entered = &self.entered;
        let mut events = self.filed.as_ref().map(|filed| filed.events(ahead, &entered.ends)).unwrap_or_default();
        events.extend(entered.events.iter().cloned());
        events.extend(switches(base, &entered.switches));
        let mut expected = Expected {
            pools: pools.to_vec(),
            balances: balances.to_vec(),
            landed: entered.awards.iter().map(|pool| pool.id.clone()).collect(),
            events,
            filed: self.filed.as_ref().map(|filed| filed.days(ahead)),
            begun: self.filed.iter().flat_map(FiledPlan::begun).chain(entered.begun.iter().copied()).collect(),
            runs: entered.runs.clone(),
        };
        if !entered.awards.is_empty() {
            expected.pools.extend(entered.awards.iter().cloned());
            expected.pools = drawing_order(&expected.pools, &AWS_ORDER);
            let left = |pool: &CreditPool| {
                let held = pools.iter().zip(balances).find(|(held, _)| held.id == pool.id);
                held.map_or(pool.granted, |(_, left)| *left)
            };
            expected.balances = expected.pools.iter().map(left).collect();
        }
        expected
    }
}

/// What the switches do, at the prices of `base`. One that has no price any more does nothing.
fn switches(base: &Base, ahead: &[SwitchAhead]) -> Vec<Foreseen> {
    let mut events = Vec::new();
    for SwitchAhead { sure, together, begins, from, to } in ahead {
        let mut brings: BTreeMap<String, Vec<(String, Decimal)>> = BTreeMap::new();
        for ((was, is), dollars) in switch_factors(base, from, to).unwrap_or_default() {
            brings.entry(was).or_default().push((is, dollars));
        }
        events.extend(brings.into_iter().map(|(was, brings)| {
            let of = Stream::on_demand(was, Workload::BedrockInference);
            let effect = Effect::Moves { from: *begins, of, brings };
            Foreseen { sure: *sure, together: *together, filed: false, effect }
        }));
    }
    events
}
