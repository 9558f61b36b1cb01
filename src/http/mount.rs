//! Below which path a caller reaches the daemon, for addresses in answers that are no page.
//!
//! Invariants: pages name everything relative to themselves and need none of this; who asks for the host of `dashboard_url`
//! gets addresses below its path, everybody else from the root; nothing but the config and the Host header has a say.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};
use reqwest::Url;

use super::state::State;

/// The path below which the caller reaches the daemon, without a slash at its end; empty for the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount(String);

impl Mount {
    /// Where the caller finds what the daemon serves at `path`.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Where all of it begins: what a server's address is in OpenAPI.
    pub fn root(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    fn of(dashboard_url: Option<&str>, headers: &HeaderMap) -> Mount {
        let dashboard = dashboard_url.and_then(|url| Url::parse(url).ok());
        let below = dashboard.filter(|dashboard| is_asked_for(dashboard, headers));
        Mount(below.map(|dashboard| dashboard.path().trim_end_matches('/').to_owned()).unwrap_or_default())
    }
}

/// True if the Host header names the host and port of `dashboard`.
fn is_asked_for(dashboard: &Url, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    host.is_some_and(|host| {
        let port = host.port_u16().or_else(|| usual_port(dashboard.scheme()));
        dashboard.host_str().is_some_and(|own| own.eq_ignore_ascii_case(host.host()))
            && port == dashboard.port_or_known_default()
    })
}

fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl FromRequestParts<State> for Mount {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Infallible> {
        Ok(Mount::of(state.engine().config().dashboard_url.as_deref(), &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_host_of_the_dashboard_is_below_its_path_and_no_other_host_is() {
        let below = "https://ops.example.com/glidepath/";
        for (dashboard, host, expected) in [
            (Some(below), "ops.example.com", "/glidepath/api"),
            (Some(below), "OPS.example.com:443", "/glidepath/api"),
            (Some(below), "ops.example.com:80", "/api"),
            (Some(below), "127.0.0.1:8437", "/api"),
            (Some(below), "not a host", "/api"),
            (Some("http://ops.example.com:8080/a/b"), "ops.example.com:8080", "/a/b/api"),
            (Some("http://[::1]:8080/a/"), "[::1]:8080", "/a/api"),
            (Some("https://ops.example.com/"), "ops.example.com", "/api"),
            (None, "ops.example.com", "/api"),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            assert_eq!(Mount::of(dashboard, &headers).at("/api"), expected, "{dashboard:?} {host}");
        }
        assert_eq!(Mount::of(Some(below), &HeaderMap::new()).at("/api"), "/api");
        assert_eq!((Mount("/a".to_owned()).root(), Mount(String::new()).root()), ("/a", "/"));
    }
}
