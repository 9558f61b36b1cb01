//! `glidepath typeset`, which a daemon starts: a report as JSON on standard input, the PDF on standard output.

use std::io::stdin;

use anyhow::{Context as _, Result};

use super::out;
use crate::report::Typesetting;

/// Sets one report.
pub fn run() -> Result<()> {
    let report: Typesetting = serde_json::from_reader(stdin().lock()).context("reading the report to set")?;
    out::document(&report.set()?)
}
