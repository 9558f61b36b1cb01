//! The web: thin routes that load a view and render it, or hand on what people enter.
//!
//! Invariants: no request asks AWS or forecasts, but for an order to run a cycle, a replay of rules, a what-if and an entry,
//! whose outlook is made apart from its request; a partner can give none of them; every route stands in one table with the
//! permission that it needs, so that a new one cannot be left open or undescribed by accident; every error of a route is a
//! problem of RFC 9457, which a browser is shown as a page; a cache may change how much is computed, never the answer; what keeps
//! a core busy is done in a lane, in which requests wait without a thread and beyond which they are sent away.

mod access;
mod assets;
mod audit;
mod bounds;
mod browser;
mod charges;
pub mod client;
mod commands;
mod conditional;
mod door;
mod ended_links;
mod entries;
mod failure;
mod gate;
mod health;
mod kept_files;
mod kept_page;
mod lane;
mod later;
mod logins;
mod metrics;
mod mount;
mod openapi;
mod origin;
mod pages;
mod paging;
mod parts;
mod patience;
mod permission;
mod plain;
mod plan;
mod pulse;
mod query;
mod requests;
mod routes;
mod serve;
mod shared;
mod slashes;
mod small_page;
mod tally;
mod troubles;
mod views;
mod whatif;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::routing::MethodRouter;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::{Span, debug_span};

use crate::clock::Clock;
use crate::cycle::Engine;
use crate::report::STYLESHEET;

use ended_links::EndedLinks;
use gate::Gate;
use health::Readiness;
use kept_files::{AsItIs, KeptFiles};
use kept_page::KeptPage;
use lane::Lanes;
use logins::Logins;
use permission::Needs;
use pulse::Pulse;
use requests::RequestCounts;
use routes::{Route, Weight};
use tally::Tally;
use troubles::Troubles;
use views::ViewCache;

pub use audit::AuditPage;
pub use failure::Problem;
pub use openapi::document as openapi;
pub use paging::HIGHEST_LIMIT;
pub use parts::{HistoryPage, IssuedPage};
pub use serve::serve;
pub use shared::LinksPage;

/// Reading is quick; what takes longer is stuck.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// A report waits for those before it, and may take long itself.
const REPORT_TIMEOUT: Duration = Duration::from_secs(60);
/// A first cycle reads 13 months, page by page, and AWS may throttle it.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// A body of that size is here in moments.
const BODY_TIME: Duration = Duration::from_secs(8);
/// A balance is a line; most routes read no body at all.
const BODY_LIMIT: usize = 16 * 1024;
/// A head of a browser with its cookies has some thousands of bytes.
const HEAD_LIMIT: usize = 64 * 1024;
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
    page: KeptPage,
    files: KeptFiles,
    lanes: Lanes,
    requests: RequestCounts,
    pulse: Pulse,
    gate: Arc<Gate>,
    tally: Tally,
    logins: Logins,
    troubles: Troubles,
    ended_links: EndedLinks,
    readiness: Readiness,
    /// How many lines of the log nobody read.
    dropped_lines: fn() -> usize,
}

impl State {
    /// Routes over `engine`, whose "now" is that of `clock`.
    pub fn new(engine: Engine, clock: Clock) -> State {
        State::with_log(engine, clock, || 0)
    }

    /// The same, with a count of the log's lines that nobody read, for the metric.
    pub fn with_log(engine: Engine, clock: Clock, dropped_lines: fn() -> usize) -> State {
        let room = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let config = engine.config();
        let gate = Gate::new(room(config.max_connections), room(config.max_connections_per_address));
        let shared = Shared {
            engine,
            clock,
            views: ViewCache::default(),
            page: KeptPage::default(),
            files: KeptFiles::default(),
            lanes: Lanes::default(),
            requests: RequestCounts::default(),
            pulse: Pulse::default(),
            gate,
            tally: Tally::default(),
            logins: Logins::default(),
            troubles: Troubles::default(),
            ended_links: EndedLinks::default(),
            readiness: Readiness::default(),
            dropped_lines,
        };
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
    router_within(state, BODY_TIME)
}

fn router_within(state: State, body_time: Duration) -> Router {
    let mut router = Router::new();
    for route in routes::routes() {
        router = router.route(route.path, bounded(route, &state, body_time));
    }
    let router = router
        .fallback(slashes::or_not_found)
        .layer(from_fn(bounds::no_secret_in_query))
        .layer(from_fn(bounds::no_long_address))
        .layer(from_fn(|request: Request, next: Next| bounds::no_long_head(request, next, HEAD_LIMIT)))
        .layer(from_fn_with_state(state.clone(), requests::count))
        .layer(map_response(failure::explain))
        .layer(from_fn(browser::failures_as_pages))
        .layer(from_fn_with_state(state.clone(), troubles::watch))
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

fn with_security_headers(router: Router<State>) -> Router<State> {
    let policy = HeaderValue::from_str(&content_security_policy("")).expect("a policy of ASCII letters and hashes");
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    router
        .layer(SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, policy))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

/// Nothing may load, run or frame; the stylesheet inside a report is let in by its hash. Charts are inline SVG, which needs
/// no leave. The page has a policy of its own, and so has a report, whose logo is part of the file.
fn content_security_policy(more: &str) -> String {
    // The templates put the stylesheet on lines of its own.
    let style = BASE64_STANDARD.encode(Sha256::digest(format!("\n{STYLESHEET}\n")));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; {more}base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// A report may show the picture that it holds itself: a partner's logo, which nothing in it can make run or load.
static REPORT_POLICY: LazyLock<String> = LazyLock::new(|| content_security_policy("img-src data:; "));
