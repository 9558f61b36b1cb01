//! Renders a position: one document model to HTML, PDF, XLSX, CSV, JSON and Markdown, and the one page.
//!
//! Invariants: every format is made from the same [`Document`], so that formats cannot disagree; the same position,
//! series and audience give the same bytes, because nothing here reads a clock; an audience is applied before a
//! document is built, so that no renderer can show what its reader may not see.

use glidepath_domain as domain;

mod actual_vs_projected;
mod after_credits;
mod as_filed;
mod ask;
pub mod audience;
mod chart;
mod chart_data;
mod csv;
mod curves;
pub mod document;
mod evidence;
mod file_name;
mod first_screen;
mod front;
mod funding_pack;
mod html;
mod json;
mod logo;
mod markdown;
mod models;
pub mod notice;
mod page;
mod partner;
#[cfg(feature = "pdf")]
mod pdf;
#[cfg(not(feature = "pdf"))]
#[path = "no_pdf.rs"]
mod pdf;
mod poc;
mod pools;
mod reconciliation;
mod review;
mod sensitivity;
mod track_record;
mod trajectory;
mod usage;
mod variance;
mod window_clock;
mod words;
mod xlsx;

use crate::domain::position::delisted;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

pub use audience::Audience;
pub use document::{Document, PreparedBy};
pub use front::{Front, offered};
pub use logo::{Logo, LogoError};
pub use page::{FilingForm, Nav, NavAssets, NavLink, NavReport, WhatIfForm, models_in_use, page};
pub use partner::{Commentary, Partner};
pub use pdf::Typesetting;
#[cfg(feature = "pdf")]
pub use pdf::forget as forget_typeset;
pub use words::day as short_day;

use crate::domain::credit::programme::{GENAI_TIER, Programme};
use crate::domain::credit::unlisted::AS_IF_NONE_LEFT;
use crate::domain::facts::evidence::Evidence;
use crate::domain::filing::ask::SizedFiling;
use crate::domain::position::Position;
use crate::domain::position::series::Series;
use crate::domain::values::words::all_names_text;
use document::{About, Cell};

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
    /// What a filing costs and supports, before any credit.
    Ask,
    /// Proofs of concept: what was promised, what came of it.
    Poc,
    /// What every figure rests on.
    Evidence,
}

impl ReportKind {
    /// All kinds, in the order in which they are offered.
    pub const ALL: [ReportKind; 6] = [
        ReportKind::ActualVsProjected,
        ReportKind::Trajectory,
        ReportKind::FundingPack,
        ReportKind::Ask,
        ReportKind::Poc,
        ReportKind::Evidence,
    ];

    /// The formats that it is made in. Evidence is for looking up, in hundreds of rows.
    pub const fn formats(self) -> &'static [Format] {
        match self {
            ReportKind::Evidence => &[Format::Xlsx, Format::Csv, Format::Json],
            _ => &Format::ALL,
        }
    }

    /// Itself, if it is made in `format`.
    ///
    /// # Errors
    /// [`ReportError::NotInFormat`].
    pub fn in_format(self, format: Format) -> Result<ReportKind, ReportError> {
        let made = self.formats().contains(&format);
        if made { Ok(self) } else { Err(ReportError::NotInFormat { kind: self, format }) }
    }

    /// The name on the command line and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            ReportKind::ActualVsProjected => "actual-vs-projected",
            ReportKind::Trajectory => "trajectory",
            ReportKind::FundingPack => "funding-pack",
            ReportKind::Ask => "ask",
            ReportKind::Poc => "poc",
            ReportKind::Evidence => "evidence",
        }
    }

    /// The title for people.
    pub const fn title(self) -> &'static str {
        match self {
            ReportKind::ActualVsProjected => "Actual against projected",
            ReportKind::Trajectory => "The bill after credits",
            ReportKind::FundingPack => "Funding pack",
            ReportKind::Ask => "The ask",
            ReportKind::Poc => "Proof of concept",
            ReportKind::Evidence => "Evidence",
        }
    }

    /// What it is, in a line for somebody who has not seen one.
    pub const fn purpose(self) -> &'static str {
        match self {
            ReportKind::ActualVsProjected => {
                "What was filed against what was spent, by month and record, with the cause of each difference."
            }
            ReportKind::Trajectory => {
                "When credit ends, with its odds, and the monthly bill until then and afterwards."
            }
            ReportKind::FundingPack => "All of it in one paper, for the next conversation about funding.",
            ReportKind::Ask => "What the filing costs, what of it credit can pay, and which programmes fit.",
            ReportKind::Poc => "Proofs of concept: what was promised, what they cost, and what followed.",
            ReportKind::Evidence => "What every figure rests on: runs and answers of AWS, for whoever checks.",
        }
    }
}

