//! The query parameter that nearly all reading takes.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::State;
use super::failure::Failure;
use super::paging::Asked;
use crate::cycle::AsOfError;
use crate::domain::period::to_microseconds;

/// `?as_of=T`: from the cycles whose clock is at or before T; without it the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf(pub Option<DateTime<Utc>>);

/// The parameter as it is written.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AsOfQuery {
    /// What was known then, RFC 3339; without it what is known now.
    #[param(value_type = Option<DateTime<Utc>>, example = "2026-11-23T06:30:00Z")]
    as_of: Option<String>,
}

impl FromRequestParts<State> for AsOf {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let Asked(AsOfQuery { as_of }) = Asked::from_request_parts(parts, state).await?;
        Ok(AsOf(parse_as_of(state, as_of.as_deref()).await?))
    }
}

/// The time that `text` names, which may not lie in the future: what will be known then nobody can show. One before the
/// first cycle is let through, since the page has something to say of it; see [`State::existing_view`].
///
/// # Errors
/// For what is no time, and for one that is still to come.
pub async fn parse_as_of(state: &State, text: Option<&str>) -> Result<Option<DateTime<Utc>>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let time = DateTime::parse_from_rfc3339(text).map_err(|error| {
        Failure::new(StatusCode::BAD_REQUEST, format!("as_of {text:?} is not an RFC 3339 time: {error}"))
            .advise("write a time as in ?as_of=2026-11-23T06:30:00Z")
    })?;
    let time = to_microseconds(time.to_utc());
    // The past needs no look into the store.
    if time <= state.clock().now() {
        return Ok(Some(time));
    }
    match state.engine().check_as_of(Some(time), state.clock().now()).await {
        Ok(()) | Err(AsOfError::BeforeFirst { .. } | AsOfError::NothingYet { .. }) => Ok(Some(time)),
        Err(refused) => Err(refused.into()),
    }
}

impl State {
    /// Why there is nothing to show at a time.
    pub async fn nothing_at(&self, as_of: Option<DateTime<Utc>>) -> Failure {
        // A cycle that has finished since this was asked changes nothing about the answer.
        self.engine()
            .check_as_of(as_of, self.clock().now())
            .await
            .err()
            .unwrap_or(AsOfError::NothingYet { failed: None })
            .into()
    }
}

impl From<AsOfError> for Failure {
    fn from(error: AsOfError) -> Failure {
        let (words, advice) = (error.to_string(), error.advice());
        let failure = match error {
            AsOfError::Future { .. } => Failure::new(StatusCode::BAD_REQUEST, words),
            AsOfError::BeforeFirst { .. } | AsOfError::NothingYet { .. } => Failure::new(StatusCode::NOT_FOUND, words),
            AsOfError::Store(error) => Failure::internal("looking for the cycle of that time", &error.into()),
        };
        match advice {
            Some(advice) => failure.advise(advice),
            None => failure,
        }
    }
}
