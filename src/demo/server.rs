//! The listener: reads a request, checks protocol and signature, answers from the books of the clock's moment.
//!
//! One URL answers all four services, so that one `AWS_ENDPOINT_URL` is enough. Every request is recorded with what
//! was answered and whether AWS would have charged for it: each answered page of Cost Explorer, nothing else. Every answer
//! carries the fake's clock as its Date.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::account::FakeAccount;
use super::books::Books;
use super::fault::{self, Fault, Injection, Operation};
use super::refusal::{Refusal, respond};
use super::{billing, cost_explorer, free_tier, signature};

/// The region that both billing services live in, whatever region the caller works in.
const REGION: &str = "us-east-1";

/// One request as the fake saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// Which operation.
    pub operation: Operation,
    /// The body; for STS an empty object.
    pub body: Value,
    /// Page asked for, counted from 1.
    pub page: usize,
    /// HTTP status of the answer.
    pub status: u16,
    /// True if AWS would charge for it.
    pub paid: bool,
    /// AWS's request id in the answer.
    pub request_id: String,
}

/// A running fake AWS. It ends when it is stopped or dropped.
#[derive(Debug)]
pub struct FakeAws {
    address: SocketAddr,
    shared: Arc<Shared>,
    stopping: CancellationToken,
    server: JoinHandle<io::Result<()>>,
}

#[derive(Debug)]
struct Shared {
    account: FakeAccount,
    state: Mutex<Changing>,
}

/// What changes while the fake runs.
#[derive(Debug)]
struct Changing {
    now: DateTime<Utc>,
    /// Books of `now`; made when first asked for.
    books: Option<Arc<Books>>,
    faults: Vec<Injection>,
    requests: Vec<RecordedRequest>,
    /// Requests met so far, refused ones included: the source of request ids.
    met: usize,
}

impl FakeAws {
    /// Serves `account` on a free port of 127.0.0.1, its clock at `now`.
    ///
    /// # Errors
    /// If no port of the loopback interface can be bound.
    pub async fn start(account: FakeAccount, now: DateTime<Utc>) -> io::Result<FakeAws> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Changing { now, books: None, faults: Vec::new(), requests: Vec::new(), met: 0 };
        let shared = Arc::new(Shared { account, state: Mutex::new(state) });
        let stopping = CancellationToken::new();
        let router = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        let stopped = stopping.clone().cancelled_owned();
        let serving = axum::serve(listener, router).with_graceful_shutdown(stopped);
        Ok(FakeAws { address, shared, stopping, server: tokio::spawn(async move { serving.await }) })
    }

    /// The URL for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The account it serves.
    pub fn account_id(&self) -> &str {
        &self.shared.account.id
    }

    /// Moves the clock, forwards or back.
    pub fn set_now(&self, now: DateTime<Utc>) {
        let mut state = self.shared.lock();
        state.now = now;
        state.books = None;
    }

    /// Everything that was asked so far, in order.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.lock().requests.clone()
    }

    /// Queues a fault for the next request that it matches.
    pub fn inject(&self, injection: Injection) {
        self.shared.lock().faults.push(injection);
    }

    /// Takes back all faults that have not struck yet.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Ends it; open answers are finished.
    ///
    /// # Errors
    /// What the listener failed with, if it did.
    pub async fn stop(mut self) -> io::Result<()> {
        self.stopping.cancel();
        (&mut self.server).await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

impl Drop for FakeAws {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Changing> {
        // A panic of another request has already failed its test; the state behind the lock is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock and the books at it.
    fn books(&self) -> (DateTime<Utc>, Arc<Books>) {
        let mut state = self.lock();
        let now = state.now;
        let books = state.books.get_or_insert_with(|| Arc::new(Books::at(&self.account, now)));
        (now, Arc::clone(books))
    }

    /// The answer with the clock as its Date: the server would put in the machine's.
    fn dated(&self, mut response: Response<Body>) -> Response<Body> {
        let date = self.lock().now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().insert("date", HeaderValue::try_from(date).expect("a date is plain text"));
        response
    }

    fn answer(&self, operation: Operation, request: &Value) -> Result<Value, Refusal> {
        let (now, books) = self.books();
        match operation {
            Operation::GetCostAndUsage => cost_explorer::get_cost_and_usage(request, &self.account, &books, now),
            Operation::GetCredits => billing::get_credits(request, &self.account, &books, now),
            Operation::GetCreditAllocationHistory => {
                billing::get_credit_allocation_history(request, &self.account, &books, now)
            }
            Operation::GetAccountPlanState => free_tier::get_account_plan_state(request, &self.account),
            Operation::GetCallerIdentity => Ok(Value::Null),
        }
    }
}

/// Answers any request at all.
async fn handle(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let request_id = {
        let mut state = shared.lock();
        state.met += 1;
        format!("00000000-0000-4000-8000-{:012}", state.met)
    };
    let (operation, request) = match understand(&headers, &body) {
        Ok(understood) => understood,
        Err(refusal) => return shared.dated(refuse(&refusal, "application/x-amz-json-1.1", &request_id)),
    };
    let page = match operation {
        Operation::GetCostAndUsage => cost_explorer::page_of(&request, shared.account.page_size),
        _ if request.get("nextToken").is_some_and(Value::is_string) => 2,
        _ => 1,
    };
    let fault = fault::take(&mut shared.lock().faults, operation, page);
    let response = shared.dated(respond_to(&shared, operation, &request, fault.as_ref(), &request_id));
    let status = response.status().as_u16();
    let paid = status == 200 && operation == Operation::GetCostAndUsage;
    shared.lock().requests.push(RecordedRequest { operation, body: request, page, status, paid, request_id });
    response
}

fn respond_to(
    shared: &Shared,
    operation: Operation,
    request: &Value,
    fault: Option<&Fault>,
    request_id: &str,
) -> Response<Body> {
    let content_type = content_type(operation);
    if let Some(Fault::Html(status)) = fault {
        let page = "<html><head><title>Service Unavailable</title></head><body>proxy error</body></html>".to_owned();
        return respond(
            StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY),
            "text/html",
            page,
            request_id,
        );
    }
    let refused = fault.and_then(|fault| fault::refusal(fault, operation, &shared.account.id));
    let answer = refused.map_or_else(|| shared.answer(operation, request), Err);
    match answer {
        Err(refusal) if operation == Operation::GetCallerIdentity => refusal.xml(request_id),
        Err(refusal) => refuse(&refusal, content_type, request_id),
        Ok(_) if operation == Operation::GetCallerIdentity => caller_identity(&shared.account.id, request_id),
        Ok(mut answer) => {
            if let Some(fault) = fault {
                fault::damage(fault, request, &mut answer);
            }
            deliver(answer.to_string(), fault, content_type, request_id)
        }
    }
}

/// Sends a whole answer, or as much of it as the fault leaves.
fn deliver(mut body: String, fault: Option<&Fault>, content_type: &str, request_id: &str) -> Response<Body> {
    let whole = body.len();
    if matches!(fault, Some(Fault::CutBody | Fault::CutJson)) {
        body.truncate(body.floor_char_boundary(whole / 2));
    }
    let mut response = respond(StatusCode::OK, content_type, body, request_id);
    if matches!(fault, Some(Fault::CutBody)) {
        // The header promises all of it, and the connection closes after the half: an unexpected end for the reader.
        response.headers_mut().insert("content-length", HeaderValue::from(whole));
        response.headers_mut().insert("connection", HeaderValue::from_static("close"));
    }
    response
}

fn refuse(refusal: &Refusal, content_type: &str, request_id: &str) -> Response<Body> {
    let mut response = respond(refusal.status, content_type, refusal.body().to_string(), request_id);
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(refusal.kind));
    response
}

