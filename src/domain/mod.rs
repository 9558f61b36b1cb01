//! The pure core: values in, values out. No async, IO, clock, SQL, logging or SDK types (`tests/tidy.rs` checks).

pub mod charge;
pub mod credit;
pub mod finding;
pub mod ledger;
pub mod money;
pub mod period;
pub mod position;
pub mod service;
pub mod window;
pub mod workload;
