//! The outlook against arithmetic: on its middle path spend goes on as it was, so every date and amount there can be
//! worked out by hand.

use chrono::{Datelike, NaiveDate, Weekday};
use glidepath::domain::billing::daily_cost::DailyCost;
use glidepath::domain::forecast::Voice;
use glidepath::domain::outlook::{HORIZON_DAYS, MonthSoFar, Outlook};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{BillingPeriod, DayRange, plus_days};
use glidepath::domain::values::quantiles::{DateQuantiles, MoneyQuantiles};
use glidepath::domain::values::workload::Workload;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::past::{BEDROCK, EC2, Past, RDS, THROUGH};
use crate::support::values::{day, usd};

fn after(days: i64) -> Option<NaiveDate> {
    Some(plus_days(day(THROUGH), days))
}

fn in_order<T: Ord + std::fmt::Debug>(p10: T, p50: T, p90: T) {
    assert!(p10 <= p50 && p50 <= p90, "{p10:?}, {p50:?}, {p90:?}");
}

fn dates_in_order(dates: DateQuantiles) {
    let late = |day: Option<NaiveDate>| day.unwrap_or(NaiveDate::MAX);
    in_order(late(dates.p10), late(dates.p50), late(dates.p90));
}

#[test]
fn a_constant_rate_runs_out_where_division_says() {
    let made = Past::new().bedrock_daily("100").bedrock_pool("3000").outlook();
    assert_eq!(made.pools[0].exhausts_on.p50, after(30), "3,000 at 100 a day end on the 30th day");
    assert_eq!(made.exhaustion.p50, after(31), "the 31st is the first day with more than 1 USD uncovered");
    assert_eq!(made.exhaustion_by_workload[&Workload::BedrockInference], made.exhaustion);
    dates_in_order(made.exhaustion);
    dates_in_order(made.pools[0].exhausts_on);
    assert!(made.exhaustion.p10 < made.exhaustion.p50 && made.exhaustion.p50 < made.exhaustion.p90);
}

/// 3,000 at 100 a day pay 30 days; the 90 from the 31st on cost about 9,000, and a fifth more with tax.
#[test]
fn exposure_is_the_cash_of_ninety_days_from_the_middle_of_the_end() {
    let past = Past::new().bedrock_daily("100").bedrock_pool("3000");
    let untaxed = past.outlook().exposure.unwrap();
    assert_eq!((Some(untaxed.from), untaxed.days), (after(31), 90));
    in_order(untaxed.p10, untaxed.p50, untaxed.p90);
    assert!(usd("8500") < untaxed.p50 && untaxed.p50 < usd("9500"), "{untaxed:?}");
    assert!(untaxed.p10 < usd("9000") && usd("9000") < untaxed.p90, "{untaxed:?}");
    let taxed = Past { tax_rate: Some("0.2".parse().unwrap()), ..past }.outlook();
    let (tax, exposure) = (taxed.made_with.unwrap().tax_rate.unwrap(), taxed.exposure.unwrap());
    let with_tax = untaxed.p50.times(Decimal::ONE + tax).to_micros();
    assert_eq!(exposure.p50, Money::from_micros(with_tax), "{exposure:?}");
    let late = Past::new().bedrock_daily("100").bedrock_pool("30000").outlook();
    assert!(
        late.exhaustion.p50 > after(276) && late.exposure.is_none(),
        "its 90 days end beyond the year: {:?}",
        late.exhaustion
    );
    let never = Past::new().bedrock_daily("100").bedrock_pool("300000").outlook();
    assert_eq!((never.exhaustion.p50, never.exposure), (None, None));
}

#[test]
fn a_dollar_of_rounding_raises_no_alarm_and_a_cent_more_does() {
    for (left, expected) in [("3099.50", 32), ("3099.00", 32), ("3098.99", 31), ("3100.00", 32)] {
        let made = Past::new().bedrock_daily("100").bedrock_pool(left).outlook();
        assert_eq!(made.exhaustion.p50, after(expected), "{left} left");
    }
}

#[test]
fn weekends_dip_as_they_did() {
    let by_weekday = |day: NaiveDate| match day.weekday() {
        Weekday::Sat | Weekday::Sun => usd("30"),
        _ => usd("100"),
    };
    let made = Past::new().cost(BEDROCK, Workload::BedrockInference, 0..63, by_weekday).bedrock_pool("1000").outlook();
    // From Monday on: 560 in the first week; of the 440 left, 400 by Thursday of the second. On its Friday 40 of 100 are
    // covered. A flat 80 a day would have reached the Saturday.
    assert_eq!(made.exhaustion.p50, Some(day("2026-04-10")));
    let total = made.cumulative.iter().find(|band| Some(band.day) == after(7)).unwrap().p50;
    assert_eq!(total, usd("560"));
}

