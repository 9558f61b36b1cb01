//! The variance of a filed projection. Expected figures are worked out by hand from the list prices.

use chrono::NaiveDate;
use glidepath::domain::money::{Money, Quantity};
use glidepath::domain::period::BillingPeriod;
use glidepath::domain::position::{Causes, Variance};
use glidepath::domain::price::PriceBook;
use glidepath::domain::projection::{ActualCost, Driver, FiledProjection, OUTSIDE, PlannedMonth, plan};
use glidepath::domain::variance::variance;
use glidepath::domain::workload::{CacheLifetime, Direction, Routing, Tier, Workload};
use proptest::prelude::*;
use rust_decimal::Decimal;

const GOOD: &str = include_str!("config/projection/good.toml");
const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
const RDS: &str = "Amazon Relational Database Service";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn month(text: &str) -> BillingPeriod {
    text.parse().unwrap()
}

fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

fn service_of(model: &str) -> String {
    if model.starts_with("Claude") { format!("{model} (Amazon Bedrock Edition)") } else { "Amazon Bedrock".to_owned() }
}

fn good() -> FiledProjection {
    FiledProjection::parse(GOOD).unwrap()
}

fn planned(filing: &FiledProjection, months: i32) -> Vec<PlannedMonth> {
    let first = filing.first_month();
    plan(filing, &PriceBook::builtin(), first..first.plus_months(months), service_of).months
}

fn compare(filing: &FiledProjection, actuals: &[ActualCost], through: &str) -> Vec<Variance> {
    variance(&planned(filing, 12), actuals, filing, &PriceBook::builtin(), day(through))
}

fn row<'v>(rows: &'v [Variance], record: &str, workload: Workload) -> &'v Variance {
    rows.iter().find(|row| row.record == record && row.workload == workload).expect("the row exists")
}

fn cost(service: &str, workload: Workload, cost: &str) -> ActualCost {
    ActualCost {
        month: month("2026-02"),
        service: service.to_owned(),
        workload,
        model: None,
        instance_type: None,
        direction: None,
        tier: None,
        routing: None,
        cache_lifetime: None,
        cost: usd(cost),
        quantity: None,
        unit: None,
    }
}

fn tokens(direction: Direction, millions: &str, paid: &str) -> ActualCost {
    let quantity: Quantity = millions.parse().unwrap();
    ActualCost {
        model: Some("Claude Sonnet 5".to_owned()),
        direction: Some(direction),
        tier: Some(Tier::OnDemand),
        routing: Some(Routing::Global),
        quantity: Some(quantity.times(Decimal::from(1_000_000))),
        unit: Some("tokens".to_owned()),
        ..cost("Claude Sonnet 5 (Amazon Bedrock Edition)", Workload::BedrockInference, paid)
    }
}

fn chip_hours(instance_type: &str, hours: &str, paid: &str) -> ActualCost {
    ActualCost {
        instance_type: Some(instance_type.to_owned()),
        quantity: Some(hours.parse().unwrap()),
        unit: Some("chip_hours".to_owned()),
        ..cost(EC2, Workload::Trainium, paid)
    }
}

/// February as filed: 1412 = 240 x 2 + 160 x 0.2 + 90 x 10.
fn february(input: &str, cached: &str, output: &str) -> Vec<ActualCost> {
    let paid = |millions: &str, price: &str| usd(millions).times(price.parse().unwrap()).to_string();
    vec![
        tokens(Direction::Input, input, &paid(input, "2")),
        tokens(Direction::CacheRead, cached, &paid(cached, "0.2")),
        tokens(Direction::Output, output, &paid(output, "10")),
    ]
}

fn sonnet(actuals: &[ActualCost]) -> Variance {
    row(&compare(&good(), actuals, "2026-02-28"), "ai", Workload::BedrockInference).clone()
}

#[test]
fn spend_as_filed_has_no_cause() {
    let variance = sonnet(&february("240", "160", "90"));
    assert_eq!((variance.projected, variance.actual, variance.amount), (usd("1412"), usd("1412"), Money::ZERO));
    assert_eq!(variance.percent, Some("0.0".parse().unwrap()));
    assert_eq!(variance.causes, Causes::default());
}

