//! Planned events over HTTP.

use axum::extract::rejection::JsonRejection;
use axum::extract::{self, Path};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::audit::About;
use super::failure::Failure;
use super::query::AsOf;
use super::state::State;
use crate::cycle::PlanError;
use crate::domain::plan::{PlanOrder, Planned};

/// An event as it is sent.
pub const EXAMPLE: &str = r#"{"kind": "launch", "on": "2026-12-01", "usd_per_day": "500", "sure": "0.8"}"#;

/// An event that was taken back.
#[derive(Debug, Serialize, ToSchema)]
pub struct Removed {
    /// Its id.
    id: String,
    /// What it was.
    what: String,
}

/// What is planned.
pub async fn list(
    extract::State(state): extract::State<State>,
    AsOf(as_of): AsOf,
) -> Result<Json<Vec<Planned>>, Failure> {
    Ok(Json(state.existing_view(as_of).await?.position.planned.clone()))
}

/// Plans an event.
pub async fn add(
    extract::State(state): extract::State<State>,
    order: Result<Json<PlanOrder>, JsonRejection>,
) -> Result<(StatusCode, Extension<About>, Json<Planned>), Failure> {
    let Json(order) = order.map_err(|error| {
        Failure::new(error.status(), error.body_text()).advise(format!("send {EXAMPLE} as application/json"))
    })?;
    let row = state.engine().add_plan(state.clock().now(), &order).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Extension(About(format!("plan {}", row.id))), Json(row)))
}

/// Takes an event back.
pub async fn remove(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Removed>, Failure> {
    let entry = state.engine().remove_plan(state.clock().now(), &id).await.map_err(refused)?;
    Ok(Json(Removed { id, what: entry.what.to_string() }))
}

fn refused(error: PlanError) -> Failure {
    match error {
        PlanError::Problems { problems } => {
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "this cannot be planned").with_problems(problems)
        }
        PlanError::Confirm { .. } => Failure::new(StatusCode::CONFLICT, format!("confirm: {error}"))
            .advise("send it again with \"yes\": true")
            .at_the_command_line("if it is meant, repeat the command with --yes"),
        PlanError::Unknown { .. } => Failure::new(StatusCode::NOT_FOUND, error.to_string()),
        PlanError::Filed { .. } | PlanError::NothingYet => {
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
        }
        PlanError::Failed(error) => Failure::internal("planning an event", &error),
    }
}
