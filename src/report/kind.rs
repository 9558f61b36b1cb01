//! Which reports there are, and in which formats.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::domain::values::words::all_names_text;

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
