//! Spend that comes at a cadence: a batch each week, runs each month, use of which the first days of a month are free.
//!
//! Three occurrences at even distances are a cadence. Months are told from distances in days: a run on the 15th stays on the
//! 15th. What lies between the occurrences is left to the other methods.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::law::Noise;
use super::series::median;
use crate::values::period::{BillingPeriod, DayRange, plus_days};

/// Days that occurrences are looked for in.
const WINDOW: usize = 200;
/// Days that the size of an occurrence is read from: its third largest day, so that three occurrences are enough.
const SIZE_DAYS: usize = 100;
/// A day belongs to an occurrence from this share of that size on.
const HIGH: f64 = 0.4;
/// The days between cost at most this share of it.
const BETWEEN: f64 = 0.25;
/// So many quiet days end an occurrence; weekends do not.
const QUIET: usize = 4;
/// The least that makes a cadence, and the most that are looked at.
const OCCURRENCES: (usize, usize) = (3, 6);
/// The shortest distance between two of them.
const SHORTEST: f64 = 5.0;
/// How far distances may differ: days, or a share.
const UNEVEN: (f64, f64) = (2.0, 0.12);
/// How much later than due the next may be, in days or as a share, until the cadence is over.
const OVERDUE: (f64, f64) = (3.0, 0.15);
/// Occurrences of one cadence last about as long and cost about as much.
const UNLIKE_DAYS: f64 = 2.5;
const UNLIKE_COST: f64 = 3.0;
/// Until occurrences tell how much they differ: as many changes of this size count in.
const PRIOR: (f64, f64) = (3.0, 0.25);

/// Spend at a cadence.
#[derive(Debug, Clone, PartialEq)]
pub struct Cadence {
    /// What the days ahead cost on top of what lies between.
    ahead: Vec<f64>,
    /// The days known, with what lies between in place of the occurrences.
    pub between: Vec<f64>,
    /// Chance in the size of one occurrence.
    pub noise: Noise,
    /// Days by which an occurrence was early or late.
    pub jitter: usize,
    /// First and last index of the newest occurrences that are alike, oldest first.
    pub spans: Vec<(usize, usize)>,
    beat: Beat,
}

impl Cadence {
    /// Finds a cadence in `known` days that end with `newest`, and continues it for `days`.
    pub fn find(known: &[f64], newest: NaiveDate, days: usize) -> Option<Cadence> {
        let count = known.len();
        let from = count.saturating_sub(WINDOW);
        let size = third_largest(&known[count.saturating_sub(SIZE_DAYS)..])?;
        let high = |at: &usize| known[*at] >= HIGH * size;
        let low: Vec<f64> = (from..count).filter(|at| !high(at)).map(|at| known[at].max(0.0)).collect();
        let mean_low = low.iter().sum::<f64>() / low.len().max(1) as f64;
        if low.is_empty() || mean_low > BETWEEN * size {
            return None;
        }
        let mut spans = spans((from..count).filter(high));
        // The first may have begun before what is known: it then lasted as long as the next, and is done without if it can be.
        if spans.first().is_some_and(|first| first.0 == from) {
            if spans.len() > OCCURRENCES.0 {
                spans.remove(0);
            } else if let [first, second, ..] = spans.as_mut_slice() {
                first.0 = (first.1 + second.0).saturating_sub(second.1);
            }
        }
        let spans = alike(&spans[spans.len().saturating_sub(OCCURRENCES.1)..], known, count)?;
        let between = mean_of_newest(&low);
        Some(continue_spans(&spans, known, newest, days, between, HIGH * size))
    }

    /// What the days ahead cost, on top of what lies between.
    pub fn ahead(&self) -> &[f64] {
        &self.ahead
    }

