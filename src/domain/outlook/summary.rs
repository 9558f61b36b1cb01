//! From paths to an [`Outlook`]: quantiles over the random paths, amounts of one in the middle.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::future::Basis;
use super::simulate::{MonthPath, PoolPath, SEED, Simulation};
use super::spread::Spread;
use super::tally::{PoolTally, Tally};
use super::{
    AsFiled, BillOutlook, EXPOSURE_DAYS, Exposure, HORIZON_DAYS, LEAST_REACH, MadeWith, MonthSoFar, Outlook,
    PoolOutlook, ServiceOutlook, TRAJECTORY_MONTHS, horizon_end,
};
use crate::credit::CreditPool;
use crate::forecast::Voice;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, plus_days};
use crate::values::quantiles::{DateQuantiles, DayBand, MoneyQuantiles};
use crate::values::workload::Workload;

/// A band is told up to so many times the largest of the account's paces.
const WIDEST: i64 = 10;

/// Walks the middle path and `random` others, and says what they come to.
pub(super) fn summarise(simulation: &Simulation, random: usize) -> Outlook {
    let Tally { exhausted, exhausted_by_workload, pools, unpaid, cumulative, uncovered, .. } =
        Tally::of(simulation, random);
    let workloads: Vec<Basis> = simulation.futures.iter().map(|future| future.basis.clone()).collect();
    let ends_at_least = simulation.ends_at_least();
    let exhaustion = ends_at_least.map_or_else(|| date_quantiles(exhausted), DateQuantiles::certain);
    let cumulative = bands(&simulation.sampled, cumulative);
    let uncovered = money_quantiles(uncovered);
    let reaches = reach(simulation, &cumulative, &uncovered);
    Outlook {
        data_through: simulation.inputs.data_through,
        basis: basis(&workloads),
        pools: pool_outlooks(simulation, pools),
        exhaustion,
        exhaustion_by_workload: exhausted_by_workload
            .into_iter()
            .map(|(workload, dates)| (workload, date_quantiles(dates)))
            .collect(),
        uncovered: match reaches {
            Some(_) => MoneyQuantiles { p10: None, p90: None, ..uncovered },
            None => uncovered,
        },
        bills: bills(simulation, simulation.told(exhaustion.p50), unpaid, reaches),
        cumulative,
        exposure: exhaustion.p50.filter(|_| reaches.is_none()).and_then(|from| exposure(simulation, random, from)),
        estimated: ends_at_least.is_some() || simulation.is_raised(),
        reaches,
        made_with: Some(MadeWith {
            workloads: workloads.clone(),
            paths: random,
            seed: SEED,
            tax_rate: simulation.inputs.tax_rate,
        }),
        workloads,
        sensitivity: None,
        as_filed: as_filed(simulation),
    }
}

fn as_filed(simulation: &Simulation) -> Option<AsFiled> {
    let path = simulation.as_filed()?;
    let end = horizon_end(simulation.inputs.data_through);
    let unused = |(pool, along): (&CreditPool, &PoolPath)| (pool.id.clone(), Money::from_micros(along.unused));
    Some(AsFiled {
        exhaustion: path.exhausted.filter(|day| *day < end),
        unused: simulation.inputs.pools.iter().zip(&path.pools).map(unused).collect(),
    })
}

