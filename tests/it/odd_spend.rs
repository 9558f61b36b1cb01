//! Odd pasts through the whole outlook, each with the answer that it ought to get.

use chrono::NaiveDate;
use glidepath::domain::billing::daily_cost::DailyCost;
use glidepath::domain::outlook::Outlook;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::DayRange;
use glidepath::domain::values::workload::Workload;

use crate::support::past::{BEDROCK, EC2, Past, RDS, THROUGH};
use crate::support::values::{self, day, usd};

/// Days from the last complete one to the middle date; the outlook must hold together whatever the past was.
fn lasts(made: &Outlook) -> Option<i64> {
    let late = |day: Option<NaiveDate>| day.unwrap_or(NaiveDate::MAX);
    let dates = made.exhaustion;
    assert!(late(dates.p10) <= late(dates.p50) && late(dates.p50) <= late(dates.p90), "{dates:?}");
    for bill in &made.bills {
        assert!(bill.odds().is_none_or(|(low, high)| low <= bill.cash && bill.cash <= high), "{bill:?}");
        assert!(!bill.gross.is_negative() && bill.covered <= bill.gross, "{bill:?}");
    }
    dates.p50.map(|date| (date - day(THROUGH)).num_days())
}

fn of_bedrock(known: i64, amount: impl Fn(NaiveDate) -> Money) -> Past {
    Past::of_days(known).cost(BEDROCK, Workload::BedrockInference, 0..known, amount)
}

/// A day in three.
fn third(day: NaiveDate) -> bool {
    (day - values::day(THROUGH)).num_days() % 3 == 0
}

#[test]
fn gaps_count_as_days_without_spend() {
    // Two days in three at 90 are 60 a day: 1,800 last a month.
    let days =
        lasts(&of_bedrock(63, |day| if third(day) { usd("0") } else { usd("90") }).bedrock_pool("1800").outlook());
    assert!((28..=33).contains(&days.unwrap()), "{days:?}");
}

#[test]
fn refunds_lower_the_rate_and_never_turn_spend_around() {
    let days =
        lasts(&of_bedrock(63, |day| if third(day) { usd("-30") } else { usd("90") }).bedrock_pool("1500").outlook());
    assert!((28..=34).contains(&days.unwrap()), "50 a day: {days:?}");
    // More refunded than spent: nothing is left to forecast.
    let back = of_bedrock(63, |day| if third(day) { usd("-300") } else { usd("90") }).bedrock_pool("1500").outlook();
    assert!(lasts(&back).is_none_or(|days| days > 60), "{:?}", back.exhaustion);
}

#[test]
fn zeros_draw_nothing() {
    let made = of_bedrock(63, |_| usd("0")).bedrock_pool("10").outlook();
    assert_eq!(lasts(&made), None);
    assert!(made.bills.iter().all(|bill| bill.gross.is_zero()));
}

#[test]
fn one_day_of_data_is_answered_and_very_wide() {
    let made = of_bedrock(1, |_| usd("100")).bedrock_pool("3000").outlook();
    let (days, dates) = (lasts(&made).unwrap(), made.exhaustion);
    assert!((5..=60).contains(&days), "{days}");
    let width = (dates.p90.unwrap() - dates.p10.unwrap()).num_days();
    assert!(width * 10 >= days * 9, "the odds are nearly as wide as the middle is far: {dates:?}");
}

#[test]
fn a_pool_that_starts_in_the_future_pays_from_then_on() {
    // 500 last five days; the next pool is there from May on, so April's rest is cash, and May is not.
    let past = Past::new().bedrock_daily("100").bedrock_pool("500");
    let made = past.pool("next", "3100", "2026-05-10", "2028-01-01", &[BEDROCK]).outlook();
    assert_eq!(lasts(&made), Some(6));
    let month = |name: &str| made.bills.iter().find(|bill| bill.month.to_string() == name).unwrap();
    assert_eq!(month("2026-05").cash.dollars(), "$0.00");
    assert!(month("2026-04").cash > usd("2500"), "{:?}", month("2026-04"));
}

#[test]
fn a_projection_that_contradicts_the_facts_moves_the_date_little() {
    let mut past = of_bedrock(28, |_| usd("100")).bedrock_pool("3000");
    let alone = lasts(&past.outlook()).unwrap();
    let plan = |day: NaiveDate| {
        let months = i32::try_from((day - values::day("2026-03-01")).num_days() / 30).unwrap();
        let payable = Money::from_micros(100_000_000 * 10_i64.pow(months.clamp(0, 6) as u32) * 100);
        DailyCost::payable(day, BEDROCK, Workload::BedrockInference, payable)
    };
    past.planned = DayRange::new(day("2026-03-01"), day("2027-04-01")).days().map(plan).collect();
    let told = lasts(&past.outlook()).unwrap();
    // A hundred times what is spent was filed, and tenfold growth a month.
    assert!((alone - told).abs() <= 7, "{alone} days without the projection, {told} with it");
}

#[test]
fn a_year_of_identical_values_goes_on_to_the_day() {
    let past = of_bedrock(365, |_| usd("100")).bedrock_pool("3000");
    let made = past.outlook();
    assert_eq!(lasts(&made), Some(31));
    assert_eq!(made.bills[2].gross.dollars(), "$3,100.00", "May");
}

#[test]
fn a_billion_a_day_overflows_nothing() {
    // More than a single amount may be, as a sum can be; beyond ten billion it stays there.
    let billions = |count: i64| Money::from_micros(count * 1_000_000_000_000_000);
    let services = [(BEDROCK, Workload::BedrockInference), (EC2, Workload::Trainium), (RDS, Workload::Supporting)];
    let mut past = Past::new();
    for (service, workload) in services {
        past = past.cost(service, workload, 0..63, |_| usd("1000000000"));
    }
    let mut past = past.pool("all", "0", "2025-06-01", "2028-01-01", &[BEDROCK, EC2, RDS]);
    past.balances = vec![billions(9)];
    let made = past.outlook();
    let days = lasts(&made).unwrap();
    assert!((3..=5).contains(&days), "three billion a day: {days}");
    let may = &made.bills[2];
    assert_eq!((may.gross, may.cash), (Money::MOST, Money::MOST), "93 billion are more than is counted");
}
