//! Cost Explorer: the two queries, their pages, and answers that cannot be right.

use glidepath::aws::{AwsError, AwsSettings, Operation, cost_explorer};
use glidepath::domain::facts::window::{MONTHS_KEPT, backfill_window};
use glidepath::domain::values::period::DayRange;
use serde_json::{Value, json};

use super::in_memory::{InMemoryLog, Tally};
use super::listener::{
    Listener, Sent, charge, clients, day, failed_pull, first_day, malformed, money, ok, page, period, refusal,
    second_day, settings, usage, whole, window,
};

#[tokio::test]
async fn the_two_queries_are_sent_as_aws_documents_them() {
    let listener = Listener::answering([ok(&whole(&[])), ok(&whole(&[]))]).await;
    let log = InMemoryLog::default();
    let pulled = cost_explorer::pull(&clients(&listener.endpoint, &settings(), &log), window()).await.unwrap();
    let target = "AWSInsightsIndexService.GetCostAndUsage".to_owned();
    let money_query = json!({
        "TimePeriod": { "Start": "2026-03-01", "End": "2026-03-03" },
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": [{ "Type": "DIMENSION", "Key": "SERVICE" }, { "Type": "DIMENSION", "Key": "RECORD_TYPE" }],
    });
    let detail_query = json!({
        "TimePeriod": { "Start": "2026-03-01", "End": "2026-03-03" },
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost", "UsageQuantity"],
        "GroupBy": [{ "Type": "DIMENSION", "Key": "SERVICE" }, { "Type": "DIMENSION", "Key": "USAGE_TYPE" }],
        "Filter": { "Not": { "Dimensions": { "Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"] } } },
    });
    let expected = [Sent { target: target.clone(), body: money_query }, Sent { target, body: detail_query }];
    assert_eq!(listener.sent(), expected);
    assert_eq!((pulled.window, pulled.pages, pulled.charges.len(), pulled.usage.len()), (window(), 2, 0, 0));
    assert_eq!(pulled.aws_request_ids, ["request-1", "request-1"]);
    assert_eq!(log.tally(), Tally { charged: 2, not_charged: 0, unknown: 0 });
}

#[tokio::test]
async fn configured_accounts_narrow_both_queries() {
    let listener = Listener::answering([ok(&whole(&[])), ok(&whole(&[]))]).await;
    let accounts = vec!["222222222222".to_owned(), "111111111111".to_owned(), "222222222222".to_owned()];
    let settings = AwsSettings { accounts, ..settings() };
    let clients = clients(&listener.endpoint, &settings, &InMemoryLog::default());
    cost_explorer::pull(&clients, window()).await.unwrap();
    let accounts = json!({ "Dimensions": { "Key": "LINKED_ACCOUNT", "Values": ["111111111111", "222222222222"] } });
    let inside = json!({ "Not": { "Dimensions": { "Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"] } } });
    let sent = listener.sent();
    assert_eq!(sent[0].body["Filter"], accounts);
    assert_eq!(sent[1].body["Filter"], json!({ "And": [inside, accounts] }));
}

#[tokio::test]
async fn pages_are_joined_in_order_and_to_the_last_digit() {
    let mut settled = first_day(&[charge("B", "Usage", "2.0000000001")]);
    settled["Estimated"] = json!(false);
    let money_1 = page(&[settled, second_day(&[charge("A", "Usage", "7")])], Some("more"));
    // AWS may break a page within a day.
    let money_2 = page(&[second_day(&[charge("A", "Credit", "-7"), charge("A", "Tax", "0")])], None);
    let detail = whole(&[
        usage("B", "USE2-BoxUsage:trn2.48xlarge", "0", "24", "Hrs"),
        usage("B", "USE1-NovaLite-input-tokens", "0.0000300172", "4.77", "1K tokens"),
        usage("B", "Nothing", "0.0000000000", "0", "N/A"),
    ]);
    let listener = Listener::answering([ok(&money_1), ok(&money_2), ok(&detail)]).await;
    let clients = clients(&listener.endpoint, &settings(), &InMemoryLog::default());
    let pulled = cost_explorer::pull(&clients, window()).await.unwrap();

    let charges: Vec<_> = pulled
        .charges
        .iter()
        .map(|c| (c.day, c.service.as_str(), c.record_type.as_str(), c.billed_cost, c.estimated))
        .collect();
    assert_eq!(
        charges,
        [
            (day("2026-03-01"), "B", "Usage", money("2.0000000001"), false),
            (day("2026-03-02"), "A", "Credit", money("-7"), true),
            (day("2026-03-02"), "A", "Usage", money("7"), true),
        ]
    );
    let usage: Vec<_> = pulled
        .usage
        .iter()
        .map(|u| (u.usage_type.as_str(), u.cost.to_string(), u.quantity.to_string(), u.unit.as_str()))
        .collect();
    assert_eq!(
        usage,
        [
            ("USE1-NovaLite-input-tokens", "0.0000300172".to_owned(), "4.77".to_owned(), "1K tokens"),
            ("USE2-BoxUsage:trn2.48xlarge", "0".to_owned(), "24".to_owned(), "Hrs"),
        ]
    );
    assert_eq!(pulled.pages, 3);
    let sent = listener.sent();
    let mut second = sent[1].body.clone();
    assert_eq!(second.as_object_mut().unwrap().remove("NextPageToken"), Some(json!("more")));
    assert_eq!(second, sent[0].body, "nothing but the token changes between pages");
}

