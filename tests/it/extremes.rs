//! Worlds and configs at the very ends of what is accepted: nothing that can be entered makes the pure part of a cycle panic,
//! and whatever it computes is read back as it was written, so that nothing computed can make a store unreadable.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use glidepath::config::Config;
use glidepath::domain::alert::{AlertRules, Decision, History, MessageContext, decide, evaluate};
use glidepath::domain::credit::pools::ConfiguredPool;
use glidepath::domain::facts::credits::{CreditSnapshot, StatedBalance};
use glidepath::domain::filing::Filing;
use glidepath::domain::filing::projection::{FiledProjection, Plan, plan, service_of_model};
use glidepath::domain::outlook::outlook_along;
use glidepath::domain::outlook::track_record::{PastOutlook, Said};
use glidepath::domain::position::assess::{Assessment, Context};
use glidepath::domain::position::observations::Observations;
use glidepath::domain::position::series::series;
use glidepath::domain::values::period::{BillingPeriod, plus_days};
use glidepath::domain::whatif::{Change, answer, levers, proposals};
use glidepath::domain::wording::compose;
use glidepath::report::{self, Nav};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::values::day;
use crate::support::world::{self, CLASSIFIER, PRICES, World};

/// Amounts at the ends of what AWS, a config or a filing may state, and some between.
const AMOUNTS: [&str; 8] =
    ["1000000000", "-1000000000", "999999999.999999999999999999", "0.000000000000000001", "0", "-0.01", "2000", "12.5"];
const QUANTITIES: [&str; 6] = ["1000000000000000", "0.000000000001", "0", "-1000000000000000", "1000000", "24"];
const USAGE: [(&str, &str, &str); 7] = [
    ("Amazon Bedrock", "USE1-NovaLite-input-tokens", "1K tokens"),
    ("Amazon Bedrock", "USE1-NovaLite-output-tokens", "1K tokens"),
    ("Amazon Elastic Compute Cloud - Compute", "USE1-BoxUsage:trn1.32xlarge", "Hrs"),
    ("Amazon Elastic Compute Cloud - Compute", "USE1-BoxUsage:p5.48xlarge", "Hrs"),
    ("Amazon SageMaker", "USE1-Train:ml.trn1.32xlarge", "Hrs"),
    ("Amazon Relational Database Service", "USE1-InstanceUsage:db.r6g.large", "Hrs"),
    ("Amazon Wonder", "USE1-Wonder:thing", "N/A"),
];
const RECORD_TYPES: [&str; 8] =
    ["Usage", "Usage", "Credit", "Refund", "Tax", "Fee", "SavingsPlanUpfrontFee", "Something new"];
const CLOCK: &str = "2026-03-31";

/// What one service costs: kind, record type, amount, quantity, on which of the days.
type Spend = (usize, usize, usize, usize, usize);
/// A credit: granted, left, first and last day, how it is listed.
type Credit = (usize, usize, usize, usize, bool);

fn spend() -> impl Strategy<Value = Spend> {
    (0..USAGE.len(), 0..RECORD_TYPES.len(), 0..AMOUNTS.len(), 0..QUANTITIES.len(), 0..5_usize)
}

fn credit() -> impl Strategy<Value = Credit> {
    (0..AMOUNTS.len(), 0..AMOUNTS.len(), 0..4_usize, 0..4_usize, any::<bool>())
}

/// True if a pattern has spend on the day so many days before the last one.
fn is_on(pattern: usize, ago: i64) -> bool {
    match pattern {
        0 => true,
        1 => ago == 0,
        2 => ago % 30 == 0,
        3 => ago < 3,
        _ => ago >= 20,
    }
}

