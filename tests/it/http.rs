//! The routes: what each answers, to whom, and what nobody else learns.

mod api;
mod assets;
mod bad_input;
mod browsers;
mod channels;
mod checks;
mod door;
mod entries;
mod failed;
mod filing;
mod links;
mod metrics;
mod orders;
mod outsiders;
mod plain_words;
mod plan;
mod subpath;
mod whatif;
mod who_may;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use glidepath::cycle::BalanceEntry;
use glidepath::report::{Format, ReportKind};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::served::{self, Ask, Served, config, day, first_cycle, time, usd};

#[tokio::test]
async fn before_the_first_cycle() {
    let served = Served::empty(config(), "http://127.0.0.1:9");
    let page = served.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("No data yet"), "{}", page.body);
    for path in ["/api/v1/position", "/api/v1/series", "/api/v1/credits", "/api/v1/reports/trajectory.html"] {
        let answer = served.get(path).await;
        assert_eq!((answer.status, answer.error().as_str()), (StatusCode::NOT_FOUND, "no cycle has finished yet"));
    }
    assert_eq!(served.get("/api/v1/projections").await.json(), json!([]));
    assert_eq!(served.get("/api/v1/restatements").await.json(), json!({ "restatements": [], "next": null }));
    let ready = served.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.error(), "no pull of costs has succeeded yet");
    assert_eq!(served.get("/healthz").await.body, "ok");
}

#[tokio::test]
async fn the_position_as_it_is_serialised() {
    let served = Served::fed(config()).await;
    let answer = served.get("/api/v1/position").await;
    let view = served.engine.view(None).await.unwrap().unwrap();
    assert_eq!(answer.json(), serde_json::to_value(&view.position).unwrap());
    // 28 days of February and 18 of March, at 10 USD and 2 USD a day.
    assert_eq!(answer.json()["data_through"], "2026-03-18");
    assert_eq!(answer.json()["spend"]["gross_to_date"], "552");
    assert_eq!(answer.json()["spend"]["credit_to_date"], "-460");
    assert_eq!(served.get("/api/v1/credits").await.json(), answer.json()["credits"]);
    assert_eq!(served.get("/api/v1/series").await.json(), serde_json::to_value(&view.series).unwrap());
}

