//! The pace that spend goes at, as a plan may state it: which of the newest days tell it, whether it comes at a cadence, and
//! how it grew over the last weeks.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::cadence::Cadence;
use super::course::Course;
use super::level::{Level, line};
use super::series::{History, WEEK};
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};

/// Days that a level must have stood for before it is a pace of its own.
const LEAST_DAYS: usize = 4;
/// Newest days that tell the pace while spend doubles every few weeks.
const RAMP_DAYS: usize = WEEK;
/// Weeks that growth is read from, and the least that it takes.
const GROWTH_WEEKS: (usize, usize) = (12, 8);
/// Growth that is told: so many times its error margin, and at least this share a month.
const SURE: f64 = 4.0;
const LEAST_GROWTH: f64 = 0.03;
const MONTH_DAYS: f64 = 365.0 / 12.0;
/// A day that costs less than this share of the mean day is one without use.
const IDLE: f64 = 0.02;

/// What the newest days of a stream of spend say of its pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many of the newest days the present level has stood for, where it began or changed within those asked about.
    pub since_change: Option<usize>,
    /// Days without spend that end with the newest.
    pub idle: usize,
}

impl Pace {
    /// Reads the pace of a stream that cost so much `daily`, oldest first, up to the newest complete day; what changed before
    /// the newest `within` days is no news.
    pub fn of(daily: &[Money], within: usize) -> Pace {
        let costs = to_floats(daily);
        let idle = costs.iter().rev().take_while(|cost| **cost <= 0.0).count();
        let level = Level::read(History(&costs), None);
        let since_change = match level.course {
            Course::Ramp { .. } => Some(RAMP_DAYS.min(costs.len())),
            Course::Paused { .. } | Course::Burst { .. } => None,
            _ => {
                let since = level.days.len();
                let newest = &costs[costs.len() - since.min(costs.len())..];
                let least = IDLE * newest.iter().sum::<f64>() / newest.len().max(1) as f64;
                // What was used on a day here and there has no level yet.
                let used = newest.iter().filter(|cost| **cost > least).count() * 2 > since;
                let news = (level.changed || level.begins) && (LEAST_DAYS..=within).contains(&since);
                (news && used && since < costs.len()).then_some(since)
            }
        };
        Pace { since_change, idle }
    }
}

/// Spend that comes at a cadence: a run each month, a batch each week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrences {
    /// First days of the newest ones that are alike, oldest first; at least three.
    pub starts: Vec<NaiveDate>,
    /// The days of each of them on which it cost something; the newest may go on.
    pub seen: Vec<DayRange>,
    /// First days of those that fall into the days asked about.
    pub due: Vec<NaiveDate>,
}

impl Occurrences {
    /// Looks for a cadence in the `daily` costs that end with the day `newest`, and says what is due in `ahead`, which lies
    /// behind it. `None` where there is none.
    pub fn find(daily: &[Money], newest: NaiveDate, ahead: DayRange) -> Option<Occurrences> {
        let costs = to_floats(daily);
        let cadence = Cadence::find(&costs, newest, 1)?;
        let date = |at: usize| plus_days(newest, at as i64 + 1 - costs.len() as i64);
        let days = |span: &(usize, usize)| DayRange::new(date(span.0), plus_days(date(span.1), 1));
        Some(Occurrences {
            starts: cadence.spans.iter().map(|span| date(span.0)).collect(),
            seen: cadence.spans.iter().map(days).collect(),
            due: cadence.due(ahead),
        })
    }

    /// Days from one start to the next, on average.
    pub fn distance(&self) -> Decimal {
        let (first, last) = (self.starts[0], self.starts[self.starts.len() - 1]);
        Decimal::from((last - first).num_days()) / Decimal::from(self.starts.len() - 1)
    }
}

/// Growth per month that the newest `days` show: the trend of up to twelve whole weeks, to three digits. `None` where it is not
/// sure or hardly any.
///
/// ```
/// use glidepath_core::forecast::growth_per_month;
/// use glidepath_core::values::money::Money;
/// let days = |grows: i64| (0..84).map(|day| Money::from_micros(100_000_000 + grows * day)).collect::<Vec<_>>();
/// assert_eq!(growth_per_month(&days(0)), None);
/// assert!(growth_per_month(&days(1_000_000)).is_some_and(|share| share > "0.2".parse().unwrap()));
/// ```
pub fn growth_per_month(daily: &[Money]) -> Option<Decimal> {
    let costs = to_floats(daily);
    let weeks = History(&costs).weeks();
    let weeks = &weeks[weeks.len().saturating_sub(GROWTH_WEEKS.0)..];
    if weeks.len() < GROWTH_WEEKS.1 || weeks.iter().any(|week| *week <= 0.0) {
        return None;
    }
    let logs: Vec<f64> = weeks.iter().map(|week| week.ln()).collect();
    let (per_week, height) = line(&logs);
    let count = logs.len() as f64;
    let off = |(at, log): (usize, &f64)| (log - height - per_week * (at as f64 - (count - 1.0) / 2.0)).powi(2);
    let squares: f64 = logs.iter().enumerate().map(off).sum();
    let spread: f64 = (0..logs.len()).map(|at| (at as f64 - (count - 1.0) / 2.0).powi(2)).sum();
    let error = (squares / (count - 2.0) / spread).sqrt();
    let growth = (per_week * MONTH_DAYS / WEEK as f64).exp() - 1.0;
    let sure = per_week.abs() > SURE * error && growth.abs() >= LEAST_GROWTH;
    Decimal::try_from(growth).ok().filter(|_| sure).map(|growth| growth.round_dp(3).normalize())
}

fn to_floats(daily: &[Money]) -> Vec<f64> {
    daily.iter().map(|cost| cost.to_chart()).collect()
}
