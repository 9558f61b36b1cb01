//! Serves the OpenAPI document. The table of routes, which the document is made of, names this as a route, so that it cannot be
//! reached from here but through what the routes share.

use axum::{Json, extract};
use serde_json::{Value, json};

use super::mount::Mount;
use super::state::State;

/// The document, whose server is where the caller found it.
pub async fn answer(extract::State(state): extract::State<State>, mount: Mount) -> Json<Value> {
    let mut document = state.shared.description.get().map_or(Value::Null, |document| document());
    document["servers"] = json!([{ "url": mount.root() }]);
    Json(document)
}
