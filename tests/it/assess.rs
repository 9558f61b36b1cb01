//! From facts to a position: the bill, what the detail lacks, months, pulls and reconciliation; pools, coverage and
//! exhaustion have files of their own.

mod at_least;
mod coverage;
mod discounts;
mod endings;
mod exhaustion;
mod fees;
mod next_ask;
mod pools;
mod purchases;
mod reconciliation;
mod renamed;

use glidepath::domain::facts::Facts;
use glidepath::domain::facts::account_plan::{AccountPlan, AccountPlanKind, AccountPlanStatus};
use glidepath::domain::filing::review::next_ask::NoAsk;
use glidepath::domain::position::series::series;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::plus_days;
use glidepath::domain::values::workload::Workload;

use crate::support::values::{day, usd};
use crate::support::world::*;

#[test]
fn the_parts_of_the_bill_add_up_to_the_cash() {
    let spend = World::in_march()
        .charge("2026-03-05", BEDROCK, "Usage", "100.1000000001")
        .charge("2026-03-05", BEDROCK, "EdpDiscount", "-5")
        .charge("2026-03-06", EC2, "Upfront", "50")
        .charge("2026-03-06", "AWS Support (Business)", "Support", "7")
        .charge("2026-03-07", BEDROCK, "Credit", "-60")
        .charge("2026-03-07", BEDROCK, "Refund", "-3.33")
        .charge("2026-03-07", "Tax", "Tax", "1.23")
        .charge("2026-03-08", RDS, "SomethingNew", "2")
        .charge("2026-03-30", BEDROCK, "Usage", "999")
        .position()
        .spend;
    assert_eq!(spend.gross_to_date, usd("154.1000000001"));
    assert_eq!((spend.credit_to_date, spend.refund_to_date), (usd("-60"), usd("-3.33")));
    assert_eq!((spend.tax_to_date, spend.net_to_date), (usd("1.23"), usd("92.0000000001")));
    let parts = spend.gross_to_date + spend.credit_to_date + spend.refund_to_date + spend.tax_to_date;
    assert_eq!(parts, spend.net_to_date);
}

#[test]
fn the_partial_newest_days_reach_no_forecast() {
    // On the 31st, the 29th is complete and the 30th is not, whatever it shows: nothing, a tenth, or tenfold. It costs what it
    // shows at least, and no other day more for it.
    let looked = |partial: &[(&str, &str)]| {
        let pool = World::in_march().credit("one", "5000", Some(&[BEDROCK]), |_| {});
        let mut world = pool.charges("2026-01-05", "2026-03-29", BEDROCK, "Usage", "100");
        for (day, cost) in partial {
            world = world.charge(day, BEDROCK, "Usage", cost);
        }
        // What is drawn by then is AWS's to say; here nothing but the forecast is compared.
        world.facts.credits[0].snapshot.estimated = Some(usd("1500"));
        let (position, outlook) = world.look();
        assert_eq!(position.data_through, Some(day("2026-03-29")));
        outlook
    };
    let none = looked(&[]);
    assert_eq!(none.data_through, day("2026-03-29"));
    let tenth = looked(&[("2026-03-30", "10")]);
    assert_eq!((&tenth.workloads, &tenth.cumulative), (&none.workloads, &none.cumulative));
    assert_eq!(tenth.exhaustion, none.exhaustion);
    let tenfold = looked(&[("2026-03-30", "1000"), ("2026-03-31", "3")]);
    assert_eq!(tenfold.workloads, none.workloads);
    for (some, none) in tenfold.cumulative.iter().zip(&none.cumulative) {
        // A path's first day is dearer or cheaper as the path is, so the median is raised by about what the day is.
        let raised = some.p50 - none.p50;
        assert!((raised - usd("900")).abs() < usd("90"), "{}: {raised}", some.day);
    }
    assert_eq!(tenfold.exhaustion.p50.map(|day| plus_days(day, 9)), none.exhaustion.p50);
    // The complete day before them does count.
    let pool = World::in_march().credit("one", "5000", Some(&[BEDROCK]), estimated("1500"));
    let known = pool.charges("2026-01-05", "2026-03-28", BEDROCK, "Usage", "100");
    let (_, told) = known.charge("2026-03-29", BEDROCK, "Usage", "1000").look();
    assert_ne!(told.cumulative, none.cumulative);
}

