//! What-if against arithmetic, and the identity: what changes nothing reproduces the bill and the outlook.

use glidepath::domain::billing::classify::Classifier;
use glidepath::domain::billing::costs::{Costs, DetailKind, DetailRow};
use glidepath::domain::billing::daily_cost::DailyCost;
use glidepath::domain::billing::implied_price::{ImpliedPrices, PriceSource};
use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::credit::{CreditPool, EligibleServices};
use glidepath::domain::forecast::Evidence;
use glidepath::domain::outlook::{Changes, MonthSoFar, OutlookInputs, outlook};
use glidepath::domain::values::money::{Money, Quantity};
use glidepath::domain::values::period::{DayRange, plus_days};
use glidepath::domain::values::service::ServiceMatcher;
use glidepath::domain::values::workload::{Classification, Direction, Routing, Tier, Workload};
use glidepath::domain::whatif::{Base, Change, Problem, Proposal, adjust, answer, levers};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::values::{day, usd};

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
                costs.detail.push(DetailRow { day, kind, cost: *cost, one_off: Money::ZERO, quantity });
            }
            let payable = rows.iter().map(|row| row.4).sum();
            recurring.push(DailyCost::payable(day, BEDROCK, Workload::BedrockInference, payable));
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
            at_least: &[],
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
fn a_change_of_all_models_leaves_those_without_a_price_as_they_are_and_says_so() {
    let rows = |with: bool| {
        let mut rows = vec![
            (SONNET, Direction::Input, Tier::OnDemand, 9, usd("18")),
            (SONNET, Direction::CacheRead, Tier::OnDemand, 1, usd("0.2")),
        ];
        // The book has no price for reading a cache of this model.
        rows.extend(with.then(|| ("gpt-oss-120b", Direction::Input, Tier::OnDemand, 10, usd("1.5"))));
        Account::of(&rows, "1000")
    };
    let more = [change("cache-hits", "+10")];
    assert_eq!(rows(true).would_have_cost(&more) - rows(false).would_have_cost(&more), usd("42"));
    let told = rows(true).ask(|base| answer(base, &outlook(base.inputs), more.as_ref()).unwrap());
    assert!(told.assumptions.iter().any(|said| said.contains("gpt-oss-120b would become")), "{:?}", told.assumptions);
    // By its name it is refused, because then nothing would happen.
    assert_eq!(rows(true).problems(&[change("cache-hits", "gpt-oss-120b=+10")]).len(), 1);
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
    assert!(
        matches!(&unknown[..], [Problem::UnknownModel { model, alike }]
            if model == "Claude Nobody 9" && alike.contains(&OPUS.to_owned()) && !alike.contains(&"Nova Micro".to_owned())),
        "{unknown:?}"
    );
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
fn an_award_that_is_over_or_pays_for_nothing_is_refused() {
    let past = sonnet().problems(&[change("award", "amount=280,from=2026-03-29,until=2027-04-01")]);
    assert!(
        matches!(&past[..], [Problem::Outside { day: on, first, .. }]
        if *on == day("2026-03-29") && *first == day("2026-03-30")),
        "{past:?}"
    );
    let useless = sonnet().problems(&[change("award", "amount=280,from=2026-04-01,services=Amazon Quicksand")]);
    assert!(matches!(&useless[..], [Problem::PaysNothing { services, .. }] if services == &[BEDROCK]), "{useless:?}");
}

#[test]
fn an_award_never_brings_the_end_nearer_by_paying_for_something_new() {
    let mut account = sonnet();
    let cash_only =
        account.recurring.iter().map(|cost| DailyCost { service: "AWS Marketplace".to_owned(), ..cost.clone() });
    let cash_only: Vec<DailyCost> = cash_only.collect();
    account.recurring.extend(cash_only);
    account.pools[0].services =
        EligibleServices::Listed(ServiceMatcher::new([BEDROCK], account.classifier.service_aliases()));
    account.ask(|base| {
        let award = change("award", "amount=10,from=2026-04-01,until=2027-04-01");
        let told = answer(base, &outlook(base.inputs), &[award]).unwrap();
        assert!(told.runway.gained.p50.days >= Some(0), "{:?}", told.runway);
    });
}

#[test]
fn an_award_after_the_end_buys_no_day_and_says_so() {
    sonnet().ask(|base| {
        let award = change("award", "amount=5000,from=2026-06-01,until=2027-06-01");
        let told = answer(base, &outlook(base.inputs), &[award]).unwrap();
        assert_eq!(told.runway.gained.p50.days, Some(0));
        assert!(told.per_month.cash < Money::ZERO, "{:?}", told.per_month);
        let said =
            told.warnings.iter().any(|text| text.contains("too late") && text.contains("in April 2026 or before"));
        assert!(said, "{:?}", told.warnings);
    });
}

#[test]
fn changes_are_made_together_each_to_what_the_one_before_left() {
    // A change that asks for nothing takes nothing from the one beside it.
    let both = sonnet().would_have_cost(&[change("cache-hits", "+10"), change("growth", "0%")]);
    let alone = sonnet().would_have_cost(&[change("cache-hits", "+10")]);
    assert_eq!(both, alone);
    sonnet().ask(|base| {
        let before = outlook(base.inputs);
        let days = |changes: &[Change]| answer(base, &before, changes).unwrap().runway.gained.p50.days.unwrap();
        let (hits, award) = (change("cache-hits", "+40"), change("award", "amount=280,from=2026-04-01"));
        let together = days(&[hits.clone(), award.clone()]);
        assert!(together > days(&[hits]) && together > days(&[award]), "{together}");
    });
}

#[test]
fn levers_are_ranked_by_days_then_by_dollars() {
    sonnet().ask(|base| {
        let propose = |name: &str, changes: Result<Vec<Change>, String>| Proposal { name: name.to_owned(), changes };
        let one = |name: &str, text: &str| Ok(vec![change(name, text)]);
        let told = levers(
            base,
            &outlook(base.inputs),
            vec![
                propose("nothing known", Err("no size".to_owned())),
                propose("late and small", one("award", "amount=100,from=2026-07-01")),
                propose("late and large", one("award", "amount=5000,from=2026-07-01")),
                propose("in time", one("award", "amount=280,from=2026-04-01")),
            ],
        );
        let order: Vec<&str> = told.levers.iter().map(|lever| lever.name.as_str()).collect();
        assert_eq!(order, ["in time", "late and large", "late and small", "nothing known"]);
        assert_eq!(told.levers[3].untold.as_deref(), Some("no size"));
    });
}

/// The pool of `account` lists Bedrock alone, and the tokens of Sonnet move to a model that a service of its own bills.
fn moved_to_what_no_pool_lists() -> (Account, Change) {
    let mut account = sonnet();
    account.pools[0].services =
        EligibleServices::Listed(ServiceMatcher::new([BEDROCK], account.classifier.service_aliases()));
    let service = account.classifier.model_service(OPUS).expect("the table says who bills it");
    assert!(!account.pools[0].pays(service), "{service}");
    (account, change("switch", "Claude Sonnet 5=Claude Opus 5"))
}

#[test]
fn a_switch_to_what_no_credit_pays_says_that_its_days_are_bought_with_cash() {
    let (mut account, switch) = moved_to_what_no_pool_lists();
    let ask = |account: &Account, changes: &[Change]| {
        account.ask(|base| answer(base, &outlook(base.inputs), changes).unwrap())
    };
    let told = ask(&account, std::slice::from_ref(&switch));
    assert!(told.runway.gained.p50.days.unwrap() > 0 && told.per_month.costs_cash(), "{:?}", told.per_month);
    let [first, second] = &told.warnings[..] else { panic!("{:?}", told.warnings) };
    assert!(first.starts_with("No credit held pays for ") && first.ends_with("cash from the first day."), "{first}");
    assert!(second.contains("longer because more is paid in cash"), "{second}");
    // An award of the same question does pay.
    let paid = ask(&account, &[switch.clone(), change("award", "amount=5000,from=2026-04-01")]);
    let unpaid = |said: &String| said.contains("No credit held") || said.contains("is unknown");
    assert!(!paid.warnings.iter().any(unpaid), "{:?}", paid.warnings);
    // Without a list nobody knows, and nothing that moves nowhere is warned of.
    account.pools[0].services = EligibleServices::Unknown;
    let unknown = ask(&account, &[switch]);
    assert!(unknown.warnings[0].contains("is unknown, because one comes without a list"), "{:?}", unknown.warnings);
    assert_eq!(ask(&account, &[change("cache-hits", "+10")]).warnings, Vec::<String>::new());
}

#[test]
fn a_lever_that_costs_more_cash_ranks_behind_those_that_do_not() {
    let (account, switch) = moved_to_what_no_pool_lists();
    account.ask(|base| {
        let propose = |name: &str, change: Change| Proposal { name: name.to_owned(), changes: Ok(vec![change]) };
        let proposals = vec![propose("dear", switch), propose("cheap", change("cache-hits", "+10"))];
        let told = levers(base, &outlook(base.inputs), proposals);
        let days = |at: usize| told.levers[at].answer.as_ref().unwrap().runway.gained.p50.days.unwrap();
        assert_eq!(told.levers[0].name, "cheap");
        assert!(days(1) > days(0), "by days alone the order would be the other one");
    });
}

#[test]
fn more_than_anybody_asks_at_once_is_refused_before_it_costs_anything() {
    let run = change("train", "type=trn1.32xlarge,chip-hours=5,on=2026-05-01,days=63,repeats=63,every=1");
    let many = sonnet().problems(&vec![run.clone(); 21]);
    assert!(matches!(&many[..], [Problem::TooMany { changes: 21, most: 20 }]), "{many:?}");
    let twice = sonnet().problems(&vec![change("growth", "100%"); 20]);
    assert!(matches!(&twice[..], [Problem::Repeated { change: "growth", times: 20 }]), "{twice:?}");
    assert!(twice[0].to_string().contains("growth stands there 20 times"), "{}", twice[0]);
    // Days behind the horizon are not kept.
    let late = change("train", "type=trn1.32xlarge,chip-hours=5,on=2027-03-29,days=366");
    let kept = sonnet().ask(|base| adjust(base, &[late]).unwrap().added.len());
    assert_eq!(kept, 1);
    assert!(sonnet().ask(|base| adjust(base, &vec![run; 20]).unwrap().added.len()) <= 20 * 63 * 63);
}

#[test]
fn the_largest_questions_are_answered_in_amounts_that_add_up() {
    // Runs of ten million chip-hours on each day, and twice as much every month: each day counts as its largest,
    // and a month as the most that is counted.
    let run = change("train", "type=trn1.32xlarge,chip-hours=10000000,on=2026-03-30,days=1,repeats=365,every=1");
    let mut changes = vec![run; 19];
    changes.push(change("growth", "100%"));
    let mut account = Account::of(&[(SONNET, Direction::Input, Tier::OnDemand, 9, usd("9000000"))], "1000000000");
    account.pools[0].granted = usd("1000000000");
    account.ask(|base| {
        let told = answer(base, &outlook(base.inputs), &changes).unwrap();
        let bill = told.bill.unwrap();
        assert!(told.per_month.gross.is_positive() && told.per_month.cash.is_positive(), "{:?}", told.per_month);
        assert!(!bill.after.cash.is_negative() && bill.after.gross > bill.before.gross, "{bill:?}");
    });
}

#[test]
fn shares_are_read_in_percent_or_as_parts_of_one_and_never_guessed() {
    let share = |text| change("cache-hits", text);
    assert_eq!(share("60%"), share("0.6"));
    assert_eq!(change("growth", "5%"), change("growth", "0.05"));
    for (name, text, why) in [
        ("cache-hits", "60", "for percent write 60%"),
        ("cache-hits", "1.5", "between 0 and 1"),
        ("cache-hits", "150%", "the share is 1.5; it must lie between 0 and 1"),
        ("batch", "-0.1%x", "no number"),
        ("batch", "Claude Sonnet 5=", "no number"),
        ("growth", "5", "for percent write 5%"),
        ("growth", "101%", "growth per month is 1.01; it must be more than -1 and at most 1"),
        ("switch", "Claude Sonnet 5", "from which model to which"),
        ("train", "type=trn1.32xlarge,on=2026-05-01", "lacks chip-hours="),
        ("train", "type=trn1.32xlarge,chip-hours=10000001,on=2026-05-01", "must be more than 0 and at most 10000000"),
        (
            "train",
            "type=trn1.32xlarge,chip-hours=5,on=2026-05-01,days=366,repeats=366,every=1",
            "days times repeats is 133956; it must lie between 1 and 4000",
        ),
        ("award", "amount=-5,from=2026-05-01", "more than 0"),
        ("award", "amount=5,from=soon", "is not a day"),
        ("award", "amount=5,from=2026-05-01,until=2026-05-01", "not after its first day"),
        ("discount", "5%", "no such change"),
    ] {
        let told = Change::parse(name, text).unwrap_err().to_string();
        assert!(told.contains(why) && told.contains(text), "{told}");
    }
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
