//! Counts paid requests at the point where they leave.
//!
//! Invariants: no Cost Explorer request leaves without a ticket that was recorded before; every attempt takes one,
//! the SDK's own retries included; a ticket that was never settled (the process died, the answer never came) counts
//! as charged; when the ceiling is reached, nothing leaves and nothing is retried.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use chrono::{DateTime, SecondsFormat, Utc};
use thiserror::Error;

/// A boxed future, so that [`PaidRequestLog`] can stand behind a pointer.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The record of one paid request, made before it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub i64);

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// AWS answered with success: it is on the bill.
    Charged,
    /// AWS answered with an error; observed not to be billed.
    NotCharged,
    /// No answer came. It may be on the bill, so it counts as if it were.
    Unknown,
}

/// The configured ceiling on paid requests was met, so the request was not sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{sent} of {ceiling} paid Cost Explorer requests are used {period}, so no further one was sent")]
pub struct CeilingReached {
    /// Paid requests so far.
    pub sent: u32,
    /// Paid requests allowed.
    pub ceiling: u32,
    /// What the ceiling runs over, for people: `today`, `this month`.
    pub period: String,
}

/// Why no ticket was given out or settled.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MeterError {
    /// The ceiling is reached.
    #[error(transparent)]
    Ceiling(#[from] CeilingReached),
    /// The clock that asks lies ahead of AWS's, so what it asks for has not come yet.
    #[error("{}", ahead(*clock, *aws))]
    Ahead {
        /// The clock that asks.
        clock: DateTime<Utc>,
        /// AWS's.
        aws: DateTime<Utc>,
    },
    /// The count could not be recorded. The request does not leave, since it could not be counted.
    #[error("the count of paid requests could not be recorded: {0}")]
    Unrecorded(String),
}

fn ahead(clock: DateTime<Utc>, aws: DateTime<Utc>) -> String {
    let [clock, aws] = [clock, aws].map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    format!("the clock that asks, {clock}, lies ahead of AWS's, {aws}")
}

/// Where paid requests are recorded: the store, or a list where a test wants to count them.
pub trait PaidRequestLog: Send + Sync + 'static {
    /// Records one request that is about to leave, where AWS's clock was `aws` when it last answered. The record must be
    /// durable before this answers.
    fn reserve(&self, aws: Option<DateTime<Utc>>) -> BoxFuture<'_, Result<Ticket, MeterError>>;
    /// Records what became of it.
    fn settle(&self, ticket: Ticket, outcome: Outcome) -> BoxFuture<'_, Result<(), MeterError>>;
}

/// A shared handle on the record of paid requests.
#[derive(Clone)]
pub struct PaidRequestMeter(Arc<dyn PaidRequestLog>);

impl PaidRequestMeter {
    /// A meter that records in `log`.
    pub fn new(log: impl PaidRequestLog) -> Self {
        PaidRequestMeter(Arc::new(log))
    }
}

impl PaidRequestMeter {
    /// What `send` answers, counted. Nothing leaves that could not be counted.
    pub(super) async fn counted(
        &self,
        aws: Option<DateTime<Utc>>,
        send: impl Future<Output = Result<HttpResponse, ConnectorError>>,
    ) -> Result<HttpResponse, ConnectorError> {
        // A "user" error is one that the SDK does not retry.
        let ticket = self.0.reserve(aws).await.map_err(|error| ConnectorError::user(Box::new(error)))?;
        // If a timeout drops this future here, the ticket stays unsettled, which counts as charged.
        let answer = send.await;
        let outcome = match &answer {
            Ok(response) if response.status().is_success() => Outcome::Charged,
            Ok(_) => Outcome::NotCharged,
            Err(_) => Outcome::Unknown,
        };
        // The answer is worth more than the entry, and an unsettled ticket errs on the side of charged.
        if let Err(error) = self.0.settle(ticket, outcome).await {
            tracing::warn!(ticket = ticket.0, ?outcome, %error, "a paid request stays counted as charged");
        }
        answer
    }
}

impl fmt::Debug for PaidRequestMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PaidRequestMeter")
    }
}
