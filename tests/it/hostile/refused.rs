//! Those who are sent away, and those who ask for nothing: what they cost the log, the store and whoever waits beside them.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use axum::Router;
use axum::http::{Method, StatusCode, header};
use chrono::TimeDelta;
use glidepath::config::Config;
use glidepath::domain::values::secret::Secret;
use glidepath::http::{State, router};
use glidepath::store::{Messages, Store};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::logs::Log;
use crate::support::served::{
    ACCOUNT, Answer, Ask, LINK_KEY, OPS, OWNER, PARTNER, Served, config, first_cycle, tokens,
};

/// So that what waits for ever fails.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections that read the store.
const READERS: usize = 4;
/// Requests of a flood.
const MANY: usize = 100;
/// Requests of one caller that may be in a lane.
const OF_ONE_CALLER: usize = 12;

async fn served() -> Served {
    let (link_key, dashboard_url) = (Some(Secret::new(LINK_KEY)), Some("https://x.example/".to_owned()));
    Served::fed(Config { tokens: tokens(), link_key, dashboard_url, ..config() }).await
}

/// The same store behind another daemon, which remembers nothing.
fn started_again(served: &Served) -> Served {
    let state = State::new(served.engine.clone(), served.clock.clone());
    let router: Router = router(state.clone());
    Served { router, engine: served.engine.clone(), clock: served.clock.clone(), state }
}

/// Keeps everybody from reading the store until it is dropped.
struct Held {
    _until: Vec<mpsc::Sender<()>>,
}

async fn hold(store: &Store) -> Held {
    let mut until = Vec::new();
    for _ in 0..READERS {
        let ((ends, ended), (begins, begun)) = (mpsc::channel::<()>(), oneshot::channel());
        let store = store.clone();
        tokio::spawn(async move {
            store
                .read(move |_| {
                    let _ = begins.send(());
                    let _ = ended.recv();
                    Ok(())
                })
                .await
        });
        begun.await.unwrap();
        until.push(ends);
    }
    Held { _until: until }
}

/// Asks `times` at once.
fn flood(served: &Arc<Served>, times: usize, ask: impl Fn(usize) -> Ask) -> JoinSet<Answer> {
    let mut asked = JoinSet::new();
    for number in 0..times {
        let (served, ask) = (Arc::clone(served), ask(number));
        asked.spawn(async move { served.send(ask).await });
    }
    asked
}

async fn next(asked: &mut JoinSet<Answer>) -> Answer {
    timeout(PATIENCE, asked.join_next()).await.expect("nobody is answered").unwrap().unwrap()
}

fn lines<'a>(log: &'a str, level: &str) -> Vec<&'a str> {
    log.lines().filter(|line| line.contains(&format!("\"level\":\"{level}\""))).collect()
}