#[test]
fn a_single_change_is_attributed_to_its_cause() {
    let default = Causes::default;
    // Half as much again of everything.
    let volume = sonnet(&february("360", "240", "135"));
    assert_eq!((volume.amount, volume.percent), (usd("706"), Some("50.0".parse().unwrap())));
    assert_eq!(volume.causes, Causes { volume: usd("706"), ..default() });
    // 12 % cache hits instead of 40 %: 352 x 2 + 48 x 0.2 = 713.6 instead of 512.
    let cache = sonnet(&february("352", "48", "90"));
    assert_eq!(cache.causes, Causes { cache: usd("201.6"), ..default() });
    // The same tokens at 5 % off: a private price.
    let mut cheaper = february("240", "160", "90");
    cheaper.iter_mut().for_each(|actual| actual.cost = actual.cost.times("0.95".parse().unwrap()));
    assert_eq!(sonnet(&cheaper).causes, Causes { price: usd("-70.6"), ..default() });
    // Everything in-region: 10 % more.
    let mut routed = february("240", "160", "90");
    for actual in &mut routed {
        actual.routing = Some(Routing::InRegion);
        actual.cost = actual.cost.times("1.1".parse().unwrap());
    }
    assert_eq!(sonnet(&routed).causes, Causes { routing: usd("141.2"), ..default() });
    // A quarter of everything as batch, at half price.
    let quarter = |text: &str| usd(text).times("0.25".parse().unwrap()).to_string();
    let rest = |text: &str| usd(text).times("0.75".parse().unwrap()).to_string();
    let mut batched = february(&rest("240"), &rest("160"), &rest("90"));
    for actual in february(&quarter("240"), &quarter("160"), &quarter("90")) {
        batched.push(ActualCost { tier: Some(Tier::Batch), cost: actual.cost.times("0.5".parse().unwrap()), ..actual });
    }
    assert_eq!(sonnet(&batched).causes, Causes { batch: usd("-176.5"), ..default() });
}

#[test]
fn two_changes_share_their_interaction_equally() {
    // Twice the volume at 12 % cache hits: 704 x 2 + 96 x 0.2 + 180 x 10 = 3227.2, 1815.2 over the plan.
    // Volume first 1412, last 1815.2 - 201.6 = 1613.6: 1512.8. Cache first 201.6, last 403.2: 302.4.
    let variance = sonnet(&february("704", "96", "180"));
    assert_eq!(variance.causes, Causes { volume: usd("1512.8"), cache: usd("302.4"), ..Causes::default() });
}

#[test]
fn what_the_drivers_do_not_explain_is_other() {
    let mut actuals = february("240", "160", "90");
    let images = ActualCost { direction: None, quantity: None, unit: None, ..tokens(Direction::Input, "0", "7.25") };
    actuals.push(images);
    assert_eq!(sonnet(&actuals).causes, Causes { other: usd("7.25"), ..Causes::default() });
    // Money without any metered token says nothing about volume.
    let unmetered = ActualCost { quantity: None, ..tokens(Direction::Input, "0", "1000") };
    assert_eq!(sonnet(&[unmetered]).causes, Causes { other: usd("-412"), ..Causes::default() });
    // No row at all: nothing was used.
    assert_eq!(sonnet(&[]).causes, Causes { volume: usd("-1412"), ..Causes::default() });
}

#[test]
fn chip_hours_divide_into_hours_and_rate() {
    // 1,600 chip-hours at 1.34375 = 2150; 1,500 dollars paid for them (Spot, say).
    let rows = compare(&good(), &[chip_hours("trn1.32xlarge", "1600", "1500")], "2026-02-28");
    let trainium = row(&rows, "ai", Workload::Trainium);
    assert_eq!((trainium.projected, trainium.actual), (usd("12384"), usd("1500")));
    assert_eq!(trainium.causes, Causes { volume: usd("-10234"), price: usd("-650"), ..Causes::default() });
    assert_eq!(trainium.percent, Some("-87.9".parse().unwrap()));
}

