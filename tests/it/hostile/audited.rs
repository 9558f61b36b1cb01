//! What a token can do to the audit: it stays short, bounded and readable, whatever is asked and how often.

use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use glidepath::config::Config;
use glidepath::cycle::{LinkOrder, MadeLink};
use glidepath::domain::values::secret::Secret;
use glidepath::store::AuditRow;
use serde_json::{Value, json};

use crate::support::served::{Ask, LINK_KEY, OPS, OWNER, PARTNER, Served, config, tokens};

async fn daemon() -> Served {
    Served::fed(Config { tokens: tokens(), link_key: Some(Secret::new(LINK_KEY)), ..config() }).await
}

/// All rows as the founder reads them, oldest first.
async fn audit(served: &Served) -> Vec<AuditRow> {
    let answer = served.send(Ask::get("/api/v1/audit?limit=1000").bearer(OWNER)).await;
    let mut rows: Vec<AuditRow> = serde_json::from_value(answer.json()["entries"].clone()).unwrap();
    rows.reverse();
    rows
}

/// Each row as `who action path status times`.
fn shown(rows: &[AuditRow]) -> Vec<String> {
    let of = |AuditRow { entry, times, .. }: &AuditRow| {
        format!("{} {} {} {} x{times}", entry.who, entry.action, entry.path, entry.status)
    };
    rows.iter().map(of).collect()
}

async fn link(served: &Served, records: Vec<String>) -> MadeLink {
    let (kind, formats) = ("trajectory".to_owned(), vec!["csv".to_owned()]);
    let order = LinkOrder { kind, formats, records, days: 1, as_of: None };
    served.engine.make_link(served.clock.now(), "founder", order).await.unwrap()
}

fn path_of(link: &MadeLink) -> &str {
    link.url.split_once("8437").unwrap().1
}

