//! What-if against arithmetic, and the identity: what changes nothing reproduces the bill and the outlook.

use glidepath::domain::classify::Classifier;
use glidepath::domain::costs::{Costs, DetailKind, DetailRow};
use glidepath::domain::credit::{CreditPool, EligibleServices};
use glidepath::domain::forecast::Evidence;
use glidepath::domain::implied_price::{ImpliedPrices, PriceSource};
use glidepath::domain::ledger::DailyCost;
use glidepath::domain::money::{Money, Quantity};
use glidepath::domain::outlook::{Changes, MonthSoFar, OutlookInputs, outlook};
use glidepath::domain::period::{DayRange, plus_days};
use glidepath::domain::price::PriceBook;
use glidepath::domain::whatif::{Base, Change, Problem, adjust, answer};
use glidepath::domain::workload::{Classification, Direction, Routing, Tier, Workload};
use proptest::prelude::*;
use rust_decimal::Decimal;

#[path = "support/values.rs"]
mod values;
use values::{day, usd};

const BEDROCK: &str = "Amazon Bedrock";
const SONNET: &str = "Claude Sonnet 5";
const OPUS: &str = "Claude Opus 5";
const THROUGH: &str = "2026-03-29";

/// A month of daily rows, the same every day: model, direction, tier, millions of tokens, dollars.
type Row<'a> = (&'a str, Direction, Tier, u32, Money);

struct Account {
    costs: Costs,
    recurring: Vec<DailyCost>,
    pools: Vec<CreditPool>,
    balances: Vec<Money>,
    implied: ImpliedPrices,
    book: PriceBook,
    classifier: Classifier,
    evidence: Evidence,
}

fn complete() -> DayRange {
    let through = day(THROUGH);
    DayRange::new(plus_days(through, -27), plus_days(through, 1))
}

impl Account {
    fn of(rows: &[Row], left: &str) -> Account {
        let class = |(model, direction, tier, ..): &Row| Classification {
            model: Some((*model).to_owned()),
            direction: Some(*direction),
            tier: Some(*tier),
            routing: Some(Routing::Global),
            unit: "tokens".to_owned(),
            scale: Some(Decimal::from(1_000_000)),
            ..Classification::plain(Workload::BedrockInference, "1M tokens")
        };
        let kind = |row| DetailKind { service: BEDROCK.to_owned(), usage_type: None, class: class(row) };
        let mut costs = Costs { split: Vec::new(), kinds: rows.iter().map(kind).collect(), detail: Vec::new() };
        let mut recurring = Vec::new();
        for day in complete().days() {
            for (kind, (.., millions, cost)) in rows.iter().enumerate() {
                let quantity = Quantity::from_decimal(Decimal::from(*millions));
                costs.detail.push(DetailRow { day, kind, cost: *cost, quantity });
            }
            let payable = rows.iter().map(|row| row.4).sum();
            let (service, workload) = (BEDROCK.to_owned(), Workload::BedrockInference);
            recurring.push(DailyCost { day, service, workload, payable, other: Money::ZERO });
        }
        let implied = ImpliedPrices::of(&costs, complete());
        let pool =
            CreditPool::new("one", usd("100000"), day("2025-06-01"), day("2028-01-01"), EligibleServices::Unknown);
        Account {
            costs,
            recurring,
            pools: vec![pool],
            balances: vec![usd(left)],
            implied,
            book: PriceBook::builtin(),
            classifier: Classifier::builtin(),
            evidence: Evidence::builtin(),
        }
    }

    fn ask<T>(&self, ask: impl FnOnce(&Base) -> T) -> T {
        let inputs = OutlookInputs {
            pools: &self.pools,
            balances: &self.balances,
            recurring: &self.recurring,
            first_day: complete().start,
            data_through: day(THROUGH),
            month_so_far: MonthSoFar::default(),
            tax_rate: None,
            planned: &[],
            evidence: &self.evidence,
            changes: Changes::default(),
        };
        let prices = PriceSource { book: &self.book, implied: &self.implied };
        let on = day("2026-03-31");
        ask(&Base { inputs: &inputs, costs: &self.costs, prices, classifier: &self.classifier, on })
    }

    /// The last 28 days after the changes.
    fn would_have_cost(&self, changes: &[Change]) -> Money {
        self.ask(|base| adjust(base, changes).unwrap().recurring.iter().map(|cost| cost.payable).sum())
    }

