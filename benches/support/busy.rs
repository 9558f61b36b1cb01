//! A busy startup: 40 services, 100 usage types, five pools, and no AWS to ask.

use chrono::{DateTime, NaiveDate, Utc};
use glidepath::domain::facts::credits::CreditSnapshot;
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::plus_days;
use glidepath::store::{CreditPull, IngestRun, PulledCosts};

#[path = "../../tests/it/support/pulls.rs"]
mod pulls;
pub use pulls::{Size, pull};

/// Services and usage types of every day.
pub const SIZE: Size = Size { services: 40, usage_types: 100 };
/// The account that it bills.
pub const ACCOUNT: &str = "111122223333";

/// Pool `number` pays three services of four.
fn credit(number: i64, today: NaiveDate) -> CreditSnapshot {
    let paid = (0..SIZE.services).filter(|service| service % 4 != number as usize);
    CreditSnapshot {
        credit_id: number.to_string(),
        account: ACCOUNT.to_owned(),
        description: format!("Pool {number}"),
        credit_type: "Promotion".to_owned(),
        initial: Money::from_micros(400_000_000_000),
        remaining: None,
        estimated: Some(Money::from_micros(50_000_000_000)),
        currency: "USD".to_owned(),
        starts_on: plus_days(today, -700),
        expires_on: plus_days(today, 60 + 30 * number),
        exhausted_on: None,
        products: Some(paid.map(pulls::service_name).collect()),
        enabled: true,
        application_type: None,
        sharing: None,
        shareable_accounts: Vec::new(),
        purchase_types: None,
    }
}

/// A cycle's answers: `costs` and five pools.
pub fn run(clock: DateTime<Utc>, costs: PulledCosts) -> IngestRun {
    IngestRun {
        clock,
        aws_clock: Some(clock),
        account: Some(ACCOUNT.to_owned()),
        costs: Some(costs),
        costs_outcome: Outcome::Ok,
        credits: CreditPull {
            snapshots: (0..5).map(|number| credit(number, clock.date_naive())).collect(),
            ..CreditPull::default()
        },
        credits_outcome: Outcome::Ok,
    }
}
