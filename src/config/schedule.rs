//! Cron lines: six fields, seconds first, UTC, read by the parser that the scheduler itself uses.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use thiserror::Error;

use super::section::Section;

/// A cron line that parses.
#[derive(Debug, Clone)]
pub struct CronLine {
    text: String,
    cron: Cron,
}

/// A cron line that does not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{text:?} is not a cron line of six fields (second minute hour day month weekday, UTC), such as \"0 30 6 * * *\": \
     {reason}"
)]
pub struct CronProblem {
    text: String,
    reason: String,
}

impl CronLine {
    /// The first moment after `now` that the line names.
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron.find_next_occurrence(&now, false).ok()
    }

    /// The line as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for CronLine {
    type Err = CronProblem;

    fn from_str(text: &str) -> Result<Self, CronProblem> {
        let parser = CronParser::builder().seconds(Seconds::Required).dom_and_dow(true).build();
        match parser.parse(text) {
            Ok(cron) => Ok(CronLine { text: text.to_owned(), cron }),
            Err(error) => Err(CronProblem { text: text.to_owned(), reason: error.to_string() }),
        }
    }
}

impl fmt::Display for CronLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A cron line that runs at some time.
pub fn cron(section: &mut Section<'_>, key: &'static str) -> Option<CronLine> {
    let text = section.text(key)?;
    let line: CronLine = text.parse().map_err(|problem: CronProblem| section.problem(key, problem.to_string())).ok()?;
    if line.next_after(DateTime::UNIX_EPOCH).is_none() {
        section.problem(key, format!("{text:?} names a day that no year has, so it would never run"));
    }
    Some(line)
}
