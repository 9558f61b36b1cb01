//! What a pool holds, whose statement counts, and where it is in its life.

use glidepath::domain::credit::StatementSource;
use glidepath::domain::credit::coverage::CoverageState;
use glidepath::domain::credit::pools::ConfiguredPool;
use glidepath::domain::facts::credits::SeenCredit;
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::position::PoolStatus;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::quantiles::{DateQuantiles, MoneyQuantiles};

use crate::support::values::{day, usd};
use crate::support::world::*;

#[test]
fn the_outlook_starts_from_what_aws_states() {
    let starts_from = |world: World| {
        let (position, outlook) = world.look();
        assert_eq!(position.credits.pools[0].remaining, usd("7100"), "remaining is by replay alone");
        outlook.pools[0].starts_from
    };
    let partial_day = || {
        hundred_a_day().charge("2026-03-30", BEDROCK, "Usage", "60").charges(
            "2026-03-01",
            "2026-03-29",
            BEDROCK,
            "Credit",
            "-100",
        )
    };
    let none = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |_| {});
    assert_eq!(starts_from(none), usd("7100"), "nothing stated: granted less drawn");

    let newest = partial_day().charge("2026-03-30", BEDROCK, "Credit", "-60").credit(
        "1",
        "10000",
        Some(&[BEDROCK]),
        estimated("5000"),
    );
    assert_eq!(starts_from(newest), usd("5060"), "AWS has drawn the partial day already, the outlook has not");

    let unbilled = partial_day().credit("1", "10000", Some(&[BEDROCK]), estimated("5000"));
    assert_eq!(starts_from(unbilled), usd("5000"), "no Credit row shows that AWS drew the partial day");

    let older = partial_day().credit("1", "10000", Some(&[BEDROCK]), |_| {}).recorded("1", "5000", "2026-03-20");
    assert_eq!(starts_from(older), usd("4100"), "21 to 29 March drew 900 since");

    let more_than_granted = partial_day().charge("2026-03-30", BEDROCK, "Credit", "-60").credit(
        "1",
        "10000",
        Some(&[BEDROCK]),
        estimated("9990"),
    );
    assert_eq!(starts_from(more_than_granted), usd("10000"));
}

/// 100 dollars a day from 1 March: the tenth day draws the last 50 of 950.
#[test]
fn a_pool_that_is_used_up_has_its_day() {
    let emptied = |granted: &str| {
        let position = hundred_a_day().credit("1", granted, Some(&[BEDROCK]), |_| {}).position();
        (position.credits.pools[0].status, position.credits.pools[0].exhausted_on)
    };
    assert_eq!(emptied("950"), (PoolStatus::Exhausted, Some(day("2026-03-10"))));
    assert_eq!(emptied("2901"), (PoolStatus::Active, None), "a dollar is left");
}

/// Two credits for Bedrock of which AWS states 8,000 after closed bills and no estimate: 100 a day from February on, all of it
/// drawn from the first.
fn without_estimates(clock: &str, last: &str) -> World {
    let world = World::on(clock).charges("2026-02-01", last, BEDROCK, "Usage", "100");
    let remaining = |seen: &mut SeenCredit| seen.snapshot.remaining = Some(usd("8000"));
    world.credit("1", "20000", Some(&[BEDROCK]), remaining).credit("2", "10000", Some(&[BEDROCK]), remaining)
}

fn derived(world: &World) -> Vec<(StatementSource, Money)> {
    let stated = world.position().credits.pools.into_iter().map(|pool| pool.stated.unwrap());
    stated.map(|stated| (stated.source, stated.amount)).collect()
}

