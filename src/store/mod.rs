//! DuckDB: the only SQL in the crate.

pub mod alerts;
