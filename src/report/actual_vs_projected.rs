//! What was filed against what was spent: totals and causes, the cumulative curves, what a reviewer asks, and every line.

use super::audience::OUTSIDE;
use super::document::{Block, Cell, Document, Figure, Section};
use super::variance::Totals;
use super::{ReportKind, as_filed, curves, review, usage, variance, words};
use crate::domain::filing::variance::Variance;
use crate::domain::position::Position;
use crate::domain::position::series::Series;

/// Builds the report.
pub(super) fn build(position: &Position, series: &Series) -> Document {
    Document {
        summary: summary(position),
        figures: figures(position),
        sections: sections(position, series).into_iter().chain(as_filed::section(position)).collect(),
        notes: notes(position),
        ..Document::new(ReportKind::ActualVsProjected, position)
    }
}

pub(super) fn summary(position: &Position) -> Vec<String> {
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
    sentences.extend(review::summary(position));
    sentences
}

/// The cause that explains most, in either direction.
fn main_cause(totals: &Totals) -> Option<String> {
    let (name, amount) = totals.largest_cause()?;
    let direction = if amount.is_negative() { "lowers" } else { "raises" };
    Some(format!("The largest single cause, {name}, {direction} spend by {}.", amount.abs().dollars()))
}

fn outside(position: &Position) -> Option<String> {
    let rows: Vec<&Variance> = position.variance.iter().filter(|row| row.record == OUTSIDE).collect();
    let spent = Totals::of(rows.iter().copied()).actual;
    (!rows.is_empty()).then(|| {
        format!("Of all that was spent, {} lies outside the filing: no filed record claims it.", spent.dollars())
    })
}

pub(super) fn figures(position: &Position) -> Vec<Figure> {
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
        figure(
            "percent",
            "Against plan",
            Cell::percent_or(totals.percent(), "no plan"),
            if totals.amount().is_negative() { "less than projected to date" } else { "more than projected to date" },
        ),
    ];
    if !outside.actual.is_zero() {
        figures.push(figure("outside", "Outside the filing", Cell::Money(outside.actual), "no record claims it"));
    }
    figures.extend(review::figures(position));
    figures
}

/// The part that the page and the funding pack show too: the overview first, every line last.
pub(super) fn sections(position: &Position, series: &Series) -> Vec<Section> {
    let mut sections = vec![Section {
        id: "actual-vs-filed",
        title: "Actual against filed".to_owned(),
        blocks: overview(position, series),
    }];
    sections.extend(usage::section(position));
    sections.extend(review::sections(position));
    if !position.variance.is_empty() {
        sections.push(Section {
            id: LINES,
            title: "Line by line".to_owned(),
            blocks: vec![Block::Table(variance::by_line(position)), Block::Table(variance::lines(position))],
        });
    }
    sections
}

/// The section that holds every line.
pub(super) const LINES: &str = "variance-lines";

fn overview(position: &Position, series: &Series) -> Vec<Block> {
    let Some(filing) = &position.filing else {
        let mut blocks = vec![Block::Text(words::NOTHING_FILED.to_owned())];
        blocks.extend(curves::cumulative(position, series).map(Block::Chart));
        return blocks;
    };
    let (version, filed_on) = (filing.version, words::day(filing.filed_on));
    let mut blocks = vec![Block::Text(format!("Compared with version {version} of the filing, filed on {filed_on}."))];
    blocks.extend(filing.unpriced.iter().map(|line| Block::Text(format!("Of the filing, {line}."))));
    blocks.extend(curves::cumulative(position, series).map(Block::Chart));
    if !position.variance.is_empty() {
        blocks.push(Block::Table(variance::by_cause(position)));
        blocks.push(Block::Table(variance::by_month(position)));
        blocks.push(Block::Table(variance::by_record(position)));
    }
    blocks
}

fn notes(position: &Position) -> Vec<String> {
    let mut notes = vec![words::ROUNDING.to_owned()];
    if !position.variance.is_empty() {
        notes
            .push("The newest month runs to the last complete day; its plan is pro-rated by complete days.".to_owned());
        notes.push(
            "Causes of a line add up to its difference exactly. Each is its effect averaged over every order in which \
             the causes could have come about (Shapley values), so that no order is favoured. Tables for reading leave \
             out a cause that is zero on every line."
                .to_owned(),
        );
        notes.push("Actual is the cost of usage before credit, refund and tax, as AWS bills it.".to_owned());
    }
    notes.extend(words::missing_history(position));
    notes.extend(review::notes(position));
    notes
}
