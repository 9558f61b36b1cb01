//! Leaves a trace of who read a report and who entered what, and shows it.

use axum::Json;
use axum::extract;
use axum::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tracing::{error, info};
use utoipa::ToSchema;

use super::State;
use super::failure::Failure;
use super::mount::Mount;
use super::paging::{Asked, Paging, decode, next, page};
use crate::store::{AuditEntry, AuditKey, AuditRow};

/// Entries, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditRow>,
    /// The address of the next page; null on the last.
    pub next: Option<String>,
}

/// Who read and entered what.
pub async fn list(
    extract::State(state): extract::State<State>,
    mount: Mount,
    Asked(paging): Asked<Paging>,
) -> Result<Json<AuditPage>, Failure> {
    let after: Option<AuditKey> = paging.cursor.as_deref().map(decode).transpose()?;
    let limit = paging.limit()?;
    let rows = state.engine().store().audited(after, limit + 1).await;
    let rows = rows.map_err(|error| Failure::internal("reading the audit", &error.into()))?;
    let (entries, last) = page(rows, limit, |row| AuditKey { number: row.number });
    Ok(Json(AuditPage { entries, next: next(&mount.at("/api/v1/audit"), limit, last) }))
}

/// Writes down that `who` did something at `path` and was answered with `status`.
///
/// # Errors
/// If the store cannot keep it. What was only read must not be handed out then.
pub async fn note(state: &State, who: &str, action: &str, path: String, status: StatusCode) -> Result<(), Failure> {
    let at = state.clock().now();
    let entry = AuditEntry { at, who: who.to_owned(), action: action.to_owned(), path, status: status.as_u16() };
    info!(who, action, path = entry.path, status = entry.status, "audited");
    state.engine().store().audit(entry).await.map_err(|error| {
        error!(who, action, %error, "the audit cannot be written");
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "this could not be written into the audit, so it is not shown")
            .advise("the log says why")
    })
}

/// What the audit calls a request that changes something.
pub fn change(kind: &'static str, method: &Method) -> String {
    let verb = if method == Method::DELETE { "ended" } else { "made" };
    format!("{kind} {verb}")
}
