//! The outlook: what the next year of spend does to the pools, with odds.
//!
//! First version. Spend goes on at its trailing rate, weekday by weekday; around it lie bands learnt from how far
//! that rate was off, by horizon, on public daily series, widened or narrowed by the account's own weekly swings.
//! Every path goes through the same fold as the actual costs, so that dates, breakage and bills follow from one
//! mechanism. Floats stay inside this file; what leaves it is dates and micro-dollars.
//!
//! Invariants: the same inputs give the same outlook to the byte (no random numbers: the paths are the quantiles of
//! the learnt error, evenly spaced); a path never has negative cost; p10 dates are never after p50, nor p50 after p90.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::credit::CreditPool;
use super::ledger::{DailyCost, Demand, Fold, Stream, Visitor};
use super::money::Money;
use super::period::{BillingPeriod, DayRange, plus_days};
use super::position::{DateQuantiles, DayBand, MoneyQuantiles};
use super::workload::Workload;

/// How far ahead dates are looked for.
pub const HORIZON_DAYS: i64 = 365;
/// Paths, odd so that the middle one is the rate itself.
const PATHS: usize = 101;
/// Months in the trajectory, the current one included.
const TRAJECTORY_MONTHS: i32 = 12;
/// Spend beyond this on one day counts as uncovered, in micro-dollars: 1 USD, so that rounding never raises an alarm.
pub const UNCOVERED_THRESHOLD: Money = Money::ONE;

/// Log errors of "the trailing 7-day rate goes on", by horizon in days: 10 % lay below the first, 90 % below the
/// second. Taken in sample from 30 public daily series of demand and cloud bills, errors divided by weekly swings over
/// `VOLATILITY_REFERENCE`, held between 0.5 and 2.5. How often they hold out of sample is not measured.
const ERROR_BANDS: [(f64, f64, f64); 5] =
    [(7.0, -0.17, 0.21), (14.0, -0.17, 0.24), (30.0, -0.18, 0.30), (60.0, -0.18, 0.39), (90.0, -0.18, 0.47)];
/// Root mean square of log changes between consecutive weeks at which the bands above hold as they stand.
const VOLATILITY_REFERENCE: f64 = 0.13;
/// How the bands grow with time past the last measured horizon: as the upper one did from 30 to 90 days.
const GROWTH_PAST_LAST: f64 = 0.41;
/// The account's own swings scale the bands within these limits; an account too young to show swings gets
/// `YOUNG_SCALE`. All three are chosen, not measured: the fictional startup's bands looked far too wide with the limits
/// that `ERROR_BANDS` was taken with and too narrow at a floor of 0.5. They are narrower than what was learnt from.
const SCALE_LIMITS: (f64, f64) = (0.75, 2.0);
const YOUNG_SCALE: f64 = 2.0;
/// Complete weeks before the account's own swings are believed.
const WEEKS_TO_TRUST: usize = 4;

/// What the outlook is made from.
#[derive(Debug, Clone, Copy)]
pub struct OutlookInputs<'a> {
    /// Pools in drawing order.
    pub pools: &'a [CreditPool],
    /// What is left in each at the end of `data_through`, in the same order: AWS's stated balance where there is one.
    pub balances: &'a [Money],
    /// Complete days of cost, one-off fees left out.
    pub recurring: &'a [DailyCost],
    /// First stored day.
    pub first_day: NaiveDate,
    /// Last complete day.
    pub data_through: NaiveDate,
    /// Gross and covered cost of the running month through `data_through`.
    pub month_so_far: MonthSoFar,
    /// Tax on what credit does not pay; `None` if config gives no rate.
    pub tax_rate: Option<Decimal>,
}

/// The running month as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MonthSoFar {
    /// Gross cost, one-off fees included.
    pub gross: Money,
    /// Paid by credit.
    pub covered: Money,
    /// Tax billed.
    pub tax: Money,
}

