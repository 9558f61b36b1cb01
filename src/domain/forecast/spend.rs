//! A forecast of one stream of spend: what each day costs, and the odds of its running total.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cadence::Cadence;
use super::course::Course;
use super::evidence::{Evidence, Since};
use super::gate::Gate;
use super::law::{ErrorLaw, Noise};
use super::level::Level;
use super::method::{Method, WEEKS_TO_TREND};
use super::plan::Plan;
use super::series::{History, WEEK};

/// A level that began with its stream is young for so many days.
const YOUNG_DAYS: usize = 4 * WEEK;
/// Days that the mean of a level is taken over at most.
const LEVEL_DAYS: usize = 21;
/// Chance in single days until it is known: as many days of this size count in.
const PRIOR_DAYS: f64 = 5.0;
const USUAL_NOISE: f64 = 0.3;
/// Days that differ by more are no level but use by chance, whose mean takes more days.
const UNEVEN: f64 = 0.8;
const UNEVEN_DAYS: usize = 56;
/// Spend between occurrences that is less than this share of all is a rest, and no stream of its own.
const REST: f64 = 0.05;

/// What speaks about a stream of spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// The median of a run rate and three weekly trends.
    Combination,
    /// The mean of the last 7 days: nothing did better on this account.
    PlainRate,
    /// The mean of the present level, which is known for less than eight weeks or differs much from day to day.
    Level,
    /// Past occurrences come again at their cadence.
    Cadence,
    /// Growth of the last weeks goes on for a while, and stops.
    Growth,
    /// Past runs and pauses, repeated. Only in outlooks that an earlier version stored.
    Bursts,
}

/// What one stream of spend is said to cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// What speaks.
    pub voice: Voice,
    /// Past forecasts of the stream itself that decided between trend and plain rate; 0 where none were judged.
    pub trials: usize,
    /// Each day after the newest as its level has it, in US dollars.
    pub daily: Vec<f64>,
    /// What may become of the level.
    pub course: Course,
    /// How far the running total may be off.
    pub law: ErrorLaw,
    /// True while it rests on a level that began with the stream less than four weeks ago: most that begin go on to grow.
    pub young: bool,
}

impl Forecast {
    /// Forecasts the `days` after `newest`, the last day of `history`.
    pub fn make(
        history: History,
        newest: NaiveDate,
        days: usize,
        evidence: &Evidence,
        without: Option<&str>,
    ) -> Forecast {
        Forecast::after_step(history, None, newest, days, (evidence, without))
    }

    /// The same where a step that was planned has `begun` with so many of the newest days.
    pub fn after_step(
        history: History,
        begun: Option<usize>,
        newest: NaiveDate,
        days: usize,
        (evidence, without): (&Evidence, Option<&str>),
    ) -> Forecast {
        let Some(cadence) = Cadence::find(history.0, newest, days) else {
            return Forecast::of_level(history, begun, days, evidence, without);
        };
        let between: f64 = cadence.between.iter().sum();
        let mut daily = if between > REST * history.0.iter().sum::<f64>() {
            Forecast::of_level(History(&cadence.between), None, days, evidence, without).daily
        } else {
            let newest = &cadence.between[history.days().saturating_sub(LEVEL_DAYS)..];
            vec![newest.iter().sum::<f64>() / newest.len() as f64; days]
        };
        for (cost, beyond) in daily.iter_mut().zip(cadence.ahead()) {
            *cost = (*cost + beyond).max(0.0);
        }
        let law = evidence.level_law(0.0, 0, cadence.noise, Since::Change, without);
        let course = if cadence.jitter > 0 { Course::Jitter { days: cadence.jitter.min(2) } } else { Course::Level };
        Forecast { voice: Voice::Cadence, trials: 0, daily, course, law, young: false }
    }

