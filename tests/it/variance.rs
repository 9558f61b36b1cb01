//! Actual against filed: amounts, and causes that add up. Expected figures are worked out by hand from the list prices.

mod mix;
mod properties;
mod single_model;

use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::filing::projection::{ActualCost, FiledProjection};
use glidepath::domain::filing::variance::{Variance, variance};
use glidepath::domain::values::workload::Workload;

use crate::support::filing::{day, planned};

fn compare(filing: &FiledProjection, actuals: &[ActualCost], through: &str) -> Vec<Variance> {
    variance(&planned(filing, 12), actuals, filing, &PriceBook::builtin(), day(through))
}

fn row<'v>(rows: &'v [Variance], record: &str, workload: Workload) -> &'v Variance {
    rows.iter().find(|row| row.record == record && row.workload == workload).expect("the row exists")
}
