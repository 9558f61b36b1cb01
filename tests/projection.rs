//! The filed projection from file to plan to variance. Expected figures are worked out by hand from the list prices.

use chrono::NaiveDate;
use glidepath::domain::money::{Money, Quantity};
use glidepath::domain::period::BillingPeriod;
use glidepath::domain::position::{Causes, Variance};
use glidepath::domain::price::PriceBook;
use glidepath::domain::projection::{
    ActualCost, Driver, FiledProjection, OUTSIDE, PlannedMonth, attribute, content_hash, daily_costs, daily_plan, plan,
};
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
    plan(filing, &PriceBook::builtin(), first..first.plus_months(months), service_of).unwrap()
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

#[test]
fn the_price_table_is_in_the_book() {
    let book = PriceBook::builtin();
    let price = |model: &str, direction, lifetime, tier, routing| {
        let price = book.price(model, direction, lifetime, tier, routing, day("2026-11-25"));
        price.map_or("-".to_owned(), |price| price.usd_per_million.to_string())
    };
    let list = |model: &str| {
        let (d, hour) = (Tier::OnDemand, Some(CacheLifetime::OneHour));
        [
            price(model, Direction::Input, None, d, Routing::Global),
            price(model, Direction::Output, None, d, Routing::Global),
            price(model, Direction::CacheRead, None, d, Routing::Global),
            price(model, Direction::CacheWrite, None, d, Routing::Global),
            price(model, Direction::CacheWrite, hour, d, Routing::Global),
        ]
        .join(" / ")
    };
    for (models, expected) in [
        (&["Claude Opus 5.5"][..], "4 / 20 / 0.2 / 5 / 8"),
        (
            &["Claude Opus 4.5", "Claude Opus 4.6", "Claude Opus 4.7", "Claude Opus 4.8", "Claude Opus 5"],
            "5 / 25 / 0.5 / 6.25 / 10",
        ),
        (&["Claude Opus 4", "Claude Opus 4.1"], "15 / 75 / 1.5 / 18.75 / -"),
        (&["Claude Sonnet 5.5"], "2 / 10 / 0.1 / 2.5 / 4"),
        (&["Claude Sonnet 5"], "2 / 10 / 0.2 / 2.5 / 4"),
        (&["Claude Sonnet 4", "Claude Sonnet 4.5", "Claude Sonnet 4.6"], "3 / 15 / 0.3 / 3.75 / 6"),
        (&["Claude Haiku 5.5"], "0.1 / 0.5 / 0.01 / 0.125 / 0.2"),
        (&["Claude Haiku 4.5"], "1 / 5 / 0.1 / 1.25 / 2"),
        (&["Claude Haiku 3.5"], "0.8 / 4 / 0.08 / 1 / -"),
        (&["Claude Fable 5"], "10 / 50 / 1 / 12.5 / 20"),
        (&["GPT-6 Astra"], "10 / 50 / 1 / 12.5 / -"),
        (&["GPT-6 Sol"], "2 / 10 / 0.2 / 2.5 / -"),
        (&["GPT-6 Luna"], "0.1 / 0.5 / - / - / -"),
        (&["GPT-5.6 Sol"], "4 / 20 / - / - / -"),
        (&["GPT-5.6 Terra"], "2 / 12 / - / - / -"),
        (&["GPT-5.6 Luna"], "0.2 / 1.2 / - / - / -"),
        (&["Nova Micro"], "0.035 / 0.14 / - / - / -"),
        (&["Nova Lite"], "0.06 / 0.24 / - / - / -"),
        (&["Nova Pro"], "0.8 / 3.2 / 0.2 / - / -"),
        (&["Nova Premier"], "2.5 / 12.5 / - / - / -"),
        (&["Nova 2 Lite"], "0.3 / 2.5 / 0.075 / - / -"),
        (&["Nova 2 Pro"], "1.25 / 10 / - / - / -"),
        (&["Titan Text Embeddings V2"], "0.02 / - / - / - / -"),
        (&["Llama 3.3 70B"], "0.72 / 0.72 / - / - / -"),
        (&["Llama 4 Maverick"], "0.24 / 0.97 / - / - / -"),
        (&["Llama 4 Scout"], "0.17 / 0.66 / - / - / -"),
        (&["Mistral Large 3"], "0.5 / 1.5 / - / - / -"),
        (&["DeepSeek R1"], "1.35 / 5.4 / - / - / -"),
        (&["DeepSeek V3.2"], "0.62 / 1.85 / - / - / -"),
        (&["gpt-oss-120b"], "0.15 / 0.6 / - / - / -"),
        (&["gpt-oss-20b"], "0.07 / 0.3 / - / - / -"),
        (&["Kimi K3"], "3 / 15 / - / - / -"),
        (&["Qwen3-235B"], "0.22 / 0.88 / - / - / -"),
    ] {
        for model in models {
            assert_eq!(list(model), expected, "{model}");
        }
    }
    assert_eq!(book.model_names().count(), 40);
    let in_region = |model| price(model, Direction::Input, None, Tier::OnDemand, Routing::InRegion);
    assert_eq!(["Claude Sonnet 5", "Claude Opus 5", "Claude Haiku 4.5"].map(in_region), ["2.2", "5.5", "1.1"]);
    assert_eq!(["Claude Opus 4.1", "Claude Haiku 3.5", "Nova Lite"].map(in_region), ["15", "0.8", "0.06"]);
    assert_eq!(price("Nova Lite", Direction::Output, None, Tier::Batch, Routing::Global), "0.12");
    assert_eq!(price("Nova Lite", Direction::Output, None, Tier::Flex, Routing::Global), "-");
}

