//! Credits that AWS limits to purchase types: what they pay, in replay and outlook, and what is said of it.

use std::collections::BTreeSet;

use glidepath::domain::alert::{AlertRules, evaluate};
use glidepath::domain::credit::coverage::CoverageState;
use glidepath::domain::facts::credits::SeenCredit;
use glidepath::domain::position::finding::Rule;
use glidepath::domain::values::money::Money;

use crate::support::values::usd;
use crate::support::world::*;

fn limited(names: &'static [&'static str]) -> impl Fn(&mut SeenCredit) {
    move |seen| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        seen.snapshot.purchase_types = (!names.is_empty()).then_some(names);
    }
}

/// Ten a day of one purchase type since March began.
#[derive(Debug, Clone, Copy)]
enum Bought {
    OnDemand,
    Spot,
    Plan,
    Reserved,
}

impl Bought {
    fn add(self, mut world: World) -> World {
        let (service, record_type, usage_type) = match self {
            Bought::OnDemand => (EC2, "Usage", "USE2-BoxUsage:trn1.32xlarge"),
            Bought::Spot => (EC2, "Usage", "USE2-SpotUsage:trn1.32xlarge"),
            Bought::Plan => (EC2, "SavingsPlanRecurringFee", "ComputeSP:1yrNoUpfront"),
            Bought::Reserved => (EC2, "RIFee", "USE2-HeavyUsage:m7g.xlarge"),
        };
        for day in 1..=29 {
            let on = format!("2026-03-{day:02}");
            world = world.charge(&on, service, record_type, "10").usage(&on, service, usage_type, "Hrs", "10", "1");
        }
        world
    }
}

#[test]
fn a_limited_credit_pays_what_its_limit_names() {
    use Bought::{OnDemand, Plan, Reserved, Spot};
    use CoverageState::{Covered, Uncovered, Unknown};
    for (names, paid) in [
        (&[][..], [Covered; 4]),
        (&["ON_DEMAND"], [Covered, Uncovered, Uncovered, Uncovered]),
        (&["On Demand Instances"], [Covered, Uncovered, Uncovered, Uncovered]),
        (&["SPOT"], [Uncovered, Covered, Uncovered, Uncovered]),
        (&["SavingsPlans", "Standard Reserved Instances"], [Uncovered, Uncovered, Covered, Covered]),
        (&["OnDemand", "WHATEVER"], [Covered, Unknown, Unknown, Unknown]),
        (&["WHATEVER"], [Unknown; 4]),
    ] {
        for (bought, state) in [OnDemand, Spot, Plan, Reserved].into_iter().zip(paid) {
            let world = bought.add(World::in_march()).credit("1", "1000", Some(&["Amazon EC2"]), limited(names));
            let (position, outlook) = world.look();
            let row = &position.coverage[0];
            assert_eq!((row.service.as_str(), row.state), (EC2, state), "{names:?} {bought:?} {}", row.evidence);
            // What cannot be told is taken to be paid, so that a warning comes early.
            let pays = state != Uncovered;
            let drawn = position.credits.pools[0].drawn;
            assert_eq!(drawn, if pays { usd("290") } else { Money::ZERO }, "{names:?} {bought:?}");
            let april = &position.trajectory[1];
            let covered = if pays { usd("300") } else { Money::ZERO };
            assert_eq!((april.gross, april.covered), (usd("300"), covered), "{names:?} {bought:?}");
            assert_eq!(outlook.exhaustion.p50.is_some(), pays, "{names:?} {bought:?}");
            let burns = world.assess().uncovered(&position.coverage);
            assert_eq!(burns.iter().map(|burn| burn.state).collect::<Vec<_>>(), [Uncovered].repeat(usize::from(!pays)));
        }
    }
}

#[test]
fn what_a_credit_does_not_pay_is_named_beside_what_it_pays() {
    let world = Bought::Spot.add(Bought::OnDemand.add(World::in_march()));
    let world = world.credit("1", "1000", Some(&["Amazon EC2"]), limited(&["ON_DEMAND"]));
    let (position, _) = world.look();
    let row = &position.coverage[0];
    assert_eq!(
        (row.state, row.evidence.as_str()),
        (
            CoverageState::Covered,
            "Pool 1 pays for it; no Credit row seen; its Spot is uncovered: AWS limits Pool 1 to other purchase types than Spot"
        )
    );
    assert_eq!(position.credits.pools[0].drawn, usd("290"));
    // 10 a day on demand, 10 a day of Spot: credit pays half of what lies ahead, and its end is that of the on-demand half.
    let april = &position.trajectory[1];
    assert_eq!((april.gross, april.covered, april.cash), (usd("600"), usd("300"), usd("300")));
    let burns = world.assess().uncovered(&position.coverage);
    assert_eq!((burns[0].state, burns[0].per_day_7d), (CoverageState::Uncovered, usd("10")));
    let spoken = world.coverage_of(EC2);
    assert_eq!(spoken.state, CoverageState::Covered);
}

