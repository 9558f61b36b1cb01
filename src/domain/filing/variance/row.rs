//! Actual against filed, one row.

use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::workload::Workload;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Actual minus projected for one month, record, workload and model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Variance {
    /// Billing period; the newest is month to date, with the plan pro-rated by complete days.
    pub month: BillingPeriod,
    /// Record id of the filing, or `outside`.
    pub record: String,
    /// Purpose.
    pub workload: Workload,
    /// Model, where the line is inference.
    pub model: Option<String>,
    /// Planned cost.
    pub projected: Money,
    /// Actual gross cost.
    pub actual: Money,
    /// Actual minus projected.
    pub amount: Money,
    /// `amount` in percent of `projected`, one digit; null where the plan is 0.
    #[serde(with = "rust_decimal::serde::str_option")]
    #[schema(value_type = Option<Decimal>)]
    pub percent: Option<Decimal>,
    /// True where less was spent than planned, false where more was; null on plan.
    pub favourable: Option<bool>,
    /// Why; adds up to `amount` exactly.
    pub causes: Causes,
}

/// Causes of a variance, in dollars.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Causes {
    /// More or fewer tokens or chip-hours.
    pub volume: Money,
    /// Another mix of models.
    pub mix: Money,
    /// Another price.
    pub price: Money,
    /// Another share of cached input.
    pub cache: Money,
    /// Another share of batch.
    pub batch: Money,
    /// Another routing.
    pub routing: Money,
    /// What the lines' drivers do not explain.
    pub other: Money,
}
