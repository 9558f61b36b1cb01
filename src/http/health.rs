//! Alive and ready, for whoever starts and watches the daemon. Open to everybody: nothing here tells figures, names or paths.
//!
//! Invariant: however many ask, the store is read once for each change of what an answer rests on, by one of them at a time.

use axum::http::StatusCode;
use axum::http::header::HeaderName;
use axum::{Json, extract};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::failure::Failure;
use super::readiness::Known;
use super::state::State;
use crate::cycle::Unfinished;
use crate::domain::wording::trouble::Trouble;
use crate::store::DiskTrouble;

/// A pull a day, and half a day of grace.
const FRESH: TimeDelta = TimeDelta::hours(36);

/// The answer of a daemon that is ready.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// `ready`.
    status: String,
    /// Clock of the newest cycle that pulled costs.
    #[schema(value_type = DateTime<Utc>)]
    last_pull: String,
}

/// Says whose store the daemon holds, to commands that must not show their token to another one's.
pub const STORE: HeaderName = HeaderName::from_static("glidepath-store");

/// The process answers, and so does its store, or it is known why that takes long.
pub async fn healthz(
    extract::State(state): extract::State<State>,
) -> (StatusCode, [(HeaderName, String); 1], &'static str) {
    let store = state.engine().store();
    let (status, said) = if state.shared.pulse.is_stuck(store) {
        (StatusCode::SERVICE_UNAVAILABLE, "the store has not answered a trivial question for a minute")
    } else {
        (StatusCode::OK, "ok")
    };
    (status, [(STORE, store.id().to_string())], said)
}

/// The store answers, costs were pulled lately, and the newest cycle came to its end.
pub async fn readyz(extract::State(state): extract::State<State>) -> Result<Json<Ready>, Failure> {
    let store = state.engine().store();
    if let Some(why) = store.unhealed() {
        return Err(unready(
            "damaged",
            Trouble::StoreDamaged,
            "the store is damaged, and could not be put together again",
        )
        .advise("the log says why, and `glidepath verify` beside the daemon what is damaged")
        .caused("putting the store together again", why));
    }
    if store.damage().is_some() {
        return Err(unready("damaged", Trouble::StoreDamaged, "the store is damaged")
            .advise("it is put together again within a minute; the log says how"));
    }
    if let Some(problem) = store.disk_problem() {
        let detail = match problem.trouble {
            DiskTrouble::Full => "the store's disk is full, so nothing new is taken in",
            DiskTrouble::ReadOnly | DiskTrouble::Sick => "the store's disk takes no writes, so nothing new is taken in",
        };
        return Err(unready("disk_full", Trouble::DiskFull, detail)
            .advise("make room on it, or look at it; nothing else is needed once it takes writes"));
    }
    let Known { last_pull, unfinished, has_finished } =
        state.shared.readiness.known(state.engine()).await.map_err(|error| unanswered(&error))?;
    // By a clock that is wrong, how old the data is cannot be told.
    if let Some(ahead) = unfinished.and_then(|unfinished| unfinished.ahead) {
        return Err(unready("cycle_failed", Trouble::ClockNotRight, &ahead.problem()).advise(ahead.remedy()));
    }
    let ready = freshness(last_pull, state.clock().now())?;
    if unfinished.is_none() && !has_finished {
        return Err(unready("no_data", Trouble::NothingToShowYet, "the first cycle has not come to its end yet")
            .advise("wait for it: the first pull of a large account takes minutes"));
    }
    // What failed may name an account: the log, the page and the alert say it.
    match unfinished {
        None => Ok(Json(ready)),
        Some(Unfinished { clock, .. }) => {
            let at = clock.to_rfc3339_opts(SecondsFormat::Secs, true);
            let detail = format!("the cycle of {at} asked AWS and could not finish");
            Err(unready("cycle_failed", Trouble::CycleFailed, &detail)
                .advise("the log, the page and the alert `cycle_failed` say what failed"))
        }
    }
}

fn unanswered(error: &anyhow::Error) -> Failure {
    unready("store", Trouble::StoreNotAnswering, "the store does not answer")
        .advise("the log says why")
        .caused("asking the store whether it is ready", format!("{error:#}"))
}

fn freshness(last_pull: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<Ready, Failure> {
    let advice = "`glidepath check --online` tries each permission; the findings on the page say what AWS answered";
    let Some(pulled_at) = last_pull else {
        return Err(unready("no_data", Trouble::NothingToShowYet, "no pull of costs has succeeded yet").advise(advice));
    };
    let at = pulled_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let age = now - pulled_at;
    if age < FRESH {
        return Ok(Ready { status: "ready".to_owned(), last_pull: at });
    }
    let hours = age.num_hours();
    Err(unready("stale_data", Trouble::StaleData, &format!("costs were last pulled {hours} hours ago, at {at}"))
        .advise(advice))
}

fn unready(reason: &'static str, about: Trouble, detail: &str) -> Failure {
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, detail).because(reason).about(about)
}
