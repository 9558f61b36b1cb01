//! Discounts under any name, wherever the bill has them: what credit is asked to pay, what is left of it, and that nothing of
//! the bill is lost.

use std::collections::BTreeMap;

use glidepath::domain::billing::costs::WorkloadSpend;
use glidepath::domain::facts::charge::{BillPart, Role, record_kind};
use glidepath::domain::facts::credits::{ApplicationType, SeenCredit};
use glidepath::domain::outlook::Outlook;
use glidepath::domain::position::Position;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::BillingPeriod;
use glidepath::domain::values::workload::Workload;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::values::{day, usd};
use crate::support::world::*;

fn applied(text: &str) -> impl Fn(&mut SeenCredit) {
    let applied = ApplicationType::read(text);
    move |seen| seen.snapshot.application_type = applied
}

/// A hundred a day of Bedrock since February, and a credit that pays for it.
fn covered(applies: &str) -> World {
    World::in_march().charges("2026-02-01", "2026-03-29", BEDROCK, "Usage", "100").credit(
        "1",
        "20000",
        Some(&[BEDROCK, "EC2"]),
        applied(applies),
    )
}

/// Drawn by the credit, its day of exhaustion, and the cash of the complete days.
fn drawn(position: &Position) -> Money {
    position.credits.pools[0].drawn
}

fn unknown(world: &World) -> Vec<String> {
    world.assess().unknown_record_types().into_iter().map(|unknown| unknown.name).collect()
}

fn lasts(outlook: &Outlook) -> i64 {
    (outlook.exhaustion.p50.expect("it ends") - outlook.data_through).num_days()
}

#[test]
fn a_discount_under_any_name_lowers_what_credit_pays() {
    for (name, new) in [
        ("Enterprise Discount Program Discount", false),
        ("ENTERPRISE DISCOUNT PROGRAM DISCOUNT", false),
        ("EdpDiscount", false),
        ("Private Rate Card Discount", false),
        ("PrivateRateDiscount", false),
        ("Solution Provider Program Discount", false),
        ("Distributor Discount", false),
        ("BundledDiscount", false),
        ("Bundled Discount", false),
        ("discount", false),
        ("Loyalty Discount", true),
        ("RebateOfTomorrow", true),
    ] {
        let world = covered("AFTER_DISCOUNTS").charges("2026-02-01", "2026-03-29", BEDROCK, name, "-10").charges(
            "2026-02-01",
            "2026-03-29",
            BEDROCK,
            "Credit",
            "-90",
        );
        let (position, outlook) = world.look();
        // 57 days of 90. What is left, 14,870, lasts 165 days of 90.
        assert_eq!((drawn(&position), lasts(&outlook)), (usd("5130"), 166), "{name}");
        assert_eq!(position.spend.net_to_date, Money::ZERO, "{name}");
        assert_eq!(position.data_quality.reconciliation_gap, Money::ZERO, "{name}");
        assert_eq!(position.spend.burn_per_day.last_28_days, Some(usd("90")), "{name}");
        assert_eq!(unknown(&world), if new { vec![name.to_owned()] } else { Vec::new() });
    }
}

#[test]
fn a_new_positive_record_type_is_gross_and_no_credit_is_asked_for_it() {
    let world = covered("AFTER_DISCOUNTS").charges("2026-02-01", "2026-03-29", BEDROCK, "SurchargeOfTomorrow", "10");
    let position = world.position();
    assert_eq!((drawn(&position), position.spend.gross_to_date), (usd("5700"), usd("6270")));
    assert_eq!(unknown(&world), ["SurchargeOfTomorrow"]);
}

#[test]
fn a_new_record_type_counts_through_the_last_complete_day() {
    let world = covered("AFTER_DISCOUNTS")
        .charges("2026-03-28", "2026-03-30", BEDROCK, "RebateOfTomorrow", "-10")
        .charge("2026-03-30", BEDROCK, "Another", "5");
    let seen = world.assess().unknown_record_types();
    let seen: Vec<_> = seen.iter().map(|it| (it.name.as_str(), it.since, it.cost)).collect();
    assert_eq!(seen, [("RebateOfTomorrow", day("2026-03-28"), usd("-20"))]);
}

