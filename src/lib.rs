//! Glidepath watches AWS credits against the projection they were granted for.
//!
//! One pure function, [`domain::credit::ledger::replay`], draws daily costs down against credit pools. It runs on the filed
//! plan, on the actual costs and on the outlook; everything else gathers its results into a
//! [`domain::position::Position`] or renders one. `docs/architecture.md` is the map.

pub mod app;
pub mod aws;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cycle;
pub mod http;
pub mod notify;
pub mod schedule;

/// A fake AWS and a fictional startup on it, a crate of its own.
pub use glidepath_demo as demo;
/// The pure core, a crate of its own.
pub use glidepath_domain as domain;
/// Pages and reports, a crate of its own.
pub use glidepath_report as report;
/// The store, a crate of its own.
pub use glidepath_store as store;