#[tokio::test]
async fn an_address_of_more_than_two_kilobytes_is_refused_and_leaves_nothing() {
    let served = daemon().await;
    for length in [2_049, 4_096, 65_000] {
        for begin in ["/api/v1/plan/", "/shared/", "/", "/api/v1/reports/", "/healthz?x="] {
            let path = format!("{begin}{}", "%9b".repeat(length)).chars().take(length).collect::<String>();
            for token in ["", OWNER, PARTNER] {
                for method in [Method::GET, Method::DELETE] {
                    let answer = served.send(Ask::method(method, &path).bearer(token)).await;
                    assert_eq!(answer.status, StatusCode::URI_TOO_LONG, "{begin} {length}");
                    assert!(answer.body.len() < 1_000, "{begin} {length}: {}", answer.body);
                    assert_eq!(answer.error(), "this address is longer than 2048 bytes");
                }
            }
        }
    }
    assert_eq!(shown(&audit(&served).await), [""; 0]);
    let longest = format!("/api/v1/position?{}", "x".repeat(2_048 - 17));
    assert_eq!(served.send(Ask::get(&longest).bearer(OWNER)).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_a_token_is_refused_is_a_row_by_route_status_and_hour_that_counts() {
    let served = daemon().await;
    for number in 0..300 {
        let name = format!("{number}-{}", "%1b%5b2J".repeat(200));
        for (method, path) in [
            (Method::GET, format!("/api/v1/projections/{name}")),
            (Method::DELETE, format!("/api/v1/plan/{name}")),
            (Method::GET, "/api/v1/position".to_owned()),
            (Method::GET, format!("/api/v1/reports/{number}.xyz")),
            (Method::GET, "/api/v1/reports".to_owned()),
        ] {
            let answer = served.send(Ask::method(method, &path).bearer(PARTNER)).await;
            assert!(answer.status != StatusCode::UNAUTHORIZED, "{path}: {}", answer.body);
        }
        let refused = served.send(Ask::post("/api/v1/plan").bearer(OPS).json(&json!({}))).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    let expected = [
        "aws-team read /api/v1/projections/{version} 403 x300",
        "aws-team entry ended /api/v1/plan/{id} 403 x300",
        "aws-team read /api/v1/position 403 x300",
        "aws-team read /api/v1/reports/{file} 404 x300",
        "aws-team read /api/v1/reports 200 x300",
        "ops entry made /api/v1/plan 403 x300",
    ];
    assert_eq!(shown(&audit(&served).await), expected);

    let second = served.clock.now() + TimeDelta::hours(1);
    served.clock.advance_to(second);
    for seconds in 0..3 {
        served.clock.advance_to(second + TimeDelta::seconds(seconds));
        served.send(Ask::get("/api/v1/position").bearer(PARTNER)).await;
    }
    let rows = audit(&served).await;
    assert_eq!((rows.len(), shown(&rows[6..])), (7, vec!["aws-team read /api/v1/position 403 x3".to_owned()]));
    let last = &rows[6];
    assert_eq!((last.entry.at, last.last_at), (second, Some(second + TimeDelta::seconds(2))));
    assert_eq!(rows[0].last_at, Some(rows[0].entry.at), "within one moment of the test's clock");
}

#[tokio::test]
async fn reports_that_are_shown_have_a_row_each_up_to_a_hundred_an_hour() {
    let served = daemon().await;
    for _ in 0..105 {
        let answer = served.send(Ask::get("/api/v1/reports/trajectory.csv").bearer(PARTNER)).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    let rows = audit(&served).await;
    assert_eq!((rows.len(), rows[99].times, rows.iter().map(|row| row.times).sum::<u64>()), (100, 6, 105));
}

#[tokio::test]
async fn a_link_that_is_over_is_a_row_that_counts() {
    let served = daemon().await;
    let made = link(&served, vec!["ai".to_owned()]).await;
    served.clock.advance_to(served.clock.now() + TimeDelta::days(2));
    for _ in 0..200 {
        assert_eq!(served.get(path_of(&made)).await.status, StatusCode::GONE);
    }
    assert_eq!(shown(&audit(&served).await), [format!("link {} read /shared 410 x200", made.link.id)]);
}

#[tokio::test]
async fn counts_are_written_without_anybody_listing_them_when_the_daemon_ends() {
    let served = daemon().await;
    for _ in 0..5 {
        served.send(Ask::get("/api/v1/position").bearer(PARTNER)).await;
    }
    let stored = async || served.engine.store().audited(None, 10).await.unwrap();
    assert_eq!(shown(&stored().await), ["aws-team read /api/v1/position 403 x1"]);
    served.state.write_counts().await;
    assert_eq!(shown(&stored().await), ["aws-team read /api/v1/position 403 x5"]);
}

#[tokio::test]
async fn an_entry_says_what_it_was_about_in_two_hundred_characters() {
    let served = daemon().await;
    let mute = json!({ "kind": "ack", "key": "exhaustion:total", "why": "applied", "by": "somebody else" });
    let key = format!("spike:\u{1b}[2J{}", "x".repeat(400));
    let silence = json!({ "kind": "silence", "key": key, "why": "applied", "until": "2026-04-01T00:00:00Z" });
    let balance = json!({ "pool": "9900111", "remaining": "12" });
    let plan = json!({ "kind": "fee", "usd": "5", "on": "2026-12-01" });
    for (path, body) in [
        ("/api/v1/alerts/mutes", silence),
        ("/api/v1/credits/statements", balance),
        ("/api/v1/plan", plan),
        ("/api/v1/alerts/mutes", mute),
    ] {
        let answer = served.send(Ask::post(path).bearer(OWNER).json(&body)).await;
        assert!(
            matches!(answer.status, StatusCode::CREATED | StatusCode::UNPROCESSABLE_ENTITY),
            "{path}: {}",
            answer.body
        );
    }
    let rows = audit(&served).await;
    let paths: Vec<&str> = rows.iter().map(|row| row.entry.path.as_str()).collect();
    assert!(paths[0].starts_with(r"/api/v1/alerts/mutes (alert spike:\u{1b}[2Jxxx"), "{paths:?}");
    assert_eq!(paths[0].chars().count(), 200);
    assert_eq!(paths[1], "/api/v1/credits/statements (balance of 9900111 on 2026-03-20)");
    assert!(paths[2].starts_with("/api/v1/plan (plan "), "{paths:?}");
}

#[tokio::test]
async fn a_link_for_many_records_has_a_short_address_and_opens() {
    let records: Vec<String> = (0..120).map(|number| format!("a-record-with-a-long-name-{number}")).collect();
    let filed: String = records
        .iter()
        .map(|id| {
            format!(
                "[[record]]\nid = \"{id}\"\n[[record.service]]\nservice = \"Service {id}\"\nmonthly = [{{ from = \"2026-03\", \
                 usd = \"1\" }}]\n"
            )
        })
        .collect();
    let served = daemon().await;
    let text = format!("filed_on = \"2026-03-01\"\nasked_for = \"genai-tier\"\n{filed}");
    served.engine.file_projection(served.clock.now(), text).await.unwrap();
    let made = link(&served, records).await;
    assert!(made.url.len() < 1_000, "{}", made.url.len());
    let answer = served.get(path_of(&made)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let links: Value = served.send(Ask::get("/api/v1/links").bearer(OWNER)).await.json();
    assert_eq!(links["links"][0]["records"].as_array().unwrap().len(), 120);
}
