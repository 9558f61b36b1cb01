//! How far the date of exhaustion moves with an assumption.

use super::gain::Gain;
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::workload::Workload;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the outlook cannot know of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubts {
    /// How far AWS's stated balances and our own replay are apart, as a share of the balances.
    pub balance_gap: Decimal,
    /// What cache hits weigh, where there are any to move.
    pub cache: Option<CacheDoubt>,
}

/// What a model's share of prompts read from the cache weighs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheDoubt {
    /// The model.
    pub model: String,
    /// Points that the share moves by, as a share, and what a dollar of inference then becomes.
    pub moves: Vec<(Decimal, Decimal)>,
}

/// Which assumption moves the date most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sensitivity {
    /// Random paths that each was tried on.
    pub paths: usize,
    /// The first whole month without credit, whose bill is compared; null where credit outlasts the outlook.
    pub bill_month: Option<BillingPeriod>,
    /// The assumptions, those that move the date most first, then by dollars.
    pub swings: Vec<Swing>,
}

/// One assumption, moved both ways where it can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Swing {
    /// What was moved.
    pub assumed: Assumed,
    /// By how much, and what came of it.
    pub shifts: Vec<Shift>,
}

/// Something that the outlook takes to be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Assumed {
    /// How much a workload costs: moved to the 10 % and the 90 % of its learnt errors after 30 days; of work in bursts, of
    /// its own sums over 28 days.
    Spend {
        /// The workload.
        workload: Workload,
    },
    /// Growth per month beyond the forecast, all workloads together.
    Growth,
    /// The share of a model's prompts that is read from the cache, in points.
    CacheHits {
        /// The model.
        model: String,
    },
    /// What is left in the pools: by how far AWS and replay are apart, at least 1 %.
    Balances,
    /// The tax rate, in points.
    TaxRate,
    /// That young workloads grow as filed: without the filing.
    FiledPlan,
}

/// One move of an assumption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shift {
    /// By how much, as a share; of shares in points.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = Decimal)]
    pub by: Decimal,
    /// Days that the middle date moves; negative = earlier.
    pub date: Gain,
    /// Dollars of cash that the first whole month without credit moves by; null without such a month.
    pub cash: Option<Money>,
}