    fn problems(&self, changes: &[Change]) -> Vec<Problem> {
        self.ask(|base| adjust(base, changes).unwrap_err().0)
    }
}

fn change(name: &str, text: &str) -> Change {
    Change::parse(name, text).unwrap()
}

/// 10 M tokens in, 1 M of them cached, and 1 M out each day, at other prices than the book's.
fn sonnet() -> Account {
    let of = |direction, millions, cost| (SONNET, direction, Tier::OnDemand, millions, usd(cost));
    Account::of(
        &[of(Direction::Input, 9, "18"), of(Direction::CacheRead, 1, "0.2"), of(Direction::Output, 1, "9.8")],
        "300",
    )
}

fn identity() -> Vec<Change> {
    vec![
        change("switch", "Claude Sonnet 5=Claude Sonnet 5"),
        change("cache-hits", "+0"),
        change("batch", "+0"),
        change("growth", "0%"),
    ]
}

#[test]
fn an_identity_gives_the_same_outlook_to_the_byte() {
    sonnet().ask(|base| {
        let before = outlook(base.inputs);
        let after = adjust(base, &identity()).unwrap().outlook(base);
        assert_eq!(serde_json::to_string(&before).unwrap(), serde_json::to_string(&after).unwrap());
    });
}

#[test]
fn cache_hits_are_priced_as_the_bill_prices_them() {
    // Ten points of 280 M prompt tokens are 28 M: 2 dollars a million as input, 0.20 as cache reads.
    let saved = usd("784") - sonnet().would_have_cost(&[change("cache-hits", "+10")]);
    assert_eq!(saved.dollars(), "$50.40");
    let same = sonnet().would_have_cost(&[change("cache-hits", "20%")]);
    assert_eq!((usd("784") - same).dollars(), "$50.40");
}

#[test]
fn batch_is_priced_by_the_book_where_the_bill_shows_none() {
    // The bill shows no batch, so the book prices all of it.
    let moved = sonnet().would_have_cost(&[change("batch", "100%")]);
    let list = |model: &str, direction| {
        let price = PriceBook::builtin().price(model, direction, None, Tier::Batch, Routing::Global, day("2026-03-31"));
        price.unwrap().usd_per_million
    };
    let day = list(SONNET, Direction::Input) * Decimal::from(9)
        + list(SONNET, Direction::CacheRead)
        + list(SONNET, Direction::Output);
    assert_eq!(moved.dollars(), Money::from_decimal(day * Decimal::from(28)).dollars());
}

#[test]
fn a_switch_costs_the_same_tokens_at_the_other_price() {
    let account = Account::of(&[(SONNET, Direction::Output, Tier::OnDemand, 2, usd("20"))], "300");
    let price = PriceBook::builtin()
        .price(OPUS, Direction::Output, None, Tier::OnDemand, Routing::Global, day("2026-03-31"))
        .unwrap();
    let expected = Money::from_decimal(price.usd_per_million * Decimal::from(56));
    let switched = account.would_have_cost(&[change("switch", "Claude Sonnet 5=Claude Opus 5")]);
    assert_eq!(switched.dollars(), expected.dollars());
}

#[test]
fn what_has_no_price_or_no_tokens_is_named() {
    let unknown = sonnet().problems(&[change("switch", "Claude Sonnet 5=Claude Nobody 9")]);
    assert_eq!(unknown.len(), 3, "input, cache read and output: {unknown:?}");
    assert!(unknown.iter().all(|problem| problem.to_string().contains("Claude Nobody 9")), "{unknown:?}");
    let absent = sonnet().problems(&[change("switch", "Claude Opus 5=Claude Sonnet 5"), change("cache-hits", "+95")]);
    assert!(matches!(&absent[0], Problem::NoTokens { models, .. } if models == &[SONNET]), "{absent:?}");
    assert!(matches!(&absent[1], Problem::OutOfReach { now, most, .. } if now == "10" && most == "100"), "{absent:?}");
    let late = sonnet().problems(&[change("train", "type=trn9.large,chip-hours=10,on=2026-03-29")]);
    assert_eq!(late.len(), 2, "a day that is over, and no price: {late:?}");
}

