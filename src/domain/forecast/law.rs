//! The law of a forecast's errors: at each horizon a distribution, and how errors at two horizons go together.

use std::collections::BTreeMap;

/// Horizons at which errors are kept, in days.
pub const HORIZONS: [usize; 8] = [7, 14, 21, 30, 60, 90, 120, 180];

/// Errors of one past forecast, made comparable.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    pub series: &'a str,
    pub errors: [Option<f64>; HORIZONS.len()],
}

/// Chance in single days or occurrences, which evens out over many: what a level rests on few of is uncertain by it too.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Noise {
    /// Standard deviation of one, in shares of its mean.
    pub of_one: f64,
    /// Days from one to the next.
    pub distance: f64,
    /// How many the mean was taken over.
    pub taken_over: f64,
}

impl Noise {
    /// Standard deviation of the logarithm of a total over `days`.
    fn of_total(self, days: f64) -> f64 {
        if self.of_one <= 0.0 {
            return 0.0;
        }
        let ahead = (days / self.distance).max(1.0);
        self.of_one * (1.0 / ahead + 1.0 / self.taken_over.max(1.0)).sqrt()
    }
}

/// How far cumulative spend may end up from its forecast, as the natural log of their ratio.
///
/// Between horizons the error is interpolated over the logarithm of days. Past the last horizon it grows with the
/// square root of time, as a random walk's does: nothing was measured there.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorLaw {
    /// What the spread of the comparable errors is multiplied by for this account.
    spread: f64,
    /// What the spread is multiplied by besides, above and below the middle.
    lean: (f64, f64),
    /// What their middle is multiplied by. An account that never moved does not drift either.
    drift: f64,
    /// What chance adds on single days.
    noise: Noise,
    /// Per horizon, errors with the probability that one is not larger, both rising.
    horizons: [Vec<(f64, f64)>; HORIZONS.len()],
}

impl ErrorLaw {
    /// Every series weighs the same, however many forecasts of it are among the samples.
    pub(super) fn learn(samples: &[Sample], spread: f64, drift: f64) -> Self {
        let horizons = std::array::from_fn(|at| {
            let mut seen: Vec<(f64, &str)> =
                samples.iter().filter_map(|sample| Some((sample.errors[at]?, sample.series))).collect();
            seen.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut forecasts: BTreeMap<&str, f64> = BTreeMap::new();
            for (_, series) in &seen {
                *forecasts.entry(series).or_default() += 1.0;
            }
            let total = forecasts.len() as f64;
            let mut below = 0.0;
            seen.iter()
                .map(|(error, series)| {
                    let weight = 1.0 / forecasts[series];
                    below += weight;
                    // The middle of the step that this error makes in the distribution.
                    ((below - weight / 2.0) / total, *error)
                })
                .collect()
        });
        ErrorLaw { spread, lean: (1.0, 1.0), drift, noise: Noise::default(), horizons }
    }

    /// The error at one of [`HORIZONS`] below which a share `p` of them lies. Outside what was seen: the outermost seen.
    pub fn quantile_at(&self, horizon: usize, p: f64) -> f64 {
        let middle = self.comparable(horizon, 0.5);
        let off = self.comparable(horizon, p) - middle;
        let lean = if off > 0.0 { self.lean.0 } else { self.lean.1 };
        self.spread * lean * off + self.drift * middle
    }

    fn comparable(&self, horizon: usize, p: f64) -> f64 {
        let seen = &self.horizons[horizon];
        let above = seen.partition_point(|(below, _)| *below < p);
        match (above.checked_sub(1).and_then(|at| seen.get(at)), seen.get(above)) {
            (Some((p0, e0)), Some((p1, e1))) => e0 + (e1 - e0) * (p - p0) / (p1 - p0),
            (Some((_, error)), None) | (None, Some((_, error))) => *error,
            (None, None) => 0.0,
        }
    }

    /// The law of a forecast that was told a share of the growth which the middle of these errors is: it counts once.
    #[must_use]
    pub fn told(self, share: f64) -> Self {
        ErrorLaw { drift: self.drift * (1.0 - share), ..self }
    }

    /// The same law, leaning: its spread above and below the middle multiplied by so much.
    #[must_use]
    pub fn leaning(self, above: f64, below: f64) -> Self {
        ErrorLaw { lean: (above, below), ..self }
    }

    /// The same law with chance in single days.
    #[must_use]
    pub fn with_noise(self, noise: Noise) -> Self {
        ErrorLaw { noise, ..self }
    }

    /// The same at any number of days ahead.
    pub fn quantile(&self, days: f64, p: f64) -> f64 {
        let middle = at_days(days, |horizon| self.quantile_at(horizon, 0.5));
        self.widened(days, at_days(days, |horizon| self.quantile_at(horizon, p)), middle, normal_number(p))
    }

    /// A quantile with the chance of single days, which stands at the normal `number`.
    fn widened(&self, days: f64, quantile: f64, middle: f64, number: f64) -> f64 {
        let noise = self.noise.of_total(days) * number;
        middle + (quantile - middle).hypot(noise).copysign(number)
    }

    /// The same for each of `shares` on each of the first `days` days, day by day.
    pub fn table(&self, days: usize, shares: &[f64]) -> Vec<f64> {
        let known: Vec<Vec<f64>> =
            (0..HORIZONS.len()).map(|at| shares.iter().map(|p| self.quantile_at(at, *p)).collect()).collect();
        let middles: Vec<f64> = (0..HORIZONS.len()).map(|at| self.quantile_at(at, 0.5)).collect();
        let numbers: Vec<f64> = shares.iter().map(|p| normal_number(*p)).collect();
        let mut table = Vec::with_capacity(days * shares.len());
        for day in 1..=days {
            let ahead = day as f64;
            let middle = at_days(ahead, |at| middles[at]);
            table.extend(
                numbers
                    .iter()
                    .enumerate()
                    .map(|(share, number)| self.widened(ahead, at_days(ahead, |at| known[at][share]), middle, *number)),
            );
        }
        table
    }
}

/// The standard normal number below which a share `p` lies, to a millionth.
fn normal_number(p: f64) -> f64 {
    let (mut low, mut high) = (-6.0, 6.0);
    for _ in 0..45 {
        let middle = (low + high) / 2.0;
        let below = 0.5 * libm::erfc(-middle / std::f64::consts::SQRT_2);
        if below < p { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// A value known at each of [`HORIZONS`], at any number of days.
fn at_days(days: f64, known: impl Fn(usize) -> f64) -> f64 {
    let last = HORIZONS.len() - 1;
    let next = HORIZONS.partition_point(|horizon| (*horizon as f64) < days);
    if next == 0 {
        return known(0);
    }
    if next > last {
        return known(last) * (days / HORIZONS[last] as f64).sqrt();
    }
    let (from, to) = (HORIZONS[next - 1] as f64, HORIZONS[next] as f64);
    let share = (days / from).ln() / (to / from).ln();
    known(next - 1) * (1.0 - share) + known(next) * share
}
