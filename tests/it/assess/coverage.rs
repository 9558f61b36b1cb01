//! Which services credit pays, and how we know.

use glidepath::domain::credit::coverage::CoverageState;

use crate::support::values::{day, usd};
use crate::support::world::*;

#[test]
fn a_service_is_covered_by_a_list_or_by_a_credit_row() {
    let covered = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), estimated("5000")).coverage_of(BEDROCK);
    assert_eq!(covered.state, CoverageState::Covered);
    assert!(covered.evidence.contains("Pool 1") && covered.evidence.contains("no Credit row"), "{}", covered.evidence);

    let sonnet = || World::in_march().charges("2026-03-01", "2026-03-29", SONNET, "Usage", "80");
    let named_elsewhere = sonnet().credit("1", "10000", Some(&[BEDROCK]), estimated("5000"));
    let beaten = named_elsewhere.charges("2026-03-01", "2026-03-29", SONNET, "Credit", "-80");
    let coverage = beaten.coverage_of(SONNET);
    assert_eq!(coverage.state, CoverageState::Covered, "evidence beats the list");
    assert!(coverage.evidence.contains("29 March 2026"), "{}", coverage.evidence);
    assert_eq!(beaten.position().credits.pools[0].drawn, usd("2320"), "and replay draws it: 29 days at 80");

    let aliases = World::in_march().charges("2026-03-01", "2026-03-29", EC2, "Usage", "10").credit(
        "1",
        "10000",
        Some(&["AmazonEC2"]),
        |_| {},
    );
    assert_eq!(aliases.coverage_of(EC2).state, CoverageState::Covered);
}

#[test]
fn a_service_is_exhausted_once_the_pools_that_named_it_are_empty_or_over() {
    let empty = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), estimated("0")).coverage_of(BEDROCK);
    assert_eq!(empty.state, CoverageState::Exhausted);
    assert!(empty.evidence.contains("Pool 1"), "{}", empty.evidence);

    let over = |expires: &'static str| {
        hundred_a_day()
            .credit("1", "10000", Some(&[BEDROCK]), |seen| {
                seen.snapshot.estimated = Some(usd("5000"));
                seen.snapshot.expires_on = day(expires);
            })
            .coverage_of(BEDROCK)
            .state
    };
    assert_eq!(over("2026-03-20"), CoverageState::Exhausted, "it expired, whatever balance it carries");
    assert_eq!(over("2026-03-31"), CoverageState::Exhausted, "over on the day of the clock");
    assert_eq!(over("2026-04-01"), CoverageState::Covered);
}

#[test]
fn a_service_is_uncovered_only_if_every_list_is_known() {
    let rds = || World::in_march().charges("2026-03-01", "2026-03-29", RDS, "Usage", "5");
    let uncovered = rds().credit("1", "10000", Some(&[BEDROCK]), |_| {}).coverage_of(RDS);
    assert_eq!(uncovered.state, CoverageState::Uncovered);
    assert!(uncovered.evidence.contains("no pool's list names it"), "{}", uncovered.evidence);

    let unknown = rds().credit("1", "10000", Some(&[BEDROCK]), |_| {}).credit("2", "10000", None, |_| {});
    let coverage = unknown.coverage_of(RDS);
    assert_eq!(coverage.state, CoverageState::Unknown, "a missing list is neither everything nor nothing");
    assert!(coverage.evidence.contains("Pool 2") && !coverage.evidence.contains("Pool 1"), "{}", coverage.evidence);

    assert_eq!(rds().coverage_of(RDS).state, CoverageState::Unknown, "no pool is known at all");
}

/// Every service is covered, exhausted, uncovered or unknown, also one that credit could not pay whatever a list says.
#[test]
fn support_and_upfront_fees_are_uncovered_and_no_burn_to_act_on() {
    const SUPPORT: &str = "AWS Support (Business)";
    let world = hundred_a_day()
        .charges("2026-03-01", "2026-03-29", SUPPORT, "Support", "100")
        .charge("2026-03-10", EC2, "Upfront", "12000")
        .charge("2026-03-10", RDS, "Usage", "0")
        .credit("1", "10000", Some(&[BEDROCK]), estimated("7100"))
        .credit("2", "10000", None, estimated("10000"));
    let position = world.position();
    let states: Vec<_> = position.coverage.iter().map(|row| (row.service.as_str(), row.state)).collect();
    let expected =
        [(SUPPORT, CoverageState::Uncovered), (BEDROCK, CoverageState::Covered), (EC2, CoverageState::Uncovered)];
    assert_eq!(states, expected, "a missing list leaves no doubt about fees, and what costs nothing is left out");
    assert_eq!(position.coverage[0].evidence, "support and upfront fees are never paid by credit");
    let burns = world.assess().uncovered(&position.coverage);
    assert!(burns.is_empty(), "there is nothing to move to a service that credit pays: {burns:?}");
    let seen = world.charge("2026-03-29", SUPPORT, "Credit", "-100").coverage_of(SUPPORT);
    assert_eq!(seen.state, CoverageState::Covered, "evidence beats the rule: {}", seen.evidence);
}

/// A pool of which AWS gives no list may still pay what an empty one named.
#[test]
fn an_empty_pool_beside_one_without_a_list_leaves_the_service_unknown() {
    let world = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), estimated("0")).credit(
        "2",
        "10000",
        None,
        estimated("10000"),
    );
    let coverage = world.coverage_of(BEDROCK);
    assert_eq!(coverage.state, CoverageState::Unknown, "{}", coverage.evidence);
    assert!(coverage.evidence.contains("Pool 2"), "{}", coverage.evidence);
    // With Credit rows at work on a service, "unknown" becomes known by evidence.
    let seen = World::in_march()
        .charges("2026-03-01", "2026-03-29", RDS, "Usage", "5")
        .charges("2026-03-01", "2026-03-29", RDS, "Credit", "-5")
        .credit("2", "10000", None, estimated("9855"));
    assert_eq!(seen.coverage_of(RDS).state, CoverageState::Covered);
}
