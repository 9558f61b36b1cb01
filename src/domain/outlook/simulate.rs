//! Paths of spend, each replayed against the pools.

use crate::outlook::horizon::LARGEST_DAY_MICROS;
use std::rc::Rc;

use chrono::NaiveDate;
use rand::RngExt as _;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::changes::{Ahead, Events, put};
use super::future::Future;
use super::odds::{Numbers, generator};
use super::recent::{discounts, pace, support};
use super::shown::Shown;
use super::{HORIZON_DAYS, OutlookInputs, TRAJECTORY_MONTHS, UNCOVERED_THRESHOLD, horizon_end, payable_from};
use crate::billing::daily_cost::{DailyCost, Stream};
use crate::credit::CreditPool;
use crate::credit::ledger::{Demand, Fold, Ledger, Visitor, replay};
use crate::outlook::track_record::HORIZONS;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange, plus_days};
use crate::values::workload::Workload;

/// Random paths; even, since they come in mirrored pairs. With the middle one, which belongs to no pair, the median of one
/// workload's paths is exactly the middle path.
pub(super) const RANDOM_PATHS: usize = 1_000;
/// The seed of every outlook: the same facts give the same paths.
pub(super) const SEED: u64 = 20_260_201;
/// Streams of random numbers: 0 is what all workloads share, then one per workload for its odds.
const ODDS_STREAM: u64 = 1;
/// From here on, the luck of planned events.
const EVENTS_STREAM: u64 = 1_000;
/// Steps of the numbers that are tried for the path that bills are told of: up to three and a half, as odds are tabulated.
const TOLD_STEP: f64 = 0.05;
const TOLD_STEPS: u32 = 70;
/// Days that its end may lie from the median end.
const NEAR_DAYS: i64 = 7;
/// Sums along a path are plain additions, because this bounds them: the horizon and the rest of a month, on each day the
/// workloads, what events add and what they move, what a question adds, and support.
const _: () = {
    let days = HORIZON_DAYS + 31;
    let of_one_day = (Workload::ALL.len() as i64 + 4) * LARGEST_DAY_MICROS;
    assert!(of_one_day < i64::MAX / days, "a path of the largest days must stay below i64::MAX micro-dollars");
};

/// Everything that the paths have in common.
pub(super) struct Simulation<'a> {
    pub inputs: &'a OutlookInputs<'a>,
    /// Days simulated.
    pub range: DayRange,
    /// Days at which bands are kept.
    pub sampled: Vec<NaiveDate>,
    /// Services and workloads that have cost.
    pub streams: Vec<Stream>,
    /// Per workload that has cost, what is said of it.
    pub futures: Rc<[Future]>,
    /// The largest of what was spent per day over the last 28 and 91 days and of what is filed per day.
    pub pace: Money,
    shown: Rc<Shown>,
    /// Per stream, what discounts come to for each dollar that is left after them; negative. Empty where no pool applies
    /// before discounts.
    discounts: Rc<[f64]>,
    /// Micro-dollars a day that credit never pays (support).
    support: f64,
    changes: Ahead,
    events: Events,
    /// What every path is replayed with, its balances aside.
    fold: Fold<i64>,
    /// Per stream, the first day on which an issued pool could have paid it.
    payable_from: Vec<Option<NaiveDate>>,
}

/// What one path did, in micro-dollars.
pub(super) struct Path {
    pub exhausted: Option<NaiveDate>,
    /// By position in [`Workload::ALL`].
    pub exhausted_by_workload: [Option<NaiveDate>; Workload::ALL.len()],
    pub pools: Vec<PoolPath>,
    /// By month from that of the first day.
    pub months: Vec<MonthPath>,
    /// Cumulative gross at each sampled day.
    pub cumulative: Vec<i64>,
    /// Cumulative cost that no pool paid, support included, at the end of each day.
    pub unpaid: Vec<i64>,
    /// Cost within the horizon that no pool paid, support included.
    pub uncovered: i64,
}

