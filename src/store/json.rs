//! Values of ours as JSON in a column.

use super::error::{Result, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// JSON of a value of ours.
pub fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("our own types have string keys and no failing serialisers")
}

/// A value of ours from stored JSON.
pub fn from_json<T: DeserializeOwned>(what: &str, json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|error| StoreError::Unreadable { what: what.to_owned(), reason: error.to_string() })
}
