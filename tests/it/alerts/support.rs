//! A receiver on loopback, and decisions made like a cycle makes them.

use std::collections::BTreeMap;
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
    Action, AlertEvent, AlertRules, Decision, DeliveryOutcome, DeliveryResult, Evaluation, History, MessageContext,
    PendingDelivery, RepeatPolicy, decide,
};
use glidepath::domain::position::finding::{Finding, Rule, Severity};
use glidepath::domain::values::secret::Secret;
use glidepath::domain::wording::compose;
use glidepath::notify::{Channel, HttpClient, RetryPolicy, deliver_due, outbox};
use glidepath::store::Store;
use glidepath::store::alerts::{insert_events, open_alerts, record_outcomes};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Warnings repeat after three days, critical alerts after one.
const REPEAT: RepeatPolicy = RepeatPolicy { critical_hours: 24, warning_hours: 72 };
pub const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub fn clock() -> DateTime<Utc> {
    "2026-03-14T06:00:00Z".parse().unwrap()
}

pub fn later(hours: i64) -> DateTime<Utc> {
    clock() + TimeDelta::hours(hours)
}

#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    pub received: Arc<Mutex<Vec<Received>>>,
}

#[derive(Clone)]
pub struct Script {
    /// Status, headers and body of every answer.
    pub status: u16,
    pub headers: &'static [(&'static str, &'static str)],
    /// Quote the path, in the way that helpful servers do.
    pub echo_path: bool,
    pub received: Arc<Mutex<Vec<Received>>>,
}

pub async fn answer(State(script): State<Script>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path().to_owned();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let quoted = format!("you sent {:?} and {body}", headers.get("authorization"));
    script.received.lock().unwrap().push(Received { path, headers, body });
    let text = if script.echo_path && uri.path().starts_with("/quote") {
        quoted
    } else if script.echo_path {
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
    pub async fn start(status: u16, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self::with(Script { status, headers, echo_path: false, received: Arc::default() }).await
    }

    pub async fn with(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = script.received.clone();
        let app = Router::new().fallback(answer).with_state(script);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Receiver { address, received }
    }

    pub fn slack(&self) -> Channel {
        Channel::Slack { webhook_url: Secret::new(format!("http://{}/services/T0/B0/hunter2hunter2", self.address)) }
    }

    pub fn webhook(&self) -> Channel {
        Channel::Webhook { url: Secret::new(format!("http://{}/hook", self.address)), secret: Secret::new(KEY) }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

pub fn http() -> HttpClient {
    HttpClient::new(Duration::from_secs(5)).unwrap()
}

pub fn channels<const N: usize>(list: [(&str, Channel); N]) -> BTreeMap<String, Channel> {
    list.into_iter().map(|(name, channel)| (name.to_owned(), channel)).collect()
}

pub fn due(event_id: &str, channel: &str) -> PendingDelivery {
    PendingDelivery {
        event_id: event_id.into(),
        channel: channel.into(),
        key: "exhaustion:total".into(),
        severity: Severity::Critical,
        payload: r#"{"type":"alert.fire"}"#.into(),
        files: Vec::new(),
        attempts: 0,
    }
}

/// Delivers with the default waits and no chance in them, and gives what came of it, channel by channel.
pub async fn attempt(
    due: &[PendingDelivery],
    channels: &BTreeMap<String, Channel>,
    http: &HttpClient,
    now: DateTime<Utc>,
) -> Vec<DeliveryOutcome> {
    let retry = RetryPolicy { jitter_percent: 0, ..RetryPolicy::default() };
    let (sender, mut receiver) = mpsc::channel(due.len().max(1));
    deliver_due(due, channels, http, &retry, now, sender).await;
    let mut outcomes = Vec::new();
    while let Some(outcome) = receiver.recv().await {
        outcomes.push(outcome);
    }
    // Channels are tried beside each other; the order within one is kept.
    outcomes.sort_by(|a, b| a.channel.cmp(&b.channel));
    outcomes
}

/// [`attempt`] at the test's clock: the results alone.
pub async fn deliver(due: &[PendingDelivery], channels: &BTreeMap<String, Channel>) -> Vec<DeliveryResult> {
    attempt(due, channels, &http(), clock()).await.into_iter().map(|outcome| outcome.result).collect()
}

pub fn finding(severity: Severity) -> Finding {
    Finding {
        named: None,
        rule: Rule::Exhaustion,
        severity,
        key: "exhaustion:total".into(),
        since: "2026-03-12".parse().unwrap(),
        summary: "Credit will probably run out on 2026-04-13, in 30 days: $9,000.00 of credit is left.".into(),
        reason: "How sure: in half of the forecast paths. Next: apply by 2026-03-16 for R&D <credits>.".into(),
    }
}

pub fn fresh(findings: Vec<Finding>) -> Evaluation {
    Evaluation { findings, costs_pulled: true, ..Evaluation::default() }
}

/// Decides on what the store knows, without writing.
pub fn messages(conn: &Connection, evaluation: &Evaluation, now: DateTime<Utc>) -> Vec<AlertEvent> {
    // The tables of cycles, which a whole history is read from too, are not there.
    let sql = "SELECT key, since, count(*) FROM alert_events WHERE decision = 'fire' GROUP BY ALL";
    let mut fired = conn.prepare(sql).unwrap();
    let fired = fired.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
    let fired = fired.collect::<duckdb::Result<_>>().unwrap();
    let history = History { fired, ..History::of(open_alerts(conn, now).unwrap()) };
    let rules = AlertRules { clear_after_hours: 0, repeat: REPEAT, ..AlertRules::default() };
    composed(&decide(evaluation, &history, now, &rules), now)
}

/// The messages that decisions ask for.
pub fn composed(decisions: &[Decision], now: DateTime<Utc>) -> Vec<AlertEvent> {
    decisions.iter().filter_map(|decision| composed_one(decision, now)).collect()
}

/// The message that a decision asks for.
pub fn composed_one(decision: &Decision, now: DateTime<Utc>) -> Option<AlertEvent> {
    let context = MessageContext {
        now,
        repeat: REPEAT,
        trajectory: Some("| Month | Cash |\n| --- | ---: |\n| 2026-04 | $1,250.00 |\n| 2026-05 | $3,689.00 |\n"),
        dashboard_url: Some("https://glide.example/"),
    };
    compose(decision, &context)
}

/// One cycle: decide and commit. Answers what was told.
pub fn cycle(
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

pub fn store() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(include_str!("../../../src/store/migrations/0002_alerts.sql")).unwrap();
    conn.execute_batch(include_str!("../../../src/store/migrations/0005_notices.sql")).unwrap();
    conn.execute_batch(include_str!("../../../src/store/migrations/0008_sent_reports.sql")).unwrap();
    conn
}

pub fn with<T>(store: &Store, work: impl FnOnce(&mut Connection) -> T) -> T {
    store.call_blocking(|conn| Ok(work(conn))).unwrap()
}

pub fn rows(conn: &Connection, table: &str) -> i64 {
    conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

pub fn settle(conn: &Connection, delivery: &PendingDelivery, result: DeliveryResult, now: DateTime<Utc>) {
    let outcome = DeliveryOutcome { event_id: delivery.event_id.clone(), channel: delivery.channel.clone(), result };
    record_outcomes(conn, &[outcome], now).unwrap();
}

pub fn dead() -> DeliveryResult {
    DeliveryResult::Dead { error: "HTTP 404: no_service".into() }
}
