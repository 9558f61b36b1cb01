//! The ask: what a filing costs, what of it credit can pay, which programmes fit it, how long each award lasts, and the bill
//! afterwards. All of it from the filing alone, so that it can be known before any credit exists.
//!
//! Invariants: every amount is rounded to the cent once, from exact sums, so that a sum of shown amounts may differ from a shown
//! sum by cents; what has no price is in no amount and is named; nothing here promises an award.

mod awards;
mod check;
mod knowledge;
mod known;
mod objection;
mod payable;
mod programmes;
mod reviewer;
mod sentence;
mod size;
mod sized;
mod spend;
mod usage;

pub use awards::AwardSize;
pub use check::{CheckedFiling, check, check_one};
pub use knowledge::Knowledge;
pub use known::KnownAccount;
pub use objection::{Objection, Weakness};
pub use payable::CashReason;
pub use programmes::{AskBand, Gate, GateState, Lands, ProgrammeFit};
pub use size::size;
pub use sized::{Ask, CashLine, FiledWindow, MonthUsd, RecordUsd, ServiceUsd, SizedFiling, SizedMonth};
pub use usage::{ChipHours, ModelCompared, ModelTokens};

/// What stands beside every ask.
pub const DISCRETIONARY: &str = "Every award is at AWS's discretion, and few come near the ceiling of their programme: plan with what \
    is usual, not with the most.";

#[cfg(test)]
mod tests;
