//! Fees that are paid once, their return, and refunds: cash on their day, and no part of pace, drawdown or spike.

use std::collections::{BTreeMap, BTreeSet};

use glidepath::domain::position::observations::Observations;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::DayRange;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::values::{day, usd};
use crate::support::world::*;

const PLANS: &str = "Savings Plans for AWS Compute usage";

/// A refund under another service than its fee, by the fee's record type, service and usage type.
#[test]
fn a_fee_that_comes_back_under_another_service_is_no_cash_of_its_month() {
    let fees = [
        (PLANS, "SavingsPlanUpfrontFee", "ComputeSP:1yrAllUpfront"),
        (EC2, "Upfront", "USE2-CapacityBlockFee:trn2.48xlarge"),
        (EC2, "Usage", "USE2-CapacityBlockFee:trn2.48xlarge"),
    ];
    for (service, name, usage_type) in fees {
        for other in [service, "Amazon Elastic Compute Cloud", "Refund"] {
            let bill = |returned: &str| {
                let world = paid("2026-03-31", "2026-03-30")
                    .charge("2026-03-10", service, name, "5000")
                    .usage("2026-03-10", service, usage_type, "Quantity", "5000", "1")
                    .charge("2026-03-14", other, "Refund", returned);
                let march = world.position().trajectory[0].clone();
                (march.gross, march.covered, march.cash)
            };
            let case = format!("{name} of {service} under {other}");
            assert_eq!(bill("-5000"), (usd("3100"), usd("3100"), Money::ZERO), "{case}");
            // Part of it tells of its fee by the service alone.
            if name == "Upfront" {
                let left = if other == service { "200" } else { "5000" };
                assert_eq!(bill("-4800").2, usd(left), "{case}");
            }
        }
    }
}

fn observed(world: &World) -> Observations {
    let assessment = world.assess();
    let coverage = assessment.position(None).coverage;
    assessment.observations(&coverage, &BTreeSet::new())
}

/// A hundred a day of Bedrock since January, paid by credit and shown in detail, as of a day of March.
fn paid(as_of: &str, through: &str) -> World {
    let mut world = World::on(as_of)
        .charges("2026-01-01", through, BEDROCK, "Usage", "100")
        .charges("2026-01-01", through, BEDROCK, "Credit", "-100")
        .credit("1", "60000", Some(&[BEDROCK]), |_| {});
    for on in DayRange::new(day("2026-01-01"), day(through).succ_opt().unwrap()).days() {
        world = world.usage(&on.to_string(), BEDROCK, "USE1-NovaPro-input-tokens", "1K tokens", "100", "125000");
    }
    world
}

#[test]
fn a_fee_that_is_paid_once_is_no_spike_under_any_name() {
    for name in [
        "SavingsPlanUpfrontFee",
        "Savings Plan Upfront Fee",
        "RI Upfront Fee",
        "Upfront",
        "Fee",
        "Upfront reservation fee",
        "Training Plan Upfront Fee",
    ] {
        for (usage_type, service) in
            [("ComputeSP:1yrAllUpfront", PLANS), ("HeavyUsage:m7g.xlarge", EC2), ("Anything", BEDROCK)]
        {
            // The day after it, two and three days after it: first a partial day shows it, then complete ones.
            for (as_of, through) in
                [("2026-03-11", "2026-03-10"), ("2026-03-12", "2026-03-11"), ("2026-03-13", "2026-03-12")]
            {
                let world = paid(as_of, through).charge("2026-03-10", service, name, "5000").usage(
                    "2026-03-10",
                    service,
                    usage_type,
                    "Quantity",
                    "5000",
                    "1",
                );
                let seen = observed(&world);
                assert_eq!((seen.changes, seen.rising), (Vec::new(), Vec::new()), "{name} {service} {as_of}");
                let spend = world.position().spend;
                assert_eq!(spend.burn_per_day.last_7_days, Some(usd("100")), "{name} {service} {as_of}");
            }
        }
    }
}

