//! Alerts from decision to delivery: the store's transactions, the wire, and what must never be printed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use duckdb::Connection;
use glidepath::domain::alert::{
    Action, AlertEvent, DeliveryOutcome, DeliveryResult, Evaluation, MessageContext, PendingDelivery, RepeatPolicy,
    compose, decide,
};
use glidepath::domain::finding::{Finding, Rule, Severity};
use glidepath::domain::secret::Secret;
use glidepath::notify::{Channel, ChannelError, HttpClient, RetryPolicy, deliver_due, outbox};
use glidepath::store::Store;
use glidepath::store::alerts::{dead_channels, insert_events, open_alerts, pending_deliveries, record_outcomes};
use tokio::net::TcpListener;

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn clock() -> DateTime<Utc> {
    "2026-03-14T06:00:00Z".parse().unwrap()
}

fn later(hours: i64) -> DateTime<Utc> {
    clock() + TimeDelta::hours(hours)
}

// --- A receiver on loopback -------------------------------------------------------------------------------------

#[derive(Debug, Clone)]
struct Received {
    path: String,
    headers: HeaderMap,
    body: String,
}

#[derive(Clone)]
struct Receiver {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

#[derive(Clone)]
struct Script {
    /// Status, headers and body of every answer.
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    /// Quote the path, in the way that helpful servers do.
    echo_path: bool,
    received: Arc<Mutex<Vec<Received>>>,
}

async fn answer(State(script): State<Script>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path().to_owned();
    let body = String::from_utf8(body.to_vec()).unwrap();
    script.received.lock().unwrap().push(Received { path, headers, body });
    let text = if script.echo_path {
        format!("no such hook: {uri}; is {} right?", uri.path().rsplit('/').next().unwrap())
    } else {
        "answered".to_owned()
    };
    let mut response = (StatusCode::from_u16(script.status).unwrap(), text).into_response();
    for (name, value) in script.headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

impl Receiver {
    async fn start(status: u16, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self::with(Script { status, headers, echo_path: false, received: Arc::default() }).await
    }

    async fn with(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = script.received.clone();
        let app = Router::new().fallback(answer).with_state(script);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Receiver { address, received }
    }

    fn slack(&self) -> Channel {
        Channel::Slack { webhook_url: Secret::new(format!("http://{}/services/T0/B0/hunter2hunter2", self.address)) }
    }

    fn webhook(&self) -> Channel {
        Channel::Webhook { url: Secret::new(format!("http://{}/hook", self.address)), secret: Secret::new(KEY) }
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn http() -> HttpClient {
    HttpClient::new(Duration::from_secs(5)).unwrap()
}

fn channels<const N: usize>(list: [(&str, Channel); N]) -> BTreeMap<String, Channel> {
    list.into_iter().map(|(name, channel)| (name.to_owned(), channel)).collect()
}

fn due(event_id: &str, channel: &str) -> PendingDelivery {
    PendingDelivery {
        event_id: event_id.into(),
        channel: channel.into(),
        key: "exhaustion:total".into(),
        severity: Severity::Critical,
        payload: r#"{"type":"alert.fire"}"#.into(),
        attempts: 0,
    }
}

/// Delivers with the default retry policy at the test's clock.
async fn deliver(due: &[PendingDelivery], channels: &BTreeMap<String, Channel>) -> Vec<DeliveryResult> {
    let outcomes = deliver_due(due, channels, &http(), &RetryPolicy::default(), clock()).await;
    outcomes.into_iter().map(|outcome| outcome.result).collect()
}

// --- Decisions made like a cycle makes them -----------------------------------------------------------------------

fn finding(severity: Severity) -> Finding {
    Finding {
        rule: Rule::Exhaustion,
        severity,
        key: "exhaustion:total".into(),
        since: "2026-03-12".parse().unwrap(),
        summary: "Credit will probably run out on 2026-04-13, in 30 days: $9,000.00 of credit is left.".into(),
        reason: "How sure: in half of the forecast paths. Next: apply by 2026-03-16 for R&D <credits>.".into(),
    }
}

fn fresh(findings: Vec<Finding>) -> Evaluation {
    Evaluation { findings, stale: false, costs_pulled: true, unchecked: BTreeSet::new() }
}

/// Decides on what the store knows, without writing.
fn messages(conn: &Connection, evaluation: &Evaluation, now: DateTime<Utc>) -> Vec<AlertEvent> {
    let history = open_alerts(conn, now).unwrap();
    let context = MessageContext {
        now,
        repeat: RepeatPolicy::default(),
        trajectory: Some("| Month | Cash |\n| --- | ---: |\n| 2026-04 | $1,250.00 |\n| 2026-05 | $3,689.00 |\n"),
        dashboard_url: Some("https://glide.example/"),
    };
    decide(evaluation, &history, now, context.repeat)
        .iter()
        .filter_map(|decision| compose(decision, &context))
        .collect()
}

/// One cycle: decide and commit. Answers what was told.
fn cycle(
    conn: &mut Connection,
    findings: Vec<Finding>,
    channels: &BTreeMap<String, Channel>,
    now: DateTime<Utc>,
) -> Vec<Action> {
    let events = messages(conn, &fresh(findings), now);
    let tx = conn.transaction().unwrap();
    let inserted = insert_events(&tx, 7, "digest", &events, &outbox(&events, channels)).unwrap();
    tx.commit().unwrap();
    assert_eq!(inserted, events.len());
    events.iter().map(|event| event.decision).collect()
}

fn store() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(include_str!("../src/store/migrations/0002_alerts.sql")).unwrap();
    conn
}

fn with<T>(store: &Store, work: impl FnOnce(&mut Connection) -> T) -> T {
    store.call_blocking(|conn| Ok(work(conn))).unwrap()
}

fn rows(conn: &Connection, table: &str) -> i64 {
    conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn settle(conn: &Connection, delivery: &PendingDelivery, result: DeliveryResult, now: DateTime<Utc>) {
    let outcome = DeliveryOutcome { event_id: delivery.event_id.clone(), channel: delivery.channel.clone(), result };
    record_outcomes(conn, &[outcome], now).unwrap();
}

fn dead() -> DeliveryResult {
    DeliveryResult::Dead { error: "HTTP 404: no_service".into() }
}

// --- The wire -----------------------------------------------------------------------------------------------------

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
    let outcomes = deliver_due(&due, &channels, &http, &RetryPolicy::default(), clock()).await;
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
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = Secret::new(format!("http://{address}/hunter2"));
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

// --- Secrets ------------------------------------------------------------------------------------------------------

/// Collects what the log writes.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn secrets_are_never_printed() {
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let script = Script { status: 400, headers: &[], echo_path: true, received: Arc::default() };
    let rude = Receiver::with(script).await;
    let url = format!("http://{}/services/T0/B0/hunter2hunter2", rude.address);
    let channels = channels([
        ("hook", Channel::Webhook { url: Secret::new(&url), secret: Secret::new("hunter2 is no key") }),
        ("log", Channel::Log),
        ("slack", Channel::Slack { webhook_url: Secret::new("/services/T0/B0/hunter2hunter2") }),
        ("slack2", Channel::Slack { webhook_url: Secret::new(&url) }),
    ]);
    let due = [due("evt-1", "hook"), due("evt-1", "log"), due("evt-1", "slack"), due("evt-1", "slack2")];
    let results = deliver(&due, &channels).await;
    for channel in channels.values() {
        tracing::info!(?channel, invalid = ?channel.validate().err(), "as a careless caller would log it");
    }
    tracing::info!(?results, "and this");
    drop(guard);

    let log = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("\"event_id\":\"evt-1\""), "the log channel wrote: {log}");
    assert!(log.contains("***"), "{log}");
    for line in log.lines() {
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[tokio::test]
async fn an_answer_that_quotes_the_credential_is_masked() {
    let script = Script { status: 400, headers: &[], echo_path: true, received: Arc::default() };
    let rude = Receiver::with(script).await;
    let results = deliver(&[due("evt-1", "ops")], &channels([("ops", rude.slack())])).await;
    let [DeliveryResult::Dead { error }] = results.as_slice() else { panic!("{results:?}") };
    assert_eq!(error, "HTTP 400: no such hook: ***; is *** right?");
}

// --- Payloads -----------------------------------------------------------------------------------------------------

#[test]
fn payloads_of_an_exhaustion_alert() {
    let event = messages(&store(), &fresh(vec![finding(Severity::Critical)]), clock()).remove(0);
    let slack = Channel::Slack { webhook_url: Secret::new("https://hooks.slack.com/x") };
    let webhook = Channel::Webhook { url: Secret::new("https://receiver.example"), secret: Secret::new(KEY) };
    let json = |channel: &Channel| serde_json::from_str::<serde_json::Value>(&channel.payload(&event)).unwrap();
    insta::assert_json_snapshot!("slack_exhaustion", json(&slack));
    insta::assert_json_snapshot!("webhook_exhaustion", json(&webhook));
    insta::assert_snapshot!("log_exhaustion", Channel::Log.payload(&event));
}

#[test]
fn payload_of_an_all_clear() {
    let mut conn = store();
    let slack = Channel::Slack { webhook_url: Secret::new("https://hooks.slack.com/x") };
    cycle(&mut conn, vec![finding(Severity::Critical)], &channels([("ops", slack.clone())]), clock());
    let event = messages(&conn, &fresh(vec![]), later(48)).remove(0);
    let json: serde_json::Value = serde_json::from_str(&slack.payload(&event)).unwrap();
    insta::assert_json_snapshot!("slack_all_clear", json);
}

#[test]
fn slack_stays_within_its_limits() {
    let mut event = messages(&store(), &fresh(vec![finding(Severity::Critical)]), clock()).remove(0);
    event.title = "t".repeat(151);
    event.text = "& ".repeat(4_000);
    event.attachment = Some("| a | b & c |\n".repeat(30_000));
    let slack = Channel::Slack { webhook_url: Secret::new("https://hooks.slack.com/x") };
    let json: serde_json::Value = serde_json::from_str(&slack.payload(&event)).unwrap();
    let blocks = json["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50, "{}", blocks.len());
    assert_eq!(blocks[0]["text"]["text"].as_str().unwrap().chars().count(), 150);
    let sections: Vec<&str> = blocks.iter().filter_map(|block| block["text"]["text"].as_str()).skip(1).collect();
    assert!(sections.iter().all(|text| text.chars().count() <= 3000));
    assert!(sections.iter().any(|text| text.starts_with("```\n| a | b &amp; c |")), "some of the document is there");
    assert!(sections.last().unwrap().contains("cut"), "the cut is said");
    assert!(json.to_string().chars().count() <= 13_000);
}

// --- The store ----------------------------------------------------------------------------------------------------

#[test]
fn the_same_cycle_twice_tells_once() {
    let mut conn = store();
    let channels = channels([("log", Channel::Log)]);
    // Run again after the commit: the history knows of it.
    assert_eq!(cycle(&mut conn, vec![finding(Severity::Critical)], &channels, clock()), [Action::Fire]);
    assert_eq!(cycle(&mut conn, vec![finding(Severity::Critical)], &channels, clock()), []);

    // Decided before the commit, written after it: the id is the same, so nothing is added.
    let decided_apart = messages(&store(), &fresh(vec![finding(Severity::Critical)]), clock());
    let inserted = insert_events(&conn, 8, "digest", &decided_apart, &outbox(&decided_apart, &channels)).unwrap();
    assert_eq!(inserted, 0);
    assert_eq!((rows(&conn, "alert_events"), rows(&conn, "deliveries")), (1, 1));
}

#[tokio::test]
async fn killed_between_commit_and_delivery_it_is_delivered_next_time_under_the_same_id() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("glidepath.duckdb");
    let receiver = Receiver::start(200, &[]).await;
    let channels = channels([("hook", receiver.webhook())]);
    let written = {
        let store = Store::open(&path).unwrap();
        with(&store, |conn| {
            cycle(conn, vec![finding(Severity::Critical)], &channels, clock());
            pending_deliveries(conn, clock()).unwrap()
        })
        // The process ends here.
    };

    let store = Store::open(&path).unwrap();
    let now = later(1);
    let told = with(&store, |conn| cycle(conn, vec![finding(Severity::Critical)], &channels, now));
    assert_eq!(told, [], "already told");
    let due = with(&store, |conn| pending_deliveries(conn, now).unwrap());
    assert_eq!(due, written);
    let outcomes = deliver_due(&due, &channels, &http(), &RetryPolicy::default(), now).await;
    with(&store, |conn| record_outcomes(conn, &outcomes, now).unwrap());
    assert_eq!(receiver.received()[0].headers["webhook-id"], written[0].event_id.as_str());
    assert_eq!(with(&store, |conn| pending_deliveries(conn, later(100)).unwrap()), []);

    // Killed again, now between the answer and writing it back: at least once, under the same id.
    deliver_due(&due, &channels, &http(), &RetryPolicy::default(), now).await;
    let ids: BTreeSet<_> = receiver.received().iter().map(|got| got.headers["webhook-id"].clone()).collect();
    assert_eq!((receiver.received().len(), ids.len()), (2, 1));
}

#[test]
fn a_transaction_that_does_not_commit_leaves_nothing() {
    let mut conn = store();
    let events = messages(&conn, &fresh(vec![finding(Severity::Critical)]), clock());
    let tx = conn.transaction().unwrap();
    insert_events(&tx, 7, "digest", &events, &outbox(&events, &channels([("log", Channel::Log)]))).unwrap();
    tx.rollback().unwrap();
    assert_eq!((rows(&conn, "alert_events"), rows(&conn, "deliveries")), (0, 0));
}

#[test]
fn an_episode_from_fire_to_all_clear_and_again() {
    let mut conn = store();
    let channels = channels([("log", Channel::Log)]);
    let (warning, critical) = (Severity::Warning, Severity::Critical);
    // Days after the start, what was found, and what is told. Warnings repeat after 3 days, critical ones after 1.
    let days = [
        (0, Some(warning), vec![Action::Fire]),
        (1, Some(warning), vec![]),
        (2, Some(warning), vec![]),
        (3, Some(warning), vec![Action::Repeat]),
        (4, Some(critical), vec![Action::Escalate]),
        (5, Some(critical), vec![Action::Repeat]),
        (6, Some(warning), vec![]),
        (7, Some(critical), vec![Action::Repeat]),
        (8, None, vec![Action::Resolve]),
        (9, None, vec![]),
        (10, Some(warning), vec![Action::Fire]),
    ];
    for (day, found, told) in days {
        let findings = found.map(finding).into_iter().collect();
        assert_eq!(cycle(&mut conn, findings, &channels, later(24 * day)), told, "day {day}");
    }
    assert_eq!(rows(&conn, "alert_events"), 7);

    let then = open_alerts(&conn, later(24 * 7)).unwrap();
    assert_eq!((then.len(), then[0].told, then[0].severity), (1, 5, critical), "as it was known on day 7");
    assert_eq!(then[0].opened_at, clock());
    assert_eq!(open_alerts(&conn, later(24 * 9)).unwrap(), []);
    let now = open_alerts(&conn, later(24 * 10)).unwrap();
    assert_eq!((now[0].told, now[0].opened_at), (1, later(240)));
}

#[test]
fn an_all_clear_goes_once_and_only_to_channels_that_heard_the_alarm() {
    let mut conn = store();
    let before = channels([("deaf", Channel::Log), ("ops", Channel::Log)]);
    cycle(&mut conn, vec![finding(Severity::Critical)], &before, clock());
    for delivery in pending_deliveries(&conn, clock()).unwrap() {
        let result = if delivery.channel == "ops" { DeliveryResult::Delivered } else { dead() };
        settle(&conn, &delivery, result, clock());
    }

    let after = channels([("deaf", Channel::Log), ("new", Channel::Log), ("ops", Channel::Log)]);
    assert_eq!(cycle(&mut conn, vec![], &after, later(24)), [Action::Resolve]);
    assert_eq!(cycle(&mut conn, vec![], &after, later(48)), []);
    let due = pending_deliveries(&conn, later(48)).unwrap();
    assert_eq!(due.iter().map(|delivery| delivery.channel.as_str()).collect::<Vec<_>>(), ["ops"]);
}

#[test]
fn an_all_clear_does_not_overtake_its_alarm() {
    let mut conn = store();
    let channels = channels([("ops", Channel::Log)]);
    cycle(&mut conn, vec![finding(Severity::Critical)], &channels, clock());
    let alarm = pending_deliveries(&conn, clock()).unwrap().remove(0);
    let retry = DeliveryResult::Retry { next_attempt_at: later(30), error: "HTTP 500".into() };
    settle(&conn, &alarm, retry, clock());

    cycle(&mut conn, vec![], &channels, later(24));
    assert_eq!(pending_deliveries(&conn, later(24)).unwrap(), [], "the alarm waits, and the all-clear behind it");
    let due = pending_deliveries(&conn, later(30)).unwrap();
    assert_eq!(due.len(), 2);
    assert_eq!((due[0].event_id.as_str(), due[0].attempts), (alarm.event_id.as_str(), 1));
}

#[test]
fn a_dead_channel_is_visible_until_something_arrives() {
    let mut conn = store();
    let channels = channels([("ops", Channel::Log)]);
    for day in 0..4 {
        cycle(&mut conn, vec![finding(Severity::Critical)], &channels, later(24 * day));
        let delivery = pending_deliveries(&conn, later(24 * day)).unwrap().remove(0);
        let result = if day == 0 || day == 3 { DeliveryResult::Delivered } else { dead() };
        settle(&conn, &delivery, result, later(24 * day));
        let dead = dead_channels(&conn).unwrap();
        match day {
            1 | 2 => {
                assert_eq!((dead[0].channel.as_str(), dead[0].lost), ("ops", u32::try_from(day).unwrap()));
                assert_eq!(dead[0].since.to_string(), "2026-03-15");
                assert_eq!(dead[0].last_error, "HTTP 404: no_service");
            }
            _ => assert_eq!(dead, []),
        }
    }
}

#[test]
fn a_settled_delivery_stays_settled_and_a_pause_is_no_attempt() {
    let mut conn = store();
    cycle(&mut conn, vec![finding(Severity::Critical)], &channels([("ops", Channel::Log)]), clock());
    let delivery = pending_deliveries(&conn, clock()).unwrap().remove(0);
    settle(&conn, &delivery, DeliveryResult::Deferred { next_attempt_at: later(1) }, clock());
    assert_eq!(pending_deliveries(&conn, clock()).unwrap(), []);
    assert_eq!(pending_deliveries(&conn, later(1)).unwrap()[0].attempts, 0);
    settle(&conn, &delivery, DeliveryResult::Delivered, later(1));
    settle(&conn, &delivery, dead(), later(2));
    let state: String = conn.query_row("SELECT state FROM deliveries", [], |row| row.get(0)).unwrap();
    assert_eq!(state, "delivered");
}
