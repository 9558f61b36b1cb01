//! The web: thin routes that load a view and render it, or hand on what the owner enters.
//!
//! Invariants: no request asks AWS or forecasts, but for the owner's order to run a cycle; a route is open, the owner's
//! or a reader's by the group it stands in, so that a new one cannot be left open by accident; every error is JSON; a
//! cache may change how much is computed, never the answer.

mod access;
pub mod client;
mod commands;
mod entries;
mod failure;
mod health;
mod metrics;
mod pages;
mod query;
mod requests;
mod serve;
mod views;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::clock::Clock;
use crate::cycle::Engine;
use crate::report::STYLESHEET;

use requests::RequestCounts;
use views::ViewCache;

pub use serve::serve;

/// Reading is quick; what takes longer is stuck.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// A first cycle reads 13 months, page by page, and AWS may throttle it.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// A balance is a line; most routes read no body at all.
const BODY_LIMIT: usize = 16 * 1024;
/// Thousands of lines.
const FILING_LIMIT: usize = 256 * 1024;

/// What the routes share. Cloning shares it.
#[derive(Clone)]
pub struct State {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    clock: Clock,
    views: ViewCache,
    requests: RequestCounts,
}

impl State {
    /// Routes over `engine`, whose "now" is that of `clock`.
    pub fn new(engine: Engine, clock: Clock) -> State {
        let shared = Shared { engine, clock, views: ViewCache::default(), requests: RequestCounts::default() };
        State { shared: Arc::new(shared) }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }
}

/// All routes. The caller's address must be in each request's extensions as `ConnectInfo<SocketAddr>`, which [`serve`]
/// sees to.
pub fn router(state: State) -> Router {
    let open = Router::new().route("/healthz", get(health::healthz)).route("/readyz", get(health::readyz));
    let read = Router::new()
        .route("/", get(pages::page))
        .route("/metrics", get(metrics::metrics))
        .route("/api/v1/position", get(pages::position))
        .route("/api/v1/series", get(pages::series))
        .route("/api/v1/restatements", get(pages::restatements))
        .route("/api/v1/reports", get(pages::issued_reports))
        .route("/api/v1/projections", get(pages::projections))
        .route("/api/v1/projections/{version}", get(pages::projection))
        .route("/api/v1/credits", get(pages::credits))
        .route("/api/v1/credits/history", get(pages::credit_history))
        .route("/api/v1/credits/statements", post(entries::record_balance))
        .route_layer(from_fn_with_state(state.clone(), access::owner_only));
    let reports = Router::new()
        .route("/api/v1/reports/{file}", get(pages::report))
        .route_layer(from_fn_with_state(state.clone(), access::known_reader));
    let filing = Router::new()
        .route("/api/v1/projections", post(entries::file_projection))
        .route_layer(from_fn_with_state(state.clone(), access::owner_only))
        .layer(RequestBodyLimitLayer::new(FILING_LIMIT));
    let commands = Router::new()
        .route("/api/v1/cycle", post(commands::cycle))
        .route("/api/v1/backup", post(commands::backup))
        .route_layer(from_fn_with_state(state.clone(), access::owner_only))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, COMMAND_TIMEOUT))
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT));
    let brief = open.merge(read).merge(reports).layer(RequestBodyLimitLayer::new(BODY_LIMIT)).merge(filing);
    let router = brief
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, READ_TIMEOUT))
        .merge(commands)
        .fallback(failure::not_found)
        .layer(from_fn_with_state(state.clone(), requests::count))
        .layer(map_response(failure::explain))
        .layer(TraceLayer::new_for_http());
    with_security_headers(router).with_state(state)
}

fn with_security_headers(router: Router<State>) -> Router<State> {
    let policy = HeaderValue::from_str(&content_security_policy()).expect("a policy of ASCII letters and hashes");
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    router
        .layer(SetResponseHeaderLayer::overriding(header::CONTENT_SECURITY_POLICY, policy))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(header::CACHE_CONTROL, "no-store"))
}

/// Nothing may load, run or frame; the one stylesheet is let in by its hash. Charts are inline SVG, which needs no leave.
fn content_security_policy() -> String {
    // The templates put the stylesheet on lines of its own.
    let style = BASE64_STANDARD.encode(Sha256::digest(format!("\n{STYLESHEET}\n")));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
