//! The pure core: values in, values out. No async, IO, clock, SQL, logging or SDK types (`tests/tidy.rs` checks).

pub mod alert;
pub mod assess;
pub mod charge;
pub mod classify;
pub mod costs;
pub mod coverage;
pub mod credit;
pub mod facts;
pub mod finding;
pub mod interner;
pub mod ledger;
pub mod money;
pub mod outlook;
pub mod period;
pub mod pools;
pub mod position;
pub mod price;
pub mod projection;
pub mod reconcile;
pub mod secret;
pub mod series;
pub mod service;
pub mod variance;
pub mod window;
pub mod workload;