    /// First days of the occurrences that are due in `days`.
    pub fn due(&self, days: DayRange) -> Vec<NaiveDate> {
        // Where the beat falls between two days, the one on the last day is known on the day after it.
        let looked_at = DayRange::new(days.start, plus_days(days.end, 1));
        let due: BTreeSet<NaiveDate> = looked_at.days().map(|day| self.beat.due_before(day)).collect();
        due.into_iter().filter(|day| days.contains(*day)).collect()
    }
}

fn third_largest(days: &[f64]) -> Option<f64> {
    let mut sorted = days.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted.get(OCCURRENCES.0 - 1).copied().filter(|size| *size > 0.0)
}

/// The mean of the newest four weeks of quiet days.
fn mean_of_newest(low: &[f64]) -> f64 {
    let newest = &low[low.len().saturating_sub(28)..];
    newest.iter().sum::<f64>() / newest.len() as f64
}

/// First and last index of each group of high days.
fn spans(high: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for at in high {
        match spans.last_mut() {
            Some(span) if at <= span.1 + QUIET => span.1 = at,
            _ => spans.push((at, at)),
        }
    }
    spans
}

/// The newest of `spans` that are of one cadence, if they are enough and the next is not overdue.
fn alike(spans: &[(usize, usize)], known: &[f64], count: usize) -> Option<Vec<(usize, usize)>> {
    let newest = spans.len().checked_sub(OCCURRENCES.0)?;
    let starts =
        |of: &[(usize, usize)]| -> Vec<f64> { of.windows(2).map(|pair| (pair[1].0 - pair[0].0) as f64).collect() };
    let distance = median(starts(&spans[newest..]));
    let even = |found: f64| (found - distance).abs() <= UNEVEN.0.max(UNEVEN.1 * distance);
    if distance < SHORTEST || !starts(&spans[newest..]).into_iter().all(even) {
        return None;
    }
    let since = (count - 1 - spans[spans.len() - 1].0) as f64;
    if since > distance + OVERDUE.0.max(OVERDUE.1 * distance) {
        return None;
    }
    let mut first = newest;
    while first > 0 && even((spans[first].0 - spans[first - 1].0) as f64) {
        first -= 1;
    }
    let alike = spans[first..].to_vec();
    // The newest may not be over yet.
    let over: Vec<&(usize, usize)> = alike.iter().filter(|span| span.1 + QUIET < count).collect();
    let days: Vec<f64> = over.iter().map(|span| (span.1 - span.0 + 1) as f64).collect();
    let costs: Vec<f64> = over.iter().map(|span| known[span.0..=span.1].iter().sum()).collect();
    let spread = |values: &[f64]| {
        let most = values.iter().copied().fold(0.0, f64::max);
        most / values.iter().copied().fold(f64::INFINITY, f64::min).max(1e-9)
    };
    let busy = alike.iter().map(|span| span.1 - span.0 + 1).sum::<usize>() as f64;
    let quiet_enough = busy <= 0.85 * (count - alike[0].0) as f64;
    let long = days.iter().copied().fold(0.0, f64::max) > 3.0;
    let same_length = !long || spread(&days) <= UNLIKE_DAYS;
    (quiet_enough && over.len() >= 2 && same_length && spread(&costs) <= UNLIKE_COST).then_some(alike)
}