#[tokio::test]
async fn who_is_sent_away_by_the_thousand_leaves_no_line_each_in_the_log() {
    let empty = Served::empty(Config { tokens: tokens(), ..config() }, "http://127.0.0.1:9");
    let served = Arc::new(served().await);
    let log = Log::start();
    for _ in 0..500 {
        assert_eq!(empty.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(empty.get("/shared/x.y").await.status, StatusCode::NOT_FOUND);
    }
    let held = hold(served.engine.store()).await;
    let mut asked = flood(&served, MANY, |_| Ask::get("/api/v1/reports/trajectory.md").bearer(PARTNER));
    for _ in 0..MANY - OF_ONE_CALLER {
        assert_eq!(next(&mut asked).await.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    drop(held);
    while !asked.is_empty() {
        assert_eq!(next(&mut asked).await.status, StatusCode::OK);
    }
    let said = log.text();
    assert_eq!(lines(&said, "ERROR"), [""; 0]);
    assert_eq!(lines(&said, "WARN"), [""; 0]);

    // What fails in here is told, and told once.
    served.engine.store().call_blocking(|connection| Ok(connection.execute_batch("DROP TABLE shared_links")?)).unwrap();
    for _ in 0..50 {
        let answer = served.send(Ask::get("/api/v1/links").bearer(OWNER)).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
    let said = log.text();
    let errors = lines(&said, "ERROR");
    assert!(
        errors.len() == 1 && errors[0].contains("reading the links") && errors[0].contains("shared_links"),
        "{errors:?}"
    );
}

#[tokio::test]
async fn links_that_are_over_take_no_place_and_ask_nothing_of_the_store() {
    let served = served().await;
    let mut links = Vec::new();
    for days in [1, 7, 7, 7, 7, 7] {
        let order = json!({ "kind": "trajectory", "formats": ["md"], "records": ["ai"], "days": days });
        let made = served.send(Ask::post("/api/v1/links").bearer(OWNER).json(&order)).await.json();
        let address = made["url"].as_str().unwrap().strip_prefix("https://x.example").unwrap().to_owned();
        links.push((made["id"].as_str().unwrap().to_owned(), address));
    }
    // The first is over by its time, the last is not known any more, one is good, and the others are revoked.
    served.clock.advance_to(first_cycle() + TimeDelta::days(2));
    for (id, _) in &links[1..4] {
        let path = format!("/api/v1/links/{id}");
        assert_eq!(served.send(Ask::method(Method::DELETE, &path).bearer(OWNER)).await.status, StatusCode::OK);
    }
    let sql = format!("DELETE FROM shared_links WHERE link_id = '{}'", links[5].0);
    served.engine.store().call_blocking(|connection| Ok(connection.execute_batch(&sql)?)).unwrap();
    let good = links.remove(4).1;
    let again = started_again(&served);
    for served in [served, again].map(Arc::new) {
        // That one is not known is learnt in its turn.
        assert_eq!(served.get(&links[4].1).await.status, StatusCode::GONE);
        let held = hold(served.engine.store()).await;
        let mut waits = flood(&served, OF_ONE_CALLER, |_| Ask::get("/api/v1/reports/trajectory.csv").bearer(PARTNER));
        let mut asked = flood(&served, 60 * links.len(), |number| Ask::get(&links[number % links.len()].1));
        while !asked.is_empty() {
            let answer = next(&mut asked).await;
            assert_eq!(answer.status, StatusCode::GONE, "{}", answer.body);
            assert_eq!((answer.header("cache-control"), answer.header("x-robots-tag")), ("no-store", "noindex"));
        }
        drop(held);
        while !waits.is_empty() {
            assert_eq!(next(&mut waits).await.status, StatusCode::OK, "a partner, beside them");
        }
        assert_eq!(served.get(&good).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn readiness_reads_the_store_once_however_many_ask() {
    let served = Arc::new(served().await);
    assert_eq!(served.get("/readyz").await.status, StatusCode::OK);
    let held = hold(served.engine.store()).await;
    let mut asked = flood(&served, 500, |_| Ask::get("/readyz"));
    while !asked.is_empty() {
        assert_eq!(next(&mut asked).await.status, StatusCode::OK);
    }
    drop(held);
    // What it rests on changes, and so does the answer.
    let failed_at = first_cycle() + TimeDelta::hours(1);
    served.engine.store().record_failure(failed_at, "a defect".to_owned(), None, Messages::default()).await.unwrap();
    let mut asked = flood(&served, 50, |_| Ask::get("/readyz"));
    while !asked.is_empty() {
        assert_eq!(next(&mut asked).await.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    served.clock.advance_to(first_cycle() + TimeDelta::days(3));
    assert_eq!(served.get("/readyz").await.json()["reason"], "stale_data", "and with the clock alone");
}

#[tokio::test]
async fn a_time_to_come_waits_for_its_turn_before_the_store_is_asked() {
    let served = Arc::new(served().await);
    for (token, path) in [
        (PARTNER, "/api/v1/reports/trajectory.md?as_of=2999-01-01T00:00:00Z"),
        (OWNER, "/api/v1/reports/funding-pack.csv?as_of=2999-01-01T00:00:00Z"),
        (OWNER, "/?as_of=2999-01-01T00:00:00Z"),
        (OPS, "/api/v1/position?as_of=2999-01-01T00:00:00Z"),
        (OPS, "/api/v1/series?as_of=2026-03-20T06:30:00Z"),
    ] {
        let held = hold(served.engine.store()).await;
        let mut asked = flood(&served, MANY, |_| Ask::get(path).bearer(token));
        for _ in 0..MANY - OF_ONE_CALLER {
            let answer = next(&mut asked).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {}", answer.body);
            assert_eq!(answer.json()["reason"], "busy");
        }
        drop(held);
        let expected = if path.contains("2999") { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        while !asked.is_empty() {
            let answer = next(&mut asked).await;
            assert_eq!(answer.status, expected, "{path}: {}", answer.body);
        }
    }
}

/// What fails in here names accounts, tables and paths, and a partner or a link reads none of it, whatever the status is.
#[tokio::test]
async fn no_failure_tells_a_partner_or_a_link_its_details() {
    let problem = format!("arn:aws:iam::{ACCOUNT}:role/finance is not authorized");
    let empty = Served::empty(Config { tokens: tokens(), ..config() }, "http://127.0.0.1:9");
    empty.engine.store().record_failure(first_cycle(), problem, None, Messages::default()).await.unwrap();
    for query in ["", "?as_of=2026-03-20T06:30:00Z"] {
        let ask = |token| Ask::get(&format!("/api/v1/reports/funding-pack.json{query}")).bearer(token);
        let answer = empty.send(ask(PARTNER)).await;
        assert_eq!((answer.status, answer.error().as_str()), (StatusCode::NOT_FOUND, "no cycle has finished yet"));
        assert!(!answer.body.contains(ACCOUNT) && !answer.body.contains("arn:"), "{}", answer.body);
        let answer = empty.send(ask(OWNER)).await;
        assert!(answer.status == StatusCode::NOT_FOUND && answer.error().contains(ACCOUNT), "{}", answer.body);
    }
    for table in ["cycles", "audit"] {
        let served = served().await;
        let order = json!({ "kind": "trajectory", "formats": ["md"], "records": ["ai"], "days": 7 });
        let made = served.send(Ask::post("/api/v1/links").bearer(OWNER).json(&order)).await.json();
        let link = made["url"].as_str().unwrap().strip_prefix("https://x.example").unwrap().to_owned();
        let sql = format!("DROP TABLE {table}");
        served.engine.store().call_blocking(|connection| Ok(connection.execute_batch(&sql)?)).unwrap();
        for ask in [Ask::get("/api/v1/reports/trajectory.md").bearer(PARTNER), Ask::get(&link)] {
            let answer = served.send(ask).await;
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", answer.body);
            let told = answer.error() + &answer.json()["advice"].to_string();
            for detail in ["Catalog", "Table", "cycles", "does not exist"] {
                assert!(!told.contains(detail), "{told}");
            }
        }
        if table == "cycles" {
            let answer = served.send(Ask::get("/api/v1/reports/trajectory.md").bearer(OWNER)).await;
            assert!(answer.error().contains("cycles"), "who may see everything is told: {}", answer.body);
        }
    }
}

/// A report that is kept is handed out as it was compressed when it was made.
#[tokio::test]
async fn a_report_is_compressed_once_and_not_as_it_is_handed_out() {
    let served = served().await;
    let ask = |format: &str, takes: &str| {
        let ask = Ask::get(&format!("/api/v1/reports/trajectory.{format}")).bearer(PARTNER);
        served.send(ask.with(header::ACCEPT_ENCODING, takes))
    };
    for format in ["html", "csv", "json", "md"] {
        let (plain, first, again) =
            (ask(format, "identity").await, ask(format, "gzip").await, ask(format, "br, gzip").await);
        assert_eq!((plain.header("content-encoding"), first.header("content-encoding")), ("", "gzip"), "{format}");
        assert!(first.bytes.starts_with(&[0x1f, 0x8b]) && first.bytes.len() < plain.bytes.len(), "{format}");
        assert_eq!(first.bytes, again.bytes, "{format}");
        let varies: Vec<&str> = first.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok()).collect();
        assert_eq!(varies, ["accept-encoding", "authorization"], "{format}");
    }
    for format in ["xlsx", "pdf"] {
        assert_eq!(ask(format, "gzip").await.header("content-encoding"), "", "{format} is compressed in itself");
    }
}
