//! Series to charts as data, each with a table of the same figures.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::document::{Band, Cell, Chart, Column, DayPlot, Layer, Line, Mark, MonthPlot, Plot, Row, Table, Tone};
use super::pool_order::left_first;
use super::words;
use crate::domain::filing::variance::Variance;
use crate::domain::plan::{PlanSource, Planned};
use crate::domain::position::series::{MonthModelCost, PoolSeries, Series};
use crate::domain::position::{PoolPosition, PoolStatus, Position};
use crate::domain::values::money::Money;
use crate::domain::values::period::{BillingPeriod, plus_days};
use crate::domain::values::quantiles::{DayAmount, DayBand};

/// How far ahead burn-downs look at most: the outlook's horizon.
const HORIZON_DAYS: i64 = 365;
/// Days ahead that a burn-down shows at least.
const LEAST_AHEAD: i64 = 28;
/// Days behind the late (90 %) end of a pool: room to see that it is the end.
const AFTER_EMPTY: i64 = 60;
/// Days back that a burn-down shows where there are as many: about as many as it looks ahead, six months at least, since a
/// pool falls slowly, and nine at most, since the odds would be a sliver beside more.
const LEAST_BACK: i64 = 183;
const MOST_BACK: i64 = 274;
/// Days shown after a pool was over.
const AFTER_OVER: i64 = 28;
/// Days at the right edge, so that a cliff there stands clear of the frame.
const EDGE: i64 = 10;

/// Models with a colour of their own; the rest share the last one.
const NAMED_MODELS: usize = Tone::SERIES as usize - 1;

/// Planned events that a chart marks: labels of more would lie on each other.
const MARKED_EVENTS: usize = 3;

/// First and last day of a chart.
type Span = (NaiveDate, NaiveDate);

/// Burn-down of each pool. Those with a future are on the same days; one that is over shows its own life.
pub(super) fn burn_down(position: &Position, series: &Series) -> Vec<Chart> {
    let Some(through) = position.data_through else { return Vec::new() };
    // A pool and its series are joined by order.
    let joined = |index: usize| Some((index, position.credits.pools.get(index)?, series.pools.get(index)?));
    let pools = left_first(position).into_iter().filter_map(joined);
    let drawable: Vec<(usize, &PoolPosition, &PoolSeries)> =
        pools.filter(|(_, _, curve)| !curve.balance.is_empty() || !curve.outlook.is_empty()).collect();
    let open: Vec<(&PoolPosition, &PoolSeries)> =
        drawable.iter().filter(|(_, pool, _)| is_open(pool)).map(|(_, pool, curve)| (*pool, *curve)).collect();
    let shared = open_span(through, &open);
    let span = |pool, curve| if is_open(pool) { shared } else { life(pool, curve).unwrap_or(shared) };
    drawable.iter().map(|(index, pool, curve)| pool_chart(position, *index, pool, curve, span(pool, curve))).collect()
}

/// Ids of the burn-downs of pools without a future, but for the one that is drawn first.
pub(super) fn over(position: &Position) -> Vec<String> {
    let is_over = |index: &usize| !is_open(&position.credits.pools[*index]);
    left_first(position).into_iter().skip(1).filter(is_over).map(burn_down_id).collect()
}

fn burn_down_id(index: usize) -> String {
    format!("burn-down-{}", index + 1)
}

