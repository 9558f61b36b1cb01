//! From paths to an [`Outlook`]: quantiles over the random paths, amounts of the middle one.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::future::{Basis, Voice};
use super::simulate::{Path, RANDOM_PATHS, SEED, Simulation};
use super::{
    BillOutlook, EXPOSURE_DAYS, Exposure, HORIZON_DAYS, MadeWith, MonthSoFar, Outlook, PoolOutlook, ServiceOutlook,
    TRAJECTORY_MONTHS,
};
use crate::domain::credit::CreditPool;
use crate::domain::money::Money;
use crate::domain::period::{BillingPeriod, plus_days};
use crate::domain::position::{DateQuantiles, DayBand, MoneyQuantiles};
use crate::domain::workload::Workload;

/// `paths` begins with the middle one.
pub(super) fn summarise(simulation: &Simulation, paths: &[Path]) -> Outlook {
    let workloads: Vec<Basis> = simulation.futures.iter().map(|future| future.basis.clone()).collect();
    let uncovered = quantiles(paths, |path| path.uncovered).map(|micros| Some(Money::from_micros(micros)));
    let exhaustion = dates(paths, |path| path.exhausted);
    Outlook {
        data_through: simulation.inputs.data_through,
        basis: basis(&workloads),
        pools: pool_outlooks(simulation, paths),
        exhaustion,
        exhaustion_by_workload: workloads
            .iter()
            .map(|of| (of.workload, dates(paths, |path| path.exhausted_by_workload[of.workload as usize])))
            .collect(),
        uncovered: MoneyQuantiles { p10: uncovered[0], p50: uncovered[1], p90: uncovered[2] },
        bills: bills(simulation, paths),
        cumulative: bands(paths, &simulation.sampled, |path, sample| path.cumulative[sample]),
        exposure: exhaustion.p50.and_then(|from| exposure(simulation, paths, from)),
        made_with: Some(MadeWith {
            workloads: workloads.clone(),
            paths: RANDOM_PATHS,
            seed: SEED,
            tax_rate: simulation.inputs.tax_rate,
        }),
        workloads,
        sensitivity: None,
    }
}

/// `None` where the days from `from` on are not all simulated.
fn exposure(simulation: &Simulation, paths: &[Path], from: NaiveDate) -> Option<Exposure> {
    let start = usize::try_from((from - simulation.range.start).num_days()).ok()?;
    let last = start + usize::try_from(EXPOSURE_DAYS).ok()? - 1;
    paths.first()?.unpaid.get(last)?;
    let before = |path: &Path| start.checked_sub(1).map_or(0, |day| path.unpaid[day]);
    let taxed = Decimal::ONE + simulation.inputs.tax_rate.unwrap_or_default();
    let cash = |micros| Money::from_micros(Money::from_micros(micros).times(taxed).to_micros());
    let [p10, p50, p90] = quantiles(paths, |path| path.unpaid[last] - before(path)).map(cash);
    Some(Exposure { from, days: EXPOSURE_DAYS, p10, p50, p90 })
}

fn pool_outlooks(simulation: &Simulation, paths: &[Path]) -> Vec<PoolOutlook> {
    let range = simulation.range;
    let last_date = plus_days(range.start, HORIZON_DAYS);
    let of_pool = |(pool, (credit, starts_from)): (usize, (&CreditPool, &Money))| {
        let unused = quantiles(paths, |path| path.pools[pool].unused).map(|micros| Some(Money::from_micros(micros)));
        let known = credit.expires_on <= range.end;
        // A pool that is already empty or over has no future to date.
        let over = starts_from.at_least_zero().is_zero() || credit.expires_on <= range.start;
        PoolOutlook {
            id: credit.id.clone(),
            starts_from: *starts_from,
            exhausts_on: if over {
                DateQuantiles::default()
            } else {
                dates(paths, |path| path.pools[pool].exhausted.filter(|day| *day < last_date))
            },
            breakage: if known {
                MoneyQuantiles { p10: unused[0], p50: unused[1], p90: unused[2] }
            } else {
                MoneyQuantiles::default()
            },
            balance: bands(paths, &simulation.sampled, |path, sample| path.pools[pool].balance[sample]),
        }
    };
    simulation.inputs.pools.iter().zip(simulation.inputs.balances).enumerate().map(of_pool).collect()
}

fn bills(simulation: &Simulation, paths: &[Path]) -> Vec<BillOutlook> {
    let first = BillingPeriod::of(simulation.range.start);
    let mut services = services(simulation);
    (0..TRAJECTORY_MONTHS)
        .map(|offset| {
            let bill = |path: &Path| bill(simulation, offset, path).unwrap_or_default();
            let (gross, covered, tax, cash) = bill(&paths[0]);
            let [low, _, high] = quantiles(paths, |path| bill(path).3);
            // Where cover ends within the month, the middle path is not the middle of the bills: it still lies between.
            BillOutlook {
                month: first.plus_months(offset),
                gross,
                covered,
                tax,
                cash,
                cash_p10: low.min(cash),
                cash_p90: high.max(cash),
                services: services.remove(&first.plus_months(offset)).unwrap_or_default(),
            }
        })
        .collect()
}