/// A form that a report is rendered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One self-contained file with charts.
    Html,
    /// A typeset document with charts, to hand over or print.
    Pdf,
    /// A workbook, a sheet per table.
    Xlsx,
    /// Tables as text, amounts with every digit.
    Csv,
    /// Everything, amounts as exact strings.
    Json,
    /// Text with tables, for chats, tickets and repositories.
    Markdown,
}

impl Format {
    /// All formats that this program makes.
    #[cfg(feature = "pdf")]
    pub const ALL: [Format; 6] = [Format::Html, Format::Pdf, Format::Xlsx, Format::Csv, Format::Json, Format::Markdown];
    /// All formats that this program makes: it was built without PDF.
    #[cfg(not(feature = "pdf"))]
    pub const ALL: [Format; 5] = [Format::Html, Format::Xlsx, Format::Csv, Format::Json, Format::Markdown];

    /// The name on the command line, which is also the file extension.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Html => "html",
            Format::Pdf => "pdf",
            Format::Xlsx => "xlsx",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Markdown => "md",
        }
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Format::Html => "HTML",
            Format::Pdf => "PDF",
            Format::Xlsx => "Excel",
            Format::Csv => "CSV",
            Format::Json => "JSON",
            Format::Markdown => "Markdown",
        }
    }

    /// True if it is no text, so that a terminal cannot show it.
    pub const fn is_binary(self) -> bool {
        matches!(self, Format::Pdf | Format::Xlsx)
    }

    /// What HTTP and e-mail call it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Html => "text/html; charset=utf-8",
            Format::Pdf => "application/pdf",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Json => "application/json",
            Format::Markdown => "text/markdown; charset=utf-8",
        }
    }
}

/// A report that cannot be given, with what can.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReportError {
    /// No such kind.
    #[error(
        "{0:?} is not a kind of report; there are actual-vs-projected, trajectory, funding-pack, ask, poc and evidence"
    )]
    UnknownKind(String),
    /// No such format.
    #[error("{0:?} is not a report format; there are {made}", made = names(&Format::ALL))]
    UnknownFormat(String),
    /// The program has no typesetter.
    #[error("this program was built without PDF: build it with the feature pdf, or take one of {}", names(&Format::ALL))]
    WithoutPdf,
    /// A kind that is not made in the format.
    #[error("{kind} is not made as {format}; there are {}", names(kind.formats()))]
    NotInFormat {
        /// Which kind.
        kind: ReportKind,
        /// Which format.
        format: Format,
    },
    /// A library gave up.
    #[error(
        "the report cannot be written as {format}: {reason}. Please report this as a defect; another format may do"
    )]
    NotRendered {
        /// Which.
        format: Format,
        /// What it said.
        reason: String,
    },
}

fn names(formats: &[Format]) -> String {
    let names: Vec<&str> = formats.iter().map(|format| format.as_str()).collect();
    all_names_text(&names)
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
        let found = Format::ALL.into_iter().find(|format| format.as_str() == text);
        found.ok_or_else(|| match text == Format::Pdf.as_str() {
            true => ReportError::WithoutPdf,
            false => ReportError::UnknownFormat(text.to_owned()),
        })
    }
}

/// What a report is made of beside the position and its series.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// What the filing costs and supports; it holds the audience's own records and no others.
    pub sized: Option<&'a SizedFiling>,
    /// Who hands the report on.
    pub partner: Option<&'a Partner>,
    /// What the figures rest on.
    pub evidence: Option<&'a Evidence>,
}

/// Builds the document of a report from the position alone, for `audience`.
///
/// ```
/// use glidepath_report::{Audience, Format, ReportKind, build, render};
/// # use glidepath_domain::position::Position;
/// # use glidepath_domain::position::series::Series;
/// # let position = Position::empty("2026-11-23T06:00:00Z".parse().unwrap(), "USD");
/// let document = build(ReportKind::FundingPack, &position, &Series::default(), &Audience::Owner);
/// let text = String::from_utf8(render(&document, Format::Markdown).unwrap()).unwrap();
/// assert!(text.starts_with("# Funding pack"));
/// ```
pub fn build(kind: ReportKind, position: &Position, series: &Series, audience: &Audience) -> Document {
    build_beside(kind, position, series, Beside::default(), audience)
}

