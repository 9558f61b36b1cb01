//! `glidepath typeset`, which a daemon starts: a report as JSON on standard input, the PDF on standard output.
//!
//! What is set holds names that AWS and others chose. So this process first takes from itself what it does not need.

use std::io::stdin;

use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::out;
use crate::report::Typesetting;

/// Seconds of a processor; the report of a large account takes two.
const SECONDS: u64 = 20;
/// Bytes of address space. Threads reserve far more than they use: a report of a large account uses a tenth.
const MEMORY: u64 = 2 * 1024 * 1024 * 1024;

/// Sets one report.
pub fn run() -> Result<()> {
    hold()?;
    let report: Typesetting = serde_json::from_reader(stdin().lock()).context("reading the report to set")?;
    out::document(&report.set()?)
}

/// No files, no images of the process after a fault, and only so much time and memory.
fn hold() -> Result<()> {
    let limits = [(Resource::Cpu, SECONDS), (Resource::As, MEMORY), (Resource::Fsize, 0), (Resource::Core, 0)];
    for (resource, most) in limits {
        // Nobody may raise what the system has set lower.
        let most = getrlimit(resource).maximum.unwrap_or(most).min(most);
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, limit).with_context(|| format!("limiting {resource:?} to {most}"))?;
    }
    Ok(())
}