/// Gross, covered, tax and cash of one path's month, `offset` months from that of its first day. `None` beyond the outlook.
pub(super) fn bill(simulation: &Simulation, offset: i32, path: &Path) -> Option<(Money, Money, Option<Money>, Money)> {
    let inputs = simulation.inputs;
    let ahead = path.months.get(usize::try_from(offset).ok()?).filter(|_| offset < TRAJECTORY_MONTHS)?;
    let running =
        BillingPeriod::of(simulation.range.start).plus_months(offset) == BillingPeriod::of(inputs.data_through);
    let so_far = if running { inputs.month_so_far } else { MonthSoFar::default() };
    let gross = so_far.gross + Money::from_micros(ahead.gross);
    let covered = so_far.covered + Money::from_micros(ahead.covered);
    let uncovered_ahead = Money::from_micros(ahead.gross - ahead.covered);
    let tax = inputs.tax_rate.map(|rate| so_far.tax + uncovered_ahead.times(rate));
    Some((gross, covered, tax, gross - covered + tax.unwrap_or_default()))
}

/// The date of exhaustion in the middle of the paths.
pub(super) fn middle_date(paths: &[Path]) -> Option<NaiveDate> {
    dates(paths, |path| path.exhausted).p50
}

/// Each month's forecast days on the middle path, by service and workload, dearest first.
fn services(simulation: &Simulation) -> BTreeMap<BillingPeriod, Vec<ServiceOutlook>> {
    let (costs, ledger) = simulation.middle();
    let mut sums: BTreeMap<(BillingPeriod, &str, Workload), (Money, Money)> = BTreeMap::new();
    for cost in &costs {
        sums.entry((BillingPeriod::of(cost.day), &cost.service, cost.workload)).or_default().0 += cost.payable;
    }
    for draw in &ledger.drawdowns {
        let stream = &ledger.streams[draw.stream];
        sums.entry((BillingPeriod::of(draw.day), &stream.service, stream.workload)).or_default().1 += draw.amount;
    }
    let mut months: BTreeMap<BillingPeriod, Vec<ServiceOutlook>> = BTreeMap::new();
    for ((month, service, workload), (gross, covered)) in sums {
        let line = ServiceOutlook { service: service.to_owned(), workload, gross, covered };
        months.entry(month).or_default().push(line);
    }
    for lines in months.values_mut() {
        lines.sort_by_key(|line| std::cmp::Reverse(line.gross));
    }
    months
}

fn bands(paths: &[Path], sampled: &[NaiveDate], value: impl Fn(&Path, usize) -> i64) -> Vec<DayBand> {
    let band = |(sample, day): (usize, &NaiveDate)| {
        let [p10, p50, p90] = quantiles(paths, |path| value(path, sample)).map(Money::from_micros);
        DayBand { day: *day, p10, p50, p90 }
    };
    sampled.iter().enumerate().map(band).collect()
}

/// Dates at 10, 50 and 90 %, a path without a date counting as later than any date.
fn dates(paths: &[Path], date: impl Fn(&Path) -> Option<NaiveDate>) -> DateQuantiles {
    let [p10, p50, p90] = quantiles(paths, |path| date(path).unwrap_or(NaiveDate::MAX));
    let known = |day: NaiveDate| (day != NaiveDate::MAX).then_some(day);
    DateQuantiles { p10: known(p10), p50: known(p50), p90: known(p90) }
}

/// The values at 10, 50 and 90 % of the paths.
fn quantiles<T: Ord + Copy>(paths: &[Path], value: impl Fn(&Path) -> T) -> [T; 3] {
    let mut values: Vec<T> = paths.iter().map(value).collect();
    let at = [values.len() / 10, values.len() / 2, values.len() - 1 - values.len() / 10];
    at.map(|rank| *values.select_nth_unstable(rank).1)
}

/// How it was made, for people.
fn basis(workloads: &[Basis]) -> String {
    let by = |voice: Voice| {
        let named: Vec<&str> = workloads.iter().filter(|of| of.voice == voice).map(|of| of.workload.label()).collect();
        (!named.is_empty()).then(|| named.join(", "))
    };
    let mut said = Vec::new();
    if let Some(named) = by(Voice::Combination) {
        said.push(format!("{named}: the median of a run rate and three weekly trends"));
    }
    if let Some(named) = by(Voice::PlainRate) {
        said.push(format!(
            "{named}: the average of the last 7 days goes on, since nothing did better on this account yet"
        ));
    }
    if let Some(named) = by(Voice::Bursts) {
        said.push(format!("{named}: past runs and pauses are repeated"));
    }
    let young: Vec<&str> = workloads.iter().filter(|of| of.by_plan).map(|of| of.workload.label()).collect();
    if !young.is_empty() {
        said.push(format!("{} is young and grows as the filed projection says", young.join(", ")));
    }
    if said.is_empty() {
        return "Nothing was spent yet, so nothing is forecast.".to_owned();
    }
    let youngest = workloads.iter().map(|of| of.known_days).min().unwrap_or(0);
    format!(
        "{}. The odds come from how far such forecasts were off on 30 public daily series, {}. AWS draws credit once a \
         month; this draws it day by day.",
        said.join("; "),
        if youngest < 56 {
            "for the youngest workload those made as early as here, which were far off"
        } else {
            "scaled by this account's own weekly swings"
        }
    )
}
