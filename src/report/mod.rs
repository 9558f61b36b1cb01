//! Renders a position: one document model to HTML, CSV, JSON and Markdown, and the one page.
//!
//! Invariants: every format is made from the same [`Document`], so that formats cannot disagree; the same position,
//! series and audience give the same bytes, because nothing here reads a clock; an audience is applied before a
//! document is built, so that no renderer can show what its reader may not see.

mod actual_vs_projected;
mod after_credits;
pub mod audience;
mod chart;
mod chart_data;
mod csv;
mod curves;
pub mod document;
mod funding_pack;
mod html;
mod json;
mod markdown;
mod models;
mod page;
mod pools;
mod review;
mod sensitivity;
mod track_record;
mod trajectory;
mod variance;
mod words;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub use audience::Audience;
pub use document::Document;
pub use page::{Nav, NavAssets, NavLink, NavReport, WhatIfForm, models_in_use, page};

use crate::domain::position::{Position, Series};

/// The one stylesheet: inlined in reports, so that a saved file stands alone; inlined or linked by the page.
pub const STYLESHEET: &str = include_str!("../../dashboards/style.css");

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportKind {
    /// What was filed against what was spent.
    ActualVsProjected,
    /// When credits end, and the bill afterwards.
    Trajectory,
    /// Both, for the next funding conversation.
    FundingPack,
}

impl ReportKind {
    /// All kinds, in the order in which they are offered.
    pub const ALL: [ReportKind; 3] = [ReportKind::ActualVsProjected, ReportKind::Trajectory, ReportKind::FundingPack];

    /// The name on the command line and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            ReportKind::ActualVsProjected => "actual-vs-projected",
            ReportKind::Trajectory => "trajectory",
            ReportKind::FundingPack => "funding-pack",
        }
    }

    /// The title for people.
    pub const fn title(self) -> &'static str {
        match self {
            ReportKind::ActualVsProjected => "Actual against projected",
            ReportKind::Trajectory => "The bill after credits",
            ReportKind::FundingPack => "Funding pack",
        }
    }
}

/// A form that a report is rendered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One self-contained file with charts.
    Html,
    /// Tables for a spreadsheet, amounts with every digit.
    Csv,
    /// Everything, amounts as exact strings.
    Json,
    /// Text with tables, for chats, tickets and repositories.
    Markdown,
}

impl Format {
    /// All formats that are built.
    pub const ALL: [Format; 4] = [Format::Html, Format::Csv, Format::Json, Format::Markdown];

    /// The name on the command line, which is also the file extension.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Html => "html",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Markdown => "md",
        }
    }
}

/// A report that cannot be given, with what can.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReportError {
    /// No such kind.
    #[error("{0:?} is not a kind of report; there are actual-vs-projected, trajectory and funding-pack")]
    UnknownKind(String),
    /// A format that is planned.
    #[error("reports as {0} are not built yet; there are html, csv, json and md (print the HTML report to get a PDF)")]
    NotBuiltYet(String),
    /// No such format.
    #[error("{0:?} is not a report format; there are html, csv, json and md")]
    UnknownFormat(String),
}

impl fmt::Display for ReportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ReportKind {
    type Err = ReportError;

    fn from_str(text: &str) -> Result<Self, ReportError> {
        let found = ReportKind::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| ReportError::UnknownKind(text.to_owned()))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = ReportError;

    fn from_str(text: &str) -> Result<Self, ReportError> {
        if matches!(text, "pdf" | "xlsx") {
            return Err(ReportError::NotBuiltYet(text.to_owned()));
        }
        let found = Format::ALL.into_iter().find(|format| format.as_str() == text);
        found.ok_or_else(|| ReportError::UnknownFormat(text.to_owned()))
    }
}

/// Builds the document of a report, for `audience`.
///
/// ```
/// use glidepath::report::{self, Audience, Format, ReportKind};
/// # use glidepath::domain::position::*;
/// # let position = Position {
/// #     as_of: "2026-11-23T06:00:00Z".parse().unwrap(), data_through: None, currency: "USD".into(),
/// #     spend: Spend::default(), credits: Credits::default(), exhaustion: Exhaustion::default(), workloads: vec![],
/// #     coverage: vec![], variance: vec![], trajectory: vec![], findings: vec![],
/// #     data_quality: DataQuality::default(), outlook_basis: None, filing: None, review: Default::default(),
/// #     track_record: Default::default(), outlook_made_with: None, exposure: None,
/// #     uncovered: Default::default(), sensitivity: None,
/// # };
/// let document = report::build(ReportKind::FundingPack, &position, &Series::default(), &Audience::Owner);
/// let text = String::from_utf8(report::render(&document, Format::Markdown)).unwrap();
/// assert!(text.starts_with("# Funding pack"));
/// ```
pub fn build(kind: ReportKind, position: &Position, series: &Series, audience: &Audience) -> Document {
    let (position, series) = audience.scope(position, series);
    let mut document = match kind {
        ReportKind::ActualVsProjected => actual_vs_projected::build(&position, &series),
        ReportKind::Trajectory => trajectory::build(&position, &series),
        ReportKind::FundingPack => funding_pack::build(&position, &series),
    };
    document.notes.extend(audience.note());
    document
}

/// Renders a document as the bytes of a file.
pub fn render(document: &Document, format: Format) -> Vec<u8> {
    match format {
        Format::Html => html::render(document).into_bytes(),
        Format::Csv => csv::render(document),
        Format::Json => json::render(document),
        Format::Markdown => markdown::render(document).into_bytes(),
    }
}

/// The media type that goes with [`render`].
pub const fn content_type(format: Format) -> &'static str {
    match format {
        Format::Html => "text/html; charset=utf-8",
        Format::Csv => "text/csv; charset=utf-8; header=present",
        Format::Json => "application/json",
        Format::Markdown => "text/markdown; charset=utf-8",
    }
}

/// How often the odds of earlier outlooks held, in a sentence; `None` while no outlook is old enough.
pub fn track_record_sentence(position: &Position) -> Option<String> {
    track_record::sentence(position)
}

/// The trajectory as Markdown, for alerts on exhaustion, first cash and expiring credit.
pub fn alert_attachment(position: &Position, series: &Series) -> String {
    markdown::render(&build(ReportKind::Trajectory, position, series, &Audience::Owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in ReportKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
    }

    #[test]
    fn what_is_not_built_is_said_so() {
        for text in ["pdf", "xlsx"] {
            let message = text.parse::<Format>().unwrap_err().to_string();
            assert!(message.contains("not built yet") && message.contains("html, csv, json and md"), "{message}");
        }
        assert_eq!("HTML".parse::<Format>(), Err(ReportError::UnknownFormat("HTML".into())));
        assert_eq!("pack".parse::<ReportKind>(), Err(ReportError::UnknownKind("pack".into())));
    }
}
