//! Channels as the web shows them between cycles: tested on order, seen on the page and in the metrics.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use glidepath::config::Config;
use glidepath::domain::alert::NewDelivery;
use glidepath::domain::values::secret::Secret;
use glidepath::domain::wording::test_letter;
use glidepath::notify::Channel;
use glidepath::store::{Enclosed, NoticeKind};
use serde_json::json;

use crate::support::port;
use crate::support::served::{Ask, Served, config, first_cycle};

/// A log, and a receiver that nobody is.
fn half_dead() -> Config {
    let url = Secret::new(format!("http://127.0.0.1:{}/hook", port::reserved()));
    let hook = Channel::Webhook { url, secret: Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") };
    Config { channels: BTreeMap::from([("log".to_owned(), Channel::Log), ("hook".to_owned(), hook)]), ..config() }
}

#[tokio::test]
async fn a_test_says_how_each_channel_did() {
    let served = Served::empty(half_dead(), "http://127.0.0.1:9");
    let answer = served.send(Ask::post("/api/v1/alerts/test")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let tested = answer.json();
    assert_eq!(
        (&tested[0]["channel"], &tested[0]["kind"], &tested[0]["arrived"]),
        (&json!("hook"), &json!("webhook"), &json!(false))
    );
    assert!(tested[0]["error"].as_str().unwrap().contains("refused"), "{tested}");
    assert_eq!(tested[1], json!({ "channel": "log", "kind": "log", "arrived": true, "error": null }));

    let one = served.send(Ask::post("/api/v1/alerts/test?channel=log")).await.json();
    assert_eq!(one.as_array().unwrap().len(), 1);
    let none = served.send(Ask::post("/api/v1/alerts/test?channel=pigeon")).await;
    assert_eq!((none.status, none.error().as_str()), (StatusCode::NOT_FOUND, "no such channel is configured"));
    let misspelt = served.send(Ask::post("/api/v1/alerts/test?chanel=log")).await;
    assert_eq!(misspelt.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_channel_that_dies_between_cycles_is_on_the_page_and_in_the_metrics_at_once() {
    let gone = Served::fed(half_dead()).await;
    let letter = test_letter("hook", first_cycle(), None);
    let delivery = |channel: &str, payload: &str| NewDelivery {
        event_id: letter.event_id.clone(),
        channel: channel.to_owned(),
        payload: payload.to_owned(),
    };
    assert!(!gone.get("/").await.body.contains("do not reach"));
    let deliveries = vec![delivery("hook", "not sent"), delivery("log", "hello")];
    gone.engine
        .store()
        .add_notice(NoticeKind::Digest, letter.clone(), first_cycle(), deliveries, Enclosed::default())
        .await
        .unwrap();
    let waiting = gone.get("/metrics").await.body;
    assert!(waiting.contains("glidepath_deliveries_pending{channel=\"hook\"} 1"), "{waiting}");
    // Refused connections are tried for hours; each time as soon as it is due.
    let mut now = first_cycle();
    for _ in 0..7 {
        gone.engine.deliver(now).await.unwrap();
        now += chrono::TimeDelta::hours(2);
    }
    let page = gone.get("/").await.body;
    assert!(page.contains("Alerts do not reach the channel hook: 1 message could not be delivered"), "{page}");
    let metrics = gone.get("/metrics").await.body;
    for line in [
        "glidepath_channel_dead{channel=\"hook\"} 1",
        "glidepath_channel_dead{channel=\"log\"} 0",
        "glidepath_deliveries_pending{channel=\"log\"} 0",
        "glidepath_deliveries_settled_total{channel=\"log\",outcome=\"delivered\"} 1",
        "glidepath_channel_last_delivery_timestamp_seconds{channel=\"log\"} 1773988200",
    ] {
        assert!(metrics.contains(line), "{line} is missing in {metrics}");
    }
}