#[test]
fn credit_before_discounts_is_asked_for_the_cost_without_them() {
    for (applies, per_day) in [
        ("BEFORE_CROSS_SERVICE_DISCOUNTS", 100),
        ("before-cross-service-discounts", 100),
        ("AFTER_DISCOUNTS", 90),
        ("AfterCrossServiceDiscounts", 90),
        ("not said", 90),
    ] {
        let world = covered(applies).charges("2026-02-01", "2026-03-29", BEDROCK, "EdpDiscount", "-10").charges(
            "2026-02-01",
            "2026-03-29",
            BEDROCK,
            "Credit",
            &format!("-{per_day}"),
        );
        let (position, outlook) = world.look();
        assert_eq!(drawn(&position), usd(&(57 * per_day).to_string()), "{applies}");
        assert_eq!(lasts(&outlook), (20_000 - 57 * per_day) / per_day + 1, "{applies}");
        assert_eq!(position.data_quality.reconciliation_gap, Money::ZERO, "{applies}");
        // The bill ahead: the month costs 90 a day, of which credit pays what it is asked for.
        let april = &position.trajectory[1];
        assert_eq!((april.gross, april.covered), (usd("2700"), usd(&(30 * per_day).to_string())), "{applies}");
    }
}

#[test]
fn a_discount_that_the_bill_has_under_another_service_lowers_them_all() {
    // 300 of Bedrock and 100 of a service that no credit pays, a tenth off the whole under a name of its own.
    let world = World::in_march()
        .charges("2026-02-01", "2026-03-29", BEDROCK, "Usage", "300")
        .charges("2026-02-01", "2026-03-29", RDS, "Usage", "100")
        .charges("2026-02-01", "2026-03-29", "AWS Enterprise Discount", "EdpDiscount", "-40")
        .credit("1", "30000", Some(&[BEDROCK]), applied("AFTER_DISCOUNTS"));
    let (position, outlook) = world.look();
    // 57 days of 270; the other 14,610 last 54 days.
    assert_eq!((drawn(&position), lasts(&outlook)), (usd("15390"), 55));
    assert_eq!(position.spend.burn_per_day.last_7_days, Some(usd("360")));
    let coverage: Vec<&str> = position.coverage.iter().map(|row| row.service.as_str()).collect();
    assert_eq!(coverage, [BEDROCK, RDS], "what only lowers others is no service");
    let uncovered = world.assess().uncovered(&position.coverage);
    assert_eq!(uncovered.iter().map(|burn| burn.per_day_7d).collect::<Vec<_>>(), [usd("90")]);
}

#[test]
fn a_discount_that_comes_as_a_lump_lowers_its_month() {
    // 10 % of February on its last day, or its first, and the same of March so far.
    for (february, march) in [("2026-02-28", "2026-03-29"), ("2026-02-01", "2026-03-01"), ("2026-02-14", "2026-03-12")]
    {
        let world = covered("AFTER_DISCOUNTS")
            .charge(february, BEDROCK, "EDP Discount", "-280")
            .charge(march, BEDROCK, "EDP Discount", "-290")
            .charges("2026-02-01", "2026-03-29", BEDROCK, "Credit", "-90");
        let (position, outlook) = world.look();
        assert_eq!((drawn(&position), lasts(&outlook)), (usd("5130"), 166), "{february}");
        assert_eq!(position.spend.burn_per_day.last_7_days, Some(usd("90")), "{february}");
        assert_eq!(position.data_quality.reconciliation_gap, Money::ZERO, "{february}");
        let gaps: Vec<Money> = position.reconciliation.months.iter().map(|month| month.gap).collect();
        assert_eq!(gaps, [Money::ZERO; 2], "{february}");
        let costs = world.assess();
        let on = |date: &str| {
            costs.costs().split.iter().filter(|cost| cost.day == day(date)).map(|c| c.gross()).sum::<Money>()
        };
        assert_eq!(on(february), usd("-180"), "the bill itself stays as it is");
    }
}

