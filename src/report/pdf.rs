//! A document as a PDF, set by Typst from the template in `dashboards/`.
//!
//! Invariants: the document reaches the template as data (a JSON file and the charts as SVG files), never as markup, so
//! that no name can be read as an instruction; the typesetter sees no other file, no package, no font of the machine
//! and no clock; the same document gives the same bytes. The file is tagged and claims PDF/UA-1.

mod press;
mod tables;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chart;
use super::document::{Block, Chart, Document, PreparedBy, Section};
use super::kind::{Format, ReportError};
pub(super) use press::draw;
pub use press::forget;
use press::{DOCUMENT, LACKING, Order, known};
use tables::{SIDE, SMALLEST, Setting, TURNED_SIDE, shown};

const CHART_STYLE: &str = include_str!("../../dashboards/chart.css");

/// All that there is to set of a document. It travels as JSON, so that another process can set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typesetting {
    /// The document's text as JSON, and its charts as SVG, by name.
    files: BTreeMap<String, String>,
    /// The logo's name and its bytes in Base64, where there is one.
    logo: Option<(String, String)>,
    /// The document's clock.
    as_of: DateTime<Utc>,
}

impl Typesetting {
    /// What is to set of `document`.
    pub fn of(document: &Document) -> Typesetting {
        let charts = (1..).zip(document.charts());
        let mut files: BTreeMap<String, String> =
            charts.map(|(number, it)| (chart_name(number), known(&chart::file(it, CHART_STYLE)))).collect();
        files.insert(DOCUMENT.to_owned(), to_data(document).to_string());
        let logo = document.prepared_by.as_ref().and_then(|by| by.logo.as_ref());
        let logo = logo.map(|logo| (logo.file_name().to_owned(), logo.base64()));
        Typesetting { files, logo, as_of: document.as_of }
    }

    /// Sets it: the bytes of the file.
    ///
    /// # Errors
    /// [`ReportError::NotRendered`] with what the typesetter said, in a line.
    pub fn set(&self) -> Result<Vec<u8>, ReportError> {
        let set = Order::new(&self.files, self.logo.as_ref(), self.as_of).and_then(|order| order.set());
        set.map_err(|reason| ReportError::NotRendered { format: Format::Pdf, reason })
    }
}

fn chart_name(number: usize) -> String {
    format!("chart-{number}.svg")
}

/// The document as the template reads it: everything as it is shown.
fn to_data(document: &Document) -> Value {
    let mut charts = 0;
    let sections: Vec<Value> = document.sections.iter().map(|it| section(it, &mut charts)).collect();
    let mut notes: Vec<String> = document.notes.iter().map(|it| known(it)).collect();
    let lacking =
        document.tables().flat_map(|it| &it.rows).flat_map(|row| &row.cells).any(|cell| shown(cell).contains(LACKING));
    if lacking {
        notes.push(format!(
            "{LACKING} stands for a character that this document's fonts lack; the other forms hold it."
        ));
    }
    let about = document.about.iter().map(|it| json!([it.label, shown(&it.value)]));
    json!({
        "kind": document.kind,
        "title": known(&document.title),
        "author": known(author(document)),
        "dateline": known(&document.dateline()),
        "currency": known(&document.currency),
        "paper": { "side": SIDE, "turned_side": TURNED_SIDE, "smallest": SMALLEST },
        "prepared_by": document.prepared_by.as_ref().map(prepared_by),
        "about": about.collect::<Vec<_>>(),
        "summary": document.summary.iter().map(|it| known(it)).collect::<Vec<_>>(),
        "figures": document.figures.iter().map(|it| json!({
            "label": known(&it.label), "value": shown(&it.value), "detail": known(&it.detail),
        })).collect::<Vec<_>>(),
        "findings": document.findings.iter().map(|it| json!({
            "severity": it.severity.as_str(), "urgency": it.urgency(), "since": it.since_shown(),
            "summary": known(&it.summary), "reason": known(&it.reason),
        })).collect::<Vec<_>>(),
        "sections": sections,
        "notes": notes,
    })
}

/// Who made it, or whose it is.
fn author(document: &Document) -> &str {
    let partner = document.prepared_by.as_ref().map(|by| by.name.as_str());
    partner.or(document.customer.as_deref()).unwrap_or("glidepath")
}

fn section(section: &Section, charts: &mut usize) -> Value {
    let tables = section.blocks.iter().filter_map(|block| if let Block::Table(it) = block { Some(it) } else { None });
    let mut upright: Vec<Option<Setting>> = tables.map(tables::upright).collect();
    let is_turned = upright.iter().any(Option::is_none);
    let mut upright = upright.drain(..);
    let blocks = section.blocks.iter().map(|block| match block {
        Block::Text(text) => json!({ "is": "text", "text": known(text) }),
        Block::Table(it) => {
            let setting = upright.next().flatten().filter(|_| !is_turned);
            setting.unwrap_or_else(|| tables::turned(it)).data(it)
        }
        Block::Chart(it) => {
            *charts += 1;
            picture(it, *charts)
        }
    });
    json!({
        "id": section.id, "title": known(&section.title), "blocks": blocks.collect::<Vec<_>>(), "turned": is_turned,
    })
}

fn prepared_by(by: &PreparedBy) -> Value {
    json!({ "name": known(&by.name), "logo": by.logo.as_ref().map(|logo| logo.file_name()) })
}

fn picture(chart: &Chart, number: usize) -> Value {
    let legend = chart::legend(chart).into_iter();
    json!({
        "is": "chart",
        "title": known(&chart.title),
        "description": known(&chart.description),
        "file": chart_name(number),
        "legend": legend.map(|it| json!({ "class": it.class, "label": known(&it.label) })).collect::<Vec<_>>(),
    })
}
