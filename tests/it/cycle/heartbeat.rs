//! The monitor hears of each cycle, and whether it went well.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, Uri};
use glidepath::config::Config;
use glidepath::demo::{Fault, Operation};
use glidepath::domain::facts::outcome::Outcome;
use tokio::net::TcpListener;

use super::support::*;

/// A monitor that answers with `status`, and what it was asked for.
async fn monitor(status: StatusCode) -> (u16, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&heard);
    let router = Router::new().fallback(move |address: Uri| {
        hearing.lock().unwrap().push(address.to_string());
        async move { status }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (port, heard)
}

fn told(port: u16) -> Config {
    config_of(&format!("[store]\npath = \"unused.duckdb\"\n[heartbeat]\nurl = \"http://127.0.0.1:{port}/ping/5a1f\"\n"))
}

#[tokio::test]
async fn each_cycle_is_told_to_the_monitor_and_a_failed_one_apart() {
    let (port, heard) = monitor(StatusCode::OK).await;
    let world = World::with(small_account(), told(port)).await;
    world.cycle("2026-03-20").await;
    world.fake.inject(Fault::Denied.on(Operation::GetCostAndUsage).always());
    assert!(matches!(world.cycle("2026-03-21").await.costs, Outcome::Denied { .. }));
    world.fake.clear_faults();
    world.fake.set_now(morning("2026-03-21"));
    assert!(world.engine.cycle(morning("2026-03-22")).await.is_err(), "a clock ahead of AWS's");
    world.cycle("2026-03-22").await;
    assert_eq!(*heard.lock().unwrap(), ["/ping/5a1f", "/ping/5a1f/fail", "/ping/5a1f/fail", "/ping/5a1f"]);
}

#[tokio::test]
async fn a_monitor_that_is_away_changes_nothing() {
    let (port, heard) = monitor(StatusCode::INTERNAL_SERVER_ERROR).await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for port in [port, gone] {
        let world = World::with(small_account(), told(port)).await;
        assert_eq!(world.cycle("2026-03-20").await.costs, Outcome::Ok);
    }
    assert_eq!(heard.lock().unwrap().len(), 1, "it is not asked again and again");
}
