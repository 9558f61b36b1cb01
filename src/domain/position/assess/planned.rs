//! What is planned, by people and by the filing, as the outlook takes it and as the position shows it.

use crate::position::assess::plans::Plans;

use super::Assessment;
use crate::billing::implied_price::{ImpliedPrices, PriceSource};
use crate::facts::plan::PlanEntry;
use crate::outlook::days_ahead;
use crate::plan::{Days, Entered, FiledPlan, Reading};
use crate::values::money::Money;

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
