//! Prices that a bill implies, and which price is used for what is to come.

use chrono::NaiveDate;
use glidepath::domain::billing::costs::{Costs, DetailKind, DetailRow};
use glidepath::domain::billing::implied_price::{
    Basis, DAYS, ENOUGH_DAYS, ImpliedPrices, PriceRow, PriceSource, Unit, Used,
};
use glidepath::domain::billing::price::{PriceBook, PriceQuery};
use glidepath::domain::values::money::{Money, Quantity};
use glidepath::domain::values::period::{DayRange, plus_days};
use glidepath::domain::values::workload::{CacheLifetime, Classification, Direction, Routing, Tier, Workload};
use rust_decimal::Decimal;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// 2026-01-01 to 2026-03-31.
fn complete() -> DayRange {
    DayRange::new(day("2026-01-01"), day("2026-04-01"))
}

fn sonnet(direction: Direction) -> Classification {
    Classification {
        model: Some("Claude Sonnet 5".to_owned()),
        direction: Some(direction),
        tier: Some(Tier::OnDemand),
        routing: Some(Routing::Global),
        unit: "tokens".to_owned(),
        scale: Some(Decimal::from(1000)),
        ..Classification::plain(Workload::BedrockInference, "1K tokens")
    }
}

fn trainium(instance_type: &str) -> Classification {
    Classification {
        instance_type: Some(instance_type.to_owned()),
        unit: "chip_hours".to_owned(),
        scale: Some(Decimal::from(16)),
        ..Classification::plain(Workload::Trainium, "Hrs")
    }
}

/// A bill: what, on which day, how many billed units, and what they cost.
fn bill(rows: &[(Classification, &str, &str, &str)]) -> Costs {
    let kind = |class: &Classification| DetailKind { service: "s".to_owned(), usage_type: None, class: class.clone() };
    let detail = rows.iter().enumerate().map(|(kind, (_, on, quantity, cost))| DetailRow {
        day: day(on),
        kind,
        cost: cost.parse().unwrap(),
        one_off: Money::ZERO,
        quantity: quantity.parse().unwrap(),
    });
    Costs { split: Vec::new(), kinds: rows.iter().map(|(class, ..)| kind(class)).collect(), detail: detail.collect() }
}

/// `class` on each of `days`, at a price per billed unit.
fn daily(class: &Classification, days: &[&'static str], units: &'static str, paid: &'static str) -> Costs {
    let rows: Vec<_> = days.iter().map(|on| (class.clone(), *on, units, paid)).collect();
    bill(&rows)
}

fn rows(costs: &Costs, all: bool) -> Vec<PriceRow> {
    let implied = ImpliedPrices::of(costs, complete());
    PriceSource { book: &PriceBook::builtin(), implied: &implied }.compare(day("2026-04-02"), all)
}

const OUTPUT: PriceQuery<'static> = PriceQuery {
    model: "Claude Sonnet 5",
    direction: Direction::Output,
    lifetime: None,
    tier: Tier::OnDemand,
    routing: Routing::Global,
};

const THREE_DAYS: [&str; 3] = ["2026-03-10", "2026-03-20", "2026-03-31"];

#[test]
fn what_was_paid_per_million_tokens_wins_over_the_book() {
    // 1,000 x 1K tokens for 9.50 on each of three days: 3 M tokens for 28.50, 5 % below the list price of 10.
    let costs = daily(&sonnet(Direction::Output), &THREE_DAYS, "1000", "9.50");
    let [row] = &rows(&costs, false)[..] else { panic!("one kind of tokens") };
    let implied = row.implied.as_ref().unwrap();
    assert_eq!((row.name.as_str(), row.unit, row.used), ("Claude Sonnet 5", Unit::MillionTokens, Some(Used::Implied)));
    assert_eq!((implied.usd.to_string().as_str(), implied.quantity.to_string().as_str()), ("9.5", "3000000"));
    assert_eq!((implied.days, implied.first_day, implied.last_day), (3, day("2026-03-10"), day("2026-03-31")));
    assert_eq!(
        (row.book.as_ref().unwrap().usd.to_string().as_str(), row.difference_percent),
        ("10", Some("-5.0".parse().unwrap()))
    );
    let implied = ImpliedPrices::of(&costs, complete());
    let quote =
        PriceSource { book: &PriceBook::builtin(), implied: &implied }.quote(OUTPUT, day("2026-04-02")).unwrap();
    assert_eq!(quote.usd_per_million.to_string(), "9.5");
    let three_million: Quantity = "3000000".parse().unwrap();
    assert_eq!(quote.basis, Basis::Implied { tokens: three_million, days: 3 });
}

#[test]
fn thin_evidence_is_shown_and_the_book_is_used() {
    let few_days = daily(&sonnet(Direction::Output), &THREE_DAYS[..ENOUGH_DAYS - 1], "90000", "800");
    let few_tokens = daily(&sonnet(Direction::Output), &THREE_DAYS, "333", "3");
    for costs in [few_days, few_tokens] {
        let [row] = &rows(&costs, false)[..] else { panic!("one kind of tokens") };
        assert!(row.implied.as_ref().is_some_and(|implied| !implied.enough), "{row:?}");
        assert_eq!(row.used, Some(Used::Book));
        let implied = ImpliedPrices::of(&costs, complete());
        let source = PriceSource { book: &PriceBook::builtin(), implied: &implied };
        let quote = source.quote(OUTPUT, day("2026-04-02")).unwrap();
        assert!(matches!(&quote.basis, Basis::Book { source, .. } if source.contains("litellm")), "{quote:?}");
        assert_eq!(quote.usd_per_million.to_string(), "10");
    }
}