/// The balance of all credit together, from a series that holds ends of months alone; `None` where it has none.
pub(super) fn all_credit(position: &Position, series: &Series) -> Option<Chart> {
    let curve = series.pools.first().filter(|curve| !curve.balance.is_empty())?;
    let (through, credits) = (position.data_through?, &position.credits);
    let marks = |day: Option<NaiveDate>, label: &str| {
        let ahead = day.filter(|day| *day > through);
        ahead.map(|day| Mark { day, label: format!("{label} {}", words::day(day)), cliff: false })
    };
    let ends = marks(position.exhaustion.total.p50, "credits end about");
    let as_filed = position.exhaustion.as_filed.filter(|day| Some(*day) != position.exhaustion.total.p50);
    let as_filed = marks(as_filed, "if as filed, credits end");
    let last = ends.iter().chain(&as_filed).map(|mark| plus_days(mark.day, AFTER_OVER)).max();
    let first = curve.balance.first().map_or(through, |point| point.day);
    let end = last.unwrap_or(through).clamp(plus_days(through, LEAST_AHEAD), plus_days(through, HORIZON_DAYS));
    let columns = vec![Column::text("day", "Day"), Column::number("balance", "Balance")];
    let rows = curve.balance.iter().map(|point| Row::new(vec![Cell::Day(point.day), Cell::Money(point.amount)]));
    let line = Line { label: "Balance".to_owned(), tone: Tone::Actual, points: curve.balance.clone() };
    Some(Chart {
        id: "burn-down-1".to_owned(),
        title: format!("{}: {} of {} left", curve.name, credits.left.dollars(), credits.granted.dollars()),
        description: "Balance of all credit together at the ends of months, and today.".to_owned(),
        plot: Plot::Days(DayPlot {
            span: Some((first.min(plus_days(through, -LEAST_AHEAD)), plus_days(end, EDGE))),
            low: true,
            lines: vec![line],
            bands: Vec::new(),
            marks: [today(through)].into_iter().chain(planned_marks(position)).chain(ends).chain(as_filed).collect(),
        }),
        table: Some(Table {
            id: "burn_down",
            title: format!("{}, at month ends", curve.name),
            columns,
            rows: rows.collect(),
        }),
    })
}

/// True for a pool that something can still happen to.
fn is_open(pool: &PoolPosition) -> bool {
    matches!(pool.status, PoolStatus::Active | PoolStatus::Pending)
}

/// From a past that leaves the odds readable to where every open pool is empty or over, and the nearest cliff is in sight.
fn open_span(through: NaiveDate, open: &[(&PoolPosition, &PoolSeries)]) -> Span {
    let latest = plus_days(through, HORIZON_DAYS);
    let over = |(pool, _): &(&PoolPosition, &PoolSeries)| match pool.exhausts_on.p90 {
        Some(day) => plus_days(day, AFTER_EMPTY),
        None => pool.expires_on,
    };
    let cliff = open.iter().map(|(pool, _)| pool.expires_on).filter(|day| *day <= latest).min();
    let end = open.iter().map(over).chain(cliff).max().unwrap_or(through);
    let end = end.clamp(plus_days(through, LEAST_AHEAD), latest);
    let back = plus_days(through, -(end - through).num_days().clamp(LEAST_BACK, MOST_BACK));
    let begun = open.iter().filter_map(|(_, curve)| curve.balance.first()).map(|point| point.day).min();
    (begun.map_or(through, |day| day.max(back)), plus_days(end, EDGE))
}

/// The days of a pool that is over; `None` where none of them is known.
fn life(pool: &PoolPosition, curve: &PoolSeries) -> Option<Span> {
    let known = until_empty(&curve.balance, |point| point.amount);
    let (first, last) = (known.first()?.day, known.last()?.day);
    let over = if pool.status == PoolStatus::Expired { last.max(pool.expires_on) } else { last };
    Some((first, plus_days(over, AFTER_OVER)))
}

fn pool_chart(position: &Position, index: usize, pool: &PoolPosition, curve: &PoolSeries, span: Span) -> Chart {
    let line = |label: &str, tone, points: &[DayAmount]| {
        let points = until_empty(points, |point| point.amount);
        Line { label: label.to_owned(), tone, points }
    };
    let mut lines = Vec::new();
    if !curve.planned.is_empty() {
        lines.push(line("Had spend gone as filed", Tone::Plan, &curve.planned));
    }
    lines.push(line("Balance", Tone::Actual, &curve.balance));
    let outlook = until_empty(&curve.outlook, |point| point.p90);
    let band = Band { label: "Outlook, 10 to 90 %".to_owned(), tone: Tone::Outlook, points: outlook };
    // Of a pool without a future there is a band of nothing.
    let bands = if is_open(pool) && !band.points.is_empty() { vec![band] } else { Vec::new() };
    let columns = vec![
        Column::text("day", "Day"),
        Column::number("balance", "Balance"),
        Column::number("planned", "As filed").optional(),
        Column::number("p10", "Outlook, low (10 %)").optional(),
        Column::number("p50", "Outlook, middle (50 %)").optional(),
        Column::number("p90", "Outlook, high (90 %)").optional(),
    ];
    let rows = coarse_rows(&[&curve.balance, &curve.planned], &curve.outlook);
    Chart {
        id: burn_down_id(index),
        title: format!("{}: {} of {} left", pool.name, pool.left.dollars(), pool.granted.dollars()),
        description: pool_description(pool),
        plot: Plot::Days(DayPlot { span: Some(span), low: true, lines, bands, marks: pool_marks(position, pool) }),
        table: Some(Table { id: "burn_down", title: format!("{}, at month ends", pool.name), columns, rows }),
    }
}

