//! Replay: draws daily costs down against credit pools, in the order that AWS documents.
//!
//! One fold serves every purpose. A [`Visitor`] sees each draw; [`replay`] keeps the whole [`Ledger`] for people, and
//! the outlook runs the same fold a few hundred times in integer micro-dollars and keeps dates and totals only.
//!
//! Invariants (held by `tests/it/replay.rs`): granted = drawn + remaining + breakage; cost = covered + uncovered; no
//! balance falls below zero; no draw outside a pool's window, services or purchase types, nor of more than is left after
//! discounts where it applies after them; nothing is left uncovered while an eligible pool holds credit; the order of the
//! input rows does not matter.
//!
//! AWS settles credits per monthly bill. A draw per day is our model of it: the same total per month as long as no
//! pool runs dry or expires inside it, and a date where one does.

use crate::billing::daily_cost::{CostRow, DailyCost, Stream};
use std::cmp::Reverse;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use chrono::NaiveDate;

use crate::credit::{CreditPool, EligibleServices};
use crate::facts::credits::ApplicationType;
use crate::values::interner::{Interner, ranked};
use crate::values::money::Money;
use crate::values::period::DayRange;
use crate::values::purchase::Purchase;
use crate::values::workload::Workload;

/// The keys by which pools are drawn, first key first. AWS's order is data, because AWS may change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKey {
    /// Soonest expiry first.
    SoonestExpiry,
    /// Fewest eligible services first; a missing list counts as all services.
    FewestServices,
    /// Oldest start first.
    Oldest,
}

/// AWS's documented order. Ties beyond it are broken by id, so that the same facts give the same ledger.
///
/// Source: AWS Billing guide, "AWS credits", step 1: choosing the credits to apply.
pub const AWS_ORDER: [OrderKey; 3] = [OrderKey::SoonestExpiry, OrderKey::FewestServices, OrderKey::Oldest];

/// Pools in the order in which they are drawn.
pub fn drawing_order(pools: &[CreditPool], order: &[OrderKey]) -> Vec<CreditPool> {
    let mut sorted = pools.to_vec();
    sorted.sort_by(|a, b| {
        let by_key = |key: &OrderKey| match key {
            OrderKey::SoonestExpiry => a.expires_on.cmp(&b.expires_on),
            OrderKey::FewestServices => a.eligible_count().cmp(&b.eligible_count()),
            OrderKey::Oldest => a.starts_on.cmp(&b.starts_on),
        };
        order.iter().map(by_key).find(|o| o.is_ne()).unwrap_or_else(|| a.id.cmp(&b.id))
    });
    sorted
}

/// What a fold counts in: exact decimals for people, micro-dollars for simulations.
pub trait Amount: Copy + Ord + Default + Add<Output = Self> + Sub<Output = Self> + AddAssign + SubAssign {}

impl Amount for Money {}
impl Amount for i64 {}

/// One stream's payable cost on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand<A> {
    /// Index into the streams that the fold was made with.
    pub stream: usize,
    /// Payable cost, discounts taken off; negative where they exceed usage.
    pub payable: A,
    /// The discounts that `payable` holds; negative. A credit that applies before them is asked for the cost without them.
    pub discount: A,
}

/// Sees what a replay does. Every method does nothing by default.
pub trait Visitor<A> {
    /// `pool` paid `amount` of `stream`.
    fn drawn(&mut self, _day: NaiveDate, _pool: usize, _stream: usize, _amount: A) {}
    /// `pool` paid `amount` of the day's streams in all, in place of [`Visitor::drawn`] for each: see [`Fold::day_in_any_order`].
    fn drawn_in_all(&mut self, _day: NaiveDate, _pool: usize, _amount: A) {}
    /// `amount` of `stream` was payable and no pool paid it; negative where a discount passes through to the cash.
    fn uncovered(&mut self, _day: NaiveDate, _stream: usize, _amount: A) {}
    /// `pool` ended with `unused` credit in it.
    fn expired(&mut self, _day: NaiveDate, _pool: usize, _unused: A) {}
    /// The day is over; `balances` are in drawing order.
    fn day_closed(&mut self, _day: NaiveDate, _balances: &[A]) {}
}