fn continue_spans(
    spans: &[(usize, usize)],
    known: &[f64],
    newest: NaiveDate,
    days: usize,
    between: f64,
    high: f64,
) -> Cadence {
    let count = known.len();
    let date = |at: usize| plus_days(newest, at as i64 + 1 - count as i64);
    let starts: Vec<NaiveDate> = spans.iter().map(|span| date(span.0)).collect();
    let beat = Beat::of(&starts);
    let first_due = |at: usize| {
        let day = date(at);
        beat.due_before(day)
    };
    // Each known day by how long it comes after the beat that it belongs to; the mean over the newest cycles is what comes.
    let cycles = spans.len().min(4);
    let since = beat.due_before(starts[starts.len() - cycles]);
    let length = (beat.distance.ceil() as usize + 4).max(8);
    let (mut sums, mut counts) = (vec![0.0; length], vec![0.0; length]);
    for (at, cost) in known.iter().enumerate().filter(|(at, _)| date(*at) >= since) {
        let after = (date(at) - first_due(at)).num_days() as usize;
        if let Some(sum) = sums.get_mut(after) {
            *sum += cost.max(0.0) - between;
            counts[after] += 1.0;
        }
    }
    let beyond = |after: usize| if counts[after] > 0.0 { sums[after] / counts[after] } else { 0.0 };
    let ahead = (1..=days as i64)
        .map(|ahead| {
            let day = plus_days(newest, ahead);
            let after = (day - beat.due_before(day)).num_days() as usize;
            if after < length { beyond(after).max(-between) } else { 0.0 }
        })
        .collect();
    let over = spans.iter().filter(|span| span.1 + QUIET < count);
    let logs: Vec<f64> = over.map(|span| known[span.0..=span.1].iter().sum::<f64>().max(1e-9).ln()).collect();
    let squares: f64 = logs.windows(2).map(|pair| (pair[1] - pair[0]).powi(2) / 2.0).sum();
    let changes = (logs.len() - 1) as f64;
    let of_one = ((squares + PRIOR.0 * PRIOR.1.powi(2)) / (changes + PRIOR.0)).sqrt();
    let noise = Noise { of_one, distance: beat.distance, taken_over: cycles as f64 };
    let without: Vec<f64> = known.iter().map(|cost| if *cost >= high { between } else { *cost }).collect();
    Cadence { ahead, between: without, noise, jitter: beat.jitter, spans: spans.to_vec(), beat }
}

/// When occurrences are due.
#[derive(Debug, Clone, PartialEq)]
struct Beat {
    /// Days between two.
    distance: f64,
    /// The day of the month, where it is one.
    of_month: Option<u32>,
    /// The newest start.
    newest: NaiveDate,
    /// Days early or late.
    jitter: usize,
}

impl Beat {
    fn of(starts: &[NaiveDate]) -> Beat {
        let newest = starts[starts.len() - 1];
        let distance = (newest - starts[0]).num_days() as f64 / (starts.len() - 1) as f64;
        if (27.0..=33.0).contains(&distance) {
            // Days of the month, those of its end and of the next one's beginning beside each other.
            let anchor = newest.day() as i64;
            let off = |start: &NaiveDate| {
                let off = i64::from(start.day()) - anchor;
                if off > 15 {
                    off - 30
                } else if off < -15 {
                    off + 30
                } else {
                    off
                }
            };
            let mut offs: Vec<i64> = starts.iter().map(off).collect();
            offs.sort_unstable();
            let (middle, spread) = (offs[offs.len() / 2], offs[offs.len() - 1] - offs[0]);
            if spread <= 3 {
                let day = (anchor + middle - 1).rem_euclid(30) + 1;
                let jitter = usize::try_from(spread).unwrap_or(0).max(1);
                return Beat { distance: 30.44, of_month: Some(day as u32), newest, jitter };
            }
        }
        let even = starts.windows(2).all(|pair| ((pair[1] - pair[0]).num_days() as f64 - distance).abs() < 0.5);
        Beat {
            distance: if even { distance.round() } else { distance },
            of_month: None,
            newest,
            jitter: usize::from(!even),
        }
    }

    /// The newest day on or before `day` on which one is due.
    fn due_before(&self, day: NaiveDate) -> NaiveDate {
        if let Some(of_month) = self.of_month {
            let in_month = |month: BillingPeriod| {
                let last = month.days();
                plus_days(month.first_day(), i64::from(of_month).min(last) - 1)
            };
            let month = BillingPeriod::of(day);
            let due = in_month(month);
            return if due <= day { due } else { in_month(month.previous()) };
        }
        let apart = (day - self.newest).num_days() as f64;
        let beats = (apart / self.distance + 1e-9).floor();
        plus_days(self.newest, (beats * self.distance).round() as i64).min(day)
    }
}
