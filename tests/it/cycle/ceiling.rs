//! The watcher's own bill: a ceiling that no restart resets, and figures that count what AWS charges for.

use glidepath::demo::{FakeAws, Fault, Operation};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::store::Store;

use super::support::*;

#[tokio::test]
async fn the_ceiling_outlives_the_store_and_counts_retries() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.duckdb");
    let fake = FakeAws::start(small_account(), morning("2026-03-20")).await.unwrap();
    let capped = || {
        let mut config = config();
        config.paid_requests_per_day = 6;
        config
    };
    let left = |fake: &FakeAws| {
        let requests = fake.requests();
        requests.iter().filter(|request| request.operation == Operation::GetCostAndUsage).count()
    };
    {
        // The newest days, and all before them.
        let engine = engine(&fake, Store::open(&path).unwrap(), config());
        assert_eq!(engine.cycle(morning("2026-03-20")).await.unwrap().unwrap().costs, Outcome::Ok);
        assert_eq!(left(&fake), 4);
    }
    {
        // The money takes an attempt that AWS throttles and one that it answers; the detail would be the seventh.
        let engine = engine(&fake, Store::open(&path).unwrap(), capped());
        fake.inject(Fault::Throttled.on(Operation::GetCostAndUsage));
        fake.set_now(at("2026-03-20T12:00:00Z"));
        let report = engine.cycle(at("2026-03-20T12:00:00Z")).await.unwrap().unwrap();
        let Outcome::Failed { message, .. } = &report.costs else { panic!("{:?}", report.costs) };
        assert!(message.starts_with("6 of 6 paid Cost Explorer requests are used today"), "{message}");
        assert_eq!(left(&fake), 6);
        let counted = engine.store().paid_requests(day("2026-03-20")).await.unwrap();
        assert_eq!((counted.sent_today, counted.charged_month), (6, 5), "AWS charges for no refusal");
        let quality = engine.view(None).await.unwrap().unwrap().position.data_quality;
        assert_eq!((quality.paid_requests_today, quality.usd_spent_asking_month), (5, money("0.05")));
    }
    {
        let engine = engine(&fake, Store::open(&path).unwrap(), capped());
        fake.set_now(at("2026-03-20T18:00:00Z"));
        let report = engine.cycle(at("2026-03-20T18:00:00Z")).await.unwrap().unwrap();
        assert!(matches!(report.costs, Outcome::Failed { .. }));
        assert_eq!(left(&fake), 6, "nothing leaves any more on this day");

        fake.set_now(morning("2026-03-21"));
        let report = engine.cycle(morning("2026-03-21")).await.unwrap().unwrap();
        assert_eq!(report.costs, Outcome::Ok, "a new day, a new count");
        let quality = engine.view(None).await.unwrap().unwrap().position.data_quality;
        assert_eq!((quality.paid_requests_today, quality.usd_spent_asking_month), (2, money("0.07")));
        let before = engine.view(Some(at("2026-03-20T18:00:00Z"))).await.unwrap().unwrap();
        assert_eq!(before.position.data_quality.paid_requests_today, 5);
    }
    assert_eq!(fake.requests().iter().filter(|request| request.paid).count(), 7, "as AWS counts");
}

#[tokio::test]
async fn a_new_month_starts_at_nothing() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-31").await;
    world.cycle("2026-04-01").await;
    let quality = world.position().await.data_quality;
    assert_eq!((quality.paid_requests_today, quality.usd_spent_asking_month), (2, money("0.02")));
}

#[tokio::test]
async fn an_answer_that_never_came_counts_as_charged() {
    // Four attempts at the money, each charged when its header came and cut off after it.
    let world = World::new(small_account()).await;
    world.fake.inject(Fault::CutBody.on(Operation::GetCostAndUsage).always());
    let report = world.cycle("2026-03-20").await;
    assert!(matches!(report.costs, Outcome::Failed { .. }));
    let attempts = world.asked().len() as u64;
    assert_eq!(world.position().await.data_quality.paid_requests_today, attempts);
}
