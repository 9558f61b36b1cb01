//! Serves the OpenAPI document. It is made from the table of routes, which names this as one of them: so the router hands in who makes it.

use axum::{Extension, Json};
use serde_json::{Value, json};

use super::mount::Mount;

/// Makes the document of a daemon that is served from the root of its host.
pub type Describe = fn() -> Value;

/// The document, whose server is where the caller found it.
pub async fn answer(Extension(describe): Extension<Describe>, mount: Mount) -> Json<Value> {
    let mut document = describe();
    document["servers"] = json!([{ "url": mount.root() }]);
    Json(document)
}
