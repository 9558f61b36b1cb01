//! How good the answers were.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::young::{YoungScore, young_scores};
use super::{Answerer, Case, DATE_LIMIT_DAYS, DateAnswer, Evidence, Origin, QuestionError, Questions, SpendAnswer};
use super::{exhaustion, spend};
use crate::forecast::median;

/// Horizons that are scored, in days.
pub const SCORED_DAYS: [usize; 2] = [30, 90];
/// Resamples of an interval over series, and the seed of their draw.
const RESAMPLES: usize = 2_000;
const RESAMPLE_SEED: u64 = 7;

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
    wape_by_series: BTreeMap<String, f64>,
    loss_by_series: BTreeMap<String, f64>,
}

/// Dates of exhaustion, in days.
#[derive(Debug, Clone, PartialEq)]
pub struct DateScore {
    /// Dates scored.
    pub dates: usize,
    /// Mean absolute error of the middle date.
    pub mean_error: f64,
    /// Median of it.
    pub median_error: f64,
    /// Signed; above 0 the money ran out earlier than said.
    pub bias: f64,
    /// How often the actual day fell inside p10..p90.
    pub coverage: f64,
    /// How often the money was gone before p10.
    pub unwarned: f64,
    /// How often the middle date was more than a week too late.
    pub late: f64,
    /// Middle dates that said "not within a year", wrongly.
    pub never: usize,
    /// Median of p90 - p10.
    pub width: f64,
    error_by_series: BTreeMap<String, f64>,
}

/// One method's scores.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodScore {
    /// Who answered.
    pub answerer: Answerer,
    /// At 30 and 90 days.
    pub spend: Vec<SpendScore>,
    /// `None` where no date was asked for.
    pub dates: Option<DateScore>,
}

/// A difference between the outlook and the trailing week with its 95 % interval over series; below 0 the outlook is better.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// What differs.
    pub measure: String,
    /// Mean difference over series.
    pub mean: f64,
    /// 2.5 % of the resampled means lie below.
    pub low: f64,
    /// 2.5 % lie above.
    pub high: f64,
}

/// Everything that was scored.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// By method, the outlook first.
    pub methods: Vec<MethodScore>,
    /// The outlook against the trailing week.
    pub against_plain: Vec<Interval>,
    /// The outlook on every series when it was young.
    pub young: Vec<YoungScore>,
}

/// Asks everybody everything and compares with what came.
pub fn score(questions: &Questions, evidence: &Evidence) -> Result<Scores, QuestionError> {
    let mut methods = Vec::new();
    for answerer in Answerer::ALL {
        let spends: Vec<(&Origin, SpendAnswer)> = questions
            .origins
            .iter()
            .map(|asked| Ok((asked, spend(questions, asked, answerer, evidence)?)))
            .collect::<Result<_, QuestionError>>()?;
        let dates: Vec<(&Case, DateAnswer)> = questions
            .cases
            .iter()
            .map(|asked| Ok((asked, exhaustion(questions, asked, answerer, evidence)?)))
            .collect::<Result<_, QuestionError>>()?;
        methods.push(MethodScore {
            answerer,
            spend: SCORED_DAYS.iter().filter_map(|days| spend_score(questions, *days, &spends)).collect(),
            dates: date_score(questions, &dates),
        });
    }
    let against_plain = against_plain(&methods);
    Ok(Scores { methods, against_plain, young: young_scores(questions, evidence)? })
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

fn date_score(questions: &Questions, answers: &[(&Case, DateAnswer)]) -> Option<DateScore> {
    let limit = DATE_LIMIT_DAYS as f64;
    let mut errors: Vec<(String, f64)> = Vec::new();
    let (mut inside, mut unwarned, mut widths, mut never) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (asked, answer) in answers {
        let Some(lead) = lead_days(questions, asked) else { continue };
        let ahead =
            |day: Option<NaiveDate>| day.map_or(limit, |day| ((day - asked.origin).num_days() as f64).min(limit));
        let (p10, p50, p90) = (ahead(answer.p10), ahead(answer.p50), ahead(answer.p90));
        errors.push((asked.series.clone(), p50 - lead));
        inside.push(p10 <= lead && lead <= p90);
        unwarned.push(p10 > lead);
        widths.push(p90 - p10);
        never += usize::from(p50 >= limit);
    }
    let absolute = || errors.iter().map(|(_, error)| error.abs());
    let mut by_series: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (series, error) in &errors {
        by_series.entry(series.clone()).or_default().push(error.abs());
    }
    (!errors.is_empty()).then(|| DateScore {
        dates: errors.len(),
        mean_error: mean(absolute()),
        median_error: median(absolute().collect()),
        bias: mean(errors.iter().map(|(_, error)| *error)),
        coverage: share(inside),
        unwarned: share(unwarned),
        late: share(errors.iter().map(|(_, error)| *error > 7.0)),
        never,
        width: median(widths),
        error_by_series: by_series.into_iter().map(|(series, all)| (series, mean(all))).collect(),
    })
}

/// Days from the origin until the running total is at or over the credit; `None` if the series ends before, or it
/// already was.
pub(super) fn lead_days(questions: &Questions, asked: &Case) -> Option<f64> {
    let series = &questions.series[&asked.series];
    let known = series.known(asked.origin)?;
    let mut spent = 0.0;
    let gone = series.daily.iter().position(|cost| {
        spent += cost;
        spent >= asked.credit
    })?;
    (gone >= known).then(|| (gone + 1 - known) as f64)
}

fn against_plain(methods: &[MethodScore]) -> Vec<Interval> {
    let [ours, plain, ..] = methods else { return Vec::new() };
    let mut intervals = Vec::new();
    for (ours, plain) in ours.spend.iter().zip(&plain.spend) {
        intervals.push(interval(format!("wape, {} days", ours.days), &ours.wape_by_series, &plain.wape_by_series));
        intervals.push(interval(format!("loss, {} days", ours.days), &ours.loss_by_series, &plain.loss_by_series));
    }
    if let (Some(ours), Some(plain)) = (&ours.dates, &plain.dates) {
        intervals.push(interval("date error, days".to_owned(), &ours.error_by_series, &plain.error_by_series));
    }
    intervals
}

/// Mean difference over series with the percentile interval of its bootstrap: series are drawn with replacement.
pub(super) fn interval(measure: String, ours: &BTreeMap<String, f64>, plain: &BTreeMap<String, f64>) -> Interval {
    let differences: Vec<f64> = ours.iter().filter_map(|(series, value)| Some(value - plain.get(series)?)).collect();
    let mut random = ChaCha8Rng::seed_from_u64(RESAMPLE_SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| mean((0..differences.len()).filter_map(|_| differences.choose(&mut random).copied())))
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    Interval {
        measure,
        mean: mean(differences.iter().copied()),
        low: means[RESAMPLES / 40],
        high: means[RESAMPLES - 1 - RESAMPLES / 40],
    }
}

fn pinball(p: f64, forecast: f64, actual: f64) -> f64 {
    let error = actual - forecast;
    if error >= 0.0 { p * error } else { (p - 1.0) * error }
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    if count > 0.0 { sum / count } else { 0.0 }
}

fn share(values: impl IntoIterator<Item = bool>) -> f64 {
    mean(values.into_iter().map(|value| f64::from(u8::from(value))))
}
