//! A proof of concept: what it was to show, what it has shown, what it cost, and what followed on it.

use chrono::NaiveDate;

use super::document::{Block, Cell, Column, Document, Figure, Section, Table};
use super::partner::{self, Partner};
use super::{Audience, ReportKind, as_filed, words};
use crate::domain::credit::programme::Programme;
use crate::domain::filing::filing_ref::{FiledApplication, FilingRef};
use crate::domain::filing::variance::Variance;
use crate::domain::position::Position;
use crate::domain::values::money::Money;
use crate::domain::values::period::{BillingPeriod, plus_days};
use crate::domain::values::words::{ended_text, usd_text};

/// Builds the report.
pub(super) fn build(position: &Position, partner: Option<&Partner>, audience: &Audience) -> Document {
    let concepts = concepts(position);
    Document {
        summary: summary(position, &concepts, audience),
        figures: figures(&concepts),
        sections: sections(&concepts, partner),
        notes: if concepts.is_empty() { Vec::new() } else { notes() },
        ..Document::new(ReportKind::Poc, position)
    }
}

/// A record that is a proof of concept, with its spend.
struct Concept<'a> {
    filed: &'a FiledApplication,
    rows: Vec<&'a Variance>,
    /// Last month that it runs in; `None` while its end is not filed.
    last_month: Option<BillingPeriod>,
    through: Option<NaiveDate>,
}

/// True if the record is a proof of concept.
pub(super) fn is_one(filed: &FiledApplication) -> bool {
    filed.poc.is_some() || filed.programme == Programme::BedrockPoc
}

fn concepts(position: &Position) -> Vec<Concept<'_>> {
    let applications = position.filing.iter().flat_map(|filing: &FilingRef| &filing.applications);
    let of = |filed| {
        let FiledApplication { record, poc, expires_on, .. }: &FiledApplication = filed;
        let ends_on = poc.as_ref().and_then(|poc| poc.ends_on).or(expires_on.map(|day| plus_days(day, -1)));
        Concept {
            filed,
            rows: position.variance.iter().filter(|row| row.record == *record).collect(),
            last_month: ends_on.map(BillingPeriod::of),
            through: position.data_through,
        }
    };
    applications.filter(|it| is_one(it)).map(of).collect()
}

/// A month after the end, as promised and as billed.
struct After {
    month: BillingPeriod,
    spent: Money,
    whole: bool,
}

impl Concept<'_> {
    fn during(&self, of: fn(&Variance) -> Money) -> Money {
        let in_time = |row: &&&Variance| self.last_month.is_none_or(|last| row.month <= last);
        self.rows.iter().filter(in_time).map(|row| of(row)).sum()
    }

    /// The months after its end that have begun.
    fn after(&self) -> Vec<After> {
        let (Some(last), Some(through)) = (self.last_month, self.through) else { return Vec::new() };
        let newest = BillingPeriod::of(through);
        let month = |step| {
            let month = last.plus_months(step);
            let spent = self.rows.iter().filter(|row| row.month == month).map(|row| row.actual).sum();
            After { month, spent, whole: month < newest || plus_days(through, 1) == month.next().first_day() }
        };
        (1..=newest.months_since(last)).map(month).collect()
    }

    fn promised(&self) -> Option<Money> {
        self.filed.poc.as_ref()?.then_usd_per_month
    }

    fn outcome(&self) -> Option<&str> {
        self.filed.poc.as_ref()?.outcome.as_deref()
    }
}

