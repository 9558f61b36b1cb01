//! The pure core: values in, values out. No async, IO, clock, SQL, logging or SDK types (`tests/tidy.rs` checks).

pub mod alert;
pub mod charge;
pub mod classify;
pub mod credit;
pub mod finding;
pub mod ledger;
pub mod money;
pub mod period;
pub mod position;
pub mod price;
pub mod projection;
pub mod secret;
pub mod service;
pub mod variance;
pub mod window;
pub mod workload;
