//! The complete days that figures run over.

use chrono::NaiveDate;

use crate::values::period::{BillingPeriod, DayRange, plus_days};

/// First stored and last complete day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub first: NaiveDate,
    pub through: NaiveDate,
}

impl Span {
    pub fn days(self) -> DayRange {
        DayRange::new(self.first, plus_days(self.through, 1))
    }

    /// The last `days` complete days, fewer if fewer are stored.
    pub fn last(self, days: i64) -> DayRange {
        DayRange::new(plus_days(self.through, 1 - days).max(self.first), plus_days(self.through, 1))
    }

    pub fn month_to_date(self) -> DayRange {
        self.days().intersect(BillingPeriod::of(self.through).range())
    }
}