#[test]
fn what_the_detail_lacks_is_a_line_of_its_own() {
    let world = World::in_march()
        .charge("2026-03-05", EC2, "Usage", "10")
        .usage("2026-03-05", EC2, "USE2-BoxUsage:trn1.2xlarge", "Hrs", "7.50", "5")
        .charge("2026-03-06", EC2, "Usage", "10")
        .usage("2026-03-06", EC2, "USE2-BoxUsage:trn1.2xlarge", "Hrs", "12", "8")
        .charge("2026-03-07", RDS, "Usage", "3")
        .usage("2026-03-08", RDS, "InstanceUsage:db.m5.large", "Hrs", "4", "24");
    let assessment = world.assess();
    let costs = assessment.costs();
    let rests: Vec<(String, Money)> = costs
        .detail
        .iter()
        .filter(|row| costs.kinds[row.kind].usage_type.is_none())
        .map(|row| (row.day.to_string(), row.cost))
        .collect();
    let rest = |day: &str, amount: &str| (day.to_owned(), usd(amount));
    assert_eq!(
        rests,
        [rest("2026-03-05", "2.50"), rest("2026-03-06", "-2"), rest("2026-03-07", "3"), rest("2026-03-08", "-4")]
    );
    for (date, gross) in [("2026-03-05", "10"), ("2026-03-06", "10"), ("2026-03-07", "3"), ("2026-03-08", "0")] {
        let split: Money = costs.split.iter().filter(|c| c.day == day(date)).map(|c| c.gross()).sum();
        let detail: Money = costs.detail.iter().filter(|row| row.day == day(date)).map(|row| row.cost).sum();
        assert_eq!((split, detail), (usd(gross), usd(gross)), "{date}");
    }
}

#[test]
fn a_capacity_block_is_cash_on_its_day_and_no_burn() {
    let mut world = hundred_a_day()
        .charge("2026-03-10", EC2, "Upfront", "12000")
        .usage("2026-03-10", EC2, "USE2-CapacityBlockFee:trn2.48xlarge", "N/A", "12000", "1")
        .credit("1", "50000", Some(&[BEDROCK, "Amazon EC2"]), |_| {});
    for day in ["2026-03-11", "2026-03-12", "2026-03-13", "2026-03-14"] {
        world = world.usage(day, EC2, "USE2-BoxUsage:trn2.48xlarge", "Hrs", "0", "24");
    }
    let (position, outlook) = world.look();
    assert_eq!(position.spend.gross_to_date, usd("14900"));
    assert_eq!(position.spend.burn_per_day.last_28_days, Some(usd("100")));
    assert_eq!(position.credits.pools[0].drawn, usd("2900"), "credit pays Bedrock and no upfront fee");
    let trainium: Vec<_> = position.workloads.iter().filter(|row| row.workload == Workload::Trainium).collect();
    assert_eq!(trainium.iter().map(|row| row.cost).sum::<Money>(), usd("12000"));
    let hours = trainium.iter().find(|row| row.unit.as_deref() == Some("chip_hours")).expect("the $0 hours count");
    // Four days of 24 hours on 16 chips.
    assert_eq!(hours.quantity, Some("1536".parse().unwrap()));
    let march = &position.trajectory[0];
    assert_eq!((march.gross, march.covered, march.cash), (usd("15100"), usd("3100"), usd("12000")));
    assert_eq!(position.trajectory[1].gross, usd("3000"), "the lump is not extrapolated");
    assert_eq!(outlook.exhaustion.p50, None, "47,100 last for more than a year");
    let uncovered = world.assess().uncovered(&position.coverage);
    assert!(uncovered.is_empty(), "a lump is no burn of cash: {uncovered:?}");
}

