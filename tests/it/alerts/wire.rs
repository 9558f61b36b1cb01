//! What goes over the wire, and what an answer means.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use glidepath::domain::alert::DeliveryResult;
use glidepath::domain::values::secret::Secret;
use glidepath::notify::{Channel, ChannelError, HttpClient};
use tokio::net::TcpListener;

use super::support::*;
use crate::support::port;

#[tokio::test]
async fn slack_gets_the_payload_as_stored() {
    let slack = Receiver::start(200, &[]).await;
    let results = deliver(&[due("evt-1", "ops")], &channels([("ops", slack.slack())])).await;
    assert_eq!(results, [DeliveryResult::Delivered]);
    let received = slack.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].path, "/services/T0/B0/hunter2hunter2");
    assert_eq!(received[0].body, r#"{"type":"alert.fire"}"#);
    assert_eq!(received[0].headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_webhook_is_signed_under_the_event_id() {
    let receiver = Receiver::start(204, &[]).await;
    let results = deliver(&[due("evt-1", "hook")], &channels([("hook", receiver.webhook())])).await;
    assert_eq!(results, [DeliveryResult::Delivered]);
    let received = &receiver.received()[0];
    assert_eq!(received.headers["webhook-id"], "evt-1");
    assert_eq!(received.headers["webhook-timestamp"], "1773468000");
    // HMAC-SHA256 of "evt-1.1773468000.<body>" under the decoded key, computed with Python's hmac module.
    assert_eq!(received.headers["webhook-signature"], "v1,r9poNscpZDqkVuxFWCC47RHi5Th8UGlDVQ5dk+kzWRM=");

    let resigned = standardwebhooks::Webhook::new(KEY).unwrap().sign("evt-1", 1_773_468_000, received.body.as_bytes());
    assert_eq!(received.headers["webhook-signature"], resigned.unwrap());
}

#[tokio::test]
async fn too_many_requests_pauses_the_channel_for_as_long_as_it_asks() {
    let busy = Receiver::start(429, &[("retry-after", "90")]).await;
    let fine = Receiver::start(200, &[]).await;
    let due = [due("evt-1", "busy"), due("evt-2", "busy"), due("evt-1", "fine"), due("evt-2", "fine")];
    let results = deliver(&due, &channels([("busy", busy.slack()), ("fine", fine.webhook())])).await;
    let next_attempt_at = clock() + TimeDelta::seconds(90);
    assert_eq!(
        results,
        [
            DeliveryResult::Retry { next_attempt_at, error: "HTTP 429: answered".into() },
            DeliveryResult::Deferred { next_attempt_at },
            DeliveryResult::Delivered,
            DeliveryResult::Delivered,
        ]
    );
    assert_eq!(busy.received().len(), 1, "the second message was not even tried");
}

#[tokio::test]
async fn a_server_error_is_tried_again_later_and_the_rest_waits_for_the_next_run() {
    let broken = Receiver::start(500, &[]).await;
    let mut second_try = due("evt-1", "ops");
    second_try.attempts = 1;
    let results = deliver(&[second_try, due("evt-2", "ops")], &channels([("ops", broken.slack())])).await;
    let next_attempt_at = clock() + TimeDelta::minutes(2);
    assert_eq!(results, [DeliveryResult::Retry { next_attempt_at, error: "HTTP 500: answered".into() }]);
    assert_eq!(broken.received().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_final_and_does_not_hold_up_the_next_message() {
    let gone = Receiver::start(404, &[]).await;
    let results = deliver(&[due("evt-1", "ops"), due("evt-2", "ops")], &channels([("ops", gone.slack())])).await;
    let dead = DeliveryResult::Dead { error: "HTTP 404: answered".into() };
    assert_eq!(results, [dead.clone(), dead]);
}

#[tokio::test]
async fn a_receiver_that_never_answers_costs_one_time_limit() {
    // The kernel accepts the connection; nobody ever reads from it.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Secret::new(format!("http://{}/hook", silent.local_addr().unwrap()));
    let channels = channels([("hook", Channel::Webhook { url, secret: Secret::new(KEY) })]);
    let http = HttpClient::new(Duration::from_millis(100)).unwrap();
    let due = [due("evt-1", "hook"), due("evt-2", "hook")];
    let outcomes = attempt(&due, &channels, &http, clock()).await;
    assert_eq!(outcomes.len(), 1);
    assert_eq!(
        outcomes[0].result,
        DeliveryResult::Retry {
            next_attempt_at: clock() + TimeDelta::minutes(1),
            error: "no answer within the time limit".into()
        }
    );
}

#[tokio::test]
async fn nobody_listening_is_tried_again() {
    let url = Secret::new(format!("http://127.0.0.1:{}/hunter2", port::reserved()));
    let results = deliver(&[due("evt-1", "ops")], &channels([("ops", Channel::Slack { webhook_url: url })])).await;
    let [DeliveryResult::Retry { error, .. }] = results.as_slice() else { panic!("{results:?}") };
    assert!(error.contains("refused"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_refused() {
    let elsewhere = Receiver::start(200, &[]).await;
    let target: &'static str = format!("http://{}/stolen", elsewhere.address).leak();
    let headers: &'static [(&'static str, &'static str)] = vec![("location", target)].leak();
    let moved = Receiver::start(307, headers).await;
    let results = deliver(&[due("evt-1", "hook")], &channels([("hook", moved.webhook())])).await;
    assert_eq!(results, [DeliveryResult::Dead { error: "HTTP 307: answered".into() }]);
    assert!(elsewhere.received().is_empty());
}

#[tokio::test]
async fn a_channel_that_config_dropped_is_given_up() {
    let results = deliver(&[due("evt-1", "old")], &BTreeMap::new()).await;
    assert_eq!(results, [DeliveryResult::Dead { error: "the channel old is not in the config any more".into() }]);
}

#[test]
fn what_can_never_work_is_found_at_start() {
    let slack = |url: &str| Channel::Slack { webhook_url: Secret::new(url) }.validate();
    assert_eq!(slack("https://hooks.slack.com/services/T/B/x"), Ok(()));
    assert_eq!(slack("http://127.0.0.1:9/x"), Ok(()), "loopback is where tests and demos listen");
    assert!(matches!(slack("http://hooks.slack.com/services/T/B/x"), Err(ChannelError::Url(_))));
    assert!(matches!(slack("hooks.slack.com"), Err(ChannelError::Url(_))));
    assert!(matches!(slack("ftp://hooks.slack.com"), Err(ChannelError::Url(_))));

    let webhook =
        |url: &str, secret: &str| Channel::Webhook { url: Secret::new(url), secret: Secret::new(secret) }.validate();
    assert_eq!(webhook("http://receiver.internal/hook", KEY), Ok(()));
    assert!(matches!(webhook("https://receiver.example", "not base64!"), Err(ChannelError::SigningSecret(_))));
    assert!(matches!(webhook("https://receiver.example", ""), Err(ChannelError::SigningSecret(_))));
    assert_eq!(Channel::Log.validate(), Ok(()));
}
