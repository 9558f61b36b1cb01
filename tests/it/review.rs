//! What a reviewer asks: assumptions that the bill implies, and claims that it bears out or not. Figures by hand.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::filing::projection::{FiledProjection, plan};
use glidepath::domain::filing::review::assumptions::{Used, assumptions};
use glidepath::domain::filing::review::credibility::{Elsewhere, Months, commitments, elsewhere, pace, projections};
use glidepath::domain::filing::review::{Assumption, Claim, Measure, PoolValue, Question, Verdict};
use glidepath::domain::filing::variance::{Causes, Variance};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{BillingPeriod, DayRange, plus_days};
use glidepath::domain::values::workload::{Classification, Direction, Routing, Tier, Workload};
use rust_decimal::Decimal;

const FILING: &str = r#"
filed_on = "2026-02-01"
[[record]]
id = "ai"
[[record.tokens]]
model = "Claude Sonnet 5"
monthly = [{ from = "2026-02", input_millions = 400, output_millions = 100 }]
growth_per_month = "0.10"
cache_hit = "0.40"
batch = "0.25"
[[record.accelerators]]
instance_type = "trn1.32xlarge"
chip_hours_per_run = 1600
runs_per_month = 2
[[record]]
id = "portfolio"
[[record.service]]
service = "Amazon Relational Database Service"
monthly = [{ from = "2026-02", usd = "400" }]
"#;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn month(text: &str) -> BillingPeriod {
    text.parse().unwrap()
}

fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

fn filing() -> FiledProjection {
    FiledProjection::parse(FILING).unwrap()
}

fn sonnet(direction: Direction, tier: Tier, routing: Routing) -> Classification {
    Classification {
        model: Some("Claude Sonnet 5".into()),
        direction: Some(direction),
        tier: Some(tier),
        routing: Some(routing),
        ..Classification::plain(Workload::BedrockInference, "tokens")
    }
}

fn chip_hours() -> Classification {
    Classification {
        instance_type: Some("ml.trn1.32xlarge".into()),
        ..Classification::plain(Workload::Trainium, "chip_hours")
    }
}

/// A day's use: quantity and cost.
type Day<'a> = (&'a Classification, NaiveDate, i64, &'a str);

