//! Counts answered requests by route and class of status.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

/// Requests since the start, by route pattern and the first digit of the status. Routes are patterns, so that nobody
/// can make the daemon remember addresses without end.
#[derive(Default)]
pub struct RequestCounts(Mutex<BTreeMap<(String, u16), u64>>);

impl RequestCounts {
    fn add(&self, route: String, status_class: u16) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((route, status_class)).or_default() += 1;
    }

    /// All counts, sorted.
    pub fn all(&self) -> BTreeMap<(String, u16), u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Counts a request once it is answered.
pub async fn count(State(counts): State<Arc<RequestCounts>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    counts.add(route, response.status().as_u16() / 100);
    response
}