/// The last day for which odds of amounts are told; `None` for all. A band wider than ten times what was spent so far, or
/// filed, says no more than that nobody knows; and no odds are told far beyond a ramp whose end nobody knows.
fn reach(simulation: &Simulation, cumulative: &[DayBand], uncovered: &MoneyQuantiles) -> Option<NaiveDate> {
    let inputs = simulation.inputs;
    let most = |days: i64| simulation.pace.times(Decimal::from(WIDEST * days));
    let day = |days: i64| plus_days(inputs.data_through, days);
    let narrow = |band: &DayBand| band.p90 - band.p10 <= most((band.day - inputs.data_through).num_days());
    // Over a few days one occurrence more or less is wide, and says nothing of the months.
    let told = cumulative.iter().filter(|band| band.day == day(EXPOSURE_DAYS)).all(narrow)
        && uncovered.p90.is_none_or(|p90| p90 <= most(HORIZON_DAYS));
    let by_course = simulation.futures.iter().filter_map(|future| future.reach).min();
    if told && by_course.is_none() {
        return None;
    }
    let last = cumulative.iter().rfind(|band| band.day <= day(EXPOSURE_DAYS) && narrow(band));
    let by_width = last.map_or(day(LEAST_REACH), |band| band.day);
    let by_course = by_course.map_or(by_width, |days| day(days as i64));
    Some(by_width.min(by_course).max(day(LEAST_REACH)))
}

/// `None` where the days from `from` on are not all simulated. Only all paths together tell which days it is about, so they
/// are walked once more, which costs less than keeping every day of every path.
fn exposure(simulation: &Simulation, random: usize, from: NaiveDate) -> Option<Exposure> {
    let start = usize::try_from((from - simulation.range.start).num_days()).ok()?;
    let days = start + usize::try_from(EXPOSURE_DAYS).ok()?;
    if days > simulation.days() {
        return None;
    }
    let mut unpaid = Spread::of(random + 1);
    simulation.walk(random, days, |path| {
        unpaid.add(path.unpaid[days - 1] - start.checked_sub(1).map_or(0, |before| path.unpaid[before]));
    });
    let taxed = Decimal::ONE + simulation.inputs.tax_rate.unwrap_or_default();
    let cash = |micros| Money::from_micros(Money::from_micros(micros).times(taxed).to_micros());
    let [p10, p50, p90] = unpaid.quantiles().map(cash);
    Some(Exposure { from, days: EXPOSURE_DAYS, p10, p50, p90 })
}

fn pool_outlooks(simulation: &Simulation, tallies: Vec<PoolTally>) -> Vec<PoolOutlook> {
    let range = simulation.range;
    let of_pool = |((credit, starts_from), tally): ((&CreditPool, &Money), PoolTally)| {
        let exhausted = date_quantiles(tally.exhausted);
        // What is empty before it expires leaves nothing, however late that is.
        let known = credit.expires_on <= range.end || exhausted.p90.is_some();
        // A pool that is already empty or over has no future to date.
        let over = starts_from.at_least_zero().is_zero() || credit.expires_on <= range.start;
        PoolOutlook {
            id: credit.id.clone(),
            starts_from: *starts_from,
            exhausts_on: if over { DateQuantiles::default() } else { exhausted },
            breakage: if known { money_quantiles(tally.unused) } else { MoneyQuantiles::default() },
            balance: bands(&simulation.sampled, tally.balance),
        }
    };
    simulation.inputs.pools.iter().zip(simulation.inputs.balances).zip(tallies).map(of_pool).collect()
}

fn bills(
    simulation: &Simulation,
    told_at: f64,
    unpaid: Vec<Spread<i64>>,
    reaches: Option<NaiveDate>,
) -> Vec<BillOutlook> {
    let first = BillingPeriod::of(simulation.range.start);
    let mut services = services(simulation, told_at);
    let path = simulation.along(told_at);
    // The last month that is walked is not whole.
    let months = path.months.iter().zip(unpaid).take(TRAJECTORY_MONTHS as usize);
    months
        .enumerate()
        .map(|(offset, (ahead, unpaid))| {
            let Bill { gross, covered, tax, cash } = bill(simulation, offset, *ahead);
            // More that no pool pays is more cash, so the odds of one are those of the other.
            let cash_of = |unpaid| bill(simulation, offset, MonthPath { gross: unpaid, covered: 0 }).cash;
            let [low, _, high] = unpaid.quantiles().map(cash_of);
            let month = first.plus_months(offset as i32);
            let told = reaches.is_none_or(|last| month.next().first_day() <= plus_days(last, 1));
            // Where cover ends within the month, the middle path is not the middle of the bills: it still lies between.
            BillOutlook {
                month,
                gross,
                covered,
                tax,
                cash,
                cash_p10: told.then(|| low.min(cash)),
                cash_p90: told.then(|| high.max(cash)),
                services: services.remove(&month).unwrap_or_default(),
            }
        })
        .collect()
}

