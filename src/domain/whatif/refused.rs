//! Why a scenario gets no answer.

use chrono::NaiveDate;
use thiserror::Error;

use crate::domain::price::Unpriced;

/// One thing that keeps a scenario from being answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Problem {
    /// Something has no price.
    #[error("{0}; put a price into the file that `[projection] prices` names")]
    Unpriced(#[from] Unpriced),
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
    /// A day that the outlook does not look at.
    #[error("{what} on {day} lies outside {first} to {last}, the days that are looked at")]
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

fn seen(models: &[String]) -> String {
    if models.is_empty() { "none".to_owned() } else { models.join(", ") }
}

/// Everything that keeps a scenario from being answered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("this cannot be answered: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Refused(pub Vec<Problem>);
