//! Orders of a founder or of ops. Each runs apart from its request, because a caller who goes away must not cut it; but for
//! a replay, which leaves nothing behind and ends with its caller.

use std::future::Future;

use anyhow::{Context as _, Result};
use axum::extract::rejection::JsonRejection;
use axum::extract::{self, Path};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::IntoParams;

use super::access::Reader;
use super::failure::Failure;
use super::pages;
use super::paging::Asked;
use super::query::AsOf;
use super::state::State;
use crate::cycle::{
    BackupReport, CheckReport, ClockAhead, CycleReport, ReplayError, ReplayOrder, ReplayProgress, SendError,
    SentReport, TestedChannel, VerifyReport,
};
use crate::domain::alert::ReplayReport;
use crate::domain::wording::trouble::Trouble;
use crate::report::Audience;

/// A replay as it is ordered.
pub const REPLAY_EXAMPLE: &str = r#"{"from": "2026-01-01", "to": "2026-11-20"}"#;

/// Runs a cycle now.
pub async fn cycle(extract::State(state): extract::State<State>) -> Result<Json<CycleReport>, Failure> {
    let (engine, now) = (state.engine().clone(), state.clock().now());
    let ended = tokio::spawn(async move { engine.cycle(now).await }).await.context("it broke off");
    let report = ended.and_then(|result| result).map_err(|error| broken("the cycle", &error))?;
    let Some(report) = report else {
        let busy = Failure::new(StatusCode::CONFLICT, "a cycle is running already");
        return Err(busy.advise("wait for it; the position changes when it has finished"));
    };
    report.log_problems();
    Ok(Json(report))
}

/// Makes a backup now.
pub async fn backup(
    extract::State(state): extract::State<State>,
    Extension(reader): Extension<Reader>,
) -> Result<Json<BackupReport>, Failure> {
    let (engine, now) = (state.engine().clone(), state.clock().now());
    in_turn(&state, &reader, "the backup", async move { engine.back_up(now).await }).await.map(Json)
}

/// Reads the whole store now.
pub async fn verify(
    extract::State(state): extract::State<State>,
    Extension(reader): Extension<Reader>,
) -> Result<Json<VerifyReport>, Failure> {
    let engine = state.engine().clone();
    in_turn(&state, &reader, "the look at the whole store", async move { engine.verify().await }).await.map(Json)
}

/// What to leave out of a check.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CheckQuery {
    /// False sends no test messages; they are sent otherwise.
    #[param(example = false)]
    channels: Option<bool>,
}

/// Tries what a cycle needs, and says what was answered.
pub async fn check(
    extract::State(state): extract::State<State>,
    Extension(reader): Extension<Reader>,
    Asked(CheckQuery { channels }): Asked<CheckQuery>,
) -> Result<Json<CheckReport>, Failure> {
    let (engine, now) = (state.engine().clone(), state.clock().now());
    let checked = async move { engine.check_online(now, channels.unwrap_or(true)).await };
    in_turn(&state, &reader, "the check", checked).await.map(Json)
}

/// Which channel to test; without one, all.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TestQuery {
    /// Name of the channel; without it all.
    #[param(example = "ops")]
    channel: Option<String>,
}

/// Sends test messages and says how each went.
pub async fn test_channels(
    extract::State(state): extract::State<State>,
    Extension(reader): Extension<Reader>,
    Asked(TestQuery { channel }): Asked<TestQuery>,
) -> Result<Json<Vec<TestedChannel>>, Failure> {
    let (engine, now) = (state.engine().clone(), state.clock().now());
    let testing = async move { Ok(engine.test_channels(channel.as_deref(), now).await) };
    let tested = in_turn(&state, &reader, "the test", testing).await?;
    tested.map(Json).ok_or_else(|| {
        Failure::new(StatusCode::NOT_FOUND, "no such channel is configured")
            .advise(state.engine().config().channel_names())
    })
}

/// Replays alert rules over the past; nothing is sent or stored.
pub async fn replay(
    extract::State(state): extract::State<State>,
    Extension(Reader { who, .. }): Extension<Reader>,
    order: Result<Json<ReplayOrder>, JsonRejection>,
) -> Result<Json<ReplayReport>, Failure> {
    let Json(order) = order.map_err(|error| {
        Failure::new(error.status(), error.body_text()).advise(format!("send {REPLAY_EXAMPLE} as application/json"))
    })?;
    let engine = state.engine().clone();
    let replayed = state.shared.lanes.questions.while_asked(&who, engine.replay(order)).await?;
    replayed.map(Json).map_err(|error| {
        let (words, advice) = (error.to_string(), error.advice());
        let failure = match error {
            ReplayError::Reversed { .. } => Failure::new(StatusCode::BAD_REQUEST, words),
            ReplayError::Rules { problems } => {
                Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "the rules cannot be used").with_problems(problems)
            }
            ReplayError::NoLook { .. } => {
                Failure::new(StatusCode::NOT_FOUND, words).about(Trouble::QuestionNotAnswered)
            }
            ReplayError::Failed(error) => Failure::internal("the replay", &error),
        };
        match advice {
            Some(advice) => failure.advise(advice),
            None => failure,
        }
    })
}

/// How far the replays that run have come.
pub async fn replays(extract::State(state): extract::State<State>) -> Json<Vec<ReplayProgress>> {
    Json(state.engine().replays())
}

/// Sends a report to a channel now.
pub async fn send_report(
    extract::State(state): extract::State<State>,
    Extension(Reader { who, .. }): Extension<Reader>,
    Path((file, channel)): Path<(String, String)>,
    AsOf(as_of): AsOf,
) -> Result<Json<SentReport>, Failure> {
    let wanted = pages::asked_for(&file)?;
    let (engine, now) = (state.engine().clone(), state.clock().now());
    let lane = state.shared.lanes.reports_for(&Audience::Owner);
    let sender = who.clone();
    let sending = async move { engine.send_report((now, &sender), &channel, wanted, as_of).await };
    lane.done(&who, sending).await?.map(Json).map_err(|error| match error {
        SendError::Channel(_) => Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        SendError::AsOf(error) => error.into(),
        SendError::Failed(error) => Failure::internal("sending the report", &error),
    })
}

/// Work that is done one after the other, whoever orders it.
async fn in_turn<T: Send + 'static>(
    state: &State,
    Reader { who, .. }: &Reader,
    what: &str,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T, Failure> {
    state.shared.lanes.orders.done(who, work).await?.map_err(|error| broken(what, &error))
}

fn broken(what: &str, error: &anyhow::Error) -> Failure {
    match error.downcast_ref::<ClockAhead>() {
        // No defect: the alert and the log have said so.
        Some(ahead) => Failure::new(StatusCode::INTERNAL_SERVER_ERROR, ahead.problem())
            .advise(ahead.remedy())
            .about(Trouble::ClockNotRight),
        None => Failure::internal(what, error),
    }
}
