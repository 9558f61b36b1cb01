//! Trainium: runs of a few days on EC2 and on SageMaker, and one Capacity Block.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use crate::account::Line;

use super::year::{EC2, SAGEMAKER, day, metered, milli, price};

/// First day, instances, days. The last day of a run ends in the afternoon.
const EC2_RUNS: [(NaiveDate, u64, u64); 10] = [
    (day(2026, 3, 10), 4, 4),
    (day(2026, 4, 14), 4, 4),
    (day(2026, 5, 26), 4, 5),
    (day(2026, 6, 16), 4, 5),
    (day(2026, 7, 13), 4, 5),
    (day(2026, 7, 27), 2, 4),
    (day(2026, 8, 17), 4, 5),
    (day(2026, 9, 14), 4, 5),
    (day(2026, 10, 12), 3, 4),
    (day(2026, 11, 9), 5, 3),
];
const SAGEMAKER_RUNS: [(NaiveDate, u64, u64); 5] = [
    (day(2026, 4, 21), 2, 3),
    (day(2026, 6, 2), 2, 4),
    (day(2026, 8, 3), 2, 4),
    (day(2026, 9, 28), 2, 4),
    (day(2026, 10, 27), 2, 3),
];

/// Every training line of the year. SageMaker publishes a price above EC2's 21.50; the one here is the startup's own.
pub(super) fn lines() -> Vec<Line> {
    let mut lines = runs(&EC2_RUNS, EC2, "BoxUsage:trn1.32xlarge", "21.5");
    lines.extend(runs(&SAGEMAKER_RUNS, SAGEMAKER, "USE1-Train:ml.trn1.32xlarge", "24.725"));
    lines.extend(capacity_block());
    lines
}

fn runs(runs: &[(NaiveDate, u64, u64)], service: &str, usage_type: &str, usd: &str) -> Vec<Line> {
    runs.iter()
        .flat_map(|&(first, instances, length)| (0..length).map(move |index| (first, instances, length, index)))
        .map(|(first, instances, length, index)| {
            // Hours in thousandths: the last day ends at half past two.
            let hours = if index + 1 == length { 14_500 } else { 24_000 };
            metered(first + Days::new(index), service, usage_type, "Hrs", milli(instances * hours), usd)
        })
        .collect()
}

/// Four trn2.48xlarge for three days: paid upfront in one lump, which credits do not pay; the hours then cost nothing.
fn capacity_block() -> Vec<Line> {
    let instance_hours = Decimal::from(4 * 24 * 3);
    let fee = Line {
        record_type: "Upfront".to_owned(),
        cost: instance_hours * price("35.76"),
        ..metered(day(2026, 9, 18), EC2, "USE2-CapacityBlockFee:trn2.48xlarge", "Hrs", Decimal::ONE, "0")
    };
    let hours = (22..=24)
        .map(|on| metered(day(2026, 9, on), EC2, "USE2-BoxUsage:trn2.48xlarge", "Hrs", Decimal::from(4 * 24), "0"));
    std::iter::once(fee).chain(hours).collect()
}