/// The balance after closed bills, less what the credit itself paid of open ones: AWS may list no `estimatedAmount`.
#[test]
fn without_an_estimate_what_the_credit_paid_of_open_bills_is_taken_off() {
    let amounts = |world: &World| derived(world).iter().map(|(_, amount)| *amount).collect::<Vec<_>>();
    let late = || without_estimates("2026-03-31", "2026-03-29");
    assert_eq!(derived(&late())[0], (StatementSource::Derived, usd("5100")), "by replay: 29 days of March");
    assert_eq!(amounts(&late()), [usd("5100"), usd("8000")], "the other one is not drawn");

    // The allocation history names the credit, and knows better than replay.
    let mut told = late().allocated("2026-02", "1", BEDROCK, "2800").allocated("2026-03", "2", BEDROCK, "2850");
    told.facts.allocations[1].estimated = true;
    assert_eq!(amounts(&told), [usd("8000"), usd("5150")]);
    // After a failed answer it may be of another day than the balance.
    told.facts.credits_outcome = Outcome::Failed { message: String::new(), advice: String::new(), retryable: true };
    assert_eq!(amounts(&told), [usd("5100"), usd("8000")]);

    // Early in a month the bill of the one before is open too.
    let early = || without_estimates("2026-03-05", "2026-03-03");
    assert_eq!(amounts(&early())[0], usd("4900"), "28 days of February and 3 of March");
    let history = |february_open: bool| {
        let mut world = early().allocated("2026-02", "1", BEDROCK, "2790").allocated("2026-03", "1", BEDROCK, "290");
        world.facts.allocations[0].estimated = february_open;
        world.facts.allocations[1].estimated = true;
        amounts(&world)[0]
    };
    assert_eq!(history(true), usd("4920"));
    assert_eq!(history(false), usd("7710"), "AWS closed February early, so the 8,000 are without it");

    let nearly_empty = without_estimates("2026-03-31", "2026-03-29").allocated("2026-03", "1", BEDROCK, "9000");
    assert_eq!(amounts(&nearly_empty)[0], Money::ZERO, "never below nothing");
}

#[test]
fn the_outlook_is_the_same_from_a_derived_balance() {
    let starts_from = |estimate: Option<&str>| {
        let mut world = without_estimates("2026-03-31", "2026-03-29").charge("2026-03-30", BEDROCK, "Usage", "60");
        world.facts.credits[0].snapshot.estimated = estimate.map(usd);
        world = world.charges("2026-02-01", "2026-03-29", BEDROCK, "Credit", "-100");
        world.charge("2026-03-30", BEDROCK, "Credit", "-60").look().1.pools[0].starts_from
    };
    assert_eq!((starts_from(Some("5040")), starts_from(None)), (usd("5100"), usd("5100")));
}

#[test]
fn the_newest_statement_counts_whoever_made_it() {
    let stated = |world: World| world.position().credits.pools[0].stated.map(|stated| stated.amount);
    let listed = || {
        hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |seen| {
            seen.snapshot.estimated = Some(usd("5000"));
            seen.seen_on = day("2026-03-20");
        })
    };
    assert_eq!(stated(listed().recorded("1", "4000", "2026-03-25")), Some(usd("4000")));
    assert_eq!(stated(listed().recorded("1", "4000", "2026-03-19")), Some(usd("5000")));
    assert_eq!(stated(listed().recorded("1", "4000", "2026-03-20")), Some(usd("5000")), "AWS's own on the same day");
    let corrected = listed().recorded("1", "40", "2026-03-25").recorded("1", "4000", "2026-03-25");
    assert_eq!(stated(corrected), Some(usd("4000")), "a typing error is corrected by typing again");
}

#[test]
fn a_pool_says_where_it_is_in_its_life() {
    let status = |change: &dyn Fn(&mut SeenCredit)| {
        let world = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |seen| {
            seen.snapshot.estimated = Some(usd("5000"));
            change(seen);
        });
        world.position().credits.pools[0].status
    };
    assert_eq!(status(&|_| {}), PoolStatus::Active);
    assert_eq!(status(&|seen| seen.snapshot.estimated = Some(usd("0"))), PoolStatus::Exhausted, "still ENABLED at AWS");
    assert_eq!(status(&|seen| seen.snapshot.expires_on = day("2026-03-31")), PoolStatus::Expired);
    assert_eq!(status(&|seen| seen.snapshot.expires_on = day("2026-04-01")), PoolStatus::Active);
    assert_eq!(status(&|seen| seen.snapshot.starts_on = day("2026-04-01")), PoolStatus::Pending);
    let paused = |seen: &mut SeenCredit| {
        seen.snapshot.enabled = false;
        seen.paused_from = Some(day("2026-03-11"));
    };
    assert_eq!(status(&paused), PoolStatus::Paused);
}