fn summary(position: &Position, concepts: &[Concept<'_>], audience: &Audience) -> Vec<String> {
    if position.filing.is_none() {
        return vec![words::NOTHING_FILED.to_owned()];
    }
    if concepts.is_empty() {
        let said = match audience {
            Audience::Owner => {
                "No proof of concept is filed. A record is one with a table poc, or with programme = \"bedrock-poc\"."
            }
            Audience::Partner { .. } => "None of the records that are shared with you is a proof of concept.",
        };
        return vec![said.to_owned()];
    }
    concepts.iter().flat_map(said).collect()
}

fn said(it: &Concept<'_>) -> Vec<String> {
    let (filed, spent) = (it.during(|row| row.projected), it.during(|row| row.actual));
    let record = &it.filed.record;
    let of_award = it.filed.granted_usd.or(it.filed.asked_usd).map_or(String::new(), |usd| {
        let which = if it.filed.granted_usd.is_some() { "granted" } else { "asked for" };
        format!(", and {} {which}", usd_text(usd))
    });
    let mut said = vec![format!("{record}: {} spent, {} filed to date{of_award}.", usd_text(spent), usd_text(filed))];
    said.push(match it.outcome() {
        Some(outcome) => format!("{record}: outcome as filed: {}", ended_text(outcome)),
        None => format!("{record}: its outcome is not filed yet."),
    });
    let whole: Vec<After> = it.after().into_iter().filter(|after| after.whole).collect();
    said.extend(it.promised().map(|promised| match whole.last() {
        Some(newest) => format!(
            "{record}: {} a month was promised for afterwards; {} spent {}.",
            usd_text(promised),
            words::month(newest.month),
            usd_text(newest.spent)
        ),
        None => format!(
            "{record}: {} a month is promised for afterwards; no whole month after it is billed yet.",
            usd_text(promised)
        ),
    }));
    said
}

fn figures(concepts: &[Concept<'_>]) -> Vec<Figure> {
    if concepts.is_empty() {
        return Vec::new();
    }
    let sum = |of: fn(&Variance) -> Money| concepts.iter().map(|it| it.during(of)).sum::<Money>();
    let figure = |key, label: &str, value, detail: &str| Figure {
        key,
        label: label.to_owned(),
        value: Cell::Money(value),
        detail: detail.to_owned(),
    };
    vec![
        figure("spent", "Spent on the proof", sum(|row| row.actual), "to its end, before credit and tax"),
        figure("filed", "Filed for it", sum(|row| row.projected), "to its end, pro-rated to date"),
    ]
}

fn sections(concepts: &[Concept<'_>], partner: Option<&Partner>) -> Vec<Section> {
    if concepts.is_empty() {
        return Vec::new();
    }
    let applications: Vec<FiledApplication> = concepts.iter().map(|it| it.filed.clone()).collect();
    let mut sections: Vec<Section> = as_filed::of_records(None, &applications).into_iter().collect();
    sections.extend(partner::section(partner));
    sections.push(Section {
        id: "poc-spend",
        title: "Spend, filed and actual".to_owned(),
        blocks: vec![Block::Table(spend(concepts))],
    });
    let after = after(concepts);
    if !after.rows.is_empty() {
        sections.push(Section {
            id: "poc-after",
            title: "Consumption afterwards, promised and actual".to_owned(),
            blocks: vec![Block::Table(after)],
        });
    }
    sections
}

fn spend(concepts: &[Concept<'_>]) -> Table {
    let rows = concepts.iter().flat_map(|it| {
        let in_time = |row: &&&Variance| it.last_month.is_none_or(|last| row.month <= last);
        it.rows.iter().filter(in_time).map(|row| {
            vec![
                Cell::Month(row.month),
                Cell::text(&row.record),
                Cell::text(row.model.clone().unwrap_or_else(|| row.workload.label().to_owned())),
                Cell::Money(row.projected),
                Cell::Money(row.actual),
                Cell::Money(row.amount),
            ]
        })
    });
    let sum = |of: fn(&Variance) -> Money| Cell::Money(concepts.iter().map(|it| it.during(of)).sum());
    let columns = [
        Column::text("month", "Month"),
        Column::text("record", "Record"),
        Column::text("of", "Model or workload"),
        Column::number("projected", "Filed"),
        Column::number("actual", "Actual"),
        Column::number("amount", "Difference"),
    ];
    Table::new("poc_spend", "By month, before credit and tax", columns).rows(rows).total([
        Cell::text("In all"),
        Cell::Absent(""),
        Cell::Absent(""),
        sum(|row| row.projected),
        sum(|row| row.actual),
        sum(|row| row.amount),
    ])
}

fn after(concepts: &[Concept<'_>]) -> Table {
    let rows = concepts.iter().flat_map(|it| {
        it.after().into_iter().map(|after| {
            vec![
                Cell::Month(after.month),
                Cell::text(&it.filed.record),
                Cell::money_or(it.promised(), "not filed"),
                Cell::Money(after.spent),
                Cell::text(if after.whole { "" } else { "to date" }),
            ]
        })
    });
    let columns = [
        Column::text("month", "Month"),
        Column::text("record", "Record"),
        Column::number("promised", "Promised a month"),
        Column::number("actual", "Actual"),
        Column::text("part", "").optional(),
    ];
    Table::new("poc_after", "Months after the proof's end", columns).rows(rows)
}

fn notes() -> Vec<String> {
    vec![
        "Spend is what the record's own lines claim of the bill, of whole months: the month in which the proof ends counts as its \
         own."
            .to_owned(),
        words::ROUNDING.to_owned(),
    ]
}
