//! Variance: actual against filed, per month, record, workload and model, and why.
//!
//! Invariants: every actual dollar of the compared months is in exactly one row; `amount` is `actual - projected` and
//! the causes of a row add up to it, both to the last digit; the causes do not depend on any order.
//!
//! The causes are Shapley values over all drivers at once: each driver's effect on the cost, averaged over every order
//! in which they could have changed. `docs/variance.md` says why this convention, and works an example.
//! - The unit of comparison is a group: the inference, or the accelerators, of one record in one month.
//! - `volume` is more or fewer input and output tokens, or chip-hours, of the group as a whole; `mix` another share of
//!   its models, or instance types, in them. The rows of a group share both, and add up to the group's.
//! - `cache` is another split of input into plain, read from and written to the cache; `batch` another share of batch;
//!   `routing` another share of in-region routing.
//! - `price` is what was paid, less the same at the prices of the filing's day. Flex and priority have no filed price of
//!   their own, so their premium or discount is a price effect.
//! - `other` is everything the drivers do not explain: spend outside the filing, plain amounts, rows without a metered
//!   quantity, reserved capacity among them.
//! - Each cause is rounded at [`PLAN_SCALE`](crate::billing::price::PLAN_SCALE) digits; what rounding leaves goes to
//!   the largest cause, ties by name.

mod causes;
mod compared;
mod drivers;
mod row;
mod shapley;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use self::compared::Row;
pub(crate) use self::compared::{Elapsed, MOST_MONTHS};
pub use self::row::{Causes, Variance};
use super::projection::{ActualCost, Attribution, FiledProjection, OUTSIDE, PlannedMonth};
use crate::billing::price::PriceBook;
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::workload::Workload;

/// What is compared as a whole.
type Group = (BillingPeriod, String, Workload);

/// The rows of a group, by model.
type Rows<'a> = BTreeMap<Option<String>, Row<'a>>;

fn row<'r, 'a>(groups: &'r mut BTreeMap<Group, Rows<'a>>, group: Group, model: Option<&String>) -> &'r mut Row<'a> {
    let workload = group.2;
    let empty = || Row { workload, model: model.cloned(), planned: Vec::new(), actuals: Vec::new() };
    groups.entry(group).or_default().entry(model.cloned()).or_insert_with(empty)
}

/// Compares actual spend with the plan, from the filing's first month, five years back at most, through the month of
/// `data_through`, inclusive.
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
    let first = filing.first_month().max(newest.plus_months(1 - MOST_MONTHS));
    let attribution = Attribution::of(filing);
    let compared = |month: BillingPeriod| first <= month && month <= newest;
    let mut groups: BTreeMap<Group, Rows<'_>> = BTreeMap::new();
    for plan in planned.iter().filter(|plan| compared(plan.month)) {
        let group = (plan.month, plan.record.clone(), plan.workload);
        row(&mut groups, group, plan.model.as_ref()).planned.push(plan);
    }
    for actual in actuals.iter().filter(|actual| compared(actual.month)) {
        let group = (actual.month, attribution.record(actual).to_owned(), actual.workload);
        row(&mut groups, group, actual.model.as_ref()).actuals.push(actual);
    }
    let compared = groups.iter().flat_map(|(group, rows)| compare(group, rows, filing, book, data_through));
    compared.filter(|variance| !variance.projected.is_zero() || !variance.actual.is_zero()).collect()
}

fn compare(
    (month, record, workload): &Group,
    rows: &Rows<'_>,
    filing: &FiledProjection,
    book: &PriceBook,
    data_through: NaiveDate,
) -> Vec<Variance> {
    let elapsed = Elapsed::of(*month, data_through);
    let rows: Vec<&Row<'_>> = rows.values().collect();
    // What no record claims was not planned: there is nothing to explain it with.
    let causes = if record == OUTSIDE {
        rows.iter().map(|row| Causes { other: row.amount(elapsed), ..Causes::default() }).collect()
    } else {
        causes::explain(&rows, elapsed, filing, book)
    };
    let compared = |(row, causes): (&&Row<'_>, Causes)| {
        let (projected, actual) = (row.projected(elapsed), row.actual());
        Variance {
            month: *month,
            record: record.clone(),
            workload: *workload,
            model: row.model.clone(),
            projected,
            actual,
            amount: actual - projected,
            percent: percent(actual - projected, projected),
            favourable: (actual != projected).then_some(actual < projected),
            causes,
        }
    };
    rows.iter().zip(causes).map(compared).collect()
}

/// `amount` in percent of `projected`, one digit, half to even.
fn percent(amount: Money, projected: Money) -> Option<Decimal> {
    let ratio = amount.ratio(projected)?;
    Some((ratio * Decimal::ONE_HUNDRED).round_dp_with_strategy(1, RoundingStrategy::MidpointNearestEven))
}