/// The same with everything else that it is made of.
pub fn build_beside(
    kind: ReportKind,
    position: &Position,
    series: &Series,
    beside: Beside<'_>,
    audience: &Audience,
) -> Document {
    let Beside { sized, partner, evidence } = beside;
    let partner = partner.map(|partner| partner.shown_to(audience, position.filing.as_ref()));
    let partner = partner.as_deref();
    let (position, series) = audience.scope(position, series);
    let mut document = match kind {
        ReportKind::ActualVsProjected => actual_vs_projected::build(&position, &series),
        ReportKind::Trajectory => trajectory::build(&position, &series),
        ReportKind::FundingPack => funding_pack::build(&position, &series, sized, partner),
        ReportKind::Ask => ask::build(&position, sized, partner),
        ReportKind::Poc => poc::build(&position, partner, audience),
        ReportKind::Evidence => evidence::build(evidence, &position, audience),
    };
    let is_compared = matches!(kind, ReportKind::ActualVsProjected | ReportKind::Poc);
    if is_compared && *audience == Audience::Owner && position.filing.is_none() {
        document.notes.push(words::TO_FILE.to_owned());
    }
    document.prepared_by = partner.and_then(Partner::prepared_by);
    document.customer = position.filing.as_ref().and_then(|filing| filing.customer.clone());
    if kind == ReportKind::Ask {
        document.customer = document.customer.or_else(|| sized?.customer.clone());
    }
    completed(document, kind, &position, audience)
}

/// The document with what it rests on and whose it is.
fn completed(mut document: Document, kind: ReportKind, position: &Position, audience: &Audience) -> Document {
    document.about = about(position);
    if let Some(customer) = &document.customer {
        document.title = format!("{}: {customer}", document.title);
    }
    let rests_on_runs = kind != ReportKind::Evidence && position.data_through.is_some();
    document.notes.extend(rests_on_runs.then(|| evidence::ELSEWHERE.to_owned()));
    document.notes.extend(audience.note());
    document
}

/// What a report rests on besides the data.
fn about(position: &Position) -> Vec<About> {
    let about = |key, label, value| About { key, label, value };
    let mut all = Vec::new();
    if let Some(filing) = &position.filing {
        all.extend(filing.customer.as_ref().map(|name| about("customer", "Customer", Cell::text(name))));
        all.extend(filing.asked_for.as_ref().map(|it| about("asked_for", "Asked for", Cell::text(programme(it)))));
        all.push(about("filing_version", "Filing version", Cell::Count(filing.version.into())));
        all.push(about("filed_on", "Filed on", Cell::Day(filing.filed_on)));
        all.push(about("recorded_on", "Recorded on", Cell::Day(filing.recorded_at.date_naive())));
        all.push(about("records", "Records", Cell::text(filing.records.join(", "))));
        // Who filed a part of it is not shown the hash of all.
        let hash = Some(&filing.content_hash).filter(|hash| !hash.is_empty());
        all.extend(hash.map(|hash| about("filing_hash", "Content hash", Cell::text(hash))));
    }
    all.push(about("program", "Made by", Cell::text(concat!("glidepath ", env!("CARGO_PKG_VERSION")))));
    all
}

/// What a filing asked for, for people: a programme by its name, or the band that two kinds of record reach together; what is
/// neither stays in the filing's own words.
fn programme(asked_for: &str) -> &str {
    match asked_for {
        GENAI_TIER => "Portfolio and AI records together (GenAI tier)",
        other => Programme::from_name(other).map_or(other, |it| it.label()),
    }
}

/// Renders a document as the bytes of a file: the same document, the same bytes.
///
/// # Errors
/// [`ReportError::NotRendered`], if the typesetter or the writer of workbooks gives up.
pub fn render(document: &Document, format: Format) -> Result<Vec<u8>, ReportError> {
    let refused = |reason: String| ReportError::NotRendered { format, reason };
    match format {
        Format::Html => Ok(html::render(document).into_bytes()),
        Format::Pdf => Typesetting::of(document).set(),
        Format::Xlsx => xlsx::render(document).map_err(|error| refused(error.to_string())),
        Format::Csv => Ok(csv::render(document)),
        Format::Json => Ok(json::render(document)),
        Format::Markdown => Ok(markdown::render(document).into_bytes()),
    }
}

/// A report as a file to store, send or serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// "acme-funding-pack-2026-11-23.pdf", or "glidepath-funding-pack-2026-11-23.pdf" where no customer is named.
    pub name: String,
    /// What it is.
    pub format: Format,
    /// The file.
    pub bytes: Vec<u8>,
}

