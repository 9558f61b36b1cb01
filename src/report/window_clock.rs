//! How far each award's window has run, and how much of its credit was used in it: before the launch and since.

use std::cmp::Reverse;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::document::{Block, Cell, Column, Section, Table};
use super::words;
use crate::domain::facts::plan::PlanKind;
use crate::domain::plan::{PlanSource, PlanState, Planned};
use crate::domain::position::series::{PoolSeries, Series};
use crate::domain::position::{PoolPosition, PoolStatus, Position};
use crate::domain::values::money::Money;
use crate::domain::values::period::plus_days;

/// The section; `None` without an award whose window has begun.
pub(super) fn section(position: &Position, series: &Series) -> Option<Section> {
    let through = position.data_through?;
    let launch = launch(position, through);
    let begun = |pool: &&PoolPosition| pool.starts_on <= through && pool.status != PoolStatus::Gone;
    let pools: Vec<&PoolPosition> = position.credits.pools.iter().filter(begun).collect();
    let clocks: Vec<Clock> = pools
        .iter()
        .map(|pool| {
            // A partner's pools have no ids, and no figures of their own.
            let curve = series.pools.iter().find(|curve| !pool.id.is_empty() && curve.id == pool.id);
            Clock::of(pool, curve, through, launch.map(|event| event.on))
        })
        .collect();
    if clocks.is_empty() {
        return None;
    }
    let shows_use = clocks.iter().any(|clock| clock.used.is_some());
    let blocks = vec![Block::Text(explained(launch, shows_use)), Block::Table(table(&clocks, shows_use))];
    Some(Section { id: "window", title: "The clock of each award".to_owned(), blocks })
}

/// The launch that has come and is the largest, planned or filed; of equals the first.
fn launch(position: &Position, through: NaiveDate) -> Option<&Planned> {
    let has_come =
        |event: &&Planned| event.kind == PlanKind::Launch && event.state == PlanState::HasCome && event.on <= through;
    let launches = position.planned.iter().filter(has_come);
    launches.max_by_key(|event| (event.amount, Reverse(event.on)))
}

/// What the table shows. Readers from outside see the days alone: what a single credit paid is its owner's.
fn explained(launch: Option<&Planned>, shows_use: bool) -> String {
    let shares = if shows_use {
        "The share of each window's days that is over, and of its credit that was used"
    } else {
        "The share of each window's days that is over"
    };
    match launch {
        Some(event) => format!(
            "{shares}; before the launch that was {} for {}, and since.",
            if event.source == PlanSource::Filing { "filed" } else { "planned" },
            words::day(event.on)
        ),
        None => format!("{shares}. No launch is filed or planned that has come."),
    }
}

/// A window's days and its credit, in percent.
struct Clock {
    name: String,
    starts_on: NaiveDate,
    expires_on: NaiveDate,
    days: Option<Decimal>,
    used: Option<Decimal>,
    days_before: Option<Decimal>,
    used_before: Option<Decimal>,
}

impl Clock {
    fn of(pool: &PoolPosition, curve: Option<&PoolSeries>, through: NaiveDate, launch: Option<NaiveDate>) -> Clock {
        let window = (pool.expires_on - pool.starts_on).num_days();
        let share_of_days = |end: NaiveDate| {
            let over = (end.min(pool.expires_on) - pool.starts_on).num_days().max(0);
            (window > 0).then(|| percent(Decimal::from(over), Decimal::from(window)))
        };
        let used = |amount: Money| (!pool.granted.is_zero()).then(|| percent(amount.amount(), pool.granted.amount()));
        // A launch before the window leaves nothing before it.
        let launch = launch.filter(|day| *day > pool.starts_on && *day < pool.expires_on);
        let at = |day: NaiveDate| {
            let mut points = curve?.balance.iter().filter(|point| point.day <= day);
            points.next_back().map(|point| pool.granted - point.amount)
        };
        Clock {
            name: pool.name.clone(),
            starts_on: pool.starts_on,
            expires_on: pool.expires_on,
            days: share_of_days(plus_days(through, 1)),
            used: curve.and_then(|_| used(pool.drawn)),
            days_before: launch.and_then(share_of_days),
            used_before: launch
                .and_then(|day| used(at(plus_days(day, -1)).unwrap_or_default()).filter(|_| curve.is_some())),
        }
    }
}

fn percent(part: Decimal, whole: Decimal) -> Decimal {
    (part * Decimal::ONE_HUNDRED / whole).round_dp(1)
}

fn table(clocks: &[Clock], shows_use: bool) -> Table {
    let since = |all: Option<Decimal>, before: Option<Decimal>| all.zip(before).map(|(all, before)| all - before);
    let row = |it: &Clock| {
        vec![
            Cell::text(&it.name),
            Cell::Day(it.starts_on),
            Cell::Day(it.expires_on),
            Cell::percent_or(it.days, ""),
            Cell::percent_or(it.used, ""),
            Cell::percent_or(it.days_before, ""),
            Cell::percent_or(it.used_before, ""),
            Cell::percent_or(since(it.days, it.days_before), ""),
            Cell::percent_or(since(it.used, it.used_before), ""),
        ]
    };
    let columns = [
        Column::text("award", "Award"),
        Column::text("starts_on", "From"),
        Column::text("expires_on", "Until"),
        Column::number("days", "Days over"),
        Column::number("used", "Credit used").optional(),
        Column::number("days_before", "Days before launch").optional(),
        Column::number("used_before", "Credit before launch").optional(),
        Column::number("days_since", "Days since").optional(),
        Column::number("used_since", "Credit since").optional(),
    ];
    let title = if shows_use { "Days over and credit used, of each window" } else { "Days over, of each window" };
    Table::new("window_clock", title, columns).rows(clocks.iter().map(row))
}
