//! Every route behind everything that stands before it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::routing::MethodRouter;
use axum::{Extension, Router};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::{Span, debug_span};

use super::description::Describe;
use super::kept_files::AsItIs;
use super::permission::Needs;
use super::route::{Route, Weight};
use super::security_headers::with_security_headers;
use super::state::State;
use super::{access, bounds, browser, conditional, failure, openapi, requests, routes, slashes, troubles};

/// Reading is quick; what takes longer is stuck.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// A report waits for those before it, and may take long itself.
const REPORT_TIMEOUT: Duration = Duration::from_secs(60);
/// A first cycle reads 13 months, page by page, and AWS may throttle it.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// A body of that size is here in moments.
pub(super) const BODY_TIME: Duration = Duration::from_secs(8);
/// A balance is a line; most routes read no body at all.
const BODY_LIMIT: usize = 16 * 1024;
/// A head of a browser with its cookies has some thousands of bytes.
pub(super) const HEAD_LIMIT: usize = 64 * 1024;
/// Thousands of lines.
const FILING_LIMIT: usize = 256 * 1024;

/// All routes. The caller's address must be in each request's extensions as `ConnectInfo<SocketAddr>`, which [`super::serve`]
/// sees to.
pub fn router(state: State) -> Router {
    router_within(state, BODY_TIME)
}

pub(super) fn router_within(state: State, body_time: Duration) -> Router {
    let mut router = Router::new();
    for route in routes::routes() {
        router = router.route(route.path, bounded(route, &state, body_time));
    }
    let router = router
        .fallback(slashes::or_not_found)
        .layer(Extension::<Describe>(openapi::document))
        .layer(from_fn(bounds::no_secret_in_query))
        .layer(from_fn(bounds::no_long_address))
        .layer(from_fn(|request: Request, next: Next| bounds::no_long_head(request, next, HEAD_LIMIT)))
        .layer(from_fn_with_state(Arc::clone(&state.shared.requests), requests::count))
        .layer(map_response(failure::explain))
        .layer(from_fn(browser::failures_as_pages))
        .layer(from_fn_with_state(Arc::clone(&state.shared.troubles), troubles::watch))
        .layer(map_response(bounds::who_is_refused_leaves))
        // Nothing that is served repeats what a stranger sent beside a secret, so its size tells nothing.
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(is_to_compress)))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_failure(()));
    with_security_headers(router).with_state(state)
}

/// A route behind everything that stands before it: who may, who has the answer already, how long and how large.
fn bounded(route: Route, state: &State, body_time: Duration) -> MethodRouter<State> {
    let (limit, time) = match route.weight {
        Weight::Light => (BODY_LIMIT, READ_TIMEOUT),
        Weight::Filing => (FILING_LIMIT, READ_TIMEOUT),
        Weight::Report => (BODY_LIMIT, REPORT_TIMEOUT),
        Weight::Order => (BODY_LIMIT, COMMAND_TIMEOUT),
    };
    let whole_body = move |request: Request, next: Next| bounds::whole_body(request, next, limit, body_time);
    let takes_no_query = route.query.is_none() && route.needs != Needs::Open;
    let mut handler = route
        .handler
        .route_layer(from_fn(whole_body))
        .route_layer(RequestBodyLimitLayer::new(limit))
        .route_layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, time));
    if route.conditional {
        handler = handler.route_layer(from_fn(conditional::conditional));
    }
    if takes_no_query {
        handler = handler.route_layer(from_fn(bounds::no_query));
    }
    handler.route_layer(from_fn_with_state((state.clone(), route.needs), access::admit))
}

/// False for what was compressed when it was made, or need not be.
fn is_to_compress(_: StatusCode, _: Version, _: &HeaderMap, marks: &Extensions) -> bool {
    marks.get::<AsItIs>().is_none()
}

/// What the log says of a request: the route and never the address, which can be a link that opens a report.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    debug_span!("request", method = %request.method(), route)
}