#[test]
fn a_lump_that_comes_every_month_is_foreseen_in_the_running_one() {
    let lumps = |january: &str| {
        World::in_march()
            .charges("2026-01-01", "2026-03-29", BEDROCK, "Usage", "100")
            .charge("2026-01-31", BEDROCK, "EDP Discount", january)
            .charge("2026-02-28", BEDROCK, "EDP Discount", "-280")
            .credit("1", "20000", Some(&[BEDROCK]), applied("AFTER_DISCOUNTS"))
    };
    let (position, outlook) = lumps("-310").look();
    // What March's will be is not on the bill: 59 days of 90 and 29 of 100. The 11,790 left last 131 days of 90.
    assert_eq!((drawn(&position), lasts(&outlook)), (usd("8210"), 132));
    // March costs what it will cost, whatever credit has paid of it so far: 2,790.
    for credited in ["-90", "-100"] {
        let march =
            &lumps("-310").charges("2026-01-01", "2026-03-29", BEDROCK, "Credit", credited).position().trajectory[0];
        assert_eq!((march.gross, march.covered, march.cash), (usd("2790"), usd("2790"), Money::ZERO), "{credited}");
    }
    // One lump alone is no custom. February's then is its own: 31 and 29 days of 100, and 28 of 90.
    let (position, outlook) = lumps("0").look();
    assert_eq!((drawn(&position), lasts(&outlook) < 124), (usd("8520"), true));
}

#[test]
fn a_lump_is_the_same_under_a_name_that_nobody_knows_and_under_a_service_of_its_own() {
    for (name, service) in [
        ("EDP Discount", BEDROCK),
        ("Commitment Rebate", BEDROCK),
        ("EDP Discount", "AWS EDP"),
        ("Commitment Rebate", "AWS EDP"),
    ] {
        let world = World::in_march()
            .charges("2026-01-01", "2026-03-29", BEDROCK, "Usage", "100")
            .charges("2026-01-01", "2026-03-29", BEDROCK, "Credit", "-90")
            .charge("2026-01-31", service, name, "-310")
            .charge("2026-02-28", service, name, "-280")
            .credit("1", "20000", Some(&[BEDROCK]), applied("AFTER_DISCOUNTS"));
        let (position, outlook) = world.look();
        // 59 days of 90 and 29 of 100, of which the month ahead is at 90.
        assert_eq!((drawn(&position), lasts(&outlook)), (usd("8210"), 132), "{name} under {service}");
        let months = position.reconciliation.months.iter().filter(|month| month.month != "2026-03".parse().unwrap());
        assert_eq!(months.map(|month| month.gap).collect::<Vec<_>>(), [Money::ZERO; 2], "{name} under {service}");
        let bills = position.trajectory[..2].iter().map(|bill| (bill.gross, bill.covered, bill.cash));
        let expected = [(usd("2790"), usd("2790"), Money::ZERO), (usd("2700"), usd("2700"), Money::ZERO)];
        assert_eq!(bills.collect::<Vec<_>>(), expected, "{name} under {service}");
    }
}

