//! What is planned, by people and by the filing, as the outlook takes it and as the position shows it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Assessment;
use crate::credit::CreditPool;
use crate::implied_price::{ImpliedPrices, PriceSource};
use crate::ledger::{AWS_ORDER, DailyCost, Stream, drawing_order};
use crate::money::Money;
use crate::outlook::{Effect, FiledDays, Foreseen, OutlookInputs, days_ahead};
use crate::plan::{Days, Entered, FiledPlan, PlanEntry, Planned, Reading, SwitchAhead};
use crate::whatif::{Base, switch_factors};
use crate::workload::Workload;

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

impl Assessment<'_> {
    /// Reads what is planned; nothing before the first complete day.
    pub(super) fn read_plans(&self) -> Plans {
        let Some(span) = self.span else { return Plans::default() };
        let days = Days { costs: &self.costs, complete: span.days() };
        let filed = self.filing().map(|it| FiledPlan::read(it.version, &it.projection, &it.plan, days));
        let mut plans = Plans { filed, entered: Entered::default() };
        if !self.facts.plan.is_empty() {
            let ahead = days_ahead(span.through);
            let entered = self.read_beside_plan(|reading| Entered::read(reading, &self.facts.plan, ahead));
            plans.entered = entered.unwrap_or_default();
            if let Some(filed) = &mut plans.filed {
                filed.known_better(|name| plans.entered.names.contains(name));
            }
        }
        plans
    }

    /// Events that people entered.
    pub fn planned_by_people(&self) -> &[PlanEntry] {
        &self.facts.plan
    }

    /// The most that the filing plans for one month.
    pub fn largest_filed_month(&self) -> Money {
        self.plans.filed.as_ref().map_or(Money::ZERO, FiledPlan::largest_month)
    }

    /// Shows `read` what an entered event is read beside; `None` before the first complete day.
    pub fn read_beside_plan<T>(&self, read: impl FnOnce(Reading) -> T) -> Option<T> {
        let span = self.span?;
        let implied = ImpliedPrices::of(&self.costs, span.days());
        Some(read(Reading {
            days: Days { costs: &self.costs, complete: span.days() },
            prices: PriceSource { book: self.context.prices, implied: &implied },
            classifier: &self.context.classifier,
            on: self.facts.as_of.date_naive(),
            pools: &self.ledger.pools,
        }))
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
