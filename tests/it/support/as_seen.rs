//! What AWS shows of costs that it does not know whole yet.

use chrono::NaiveDate;
use glidepath::domain::values::money::Money;
use glidepath::store::PulledCosts;

/// What it shows on `today`: of yesterday and today a part, of the days before them a correction, for a week.
pub fn as_seen_on(today: NaiveDate, mut costs: PulledCosts) -> PulledCosts {
    let seen = |day: NaiveDate, cost: Money| match (today - day).num_days() {
        0 | 1 => cost.per(2),
        2..=6 => cost + Money::from_micros(100),
        _ => cost,
    };
    costs.usage.iter_mut().for_each(|row| row.cost = seen(row.day, row.cost));
    costs.charges.iter_mut().for_each(|row| row.billed_cost = seen(row.day, row.billed_cost));
    costs
}
