//! Why a scenario gets no answer.

use chrono::NaiveDate;
use thiserror::Error;

use crate::billing::price::Unpriced;
use crate::values::words::day_text;

/// One thing that keeps a scenario from being answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Problem {
    /// Something has no price.
    #[error("{0}; put a price into the file that `[projection] prices` names")]
    Unpriced(#[from] Unpriced),
    /// A model that neither the bill nor the price book knows.
    #[error("{model} is no model that the price book lists; {}", names(.alike))]
    UnknownModel {
        /// What was written.
        model: String,
        /// Models listed whose names begin alike.
        alike: Vec<String>,
    },
    /// A list of services that names none of those used.
    #[error("an award for {names} pays for nothing here; the bill shows {}", .services.join(", "))]
    PaysNothing {
        /// What was written.
        names: String,
        /// Services on the bill.
        services: Vec<String>,
    },
    /// The tokens of the last days hold nothing of it.
    #[error("no tokens {what} in the last 28 days; the bill shows {}", seen(.models))]
    NoTokens {
        /// What was looked for.
        what: String,
        /// Models that the bill shows.
        models: Vec<String>,
    },
    /// More is asked for than there is.
    #[error("{what} is {now} % now and can lie between {least} % and {most} %; {asked} % was asked for")]
    OutOfReach {
        /// Which share.
        what: String,
        /// Percent now.
        now: String,
        /// Percent.
        least: String,
        /// Percent.
        most: String,
        /// Percent.
        asked: String,
    },
    /// Tokens that cost nothing so far: there is no past to scale.
    #[error("{service} cost nothing in the last 28 days, so there is nothing to go on from")]
    NoCost {
        /// The service.
        service: String,
    },
    /// More changes than anybody asks about at once.
    #[error("{changes} changes at once are more than the {most} that are answered together; ask again with fewer")]
    TooMany {
        /// How many were asked for.
        changes: usize,
        /// How many are answered.
        most: usize,
    },
    /// A change that says the same thing another time, so that it is unclear which of the two is meant.
    #[error("{change} stands there {times} times; write the one that is meant")]
    Repeated {
        /// Name of the change.
        change: &'static str,
        /// How often.
        times: usize,
    },
    /// A day that the outlook does not look at.
    #[error(
        "{what} on {} lies outside the days that are looked at, {} to {}",
        day_text(*.day), day_text(*.first), day_text(*.last)
    )]
    Outside {
        /// What.
        what: String,
        /// Its day.
        day: NaiveDate,
        /// First day looked at.
        first: NaiveDate,
        /// Last day looked at.
        last: NaiveDate,
    },
}

fn names(models: &[String]) -> String {
    let all = "`glidepath projection prices --all` shows every one";
    if models.is_empty() { all.to_owned() } else { format!("alike are {}; {all}", models.join(", ")) }
}

fn seen(models: &[String]) -> String {
    if models.is_empty() { "none".to_owned() } else { models.join(", ") }
}

/// One problem on the same line, several below each other.
fn lines(problems: &[Problem]) -> String {
    match problems {
        [one] => format!(": {one}"),
        _ => problems.iter().map(|problem| format!("\n  - {problem}")).collect(),
    }
}

/// Everything that keeps a scenario from being answered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("this cannot be answered{}", lines(.0))]
pub struct Refused(pub Vec<Problem>);
