//! The level that a stream of spend stands at: since when, and its days without what is no part of it.
//!
//! A pause is no price of zero, one day that stands out is no level, a refund is no spend, and a level that has changed is a
//! level and not a slope. All lengths and factors are chosen on the lives that `docs/forecast.md` describes.

use super::course::Course;
use super::series::{History, WEEK, median};
use crate::values::money::Money;

/// Below this share of a usual day a day counts as idle.
const IDLE: f64 = 0.02;
/// Days that the size of a usual day is read from.
const USUAL_DAYS: usize = 28;
/// A run of idle days is a pause if chance alone would show one less often than this.
const CHANCE: f64 = 0.02;
/// The shortest pause.
const SHORTEST_PAUSE: usize = 3;
/// A day stands out if it costs so many times the median of the days around it, and no more than this many in a row do.
const STANDS_OUT: f64 = 4.0;
const STANDS_OUT_DAYS: usize = 2;
/// Days back on which what stood out counts half.
const HALVES_IN: f64 = 28.0;
/// What is told of it: half of the time less comes than the mean.
const OFTEN: f64 = 0.9;
/// Days on each side that a day is held against.
const AROUND: usize = 10;
/// Weeks that differ by less, in logarithms, are of one level: three tenths.
const SAME: f64 = 0.262;
/// Growth of a level in logarithms a week that is no drift any more, and its error margin.
const DRIFT: f64 = 0.07;
const MARGIN: f64 = 3.0;
/// Days after which a level that fits better than a trend is believed against the trend.
const FIT: f64 = 0.75;
/// Days that growth must be known for.
const LEAST_GROWTH_DAYS: usize = 14;
/// Days after which a fall is believed.
const FALL_DAYS: usize = 14;
/// A weekday with less than this share of a mean day is one on which nothing is used.
const UNUSED: f64 = 0.1;
/// Growth in logarithms a week that makes a ramp: two fifths.
const RAMP: f64 = 0.35;
/// Days for which a rise may yet go back.
const DOUBTED_DAYS: usize = 3;
/// A change of few days that is no chance, in logarithms: a factor of two and a half.
const FRESH: f64 = 0.9;

/// What a stream's past says of its present.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Days of the present level, oldest first: pauses, days that stand out and refunds filled with what is usual.
    pub days: Vec<f64>,
    /// Growth in logarithms a week; `None` where there is none beyond drift.
    pub growth: Option<f64>,
    /// What may become of it.
    pub course: Course,
    /// True if another level, or a ramp, came before.
    pub changed: bool,
    /// True if what came before was next to nothing, or nothing at all.
    pub begins: bool,
}

/// True if the level of a stream that cost so much `daily` changed within its newest `days`: a ramp counts, and so does what
/// follows one.
pub fn has_changed_within(daily: &[Money], days: usize) -> bool {
    let daily: Vec<f64> = daily.iter().map(|cost| cost.to_chart()).collect();
    let level = Level::read(History(&daily), None);
    level.changed && level.days.len() <= days || matches!(level.course, Course::Ramp { .. })
}