/// An outlook as made: stored with its cycle, never recomputed for reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// Last complete day that it knew.
    pub data_through: NaiveDate,
    /// How it was made, in a sentence for people.
    pub basis: String,
    /// Per pool, in drawing order.
    pub pools: Vec<PoolOutlook>,
    /// First day on which more than 1 USD goes uncovered that an issued pool could have paid.
    pub exhaustion: DateQuantiles,
    /// The same per workload that has cost.
    pub exhaustion_by_workload: BTreeMap<Workload, DateQuantiles>,
    /// The monthly bills.
    pub bills: Vec<BillOutlook>,
    /// Cumulative gross cost from the day after `data_through`.
    pub cumulative: Vec<DayBand>,
}

/// One pool's future.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolOutlook {
    /// Pool id.
    pub id: String,
    /// Balance at the end of `data_through` from which the paths start.
    pub starts_from: Money,
    /// Day on which the balance reaches zero by being drawn.
    pub exhausts_on: DateQuantiles,
    /// Credit that expires unused; null where it expires beyond the horizon.
    pub breakage: MoneyQuantiles,
    /// Balance by day, every day at first and then every week.
    pub balance: Vec<DayBand>,
}

/// One month's bill: cash = gross - covered + tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillOutlook {
    /// Billing period.
    pub month: BillingPeriod,
    /// On the middle path.
    pub gross: Money,
    /// On the middle path.
    pub covered: Money,
    /// On the middle path.
    pub tax: Option<Money>,
    /// On the middle path.
    pub cash: Money,
    /// One path in ten stays below.
    pub cash_p10: Money,
    /// One path in ten lies above.
    pub cash_p90: Money,
}

/// Makes the outlook.
pub fn outlook(inputs: &OutlookInputs) -> Outlook {
    let rate = TrailingRate::measure(inputs);
    let range = horizon(inputs.data_through);
    let sampled = sampled_days(inputs, range);
    let runs: Vec<Run> = (0..PATHS).map(|path| run(inputs, &rate, path, range, &sampled)).collect();
    Outlook {
        data_through: inputs.data_through,
        basis: rate.basis.clone(),
        pools: pool_outlooks(inputs, &runs, range, &sampled),
        exhaustion: dates(&runs, |run| run.exhausted),
        exhaustion_by_workload: Workload::ALL
            .into_iter()
            .filter(|workload| rate.streams.iter().any(|stream| stream.workload == *workload))
            .map(|workload| (workload, dates(&runs, |run| run.exhausted_by_workload.get(&workload).copied())))
            .collect(),
        bills: bills(inputs, &runs, range),
        cumulative: bands(&runs, &sampled, |run, sample| run.cumulative[sample]),
    }
}

/// The days looked at: whole months from the running one, or a year, whichever is longer.
fn horizon(data_through: NaiveDate) -> DayRange {
    let first = plus_days(data_through, 1);
    let year = plus_days(first, HORIZON_DAYS);
    DayRange::new(first, year.max(BillingPeriod::of(first).plus_months(TRAJECTORY_MONTHS).first_day()))
}

/// Days at which bands are kept: each of the first fortnight, then weekly, and both sides of every expiry cliff.
fn sampled_days(inputs: &OutlookInputs, range: DayRange) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> = range
        .days()
        .enumerate()
        .filter(|(offset, day)| {
            let cliff = inputs.pools.iter().any(|p| p.expires_on == *day || plus_days(p.expires_on, -1) == *day);
            *offset < 14 || offset % 7 == 0 || cliff
        })
        .map(|(_, day)| day)
        .collect();
    days.push(plus_days(range.end, -1));
    days.dedup();
    days
}

/// Spend as it goes now: per stream a daily rate, and how the weekdays differ.
struct TrailingRate {
    streams: Vec<Stream>,
    /// Micro-dollars a day that credit may pay.
    payable: Vec<f64>,
    /// Micro-dollars a day that credit never pays (support), all streams together.
    other: f64,
    /// Factor per weekday, Monday first, averaging 1.
    weekdays: [f64; 7],
    /// Widening of the learnt bands.
    scale: f64,
    basis: String,
}

