//! The law of a forecast's errors: at each horizon a distribution, and how errors at two horizons go together.

use std::collections::BTreeMap;

use super::evidence::HORIZONS;

/// Errors of one past forecast, made comparable.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    pub series: &'a str,
    pub errors: [Option<f64>; HORIZONS.len()],
}

/// How far cumulative spend may end up from its forecast, as the natural log of their ratio.
///
/// Between horizons the error is interpolated over the logarithm of days. Past the last horizon it grows with the
/// square root of time, as a random walk's does: nothing was measured there.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorLaw {
    /// What the spread of the comparable errors is multiplied by for this account.
    spread: f64,
    /// What their middle is multiplied by. An account that never moved does not drift either.
    drift: f64,
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
        ErrorLaw { spread, drift, horizons }
    }

    /// The error at one of [`HORIZONS`] below which a share `p` of them lies. Outside what was seen: the outermost seen.
    pub fn quantile_at(&self, horizon: usize, p: f64) -> f64 {
        let middle = self.comparable(horizon, 0.5);
        self.spread * (self.comparable(horizon, p) - middle) + self.drift * middle
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

    /// The same at any number of days ahead.
    pub fn quantile(&self, days: f64, p: f64) -> f64 {
        at_days(days, |horizon| self.quantile_at(horizon, p))
    }

    /// The same for each of `shares` on each of the first `days` days, day by day.
    pub fn table(&self, days: usize, shares: &[f64]) -> Vec<f64> {
        let known: Vec<Vec<f64>> =
            (0..HORIZONS.len()).map(|at| shares.iter().map(|p| self.quantile_at(at, *p)).collect()).collect();
        let row = |day: usize| (0..shares.len()).map(move |share| (day, share));
        (1..=days).flat_map(row).map(|(day, share)| at_days(day as f64, |at| known[at][share])).collect()
    }
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
