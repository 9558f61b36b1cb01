//! Totals that a workbook works out itself, so that a reader who filters or changes rows sees them follow.
//!
//! Invariant: a formula gives what the document says, to the cent. The model says which rows are sums ([`RowKind::Sum`]) and which
//! percentages are of what ([`Column::percent_of`]); a sum's row also holds cells that nothing adds up to, such as a date or a
//! rate. So the amounts are added here, exactly, and what does not come out stays a value.

use rust_decimal::Decimal;
use rust_xlsxwriter::utility::{row_col_to_cell, row_col_to_cell_absolute};

use super::super::document::{Cell, Column, Row, RowKind, Table};

/// The function number of SUBTOTAL that adds up and leaves hidden rows out.
const SUM_OF_SHOWN: u8 = 109;

/// A number that can be added up, by what it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Dollars,
    Units,
}

fn amount(cell: &Cell) -> Option<(Counted, Decimal)> {
    match cell {
        Cell::Money(money) | Cell::Effect(money) | Cell::Change(money) | Cell::Forecast(money) => {
            Some((Counted::Dollars, money.amount()))
        }
        Cell::Quantity(quantity) => Some((Counted::Units, quantity.amount())),
        Cell::Count(count) => Some((Counted::Units, (*count).into())),
        Cell::Percent(_) | Cell::Day(_) | Cell::Month(_) | Cell::Text(_) | Cell::Absent(_) => None,
    }
}

/// The formula of the cell in `column` of the total `row`, which stands in row `at` of a sheet whose first line is in row `first`;
/// `None` where it is a value.
pub(super) fn formula(table: &Table, row: &Row, column: usize, at: u32, first: u32) -> Option<String> {
    let place = |column: usize| Some(row_col_to_cell(at, u16::try_from(column).ok()?));
    if let Some((part, whole)) = shares(table, row, column) {
        return Some(format!("=IFERROR({}/{},\"\")", place(part)?, place(whole)?));
    }
    let lines = u32::try_from(table.lines().len()).ok()?;
    let number = u16::try_from(column).ok()?;
    let (top, end) =
        (row_col_to_cell_absolute(first, number), row_col_to_cell_absolute(first + lines.checked_sub(1)?, number));
    is_sum(table, row, column).then(|| format!("=SUBTOTAL({SUM_OF_SHOWN},{top}:{end})"))
}

/// True if the lines above come to the cell, to the cent; units are counted to the last digit.
fn is_sum(table: &Table, row: &Row, column: usize) -> bool {
    let Some((counted, total)) = amount(&row.cells[column]).filter(|_| row.kind == RowKind::Sum) else { return false };
    let mut sum = Decimal::ZERO;
    let mut any = false;
    for line in table.lines() {
        match (&line.cells[column], amount(&line.cells[column])) {
            (_, Some((same, amount))) if same == counted => {
                let Some(more) = sum.checked_add(amount) else { return false };
                sum = more;
                any = true;
            }
            // A spreadsheet adds nothing for words.
            (Cell::Text(_) | Cell::Absent(_), _) => {}
            _ => return false,
        }
    }
    let digits = |amount: Decimal| if counted == Counted::Dollars { amount.round_dp(2) } else { amount.normalize() };
    any && digits(sum) == digits(total)
}

/// The columns of the part and the whole that a total's percentage comes from.
fn shares(table: &Table, row: &Row, column: usize) -> Option<(usize, usize)> {
    let Column { percent_of: Some((part, whole)), .. } = table.columns[column] else { return None };
    let Cell::Percent(percent) = row.cells[column] else { return None };
    if !row.is_total() {
        return None;
    }
    let index = |key: &str| table.columns.iter().position(|it| it.key == key);
    let (part, whole) = (index(part)?, index(whole)?);
    let (divided, by) = (amount(&row.cells[part])?.1, amount(&row.cells[whole])?.1);
    let worked_out = divided.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(by)?;
    (worked_out.round_dp(1) == percent.round_dp(1)).then_some((part, whole))
}