#[test]
fn a_discount_in_a_row_of_its_own_is_no_use_that_nobody_understands() {
    for (service, used) in [(BEDROCK, "USE1-NovaPro-input-tokens"), (EC2, "USE2-BoxUsage:trn1.32xlarge")] {
        for name in ["EdpDiscount", "Private Rate Card Discount", "Bundled Discount", "RebateOfTomorrow"] {
            // In a row without a usage type, in one of its own, and in none.
            for shown in [Some("NoUsageType"), Some(""), Some("USE1-EDP-Discount"), None] {
                let mut world = World::in_march().charges("2026-03-01", "2026-03-29", service, "Usage", "100").charges(
                    "2026-03-01",
                    "2026-03-29",
                    service,
                    name,
                    "-10",
                );
                for day in 1..=29 {
                    let on = format!("2026-03-{day:02}");
                    world = world.usage(&on, service, used, "Hrs", "100", "5");
                    if let Some(shown) = shown {
                        world = world.usage(&on, service, shown, "N/A", "-10", "0");
                    }
                }
                let position = world.assess().position(None);
                let case = format!("{name} of {service} as {shown:?}");
                assert_eq!(position.data_quality.unclassified_cost, Money::ZERO, "{case}");
                assert_eq!(position.data_quality.unclassified, [], "{case}");
                // A rule of EC2 takes what it does not know for supporting.
                let counts = |row: &&WorkloadSpend| service == EC2 || row.workload == Workload::BedrockInference;
                let of_workload = position.workloads.iter().filter(counts);
                assert_eq!(of_workload.map(|row| row.cost).sum::<Money>(), usd("2610"), "{case}");
            }
        }
    }
    // What no discount on the bill accounts for stays visible.
    let odd = hundred_a_day().charges("2026-03-01", "2026-03-29", BEDROCK, "EdpDiscount", "-10").usage(
        "2026-03-05",
        BEDROCK,
        "NoUsageType",
        "N/A",
        "-11",
        "0",
    );
    assert_eq!(odd.position().data_quality.unclassified_cost, usd("-11"));
}

const RECORD_TYPES: [(&str, i64); 14] = [
    ("Usage", 1),
    ("Usage", 1),
    ("DiscountedUsage", 1),
    ("SavingsPlanRecurringFee", 1),
    ("Enterprise Discount Program Discount", -1),
    ("PrivateRateDiscount", -1),
    ("Bundled Discount", -1),
    ("NewRebate", -1),
    ("NewSurcharge", 1),
    ("Upfront", 1),
    ("Support", 1),
    ("Credit", -1),
    ("Refund", -1),
    ("Tax", 1),
];

#[derive(Debug, Clone)]
struct Row {
    day: i64,
    service: usize,
    record: usize,
    /// In tenths of billionths of a dollar, as AWS prints them.
    cost: i64,
    /// Which usage type shows it, if any does.
    shown: Option<usize>,
}

const SHOWN: [&str; 4] = ["USE1-NovaPro-input-tokens", "BoxUsage:trn1.32xlarge", "SpotUsage:trn1.32xlarge", "Anything"];

fn any_row() -> impl Strategy<Value = Row> {
    let cost = prop_oneof![4 => 0_i64..900_000_000_000, 1 => 0_i64..60_000_000_000_000];
    let shown = proptest::option::weighted(0.7, 0..SHOWN.len());
    (0_i64..56, 0..3_usize, 0..RECORD_TYPES.len(), cost, shown).prop_map(|(day, service, record, cost, shown)| Row {
        day,
        service,
        record,
        cost,
        shown,
    })
}