/// The state of a replay between two days. Splitting a replay at any day and going on gives the same ledger.
#[derive(Debug, Clone)]
pub struct Fold<A> {
    windows: Vec<DayRange>,
    expiries: Vec<NaiveDate>,
    balances: Vec<A>,
    /// Per pool, whether it applies before discounts.
    before_discounts: Vec<bool>,
    /// Different lists of pools that may pay a stream, each in drawing order.
    payers: Vec<Vec<usize>>,
    /// Per stream, which of these lists is its own.
    payers_of: Vec<usize>,
    /// Per stream, the rank of its service's name, so that ties are broken by name without comparing text.
    service_of: Vec<usize>,
    /// Per service, the day's payable cost, and the same before discounts.
    service_totals: Vec<Asked<A>>,
    /// Per pool, what a day asks of it.
    asked: Vec<A>,
    /// Per list of pools, the first that pays on a day.
    first: Vec<Option<usize>>,
}

/// What credit is asked to pay: after discounts, and before them.
#[derive(Debug, Clone, Copy, Default)]
struct Asked<A> {
    after: A,
    before: A,
}

impl<A: Amount> Asked<A> {
    fn of(demand: &Demand<A>) -> Self {
        Asked { after: demand.payable, before: demand.payable - demand.discount }
    }

    /// As much of it as `allowed` leaves, and never less than nothing.
    fn within(self, allowed: Self) -> Self {
        let within = |asked: A, allowed: A| asked.min(allowed).max(A::default());
        Asked { after: within(self.after, allowed.after), before: within(self.before, allowed.before) }
    }

    fn less(self, after: A, before: A) -> Self {
        Asked { after: self.after - after, before: self.before - before }
    }
}

