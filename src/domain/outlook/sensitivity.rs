//! Which assumption moves the date of exhaustion most: each is moved alone, by an amount that is said, and the same paths
//! are walked again.
//!
//! The forecasts are not made anew: what moves is their level, their growth, the balance or the tax. Fewer paths than the
//! outlook's are walked, the first of the same ones, and compared with themselves: both sides of a difference meet the same
//! random numbers, so that it hardly depends on how many there are.

use crate::outlook::{Assumed, CacheDoubt, Doubts, Sensitivity, Shift, Swing};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;

use super::future::Future;
use super::simulate::Simulation;
use super::spread::Spread;
use super::summary::{bill, date_quantiles};
use super::tally::or_never;
use super::{Changes, Gain, OutlookInputs, TRAJECTORY_MONTHS, first_full_month, horizon_end};
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::workload::Workload;

/// Random paths that every assumption is tried on, besides the middle one.
const PATHS: usize = 100;
/// Days after which the error of a workload's level is read.
const LEVEL_DAYS: usize = 30;
/// The standard normal number below which nine in ten lie.
const NINE_IN_TEN: f64 = 1.281_551_565_545;
/// Growth beyond the forecast that is tried, per month. Chosen.
const GROWTH: Decimal = Decimal::from_parts(5, 0, 0, false, 2);
/// Points of tax that are tried. Chosen.
const TAX_POINTS: Decimal = Decimal::from_parts(5, 0, 0, false, 2);
/// The least that balances are moved by. Chosen.
const LEAST_BALANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// The inputs of the next try.
#[derive(Default)]
struct Try {
    by: Decimal,
    levels: Vec<(Workload, Decimal)>,
    growth: Decimal,
    balances: Option<Vec<Money>>,
    tax_rate: Option<Decimal>,
    without_plan: bool,
}

/// Tries every assumption; `middle_date` is the outlook's own. `None` where no pool is known: then there is no date to move.
pub(super) fn sensitivity(
    simulation: &Simulation,
    middle_date: Option<NaiveDate>,
    doubts: &Doubts,
) -> Option<Sensitivity> {
    if simulation.inputs.pools.is_empty() {
        return None;
    }
    let bill_month = middle_date.map(first_full_month);
    let before = Outcome::of(simulation, bill_month);
    let mut swings: Vec<Swing> = tries(simulation, doubts)
        .into_iter()
        .map(|(assumed, tries)| {
            let shifts = tries.iter().map(|one| before.shift(one.by, &outcome(simulation, one, bill_month)));
            Swing { assumed, shifts: shifts.collect() }
        })
        .collect();
    swings.sort_by_key(|swing| std::cmp::Reverse(weight(swing)));
    Some(Sensitivity { paths: PATHS, bill_month: bill_month.filter(|_| before.cash.is_some()), swings })
}

fn weight(swing: &Swing) -> (i64, Money) {
    let days = swing.shifts.iter().filter_map(|shift| shift.date.days).map(i64::abs).max();
    let cash = swing.shifts.iter().filter_map(|shift| shift.cash).map(Money::abs).max();
    (days.unwrap_or(0), cash.unwrap_or_default())
}

