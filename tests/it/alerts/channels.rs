//! PagerDuty and Alertmanager: what they are sent, and what never leaves.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use glidepath::domain::alert::{DeliveryResult, PendingDelivery};
use glidepath::domain::position::finding::Severity;
use glidepath::domain::values::secret::Secret;
use glidepath::domain::wording::test_letter;
use glidepath::notify::{Channel, ChannelError, Login, refresh, try_once};
use serde_json::{Value, json};

use super::support::*;

fn pagerduty(url: &str) -> Channel {
    Channel::PagerDuty { routing_key: Secret::new("hunter2-routing-key"), url: url.to_owned() }
}

fn alertmanager(url: &str, login: Option<Login>) -> Channel {
    Channel::Alertmanager { url: url.to_owned(), login, lasts: TimeDelta::days(3) }
}

fn read(payload: &str) -> Value {
    serde_json::from_str(payload).unwrap()
}

/// The alarm, then its all-clear, as a channel's payloads.
fn alarm_and_all_clear(channel: &Channel) -> (Value, Value) {
    let mut conn = store();
    let alarm = messages(&conn, &fresh(vec![finding(Severity::Critical)]), clock()).remove(0);
    cycle(&mut conn, vec![finding(Severity::Critical)], &channels([("it", channel.clone())]), clock());
    let all_clear = messages(&conn, &fresh(vec![]), later(72)).remove(0);
    (read(&channel.payload(&alarm)), read(&channel.payload(&all_clear)))
}

#[test]
fn pagerduty_opens_and_closes_one_incident() {
    let (alarm, all_clear) = alarm_and_all_clear(&pagerduty("https://events.pagerduty.com/v2/enqueue"));
    insta::assert_json_snapshot!("pagerduty_exhaustion", alarm);
    assert_eq!(all_clear, json!({ "event_action": "resolve", "dedup_key": "exhaustion:total" }));
}

#[test]
fn pagerduty_stays_within_its_limits() {
    let mut event = messages(&store(), &fresh(vec![finding(Severity::Critical)]), clock()).remove(0);
    event.key = format!("uncovered_spend:{}", "ä".repeat(300));
    event.summary = "é".repeat(2_000);
    event.text = "x".repeat(600_000);
    let payload = pagerduty("https://example.com").payload(&event);
    assert!(payload.len() < 512 * 1024, "{}", payload.len());
    let event = read(&payload);
    assert_eq!(event["payload"]["summary"].as_str().unwrap().chars().count(), 1024);
    assert_eq!(event["dedup_key"].as_str().unwrap().len(), 64, "a hash stands for a key that is too long");
}

#[tokio::test]
async fn the_routing_key_joins_the_event_when_it_leaves() {
    let receiver = Receiver::start(202, &[]).await;
    let channel = pagerduty(&format!("http://{}/v2/enqueue", receiver.address));
    let delivery = PendingDelivery { payload: json!({ "event_action": "resolve" }).to_string(), ..due("e", "pager") };
    assert_eq!(deliver(&[delivery], &channels([("pager", channel)])).await, [DeliveryResult::Delivered]);
    let received = read(&receiver.received()[0].body);
    assert_eq!(received, json!({ "event_action": "resolve", "routing_key": "hunter2-routing-key" }));
}

#[test]
fn alertmanager_ends_the_same_alert_at_other_severities() {
    let (alarm, all_clear) = alarm_and_all_clear(&alertmanager("http://localhost:9093", None));
    insta::assert_json_snapshot!("alertmanager_exhaustion", alarm);
    let ends = |alerts: &Value| -> BTreeMap<String, Value> {
        let alerts = alerts.as_array().unwrap().iter();
        alerts.map(|one| (one["labels"]["severity"].as_str().unwrap().to_owned(), one["endsAt"].clone())).collect()
    };
    let (then, after) = (json!("2026-03-14T06:00:00Z"), json!("2026-03-17T06:00:00Z"));
    let expected = |critical, others: &Value| {
        BTreeMap::from([
            ("critical".to_owned(), critical),
            ("warning".to_owned(), others.clone()),
            ("info".to_owned(), others.clone()),
        ])
    };
    assert_eq!(ends(&alarm), expected(Value::Null, &then));
    assert_eq!(ends(&all_clear), expected(after.clone(), &after));
}

