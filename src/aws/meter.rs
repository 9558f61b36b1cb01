//! Counts paid requests at the point where they leave.
//!
//! Invariants: no Cost Explorer request leaves without a ticket that was recorded before; every attempt takes one,
//! the SDK's own retries included; a ticket that was never settled (the process died, the answer never came) counts
//! as charged; when the ceiling is reached, nothing leaves and nothing is retried.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_smithy_http_client::{Connector, proxy, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use thiserror::Error;

use crate::domain::money::Money;

/// A boxed future, so that [`PaidRequestLog`] can stand behind a pointer.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What AWS asks for one successful Cost Explorer request, each page counted: 0.01 USD.
pub fn price_per_request() -> Money {
    Money::from_micros(10_000)
}

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
    /// The count could not be recorded. The request does not leave, since it could not be counted.
    #[error("the count of paid requests could not be recorded: {0}")]
    Unrecorded(String),
}

/// Where paid requests are recorded: the store in the daemon, [`InMemoryLog`] in `check` and the tests.
pub trait PaidRequestLog: Send + Sync + 'static {
    /// Records one request that is about to leave. The record must be durable before this answers.
    fn reserve(&self) -> BoxFuture<'_, Result<Ticket, MeterError>>;
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

impl fmt::Debug for PaidRequestMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PaidRequestMeter")
    }
}

/// Paid requests by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// On the bill.
    pub charged: u32,
    /// Answered with an error, so not on the bill.
    pub not_charged: u32,
    /// Never answered or never settled; counted as charged.
    pub unknown: u32,
}

impl Tally {
    /// Requests that count against the ceiling.
    pub fn counted(self) -> u32 {
        self.charged + self.unknown
    }

    /// What they cost, as far as is known.
    pub fn price(self) -> Money {
        price_per_request().times(self.counted().into())
    }
}

/// A record of paid requests that lasts as long as the process.
#[derive(Debug, Clone, Default)]
pub struct InMemoryLog {
    ceiling: Option<u32>,
    outcomes: Arc<Mutex<BTreeMap<Ticket, Outcome>>>,
}

impl InMemoryLog {
    /// A record that refuses the request after the `ceiling`-th; `None` sets no ceiling.
    pub fn with_ceiling(ceiling: Option<u32>) -> Self {
        InMemoryLog { ceiling, outcomes: Arc::default() }
    }

    /// A meter over this record.
    pub fn meter(&self) -> PaidRequestMeter {
        PaidRequestMeter::new(self.clone())
    }

    /// The count so far.
    pub fn tally(&self) -> Tally {
        tally(&self.outcomes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_ticket(&self) -> Result<Ticket, MeterError> {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = tally(&outcomes).counted();
        if let Some(ceiling) = self.ceiling.filter(|ceiling| sent >= *ceiling) {
            return Err(CeilingReached { sent, ceiling, period: "in this run".to_owned() }.into());
        }
        let ticket = Ticket(outcomes.last_key_value().map_or(1, |(last, _)| last.0 + 1));
        outcomes.insert(ticket, Outcome::Unknown);
        Ok(ticket)
    }
}

fn tally(outcomes: &BTreeMap<Ticket, Outcome>) -> Tally {
    outcomes.values().fold(Tally::default(), |mut tally, outcome| {
        match outcome {
            Outcome::Charged => tally.charged += 1,
            Outcome::NotCharged => tally.not_charged += 1,
            Outcome::Unknown => tally.unknown += 1,
        }
        tally
    })
}

impl PaidRequestLog for InMemoryLog {
    fn reserve(&self) -> BoxFuture<'_, Result<Ticket, MeterError>> {
        Box::pin(async { self.take_ticket() })
    }

    fn settle(&self, ticket: Ticket, outcome: Outcome) -> BoxFuture<'_, Result<(), MeterError>> {
        Box::pin(async move {
            self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket, outcome);
            Ok(())
        })
    }
}

/// The SDK's HTTP client with a meter in front of the wire.
#[derive(Debug)]
pub(super) struct MeteredHttpClient {
    meter: PaidRequestMeter,
    proxies: proxy::ProxyConfig,
    // One connector, so one connection pool: every call of a client comes with the same timeouts.
    connector: OnceLock<SharedHttpConnector>,
}

impl MeteredHttpClient {
    pub(super) fn new(meter: PaidRequestMeter, proxies: proxy::ProxyConfig) -> Self {
        MeteredHttpClient { meter, proxies, connector: OnceLock::new() }
    }
}

impl HttpClient for MeteredHttpClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.connector.get_or_init(|| {
            // As the SDK builds its own, on the platform's certificates.
            let wire = Connector::builder()
                .connector_settings(settings.clone())
                .proxy_config(self.proxies.clone())
                .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
                .build();
            SharedHttpConnector::new(MeteredConnector {
                wire: SharedHttpConnector::new(wire),
                meter: self.meter.clone(),
            })
        });
        connector.clone()
    }
}

#[derive(Debug)]
struct MeteredConnector {
    wire: SharedHttpConnector,
    meter: PaidRequestMeter,
}

impl HttpConnector for MeteredConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (wire, meter) = (self.wire.clone(), self.meter.clone());
        HttpConnectorFuture::new(async move {
            // A "user" error is one that the SDK does not retry.
            let ticket = meter.0.reserve().await.map_err(|error| ConnectorError::user(Box::new(error)))?;
            // If a timeout drops this future here, the ticket stays unsettled, which counts as charged.
            let answer = wire.call(request).await;
            let outcome = match &answer {
                Ok(response) if response.status().is_success() => Outcome::Charged,
                Ok(_) => Outcome::NotCharged,
                Err(_) => Outcome::Unknown,
            };
            // The answer is worth more than the entry, and an unsettled ticket errs on the side of charged.
            if let Err(error) = meter.0.settle(ticket, outcome).await {
                tracing::warn!(ticket = ticket.0, ?outcome, %error, "a paid request stays counted as charged");
            }
            answer
        })
    }
}
