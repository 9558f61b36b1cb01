//! A finding as reports and the page show it: how urgent, what happened, how sure that is, and what to do.

use chrono::NaiveDate;

use super::words;
use crate::domain::position::finding::Severity;

/// A finding as a report shows it: without its key, which can name ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its key, on the house's own page alone: there an alert of the same key is the same matter.
    pub key: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// Day since which it is so.
    pub since: NaiveDate,
    /// What happened.
    pub summary: String,
    /// Why it matters and what to do; empty for readers other than the owner.
    pub reason: String,
}

impl Notice {
    /// How urgent, in words.
    pub const fn urgency(&self) -> &'static str {
        match self.severity {
            Severity::Info => "Worth knowing",
            Severity::Warning => "Act this week",
            Severity::Critical => "Act today",
        }
    }

    /// Since when, in words.
    pub fn since_shown(&self) -> String {
        words::day(self.since)
    }

    /// What to do next, from the word "Next:" on; `None` where the reason names nothing.
    pub fn next_step(&self) -> Option<&str> {
        self.reason.find(NEXT).map(|at| &self.reason[at..])
    }

    /// The reason up to what to do next: how sure it is, and why. Empty where it says nothing of that.
    pub fn why(&self) -> &str {
        let end = self.reason.find(NEXT).unwrap_or(self.reason.len());
        self.reason[..end].trim_end()
    }
}

/// With what the reason of a finding begins to say what to do.
pub(super) const NEXT: &str = "Next: ";
