//! What nobody should send, each with its own test: a clear refusal, nothing learnt, nothing logged.

use axum::http::StatusCode;
use glidepath::config::Config;
use serde_json::json;

use crate::support::logs::Log;
use crate::support::served::{Ask, OWNER, PARTNER, Served, config, tokens};

/// Everything that grows, and so comes in pages.
const LISTS: [&str; 7] =
    ["charges", "restatements", "alerts/events", "audit", "links", "reports/issued", "credits/history"];

async fn refused(served: &Served, path: &str, status: StatusCode, says: &str) {
    let answer = served.get(path).await;
    assert_eq!(answer.status, status, "{path}: {}", answer.body);
    assert!(answer.error().contains(says), "{path}: {}", answer.body);
}

#[tokio::test]
async fn an_unknown_format() {
    let served = Served::fed(config()).await;
    refused(&served, "/api/v1/reports/trajectory.docx", StatusCode::NOT_FOUND, "\"docx\" is not a report format").await;
    refused(&served, "/api/v1/reports/trajectory", StatusCode::NOT_FOUND, "names no format").await;
}

#[tokio::test]
async fn dates_reversed() {
    let served = Served::fed(config()).await;
    let path = "/api/v1/charges?from=2026-03-02&to=2026-03-01";
    refused(&served, path, StatusCode::BAD_REQUEST, "no day lies from 2026-03-02 on and before 2026-03-01").await;
    let path = "/api/v1/charges?from=2026-03-01&to=2026-03-01";
    refused(&served, path, StatusCode::BAD_REQUEST, "no day lies from 2026-03-01").await;
    refused(&served, "/api/v1/charges?from=2026-02-30", StatusCode::BAD_REQUEST, "from").await;
}

#[tokio::test]
async fn dates_before_the_first_data() {
    let served = Served::fed(config()).await;
    let path = "/api/v1/charges?from=2025-01-01&to=2026-02-01";
    refused(&served, path, StatusCode::NOT_FOUND, "nothing is stored before 2026-02-01").await;
    // A range that begins before it shows what there is.
    let some = served.get("/api/v1/charges?from=2025-01-01&to=2026-02-02").await.json();
    assert_eq!(some["charges"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn days_to_replay_reversed_or_unknown() {
    let served = Served::fed(config()).await;
    for (from, to, status, says, advice) in [
        (
            "2026-03-20",
            "2026-03-19",
            StatusCode::BAD_REQUEST,
            "the last day, 2026-03-19, lies before",
            "the earlier day first",
        ),
        (
            "2026-01-01",
            "2026-02-02",
            StatusCode::NOT_FOUND,
            "there is no look",
            "days from 2026-02-03 through 2026-03-20",
        ),
        (
            "2026-03-21",
            "2026-04-01",
            StatusCode::NOT_FOUND,
            "there is no look",
            "days from 2026-02-03 through 2026-03-20",
        ),
    ] {
        let answer = served.send(Ask::post("/api/v1/replay").json(&json!({ "from": from, "to": to }))).await;
        assert_eq!(answer.status, status, "{from} to {to}: {}", answer.body);
        assert!(answer.error().contains(says), "{}", answer.body);
        assert!(answer.json()["advice"].as_str().unwrap().contains(advice), "{}", answer.body);
    }
    // The last day is one of them.
    let one = served.send(Ask::post("/api/v1/replay").json(&json!({ "from": "2026-03-20", "to": "2026-03-20" }))).await;
    assert_eq!((one.status, &one.json()["looks"]), (StatusCode::OK, &json!(1)), "{}", one.body);
    let empty = Served::empty(config(), "http://127.0.0.1:9");
    let answer =
        empty.send(Ask::post("/api/v1/replay").json(&json!({ "from": "2026-03-20", "to": "2026-03-20" }))).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.json()["advice"].as_str().unwrap().contains("glidepath cycle"), "{}", answer.body);
}

/// Whoever asks for the past where none is kept must not be given the present.
#[tokio::test]
async fn a_parameter_that_an_address_does_not_read() {
    let served = Served::fed(config()).await;
    let runs = || served.engine.store().newest_cycle(None);
    let before = runs().await.unwrap().unwrap().run_id;
    let mut refused = 0;
    for (path, methods) in glidepath::http::openapi()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let open = operation["security"].as_array().is_none_or(Vec::is_empty);
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let reads = parameters.iter().any(|parameter| parameter["in"] == "query");
            if open || (reads && path != "/") {
                continue;
            }
            let asked = path.replace("{version}", "1").replace("{name}", "style.css").replace("{id}", "00");
            let asked = asked.replace("{file}", "trajectory.md").replace("{channel}", "ops");
            for query in ["foo=1", "as_of=2999-01-01T00:00:00Z", "AS_OF"] {
                let method = method.to_ascii_uppercase().parse().unwrap();
                let answer = served.send(Ask::method(method, &format!("{asked}?{query}"))).await;
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}?{query}: {}", answer.body);
                assert!(answer.json()["advice"].is_string(), "{}", answer.body);
                refused += 1;
            }
        }
    }
    assert!(refused > 30, "{refused}");
    assert_eq!(runs().await.unwrap().unwrap().run_id, before, "nothing was carried out");
    // A question mark alone asks for nothing.
    assert_eq!(served.get("/api/v1/alerts?").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_as_of_in_the_future() {
    let served = Served::fed(config()).await;
    for path in ["/", "/api/v1/position", "/api/v1/charges", "/api/v1/reports/trajectory.csv", "/api/v1/outlook"] {
        let path = format!("{path}?as_of=2026-03-20T06:30:01Z");
        refused(&served, &path, StatusCode::BAD_REQUEST, "lies in the future: it is 2026-03-20T06:30:00Z").await;
    }
}

#[tokio::test]
async fn a_limit_and_a_cursor_out_of_bounds() {
    let served = Served::fed(config()).await;
    for limit in ["0", "1001", "-1", "many", ""] {
        for list in LISTS {
            refused(&served, &format!("/api/v1/{list}?limit={limit}"), StatusCode::BAD_REQUEST, "limit").await;
        }
    }
    for list in LISTS {
        for cursor in ["x", "!!!", "e30", "bnVsbA"] {
            let path = format!("/api/v1/{list}?cursor={cursor}");
            refused(&served, &path, StatusCode::BAD_REQUEST, "this cursor is not one").await;
        }
    }
    let next = served.get("/api/v1/charges?limit=5").await.json()["next"].as_str().unwrap().to_owned();
    refused(&served, &format!("{next}&service=x"), StatusCode::BAD_REQUEST, "a cursor stands for the filter").await;
}

#[tokio::test]
async fn a_path_that_climbs() {
    let served = Served::fed(config()).await;
    for path in [
        "/api/v1/reports/../../../etc/passwd",
        "/api/v1/reports/..%2f..%2f..%2fetc%2fpasswd",
        "/api/v1/reports/%2e%2e/%2e%2e/etc/passwd.html",
        "/api/v1/reports/..%5c..%5cglidepath.toml",
        "/api/v1/reports/trajectory.html%00.csv",
        "/api/v1/projections/..%2f1",
        "/shared/../glidepath.duckdb",
        "/..%2fglidepath.duckdb",
    ] {
        let answer = served.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.body);
        assert!(!answer.body.contains("root:") && !answer.error().is_empty());
    }
}

