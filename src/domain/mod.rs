//! The pure core: values in, values out. No async, IO, clock, SQL, logging or SDK types (`tests/it/tidy.rs` checks).
//!
//! Its storeys, from the bottom to the top; each imports only those below it:

pub mod values;

pub mod facts;

pub mod forecast;

pub mod billing;

pub mod credit;

pub mod filing;

pub mod outlook;

pub mod position;

pub mod alert;

pub mod wording;
