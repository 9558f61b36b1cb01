//! What is asked of a series, and the answers.

use crate::forecast::{Evidence, Forecast, History, Method, Plan};
use crate::values::period::plus_days;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use thiserror::Error;

/// Days after an origin that are forecast.
pub const FORECAST_DAYS: usize = 90;
/// A credit that lasts longer than this has no date.
pub const DATE_LIMIT_DAYS: usize = 365;

/// A daily series without gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name.
    pub id: String,
    /// Its first day.
    pub first: NaiveDate,
    /// US dollars a day.
    pub daily: Vec<f64>,
}

/// A forecast is asked for, knowing everything up to and including `origin`.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Of which series.
    pub series: String,
    /// Newest day known.
    pub origin: NaiveDate,
}

/// A date is asked for: `credit` pays from the first day of the series.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Of which series.
    pub series: String,
    /// Newest day known.
    pub origin: NaiveDate,
    /// US dollars.
    pub credit: f64,
}

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Questions {
    /// The series, by name.
    pub series: BTreeMap<String, Series>,
    /// Forecasts asked for.
    pub origins: Vec<Origin>,
    /// Dates asked for.
    pub cases: Vec<Case>,
    /// What was filed for a series, US dollars by day. It says how young spend grows.
    pub plans: BTreeMap<String, BTreeMap<NaiveDate, f64>>,
}

/// A question that cannot be answered.
#[derive(Debug, Error, PartialEq)]
pub enum QuestionError {
    /// No such series.
    #[error("no series `{series}` in the input, yet a forecast of it is asked for")]
    NoSeries {
        /// The name asked for.
        series: String,
    },
    /// A projection of a series that there is none of.
    #[error("no series `{series}` in the input, yet a projection of it is given")]
    NoPlanned {
        /// The name in the projection.
        series: String,
    },
    /// The origin is not a day of the series.
    #[error("{origin} is not a day of series `{series}`, which runs from {first} through {last}")]
    OutsideSeries {
        /// The series.
        series: String,
        /// The day asked for.
        origin: NaiveDate,
        /// Its first day.
        first: NaiveDate,
        /// Its last day.
        last: NaiveDate,
    },
    /// A day is missing, or there twice, or out of order.
    #[error("series `{series}`: after {after} comes {found}; days must follow each other without a gap")]
    Gap {
        /// The series.
        series: String,
        /// The last day in order.
        after: NaiveDate,
        /// What came instead of the next day.
        found: NaiveDate,
    },
}

/// Cumulative spend from the day after the origin, through each of 90 days.
#[derive(Debug, Clone, PartialEq)]
pub struct SpendAnswer {
    /// The running total of the point forecast.
    pub mean: Vec<f64>,
    /// One chance in ten that less is spent.
    pub p10: Vec<f64>,
    /// One chance in ten that more is spent.
    pub p90: Vec<f64>,
}

/// The day on which a credit is gone: `None` is not within 365 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateAnswer {
    /// One chance in ten that it is gone by then.
    pub p10: Option<NaiveDate>,
    /// One chance in two.
    pub p50: Option<NaiveDate>,
    /// Nine chances in ten.
    pub p90: Option<NaiveDate>,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answerer {
    /// The outlook: the combination behind its skill gate.
    Glidepath,
    /// One method, whatever its skill.
    Only(Method),
}

impl Answerer {
    /// The outlook and the plain methods that it is measured against.
    pub const ALL: [Answerer; 4] = [
        Answerer::Glidepath,
        Answerer::Only(Method::TrailingWeek),
        Answerer::Only(Method::TrailingMonth),
        Answerer::Only(Method::SeasonalNaive),
    ];

    /// The name in the column `method`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Answerer::Glidepath => "glidepath",
            Answerer::Only(method) => method.as_str(),
        }
    }

    fn forecast(self, questions: &Questions, asked: (&Series, usize), days: usize, evidence: &Evidence) -> Forecast {
        let (Series { id, first, daily }, known) = asked;
        let (history, series) = (History(&daily[..known]), id.as_str());
        match self {
            Answerer::Glidepath => {
                let newest = plus_days(*first, known as i64 - 1);
                let forecast = Forecast::make(history, newest, days, evidence, Some(series));
                match questions.plans.get(series) {
                    Some(plan) => forecast.following(&Plan::of(plan, newest, known, days), history),
                    None => forecast,
                }
            }
            Answerer::Only(method) => Forecast::by(method, history, days, evidence, Some(series)),
        }
    }
}

