//! The filing in force, and what it is compared with.

use chrono::{DateTime, Utc};

use super::Assessment;
use crate::costs::{MonthOfKind, by_month};
use crate::position::{FiledApplication, FilingRef, Variance};
use crate::projection::{ActualCost, FiledProjection, FiledRecord, PlannedMonth, UnpricedLine};
use crate::usage::{FiledUsage, Usage, usage};
use crate::variance::variance;

/// A filing as the store numbered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// Version, counted from 1.
    pub version: u32,
    /// When it was recorded here.
    pub recorded_at: DateTime<Utc>,
    /// What was filed.
    pub projection: FiledProjection,
    /// Its months, priced, to the end of every horizon.
    pub plan: Vec<PlannedMonth>,
    /// What has no price: its dollars are missing from the plan.
    pub unpriced: Vec<UnpricedLine>,
}

impl Filing {
    pub(super) fn reference(&self) -> FilingRef {
        FilingRef {
            version: self.version,
            content_hash: self.projection.content_hash.clone(),
            filed_on: self.projection.filed_on,
            recorded_at: self.recorded_at,
            customer: self.projection.customer.clone(),
            asked_for: self.projection.asked_for.clone(),
            records: self.projection.records.iter().map(|record| record.id.clone()).collect(),
            unpriced: self.unpriced.clone(),
            customer_url: self.projection.customer_url.clone(),
            asked_usd: self.projection.asked_usd(),
            granted_usd: self.projection.granted_usd(),
            deal_size_usd: self.projection.deal_size_usd,
            post_credit_growth_per_month: self.projection.post_credit_growth_per_month,
            applications: self.projection.records.iter().map(|record| self.application(record)).collect(),
        }
    }

    fn application(&self, record: &FiledRecord) -> FiledApplication {
        let asks = self.projection.application_of(record);
        FiledApplication {
            record: record.id.clone(),
            programme: self.projection.programme_of(record),
            asked_usd: self.projection.asked_by(record),
            granted_usd: asks.granted_usd,
            starts_on: asks.window.map(|window| window.start),
            expires_on: asks.window.map(|window| window.end),
            opportunity: asks.opportunity,
            use_case: asks.use_case,
            stage: asks.stage,
            engagement_type: asks.engagement_type,
            poc: asks.poc,
        }
    }
}

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