fn world(known_days: i64, spends: &[Spend], credits: &[Credit], allocated: usize) -> World {
    let mut world = World::on(CLOCK);
    let last = plus_days(day(CLOCK), -2);
    for (kind, record_type, amount, quantity, pattern) in spends {
        let (service, usage_type, unit) = USAGE[*kind];
        for ago in (0..known_days).filter(|ago| is_on(*pattern, *ago)) {
            let on = plus_days(last, -ago);
            world.add_charge(on, service, RECORD_TYPES[*record_type], AMOUNTS[*amount]);
            let (cost, quantity) = (AMOUNTS[*amount], QUANTITIES[*quantity]);
            world = world.usage(&on.to_string(), service, usage_type, unit, cost, quantity);
        }
    }
    let days = ["2020-01-01", "2026-03-29", "2026-04-02", "9999-12-31"];
    for (number, (granted, left, from, to, listed)) in credits.iter().enumerate() {
        let id = format!("47{number}");
        let services: &[&str] = &["Amazon Bedrock"];
        let amount = |at: &usize| AMOUNTS[*at].trim_start_matches('-');
        world = world.credit(&id, amount(granted), listed.then_some(services), |seen| {
            seen.snapshot.estimated = amount(left).parse().ok();
            seen.snapshot.remaining = amount(granted).parse().ok();
            (seen.snapshot.starts_on, seen.snapshot.expires_on) = (day(days[*from]), day(days[*to]));
        });
        world.facts.stated.push(StatedBalance {
            credit_id: id.clone(),
            amount: amount(left).parse().unwrap(),
            at: last,
        });
        world = world.allocated("2026-02", &id, "Amazon Bedrock", AMOUNTS[allocated]);
        world = world.recorded(&id, amount(left), "2026-03-20");
    }
    world.facts.moved_in_last_cycle = AMOUNTS[allocated].parse().unwrap();
    world
}

