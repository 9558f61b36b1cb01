//! Findings as they are stored.

use serde_json::Value;

use crate::domain::position::finding::Finding;

/// The findings that can be read, and how many cannot.
pub fn read_findings(json: &str) -> (Vec<Finding>, usize) {
    let stored: Vec<Value> = match serde_json::from_str(json) {
        Ok(stored) => stored,
        Err(_) => return (Vec::new(), 1),
    };
    let count = stored.len();
    let findings: Vec<Finding> = stored.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect();
    let lost = count - findings.len();
    (findings, lost)
}