fn implied(used: &[Day<'_>], known: (&str, &str)) -> Vec<Assumption> {
    let used: Vec<Used<'_>> = used
        .iter()
        .map(|(class, day, quantity, cost)| Used {
            day: *day,
            class,
            cost: usd(cost),
            quantity: Some(Decimal::from(*quantity)),
        })
        .collect();
    let filing = filing();
    let months = filing.first_month()..filing.first_month().plus_months(12);
    let planned = plan(&filing, &PriceBook::builtin(), months, |_| "Amazon Bedrock".into()).months;
    assumptions(&filing, &planned, &used, DayRange::new(day(known.0), day(known.1)))
}

fn of(rows: &[Assumption], measure: Measure) -> &Assumption {
    rows.iter().find(|row| row.measure == measure).unwrap()
}

fn values(row: &Assumption) -> (Option<String>, Option<String>) {
    (row.filed.map(|value| value.to_string()), row.implied.map(|value| value.to_string()))
}

fn pair(filed: &str, implied: &str) -> (Option<String>, Option<String>) {
    (Some(filed.into()), Some(implied.into()))
}

#[test]
fn shares_ratio_and_price_come_from_the_last_28_days() {
    let plain = sonnet(Direction::Input, Tier::OnDemand, Routing::Global);
    let cached = sonnet(Direction::CacheRead, Tier::OnDemand, Routing::InRegion);
    let output = sonnet(Direction::Output, Tier::Batch, Routing::Global);
    let days = (0..60).map(|back| plus_days(day("2026-05-31"), -back));
    let used: Vec<_> = days
        .flat_map(|on| {
            // Older days differ in everything, and must not count.
            let old = on < day("2026-05-04");
            let factor = if old { 7 } else { 1 };
            [
                (&plain, on, 3_000_000 * factor, "6"),
                (&cached, on, 1_000_000, "0.2"),
                (&output, on, 1_000_000 * factor, if old { "90" } else { "8.8" }),
            ]
        })
        .collect();
    let rows = implied(&used, ("2026-01-01", "2026-06-01"));
    // Of 4 million input tokens 1 million is cached; of 5 million tokens 1 million is batch, and 1 million in-region.
    assert_eq!(values(of(&rows, Measure::CacheHit)), pair("0.4", "0.25"));
    assert_eq!(values(of(&rows, Measure::Batch)), pair("0.25", "0.2"));
    assert_eq!(values(of(&rows, Measure::InRegion)), pair("0", "0.2"));
    assert_eq!(values(of(&rows, Measure::OutputToInput)), pair("0.25", "0.25"));
    // 15 dollars a day for 5 million tokens. Filed: (240 x 2 + 160 x 0.2 + 100 x 10) x 0.875 over 500 million.
    assert_eq!(values(of(&rows, Measure::UsdPerMillionTokens)), pair("2.646", "3"));
    let basis = of(&rows, Measure::CacheHit);
    assert_eq!((basis.window, basis.days), (DayRange::new(day("2026-05-04"), day("2026-06-01")), 28));
}

#[test]
fn growth_compares_two_full_months_by_day() {
    let plain = sonnet(Direction::Input, Tier::OnDemand, Routing::Global);
    let used: Vec<_> = DayRange::new(day("2026-03-01"), day("2026-05-11"))
        .days()
        .map(|on| (&plain, on, if on < day("2026-04-01") { 1_000_000 } else { 1_200_000 }, "2"))
        .collect();
    // 31 days of March and 30 of April; ten days of May are no month.
    let rows = implied(&used, ("2026-01-01", "2026-05-11"));
    let growth = of(&rows, Measure::GrowthPerMonth);
    assert_eq!(values(growth), pair("0.1", "0.2"));
    assert_eq!((growth.window, growth.days), (DayRange::new(day("2026-03-01"), day("2026-05-01")), 61));
}

#[test]
fn too_little_data_implies_nothing() {
    let plain = sonnet(Direction::Input, Tier::OnDemand, Routing::Global);
    let used: Vec<_> = (0..6).map(|on| (&plain, plus_days(day("2026-02-01"), on), 1_000_000, "2")).collect();
    let rows = implied(&used, ("2026-01-01", "2026-02-07"));
    for row in &rows {
        assert_eq!(row.implied, None, "{row:?}");
        assert!(row.not_enough_data.is_some(), "{row:?}");
    }
    let hits = of(&rows, Measure::CacheHit);
    assert_eq!(hits.not_enough_data.as_deref(), Some("6 complete days with usage in the last 28, 7 are needed"));
    assert_eq!((hits.days, hits.window), (6, DayRange::new(day("2026-02-01"), day("2026-02-07"))));
    assert!(of(&rows, Measure::GrowthPerMonth).not_enough_data.as_deref().unwrap().starts_with("two full months"));
    // A seventh day is enough for shares.
    let used: Vec<_> = (0..7).map(|on| (&plain, plus_days(day("2026-02-01"), on), 1_000_000, "2")).collect();
    assert_eq!(values(of(&implied(&used, ("2026-01-01", "2026-02-08")), Measure::CacheHit)), pair("0.4", "0"));
}

#[test]
fn accelerators_rest_on_full_months() {
    let hours = chip_hours();
    let used = [
        (&hours, day("2026-03-10"), 1_600, "2150"),
        (&hours, day("2026-04-10"), 1_600, "2600"),
        // The month that runs does not count.
        (&hours, day("2026-05-02"), 9_999, "1"),
    ];
    let rows = implied(&used, ("2026-01-01", "2026-05-11"));
    // February, March and April: 3,200 hours for 4,750 dollars; 3,200 a month were filed at 1.34375.
    assert_eq!(values(of(&rows, Measure::ChipHoursPerMonth)), pair("3200", "1066.666667"));
    assert_eq!(values(of(&rows, Measure::UsdPerChipHour)), pair("1.34375", "1.484375"));
    // Nothing ran: the hours are zero, and a price is not known.
    let rows = implied(&[], ("2026-01-01", "2026-05-11"));
    assert_eq!(values(of(&rows, Measure::ChipHoursPerMonth)), pair("3200", "0"));
    let price = of(&rows, Measure::UsdPerChipHour);
    assert_eq!((price.implied, price.not_enough_data.as_deref()), (None, Some("no hour was billed")));
}

fn spent(of: &str, record: &str, workload: Workload, projected: &str, actual: &str) -> Variance {
    let (projected, actual) = (usd(projected), usd(actual));
    Variance {
        month: month(of),
        record: record.into(),
        workload,
        model: None,
        projected,
        actual,
        amount: actual - projected,
        percent: None,
        favourable: None,
        causes: Causes { volume: actual - projected, ..Causes::default() },
    }
}

fn months() -> Option<Months> {
    Months::of(DayRange::new(day("2026-01-01"), day("2026-05-11")), month("2026-02"))
}

/// Question, subject and verdict.
fn verdicts(claims: &[Claim]) -> Vec<(Question, &str, Verdict)> {
    claims.iter().map(|claim| (claim.question, claim.subject.as_str(), claim.verdict)).collect()
}

#[test]
fn verdicts_rest_on_three_full_months_since_the_filing() {
    let of = |from: &str, end: &str, filed: &str| {
        let months = Months::of(DayRange::new(day(from), day(end)), month(filed))?;
        Some((months.first.to_string(), months.last.to_string()))
    };
    let text = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
    assert_eq!(of("2025-01-01", "2026-05-11", "2026-02"), text("2026-02", "2026-04"));
    assert_eq!(of("2025-01-01", "2026-05-11", "2026-04"), text("2026-04", "2026-04"));
    assert_eq!(of("2025-01-01", "2026-06-01", "2026-02"), text("2026-03", "2026-05"));
    // March is stored from its second day only.
    assert_eq!(of("2026-03-02", "2026-05-11", "2026-02"), text("2026-04", "2026-04"));
    assert_eq!(of("2026-02-01", "2026-02-28", "2026-02"), None);
}

#[test]
fn a_projection_is_borne_out_between_75_and_125_percent() {
    let of = |actual: &str| {
        let rows = [
            spent("2026-04", "ai", Workload::BedrockInference, "1000", actual),
            // The month that runs may still catch up.
            spent("2026-05", "ai", Workload::BedrockInference, "1000", "0"),
        ];
        let claims = projections(&filing(), &rows, months());
        assert_eq!(claims.len(), 1, "nothing is planned for the portfolio in these rows");
        claims[0].clone()
    };
    assert_eq!(of("749.99").verdict, Verdict::Below);
    assert_eq!(of("750").verdict, Verdict::Supported);
    assert_eq!(of("1250").verdict, Verdict::Supported);
    assert_eq!(of("1250.01").verdict, Verdict::Above);
    let inflated = of("600");
    assert_eq!(
        inflated.statement,
        "Record ai: of $1,000 projected from February to April 2026, $600 was spent, 60 %; that is under the projection."
    );
    let figures: Vec<_> = inflated.figures.iter().map(|step| (step.label.as_str(), step.amount.to_string())).collect();
    assert_eq!(
        figures,
        [("Projected", "1000".into()), ("Spent", "600".into()), ("Difference by volume", "-400".to_string())]
    );
}

#[test]
fn a_commitment_is_met_workload_by_workload() {
    let of = |inference: &str, training: &str| {
        let rows = [
            spent("2026-04", "ai", Workload::BedrockInference, "1000", inference),
            spent("2026-04", "ai", Workload::Trainium, "4300", training),
            spent("2026-04", "portfolio", Workload::Supporting, "400", "400"),
        ];
        commitments(&filing(), &rows, months())
    };
    assert_eq!(verdicts(&of("900", "4300")), [(Question::Commitment, "ai", Verdict::Supported)]);
    // Plenty of inference does not stand for training that never ran.
    let unmet = of("9000", "0");
    assert_eq!(verdicts(&unmet), [(Question::Commitment, "ai", Verdict::Below)]);
    assert!(unmet[0].statement.contains("Trainium spend is under what was committed"), "{}", unmet[0].statement);
    assert!(unmet[0].statement.contains("$0.00 on Trainium against $4,300 committed"), "{}", unmet[0].statement);
}

#[test]
fn a_tenth_of_model_spend_may_go_elsewhere() {
    let rows = [spent("2026-04", "ai", Workload::BedrockInference, "1000", "900")];
    let of = |amount: &str| {
        let half = usd(amount).per(2);
        let spend = BTreeMap::from([
            (Elsewhere::Gpus("Amazon SageMaker".to_owned()), half),
            (Elsewhere::Models("Claude Platform on AWS".to_owned()), half),
        ]);
        elsewhere(&rows, &spend, months()).unwrap()
    };
    assert_eq!(of("100").verdict, Verdict::Supported);
    assert_eq!(of("101").verdict, Verdict::Above);
    let statement = of("101").statement;
    assert!(statement.starts_with("$101 of model spend, 10.1 %, went elsewhere"), "{statement}");
    assert!(
        statement.ends_with("$50.50 to GPUs of Amazon SageMaker and $50.50 to Claude Platform on AWS."),
        "{statement}"
    );
    let none = elsewhere(&rows, &BTreeMap::new(), months()).unwrap().statement;
    assert!(none.starts_with("The bill shows no model spend elsewhere"), "{none}");
}

#[test]
fn before_a_full_month_nothing_is_judged() {
    for claims in [projections(&filing(), &[], None), commitments(&filing(), &[], None)] {
        assert!(!claims.is_empty());
        for claim in claims {
            assert_eq!((claim.verdict, claim.figures.len()), (Verdict::NotEnoughData, 0));
            assert_eq!(claim.statement, "It cannot be said yet: no filed month is complete.");
        }
    }
}

#[test]
fn an_award_is_consumed_in_time_or_not() {
    let value = |estimate: &str, end: Option<&str>| PoolValue {
        id: "1".into(),
        name: "AI record".into(),
        granted: usd("1000"),
        drawn_to_date: usd("400"),
        run_rate: usd("2"),
        estimate_at_completion: usd(estimate),
        variance_at_completion: usd("1000") - usd(estimate),
        completes_on: end.map(day),
        ..PoolValue::default()
    };
    let fast = pace(&value("1000", Some("2026-09-01")), day("2027-01-01"), 200);
    assert_eq!((fast.verdict, fast.record.as_deref()), (Verdict::Supported, None));
    let slow = pace(&value("800", None), day("2027-01-01"), 200);
    assert_eq!(slow.verdict, Verdict::Below);
    assert_eq!(
        slow.statement,
        "The pace does not consume the award: at the rate of the last 28 days $400 of the $600 left is drawn by \
         1 January 2027, and $200 expires unused. It takes $3.00 a day."
    );
}
