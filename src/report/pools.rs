//! Credit pools as a table and their burn-down as charts.

use chrono::NaiveDate;

use super::audience::TOGETHER;
use super::document::{Block, Cell, Column, Section, Table};
use super::pool_order::left_first;
use super::{curves, words};
use crate::domain::credit::StatementSource;
use crate::domain::credit::unlisted::{CreditsAnswer, UnlistedCredit};
use crate::domain::position::buys::{Buys, BuysUnit};
use crate::domain::position::series::Series;
use crate::domain::position::{PoolPosition, PoolStatus, Position};
use crate::domain::values::words::usd_text;

/// The section on credit: burn-down and state of every pool, or why there is none.
pub(super) fn section(position: &Position, series: &Series) -> Section {
    let mut blocks = Vec::new();
    if let Some(unlisted) = position.credits.without_pool() {
        blocks.push(Block::Text(nothing_known(&unlisted)));
    } else if of_a_partner(position) {
        blocks.push(Block::Text(TOGETHER_ALONE.to_owned()));
        blocks.extend(curves::all_credit(position, series).map(Block::Chart));
        blocks.push(Block::Table(together(position)));
        blocks.push(Block::Table(awards(position)));
    } else {
        blocks.extend(curves::burn_down(position, series).into_iter().map(Block::Chart));
        blocks.push(Block::Table(balances(position)));
        blocks.push(Block::Table(ends(position)));
    }
    if !position.buys.is_empty() {
        blocks.push(Block::Table(buys(position)));
    }
    Section { id: "credits", title: "Credits".to_owned(), blocks }
}

/// What the credit left buys of each thing, if all of it that may pay for it goes there.
fn buys(position: &Position) -> Table {
    let row = |it: &Buys| {
        let what = match (it.unit, &it.model, &it.instance_type) {
            (BuysUnit::MillionTokens, Some(model), _) => format!("million tokens of {model}"),
            (BuysUnit::ChipHours, _, Some(name)) => format!("chip-hours of {name}"),
            _ => "days of everything, as it is used today".to_owned(),
        };
        let runs = it.runs.map_or(Cell::Absent(""), Cell::Count);
        vec![Cell::Quantity(it.amount), Cell::text(what), Cell::Quantity(it.days), runs, Cell::Money(it.credit)]
    };
    let columns = [
        Column::number("amount", "Amount"),
        Column::text("of", "Of"),
        Column::number("days", "Days at today's rate"),
        Column::number("runs", "Runs as filed").optional(),
        Column::number("credit", "Credit that may pay it"),
    ];
    let title = "What the credit left buys, at the prices of the last 28 days";
    Table::new("buys", title, columns).rows(position.buys.iter().map(row))
}

/// Why a partner is shown no figure of a single credit.
const TOGETHER_ALONE: &str =
    "All credit together: what a single credit paid can be what the account spends on a single service.";

/// True where the pools are a partner's: without ids, and without figures of their own.
fn of_a_partner(position: &Position) -> bool {
    position.credits.pools.iter().any(|pool| pool.id.is_empty())
}

/// Today's total.
fn together(position: &Position) -> Table {
    let credits = &position.credits;
    let columns = [Column::text("of", "Credit"), Column::number("granted", "Granted"), Column::number("left", "Left")];
    let row = vec![Cell::text(TOGETHER), Cell::Money(credits.granted), Cell::Money(credits.left)];
    Table::new("credit_together", "What is left", columns).rows([row])
}

/// What each award is.
fn awards(position: &Position) -> Table {
    let columns = [
        Column::text("award", "Award"),
        Column::text("status", "Status"),
        Column::number("granted", "Granted"),
        Column::text("starts_on", "Starts"),
        Column::text("expires_on", "Expires"),
    ];
    let row = |pool: &PoolPosition| {
        vec![
            Cell::text(&pool.name),
            Cell::text(pool.status.as_str()),
            Cell::Money(pool.granted),
            Cell::Day(pool.starts_on),
            Cell::Day(pool.expires_on),
        ]
    };
    Table::new("awards", "Awards, those that expire first ahead", columns).rows(ordered(position).map(row))
}

/// The pools in the order of [`left_first`].
fn ordered(position: &Position) -> impl Iterator<Item = &PoolPosition> {
    left_first(position).into_iter().map(|index| &position.credits.pools[index])
}

/// Denied, empty and zero are three different things.
fn nothing_known(unlisted: &UnlistedCredit) -> String {
    let none = unlisted.answer == CreditsAnswer::NoneListed && !unlisted.pays();
    let left = if none { "" } else { " What is left is unknown, not zero." };
    format!("{}.{left} What to do: {}", unlisted.headline(), unlisted.next_step())
}

