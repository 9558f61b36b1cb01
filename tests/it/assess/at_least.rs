//! What AWS shows of days that are not complete yet: it brings an end nearer, and puts none off.

use std::collections::BTreeSet;

use glidepath::domain::alert::{AlertRules, IngestHealth, evaluate};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::position::Position;
use glidepath::domain::position::basis::{AtLeast, DateBasis};
use glidepath::domain::position::finding::Rule;
use glidepath::domain::position::observations::{ChangeCause, EarlyRise};
use glidepath::domain::values::period::plus_days;
use glidepath::domain::values::quantiles::DateQuantiles;

use crate::lives::life::{Kind, Life};
use crate::support::values::{day, usd};
use crate::support::world::*;

/// A hundred a day through 29 March with `left` of credit, and what AWS shows of the 30th and 31st.
fn shown(left: &str, thirtieth: Option<&str>, thirty_first: Option<&str>) -> Position {
    let mut world = World::in_march().charges("2026-02-01", "2026-03-29", BEDROCK, "Usage", "100").credit(
        "1",
        "100000",
        Some(&[BEDROCK]),
        |seen| {
            seen.snapshot.starts_on = day("2026-02-01");
            seen.snapshot.remaining = Some(usd(left));
            seen.snapshot.estimated = Some(usd(left));
        },
    );
    for (date, cost) in [("2026-03-30", thirtieth), ("2026-03-31", thirty_first)] {
        if let Some(cost) = cost {
            world.add_charge(day(date), BEDROCK, "Usage", cost);
        }
    }
    world.position()
}

#[test]
fn what_is_shown_brings_the_end_nearer_and_never_puts_it_off() {
    let without = shown("1000", None, None);
    assert_eq!((without.at_least, without.exhaustion.basis), (None, DateBasis::Billed));
    assert_eq!(without.exhaustion.total.p50, Some(day("2026-04-09")), "ten days at 100");
    let little = shown("1000", Some("40"), Some("3"));
    assert_eq!(little.exhaustion, without.exhaustion, "a day that has only begun is no cheap day");
    assert_eq!(little.trajectory, without.trajectory);
    let much = shown("1000", Some("500"), Some("3"));
    assert_eq!(much.exhaustion.total.p50, Some(day("2026-04-05")), "500 are gone, 500 last five days more");
    assert_eq!(much.exhaustion.basis, DateBasis::BilledAndEstimated);
    assert_eq!(much.spend, without.spend, "no mean counts it");
    assert_eq!(much.workloads, without.workloads);
}

#[test]
fn credit_that_cannot_pay_what_is_shown_has_run_out() {
    let gone = shown("400", Some("180"), Some("221.01"));
    assert_eq!(gone.exhaustion.total, DateQuantiles::certain(day("2026-03-31")));
    assert_eq!(gone.exhaustion.basis, DateBasis::BilledAndEstimated);
    assert_eq!(gone.ran_out_at_least(), Some(day("2026-03-31")));
    assert_eq!(gone.at_least.unwrap().gross, usd("401.01"));
    let held = shown("400", Some("180"), Some("221"));
    assert_eq!(held.ran_out_at_least(), None, "a dollar is no end");
}

#[test]
fn the_most_that_can_be_left_is_told() {
    let AtLeast { through, gross, credit_left_at_most } = shown("99000", Some("50"), Some("20")).at_least.unwrap();
    assert_eq!((through, gross), (day("2026-03-31"), usd("70")));
    // Replay drew 5,700 of 100,000 by the 29th and 70 since; AWS states more, and less.
    assert_eq!(credit_left_at_most, usd("94230"));
    assert_eq!(shown("1000", Some("50"), Some("20")).at_least.unwrap().credit_left_at_most, usd("1000"));
}

