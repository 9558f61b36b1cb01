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
    let (_fake, engine, view) = year().await;
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

    // Five to nine weeks after today.
    let p50 = position.exhaustion.total.p50.unwrap();
    let today = startup::TODAY.date_naive();
    assert!(plus_days(today, 35) <= p50 && p50 <= plus_days(today, 63), "{p50}");
    assert!(position.exhaustion.total.p10.unwrap() <= p50);

    assert_eq!(position.data_quality.unclassified_cost, Money::ZERO);
    let gap = position.data_quality.reconciliation_gap;
    eprintln!("gap {gap} drawn {}", position.spend.credit_to_date);
    eprintln!("findings {:#?}", position.findings);
    eprintln!("filing {:?}", position.filing);
    let _ = engine;
}