const fn content_type(operation: Operation) -> &'static str {
    match operation {
        Operation::GetCostAndUsage => "application/x-amz-json-1.1",
        Operation::GetCredits | Operation::GetCreditAllocationHistory | Operation::GetAccountPlanState => {
            "application/x-amz-json-1.0"
        }
        Operation::GetCallerIdentity => "text/xml",
    }
}

/// Finds the operation, checks the signature, reads the body; in this order, as an unsigned call learns nothing.
fn understand(headers: &HeaderMap, body: &Bytes) -> Result<(Operation, Value), Refusal> {
    let Some(target) = headers.get("x-amz-target").and_then(|value| value.to_str().ok()) else {
        return understand_sts(headers, body);
    };
    let operation = match target {
        "AWSInsightsIndexService.GetCostAndUsage" => Operation::GetCostAndUsage,
        "AWSBilling.GetCredits" => Operation::GetCredits,
        "AWSBilling.GetCreditAllocationHistory" => Operation::GetCreditAllocationHistory,
        "AWSFreeTierService.GetAccountPlanState" => Operation::GetAccountPlanState,
        _ => return Err(Refusal::new("UnknownOperationException", format!("{target} is not an operation here"))),
    };
    signature::check(headers, operation.service(), Some(REGION))?;
    let sent = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if sent != content_type(operation) {
        let message = format!("Content-Type {sent:?} is not {:?}", content_type(operation));
        return Err(Refusal::new("UnknownOperationException", message));
    }
    let request = serde_json::from_slice(body)
        .map_err(|error| Refusal::new("SerializationException", format!("The body is not JSON: {error}")))?;
    Ok((operation, request))
}

/// STS speaks the older query protocol: a form in, XML out.
fn understand_sts(headers: &HeaderMap, body: &Bytes) -> Result<(Operation, Value), Refusal> {
    let form = String::from_utf8_lossy(body);
    let has = |pair: &str| form.split('&').any(|sent| sent == pair);
    if !has("Action=GetCallerIdentity") || !has("Version=2011-06-15") {
        return Err(Refusal::new("UnknownOperationException", "No x-amz-target, and no action of STS in the body"));
    }
    signature::check(headers, "sts", None)?;
    Ok((Operation::GetCallerIdentity, Value::Object(serde_json::Map::new())))
}

fn caller_identity(account: &str, request_id: &str) -> Response<Body> {
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:user/glidepath</Arn><UserId>AIDAFAKEUSERIDEXAMPLE</UserId>\
         <Account>{account}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>{request_id}</RequestId>\
         </ResponseMetadata></GetCallerIdentityResponse>"
    );
    respond(StatusCode::OK, "text/xml", body, request_id)
}
