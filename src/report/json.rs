//! A document as JSON: amounts and quantities are exact strings, days ISO, absent is null. A table is a list of
//! objects under its columns' keys, its totals apart from its rows; charts are given by day, as data. `sections` says in which
//! order a person reads them, and what is said in between.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::document::{Block, Cell, Chart, Document, Plot, Section, Table};

/// The keys in the order in which a person would read them.
#[derive(Serialize)]
struct Body<'a> {
    kind: &'a str,
    title: &'a str,
    as_of: String,
    data_through: Option<String>,
    currency: &'a str,
    prepared_by: Option<&'a str>,
    about: BTreeMap<&'a str, Option<String>>,
    summary: &'a [String],
    figures: BTreeMap<&'a str, Value>,
    findings: Vec<Value>,
    sections: Vec<SectionBody<'a>>,
    tables: BTreeMap<&'a str, TableBody<'a>>,
    charts: BTreeMap<&'a str, Value>,
    notes: &'a [String],
}

/// Tables and charts by their ids, each list in the order in which they are read.
#[derive(Serialize)]
struct SectionBody<'a> {
    id: &'a str,
    title: &'a str,
    texts: Vec<&'a str>,
    tables: Vec<&'a str>,
    charts: Vec<&'a str>,
}

#[derive(Serialize)]
struct TableBody<'a> {
    title: &'a str,
    columns: Vec<Value>,
    rows: Vec<BTreeMap<&'a str, Option<String>>>,
    totals: Vec<BTreeMap<&'a str, Option<String>>>,
}

/// Renders the file.
pub(super) fn render(document: &Document) -> Vec<u8> {
    let figure =
        |value: &Cell, label: &str, detail: &str| json!({ "value": value.exact(), "label": label, "detail": detail });
    let body = Body {
        kind: document.kind,
        title: &document.title,
        as_of: document.as_of.to_rfc3339(),
        data_through: document.data_through.map(|day| day.to_string()),
        currency: &document.currency,
        prepared_by: document.prepared_by.as_ref().map(|by| by.name.as_str()),
        about: document.about.iter().map(|it| (it.key, it.value.exact())).collect(),
        summary: &document.summary,
        figures: document.figures.iter().map(|it| (it.key, figure(&it.value, &it.label, &it.detail))).collect(),
        findings: document
            .findings
            .iter()
            .map(|it| {
                json!({
                    "severity": it.severity.as_str(), "since": it.since.to_string(),
                    "summary": it.summary, "reason": it.reason,
                })
            })
            .collect(),
        sections: document.sections.iter().map(section).collect(),
        tables: document.tables().map(|table| (table.id, table_body(table))).collect(),
        charts: document.charts().map(|it| (it.id.as_str(), chart(it))).collect(),
        notes: &document.notes,
    };
    let mut bytes = serde_json::to_vec_pretty(&body).expect("strings under string keys always serialize");
    bytes.push(b'\n');
    bytes
}

fn section(section: &Section) -> SectionBody<'_> {
    let mut body = SectionBody {
        id: section.id,
        title: &section.title,
        texts: section.texts().collect(),
        tables: Vec::new(),
        charts: Vec::new(),
    };
    for block in &section.blocks {
        match block {
            Block::Text(_) => {}
            Block::Table(table) => body.tables.push(table.id),
            Block::Chart(chart) => body.charts.push(&chart.id),
        }
    }
    body
}

fn table_body(table: &Table) -> TableBody<'_> {
    let rows = |total: bool| {
        let chosen = table.rows.iter().filter(|row| row.is_total() == total);
        chosen
            .map(|row| table.columns.iter().map(|it| it.key).zip(row.cells.iter().map(Cell::exact)).collect())
            .collect()
    };
    TableBody {
        title: &table.title,
        columns: table.columns.iter().map(|it| json!({ "key": it.key, "title": it.title })).collect(),
        rows: rows(false),
        totals: rows(true),
    }
}

fn chart(chart: &Chart) -> Value {
    let mut value = json!({ "title": chart.title, "description": chart.description });
    match &chart.plot {
        Plot::Days(plot) => {
            value["lines"] = plot
                .lines
                .iter()
                .map(|it| json!({ "label": it.label, "tone": it.tone.name(), "points": it.points }))
                .collect();
            value["bands"] = plot
                .bands
                .iter()
                .map(|it| json!({ "label": it.label, "tone": it.tone.name(), "points": it.points }))
                .collect();
            value["marks"] = plot.marks.iter().map(|it| json!({ "day": it.day, "label": it.label })).collect();
        }
        Plot::Months(plot) => {
            value["months"] = json!(plot.months);
            value["layers"] = plot
                .layers
                .iter()
                .map(|it| json!({ "label": it.label, "tone": it.tone.name(), "amounts": it.amounts }))
                .collect();
            value["ranges_of_first_layer"] = json!(plot.whiskers);
        }
    }
    value
}
