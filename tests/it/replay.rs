//! Replay's promises, over random pools and costs. Amounts are whole micro-dollars, so that sums are easy to check by
//! another route: in integers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use glidepath::domain::billing::daily_cost::{DailyCost, Stream};
use glidepath::domain::credit::ledger::{
    AWS_ORDER, Demand, Fold, Ledger, OrderKey, Visitor, drawing_order, replay, replay_in_order,
};
use glidepath::domain::credit::{CreditPool, EligibleServices};
use glidepath::domain::facts::credits::ApplicationType;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{BillingPeriod, DayRange, plus_days};
use glidepath::domain::values::purchase::{Lets, Purchase, PurchaseLimit};
use glidepath::domain::values::service::{ServiceAliases, ServiceMatcher};
use glidepath::domain::values::workload::Workload;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::support::values::{day, usd};

const SERVICES: [&str; 4] = ["Amazon Bedrock", "Amazon EC2", "Amazon S3", "Claude Sonnet 5 (Amazon Bedrock Edition)"];
const WORKLOADS: [Workload; 3] = [Workload::BedrockInference, Workload::Supporting, Workload::Unclassified];
const DAYS: i64 = 75;

fn range() -> DayRange {
    let start = day("2026-01-20");
    DayRange::new(start, plus_days(start, DAYS))
}

fn micros(amount: i64) -> Money {
    Money::from_micros(amount)
}

fn any_pool() -> impl Strategy<Value = CreditPool> {
    let services = prop_oneof![
        1 => Just(EligibleServices::Unknown),
        4 => vec(proptest::sample::select(&SERVICES[..]), 1..4).prop_map(|names| {
            let names: BTreeSet<&str> = names.into_iter().collect();
            EligibleServices::Listed(ServiceMatcher::new(names, &ServiceAliases::default()))
        }),
    ];
    let amount = prop_oneof![Just(0), 1_i64..2_000_000, 1_i64..400_000_000];
    let limit = prop_oneof![
        4 => Just(None),
        2 => proptest::sample::select(&["OnDemand", "SPOT", "Savings Plans", "Reserved", "WHATEVER"][..]).prop_map(Some),
    ];
    let applies = prop_oneof![3 => Just(ApplicationType::AfterDiscounts), 1 => Just(ApplicationType::BeforeDiscounts)];
    let window = (-60_i64..80, 1_i64..120, option::weighted(0.2, 0_i64..120));
    (0..20_u8, amount, window, services, limit, applies).prop_map(
        |(id, granted, (starts, life, paused), services, limit, applies)| {
            let starts_on = plus_days(range().start, starts);
            let pool =
                CreditPool::new(&format!("{id:02}"), micros(granted), starts_on, plus_days(starts_on, life), services);
            let limit: Vec<String> = limit.map(str::to_owned).into_iter().collect();
            let purchases = PurchaseLimit::read(Some(&limit));
            CreditPool { paused_from: paused.map(|after| plus_days(starts_on, after)), purchases, applies, ..pool }
        },
    )
}

/// Pools with distinct ids, as AWS's are.
fn any_pools() -> impl Strategy<Value = Vec<CreditPool>> {
    vec(any_pool(), 0..6).prop_map(|pools| {
        pools.into_iter().enumerate().map(|(n, pool)| CreditPool { id: format!("{}-{n}", pool.id), ..pool }).collect()
    })
}

fn any_cost() -> impl Strategy<Value = DailyCost> {
    let payable = prop_oneof![6 => 0_i64..30_000_000, 2 => -20_000_000_i64..0, 1 => Just(5_000_000)];
    let other = prop_oneof![4 => Just(0), 1 => 1_i64..9_000_000];
    // A few days lie outside the range, and must be left out.
    let day = (-3..DAYS + 3).prop_map(|offset| plus_days(range().start, offset));
    let service = proptest::sample::select(&SERVICES[..]);
    let purchase = prop_oneof![3 => Just(Purchase::OnDemand), 1 => proptest::sample::select(&Purchase::ALL[..])];
    let discount = prop_oneof![2 => Just(0), 1 => -6_000_000_i64..0];
    (day, service, proptest::sample::select(&WORKLOADS[..]), purchase, payable, discount, other).prop_map(
        |(day, service, workload, purchase, payable, discount, other)| DailyCost {
            day,
            service: service.to_owned(),
            workload,
            purchase,
            payable: micros(payable),
            discount: micros(discount),
            other: micros(other),
        },
    )
}