fn tries(simulation: &Simulation, doubts: &Doubts) -> Vec<(Assumed, Vec<Try>)> {
    let inputs = simulation.inputs;
    let level = |workload, by, factor| Try { by, levels: vec![(workload, factor)], ..Try::default() };
    let mut tries: Vec<(Assumed, Vec<Try>)> = Vec::new();
    for future in simulation.futures.iter() {
        let workload = future.basis.workload;
        let moves = level_moves(future).into_iter().filter(|by| !by.is_zero());
        tries.push((Assumed::Spend { workload }, moves.map(|by| level(workload, by, Decimal::ONE + by)).collect()));
    }
    let growth = [-GROWTH, GROWTH].map(|by| Try { by, growth: by, ..Try::default() });
    tries.push((Assumed::Growth, growth.into()));
    if let Some(CacheDoubt { model, moves }) = &doubts.cache {
        let moves = moves.iter().map(|(points, factor)| level(Workload::BedrockInference, *points, *factor));
        tries.push((Assumed::CacheHits { model: model.clone() }, moves.collect()));
    }
    let gap = doubts.balance_gap.clamp(LEAST_BALANCE, Decimal::ONE).round_dp(3);
    let balances = [-gap, gap].map(|by| {
        let moved = inputs.balances.iter().map(|left| left.times(Decimal::ONE + by)).collect();
        Try { by, balances: Some(moved), ..Try::default() }
    });
    tries.push((Assumed::Balances, balances.into()));
    if let Some(rate) = inputs.tax_rate {
        let moves = [-TAX_POINTS.min(rate), TAX_POINTS].into_iter().filter(|by| !by.is_zero());
        tries.push((
            Assumed::TaxRate,
            moves.map(|by| Try { by, tax_rate: Some(rate + by), ..Try::default() }).collect(),
        ));
    }
    if simulation.futures.iter().any(|future| future.basis.by_plan) {
        let without = Try { by: Decimal::NEGATIVE_ONE, without_plan: true, ..Try::default() };
        tries.push((Assumed::FiledPlan, vec![without]));
    }
    tries
}

/// How far a workload's level may be off, down and up, as shares with three digits.
fn level_moves(future: &Future) -> [Decimal; 2] {
    let ahead = LEVEL_DAYS - 1;
    let middle = future.odds.total(ahead, 0.0).max(1.0);
    let factors = [-NINE_IN_TEN, NINE_IN_TEN].map(|number| future.odds.total(ahead, number) / middle);
    factors.map(|factor| {
        Decimal::from_f64(factor - 1.0).unwrap_or_default().round_dp(3).clamp(Decimal::NEGATIVE_ONE, Decimal::TEN)
    })
}

fn outcome(simulation: &Simulation, one: &Try, bill_month: Option<BillingPeriod>) -> Outcome {
    let inputs = OutlookInputs {
        balances: one.balances.as_deref().unwrap_or(simulation.inputs.balances),
        tax_rate: one.tax_rate.or(simulation.inputs.tax_rate),
        planned: if one.without_plan { &[] } else { simulation.inputs.planned },
        changes: Changes { levels: &one.levels, growth_per_month: one.growth, ..simulation.inputs.changes },
        ..*simulation.inputs
    };
    let moved = if one.without_plan { Simulation::new(&inputs) } else { simulation.again(&inputs) };
    Outcome::of(&moved, bill_month)
}

/// What is compared.
struct Outcome {
    date: Option<NaiveDate>,
    end: NaiveDate,
    cash: Option<Money>,
}

impl Outcome {
    fn of(simulation: &Simulation, bill_month: Option<BillingPeriod>) -> Outcome {
        let first = BillingPeriod::of(simulation.range.start);
        let offset = bill_month.map(|month| month.months_since(first)).and_then(|offset| usize::try_from(offset).ok());
        let mut dates = Spread::of(PATHS + 1);
        let mut months = Vec::new();
        simulation.walk(PATHS, simulation.days(), |path| {
            if months.is_empty() {
                months.clone_from(&path.months);
            }
            dates.add(or_never(path.exhausted));
        });
        // The last month that is walked is not whole.
        let offset = offset.filter(|offset| *offset < TRAJECTORY_MONTHS as usize);
        let cash = offset.and_then(|offset| Some(bill(simulation, offset, *months.get(offset)?).cash));
        Outcome { date: date_quantiles(dates).p50, end: horizon_end(simulation.inputs.data_through), cash }
    }

    fn shift(&self, by: Decimal, after: &Outcome) -> Shift {
        let cash = self.cash.zip(after.cash).map(|(before, after)| after - before);
        Shift { by, date: Gain::of(self.date, after.date, self.end), cash }
    }
}
