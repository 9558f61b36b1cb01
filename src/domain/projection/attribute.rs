//! Whose spend it is: every dollar belongs to exactly one record, or to [`OUTSIDE`] the filing.

use super::{FiledProjection, FiledRecord, fold_instance_type};
use crate::domain::money::{Money, Quantity};
use crate::domain::period::BillingPeriod;
use crate::domain::service;
use crate::domain::workload::{CacheLifetime, Direction, Routing, Tier, Workload};

/// The record id of spend that no line of the filing describes.
pub const OUTSIDE: &str = "outside";

/// Actual cost of one month and one combination of dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActualCost {
    /// Billing period.
    pub month: BillingPeriod,
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Purpose.
    pub workload: Workload,
    /// Display name of the model, where the cost is inference.
    pub model: Option<String>,
    /// Accelerator instance type, `ml.` kept where SageMaker billed it.
    pub instance_type: Option<String>,
    /// Token direction; `None` for what is not text tokens.
    pub direction: Option<Direction>,
    /// Service tier of inference.
    pub tier: Option<Tier>,
    /// Routing of inference.
    pub routing: Option<Routing>,
    /// Lifetime of a cache write, where the bill marks it.
    pub cache_lifetime: Option<CacheLifetime>,
    /// Gross cost with AWS's sign.
    pub cost: Money,
    /// Metered quantity in `unit`; `None` where it is not understood.
    pub quantity: Option<Quantity>,
    /// `tokens`, `chip_hours`, or AWS's own text.
    pub unit: Option<String>,
}

/// The id of the record that `actual` belongs to, or [`OUTSIDE`].
///
/// The most specific line wins: inference by its model, then accelerator hours by their instance type (SageMaker's
/// `ml.` types count as the EC2 type they stand for), then the service by its name, without regard to case and
/// spaces. A filing has no two lines for one model, type or service, so the answer is unique.
pub fn attribute<'f>(filing: &'f FiledProjection, actual: &ActualCost) -> &'f str {
    by_model(filing, actual)
        .or_else(|| by_instance_type(filing, actual))
        .or_else(|| by_service(filing, actual))
        .map_or(OUTSIDE, |record| record.id.as_str())
}

fn by_model<'f>(filing: &'f FiledProjection, actual: &ActualCost) -> Option<&'f FiledRecord> {
    let model = actual.model.as_deref().filter(|_| actual.workload == Workload::BedrockInference)?;
    filing.records.iter().find(|record| record.tokens.iter().any(|line| line.model == model))
}

fn by_instance_type<'f>(filing: &'f FiledProjection, actual: &ActualCost) -> Option<&'f FiledRecord> {
    let wanted = fold_instance_type(actual.instance_type.as_deref()?);
    filing
        .records
        .iter()
        .find(|record| record.accelerators.iter().any(|line| fold_instance_type(&line.instance_type) == wanted))
}

fn by_service<'f>(filing: &'f FiledProjection, actual: &ActualCost) -> Option<&'f FiledRecord> {
    let wanted = service::fold(&actual.service);
    filing.records.iter().find(|record| record.services.iter().any(|line| service::fold(&line.service) == wanted))
}
