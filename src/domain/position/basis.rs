//! What the figures rest on of the days after `data_through`.

use crate::values::money::Money;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Usage that AWS shows so far for days after `data_through`. It can only grow, but for corrections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AtLeast {
    /// The newest of these days.
    pub through: NaiveDate,
    /// Gross cost of these days so far.
    pub gross: Money,
    /// The most credit that can be left: that at the end of `data_through` less what these days draw of it, or what AWS
    /// estimates to be left if that is less.
    pub credit_left_at_most: Money,
}

/// What the dates of exhaustion rest on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum DateBasis {
    /// Complete days as billed.
    #[default]
    #[serde(rename = "billed")]
    Billed,
    /// Complete days, and what AWS shows so far for the days after them, which is more than was forecast for these.
    #[serde(rename = "billed+estimated")]
    BilledAndEstimated,
}