impl<A: Amount> Fold<A> {
    /// A fold over `pools`, which must be in drawing order, with the given balances.
    pub fn new(pools: &[CreditPool], balances: Vec<A>, streams: &[Stream]) -> Self {
        let mut names: Vec<&str> = streams.iter().map(|s| s.service.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let mut payers: Vec<Vec<usize>> = Vec::new();
        let payers_of = streams.iter().map(|stream| {
            let of =
                pools.iter().enumerate().filter(|(_, pool)| pool.draws_for(stream)).map(|(index, _)| index).collect();
            payers.iter().position(|known| *known == of).unwrap_or_else(|| {
                payers.push(of);
                payers.len() - 1
            })
        });
        let payers_of = payers_of.collect();
        Fold {
            windows: pools.iter().map(CreditPool::window).collect(),
            expiries: pools.iter().map(|pool| pool.expires_on).collect(),
            balances,
            before_discounts: pools.iter().map(|pool| pool.applies == ApplicationType::BeforeDiscounts).collect(),
            asked: vec![A::default(); pools.len()],
            first: vec![None; payers.len()],
            payers,
            payers_of,
            service_of: streams.iter().map(|s| names.partition_point(|name| *name < s.service.as_str())).collect(),
            service_totals: vec![Asked::default(); names.len()],
        }
    }

    /// The same pools and streams, started with other balances: which pool may pay what is not worked out again.
    #[must_use]
    pub fn starting_with(&self, balances: Vec<A>) -> Self {
        Fold { balances, ..self.clone() }
    }

    /// What is left in each pool, in drawing order.
    pub fn balances(&self) -> &[A] {
        &self.balances
    }

    /// As [`Fold::day`] for a visitor that does not mind in which order it is told of a day's streams: where every pool holds what
    /// the day asks of it, none has to be served first, nothing is sorted, and what each paid is told in one sum.
    pub fn day_in_any_order(&mut self, day: NaiveDate, demands: &mut [Demand<A>], visitor: &mut impl Visitor<A>) {
        self.expire(day, visitor);
        if !self.suffices(day, demands) {
            return self.day(day, demands, visitor);
        }
        let zero = A::default();
        for (pool, (balance, asked)) in self.balances.iter_mut().zip(&self.asked).enumerate() {
            if *asked > zero {
                *balance -= *asked;
                visitor.drawn_in_all(day, pool, *asked);
            }
        }
        if self.first.contains(&None) {
            let is_open =
                |demand: &&Demand<A>| demand.payable != zero && self.first[self.payers_of[demand.stream]].is_none();
            demands.iter().filter(is_open).for_each(|demand| visitor.uncovered(day, demand.stream, demand.payable));
        }
        visitor.day_closed(day, &self.balances);
    }

    /// True if each stream finds all that it asks for in the first pool that pays it. Notes which that is, and what each is asked for.
    fn suffices(&mut self, day: NaiveDate, demands: &[Demand<A>]) -> bool {
        let zero = A::default();
        let pays = |pool: &usize| self.balances[*pool] > zero && self.windows[*pool].contains(day);
        for (first, payers) in self.first.iter_mut().zip(&self.payers) {
            *first = payers.iter().copied().find(pays);
        }
        self.asked.fill(zero);
        // Streams that lie beside each other are mostly paid by the same.
        let (mut of, mut sum) = (usize::MAX, zero);
        for demand in demands {
            // Discounts are shared within a service, whose dearest stream comes first.
            if demand.payable < zero || demand.discount != zero {
                return false;
            }
            let payers = self.payers_of[demand.stream];
            if payers != of {
                self.ask(of, sum);
                (of, sum) = (payers, zero);
            }
            sum += demand.payable;
        }
        self.ask(of, sum);
        self.asked.iter().zip(&self.balances).all(|(asked, balance)| asked <= balance)
    }

    /// Adds to what the first pool of a list of payers is asked for.
    fn ask(&mut self, payers: usize, sum: A) {
        if let Some(pool) = self.first.get(payers).copied().flatten() {
            self.asked[pool] += sum;
        }
    }

    /// Replays one day. `demands` is reordered. Days must come in order, none twice; a day without cost may be left
    /// out only if no pool expires on it.
    pub fn day(&mut self, day: NaiveDate, demands: &mut [Demand<A>], visitor: &mut impl Visitor<A>) {
        self.expire(day, visitor);
        self.rank(demands);
        let zero = A::default();
        let mut service = usize::MAX;
        let mut allowed = Asked::default();
        for demand in demands.iter() {
            if self.service_of[demand.stream] != service {
                // Discounts of a service lower what a credit that applies after them is asked to pay for it, never below
                // nothing.
                service = self.service_of[demand.stream];
                allowed = self.service_totals[service];
            }
            let mut open = demand.payable;
            let mut wanted = Asked::of(demand).within(allowed);
            allowed = allowed.less(wanted.after, wanted.before);
            for &pool in &self.payers[self.payers_of[demand.stream]] {
                let asked = if self.before_discounts[pool] { wanted.before } else { wanted.after };
                let amount = asked.min(self.balances[pool]);
                if amount <= zero || !self.windows[pool].contains(day) {
                    continue;
                }
                self.balances[pool] -= amount;
                wanted = wanted.less(amount, amount);
                open -= amount;
                visitor.drawn(day, pool, demand.stream, amount);
            }
            if open != zero {
                visitor.uncovered(day, demand.stream, open);
            }
        }
        visitor.day_closed(day, &self.balances);
    }

    /// Ends every pool whose time is up on `day`, once.
    pub fn expire(&mut self, day: NaiveDate, visitor: &mut impl Visitor<A>) {
        for pool in 0..self.balances.len() {
            if self.expiries[pool] <= day && self.balances[pool] > A::default() {
                let unused = std::mem::take(&mut self.balances[pool]);
                visitor.expired(self.expiries[pool], pool, unused);
            }
        }
    }

    /// Services by the day's largest cost before credits, then name; within a service the dearest stream first.
    /// Ranked once a day, before any credit is taken: AWS applies credit to the largest service charge and goes on
    /// downwards.
    fn rank(&mut self, demands: &mut [Demand<A>]) {
        self.service_totals.fill(Asked::default());
        for demand in demands.iter() {
            let total = &mut self.service_totals[self.service_of[demand.stream]];
            let asked = Asked::of(demand);
            total.after += asked.after;
            total.before += asked.before;
        }
        let (totals, service_of) = (&self.service_totals, &self.service_of);
        demands.sort_unstable_by_key(|demand| {
            let service = service_of[demand.stream];
            (Reverse(totals[service].after), service, Reverse(demand.payable), demand.stream)
        });
    }
}

/// Credit taken from one pool for one stream on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawdown {
    /// UTC day.
    pub day: NaiveDate,
    /// Index into [`Ledger::pools`].
    pub pool: usize,
    /// Index into [`Ledger::streams`].
    pub stream: usize,
    /// Credit taken; positive.
    pub amount: Money,
}

