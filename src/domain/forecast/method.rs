//! Point forecasts of daily spend. Each is a few lines over weekly sums, with the parameter values that its source
//! gives; nothing is fitted but the smoothing of the Theta lines, to the series itself.

use super::series::{History, WEEK, median};

/// Weeks before trends are believed; until then the plain rate speaks.
pub const WEEKS_TO_TREND: usize = 8;
/// Days of the run rate inside the combination.
const FORTNIGHT: usize = 14;
/// Weeks that the robust trend looks at, a quarter of a year, and what is left of its slope after each week ahead.
const TREND_WEEKS: usize = 13;
const TREND_DAMPING: f64 = 0.8;
/// Theta keeps half of the linear trend (Assimakopoulos and Nikolopoulos 2000, theta lines 0 and 2).
const THETA_DRIFT: f64 = 0.5;
/// Weeks from the middle of the newest week to the newest day's end.
const HALF_WEEK: f64 = 3.0 / 7.0;

/// A way to say what the coming days cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// The median, day by day, of a 14-day run rate, Theta on weekly sums, Theta on their logarithms and a robust
    /// damped trend on their logarithms. Members err in different ways, and the median forgives one of them a lot.
    Combination,
    /// The mean of the last 7 days goes on.
    TrailingWeek,
    /// The mean of the last 30 days goes on.
    TrailingMonth,
    /// Every day costs what the same weekday cost last.
    SeasonalNaive,
}

impl Method {
    /// All of them, the one in use first.
    pub const ALL: [Method; 4] =
        [Method::Combination, Method::TrailingWeek, Method::TrailingMonth, Method::SeasonalNaive];

    /// The name in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Combination => "combination",
            Method::TrailingWeek => "trailing_7",
            Method::TrailingMonth => "trailing_30",
            Method::SeasonalNaive => "seasonal_naive",
        }
    }

    /// Reads [`as_str`](Self::as_str) back.
    pub fn from_name(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.as_str() == name)
    }

    /// Spend of each of the `days` days after the newest, in US dollars, never negative. Of an empty history: zeros.
    pub fn daily(self, history: History, days: usize) -> Vec<f64> {
        let mut daily = match self {
            Method::SeasonalNaive => return last_week_again(history, days),
            Method::TrailingWeek => vec![history.mean(WEEK); days],
            Method::TrailingMonth => vec![history.mean(30); days],
            Method::Combination => combination(history, days),
        };
        let profile = history.weekday_profile();
        for (ahead, cost) in daily.iter_mut().enumerate() {
            *cost = (*cost * profile[ahead % WEEK]).max(0.0);
        }
        daily
    }
}

fn last_week_again(history: History, days: usize) -> Vec<f64> {
    let week = &history.0[history.days().saturating_sub(WEEK)..];
    (0..days).map(|ahead| week.get(ahead % week.len().max(1)).copied().unwrap_or(0.0).max(0.0)).collect()
}

/// Levels by day ahead, before weekdays.
fn combination(history: History, days: usize) -> Vec<f64> {
    let weeks = history.weeks();
    if weeks.len() < WEEKS_TO_TREND {
        return vec![history.mean(WEEK); days];
    }
    let logs = logarithms(&weeks);
    let plain = Theta::fit(&weeks);
    let logged = Theta::fit(&logs);
    let trend = DampedTrend::fit(&logs);
    let rate = history.mean(FORTNIGHT);
    let week = WEEK as f64;
    let level = |ahead: usize| {
        let weeks_ahead = (ahead + 1) as f64 / week + HALF_WEEK;
        median(vec![
            rate,
            plain.at(weeks_ahead) / week,
            logged.at(weeks_ahead).exp() / week,
            trend.at(weeks_ahead).exp() / week,
        ])
    };
    (0..days).map(level).collect()
}

/// Logarithms of weekly sums. A week without spend, or of refunds, counts as a thousandth of the mean week.
fn logarithms(weeks: &[f64]) -> Vec<f64> {
    let floor = 1e-3 * weeks.iter().sum::<f64>().max(0.0) / weeks.len() as f64 + 1e-9;
    weeks.iter().map(|week| week.max(floor).ln()).collect()
}

/// The Theta method: simple exponential smoothing, drifting by half of the linear trend.
struct Theta {
    level: f64,
    drift: f64,
}

impl Theta {
    /// The smoothing factor is the one of 0.05, 0.10, … 0.95 that predicted the series' own next values best.
    fn fit(values: &[f64]) -> Theta {
        let (_, level) = (1..20)
            .map(|step| smoothed(values, f64::from(step) / 20.0))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap_or_default();
        Theta { level, drift: THETA_DRIFT * linear_slope(values) }
    }

    fn at(&self, weeks_ahead: f64) -> f64 {
        self.level + self.drift * weeks_ahead
    }
}

/// Sum of squared one-step errors, and the last level, of simple exponential smoothing.
fn smoothed(values: &[f64], factor: f64) -> (f64, f64) {
    let mut level = values.first().copied().unwrap_or(0.0);
    let mut squares = 0.0;
    for value in values.iter().skip(1) {
        let error = value - level;
        squares += error * error;
        level += factor * error;
    }
    (squares, level)
}

/// Slope of the least-squares line over equally spaced values.
fn linear_slope(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let spread: f64 = (0..values.len()).map(|at| (at as f64 - middle).powi(2)).sum();
    let product: f64 = values.iter().enumerate().map(|(at, value)| (at as f64 - middle) * value).sum();
    if spread > 0.0 { product / spread } else { 0.0 }
}

/// The newest week's level, moving by the median slope between all pairs of weeks (Theil and Sen), which fades.
struct DampedTrend {
    level: f64,
    slope: f64,
}

impl DampedTrend {
    fn fit(logs: &[f64]) -> DampedTrend {
        let newest = &logs[logs.len().saturating_sub(TREND_WEEKS)..];
        let slopes = (0..newest.len())
            .flat_map(|from| (from + 1..newest.len()).map(move |to| (newest[to] - newest[from]) / (to - from) as f64));
        DampedTrend { level: newest.last().copied().unwrap_or(0.0), slope: median(slopes.collect()) }
    }

    /// The slope of the week `k` ahead is damped `k` times; this is their sum, for any part of a week.
    fn at(&self, weeks_ahead: f64) -> f64 {
        let damped = TREND_DAMPING * (1.0 - TREND_DAMPING.powf(weeks_ahead)) / (1.0 - TREND_DAMPING);
        self.level + self.slope * damped
    }
}