#[test]
fn less_than_a_week_of_data_is_answered_and_wide() {
    let young = Past::of_days(3).bedrock_daily("100").bedrock_pool("3000").outlook();
    let grown = Past::new().bedrock_daily("100").bedrock_pool("3000").outlook();
    let middle = young.exhaustion.p50;
    assert!(middle == after(30) || middle == after(31), "a level is a level from its first days on: {middle:?}");
    let width = |dates: DateQuantiles| (dates.p90.unwrap() - dates.p10.unwrap()).num_days();
    assert!(width(young.exhaustion) >= 2 * width(grown.exhaustion), "{:?} {:?}", young.exhaustion, grown.exhaustion);
    assert!(young.basis.contains("scaled by a usual swing"), "{}", young.basis);
    assert!(grown.basis.contains("own weekly swings"), "{}", grown.basis);
    assert_eq!(young.workloads[0].known_days, 3);
}

#[test]
fn a_young_account_grows_as_it_filed_and_an_old_one_as_it_does() {
    let filed = |months: &[(&str, &str)]| -> Vec<DailyCost> {
        let month = |(month, daily): &(&str, &str)| {
            let of_day = usd(daily);
            let days: Vec<NaiveDate> = month.parse::<BillingPeriod>().unwrap().range().days().collect();
            days.into_iter().map(move |day| DailyCost::payable(day, BEDROCK, Workload::BedrockInference, of_day))
        };
        months.iter().flat_map(month).collect()
    };
    let plan = filed(&[("2026-03", "20"), ("2026-04", "40"), ("2026-05", "40")]);
    let april = |days: i64, planned: &[DailyCost]| {
        let mut past = Past::of_days(days).bedrock_daily("20");
        past.planned = planned.to_vec();
        let made = past.outlook();
        (made.bills[1].gross.to_chart(), made.workloads[0].by_plan, made.basis)
    };
    let (plain, by_plan, _) = april(7, &[]);
    assert!(!by_plan);
    let (planned, by_plan, basis) = april(7, &plan);
    assert!(by_plan && basis.contains("grows as the filed projection says"), "{basis}");
    // The plan doubles from March to April; after one week of eight, seven eighths of that doubling are believed.
    let (level, doubled) = (600.0, |believed: f64| 2_f64.powf(believed));
    assert!((plain - level).abs() < 1.0, "without a filing a level stays: {plain}");
    assert!((planned / level - doubled(0.875)).abs() < 0.02, "{planned} against {}", level * doubled(0.875));
    // Filed at five times the amount, half of that is believed.
    let fivefold = filed(&[("2026-03", "100"), ("2026-04", "200"), ("2026-05", "200")]);
    let (planned, ..) = april(7, &fivefold);
    assert!((planned / level - doubled(0.875 / 2.0)).abs() < 0.02, "{planned} against {}", level * doubled(0.4375));
    let (plain, ..) = april(63, &[]);
    let (planned, by_plan, _) = april(63, &plan);
    assert!(!by_plan && (planned - plain).abs() < 1e-9, "nine weeks of bills say more than a plan");
}

#[test]
fn an_account_that_swings_gets_wider_bands_than_a_steady_one() {
    let through = day(THROUGH);
    let swinging = |day: NaiveDate| if (through - day).num_days() / 7 % 2 == 0 { usd("100") } else { usd("140") };
    let steady = Past::new().bedrock_daily("100").bedrock_pool("3000").outlook();
    let swings = Past::new().cost(BEDROCK, Workload::BedrockInference, 0..63, swinging).bedrock_pool("3000").outlook();
    assert!(swings.exhaustion.p10 < steady.exhaustion.p10 && steady.exhaustion.p90 < swings.exhaustion.p90);
}

#[test]
fn support_is_cash_and_no_credit_pays_it() {
    let mut past = Past::new().bedrock_daily("100").bedrock_pool("3000");
    for cost in &mut past.costs {
        cost.other = usd("10");
    }
    let made = past.outlook();
    assert_eq!(made.exhaustion.p50, after(31), "support draws nothing");
    let april = &made.bills[1];
    // 30 days at 110. Two of the 30 covered days lie in March, so 28 are covered in April.
    assert_eq!((april.gross, april.covered, april.cash), (usd("3300"), usd("2800"), usd("500")));
}

