//! A service that AWS renames is one service: every figure is as if it had kept its name.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use glidepath::domain::alert::{AlertRules, Evaluation, evaluate};
use glidepath::domain::credit::coverage::CoverageState;
use glidepath::domain::facts::Facts;
use glidepath::domain::facts::plan::{PlanEntry, What};
use glidepath::domain::facts::rows::{ChargeKind, ChargeRow, UsageKind, UsageRow};
use glidepath::domain::filing::Filing;
use glidepath::domain::filing::next_award::Wanted;
use glidepath::domain::filing::projection::{FiledProjection, plan, service_of_model};
use glidepath::domain::position::Position;
use glidepath::domain::position::assess::{Assessment, Context};
use glidepath::domain::position::finding::Severity;
use glidepath::domain::position::observations::Observations;
use glidepath::domain::values::money::{Money, Quantity};
use glidepath::domain::values::period::{BillingPeriod, DayRange, plus_days};
use glidepath::domain::values::workload::Workload;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::values::{day, usd};
use crate::support::world::*;

const SEARCH: &str = "Amazon Elasticsearch Service";
const SEARCH_NOW: &str = "Amazon OpenSearch Service";
const MEDIA: &str = "AWS Elemental MediaFlow";
const MEDIA_NOW: &str = "AWS Elemental MediaFlow Next";
const SAGEMAKER: &str = "Amazon SageMaker";
const SAGEMAKER_NOW: &str = "Amazon SageMaker AI";
const BEDROCK_NOW: &str = "Amazon Bedrock Service";

/// What is billed of `service` on each of `days`: usage types with their cost.
fn bill(mut world: World, service: &str, days: DayRange, types: &[(&str, &str)]) -> World {
    for day in days.days() {
        for (usage_type, cost) in types {
            world.add_charge(day, service, "Usage", cost);
            world = world.usage(&day.to_string(), service, usage_type, "Hrs", cost, cost);
        }
    }
    world
}

fn days(first: &str, last: &str) -> DayRange {
    DayRange::new(day(first), plus_days(day(last), 1))
}

/// The facts as AWS gives them after it renamed `old` to `new` on the day `from`; on the first `both` days of the new name,
/// half of each row still has the old one.
fn renamed(facts: &Facts, (old, new): (&str, &str), from: NaiveDate, both: i64) -> Facts {
    let parts = |service: &str, day: NaiveDate| match () {
        () if service != old || day < from => vec![(service.to_owned(), Decimal::ONE)],
        () if day < plus_days(from, both) => {
            let half = Decimal::new(5, 1);
            vec![(old.to_owned(), half), (new.to_owned(), half)]
        }
        () => vec![(new.to_owned(), Decimal::ONE)],
    };
    let mut now = Facts { charge_kinds: Vec::new(), charges: Vec::new(), ..facts.clone() };
    (now.usage_kinds, now.usage) = (Vec::new(), Vec::new());
    for row in &facts.charges {
        let ChargeKind { service, record_type } = facts.charge_kinds[row.kind].clone();
        for (service, share) in parts(&service, row.day) {
            let kind = number(&mut now.charge_kinds, ChargeKind { service, record_type: record_type.clone() });
            now.charges.push(ChargeRow { kind, cost: row.cost.times(share), ..*row });
        }
    }
    for row in &facts.usage {
        let kind = facts.usage_kinds[row.kind].clone();
        for (service, share) in parts(&kind.service, row.day) {
            let kind = number(&mut now.usage_kinds, UsageKind { service, ..kind.clone() });
            let quantity = Quantity::from_decimal(row.quantity.times(share).amount());
            now.usage.push(UsageRow { kind, cost: row.cost.times(share), quantity, ..*row });
        }
    }
    now
}

fn filed(text: &str) -> Filing {
    let projection = FiledProjection::parse(text).unwrap();
    let months = projection.first_month().."2027-06".parse::<BillingPeriod>().unwrap();
    let plan = plan(&projection, &PRICES, months, service_of_model);
    Filing {
        version: 1,
        recorded_at: "2026-01-05T08:00:00Z".parse().unwrap(),
        projection,
        plan: plan.months,
        unpriced: plan.unpriced,
    }
}