#[test]
fn the_newest_month_is_pro_rated_and_older_spend_is_left_out() {
    let mut actuals = february("120", "80", "45");
    actuals.push(ActualCost { month: month("2026-01"), ..cost(RDS, Workload::Supporting, "99") });
    actuals.push(cost("AWS Lambda", Workload::Supporting, "3"));
    let rows = compare(&good(), &actuals, "2026-02-14");
    // 14 of 28 days: half of the plan, and half of the tokens were used.
    let inference = row(&rows, "ai", Workload::BedrockInference);
    assert_eq!((inference.projected, inference.amount), (usd("706"), Money::ZERO));
    assert_eq!(row(&rows, "portfolio", Workload::Supporting).projected, usd("200"));
    let outside = row(&rows, OUTSIDE, Workload::Supporting);
    assert_eq!((outside.amount, outside.percent, outside.causes.other), (usd("3"), None, usd("3")));
    assert_eq!(rows.iter().map(|row| row.actual).sum::<Money>(), usd("709"));
    assert!(compare(&good(), &actuals, "2026-01-31").is_empty());
}

fn any_actual() -> impl Strategy<Value = ActualCost> {
    let services =
        prop::sample::select(vec![RDS, EC2, "Amazon Bedrock", "AWS Lambda", "amazon relational database service"]);
    let models = prop::sample::select(vec![None, Some("Claude Sonnet 5"), Some("Nova Lite"), Some("Claude Opus 5")]);
    let types = prop::sample::select(vec![None, Some("trn1.32xlarge"), Some("ml.trn1.32xlarge"), Some("inf2.xlarge")]);
    let directions = prop::sample::select(vec![
        None,
        Some(Direction::Input),
        Some(Direction::Output),
        Some(Direction::CacheRead),
        Some(Direction::CacheWrite),
    ]);
    let tiers = prop::sample::select(vec![Tier::OnDemand, Tier::Batch, Tier::Flex]);
    let routings = prop::sample::select(vec![None, Some(Routing::Global), Some(Routing::InRegion)]);
    let lifetimes = prop::sample::select(vec![None, Some(CacheLifetime::OneHour), Some(CacheLifetime::ThirtyMinutes)]);
    let amounts = (-1_000_000_000_000_i64..10_000_000_000_000_i64, 0_i64..5_000_000_000, 0_u8..6);
    let kinds = (0_usize..Workload::ALL.len(), 0_i32..4);
    (services, models, types, directions, tiers, routings, lifetimes, amounts, kinds).prop_map(
        |(service, model, instance_type, direction, tier, routing, lifetime, amounts, (workload, months))| {
            let (cost, quantity, metered) = amounts;
            let unit = if instance_type.is_some() { "chip_hours" } else { "tokens" };
            ActualCost {
                month: month("2026-01").plus_months(months),
                service: service.to_owned(),
                workload: Workload::ALL[workload],
                model: model.map(str::to_owned),
                instance_type: instance_type.map(str::to_owned),
                direction,
                tier: Some(tier),
                routing,
                cache_lifetime: lifetime,
                cost: Money::from_decimal(Decimal::new(cost, 10)),
                quantity: (metered > 0).then(|| Quantity::from_decimal(Decimal::new(quantity, 2))),
                unit: Some(unit.to_owned()),
            }
        },
    )
}

fn any_filing() -> impl Strategy<Value = FiledProjection> {
    let share = || (0_u32..=100).prop_map(|share| format!("{}.{:02}", share / 100, share % 100));
    let volumes = (0_u32..5_000, 0_u32..900);
    (volumes, -30_i32..=60, share(), share(), any::<bool>(), 0_u32..50_000).prop_map(
        |((input, output), growth, cache_hit, batch, global, hours)| {
            let text = GOOD
                .replace(
                    "input_millions = 400, output_millions = 90",
                    &format!("input_millions = {input}, output_millions = {output}"),
                )
                .replace("\"0.08\"", &format!("\"{}\"", Decimal::new(i64::from(growth), 2)))
                .replace("\"0.40\"", &format!("\"{cache_hit}\""))
                .replace("batch = \"0.0\"", &format!("batch = \"{batch}\""))
                .replace("\"global\"", if global { "\"global\"" } else { "\"in_region\"" })
                .replace("9216", &hours.to_string());
            FiledProjection::parse(&text).expect("the filing is valid")
        },
    )
}

