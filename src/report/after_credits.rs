//! The first full bill without credits, part by part, and what the outlook takes for granted.

use super::document::{Block, Cell, Column, Section, Table};
use super::words;
use crate::domain::forecast::Voice;
use crate::domain::outlook::Basis;
use crate::domain::outlook::monthly_bill::{BillLine, MonthlyBill};
use crate::domain::position::Position;
use crate::domain::values::money::Money;
use crate::domain::values::period::{BillingPeriod, DayRange, plus_days};
use crate::domain::values::words::usd_text;

/// The bills around the end of credits, as far as the outlook reaches.
pub(super) struct AfterCredits<'a> {
    /// The first bill of a whole month without credits.
    pub first: Option<&'a MonthlyBill>,
    /// The last bill of a month that credits still covered to its end.
    pub before: Option<&'a MonthlyBill>,
}

impl<'a> AfterCredits<'a> {
    pub fn of(position: &'a Position) -> Option<Self> {
        let month = BillingPeriod::of(position.exhaustion.total.p50?);
        Some(AfterCredits {
            first: position.first_full_bill(),
            before: position.trajectory.iter().rfind(|bill| bill.month < month),
        })
    }

    pub fn step(&self) -> Option<Money> {
        Some(self.first?.cash - self.before?.cash)
    }
}

/// The section; `None` where no whole month without credits lies in the outlook.
pub(super) fn first_bill(position: &Position) -> Option<Section> {
    let after = AfterCredits::of(position)?;
    let bill = after.first?;
    let mut blocks = vec![Block::Text(explained(&after, bill, position)), Block::Table(sums(bill))];
    if !bill.lines.is_empty() {
        blocks.push(Block::Text(
            "By service, and by model as the last 28 days were split. The lines are the middle of the odds, before tax."
                .to_owned(),
        ));
        blocks.push(Block::Table(lines(bill)));
    }
    let title = format!("The first full bill without credits: {}", words::month(bill.month));
    Some(Section { id: "first-full-bill", title, blocks })
}

fn explained(after: &AfterCredits, bill: &MonthlyBill, position: &Position) -> String {
    let mut said =
        format!("{} is the first whole month after credits have stopped covering the bill.", words::month(bill.month));
    if let (Some(step), Some(before)) = (after.step(), after.before) {
        said.push_str(&format!(
            " Its cash is {} more than that of {}, the last month covered to its end.",
            usd_text(step),
            words::month(before.month)
        ));
    }
    if let Some(it) = position.exposure {
        said.push_str(&format!(
            " The {}-day exposure is the cash for all usage from {}, counted from the middle day of exhaustion whenever \
             credits really end: median {}, 80 % chance of {} to {}.",
            it.days,
            words::days(DayRange::new(it.from, plus_days(it.from, it.days))),
            usd_text(it.p50),
            usd_text(it.p10),
            usd_text(it.p90)
        ));
    }
    said
}

fn sums(bill: &MonthlyBill) -> Table {
    let columns = [Column::text("of", "Part"), Column::number("amount", "Amount")];
    let row = |label: &str, amount| vec![Cell::text(label), amount];
    Table::new("first_full_bill", "What it consists of", columns)
        .rows([
            row("Usage and fees", Cell::Forecast(bill.gross)),
            row("Paid by credit", Cell::Forecast(-bill.covered)),
            row("Tax", Cell::forecast_or(bill.tax, "unknown")),
        ])
        .total(row("Cash", Cell::Forecast(bill.cash)))
}

fn lines(bill: &MonthlyBill) -> Table {
    let row = |service: &str, workload: Cell, model: Option<&str>, gross: Money, covered: Money| {
        let model = model.map_or(Cell::Absent(""), Cell::text);
        let amounts = [gross, covered, gross - covered].map(Cell::Forecast);
        [Cell::text(service), workload, model].into_iter().chain(amounts).collect()
    };
    let of = |line: &BillLine| {
        let workload = Cell::text(line.workload.label());
        row(&line.service, workload, line.model.as_deref(), line.gross, line.covered)
    };
    let mut rows: Vec<Vec<Cell>> = bill.lines.iter().map(of).collect();
    let listed = |pick: fn(&BillLine) -> Money| bill.lines.iter().map(pick).sum::<Money>();
    let (rest, rest_covered) = (bill.gross - listed(|line| line.gross), bill.covered - listed(|line| line.covered));
    if !rest.is_zero() || !rest_covered.is_zero() {
        rows.push(row("Support and rounding", Cell::Absent(""), None, rest, rest_covered));
    }
    let totals = [bill.gross, bill.covered, bill.gross - bill.covered].map(Cell::Forecast);
    let words = [Cell::text("Total before tax"), Cell::Absent(""), Cell::Absent("")];
    let columns = [
        Column::text("service", "Service"),
        Column::text("workload", "Workload"),
        Column::text("model", "Model").optional(),
        Column::number("gross", "Usage"),
        Column::number("covered", "Paid by credit"),
        Column::number("cash", "Cash before tax"),
    ];
    Table::new("first_full_bill_lines", "By service and model", columns)
        .rows(rows)
        .total(words.into_iter().chain(totals))
}

/// The section; `None` before the first outlook.
pub(super) fn assumptions(position: &Position) -> Option<Section> {
    let made = position.outlook_made_with.as_ref()?;
    let tax = made.tax_rate.map_or("Tax is not counted, since its rate is unknown.".to_owned(), |rate| {
        format!("What credit does not pay is taxed at {} %.", (rate * rust_decimal::Decimal::ONE_HUNDRED).normalize())
    });
    let text = format!(
        "The odds are read from {} random paths, which seed {} makes the same again, each replayed against the credits. {tax}",
        made.paths, made.seed
    );
    let mut blocks = vec![Block::Text(text)];
    if !made.workloads.is_empty() {
        blocks.push(Block::Table(methods(&made.workloads)));
    }
    Some(Section { id: "outlook-assumptions", title: "What the outlook assumes".to_owned(), blocks })
}

fn methods(workloads: &[Basis]) -> Table {
    let row = |basis: &Basis| {
        let method = match basis.voice {
            Voice::Combination => "median of a run rate and three weekly trends",
            Voice::PlainRate => "average of the last 7 days goes on",
            Voice::Level => "average since the level last changed",
            Voice::Cadence => "past occurrences at their cadence",
            Voice::Growth => "growth goes on for a while, then stops",
            Voice::Bursts => "past runs and pauses are repeated",
        };
        vec![
            Cell::text(basis.workload.label()),
            Cell::text(method),
            Cell::Count(basis.known_days as u64),
            if basis.trials == 0 { Cell::Absent("not judged") } else { Cell::Count(basis.trials as u64) },
            Cell::text(if basis.by_plan { "the filed projection" } else { "its own past" }),
        ]
    };
    let columns = [
        Column::text("workload", "Workload"),
        Column::text("method", "Method"),
        Column::number("known_days", "Days known"),
        Column::number("trials", "Past forecasts judged"),
        Column::text("growth", "Growth from"),
    ];
    Table::new("outlook_methods", "Forecast method by workload", columns).rows(workloads.iter().map(row))
}
