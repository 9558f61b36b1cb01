//! A filing as the store numbered it, priced.

use super::filing_ref::{FiledApplication, FilingRef};
use super::projection::{FiledProjection, FiledRecord, PlannedMonth, UnpricedLine};
use chrono::{DateTime, Utc};

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
    pub(crate) fn reference(&self) -> FilingRef {
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
