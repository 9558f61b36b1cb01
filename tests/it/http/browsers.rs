//! What fails is a page for a browser, with the facts that a program gets, and for a program nothing has changed.

use axum::http::{Method, StatusCode, header};
use chrono::TimeDelta;
use glidepath::config::Config;
use glidepath::domain::values::secret::Secret;
use serde_json::{Value, json};

use crate::support::served::{
    Answer, Ask, BROWSER, LINK_KEY, OWNER, PARTNER, SECRETS, Served, config, first_cycle, tokens,
};

async fn daemon() -> Served {
    let (link_key, dashboard_url) = (Some(Secret::new(LINK_KEY)), Some("https://x.example/".to_owned()));
    Served::fed(Config { tokens: tokens(), link_key, dashboard_url, ..config() }).await
}

async fn link(served: &Served) -> String {
    let order = json!({ "kind": "trajectory", "formats": ["html"], "records": ["ai"], "days": 7 });
    let made = served.send(Ask::post("/api/v1/links").bearer(OWNER).json(&order)).await;
    made.json()["url"].as_str().unwrap().strip_prefix("https://x.example").unwrap().to_owned()
}

/// A sentence of a problem as it stands in HTML, but for its first letter and what is to be typed.
fn in_html(words: &str) -> Vec<String> {
    let pieces = words.split('`').filter(|piece| !piece.is_empty());
    let escaped = |piece: &str| {
        let signs = [('&', "&#38;"), ('<', "&#60;"), ('>', "&#62;"), ('"', "&#34;"), ('\'', "&#39;")];
        signs.into_iter().fold(piece.to_owned(), |text, (sign, code)| text.replace(sign, code))
    };
    let mut pieces: Vec<String> = pieces.map(escaped).collect();
    if let Some(first) = pieces.first_mut() {
        *first = first.chars().skip(1).collect();
    }
    pieces
}

fn is_a_page(what: &str, page: &Answer) {
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{what}: {}", page.body);
    assert!(page.body.starts_with("<!DOCTYPE html>") && page.body.matches("<h1>").count() == 1, "{}", page.body);
    for refused in ["<script", "{\"", "<link", " style=", "src=", "about:blank"] {
        assert!(!page.body.contains(refused), "{what} has {refused}: {}", page.body);
    }
    assert!(page.header("content-security-policy").contains("form-action 'none'"), "{what}");
    assert_eq!((page.header("cache-control"), page.header("x-robots-tag")), ("no-store", "noindex"), "{what}");
    assert!(page.bytes.len() < 8 * 1024, "{what}: {} bytes", page.bytes.len());
    assert!(varies(page), "{what}: {:?}", page.headers);
}

fn varies(answer: &Answer) -> bool {
    answer.headers.get_all(header::VARY).iter().any(|value| value == "accept")
}

/// The same asked by a program and by a browser: the status, the facts and the headers that matter are the same.
async fn same(served: &Served, what: &str, status: StatusCode, ask: impl Fn() -> Ask) -> (Value, Answer) {
    let (problem, page) = both(served, what, status, ask).await;
    // What is for programs stands on no page.
    let is_for_people =
        |advice: &&str| status != StatusCode::UNAUTHORIZED && !advice.contains("openapi.json describes");
    let advice = problem["advice"].as_str().filter(is_for_people);
    for piece in in_html(problem["detail"].as_str().unwrap()).into_iter().chain(advice.map(in_html).unwrap_or_default())
    {
        assert!(page.body.contains(&piece), "{what}: {piece}: {}", page.body);
    }
    (problem, page)
}