/// A curve up to its first zero: a year of nothing tells nothing.
fn until_empty<T: Copy>(points: &[T], amount: fn(&T) -> Money) -> Vec<T> {
    let empty = points.iter().position(|point| amount(point).is_zero()).unwrap_or(points.len());
    points.iter().take(empty + 1).copied().collect()
}

fn pool_description(pool: &PoolPosition) -> String {
    let fate = match (pool.status, pool.exhausts_on.p50) {
        (PoolStatus::Exhausted, _) => "It is used up.".to_owned(),
        (PoolStatus::Expired, _) => format!("It expired on {}.", words::day(pool.expires_on)),
        (PoolStatus::Paused, _) => "It is switched off.".to_owned(),
        (PoolStatus::Gone, _) => "AWS no longer lists it.".to_owned(),
        (_, Some(day)) => {
            format!(
                "It is expected to be empty about {}; it expires on {}.",
                words::day(day),
                words::day(pool.expires_on)
            )
        }
        (_, None) => format!("It is not expected to be empty before it expires on {}.", words::day(pool.expires_on)),
    };
    format!("Balance of {} by day from {}. {fate}", pool.name, words::day(pool.starts_on))
}

fn pool_marks(position: &Position, pool: &PoolPosition) -> Vec<Mark> {
    let mut marks: Vec<Mark> = position.data_through.map(today).into_iter().collect();
    if is_open(pool) {
        marks.extend(planned_marks(position));
        if let Some(day) = pool.exhausts_on.p50 {
            marks.push(Mark { day, label: format!("empty about {}", words::day(day)), cliff: false });
        }
        let as_filed = position.exhaustion.as_filed.filter(|day| position.data_through.is_some_and(|it| *day > it));
        if let Some(day) = as_filed.filter(|day| Some(*day) != pool.exhausts_on.p50) {
            marks.push(Mark { day, label: format!("if as filed, credits end {}", words::day(day)), cliff: false });
        }
    }
    if pool.status == PoolStatus::Exhausted {
        // Nothing is left that could expire.
        return marks;
    }
    let expires = pool.expires_on;
    let verb = if position.data_through.is_some_and(|through| through >= expires) { "expired" } else { "expires" };
    marks.push(Mark { day: expires, label: format!("{verb} {}", words::day(expires)), cliff: true });
    marks
}

/// The first days of the next planned events that the outlook expects; one mark a day, so that labels stay apart.
fn planned_marks(position: &Position) -> Vec<Mark> {
    let ahead = |event: &&Planned| event.in_outlook && position.data_through.is_some_and(|through| event.on > through);
    let mut marks: Vec<Mark> = Vec::new();
    for event in position.planned.iter().filter(ahead) {
        if marks.iter().all(|mark| mark.day != event.on) && marks.len() < MARKED_EVENTS {
            let whose = if event.source == PlanSource::Filing { "filed" } else { "planned" };
            let label = format!("{whose} {} {}", event.kind.as_str(), words::day(event.on));
            marks.push(Mark { day: event.on, label, cliff: false });
        }
    }
    marks
}

fn today(through: NaiveDate) -> Mark {
    Mark { day: through, label: "data through".to_owned(), cliff: false }
}

