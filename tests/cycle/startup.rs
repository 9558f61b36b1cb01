//! The fictional startup's year, ingested in one cycle.

use glidepath::cycle::{Engine, View};
use glidepath::demo::{FakeAws, startup};
use glidepath::domain::facts::Outcome;
use glidepath::domain::money::Money;
use glidepath::domain::period::plus_days;
use glidepath::domain::position::PoolStatus;
use glidepath::store::Store;

use super::support::*;

async fn year() -> (FakeAws, Engine, View) {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let config = config_of("[store]\npath = \"unused.duckdb\"\n[aws]\ntax_rate = \"0.20\"\n");
    let engine = engine(&fake, Store::in_memory().unwrap(), config);
    engine.file_projection(startup::TODAY, startup::PROJECTION_TOML.to_owned()).await.unwrap();
    let report = engine.cycle(startup::TODAY).await.unwrap().unwrap();
    assert_eq!((report.costs, report.credits), (Outcome::Ok, Outcome::Ok));
    let view = engine.view(None).await.unwrap().unwrap();
    (fake, engine, view)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_year_in_one_cycle() {
    let (_fake, _engine, view) = year().await;
    let position = &view.position;
    assert_eq!(position.data_through, Some(day("2026-11-18")));
    let pools: Vec<_> = position.credits.pools.iter().map(|pool| (pool.id.as_str(), pool.status)).collect();
    assert_eq!(
        pools,
        [
            (startup::POC_ID, PoolStatus::Exhausted),
            (startup::PORTFOLIO_ID, PoolStatus::Exhausted),
            (startup::GENAI_ID, PoolStatus::Active),
        ],
        "in drawing order: by expiry"
    );
    assert_eq!(position.credits.granted, money("425000"));

    // Four to eight weeks after today.
    let p50 = position.exhaustion.total.p50.unwrap();
    let today = startup::TODAY.date_naive();
    assert!(plus_days(today, 28) <= p50 && p50 <= plus_days(today, 56), "{p50}");
    assert!(position.exhaustion.total.p10.unwrap() <= p50);

    assert_eq!(position.data_quality.unclassified_cost, Money::ZERO);
    // Replay draws day by day in the order in which the fake settles, and the lists are the same: nothing to explain.
    assert_eq!(position.data_quality.reconciliation_gap, Money::ZERO);
    assert_eq!(position.credits.granted + position.spend.credit_to_date, position.credits.remaining);
    // The credit ends within the 42 days that the next award takes; and nobody says whether the proof of concept,
    // whose list AWS leaves out, would have paid for dashboards.
    assert_eq!(keys(&position.findings), ["exhaustion:total", "coverage_unknown:services"]);
    assert!(finding(position, "coverage_unknown:services").summary.contains("Amazon QuickSight"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_dollar_since_the_filing_is_in_one_record_or_outside() {
    let (_fake, engine, view) = year().await;
    let facts = engine.store().facts(startup::TODAY, "USD".to_owned()).await.unwrap();
    let compared = facts.charges.iter().filter(|row| day("2026-02-01") <= row.day && row.day <= day("2026-11-18"));
    let gross: Money = compared
        .filter(|row| {
            let record_type = facts.charge_kinds[row.kind].record_type.as_str();
            !matches!(record_type, "Credit" | "Refund" | "Tax")
        })
        .map(|row| row.cost)
        .sum();
    let variance = &view.position.variance;
    let (outside, attributed): (Vec<_>, Vec<_>) = variance.iter().partition(|row| row.record == "outside");
    let sum = |rows: &[&glidepath::domain::position::Variance]| rows.iter().map(|row| row.actual).sum::<Money>();
    assert!(sum(&outside).is_positive() && sum(&attributed).is_positive());
    assert_eq!(sum(&outside) + sum(&attributed), gross);
    for row in variance {
        assert_eq!(row.actual - row.projected, row.amount);
        let causes = &row.causes;
        let explained = causes.volume + causes.mix + causes.price + causes.cache + causes.batch + causes.routing;
        assert_eq!(explained + causes.other, row.amount, "{row:?}");
    }
}