fn world_of(rows: &[Row]) -> World {
    let services = [BEDROCK, EC2, RDS];
    let mut world = World::in_march();
    for row in rows {
        let (record_type, sign) = RECORD_TYPES[row.record];
        let day = (day("2026-02-01") + chrono::Days::new(row.day.unsigned_abs())).to_string();
        let cost = rust_decimal::Decimal::new(row.cost * sign, 10).to_string();
        world = world.charge(&day, services[row.service], record_type, &cost);
        let detailed = !matches!(record_type, "Credit" | "Refund" | "Tax");
        if let Some(shown) = row.shown.filter(|_| detailed) {
            world = world.usage(&day, services[row.service], SHOWN[shown], "Hrs", &cost, "1");
        }
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_of_a_bill_is_lost_and_no_credit_is_asked_for_more(
        rows in vec(any_row(), 1..80), before in any::<bool>(), lists in any::<bool>(),
    ) {
        let applies = applied(if before { "BEFORE_CROSS_SERVICE_DISCOUNTS" } else { "AFTER_DISCOUNTS" });
        let list: &[&str] = if lists { &[BEDROCK] } else { &[BEDROCK, "EC2", "RDS", EC2, RDS] };
        let world = world_of(&rows).credit("1", "1000000", Some(list), applies);
        let assessment = world.assess();
        let costs = assessment.costs();
        // The parts of the bill, per day and service, by another route.
        let mut gross: BTreeMap<_, Money> = BTreeMap::new();
        let (mut spent, mut payable, mut discounts) = (Money::ZERO, BTreeMap::new(), BTreeMap::new());
        for row in &world.facts.charges {
            let kind = &world.facts.charge_kinds[row.kind];
            let counted = record_kind(&kind.record_type, row.cost);
            spent += row.cost;
            let month = BillingPeriod::of(row.day);
            if counted.part == BillPart::Gross {
                *gross.entry((row.day, kind.service.clone())).or_default() += row.cost;
                match counted.role {
                    Role::Payable(_) => *payable.entry(month).or_insert(Money::ZERO) += row.cost,
                    Role::Discount => *discounts.entry(month).or_insert(Money::ZERO) += row.cost,
                    Role::OneOff | Role::Unpayable => {}
                }
            }
        }
        for ((day, service), sum) in &gross {
            let split = costs.split.iter().filter(|cost| cost.day == *day && cost.service == *service);
            prop_assert_eq!(split.map(|cost| cost.gross()).sum::<Money>(), *sum);
        }
        let all: Money = costs.split.iter().map(|cost| cost.gross()).sum();
        prop_assert_eq!(all, gross.values().copied().sum::<Money>());
        prop_assert_eq!(costs.detail.iter().map(|row| row.cost).sum::<Money>(), all);
        let spend = assessment.position(None).spend;
        let parts = spend.gross_to_date + spend.credit_to_date + spend.refund_to_date + spend.tax_to_date;
        prop_assert_eq!((parts, spend.net_to_date), (spent, spent));
        // What is moved stays in its month.
        for month in [BillingPeriod::of(day("2026-02-01")), BillingPeriod::of(day("2026-03-01"))] {
            let of_month = || costs.split.iter().filter(|cost| BillingPeriod::of(cost.day) == month);
            prop_assert_eq!(of_month().map(|cost| cost.moved).sum::<Money>(), Money::ZERO);
            let (asked, less) = (payable.get(&month).copied(), discounts.get(&month).copied());
            let (asked, less) = (asked.unwrap_or_default(), less.unwrap_or_default());
            prop_assert_eq!(of_month().map(|cost| cost.payable).sum::<Money>(), asked + less);
            prop_assert_eq!(of_month().map(|cost| cost.discount).sum::<Money>(), less);
            let draws = assessment.ledger.drawdowns.iter().filter(|draw| BillingPeriod::of(draw.day) == month);
            let drawn: Money = draws.map(|draw| draw.amount).sum();
            prop_assert!(!drawn.is_negative());
            let most = if before { asked } else { (asked + less).at_least_zero() };
            prop_assert!(drawn <= most, "{month}: {drawn} of {most}");
        }
        // Day by day, to the last digit: the cost is covered or not, and no draw is of more than there is.
        let mut days: BTreeMap<_, [Money; 4]> = BTreeMap::new();
        for cost in &costs.split {
            let sums = days.entry((cost.day, cost.service.clone())).or_default();
            sums[0] += cost.payable;
            sums[1] += cost.payable - cost.discount;
        }
        let streams = &assessment.ledger.streams;
        for draw in &assessment.ledger.drawdowns {
            prop_assert!(draw.amount.is_positive());
            days.entry((draw.day, streams[draw.stream].service.clone())).or_default()[2] += draw.amount;
        }
        for open in &assessment.ledger.uncovered {
            days.entry((open.day, streams[open.stream].service.clone())).or_default()[3] += open.payable;
        }
        for ((day, service), [after, full, drawn, uncovered]) in days {
            prop_assert_eq!(drawn + uncovered, after, "{} on {}", service, day);
            let most = if before { full } else { after };
            prop_assert!(drawn <= most.at_least_zero(), "{service} on {day}: {drawn} of {most}");
        }
    }
}
