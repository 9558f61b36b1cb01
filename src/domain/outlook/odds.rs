//! Random paths of a running total whose odds at every day are those of a [`Forecast`].
//!
//! A path is a standard normal number per day that moves slowly: numbers at two horizons correlate the more, the nearer the
//! logarithms of the horizons are, as past errors did. The number says how much of the law's odds the path has below it.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::forecast::{Forecast, HORIZONS};

/// Grid of normal numbers on which factors are tabulated: from -`REACH` to `REACH`.
const REACH: f64 = 3.5;
const STEPS_PER_UNIT: usize = 20;
const GRID: usize = 7 * STEPS_PER_UNIT + 1;
/// How fast errors forget, per unit of the logarithm of days: least squares over all pairs of horizons in the shipped
/// errors (`tests/it/backtest.rs` holds it against them).
pub const FORGETTING: f64 = 0.27;
/// Correlation between the errors of two workloads of one account. Chosen: pairs of public series of one origin had anything
/// between -0.4 and 0.97.
const SHARED: f64 = 0.5;
/// Days of the knots between which the numbers are interpolated: the law's horizons, and the end of every range.
const KNOTS: usize = HORIZONS.len() + 1;
const LAST_KNOT: f64 = 420.0;

/// Running totals by day ahead and normal number.
pub(super) struct Odds {
    totals: Vec<f64>,
}

impl Odds {
    /// Of a forecast of so many days, each no more than `largest_day`, in micro-dollars.
    pub fn new(forecast: &Forecast, days: usize, largest_day: f64) -> Odds {
        let mut totals = vec![0.0; days * GRID];
        let share = |step: usize| normal_share(step as f64 / STEPS_PER_UNIT as f64 - REACH);
        let shares: Vec<f64> = (0..GRID).map(share).collect();
        let factors = forecast.law.table(days, &shares);
        for (step, share) in shares.iter().enumerate() {
            let mut total = 0.0;
            for (ahead, cost) in forecast.course.along(&forecast.daily, *share).into_iter().enumerate() {
                total += cost.clamp(0.0, largest_day) * 1e6;
                totals[ahead * GRID + step] = total * factors[ahead * GRID + step].exp();
            }
        }
        Odds { totals }
    }

    /// The running total of a path that stands at `number` through the day `ahead`, counted from 0.
    pub fn total(&self, ahead: usize, number: f64) -> f64 {
        let at = ((number + REACH) * STEPS_PER_UNIT as f64).clamp(0.0, (GRID - 1) as f64);
        let below = (at as usize).min(GRID - 2);
        let share = at - below as f64;
        let row = &self.totals[ahead * GRID..][..GRID];
        row[below] * (1.0 - share) + row[below + 1] * share
    }
}

/// Share of a standard normal distribution below `number`.
fn normal_share(number: f64) -> f64 {
    0.5 * libm::erfc(-number / std::f64::consts::SQRT_2)
}

/// Where a day lies between two knots.
struct Between {
    knot: usize,
    weights: (f64, f64),
}

/// Draws the slow normal numbers of every workload, path by path. The same seed gives the same paths; a further workload
/// leaves those of the others as they were.
pub(super) struct Numbers {
    common: ChaCha8Rng,
    own: Vec<ChaCha8Rng>,
    between: Vec<Between>,
    /// Per knot, what it keeps of the one before.
    kept: [f64; KNOTS],
    knots: Vec<[f64; KNOTS]>,
    mirrored: bool,
}

impl Numbers {
    /// `streams` names each workload's own stream of random numbers.
    pub fn new(seed: u64, streams: &[u64], days: usize) -> Numbers {
        let own = streams.iter().map(|stream| generator(seed, *stream)).collect();
        let kept = std::array::from_fn(|knot| if knot == 0 { 0.0 } else { kept(knot) });
        let between = (1..=days).map(|day| between(day as f64)).collect();
        let knots = vec![[0.0; KNOTS]; streams.len()];
        Numbers { common: generator(seed, 0), own, between, kept, knots, mirrored: true }
    }

    /// Goes on to the next path. Every second one mirrors the one before it, so that the middle stays the middle.
    pub fn next_path(&mut self) {
        self.mirrored = !self.mirrored;
        if self.mirrored {
            self.knots.iter_mut().flatten().for_each(|number| *number = -*number);
            return;
        }
        let common = walk(&mut self.common, &self.kept);
        for (knots, own) in self.knots.iter_mut().zip(&mut self.own) {
            let own = walk(own, &self.kept);
            *knots = std::array::from_fn(|knot| SHARED.sqrt() * common[knot] + (1.0 - SHARED).sqrt() * own[knot]);
        }
    }

    /// The number of `workload` on the day `ahead`, counted from 0.
    pub fn at(&self, workload: usize, ahead: usize) -> f64 {
        let Between { knot, weights } = &self.between[ahead];
        let knots = &self.knots[workload];
        weights.0 * knots[*knot] + weights.1 * knots[(*knot + 1).min(KNOTS - 1)]
    }
}

/// A stream of random numbers of its own.
pub(super) fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    random
}

fn walk(random: &mut impl Rng, kept: &[f64; KNOTS]) -> [f64; KNOTS] {
    let mut before = 0.0;
    kept.map(|kept| {
        let fresh: f64 = random.sample(StandardNormal);
        before = kept * before + (1.0 - kept * kept).sqrt() * fresh;
        before
    })
}

fn knot_day(knot: usize) -> f64 {
    HORIZONS.get(knot).map_or(LAST_KNOT, |days| *days as f64)
}

/// Correlation of a knot with the one before it.
fn kept(knot: usize) -> f64 {
    (-FORGETTING * (knot_day(knot) / knot_day(knot - 1)).ln()).exp()
}

/// Interpolates over the logarithm of days, and stretches what that shrinks, so that every day's number is standard
/// normal.
fn between(day: f64) -> Between {
    let next = (0..KNOTS).take_while(|knot| knot_day(*knot) < day).count();
    if next == 0 || next == KNOTS {
        return Between { knot: next.saturating_sub(1), weights: if next == 0 { (1.0, 0.0) } else { (0.0, 1.0) } };
    }
    let (from, to) = (knot_day(next - 1), knot_day(next));
    let share = (day / from).ln() / (to / from).ln();
    let (a, b) = (1.0 - share, share);
    let deviation = (a * a + b * b + 2.0 * a * b * kept(next)).sqrt();
    Between { knot: next - 1, weights: (a / deviation, b / deviation) }
}