/// Position, what the rules look at, and what they find.
fn looked(world: &World, filing: Option<&Filing>, told: &[&str]) -> (Position, Observations, Evaluation) {
    let context = Context {
        classifier: &CLASSIFIER,
        prices: &PRICES,
        pools: &world.configured,
        filing,
        tax_rate: None,
        next_award: Wanted::default(),
    };
    let assessment = Assessment::new(&world.facts, context);
    let position = assessment.position(assessment.outlook().as_ref());
    let observations = Observations {
        told: told.iter().map(|key| ((*key).to_owned(), Severity::Warning)).collect(),
        ..assessment.observations(&position.coverage, &BTreeSet::new())
    };
    let evaluation = evaluate(&position, &world.health(), &observations, &AlertRules::default());
    (position, observations, evaluation)
}

/// All that is told, with the new names as the old ones and without the words that say so, nor the hash of a filing's text.
fn told_alike(
    (mut position, mut observations, evaluation): (Position, Observations, Evaluation),
    names: (&str, &str),
) -> String {
    for row in &mut position.coverage {
        let kept = row.evidence.split("; renamed from ").next().unwrap_or_default();
        row.evidence = kept.split("; also billed as ").next().unwrap_or_default().to_owned();
    }
    if let Some(filing) = &mut position.filing {
        filing.content_hash.clear();
    }
    observations.first_names.clear();
    let all = format!("{}\n{observations:#?}\n{evaluation:#?}", serde_json::to_string_pretty(&position).unwrap());
    all.replace(names.1, names.0)
}

/// An account of six services, 70 days of it, with a credit by name, a filing by name, and what AWS says of both. `names`
/// are those of the search, the media and the SageMaker service.
fn account(names: [&str; 3], lists: [&str; 3]) -> (World, Filing) {
    let [search, media, sagemaker] = names;
    let span = || days("2026-01-20", "2026-03-30");
    let mut world =
        bill(World::in_march(), search, span(), &[("ESInstance:r6g.large", "9.2"), ("ES:GP3-Storage", "1.1")]);
    world = bill(world, media, span(), &[("USE1-Flow-Hours", "31"), ("USE1-DataTransfer-Out-Bytes", "2.5")]);
    world = bill(world, sagemaker, span(), &[("USE1-Train:ml.m5.xlarge", "12.4")]);
    world = bill(world, EC2, span(), &[("BoxUsage:m6i.large", "20")]);
    world = bill(world, RDS, span(), &[("InstanceUsage:db.r5.large", "6")]);
    world = bill(world, BEDROCK, span(), &[("USE1-NovaLite-input-tokens", "14"), ("USE1-NovaLite-output-tokens", "9")]);
    for date in days("2026-01-20", "2026-02-20").days() {
        world.add_charge(date, search, "Credit", "-10.3");
    }
    world = world.allocated("2026-01", "1", lists[0], "123.6").allocated("2026-02", "1", lists[0], "288.4");
    world = world.credit("1", "6000", Some(&[BEDROCK, lists[0], lists[1]]), |_| {});
    world = world.credit("2", "900", Some(&[lists[2], EC2]), |_| {});
    let [search, media, _] = lists;
    let filing = format!(
        "filed_on = \"2026-01-02\"\n[[record]]\nid = \"infra\"\n\
         [[record.service]]\nservice = \"{search}\"\nmonthly = [{{ from = \"2026-01\", usd = \"250\" }}]\n\
         [[record]]\nid = \"media\"\n\
         [[record.service]]\nservice = \"{media}\"\nmonthly = [{{ from = \"2026-01\", usd = \"900\" }}]\n"
    );
    (world, filed(&filing))
}