/// A fee that AWS bills as plain usage is a fee all the same.
#[test]
fn a_reservation_fee_billed_as_usage_is_not_drawn_either() {
    let world = World::in_march()
        .charge("2026-03-10", EC2, "Usage", "12030")
        .usage("2026-03-10", EC2, "USE2-CapacityBlockFee:trn2.48xlarge", "N/A", "12000", "1")
        .usage("2026-03-10", EC2, "USE2-BoxUsage:trn1.2xlarge", "Hrs", "30", "20")
        .credit("1", "50000", Some(&["Amazon EC2"]), |_| {});
    assert_eq!(world.position().credits.pools[0].drawn, usd("30"));
}

#[test]
fn month_figures_run_over_the_month_of_the_data() {
    let april = World::on("2026-04-05")
        .charges("2026-03-01", "2026-03-31", BEDROCK, "Usage", "100")
        .charges("2026-04-01", "2026-04-03", BEDROCK, "Usage", "7")
        .charge("2026-04-04", BEDROCK, "Usage", "1000")
        .position();
    assert_eq!(april.data_through, Some(day("2026-04-03")));
    assert_eq!((april.spend.gross_to_date, april.spend.gross_month_to_date), (usd("3121"), usd("21")));
    assert_eq!(april.workloads.iter().map(|row| row.cost).sum::<Money>(), usd("21"));
    assert_eq!(april.trajectory[0].month, "2026-04".parse().unwrap());
    // Four days at 100 and three at 7 in the last seven.
    assert_eq!(april.spend.burn_per_day.last_7_days, Some(usd("421").per(7)));

    let first = World::on("2026-04-02").charges("2026-03-01", "2026-03-31", BEDROCK, "Usage", "100").position();
    assert_eq!(first.spend.gross_month_to_date, usd("3100"), "on the 2nd the data still ends in March");
    assert_eq!(first.trajectory[0].month, "2026-04".parse().unwrap());
}

#[test]
fn failed_pulls_leave_the_data_where_it_was() {
    let mut world = World::in_march().charges("2026-03-01", "2026-03-27", BEDROCK, "Usage", "100");
    // The pulls of the 29th, 30th and 31st failed.
    world.facts.costs_pulled_at = Some(day("2026-03-28").and_hms_opt(6, 0, 0).unwrap().and_utc());
    let position = world.position();
    assert_eq!(position.data_through, Some(day("2026-03-26")));
    assert_eq!(position.spend.gross_to_date, usd("2600"));
    assert_eq!(position.as_of.date_naive(), day("2026-03-31"));
}

#[test]
fn before_any_data_there_is_no_figure_and_no_panic() {
    let clock = day("2026-03-31").and_hms_opt(6, 0, 0).unwrap().and_utc();
    let world = World { facts: Facts::none(clock, "USD"), configured: Vec::new() }.credit(
        "1",
        "10000",
        Some(&[BEDROCK]),
        estimated("5000"),
    );
    let assessment = world.assess();
    assert!(assessment.outlook().is_none());
    let position = assessment.position(None);
    assert_eq!((position.data_through, position.exhaustion.total.p50), (None, None));
    assert_eq!(position.credits.pools[0].stated.unwrap().amount, usd("5000"));
    assert_eq!(position.spend.burn_per_day.last_7_days, None);
    assert_eq!(series(&assessment, None), glidepath::domain::position::series::Series::default());
}

