//! How far forecasts were off before: the errors that the odds of an outlook are learnt from.
//!
//! `config/outlook/errors.csv` holds, for 30 public daily series, the log of actual over forecast spend at several
//! horizons, for forecasts made once a month and in the first weeks. It is written by `glidepath backtest`, so anyone can
//! make it again. A forecast of one of those series never learns from that series.

use crate::forecast::HORIZONS;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::law::{ErrorLaw, Noise, Sample};
use super::method::Method;
use super::series::{History, WEEK};

/// Ages in days at which young forecasts were made. An account learns from the eldest that is not beyond its own age.
const YOUNG_AGES: [usize; 6] = [1, 3, 7, 14, 28, 42];
/// Errors beyond a factor of twenty say that spend began or ended, not how far a rate drifts.
const LARGEST_ERROR: f64 = 3.0;
/// Swings are never taken for smaller than they are with this added in quadrature, so that a calm account stays humble.
const LEAST_SWING: f64 = 0.1;

/// The swing that a level is taken to have until its own is known, and the weeks that this counts as.
const USUAL_SWING: f64 = 0.13;
/// The same of an account whose whole past is that level: most that begin go on to grow. In its first two weeks and later.
const NEW_SWING: (f64, f64) = (0.35, 0.135);
/// Most accounts that begin go on to grow: their odds are so much wider above the middle, and narrower below it.
const LEAN: (f64, f64) = (1.4, 0.4);
const PRIOR_WEEKS: f64 = 4.0;
/// No account is taken to swing by more: what moves further from week to week are occurrences, and no level that drifts.
const LARGEST_SWING: f64 = 0.4;

/// What a level that is known for less than eight weeks came after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Another level, or a cadence.
    Change,
    /// Nothing: the account has been there for so many days.
    Beginning(usize),
}

impl Since {
    fn usual_swing(self) -> f64 {
        match self {
            Since::Change => USUAL_SWING,
            Since::Beginning(days) if days < 2 * WEEK => NEW_SWING.0,
            Since::Beginning(_) => NEW_SWING.1,
        }
    }
}

/// One forecast that was made, and how it turned out.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// How it was made.
    pub method: Method,
    /// Of which series.
    pub series: String,
    /// Days known when it was made.
    pub known_days: usize,
    /// [`History::swing`] when it was made; `None` while the series was young.
    pub swing: Option<f64>,
    /// Natural log of actual over forecast cumulative spend, per horizon; `None` where the series ends before.
    pub errors: [Option<f64>; HORIZONS.len()],
}

/// Everything that is known of past errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    observations: Vec<Observation>,
}

/// A file of errors that cannot be read.
#[derive(Debug, Error)]
pub enum EvidenceError {
    /// Not the CSV that was expected.
    #[error("the file of forecast errors cannot be read: {0}")]
    Csv(#[from] csv::Error),
    /// A method that this program does not know.
    #[error("the file of forecast errors, line {line}: no method is called `{name}`")]
    Method {
        /// Line in the file.
        line: u64,
        /// What stood there.
        name: String,
    },
}

impl Evidence {
    /// The evidence that the program ships with.
    pub fn builtin() -> Self {
        Evidence::parse(include_str!("../../../config/outlook/errors.csv")).expect("the compiled-in errors are valid")
    }

