//! A planned model under every name that AWS bills it by: profiles and tiers belong to the record that plans it, and the
//! difference is divided into causes without a rest.

use glidepath::demo::FakeAccount;
use glidepath::domain::filing::projection::OUTSIDE;
use glidepath::domain::filing::variance::Causes;
use glidepath::domain::position::Position;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::workload::{Direction, Routing, Tier, Workload};

use super::support::*;

const SERVICE: &str = "Amazon Bedrock Service";
/// 310 million input and 31 million output tokens a month through a geographic profile: 2,557.50 USD.
const FILING: &str = r#"
filed_on = "2026-10-01"
asked_for = "genai-tier"
[[record]]
id = "ai"
[[record.tokens]]
model = "Claude Opus 4.6"
monthly = [{ from = "2026-10", input_millions = 310, output_millions = 31 }]
routing = "in_region"
"#;

/// One line of the bill on every day of October and on the first of November.
fn daily(account: FakeAccount, usage_type: &str, unit: &str, quantity: &str, cost: &str) -> FakeAccount {
    days("2026-10-01", "2026-11-05")
        .fold(account, |account, day| account.usage(&day.to_string(), SERVICE, usage_type, unit, quantity, cost))
}

/// The position on the day after the projection was filed.
async fn filed(account: FakeAccount) -> Position {
    let world = World::new(account).await;
    world.cycle("2026-11-05").await;
    world.engine.file_projection(morning("2026-11-05"), FILING.to_owned()).await.unwrap();
    world.cycle("2026-11-06").await;
    world.position().await
}

fn october(position: &Position) -> (Money, Money, Causes) {
    let october: Vec<_> = position.variance.iter().filter(|row| row.month.to_string() == "2026-10").collect();
    assert!(october.iter().all(|row| row.record != OUTSIDE), "nothing is outside: {october:?}");
    let [row] = october[..] else { panic!("one row: {october:?}") };
    assert_eq!((row.record.as_str(), row.model.as_deref()), ("ai", Some("Claude Opus 4.6")));
    (row.projected, row.actual, row.causes.clone())
}

#[tokio::test]
async fn spend_through_a_geographic_profile_is_as_filed() {
    let account = FakeAccount::new(ACCOUNT);
    let account =
        daily(account, "USE1-Claude4.6Opus-input-tokens-cross-region-geo", "1K tokens", "10000.000", "55.0000");
    let account =
        daily(account, "USE1-Claude4.6Opus-output-tokens-cross-region-geo", "1K tokens", "1000.000", "27.5000");
    let position = filed(account).await;
    assert_eq!(october(&position), (money("2557.5"), money("2557.5"), Causes::default()));
    for key in ["unclassified_spend", "projection_inflated", "commitment_unmet"] {
        assert!(!keys(&position.findings).iter().any(|found| found.starts_with(key)), "{key}");
    }
    assert!(position.data_quality.unclassified.is_empty());
    for row in &position.workloads {
        assert_eq!((row.routing, row.tier), (Some(Routing::InRegion), Some(Tier::OnDemand)), "{row:?}");
    }
}

#[tokio::test]
async fn spend_in_every_tier_belongs_to_the_record_of_its_model() {
    // At list prices but flex, which is half of them, and priority, which is a quarter above.
    let lines = [
        ("input-tokens-cross-region-geo", "1K tokens", "4000", "22"),
        ("input-tokens-cross-region-global", "1K tokens", "1000", "5"),
        ("input-tokens-flex", "1K tokens", "2000", "5.5"),
        ("input-tokens-batch", "1K tokens", "1000", "2.75"),
        ("cache-read-input-token-count-cross-region-geo", "1K tokens", "2000", "1.1"),
        ("output-tokens-priority", "1K tokens", "1000", "34.375"),
        ("reserved-1-month-input-tokens-per-minute-cross-region-geo", "1K TPM Hour", "24", "12"),
    ];
    let account = lines.iter().fold(FakeAccount::new(ACCOUNT), |account, (meter, unit, quantity, cost)| {
        daily(account, &format!("USE1-Claude4.6Opus-{meter}"), unit, quantity, cost)
    });
    let position = filed(account).await;
    let (projected, actual, causes) = october(&position);
    let a_day: Money = lines.iter().map(|(_, _, _, cost)| money(cost)).sum();
    assert_eq!((projected, actual), (money("2557.5"), a_day.times(31.into())));
    let Causes { volume, mix, price, cache, batch, routing, other } = causes;
    assert_eq!(volume + mix + price + cache + batch + routing + other, actual - projected);
    // As many tokens as filed, of one model: what differs is where, how and at what price.
    assert_eq!((volume, mix), (Money::ZERO, Money::ZERO));
    for (cause, amount) in [("cache", cache), ("batch", batch), ("routing", routing)] {
        assert!(amount.is_negative(), "{cause} is cheaper: {amount}");
    }
    assert!(!price.is_zero(), "flex is cheaper and priority dearer than what was filed");
    let off = (other - times("12", 31)).abs();
    assert!(off < money("0.000000001"), "capacity is what no token explains: {other}");

    let reserved: Vec<_> = position.workloads.iter().filter(|row| row.tier == Some(Tier::Reserved)).collect();
    let [reserved] = reserved[..] else { panic!("one row: {reserved:?}") };
    assert_eq!((reserved.workload, reserved.direction), (Workload::BedrockInference, None));
    assert_eq!((reserved.model.as_deref(), reserved.unit.as_deref()), (Some("Claude Opus 4.6"), Some("1K TPM Hour")));
    let outputs = position.workloads.iter().filter(|row| row.direction == Some(Direction::Output));
    assert!(outputs.into_iter().all(|row| row.tier == Some(Tier::Priority)));
}
