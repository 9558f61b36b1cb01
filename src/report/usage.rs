//! Tokens and chip-hours by month, filed and metered, and what caching and batch saved.

use std::collections::BTreeMap;

use super::document::{Block, Cell, Column, Section, Table};
use crate::domain::filing::usage::{AcceleratorMonth, ModelMonth, Tokens};
use crate::domain::position::Position;
use crate::domain::values::money::{Money, Quantity};
use crate::domain::values::period::BillingPeriod;
use crate::domain::values::words::usd_text;

/// The section; `None` where neither a model nor an accelerator was filed or used.
pub(super) fn section(position: &Position) -> Option<Section> {
    let usage = &position.usage;
    let mut blocks = Vec::new();
    if !usage.models.is_empty() {
        blocks.push(Block::Table(tokens(&usage.models)));
        blocks.extend(saved_sentence(position).map(Block::Text));
        blocks.extend(saved(&usage.models).map(Block::Table));
    }
    if !usage.accelerators.is_empty() {
        blocks.push(Block::Table(chip_hours(&usage.accelerators)));
    }
    let title = match (usage.models.is_empty(), usage.accelerators.is_empty()) {
        (false, false) => "Tokens and chip-hours, filed and actual",
        (_, true) => "Tokens, filed and actual",
        (true, false) => "Chip-hours, filed and actual",
    };
    (!blocks.is_empty()).then(|| Section { id: "usage", title: title.to_owned(), blocks })
}

/// What caching and batch saved, in a sentence; `None` where neither was used.
pub(super) fn saved_sentence(position: &Position) -> Option<String> {
    let caching: Money = position.usage.models.iter().map(|row| row.saved_by_caching).sum();
    let batch: Money = position.usage.models.iter().map(|row| row.saved_by_batch).sum();
    let part = |amount: Money, of: &str| (!amount.is_zero()).then(|| format!("{of} {}", said(amount)));
    let parts: Vec<String> = [part(caching, "caching"), part(batch, "batch")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Against the same tokens uncached and in real time, {}.", parts.join(", and ")))
}

fn said(amount: Money) -> String {
    let verb = if amount.is_negative() { "cost" } else { "saved" };
    format!("{verb} {}", usd_text(amount.abs()))
}

fn tokens(rows: &[ModelMonth]) -> Table {
    let cell = |tokens: Option<Tokens>, of: fn(&Tokens) -> Quantity| {
        tokens.as_ref().map(of).filter(|tokens| !tokens.is_zero()).map_or(Cell::Absent(""), Cell::Quantity)
    };
    let row = |it: &ModelMonth| {
        let mut cells =
            vec![Cell::Month(it.month), Cell::text(&it.model), Cell::text(it.record.clone().unwrap_or_default())];
        for of in
            [|it: &Tokens| it.input, |it: &Tokens| it.cache_read, |it: &Tokens| it.cache_write, |it: &Tokens| it.output]
        {
            cells.extend([cell(it.filed, of), cell(Some(it.used), of)]);
        }
        cells
    };
    let columns = [
        Column::text("month", "Month"),
        Column::text("model", "Model"),
        Column::text("record", "Record").optional(),
        Column::number("input_filed", "Input filed").optional(),
        Column::number("input", "Input"),
        Column::number("cache_read_filed", "Cache reads filed").optional(),
        Column::number("cache_read", "Cache reads").optional(),
        Column::number("cache_write_filed", "Cache writes filed").optional(),
        Column::number("cache_write", "Cache writes").optional(),
        Column::number("output_filed", "Output filed").optional(),
        Column::number("output", "Output"),
    ];
    Table::new("tokens", "Millions of tokens by month and model", columns).rows(rows.iter().map(row))
}

/// Dollars by month; `None` where neither was used.
fn saved(rows: &[ModelMonth]) -> Option<Table> {
    let mut months: BTreeMap<BillingPeriod, (Money, Money)> = BTreeMap::new();
    for row in rows {
        let (caching, batch) = months.entry(row.month).or_default();
        *caching += row.saved_by_caching;
        *batch += row.saved_by_batch;
    }
    if months.values().all(|(caching, batch)| caching.is_zero() && batch.is_zero()) {
        return None;
    }
    let cells = |label: Cell, (caching, batch): (Money, Money)| {
        vec![label, Cell::Money(caching), Cell::Money(batch), Cell::Money(caching + batch)]
    };
    let columns = [
        Column::text("month", "Month"),
        Column::number("caching", "By caching"),
        Column::number("batch", "By batch"),
        Column::number("saved", "Together"),
    ];
    let total = months.values().fold((Money::ZERO, Money::ZERO), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    let table = Table::new("saved", "Saved against the same tokens uncached and in real time", columns);
    let table = table.rows(months.into_iter().map(|(month, it)| cells(Cell::Month(month), it)));
    Some(table.total(cells(Cell::text("In all"), total)))
}

fn chip_hours(rows: &[AcceleratorMonth]) -> Table {
    let row = |it: &AcceleratorMonth| {
        vec![
            Cell::Month(it.month),
            Cell::text(&it.instance_type),
            Cell::text(it.record.clone().unwrap_or_default()),
            it.filed.map_or(Cell::Absent(""), Cell::Quantity),
            Cell::Quantity(it.used),
        ]
    };
    let columns = [
        Column::text("month", "Month"),
        Column::text("instance_type", "Instance type"),
        Column::text("record", "Record").optional(),
        Column::number("filed", "Filed").optional(),
        Column::number("used", "Actual"),
    ];
    Table::new("chip_hours", "Chip-hours by month and instance type", columns).rows(rows.iter().map(row))
}
