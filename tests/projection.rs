//! The filed projection from file to plan. Expected figures are worked out by hand from the list prices.

#[path = "support/filing.rs"]
mod filing;

use filing::{EC2, GOOD, RDS, any_filing, chip_hours, cost, day, good, month, planned, service_of, tokens, usd};
use glidepath::domain::money::Money;
use glidepath::domain::price::PriceBook;
use glidepath::domain::projection::{
    ActualCost, FiledProjection, OUTSIDE, attribute, content_hash, daily_costs, daily_plan, plan,
};
use glidepath::domain::workload::{CacheLifetime, Direction, Routing, Tier, Workload};
use proptest::prelude::*;
use rust_decimal::Decimal;

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

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