#[derive(Clone, Default)]
pub(super) struct PoolPath {
    pub exhausted: Option<NaiveDate>,
    pub unused: i64,
    /// Balance at each sampled day.
    pub balance: Vec<i64>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct MonthPath {
    pub gross: i64,
    pub covered: i64,
}

impl<'a> Simulation<'a> {
    pub fn new(inputs: &'a OutlookInputs<'a>) -> Simulation<'a> {
        let range = range(inputs.data_through);
        let mut streams: Vec<Stream> = inputs
            .recurring
            .iter()
            .filter(|cost| cost.day <= inputs.data_through)
            .chain(inputs.at_least)
            .chain(inputs.changes.added)
            .chain(inputs.changes.filed.iter().flat_map(|filed| &filed.daily))
            .map(Stream::from)
            .chain(inputs.changes.events.iter().flat_map(|event| event.effect.streams()))
            .collect();
        streams.sort_unstable();
        streams.dedup();
        let days = usize::try_from(range.len()).unwrap_or(0);
        let future = |workload| Future::of(inputs, workload, &streams, days);
        let futures = Workload::ALL.into_iter().filter_map(future).collect();
        let changes = Ahead::new(&inputs.changes, &streams, range);
        let events = Events::new(&inputs.changes, &streams, inputs.pools, range);
        let (sampled, support) = (sampled_days(inputs, range), support(inputs));
        let (shown, discounts) = (Rc::new(Shown::new(inputs, &streams, range)), discounts(inputs, &streams));
        let pace = pace(inputs);
        let (fold, payable_from) = against_pools(inputs, &streams);
        Simulation {
            inputs,
            range,
            sampled,
            pace,
            shown,
            discounts,
            support,
            streams,
            futures,
            changes,
            events,
            fold,
            payable_from,
        }
    }

    /// The same forecasts under other balances, tax or changes.
    pub fn again<'b>(&self, inputs: &'b OutlookInputs<'b>) -> Simulation<'b> {
        let (fold, payable_from) = against_pools(inputs, &self.streams);
        Simulation {
            fold,
            payable_from,
            inputs,
            range: self.range,
            sampled: self.sampled.clone(),
            streams: self.streams.clone(),
            futures: Rc::clone(&self.futures),
            pace: self.pace,
            shown: Rc::clone(&self.shown),
            discounts: Rc::clone(&self.discounts),
            support: self.support,
            changes: Ahead::new(&inputs.changes, &self.streams, self.range),
            events: Events::new(&inputs.changes, &self.streams, inputs.pools, self.range),
        }
    }

    /// How many days are simulated.
    pub fn days(&self) -> usize {
        usize::try_from(self.range.len()).unwrap_or(0)
    }

    /// Walks the first `days` days along the path on which every workload stays in the middle of its odds, then along
    /// `random` others, and shows each to `look`. None is kept, and the same ones come again whenever they are walked.
    pub fn walk(&self, random: usize, days: usize, mut look: impl FnMut(&Path)) {
        let workloads = self.futures.iter().map(|future| future.basis.workload as u64);
        let streams: Vec<u64> = workloads.map(|workload| ODDS_STREAM + workload).collect();
        let mut numbers = Numbers::new(SEED, &streams, self.days());
        let lots = |draw: &u64| generator(SEED, EVENTS_STREAM.wrapping_add(*draw));
        let mut lots: Vec<_> = self.events.draws.iter().map(lots).collect();
        look(&self.path(Luck::Even(0.0), &self.events.middle(), days));
        for _ in 0..random {
            numbers.next_path();
            let lots: Vec<f64> = lots.iter_mut().map(|lot| lot.random()).collect();
            look(&self.path(Luck::Drawn(&numbers), &self.events.by_lots(&lots), days));
        }
    }

    /// The first day on which what AWS shows already leaves more than a dollar uncovered, whatever is forecast.
    pub fn ends_at_least(&self) -> Option<NaiveDate> {
        let days = self.shown.days();
        self.replayed(&self.events.middle(), days, |_, demands| {
            demands.clear();
            0
        })
        .exhausted
    }