impl Series {
    /// A series of `days` in order. Errors where one is missing or repeated.
    pub fn new(id: &str, days: &[(NaiveDate, f64)]) -> Result<Self, QuestionError> {
        for pair in days.windows(2) {
            if pair[1].0 != plus_days(pair[0].0, 1) {
                return Err(QuestionError::Gap { series: id.to_owned(), after: pair[0].0, found: pair[1].0 });
            }
        }
        let first = days.first().map_or(NaiveDate::MIN, |day| day.0);
        Ok(Series { id: id.to_owned(), first, daily: days.iter().map(|day| day.1).collect() })
    }

    /// Number of days up to and including `day`.
    pub(super) fn known(&self, day: NaiveDate) -> Option<usize> {
        let known = usize::try_from((day - self.first).num_days() + 1).ok()?;
        (1..=self.daily.len()).contains(&known).then_some(known)
    }

    /// Spend of the first `days` days.
    pub(super) fn spent(&self, days: usize) -> f64 {
        self.daily[..days].iter().sum()
    }
}

impl Questions {
    /// The series and the number of its days that are known at `origin`.
    pub(super) fn known(&self, id: &str, origin: NaiveDate) -> Result<(&Series, usize), QuestionError> {
        let series = self.series.get(id).ok_or_else(|| QuestionError::NoSeries { series: id.to_owned() })?;
        let outside = || QuestionError::OutsideSeries {
            series: id.to_owned(),
            origin,
            first: series.first,
            last: plus_days(series.first, series.daily.len() as i64 - 1),
        };
        Ok((series, series.known(origin).ok_or_else(outside)?))
    }

    /// Every problem of the questions, so that none comes up half-way.
    pub fn check(&self) -> Vec<QuestionError> {
        let origins = self.origins.iter().map(|asked| self.known(&asked.series, asked.origin));
        let cases = self.cases.iter().map(|asked| self.known(&asked.series, asked.origin));
        let plans = self.plans.keys().filter(|id| !self.series.contains_key(*id));
        let unplanned = plans.map(|id| QuestionError::NoPlanned { series: id.clone() });
        origins.chain(cases).filter_map(Result::err).chain(unplanned).collect()
    }

    /// What these series themselves say about the errors of `methods`, at the origins that are asked about.
    pub fn evidence(&self, methods: &[Method]) -> Evidence {
        let origins = |series: &Series| {
            let of_series = self.origins.iter().filter(|asked| asked.series == series.id);
            of_series.filter_map(|asked| Some(series.known(asked.origin)? - 1)).collect::<Vec<usize>>()
        };
        let known: Vec<(&Series, Vec<usize>)> = self.series.values().map(|series| (series, origins(series))).collect();
        let asked = known.iter().map(|(series, at)| (series.id.as_str(), series.daily.as_slice(), at.as_slice()));
        Evidence::learn(asked, methods)
    }
}

/// Answers one question about spend.
pub fn spend(
    questions: &Questions,
    asked: &Origin,
    answerer: Answerer,
    evidence: &Evidence,
) -> Result<SpendAnswer, QuestionError> {
    let (series, known) = questions.known(&asked.series, asked.origin)?;
    let forecast = answerer.forecast(questions, (series, known), FORECAST_DAYS, evidence);
    let mean = forecast.cumulative();
    // The odds are those of the error; where all of them lie on one side, the point forecast still lies between.
    let (low, high) = (forecast.cumulative_quantile(0.1), forecast.cumulative_quantile(0.9));
    let p10 = low.iter().zip(&mean).map(|(low, mean)| low.min(*mean)).collect();
    let p90 = high.iter().zip(&mean).map(|(high, mean)| high.max(*mean)).collect();
    Ok(SpendAnswer { mean, p10, p90 })
}

/// Answers one question about a date.
pub fn exhaustion(
    questions: &Questions,
    asked: &Case,
    answerer: Answerer,
    evidence: &Evidence,
) -> Result<DateAnswer, QuestionError> {
    let (series, known) = questions.known(&asked.series, asked.origin)?;
    let forecast = answerer.forecast(questions, (series, known), DATE_LIMIT_DAYS, evidence);
    let left = asked.credit - series.spent(known);
    let day = |p: f64| {
        let reached = forecast.cumulative_quantile(p).iter().position(|spent| *spent >= left)?;
        Some(plus_days(asked.origin, reached as i64 + 1))
    };
    // More spend is an earlier day.
    Ok(DateAnswer { p10: day(0.9), p50: day(0.5), p90: day(0.1) })
}