#[test]
fn a_cliff_breaks_what_is_left_and_ends_the_cover() {
    let cliff = day("2026-04-09");
    let made = Past::new().bedrock_daily("100").pool("one", "3000", "2025-06-01", "2026-04-09", &[BEDROCK]).outlook();
    assert_eq!(made.exhaustion, DateQuantiles::certain(cliff), "no path burns 3,000 in ten days");
    assert_eq!(made.pools[0].exhausts_on, DateQuantiles::default(), "it expires, it does not run out");
    let MoneyQuantiles { p10, p50, p90 } = made.pools[0].breakage;
    assert_eq!(p50, Some(usd("2000")), "ten days at 100 of 3,000");
    in_order(p10, p50, p90);
    let balance = |day: NaiveDate| made.pools[0].balance.iter().find(|band| band.day == day).unwrap().p50;
    assert_eq!((balance(plus_days(cliff, -1)), balance(cliff)), (usd("2000"), Money::ZERO));
}

#[test]
fn beyond_a_year_there_is_no_date() {
    let p50 = |left: &str| Past::new().bedrock_daily("100").bedrock_pool(left).outlook().exhaustion.p50;
    assert_eq!(p50("36500"), None, "365 days are covered");
    assert_eq!(p50("36498"), after(HORIZON_DAYS), "2 USD of the 365th day are not");
    let made = Past::new().bedrock_daily("100").bedrock_pool("90000").outlook();
    assert_eq!(made.exhaustion, DateQuantiles::default());
    assert_eq!(made.pools[0].breakage, MoneyQuantiles::default(), "it expires beyond the horizon: unknown, not zero");
}

#[test]
fn two_pools_follow_each_other() {
    let made = Past::new()
        .bedrock_daily("100")
        .pool("soon", "1000", "2025-06-01", "2027-12-01", &[BEDROCK])
        .pool("late", "2000", "2025-06-01", "2028-01-01", &[BEDROCK, RDS])
        .outlook();
    let empty: Vec<_> = made.pools.iter().map(|pool| (pool.id.as_str(), pool.exhausts_on.p50)).collect();
    assert_eq!(empty, [("soon", after(10)), ("late", after(30))]);
    assert_eq!(made.exhaustion.p50, after(31));
    assert_eq!(made.pools[1].starts_from, usd("2000"));
}

#[test]
fn a_pool_that_starts_later_covers_from_the_first_of_its_month() {
    let mut past = Past::new().bedrock_daily("100").bedrock_pool("500").pool(
        "next",
        "50000",
        "2026-05-15",
        "2028-05-15",
        &[BEDROCK],
    );
    past.so_far = MonthSoFar { gross: usd("2900"), covered: usd("2900"), tax: Money::ZERO };
    let made = past.outlook();
    assert_eq!(made.exhaustion.p50, after(6));
    let cash: Vec<Money> = made.bills.iter().take(4).map(|bill| bill.cash).collect();
    // March is covered; April has 30 days of which three are; from May on everything is.
    assert_eq!(cash, [usd("0"), usd("2700"), usd("0"), usd("0")]);
}

#[test]
fn what_no_pool_may_pay_is_no_exhaustion() {
    let past = || Past::new().bedrock_daily("100").cost(RDS, Workload::Supporting, 0..63, |_| usd("40"));
    let made = past().bedrock_pool("3000").outlook();
    assert_eq!(made.exhaustion.p50, after(31), "RDS is uncovered from the start and does not count");
    assert_eq!(made.exhaustion_by_workload[&Workload::Supporting], DateQuantiles::default());
    let made = past().bedrock_pool("3000").pool("db", "400", "2026-01-01", "2028-01-01", &[RDS]).outlook();
    assert_eq!(made.exhaustion.p50, after(11), "the first of the two workloads to run out decides");
    assert_eq!(made.exhaustion_by_workload[&Workload::Supporting].p50, after(11));
    assert_eq!(made.exhaustion_by_workload[&Workload::BedrockInference].p50, after(31));
}

#[test]
fn a_pool_that_will_be_issued_counts_only_from_then_on() {
    let made = Past::new().bedrock_daily("100").pool("next", "1000", "2026-05-15", "2028-05-15", &[BEDROCK]).outlook();
    // Nothing issued could have paid April. At 100 a day May 1 to 10 are covered; what the odds have gained by May makes
    // half of the paths a day faster.
    assert_eq!(made.exhaustion.p50, Some(day("2026-05-10")));
    let may = made.bills.iter().find(|bill| bill.month == "2026-05".parse().unwrap()).unwrap();
    assert_eq!((may.gross, may.covered), (usd("3100"), usd("1000")), "the middle path keeps to its 100 a day");
}