impl TrailingRate {
    fn measure(inputs: &OutlookInputs) -> Self {
        let known_days = (inputs.data_through - inputs.first_day).num_days() + 1;
        let window = |days: i64| {
            let days = days.min(known_days).max(1);
            (DayRange::new(plus_days(inputs.data_through, 1 - days), plus_days(inputs.data_through, 1)), days)
        };
        let (month, month_days) = window(28);
        let mut per_stream: BTreeMap<Stream, f64> = BTreeMap::new();
        let mut other = 0.0;
        for cost in inputs.recurring.iter().filter(|cost| month.contains(cost.day)) {
            // Training comes in runs: a week is either all run or all pause, so its rate is taken over four weeks.
            let (days, len) = if runs_in_bursts(cost.workload) { (month, month_days) } else { window(7) };
            other += micros(cost.other) / as_float(month_days);
            if days.contains(cost.day) {
                let stream = Stream { service: cost.service.clone(), workload: cost.workload };
                *per_stream.entry(stream).or_default() += micros(cost.payable) / as_float(len);
            }
        }
        let weeks = weekly_totals(inputs);
        let (scale, swings) = band_scale(&weeks);
        let (streams, payable) = per_stream.into_iter().map(|(stream, rate)| (stream, rate.max(0.0))).unzip();
        let basis = format!(
            "Spend goes on at the average of the last {} complete days ({} for training), weekday by weekday. \
             The odds come from how far such a rate was off on public daily series of similar length, {}. \
             Planned changes are not in it.",
            known_days.clamp(1, 7),
            month_days,
            swings
        );
        TrailingRate { streams, payable, other, weekdays: weekday_profile(inputs, month, month_days), scale, basis }
    }
}

/// True for work that runs for days and then pauses.
fn runs_in_bursts(workload: Workload) -> bool {
    matches!(workload, Workload::Trainium | Workload::Inferentia | Workload::SageMaker)
}

/// How weekdays differ, from four whole weeks of work that does not come in bursts; flat before there are four.
fn weekday_profile(inputs: &OutlookInputs, month: DayRange, month_days: i64) -> [f64; 7] {
    let mut totals = [0.0_f64; 7];
    for cost in inputs.recurring.iter().filter(|c| month.contains(c.day) && !runs_in_bursts(c.workload)) {
        totals[cost.day.weekday().num_days_from_monday() as usize] += micros(cost.payable);
    }
    let mean = totals.iter().sum::<f64>() / 7.0;
    if month_days < 28 || mean <= 0.0 {
        return [1.0; 7];
    }
    totals.map(|total| (total / mean).max(0.0))
}

/// Gross cost of the last whole weeks, newest first, at most nine.
fn weekly_totals(inputs: &OutlookInputs) -> Vec<f64> {
    let weeks = usize::try_from(((inputs.data_through - inputs.first_day).num_days() + 1) / 7).unwrap_or(0).min(9);
    let mut totals = vec![0.0; weeks];
    // Training runs come and go by plan; their swings say nothing about how the rest may drift.
    let steady = |cost: &&DailyCost| cost.day <= inputs.data_through && !runs_in_bursts(cost.workload);
    for cost in inputs.recurring.iter().filter(steady) {
        let week = usize::try_from((inputs.data_through - cost.day).num_days() / 7).unwrap_or(usize::MAX);
        if let Some(total) = totals.get_mut(week) {
            *total += micros(cost.payable);
        }
    }
    totals
}

