//! When AWS is asked again after a cycle that got no costs: what can pass soon and then ever later, what cannot when it is scheduled.

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::demo::{Fault, Operation};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::schedule::{Occasion, catch_up};

use super::support::*;

/// A morning on which the cycle fails with `fault` on its second page.
async fn failed(fault: Fault) -> World {
    let world = World::new(small_account().page_size(20)).await;
    world.cycle("2026-03-20").await;
    world.fake.inject(fault.on(Operation::GetCostAndUsage).page(2).always());
    assert_ne!(world.cycle("2026-03-21").await.costs, Outcome::Ok);
    world
}

/// How many requests of Cost Explorer leave when it is looked at `now`.
async fn asked_at(world: &World, now: DateTime<Utc>, occasion: Occasion) -> usize {
    let before = world.asked().len();
    world.fake.set_now(now);
    catch_up(&world.engine, now, occasion).await;
    world.asked().len() - before
}

#[tokio::test]
async fn what_fails_the_same_way_again_waits_for_the_schedule_or_a_new_start() {
    for fault in [Fault::WrongCurrency, Fault::BadAmount] {
        let world = failed(fault.clone()).await;
        for hour in 1..24 {
            let now = at("2026-03-21T06:17:00Z") + TimeDelta::hours(hour);
            assert_eq!(asked_at(&world, now, Occasion::Later).await, 0, "{fault:?} at {now}");
        }
        assert_eq!(asked_at(&world, at("2026-03-22T06:20:00Z"), Occasion::Start).await, 2, "{fault:?}: once");
        assert_eq!(asked_at(&world, at("2026-03-22T06:25:00Z"), Occasion::Later).await, 0, "{fault:?}");
        // The schedule has named a moment since, and the cycle of then was missed.
        assert_eq!(asked_at(&world, at("2026-03-22T07:17:00Z"), Occasion::Later).await, 2, "{fault:?}");
        world.fake.clear_faults();
        assert!(asked_at(&world, at("2026-03-23T07:17:00Z"), Occasion::Later).await > 2, "{fault:?}");
        assert_eq!(world.engine.store().newest_try().await.unwrap().unwrap().1, Outcome::Ok, "{fault:?}");
    }
}

#[tokio::test]
async fn what_can_pass_is_asked_again_soon_and_then_ever_later() {
    for fault in [Fault::Throttled, Fault::CutBody, Fault::Denied] {
        let world = failed(fault.clone()).await;
        let mut asked = Vec::new();
        let looks = (1..).map(|look| morning("2026-03-21") + TimeDelta::minutes(5 * look));
        for now in looks.take_while(|now| *now < at("2026-03-22T06:00:00Z")) {
            if asked_at(&world, now, Occasion::Later).await > 0 {
                asked.push(now.format("%d %H:%M").to_string());
            }
        }
        assert_eq!(asked, ["21 06:45", "21 07:45", "21 09:45", "21 13:45", "21 19:45", "22 01:45"], "{fault:?}");
        assert!(
            asked_at(&world, at("2026-03-22T06:02:00Z"), Occasion::Start).await > 0,
            "{fault:?}: a start does not wait"
        );
        world.fake.clear_faults();
        assert_eq!(asked_at(&world, at("2026-03-22T06:05:00Z"), Occasion::Later).await, 0, "{fault:?}");
        assert!(asked_at(&world, at("2026-03-22T12:05:00Z"), Occasion::Later).await > 0, "{fault:?}");
        assert_eq!(asked_at(&world, at("2026-03-22T12:10:00Z"), Occasion::Later).await, 0, "{fault:?}: all is well");
    }
}

#[tokio::test]
async fn a_day_that_stands_out_is_asked_about_every_six_hours() {
    let launched = days("2026-03-19", "2026-04-10").fold(small_account(), |account, day| {
        account.usage(&day.to_string(), BEDROCK, "USE1-NovaPro-input-tokens", "1K tokens", "1000000", "670")
    });
    let world = World::new(launched).await;
    world.cycle("2026-03-18").await;
    let quiet = at("2026-03-18T13:17:00Z");
    assert_eq!(asked_at(&world, quiet, Occasion::Later).await, 0, "nothing stands out");
    world.cycle("2026-03-20").await;
    let position = world.position().await;
    assert!(position.at_least.is_some() && position.rests_on_partial_days(), "{:?}", position.findings);
    for (hour, asks) in [("07:17", false), ("12:17", false), ("13:17", true), ("14:17", false), ("19:17", true)] {
        let now = at(&format!("2026-03-20T{hour}:00Z"));
        assert_eq!(asked_at(&world, now, Occasion::Later).await > 0, asks, "{hour}");
    }
}