fn any_costs() -> impl Strategy<Value = Vec<DailyCost>> {
    vec(any_cost(), 0..150)
}

/// Payable cost and its discounts per day and stream: grouped here by another route than replay's.
fn grouped(costs: &[DailyCost]) -> BTreeMap<(NaiveDate, Stream), (Money, Money)> {
    let mut sums: BTreeMap<(NaiveDate, Stream), (Money, Money)> = BTreeMap::new();
    for cost in costs.iter().filter(|cost| range().contains(cost.day)) {
        let (payable, discount) = sums.entry((cost.day, Stream::from(cost))).or_default();
        *payable += cost.payable;
        *discount += cost.discount;
    }
    sums
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> Money {
    amounts.into_iter().sum()
}

/// Runs a fold by hand over `days`, so that it can be stopped and taken up again.
fn run<A: glidepath::domain::credit::ledger::Amount>(
    fold: &mut Fold<A>,
    streams: &[Stream],
    costs: &[DailyCost],
    days: DayRange,
    amount: impl Fn(Money) -> A,
    visitor: &mut impl Visitor<A>,
) {
    run_by(fold, streams, costs, days, amount, |fold, day, demands| fold.day(day, demands, visitor));
}

/// The same, each day by `replay_day`.
fn run_by<A: glidepath::domain::credit::ledger::Amount>(
    fold: &mut Fold<A>,
    streams: &[Stream],
    costs: &[DailyCost],
    days: DayRange,
    amount: impl Fn(Money) -> A,
    mut replay_day: impl FnMut(&mut Fold<A>, NaiveDate, &mut [Demand<A>]),
) {
    let sums = grouped(costs);
    for day in days.days() {
        let demand = |(stream, of): (usize, &Stream)| {
            let (payable, discount) = sums.get(&(day, of.clone()))?;
            Some(Demand { stream, payable: amount(*payable), discount: amount(*discount) })
        };
        let mut demands: Vec<Demand<A>> = streams.iter().enumerate().filter_map(demand).collect();
        replay_day(fold, day, &mut demands);
    }
}

/// What a replay did, whatever the order within a day.
#[derive(Debug, Default, PartialEq, Eq)]
struct Settled {
    drawn: BTreeMap<(NaiveDate, usize), i64>,
    uncovered: BTreeMap<(NaiveDate, usize), i64>,
    expired: Vec<(NaiveDate, usize, i64)>,
    closed: Vec<(NaiveDate, Vec<i64>)>,
}

impl Visitor<i64> for Settled {
    fn drawn(&mut self, day: NaiveDate, pool: usize, _stream: usize, amount: i64) {
        self.drawn_in_all(day, pool, amount);
    }

    fn drawn_in_all(&mut self, day: NaiveDate, pool: usize, amount: i64) {
        *self.drawn.entry((day, pool)).or_default() += amount;
    }

    fn uncovered(&mut self, day: NaiveDate, stream: usize, amount: i64) {
        *self.uncovered.entry((day, stream)).or_default() += amount;
    }

    fn expired(&mut self, day: NaiveDate, pool: usize, unused: i64) {
        self.expired.push((day, pool, unused));
    }

    fn day_closed(&mut self, day: NaiveDate, balances: &[i64]) {
        self.closed.push((day, balances.to_vec()));
    }
}

fn uncovered_by_row(ledger: &Ledger) -> BTreeMap<(NaiveDate, Stream), Money> {
    let mut rows = BTreeMap::new();
    for open in &ledger.uncovered {
        *rows.entry((open.day, ledger.streams[open.stream].clone())).or_default() += open.payable;
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn credit_granted_is_drawn_remaining_or_lost(pools in any_pools(), costs in any_costs()) {
        let ledger = replay(&pools, &costs, range());
        let last = ledger.balances.last().expect("the range has days");
        for (index, pool) in ledger.pools.iter().enumerate() {
            prop_assert_eq!(pool.granted, ledger.drawn(index) + ledger.remaining(index) + ledger.lost(index));
            prop_assert!(!ledger.remaining(index).is_negative());
            // What is left after the last day is either kept, or lost on the day after.
            let lost_at_end = sum(
                ledger.breakage.iter().filter(|b| b.pool == index && b.day == range().end).map(|b| b.amount));
            prop_assert_eq!(last.left[index], ledger.remaining(index) + lost_at_end);
            prop_assert!(ledger.breakage.iter().filter(|b| b.pool == index).count() <= 1);
            prop_assert_eq!(ledger.remaining(index).is_positive() && pool.expires_on <= range().end, false);
        }
    }

    #[test]
    fn in_any_order_a_day_comes_to_the_same(
        pools in any_pools(),
        mut costs in any_costs(),
        has_discounts in any::<bool>(),
        grants in 1_i64..2_000,
    ) {
        if !has_discounts {
            for cost in &mut costs {
                cost.discount = Money::ZERO;
                cost.payable = cost.payable.at_least_zero();
            }
        }
        let pools = drawing_order(&pools, &AWS_ORDER);
        let streams: Vec<Stream> = costs.iter().map(Stream::from).collect::<BTreeSet<_>>().into_iter().collect();
        // Some hold enough for all days, some for a few.
        let balances: Vec<i64> = pools.iter().map(|pool| pool.granted.to_micros() * grants / 100).collect();
        let (mut ranked, mut unranked) = (Settled::default(), Settled::default());
        let mut fold = Fold::new(&pools, balances.clone(), &streams);
        run(&mut fold, &streams, &costs, range(), Money::to_micros, &mut ranked);
        let mut fold = Fold::new(&pools, balances, &streams);
        run_by(&mut fold, &streams, &costs, range(), Money::to_micros, |fold, day, demands| {
            fold.day_in_any_order(day, demands, &mut unranked);
        });
        prop_assert_eq!(ranked, unranked);
    }

    #[test]
    fn cost_is_covered_or_uncovered(pools in any_pools(), costs in any_costs()) {
        let ledger = replay(&pools, &costs, range());
        let mut settled: BTreeMap<(NaiveDate, Stream), Money> = BTreeMap::new();
        for draw in &ledger.drawdowns {
            *settled.entry((draw.day, ledger.streams[draw.stream].clone())).or_default() += draw.amount;
        }
        for open in &ledger.uncovered {
            *settled.entry((open.day, ledger.streams[open.stream].clone())).or_default() += open.payable;
        }
        let paid = |(row, (payable, _)): ((NaiveDate, Stream), (Money, Money))| (row, payable);
        let mut expected: BTreeMap<(NaiveDate, Stream), Money> = grouped(&costs).into_iter().map(paid).collect();
        expected.retain(|_, cost| !cost.is_zero());
        settled.retain(|_, cost| !cost.is_zero());
        prop_assert_eq!(settled, expected);
        let inside = costs.iter().filter(|cost| range().contains(cost.day));
        prop_assert_eq!(sum(ledger.uncovered.iter().map(|open| open.other)), sum(inside.map(|cost| cost.other)));
    }

    #[test]
    fn no_balance_is_ever_below_zero_and_none_ever_rises(pools in any_pools(), costs in any_costs()) {
        let ledger = replay(&pools, &costs, range());
        prop_assert_eq!(ledger.balances.len(), DAYS as usize);
        let mut before: Vec<Money> = ledger.pools.iter().map(|pool| pool.granted).collect();
        for balances in &ledger.balances {
            for (left, before) in balances.left.iter().zip(&before) {
                prop_assert!(!left.is_negative() && left <= before, "{left:?} after {before:?} on {}", balances.day);
            }
            before.clone_from(&balances.left);
        }
    }

    #[test]
    fn draws_keep_to_windows_services_and_purchase_types(pools in any_pools(), costs in any_costs()) {
        let ledger = replay(&pools, &costs, range());
        for draw in &ledger.drawdowns {
            let (pool, stream) = (&ledger.pools[draw.pool], &ledger.streams[draw.stream]);
            prop_assert!(draw.amount.is_positive());
            prop_assert!(BillingPeriod::of(pool.starts_on).first_day() <= draw.day && draw.day < pool.expires_on);
            prop_assert!(pool.paused_from.is_none_or(|paused| draw.day < paused));
            prop_assert!(pool.pays(&stream.service), "{} paid {}", pool.id, stream.service);
            prop_assert!(pool.purchases.lets(stream.purchase) != Lets::No, "{} paid {:?}", pool.id, stream);
        }
    }

    /// Credit that applies after discounts pays no more of a service than they leave, and all credit together no more than its
    /// cost before them. On a day at whose end a pool still holds credit that it may spend on all of a service, that is covered
    /// to the last digit. (Row by row that is not so: the part of a row that a discount of
    /// the same service takes back is left to the cash, where the discount meets it.)
    #[test]
    fn nothing_stays_uncovered_while_a_pool_could_pay(pools in any_pools(), costs in any_costs()) {
        let ledger = replay(&pools, &costs, range());
        let mut asked: BTreeMap<(NaiveDate, &str), (Money, Money)> = BTreeMap::new();
        for cost in costs.iter().filter(|cost| range().contains(cost.day)) {
            let (after, before) = asked.entry((cost.day, cost.service.as_str())).or_default();
            *after += cost.payable;
            *before += cost.payable - cost.discount;
        }
        let is_before = |pool: &CreditPool| pool.applies == ApplicationType::BeforeDiscounts;
        let mut drawn: BTreeMap<(NaiveDate, &str), (Money, Money)> = BTreeMap::new();
        for draw in &ledger.drawdowns {
            let row = drawn.entry((draw.day, ledger.streams[draw.stream].service.as_str())).or_default();
            let side = if is_before(&ledger.pools[draw.pool]) { &mut row.1 } else { &mut row.0 };
            *side += draw.amount;
        }
        for balances in &ledger.balances {
            for service in SERVICES {
                let key = (balances.day, service);
                let (after, before) = asked.get(&key).copied().unwrap_or_default();
                let (after, before) = (after.at_least_zero(), before.at_least_zero());
                let (by_after, by_before) = drawn.get(&key).copied().unwrap_or_default();
                prop_assert!(by_after <= after && by_after + by_before <= before, "more than the service cost");
                let could_pay = |before: bool| {
                    ledger.pools.iter().zip(&balances.left).any(|(pool, left)| {
                        let all = pool.pays(service) && pool.purchases == PurchaseLimit::None;
                        all && is_before(pool) == before && pool.window().contains(balances.day) && left.is_positive()
                    })
                };
                let paid = by_after + by_before;
                prop_assert!(!could_pay(false) || paid >= after, "{service} on {}: {paid:?} of {after:?}", balances.day);
                prop_assert!(!could_pay(true) || paid == before, "{service} on {}: {paid:?} of {before:?}", balances.day);
            }
        }
    }

    /// The outlook starts in the middle of a story, from balances alone; so does a replay that was put aside.
    #[test]
    fn going_on_from_the_balances_of_any_day_changes_nothing(
        pools in any_pools(), costs in any_costs(), split in 0..=DAYS,
    ) {
        let whole = replay(&pools, &costs, range());
        let (first, second) = {
            let middle = plus_days(range().start, split);
            (DayRange::new(range().start, middle), DayRange::new(middle, range().end))
        };
        let granted = whole.pools.iter().map(|pool| pool.granted).collect();
        let mut parts = Ledger { pools: whole.pools.clone(), streams: whole.streams.clone(), ..Ledger::default() };
        let mut fold = Fold::new(&whole.pools, granted, &whole.streams);
        run(&mut fold, &whole.streams, &costs, first, |money| money, &mut parts);
        let mut resumed = Fold::new(&whole.pools, fold.balances().to_vec(), &whole.streams);
        run(&mut resumed, &whole.streams, &costs, second, |money| money, &mut parts);
        resumed.expire(range().end, &mut parts);
        prop_assert_eq!(&parts.drawdowns, &whole.drawdowns);
        prop_assert_eq!(&parts.balances, &whole.balances);
        prop_assert_eq!(&parts.breakage, &whole.breakage);
        let payable: Vec<_> = whole.uncovered.iter().filter(|open| open.other.is_zero()).copied().collect();
        prop_assert_eq!(&parts.uncovered, &payable);
    }

    #[test]
    fn the_order_of_rows_and_pools_changes_nothing(
        (pools, shuffled_pools) in any_pools().prop_flat_map(|p| (Just(p.clone()), Just(p).prop_shuffle())),
        (costs, shuffled) in any_costs().prop_flat_map(|c| (Just(c.clone()), Just(c).prop_shuffle())),
    ) {
        prop_assert_eq!(replay(&pools, &costs, range()), replay(&shuffled_pools, &shuffled, range()));
    }

    #[test]
    fn cutting_a_row_in_two_changes_nothing(pools in any_pools(), costs in any_costs(), share in 0_i64..30_000_000) {
        let halves = costs.iter().flat_map(|cost| {
            let half =
                DailyCost { payable: micros(share), discount: Money::ZERO, other: Money::ZERO, ..cost.clone() };
            [DailyCost { payable: cost.payable - half.payable, ..cost.clone() }, half]
        });
        prop_assert_eq!(replay(&pools, &costs, range()), replay(&pools, &halves.collect::<Vec<_>>(), range()));
    }

    /// One more pool leaves no row of any day with more uncovered cost than before. By induction over the rows: if
    /// every old pool holds at least what it held without the new one, then after each pool in turn the row has at
    /// most as much left to ask for, so every old pool still holds at least as much. It needs the ranking of rows to
    /// be fixed before credit is taken, and the old pools to keep their order.
    #[test]
    fn one_more_pool_never_leaves_more_uncovered(pools in any_pools(), extra in any_pool(), costs in any_costs()) {
        let before = uncovered_by_row(&replay(&pools, &costs, range()));
        let more: Vec<CreditPool> = pools.into_iter().chain([CreditPool { id: "extra".to_owned(), ..extra }]).collect();
        let after = replay(&more, &costs, range());
        let total = |rows: &BTreeMap<(NaiveDate, Stream), Money>| sum(rows.values().copied());
        let after = uncovered_by_row(&after);
        prop_assert!(total(&after) <= total(&before));
        for (row, open) in &after {
            let before = before.get(row).copied().unwrap_or_default();
            prop_assert!(*open <= before, "{row:?}: {open:?} uncovered, {before:?} without the extra pool");
        }
    }

    #[test]
    fn the_fold_in_micro_dollars_equals_the_exact_replay(pools in any_pools(), costs in any_costs()) {
        #[derive(Default)]
        struct Totals {
            drawn: BTreeMap<(NaiveDate, usize, usize), i64>,
            uncovered: BTreeMap<(NaiveDate, usize), i64>,
            lost: BTreeMap<usize, i64>,
        }
        impl Visitor<i64> for Totals {
            fn drawn(&mut self, day: NaiveDate, pool: usize, stream: usize, amount: i64) {
                *self.drawn.entry((day, pool, stream)).or_default() += amount;
            }
            fn uncovered(&mut self, day: NaiveDate, stream: usize, amount: i64) {
                *self.uncovered.entry((day, stream)).or_default() += amount;
            }
            fn expired(&mut self, _day: NaiveDate, pool: usize, unused: i64) {
                *self.lost.entry(pool).or_default() += unused;
            }
        }
        let exact = replay(&pools, &costs, range());
        let granted = exact.pools.iter().map(|pool| pool.granted.to_micros()).collect();
        let mut fold = Fold::new(&exact.pools, granted, &exact.streams);
        let mut totals = Totals::default();
        run(&mut fold, &exact.streams, &costs, range(), Money::to_micros, &mut totals);
        fold.expire(range().end, &mut totals);
        prop_assert_eq!(exact.drawdowns.len(), totals.drawn.len());
        for draw in &exact.drawdowns {
            prop_assert_eq!(totals.drawn.get(&(draw.day, draw.pool, draw.stream)), Some(&draw.amount.to_micros()));
        }
        for open in exact.uncovered.iter().filter(|open| open.other.is_zero()) {
            prop_assert_eq!(totals.uncovered.remove(&(open.day, open.stream)), Some(open.payable.to_micros()));
        }
        prop_assert!(totals.uncovered.is_empty());
        for (index, balance) in fold.balances().iter().enumerate() {
            prop_assert_eq!(micros(*balance), exact.remaining(index));
            prop_assert_eq!(micros(totals.lost.get(&index).copied().unwrap_or_default()), exact.lost(index));
        }
    }
}

fn listed(names: &[&str]) -> EligibleServices {
    EligibleServices::Listed(ServiceMatcher::new(names.iter().copied(), &ServiceAliases::default()))
}

#[test]
fn no_pools_and_no_costs_are_no_trouble() {
    let empty = replay(&[], &[], range());
    assert_eq!((empty.drawdowns.len(), empty.uncovered.len(), empty.balances.len()), (0, 0, DAYS as usize));
    let none = DayRange::new(range().start, range().start);
    assert_eq!(replay(&[], &[], none), Ledger::default());
}

/// The order is data: the same pools in another order give another ledger.
#[test]
fn another_order_of_pools_draws_otherwise() {
    let pool = |id: &str, starts: &str, expires: &str| {
        CreditPool::new(id, usd("100"), day(starts), day(expires), listed(&["Amazon EC2"]))
    };
    let pools = [pool("old", "2025-01-01", "2027-06-01"), pool("soon", "2025-06-01", "2026-06-01")];
    let cost = DailyCost::payable(range().start, "Amazon EC2", Workload::Supporting, usd("30"));
    let first_drawn = |order: &[OrderKey]| {
        let ledger = replay_in_order(&pools, order, std::slice::from_ref(&cost), range());
        ledger.pools[ledger.drawdowns[0].pool].id.clone()
    };
    assert_eq!(first_drawn(&AWS_ORDER), "soon");
    assert_eq!(first_drawn(&[OrderKey::Oldest]), "old");
    let ids = |order: &[OrderKey]| drawing_order(&pools, order).into_iter().map(|pool| pool.id).collect::<Vec<_>>();
    assert_eq!(ids(&[]), ["old", "soon"], "without a key the id decides");
}

/// "More cost never leaves more credit" is tempting and false: a dearer EC2 pulls the general credit away from Bedrock
/// and towards itself, so that Bedrock cannot draw it.
#[test]
fn more_cost_can_leave_more_credit_somewhere() {
    let pools = [
        CreditPool::new(
            "1",
            usd("10"),
            day("2026-01-01"),
            day("2026-12-01"),
            listed(&["Amazon Bedrock", "Amazon EC2"]),
        ),
        CreditPool::new("2", usd("10"), day("2026-01-01"), day("2027-01-01"), listed(&["Amazon EC2"])),
    ];
    let left = |ec2: &str| {
        let cost =
            |service: &str, amount: &str| DailyCost::payable(range().start, service, Workload::Supporting, usd(amount));
        let ledger = replay(&pools, &[cost("Amazon Bedrock", "10"), cost("Amazon EC2", ec2)], range());
        ledger.remaining(0) + ledger.remaining(1)
    };
    assert_eq!(left("9"), usd("1"), "Bedrock is dearer and takes pool 1; EC2 takes 9 from pool 2");
    assert_eq!(left("11"), usd("9"), "EC2 is dearer, empties pool 1 and takes 1 from pool 2; Bedrock gets nothing");
}
