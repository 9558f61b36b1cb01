//! What a cycle refuses before it costs anything.

use glidepath::demo::{FakeAccount, FakeAws, Fault, Operation};
use glidepath::domain::facts::Outcome;

use super::support::*;

#[tokio::test]
async fn another_accounts_credentials_are_refused_before_a_paid_request() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-20").await;
    let before = world.view().await;

    let other = FakeAws::start(FakeAccount::new("999999999999"), morning("2026-03-21")).await.unwrap();
    let stranger = engine(&other, world.engine.store().clone(), config());
    let error = format!("{:#}", stranger.cycle(morning("2026-03-21")).await.unwrap_err());
    assert!(error.contains("holds data of account 123456789012"), "{error}");
    assert!(error.contains("belong to 999999999999"), "{error}");
    let asked: Vec<Operation> = other.requests().iter().map(|request| request.operation).collect();
    assert_eq!(asked, [Operation::GetCallerIdentity]);
    assert_eq!(world.view().await, before);

    world.cycle("2026-03-21").await;
    assert_eq!(world.position().await.data_through, Some(day("2026-03-19")), "the right credentials go on");
}

#[tokio::test]
async fn while_nobody_says_whose_credentials_they_are_nothing_is_asked() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-20").await;
    let asked = world.asked().len();
    for (fault, denied) in [(Fault::ExpiredToken, true), (Fault::InternalError, false)] {
        world.fake.inject(fault.clone().on(Operation::GetCallerIdentity).always());
        let report = world.cycle("2026-03-21").await;
        assert_eq!(matches!(report.costs, Outcome::Denied { .. }), denied, "{:?}", report.costs);
        assert_eq!(report.credits, Outcome::NotTried);
        assert_eq!(world.asked().len(), asked, "{fault:?}");
        world.fake.clear_faults();
    }
    assert_eq!(world.cycle("2026-03-21").await.costs, Outcome::Ok);
    assert_eq!(world.position().await.data_through, Some(day("2026-03-19")));
}

#[tokio::test]
async fn a_clock_that_goes_back_is_refused_before_a_paid_request() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-21").await;
    let (before, requests) = (world.view().await, world.fake.requests().len());
    let error = format!("{:#}", world.engine.cycle(morning("2026-03-20")).await.unwrap_err());
    assert!(error.contains("2026-03-20 06:30:00 UTC lies before that of the newest stored cycle"), "{error}");
    assert_eq!(world.fake.requests().len(), requests);
    assert_eq!(world.view().await, before);
    // The same clock again is no step back.
    assert_eq!(world.cycle("2026-03-21").await.costs, Outcome::Ok);
}

#[tokio::test]
async fn of_two_cycles_at_once_the_second_is_skipped() {
    let world = World::new(small_account()).await;
    let now = morning("2026-03-20");
    let (first, second) = tokio::join!(world.engine.cycle(now), world.engine.cycle(now));
    assert_eq!(first.unwrap().unwrap().costs, Outcome::Ok);
    assert!(second.unwrap().is_none());
    assert_eq!(world.asked().len(), 2, "asked once");
    assert!(world.engine.cycle(now).await.unwrap().is_some(), "and the next one runs");
}
