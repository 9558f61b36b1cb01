//! The one query parameter that reading takes.

use axum::extract::{FromRequestParts, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::failure::Failure;

/// `?as_of=T`: from the cycles whose clock is at or before T; without it the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf(pub Option<DateTime<Utc>>);

/// An unknown parameter fails: `?asof=` must not be answered with today's figures.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    as_of: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for AsOf {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let refused = |error: String| {
            Failure::new(StatusCode::BAD_REQUEST, error).advise("write a time as in ?as_of=2026-11-23T06:30:00Z")
        };
        let Query(raw) = Query::<Raw>::try_from_uri(&parts.uri).map_err(|error| refused(error.body_text()))?;
        let Some(text) = raw.as_of else { return Ok(AsOf(None)) };
        let parsed = DateTime::parse_from_rfc3339(&text);
        let time = parsed.map_err(|error| refused(format!("as_of {text:?} is not an RFC 3339 time: {error}")))?;
        Ok(AsOf(Some(time.to_utc())))
    }
}
