//! The skill gate: on an account where the combination did not beat the plain rate, the plain rate speaks.

use super::method::{Method, WEEKS_TO_TREND};
use super::series::{History, WEEK};

/// How far ahead the account's own past forecasts are judged, in days.
const JUDGED_AHEAD: usize = 30;
/// How many weekly forecasts back the gate looks, half a year, and how many it takes to judge at all.
const TRIALS: (usize, usize) = (8, 26);

/// What an account's own past says about the two methods.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// The method that speaks.
    pub speaks: Method,
    /// Past forecasts that were judged; 0 where there are too few to judge.
    pub trials: usize,
    /// Mean absolute log error of the combination over 30 days.
    pub combination_error: f64,
    /// The same of the trailing week.
    pub plain_error: f64,
}

impl Gate {
    /// Forecasts the account's own past, a week apart, and keeps the plain rate where the combination does no better.
    /// An account too young to judge gets the combination, which the pooled evidence favours.
    pub fn judge(history: History) -> Gate {
        let mut gate = Gate { speaks: Method::Combination, trials: 0, combination_error: 0.0, plain_error: 0.0 };
        let youngest = WEEKS_TO_TREND * WEEK;
        let ends: Vec<usize> =
            (youngest..=history.days().saturating_sub(JUDGED_AHEAD)).rev().step_by(WEEK).take(TRIALS.1).collect();
        if ends.len() < TRIALS.0 {
            return gate;
        }
        gate.trials = ends.len();
        for end in ends {
            let (past, future) = history.0.split_at(end);
            let actual: f64 = future[..JUDGED_AHEAD].iter().sum();
            let error = |method: Method| {
                let said: f64 = method.daily(History(past), JUDGED_AHEAD).iter().sum();
                (said.max(1e-9) / actual.max(1e-9)).ln().abs().min(3.0)
            };
            gate.combination_error += error(Method::Combination) / gate.trials as f64;
            gate.plain_error += error(Method::TrailingWeek) / gate.trials as f64;
        }
        if gate.combination_error >= gate.plain_error {
            gate.speaks = Method::TrailingWeek;
        }
        gate
    }
}