/// One path's bill of a month.
pub(super) struct Bill {
    pub gross: Money,
    pub covered: Money,
    pub tax: Option<Money>,
    pub cash: Money,
}

/// The bill of the month `offset` months from that of the first day, of which a path adds `ahead`.
pub(super) fn bill(simulation: &Simulation, offset: usize, ahead: MonthPath) -> Bill {
    let inputs = simulation.inputs;
    let month = BillingPeriod::of(simulation.range.start).plus_months(offset as i32);
    let running = month == BillingPeriod::of(inputs.data_through);
    let so_far = if running { inputs.month_so_far } else { MonthSoFar::default() };
    let gross = so_far.gross + Money::from_micros(ahead.gross);
    let covered = so_far.covered + Money::from_micros(ahead.covered);
    let uncovered_ahead = Money::from_micros(ahead.gross - ahead.covered);
    let tax = inputs.tax_rate.map(|rate| so_far.tax + uncovered_ahead.times(rate));
    Bill { gross, covered, tax, cash: gross - covered + tax.unwrap_or_default() }
}

/// Each month's forecast days on the path that bills are told of, by service and workload, dearest first.
fn services(simulation: &Simulation, told_at: f64) -> BTreeMap<BillingPeriod, Vec<ServiceOutlook>> {
    let (costs, ledger) = simulation.in_decimals(told_at);
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

fn bands(sampled: &[NaiveDate], spreads: Vec<Spread<i64>>) -> Vec<DayBand> {
    let band = |(day, spread): (&NaiveDate, Spread<i64>)| {
        let [p10, p50, p90] = spread.quantiles().map(Money::from_micros);
        DayBand { day: *day, p10, p50, p90 }
    };
    sampled.iter().zip(spreads).map(band).collect()
}

fn money_quantiles(spread: Spread<i64>) -> MoneyQuantiles {
    let [p10, p50, p90] = spread.quantiles().map(|micros| Some(Money::from_micros(micros)));
    MoneyQuantiles { p10, p50, p90 }
}

/// Dates at 10, 50 and 90 %, a path without a date counting as later than any date.
pub(super) fn date_quantiles(spread: Spread<NaiveDate>) -> DateQuantiles {
    let [p10, p50, p90] = spread.quantiles().map(|day| (day != NaiveDate::MAX).then_some(day));
    DateQuantiles { p10, p50, p90 }
}

/// How it was made, for people.
fn basis(workloads: &[Basis]) -> String {
    let by = |voice: Voice| {
        let named: Vec<&str> = workloads.iter().filter(|of| of.voice == voice).map(|of| of.workload.label()).collect();
        (!named.is_empty()).then(|| named.join(", "))
    };
    let mut said = Vec::new();
    for (voice, how) in [
        (Voice::Combination, "the median of a run rate and three weekly trends"),
        (Voice::PlainRate, "the average of the last 7 days goes on, since nothing did better on this account"),
        (Voice::Level, "the average since its level last changed goes on"),
        (Voice::Cadence, "past occurrences come again at their cadence"),
        (Voice::Growth, "growth goes on for a while and then stops; nobody knows when"),
        (Voice::Bursts, "past runs and pauses are repeated"),
    ] {
        said.extend(by(voice).map(|named| format!("{named}: {how}")));
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
            "scaled by a usual swing until this account's own is known"
        } else {
            "scaled by this account's own weekly swings"
        }
    )
}