/// How much wider or narrower than learnt the bands are for this account, and that in words.
fn band_scale(weeks: &[f64]) -> (f64, String) {
    // A dollar is added so that a week without spend is a large swing and not an infinite one.
    let swings: Vec<f64> = weeks.windows(2).map(|w| ((w[0] + 1e6) / (w[1] + 1e6)).ln()).collect();
    if swings.len() < WEEKS_TO_TRUST {
        return (YOUNG_SCALE, "doubled because this account has less than five weeks of data".to_owned());
    }
    let rms = (swings.iter().map(|s| s * s).sum::<f64>() / as_float(swings.len() as i64)).sqrt();
    let scale = (rms / VOLATILITY_REFERENCE).clamp(SCALE_LIMITS.0, SCALE_LIMITS.1);
    (scale, format!("times {scale:.1} for this account's own weekly swings of about {:.0} %", rms * 100.0))
}

/// The learnt log error at a quantile and a horizon: zero in the middle, `ERROR_BANDS` at 10 % and 90 %, with the
/// tails of a logistic distribution.
fn log_error(quantile: f64, days: f64, scale: f64) -> f64 {
    let (low, high) = band_at(days);
    let logit = (quantile / (1.0 - quantile)).ln() / 9.0_f64.ln();
    scale * logit * if logit < 0.0 { -low } else { high }
}

/// The bands between the measured horizons, on a logarithmic scale of days; past the last they go on growing as
/// they did between the last measured ones.
fn band_at(days: f64) -> (f64, f64) {
    let [first, .., last] = ERROR_BANDS;
    if days <= first.0 {
        return (first.1, first.2);
    }
    if days >= last.0 {
        let growth = (days / last.0).powf(GROWTH_PAST_LAST);
        return (last.1 * growth, last.2 * growth);
    }
    let next = ERROR_BANDS.iter().position(|band| days < band.0).unwrap_or(ERROR_BANDS.len() - 1);
    let (a, b) = (ERROR_BANDS[next - 1], ERROR_BANDS[next]);
    let share = (days / a.0).ln() / (b.0 / a.0).ln();
    (a.1 + (b.1 - a.1) * share, a.2 + (b.2 - a.2) * share)
}

/// What one path did.
struct Run {
    exhausted: Option<NaiveDate>,
    exhausted_by_workload: BTreeMap<Workload, NaiveDate>,
    pools: Vec<PoolRun>,
    months: BTreeMap<BillingPeriod, MonthRun>,
    /// Cumulative gross in micro-dollars at each sampled day.
    cumulative: Vec<i64>,
}

#[derive(Clone, Default)]
struct PoolRun {
    exhausted: Option<NaiveDate>,
    unused: i64,
    /// Balance at each sampled day.
    balance: Vec<i64>,
}

#[derive(Clone, Copy, Default)]
struct MonthRun {
    gross: i64,
    covered: i64,
}

/// Watches the fold along one path.
struct Watch<'a> {
    streams: &'a [Stream],
    /// Per stream, the first day on which an issued pool could have paid it.
    payable_from: Vec<Option<NaiveDate>>,
    drawn_today: i64,
    uncovered_today: BTreeMap<Workload, i64>,
    pools: Vec<PoolRun>,
}

impl Visitor<i64> for Watch<'_> {
    fn drawn(&mut self, _day: NaiveDate, _pool: usize, _stream: usize, amount: i64) {
        self.drawn_today += amount;
    }

    fn uncovered(&mut self, day: NaiveDate, stream: usize, amount: i64) {
        if self.payable_from[stream].is_some_and(|from| from <= day) {
            *self.uncovered_today.entry(self.streams[stream].workload).or_default() += amount;
        }
    }

    fn expired(&mut self, _day: NaiveDate, pool: usize, unused: i64) {
        self.pools[pool].unused += unused;
    }

    fn day_closed(&mut self, day: NaiveDate, balances: &[i64]) {
        for (pool, balance) in self.pools.iter_mut().zip(balances) {
            // A pool that expired with credit in it broke; it did not run out.
            if *balance <= 0 && pool.exhausted.is_none() && pool.unused == 0 {
                pool.exhausted = Some(day);
            }
        }
    }
}

