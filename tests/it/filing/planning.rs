//! What a filing plans, month by month and day by day.

use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::filing::projection::{Driver, FiledProjection, daily_costs, daily_plan, plan};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::workload::{CacheLifetime, Direction};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::filing::{EC2, GOOD, RDS, any_filing, day, good, month, planned, service_of, usd};

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
fn runs_by_month_with_their_own_chip_hours_and_growth() {
    let text = GOOD.replace(
        "runs_per_month = 1",
        "monthly = [{ from = \"2026-03\", runs = 1 }, { from = \"2026-05\", runs = \"0.5\", chip_hours_per_run = 1600 }]\n\
         growth_per_month = \"0.5\"",
    );
    let filing = FiledProjection::parse(&text).unwrap();
    let hours: Vec<_> = planned(&filing, 5)
        .into_iter()
        .filter_map(|line| match line.driver {
            Driver::ChipHours(hours) => Some(format!("{} {hours} {}", line.month, line.cost)),
            _ => None,
        })
        .collect();
    // 9,216 / 16 x 21.50 = 12,384, half as much again a month later; 800 / 16 x 21.50 = 1,075, likewise.
    assert_eq!(hours, ["2026-03 9216 12384", "2026-04 13824 18576", "2026-05 800 1075", "2026-06 1200 1612.5"]);
}

#[test]
fn batch_and_routing_change_the_price() {
    // In-region +10 %, half of it at half price: 1412 x 1.1 x 0.75 = 1164.90.
    let text = GOOD.replace("batch = \"0.0\"", "batch = \"0.5\"").replace("\"global\"", "\"in_region\"");
    let filing = FiledProjection::parse(&text).unwrap();
    assert_eq!(planned(&filing, 1)[0].cost, usd("1164.9"));
}

#[test]
fn cache_writes_are_planned_by_share_and_lifetime() {
    let with = |keys: &str| {
        let text = GOOD.replace("batch = \"0.0\"", keys);
        let filing = FiledProjection::parse(&text).unwrap();
        (planned(&filing, 1)[0].clone(), filing)
    };
    // 400 M: 160 read x 0.20, 40 written x 2.50 (or 4 for an hour), 200 plain x 2; 90 x 10: 32 + 100 + 400 + 900.
    assert_eq!(with("cache_write = \"0.1\"").0.cost, usd("1432"));
    assert_eq!(with("cache_write = \"0.1\"\ncache_lifetime = \"5m\"").0.cost, usd("1432"));
    let (hour, filing) = with("cache_write = \"0.1\"\ncache_lifetime = \"1h\"");
    assert_eq!(hour.cost, usd("1492"));
    assert!(filing.remarks.is_empty());
    let Driver::Tokens(buckets) = &hour.driver else { panic!("tokens") };
    let written = buckets.iter().find(|bucket| bucket.direction == Direction::CacheWrite).unwrap();
    assert_eq!(
        (written.cache_lifetime, written.tokens.to_string().as_str()),
        (Some(CacheLifetime::OneHour), "40000000")
    );
}

#[test]
fn a_model_without_a_cache_price_reads_and_writes_at_the_input_price() {
    // gpt-oss-120b: 400 x 0.15 + 90 x 0.6 = 60 + 54, whatever the cache does.
    let text = GOOD.replace("Claude Sonnet 5", "gpt-oss-120b").replace("batch =", "cache_write = \"0.2\"\nbatch =");
    assert_eq!(planned(&FiledProjection::parse(&text).unwrap(), 1)[0].cost, usd("114"));
}

#[test]
fn what_has_no_price_is_in_the_plan_as_unpriced_and_not_as_zero() {
    let text = GOOD.replace("trn1.32xlarge", "trn2.48xlarge").replace("Claude Sonnet 5", "Titan Text Embeddings V2");
    let filing = FiledProjection::parse(&text).unwrap();
    let book = PriceBook::builtin();
    let both = |book: &PriceBook| plan(&filing, book, month("2026-02")..month("2026-04"), service_of);
    let plan = both(&book);
    let gaps: Vec<_> = plan.unpriced.iter().map(|gap| format!("{} {} {}", gap.record, gap.what, gap.since)).collect();
    assert_eq!(gaps, ["ai Titan Text Embeddings V2 output 2026-02", "ai trn2.48xlarge 2026-02"]);
    assert!(plan.unpriced[1].reason.contains("Capacity Blocks"));
    assert!(plan.months.iter().all(|line| line.instance_type.is_none()), "no month of zero dollars stands for it");
    // 400 M input x 0.02 are known all the same.
    assert_eq!(plan.months[0].cost, usd("8"));
    // A price of one's own makes it plannable: 576 hours x 35.7608.
    let own = "read_on = \"2026-01-01\"\nsource = \"quote\"\n[[accelerator]]\n\
               instance_type = \"trn2.48xlarge\"\nusd_per_hour = \"35.7608\"\n";
    let priced = both(&book.with_overrides(own).unwrap());
    assert_eq!(priced.unpriced.len(), 1);
    assert_eq!(priced.months[1].cost, usd("20598.2208"));
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
fn every_example_reads_without_a_remark_and_plans_a_year() {
    // First month of each, by hand:
    // 1412 + 400 + 62.50; Haiku starts a month later
    // 730 x 0.7582 = 553.486; Opus 60 x 5 + 40 x 25 = 1300, 10 % at full and 90 % at half price = 715; 1800 + 350
    // 12000 x 0.02 = 240; Haiku 450 x 1 + 150 x 0.1 + 40 x 5 = 665; Nova 300 x 0.06 + 30 x 0.24 = 25.2; 700 + 45
    for (text, first) in [
        (include_str!("../../../config/projection/bedrock-inference.toml"), "1874.5"),
        (include_str!("../../../config/projection/trainium-training.toml"), "3418.486"),
        (include_str!("../../../config/projection/retrieval-augmented.toml"), "1675.2"),
    ] {
        let filing = FiledProjection::parse(text).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(filing.remarks, []);
        assert!(filing.asked_usd().is_some() && filing.application.window.is_some() && filing.deal_size_usd.is_some());
        let plan = planned(&filing, 12);
        let month = filing.first_month();
        assert_eq!(plan.iter().filter(|line| line.month == month).map(|line| line.cost).sum::<Money>(), usd(first));
    }
}

#[test]
fn growth_without_end_stops_at_the_ceiling() {
    // Doubling for twenty years would pass what a decimal can hold; 10^15 tokens a month is where it stops.
    let text = GOOD.replace("\"0.08\"", "\"1\"").replace("cache_hit = \"0.40\"", "cache_hit = \"0\"");
    let filing = FiledProjection::parse(&text).unwrap();
    let last = month("2046-02");
    let plan = plan(&filing, &PriceBook::builtin(), last..last.next(), service_of).months;
    // 10^9 million x (2 + 10)
    assert_eq!(plan[0].cost, Money::from_decimal(Decimal::from(12_000_000_000_i64)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

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
