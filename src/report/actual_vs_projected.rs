//! What was filed against what was spent: totals by month and by record, every line with its causes, and the
//! cumulative curves.
//!
//! Invariant: every total is the exact sum of the rows it stands for, taken from the same [`Variance`] rows.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::audience::OUTSIDE;
use super::document::{Block, Cell, Column, Document, Figure, Row, Section, Table};
use super::{ReportKind, curves, words};
use crate::domain::money::Money;
use crate::domain::period::BillingPeriod;
use crate::domain::position::{Causes, Position, Series, Variance};
use crate::domain::projection::UnpricedLine;

/// Builds the report.
pub(super) fn build(position: &Position, series: &Series) -> Document {
    Document {
        kind: ReportKind::ActualVsProjected.as_str(),
        title: ReportKind::ActualVsProjected.title().to_owned(),
        as_of: position.as_of,
        data_through: position.data_through,
        currency: position.currency.clone(),
        summary: summary(position),
        figures: figures(position),
        findings: Vec::new(),
        sections: sections(position, series),
        notes: notes(position),
    }
}

/// Projected, actual, and the causes of the difference, added up.
#[derive(Debug, Clone, Default)]
struct Totals {
    projected: Money,
    actual: Money,
    causes: Causes,
}

impl Totals {
    fn of<'a>(rows: impl IntoIterator<Item = &'a Variance>) -> Self {
        let mut totals = Totals::default();
        for row in rows {
            totals.add(row);
        }
        totals
    }

    fn add(&mut self, row: &Variance) {
        self.projected += row.projected;
        self.actual += row.actual;
        let (sum, part) = (&mut self.causes, &row.causes);
        sum.volume += part.volume;
        sum.mix += part.mix;
        sum.price += part.price;
        sum.cache += part.cache;
        sum.batch += part.batch;
        sum.routing += part.routing;
        sum.other += part.other;
    }

    fn amount(&self) -> Money {
        self.actual - self.projected
    }

    /// One digit, as in the rows; none where nothing was planned.
    fn percent(&self) -> Option<Decimal> {
        let ratio = self.amount().ratio(self.projected)?;
        Some((ratio * Decimal::ONE_HUNDRED).round_dp(1))
    }

    fn cells(&self) -> [Cell; 4] {
        [
            Cell::Money(self.projected),
            Cell::Money(self.actual),
            Cell::Money(self.amount()),
            Cell::percent_or(self.percent(), "no plan"),
        ]
    }
}

fn summary(position: &Position) -> Vec<String> {
    if position.data_through.is_none() {
        return vec![format!("{}.", words::headline(position))];
    }
    if position.filing.is_none() {
        return vec![words::NOTHING_FILED.to_owned()];
    }
    if position.variance.is_empty() {
        return vec![
            "There is nothing to compare yet: no filed month has begun, or none of these records is filed.".to_owned(),
        ];
    }
    let totals = Totals::of(&position.variance);
    let mut sentences = vec![format!(
        "{} was spent where {} was projected: {}.",
        totals.actual.dollars(),
        totals.projected.dollars(),
        words::over_or_under(totals.amount(), totals.percent())
    )];
    sentences.extend(main_cause(&totals));
    sentences.extend(outside(position));
    sentences
}

/// The cause that explains most, in either direction.
fn main_cause(totals: &Totals) -> Option<String> {
    let causes = named_causes(&totals.causes);
    // `max_by_key` takes the last of equals; the order of causes then decides, which is as good and always the same.
    let (name, amount) = causes.into_iter().max_by_key(|(_, amount)| amount.abs())?;
    let direction = if amount.is_negative() { "lowers" } else { "raises" };
    (!amount.is_zero())
        .then(|| format!("The largest single cause is {name}, which {direction} spend by {}.", amount.abs().dollars()))
}

