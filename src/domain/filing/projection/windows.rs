//! The months that a filing is summed over, and which part of each lies in the window of a record.

use std::ops::Range;

use rust_decimal::Decimal;

use super::FiledProjection;
use crate::values::period::{BillingPeriod, DayRange, plus_days};

/// Months that a record without a window is summed over.
const MONTHS: i32 = 12;
/// Months that are summed at most: as many as a window may lie ahead of its filing (`parse/application.rs`), and some.
const MOST_MONTHS: i32 = 126;

/// The windows of a filing's records, in the filing's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    of_records: Vec<Option<DayRange>>,
    /// Twelve months from the first that is filed, for a record without a window.
    without: Range<BillingPeriod>,
}

/// The part of a month that lies in the window of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WithinWindow {
    /// Share of the month that is counted: all of a window's first month, of its last one by days.
    pub share: Decimal,
    /// Days of the month on which the award can pay.
    pub days: DayRange,
}

impl FiledProjection {
    /// The windows of its records.
    pub fn windows(&self) -> Windows {
        let first = self.first_month();
        let of_records = self.records.iter().map(|record| self.window_of(record)).collect();
        Windows { of_records, without: first..first.plus_months(MONTHS) }
    }
}

impl Windows {
    /// The months that the filing is summed over: from the first window to the last.
    pub fn months(&self) -> Range<BillingPeriod> {
        let of_window = |window: &Option<DayRange>| match window {
            Some(window) => BillingPeriod::of(window.start)..BillingPeriod::of(plus_days(window.end, -1)).next(),
            None => self.without.clone(),
        };
        let all = self.of_records.iter().map(of_window);
        let all = all.reduce(|all, one| all.start.min(one.start)..all.end.max(one.end));
        let Range { start, end } = all.unwrap_or_else(|| self.without.clone());
        start..end.min(start.plus_months(MOST_MONTHS))
    }

    /// The part of `month` that lies in the window of the filing's `record`-th record; `None` if nothing does.
    pub fn within(&self, record: usize, month: BillingPeriod) -> Option<WithinWindow> {
        let whole = month.range();
        let Some(window) = self.of_records.get(record).copied()? else {
            return self.without.contains(&month).then_some(WithinWindow { share: Decimal::ONE, days: whole });
        };
        let from = if month == BillingPeriod::of(window.start) { whole.start } else { whole.start.max(window.start) };
        let counted = DayRange::new(from, whole.end.min(window.end));
        let share = || Decimal::from(counted.len()) / Decimal::from(whole.len());
        (!counted.is_empty()).then(|| WithinWindow { share: share(), days: whole.intersect(window) })
    }
}