/// The same, whatever words the page has for it.
async fn both(served: &Served, what: &str, status: StatusCode, ask: impl Fn() -> Ask) -> (Value, Answer) {
    let told = served.send(ask()).await;
    assert_eq!(told.status, status, "{what}: {}", told.body);
    let problem = told.json();
    assert!(varies(&told), "{what}: {:?}", told.headers);
    let accepts = served.send(ask().with(header::ACCEPT, "application/json, text/html;q=0.9")).await;
    assert_eq!(accepts.body, told.body, "{what}");
    let page = served.send(ask().browsed()).await;
    assert_eq!(page.status, status, "{what}");
    is_a_page(what, &page);
    for name in [header::WWW_AUTHENTICATE, header::RETRY_AFTER, header::ALLOW] {
        assert_eq!(told.headers.get(&name), page.headers.get(&name), "{what}: {name}");
    }
    // Nothing beside the body differs for who asks for no body.
    let head = served.send(ask().browsed().headless()).await;
    if head.status == status {
        assert_eq!((head.body.as_str(), head.header("content-type")), ("", page.header("content-type")), "{what}");
    }
    (problem, page)
}

/// What is asked, the status, and how to ask it, which is done twice.
type Case = (&'static str, StatusCode, Box<dyn Fn() -> Ask>);

#[tokio::test]
async fn every_failure_is_a_page_with_the_same_facts() {
    let served = daemon().await;
    let long = format!("/?as_of={}", "x".repeat(3_000));
    let cases: Vec<Case> = vec![
        ("no token", StatusCode::UNAUTHORIZED, Box::new(|| Ask::get("/"))),
        ("no token for a report", StatusCode::UNAUTHORIZED, Box::new(|| Ask::get("/api/v1/reports/ask.html"))),
        ("a wrong token", StatusCode::UNAUTHORIZED, Box::new(|| Ask::get("/").bearer("wrong"))),
        ("nowhere", StatusCode::NOT_FOUND, Box::new(|| Ask::get("/a/%3Cb%3E/c"))),
        ("no such report", StatusCode::NOT_FOUND, Box::new(|| Ask::get("/api/v1/reports/x.html").bearer(PARTNER))),
        ("no such form", StatusCode::NOT_FOUND, Box::new(|| Ask::get("/api/v1/reports/ask.doc").bearer(OWNER))),
        (
            "before the first cycle",
            StatusCode::NOT_FOUND,
            Box::new(|| Ask::get("/api/v1/reports/ask.html?as_of=2020-01-01T00:00:00Z").bearer(PARTNER)),
        ),
        ("another method", StatusCode::METHOD_NOT_ALLOWED, Box::new(|| Ask::post("/").bearer(OWNER))),
        ("too long", StatusCode::URI_TOO_LONG, Box::new(move || Ask::get(&long))),
        ("a secret in the address", StatusCode::BAD_REQUEST, Box::new(|| Ask::get("/?token=x"))),
        ("an unknown parameter", StatusCode::BAD_REQUEST, Box::new(|| Ask::get("/?x=1").bearer(OWNER))),
        ("a version that is none", StatusCode::NOT_FOUND, Box::new(|| Ask::get("/api/v1/projections/9").bearer(OWNER))),
    ];
    for (what, status, ask) in cases {
        let (problem, page) = same(&served, what, status, ask).await;
        for secret in SECRETS {
            assert!(!page.body.contains(secret), "{what} tells {secret}: {}", page.body);
        }
        let for_programs = status == StatusCode::UNAUTHORIZED && page.body.contains("Bearer TOKEN");
        assert!(!for_programs, "{what}: {problem}");
    }
    let empty = Served::empty(Config { tokens: tokens(), ..config() }, "http://127.0.0.1:9");
    let (_, page) = same(&empty, "not ready", StatusCode::SERVICE_UNAVAILABLE, || Ask::get("/readyz")).await;
    assert!(page.body.contains("(no_data)"), "{}", page.body);
}

/// What fails in here is told to a partner in the words for those outside, on a page too.
#[tokio::test]
async fn a_failure_in_here_is_told_outside_as_little_on_a_page_as_in_json() {
    let served = daemon().await;
    let link = link(&served).await;
    served.engine.store().call_blocking(|connection| Ok(connection.execute_batch("DROP TABLE shared_links")?)).unwrap();
    let (problem, page) = same(&served, "a link", StatusCode::INTERNAL_SERVER_ERROR, || Ask::get(&link)).await;
    assert_eq!(problem["detail"], "this could not be put together");
    assert!(
        !page.body.contains("shared_links") && page.body.contains("Ask whoever runs this glidepath"),
        "{}",
        page.body
    );
    let owners = served.send(Ask::get("/api/v1/links").bearer(OWNER).browsed()).await;
    assert!(owners.body.contains("shared_links"), "the house reads why: {}", owners.body);
}

#[tokio::test]
async fn a_dead_link_says_what_happened_and_whom_to_ask_and_not_whether_it_was_ever_good() {
    let served = daemon().await;
    let good = link(&served).await;
    let (payload, signature) = good.rsplit_once('.').unwrap();
    let forged = [
        format!("{payload}x.{signature}"),
        payload.to_owned(),
        "/shared/x".to_owned(),
        "/shared/%ff".to_owned(),
        "/shared/%3Cscript%3E.x".to_owned(),
    ];
    let mut pages = Vec::new();
    for path in &forged {
        let (problem, page) = same(&served, path, StatusCode::NOT_FOUND, || Ask::get(path)).await;
        assert_eq!(problem["detail"], "there is no such link");
        pages.push(page.body);
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "each looks like the others");
    assert!(pages[0].contains("ask whoever sent it") && !pages[0].contains("href="), "{}", pages[0]);

    let (_, format) = both(&served, "format", StatusCode::NOT_FOUND, || Ask::get(&format!("{good}?format=pdf"))).await;
    assert!(format.body.contains("This link does not include that format"), "{}", format.body);
    let revoked = link(&served).await;
    let id = served.send(Ask::get("/api/v1/links").bearer(OWNER)).await.json()["links"][0]["id"].clone();
    let end = Ask::method(Method::DELETE, &format!("/api/v1/links/{}", id.as_str().unwrap())).bearer(OWNER);
    assert_eq!(served.send(end).await.status, StatusCode::OK);
    let dead = if served.get(&revoked).await.status == StatusCode::GONE { revoked } else { good.clone() };
    let (early, ended) = both(&served, "revoked", StatusCode::GONE, || Ask::get(&dead)).await;
    served.clock.advance_to(first_cycle() + TimeDelta::days(8));
    let (late, expired) = both(&served, "expired", StatusCode::GONE, || Ask::get(&good)).await;
    assert_eq!(early, late, "to a program one that was ended early looks like one that ended");
    assert!(ended.body.contains("until 27 March 2026, and was ended before."), "{}", ended.body);
    assert!(expired.body.contains("until 27 March 2026, 06:30 UTC."), "{}", expired.body);
    for page in [ended, expired] {
        assert!(page.body.contains("Ask whoever sent it for a new one."), "{}", page.body);
    }
}

#[tokio::test]
async fn a_browser_without_a_token_is_asked_for_one_wherever_it_comes_in() {
    let served = daemon().await;
    let mut asked = 0;
    for (path, methods) in glidepath::http::openapi()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["security"].as_array().is_none_or(Vec::is_empty) {
                continue;
            }
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            let page = served.send(Ask::method(method, path).browsed()).await;
            assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{path}");
            is_a_page(path, &page);
            assert_eq!(page.header("www-authenticate"), "Basic realm=\"glidepath\"", "{path}");
            assert!(page.body.contains("your token as the password") && page.body.contains("<a href=\"\">Log in</a>"));
            asked += 1;
        }
    }
    assert!(asked > 35, "{asked}");
}

#[tokio::test]
async fn what_succeeds_does_not_depend_on_who_reads_it() {
    let served = daemon().await;
    for path in ["/", "/api/v1/position", "/api/v1/reports/trajectory.json", "/api/v1/reports"] {
        let told = served.send(Ask::get(path).bearer(OWNER)).await;
        let shown = served.send(Ask::get(path).bearer(OWNER).with(header::ACCEPT, BROWSER)).await;
        assert_eq!((told.status, shown.status), (StatusCode::OK, StatusCode::OK), "{path}");
        assert!(told.bytes == shown.bytes && told.headers == shown.headers, "{path}");
        assert!(!varies(&told), "{path}");
    }
}