#[test]
fn training_runs_come_again_as_they_did() {
    // One week of 700 a day every four weeks; the next one begins on the eleventh day ahead.
    let mut past = Past::of_days(168).pool("one", "31850", "2025-06-01", "2028-01-01", &[EC2]);
    for run in 0..6 {
        past = past.cost(EC2, Workload::Trainium, 28 * run + 10..28 * run + 17, |_| usd("700"));
    }
    let made = past.outlook();
    assert_eq!(made.workloads[0].voice, Voice::Cadence);
    assert_eq!(made.bills[1].gross, usd("4900"), "April on the middle path: one run");
    // 31,850 are six runs and a half.
    let months = |day: NaiveDate| (day - made.data_through).num_days();
    let p50 = months(made.exhaustion.p50.unwrap());
    assert!((11 + 6 * 28..=18 + 6 * 28).contains(&p50), "within the seventh run: {p50}");
    // A pool of half a run is gone in the middle of the next one.
    let mut short = past;
    short.balances = vec![usd("2450")];
    let soon = short.outlook().exhaustion;
    assert!(months(soon.p10.unwrap()) >= 11 && months(soon.p90.unwrap()) <= 18, "{soon:?}");
}

#[test]
fn bills_are_gross_less_covered_plus_tax() {
    let mut past = Past::new().bedrock_daily("100").bedrock_pool("500");
    past.so_far = MonthSoFar { gross: usd("2900"), covered: usd("2880"), tax: usd("3.80") };
    let untaxed = past.outlook();
    past.tax_rate = Some("0.19".parse().unwrap());
    let taxed = past.outlook();

    let months: Vec<String> = taxed.bills.iter().map(|bill| bill.month.to_string()).collect();
    assert_eq!((months.len(), months[0].as_str(), months[11].as_str()), (12, "2026-03", "2027-02"));
    let march = &taxed.bills[0];
    assert_eq!((march.gross, march.covered, march.tax), (usd("3100"), usd("3080"), Some(usd("3.80"))));
    assert_eq!(march.cash, usd("23.80"));
    let april = &taxed.bills[1];
    assert_eq!((april.gross, april.covered, april.tax), (usd("3000"), usd("300"), Some(usd("513"))));
    assert_eq!(april.cash, usd("3213"), "2,700 uncovered and 19 % of it");

    for bill in taxed.bills.iter().chain(&untaxed.bills) {
        assert_eq!(bill.cash, bill.gross - bill.covered + bill.tax.unwrap_or_default(), "{}", bill.month);
        in_order(bill.cash_p10, Some(bill.cash), bill.cash_p90);
    }
    assert!(untaxed.bills.iter().all(|bill| bill.tax.is_none()), "unknown is not zero");
    let gross: Money = taxed.bills.iter().map(|bill| bill.gross).sum();
    let days = DayRange::new(day("2026-03-30"), day("2027-03-01")).len();
    assert_eq!(gross, usd("2900") + usd("100").times(days.into()));
}

#[test]
fn a_month_that_is_over_does_not_leak_into_the_next() {
    let mut past = Past::new();
    past.through = day("2026-03-31");
    past.so_far = MonthSoFar { gross: usd("3100"), covered: usd("3100"), tax: Money::ZERO };
    let made = past.bedrock_daily("100").bedrock_pool("90000").outlook();
    assert_eq!((made.bills[0].month, made.bills[0].gross), ("2026-04".parse().unwrap(), usd("3000")));
}

#[test]
fn without_pools_everything_is_cash_and_nothing_runs_out() {
    let made = Past::new().bedrock_daily("100").outlook();
    assert_eq!(made.exhaustion, DateQuantiles::default());
    assert!(made.pools.is_empty());
    assert_eq!(made.bills[1].cash, usd("3000"));
}

#[test]
fn without_spend_credit_only_expires() {
    let made = Past::new().pool("one", "700", "2025-06-01", "2026-06-01", &[BEDROCK]).outlook();
    assert_eq!(made.exhaustion, DateQuantiles::default());
    let lost = Some(usd("700"));
    assert_eq!(made.pools[0].breakage, MoneyQuantiles { p10: lost, p50: lost, p90: lost });
}

