//! Reads Cost Explorer and the billing API; the only place that knows AWS's shapes.
//!
//! Invariants: all pages or nothing; every answer is checked against what was asked before anything is returned;
//! denied, empty and zero stay three different things; paid requests are counted where they leave; no message
//! carries a credential.

pub mod account_plan;
pub mod allocation;
mod billing_api;
mod circumstances;
pub mod client;
mod clocks;
pub mod cost_explorer;
pub mod credential_process;
pub mod credits;
mod denial;
pub mod error;
pub mod meter;
mod operation;
pub mod probe;
mod regions;
mod sdk_error;
mod wire;

pub use client::{AwsClients, AwsSettings};
pub use clocks::{AwsClock, Clocks};
pub use denial::Denial;
pub use error::AwsError;
pub use meter::PaidRequestMeter;
pub use operation::Operation;
