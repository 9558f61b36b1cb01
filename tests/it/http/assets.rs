//! What the page loads, and what it may load.

use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HOST};
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use crate::support::served::{Served, config};

/// Addresses in `href` and `src` of the page's head.
fn loaded(page: &str) -> Vec<String> {
    let head = page.split("</head>").next().unwrap();
    let attributes = head.split("href=\"").skip(1).chain(head.split("src=\"").skip(1));
    attributes.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_page_loads_only_what_is_served_here_and_for_good() {
    let served = Served::fed(config()).await;
    let page = served.get("/").await;
    let addresses = loaded(&page.body);
    assert_eq!(addresses.len(), 9, "{addresses:?}");
    for address in &addresses {
        assert!(address.starts_with("assets/"), "{address} is not relative to the page");
        let asset = served.get(&format!("/{address}")).await;
        assert_eq!(asset.status, StatusCode::OK, "{address}");
        assert!(asset.header("cache-control").contains("immutable"), "{address}");
        let expected =
            if address.ends_with(".js") { "text/javascript; charset=utf-8" } else { "text/css; charset=utf-8" };
        assert_eq!(asset.header("content-type"), expected, "{address}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';") && policy.contains("default-src 'none';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn another_version_of_an_asset_is_not_answered_with_this_one() {
    let served = Served::fed(config()).await;
    for path in ["/assets/000000000000/charts.js", "/assets/x/..%2f..%2fCargo.toml", "/assets/charts.js"] {
        assert_eq!(served.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn text_is_compressed_for_those_who_take_it() {
    let served = Served::fed(config()).await;
    let request = Request::get("/").header(HOST, "localhost").header(ACCEPT_ENCODING, "gzip");
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000))));
    let response = served.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()[CONTENT_ENCODING], "gzip");
    let small = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let plain = served.get("/").await.body;
    assert!(small.len() * 3 < plain.len(), "{} of {} bytes", small.len(), plain.len());
}

#[tokio::test]
async fn figures_of_charts_stand_in_the_page_and_scenarios_on_the_newest_page_only() {
    let served = Served::fed(config()).await;
    let page = served.get("/").await.body;
    assert!(page.contains("<script type=\"application/json\">{\"kind\":\"days\""), "{page}");
    assert!(page.contains("data-api=\"api/v1/whatif\"") && page.contains("data-api=\"api/v1/alerts\""));
    // What can be done follows what is left and what it costs.
    let place = |id: &str| page.find(&format!(" id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}"));
    let order =
        ["findings", "alerts", "credits", "bill", "what-if", "next-filing", "as-filed", "spend", "data-quality"];
    let order = order.map(place);
    assert!(order.is_sorted(), "{order:?}");
    let past = served.get("/?as_of=2026-03-20T06:30:00Z").await.body;
    assert!(!past.contains("data-api=") && past.contains("{\"kind\":\"days\""));
    let report = served.get("/api/v1/reports/trajectory.html").await.body;
    assert!(!report.contains("<script"), "a saved report stands alone");
}
