//! The filing in force, and what it is compared with.

use super::Assessment;
use crate::billing::costs::{MonthOfKind, by_month};
use crate::filing::projection::ActualCost;
use crate::filing::usage::{FiledUsage, Usage, usage};
use crate::filing::variance::{Variance, variance};

impl Assessment<'_> {
    pub(super) fn variance(&self) -> Vec<Variance> {
        let (Some(filing), Some(span)) = (self.filing(), self.span) else { return Vec::new() };
        variance(&filing.plan, &self.actual_costs(), &filing.projection, self.context.prices, span.through)
    }

    /// Tokens and chip-hours by month; none before the first complete day.
    pub(super) fn usage(&self) -> Usage {
        let Some(span) = self.span else { return Usage::default() };
        let filed = self.filing().map(|filing| FiledUsage { filing: &filing.projection, planned: &filing.plan });
        usage(&self.actual_costs(), filed, self.context.prices, span.through)
    }

    /// Complete days' costs by month and everything that a filing can tell apart.
    fn actual_costs(&self) -> Vec<ActualCost> {
        let Some(span) = self.span else { return Vec::new() };
        let actual = |MonthOfKind { month, kind, cost, quantity }: MonthOfKind| {
            let kind = &self.costs.kinds[kind];
            let class = &kind.class;
            ActualCost {
                month,
                service: kind.service.clone(),
                workload: class.workload,
                model: class.model.clone(),
                instance_type: class.instance_type.clone(),
                direction: class.direction,
                tier: class.tier,
                routing: class.routing,
                cache_lifetime: class.cache_lifetime,
                cost,
                quantity: class.scale.map(|scale| quantity.times(scale)),
                unit: Some(class.unit.clone()),
            }
        };
        by_month(&self.costs, span.days()).into_iter().map(actual).collect()
    }
}