#[test]
fn an_award_before_the_end_buys_the_days_that_division_says() {
    sonnet().ask(|base| {
        // 28 dollars a day: 300 last ten full days, 280 more buy ten.
        let award = change("award", "amount=280,from=2026-04-01,until=2027-04-01");
        let told = answer(base, &outlook(base.inputs), &[award]).unwrap();
        assert_eq!(told.runway.gained.p50.days, Some(10));
        assert_eq!((told.last_days_before, told.last_days_after), (usd("784"), usd("784")));
        assert_eq!(told.per_month.gross, Money::ZERO);
    });
}

#[test]
fn a_run_to_come_is_on_the_bill_of_its_month() {
    let account = sonnet();
    account.ask(|base| {
        let name = "trn1.32xlarge";
        let price = base.prices.quote_chip_hour(name, base.on).unwrap();
        let run = change("train", "type=trn1.32xlarge,chip-hours=160,on=2026-05-10,days=2");
        let before = outlook(base.inputs);
        let after = adjust(base, &[run]).unwrap().outlook(base);
        let may = |of: &glidepath::domain::outlook::Outlook| {
            of.bills.iter().find(|bill| bill.month.to_string() == "2026-05").unwrap().gross
        };
        let expected = Money::from_decimal(price * Decimal::from(160));
        assert_eq!((may(&after) - may(&before)).dollars(), expected.dollars());
    });
}

#[test]
fn growth_raises_the_bills_month_by_month() {
    sonnet().ask(|base| {
        let before = outlook(base.inputs);
        let after = adjust(base, &[change("growth", "10%")]).unwrap().outlook(base);
        // The last bill is of February 2027, whose middle lies 322 days or 10.6 average months ahead: 1.1 to the 10.6th.
        let last = (before.bills.last().unwrap(), after.bills.last().unwrap());
        assert_eq!(last.0.month.to_string(), "2027-02");
        let ratio = last.1.gross.ratio(last.0.gross).unwrap().round_dp(2);
        assert!(ratio >= "2.72".parse().unwrap() && ratio <= "2.77".parse().unwrap(), "{ratio}");
    });
}

fn rows() -> impl Strategy<Value = Vec<(usize, usize, bool, u32, u32)>> {
    prop::collection::vec((0..2usize, 0..3usize, any::<bool>(), 1..5_000u32, 1..900_000u32), 1..8)
}

proptest! {
    #[test]
    fn what_changes_nothing_leaves_every_input_as_it_is(rows in rows()) {
        let directions = [Direction::Input, Direction::Output, Direction::CacheRead];
        let rows: Vec<Row> = rows
            .into_iter()
            .map(|(model, direction, batch, millions, cents)| {
                let tier = if batch { Tier::Batch } else { Tier::OnDemand };
                let cost = Money::from_decimal(Decimal::new(cents.into(), 4));
                ([SONNET, OPUS][model], directions[direction], tier, millions, cost)
            })
            .collect();
        let account = Account::of(&rows, "300");
        let prompts = rows.iter().any(|row| row.1 != Direction::Output);
        let mut changes = vec![change("batch", "+0"), change("growth", "0%")];
        changes.extend(rows.iter().map(|row| Change::Switch { from: row.0.to_owned(), to: row.0.to_owned() }));
        if prompts {
            changes.push(change("cache-hits", "-0"));
        }
        account.ask(|base| {
            let adjusted = adjust(base, &changes).unwrap();
            prop_assert_eq!(&adjusted.recurring[..], base.inputs.recurring);
            prop_assert_eq!(&adjusted.balances[..], base.inputs.balances);
            prop_assert_eq!(&adjusted.pools[..], base.inputs.pools);
            prop_assert!(adjusted.added.is_empty() && adjusted.growth_per_month.is_zero());
            Ok(())
        })?;
    }

    #[test]
    fn moving_to_the_same_price_and_back_reproduces_the_bill_to_the_cent(points in 1..90i64) {
        // Cached tokens go back to input at the bill's own prices, so that only rounding could differ.
        let there = Change::parse("cache-hits", &format!("{}%", 10 + points)).unwrap();
        let back = change("cache-hits", "10%");
        let cost = sonnet().would_have_cost(&[there, back]);
        prop_assert!((cost - usd("784")).abs() < usd("0.005"), "{}", cost);
    }
}
