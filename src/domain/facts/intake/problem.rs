//! What is wrong with a file, where in it, and what to do.

use crate::values::printable::shortened;
use thiserror::Error;

/// Characters of a place, and of what is wrong there.
const MOST_SAID: usize = 300;

/// The currency of every amount: AWS bills in others too, and no price list here is in them.
pub(super) const CURRENCY: &str = "USD";

/// How AWS is asked for the whole bill, in answers to those who did otherwise.
pub(super) const ASK: &str = "ask with `--granularity DAILY --metrics UnblendedCost UsageQuantity --group-by Type=DIMENSION,Key=SERVICE \
                   Type=DIMENSION,Key=USAGE_TYPE`, or run config/intake/glidepath-intake.sh";
/// How credits, refunds and tax are kept out of an answer.
pub(super) const FILTER: &str =
    r#"add `--filter '{"Not":{"Dimensions":{"Key":"RECORD_TYPE","Values":["Credit","Refund","Tax"]}}}'`"#;

/// What is wrong with a file, where in it, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}: {problem}; {remedy}")]
pub struct IntakeError {
    /// A line, or the path of a value in the JSON.
    pub place: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl IntakeError {
    pub(super) fn new(place: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> IntakeError {
        // What is quoted of a file can be as long as the file.
        let [place, problem] = [place.into(), problem.into()].map(|text| shortened(&text, MOST_SAID));
        IntakeError { place, problem, remedy: remedy.into() }
    }
}

/// A path below another.
pub(super) fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