#[test]
fn a_paused_pool_keeps_its_money_and_pays_nothing() {
    let world = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |seen| {
        seen.snapshot.enabled = false;
        seen.paused_from = Some(day("2026-03-11"));
    });
    let position = world.position();
    let pool = &position.credits.pools[0];
    assert_eq!((pool.drawn, pool.remaining), (usd("1000"), usd("9000")), "ten days until it was switched off");
    assert_eq!(position.exhaustion.total, DateQuantiles::certain(day("2026-03-11")), "nothing pays since then");
    assert_eq!(position.coverage[0].state, CoverageState::Exhausted);
}

/// Expired credits still carry a remaining amount at AWS. It is what was lost, and it pays nothing.
#[test]
fn an_expired_credit_has_nothing_left_and_shows_what_was_lost() {
    let world = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |seen| {
        seen.snapshot.estimated = Some(usd("8100"));
        seen.snapshot.expires_on = day("2026-03-20");
    });
    let position = world.position();
    let pool = &position.credits.pools[0];
    assert_eq!((pool.status, pool.remaining, pool.drawn), (PoolStatus::Expired, Money::ZERO, usd("1900")));
    let lost = Some(usd("8100"));
    assert_eq!(pool.breakage, MoneyQuantiles { p10: lost, p50: lost, p90: lost });
    assert_eq!(pool.exhausts_on, DateQuantiles::default());
    assert_eq!(position.exhaustion.total, DateQuantiles::certain(day("2026-03-20")));
    assert_eq!(position.trajectory[1].covered, Money::ZERO);
}

/// On the 31st the data ends on the 29th. A pool that expires on the 31st still pays the 30th.
#[test]
fn a_pool_that_expires_between_the_data_and_the_clock_pays_until_its_last_day() {
    let world = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |seen| {
        seen.snapshot.expires_on = day("2026-03-31");
    });
    let position = world.position();
    assert_eq!(position.exhaustion.total, DateQuantiles::certain(day("2026-03-31")));
    assert_eq!(position.credits.remaining, Money::ZERO, "by the clock it is over");
}

#[test]
fn pools_come_from_config_where_aws_lists_none() {
    let mut world = hundred_a_day().recorded("poc", "600", "2026-03-29");
    let pool = |id: &str| ConfiguredPool {
        id: id.to_owned(),
        name: Some("Proof of concept".to_owned()),
        programme: None,
        granted: Some(usd("5000")),
        starts_on: Some(day("2026-02-10")),
        expires_on: Some(day("2027-02-10")),
        services: Some(vec![BEDROCK.to_owned()]),
    };
    world.configured = vec![pool("poc")];
    let position = world.position();
    let poc = &position.credits.pools[0];
    assert_eq!((poc.name.as_str(), poc.granted, poc.remaining), ("Proof of concept", usd("5000"), usd("2100")));
    assert_eq!(position.exhaustion.total.p50, Some(day("2026-04-05")), "600 last from 30 March to 4 April");

    // AWS's own figures win over config's; config's name and list win over AWS's.
    let mut both = hundred_a_day().credit("poc", "6000", Some(&[RDS]), estimated("700"));
    both.configured = vec![pool("poc")];
    let position = both.position();
    assert_eq!((position.credits.pools.len(), position.credits.granted), (1, usd("6000")));
    assert_eq!(
        (position.credits.pools[0].name.as_str(), position.credits.pools[0].drawn),
        ("Proof of concept", usd("2900"))
    );
}