#[test]
fn the_filing_of_the_manual_is_planned_as_by_hand() {
    let filing = good();
    assert_eq!(filing.asked_for.as_deref(), Some("genai-tier"));
    assert_eq!(filing.first_month(), month("2026-02"));
    let plan = planned(&filing, 2);
    let lines: Vec<_> = plan
        .iter()
        .map(|line| (line.month.to_string(), line.record.as_str(), line.service.as_str(), line.cost.to_string()))
        .collect();
    let sonnet = "Claude Sonnet 5 (Amazon Bedrock Edition)";
    // 240 M plain input x 2 + 160 M cached x 0.20 + 90 M output x 10 = 480 + 32 + 900; then 8 % more.
    // 9,216 chip-hours / 16 chips x 21.50 = 12,384.
    assert_eq!(
        lines,
        [
            ("2026-02".to_owned(), "ai", sonnet, "1412".to_owned()),
            ("2026-02".to_owned(), "ai", EC2, "12384".to_owned()),
            ("2026-02".to_owned(), "portfolio", RDS, "400".to_owned()),
            ("2026-03".to_owned(), "ai", sonnet, "1524.96".to_owned()),
            ("2026-03".to_owned(), "ai", EC2, "12384".to_owned()),
            ("2026-03".to_owned(), "portfolio", RDS, "400".to_owned()),
        ]
    );
}

#[test]
fn a_value_holds_until_the_next_entry_and_growth_starts_again_there() {
    let text = GOOD.replace(
        "monthly = [{ from = \"2026-02\", usd = \"400\" }]",
        "monthly = [{ from = \"2026-03\", usd = \"100\" }, { from = \"2026-05\", usd = 50 }]\ngrowth_per_month = \"0.1\"",
    );
    let filing = FiledProjection::parse(&text).unwrap();
    let amounts: Vec<_> = planned(&filing, 5)
        .iter()
        .filter(|line| line.service == RDS)
        .map(|line| format!("{} {}", line.month, line.cost))
        .collect();
    assert_eq!(amounts, ["2026-03 100", "2026-04 110", "2026-05 50", "2026-06 55"]);
}

#[test]
fn batch_and_routing_change_the_price() {
    // In-region +10 %, half of it at half price: 1412 x 1.1 x 0.75 = 1164.90.
    let text = GOOD.replace("batch = \"0.0\"", "batch = \"0.5\"").replace("\"global\"", "\"in_region\"");
    let filing = FiledProjection::parse(&text).unwrap();
    assert_eq!(planned(&filing, 1)[0].cost, usd("1164.9"));
}

#[test]
fn a_model_without_a_cache_price_reads_at_the_input_price() {
    // Nova Lite: 400 x 0.06 + 90 x 0.24 = 24 + 21.6, whatever the cache does.
    let filing = FiledProjection::parse(&GOOD.replace("Claude Sonnet 5", "Nova Lite")).unwrap();
    assert_eq!(planned(&filing, 1)[0].cost, usd("45.6"));
}

#[test]
fn days_sum_to_their_month_with_the_remainder_on_the_last() {
    let filing = good();
    let plan = planned(&filing, 1);
    let days = daily_plan(&plan);
    let sonnet: Vec<_> = days.iter().filter(|planned| planned.model.is_some()).collect();
    // 1412 / 28 = 50.428571428571(428...)
    assert_eq!(sonnet.len(), 28);
    assert_eq!(sonnet[0].cost, usd("50.428571428571"));
    assert_eq!((sonnet[27].day, sonnet[27].cost), (day("2026-02-28"), usd("50.428571428583")));
    assert_eq!(sonnet.iter().map(|planned| planned.cost).sum::<Money>(), usd("1412"));
    let costs = daily_costs(&days);
    assert_eq!(costs.iter().map(|cost| cost.payable).sum::<Money>(), usd("14196"));
    assert!(costs.is_sorted_by_key(|cost| (cost.day, cost.service.clone())));
}