#[test]
fn only_the_last_four_weeks_count() {
    let oldest = plus_days(complete().end, -DAYS);
    let inside = oldest.to_string();
    let before = plus_days(oldest, -1).to_string();
    let class = sonnet(Direction::Output);
    let costs = bill(&[
        (class.clone(), &before, "1000", "1"),
        (class.clone(), &inside, "1000", "8"),
        (class.clone(), "2026-03-31", "1000", "8"),
        // Not complete yet.
        (class, "2026-04-01", "1000", "1"),
    ]);
    let [row] = &rows(&costs, false)[..] else { panic!("one kind of tokens") };
    let implied = row.implied.as_ref().unwrap();
    assert_eq!((implied.usd.to_string().as_str(), implied.first_day), ("8", oldest));
}

#[test]
fn kinds_with_a_price_of_their_own_are_not_mixed() {
    let class = |lifetime, tier, routing| Classification {
        cache_lifetime: lifetime,
        tier: Some(tier),
        routing,
        ..sonnet(Direction::CacheWrite)
    };
    let five = Some(CacheLifetime::FiveMinutes);
    let costs = bill(&[
        (class(None, Tier::OnDemand, Some(Routing::Global)), "2026-03-30", "1000", "2.5"),
        // A write without a mark lives for five minutes.
        (class(five, Tier::OnDemand, Some(Routing::Global)), "2026-03-30", "1000", "2.5"),
        (class(Some(CacheLifetime::OneHour), Tier::OnDemand, Some(Routing::Global)), "2026-03-30", "1000", "4"),
        (class(None, Tier::Batch, Some(Routing::Global)), "2026-03-30", "1000", "1.25"),
        // Nor is routing marked unless it is global.
        (class(None, Tier::OnDemand, None), "2026-03-30", "1000", "2.75"),
        (class(None, Tier::Flex, Some(Routing::Global)), "2026-03-30", "1000", "1.3"),
    ]);
    let shown: Vec<_> = rows(&costs, false)
        .iter()
        .map(|row| {
            let (implied, kind) = (row.implied.as_ref().unwrap(), row.tokens.as_ref().unwrap());
            let book = row.book.as_ref().map_or("-".to_owned(), |book| book.usd.to_string());
            format!("{:?} {:?} {} of {book}, {}", kind.tier, kind.routing, implied.usd, implied.quantity)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "OnDemand InRegion 2.75 of 2.75, 1000000",
            "OnDemand Global 2.5 of 2.5, 2000000",
            "Batch Global 1.25 of 1.25, 1000000",
            "Flex Global 1.3 of -, 1000000",
            "OnDemand Global 4 of 4, 1000000",
        ]
    );
}

#[test]
fn rows_that_say_nothing_about_a_price_are_left_out() {
    let output = || sonnet(Direction::Output);
    let costs = bill(&[
        (Classification { long_context: true, ..output() }, "2026-03-30", "1000", "15"),
        (Classification { scale: None, ..output() }, "2026-03-30", "1000", "15"),
        (Classification { direction: None, ..output() }, "2026-03-30", "1000", "15"),
        (output(), "2026-03-30", "1000", "0"),
        (output(), "2026-03-30", "1000", "-3"),
        (output(), "2026-03-30", "0", "3"),
        (Classification::plain(Workload::Supporting, "GB"), "2026-03-30", "10", "3"),
    ]);
    assert_eq!(rows(&costs, false), []);
}

#[test]
fn an_instance_hour_is_priced_from_its_chip_hours() {
    // 100 hours of 16 chips a day at 20 an hour; the list says 21.50.
    let costs = daily(&trainium("trn1.32xlarge"), &THREE_DAYS, "100", "2000");
    let [row] = &rows(&costs, false)[..] else { panic!("one instance type") };
    let implied = row.implied.as_ref().unwrap();
    assert_eq!((row.unit, implied.usd.to_string().as_str(), row.used), (Unit::InstanceHour, "20", Some(Used::Implied)));
    assert_eq!(
        (implied.quantity.to_string().as_str(), row.difference_percent),
        ("4800", Some("-7.0".parse().unwrap()))
    );
    // What the book has no price of is priced by the bill.
    let [trn2] = &rows(&daily(&trainium("trn2.48xlarge"), &THREE_DAYS, "10", "140"), false)[..] else { panic!("one") };
    assert!(trn2.book.is_none() && trn2.unpriced.as_ref().unwrap().contains("Capacity Blocks"));
    assert_eq!((trn2.implied.as_ref().unwrap().usd.to_string().as_str(), trn2.used), ("14", Some(Used::Implied)));
}

#[test]
fn the_whole_book_is_listed_on_request_and_unpriced_stays_unpriced() {
    let all = rows(&Costs::default(), true);
    assert!(all.iter().all(|row| row.implied.is_none()));
    let find = |name: &str| all.iter().filter(|row| row.name == name).count();
    assert_eq!((find("Claude Sonnet 5"), find("Nova Lite"), find("trn1.32xlarge")), (5, 3, 1));
    let trn2 = all.iter().find(|row| row.name == "trn2.48xlarge").unwrap();
    assert_eq!((trn2.used, trn2.book.is_none(), trn2.unpriced.is_some()), (None, true, true));
    let implied = ImpliedPrices::of(&Costs::default(), complete());
    let source = PriceSource { book: &PriceBook::builtin(), implied: &implied };
    let flex = source.quote(PriceQuery { tier: Tier::Flex, ..OUTPUT }, day("2026-04-02"));
    assert!(flex.unwrap_err().to_string().contains("no verified price of the flex tier"));
}
