//! Addresses with a slash at their end, as people type them and some programs hand them on: they lead to the address without it.
//!
//! Invariant: where it leads is said relative to what was asked for, so that it holds below whatever path a proxy serves.

use std::sync::LazyLock;

use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use super::{failure, routes};

/// The addresses that are read, as the table writes them, in parts between slashes.
static READ: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    let routes = routes::routes().into_iter().filter(|route| route.method == Method::GET);
    routes.map(|route| route.path.split('/').collect()).collect()
});

/// For what no route answers: the address that was probably meant, or that there is nothing.
pub async fn or_not_found(method: Method, uri: Uri) -> Response {
    match meant(&method, &uri) {
        Some(location) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response(),
        None => failure::not_found(&uri).into_response(),
    }
}

/// Where the address leads without the slashes at its end, relative to it; `None` if there is none, or nothing is there either.
fn meant(method: &Method, uri: &Uri) -> Option<String> {
    let path = uri.path();
    let without = path.trim_end_matches('/');
    let slashes = path.len() - without.len();
    let parts: Vec<&str> = without.split('/').collect();
    let is_one = |route: &Vec<&str>| {
        let same = |(own, asked): (&&str, &&str)| own == asked || (own.starts_with('{') && !asked.is_empty());
        route.len() == parts.len() && route.iter().zip(&parts).all(same)
    };
    let is_read = matches!(*method, Method::GET | Method::HEAD) && slashes > 0 && READ.iter().any(is_one);
    let last = parts.last().filter(|last| is_read && !last.is_empty())?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{}{last}{query}", "../".repeat(slashes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_leads_to_the_address_without_it() {
        let of = |path: &'static str| meant(&Method::GET, &Uri::from_static(path));
        for (path, leads) in [
            ("/shared/a.b/", "../a.b"),
            ("/shared/a.b/?kind=ask&format=pdf", "../a.b?kind=ask&format=pdf"),
            ("/shared/a.b///", "../../../a.b"),
            ("/api/v1/reports/", "../reports"),
            ("/api/v1/reports/ask.pdf/?as_of=2026-03-20T06:30:00Z", "../ask.pdf?as_of=2026-03-20T06:30:00Z"),
            ("/healthz/", "../healthz"),
        ] {
            assert_eq!(of(path).as_deref(), Some(leads), "{path}");
        }
        for path in
            ["/", "//", "/nowhere/", "/shared/", "/shared/a.b", "//elsewhere.example/", "/api/v1/reports//ask.pdf/"]
        {
            assert_eq!(of(path), None, "{path}");
        }
        assert_eq!(meant(&Method::POST, &Uri::from_static("/api/v1/cycle/")), None);
    }
}