#[test]
fn a_fee_that_was_returned_is_no_cash_of_its_month() {
    let bought = paid("2026-03-13", "2026-03-12").charge("2026-03-10", PLANS, "SavingsPlanUpfrontFee", "5000");
    assert_eq!(bought.position().trajectory[0].cash, usd("5000"), "until it is returned it is cash");
    for (service, name) in
        [(PLANS, "Refund"), (PLANS, "SavingsPlanUpfrontFee"), (PLANS, "Fee"), (PLANS, "Savings Plan Upfront Fee")]
    {
        let world = paid("2026-03-20", "2026-03-19")
            .charge("2026-03-10", PLANS, "SavingsPlanUpfrontFee", "5000")
            .usage("2026-03-10", PLANS, "ComputeSP:1yrAllUpfront", "Quantity", "5000", "1")
            .charge("2026-03-14", service, name, "-5000");
        let (position, outlook) = world.look();
        assert_eq!(position.spend.net_to_date, Money::ZERO, "{name}");
        let march = &position.trajectory[0];
        assert_eq!((march.gross, march.covered, march.cash), (usd("3100"), usd("3100"), Money::ZERO), "{name}");
        assert_eq!(march.odds(), Some((Money::ZERO, Money::ZERO)), "{name}");
        assert_eq!(position.credits.pools[0].drawn, usd("7700"), "{name}");
        assert_eq!(position.spend.burn_per_day.last_28_days, Some(usd("100")), "{name}");
        // 52,300 left at 100 a day.
        assert_eq!(outlook.exhaustion.p50, None, "{name}");
    }
}

#[test]
fn a_refund_of_earlier_usage_hides_no_cash() {
    // RDS is cash, 50 a day; Bedrock is paid by credit. AWS refunds 900 of Bedrock's January.
    let world = paid("2026-03-20", "2026-03-19").charges("2026-01-01", "2026-03-19", RDS, "Usage", "50").charge(
        "2026-03-12",
        BEDROCK,
        "Refund",
        "-900",
    );
    let without = paid("2026-03-20", "2026-03-19").charges("2026-01-01", "2026-03-19", RDS, "Usage", "50");
    let (with, without) = (world.position(), without.position());
    assert_eq!(with.trajectory, without.trajectory);
    assert_eq!(with.trajectory[0].cash, usd("1550"));
    assert_eq!(with.spend.net_to_date, without.spend.net_to_date - usd("900"), "the bill so far is the bill");
    assert_eq!(with.spend.burn_per_day, without.spend.burn_per_day);
    assert_eq!(with.credits, without.credits);
    // What it refunds of RDS is less cash of RDS, as far as this month has any.
    let rds = paid("2026-03-20", "2026-03-19").charges("2026-01-01", "2026-03-19", RDS, "Usage", "50").charge(
        "2026-03-12",
        RDS,
        "Refund",
        "-2000",
    );
    assert_eq!(rds.position().trajectory[0].cash, usd("650"), "1,550 less the 900 of its 18 days that are known");
}

#[derive(Debug, Clone)]
struct Fee {
    day: i64,
    service: usize,
    name: usize,
    usage_type: Option<usize>,
    /// In cents, and a fraction that no usage has.
    cost: i64,
    returned: Option<(i64, usize)>,
}

const FEES: [&str; 6] = [
    "SavingsPlanUpfrontFee",
    "RI Upfront Fee",
    "Upfront",
    "Fee",
    "Savings Plan Upfront Fee",
    "Upfront reservation fee",
];
const SHOWN: [&str; 3] = ["ComputeSP:1yrAllUpfront", "USE2-CapacityBlockFee:trn2.48xlarge", "Something"];
const RETURNS: [&str; 3] = ["Refund", "Fee", "SavingsPlanUpfrontFee"];
const SERVICES: [&str; 4] = [BEDROCK, EC2, RDS, PLANS];