#[tokio::test]
async fn ten_megabytes() {
    let served = Served::fed(config()).await;
    let much = || vec![b'['; 10 << 20];
    for path in
        ["/api/v1/credits/statements", "/api/v1/projections", "/api/v1/links", "/api/v1/cycle", "/api/v1/backup"]
    {
        let answer = served.send(Ask::post(path).body(much())).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}: {}", answer.body);
        // Whoever does not say how much it is gets no further.
        let mut ask = Ask::post(path).body(much());
        ask = ask.without_length();
        let answer = served.send(ask).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}: {}", answer.body);
        assert!(!answer.error().is_empty());
    }
}

#[tokio::test]
async fn a_token_in_the_query_is_refused_and_never_logged() {
    let log = Log::start();
    let served = Served::fed(Config { tokens: tokens(), ..config() }).await;
    for name in ["token", "access_token", "Token", "api_key", "%74oken", "authorization"] {
        for value in [OWNER, PARTNER, "a-token-of-nobody"] {
            for path in ["/", "/healthz", "/metrics", "/api/v1/position", "/api/v1/reports/trajectory.csv", "/nowhere"]
            {
                let path = format!("{path}?{name}={value}");
                for ask in [Ask::get(&path), Ask::get(&path).bearer(OWNER)] {
                    let answer = served.send(ask).await;
                    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
                    assert!(answer.error().contains("a token does not belong in an address"));
                    assert!(!answer.body.contains(value) && answer.json()["advice"].is_string());
                }
            }
        }
    }
    let wrong = served.send(Ask::get(&format!("/api/v1/position?as_of={OWNER}")).bearer(OWNER)).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let logged = log.text();
    assert!(logged.contains("request"), "nothing was logged: {logged}");
    for secret in [OWNER, PARTNER, "a-token-of-nobody"] {
        assert!(!logged.contains(secret), "{secret} is in the log");
    }
}
