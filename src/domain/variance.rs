//! Variance: actual against filed, per month, record, workload and model, and why.
//!
//! Invariants: every actual dollar of the compared months is in exactly one row; `amount` is `actual - projected` and
//! the causes of a row add up to it, both to the last digit; the causes do not depend on any order.
//!
//! What the causes mean, and which convention divides them:
//! - `price` is taken at actual quantities: what was paid, less the same quantities at the prices of the filing's day
//!   (standard costing's price variance). Another tier than batch has no filed price of its own, so its premium or
//!   discount is a price effect; so is a cache write's lifetime where the book has no price for it.
//! - `volume`, `cache`, `batch` and `routing` divide what is left, all at the filing's prices: more or fewer input and
//!   output tokens; another split of input into plain, read from and written to the cache; another share of batch;
//!   another share of in-region routing. Each gets its Shapley value: its effect averaged over every order of
//!   changing the four (A. Shorrocks, "Decomposition procedures for distributional analysis", Journal of Economic
//!   Inequality 11, 2013). A change of a single one is attributed to that one in full.
//! - For accelerators `volume` is the difference in chip-hours at the filed rate, `price` the rest.
//! - `mix`, a shift between models of a record, is not separated from `volume` yet and is zero.
//! - `other` is everything the drivers do not explain: spend outside the filing, plain amounts, rows without a metered
//!   quantity, and shares that differ between directions (more batch in output than in input).
//! - Each cause is rounded at [`PLAN_SCALE`](crate::domain::price::PLAN_SCALE) digits; what rounding leaves goes to
//!   the largest cause, ties by the order of the fields.

mod causes;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use rust_decimal::{Decimal, RoundingStrategy};

use super::money::Money;
use super::period::BillingPeriod;
use super::position::Variance;
use super::price::{PriceBook, plan_money};
use super::projection::{ActualCost, FiledProjection, PlannedMonth, attribute};
use super::workload::Workload;

/// One row's identity: what the plan and the bill have in common.
type Key = (BillingPeriod, String, Workload, Option<String>);

/// What was planned and what was billed under one key.
#[derive(Default)]
struct Row<'a> {
    planned: Vec<&'a PlannedMonth>,
    actuals: Vec<&'a ActualCost>,
}

/// Compares actual spend with the plan, from the filing's first month through the month of `data_through`, inclusive.
///
/// The newest month's plan is pro-rated by its complete days; `actuals` of that month are taken to run through
/// `data_through`. Rows are in order of month, record, workload and model; a row of zeros is left out.
pub fn variance(
    planned: &[PlannedMonth],
    actuals: &[ActualCost],
    filing: &FiledProjection,
    book: &PriceBook,
    data_through: NaiveDate,
) -> Vec<Variance> {
    let newest = BillingPeriod::of(data_through);
    let compared = |month: BillingPeriod| filing.first_month() <= month && month <= newest;
    let mut rows: BTreeMap<Key, Row<'_>> = BTreeMap::new();
    for plan in planned.iter().filter(|plan| compared(plan.month)) {
        let key = (plan.month, plan.record.clone(), plan.workload, plan.model.clone());
        rows.entry(key).or_default().planned.push(plan);
    }
    for actual in actuals.iter().filter(|actual| compared(actual.month)) {
        let record = attribute(filing, actual).to_owned();
        let key = (actual.month, record, actual.workload, actual.model.clone());
        rows.entry(key).or_default().actuals.push(actual);
    }
    rows.into_iter()
        .map(|(key, row)| compare(key, &row, filing, book, data_through))
        .filter(|variance| !variance.projected.is_zero() || !variance.actual.is_zero())
        .collect()
}

fn compare(key: Key, row: &Row<'_>, filing: &FiledProjection, book: &PriceBook, data_through: NaiveDate) -> Variance {
    let (month, record, workload, model) = key;
    let elapsed = Elapsed::of(month, data_through);
    let projected: Money = row.planned.iter().map(|plan| elapsed.share_of(plan.cost)).sum();
    let actual: Money = row.actuals.iter().map(|actual| actual.cost).sum();
    let amount = actual - projected;
    let causes = causes::explain(row, elapsed, amount, filing, book);
    Variance { month, record, workload, model, projected, actual, amount, percent: percent(amount, projected), causes }
}

/// How much of a month is complete.
#[derive(Debug, Clone, Copy)]
struct Elapsed {
    days: Decimal,
    of: Decimal,
}

impl Elapsed {
    fn of(month: BillingPeriod, data_through: NaiveDate) -> Self {
        let whole = month.days();
        let complete = if BillingPeriod::of(data_through) == month { i64::from(data_through.day()) } else { whole };
        Elapsed { days: Decimal::from(complete), of: Decimal::from(whole) }
    }

    /// Multiplies before it divides, so that a whole month is taken exactly.
    fn share(self, value: Decimal) -> Decimal {
        value * self.days / self.of
    }

    fn share_of(self, cost: Money) -> Money {
        plan_money(self.share(cost.amount()))
    }
}

/// `amount` in percent of `projected`, one digit, half to even.
fn percent(amount: Money, projected: Money) -> Option<Decimal> {
    let ratio = amount.ratio(projected)?;
    Some((ratio * Decimal::ONE_HUNDRED).round_dp_with_strategy(1, RoundingStrategy::MidpointNearestEven))
}
