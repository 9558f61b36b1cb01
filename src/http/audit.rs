//! Leaves a trace of who read a report and who entered what, and shows it.

use std::time::Duration;

use axum::Json;
use axum::extract::{self, RawPathParams};
use axum::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};
use utoipa::ToSchema;

use super::failure::Failure;
use super::mount::Mount;
use super::paging::{Asked, Paging, decode, next, page};
use super::state::State;
use super::tally::{Next, Same};
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
    state.write_counts().await;
    let rows = state.engine().store().audited(after, limit + 1).await;
    let rows = rows.map_err(|error| Failure::internal("reading the audit", &error.into()))?;
    let (entries, last) = page(rows, limit, |row| AuditKey { number: row.number });
    Ok(Json(AuditPage { entries, next: next(&mount.at("/api/v1/audit"), limit, last) }))
}

/// What an entry is about where its address does not say so: handlers put it into the extensions of their answer.
#[derive(Debug, Clone)]
pub struct About(pub String);

/// Where something was read or entered: the route with the names in it, and what it was about.
pub fn place(route: &str, names: Option<RawPathParams>, about: Option<&About>) -> String {
    let named = |part: &str| {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        let given = name.and_then(|name| names.as_ref()?.iter().find(|(key, _)| *key == name));
        given.map_or_else(|| part.to_owned(), |(_, value)| value.replace('/', "%2F"))
    };
    let path = route.split('/').map(named).collect::<Vec<_>>().join("/");
    match about {
        Some(About(what)) => format!("{path} ({what})"),
        None => path,
    }
}

/// Reports of the same kind that one token or link is shown within an hour, each with a row of its own; more are counted.
pub const SHOWN_AN_HOUR: u32 = 100;
/// How long counts wait until they are written.
const WRITTEN_AFTER: Duration = Duration::from_secs(60);

/// Writes down that `who` did something at `path` and was answered with `status`. The first `own_rows` times in an hour that is a
/// row, and then counted on the newest of them.
///
/// # Errors
/// If the store cannot keep it. What was only read must not be handed out then.
pub async fn note(
    state: &State,
    who: &str,
    action: &str,
    path: String,
    status: StatusCode,
    own_rows: u32,
) -> Result<(), Failure> {
    let at = state.clock().now();
    let entry = AuditEntry { at, who: who.to_owned(), action: action.to_owned(), path, status: status.as_u16() };
    let (tally, same) = (&state.shared.tally, Same::of(&entry));
    match tally.add(&same, at, own_rows) {
        Next::Row => {}
        Next::Counted { first } => {
            if first {
                state.later(WRITTEN_AFTER, |state| async move { state.write_counts().await });
            }
            return Ok(());
        }
    }
    info!(who, action, path = entry.path, status = entry.status, "audited");
    let stored = state.engine().store().audit(entry).await;
    tally.stored(&same, stored.as_ref().ok().copied());
    stored.map(|_| ()).map_err(|error| {
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "this could not be written into the audit, so it is not shown")
            .advise("the log says why")
            .caused("writing the audit", error.to_string())
    })
}

impl State {
    /// Writes what was counted and is not in the audit yet. Where the store cannot be written it waits for the next time.
    pub async fn write_counts(&self) {
        let again = self.shared.tally.take();
        if again.is_empty() {
            return;
        }
        if let Err(error) = self.engine().store().audit_again(again.clone()).await {
            warn!(%error, "the counts of the audit cannot be written; they wait for the next time");
            self.shared.tally.put_back(&again);
        }
    }
}

/// What the audit calls a request that changes something.
pub fn change(kind: &'static str, method: &Method) -> String {
    let verb = if method == Method::DELETE { "ended" } else { "made" };
    format!("{kind} {verb}")
}
