//! What AWS's reviewer may object to.

use crate::values::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a reviewer may object to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weakness {
    /// Tokens at the full price: nothing cached, nothing as batch.
    NoLevers,
    /// A model or accelerator without a reason.
    NoReason,
    /// Nothing is said of the time after credits.
    NothingAfter,
    /// A record does not say what it is for.
    Vague,
    /// Inference that runs elsewhere.
    Elsewhere,
    /// More is asked for than the spend supports.
    AskedTooMuch,
    /// The Accelerator as the first move, with little credit left.
    AcceleratorFirst,
    /// Portfolio alone beside large spend on models.
    PortfolioAlone,
    /// A plan far from the bill.
    FarFromTheBill,
}

/// One objection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Objection {
    /// What kind of objection it is.
    pub weakness: Weakness,
    /// Line in the file, counted from 1; null where it is about the whole of it.
    pub line: Option<usize>,
    /// The objection, a sentence.
    pub objection: String,
    /// Dollars that hang on it.
    pub usd: Money,
    /// What mends it.
    pub remedy: String,
}