#[test]
fn a_service_under_two_names_is_one_service_wherever_it_is_named() {
    let olds = [SEARCH, MEDIA, SAGEMAKER];
    let (before, filing) = account(olds, olds);
    let (expected, quiet, _) = looked(&before, Some(&filing), &[]);
    assert!(quiet.changes.is_empty() && quiet.rising.is_empty(), "steady spend: {quiet:#?}");
    for (index, (old, new)) in
        [(SEARCH, SEARCH_NOW), (MEDIA, MEDIA_NOW), (SAGEMAKER, SAGEMAKER_NOW)].into_iter().enumerate()
    {
        // The credit, its history and the filing may name the service by either name.
        for listed in [old, new] {
            let mut lists = olds;
            lists[index] = listed;
            let wanted = told_alike(looked(&before, Some(&filing), &[]), (old, new));
            let (mut world, filing) = account(olds, lists);
            world.facts = renamed(&world.facts, (old, new), day("2026-03-16"), 0);
            let found = looked(&world, Some(&filing), &[]);
            let row = found.0.coverage.iter().find(|row| row.service == new).expect("the newest name");
            assert!(row.evidence.ends_with(&format!("renamed from {old} on 16 March 2026")), "{}", row.evidence);
            assert!(found.0.coverage.iter().all(|row| row.service != old), "the old name is gone");
            assert_eq!(found.0.spend, expected.spend);
            let actual = told_alike(found, (old, new));
            assert!(actual == wanted, "{old} listed as {listed}:\n{}", first_difference(&wanted, &actual));
        }
    }
}

/// What is open about a service keeps its key, and what people planned of it its meaning.
#[test]
fn an_open_alert_and_a_plan_follow_the_name() {
    let olds = [SEARCH, MEDIA, SAGEMAKER];
    let (mut world, _) = account(olds, olds);
    let entry = |id, what| PlanEntry {
        id,
        recorded_at: world.facts.as_of,
        on: day("2026-05-01"),
        sure: Decimal::ONE,
        note: None,
        what,
    };
    world.facts.plan = vec![
        entry(1, What::End { of: MEDIA.to_owned() }),
        entry(2, What::Fee { usd: usd("70"), service: Some(MEDIA.to_owned()) }),
    ];
    world.facts.credits.clear();
    let world = World { facts: world.facts, configured: Vec::new() }.credit("1", "6000", Some(&[BEDROCK]), |_| {});
    let key = format!("uncovered_spend:{MEDIA}");
    let wanted = looked(&world, None, &[&key]);
    assert!(wanted.2.findings.iter().any(|finding| finding.key == key));
    let now = World { facts: renamed(&world.facts, (MEDIA, MEDIA_NOW), day("2026-03-16"), 0), configured: Vec::new() };
    let found = looked(&now, None, &[&key]);
    let alert = found.2.findings.iter().find(|finding| finding.key == key).expect("under the key that is open");
    assert!(alert.summary.contains(MEDIA_NOW), "{}", alert.summary);
    assert_eq!(found.0.planned.iter().filter(|row| row.in_outlook).count(), 2);
    assert_eq!(told_alike(found, (MEDIA, MEDIA_NOW)), told_alike(wanted, (MEDIA, MEDIA_NOW)));
}

/// A filing that names the service otherwise than the bill meets its spend whether or not AWS ever renames it.
#[test]
fn a_filing_and_a_credit_name_a_service_by_any_of_its_names() {
    for (billed, listed) in [(SEARCH, SEARCH_NOW), (SEARCH_NOW, SEARCH), ("AmazonOpenSearchService", SEARCH)] {
        let (world, filing) = account([billed, MEDIA, SAGEMAKER], [listed, MEDIA, SAGEMAKER]);
        let (position, ..) = looked(&world, Some(&filing), &[]);
        let row = position.coverage.iter().find(|row| row.service == billed).unwrap();
        assert_eq!(row.state, CoverageState::Covered, "{billed} listed as {listed}: {}", row.evidence);
        let of_record: Money = position.variance.iter().filter(|row| row.record == "infra").map(|row| row.actual).sum();
        assert_eq!(of_record, usd("710.7"), "{billed} filed as {listed}: 69 days at 10.30");
    }
}

