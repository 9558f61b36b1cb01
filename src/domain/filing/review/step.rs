//! A line of an arithmetic that people follow.

use crate::values::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A line of an arithmetic that people follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// What it is, and how it follows from the lines above.
    pub label: String,
    /// US dollars.
    pub amount: Money,
}

impl Step {
    /// A line.
    pub fn new(label: impl Into<String>, amount: Money) -> Self {
        Step { label: label.into(), amount }
    }
}