/// Cost of one stream on one day that no pool paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uncovered {
    /// UTC day.
    pub day: NaiveDate,
    /// Index into [`Ledger::streams`].
    pub stream: usize,
    /// The part a pool could have paid, had one been willing and able.
    pub payable: Money,
    /// The part that credit never pays: upfront and support fees.
    pub other: Money,
}

/// Credit that expired unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breakage {
    /// First day without it.
    pub day: NaiveDate,
    /// Index into [`Ledger::pools`].
    pub pool: usize,
    /// Credit lost.
    pub amount: Money,
}

/// Balances at the end of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balances {
    /// UTC day.
    pub day: NaiveDate,
    /// Credit left per pool, in the order of [`Ledger::pools`].
    pub left: Vec<Money>,
}

/// Everything that a replay did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The pools in drawing order.
    pub pools: Vec<CreditPool>,
    /// The streams, by service name, workload and purchase type.
    pub streams: Vec<Stream>,
    /// Every draw, by day and then in the order in which it was made.
    pub drawdowns: Vec<Drawdown>,
    /// Everything not covered, by day.
    pub uncovered: Vec<Uncovered>,
    /// Balances at the end of each day of the replayed range.
    pub balances: Vec<Balances>,
    /// Credit that expired unused within the range.
    pub breakage: Vec<Breakage>,
}

impl Ledger {
    /// Credit drawn from `pool`.
    pub fn drawn(&self, pool: usize) -> Money {
        self.drawdowns.iter().filter(|d| d.pool == pool).map(|d| d.amount).sum()
    }

    /// Credit of `pool` lost to expiry.
    pub fn lost(&self, pool: usize) -> Money {
        self.breakage.iter().filter(|b| b.pool == pool).map(|b| b.amount).sum()
    }

    /// Credit of `pool` left at the end: granted less drawn and lost.
    pub fn remaining(&self, pool: usize) -> Money {
        self.pools[pool].granted - self.drawn(pool) - self.lost(pool)
    }
}

impl Visitor<Money> for Ledger {
    fn drawn(&mut self, day: NaiveDate, pool: usize, stream: usize, amount: Money) {
        self.drawdowns.push(Drawdown { day, pool, stream, amount });
    }

    fn uncovered(&mut self, day: NaiveDate, stream: usize, payable: Money) {
        self.uncovered.push(Uncovered { day, stream, payable, other: Money::ZERO });
    }

    fn expired(&mut self, day: NaiveDate, pool: usize, amount: Money) {
        self.breakage.push(Breakage { day, pool, amount });
    }

    fn day_closed(&mut self, day: NaiveDate, balances: &[Money]) {
        self.balances.push(Balances { day, left: balances.to_vec() });
    }
}

/// Draws `costs` down against `pools` over `range`, in AWS's documented order, and keeps the whole ledger.
///
/// Costs outside `range` are left out. Rows of one day and stream are added up first, so their order and their number change
/// nothing.
///
/// ```
/// use glidepath_core::credit::{CreditPool, EligibleServices};
/// use glidepath_core::billing::daily_cost::DailyCost;
/// use glidepath_core::credit::ledger::replay;
/// use glidepath_core::values::money::Money;
/// use glidepath_core::values::period::DayRange;
/// use glidepath_core::values::service::{ServiceAliases, ServiceMatcher};
/// use glidepath_core::values::workload::Workload;
///
/// let day = |text: &str| text.parse().unwrap();
/// let usd = |text: &str| text.parse::<Money>().unwrap();
/// let list = ServiceMatcher::new(["Amazon Bedrock"], &ServiceAliases::default());
/// let pool = CreditPool::new("1", usd("100"), day("2026-01-15"), day("2027-01-15"), EligibleServices::Listed(list));
/// // Before the start, but in its month: credit reaches back to the first.
/// let cost = DailyCost::payable(day("2026-01-02"), "Amazon Bedrock", Workload::BedrockInference, usd("30"));
/// let ledger = replay(&[pool], &[cost], DayRange::new(day("2026-01-01"), day("2026-02-01")));
/// assert_eq!(ledger.remaining(0), usd("70"));
/// ```
pub fn replay(pools: &[CreditPool], costs: &[DailyCost], range: DayRange) -> Ledger {
    replay_in_order(pools, &AWS_ORDER, costs, range)
}