#[test]
fn a_launch_shows_on_its_first_day() {
    let rising = |first: &str, shown: &[(&str, &str)]| {
        let mut world = World::in_march().charges(first, "2026-03-29", BEDROCK, "Usage", "12");
        shown.iter().for_each(|(date, cost)| world.add_charge(day(date), BEDROCK, "Usage", cost));
        let assessment = world.assess();
        assessment.observations(&[], &BTreeSet::new()).rising
    };
    let launch = rising("2026-02-01", &[("2026-03-30", "310"), ("2026-03-31", "45")]);
    let expected = EarlyRise {
        subject: BEDROCK.to_owned(),
        day: day("2026-03-30"),
        amount: usd("310"),
        complete: false,
        before_per_day: usd("12"),
        highest_day: usd("12"),
        cause: ChangeCause::New { usage_type: String::new() },
        cause_amount: usd("310"),
    };
    assert_eq!(launch, [expected]);
    assert_eq!(rising("2026-02-01", &[("2026-03-30", "11"), ("2026-03-31", "2")]), [], "a usual day");
    let batch = rising("2026-02-01", &[("2026-03-01", "400"), ("2026-03-30", "412")]);
    assert_eq!(batch[0].highest_day, usd("412"), "last month's batch was as dear");
    assert_eq!(rising("2026-03-24", &[("2026-03-30", "310")]), [], "less than a week is known");
    assert_eq!(rising("2026-03-22", &[("2026-03-30", "310")]).len(), 1);
}

/// Steps of ten times and more, as AWS shows them each morning: most of yesterday, a little of today.
#[test]
fn a_launch_is_told_with_the_first_answer_that_shows_it() {
    let (mut launches, mut before_complete) = (0, 0);
    for kind in [Kind::Step, Kind::CentsThenUse, Kind::SteadyTraining] {
        for life in (0..40).map(|number| Life::draw(kind, number)) {
            let daily = life.past(life.settled + 30);
            let begins = life.settled;
            let mean = |range: &[f64]| range.iter().sum::<f64>() / range.len().max(1) as f64;
            let (was, is) = (mean(&daily[begins.saturating_sub(28)..begins]), mean(&daily[begins..begins + 7]));
            if is < 10.0 * was || is - was < 100.0 || begins < 32 {
                continue;
            }
            launches += 1;
            // The cycle on the day before the launch, on its day, and on the two after it.
            for today in begins - 1..begins + 3 {
                let shown: Vec<f64> = [&daily[..today - 1], &[0.7 * daily[today - 1], 0.05 * daily[today]]].concat();
                let found = spikes(&life, &shown);
                let through = today - 2;
                let newest = shown[through..].iter().copied().fold(0.0, f64::max);
                let stands_out = newest >= 3.0 * mean(&shown[through - 28..through]) && newest >= 10.0;
                assert_eq!(found > 0, stands_out, "{kind:?} {}, {today} of {begins}", life.number);
                assert!(today < begins + 2 || found > 0, "{kind:?} {}: told with its complete day", life.number);
                before_complete += usize::from(stands_out && today == begins + 1);
            }
        }
    }
    assert!(launches >= 30, "{launches}");
    assert!(before_complete * 10 >= launches * 9, "{before_complete} of {launches} are told a day before");
}

/// How many spikes are found on the day after the last one that is shown; the account pays a dollar a day besides.
fn spikes(life: &Life, shown: &[f64]) -> usize {
    let today = plus_days(life.first, shown.len() as i64 - 1);
    let mut world = World::on(&today.to_string());
    for (at, cost) in (0..).zip(shown).skip(shown.len().saturating_sub(95)) {
        let day = plus_days(life.first, at);
        world.add_charge(day, RDS, "Usage", "1");
        world.add_charge(day, BEDROCK, "Usage", &format!("{cost:.6}"));
    }
    let position = Position { data_through: world.facts.data_through(), ..Position::empty(world.facts.as_of, "USD") };
    let observations = world.assess().observations(&[], &BTreeSet::new());
    let health = IngestHealth {
        as_of: world.facts.as_of,
        data_through: position.data_through,
        last_success: Some(world.facts.as_of),
        costs: Outcome::Ok,
        credits: Outcome::Ok,
        is_too_short: false,
    };
    let found = evaluate(&position, &health, &observations, &AlertRules::default()).findings;
    found.iter().filter(|finding| finding.rule == Rule::Spike).count()
}
