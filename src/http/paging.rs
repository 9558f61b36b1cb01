//! Query parameters, and lists in pages.
//!
//! Invariant: a page starts behind the last row of the one before, never at a number of rows, so that what cycles add
//! meanwhile neither hides a row nor shows one twice.

use axum::extract::{FromRequestParts, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::failure::Failure;
use super::state::State;

/// Rows of a page unless asked otherwise.
const USUAL_LIMIT: u32 = 200;
/// Rows of a page at most.
pub const HIGHEST_LIMIT: u32 = 1000;

/// The query, read into a value whose unknown fields are errors: `?asof=` must not be answered with today's figures.
#[derive(Debug)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<State> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Failure> {
        let Query(asked) = Query::<T>::try_from_uri(&parts.uri).map_err(|error| {
            Failure::new(StatusCode::BAD_REQUEST, error.body_text()).advise(
                "write a time as in ?as_of=2026-11-23T06:30:00Z and a day as in ?from=2026-11-01; \
                 /api/v1/openapi.json has the parameters of each address",
            )
        })?;
        Ok(Asked(asked))
    }
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Rows wanted, at most; 200 unless given.
    #[param(minimum = 1, maximum = 1000, example = 200)]
    pub limit: Option<u32>,
    /// Where the page before ended, as in its `next`.
    pub cursor: Option<String>,
}

impl Paging {
    /// Rows wanted.
    ///
    /// # Errors
    /// For none, and for more than a page holds.
    pub fn limit(&self) -> Result<u32, Failure> {
        limit(self.limit)
    }
}

/// Rows wanted.
///
/// # Errors
/// For none, and for more than a page holds.
pub fn limit(asked: Option<u32>) -> Result<u32, Failure> {
    let limit = asked.unwrap_or(USUAL_LIMIT);
    if (1..=HIGHEST_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    let error = format!("limit {limit} is not between 1 and {HIGHEST_LIMIT}");
    Err(Failure::new(StatusCode::BAD_REQUEST, error).advise("read page by page: each names the next"))
}

/// The first `limit` of `rows`, which are one more where there is another page; and where they end then.
pub fn page<T, K>(mut rows: Vec<T>, limit: u32, key: impl Fn(&T) -> K) -> (Vec<T>, Option<K>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() <= limit {
        return (rows, None);
    }
    rows.truncate(limit);
    let last = rows.last().map(key);
    (rows, last)
}

/// The address of the next page.
pub fn next<C: Serialize>(path: &str, limit: u32, cursor: Option<C>) -> Option<String> {
    let json = serde_json::to_vec(&cursor?).expect("a cursor has string keys and no failing serialisers");
    Some(format!("{path}?limit={limit}&cursor={}", BASE64_URL_SAFE_NO_PAD.encode(json)))
}

/// What a cursor of ours says.
///
/// # Errors
/// For one that is not ours.
pub fn decode<C: DeserializeOwned>(text: &str) -> Result<C, Failure> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    json.and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(|| {
        Failure::new(StatusCode::BAD_REQUEST, "this cursor is not one that a page of this address gave")
            .advise("follow `next` as it stands, or start without a cursor")
    })
}