    /// Spend without a cadence.
    fn of_level(
        history: History,
        begun: Option<usize>,
        days: usize,
        evidence: &Evidence,
        without: Option<&str>,
    ) -> Forecast {
        let level = Level::read(history, begun);
        let now = History(&level.days);
        let course = level.course;
        if let Course::Ramp { per_day, .. } = course {
            let law = evidence.level_law(0.0, 0, Noise::default(), Since::Change, without);
            let base = now.mean(3) * per_day.exp();
            let daily = vec![base; days];
            return Forecast { voice: Voice::Growth, trials: 0, daily, course, law, young: false };
        }
        let noise = day_noise(now);
        let since = if level.begins { Since::Beginning(now.days()) } else { Since::Change };
        let young = level.begins && now.days() < YOUNG_DAYS;
        if level.days.len() >= WEEKS_TO_TREND * WEEK && noise.of_one < UNEVEN {
            let gate = Gate::judge(now);
            let made = Forecast::by(gate.speaks, now, days, evidence, without);
            return Forecast { course, trials: gate.trials, ..made };
        }
        if let Some(per_week) = level.growth {
            let law = evidence.level_law(0.0, 0, noise, since, without);
            let weeks = (now.days() / WEEK) as f64;
            let grows = per_week > 0.0 && course == Course::Level;
            let course = if grows { Course::Ramp { per_day: per_week / WEEK as f64, weeks } } else { course };
            let (voice, daily) = (Voice::Growth, Method::TrailingWeek.daily(now, days));
            return Forecast { voice, trials: 0, daily, course, law, young };
        }
        let changes = (now.days() / WEEK).saturating_sub(1);
        let law = evidence.level_law(now.young_swing().unwrap_or(0.0), changes, noise, since, without);
        let mean = now.mean(if noise.of_one < UNEVEN { LEVEL_DAYS } else { UNEVEN_DAYS });
        let mut daily = vec![mean; days];
        let profile = now.weekday_profile();
        daily.iter_mut().enumerate().for_each(|(ahead, cost)| *cost = (*cost * profile[ahead % WEEK]).max(0.0));
        Forecast { voice: Voice::Level, trials: 0, daily, course, law, young }
    }

    /// Forecasts by a given method, with odds learnt from its errors on every series but `without`.
    pub fn by(method: Method, history: History, days: usize, evidence: &Evidence, without: Option<&str>) -> Forecast {
        let (daily, law) = (method.daily(history, days), evidence.law(method, history, without));
        let voice = if method == Method::Combination { Voice::Combination } else { Voice::PlainRate };
        Forecast { voice, trials: 0, daily, course: Course::Level, law, young: false }
    }

    /// Lets young spend grow as a filed projection plans it.
    #[must_use]
    pub fn following(mut self, plan: &Plan, history: History) -> Forecast {
        let share = plan.shape(history, &mut self.daily);
        Forecast { law: self.law.told(share), ..self }
    }

    /// The days on the middle course.
    pub fn middle(&self) -> Vec<f64> {
        self.course.along(&self.daily, 0.5)
    }

    /// The running total of the middle course.
    pub fn cumulative(&self) -> Vec<f64> {
        running_total(&self.middle())
    }

    /// The running total that is not exceeded with probability `p`, by day. It never falls.
    pub fn cumulative_quantile(&self, p: f64) -> Vec<f64> {
        let mut reached: f64 = 0.0;
        let at = |(ahead, total): (usize, f64)| {
            reached = reached.max(total * self.law.quantile((ahead + 1) as f64, p).exp());
            reached
        };
        running_total(&self.course.along(&self.daily, p)).into_iter().enumerate().map(at).collect()
    }
}

/// Chance in single days of a level, until a week is known a usual one.
fn day_noise(level: History) -> Noise {
    let newest = &level.0[level.days().saturating_sub(UNEVEN_DAYS)..];
    let profile = level.weekday_profile();
    let mean = newest.iter().sum::<f64>() / newest.len().max(1) as f64;
    let squares: f64 = newest
        .iter()
        .rev()
        .enumerate()
        .map(|(back, cost)| (cost / mean.max(1e-9) - profile[WEEK - 1 - back % WEEK]).powi(2))
        .sum();
    let count = newest.len() as f64;
    let of_one = ((squares + PRIOR_DAYS * USUAL_NOISE.powi(2)) / (count + PRIOR_DAYS)).sqrt();
    Noise {
        of_one,
        distance: 1.0,
        taken_over: count.min(if of_one < UNEVEN { LEVEL_DAYS } else { UNEVEN_DAYS } as f64),
    }
}

/// Sums of the first day, the first two, and so on.
fn running_total(daily: &[f64]) -> Vec<f64> {
    let add = |total: &mut f64, cost: &f64| {
        *total += cost;
        Some(*total)
    };
    daily.iter().scan(0.0, add).collect()
}
