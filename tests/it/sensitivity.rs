//! Which assumption moves the date most, against division: on a steady account every date can be worked out by hand.

use glidepath::domain::billing::daily_cost::DailyCost;
use glidepath::domain::outlook::{
    Assumed, CacheDoubt, Doubts, Outlook, Sensitivity, Shift, Swing, outlook_with_sensitivity,
};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{DayRange, plus_days};
use glidepath::domain::values::workload::Workload;
use rust_decimal::Decimal;

use crate::support::past::{BEDROCK, EC2, Past, RDS};
use crate::support::values::{self, day, usd};

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// 100 dollars a day and 3,000 left: credit ends after 30 days, on 28 April; May is the first full bill.
fn steady() -> Past {
    Past { tax_rate: Some(decimal("0.2")), ..Past::new().bedrock_daily("100").bedrock_pool("3000") }
}

fn made(past: &Past, doubts: &Doubts) -> Outlook {
    past.ask(|inputs| outlook_with_sensitivity(inputs, doubts))
}

fn tried(past: &Past, doubts: &Doubts) -> Sensitivity {
    made(past, doubts).sensitivity.unwrap()
}

fn swing<'s>(tried: &'s Sensitivity, assumed: &Assumed) -> &'s Swing {
    tried.swings.iter().find(|swing| swing.assumed == *assumed).unwrap_or_else(|| panic!("{assumed:?} in {tried:?}"))
}

fn days(shift: &Shift) -> i64 {
    shift.date.days.unwrap()
}

#[test]
fn trying_leaves_the_outlook_as_it_was_and_is_the_same_each_time() {
    let (with, again) = (made(&steady(), &Doubts::default()), made(&steady(), &Doubts::default()));
    assert_eq!(serde_json::to_string(&with).unwrap(), serde_json::to_string(&again).unwrap());
    let without = Outlook { sensitivity: None, ..with };
    assert_eq!(without, steady().outlook());
}

#[test]
fn balances_move_the_date_as_division_says() {
    // A gap of a tenth: 300 dollars are three days at 100 a day.
    let tried = tried(&steady(), &Doubts { balance_gap: decimal("0.1"), cache: None });
    let moved: Vec<_> = swing(&tried, &Assumed::Balances).shifts.iter().map(|shift| (shift.by, days(shift))).collect();
    assert_eq!(moved, [(decimal("-0.100"), -3), (decimal("0.100"), 3)]);
    // Three days more end with 1 May, whose 100 dollars and tax are then no cash.
    let cash: Vec<String> =
        swing(&tried, &Assumed::Balances).shifts.iter().map(|it| it.cash.unwrap().dollars()).collect();
    assert_eq!(cash, ["$0.00", "-$120.00"]);
}

#[test]
fn without_a_gap_balances_move_by_one_percent() {
    let tried = tried(&steady(), &Doubts::default());
    let by: Vec<Decimal> = swing(&tried, &Assumed::Balances).shifts.iter().map(|shift| shift.by).collect();
    assert_eq!(by, [decimal("-0.01"), decimal("0.01")]);
}

#[test]
fn tax_moves_no_date_and_the_bill_by_its_points() {
    let tried = tried(&steady(), &Doubts::default());
    assert_eq!(tried.bill_month.unwrap().to_string(), "2026-05");
    let tax = swing(&tried, &Assumed::TaxRate);
    // Five points of 31 days at 100.
    assert_eq!(
        tax.shifts.iter().map(|shift| shift.cash.unwrap().cents()).collect::<Vec<_>>(),
        [decimal("-155.00"), decimal("155.00")]
    );
    assert!(tax.shifts.iter().all(|shift| days(shift) == 0));
    let unknown = Past { tax_rate: None, ..steady() };
    let unknown = made(&unknown, &Doubts::default()).sensitivity.unwrap();
    assert!(!unknown.swings.iter().any(|swing| swing.assumed == Assumed::TaxRate), "an unknown rate is not moved");
}