impl Level {
    /// Reads it from the days known. Where a planned step has `begun` with so many of the newest, these are the level.
    pub fn read(history: History, begun: Option<usize>) -> Level {
        let (mut days, idle) = without_pauses(history.0);
        let on = days.len() - idle;
        if idle > on {
            let earlier = history.0[..history.days() - days.len()].iter().any(|cost| *cost > 0.0);
            let course = Course::Burst { on, off: idle, earlier };
            return Level { days, growth: None, course, changed: false, begins: false };
        }
        flatten(&mut days);
        let logs = logarithms(&days);
        let noise = noise(&logs);
        if let Some(course) = ramp(&logs, noise).filter(|_| idle == 0) {
            return Level { days, growth: None, course, changed: true, begins: false };
        }
        let fresh = fresh_change(&logs, noise).filter(|_| idle == 0);
        let planned = begun.filter(|since| idle == 0 && is_step(&logs, *since));
        if let Some(since) = planned.or(fresh.map(|(newest, _)| newest).filter(|newest| *newest > DOUBTED_DAYS)) {
            let days = days.split_off(days.len() - since);
            return Level { days, growth: None, course: Course::Level, changed: true, begins: false };
        }
        let course = match fresh {
            _ if idle > 0 => Course::Paused { days: idle },
            Some((newest, to)) => {
                let changed = days.len() - newest..days.len();
                fill(&mut days, 0, changed);
                Course::Risen { days: newest, to }
            }
            None => Course::Level,
        };
        let logs = logarithms(&days);
        let whole_level = extent(&logs, noise);
        let grows = |since: usize| {
            let trend = slope(&logs[logs.len() - since..]);
            (trend.significant() && since >= LEAST_GROWTH_DAYS).then_some(trend.per_week)
        };
        // A level that grows may be the end of a ramp: then fewer days are the level.
        let since = [whole_level, 2 * WEEK, 10].into_iter().find(|since| {
            *since <= whole_level
                && *since < days.len()
                && grows(*since).is_none()
                && is_change(&logs, *since)
                && fits_better(&logs, *since)
        });
        let growing = if since.is_none() { grows(whole_level) } else { None };
        let changed = since.is_some();
        let mut begins = !changed;
        if let Some(since) = since {
            let before: Vec<f64> = days.drain(..days.len() - since).collect();
            begins = median(before) <= IDLE * mean(&days);
        }
        let whole = slope(&logs[logs.len().saturating_sub(8 * WEEK)..]);
        let old_enough = days.len() >= LEAST_GROWTH_DAYS;
        let growth = growing.or((!changed && old_enough && whole.significant()).then_some(whole.per_week));
        Level { days, growth, course, changed, begins }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Means of the weeks that end with the newest day, newest first.
fn weeks_back(logs: &[f64]) -> Vec<f64> {
    logs.rchunks_exact(WEEK).map(mean).collect()
}

/// Spend that has grown by a quarter or more each week, and still does.
fn ramp(logs: &[f64], noise: f64) -> Option<Course> {
    let weeks = weeks_back(logs);
    let steps: Vec<f64> = weeks.windows(2).map(|pair| pair[0] - pair[1]).collect();
    let growing = steps.iter().take_while(|step| **step >= RAMP).count();
    if growing < 2 {
        return None;
    }
    let mean_step = mean(&steps[..growing.min(3)]);
    let newest = slope(&logs[logs.len() - 10.min(logs.len())..]);
    let newest_error = newest.error.max(noise * 12.0_f64.sqrt() / 10.0_f64.powf(1.5) * WEEK as f64);
    if newest.per_week < 0.5 * mean_step || newest.per_week < 1.5 * newest_error {
        return None;
    }
    // One step within two weeks shows as two. A ramp is told better by a line than by any step.
    if one_step_tells_better(&logs[logs.len().saturating_sub((growing + 1) * WEEK)..]) {
        return None;
    }
    Some(Course::Ramp { per_day: mean_step / WEEK as f64, weeks: growing as f64 })
}

/// True if some two levels tell days better than a line through them.
fn one_step_tells_better(logs: &[f64]) -> bool {
    let squares = |of: &[f64]| -> f64 {
        let mean = mean(of);
        of.iter().map(|log| (log - mean).powi(2)).sum()
    };
    let (per_day, height) = line(logs);
    let middle = (logs.len() as f64 - 1.0) / 2.0;
    let trend: f64 =
        logs.iter().enumerate().map(|(at, log)| (log - height - per_day * (at as f64 - middle)).powi(2)).sum();
    (1..logs.len()).any(|at| squares(&logs[..at]) + squares(&logs[at..]) <= trend)
}

/// True if the newest `since` days stand on another level than the four weeks before them.
fn is_step(logs: &[f64], since: usize) -> bool {
    let Some(at) = logs.len().checked_sub(since).filter(|at| *at > 0 && since > 0 && since <= 4 * WEEK) else {
        return false;
    };
    (mean(&logs[at..]) - median(logs[at.saturating_sub(4 * WEEK)..at].to_vec())).abs() >= SAME
}

/// A rise of the newest days, fewer than a week. A fall is believed later: until then, dates come too early and not too late.
fn fresh_change(logs: &[f64], noise: f64) -> Option<(usize, f64)> {
    let count = logs.len();
    (1..WEEK).rev().find_map(|newest| {
        let before = &logs[count.checked_sub(newest + 14)?..count - newest];
        let usual = median(before.to_vec());
        let spread = median(before.iter().map(|log| (log - usual).abs()).collect()) / 0.6745;
        let least = FRESH.max(4.0 * spread.max(noise));
        let now = &logs[count - newest..];
        let quarter = &logs[(count - newest).saturating_sub(13 * WEEK)..count - newest];
        let largest = quarter.iter().copied().fold(f64::MIN, f64::max);
        let all = now.iter().all(|log| log - usual >= least && log - largest >= SAME);
        let earlier = logs[count - newest - 1] - usual < least;
        let step = newest <= DOUBTED_DAYS || one_step_tells_better(&logs[count - newest - WEEK..]);
        (all && earlier && step).then(|| (newest, (mean(now) - usual).exp()))
    })
}

/// True if the step from the week before to the newest `since` days is more than spend moved from week to week before, or
/// ends a ramp.
fn is_change(logs: &[f64], since: usize) -> bool {
    let count = logs.len();
    let (before, newest) = logs.split_at(count - since);
    let weeks = weeks_back(before);
    let steps: Vec<f64> = weeks.windows(2).take(8).map(|pair| pair[0] - pair[1]).collect();
    let jump = mean(newest) - weeks.first().copied().unwrap_or_else(|| mean(before));
    let drift = (steps.iter().map(|step| step * step).sum::<f64>() / steps.len().max(1) as f64).sqrt();
    let ends_ramp = steps.len() >= 2 && steps[..2].iter().all(|step| step * jump.signum() >= 0.4);
    let long_enough = jump > 0.0 || since >= FALL_DAYS;
    long_enough && (jump.abs() >= SAME.max(4.0 * drift) || ends_ramp)
}

/// A usual day: four in five of the newest days cost less or as much.
fn usual(days: &[f64]) -> f64 {
    let mut newest: Vec<f64> = days[days.len().saturating_sub(USUAL_DAYS)..].to_vec();
    newest.sort_by(f64::total_cmp);
    newest.get((newest.len() * 4) / 5).or(newest.last()).copied().unwrap_or(0.0).max(0.0)
}

/// The days since spend began, pauses and refunds filled with the days a week before, and how long the present pause lasts.
fn without_pauses(known: &[f64]) -> (Vec<f64>, usize) {
    let mut idle = 0;
    while idle < known.len() {
        let before = &known[..known.len() - idle - 1];
        if before.is_empty() || known[known.len() - idle - 1] > IDLE * usual(before) {
            break;
        }
        idle += 1;
    }
    if idle == known.len() || known.len() - idle == 0 {
        return (known.to_vec(), 0);
    }
    let active = &known[..known.len() - idle];
    let least = IDLE * usual(active);
    let mut begun = active.iter().position(|cost| *cost > least).unwrap_or(0);
    let mut days = active.to_vec();
    let mut at = begun;
    while at < days.len() {
        let length = active[at..].iter().take_while(|cost| **cost <= least).count();
        if length == 0 {
            at += 1;
            continue;
        }
        let after = at + length;
        let used = active[begun..at].iter().filter(|cost| **cost > least).count();
        if is_pause(active, begun, at..after, least) {
            if used < length.min(USUAL_DAYS) && after < days.len() {
                begun = after;
            } else {
                fill(&mut days, begun, at..after);
            }
        }
        at = after;
    }
    let refunds: Vec<usize> = (begun..days.len()).filter(|at| days[*at] < 0.0).collect();
    // One a week or more are no accidents: they lower what is spent.
    if refunds.len() * WEEK < days.len() - begun {
        refunds.into_iter().for_each(|at| fill(&mut days, begun, at..at + 1));
    }
    let outside = &known[begun..];
    let now = known.len() - idle - begun..outside.len();
    let paused = idle > 0 && is_pause(outside, 0, now.clone(), least);
    let mut days = days.split_off(begun);
    if idle > 0 {
        days.extend(&known[known.len() - idle..]);
        if paused {
            fill(&mut days, 0, now);
        }
    }
    (days, if paused { idle } else { 0 })
}

/// True if `run` is longer than the other idle days of the days from `begun` on explain.
fn is_pause(days: &[f64], begun: usize, run: std::ops::Range<usize>, least: f64) -> bool {
    let others = days.len() - begun - run.len();
    let idle = days[begun..run.start].iter().chain(&days[run.end..]).filter(|cost| **cost <= least).count();
    let share = (idle as f64 + 0.5) / (others as f64 + 1.0);
    run.len() >= SHORTEST_PAUSE && share.powi(run.len() as i32) * (days.len() - begun) as f64 <= CHANCE.max(1e-9)
}

/// Puts the days a week before in place of `gap`; where there are none, those after it.
fn fill(days: &mut [f64], begun: usize, gap: std::ops::Range<usize>) {
    for at in gap.clone() {
        let earlier = at.checked_sub(WEEK).filter(|from| *from >= begun);
        let later = (at..days.len()).step_by(WEEK).find(|from| *from >= gap.end);
        if let Some(from) = earlier.or(later) {
            days[at] = days[from].max(0.0);
        } else {
            let mean = days[begun..gap.start].iter().chain(&days[gap.end..]).map(|cost| cost.max(0.0));
            days[at] = median(mean.collect());
        }
    }
}

/// Days that stand out become what the days around them are. Three or more of them within half a year are no accidents:
/// then what they cost beyond is spread over all days.
fn flatten(days: &mut [f64]) {
    let count = days.len();
    let mut beyond = Vec::new();
    let mut at = 0;
    while at + STANDS_OUT_DAYS < count {
        let around = |at: usize| {
            let before = at.saturating_sub(AROUND)..at;
            let after = at + 1..(at + 1 + AROUND).min(count);
            median(days[before].iter().chain(&days[after]).copied().collect())
        };
        let usual = around(at);
        let length = days[at..].iter().take_while(|cost| usual > 0.0 && **cost > STANDS_OUT * usual).count();
        if (1..=STANDS_OUT_DAYS).contains(&length) && at + length + 1 < count {
            for (day, cost) in days.iter_mut().enumerate().skip(at).take(length) {
                beyond.push((day, *cost - usual));
                *cost = usual;
            }
        }
        at += length.max(1);
    }
    let window = count.saturating_sub(26 * WEEK);
    let newest: Vec<(usize, f64)> = beyond.into_iter().filter(|(day, _)| *day >= window).collect();
    let apart = newest.windows(2).filter(|pair| pair[1].0 - pair[0].0 > STANDS_OUT_DAYS).count() + 1;
    if newest.len() >= 3 && apart >= 3 {
        // Newer ones count more: half as much every four weeks back.
        let weight = |day: usize| 0.5_f64.powf((count - 1 - day) as f64 / HALVES_IN);
        let cost: f64 = newest.iter().map(|(day, cost)| cost * weight(*day)).sum();
        let mean = cost / (window..count).map(weight).sum::<f64>();
        days[window..].iter_mut().for_each(|cost| *cost += OFTEN * mean);
    }
}

/// Logarithms of the days without their weekdays; nothing is smaller than an idle day. A weekday on which nothing is used
/// says nothing: it stands as the day before it.
fn logarithms(days: &[f64]) -> Vec<f64> {
    let least = (IDLE * usual(days)).max(1e-9);
    let profile = History(days).weekday_profile();
    let count = days.len();
    let mut logs: Vec<f64> = Vec::with_capacity(count);
    for (at, cost) in days.iter().enumerate() {
        let share = profile[(WEEK - 1) - (count - 1 - at) % WEEK];
        let unused = logs.last().copied().filter(|_| share < UNUSED);
        logs.push(unused.unwrap_or_else(|| (cost / share.max(UNUSED)).max(least).ln()));
    }
    logs
}

/// How far neighbouring days differ by chance.
fn noise(logs: &[f64]) -> f64 {
    let newest = &logs[logs.len().saturating_sub(8 * WEEK)..];
    let steps = newest.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    (median(steps) / 0.6745 / std::f64::consts::SQRT_2).max(0.02)
}

/// How many of the newest days are of one level.
fn extent(logs: &[f64], noise: f64) -> usize {
    let count = logs.len();
    let mut since = WEEK.min(count);
    while since < count {
        let level = mean(&logs[count - since..]);
        let block = &logs[count - (since + WEEK).min(count)..count - since];
        let tolerance = SAME.max(3.0 * noise / (block.len() as f64).sqrt());
        if (mean(block) - level).abs() > tolerance {
            let near = |log: &&f64| (**log - level).abs() <= SAME.max(2.5 * noise);
            return since + block.iter().rev().take_while(near).count();
        }
        since += block.len();
    }
    count
}

/// A line through logarithms.
struct Slope {
    per_week: f64,
    error: f64,
}

impl Slope {
    fn significant(&self) -> bool {
        self.per_week.abs() > DRIFT && self.per_week.abs() > MARGIN * self.error
    }
}

fn slope(logs: &[f64]) -> Slope {
    let count = logs.len() as f64;
    if logs.len() < WEEK {
        return Slope { per_week: 0.0, error: f64::INFINITY };
    }
    let (per_day, at_middle) = line(logs);
    let middle = (count - 1.0) / 2.0;
    let squares: f64 =
        logs.iter().enumerate().map(|(at, log)| (log - at_middle - per_day * (at as f64 - middle)).powi(2)).sum();
    let spread: f64 = (0..logs.len()).map(|at| (at as f64 - middle).powi(2)).sum();
    let error = (squares / (count - 2.0) / spread).sqrt();
    Slope { per_week: per_day * WEEK as f64, error: error * WEEK as f64 }
}

/// Slope per step and height in the middle of the least-squares line.
pub(super) fn line(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let spread: f64 = (0..values.len()).map(|at| (at as f64 - middle).powi(2)).sum();
    let product: f64 = values.iter().enumerate().map(|(at, value)| (at as f64 - middle) * value).sum();
    let mean = values.iter().sum::<f64>() / count;
    (if spread > 0.0 { product / spread } else { 0.0 }, mean)
}

/// True if the newest `since` days are better told as a level than as the trend of these and the four weeks before.
fn fits_better(logs: &[f64], since: usize) -> bool {
    let count = logs.len();
    let newest = &logs[count - since..];
    let with_before = &logs[count.saturating_sub(since + 4 * WEEK)..];
    let (per_day, height) = line(with_before);
    let middle = (with_before.len() as f64 - 1.0) / 2.0;
    let skipped = with_before.len() - since;
    let mean = newest.iter().sum::<f64>() / since as f64;
    let flat: f64 = newest.iter().map(|log| (log - mean).powi(2)).sum();
    let trend: f64 = newest
        .iter()
        .enumerate()
        .map(|(at, log)| (log - height - per_day * ((skipped + at) as f64 - middle)).powi(2))
        .sum();
    flat <= FIT * trend
}