    /// True if what AWS shows of the days after `data_through` raises the middle path by more than a dollar.
    pub fn is_raised(&self) -> bool {
        let came = self.events.middle();
        let mut walk = Walk::new(self, Luck::Even(0.0), &came);
        let mut demands = Vec::new();
        let raised = (0..self.shown.days()).map(|ahead| {
            walk.step(ahead, &mut demands);
            self.shown.raise(ahead, &mut demands)
        });
        raised.sum::<i64>() > UNCOVERED_THRESHOLD.to_micros()
    }

    /// Says of the demands of a day what discounts they hold, for the pools that apply before them.
    fn discount(&self, demands: &mut [Demand<i64>]) {
        if self.discounts.is_empty() {
            return;
        }
        for demand in demands.iter_mut() {
            let share = self.discounts.get(demand.stream).copied().unwrap_or(0.0);
            demand.discount = whole(demand.payable as f64 * share);
        }
    }

    /// The middle path if spend that belongs to a record goes as filed; `None` while nothing is filed.
    pub fn as_filed(&self) -> Option<Path> {
        let filed = self.inputs.changes.filed?;
        let came = self.events.beside_filing();
        let mut by_day = vec![Vec::new(); self.days()];
        for cost in &filed.daily {
            let at = usize::try_from((cost.day - self.range.start).num_days()).ok();
            let of = |stream: &Stream| cost.is_of(stream);
            if let Some((day, stream)) = at.and_then(|at| by_day.get_mut(at)).zip(self.streams.iter().position(of)) {
                day.push((stream, cost.payable.to_micros().clamp(0, LARGEST_DAY_MICROS)));
            }
        }
        let outside = |stream: &Stream| {
            let share =
                filed.outside.iter().find(|(of, _)| of.is_like(stream)).map_or(Decimal::ONE, |(_, share)| *share);
            share.to_f64().unwrap_or(1.0)
        };
        let outside: Vec<f64> = self.streams.iter().map(outside).collect();
        let mut walk = Walk::new(self, Luck::Even(0.0), &came);
        Some(self.replayed(&came, self.days(), |ahead, demands| {
            let support = walk.forecast(ahead, demands);
            if filed.until.is_none_or(|until| plus_days(self.range.start, ahead as i64) < until) {
                demands.iter_mut().for_each(|it| it.payable = whole(it.payable as f64 * outside[it.stream]));
                by_day[ahead].iter().for_each(|(stream, payable)| put(demands, *stream, *payable));
            }
            walk.beyond(ahead, demands, support)
        }))
    }

    /// The number at which all workloads stand on the path that bills are told of: the middle of their odds, 0, unless credit
    /// ends on another day there than on the median over all paths. Then it is the nearest number with that day, so that a date
    /// and a bill tell of the same path.
    pub fn told(&self, median: Option<NaiveDate>) -> f64 {
        let end = horizon_end(self.inputs.data_through);
        let came = self.events.middle();
        let ends = |step: u32, sign: f64| {
            let path = self.path(Luck::Even(sign * f64::from(step) * TOLD_STEP), &came, HORIZON_DAYS as usize);
            path.exhausted.filter(|day| *day < end)
        };
        let middle = ends(0, 1.0);
        if near(middle, median) {
            return 0.0;
        }
        // No end is later than any.
        let late = |day: Option<NaiveDate>| day.unwrap_or(NaiveDate::MAX);
        let sign = if late(median) < late(middle) { 1.0 } else { -1.0 };
        let reached = |step: u32| {
            let day = late(ends(step, sign));
            if sign > 0.0 { day <= late(median) } else { day >= late(median) }
        };
        let (mut below, mut at) = (0, TOLD_STEPS);
        while at - below > 1 {
            let between = (below + at) / 2;
            if reached(between) { at = between } else { below = between }
        }
        sign * f64::from(at) * TOLD_STEP
    }

    /// The path on which all workloads stand at `number`, through all days.
    pub fn along(&self, number: f64) -> Path {
        self.path(Luck::Even(number), &self.events.middle(), self.days())
    }