fn run(inputs: &OutlookInputs, rate: &TrailingRate, path: usize, range: DayRange, sampled: &[NaiveDate]) -> Run {
    let quantile = (as_float(path as i64) + 0.5) / as_float(PATHS as i64);
    let balances = inputs.balances.iter().map(|balance| balance.at_least_zero().to_micros()).collect();
    let mut fold = Fold::new(inputs.pools, balances, &rate.streams);
    let mut watch = Watch {
        streams: &rate.streams,
        payable_from: rate.streams.iter().map(|stream| payable_from(inputs.pools, &stream.service)).collect(),
        drawn_today: 0,
        uncovered_today: BTreeMap::new(),
        pools: vec![PoolRun::default(); inputs.pools.len()],
    };
    let mut result = Run {
        exhausted: None,
        exhausted_by_workload: BTreeMap::new(),
        pools: Vec::new(),
        months: BTreeMap::new(),
        cumulative: Vec::with_capacity(sampled.len()),
    };
    let mut demands = Vec::with_capacity(rate.streams.len());
    let mut total = 0;
    let mut so_far = 0.0;
    for (offset, day) in range.days().enumerate() {
        let days = as_float(offset as i64 + 1);
        let reached = days * log_error(quantile, days, rate.scale).exp();
        let factor = (reached - so_far).max(0.0);
        so_far = reached.max(so_far);
        let gross = fill_demands(rate, day, factor, &mut demands);
        (watch.drawn_today, total) = (0, total + gross);
        watch.uncovered_today.clear();
        fold.day(day, &mut demands, &mut watch);
        if offset < HORIZON_DAYS as usize {
            note_uncovered(&mut result, &watch, day);
        }
        let month = result.months.entry(BillingPeriod::of(day)).or_default();
        month.gross += gross;
        month.covered += watch.drawn_today;
        if sampled.get(result.cumulative.len()) == Some(&day) {
            result.cumulative.push(total);
            for (pool, balance) in watch.pools.iter_mut().zip(fold.balances()) {
                pool.balance.push(*balance);
            }
        }
    }
    fold.expire(range.end, &mut watch);
    result.pools = watch.pools;
    result
}

/// The day's demand per stream; gives the day's gross in micro-dollars, unpayable support included.
fn fill_demands(rate: &TrailingRate, day: NaiveDate, factor: f64, demands: &mut Vec<Demand<i64>>) -> i64 {
    demands.clear();
    let weekday = rate.weekdays[day.weekday().num_days_from_monday() as usize];
    let mut gross = whole(rate.other * factor);
    for (stream, payable) in rate.payable.iter().enumerate() {
        let profile = if runs_in_bursts(rate.streams[stream].workload) { 1.0 } else { weekday };
        let payable = whole(payable * profile * factor);
        gross += payable;
        demands.push(Demand { stream, payable });
    }
    gross
}

fn note_uncovered(result: &mut Run, watch: &Watch, day: NaiveDate) {
    let threshold = UNCOVERED_THRESHOLD.to_micros();
    if result.exhausted.is_none() && watch.uncovered_today.values().sum::<i64>() > threshold {
        result.exhausted = Some(day);
    }
    for (workload, amount) in &watch.uncovered_today {
        if *amount > threshold {
            result.exhausted_by_workload.entry(*workload).or_insert(day);
        }
    }
}

/// The first day on which a pool that names `service` was issued, if any was.
pub fn payable_from(pools: &[CreditPool], service: &str) -> Option<NaiveDate> {
    pools.iter().filter(|pool| pool.pays(service)).map(|pool| BillingPeriod::of(pool.starts_on).first_day()).min()
}

