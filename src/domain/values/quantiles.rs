//! Dates and amounts with odds, and amounts of days.

use crate::values::money::Money;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A date at three odds; p10 is the early one. Null = not within the horizon in that share of the paths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DateQuantiles {
    /// One path in ten is there by this day.
    pub p10: Option<NaiveDate>,
    /// Half of the paths are.
    pub p50: Option<NaiveDate>,
    /// Nine in ten are.
    pub p90: Option<NaiveDate>,
}

impl DateQuantiles {
    /// The same day at all odds: something that has already happened, or a day on which credit expires whatever is spent.
    pub const fn certain(day: NaiveDate) -> Self {
        DateQuantiles { p10: Some(day), p50: Some(day), p90: Some(day) }
    }

    /// The day, where it is the same at all odds.
    pub fn same_day(&self) -> Option<NaiveDate> {
        self.p10.filter(|early| self.p90 == Some(*early))
    }
}

/// An amount at three odds, small to large.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyQuantiles {
    /// One path in ten is at or below it.
    pub p10: Option<Money>,
    /// Half of the paths are.
    pub p50: Option<Money>,
    /// Nine in ten are.
    pub p90: Option<Money>,
}

/// An amount at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayAmount {
    /// UTC day.
    pub day: NaiveDate,
    /// Amount.
    pub amount: Money,
}

/// An amount at three odds at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayBand {
    /// UTC day.
    pub day: NaiveDate,
    /// Low.
    pub p10: Money,
    /// Middle.
    pub p50: Money,
    /// High.
    pub p90: Money,
}