    /// The same in exact decimals: its costs by day and stream, and what the pools make of them. The micro-dollars are the
    /// same amounts.
    pub fn in_decimals(&self, number: f64) -> (Vec<DailyCost>, Ledger) {
        let came = self.events.middle();
        let mut walk = Walk::new(self, Luck::Even(number), &came);
        let (mut costs, mut demands) = (Vec::new(), Vec::new());
        for (ahead, day) in self.range.days().enumerate() {
            walk.step(ahead, &mut demands);
            self.shown.raise(ahead, &mut demands);
            self.discount(&mut demands);
            costs.extend(demands.iter().filter(|demand| demand.payable != 0).map(|demand| {
                let Stream { service, workload, purchase } = self.streams[demand.stream].clone();
                let discount = Money::from_micros(demand.discount);
                let cost = DailyCost::payable(day, service, workload, Money::from_micros(demand.payable));
                DailyCost { purchase, discount, ..cost }
            }));
        }
        let left =
            |(pool, micros): (&CreditPool, i64)| CreditPool { granted: Money::from_micros(micros), ..pool.clone() };
        let pools: Vec<CreditPool> = self.inputs.pools.iter().zip(self.balances(&came)).map(left).collect();
        let ledger = replay(&pools, &costs, self.range);
        (costs, ledger)
    }

    /// What the pools hold at the start of a path, in micro-dollars.
    fn balances(&self, came: &[bool]) -> Vec<i64> {
        let mut balances: Vec<i64> =
            self.inputs.balances.iter().map(|balance| balance.at_least_zero().to_micros()).collect();
        self.events.not_landed(came).for_each(|pool| balances[pool] = 0);
        balances
    }

    fn path(&self, luck: Luck, came: &[bool], days: usize) -> Path {
        let mut walk = Walk::new(self, luck, came);
        self.replayed(came, days, |ahead, demands| walk.step(ahead, demands))
    }

    /// Replays the days that `step` fills with demands; it gives each day's gross.
    fn replayed(&self, came: &[bool], days: usize, mut step: impl FnMut(usize, &mut Vec<Demand<i64>>) -> i64) -> Path {
        let mut fold = self.fold.starting_with(self.balances(came));
        let mut demands = Vec::with_capacity(self.streams.len());
        let mut watch = Watch::new(self);
        let first_month = BillingPeriod::of(self.range.start);
        let mut path = Path {
            exhausted: None,
            exhausted_by_workload: [None; Workload::ALL.len()],
            pools: Vec::new(),
            months: vec![MonthPath::default(); TRAJECTORY_MONTHS as usize + 1],
            cumulative: Vec::with_capacity(self.sampled.len()),
            unpaid: Vec::with_capacity(days),
            uncovered: 0,
        };
        let mut total = 0;
        for (ahead, day) in self.range.days().enumerate().take(days) {
            let gross = step(ahead, &mut demands) + self.shown.raise(ahead, &mut demands);
            total += gross;
            self.discount(&mut demands);
            watch.begin_day();
            fold.day_in_any_order(day, &mut demands, &mut watch);
            path.unpaid.push(path.unpaid.last().copied().unwrap_or(0) + gross - watch.drawn_today);
            if ahead < HORIZON_DAYS as usize {
                path.note_uncovered(&watch, day);
            }
            let month = BillingPeriod::of(day).months_since(first_month);
            if let Some(month) = path.months.get_mut(month as usize) {
                month.gross += gross;
                month.covered += watch.drawn_today;
            }
            if self.sampled.get(path.cumulative.len()) == Some(&day) {
                path.cumulative.push(total);
                for (pool, balance) in watch.pools.iter_mut().zip(fold.balances()) {
                    pool.balance.push(*balance);
                }
            }
        }
        fold.expire(self.range.end, &mut watch);
        path.pools = watch.pools;
        path
    }
}

impl Path {
    fn note_uncovered(&mut self, watch: &Watch, day: NaiveDate) {
        let threshold = UNCOVERED_THRESHOLD.to_micros();
        let today = watch.uncovered_today.iter().sum::<i64>();
        self.uncovered = self.unpaid.last().copied().unwrap_or(0).max(0);
        if self.exhausted.is_none() && today > threshold {
            self.exhausted = Some(day);
        }
        for (workload, amount) in self.exhausted_by_workload.iter_mut().zip(watch.uncovered_today) {
            if amount > threshold {
                workload.get_or_insert(day);
            }
        }
    }
}

