//! Whether something that was asked of AWS was answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether something that was asked of AWS was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Answered and stored.
    Ok,
    /// Refused for want of permission or credentials.
    Denied {
        /// What AWS said.
        message: String,
        /// What the user can do.
        advice: String,
    },
    /// Failed for another reason.
    Failed {
        /// What went wrong.
        message: String,
        /// What the user can do.
        advice: String,
        /// False if asking again would be paid for and fail the same way until somebody changes something.
        #[serde(default = "yes")]
        retryable: bool,
    },
    /// Refused here, by a check of our own: the credentials are a stranger's, or the answer does not add up.
    Refused {
        /// Which check, and by how much it failed.
        message: String,
        /// What the user can do.
        advice: String,
        /// As for a failure.
        #[serde(default = "yes")]
        retryable: bool,
    },
    /// Not asked.
    NotTried,
}

impl Outcome {
    /// What went wrong and what the user can do, where something did.
    pub fn problem(&self) -> Option<(&str, &str)> {
        match self {
            Outcome::Denied { message, advice }
            | Outcome::Failed { message, advice, .. }
            | Outcome::Refused { message, advice, .. } => Some((message, advice)),
            Outcome::Ok | Outcome::NotTried => None,
        }
    }

    /// Whether to ask again before the schedule says so. AWS charges nothing for denying, so a permission that was given
    /// meanwhile is found soon.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Outcome::Failed { retryable, .. } | Outcome::Refused { retryable, .. } => *retryable,
            Outcome::Ok | Outcome::Denied { .. } | Outcome::NotTried => true,
        }
    }
}

/// Runs that were stored before they said so were tried again every hour.
const fn yes() -> bool {
    true
}