/// A config whose figures are each at one of their bounds; bit by bit which.
fn config(bits: u64) -> Config {
    let mut bit = 0;
    let mut pick = |low: &'static str, high: &'static str| {
        bit += 1;
        if bits >> (bit % 64) & 1 == 0 { low } else { high }
    };
    let (dollars, many) = (("\"0\"", "\"1000000000\""), ("\"1.0000000000000000000000000001\"", "\"1000000\""));
    let mut text = String::from("[store]\npath = \"unused\"\n[aws]\n");
    text += &format!("tax_rate = {}\n[alerts]\n", pick("\"0\"", "\"0.9999999999999999999999999999\""));
    for key in [
        "first_cash_usd",
        "spike_per_day",
        "uncovered_per_day",
        "unclassified_usd",
        "drift_usd",
        "expiring_usd",
        "asking_usd_month",
    ] {
        text += &format!("{key} = {}\n", pick(dollars.0, dollars.1));
    }
    for key in ["burn_fast", "burn_slow", "spike_ratio"] {
        text += &format!("{key} = {}\n", pick(many.0, many.1));
    }
    for key in ["first_cash_share", "unclassified_share"] {
        text += &format!("{key} = {}\n", pick("\"0\"", "\"1\""));
    }
    text += &format!("drift_percent = {}\n", pick("\"0\"", "\"1000000\""));
    text += &format!("under_projection_percent = {}\n", pick("\"0\"", "\"100\""));
    text += &format!("over_projection_percent = {}\n", pick("\"100\"", "\"1000000\""));
    for key in ["slack_days", "wobble_days", "expiring_warning_days"] {
        text += &format!("{key} = {}\n", pick("0", "3660"));
    }
    text += &format!("clear_after_hours = {}\n", pick("0", "87840"));
    text += &format!("stale_after_hours = {}\n", pick("1", "87840"));
    text += &format!("messages_a_week = {}\n", pick("1", "1000000"));
    text += &format!("next_award = {}\n", pick("\"founders\"", "\"accelerator\""));
    text += &format!("next_window = {}\n", pick("\"0001-01-01\"", "\"9999-12-31\""));
    let (hours, days) = (pick("1", "87840"), pick("2026-03-01", "9999-12-31"));
    text += &format!("repeat = {{ critical_hours = {hours}, warning_hours = {hours} }}\n");
    text += &format!(
        "[[pool]]\nid = \"own\"\ngranted = {}\nstarts_on = \"0001-01-01\"\nexpires_on = \"{days}\"\n",
        pick("\"0.000000000000000001\"", "\"1000000000\"")
    );
    Config::parse(&text, Path::new("glidepath.toml")).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A filing whose figures are each at one of their bounds.
fn filing(bits: u64, clock: DateTime<Utc>) -> Filing {
    let pick = |at: u32, low: &'static str, high: &'static str| if bits >> at & 1 == 0 { low } else { high };
    let text = format!(
        "filed_on = \"{from}-01\"\n[[record]]\nid = \"ai\"\n[[record.tokens]]\nmodel = \"Nova Lite\"\n\
         monthly = [{{ from = \"{from}\", input_millions = {millions}, output_millions = {millions} }}]\n\
         growth_per_month = \"{growth}\"\ncache_hit = \"{share}\"\nbatch = \"{share}\"\nrouting = \"global\"\n\
         [[record.accelerators]]\ninstance_type = \"trn1.32xlarge\"\nchip_hours_per_run = {hours}\nruns_per_month = {runs}\n\
         growth_per_month = \"{growth}\"\n[[record]]\nid = \"rest\"\n[[record.service]]\n\
         service = \"Amazon Relational Database Service\"\nmonthly = [{{ from = \"2026-01\", usd = \"{usd}\" }}]\n\
         growth_per_month = \"{growth}\"\n",
        from = pick(0, "2006-01", "2026-01"),
        millions = pick(1, "\"0.000001\"", "1000000000"),
        growth = pick(2, "-1", "1"),
        share = pick(3, "0", "1"),
        hours = pick(4, "0", "1000000000"),
        runs = pick(5, "0", "10000"),
        usd = pick(6, "0.000000000000000001", "1000000000"),
    );
    let projection =
        FiledProjection::parse_with(&text, &PRICES).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    let months = projection.first_month()..BillingPeriod::of(clock.date_naive()).plus_months(14);
    let Plan { months: plan, unpriced } =
        plan(&projection, &PRICES, months, |model| service_of_model(model).to_owned());
    Filing { version: 1, recorded_at: clock, projection, plan, unpriced }
}

/// `value`, once it was written and read.
fn reread<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let json = serde_json::to_string(value).unwrap();
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

/// Everything that a cycle computes.
fn cycle(
    world: &World,
    pools: &[ConfiguredPool],
    rules: &AlertRules,
    tax_rate: Option<Decimal>,
    filed: Option<&Filing>,
) {
    let context = Context {
        classifier: &CLASSIFIER,
        prices: &PRICES,
        pools,
        filing: filed,
        tax_rate,
        next_award: rules.wanted(),
    };
    let assessment = Assessment::new(&world.facts, context);
    // As many paths as the property needs; the usual thousand only take longer.
    let made = assessment.what_if(|base| {
        for change in ["train", "growth", "award", "cache-hits", "batch"].into_iter().flat_map(changes) {
            let before = outlook_along(base.inputs, 2);
            if let Ok(told) = answer(base, &before, &[change]) {
                assert_eq!(reread(&told), told);
            }
        }
        outlook_along(base.inputs, 20)
    });
    assert_eq!(reread(&made), made);
    let said: Option<Said> =
        made.as_ref().map(|made| serde_json::from_str(&serde_json::to_string(made).unwrap()).unwrap());
    let past = said.map(|mut said| {
        said.data_through = plus_days(said.data_through, -100);
        PastOutlook { made_at: world.facts.as_of - chrono::TimeDelta::days(100), said }
    });

    let mut position = assessment.position(made.as_ref());
    position.track_record = assessment.track_record(&Vec::from_iter(past), &position.exhaustion);
    position.next_award = rules.next_award(&position);
    let observations =
        Observations { ..assessment.observations(&position.coverage, &BTreeSet::from(["111122223333".to_owned()])) };
    let mut evaluation = evaluate(&position, &world.health(), &observations, rules);
    let first = decide(&evaluation, &History::default(), world.facts.as_of, rules);
    let context =
        MessageContext { now: world.facts.as_of, repeat: rules.repeat, trajectory: None, dashboard_url: None };
    for event in first.iter().filter_map(|decision: &Decision| compose(decision, &context)) {
        assert_eq!(reread(&event).text, event.text);
    }
    position.findings.append(&mut evaluation.findings);
    assert_eq!(reread(&position), position);
    let drawn = series(&assessment, made.as_ref());
    assert_eq!(reread(&drawn), drawn);
    assert!(report::page(&position, &drawn, None, &Nav::served("/api/v1")).contains("</html>"));
    let _told = report::alert_attachment(&position, &drawn);
}

/// Questions at the bounds of what can be asked.
fn changes(name: &str) -> Vec<Change> {
    let texts: &[&str] = match name {
        "train" => &[
            "type=trn1.32xlarge,chip-hours=10000000,on=2026-04-01,days=1,repeats=366,every=1",
            "type=trn1.32xlarge,chip-hours=0.000000000001,on=2026-04-01,days=366",
        ],
        "growth" => &["1", "-0.9999999999999999999999999999"],
        "award" => &["amount=1000000000,from=2026-04-01,until=9999-12-31"],
        "cache-hits" => &["1", "0", "+0.0000000001", "-100"],
        _ => &["1", "0", "+100"],
    };
    texts.iter().map(|text| Change::parse(name, text).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_accepted_figure_breaks_a_cycle(
        known_days in prop_oneof![1..4_i64, 20..90_i64, Just(400)],
        spends in prop::collection::vec(spend(), 0..5),
        credits in prop::collection::vec(credit(), 0..4),
        allocated in 0..AMOUNTS.len(),
        bits in any::<[u64; 2]>(),
        filed in any::<bool>(),
    ) {
        let world = world(known_days, &spends, &credits, allocated);
        let config = config(bits[0]);
        let filing = filed.then(|| filing(bits[1], world.facts.as_of));
        cycle(&world, &config.pools, &config.rules, config.tax_rate, filing.as_ref());
    }
}

/// The whole outlook, sensitivity and levers, where every amount is as large as it may be.
#[test]
fn the_largest_world_has_an_outlook_and_levers() {
    let spends: Vec<Spend> = (0..USAGE.len()).map(|kind| (kind, 0, 0, 0, 0)).collect();
    let world = world(60, &spends, &[(0, 0, 0, 3, true), (0, 0, 0, 3, false)], 0);
    let made = world.assess().outlook().unwrap();
    assert_eq!(reread(&made), made);
    let told = world.assess().what_if(|base| {
        let award = glidepath::domain::whatif::NextAward {
            name: "AI record".into(),
            amount: Ok("1000000000".parse().unwrap()),
            from: day("2026-05-01"),
            until: day("9999-12-31"),
            services: None,
        };
        levers(base, &made, proposals(base, &award))
    });
    let told = told.unwrap();
    assert_eq!(reread(&told), told);
}

/// What AWS states is at most a billion, and reads back whatever its days are.
#[test]
fn a_credit_with_the_oddest_days_reads_back() {
    let world = World::in_march().credit("47", "1000000000", None, |seen| {
        (seen.snapshot.starts_on, seen.snapshot.expires_on) = (NaiveDate::MIN, NaiveDate::MAX);
    });
    let snapshot: &CreditSnapshot = &world.facts.credits[0].snapshot;
    assert_eq!(reread(snapshot), *snapshot);
    let _position = world.charges("2026-03-01", "2026-03-29", world::BEDROCK, "Usage", "1").position();
}
