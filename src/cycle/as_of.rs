//! The one judgement of a moment that somebody wants to see: commands, requests and links all ask here, and say the same.

use std::fmt;

use anyhow::{Context as _, Result};
use chrono::{DateTime, SecondsFormat, TimeDelta, Timelike as _, Utc};

use crate::domain::wording::trouble::Trouble;
use crate::store::StoreError;

use super::engine::Engine;

/// A moment of which nothing can be shown.
#[derive(Debug)]
pub enum AsOfError {
    /// It has not come yet.
    Future {
        /// What was asked for.
        as_of: DateTime<Utc>,
        /// The present.
        now: DateTime<Utc>,
    },
    /// Nothing was known then.
    BeforeFirst {
        /// What was asked for.
        as_of: DateTime<Utc>,
        /// Clock of the first finished cycle.
        first: DateTime<Utc>,
    },
    /// Nothing is known yet.
    NothingYet {
        /// What failed, where a cycle asked and could not finish.
        failed: Option<String>,
    },
    /// The store failed.
    Store(StoreError),
}

impl AsOfError {
    /// What it is about, for whoever looks it up.
    pub fn trouble(&self) -> Trouble {
        match self {
            AsOfError::Future { .. } => Trouble::ArgumentsNotUsable,
            AsOfError::BeforeFirst { .. } | AsOfError::NothingYet { failed: None } => Trouble::NothingToShowYet,
            AsOfError::NothingYet { failed: Some(_) } => Trouble::CycleFailed,
            AsOfError::Store(error) => error.trouble(),
        }
    }

    /// What to do about it; `None` if the caller can do nothing.
    pub const fn advice(&self) -> Option<&'static str> {
        match self {
            AsOfError::Future { .. } => Some(
                "ask for a time that has passed, or for none, to get the newest cycle; the outlook says what is to come",
            ),
            AsOfError::BeforeFirst { .. } => Some("ask for that time or a later one"),
            AsOfError::NothingYet { failed: None } => Some(
                "run `glidepath cycle`, or wait for the daemon's first one; `glidepath check --online` tries what it needs",
            ),
            AsOfError::NothingYet { failed: Some(_) } => Some(
                "read the log of that cycle and run `glidepath cycle`; if it fails again, report what failed as a defect",
            ),
            AsOfError::Store(_) => None,
        }
    }
}

/// The first whole second at or after a time.
fn next_second(at: DateTime<Utc>) -> DateTime<Utc> {
    let whole = at.with_nanosecond(0).unwrap_or(at);
    if whole == at { at } else { whole.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(at) }
}

impl fmt::Display for AsOfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // To the second, and to the side on which what is said stays true: clocks have microseconds, and nobody reads them.
        let early = |at: &DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let late = |at: &DateTime<Utc>| early(&next_second(*at));
        match self {
            AsOfError::Future { as_of, now } => {
                write!(f, "{} lies in the future: it is {} now", late(as_of), early(now))
            }
            AsOfError::BeforeFirst { as_of, first } => {
                write!(f, "no cycle had finished by {}: the first one finished at {}", early(as_of), late(first))
            }
            AsOfError::NothingYet { failed: None } => f.write_str("no cycle has finished yet"),
            AsOfError::NothingYet { failed: Some(problem) } => {
                write!(f, "no cycle has finished yet, and the newest one failed: {problem}")
            }
            AsOfError::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AsOfError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            AsOfError::Store(error) => error.source(),
            _ => None,
        }
    }
}

impl From<StoreError> for AsOfError {
    fn from(error: StoreError) -> Self {
        AsOfError::Store(error)
    }
}

impl Engine {
    /// Refuses a moment of which nothing can be shown; without one, the newest cycle is meant. Cycles can be run under a
    /// clock ahead of `now`, and what they know can be asked for.
    ///
    /// # Errors
    /// [`AsOfError`].
    pub async fn check_as_of(&self, as_of: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), AsOfError> {
        let cycles = self.store().first_and_newest_cycle().await?;
        let now = cycles.map_or(now, |(_, newest)| newest.max(now));
        match (as_of, cycles) {
            (Some(as_of), _) if as_of > now => Err(AsOfError::Future { as_of, now }),
            (Some(as_of), Some((first, _))) if as_of < first => Err(AsOfError::BeforeFirst { as_of, first }),
            (_, None) => {
                Err(AsOfError::NothingYet { failed: self.store().failed_cycle().await?.map(|failed| failed.problem) })
            }
            _ => Ok(()),
        }
    }

    /// Clock of the first finished cycle.
    pub(super) async fn first_cycle(&self) -> Result<Option<DateTime<Utc>>> {
        let cycles = self.store().first_and_newest_cycle().await.context("looking for the first cycle")?;
        Ok(cycles.map(|(first, _)| first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_without_fractions_and_what_is_told_stays_true() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let first = time("2026-03-20T06:30:00.000001Z");
        let before = AsOfError::BeforeFirst { as_of: time("2026-03-20T06:30:00Z"), first };
        assert_eq!(
            before.to_string(),
            "no cycle had finished by 2026-03-20T06:30:00Z: the first one finished at 2026-03-20T06:30:01Z"
        );
        let future =
            AsOfError::Future { as_of: time("2026-03-19T23:59:59.999999Z"), now: time("2026-03-19T23:59:59.5Z") };
        assert_eq!(future.to_string(), "2026-03-20T00:00:00Z lies in the future: it is 2026-03-19T23:59:59Z now");
        let far = AsOfError::Future { as_of: DateTime::<Utc>::MAX_UTC, now: first };
        assert!(far.to_string().contains("lies in the future"));
    }
}