/// Cumulative actual against filed. Without day series (a partner has none) the rows of the variance give the curve
/// by month.
pub(super) fn cumulative(position: &Position, series: &Series) -> Option<Chart> {
    let (actual, filed) = if series.actual.is_empty() && series.filed.is_empty() {
        cumulative_by_month(position)
    } else {
        (series.actual.clone(), series.filed.clone())
    };
    if actual.is_empty() && filed.is_empty() {
        return None;
    }
    let rows = coarse_rows(&[&actual, &filed], &series.outlook);
    let mut lines = Vec::new();
    if !filed.is_empty() {
        lines.push(Line { label: "Filed".to_owned(), tone: Tone::Plan, points: filed });
    }
    lines.push(Line { label: "Actual".to_owned(), tone: Tone::Actual, points: actual });
    let outlook = Band { label: "Outlook, 10 to 90 %".to_owned(), tone: Tone::Outlook, points: series.outlook.clone() };
    Some(Chart {
        id: "cumulative".to_owned(),
        title: if position.filing.is_some() { "Cumulative spend, actual against filed" } else { "Cumulative spend" }
            .to_owned(),
        description:
            "Spend added up day by day, before credit and tax: what happened, what was filed, and the outlook."
                .to_owned(),
        plot: Plot::Days(DayPlot {
            span: None,
            low: false,
            lines,
            bands: if series.outlook.is_empty() { Vec::new() } else { vec![outlook] },
            marks: position.data_through.map(today).into_iter().chain(planned_marks(position)).collect(),
        }),
        table: Some(Table {
            id: "cumulative",
            title: "Cumulative spend at month ends".to_owned(),
            columns: vec![
                Column::text("day", "Day"),
                Column::number("actual", "Actual").optional(),
                Column::number("filed", "Filed").optional(),
                Column::number("p10", "Outlook, low (10 %)").optional(),
                Column::number("p50", "Outlook, middle (50 %)").optional(),
                Column::number("p90", "Outlook, high (90 %)").optional(),
            ],
            rows,
        }),
    })
}

fn cumulative_by_month(position: &Position) -> (Vec<DayAmount>, Vec<DayAmount>) {
    let mut months: BTreeMap<BillingPeriod, (Money, Money)> = BTreeMap::new();
    for row in &position.variance {
        let sums = months.entry(row.month).or_default();
        sums.0 += row.actual;
        sums.1 += row.projected;
    }
    let (mut actual, mut filed) = (Vec::new(), Vec::new());
    if let Some(first) = months.keys().next() {
        // Both curves start from nothing on the day before the first month.
        let day = plus_days(first.first_day(), -1);
        actual.push(DayAmount { day, amount: Money::ZERO });
        filed.push(DayAmount { day, amount: Money::ZERO });
    }
    let mut sums = (Money::ZERO, Money::ZERO);
    for (month, (spent, planned)) in months {
        let last = plus_days(month.next().first_day(), -1);
        let day = position.data_through.map_or(last, |through| last.min(through));
        sums = (sums.0 + spent, sums.1 + planned);
        actual.push(DayAmount { day, amount: sums.0 });
        filed.push(DayAmount { day, amount: sums.1 });
    }
    (actual, filed)
}

/// Rows at month ends and at the end of the first curve: a table of every day would bury the reader.
fn coarse_rows(curves: &[&[DayAmount]], band: &[DayBand]) -> Vec<Row> {
    let month_end = |day: &NaiveDate| BillingPeriod::of(*day) != BillingPeriod::of(plus_days(*day, 1));
    let all_days = curves.iter().flat_map(|curve| curve.iter().map(|point| point.day));
    let mut days: BTreeSet<NaiveDate> = all_days.chain(band.iter().map(|point| point.day)).filter(month_end).collect();
    days.extend(curves.first().and_then(|curve| curve.last()).map(|point| point.day));
    let curves: Vec<BTreeMap<NaiveDate, Money>> =
        curves.iter().map(|curve| curve.iter().map(|point| (point.day, point.amount)).collect()).collect();
    let band: BTreeMap<NaiveDate, &DayBand> = band.iter().map(|point| (point.day, point)).collect();
    let row = |day: NaiveDate| {
        let mut cells = vec![Cell::Day(day)];
        cells.extend(curves.iter().map(|curve| Cell::money_or(curve.get(&day).copied(), "")));
        let point = band.get(&day);
        cells.push(Cell::money_or(point.map(|point| point.p10), ""));
        cells.push(Cell::money_or(point.map(|point| point.p50), ""));
        cells.push(Cell::money_or(point.map(|point| point.p90), ""));
        Row::new(cells)
    };
    days.into_iter().map(row).collect()
}

