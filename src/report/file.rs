//! A document as a file.

use super::document::Document;
use super::kind::{Format, ReportError};
use super::pdf::Typesetting;
use super::sha256::sha256;
use super::{csv, file_name, html, json, markdown, xlsx};

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
