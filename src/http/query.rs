//! The query parameter that nearly all reading takes.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::State;
use super::failure::Failure;
use super::paging::Asked;

/// `?as_of=T`: from the cycles whose clock is at or before T; without it the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf(pub Option<DateTime<Utc>>);

/// The parameter as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsOfQuery {
    /// What was known then, RFC 3339; without it what is known now.
    #[schemars(with = "Option<DateTime<Utc>>")]
    as_of: Option<String>,
}

impl FromRequestParts<State> for AsOf {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let Asked(AsOfQuery { as_of }) = Asked::from_request_parts(parts, state).await?;
        Ok(AsOf(parse_as_of(state, as_of.as_deref()).await?))
    }
}

/// The time that `text` names, which may not lie in the future: what will be known then nobody can show.
///
/// # Errors
/// For what is no time, and for one that is still to come.
pub async fn parse_as_of(state: &State, text: Option<&str>) -> Result<Option<DateTime<Utc>>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let refused = |error: String| Failure::new(StatusCode::BAD_REQUEST, error);
    let time = DateTime::parse_from_rfc3339(text).map_err(|error| {
        refused(format!("as_of {text:?} is not an RFC 3339 time: {error}"))
            .advise("write a time as in ?as_of=2026-11-23T06:30:00Z")
    })?;
    let (time, now) = (time.to_utc(), state.clock().now());
    if time <= now {
        return Ok(Some(time));
    }
    // A cycle can have been run with a clock of its own, ahead of this one.
    let newest = state.engine().store().newest_cycle(None).await;
    let newest = newest.map_err(|error| Failure::internal("looking for the newest cycle", &error.into()))?;
    if newest.is_some_and(|cycle| time <= cycle.clock) {
        return Ok(Some(time));
    }
    let now = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    Err(refused(format!("as_of {text:?} lies in the future: it is {now}"))
        .advise("leave as_of out for the newest figures; the outlook says what is to come"))
}
