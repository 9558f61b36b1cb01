//! Links for people without an account, and the audit of who used them.

use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use glidepath::config::Config;
use glidepath::domain::values::secret::Secret;
use serde_json::{Value, json};

use crate::support::served::{Ask, LINK_KEY, OPS, OWNER, PARTNER, Served, config, first_cycle, time, tokens, usd};

async fn daemon() -> Served {
    let link_key = Some(Secret::new(LINK_KEY));
    let dashboard_url = Some("https://glidepath.example.com/".to_owned());
    Served::fed(Config { tokens: tokens(), link_key, dashboard_url, ..config() }).await
}

fn order() -> Value {
    json!({ "kind": "actual-vs-projected", "formats": ["csv", "md"], "records": ["ai"], "days": 7 })
}

async fn make(served: &Served, order: &Value) -> Value {
    let made = served.send(Ask::post("/api/v1/links").bearer(OWNER).json(order)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.json()
}

fn path(made: &Value) -> String {
    made["url"].as_str().unwrap().strip_prefix("https://glidepath.example.com").unwrap().to_owned()
}

#[tokio::test]
async fn a_link_shows_its_report_until_it_expires() {
    let served = daemon().await;
    let made = make(&served, &order()).await;
    assert_eq!((&made["made_by"], &made["expires_at"]), (&json!("founder"), &json!("2026-03-27T06:30:00Z")));
    let first = served.get(&path(&made)).await;
    assert_eq!(
        (first.status, first.header("content-type")),
        (StatusCode::OK, "text/csv; charset=utf-8; header=present")
    );
    let other = served.get(&format!("{}?format=md", path(&made))).await;
    assert!(other.body.starts_with("# Actual against projected"), "{}", other.body);
    let html = served.get(&format!("{}?format=html", path(&made))).await;
    assert_eq!((html.status, html.error().as_str()), (StatusCode::NOT_FOUND, "this link has no such format"));

    // Its list has what it opens and not how.
    let listed = served.send(Ask::get("/api/v1/links").bearer(OWNER)).await;
    assert_eq!(listed.json()["links"][0]["id"], made["id"]);
    assert!(!listed.body.contains("/shared/") && !listed.body.contains(path(&made).rsplit('.').next().unwrap()));

    served.clock.advance_to(first_cycle() + TimeDelta::days(7) - TimeDelta::seconds(1));
    assert_eq!(served.get(&path(&made)).await.status, StatusCode::OK);
    served.clock.advance_to(first_cycle() + TimeDelta::days(7));
    let over = served.get(&path(&made)).await;
    assert_eq!((over.status, over.error().as_str()), (StatusCode::GONE, "this link is over"));
}

#[tokio::test]
async fn a_pinned_link_keeps_its_time() {
    let served = daemon().await;
    let mut pinned = order();
    pinned["as_of"] = json!("2026-03-20T06:30:00Z");
    let (pinned, newest) = (make(&served, &pinned).await, make(&served, &order()).await);
    let before = served.get(&path(&pinned)).await.body;
    served.clock.advance_to(time("2026-03-22T06:30:00Z"));
    served.cycle(time("2026-03-21T06:30:00Z"), usd("3")).await;
    assert_eq!(served.get(&path(&pinned)).await.body, before);
    assert_ne!(served.get(&path(&newest)).await.body, before);
}

#[tokio::test]
async fn a_revoked_link_is_told_like_an_expired_one() {
    let served = daemon().await;
    let (made, other) = (make(&served, &order()).await, make(&served, &order()).await);
    let address = format!("/api/v1/links/{}", made["id"].as_str().unwrap());
    let revoke = async |token| served.send(Ask::method(Method::DELETE, &address).bearer(token)).await;
    assert_eq!(revoke(OPS).await.status, StatusCode::FORBIDDEN);
    assert_eq!(served.get(&path(&made)).await.status, StatusCode::OK);
    let revoked = revoke(OWNER).await.json();
    assert_eq!(revoked["revoked"], json!({ "at": "2026-03-20T06:30:00Z", "by": "founder" }));
    served.clock.advance_to(first_cycle() + TimeDelta::hours(1));
    assert_eq!(revoke(OWNER).await.json(), revoked, "ending it again changes nothing");
    let over = served.get(&path(&made)).await;
    assert_eq!((over.status, over.error().as_str()), (StatusCode::GONE, "this link is over"));
    assert_eq!(served.get(&path(&other)).await.status, StatusCode::OK);
    let nobody = served.send(Ask::method(Method::DELETE, "/api/v1/links/00").bearer(OWNER)).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_forged_link_learns_nothing() {
    let served = daemon().await;
    let good = path(&make(&served, &order()).await);
    let (payload, signature) = good.rsplit_once('.').unwrap();
    let richer = "/shared/eyJpZCI6IjEiLCJraW5kIjoiZnVuZGluZy1wYWNrIn0";
    for forged in [
        format!("{richer}.{signature}"),
        format!("{payload}x.{signature}"),
        format!("{payload}."),
        payload.to_owned(),
        "/shared/.".to_owned(),
        "/shared/x".to_owned(),
        format!("{payload}.{}", signature.chars().rev().collect::<String>()),
    ] {
        let answer = served.get(&forged).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (StatusCode::NOT_FOUND, "there is no such link"),
            "{forged}"
        );
        assert!(!answer.body.contains("eyJ"));
    }
    // The same address where the key is another, or there is none.
    for link_key in [Some(Secret::new("another-key-of-more-than-32-bytes-in-all")), None] {
        let elsewhere = Served::fed(Config { tokens: tokens(), link_key, ..config() }).await;
        assert_eq!(elsewhere.get(&good).await.status, StatusCode::NOT_FOUND);
    }
    // Signed by us, and unknown to a store that was restored from before it was made.
    let restored = daemon().await;
    assert_eq!(restored.get(&good).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn orders_that_cannot_be_carried_out() {
    let served = daemon().await;
    for (field, value, says) in [
        ("kind", json!("position"), "is not a kind of report"),
        ("formats", json!(["docx"]), "is not a report format"),
        ("formats", json!([]), "it names no format"),
        ("records", json!([]), "it names no record"),
        ("records", json!(["ai", "mars"]), "mars: it has to show records of the filing, and these are: ai, moonbase"),
        ("days", json!(0), "days is 0; it must lie between 1 and 366"),
        ("days", json!(367), "days is 367; it must lie between 1 and 366"),
        ("as_of", json!("2026-03-01T00:00:00Z"), "no cycle had finished"),
    ] {
        let mut wrong = order();
        wrong[field] = value;
        let answer = served.send(Ask::post("/api/v1/links").bearer(OWNER).json(&wrong)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(answer.error().contains(says), "{}", answer.body);
    }
    // As wherever else a time is asked for that is still to come.
    let mut wrong = order();
    wrong["as_of"] = json!("2026-03-20T06:30:01Z");
    let answer = served.send(Ask::post("/api/v1/links").bearer(OWNER).json(&wrong)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert!(answer.error().contains("lies in the future"), "{}", answer.body);
    let keyless = Served::fed(Config { tokens: tokens(), ..config() }).await;
    let answer = keyless.send(Ask::post("/api/v1/links").bearer(OWNER).json(&order())).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.error().contains("links need a key: set link_key"), "{}", answer.body);
}

#[tokio::test]
async fn the_audit_has_which_reports_were_read_and_what_was_entered() {
    let served = daemon().await;
    let report = "/api/v1/reports/trajectory.md";
    served.send(Ask::get(report).bearer(OWNER)).await;
    served.send(Ask::get(report).bearer(OPS)).await;
    for path in ["/", "/api/v1/position", "/api/v1/reports", "/api/v1/reports/issued"] {
        served.send(Ask::get(path).bearer(OWNER)).await;
    }
    served.send(Ask::get(&format!("{report}?as_of=2026-03-20T06:30:00Z")).bearer(PARTNER)).await;
    served.send(Ask::get("/api/v1/position").bearer(PARTNER)).await;
    let balance = json!({ "pool": "9900111", "remaining": "12" });
    served.send(Ask::post("/api/v1/credits/statements").bearer(OWNER).json(&balance)).await;
    served.send(Ask::post("/api/v1/credits/statements").bearer(OPS).json(&balance)).await;
    let made = make(&served, &order()).await;
    let id = made["id"].as_str().unwrap();
    served.get(&path(&made)).await;
    served.get(&format!("{}?format=md", path(&made))).await;
    served.get("/shared/forged.link").await;
    served.send(Ask::method(Method::DELETE, &format!("/api/v1/links/{id}")).bearer(OWNER)).await;
    served.get(&path(&made)).await;

    let audit = served.send(Ask::get("/api/v1/audit").bearer(OWNER)).await;
    let entries = audit.json()["entries"].as_array().unwrap().clone();
    let shown = entries.iter().rev().map(|entry| {
        assert_eq!(entry["at"], "2026-03-20T06:30:00Z");
        let text = |field: &str| entry[field].as_str().unwrap().replace(id, "ID");
        format!("{}: {} {} {}", text("who"), text("action"), text("path"), entry["status"])
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "founder: read /api/v1/reports/trajectory.md 200",
            "ops: read /api/v1/reports/trajectory.md 200",
            "aws-team: read /api/v1/reports/trajectory.md 200",
            "aws-team: read /api/v1/position 403",
            "founder: entry made /api/v1/credits/statements (balance of 9900111 on 2026-03-20) 201",
            "ops: entry made /api/v1/credits/statements 403",
            "founder: share made /api/v1/links (link ID) 201",
            "link ID: read /shared (actual-vs-projected.csv) 200",
            "link ID: read /shared (actual-vs-projected.md) 200",
            "founder: share ended /api/v1/links/ID 200",
            "link ID: read /shared 410",
        ]
    );
    let (first, rest) = entries.split_at(4);
    let page = served.send(Ask::get("/api/v1/audit?limit=4").bearer(OWNER)).await.json();
    assert_eq!(page["entries"].as_array().unwrap(), first);
    let next = served.send(Ask::get(page["next"].as_str().unwrap()).bearer(OWNER)).await.json();
    assert_eq!(&next["entries"].as_array().unwrap()[..], &rest[..4]);
}
