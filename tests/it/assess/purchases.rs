//! Credits that AWS limits to purchase types: what they pay, in replay and outlook, and what is said of it.

use glidepath::domain::credit::CoverageState;
use glidepath::domain::facts::SeenCredit;
use glidepath::domain::money::Money;

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
