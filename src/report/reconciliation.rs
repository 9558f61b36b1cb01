//! Our arithmetic against AWS's figures: credit by month, balances by pool, each gap with its age.

use super::document::{Block, Cell, Column, Section, Table};
use super::words;
use crate::domain::credit::reconcile::{AwaitedCredit, BalanceReconciliation, MonthReconciliation, Reconciliation};
use crate::domain::credit::stated_text;
use crate::domain::position::Position;
use crate::domain::values::words::{day_text, days_text, usd_text};

/// The newest months are shown whether they have a gap or not.
const NEWEST_MONTHS: usize = 4;
const TITLE: &str = "Our arithmetic against AWS's figures";

/// The section; `None` while there is nothing to compare.
pub(super) fn section(position: &Position) -> Option<Section> {
    let blocks = blocks(position);
    (!blocks.is_empty()).then(|| Section { id: "reconciliation", title: TITLE.to_owned(), blocks })
}

/// What is compared, and what a gap means.
pub(super) fn blocks(position: &Position) -> Vec<Block> {
    let Reconciliation { months, balances, awaited } = &position.reconciliation;
    let mut blocks = Vec::new();
    if months.is_empty() && balances.is_empty() {
        return blocks;
    }
    blocks.push(Block::Text(meaning(&position.reconciliation)));
    if let Some(AwaitedCredit { since, amount }) = awaited {
        blocks.push(Block::Text(format!(
            "AWS has yet to apply about {} of credit to usage since {}. It counts as applied here until the bill is closed, \
             about the 10th of the next month.",
            usd_text(*amount),
            day_text(*since)
        )));
    }
    if !months.is_empty() {
        blocks.push(Block::Table(month_table(months)));
    }
    if !balances.is_empty() {
        blocks.push(Block::Table(balance_table(balances)));
    }
    blocks
}

fn meaning(all: &Reconciliation) -> String {
    let months = all.months.iter().filter(|month| month.closed).map(|month| month.age_days);
    let ages: Vec<i64> = months.chain(all.balances.iter().map(|balance| balance.age_days)).flatten().collect();
    let Some(oldest) = ages.iter().max() else {
        // A partner is shown no balance of a single credit.
        let balances = if all.balances.is_empty() { "" } else { ", and with each balance that AWS states" };
        return format!(
            "Credit drawn by our day-by-day replay agrees with what AWS applied in every closed month{balances}, to the dollar."
        );
    };
    let early = all.balances.iter().any(|it| it.since.is_some() && it.early_use_unknown && it.gap.is_positive());
    let early =
        if early { ", or that a credit paid before the first stored month, which nobody can see any more" } else { "" };
    format!(
        "A gap is our day-by-day replay less AWS's figure, and the oldest one is {} old. It means that credit pays for \
         other services than the lists name or for other accounts{early}. The outlook starts from AWS's balances, so its \
         dates do not rest on a gap. What to do: compare the Credits page of AWS's billing console with the pools, and \
         correct the lists of services in the config.",
        days_text(*oldest)
    )
}

fn month_table(months: &[MonthReconciliation]) -> Table {
    let newest = months.len().saturating_sub(NEWEST_MONTHS);
    let shown: Vec<&MonthReconciliation> = months
        .iter()
        .enumerate()
        .filter(|(at, month)| *at >= newest || month.since.is_some())
        .map(|(_, it)| it)
        .collect();
    let title = if shown.len() == months.len() {
        "Credit by month"
    } else {
        "Credit by month: the newest months, and each with a gap"
    };
    let columns = [
        Column::text("month", "Month"),
        Column::text("bill", "Bill"),
        Column::number("replayed", "By our replay"),
        Column::number("credit_rows", "Credit rows"),
        Column::number("allocated", "Allocation history").optional(),
        Column::number("gap", "Gap"),
        Column::number("age_days", "Days old").optional(),
    ];
    let row = |month: &&MonthReconciliation| {
        vec![
            Cell::Month(month.month),
            Cell::text(if month.closed { "closed" } else { "open" }),
            Cell::Money(month.replayed),
            Cell::Money(month.credit_rows),
            Cell::money_or(month.allocated, "not known"),
            Cell::Effect(month.gap),
            age(month.age_days),
        ]
    };
    Table::new("reconciled_months", title, columns).rows(shown.iter().map(row))
}

fn balance_table(balances: &[BalanceReconciliation]) -> Table {
    let columns = [
        Column::text("pool", "Pool"),
        Column::number("replayed", "Left by our replay"),
        Column::number("stated", "Stated"),
        Column::text("stated_by", "By"),
        Column::text("stated_at", "Stated on"),
        Column::number("gap", "Gap"),
        Column::number("age_days", "Days old").optional(),
        Column::text("note", "Note").optional(),
    ];
    let row = |balance: &BalanceReconciliation| {
        vec![
            Cell::text(&balance.name),
            Cell::Money(balance.replayed),
            Cell::Money(balance.stated),
            Cell::text(words::stated_by(balance.source)),
            Cell::Day(balance.at),
            Cell::Effect(balance.gap),
            age(balance.age_days),
            if balance.since.is_some() && balance.early_use_unknown {
                Cell::text("older than the first stored month")
            } else {
                Cell::Absent("")
            },
        ]
    };
    Table::new("reconciled_balances", "Balances on the day of the statement", columns).rows(balances.iter().map(row))
}

fn age(days: Option<i64>) -> Cell {
    // A day that lies ahead of the clock cannot be: no statement is of the future.
    days.map_or(Cell::Absent(""), |days| Cell::Count(days.unsigned_abs()))
}

/// Where AWS states another balance than replay leaves, what it states: `AWS states $19,000.00 at 20 Nov`, with the
/// pool's name where there are several.
pub(super) fn stated_otherwise(position: &Position) -> Vec<String> {
    let named = position.credits.pools.len() > 1;
    let balances = position.reconciliation.balances.iter().filter(|balance| balance.is_material());
    let said = balances.map(|balance| {
        let of = named.then_some(balance.name.as_str());
        stated_text(balance.source, balance.stated.dollars(), of, &balance.at.format("%-d %b").to_string())
    });
    said.collect()
}
