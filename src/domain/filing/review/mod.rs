//! What a reviewer of the credits would ask, answered with figures: do the filing's assumptions hold, is it credible,
//! how large a next ask does the spend support, and where does each award stand in the terms of earned value.
//!
//! Invariants: every amount is exact or rounded to the cent where it says so; what rests on too little data says so
//! instead of giving a figure; every verdict carries the figures that it was made from. `docs/variance.md` explains the
//! measures and thresholds.

pub mod assumptions;
pub mod credibility;
pub mod earned_value;
pub mod granted_band;
pub mod next_ask;
mod step;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use assumptions::{Assumption, Measure};
pub use credibility::{Claim, Compared, Question, Verdict};
pub use earned_value::{EarnedValue, PoolValue};
pub use granted_band::GrantedBand;
pub use next_ask::{AskBound, NextAsk, NoAsk};
pub use step::Step;

/// Everything that a reviewer would ask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Review {
    /// Filed against implied, in the filing's order; empty while nothing is filed.
    pub assumptions: Vec<Assumption>,
    /// What the filing claims, and whether the bill bears it out; empty while nothing is filed.
    pub claims: Vec<Claim>,
    /// What the last months support; null until enough of them are stored.
    pub next_ask: Option<NextAsk>,
    /// Why they support none.
    #[serde(default)]
    pub no_ask: Option<NoAsk>,
    /// What is granted so far of the band that all awards but the accelerator's reach together; null where nothing was granted
    /// and on AWS's free plan.
    #[serde(default)]
    pub granted_band: Option<GrantedBand>,
    /// Plan, actual and estimate per pool; null before any data or without a pool.
    pub earned_value: Option<EarnedValue>,
}
