//! DuckDB: the only SQL in the crate.
