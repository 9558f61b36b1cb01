//! A month's bill, as it came or as the outlook has it.

use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::workload::Workload;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One month's bill: cash = gross - covered + tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthlyBill {
    /// Billing period; the current one is actual days plus outlook.
    pub month: BillingPeriod,
    /// Gross cost; what AWS has refunded of the month is taken off.
    pub gross: Money,
    /// Paid by credit.
    pub covered: Money,
    /// Left to pay, tax included where it is known.
    pub cash: Money,
    /// Tax on what credit does not pay; null without a configured rate.
    pub tax: Option<Money>,
    /// Cash that one path in ten stays below; null beyond `outlook_reaches`.
    pub cash_p10: Option<Money>,
    /// Cash that one path in ten exceeds; null beyond `outlook_reaches`.
    pub cash_p90: Option<Money>,
    /// The days ahead in it by service, workload and model, dearest first. Support and what is billed already are no part.
    pub lines: Vec<BillLine>,
}

impl MonthlyBill {
    /// Cash at 10 and 90 %, where odds are told.
    pub fn odds(&self) -> Option<(Money, Money)> {
        self.cash_p10.zip(self.cash_p90)
    }
}

/// A part of a month's bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillLine {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Purpose.
    pub workload: Workload,
    /// Model, where the last 28 days show any: the forecast is split as these were.
    pub model: Option<String>,
    /// Before credit.
    pub gross: Money,
    /// Paid by credit.
    pub covered: Money,
}