#[tokio::test]
async fn as_of_reads_the_past() {
    let served = Served::fed(config()).await;
    served.clock.advance_to(time("2026-03-21T09:00:00Z"));
    served.cycle(time("2026-03-21T06:30:00Z"), usd("3")).await;
    let gross = async |path: &str| served.get(path).await.json()["spend"]["gross_to_date"].clone();
    // 47 days at 13 USD, and 46 at 12 USD as believed the day before.
    assert_eq!(gross("/api/v1/position").await, "611");
    assert_eq!(gross("/api/v1/position?as_of=2026-03-21T06:29:59Z").await, "552");
    assert_eq!(gross("/api/v1/position?as_of=2026-03-21T07:30:00%2B01:00").await, "611");
    let before = served.get("/api/v1/position?as_of=2026-03-20T06:29:59Z").await;
    assert_eq!(before.status, StatusCode::NOT_FOUND);
    assert_eq!(
        before.error(),
        "no cycle had finished by 2026-03-20T06:29:59Z: the first one finished at 2026-03-20T06:30:00Z"
    );
    let page = served.get("/?as_of=2026-03-20T12:00:00Z").await.body;
    assert!(page.contains("\"api/v1/reports/trajectory.csv?as_of=2026-03-20T12:00:00Z"), "{page}");
    for wrong in ["as_of=yesterday", "as_of=2026-03-20", "asof=2026-03-20T06:30:00Z"] {
        let answer = served.get(&format!("/api/v1/position?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer.json()["advice"].as_str().unwrap().contains("2026-11-23T06:30:00Z"));
    }
    // What AWS changed about the 46 days that were complete by then.
    let restated = served.get("/api/v1/restatements").await.json();
    let restated = restated["restatements"].as_array().unwrap();
    assert_eq!(restated.len(), 46);
    assert_eq!(
        restated[0],
        json!({
            "noticed_at": "2026-03-21T06:30:00Z", "day": "2026-03-18", "record_type": "Usage",
            "service": "Amazon Relational Database Service", "before": "2", "after": "3",
        })
    );
}

#[tokio::test]
async fn every_report_in_every_format() {
    let served = Served::fed(config()).await;
    let types = [
        (Format::Html, "text/html; charset=utf-8", "inline"),
        (Format::Pdf, "application/pdf", "attachment"),
        (Format::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "attachment"),
        (Format::Csv, "text/csv; charset=utf-8; header=present", "attachment"),
        (Format::Json, "application/json", "attachment"),
        (Format::Markdown, "text/markdown; charset=utf-8", "attachment"),
    ];
    let mut issued = std::collections::BTreeSet::new();
    for kind in ReportKind::ALL {
        for (format, content_type, disposition) in types {
            if !kind.formats().contains(&format) {
                let answer = served.get(&format!("/api/v1/reports/{kind}.{format}")).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{kind}.{format}");
                assert!(answer.error().contains("there are xlsx, csv and json"), "{}", answer.error());
                continue;
            }
            let answer = served.get(&format!("/api/v1/reports/{kind}.{format}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{kind}.{format}");
            assert_eq!(answer.header("content-type"), content_type);
            let name = format!("{disposition}; filename=\"glidepath-{kind}-2026-03-20.{format}\"");
            assert_eq!(answer.header("content-disposition"), name);
            let again = served.get(&format!("/api/v1/reports/{kind}.{format}?as_of=2026-03-20T06:30:00Z")).await;
            assert!(answer.bytes == again.bytes, "{kind}.{format} comes out differently");
            issued.insert(glidepath::report::sha256(&answer.bytes));
        }
    }
    // Each was noted once, however often it was handed out.
    let listed = served.get("/api/v1/reports/issued").await.json();
    let listed = &listed["reports"];
    let hashes: Vec<&str> = listed.as_array().unwrap().iter().map(|it| it["sha256"].as_str().unwrap()).collect();
    assert_eq!(hashes.len(), 33);
    assert!(hashes.iter().all(|hash| issued.contains(*hash)));
    assert_eq!(listed[0]["audience"], "owner");
    assert_eq!(listed[0]["as_of"], "2026-03-20T06:30:00Z");
    for (time, status, error) in [
        ("2020-01-01T00:00:00Z", StatusCode::NOT_FOUND, "no cycle had finished by 2020-01-01T00:00:00Z"),
        ("2999-01-01T00:00:00Z", StatusCode::BAD_REQUEST, "lies in the future"),
    ] {
        let answer = served.get(&format!("/api/v1/reports/trajectory.pdf?as_of={time}")).await;
        assert_eq!(answer.status, status, "{time}");
        assert!(answer.error().contains(error), "{}", answer.body);
    }
    for (file, error) in [
        ("trajectory.docx", "is not a report format"),
        ("balance.html", "is not a kind of report"),
        ("trajectory", "names no format"),
    ] {
        let answer = served.get(&format!("/api/v1/reports/{file}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{file}");
        assert!(answer.error().contains(error), "{}", answer.body);
    }
}

#[tokio::test]
async fn filings_are_listed_with_their_text() {
    let served = Served::fed(config()).await;
    let listed = served.get("/api/v1/projections").await.json();
    assert_eq!(listed[0]["version"], 1);
    assert_eq!(listed[0]["filed_on"], "2026-02-01");
    assert_eq!(listed[0]["recorded_at"], "2026-03-20T06:30:00Z");
    assert!(listed[0]["body"].as_str().unwrap().contains("id = \"moonbase\""));
    assert_eq!(listed[0]["content_hash"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn a_kept_view_is_never_an_old_one() {
    let served = Served::fed(config()).await;
    let shown = async || served.get("/api/v1/position").await.json();
    let now = async || serde_json::to_value(served.engine.view(None).await.unwrap().unwrap().position).unwrap();
    let store = served.engine.store();
    let mut last = shown().await;

    // Two requests noted on the cycle's day, one of them free after all.
    for charged in [true, false] {
        let ticket = store.reserve_request(day("2026-03-20"), 100).await.unwrap().unwrap();
        assert_eq!(shown().await, now().await);
        store.settle_request(ticket, charged).await.unwrap();
        assert_eq!(shown().await, now().await);
    }
    assert_eq!(shown().await["data_quality"]["paid_requests_today"], 1);

    let typed = BalanceEntry { pool: served::AI_RECORD.to_owned(), remaining: usd("500"), on: Some(day("2026-03-20")) };
    served.engine.record_balance(first_cycle(), typed).await.unwrap();
    assert_eq!(shown().await, now().await);

    let filing = served.get("/api/v1/projections").await.json()[0]["body"].as_str().unwrap().replace("310", "620");
    last = changed(last, shown().await);
    served.engine.file_projection(first_cycle(), filing).await.unwrap();
    last = changed(last, shown().await);
    assert_eq!(last, now().await);

    served.cycle(time("2026-03-21T06:30:00Z"), usd("3")).await;
    last = changed(last, shown().await);
    assert_eq!(last, now().await);
}

fn changed(before: serde_json::Value, after: serde_json::Value) -> serde_json::Value {
    assert_ne!(before, after);
    after
}

#[tokio::test]
async fn ready_until_costs_are_36_hours_old() {
    let served = Served::fed(config()).await;
    let ready = served.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(ready.json(), json!({ "status": "ready", "last_pull": "2026-03-20T06:30:00Z" }));
    served.clock.advance_to(first_cycle() + TimeDelta::hours(36) - TimeDelta::seconds(1));
    assert_eq!(served.get("/readyz").await.status, StatusCode::OK);
    served.clock.advance_to(first_cycle() + TimeDelta::hours(36));
    let stale = served.get("/readyz").await;
    assert_eq!(stale.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stale.error(), "costs were last pulled 36 hours ago, at 2026-03-20T06:30:00Z");
    assert_eq!(served.get("/healthz").await.status, StatusCode::OK, "alive is not ready");
}

#[tokio::test]
async fn errors_are_problems() {
    let served = Served::fed(config()).await;
    let missing = served.get("/api/v2/position").await;
    assert_eq!(
        (missing.status, missing.error().as_str()),
        (StatusCode::NOT_FOUND, "there is nothing at /api/v2/position")
    );
    let method = served.send(Ask::post("/api/v1/position")).await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(method.header("allow").contains("GET") && !method.error().is_empty());
    assert_eq!(served.get("/api/v1/cycle").await.status, StatusCode::METHOD_NOT_ALLOWED);
    let large = served.send(Ask::post("/api/v1/cycle").body(vec![b' '; 16 * 1024 + 1])).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(!large.error().is_empty());
    let garbled = served.get("/api/v1/projections/%FF").await;
    assert_eq!((garbled.status, garbled.error().as_str()), (StatusCode::BAD_REQUEST, "this address cannot be read"));
    // Each says what to do instead.
    for told in [missing, method, large, garbled] {
        assert!(told.json()["advice"].as_str().is_some_and(|advice| advice.len() > 15), "{}", told.body);
    }
}

#[tokio::test]
async fn reports_load_nothing_but_their_own_style() {
    let served = Served::fed(config()).await;
    let path = "/api/v1/reports/funding-pack.html";
    let page = served.get(path).await;
    assert_eq!(page.status, StatusCode::OK);
    let (_, rest) = page.body.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let hash = BASE64_STANDARD.encode(Sha256::digest(style));
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with(&format!("default-src 'none'; style-src 'sha256-{hash}'; ")), "{policy}");
    // A partner's logo is part of the file.
    assert!(policy.contains("; img-src data:; "), "{policy}");
    for refused in ["<script", " style=", "src=", "<link", "<form", "<img"] {
        assert!(!page.body.contains(refused), "{path} has {refused}");
    }
    for path in ["/", "/healthz", "/api/v1/position", "/nowhere"] {
        let answer = served.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        let cached = if path == "/" || path == "/api/v1/position" { "private, no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), cached, "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("img-src"), "{path}: {policy}");
    }
}
