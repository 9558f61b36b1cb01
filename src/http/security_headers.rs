//! What an answer tells a browser to leave alone.

use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use tower_http::set_header::SetResponseHeaderLayer;

use super::state::State;
use crate::report::STYLESHEET;

/// The router whose answers bear them.
pub fn with_security_headers(router: Router<State>) -> Router<State> {
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
pub static REPORT_POLICY: LazyLock<String> = LazyLock::new(|| content_security_policy("img-src data:; "));
