//! Which assumption moves the date of exhaustion most, as the cycle tried it; nothing is reckoned here.

use rust_decimal::Decimal;

use super::document::{Block, Cell, Column, Row, Section, Table};
use super::words;
use crate::domain::outlook::{Assumed, Gain, Sensitivity, Shift, Swing};
use crate::domain::position::Position;

/// The section; `None` where nothing was tried.
pub(super) fn section(position: &Position) -> Option<Section> {
    let tried = position.sensitivity.as_ref().filter(|tried| !tried.swings.is_empty())?;
    let mut text = format!(
        "Each assumption is moved alone, and {} of the same paths are walked again; those that move the middle date most come \
         first. Spend moves to the 10 % and the 90 % of its learnt errors after 30 days, training to those of its own sums \
         over 28 days; the balances by how far AWS's statement and the replay are apart, at least 1 %. The moves of \
         growth, cache hits and tax are fixed assumptions.",
        tried.paths
    );
    if let Some(month) = tried.bill_month {
        text.push_str(&format!(" The first full bill is that of {}.", words::month(month)));
    }
    let blocks = vec![Block::Text(text), Block::Table(table(tried))];
    Some(Section { id: "sensitivity", title: "What moves the date most".to_owned(), blocks })
}

fn table(tried: &Sensitivity) -> Table {
    let mut columns = vec![
        Column::text("assumption", "Assumption"),
        Column::text("moved_by", "Moved by"),
        Column::text("days", "Middle date"),
    ];
    if tried.bill_month.is_some() {
        columns.push(Column::number("cash", "First full bill changes by"));
    }
    let row = |swing: &Swing, shift: &Shift| {
        let mut cells = vec![
            Cell::text(assumption(&swing.assumed)),
            Cell::text(moved_by(&swing.assumed, shift.by)),
            days(shift.date),
        ];
        if tried.bill_month.is_some() {
            cells.push(shift.cash.map_or(Cell::Absent("unknown"), Cell::Change));
        }
        Row::new(cells)
    };
    let rows = tried.swings.iter().flat_map(|swing| swing.shifts.iter().map(move |shift| row(swing, shift)));
    Table { id: "sensitivity", title: "What each assumption moves".to_owned(), rows: rows.collect(), columns }
}

fn assumption(assumed: &Assumed) -> String {
    match assumed {
        Assumed::Spend { workload } => format!("Level of spend: {}", workload.label()),
        Assumed::Growth => "Growth of all spend".to_owned(),
        Assumed::CacheHits { model } => format!("Prompts of {model} read from the cache"),
        Assumed::Balances => "Credit left".to_owned(),
        Assumed::TaxRate => "Tax rate".to_owned(),
        Assumed::FiledPlan => "Growth of young workloads as filed".to_owned(),
    }
}

/// In words and without signs: a text that begins with one is a formula to a spreadsheet.
fn moved_by(assumed: &Assumed, by: Decimal) -> String {
    let percent = (by.abs() * Decimal::ONE_HUNDRED).round_dp(1).normalize();
    let way = if by.is_sign_negative() { "less" } else { "more" };
    match assumed {
        Assumed::FiledPlan => "without it".to_owned(),
        Assumed::Growth => format!("{percent} % {way} a month"),
        Assumed::CacheHits { .. } | Assumed::TaxRate => format!("{percent} points {way}"),
        Assumed::Spend { .. } | Assumed::Balances => format!("{percent} % {way}"),
    }
}

fn days(moved: Gain) -> Cell {
    let Some(days) = moved.days else { return Cell::Absent("beyond a year") };
    let least = if moved.at_least { "at least " } else { "" };
    let count = days.unsigned_abs();
    let unit = if count == 1 { "day" } else { "days" };
    Cell::text(match days {
        0 => "the same".to_owned(),
        1.. => format!("{least}{count} {unit} later"),
        _ => format!("{least}{count} {unit} earlier"),
    })
}
