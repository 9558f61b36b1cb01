//! A partner's first page: what leads to its reports, by a token and by a link to all of them.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use glidepath::config::{Config, Role, Token};
use glidepath::domain::values::secret::Secret;
use glidepath::report::{self, Audience, Format, ReportKind};
use serde_json::{Value, json};

use crate::support::served::{
    Answer, Ask, LINK_KEY, OPS, OWNER, PARTNER, SECRETS, Served, config, first_cycle, time, tokens, usd,
};

/// Bytes of the page with all that it loads, uncompressed: it loads nothing.
const LARGEST: usize = 16 * 1024;
/// What there is to show of the partner's records, none of which is a proof of concept.
const KINDS: [ReportKind; 5] = [
    ReportKind::ActualVsProjected,
    ReportKind::Trajectory,
    ReportKind::FundingPack,
    ReportKind::Ask,
    ReportKind::Evidence,
];
/// A partner with the very records of the links.
const INVESTOR: &str = "investor-token-0c1e";
const OUTSIDE: &str = "https://glidepath.example.com";

/// Two cycles, the newer one beside a filing that names its customer, and the clock a moment after the second.
async fn daemon() -> Served {
    let (link_key, dashboard_url) = (Some(Secret::new(LINK_KEY)), Some(format!("{OUTSIDE}/")));
    let mut tokens = tokens();
    tokens.push(Token::new("investor", Secret::new(INVESTOR), Role::Partner { records: vec!["ai".to_owned()] }));
    let served = Served::fed(Config { tokens, link_key, dashboard_url, ..config() }).await;
    let filed = served.engine.store().projections().await.unwrap().pop().unwrap().body;
    served.clock.advance_to(time("2026-03-21T06:30:00Z"));
    let named = format!("customer = \"Lamps & <b>Sons\"\n{filed}");
    served.engine.file_projection(served.clock.now(), named).await.unwrap();
    served.cycle(time("2026-03-21T06:30:00Z"), usd("3")).await;
    served.clock.advance_to(time("2026-03-21T09:00:00Z"));
    served
}

async fn by_token(served: &Served, path: &str) -> Answer {
    served.send(Ask::get(path).bearer(PARTNER).browsed()).await
}

/// Where the page leads, as a browser reads the attribute.
fn ways(page: &str) -> BTreeSet<String> {
    let (_, body) = page.split_once("<main").unwrap();
    let hrefs = body.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"));
    hrefs.collect()
}

fn tells_nothing(what: &str, answer: &Answer) {
    for secret in SECRETS {
        assert!(!answer.body.contains(secret), "{what} tells {secret}: {}", answer.body);
    }
}

