//! The pure core: values in, values out. No async, IO, clock, SQL, logging or SDK types (`tests/it/tidy.rs` checks).
//!
//! Its storeys, from the bottom to the top; each imports only those below it:

pub use glidepath_core::{billing, credit, facts, forecast, outlook, values};

pub mod filing;

pub mod plan;

pub mod whatif;

pub mod position;

pub mod alert;

pub mod wording;
