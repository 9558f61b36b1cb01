//! Two outputs of a backtest held against each other, series by series.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::questions::{Case, DATE_LIMIT_DAYS, Questions};
use super::score::{Interval, interval, lead_days};

/// Horizons that are compared, in days.
pub const COMPARED_DAYS: [usize; 2] = [30, 90];
/// An error of a date counts as no more than so many days, so that one of them does not decide.
const LARGEST_DATE_ERROR: f64 = 60.0;

/// What one version answered, as its files hold it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// Cumulative point forecasts by series, origin and day.
    pub spend: BTreeMap<(String, NaiveDate, NaiveDate), f64>,
    /// Middle dates by series and origin; `None` = not within 365 days.
    pub dates: BTreeMap<(String, NaiveDate), Option<NaiveDate>>,
}

/// New less old, in the mean over series with its 95 % interval: errors of spend in shares of what came, at each of
/// [`COMPARED_DAYS`], and errors of dates in days, each of at most 60. Only what both answered is compared.
pub fn against(questions: &Questions, new: &Answers, old: &Answers) -> Vec<Interval> {
    let mut intervals: Vec<Interval> = COMPARED_DAYS
        .into_iter()
        .map(|days| {
            let errors = |answers: &Answers, other: &Answers| spend_errors(questions, answers, other, days);
            interval(format!("wape, {days} days"), &errors(new, old), &errors(old, new))
        })
        .collect();
    let errors = |answers: &Answers, other: &Answers| date_errors(questions, answers, other);
    intervals.push(interval("date error, days".to_owned(), &errors(new, old), &errors(old, new)));
    intervals
}

fn spend_errors(questions: &Questions, answers: &Answers, other: &Answers, days: usize) -> BTreeMap<String, f64> {
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (asked, said) in answers.spend.iter().filter(|(asked, _)| other.spend.contains_key(*asked)) {
        let (id, origin, day) = asked;
        let Some((series, known)) =
            questions.known(id, *origin).ok().filter(|_| (*day - *origin).num_days() == days as i64)
        else {
            continue;
        };
        if let Some(future) = series.daily[known..].get(..days) {
            let came: f64 = future.iter().sum();
            let sum = sums.entry(id.clone()).or_default();
            *sum = (sum.0 + (said - came).abs(), sum.1 + came);
        }
    }
    sums.into_iter().filter(|(_, sum)| sum.1 > 0.0).map(|(id, (error, came))| (id, error / came)).collect()
}

fn date_errors(questions: &Questions, answers: &Answers, other: &Answers) -> BTreeMap<String, f64> {
    let mut errors: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for case in &questions.cases {
        let Case { series, origin, .. } = case;
        let asked = (series.clone(), *origin);
        let both = answers.dates.get(&asked).filter(|_| other.dates.contains_key(&asked));
        if let Some((said, lead)) = both.zip(lead_days(questions, case)) {
            let limit = DATE_LIMIT_DAYS as f64;
            let said = said.map_or(limit, |day| ((day - *origin).num_days() as f64).min(limit));
            errors.entry(series.clone()).or_default().push((said - lead).abs().min(LARGEST_DATE_ERROR));
        }
    }
    errors.into_iter().map(|(id, all)| (id, all.iter().sum::<f64>() / all.len() as f64)).collect()
}
