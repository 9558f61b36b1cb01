//! What the founder enters, and what founder and ops say about alerts: balances read off the console, and filings.

use axum::extract::rejection::{JsonRejection, StringRejection};
use axum::http::{HeaderMap, StatusCode, header};
use axum::{Extension, Json, extract};

use serde::Deserialize;
use utoipa::IntoParams;

use super::access::Reader;
use super::audit::About;
use super::failure::Failure;
use super::paging::Asked;
use super::state::State;
use crate::cycle::{AcceptError, AcceptOrder, AcceptedDays, BalanceEntry, EntryError, MuteEntry, RecordedEntry};
use crate::domain::alert::Mute;
use crate::domain::filing::ask::CheckedFiling;
use crate::domain::wording::trouble::Trouble;
use crate::store::StoredProjection;

/// What a filing is written in.
const FILING_TYPE: &str = "application/toml";
/// A balance as it is sent.
pub const BALANCE_EXAMPLE: &str = r#"{"pool": "ID", "remaining": "1234.56", "on": "2026-11-23"}"#;
/// Days to accept as they are sent.
pub const ACCEPT_EXAMPLE: &str = r#"{"from": "2026-11-06", "to": "2026-11-14"}"#;
/// An acknowledgement as it is sent.
pub const MUTE_EXAMPLE: &str = r#"{"kind": "ack", "key": "exhaustion:total", "by": "you", "why": "applied"}"#;
/// The least filing.
pub const FILING_EXAMPLE: &str = r#"filed_on = "2026-02-01"
asked_for = "genai-tier"
[[record]]
id = "assistant"
[[record.service]]
service = "Amazon Bedrock"
monthly = [{ from = "2026-02", usd = "310" }]
"#;

/// Records a balance.
pub async fn record_balance(
    extract::State(state): extract::State<State>,
    entry: Result<Json<BalanceEntry>, JsonRejection>,
) -> Result<(StatusCode, Extension<About>, Json<RecordedEntry>), Failure> {
    let Json(entry) = entry.map_err(|error| {
        Failure::new(error.status(), error.body_text()).advise(format!("send {BALANCE_EXAMPLE} as application/json"))
    })?;
    let recorded = state.engine().record_balance(state.clock().now(), entry).await.map_err(refused)?;
    Ok((
        StatusCode::CREATED,
        Extension(About(format!("balance of {} on {}", recorded.pool, recorded.on))),
        Json(recorded),
    ))
}

/// Keeps an acknowledgement or a silence. Where there are tokens, it is the token that says so, whatever name is sent.
pub async fn mute(
    extract::State(state): extract::State<State>,
    Extension(Reader { who, is_named, .. }): Extension<Reader>,
    entry: Result<Json<MuteEntry>, JsonRejection>,
) -> Result<(StatusCode, Extension<About>, Json<Mute>), Failure> {
    let Json(mut entry) = entry.map_err(|error| {
        let advice = format!("send {MUTE_EXAMPLE} as application/json; a \"silence\" also needs \"until\"");
        Failure::new(error.status(), error.body_text()).advise(advice)
    })?;
    if is_named {
        entry.by = who;
    }
    let kept = state.engine().mute(state.clock().now(), entry).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Extension(About(format!("alert {}", kept.key))), Json(kept)))
}

/// How a filing is sent.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct FilingQuery {
    /// True to file what is far above anything known; it is refused otherwise.
    #[param(example = false)]
    anyway: Option<bool>,
}

/// Freezes a filing. The newest version's text again is that version.
pub async fn file_projection(
    extract::State(state): extract::State<State>,
    Asked(FilingQuery { anyway }): Asked<FilingQuery>,
    headers: HeaderMap,
    body: Result<String, StringRejection>,
) -> Result<(Extension<About>, Json<StoredProjection>), Failure> {
    let body = filing_text(&headers, body)?;
    let (engine, now) = (state.engine(), state.clock().now());
    let filed = match anyway {
        Some(true) => engine.file_projection(now, body).await,
        _ => engine.file_plausible(now, body).await,
    };
    filed.map(|filed| (Extension(About(format!("version {}", filed.version))), Json(filed))).map_err(refused)
}

/// Reads a filing as `projection check` does. Nothing is stored.
pub async fn check_projection(
    extract::State(state): extract::State<State>,
    Extension(Reader { who, .. }): Extension<Reader>,
    headers: HeaderMap,
    body: Result<String, StringRejection>,
) -> Result<Json<CheckedFiling>, Failure> {
    let (body, engine) = (filing_text(&headers, body)?, state.engine().clone());
    let checked = state.shared.lanes.questions.done(&who, async move { engine.check_filing(body).await }).await?;
    checked.map(Json).map_err(|error| Failure::internal("checking the filing", &error))
}

/// The text of a filing that was sent.
fn filing_text(headers: &HeaderMap, body: Result<String, StringRejection>) -> Result<String, Failure> {
    // A page elsewhere can send plain text without asking first; this type it cannot.
    if headers.get(header::CONTENT_TYPE).is_none_or(|given| given.as_bytes() != FILING_TYPE.as_bytes()) {
        let error = format!("a filing is sent as {FILING_TYPE}");
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error)
            .advise("set the Content-Type, or use `glidepath projection file`"));
    }
    body.map_err(|error| Failure::new(error.status(), error.body_text()))
}

/// Accepts days that AWS no longer shows as costing nothing.
pub async fn accept_vanished(
    extract::State(state): extract::State<State>,
    order: Result<Json<AcceptOrder>, JsonRejection>,
) -> Result<(StatusCode, Json<AcceptedDays>), Failure> {
    let Json(order) = order.map_err(|error| {
        Failure::new(error.status(), error.body_text()).advise(format!("send {ACCEPT_EXAMPLE} as application/json"))
    })?;
    let accepted = state.engine().accept_vanished(state.clock().now(), order).await;
    accepted.map(|days| (StatusCode::CREATED, Json(days))).map_err(|error| match error {
        AcceptError::Reversed { .. } | AcceptError::NoneKept { .. } => {
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
        }
        AcceptError::Failed(error) => Failure::internal("accepting days", &error),
    })
}

fn refused(error: EntryError) -> Failure {
    match error {
        EntryError::Balance { .. } | EntryError::Mute { .. } => {
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
        }
        EntryError::Filing { problems } => {
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "the projection cannot be filed")
                .with_problems(problems)
                .about(Trouble::FilingNotUsable)
        }
        EntryError::Implausible { problems } => {
            Failure::new(StatusCode::CONFLICT, "confirm: the projection is far above anything known here")
                .with_problems(problems)
                .advise("correct it, or send it again with ?anyway=true")
                .at_the_command_line("correct it, or repeat the command with --anyway")
                .about(Trouble::FilingNotUsable)
        }
        EntryError::Failed(error) => Failure::internal("storing what was entered", &error),
    }
}