/// Which pool may pay which stream, and from when on one could: it is the same on every path.
fn against_pools(inputs: &OutlookInputs, streams: &[Stream]) -> (Fold<i64>, Vec<Option<NaiveDate>>) {
    let dating = inputs.changes.dating(inputs.pools);
    let from = |stream: &Stream| payable_from(dating.iter().copied(), stream);
    (Fold::new(inputs.pools, Vec::new(), streams), streams.iter().map(from).collect())
}

/// The days looked at: whole months from the running one, or a year, whichever is longer.
pub(super) fn range(data_through: NaiveDate) -> DayRange {
    let first = plus_days(data_through, 1);
    let year = plus_days(first, HORIZON_DAYS);
    DayRange::new(first, year.max(BillingPeriod::of(first).plus_months(TRAJECTORY_MONTHS).first_day()))
}

/// Days at which bands are kept: each of the first fortnight, then weekly, month ends, both sides of every expiry cliff, and the days
/// on which the outlook will be judged.
fn sampled_days(inputs: &OutlookInputs, range: DayRange) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> = range
        .days()
        .enumerate()
        .filter(|(offset, day)| {
            let cliff = inputs.pools.iter().any(|p| p.expires_on == *day || plus_days(p.expires_on, -1) == *day);
            let judged = HORIZONS.iter().any(|days| plus_days(inputs.data_through, *days) == *day);
            let month_ends = BillingPeriod::of(*day) != BillingPeriod::of(plus_days(*day, 1));
            *offset < 14 || offset % 7 == 0 || month_ends || cliff || judged
        })
        .map(|(_, day)| day)
        .collect();
    days.push(plus_days(range.end, -1));
    days.dedup();
    days
}

/// True for two ends of credit that one sentence may speak of.
fn near(one: Option<NaiveDate>, other: Option<NaiveDate>) -> bool {
    one.zip(other).map_or(one == other, |(one, other)| (one - other).num_days().abs() <= NEAR_DAYS)
}

/// Where a path stands within the odds of each workload.
#[derive(Clone, Copy)]
enum Luck<'a> {
    /// At one normal number for all workloads and days; 0 is the middle.
    Even(f64),
    /// At random ones.
    Drawn(&'a Numbers),
}

impl Luck<'_> {
    fn number(self, workload: usize, ahead: usize) -> f64 {
        match self {
            Luck::Even(number) => number,
            Luck::Drawn(numbers) => numbers.at(workload, ahead),
        }
    }

    fn is_middle(self) -> bool {
        matches!(self, Luck::Even(0.0))
    }
}

/// Walks along a path and says what each stream costs each day.
struct Walk<'a> {
    simulation: &'a Simulation<'a>,
    luck: Luck<'a>,
    /// Which events come.
    came: &'a [bool],
    /// Per workload, the running total that the path has reached.
    reached: Vec<f64>,
}