#[test]
fn aws_drawing_another_pool_than_replay_is_a_contradiction() {
    let world = || {
        World::on("2026-04-20")
            .charges("2026-03-01", "2026-03-31", BEDROCK, "Usage", "100")
            .charges("2026-04-01", "2026-04-18", BEDROCK, "Usage", "1")
            .credit("1", "10000", Some(&[BEDROCK]), |seen| {
                seen.snapshot.starts_on = day("2026-03-01");
                seen.snapshot.expires_on = day("2027-06-01");
            })
            .credit("2", "10000", Some(&[BEDROCK]), |seen| seen.snapshot.starts_on = day("2026-03-01"))
    };
    let told = |world: World| {
        let assessment = world.assess();
        let gaps = assessment.order_contradictions().into_iter().map(|found| (found.month, found.pool, found.gap));
        gaps.map(|(month, pool, gap)| (month.to_string(), pool, gap)).collect::<Vec<_>>()
    };
    let agreed = world().allocated("2026-03", "1", BEDROCK, "3099.40");
    assert_eq!(told(agreed), [], "cents settle differently");
    let other_way_round = world().allocated("2026-03", "2", BEDROCK, "3100");
    assert_eq!(
        told(other_way_round),
        [("2026-03".to_owned(), "1".to_owned(), usd("-3100")), ("2026-03".to_owned(), "2".to_owned(), usd("3100"))]
    );
    let less = world().allocated("2026-03", "1", BEDROCK, "2000");
    assert_eq!(told(less), [], "a different total is a gap to reconcile; it says nothing about the order");
    // A credit of two years that was nearly used up before the first stored month: AWS goes on with the other one.
    let mut early = world().allocated("2026-03", "1", BEDROCK, "800").allocated("2026-03", "2", BEDROCK, "2300");
    early.facts.credits[0].snapshot.starts_on = day("2025-06-01");
    assert_eq!(told(early), [], "what it paid earlier is not known, so replay takes it for full");
}

#[test]
fn the_dearest_spend_that_no_rule_understands_is_named() {
    let world = hundred_a_day().charges("2026-02-20", "2026-03-29", EC2, "Usage", "10").charges(
        "2026-03-01",
        "2026-03-29",
        "Amazon Bedrock Wonder",
        "Usage",
        "20",
    );
    let quality = world.position().data_quality;
    assert_eq!(quality.unclassified_cost, usd("870"), "the month's 29 days at 30");
    let named: Vec<_> = quality.unclassified.iter().map(|usage| (usage.service.as_str(), usage.cost)).collect();
    assert_eq!(named, [("Amazon Bedrock Wonder", usd("580")), (EC2, usd("290"))], "the dearest first");
    assert!(quality.unclassified.iter().all(|usage| usage.because.is_some()), "{:?}", quality.unclassified);
}

/// The free plan as AWS states it on the morning of the 31st.
fn free_plan() -> AccountPlan {
    AccountPlan {
        plan: AccountPlanKind::Free,
        status: AccountPlanStatus::Active,
        credit_left: Some(usd("120")),
        ends_on: Some(day("2026-09-01")),
        seen_on: day("2026-03-31"),
    }
}

#[test]
fn an_account_on_the_free_plan_supports_no_ask() {
    let asks = |plan: AccountPlanKind| {
        let mut world = World::in_march().charges("2025-12-01", "2026-03-29", BEDROCK, "Usage", "1000");
        world.facts.account_plan = Some(AccountPlan { plan, ..free_plan() });
        let position = world.position();
        (position.next_ask.is_some(), position.review.no_ask)
    };
    assert_eq!(asks(AccountPlanKind::Paid), (true, None));
    assert_eq!(asks(AccountPlanKind::Free), (false, Some(NoAsk::FreePlan)));
}

#[test]
fn series_end_where_the_figures_do() {
    let world =
        hundred_a_day().charge("2026-03-30", BEDROCK, "Usage", "60").credit("1", "10000", Some(&[BEDROCK]), |_| {});
    let assessment = world.assess();
    let outlook = assessment.outlook();
    let drawn = series(&assessment, outlook.as_ref());
    let balance = drawn.pools[0].balance.last().unwrap();
    assert_eq!((balance.day, balance.amount), (day("2026-03-29"), usd("7100")));
    let actual = drawn.actual.last().unwrap();
    assert_eq!((actual.day, actual.amount), (day("2026-03-29"), usd("2900")));
    let ahead = drawn.outlook.first().unwrap();
    assert_eq!((ahead.day, ahead.p50), (day("2026-03-30"), usd("3000")), "the outlook goes on where the actual ends");
}
