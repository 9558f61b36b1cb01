//! What everything else is made of: exact money, days and periods, names, purposes, and their text forms.

pub mod bounds;
pub mod interner;
pub mod money;
pub mod period;
pub mod printable;
pub mod purchase;
pub mod quantiles;
pub mod secret;
pub mod service;
pub mod words;
pub mod workload;
