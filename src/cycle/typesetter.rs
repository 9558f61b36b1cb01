//! Reports as PDF, set by a process of their own.
//!
//! Setting one takes tens of megabytes, and what is left of them lies in pieces that no allocator gives back. A process
//! that ends gives back everything, so a daemon hands each report to one, one at a time.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use tracing::warn;

use crate::report::Typesetting;

/// The command of this program that sets what it is given on its standard input.
const TYPESET: &str = "typeset";
/// Characters of what a failed process said that are told.
const SAID: usize = 300;

/// Who sets reports.
#[derive(Debug, Default)]
pub(super) struct Typesetter {
    /// The program to start; this process sets them itself without one.
    apart: Option<PathBuf>,
}

impl Typesetter {
    pub(super) fn apart(program: PathBuf) -> Typesetter {
        Typesetter { apart: Some(program) }
    }

    /// The file. Where no other process can be started it is set here: a report counts for more than memory.
    pub(super) fn set(&self, report: &Typesetting) -> Result<Vec<u8>> {
        let Some(program) = &self.apart else { return Ok(report.set()?) };
        set_by(program, report).or_else(|error| {
            warn!(error = format!("{error:#}"), "a report is set by the daemon itself, which costs it memory");
            Ok(report.set()?)
        })
    }
}

fn set_by(program: &Path, report: &Typesetting) -> Result<Vec<u8>> {
    let order = serde_json::to_vec(report).context("writing the report for the typesetter")?;
    let mut child = Command::new(program)
        .arg(TYPESET)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {} to set a report", program.display()))?;
    // It reads everything before it answers, so neither side waits for the other. That it went away is told below.
    let handed = child.stdin.take().map(|mut stdin| stdin.write_all(&order));
    let done = child.wait_with_output().context("waiting for the typesetter")?;
    if !done.status.success() {
        let said: String = String::from_utf8_lossy(&done.stderr).trim().chars().take(SAID).collect();
        bail!("the typesetter ended with {}: {said}", done.status);
    }
    handed.transpose().context("handing the report to the typesetter")?;
    Ok(done.stdout)
}