#[test]
fn an_empty_pool_has_no_date_and_its_services_run_dry_at_once() {
    let made = Past::new().bedrock_daily("100").bedrock_pool("0").outlook();
    assert_eq!(made.exhaustion, DateQuantiles::certain(plus_days(day(THROUGH), 1)));
    assert_eq!(made.pools[0].exhausts_on, DateQuantiles::default());
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let bytes = || {
        let past = Past::new().bedrock_daily("100.1234567891").cost(RDS, Workload::Supporting, 0..40, |_| usd("3.3"));
        serde_json::to_string(&past.bedrock_pool("3000").outlook()).unwrap()
    };
    let first = bytes();
    assert_eq!(first, bytes());
    let read: Outlook = serde_json::from_str(&first).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), first, "and it reads back as it was written");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn quantiles_are_in_order_and_bills_add_up(
        daily in proptest::collection::vec(0_i64..200_000_000, 1..70),
        left in 0_i64..20_000_000_000,
        life in 1_i64..500,
    ) {
        let through = day(THROUGH);
        let expires = plus_days(through, life).to_string();
        let known = daily.len() as i64;
        let amount = |day: NaiveDate| Money::from_micros(daily[(through - day).num_days() as usize]);
        let mut past = Past::of_days(known).cost(BEDROCK, Workload::BedrockInference, 0..known, amount);
        past = past.pool("one", &Money::from_micros(left).to_string(), "2025-06-01", &expires, &[BEDROCK]);
        let made = past.outlook();
        dates_in_order(made.exhaustion);
        dates_in_order(made.pools[0].exhausts_on);
        in_order(made.pools[0].breakage.p10, made.pools[0].breakage.p50, made.pools[0].breakage.p90);
        for band in made.cumulative.iter().chain(&made.pools[0].balance) {
            in_order(band.p10, band.p50, band.p90);
            prop_assert!(!band.p10.is_negative());
        }
        for bill in &made.bills {
            prop_assert_eq!(bill.cash, bill.gross - bill.covered);
            if let Some((p10, p90)) = bill.cash_p10.zip(bill.cash_p90) {
                in_order(p10, bill.cash, p90);
            }
            prop_assert!(bill.cash_p10.is_some() == bill.cash_p90.is_some());
            prop_assert!(bill.cash_p10.is_some() || made.reaches.is_some());
        }
        // Bills are told of one path, and no path draws more credit than there is. What is lost is the median over all of them.
        let covered: Money = made.bills.iter().map(|bill| bill.covered).sum();
        prop_assert!(covered <= Money::from_micros(left));
        prop_assert!(made.pools[0].breakage.p90.is_none_or(|lost| lost <= Money::from_micros(left)));
        if let Some(out) = made.exhaustion.p50 {
            prop_assert!(out > through && out <= plus_days(through, HORIZON_DAYS));
        }
    }

    /// Of an account whose days all cost the same, bills are told of the middle path, and it loses the median.
    #[test]
    fn credit_is_drawn_or_lost_on_the_middle_path(
        daily in 2_000_000_i64..200_000_000,
        left in 0_i64..20_000_000_000,
        life in 1_i64..300,
    ) {
        let expires = plus_days(day(THROUGH), life).to_string();
        let past = Past::of_days(70).cost(BEDROCK, Workload::BedrockInference, 0..70, |_| Money::from_micros(daily));
        let made = past.pool("one", &Money::from_micros(left).to_string(), "2025-06-01", &expires, &[BEDROCK]).outlook();
        let covered: Money = made.bills.iter().map(|bill| bill.covered).sum();
        prop_assert_eq!(covered + made.pools[0].breakage.p50.unwrap(), Money::from_micros(left));
    }
}

#[test]
fn the_middle_path_in_micro_dollars_is_the_decimal_replay() {
    let mut past = Past::new()
        .cost(BEDROCK, Workload::BedrockInference, 0..63, |day| {
            Money::from_micros(61_234_567 + 1_234_567 * i64::from(day.day()))
        })
        .cost(RDS, Workload::Supporting, 0..63, |day| Money::from_micros(3_333_333 + 777 * i64::from(day.day())))
        .cost(EC2, Workload::Trainium, 12..19, |_| usd("123.456789"))
        .pool("narrow", "2000.123456", "2025-06-01", "2026-06-10", &[BEDROCK])
        .pool("wide", "3000.654321", "2025-06-01", "2026-09-01", &[BEDROCK, RDS, EC2])
        .pool("late", "900", "2026-07-10", "2027-01-01", &[RDS]);
    past.so_far = MonthSoFar::default();
    past.through = day("2026-03-31");
    for cost in &mut past.costs {
        cost.day = plus_days(cost.day, 2);
    }
    let made = past.outlook();
    for bill in &made.bills {
        let (gross, covered): (Money, Money) =
            (bill.services.iter().map(|of| of.gross).sum(), bill.services.iter().map(|of| of.covered).sum());
        assert_eq!((gross, covered), (bill.gross, bill.covered), "{}: decimals against micro-dollars", bill.month);
    }
    assert!(made.bills[0].covered > Money::ZERO && made.bills[11].covered.is_zero());
}