fn balances(position: &Position) -> Table {
    let credits = &position.credits;
    let drawn = credits.pools.iter().map(|pool| pool.drawn).sum();
    let mut total = vec![Cell::text("Total"), Cell::Absent(""), Cell::Absent(""), Cell::Absent("")];
    total.extend([Cell::Money(credits.granted), Cell::Money(drawn), Cell::Money(credits.remaining)]);
    total.extend([Cell::Absent(""), Cell::Absent(""), Cell::Absent(""), Cell::Absent("")]);
    let columns = [
        Column::text("pool", "Pool"),
        Column::text("id", "Credit id").optional(),
        Column::text("programme", "Programme").optional(),
        Column::text("status", "Status"),
        Column::number("granted", "Granted"),
        Column::number("drawn", "Drawn"),
        Column::number("remaining", "Remaining"),
        Column::number("stated", "AWS states").optional(),
        Column::number("derived", "Derived from AWS's closed bills").optional(),
        Column::number("recorded", "Entered by hand").optional(),
        Column::text("stated_at", "Stated on").optional(),
    ];
    Table::new("pools", "Pools, those with credit left first", columns)
        .rows(ordered(position).map(balance))
        .total(total)
}

fn balance(pool: &PoolPosition) -> Vec<Cell> {
    let stated = |source| {
        let stated = pool.stated.filter(|stated| stated.source == source);
        Cell::money_or(stated.map(|stated| stated.amount), "")
    };
    vec![
        Cell::text(&pool.name),
        if pool.id.is_empty() { Cell::Absent("") } else { Cell::text(&pool.id) },
        pool.programme.map_or(Cell::Absent(""), |programme| Cell::text(programme.label())),
        Cell::text(pool.status.as_str()),
        Cell::Money(pool.granted),
        Cell::Money(pool.drawn),
        Cell::Money(pool.remaining),
        stated(StatementSource::Aws),
        stated(StatementSource::Derived),
        stated(StatementSource::Recorded),
        Cell::day_or(pool.stated.map(|stated| stated.at), ""),
    ]
}

fn ends(position: &Position) -> Table {
    let columns = [
        Column::text("pool", "Pool"),
        Column::text("starts_on", "Starts"),
        Column::text("expires_on", "Expires"),
        Column::text("exhausts_p10", "Empty, early (10 %)"),
        Column::text("exhausts_p50", "Empty, middle (50 %)"),
        Column::text("exhausts_p90", "Empty, late (90 %)"),
        Column::number("breakage_p10", "Unused, low (10 %)"),
        Column::number("breakage_p50", "Unused, middle (50 %)"),
        Column::number("breakage_p90", "Unused, high (90 %)"),
    ];
    Table::new("pool_ends", "When each pool ends, and what of it expires unused", columns)
        .rows(ordered(position).map(end))
}

fn end(pool: &PoolPosition) -> Vec<Cell> {
    let live = matches!(pool.status, PoolStatus::Pending | PoolStatus::Active);
    // Of a pool that is expired or off there is nothing to expect; one that is empty has its day behind it.
    let no_date = if live { "not before expiry" } else { "" };
    let no_breakage = if live { "beyond the outlook" } else { "" };
    let empty = |expected: Option<NaiveDate>| Cell::day_or(pool.exhausted_on.or(expected), no_date);
    vec![
        Cell::text(&pool.name),
        Cell::Day(pool.starts_on),
        Cell::Day(pool.expires_on),
        empty(pool.exhausts_on.p10),
        empty(pool.exhausts_on.p50),
        empty(pool.exhausts_on.p90),
        Cell::forecast_or(pool.breakage.p10, no_breakage),
        Cell::forecast_or(pool.breakage.p50, no_breakage),
        Cell::forecast_or(pool.breakage.p90, no_breakage),
    ]
}

/// A sentence per pool of which more than a dollar is expected to expire unused.
pub(super) fn breakage_sentences(position: &Position) -> Vec<String> {
    let expected = |pool: &PoolPosition| {
        let lost = pool.breakage.p50.filter(|lost| lost.cents() >= rust_decimal::Decimal::ONE)?;
        let open = position.data_through.is_some_and(|through| through < pool.expires_on);
        open.then(|| {
            format!("About {} of {} will expire unused on {}.", usd_text(lost), pool.name, words::day(pool.expires_on))
        })
    };
    position.credits.pools.iter().filter_map(expected).collect()
}