fn named_causes(causes: &Causes) -> [(&'static str, Money); 7] {
    [
        ("volume", causes.volume),
        ("the mix of models", causes.mix),
        ("price", causes.price),
        ("caching", causes.cache),
        ("the share of batch", causes.batch),
        ("routing", causes.routing),
        ("what the filed drivers do not explain", causes.other),
    ]
}

fn outside(position: &Position) -> Option<String> {
    let rows: Vec<&Variance> = position.variance.iter().filter(|row| row.record == OUTSIDE).collect();
    let spent = Totals::of(rows.iter().copied()).actual;
    (!rows.is_empty()).then(|| format!("{} of it lies outside the filing: no filed record claims it.", spent.dollars()))
}

fn figures(position: &Position) -> Vec<Figure> {
    if position.variance.is_empty() {
        return Vec::new();
    }
    let totals = Totals::of(&position.variance);
    let outside = Totals::of(position.variance.iter().filter(|row| row.record == OUTSIDE));
    let figure = |key, label: &str, value, detail: &str| Figure {
        key,
        label: label.to_owned(),
        value,
        detail: detail.to_owned(),
    };
    let mut figures = vec![
        figure("projected", "Projected", Cell::Money(totals.projected), "filed, pro-rated to date"),
        figure("actual", "Actual", Cell::Money(totals.actual), "before credit and tax"),
        figure("difference", "Difference", Cell::Money(totals.amount()), "actual less projected"),
        figure("percent", "Against plan", Cell::percent_or(totals.percent(), "no plan"), "of the projection"),
    ];
    if !outside.actual.is_zero() {
        figures.push(figure("outside", "Outside the filing", Cell::Money(outside.actual), "no record claims it"));
    }
    figures
}

/// The part that the page and the funding pack show too.
pub(super) fn sections(position: &Position, series: &Series) -> Vec<Section> {
    let mut sections = vec![Section {
        id: "actual-vs-filed",
        title: "Actual against filed".to_owned(),
        blocks: overview(position, series),
    }];
    if !position.variance.is_empty() {
        sections.push(Section {
            id: "variance-lines",
            title: "Line by line".to_owned(),
            blocks: vec![Block::Table(lines(position))],
        });
    }
    sections
}

fn overview(position: &Position, series: &Series) -> Vec<Block> {
    let Some(filing) = &position.filing else {
        let mut blocks = vec![Block::Text(words::NOTHING_FILED.to_owned())];
        blocks.extend(curves::cumulative(position, series).map(Block::Chart));
        return blocks;
    };
    let mut blocks = vec![Block::Text(format!(
        "Compared with version {} of the filing, filed on {}, content hash {}.",
        filing.version,
        words::day(filing.filed_on),
        filing.content_hash
    ))];
    let unpriced = |line: &UnpricedLine| {
        let UnpricedLine { record, what, reason, since } = line;
        Block::Text(format!("Record {record} plans {what} from {since}, which is in no planned figure: {reason}."))
    };
    blocks.extend(filing.unpriced.iter().map(unpriced));
    blocks.extend(curves::cumulative(position, series).map(Block::Chart));
    if !position.variance.is_empty() {
        blocks.push(Block::Table(by_month(position)));
        blocks.push(Block::Table(by_record(position)));
    }
    blocks
}

const COMPARED: [Column; 4] = [
    Column::number("projected", "Projected"),
    Column::number("actual", "Actual"),
    Column::number("amount", "Difference"),
    Column::number("percent", "Percent"),
];

fn by_month(position: &Position) -> Table {
    let mut months: BTreeMap<BillingPeriod, Totals> = BTreeMap::new();
    for row in &position.variance {
        months.entry(row.month).or_default().add(row);
    }
    let mut rows: Vec<Row> = months
        .iter()
        .map(|(month, totals)| {
            let mut cells = vec![Cell::Month(*month), Cell::text(extent(position, *month))];
            cells.extend(totals.cells());
            Row::new(cells)
        })
        .collect();
    let mut cells = vec![Cell::text("Total"), Cell::Absent("")];
    cells.extend(Totals::of(&position.variance).cells());
    rows.push(Row::total(cells));
    let mut columns = vec![Column::text("month", "Month"), Column::text("days", "Days")];
    columns.extend(COMPARED);
    Table { id: "variance_by_month", title: "By month".to_owned(), columns, rows }
}

fn by_record(position: &Position) -> Table {
    let mut records: BTreeMap<&str, Totals> = BTreeMap::new();
    for row in &position.variance {
        records.entry(&row.record).or_default().add(row);
    }
    let mut rows: Vec<Row> = records
        .iter()
        .map(|(record, totals)| {
            let mut cells = vec![Cell::text(*record)];
            cells.extend(totals.cells());
            Row::new(cells)
        })
        .collect();
    let mut cells = vec![Cell::text("Total")];
    cells.extend(Totals::of(&position.variance).cells());
    rows.push(Row::total(cells));
    let mut columns = vec![Column::text("record", "Record")];
    columns.extend(COMPARED);
    Table { id: "variance_by_record", title: "By record of the filing".to_owned(), columns, rows }
}

/// Whether a month is whole, or to which day it runs.
fn extent(position: &Position, month: BillingPeriod) -> String {
    match position.data_through {
        Some(through) if month.range().contains(through) && through.succ_opt() != Some(month.next().first_day()) => {
            format!("month to date, through {}", words::day(through))
        }
        _ => "full month".to_owned(),
    }
}

fn lines(position: &Position) -> Table {
    let mut sorted: Vec<&Variance> = position.variance.iter().collect();
    sorted.sort_by_key(|row| (row.month, &row.record, row.workload, &row.model));
    let mut rows: Vec<Row> = sorted.iter().map(|row| line(position, row)).collect();
    let totals = Totals::of(sorted);
    let mut cells = vec![Cell::text("Total"), Cell::Absent(""), Cell::Absent(""), Cell::Absent(""), Cell::Absent("")];
    cells.extend(totals.cells());
    cells.extend(cause_cells(&totals.causes));
    rows.push(Row::total(cells));
    let mut columns = vec![
        Column::text("month", "Month"),
        Column::text("days", "Days").optional(),
        Column::text("record", "Record"),
        Column::text("workload", "Workload"),
        Column::text("model", "Model").optional(),
    ];
    columns.extend(COMPARED);
    columns.extend([
        Column::number("volume", "Volume").optional(),
        Column::number("mix", "Mix").optional(),
        Column::number("price", "Price").optional(),
        Column::number("cache", "Cache").optional(),
        Column::number("batch", "Batch").optional(),
        Column::number("routing", "Routing").optional(),
        Column::number("other", "Other").optional(),
    ]);
    Table { id: "variance", title: "Every line with its causes".to_owned(), columns, rows }
}

fn line(position: &Position, row: &Variance) -> Row {
    let partial = extent(position, row.month) != "full month";
    let mut cells = vec![
        Cell::Month(row.month),
        if partial { Cell::text("to date") } else { Cell::Absent("") },
        Cell::text(&row.record),
        Cell::text(row.workload.label()),
        row.model.as_ref().map_or(Cell::Absent(""), Cell::text),
        Cell::Money(row.projected),
        Cell::Money(row.actual),
        Cell::Money(row.amount),
        Cell::percent_or(row.percent, "no plan"),
    ];
    cells.extend(cause_cells(&row.causes));
    Row::new(cells)
}

fn cause_cells(causes: &Causes) -> [Cell; 7] {
    named_causes(causes).map(|(_, amount)| Cell::Money(amount))
}

fn notes(position: &Position) -> Vec<String> {
    let mut notes = vec![words::ROUNDING.to_owned()];
    if !position.variance.is_empty() {
        notes
            .push("The newest month runs to the last complete day; its plan is pro-rated by complete days.".to_owned());
        notes.push(
            "Causes of a line add up to its difference exactly. Tables for reading leave out a cause \
             that is zero on every line."
                .to_owned(),
        );
        notes.push("Actual is the cost of usage before credit, refund and tax, as AWS bills it.".to_owned());
    }
    notes
}
