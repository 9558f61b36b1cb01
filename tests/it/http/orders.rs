//! Orders, the real listener, and the client that commands use.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use glidepath::config::Config;
use glidepath::domain::values::secret::Secret;
use glidepath::http::client::{self, ClientError};
use glidepath::http::serve;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::support::served::{Ask, OWNER, PARTNER, Served, config, first_cycle, tokens};

/// An AWS that refuses everything, once it is let.
struct Refusing {
    endpoint: String,
    asked: Arc<Notify>,
    gate: Arc<Semaphore>,
}

impl Refusing {
    async fn start() -> Refusing {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", socket.local_addr().unwrap());
        let (asked, gate) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
        let (tell, wait) = (asked.clone(), gate.clone());
        let answer = move || async move {
            tell.notify_one();
            // An error means that the gate is open for good.
            let _ = wait.acquire().await;
            let refusal = json!({ "__type": "AccessDeniedException", "message": "not allowed" });
            (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], refusal.to_string())
        };
        tokio::spawn(async move { axum::serve(socket, Router::new().fallback(answer)).await });
        Refusing { endpoint, asked, gate }
    }
}

#[tokio::test]
async fn a_cycle_on_order_and_only_one() {
    let aws = Refusing::start().await;
    let served = Arc::new(Served::empty(config(), &aws.endpoint));
    let first = tokio::spawn({
        let served = served.clone();
        async move { served.send(Ask::post("/api/v1/cycle")).await }
    });
    aws.asked.notified().await;
    let second = served.send(Ask::post("/api/v1/cycle")).await;
    assert_eq!((second.status, second.error().as_str()), (StatusCode::CONFLICT, "a cycle is running already"));
    aws.gate.close();
    let first = first.await.unwrap();
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let report = first.json();
    assert_eq!(report["run_id"], 1);
    assert_eq!(report["clock"], "2026-03-20T06:30:00Z");
    assert_eq!(report["costs"]["outcome"], "denied", "{report}");
    assert_eq!(report["charges"], 0);
    // Refused costs are a cycle all the same, whose finding is on the page.
    assert_eq!(served.get("/api/v1/position").await.json()["findings"][0]["rule"], "ingest_denied");
    assert_eq!(served.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(served.get("/").await.body.contains("No data yet"));
}

#[tokio::test]
async fn a_cycle_goes_on_when_its_caller_leaves() {
    let aws = Refusing::start().await;
    let served = Arc::new(Served::empty(config(), &aws.endpoint));
    let caller = tokio::spawn({
        let served = served.clone();
        async move { served.send(Ask::post("/api/v1/cycle")).await.status }
    });
    aws.asked.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    aws.gate.close();
    // The next order waits its turn: it is refused for as long as the first runs.
    let mut status = StatusCode::CONFLICT;
    while status == StatusCode::CONFLICT {
        tokio::task::yield_now().await;
        status = served.send(Ask::post("/api/v1/cycle")).await.status;
    }
    assert_eq!(status, StatusCode::OK);
    let newest = served.engine.store().newest_cycle(None).await.unwrap().unwrap();
    assert_eq!(newest.run_id, 2, "the first cycle was stored too");
}

#[tokio::test]
async fn a_backup_on_order_and_the_oldest_goes() {
    let folder = tempfile::tempdir().unwrap();
    let backup_folder = folder.path().join("backups");
    let served = Served::fed(Config { backup_folder: backup_folder.clone(), backups_kept: 2, ..config() }).await;
    std::fs::create_dir_all(&backup_folder).unwrap();
    let named = |day: u32| format!("{}-glidepath-202603{day}T063000Z.duckdb", served.engine.store().id());
    for name in [&named(18), &named(19), "notes.txt"] {
        std::fs::write(backup_folder.join(name), "").unwrap();
    }
    let answer = served.send(Ask::post("/api/v1/backup")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let in_folder = |name: &str| json!(backup_folder.join(name));
    assert_eq!(answer.json()["path"], in_folder(&named(20)));
    assert_eq!(answer.json()["removed"], json!([in_folder(&named(18))]));
    let places = json!([{ "place": "backup_folder", "path": in_folder(&named(20)), "error": null }]);
    assert_eq!(answer.json()["places"], places);
    let entries = std::fs::read_dir(&backup_folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let left = [named(19), named(20), "notes.txt".to_owned()];
    assert_eq!(names, left);
    let copy = glidepath::store::Store::open(&backup_folder.join(&left[1])).unwrap();
    assert_eq!(copy.last_pull().await.unwrap(), Some(first_cycle()));

    // Another within the same second.
    let again = served.send(Ask::post("/api/v1/backup")).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.body);
    assert_eq!(again.json()["path"], in_folder(&named(20).replace("063000", "063001")));
}

#[tokio::test]
async fn no_other_site_gives_an_order() {
    let folder = tempfile::tempdir().unwrap();
    let backup_folder = folder.path().join("backups");
    for tokens in [Vec::new(), tokens()] {
        let served = Served::fed(Config { tokens, backup_folder: backup_folder.clone(), ..config() }).await;
        let order = || Ask::post("/api/v1/backup").bearer(OWNER);
        for origin in
            ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8437.evil.example", ""]
        {
            let answer = served.send(order().with(header::ORIGIN, origin)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin:?}");
            assert_eq!(answer.error(), "this order comes from a page of another site");
        }
        assert!(!backup_folder.exists());
        let own = served.send(order().with(header::ORIGIN, "http://127.0.0.1:8437")).await;
        assert_eq!(own.status, StatusCode::OK, "{}", own.body);
        std::fs::remove_dir_all(&backup_folder).unwrap();
    }
}

#[tokio::test]
async fn the_client_asks_a_real_daemon_until_it_ends() {
    let served = Served::fed(Config { tokens: tokens(), ..config() }).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let daemon = tokio::spawn(serve(listener, served.state.clone(), shutdown.clone()));

    client::health(&client::Address::Listen(address)).await.unwrap();
    let owner = Secret::new(OWNER);
    let body = client::ask(&client::Address::Listen(address), Some(&owner), "/api/v1/position").await.unwrap();
    let position: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(position["as_of"], "2026-03-20T06:30:00Z");
    let body = client::ask(&client::Address::Listen(address), Some(&owner), "/api/v1/openapi.json").await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), glidepath::http::openapi());

    let refused = client::ask(&client::Address::Listen(address), Some(&Secret::new(PARTNER)), "/api/v1/position")
        .await
        .unwrap_err();
    assert!(matches!(refused, ClientError::Refused { status: 403, .. }), "{refused}");
    assert!(refused.to_string().contains("a partner's token opens reports and nothing else"), "{refused}");
    let unknown = client::order(&client::Address::Listen(address), None, "/api/v1/cycle").await.unwrap_err();
    assert!(matches!(unknown, ClientError::Refused { status: 401, .. }), "{unknown}");

    // The client's idle connections are still open, and do not hold it up.
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), daemon).await.unwrap().unwrap().unwrap();
    let gone = client::health(&client::Address::Listen(address)).await.unwrap_err();
    assert!(matches!(gone, ClientError::NoDaemon { .. }), "{gone}");
    assert!(gone.to_string().starts_with(&format!("no daemon answers at {address}: ")), "{gone}");
}

#[tokio::test]
async fn something_else_on_the_port_is_no_daemon() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(async || "hello")).await });
    let error = client::health(&client::Address::Listen(address)).await.unwrap_err();
    assert!(error.to_string().contains("something listens there that is not glidepath"), "{error}");
}