fn pool_outlooks(inputs: &OutlookInputs, runs: &[Run], range: DayRange, sampled: &[NaiveDate]) -> Vec<PoolOutlook> {
    let last_date = plus_days(range.start, HORIZON_DAYS);
    let of_pool = |(pool, (credit, starts_from)): (usize, (&CreditPool, &Money))| {
        let unused = quantiles(runs, |run| run.pools[pool].unused).map(|micros| Some(Money::from_micros(micros)));
        let known = credit.expires_on <= range.end;
        // A pool that is already empty or over has no future to date.
        let over = starts_from.at_least_zero().is_zero() || credit.expires_on <= range.start;
        PoolOutlook {
            id: credit.id.clone(),
            starts_from: *starts_from,
            exhausts_on: if over {
                DateQuantiles::default()
            } else {
                dates(runs, |run| run.pools[pool].exhausted.filter(|day| *day < last_date))
            },
            breakage: if known {
                MoneyQuantiles { p10: unused[0], p50: unused[1], p90: unused[2] }
            } else {
                MoneyQuantiles::default()
            },
            balance: bands(runs, sampled, |run, sample| run.pools[pool].balance[sample]),
        }
    };
    inputs.pools.iter().zip(inputs.balances).enumerate().map(of_pool).collect()
}

fn bills(inputs: &OutlookInputs, runs: &[Run], range: DayRange) -> Vec<BillOutlook> {
    let first = BillingPeriod::of(range.start);
    let bill = |month: BillingPeriod, run: &Run| {
        let so_far =
            if month == BillingPeriod::of(inputs.data_through) { inputs.month_so_far } else { MonthSoFar::default() };
        let ahead = run.months.get(&month).copied().unwrap_or_default();
        let gross = so_far.gross + Money::from_micros(ahead.gross);
        let covered = so_far.covered + Money::from_micros(ahead.covered);
        let uncovered_ahead = Money::from_micros(ahead.gross - ahead.covered);
        let tax = inputs.tax_rate.map(|rate| so_far.tax + uncovered_ahead.times(rate));
        (gross, covered, tax, gross - covered + tax.unwrap_or_default())
    };
    (0..TRAJECTORY_MONTHS)
        .map(|offset| first.plus_months(offset))
        .map(|month| {
            let (gross, covered, tax, cash) = bill(month, &runs[PATHS / 2]);
            let [cash_p10, _, cash_p90] = quantiles(runs, |run| bill(month, run).3);
            BillOutlook { month, gross, covered, tax, cash, cash_p10, cash_p90 }
        })
        .collect()
}

fn bands(runs: &[Run], sampled: &[NaiveDate], value: impl Fn(&Run, usize) -> i64) -> Vec<DayBand> {
    let band = |(sample, day): (usize, &NaiveDate)| {
        let [p10, p50, p90] = quantiles(runs, |run| value(run, sample)).map(Money::from_micros);
        DayBand { day: *day, p10, p50, p90 }
    };
    sampled.iter().enumerate().map(band).collect()
}

/// Dates at 10, 50 and 90 %, a path without a date counting as later than any date.
fn dates(runs: &[Run], date: impl Fn(&Run) -> Option<NaiveDate>) -> DateQuantiles {
    let [p10, p50, p90] = quantiles(runs, |run| date(run).unwrap_or(NaiveDate::MAX));
    let known = |day: NaiveDate| (day != NaiveDate::MAX).then_some(day);
    DateQuantiles { p10: known(p10), p50: known(p50), p90: known(p90) }
}

/// The values at 10, 50 and 90 % of the paths.
fn quantiles<T: Ord + Copy>(runs: &[Run], value: impl Fn(&Run) -> T) -> [T; 3] {
    let mut values: Vec<T> = runs.iter().map(value).collect();
    values.sort_unstable();
    [PATHS / 10, PATHS / 2, PATHS - 1 - PATHS / 10].map(|rank| values[rank])
}

fn micros(money: Money) -> f64 {
    as_float(money.to_micros())
}

/// Counts and micro-dollars as floats: exact up to nine billion dollars.
fn as_float(value: i64) -> f64 {
    value as f64
}

/// Rounded to whole micro-dollars.
fn whole(value: f64) -> i64 {
    value.round() as i64
}
