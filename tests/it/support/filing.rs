//! A small filing, and bills to compare with it.

use chrono::NaiveDate;
use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::filing::projection::{ActualCost, FiledProjection, PlannedMonth, plan};
use glidepath::domain::values::money::{Money, Quantity};
use glidepath::domain::values::period::BillingPeriod;
use glidepath::domain::values::workload::{Direction, Routing, Tier, Workload};
use proptest::prelude::*;
use rust_decimal::Decimal;

pub const GOOD: &str = include_str!("../../config/projection/good.toml");
pub const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
pub const RDS: &str = "Amazon Relational Database Service";

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn month(text: &str) -> BillingPeriod {
    text.parse().unwrap()
}

pub fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

pub fn service_of(model: &str) -> String {
    if model.starts_with("Claude") { format!("{model} (Amazon Bedrock Edition)") } else { "Amazon Bedrock".to_owned() }
}

pub fn good() -> FiledProjection {
    FiledProjection::parse(GOOD).unwrap()
}

pub fn planned(filing: &FiledProjection, months: i32) -> Vec<PlannedMonth> {
    let first = filing.first_month();
    plan(filing, &PriceBook::builtin(), first..first.plus_months(months), service_of).months
}

pub fn cost(service: &str, workload: Workload, cost: &str) -> ActualCost {
    ActualCost {
        month: month("2026-02"),
        service: service.to_owned(),
        workload,
        model: None,
        instance_type: None,
        direction: None,
        tier: None,
        routing: None,
        cache_lifetime: None,
        cost: usd(cost),
        quantity: None,
        unit: None,
    }
}

pub fn tokens(direction: Direction, millions: &str, paid: &str) -> ActualCost {
    let quantity: Quantity = millions.parse().unwrap();
    ActualCost {
        model: Some("Claude Sonnet 5".to_owned()),
        direction: Some(direction),
        tier: Some(Tier::OnDemand),
        routing: Some(Routing::Global),
        quantity: Some(quantity.times(Decimal::from(1_000_000))),
        unit: Some("tokens".to_owned()),
        ..cost("Claude Sonnet 5 (Amazon Bedrock Edition)", Workload::BedrockInference, paid)
    }
}

pub fn chip_hours(instance_type: &str, hours: &str, paid: &str) -> ActualCost {
    ActualCost {
        instance_type: Some(instance_type.to_owned()),
        quantity: Some(hours.parse().unwrap()),
        unit: Some("chip_hours".to_owned()),
        ..cost(EC2, Workload::Trainium, paid)
    }
}

pub fn any_filing() -> impl Strategy<Value = FiledProjection> {
    let share = || (0_u32..=100).prop_map(|share| format!("{}.{:02}", share / 100, share % 100));
    let volumes = (0_u32..5_000, 0_u32..900);
    (volumes, -30_i32..=60, share(), share(), any::<bool>(), 0_u32..50_000).prop_map(
        |((input, output), growth, cache_hit, batch, global, hours)| {
            let text = GOOD
                .replace(
                    "input_millions = 400, output_millions = 90",
                    &format!("input_millions = {input}, output_millions = {output}"),
                )
                .replace("\"0.08\"", &format!("\"{}\"", Decimal::new(i64::from(growth), 2)))
                .replace("\"0.40\"", &format!("\"{cache_hit}\""))
                .replace("batch = \"0.0\"", &format!("batch = \"{batch}\""))
                .replace("\"global\"", if global { "\"global\"" } else { "\"in_region\"" })
                .replace("9216", &hours.to_string());
            FiledProjection::parse(&text).expect("the filing is valid")
        },
    )
}