/// [`replay`] of rows that are only borrowed.
pub fn replay_rows<'a>(pools: &[CreditPool], rows: impl Iterator<Item = CostRow<'a>>, range: DayRange) -> Ledger {
    replayed(pools, &AWS_ORDER, rows, range)
}

/// [`replay`] with another order of pools.
pub fn replay_in_order(pools: &[CreditPool], order: &[OrderKey], costs: &[DailyCost], range: DayRange) -> Ledger {
    replayed(pools, order, costs.iter().map(CostRow::from), range)
}

fn replayed<'a>(
    pools: &[CreditPool],
    order: &[OrderKey],
    rows: impl Iterator<Item = CostRow<'a>>,
    range: DayRange,
) -> Ledger {
    let pools = drawing_order(pools, order);
    let (streams, by_day) = group(rows, range);
    let mut fold = Fold::new(&pools, pools.iter().map(|pool| pool.granted).collect(), &streams);
    let mut ledger = Ledger { pools, streams, ..Ledger::default() };
    let mut demands = Vec::with_capacity(ledger.streams.len());
    for (offset, day) in range.days().enumerate() {
        let rows = &by_day[offset];
        demands.clear();
        let demand = |row: &StreamCost| Demand { stream: row.stream, payable: row.payable, discount: row.discount };
        demands.extend(rows.iter().map(demand));
        fold.day(day, &mut demands, &mut ledger);
        for row in rows.iter().filter(|row| !row.other.is_zero()) {
            ledger.uncovered.push(Uncovered { day, stream: row.stream, payable: Money::ZERO, other: row.other });
        }
    }
    // A pool whose last day is the range's last is expired as of the range's end.
    fold.expire(range.end, &mut ledger);
    ledger
}

/// A day's cost of one stream.
#[derive(Debug, Clone, Copy)]
struct StreamCost {
    stream: usize,
    payable: Money,
    discount: Money,
    other: Money,
}

/// Streams in order, and per day of `range` the costs of each stream, added up.
fn group<'a>(rows: impl Iterator<Item = CostRow<'a>>, range: DayRange) -> (Vec<Stream>, Vec<Vec<StreamCost>>) {
    let mut interner = Interner::default();
    let inside = rows.filter(|cost| range.contains(cost.day));
    let numbered: Vec<(CostRow, usize)> =
        inside.map(|cost| (cost, interner.number((cost.service, cost.workload, cost.purchase)))).collect();
    let (ranks, sorted) = ranked(&interner.into_names());
    let stream = |(service, workload, purchase): (&str, Workload, Purchase)| Stream {
        service: service.to_owned(),
        workload,
        purchase,
    };
    let streams: Vec<Stream> = sorted.into_iter().map(stream).collect();
    let mut by_day: Vec<Vec<StreamCost>> = vec![Vec::new(); usize::try_from(range.len()).unwrap_or(0)];
    for (cost, number) in numbered {
        let stream = ranks[number];
        let offset = usize::try_from((cost.day - range.start).num_days()).unwrap_or(0);
        let CostRow { payable, discount, other, .. } = cost;
        by_day[offset].push(StreamCost { stream, payable, discount, other });
    }
    for rows in &mut by_day {
        // The ledger lists fees in this order, and it must not depend on the order of the input.
        rows.sort_unstable_by_key(|row| row.stream);
        rows.dedup_by(|next, row| {
            let same = next.stream == row.stream;
            if same {
                row.payable += next.payable;
                row.discount += next.discount;
                row.other += next.other;
            }
            same
        });
    }
    (streams, by_day)
}

impl CreditPool {
    /// What AWS's order calls the number of eligible services; a missing list counts as more than any list.
    fn eligible_count(&self) -> usize {
        match &self.services {
            EligibleServices::Listed(matcher) => matcher.len(),
            EligibleServices::Unknown => usize::MAX,
        }
    }
}