#[test]
fn credit_rows_tell_of_a_limit_in_unknown_words_where_a_service_is_bought_in_one_way() {
    let world = Bought::OnDemand.add(World::in_march()).charges("2026-03-01", "2026-03-29", EC2, "Credit", "-10");
    let world = world.credit("1", "1000", Some(&["Amazon EC2"]), limited(&["WHATEVER"]));
    assert_eq!(world.coverage_of(EC2).state, CoverageState::Covered);
    assert_eq!(Bought::Spot.add(world).coverage_of(EC2).state, CoverageState::Unknown);
}

#[test]
fn use_under_a_savings_plan_is_not_on_demand() {
    // A plan that covers 40 of use: the use and its negation cancel, and the plan's own fee is what is paid.
    let mut world = World::in_march().credit("1", "1000", Some(&["Amazon EC2"]), limited(&["ON_DEMAND"]));
    world = world
        .charges("2026-03-01", "2026-03-29", EC2, "Usage", "5")
        .charges("2026-03-01", "2026-03-29", EC2, "SavingsPlanCoveredUsage", "40")
        .charges("2026-03-01", "2026-03-29", EC2, "SavingsPlanNegation", "-40")
        .charges("2026-03-01", "2026-03-29", EC2, "SavingsPlanRecurringFee", "28");
    assert_eq!(world.position().credits.pools[0].drawn, usd("145"));
}

/// What the rule says of a world, summary and reason.
fn told(world: &World, rule: Rule) -> Vec<String> {
    let assessment = world.assess();
    let position = assessment.position(assessment.outlook().as_ref());
    let observations = assessment.observations(&position.coverage, &BTreeSet::new());
    let found = evaluate(&position, &world.health(), &observations, &AlertRules::default()).findings;
    found.into_iter().filter(|it| it.rule == rule).map(|it| format!("{} {}", it.summary, it.reason)).collect()
}

#[test]
fn where_a_limit_is_the_reason_no_list_is_blamed() {
    use Bought::{OnDemand, Plan, Reserved, Spot};
    for (bought, said) in [(Spot, "Spot of "), (Plan, "Savings Plans of "), (Reserved, "Reserved Instances of ")] {
        let on_demand = limited(&["ON_DEMAND"]);
        let world = bought.add(OnDemand.add(World::in_march())).credit("1", "1000", Some(&["Amazon EC2"]), on_demand);
        let told = told(&world, Rule::UncoveredSpend);
        assert_eq!(told.len(), 1, "{bought:?} {told:?}");
        assert!(told[0].starts_with(&format!("No credit pays for {said}{EC2}: $10.00 a day")), "{told:?}");
        assert!(
            told[0].contains("limits that credit to other purchase types") && !told[0].contains("lists"),
            "{told:?}"
        );
    }
    // A list that does not name the service is the reason.
    let world = Spot.add(World::in_march()).credit("1", "1000", Some(&[BEDROCK]), limited(&["ON_DEMAND"]));
    let unlisted = told(&world, Rule::UncoveredSpend);
    assert!(unlisted[0].starts_with(&format!("No credit pays for {EC2}: ")), "{unlisted:?}");
    assert!(unlisted[0].contains("The lists of all credits are known, and none names it"), "{unlisted:?}");
    // A word that nobody knows, beside a list and a Credit row.
    let world = Spot
        .add(OnDemand.add(World::in_march()))
        .charges("2026-03-01", "2026-03-29", EC2, "Credit", "-10")
        .credit("1", "1000", Some(&["Amazon EC2"]), limited(&["OD"]));
    let unknown = told(&world, Rule::CoverageUnknown);
    assert!(
        unknown[0].contains("purchase types that are not known here (OD); last Credit row 29 March 2026"),
        "{unknown:?}"
    );
    assert!(!unknown[0].contains("gave no list") && !unknown[0].contains("no credit row"), "{unknown:?}");
}

#[test]
fn a_credit_that_is_switched_off_has_not_run_out() {
    for clock in ["2026-03-16", "2026-03-18", "2026-03-31"] {
        let through = glidepath::domain::values::period::plus_days(clock.parse().unwrap(), -1).to_string();
        let world = World::on(clock)
            .charges("2026-02-01", &through, BEDROCK, "Usage", "300")
            .charges("2026-02-01", "2026-03-14", BEDROCK, "Credit", "-300")
            .credit("1", "60000", Some(&[BEDROCK]), |seen| {
                seen.snapshot.estimated = Some(usd("47400"));
                seen.snapshot.enabled = false;
                seen.paused_from = Some("2026-03-15".parse().unwrap());
            });
        let told = told(&world, Rule::Exhaustion);
        assert!(
            told[0].starts_with("Credit is switched off: $47,400 is left in Pool 1, and since"),
            "{clock}: {told:?}"
        );
        assert!(!told[0].contains("run out") && !told[0].contains("needs more"), "{clock}: {told:?}");
        assert!(told[0].contains("switch it on again"), "{clock}: {told:?}");
        let (position, _) = world.look();
        assert_eq!(position.ran_out_at_least(), None, "{clock}");
        assert_eq!(AlertRules::default().next_award(&position), None, "{clock}");
    }
}
