//! Paid requests: each attempt counted, none beyond the ceiling.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use glidepath::aws::meter::{BoxFuture, CeilingReached, MeterError, Outcome, PaidRequestLog, Ticket};
use glidepath::aws::probe::probe;
use glidepath::aws::{AwsClients, AwsError, AwsSettings, Operation, PaidRequestMeter, cost_explorer};
use serde_json::json;
use tokio::net::TcpListener;

use super::in_memory::{InMemoryLog, Tally};
use super::listener::{
    ACCOUNT, Listener, clients, day, failed_pull, first_day, identity, money, ok, page, period, refusal, second_day,
    settings, whole, window,
};

#[tokio::test]
async fn a_throttled_request_is_retried_by_the_sdk_and_counted_each_time() {
    let throttled = refusal(400, "LimitExceededException", "Rate exceeded");
    let listener = Listener::answering([throttled, ok(&whole(&[])), ok(&whole(&[]))]).await;
    let log = InMemoryLog::default();
    let pulled = cost_explorer::pull(&clients(&listener.endpoint, &settings(), &log), window()).await.unwrap();
    assert_eq!(pulled.pages, 2);
    assert_eq!(log.tally(), Tally { charged: 2, not_charged: 1, unknown: 0 });
    let sent = listener.sent();
    assert_eq!((sent.len(), &sent[0]), (3, &sent[1]));

    let (error, sent, tally) = failed_pull((0..4).map(|_| refusal(400, "ThrottlingException", "Rate exceeded"))).await;
    assert_eq!(error, AwsError::Throttled { operation: Operation::GetCostAndUsage });
    assert!(error.retryable());
    assert_eq!((sent.len(), tally.not_charged, tally.counted()), (4, 4, 0));
}

#[tokio::test]
async fn beyond_the_ceiling_nothing_is_sent() {
    let (first, second) = (page(&[first_day(&[])], Some("more")), page(&[second_day(&[])], None));
    let listener = Listener::answering([ok(&first), ok(&second), ok(&whole(&[]))]).await;
    let log = InMemoryLog::with_ceiling(Some(2));
    let error = cost_explorer::pull(&clients(&listener.endpoint, &settings(), &log), window()).await.unwrap_err();
    let reached = CeilingReached { sent: 2, ceiling: 2, period: "in this run".to_owned() };
    assert_eq!(error, AwsError::CeilingReached(reached));
    assert!(error.advice().contains("raise the ceiling"));
    assert!(!error.retryable());
    assert_eq!(listener.sent().len(), 2, "the third request stays here, and is not retried");
    assert_eq!(log.tally(), Tally { charged: 2, not_charged: 0, unknown: 0 });
}

/// A store whose disk is full, and how often it was asked.
#[derive(Clone, Default)]
struct FullDisk(Arc<AtomicU32>);

impl PaidRequestLog for FullDisk {
    fn reserve(&self, _: Option<DateTime<Utc>>) -> BoxFuture<'_, Result<Ticket, MeterError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Err(MeterError::Unrecorded("the disk is full".to_owned())) })
    }

    fn settle(&self, _: Ticket, _: Outcome) -> BoxFuture<'_, Result<(), MeterError>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_counted_is_not_sent_and_not_retried() {
    let listener = Listener::answering([]).await;
    let disk = FullDisk::default();
    let meter = PaidRequestMeter::new(disk.clone());
    let clients = AwsClients::for_endpoint(&listener.endpoint, &settings(), meter).unwrap();
    let error = cost_explorer::pull(&clients, window()).await.unwrap_err();
    assert!(matches!(&error, AwsError::Uncounted { message, .. } if message.contains("disk is full")), "{error:?}");
    assert_eq!(listener.sent(), []);
    assert_eq!(disk.0.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_pull_that_is_cut_off_leaves_its_request_counted() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let log = InMemoryLog::with_ceiling(Some(1));
    let clients = clients(&endpoint, &settings(), &log);
    tokio::select! {
        result = cost_explorer::pull(&clients, window()) => panic!("{result:?}"),
        connection = silent.accept() => drop(connection),
    }
    assert_eq!(log.tally(), Tally { charged: 0, not_charged: 0, unknown: 1 });
    let error = cost_explorer::pull(&clients, window()).await.unwrap_err();
    assert!(matches!(error, AwsError::CeilingReached(CeilingReached { sent: 1, .. })), "{error:?}");
}

#[tokio::test]
async fn no_answer_counts_as_charged() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let log = InMemoryLog::default();
    let hurried = AwsSettings { max_attempts: 1, attempt_timeout: Duration::from_millis(20), ..settings() };
    let error = cost_explorer::pull(&clients(&endpoint, &hurried, &log), window()).await.unwrap_err();
    assert_eq!(error, AwsError::Timeout { operation: Operation::GetCostAndUsage });
    assert_eq!(log.tally(), Tally { charged: 0, not_charged: 0, unknown: 1 });
}

#[tokio::test]
async fn the_probe_tries_each_permission_for_one_cent() {
    let mut total = period("2026-03-18", "2026-03-19", &[]);
    total["Total"] = json!({ "UnblendedCost": { "Amount": "1", "Unit": "USD" } });
    let listener = Listener::answering([
        identity(),
        ok(&page(&[total], None)),
        ok(&json!({ "credits": [] })),
        refusal(403, "AccessDeniedException", "is not authorized to perform: billing:GetCreditAllocationHistory"),
        ok(&json!({ "accountId": ACCOUNT, "accountPlanType": "PAID", "accountPlanStatus": "ACTIVE" })),
    ])
    .await;
    let log = InMemoryLog::default();
    let probed = probe(&clients(&listener.endpoint, &settings(), &log), day("2026-03-20")).await;
    let told: Vec<_> =
        probed.checks.iter().map(|check| (check.operation, check.account.as_deref(), check.result.is_ok())).collect();
    assert_eq!(
        told,
        [
            (Operation::GetCallerIdentity, None, true),
            (Operation::GetCostAndUsage, None, true),
            (Operation::GetCredits, Some(ACCOUNT), true),
            (Operation::GetCreditAllocationHistory, Some(ACCOUNT), false),
            (Operation::GetAccountPlanState, None, true),
        ]
    );
    assert!(!probed.all_granted());
    assert_eq!((probed.usd_spent, log.tally().charged), (money("0.01"), 1));
    let question = json!({
        "TimePeriod": { "Start": "2026-03-18", "End": "2026-03-19" },
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
    });
    assert_eq!(listener.sent()[1].body, question);
}