fn any_fee() -> impl Strategy<Value = Fee> {
    let returned = proptest::option::of((0_i64..12, 0..RETURNS.len()));
    let usage_type = proptest::option::weighted(0.8, 0..SHOWN.len());
    (0_i64..88, 0..SERVICES.len(), 0..FEES.len(), usage_type, 10_000_i64..900_000, returned).prop_map(
        |(day, service, name, usage_type, cost, returned)| Fee { day, service, name, usage_type, cost, returned },
    )
}

fn on(offset: i64) -> String {
    (day("2026-01-01") + chrono::Days::new(offset.min(87).unsigned_abs())).to_string()
}

/// Adds fees and their return to a bill. No two begin on one day, so that none is taken for another.
fn with_fees(mut world: World, fees: &[Fee]) -> World {
    let by_day: BTreeMap<i64, &Fee> = fees.iter().map(|fee| (fee.day, fee)).collect();
    for fee in by_day.into_values() {
        let (service, cost) = (SERVICES[fee.service], format!("{}.0000001", fee.cost));
        world = world.charge(&on(fee.day), service, FEES[fee.name], &cost);
        if let Some(usage_type) = fee.usage_type {
            world = world.usage(&on(fee.day), service, SHOWN[usage_type], "Quantity", &cost, "1");
        }
        if let Some((after, name)) = fee.returned {
            let (later, cost) = (on(fee.day + after + 1), format!("-{cost}"));
            world = world.charge(&later, service, RETURNS[name], &cost);
            // The detail leaves refunds out, and shows a fee's return beside the fee.
            if let Some(usage_type) = fee.usage_type.filter(|_| RETURNS[name] != "Refund") {
                world = world.usage(&later, service, SHOWN[usage_type], "Quantity", &cost, "1");
            }
        }
    }
    world
}

fn bill(bedrock: &[i64], ec2: &[i64]) -> World {
    let mut world = World::in_march().credit("1", "4000", Some(&[BEDROCK]), |_| {}).credit(
        "2",
        "9000",
        Some(&[BEDROCK, "Amazon EC2"]),
        |_| {},
    );
    for (service, usage_type, unit, costs) in
        [(BEDROCK, "USE1-NovaPro-input-tokens", "1K tokens", bedrock), (EC2, "USE2-BoxUsage:trn1.32xlarge", "Hrs", ec2)]
    {
        for (offset, cost) in costs.iter().enumerate().filter(|(_, cost)| **cost > 0) {
            let (on, cost) = (on(offset as i64), cost.to_string());
            world = world.charge(&on, service, "Usage", &cost).usage(&on, service, usage_type, unit, &cost, "10");
        }
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn fees_and_their_return_bend_nothing_that_goes_on(
        bedrock in vec(0_i64..300, 88..=88), ec2 in vec(0_i64..300, 88..=88), fees in vec(any_fee(), 1..8),
    ) {
        let (plain, with) = (bill(&bedrock, &ec2), with_fees(bill(&bedrock, &ec2), &fees));
        let draws = |world: &World| {
            let assessment = world.assess();
            let ledger = &assessment.ledger;
            let draw = |draw: &glidepath::domain::credit::ledger::Drawdown| {
                let stream = &ledger.streams[draw.stream];
                (draw.day, draw.pool, stream.service.clone(), stream.workload, draw.amount)
            };
            ledger.drawdowns.iter().map(draw).collect::<Vec<_>>()
        };
        prop_assert_eq!(draws(&with), draws(&plain));
        let spend = |world: &World| world.assess().position(None).spend;
        prop_assert_eq!(spend(&with).burn_per_day, spend(&plain).burn_per_day);
        let (seen, expected) = (observed(&with), observed(&plain));
        prop_assert_eq!(seen.burn, expected.burn);
        prop_assert_eq!(seen.changes, expected.changes);
        prop_assert_eq!(seen.rising, expected.rising);
    }
}
