//! How good the answers were.

use super::spend_score::mean;
use crate::forecast::backtest::SpendScore;
use crate::forecast::backtest::spend_score::{SCORED_DAYS, share, spend_score};
use std::collections::BTreeMap;

use chrono::NaiveDate;
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::questions::{
    Answerer, Case, DATE_LIMIT_DAYS, DateAnswer, Origin, QuestionError, Questions, SpendAnswer, exhaustion, spend,
};
use super::young::{YoungScore, young_scores};
use crate::forecast::{Evidence, median};

/// Resamples of an interval over series, and the seed of their draw.
const RESAMPLES: usize = 2_000;
const RESAMPLE_SEED: u64 = 7;

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