impl File {
    /// Renders `document` under the name that goes with it.
    ///
    /// # Errors
    /// As [`render`].
    pub fn of(document: &Document, format: Format) -> Result<File, ReportError> {
        Ok(File::named(document, format, render(document, format)?))
    }

    /// `bytes`, which `document` was rendered as, under the name that goes with it.
    pub fn named(document: &Document, format: Format, bytes: Vec<u8>) -> File {
        File { name: file_name::file_name(document, format), format, bytes }
    }

    /// SHA-256 of the file, in hex.
    pub fn sha256(&self) -> String {
        sha256(&self.bytes)
    }
}

/// SHA-256 in hex: how a stored report is known again.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// When credits end, in the sentence that opens the page and the reports; and, where no pool is known, what to do.
pub fn credit_sentences(position: &Position) -> Vec<String> {
    let unlisted = position.credits.without_pool().filter(|_| position.data_through.is_some());
    let said = unlisted.map(|unlisted| format!("What to do: {}", unlisted.next_step()));
    let caveat = position.paying_unlisted().map(|_| format!("{AS_IF_NONE_LEFT}."));
    let as_filed = position.end_as_filed().filter(|_| position.data_through.is_some());
    let opening = [format!("{}.", words::headline(position))].into_iter().chain(words::at_least(position));
    let delisted = delisted::sentences(position);
    let missing = words::missing_history(position);
    opening
        .chain(missing)
        .chain(as_filed)
        .chain(said)
        .chain(caveat)
        .chain(words::awaited(position))
        .chain(delisted)
        .collect()
}

/// The bills that take cash, the next ask, and what is granted so far, in a sentence each.
pub fn bill_sentences(position: &Position) -> Vec<String> {
    let asked = review::ask_sentence(position).into_iter().chain(review::granted_sentence(position));
    trajectory::first_full_bill(position).into_iter().chain(asked).collect()
}

/// How often the odds of earlier outlooks held, in a sentence; `None` while no outlook is old enough.
pub fn track_record_sentence(position: &Position) -> Option<String> {
    track_record::sentence(position)
}

/// What AWS states as left where that is not what replay leaves, in a sentence; `None` where they agree.
pub fn stated_otherwise_sentence(position: &Position) -> Option<String> {
    let said = reconciliation::stated_otherwise(position);
    (!said.is_empty()).then(|| said.join("; ") + "; the outlook starts from there.")
}

/// What a report of `kind` says in two or three sentences where the report itself is attached or linked; a partner is also
/// told what they cover.
pub fn headline(kind: ReportKind, position: &Position, audience: &Audience) -> Vec<String> {
    let (position, _) = audience.scope(position, &Series::default());
    let mut said = said(kind, &position, audience);
    said.extend(audience.note());
    said
}

/// The same without what is told of its reach; the position is the audience's own.
fn said(kind: ReportKind, position: &Position, audience: &Audience) -> Vec<String> {
    let compared = || actual_vs_projected::summary(position).into_iter().take(1);
    let ahead = || trajectory::summary(position).into_iter().take(1);
    let left = || {
        let credits = &position.credits;
        let known = !credits.pools.is_empty();
        known.then(|| {
            let left = format!("{} of {} of credit is left", credits.left.dollars(), credits.granted.dollars());
            let otherwise = reconciliation::stated_otherwise(position);
            [vec![left], otherwise].concat().join("; ") + "."
        })
    };
    let mut said: Vec<String> = match kind {
        ReportKind::ActualVsProjected => compared().collect(),
        ReportKind::Trajectory => ahead().chain(left()).collect(),
        ReportKind::FundingPack => compared().chain(ahead()).chain(left()).collect(),
        ReportKind::Ask => review::ask_sentence(position).into_iter().collect(),
        ReportKind::Poc => poc::build(position, None, audience).summary.into_iter().take(1).collect(),
        ReportKind::Evidence => vec!["What every figure of the reports rests on, run by run.".to_owned()],
    };
    said.dedup();
    said
}

/// The trajectory for an alert on exhaustion, first cash or expiring credit, as text, which every channel carries.
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
    fn what_is_unknown_is_told_what_there_is() {
        for text in ["HTML", "docx", ""] {
            let error = text.parse::<Format>().unwrap_err();
            assert_eq!(error, ReportError::UnknownFormat(text.into()));
            assert!(error.to_string().contains(&names(&Format::ALL)), "{error}");
        }
        assert_eq!("pack".parse::<ReportKind>(), Err(ReportError::UnknownKind("pack".into())));
    }
}