#[test]
fn cache_hits_weigh_what_they_were_said_to() {
    // A quarter less spend: 3,000 at 75 a day last 40 days instead of 30.
    let moves = vec![(decimal("-0.05"), decimal("1.25")), (decimal("0.1"), decimal("0.75"))];
    let cache = Some(CacheDoubt { model: "Claude Sonnet 5".to_owned(), moves });
    let tried = tried(&steady(), &Doubts { balance_gap: Decimal::ZERO, cache });
    let cache = swing(&tried, &Assumed::CacheHits { model: "Claude Sonnet 5".to_owned() });
    assert_eq!(cache.shifts.iter().map(days).collect::<Vec<_>>(), [-6, 10]);
    // May costs 75 on 31 days less 8 days covered, before it cost 100 on 31, and both a fifth of tax.
    assert_eq!(cache.shifts[1].cash.unwrap().dollars(), "-$1,650.00");
}

#[test]
fn what_moves_the_date_most_comes_first_then_what_moves_the_bill() {
    let mut past = steady();
    past =
        past.cost(
            EC2,
            Workload::Trainium,
            0..63,
            |day| if day.to_string().ends_with("15") { usd("900") } else { usd("0") },
        );
    past = past.cost(RDS, Workload::Supporting, 0..63, |_| usd("1"));
    let tried = tried(&past.pool("all", "500", "2025-06-01", "2028-01-01", &[EC2]), &Doubts::default());
    let weight = |swing: &Swing| {
        let most = swing.shifts.iter().filter_map(|shift| shift.date.days).map(i64::abs).max().unwrap_or(0);
        (most, swing.shifts.iter().filter_map(|shift| shift.cash).map(Money::abs).max())
    };
    assert!(tried.swings.windows(2).all(|pair| weight(&pair[0]) >= weight(&pair[1])), "{tried:?}");
    let kinds = [Workload::BedrockInference, Workload::Trainium, Workload::Supporting];
    for workload in kinds {
        let shifts = &swing(&tried, &Assumed::Spend { workload }).shifts;
        assert!(
            shifts.len() == 2 && shifts[0].by < Decimal::ZERO && shifts[1].by > Decimal::ZERO,
            "{workload:?} {shifts:?}"
        );
        assert!(days(&shifts[0]) >= 0 && days(&shifts[1]) <= 0, "less spend never ends credit earlier: {shifts:?}");
    }
}

#[test]
fn a_young_account_shows_what_the_filing_alone_does() {
    let mut past = Past::of_days(7).bedrock_daily("100").bedrock_pool("3000");
    let plan = |day| {
        // As filed, spend doubles from April on.
        let payable = if day < values::day("2026-04-01") { usd("100") } else { usd("200") };
        DailyCost::payable(day, BEDROCK, Workload::BedrockInference, payable)
    };
    past.planned = DayRange::new(plus_days(past.through, -7), day("2026-12-01")).days().map(plan).collect();
    let tried = tried(&past, &Doubts::default());
    let plan = swing(&tried, &Assumed::FiledPlan);
    assert!(
        plan.shifts.len() == 1 && days(&plan.shifts[0]) > 0,
        "without the filed growth credit lasts longer: {plan:?}"
    );
}

#[test]
fn without_a_pool_there_is_no_date_to_move() {
    assert_eq!(made(&Past::new().bedrock_daily("100"), &Doubts::default()).sensitivity, None);
}

#[test]
fn credit_that_outlasts_the_outlook_says_that_nothing_is_known_of_days() {
    let rich = Past::new().bedrock_daily("100").bedrock_pool("9000000");
    let tried = made(&rich, &Doubts::default()).sensitivity.unwrap();
    assert_eq!(tried.bill_month, None);
    assert!(
        tried
            .swings
            .iter()
            .flat_map(|swing| &swing.shifts)
            .all(|shift| shift.date.days.is_none() && shift.cash.is_none())
    );
}
