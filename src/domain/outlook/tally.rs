//! What is kept of the paths: of each figure that is told its spread.

use chrono::NaiveDate;

use super::HORIZON_DAYS;
use super::simulate::{Path, Simulation};
use super::spread::Spread;
use crate::values::period::plus_days;
use crate::values::workload::Workload;

/// The spreads over all paths, in micro-dollars. A path without a date counts as later than any date.
pub(super) struct Tally {
    pub exhausted: Spread<NaiveDate>,
    /// Of the workloads that have cost.
    pub exhausted_by_workload: Vec<(Workload, Spread<NaiveDate>)>,
    pub pools: Vec<PoolTally>,
    /// By month, what no pool pays.
    pub unpaid: Vec<Spread<i64>>,
    /// Gross running total at each sampled day.
    pub cumulative: Vec<Spread<i64>>,
    pub uncovered: Spread<i64>,
    /// The first day that no pool's end is looked for on.
    last_date: NaiveDate,
}

/// One pool's spreads.
pub(super) struct PoolTally {
    pub exhausted: Spread<NaiveDate>,
    pub unused: Spread<i64>,
    /// At each sampled day.
    pub balance: Vec<Spread<i64>>,
}

impl Tally {
    /// Walks the middle path and `random` ones.
    pub fn of(simulation: &Simulation, random: usize) -> Tally {
        let paths = random + 1;
        let sampled = || simulation.sampled.iter().map(|_| Spread::of(paths)).collect();
        let pool = |_| PoolTally { exhausted: Spread::of(paths), unused: Spread::of(paths), balance: sampled() };
        let workloads = simulation.futures.iter().map(|future| (future.basis.workload, Spread::of(paths)));
        let mut tally = Tally {
            exhausted: Spread::of(paths),
            exhausted_by_workload: workloads.collect(),
            pools: simulation.inputs.pools.iter().map(pool).collect(),
            unpaid: Vec::new(),
            cumulative: sampled(),
            uncovered: Spread::of(paths),
            last_date: plus_days(simulation.range.start, HORIZON_DAYS),
        };
        simulation.walk(random, simulation.days(), |path| {
            if tally.unpaid.is_empty() {
                tally.unpaid = path.months.iter().map(|_| Spread::of(paths)).collect();
            }
            tally.add(path);
        });
        tally
    }

    fn add(&mut self, path: &Path) {
        self.exhausted.add(or_never(path.exhausted));
        for (workload, spread) in &mut self.exhausted_by_workload {
            spread.add(or_never(path.exhausted_by_workload[*workload as usize]));
        }
        for (pool, along) in self.pools.iter_mut().zip(&path.pools) {
            pool.exhausted.add(or_never(along.exhausted.filter(|day| *day < self.last_date)));
            pool.unused.add(along.unused);
            add_each(&mut pool.balance, along.balance.iter().copied());
        }
        add_each(&mut self.unpaid, path.months.iter().map(|month| month.gross - month.covered));
        add_each(&mut self.cumulative, path.cumulative.iter().copied());
        self.uncovered.add(path.uncovered);
    }
}

fn add_each(spreads: &mut [Spread<i64>], values: impl Iterator<Item = i64>) {
    for (spread, value) in spreads.iter_mut().zip(values) {
        spread.add(value);
    }
}

/// Later than any date, where there is none.
pub(super) fn or_never(date: Option<NaiveDate>) -> NaiveDate {
    date.unwrap_or(NaiveDate::MAX)
}
