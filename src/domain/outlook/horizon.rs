//! How far an outlook looks, and the bounds of what it counts.

use crate::values::money::Money;
use crate::values::period::{BillingPeriod, plus_days};
use chrono::NaiveDate;

/// How far ahead dates are looked for.
pub const HORIZON_DAYS: i64 = 365;

/// Days of the exposure after credit ends.
pub const EXPOSURE_DAYS: i64 = 90;

/// Months in the trajectory, the current one included.
pub const TRAJECTORY_MONTHS: i32 = 12;

/// Days that an outlook reaches at least.
pub const LEAST_REACH: i64 = 14;

/// Spend beyond this on one day counts as uncovered, in micro-dollars: 1 USD, so that rounding never raises an alarm.
pub const UNCOVERED_THRESHOLD: Money = Money::ONE;

/// The first day that no date of exhaustion is looked for on.
pub fn horizon_end(data_through: NaiveDate) -> NaiveDate {
    plus_days(data_through, HORIZON_DAYS + 1)
}

/// The first calendar month that lies wholly after `day`.
pub fn first_full_month(day: NaiveDate) -> BillingPeriod {
    BillingPeriod::of(day).next()
}

/// What a workload costs on one day at most, in US dollars: far above any bill, and so little that a year of it on all
/// workloads at once is still a number of micro-dollars (`simulate` proves it). A forecast run wild stays an amount of money.
pub(super) const LARGEST_DAY: i64 = 1_000_000_000;

/// What a workload, what a question adds, and support cost on one day at most, each.
pub(super) const LARGEST_DAY_MICROS: i64 = LARGEST_DAY * 1_000_000;