#[test]
fn alertmanager_s_labels_are_bounded() {
    let mut event = messages(&store(), &fresh(vec![finding(Severity::Critical)]), clock()).remove(0);
    event.key = format!("uncovered_spend:{}", "ä".repeat(3000));
    let alerts = read(&alertmanager("http://localhost:9093", None).payload(&event));
    for label in alerts[0]["labels"].as_object().unwrap().values() {
        assert!(label.as_str().unwrap().chars().count() <= 200, "{label}");
    }
}

#[tokio::test]
async fn alertmanager_is_told_an_end_that_outlasts_the_next_cycles_and_told_again() {
    let receiver = Receiver::start(200, &[]).await;
    let login = Login::Password { user: "ops".into(), password: Secret::new("hunter2hunter2") };
    let channel = alertmanager(&format!("http://{}/am/", receiver.address), Some(login));
    let event = messages(&store(), &fresh(vec![finding(Severity::Critical)]), clock()).remove(0);
    let payload = channel.payload(&event);
    let delivery = PendingDelivery { payload: payload.clone(), ..due("e", "am") };
    let results = deliver(&[delivery], &channels([("am", channel.clone())])).await;
    assert_eq!(results, [DeliveryResult::Delivered]);
    refresh("am", &channel, vec![("e".into(), payload)], &http(), later(1)).await.unwrap();

    let received = receiver.received();
    assert_eq!(received[0].path, "/am/api/v2/alerts");
    // base64 of ops:hunter2hunter2, by coreutils.
    assert_eq!(received[0].headers["authorization"], "Basic b3BzOmh1bnRlcjJodW50ZXIy");
    let ends: Vec<Value> = received.iter().map(|one| read(&one.body)[0]["endsAt"].clone()).collect();
    assert_eq!(ends, [json!("2026-03-17T06:00:00Z"), json!("2026-03-17T07:00:00Z")]);
    refresh("hook", &receiver.webhook(), vec![("e".into(), "{}".into())], &http(), later(1)).await.unwrap();
    assert_eq!(receiver.received().len(), 2, "no other channel is told again");
}

#[tokio::test]
async fn a_test_message_says_what_it_is_and_how_it_went() {
    let fine = Receiver::start(200, &[]).await;
    let letter = || test_letter("ops", clock(), Some("https://glide.example/"));
    try_once("ops", &fine.webhook(), letter(), Vec::new(), &http(), clock()).await.unwrap();
    let body = read(&fine.received()[0].body);
    assert_eq!(body["type"], "test");
    assert_eq!(body["data"]["summary"], "This is a test of the channel ops: nothing is wrong.");

    let broken = Receiver::start(500, &[]).await;
    let refused = try_once("ops", &broken.slack(), letter(), Vec::new(), &http(), clock()).await;
    assert_eq!(refused, Err("HTTP 500: answered".to_owned()));
    let event = read(&pagerduty("https://example.com").payload(letter()));
    assert_eq!((&event["event_action"], &event["payload"]["severity"]), (&json!("trigger"), &json!("info")));
    let alerts = read(&alertmanager("http://localhost", None).payload(letter()));
    assert_eq!(alerts[0]["labels"]["alertname"], "GlidepathTest");
    assert_eq!(alerts[0]["endsAt"], "2026-03-14T06:05:00Z");
}

#[test]
fn a_credential_goes_over_tls_or_to_this_machine() {
    assert_eq!(alertmanager("http://alertmanager.internal:9093", None).validate(), Ok(()));
    let token = || Some(Login::Token(Secret::new("t")));
    assert!(matches!(alertmanager("http://alertmanager.internal:9093", token()).validate(), Err(ChannelError::Url(_))));
    assert_eq!(alertmanager("http://localhost:9093", token()).validate(), Ok(()));
    assert!(matches!(pagerduty("http://events.pagerduty.com/v2/enqueue").validate(), Err(ChannelError::Url(_))));
}