#[test]
fn what_only_looks_like_a_rename_is_none() {
    const INPUT: &str = "USE1-MP:USE1_InputTokenCount-Units";
    let before = || days("2026-02-01", "2026-03-15");
    let after = || days("2026-03-16", "2026-03-30");
    let whole = || days("2026-02-01", "2026-03-30");
    let base = || bill(World::in_march(), RDS, whole(), &[("InstanceUsage:db.t3.small", "3")]);
    let then = |old: &str, old_types: &[(&str, &str)], new: &str, new_types: &[(&str, &str)]| {
        bill(bill(base(), old, before(), old_types), new, after(), new_types)
    };
    let cases = [
        ("other usage types", then("Service A", &[("A", "9")], "Service B", &[("B", "9")])),
        (
            "the least of the cost is shared",
            then("Service A", &[("Bytes", "4"), ("A", "5")], "Service B", &[("Bytes", "4"), ("B", "5")]),
        ),
        (
            "a move to another database",
            then(
                "Amazon Neptune",
                &[("InstanceUsage:db.r5.large", "9")],
                "Amazon DocumentDB (with MongoDB compatibility)",
                &[("InstanceUsage:db.r5.large", "9")],
            ),
        ),
        ("another model", then(SONNET, &[(INPUT, "9")], "Claude Opus 5 (Amazon Bedrock Edition)", &[(INPUT, "9")])),
        (
            "both at once",
            bill(
                bill(base(), BEDROCK, whole(), &[("USE1-NovaLite-input-tokens", "9")]),
                BEDROCK_NOW,
                after(),
                &[("USE1-NovaLite-input-tokens", "9")],
            ),
        ),
        (
            "a split in two",
            bill(then("Service A", &[("A", "9")], "Service B", &[("A", "5")]), "Service C", after(), &[("A", "4")]),
        ),
        (
            "a week between",
            bill(
                bill(base(), "Service A", days("2026-02-01", "2026-03-08"), &[("A", "9")]),
                "Service B",
                after(),
                &[("A", "9")],
            ),
        ),
    ];
    for (what, world) in cases {
        let position = world.position();
        let billed: BTreeSet<&str> = world.facts.charge_kinds.iter().map(|kind| kind.service.as_str()).collect();
        let shown: BTreeSet<&str> = position.coverage.iter().map(|row| row.service.as_str()).collect();
        assert_eq!(shown, billed, "{what}");
        assert!(position.coverage.iter().all(|row| !row.evidence.contains("renamed")), "{what}");
    }
    let two_spellings = then(
        "Claude Sonnet 4.6 (Amazon Bedrock Edition)",
        &[(INPUT, "9")],
        "Claude 4.6 Sonnet (Amazon Bedrock Edition)",
        &[(INPUT, "9")],
    );
    assert_eq!(two_spellings.position().coverage.len(), 2, "one model by the table, and the database");
}

/// Names that are one service by the table are one also where the bill has both for long; and it says so.
#[test]
fn names_beside_each_other_are_said_to_be() {
    let both =
        bill(World::in_march(), SAGEMAKER, days("2026-02-01", "2026-03-30"), &[("USE1-Train:ml.m5.xlarge", "9")]);
    let both = bill(both, SAGEMAKER_NOW, days("2026-03-01", "2026-03-30"), &[("USE1-Host:ml.m5.xlarge", "4")]);
    let position = both.position();
    let [row] = &position.coverage[..] else { panic!("{:?}", position.coverage) };
    assert_eq!(row.service, SAGEMAKER_NOW);
    assert!(row.evidence.ends_with(&format!("also billed as {SAGEMAKER}")), "{}", row.evidence);
    assert!(position.workloads.iter().all(|row| row.workload == Workload::SageMaker));
}

/// Case and spaces are no other name.
#[test]
fn another_spelling_is_the_same_service() {
    let types = [("InstanceUsage:db.r5.large", "6")];
    let world = bill(World::in_march(), RDS, days("2026-02-01", "2026-03-15"), &types);
    let world = bill(world, "AmazonRelationalDatabaseService", days("2026-03-16", "2026-03-30"), &types);
    let world = world.credit("1", "1000", Some(&["Amazon RDS"]), |_| {});
    let position = world.position();
    let [row] = &position.coverage[..] else { panic!("{:?}", position.coverage) };
    assert_eq!((row.service.as_str(), row.state), ("AmazonRelationalDatabaseService", CoverageState::Covered));
    assert_eq!(position.credits.pools[0].drawn, usd("342"), "57 days at 6");
}

fn first_difference(wanted: &str, found: &str) -> String {
    let lines = wanted.lines().zip(found.lines()).enumerate();
    let differs = lines.filter(|(_, (wanted, found))| wanted != found).take(5);
    differs.map(|(line, (wanted, found))| format!("{line}\n- {wanted}\n+ {found}\n")).collect()
}