#[tokio::test]
async fn a_repeated_token_ends_the_pull() {
    let (first, second) = (page(&[first_day(&[])], Some("same")), page(&[second_day(&[])], Some("same")));
    let (error, sent, _) = failed_pull([ok(&first), ok(&second)]).await;
    assert_eq!(error, AwsError::RepeatedToken { operation: Operation::GetCostAndUsage, page: 2 });
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn more_pages_than_the_limit_are_refused() {
    let listener = Listener::answering(["1", "2", "3"].map(|token| ok(&page(&[], Some(token))))).await;
    let settings = AwsSettings { max_pages: 2, ..settings() };
    let clients = clients(&listener.endpoint, &settings, &InMemoryLog::default());
    let error = cost_explorer::pull(&clients, window()).await.unwrap_err();
    assert_eq!(error, AwsError::TooManyPages { operation: Operation::GetCostAndUsage, limit: 2 });
    assert!(error.advice().contains("max_pages"));
    assert_eq!(listener.sent().len(), 2);
}

#[tokio::test]
async fn an_answer_that_contradicts_the_question_is_named() {
    let no_cost = json!({ "Keys": ["A", "Usage"], "Metrics": {} });
    let three = json!({ "Keys": ["A", "B", "C"], "Metrics": {} });
    let twice = [charge("A", "Usage", "1"), charge("A", "Usage", "2")];
    let mut total = first_day(&[]);
    total["Total"] = json!({ "UnblendedCost": { "Amount": "1", "Unit": "USD" } });
    for (answer, expected) in [
        (whole(&[charge("Svc", "Usage", "12,5")]), "\"Svc\" on 2026-03-01: \"12,5\" is not a decimal number"),
        (whole(&[charge("Svc", "Usage", "NaN")]), "\"NaN\""),
        (whole(&[no_cost]), "\"A\" on 2026-03-01 has no UnblendedCost"),
        (whole(&[three]), "2026-03-01 has a row with the keys [\"A\", \"B\", \"C\"]"),
        (whole(&twice), "2026-03-01 has the row \"A\", \"Usage\" twice"),
        (page(&[first_day(&[])], None), "2026-03-02 is missing from the window 2026-03-01..2026-03-03"),
        (page(&[first_day(&[]), first_day(&[])], None), "2026-03-01 comes twice on page 1"),
        (page(&[period("2026-03-03", "2026-03-04", &[])], None), "2026-03-03, which lies outside"),
        (page(&[period("2026-03-01", "2026-03-03", &[])], None), "the period 2026-03-01..2026-03-03"),
        (page(&[period("March 1", "March 2", &[])], None), "\"March 1\""),
        (page(&[total], None), "2026-03-01 has a total and no groups"),
    ] {
        let (error, ..) = failed_pull([ok(&answer)]).await;
        assert!(malformed(&error).contains(expected), "{error} should contain {expected}");
        assert!(!error.retryable());
    }
}

#[tokio::test]
async fn a_row_that_comes_again_on_the_next_page_is_refused() {
    let row = [charge("A", "Usage", "1")];
    let (error, ..) = failed_pull([Some("2"), None].map(|token| ok(&page(&[first_day(&row)], token)))).await;
    assert!(malformed(&error).contains("\"A\", \"Usage\" twice"), "{error}");
}

#[tokio::test]
async fn the_detail_needs_a_quantity() {
    let (error, ..) = failed_pull([ok(&whole(&[])), ok(&whole(&[charge("Svc", "BoxUsage", "1")]))]).await;
    assert!(malformed(&error).contains("\"Svc\" on 2026-03-01 has no UsageQuantity"), "{error}");
}

#[tokio::test]
async fn another_currency_is_refused_by_name() {
    let mut row = charge("Amazon Bedrock", "Usage", "1");
    row["Metrics"]["UnblendedCost"]["Unit"] = json!("CNY");
    let (error, ..) = failed_pull([ok(&whole(&[row]))]).await;
    assert_eq!(error.to_string(), "Amazon Bedrock on 2026-03-01 is billed in CNY, where USD is configured");
    let advice = error.advice();
    assert!(advice.contains("bills in CNY cannot be watched") && !advice.contains("[aws]"), "{advice}");
}

#[tokio::test]
async fn a_start_that_aws_refuses_moves_a_month_at_a_time() {
    let too_old = || refusal(400, "ValidationException", "You haven't enabled historical data beyond 14 months");
    let unavailable = refusal(400, "DataUnavailableException", "no data");
    // Asked for on 2 March 2026: from February 2025, from March, then from April, which the listener grants.
    let granted = DayRange::new(day("2025-04-01"), day("2026-03-03"));
    let days: Vec<Value> =
        granted.days().map(|day| period(&day.to_string(), &day.succ_opt().unwrap().to_string(), &[])).collect();
    let answers = [too_old(), unavailable, ok(&page(&days, None)), ok(&page(&days, None))];
    let listener = Listener::answering(answers).await;
    let asking = clients(&listener.endpoint, &settings(), &InMemoryLog::default());
    let kept = backfill_window(day("2026-03-02"), MONTHS_KEPT);
    let pulled = cost_explorer::pull_kept(&asking, kept).await.unwrap();
    assert_eq!((pulled.window, pulled.pages), (granted, 2));
    let starts: Vec<_> = listener.sent().iter().map(|sent| sent.body["TimePeriod"]["Start"].clone()).collect();
    assert_eq!(starts, ["2025-02-01", "2025-03-01", "2025-04-01", "2025-04-01"]);

    let listener = Listener::answering((0..20).map(|_| too_old())).await;
    let asking = clients(&listener.endpoint, &settings(), &InMemoryLog::default());
    let error = cost_explorer::pull_kept(&asking, kept).await.unwrap_err();
    assert!(matches!(error, AwsError::TooOld { .. }), "{error:?}");
    let sent = listener.sent();
    assert_eq!(sent.len(), 14, "the first start and 13 moves");
    assert_eq!(sent[13].body["TimePeriod"]["Start"], "2026-03-01");
}