/// February's bill of the inference that `filing` plans, at its prices.
fn as_billed(filing: &FiledProjection) -> Vec<ActualCost> {
    let line = &filing.records[0].tokens[0];
    let plan = planned(filing, 1);
    let Driver::Tokens(buckets) = &plan[0].driver else { panic!("the first line is inference") };
    let billed = buckets.iter().map(|bucket| ActualCost {
        tier: Some(bucket.tier),
        routing: Some(line.routing),
        quantity: Some(bucket.tokens),
        cost: bucket.cost,
        ..tokens(bucket.direction, "0", "0")
    });
    billed.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn causes_and_rows_sum_exactly(
        filing in any_filing(),
        actuals in prop::collection::vec(any_actual(), 0..30),
        through in 1_i64..90,
    ) {
        let through = glidepath::domain::period::plus_days(day("2026-02-01"), through);
        let plan = planned(&filing, 4);
        let rows = variance(&plan, &actuals, &filing, &PriceBook::builtin(), through);
        for row in &rows {
            let Causes { volume, mix, price, cache, batch, routing, other } = row.causes;
            prop_assert_eq!(volume + mix + price + cache + batch + routing + other, row.amount);
            prop_assert_eq!(row.actual - row.projected, row.amount);
        }
        let (first, newest) = (filing.first_month(), BillingPeriod::of(through));
        let compared = |of: BillingPeriod| first <= of && of <= newest;
        let billed: Money = actuals.iter().filter(|actual| compared(actual.month)).map(|actual| actual.cost).sum();
        prop_assert_eq!(rows.iter().map(|row| row.actual).sum::<Money>(), billed);
        let filed: Money = plan.iter().filter(|line| line.month < newest).map(|line| line.cost).sum();
        let shown = rows.iter().filter(|row| row.month < newest);
        prop_assert_eq!(shown.map(|row| row.projected).sum::<Money>(), filed);

        let mut shuffled = actuals.clone();
        shuffled.reverse();
        prop_assert_eq!(variance(&plan, &shuffled, &filing, &PriceBook::builtin(), through), rows);
    }

    /// One property of the bill is taken from another filing, the rest is as filed: only its cause may be named.
    #[test]
    fn a_planted_change_is_attributed_to_its_cause(filed in any_filing(), other in any_filing(), planted in 0_usize..4) {
        let mut billed = filed.clone();
        let (line, changed) = (&mut billed.records[0].tokens[0], &other.records[0].tokens[0]);
        match planted {
            0 => line.monthly.clone_from(&changed.monthly),
            1 => line.cache_hit = changed.cache_hit,
            2 => line.batch = changed.batch,
            _ => line.routing = changed.routing,
        }
        let rows = compare(&filed, &as_billed(&billed), "2026-02-28");
        for row in rows.iter().filter(|row| row.model.is_some()) {
            let Causes { volume, mix, price, cache, batch, routing, other } = row.causes;
            prop_assert_eq!((mix, price, other), (Money::ZERO, Money::ZERO, Money::ZERO));
            let named = [volume, cache, batch, routing];
            prop_assert_eq!(named[planted], row.amount, "{:?}", row);
        }
    }

    /// Everything differs at once, as much in every direction: the drivers explain all of it.
    #[test]
    fn drivers_explain_any_other_filing(filed in any_filing(), billed in any_filing()) {
        let rows = compare(&filed, &as_billed(&billed), "2026-02-28");
        let dust = usd("0.000000001");
        for row in rows.iter().filter(|row| row.model.is_some()) {
            prop_assert!(row.causes.other.abs() < dust && row.causes.price.abs() < dust, "{:?}", row);
        }
    }

}