#[test]
fn line_ends_do_not_change_the_hash_and_anything_else_does() {
    let filing = good();
    assert_eq!(FiledProjection::parse(&GOOD.replace('\n', "\r\n")).unwrap(), filing);
    assert_eq!(filing.content_hash, content_hash(GOOD));
    assert_eq!(filing.content_hash.len(), 64);
    // SHA-256 of "abc", from FIPS 180-2.
    assert_eq!(content_hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_ne!(FiledProjection::parse(&format!("{GOOD}# a note\n")).unwrap().content_hash, filing.content_hash);
}

#[test]
fn native_dates_and_plain_integers_read_like_their_text() {
    let text = GOOD
        .replace("filed_on = \"2026-02-01\"", "filed_on = 2026-02-01")
        .replace("batch = \"0.0\"", "batch = 0")
        .replace("input_millions = 400", "input_millions = \"400.0\"");
    let (a, b) = (FiledProjection::parse(&text).unwrap(), good());
    assert_eq!((a.filed_on, a.records), (b.filed_on, b.records));
}

#[test]
fn every_example_plans_a_year() {
    // First month of each, by hand:
    // 1412 + 400 + 62.50; Haiku starts a month later
    // 730 x 0.7582 = 553.486; Opus 60 x 5 + 40 x 25 = 1300, 10 % at full and 90 % at half price = 715; 1800 + 350
    // 12000 x 0.02 = 240; Haiku 450 x 1 + 150 x 0.1 + 40 x 5 = 665; Nova 300 x 0.06 + 30 x 0.24 = 25.2; 700 + 45
    for (text, first) in [
        (include_str!("../config/projection/bedrock-inference.toml"), "1874.5"),
        (include_str!("../config/projection/trainium-training.toml"), "3418.486"),
        (include_str!("../config/projection/retrieval-augmented.toml"), "1675.2"),
    ] {
        let filing = FiledProjection::parse(text).unwrap_or_else(|problems| panic!("{problems:?}"));
        let plan = planned(&filing, 12);
        let month = filing.first_month();
        assert_eq!(plan.iter().filter(|line| line.month == month).map(|line| line.cost).sum::<Money>(), usd(first));
    }
}

/// One mistake per file: the line it is reported at, and words of its message.
#[test]
fn every_mistake_is_reported_with_its_line() {
    for (file, line, words) in [
        ("batch_above_one", 10, "batch is 1.5, outside 0 to 1"),
        ("cache_hit_negative", 9, "cache_hit is -0.1, outside 0 to 1"),
        ("cache_hit_float", 9, "put it in quotes: cache_hit = \"0.40\""),
        ("chip_hours_missing", 12, "chip_hours_per_run is missing"),
        ("filed_on_missing", 1, "filed_on is missing"),
        ("filed_on_not_a_day", 1, "\"2026-02-30\", which is not a day"),
        ("growth_as_percent", 8, "8 % a month is growth_per_month = \"0.08\""),
        ("id_missing", 16, "id is missing"),
        ("id_outside", 17, "choose another id"),
        ("id_twice", 17, "two records have the id \"ai\": here and in line 4"),
        ("instance_type_twice", 25, "by record \"ai\" in line 13 and by record \"portfolio\" here"),
        ("model_in_two_records", 22, "by record \"ai\" in line 6 and by record \"portfolio\" here"),
        ("month_twice", 8, "2026-02 comes after 2026-02"),
        ("month_without_tokens", 7, "this month plans no tokens"),
        ("months_out_of_order", 8, "2026-02 comes after 2026-04"),
        ("no_months", 20, "the line has no month"),
        ("no_lines", 3, "record \"ai\" plans nothing"),
        ("no_record", 1, "the filing has no record"),
        ("not_a_month", 7, "\"2026-13\" is not a month"),
        ("not_a_year", 20, "\"0206-02\" is not a month to plan"),
        ("not_toml", 9, "the file is not TOML"),
        ("records_empty", 1, "the filing has no record"),
        ("record_without_lines", 21, "record \"empty\" plans nothing"),
        ("runs_negative", 15, "runs_per_month is -1, outside 0"),
        ("service_twice", 22, "is planned twice: by record \"portfolio\" in line 19"),
        ("tokens_not_a_list", 5, "tokens is not a list of tables"),
        ("unknown_instance_type", 13, "did you mean trn1.32xlarge"),
        ("unknown_key", 9, "did you mean cache_hit?"),
        ("unknown_model", 6, "did you mean Claude Sonnet 5, or"),
        ("unknown_routing", 11, "routing is \"gobal\""),
        ("unknown_top_key", 2, "a filing knows filed_on, asked_for"),
        ("unpriced_direction", 6, "has no output price"),
        ("unpriced_instance_type", 13, "\"trn2.48xlarge\" is unpriced"),
        ("usd_float", 20, "is a float"),
        ("usd_missing", 20, "usd is missing"),
        ("usd_negative", 20, "usd is -400, below zero"),
        ("usd_not_a_number", 20, "\"4OO\" is not a decimal number"),
        ("volume_hexadecimal", 14, "is not a decimal number (TOML type: integer)"),
    ] {
        let path = format!("{}/tests/config/projection/{file}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let problems = FiledProjection::parse(&text).expect_err(file);
        assert_eq!(problems.len(), 1, "{file}: {problems:?}");
        assert_eq!(problems[0].line, line, "{file}: {}", problems[0]);
        assert!(problems[0].to_string().contains(words), "{file}: {}", problems[0]);
    }
}

#[test]
fn all_mistakes_are_reported_at_once_in_order_of_line() {
    let text = GOOD
        .replace("\"0.40\"", "0.40")
        .replace("Sonnet 5", "Sonet 5")
        .replace("runs_per_month = 1", "runs_per_month = true")
        .replace("usd =", "eur =");
    let lines: Vec<_> = FiledProjection::parse(&text).unwrap_err().iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [6, 9, 15, 20, 20]);
}

#[test]
fn the_most_specific_line_gets_the_spend() {
    let filing = good();
    let of = |actual: ActualCost| attribute(&filing, &actual).to_owned();
    assert_eq!(of(tokens(Direction::Input, "1", "2")), "ai");
    assert_eq!(of(chip_hours("trn1.32xlarge", "16", "21.5")), "ai");
    assert_eq!(of(chip_hours("ml.trn1.32xlarge", "16", "30")), "ai");
    assert_eq!(of(chip_hours("trn1.2xlarge", "1", "1.34375")), OUTSIDE);
    assert_eq!(of(cost(RDS, Workload::Supporting, "1")), "portfolio");
    assert_eq!(of(cost("Amazon Bedrock", Workload::Unclassified, "1")), OUTSIDE);
    let other_model = ActualCost { model: Some("Claude Sonnet 4.6".to_owned()), ..tokens(Direction::Input, "1", "3") };
    assert_eq!(of(other_model), OUTSIDE);
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

    /// Whatever is typed into a filing, it is read or refused with lines that exist.
    #[test]
    fn no_text_breaks_the_parser(at in 0_usize..GOOD.len(), cut in 0_usize..20, typed in "[\\PC\n]{0,6}") {
        let text = format!("{}{typed}{}", &GOOD[..at], &GOOD[(at + cut).min(GOOD.len())..]);
        let lines = text.lines().count().max(1);
        match FiledProjection::parse(&text) {
            Ok(filing) => prop_assert_eq!(filing.content_hash, content_hash(&text)),
            Err(problems) => prop_assert!(!problems.is_empty() && problems.iter().all(|p| (1..=lines + 1).contains(&p.line))),
        }
    }

    #[test]
    fn the_daily_plan_sums_to_the_plan(filing in any_filing()) {
        let plan = planned(&filing, 14);
        let days = daily_plan(&plan);
        prop_assert!(days.iter().all(|day| !day.cost.is_negative()));
        let total: Money = plan.iter().map(|line| line.cost).sum();
        prop_assert_eq!(days.iter().map(|day| day.cost).sum::<Money>(), total);
        prop_assert_eq!(daily_costs(&days).iter().map(|day| day.payable).sum::<Money>(), total);
    }
}

#[test]
fn growth_without_end_stops_at_the_ceiling() {
    // Doubling for twenty years would pass what a decimal can hold; 10^15 tokens a month is where it stops.
    let text = GOOD.replace("\"0.08\"", "\"1\"").replace("cache_hit = \"0.40\"", "cache_hit = \"0\"");
    let filing = FiledProjection::parse(&text).unwrap();
    let last = month("2046-02");
    let plan = plan(&filing, &PriceBook::builtin(), last..last.next(), service_of).unwrap();
    // 10^9 million x (2 + 10)
    assert_eq!(plan[0].cost, Money::from_decimal(Decimal::from(12_000_000_000_i64)));
}

#[test]
fn every_bad_file_is_in_the_table() {
    let source = include_str!("projection.rs");
    let folder = format!("{}/tests/config/projection", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let stem = name.strip_suffix(".toml").unwrap();
        assert!(stem == "good" || source.contains(&format!("(\"{stem}\",")), "{name} is not tested");
    }
}
