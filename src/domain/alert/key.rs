//! The key under which something is told.

use crate::position::finding::Rule;
use crate::values::printable::printable;

/// `exhaustion:total` and the like: the identity of a finding across cycles.
pub(super) fn key(rule: Rule, subject: &str) -> String {
    // People read keys and type them. A subject's name comes from the bill.
    let subject = if subject.trim().is_empty() { "without a name".to_owned() } else { printable(subject) };
    format!("{}:{subject}", rule.as_str())
}