impl<'a> Walk<'a> {
    fn new(simulation: &'a Simulation<'a>, luck: Luck<'a>, came: &'a [bool]) -> Walk<'a> {
        Walk { simulation, luck, came, reached: vec![0.0; simulation.futures.len()] }
    }

    /// Fills in the day's demands; gives its gross, support included.
    fn step(&mut self, ahead: usize, demands: &mut Vec<Demand<i64>>) -> i64 {
        let support = self.forecast(ahead, demands);
        self.beyond(ahead, demands, support)
    }

    /// Fills in what is forecast; gives the day's support.
    fn forecast(&mut self, ahead: usize, demands: &mut Vec<Demand<i64>>) -> i64 {
        demands.clear();
        let (mut asked, mut expected) = (0.0, 0.0);
        for (workload, future) in self.simulation.futures.iter().enumerate() {
            let number = self.luck.number(workload, ahead);
            let total = future.odds.total(ahead, number);
            // Spend once spent is not taken back: a path waits until its odds are above it again.
            let cost = (total - self.reached[workload]).max(0.0);
            self.reached[workload] = self.reached[workload].max(total);
            asked += cost;
            expected +=
                future.odds.total(ahead, 0.0) - ahead.checked_sub(1).map_or(0.0, |day| future.odds.total(day, 0.0));
            let cost = self.simulation.changes.changed(ahead, future.basis.workload, cost);
            let demand =
                |(stream, share): &(usize, f64)| Demand { stream: *stream, payable: whole(cost * share), discount: 0 };
            demands.extend(future.shares.iter().map(demand));
        }
        // Support is a share of the bill and moves with it.
        let moved = if !self.luck.is_middle() && expected > 0.0 { asked / expected } else { 1.0 };
        let most = LARGEST_DAY_MICROS as f64;
        whole((self.simulation.support * moved).clamp(-most, most))
    }

    /// Adds what no forecast knows; gives the day's gross.
    fn beyond(&self, ahead: usize, demands: &mut Vec<Demand<i64>>, support: i64) -> i64 {
        let cash = self.simulation.events.apply(ahead, self.came, demands);
        self.simulation.changes.add(ahead, demands);
        demands.iter().map(|demand| demand.payable).sum::<i64>() + cash + support
    }
}

/// Watches the fold along one path.
struct Watch<'a> {
    streams: &'a [Stream],
    payable_from: &'a [Option<NaiveDate>],
    drawn_today: i64,
    /// By workload, what a pool issued by then could have paid.
    uncovered_today: [i64; Workload::ALL.len()],
    pools: Vec<PoolPath>,
}

impl<'a> Watch<'a> {
    fn new(simulation: &'a Simulation) -> Watch<'a> {
        Watch {
            streams: &simulation.streams,
            payable_from: &simulation.payable_from,
            drawn_today: 0,
            uncovered_today: [0; Workload::ALL.len()],
            pools: vec![PoolPath::default(); simulation.inputs.pools.len()],
        }
    }

    fn begin_day(&mut self) {
        self.drawn_today = 0;
        self.uncovered_today = [0; Workload::ALL.len()];
    }
}

impl Visitor<i64> for Watch<'_> {
    fn drawn(&mut self, _day: NaiveDate, _pool: usize, _stream: usize, amount: i64) {
        self.drawn_today += amount;
    }

    fn drawn_in_all(&mut self, _day: NaiveDate, _pool: usize, amount: i64) {
        self.drawn_today += amount;
    }

    fn uncovered(&mut self, day: NaiveDate, stream: usize, amount: i64) {
        if self.payable_from[stream].is_some_and(|from| from <= day) {
            self.uncovered_today[self.streams[stream].workload as usize] += amount;
        }
    }

    fn expired(&mut self, _day: NaiveDate, pool: usize, unused: i64) {
        self.pools[pool].unused += unused;
    }

    fn day_closed(&mut self, day: NaiveDate, balances: &[i64]) {
        for (pool, balance) in self.pools.iter_mut().zip(balances) {
            // A pool that expired with credit in it broke; it did not run out.
            if *balance <= 0 && pool.exhausted.is_none() && pool.unused == 0 {
                pool.exhausted = Some(day);
            }
        }
    }
}

/// Rounded to whole micro-dollars, halves away from zero: `f64::round`, which most processors call a library for, and an outlook asks
/// for hundreds of millions of times.
fn whole(value: f64) -> i64 {
    let towards_zero = value as i64;
    let rest = value - towards_zero as f64;
    towards_zero.saturating_add(i64::from(rest >= 0.5)).saturating_sub(i64::from(rest <= -0.5))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::whole;

    proptest! {
        #[test]
        fn amounts_are_rounded_as_the_library_does(value in any::<f64>(), halves in -1_000_000_i64..1_000_000, small in -1e9..1e9_f64) {
            for value in [value, halves as f64 / 2.0, small] {
                prop_assert_eq!(whole(value), value.round() as i64, "{}", value);
            }
        }
    }
}
