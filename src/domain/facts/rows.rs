//! Rows of the bill as they are believed.
//!
//! They name their service and type by number, because two years of daily rows repeat a few hundred names; a rule that
//! depends on names alone is then decided once per name and not once per row.

use crate::values::money::{Money, Quantity};
use chrono::NaiveDate;

/// Service and Cost Explorer record type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChargeKind {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// RECORD_TYPE, verbatim.
    pub record_type: String,
}

/// Service, usage type and unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageKind {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Usage type, verbatim.
    pub usage_type: String,
    /// AWS's unit text, verbatim.
    pub unit: String,
}

/// One day's cost of one [`ChargeKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargeRow {
    /// UTC day.
    pub day: NaiveDate,
    /// Index into [`Facts::charge_kinds`](super::Facts::charge_kinds).
    pub kind: usize,
    /// Cost with AWS's sign.
    pub cost: Money,
}

/// One day's cost and quantity of one [`UsageKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageRow {
    /// UTC day.
    pub day: NaiveDate,
    /// Index into [`Facts::usage_kinds`](super::Facts::usage_kinds).
    pub kind: usize,
    /// Cost with AWS's sign.
    pub cost: Money,
    /// Quantity in the kind's unit.
    pub quantity: Quantity,
}
