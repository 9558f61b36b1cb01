//! Days, half-open ranges of days, billing periods, and moments as they are kept. Everything is UTC, as on AWS's bill.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, SubsecRound as _, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Digits of a second that the store keeps.
const MICROSECONDS: u16 = 6;

/// A moment without the digits that the store drops: a report made before its cycle was stored must have the same bytes as
/// one made from the store.
///
/// ```
/// use glidepath_core::values::period::to_microseconds;
/// let moment = "2026-11-23T06:30:00.123456789Z".parse().unwrap();
/// assert_eq!(to_microseconds(moment), "2026-11-23T06:30:00.123456Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
/// ```
pub fn to_microseconds(moment: DateTime<Utc>) -> DateTime<Utc> {
    moment.trunc_subsecs(MICROSECONDS)
}

/// A half-open range of UTC days, `start..end`, as Cost Explorer and FOCUS count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct DayRange {
    /// First day of the range.
    pub start: NaiveDate,
    /// First day after the range.
    pub end: NaiveDate,
}

impl DayRange {
    /// `start..end`; an `end` before `start` gives an empty range at `start`.
    pub fn new(start: NaiveDate, end: NaiveDate) -> Self {
        DayRange { start, end: end.max(start) }
    }

    /// True if `day` lies in the range.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.start <= day && day < self.end
    }

    /// Number of days.
    pub fn len(self) -> i64 {
        (self.end - self.start).num_days()
    }

    /// True if the range holds no day.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Every day, in order.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.start.iter_days().take(usize::try_from(self.len()).unwrap_or(0))
    }

    /// The parts that lie in different months, in order.
    pub fn by_month(self) -> impl Iterator<Item = DayRange> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let part = rest.intersect(BillingPeriod::of(rest.start).range());
            rest.start = part.end;
            (!part.is_empty()).then_some(part)
        })
    }

    /// The part that both ranges share.
    #[must_use]
    pub fn intersect(self, other: DayRange) -> DayRange {
        DayRange::new(self.start.max(other.start), self.end.min(other.end))
    }
}

impl fmt::Display for DayRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// The day `count` days later (or earlier, if negative), saturating at the calendar's ends.
///
/// ```
/// use glidepath_core::values::period::plus_days;
/// let day = "2026-02-27".parse().unwrap();
/// assert_eq!(plus_days(day, 2).to_string(), "2026-03-01");
/// assert_eq!(plus_days(day, -27).to_string(), "2026-01-31");
/// ```
pub fn plus_days(day: NaiveDate, count: i64) -> NaiveDate {
    let step = Days::new(count.unsigned_abs());
    if count >= 0 {
        day.checked_add_days(step).unwrap_or(NaiveDate::MAX)
    } else {
        day.checked_sub_days(step).unwrap_or(NaiveDate::MIN)
    }
}

/// A billing period: one UTC calendar month, written `2026-02`. There is none that could not be written so: what lies before
/// the year 0 or after 9999 is the first or the last month of these.
///
/// ```
/// use glidepath_core::values::period::BillingPeriod;
/// let period: BillingPeriod = "2026-12".parse().unwrap();
/// assert_eq!(period.next().to_string(), "2027-01");
/// assert_eq!(period.days(), 31);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BillingPeriod {
    first: NaiveDate,
}

/// First days of the first and the last month that four digits of a year can name.
const FIRST_MONTH: NaiveDate = NaiveDate::from_ymd_opt(0, 1, 1).expect("a day of the calendar");
const LAST_MONTH: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 1).expect("a day of the calendar");

/// Text that is not a month written `YYYY-MM`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a month, which is written like 2026-02")]
pub struct PeriodError(String);

impl BillingPeriod {
    /// The period that `day` lies in.
    pub fn of(day: NaiveDate) -> Self {
        BillingPeriod { first: day.with_day(1).expect("every month has a first day").clamp(FIRST_MONTH, LAST_MONTH) }
    }

    /// First day.
    pub fn first_day(self) -> NaiveDate {
        self.first
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus_months(1)
    }

    /// The month before.
    #[must_use]
    pub fn previous(self) -> Self {
        self.plus_months(-1)
    }

    /// `count` months later, or earlier if negative.
    #[must_use]
    pub fn plus_months(self, count: i32) -> Self {
        let step = Months::new(count.unsigned_abs());
        let moved = if count >= 0 { self.first.checked_add_months(step) } else { self.first.checked_sub_months(step) };
        let end = if count >= 0 { LAST_MONTH } else { FIRST_MONTH };
        BillingPeriod { first: moved.map_or(end, |first| first.clamp(FIRST_MONTH, LAST_MONTH)) }
    }

    /// Months from `earlier` to this one; negative if this one comes first.
    pub fn months_since(self, earlier: BillingPeriod) -> i32 {
        (self.first.year() - earlier.first.year()) * 12 + self.first.month0().cast_signed()
            - earlier.first.month0().cast_signed()
    }

    /// All days of the period.
    pub fn range(self) -> DayRange {
        let next = self.first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
        DayRange::new(self.first, next)
    }

    /// Number of days.
    pub fn days(self) -> i64 {
        self.range().len()
    }
}

impl fmt::Display for BillingPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

impl FromStr for BillingPeriod {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let bad = || PeriodError(text.to_owned());
        let (year, month) = text.split_once('-').ok_or_else(bad)?;
        if year.len() != 4 || month.len() != 2 {
            return Err(bad());
        }
        let year = year.parse().map_err(|_| bad())?;
        let month = month.parse().map_err(|_| bad())?;
        NaiveDate::from_ymd_opt(year, month, 1).map(|first| BillingPeriod { first }).ok_or_else(bad)
    }
}

impl PartialSchema for BillingPeriod {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9]{4}-[0-9]{2}$"))
            .description(Some("A calendar month, UTC."))
            .into()
    }
}

impl ToSchema for BillingPeriod {}

impl Serialize for BillingPeriod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BillingPeriod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_are_half_open() {
        let range = DayRange::new(day("2026-02-27"), day("2026-03-02"));
        assert_eq!(range.len(), 3);
        assert_eq!(range.days().last(), Some(day("2026-03-01")));
        assert!(!range.contains(range.end));
        assert!(DayRange::new(range.end, range.start).is_empty());
        let parts = |start, end| {
            DayRange::new(day(start), day(end)).by_month().map(|part| part.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            parts("2025-12-30", "2026-02-02"),
            ["2025-12-30..2026-01-01", "2026-01-01..2026-02-01", "2026-02-01..2026-02-02"]
        );
        assert!(parts("2026-02-02", "2026-02-02").is_empty());
    }

    #[test]
    fn months_count_across_years() {
        let a: BillingPeriod = "2025-11".parse().unwrap();
        let b: BillingPeriod = "2026-02".parse().unwrap();
        assert_eq!(b.months_since(a), 3);
        assert_eq!(a.plus_months(3), b);
        assert_eq!(b.plus_months(-3), a);
        assert!("2026-13".parse::<BillingPeriod>().is_err());
        assert!("26-1".parse::<BillingPeriod>().is_err());
    }

    #[test]
    fn every_month_that_exists_reads_back() {
        for day in
            [NaiveDate::MIN, NaiveDate::MAX, day("9999-12-31"), day("2026-02-28"), plus_days(day("9999-12-31"), 9)]
        {
            for months in [0, 1, -1, i32::MAX, i32::MIN] {
                let month = BillingPeriod::of(day).plus_months(months);
                assert_eq!(month.to_string().parse(), Ok(month), "{day} and {months} months");
                assert!((28..=31).contains(&month.days()), "{month}");
            }
        }
    }
}
