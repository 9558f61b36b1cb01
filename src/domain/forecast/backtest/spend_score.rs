//! How good the answers about spend were.

use super::questions::{Origin, Questions, SpendAnswer};
use crate::forecast::median;
use std::collections::BTreeMap;

/// Horizons that are scored, in days.
pub const SCORED_DAYS: [usize; 2] = [30, 90];

/// Cumulative spend at one horizon. Shares are of the actual spend.
#[derive(Debug, Clone, PartialEq)]
pub struct SpendScore {
    /// Days ahead.
    pub days: usize,
    /// Forecasts scored.
    pub forecasts: usize,
    /// Sum of absolute errors over sum of actual totals, per series, then the mean over series.
    pub wape_mean: f64,
    /// The same, then the median over series.
    pub wape_median: f64,
    /// Signed error; above 0 is too high; mean over series.
    pub bias: f64,
    /// How often the actual total fell inside p10..p90.
    pub coverage: f64,
    /// How often it fell below p10.
    pub below: f64,
    /// How often it lay above p90.
    pub above: f64,
    /// Median of (p90 - p10) / actual.
    pub width: f64,
    /// Mean pinball loss of p10, mean and p90; mean over series.
    pub loss: f64,
    pub(super) wape_by_series: BTreeMap<String, f64>,
    pub(super) loss_by_series: BTreeMap<String, f64>,
}

/// One answer against what came, in shares of it.
struct Outcome {
    actual: f64,
    error: f64,
    below: bool,
    above: bool,
    width: f64,
    loss: f64,
}

pub(super) fn spend_score(
    questions: &Questions,
    days: usize,
    answers: &[(&Origin, SpendAnswer)],
) -> Option<SpendScore> {
    let mut by_series: BTreeMap<String, Vec<Outcome>> = BTreeMap::new();
    for (asked, answer) in answers {
        let series = &questions.series[&asked.series];
        let Some(known) = series.known(asked.origin).filter(|known| known + days <= series.daily.len()) else {
            continue;
        };
        let actual = (series.spent(known + days) - series.spent(known)).max(1e-9);
        let (mean, p10, p90) = (answer.mean[days - 1], answer.p10[days - 1], answer.p90[days - 1]);
        let loss = pinball(0.1, p10, actual) + pinball(0.5, mean, actual) + pinball(0.9, p90, actual);
        by_series.entry(asked.series.clone()).or_default().push(Outcome {
            actual,
            error: mean - actual,
            below: actual < p10,
            above: actual > p90,
            width: (p90 - p10) / actual,
            loss: 2.0 / 3.0 * loss / actual,
        });
    }
    let all = || by_series.values().flatten();
    let forecasts = all().count();
    let per_series = |value: &dyn Fn(&[Outcome]) -> f64| -> BTreeMap<String, f64> {
        by_series.iter().map(|(series, outcomes)| (series.clone(), value(outcomes))).collect()
    };
    let spent = |outcomes: &[Outcome]| outcomes.iter().map(|outcome| outcome.actual).sum::<f64>();
    let wape = per_series(&|all| all.iter().map(|outcome| outcome.error.abs()).sum::<f64>() / spent(all));
    let bias = per_series(&|all| all.iter().map(|outcome| outcome.error).sum::<f64>() / spent(all));
    let loss = per_series(&|all| mean(all.iter().map(|outcome| outcome.loss)));
    (forecasts > 0).then(|| SpendScore {
        days,
        forecasts,
        wape_mean: mean(wape.values().copied()),
        wape_median: median(wape.values().copied().collect()),
        bias: mean(bias.values().copied()),
        coverage: share(all().map(|outcome| !outcome.below && !outcome.above)),
        below: share(all().map(|outcome| outcome.below)),
        above: share(all().map(|outcome| outcome.above)),
        width: median(all().map(|outcome| outcome.width).collect()),
        loss: mean(loss.values().copied()),
        wape_by_series: wape,
        loss_by_series: loss,
    })
}

fn pinball(p: f64, forecast: f64, actual: f64) -> f64 {
    let error = actual - forecast;
    if error >= 0.0 { p * error } else { (p - 1.0) * error }
}

pub(super) fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    if count > 0.0 { sum / count } else { 0.0 }
}

pub(super) fn share(values: impl IntoIterator<Item = bool>) -> f64 {
    mean(values.into_iter().map(|value| f64::from(u8::from(value))))
}
