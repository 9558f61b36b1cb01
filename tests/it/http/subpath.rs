//! Behind a proxy that serves the daemon under a path and takes that path away: every address of every page still leads
//! somewhere, and so does every address in an answer.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode, header};
use glidepath::config::Config;
use glidepath::domain::values::secret::Secret;
use glidepath::report::ReportKind;
use reqwest::Url;
use serde_json::{Value, json};

use crate::support::served::{Answer, Ask, LINK_KEY, OWNER, Served, config, time, tokens, usd};

const OUTSIDE: &str = "https://ops.example.com/glidepath/";
const PREFIX: &str = "/glidepath";

async fn daemon() -> Served {
    let link_key = Some(Secret::new(LINK_KEY));
    Served::fed(Config { tokens: tokens(), link_key, dashboard_url: Some(OUTSIDE.to_owned()), ..config() }).await
}

/// Sends what a browser would, through the proxy; whatever lies outside its path is not the daemon's.
async fn through(served: &Served, method: Method, url: &Url, body: Option<&Value>) -> Option<Answer> {
    if url.host_str() != Some("ops.example.com") {
        return None;
    }
    let path = url.path().strip_prefix(PREFIX).filter(|path| path.starts_with('/'))?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut ask = Ask::method(method.clone(), &format!("{path}{query}")).host(Some("ops.example.com")).bearer(OWNER);
    if method != Method::GET {
        ask = ask.with(header::ORIGIN, "https://ops.example.com");
    }
    Some(served.send(body.into_iter().fold(ask, |ask, body| ask.json(body))).await)
}

async fn get(served: &Served, url: &Url) -> Option<Answer> {
    through(served, Method::GET, url, None).await
}

/// What a page names in the attributes that hold addresses, but for places within itself.
fn named(html: &str) -> Vec<String> {
    let attributes = ["href", "src", "action", "formaction", "data-api", "srcset", "poster", "data"];
    let values = attributes.iter().flat_map(|name| {
        let start = format!(" {name}=\"");
        html.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect::<Vec<_>>()
    });
    values.filter(|value| !value.starts_with('#')).collect()
}

/// Every page that can be reached from `starts` with all that is named in it: where it was named, by what address.
async fn crawled(served: &Served, starts: impl IntoIterator<Item = String>) -> BTreeMap<String, Answer> {
    let mut waiting: Vec<(String, Url)> =
        starts.into_iter().map(|start| ("the start".to_owned(), Url::parse(&start).unwrap())).collect();
    let mut seen = BTreeMap::new();
    while let Some((from, url)) = waiting.pop() {
        if seen.contains_key(url.as_str()) {
            continue;
        }
        let answer = get(served, &url).await.unwrap_or_else(|| panic!("{from} names {url}, which lies elsewhere"));
        assert_eq!(answer.status, StatusCode::OK, "{from} names {url}: {}", answer.body);
        if answer.header("content-type").starts_with("text/html") {
            waiting.extend(named(&answer.body).iter().map(|name| (url.to_string(), url.join(name).unwrap())));
        }
        seen.insert(url.into(), answer);
    }
    seen
}

