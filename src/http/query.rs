//! The query parameters by which readers name a moment.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::failure::Failure;
use super::paging::Asked;
use super::plain::{DaysThereAre, Plain};
use super::state::State;
use crate::cycle::AsOfError;
use crate::domain::values::period::to_microseconds;
use crate::domain::values::words::{day_text, sentence_text};
use crate::domain::wording::trouble::Trouble;

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
        Ok(AsOf(parse_as_of(as_of.as_deref())?))
    }
}

/// The time that `text` names. Whether it has come is asked later, by who has a turn: the store may have to say.
///
/// # Errors
/// For what is no time.
pub fn parse_as_of(text: Option<&str>) -> Result<Option<DateTime<Utc>>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let time = DateTime::parse_from_rfc3339(text).map_err(|error| {
        Failure::new(StatusCode::BAD_REQUEST, format!("as_of {text:?} is not an RFC 3339 time: {error}"))
            .advise("write a time as in ?as_of=2026-11-23T06:30:00Z")
    })?;
    Ok(Some(to_microseconds(time.to_utc())))
}

/// A moment as a reader of pages names it: by time, or by the day at whose end it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// As [`AsOf`] has it.
    pub as_of: Option<DateTime<Utc>>,
    /// The day, where one was named.
    pub day: Option<NaiveDate>,
}

/// A moment as it is written: one of the two, or none for the newest.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct MomentQuery {
    /// What was known then, RFC 3339; without it what is known now.
    #[param(value_type = Option<DateTime<Utc>>, example = "2026-11-23T06:30:00Z")]
    as_of: Option<String>,
    /// What was known at the end of that day (UTC), as a form for people asks for it.
    #[param(value_type = Option<NaiveDate>, example = "2026-11-23")]
    day: Option<String>,
}

impl FromRequestParts<State> for Moment {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let Asked(MomentQuery { as_of, day }) = Asked::from_request_parts(parts, state).await?;
        match (as_of, day) {
            (Some(_), Some(_)) => Err(Failure::new(StatusCode::BAD_REQUEST, "as_of and day name two moments")
                .advise("give one of them, or none for the newest")),
            (as_of, None) => Ok(Moment { as_of: parse_as_of(as_of.as_deref())?, day: None }),
            (None, day) => state.end_of_day(day.as_deref()).await,
        }
    }
}

/// Letters of a day as people write it: years of four digits.
const DAY_LENGTH: usize = 10;

/// The day that `text` writes, and its last moment; `None` for what is no day.
fn day_and_end(text: &str) -> Option<(NaiveDate, DateTime<Utc>)> {
    let day = text.parse::<NaiveDate>().ok().filter(|day| text.len() == DAY_LENGTH && day.to_string() == text)?;
    Some((day, day.and_hms_micro_opt(23, 59, 59, 999_999)?.and_utc()))
}

impl State {
    /// The end of the day that `text` names. Of today, which has not ended, it is the newest.
    ///
    /// # Errors
    /// For what is no day, and, with the days that there are, for one before the first cycle or still to come; if the store fails.
    pub async fn end_of_day(&self, text: Option<&str>) -> Result<Moment, Failure> {
        let Some(text) = text else { return Ok(Moment::default()) };
        let now = self.clock().now();
        let days = self.stored_days().await?;
        let offered = |refused: Failure, why: String| match days {
            Some(days) => refused.in_a_browser(Plain::other_days(why, days)),
            None => refused,
        };
        let Some((day, end)) = day_and_end(text) else {
            let refused = Failure::new(StatusCode::BAD_REQUEST, format!("day {text:?} is not a day"));
            let refused = refused.advise(match days {
                Some(DaysThereAre { first, last }) => format!("write a day from {first} to {last}, as in ?day={last}"),
                None => "write a day as in ?day=2026-11-23".to_owned(),
            });
            return Err(offered(refused, "What the address names is not a day.".to_owned()));
        };
        let (status, why, about) = match days {
            Some(DaysThereAre { first, .. }) if day < first => {
                let why = format!("nothing was known yet at the end of {}", day_text(day));
                (StatusCode::NOT_FOUND, why, Trouble::NothingToShowYet)
            }
            Some(_) if day > now.date_naive() => {
                (StatusCode::BAD_REQUEST, format!("{} is still to come", day_text(day)), Trouble::ArgumentsNotUsable)
            }
            _ => return Ok(Moment { as_of: Some(end).filter(|_| day != now.date_naive()), day: Some(day) }),
        };
        let advice = days.map(|days| format!("ask for a day from {} to {}", days.first, days.last)).unwrap_or_default();
        let said = sentence_text(&why);
        Err(offered(Failure::new(status, why).advise(advice).about(about), said))
    }

    /// The days of the first and the newest cycle, as far as they have come; none before the first.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn stored_days(&self) -> Result<Option<DaysThereAre>, Failure> {
        let cycles = self.engine().store().first_and_newest_cycle().await;
        let cycles =
            cycles.map_err(|error| Failure::internal("looking for the days that are stored", &error.into()))?;
        let today = self.clock().now().date_naive();
        let days = cycles
            .map(|(first, newest)| DaysThereAre { first: first.date_naive(), last: newest.date_naive().min(today) });
        Ok(days.filter(|days| days.first <= days.last))
    }

    /// Refuses a time that is still to come: what will be known then nobody can show. One before the first cycle is let through,
    /// since the page has something to say of it; see [`State::existing_view`]. The store is asked only for a time after now, as
    /// cycles can be run under a clock ahead of this one.
    ///
    /// # Errors
    /// For a time to come, and if the store fails.
    pub async fn refuse_the_future(&self, as_of: Option<DateTime<Utc>>) -> Result<(), Failure> {
        let now = self.clock().now();
        if as_of.is_none_or(|time| time <= now) {
            return Ok(());
        }
        match self.engine().check_as_of(as_of, now).await {
            Ok(()) | Err(AsOfError::BeforeFirst { .. } | AsOfError::NothingYet { .. }) => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }

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
        let (words, advice, about) = (error.to_string(), error.advice(), error.trouble());
        let failure = match error {
            AsOfError::Future { .. } => Failure::new(StatusCode::BAD_REQUEST, words),
            AsOfError::BeforeFirst { .. } => Failure::new(StatusCode::NOT_FOUND, words),
            AsOfError::NothingYet { failed: None } => {
                Failure::new(StatusCode::NOT_FOUND, words).in_a_browser(Plain::nothing_yet())
            }
            // What failed may name an account or a role.
            AsOfError::NothingYet { failed: Some(_) } => {
                let refused = Failure::new(StatusCode::NOT_FOUND, words).outside("no cycle has finished yet");
                refused.in_a_browser(Plain::nothing_yet())
            }
            AsOfError::Store(error) => Failure::internal("looking for the cycle of that time", &error.into()),
        };
        let failure = failure.about(about);
        match advice {
            Some(advice) => failure.advise(advice),
            None => failure,
        }
    }
}
