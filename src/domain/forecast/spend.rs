//! A forecast of one stream of spend: daily path, odds of its running total.

use super::evidence::Evidence;
use super::gate::Gate;
use super::law::ErrorLaw;
use super::method::Method;
use super::plan::Plan;
use super::series::History;

/// What one stream of spend is said to cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Which method speaks.
    pub method: Method,
    /// Point forecast of each day after the newest, in US dollars.
    pub daily: Vec<f64>,
    /// How far the running total may be off.
    pub law: ErrorLaw,
}

impl Forecast {
    /// Lets the method speak that the [`Gate`] lets through.
    pub fn make(history: History, days: usize, evidence: &Evidence, without: Option<&str>) -> Forecast {
        Forecast::by(Gate::judge(history).speaks, history, days, evidence, without)
    }

    /// Forecasts by a given method, with odds learnt from its errors on every series but `without`.
    pub fn by(method: Method, history: History, days: usize, evidence: &Evidence, without: Option<&str>) -> Forecast {
        Forecast { method, daily: method.daily(history, days), law: evidence.law(method, history, without) }
    }

    /// Lets young spend grow as a filed projection plans it.
    #[must_use]
    pub fn following(mut self, plan: &Plan, history: History) -> Forecast {
        let share = plan.shape(history, &mut self.daily);
        Forecast { law: self.law.told(share), ..self }
    }

    /// The running total of the point forecast.
    pub fn cumulative(&self) -> Vec<f64> {
        let mut total = 0.0;
        let add = |cost: &f64| {
            total += cost;
            total
        };
        self.daily.iter().map(add).collect()
    }

    /// The running total that is not exceeded with probability `p`, by day. It never falls.
    pub fn cumulative_quantile(&self, p: f64) -> Vec<f64> {
        let mut reached: f64 = 0.0;
        let at = |(ahead, total): (usize, f64)| {
            reached = reached.max(total * self.law.quantile((ahead + 1) as f64, p).exp());
            reached
        };
        self.cumulative().into_iter().enumerate().map(at).collect()
    }
}
