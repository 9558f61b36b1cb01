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
    /// What is multiplied to the comparable errors for this account.
    scale: f64,
    /// Per horizon, errors with the probability that one is not larger, both rising.
    horizons: [Vec<(f64, f64)>; HORIZONS.len()],
}

impl ErrorLaw {
    /// Every series weighs the same, however many forecasts of it are among the samples.
    pub(super) fn learn(samples: &[Sample], scale: f64) -> Self {
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
        ErrorLaw { scale, horizons }
    }

    /// Errors at each of [`HORIZONS`] below which a share `p` of them lies. Outside what was seen: the outermost seen.
    pub fn quantile_at(&self, horizon: usize, p: f64) -> f64 {
        let seen = &self.horizons[horizon];
        let above = seen.partition_point(|(below, _)| *below < p);
        let error = match (above.checked_sub(1).and_then(|at| seen.get(at)), seen.get(above)) {
            (Some((p0, e0)), Some((p1, e1))) => e0 + (e1 - e0) * (p - p0) / (p1 - p0),
            (Some((_, error)), None) | (None, Some((_, error))) => *error,
            (None, None) => 0.0,
        };
        self.scale * error
    }

    /// The same at any number of days ahead.
    pub fn quantile(&self, days: f64, p: f64) -> f64 {
        at_days(days, |horizon| self.quantile_at(horizon, p))
    }
}

/// A value known at each of [`HORIZONS`], at any number of days.
pub(super) fn at_days(days: f64, known: impl Fn(usize) -> f64) -> f64 {
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