fn is_small_and_still(what: &str, page: &Answer) {
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"), "{what}");
    assert!(page.bytes.len() < LARGEST, "{what}: {} bytes", page.bytes.len());
    for refused in ["<script", "<link", "src=", " style=", "onclick", "token="] {
        assert!(!page.body.contains(refused), "{what} has {refused}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{what}: {policy}");
    assert!(policy.contains("form-action 'self'") && policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    assert_eq!(page.header("x-robots-tag"), "noindex", "{what}");
    assert_eq!(page.headers.get_all("x-robots-tag").iter().count(), 1, "{what}");
}

#[tokio::test]
async fn a_partner_finds_their_reports_on_the_first_page() {
    let served = daemon().await;
    let page = by_token(&served, "/").await;
    is_small_and_still("the page", &page);
    tells_nothing("the page", &page);
    assert!(page.body.contains("<h1>Reports: Lamps &#38; &#60;b&#62;Sons</h1>"), "{}", page.body);
    assert!(page.body.contains("Data through 19 Mar 2026 · as of 21 Mar 2026 06:30 UTC"), "{}", page.body);
    assert!(page.body.contains("<p>What was filed as record ai, and what came of it.</p>"), "{}", page.body);
    assert!(page.body.contains("covers these records only: ai, outside."), "{}", page.body);
    // It says what they may read at the head of the pack.
    let view = served.engine.view(None).await.unwrap().unwrap();
    let audience = Audience::Partner { records: vec!["ai".to_owned(), "outside".to_owned()] };
    let said = report::headline(ReportKind::FundingPack, &view.position, &audience);
    assert!(said.len() > 2);
    for sentence in said {
        assert!(page.body.contains(&sentence.replace('\'', "&#39;")), "{sentence}: {}", page.body);
    }
    let expected = KINDS.into_iter().flat_map(|kind| {
        let title = format!(">{}<", kind.title());
        assert!(page.body.contains(&title) && page.body.contains(kind.purpose()), "{kind}: {}", page.body);
        kind.formats().iter().map(move |format| format!("api/v1/reports/{kind}.{format}"))
    });
    assert_eq!(ways(&page.body), expected.collect());
    for way in ways(&page.body) {
        assert_eq!(by_token(&served, &format!("/{way}")).await.status, StatusCode::OK, "{way}");
    }
    // The login of a browser shows the same, and the house has a page of its own.
    let login = format!("Basic {}", BASE64_STANDARD.encode(format!("x:{PARTNER}")));
    let logged_in = served.send(Ask::get("/").with(header::AUTHORIZATION, &login)).await;
    assert_eq!(logged_in.body, page.body);
    for token in [OWNER, OPS] {
        let own = served.send(Ask::get("/").bearer(token).browsed()).await;
        assert!(own.body.contains("id=\"what-if\"") && !own.body.contains("Skip to the reports"));
    }
    // Who has it already is told so, and a copy is of one token alone.
    let again = Ask::get("/").bearer(PARTNER).with(header::IF_NONE_MATCH, page.header("etag"));
    assert_eq!(served.send(again).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!((page.header("cache-control"), page.header("vary")), ("private, no-cache", "authorization"));
}

#[tokio::test]
async fn a_day_shows_what_was_known_at_its_end() {
    let served = daemon().await;
    let newest = by_token(&served, "/").await.body;
    let field =
        "<input type=\"date\" name=\"day\" min=\"2026-03-20\" max=\"2026-03-21\" value=\"2026-03-21\" required>";
    assert!(newest.contains("<form method=\"get\">") && newest.contains(field), "{newest}");
    let past = by_token(&served, "/?day=2026-03-20").await;
    is_small_and_still("a past day", &past);
    assert!(past.body.contains("as of 20 Mar 2026 06:30 UTC") && past.body.contains("value=\"2026-03-20\""));
    assert_eq!(ways(&past.body).len(), ways(&newest).len() + 1);
    for way in ways(&past.body) {
        if way == "?" {
            continue;
        }
        let (report, query) = way.split_once('?').unwrap();
        assert_eq!(query, "as_of=2026-03-20T06:30:00Z", "{way}");
        assert_eq!(by_token(&served, &format!("/{report}?{query}")).await.status, StatusCode::OK, "{way}");
    }
    let at_a_time = by_token(&served, "/?as_of=2026-03-20T23:59:59.999999Z").await.body;
    assert_eq!(ways(&at_a_time), ways(&past.body));
    // Today has not ended: what is known is the newest.
    let today = by_token(&served, "/?day=2026-03-21").await;
    assert!(today.body.contains("as of 21 Mar 2026 06:30 UTC") && today.body.contains("href=\"?\""), "{}", today.body);
    for (query, status) in [
        ("day=2026-03-19", StatusCode::NOT_FOUND),
        ("day=2026-03-22", StatusCode::BAD_REQUEST),
        ("day=9999-12-31", StatusCode::BAD_REQUEST),
        ("day=12026-03-20", StatusCode::BAD_REQUEST),
        ("day=2026-3-20", StatusCode::BAD_REQUEST),
        ("day=2026-02-30", StatusCode::BAD_REQUEST),
        ("day=yesterday", StatusCode::BAD_REQUEST),
        ("day=", StatusCode::BAD_REQUEST),
        ("day=2026-03-20&as_of=2026-03-20T06:30:00Z", StatusCode::BAD_REQUEST),
        ("DAY=2026-03-20", StatusCode::BAD_REQUEST),
    ] {
        let shown = by_token(&served, &format!("/?{query}")).await;
        assert_eq!(shown.status, status, "{query}: {}", shown.body);
        assert!(shown.body.contains("<h1>"), "{}", shown.body);
        let told = served.send(Ask::get(&format!("/?{query}")).bearer(PARTNER)).await;
        assert!(told.status == status && told.json()["advice"].is_string(), "{query}: {}", told.body);
    }
    // The house's page takes a day too.
    let own = served.send(Ask::get("/?day=2026-03-20").bearer(OWNER)).await;
    assert!(own.status == StatusCode::OK && own.body.contains("as of 20 Mar 2026 06:30 UTC"), "{}", own.body);
}

#[tokio::test]
async fn before_the_first_cycle_there_is_nothing_to_lead_to() {
    let served = Served::empty(Config { tokens: tokens(), ..config() }, "http://127.0.0.1:9");
    let page = by_token(&served, "/").await;
    is_small_and_still("the page before the first cycle", &page);
    assert!(page.body.contains("There are none yet") && !page.body.contains("<form"), "{}", page.body);
    assert!(page.body.contains("<h1>Reports</h1>"), "nobody has named the customer: {}", page.body);
    assert_eq!(ways(&page.body), BTreeSet::new());
}

async fn make(served: &Served, order: &Value) -> Value {
    let made = served.send(Ask::post("/api/v1/links").bearer(OWNER).json(order)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.json()
}

fn path(made: &Value) -> String {
    made["url"].as_str().unwrap().strip_prefix(OUTSIDE).unwrap().to_owned()
}

fn order() -> Value {
    json!({ "kind": "all", "formats": ["html", "pdf", "csv"], "records": ["ai"], "days": 7 })
}

#[tokio::test]
async fn a_link_to_all_reports_shows_the_same_page_within_its_bounds() {
    let served = daemon().await;
    let made = make(&served, &order()).await;
    let link = path(&made);
    let page = served.send(Ask::get(&link).browsed()).await;
    is_small_and_still("the page of a link", &page);
    tells_nothing("the page of a link", &page);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(
        page.body.contains("<h1>Reports: Lamps") && page.body.contains("This link works until 28 Mar 2026 09:00 UTC")
    );
    assert!(!page.body.contains("eyJ") && !page.body.contains("/shared/"), "a page does not repeat its secret address");
    let kinds = KINDS.into_iter();
    let expected = kinds.flat_map(|kind| {
        let both = [Format::Html, Format::Pdf, Format::Csv].into_iter().filter(move |it| kind.formats().contains(it));
        both.map(move |format| format!("?kind={kind}&format={format}"))
    });
    assert_eq!(ways(&page.body), expected.collect());
    for way in ways(&page.body) {
        let report = served.send(Ask::get(&format!("{link}{way}")).browsed()).await;
        assert_eq!((report.status, report.header("cache-control")), (StatusCode::OK, "no-store"), "{way}");
        tells_nothing(&way, &report);
    }
    // A program is shown the same page: it asked for no report.
    assert_eq!(served.get(&link).await.body, page.body);
    // A day stays chosen.
    let past = served.send(Ask::get(&format!("{link}?day=2026-03-20")).browsed()).await.body;
    assert!(past.contains("as of 20 Mar 2026 06:30 UTC"), "{past}");
    let way = "?kind=funding-pack&format=csv&day=2026-03-20";
    assert!(ways(&past).contains(way), "{past}");
    let before = served.get(&format!("{link}{way}")).await;
    let newest = served.get(&format!("{link}?kind=funding-pack&format=csv")).await;
    assert_eq!((before.status, newest.status), (StatusCode::OK, StatusCode::OK));
    assert_ne!(before.body, newest.body);
    for (query, status) in [
        ("?kind=position", StatusCode::NOT_FOUND),
        ("?kind=all", StatusCode::NOT_FOUND),
        ("?kind=trajectory&format=md", StatusCode::NOT_FOUND),
        ("?format=pdf", StatusCode::BAD_REQUEST),
        ("?day=2026-03-19", StatusCode::NOT_FOUND),
        ("?day=2026-03-22", StatusCode::BAD_REQUEST),
        ("?day=soon", StatusCode::BAD_REQUEST),
        ("?records=moonbase", StatusCode::BAD_REQUEST),
        ("?as_of=2026-03-20T06:30:00Z", StatusCode::BAD_REQUEST),
    ] {
        let refused = served.get(&format!("{link}{query}")).await;
        assert_eq!(refused.status, status, "{query}: {}", refused.body);
        tells_nothing(query, &refused);
    }
    let audit = served.send(Ask::get("/api/v1/audit?limit=1000").bearer(OWNER)).await.json();
    let noted: BTreeSet<&str> =
        audit["entries"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    assert!(noted.contains("/shared (page)") && noted.contains("/shared (trajectory.pdf)"), "{noted:?}");
    served.clock.advance_to(time("2026-03-28T09:00:00Z"));
    assert_eq!(served.get(&format!("{link}?kind=trajectory")).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn what_a_link_to_all_shows_is_what_a_token_shows() {
    let served = daemon().await;
    let link = path(&make(&served, &order()).await);
    for kind in ReportKind::ALL.into_iter().filter(|kind| kind.formats().contains(&Format::Html)) {
        for (day, as_of) in [("", ""), ("&day=2026-03-20", "?as_of=2026-03-20T06:30:00Z")] {
            let by_link = served.get(&format!("{link}?kind={kind}&format=html{day}")).await;
            let report = format!("/api/v1/reports/{kind}.html{as_of}");
            let by_token = served.send(Ask::get(&report).bearer(INVESTOR)).await;
            assert_eq!((by_link.status, by_token.status), (StatusCode::OK, StatusCode::OK), "{kind}{day}");
            assert!(by_link.bytes == by_token.bytes, "{kind}{day}");
        }
    }
}

#[tokio::test]
async fn a_pinned_link_to_all_has_no_other_day_and_a_link_to_one_report_neither() {
    let served = daemon().await;
    let mut pinned = order();
    pinned["as_of"] = json!("2026-03-20T06:30:00Z");
    let link = path(&make(&served, &pinned).await);
    let page = served.send(Ask::get(&link).browsed()).await.body;
    assert!(page.contains("as of 20 Mar 2026 06:30 UTC") && !page.contains("<form"), "{page}");
    assert!(ways(&page).contains("?kind=ask&format=pdf"), "{page}");
    let mut one = order();
    one["kind"] = json!("trajectory");
    let one = path(&make(&served, &one).await);
    assert!(served.send(Ask::get(&one).browsed()).await.body.contains("<h1>The bill after credits"));
    assert_eq!(served.get(&format!("{one}?kind=trajectory&format=csv")).await.status, StatusCode::OK);
    let other = served.get(&format!("{one}?kind=ask")).await;
    assert_eq!((other.status, other.error().as_str()), (StatusCode::NOT_FOUND, "this link has no such report"));
    for link in [link, one] {
        let day = served.get(&format!("{link}?day=2026-03-20")).await;
        assert_eq!((day.status, day.error().as_str()), (StatusCode::BAD_REQUEST, "this link shows no other day"));
    }
}

#[tokio::test]
async fn a_revoked_link_to_all_is_over_and_its_kind_is_what_was_ordered() {
    let served = daemon().await;
    let made = make(&served, &order()).await;
    assert_eq!(made["kind"], "all");
    let address = format!("/api/v1/links/{}", made["id"].as_str().unwrap());
    served.send(Ask::method(Method::DELETE, &address).bearer(OWNER)).await;
    assert_eq!(served.get(&path(&made)).await.status, StatusCode::GONE);
    let mut wrong = order();
    wrong["kind"] = json!("everything");
    let refused = served.send(Ask::post("/api/v1/links").bearer(OWNER).json(&wrong)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.error().contains("is not a kind of report") && refused.error().contains("or \"all\""),
        "{}",
        refused.body
    );
    // A row that says something else than the signature opens nothing.
    let widened = make(&served, &json!({ "kind": "ask", "formats": ["html"], "records": ["ai"], "days": 7 })).await;
    let sql = "UPDATE shared_links SET kind = 'all' WHERE kind = 'ask'";
    served.engine.store().call_blocking(|connection| Ok(connection.execute(sql, [])?)).unwrap();
    assert_eq!(served.get(&path(&widened)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_of_a_partner_is_in_the_audit_once_an_hour_and_counted() {
    let served = daemon().await;
    for _ in 0..3 {
        by_token(&served, "/").await;
    }
    served.clock.advance_to(first_cycle() + TimeDelta::hours(27));
    let audit = served.send(Ask::get("/api/v1/audit").bearer(OWNER)).await.json();
    let rows: Vec<&Value> = audit["entries"].as_array().unwrap().iter().filter(|entry| entry["path"] == "/").collect();
    assert_eq!(rows.len(), 1, "{audit}");
    assert_eq!((&rows[0]["who"], &rows[0]["status"], &rows[0]["times"]), (&json!("aws-team"), &json!(200), &json!(3)));
}