/// A service of a random bill: which days have cost, and how much.
fn service() -> impl Strategy<Value = (u32, u32, u32)> {
    (0_u32..4, 1_u32..400, 0_u32..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Over random bills: which service is renamed, on which day, with how many days of both names, and by which name the
    /// credit and its history know it.
    #[test]
    fn a_rename_on_any_day_moves_no_figure(
        services in prop::collection::vec(service(), 7),
        which in 0_usize..7,
        on in 1_i64..69,
        both in 0_i64..3,
        granted in 100_u32..9000,
        listed_new in any::<bool>(),
        known in 0_usize..3,
    ) {
        const NAMES: [(&str, &str, [&str; 2]); 7] = [
            (SEARCH, SEARCH_NOW, ["ESInstance:r6g.large", "ES:GP3-Storage"]),
            (MEDIA, MEDIA_NOW, ["USE1-Flow-Hours", "USE1-DataTransfer-Out-Bytes"]),
            (SAGEMAKER, SAGEMAKER_NOW, ["USE1-Train:ml.trn1.32xlarge", "USE1-Host:ml.m5.xlarge"]),
            (EC2, "Amazon Elastic Compute Cloud - Compute Next", ["BoxUsage:trn1.32xlarge", "BoxUsage:m6i.large"]),
            (BEDROCK, BEDROCK_NOW, ["USE1-NovaLite-input-tokens", "USE1-NovaLite-output-tokens"]),
            (RDS, "Amazon Relational Database Service Next", ["InstanceUsage:db.r5.large", "RDS:GP3-Storage"]),
            (
                "Claude Sonnet 4.6 (Amazon Bedrock Edition)",
                "Claude 4.6 Sonnet (Amazon Bedrock Edition)",
                ["USE1-MP:USE1_InputTokenCount-Units", "USE1-MP:USE1_OutputTokenCount-Units"],
            ),
        ];
        let first = day("2026-01-20");
        let (old, new, _) = NAMES[which];
        // Two names that may stand beside each other share one day at most, and are two until one without the older is complete.
        let both = if old == BEDROCK { both.min(1) } else { both };
        let on = if old == BEDROCK { on.min(68 - both) } else { on };
        let mut world = World::in_march();
        for ((name, _, types), (rest, cost, rise)) in NAMES.into_iter().zip(services) {
            for (number, date) in (0_u32..).zip(DayRange::new(first, day("2026-03-31")).days()) {
                // Every day, or with one or two idle days of seven.
                if rest > 0 && number % 7 >= 8 - rest.min(3) {
                    continue;
                }
                for (usage_type, part) in types.into_iter().zip([7, 3]) {
                    let cost = format!("{}.{:02}", (cost * part + rise * number) / 100, (cost * part + rise * number) % 100);
                    world.add_charge(date, name, "Usage", &cost);
                    world = world.usage(&date.to_string(), name, usage_type, "Hrs", &cost, &cost);
                }
            }
        }
        let granted = granted.to_string();
        let with_credit = |facts: Facts, listed: &str| {
            let lists: Option<Vec<&str>> = match known {
                0 => None,
                1 => Some(vec![listed, RDS]),
                _ => Some(vec!["Amazon Simple Storage Service", listed]),
            };
            let world = World { facts, configured: Vec::new() }.credit("1", &granted, lists.as_deref(), |_| {});
            world.credit("2", "500", Some(&[RDS, EC2]), |_| {}).allocated("2026-02", "1", listed, "50")
        };
        let now = renamed(&world.facts, (old, new), plus_days(first, on), both);
        let wanted = told_alike(looked(&with_credit(world.facts, old), None, &[]), (old, new));
        // Nobody can know a name that the bill never showed, as of a service that is idle to the end.
        let shown = now.charge_kinds.iter().any(|kind| kind.service == new);
        let found = with_credit(now, if listed_new && shown { new } else { old });
        let found = told_alike(looked(&found, None, &[]), (old, new));
        prop_assert!(wanted == found, "{old} on day {on}:\n{}", first_difference(&wanted, &found));
    }
}
