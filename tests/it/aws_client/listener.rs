//! A listener that stands in for AWS, and the answers it gives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use chrono::NaiveDate;
use glidepath::aws::{AwsClients, AwsError, AwsSettings, Operation, cost_explorer};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::DayRange;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::in_memory::{InMemoryLog, Tally};

pub const ACCOUNT: &str = "123456789012";

/// One answer of the listener.
#[derive(Clone)]
pub struct Canned {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
    /// What AWS's clock says; `None`: what this machine's does.
    pub date: Option<String>,
}

pub fn ok(body: &Value) -> Canned {
    Canned { status: 200, content_type: "application/x-amz-json-1.1", body: body.to_string(), date: None }
}

pub fn refusal(status: u16, code: &str, message: &str) -> Canned {
    Canned { status, ..ok(&json!({ "__type": code, "message": message })) }
}

pub fn web_page(status: u16) -> Canned {
    let body = "<!DOCTYPE html><html><body>Please log in</body></html>".to_owned();
    Canned { status, content_type: "text/html", body, date: None }
}

pub fn identity() -> Canned {
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{ACCOUNT}:user/ops</Arn><UserId>U</UserId><Account>{ACCOUNT}</Account>\
         </GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>\
         </GetCallerIdentityResponse>"
    );
    Canned { status: 200, content_type: "text/xml", body, date: None }
}

/// One request that reached the listener.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub target: String,
    pub body: Value,
}

/// Answers from a queue, in order, and keeps what it was asked.
#[derive(Clone)]
pub struct Listener {
    answers: Arc<Mutex<VecDeque<Canned>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
    pub endpoint: String,
}

impl Listener {
    pub async fn answering(answers: impl IntoIterator<Item = Canned>) -> Listener {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = Listener {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            sent: Arc::default(),
            endpoint: format!("http://{}", socket.local_addr().unwrap()),
        };
        let router = Router::new().fallback(answer).with_state(listener.clone());
        tokio::spawn(async move { axum::serve(socket, router).await });
        listener
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
}

async fn answer(State(listener): State<Listener>, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap, String) {
    assert!(headers.contains_key(header::AUTHORIZATION), "AWS refuses unsigned calls");
    let target = headers.get("x-amz-target").map_or("STS", |value| value.to_str().unwrap()).to_owned();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    listener.sent.lock().unwrap().push(Sent { target, body });
    let canned = listener.answers.lock().unwrap().pop_front();
    let canned = canned.unwrap_or_else(|| refusal(400, "NothingQueued", "the test expected no further request"));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(canned.content_type));
    headers.insert("x-amzn-requestid", HeaderValue::from_static("request-1"));
    headers.extend(canned.date.map(|date| (header::DATE, HeaderValue::try_from(date).unwrap())));
    (StatusCode::from_u16(canned.status).unwrap(), headers, canned.body)
}

/// Settings whose retries do not wait.
pub fn settings() -> AwsSettings {
    AwsSettings {
        initial_backoff: Duration::from_micros(1),
        max_backoff: Duration::from_micros(1),
        history_months: 1,
        ..AwsSettings::default()
    }
}

pub fn clients(endpoint: &str, settings: &AwsSettings, log: &InMemoryLog) -> AwsClients {
    AwsClients::for_endpoint(endpoint, settings, log.meter()).unwrap()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// Two days, the window of most tests.
pub fn window() -> DayRange {
    DayRange::new(day("2026-03-01"), day("2026-03-03"))
}

/// A row of the money query.
pub fn charge(service: &str, record_type: &str, amount: &str) -> Value {
    json!({ "Keys": [service, record_type], "Metrics": { "UnblendedCost": { "Amount": amount, "Unit": "USD" } } })
}

/// A row of the detail query.
pub fn usage(service: &str, usage_type: &str, amount: &str, quantity: &str, unit: &str) -> Value {
    json!({ "Keys": [service, usage_type], "Metrics": {
        "UnblendedCost": { "Amount": amount, "Unit": "USD" },
        "UsageQuantity": { "Amount": quantity, "Unit": unit },
    } })
}

/// One period of an answer.
pub fn period(start: &str, end: &str, groups: &[Value]) -> Value {
    json!({ "TimePeriod": { "Start": start, "End": end }, "Total": {}, "Groups": groups, "Estimated": true })
}

/// The first day of [`window`].
pub fn first_day(groups: &[Value]) -> Value {
    period("2026-03-01", "2026-03-02", groups)
}

/// The second day of [`window`].
pub fn second_day(groups: &[Value]) -> Value {
    period("2026-03-02", "2026-03-03", groups)
}

pub fn page(periods: &[Value], token: Option<&str>) -> Value {
    let mut page = json!({ "ResultsByTime": periods, "DimensionValueAttributes": [] });
    if let Some(token) = token {
        page["NextPageToken"] = json!(token);
    }
    page
}

/// All of [`window`], with `groups` on the first day.
pub fn whole(groups: &[Value]) -> Value {
    page(&[first_day(groups), second_day(&[])], None)
}

/// A pull of [`window`] that must fail: how, what was sent, and what was counted.
pub async fn failed_pull(answers: impl IntoIterator<Item = Canned>) -> (AwsError, Vec<Sent>, Tally) {
    let listener = Listener::answering(answers).await;
    let log = InMemoryLog::default();
    let clients = clients(&listener.endpoint, &settings(), &log);
    let error = cost_explorer::pull(&clients, window()).await.unwrap_err();
    (error, listener.sent(), log.tally())
}

/// What is wrong with Cost Explorer's answer.
pub fn malformed(error: &AwsError) -> &str {
    match error {
        AwsError::Malformed { operation: Operation::GetCostAndUsage, what } => what,
        other => panic!("{other:?}"),
    }
}