#[tokio::test]
async fn every_address_of_every_page_is_found_under_the_path() {
    let served = daemon().await;
    served.clock.advance_to(time("2026-03-21T09:00:00Z"));
    served.cycle(time("2026-03-21T06:30:00Z"), usd("3")).await;
    let order = json!({ "kind": "funding-pack", "formats": ["html", "pdf"], "records": ["ai"], "days": 7 });
    let made = through(&served, Method::POST, &outside("api/v1/links"), Some(&order)).await.unwrap();
    let link = made.json()["url"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{OUTSIDE}shared/")), "{link}");

    let past = format!("{OUTSIDE}?as_of=2026-03-20T12:00:00Z");
    let pages = crawled(&served, [OUTSIDE.to_owned(), past.clone(), link]).await;
    for kind in ReportKind::ALL {
        for format in kind.formats() {
            for query in ["", "?as_of=2026-03-20T12:00:00Z"] {
                let report = format!("{OUTSIDE}api/v1/reports/{kind}.{format}{query}");
                assert!(pages.contains_key(&report), "no page leads to {report}");
            }
        }
    }
    let found = |part: &str| pages.keys().filter(|url| url.contains(part)).count();
    assert_eq!((found("/assets/"), found("/api/v1/whatif"), found("/api/v1/alerts")), (9, 1, 1));
    assert_eq!(found("/api/v1/projection-draft"), 1);
    // The page before the first cycle has the same addresses, most of which have nothing to show yet.
    let empty = Served::empty(Config { tokens: tokens(), ..config() }, "http://127.0.0.1:9");
    let waiting = get(&empty, &outside("")).await.unwrap().body;
    let absolute: Vec<String> =
        named(&waiting).into_iter().filter(|name| name.starts_with('/') || name.contains(':')).collect();
    assert!(absolute.is_empty() && named(&waiting).len() > 20, "{absolute:?}");
}

fn outside(path: &str) -> Url {
    Url::parse(OUTSIDE).unwrap().join(path).unwrap()
}

/// What scripts ask for begins with what the page handed them, which the crawl above has followed.
#[tokio::test]
async fn scripts_ask_only_below_the_address_that_the_page_gives_them() {
    let served = daemon().await;
    let page = get(&served, &outside("")).await.unwrap().body;
    let mut asked = BTreeSet::new();
    // The chart library asks for nothing; in its minified text any two letters may stand side by side.
    let own = |name: &String| name.ends_with(".js") && !name.ends_with(".min.js");
    for script in named(&page).into_iter().filter(own) {
        let text = get(&served, &outside(&script)).await.unwrap().body;
        asked.extend(text.split("fetch(").skip(1).map(|rest| rest.split([',', ')']).next().unwrap().to_owned()));
        for other in
            ["XMLHttpRequest", "sendBeacon", "EventSource", "WebSocket", "import(", "location.href", "\"/", "`/"]
        {
            assert!(!text.contains(other), "{script} has {other}");
        }
    }
    let expected = [
        "`${section.dataset.api}/mutes`",
        "`${section.dataset.api}?${asked}`",
        "`${section.dataset.file}?anyway=true`",
        "section.dataset.api",
        "section.dataset.check",
        "section.dataset.draft",
        "section.dataset.file",
    ];
    assert_eq!(asked, BTreeSet::from(expected.map(str::to_owned)));
}

#[tokio::test]
async fn what_a_reader_does_on_the_page_works_under_the_path() {
    let served = daemon().await;
    let asked = get(&served, &outside("api/v1/whatif?growth=10%25")).await.unwrap();
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    let until = "2026-03-27T06:30:00Z";
    let mute = json!({ "kind": "silence", "key": "exhaustion:total", "by": "Ada", "why": "asked AWS", "until": until });
    let muted = through(&served, Method::POST, &outside("api/v1/alerts/mutes"), Some(&mute)).await.unwrap();
    assert_eq!(muted.status, StatusCode::CREATED, "{}", muted.body);
    // A proxy may put a name of its own in the Host header; a page of another site is refused all the same.
    let order = |origin: &str| Ask::post("/api/v1/alerts/mutes").bearer(OWNER).json(&mute).with(header::ORIGIN, origin);
    assert_eq!(served.send(order("https://ops.example.com")).await.status, StatusCode::CREATED);
    for stranger in
        ["https://ops.example.com.evil.example", "http://ops.example.com", "https://ops.example.com:8443", "null"]
    {
        assert_eq!(served.send(order(stranger)).await.status, StatusCode::FORBIDDEN, "{stranger}");
    }
}

#[tokio::test]
async fn addresses_in_answers_are_below_the_path_for_who_comes_through_the_proxy_and_for_nobody_else() {
    let served = daemon().await;
    let first = outside("api/v1/charges?limit=60");
    let page = get(&served, &first).await.unwrap().json();
    let next = page["next"].as_str().unwrap();
    assert!(next.starts_with("/glidepath/api/v1/charges?limit=60&cursor="), "{next}");
    let second = get(&served, &first.join(next).unwrap()).await.unwrap();
    assert_eq!(second.status, StatusCode::OK, "{}", second.body);
    assert_ne!(second.json()["charges"], page["charges"]);

    let address = outside("api/v1/reports");
    let reports = get(&served, &address).await.unwrap().json();
    let hrefs = reports["reports"].as_array().unwrap().iter().flat_map(|it| it["formats"].as_array().unwrap());
    let hrefs: Vec<&str> = hrefs.map(|format| format["href"].as_str().unwrap()).collect();
    assert_eq!(hrefs.len(), ReportKind::ALL.iter().map(|kind| kind.formats().len()).sum::<usize>());
    for href in hrefs {
        assert_eq!(get(&served, &address.join(href).unwrap()).await.unwrap().status, StatusCode::OK, "{href}");
    }

    let described = outside("api/v1/openapi.json");
    let document = get(&served, &described).await.unwrap().json();
    assert_eq!(document["servers"], json!([{ "url": "/glidepath" }]));
    let position = format!("{}/api/v1/position", described.join("/glidepath").unwrap());
    assert_eq!(get(&served, &Url::parse(&position).unwrap()).await.unwrap().status, StatusCode::OK);

    // The command line and whatever else asks the daemon itself.
    let asks = async |path: &str| served.send(Ask::get(path).bearer(OWNER)).await.json();
    assert!(asks("/api/v1/charges?limit=60").await["next"].as_str().unwrap().starts_with("/api/v1/charges?"));
    assert_eq!(
        asks("/api/v1/reports").await["reports"][0]["formats"][0]["href"],
        "/api/v1/reports/actual-vs-projected.html"
    );
    assert_eq!(asks("/api/v1/openapi.json").await["servers"], json!([{ "url": "/" }]));
}