    /// Forecasts each series with `methods` at its origins (positions of the newest day known) and at the young ages,
    /// and notes how far off they were.
    pub fn learn<'a>(series: impl IntoIterator<Item = (&'a str, &'a [f64], &'a [usize])>, methods: &[Method]) -> Self {
        let mut observations = Vec::new();
        for (id, values, origins) in series {
            for &method in methods {
                let known = origins.iter().map(|origin| origin + 1);
                observations.extend(known.filter_map(|known| observe(method, id, values, known, false)));
                observations.extend(YOUNG_AGES.iter().filter_map(|known| observe(method, id, values, *known, true)));
            }
        }
        Evidence { observations }
    }

    /// Only the observations of `methods`.
    #[must_use]
    pub fn of_methods(&self, methods: &[Method]) -> Self {
        let kept = self.observations.iter().filter(|seen| methods.contains(&seen.method));
        Evidence { observations: kept.cloned().collect() }
    }

    /// Every observation.
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// The law that the errors of `method` follow for an account with `history`, learnt from all series but `without`.
    pub fn law(&self, method: Method, history: History, without: Option<&str>) -> ErrorLaw {
        let swing = history.swing().map(|swing| swing.min(LARGEST_SWING));
        let age = YOUNG_AGES.into_iter().rev().find(|age| *age <= history.days()).unwrap_or(YOUNG_AGES[0]);
        let alike = self.observations.iter().filter(|seen| {
            let young = seen.swing.is_none() && seen.known_days == age;
            seen.method == method
                && without != Some(seen.series.as_str())
                && if swing.is_some() { seen.swing.is_some() } else { young }
        });
        let samples: Vec<Sample> = alike
            .map(|seen| {
                let scale = scale(seen.swing);
                Sample { series: &seen.series, errors: seen.errors.map(|error| error.map(|error| error / scale)) }
            })
            .collect();
        ErrorLaw::learn(&samples, scale(swing), drift(history))
    }

    /// The law for a level that is known for so short that its own `swing` rests on few `changes`: the errors of established
    /// streams, with a usual swing until the account's own is known.
    pub fn level_law(&self, swing: f64, changes: usize, noise: Noise, since: Since, without: Option<&str>) -> ErrorLaw {
        let changes = changes as f64;
        // Chance in single days moves weeks too, and is no swing of the level.
        let by_chance = 2.0 * noise.of_one.powi(2) * noise.distance / (WEEK as f64).max(noise.distance);
        let own = (swing.powi(2) - by_chance).max(0.0);
        let squares = changes * own + PRIOR_WEEKS * since.usual_swing().powi(2);
        let swing = (squares / (changes + PRIOR_WEEKS)).sqrt().min(LARGEST_SWING);
        let alike = self.observations.iter().filter(|seen| {
            seen.method == Method::Combination && without != Some(seen.series.as_str()) && seen.swing.is_some()
        });
        let samples: Vec<Sample> = alike
            .map(|seen| {
                let scale = scale(seen.swing);
                Sample { series: &seen.series, errors: seen.errors.map(|error| error.map(|error| error / scale)) }
            })
            .collect();
        let law = ErrorLaw::learn(&samples, scale(Some(swing)), 0.0).with_noise(noise);
        match since {
            Since::Change => law,
            Since::Beginning(_) => law.leaning(LEAN.0, LEAN.1),
        }
    }

    /// Reads what [`to_csv`](Self::to_csv) wrote. Lines that begin with `#` are comments.
    pub fn parse(text: &str) -> Result<Self, EvidenceError> {
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let mut observations = Vec::new();
        for (at, row) in reader.deserialize().enumerate() {
            let row: Row = row?;
            let name = row.method;
            let method = Method::from_name(&name).ok_or(EvidenceError::Method { line: at as u64 + 2, name })?;
            let errors = [row.d7, row.d14, row.d21, row.d30, row.d60, row.d90, row.d120, row.d180];
            let Row { series_id: series, known_days, swing, .. } = row;
            observations.push(Observation { method, series, known_days, swing, errors });
        }
        Ok(Evidence { observations })
    }

    /// As CSV with a header, four digits after the point.
    pub fn to_csv(&self) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let short = |value: f64| (value * 1e4).round() / 1e4;
        for seen in &self.observations {
            let [d7, d14, d21, d30, d60, d90, d120, d180] = seen.errors.map(|error| error.map(short));
            writer.serialize(Row {
                method: seen.method.as_str().to_owned(),
                series_id: seen.series.clone(),
                known_days: seen.known_days,
                swing: seen.swing.map(short),
                d7,
                d14,
                d21,
                d30,
                d60,
                d90,
                d120,
                d180,
            })?;
        }
        let bytes = writer.into_inner().map_err(|error| error.into_error())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Row {
    method: String,
    series_id: String,
    known_days: usize,
    swing: Option<f64>,
    d7: Option<f64>,
    d14: Option<f64>,
    d21: Option<f64>,
    d30: Option<f64>,
    d60: Option<f64>,
    d90: Option<f64>,
    d120: Option<f64>,
    d180: Option<f64>,
}

/// What errors are divided by to make accounts comparable, and multiplied by to apply to one.
fn scale(swing: Option<f64>) -> f64 {
    swing.map_or(1.0, |swing| swing.hypot(LEAST_SWING))
}

/// What the middle of comparable errors is multiplied by. Errors of the young are not divided by a swing: an account that
/// moved by a tenth a week or more drifts as they did, one that stood still does not.
fn drift(history: History) -> f64 {
    match (history.swing(), history.young_swing()) {
        (Some(swing), _) => swing.min(0.6),
        (None, Some(swing)) => (swing / LEAST_SWING).min(1.0),
        (None, None) => 1.0,
    }
}

/// The forecast that knew the first `known` days, if anything followed; `young` ones must be young, others must not.
fn observe(method: Method, id: &str, values: &[f64], known: usize, young: bool) -> Option<Observation> {
    let (past, future) = values.split_at_checked(known)?;
    let history = History(past);
    if history.swing().is_none() != young || future.len() < WEEK {
        return None;
    }
    let forecast = method.daily(history, HORIZONS[HORIZONS.len() - 1]);
    let sum = |values: &[f64]| values.iter().sum::<f64>().max(1e-9);
    let errors = HORIZONS.map(|days| {
        let actual = future.get(..days)?;
        Some((sum(actual) / sum(&forecast[..days])).ln().clamp(-LARGEST_ERROR, LARGEST_ERROR))
    });
    Some(Observation { method, series: id.to_owned(), known_days: known, swing: history.swing(), errors })
}