/// The bill by month: cash below, what credit pays above it.
pub(super) fn bills(position: &Position) -> Option<Chart> {
    if position.trajectory.is_empty() {
        return None;
    }
    let bills = &position.trajectory;
    let layer = |label: &str, tone, amounts: Vec<Money>| Layer { label: label.to_owned(), tone, amounts };
    Some(Chart {
        id: "bills".to_owned(),
        title: "Monthly bill: cash and what credit pays".to_owned(),
        description: "One bar a month: cash at the bottom with its range from 10 to 90 %, credit above it.".to_owned(),
        plot: Plot::Months(MonthPlot {
            months: bills.iter().map(|bill| bill.month).collect(),
            layers: vec![
                layer("Cash (range 10 to 90 %)", Tone::Cash, bills.iter().map(|bill| bill.cash).collect()),
                layer("Paid by credit", Tone::Covered, bills.iter().map(|bill| bill.covered).collect()),
            ],
            whiskers: bills.iter().map(|bill| bill.odds().unwrap_or((bill.cash, bill.cash))).collect(),
        }),
        table: None,
    })
}

/// Monthly spend by model, or by workload where no model applies; the smallest share one layer.
pub(super) fn by_model(position: &Position, series: &Series) -> Option<Chart> {
    by_model_of(position, &series.by_model)
}

fn by_model_of(position: &Position, costs: &[MonthModelCost]) -> Option<Chart> {
    let first = costs.iter().map(|cost| cost.month).min()?;
    let last = costs.iter().map(|cost| cost.month).max()?;
    let months: Vec<BillingPeriod> = (0..=last.months_since(first)).map(|step| first.plus_months(step)).collect();
    let layers = model_layers(costs, &months);
    let columns =
        vec![Column::text("month", "Month"), Column::text("of", "Model or workload"), Column::number("cost", "Cost")];
    let mut rows = Vec::new();
    for (index, month) in months.iter().enumerate() {
        let spent = layers.iter().filter(|layer| !layer.amounts[index].is_zero());
        rows.extend(spent.map(|layer| {
            Row::new(vec![Cell::Month(*month), Cell::text(&layer.label), Cell::Money(layer.amounts[index])])
        }));
    }
    let total = layers.iter().flat_map(|layer| &layer.amounts).sum();
    rows.push(Row::total(vec![Cell::text("Total"), Cell::Absent(""), Cell::Money(total)]));
    Some(Chart {
        id: "by-model".to_owned(),
        title: match position.data_through {
            Some(through) => format!("Spend by model and month, through {}", words::day(through)),
            None => "Spend by model and month".to_owned(),
        },
        description: "One bar a month, stacked by model; spend without a model is stacked by its workload.".to_owned(),
        plot: Plot::Months(MonthPlot { months, layers, whiskers: Vec::new() }),
        table: Some(Table { id: "by_model", title: "Spend by model and month".to_owned(), columns, rows }),
    })
}

/// The same from the rows of the records that are shown, for who sees no other spend.
pub(super) fn by_model_of_records(position: &Position) -> Option<Chart> {
    let cost = |row: &Variance| MonthModelCost {
        month: row.month,
        workload: row.workload,
        model: row.model.clone(),
        cost: row.actual,
    };
    let costs: Vec<MonthModelCost> = position.variance.iter().map(cost).collect();
    by_model_of(position, &costs)
}

fn model_layers(spent: &[MonthModelCost], months: &[BillingPeriod]) -> Vec<Layer> {
    let mut costs: BTreeMap<&str, BTreeMap<BillingPeriod, Money>> = BTreeMap::new();
    for cost in spent {
        let label = cost.model.as_deref().unwrap_or_else(|| cost.workload.label());
        *costs.entry(label).or_default().entry(cost.month).or_default() += cost.cost;
    }
    let mut ranked: Vec<(Money, &str)> =
        costs.iter().map(|(label, by_month)| (by_month.values().sum(), *label)).collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let amounts = |labels: &[(Money, &str)]| {
        let in_month = |month| labels.iter().filter_map(|(_, label)| costs[label].get(month)).sum();
        months.iter().map(in_month).collect()
    };
    // One label more than colours is shown as itself rather than as a group of one.
    let named = if ranked.len() > NAMED_MODELS + 1 { NAMED_MODELS } else { ranked.len() };
    let tones = (0..Tone::SERIES).map(Tone::Series);
    let mut layers: Vec<Layer> = ranked[..named]
        .iter()
        .zip(tones)
        .map(|(entry, tone)| Layer { label: entry.1.to_owned(), tone, amounts: amounts(std::slice::from_ref(entry)) })
        .collect();
    let rest = &ranked[named..];
    if !rest.is_empty() {
        let label = format!("{} others", rest.len());
        layers.push(Layer { label, tone: Tone::Series(Tone::SERIES - 1), amounts: amounts(rest) });
    }
    layers
}
