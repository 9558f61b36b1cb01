//! Credits: how they are drawn, what the billing API says of them, what it refuses.

use aws_sdk_billing::primitives::DateTime as SdkTime;
use glidepath::demo::{FakeAccount, FakeCredit};
use serde_json::json;

use super::support::*;

#[tokio::test]
async fn credits_are_drawn_in_awss_order() {
    let aws = start(two_credits(), "2026-11-08T00:00:00Z").await;
    let costs = costs(&aws, "2026-08-01", "2026-11-01", ["SERVICE", "RECORD_TYPE"]).await;
    assert_eq!(cost(&costs, "2026-08-31", S3, "Credit"), None, "a month before the credit was issued");
    assert_eq!(
        cost(&costs, "2026-09-02", S3, "Credit"),
        Some(money("-30")),
        "the month it was issued in, from its 1st"
    );
    assert_eq!(cost(&costs, "2026-09-02", EC2, "Credit"), Some(money("-80")));
    assert_eq!(cost(&costs, "2026-10-03", S3, "Credit"), Some(money("-40")));
    assert_eq!(cost(&costs, "2026-10-03", EC2, "Credit"), None);
    // Fully covered, so no tax; then 20 % of 4, and of 15 and the support fee that no credit pays.
    assert_eq!(cost(&costs, "2026-09-01", "Tax", "Tax"), None);
    assert_eq!(cost(&costs, "2026-08-01", "Tax", "Tax"), Some(money("0.8")));
    assert_eq!(cost(&costs, "2026-10-01", "Tax", "Tax"), Some(money("203")));
}

/// All end on the same day but the paused one, which would come first. Of 15, the two that list fewest services pay
/// first, the older before the younger: 10 from the third, 5 from the second, nothing from the first.
#[tokio::test]
async fn ties_go_to_fewest_services_then_to_the_oldest() {
    let account = FakeAccount::new(ACCOUNT)
        .credit(FakeCredit::new("11111111", "10", "2026-01-01", "2027-01-01", &[EC2, S3]))
        .credit(FakeCredit::new("22222222", "10", "2026-03-01", "2027-01-01", &[S3]))
        .credit(FakeCredit::new("33333333", "10", "2026-02-01", "2027-01-01", &[S3]))
        .credit(FakeCredit::new("44444444", "10", "2026-02-01", "2026-12-01", &[S3]).paused_from("2026-05-01"))
        .usage("2026-05-02", S3, "Requests-Tier1", "Requests", "1", "15");
    let aws = start(account, "2026-11-08T00:00:00Z").await;
    let client = client!(aws_sdk_billing, aws);
    let since = SdkTime::from_secs(at("2025-11-09T00:00:00Z").timestamp());
    let answer = client.get_credits().account_id(ACCOUNT).start_date(since).send().await.unwrap();
    let left = |credit: &aws_sdk_billing::types::CreditData| {
        (credit.remaining_amount().unwrap().currency_amount().to_owned(), credit.credit_status().unwrap().to_string())
    };
    let left: Vec<(String, String)> = answer.credits().iter().map(left).collect();
    let is = |amount: &str, status: &str| (amount.to_owned(), status.to_owned());
    assert_eq!(left, [is("10.00", "ENABLED"), is("5.00", "ENABLED"), is("0.00", "ENABLED"), is("10.00", "DISABLED")]);
}

#[tokio::test]
async fn balances_follow_closed_and_open_bills() {
    let aws = start(two_credits(), "2026-11-08T00:00:00Z").await;
    let client = client!(aws_sdk_billing, aws);
    let year_ago = SdkTime::from_secs(at("2025-11-09T00:00:00Z").timestamp());
    let answer = client.get_credits().account_id(ACCOUNT).start_date(year_ago).send().await.unwrap();
    let credits = answer.credits();
    let ids: Vec<&str> = credits.iter().map(|credit| credit.credit_id()).collect();
    assert_eq!(ids, ["11111111", "22222222"], "the third ended before the window");
    let amounts = |index: usize| {
        let credit = &credits[index];
        [credit.initial_amount(), credit.remaining_amount(), credit.estimated_amount()]
            .map(|amount| amount.unwrap().currency_amount().to_owned())
    };
    // September's bill is final, October's is until the 10th an estimate.
    assert_eq!(amounts(0), ["100.00", "20.00", "0.00"]);
    assert_eq!(amounts(1), ["50.00", "20.00", "0.00"]);
    assert_eq!(credits[1].credit_status().unwrap().as_str(), "ENABLED", "empty, and still enabled");
    assert_eq!(credits[1].exhaust_date().unwrap().secs(), at("2026-10-03T00:00:00Z").timestamp());
    assert_eq!(credits[0].end_date().unwrap().secs(), at("2027-01-01T00:00:00Z").timestamp());
    assert_eq!(credits[0].applicable_product_names(), [EC2, S3]);
    assert!(credits[1].applicable_product_names().is_empty(), "left out");

    // Before the day on which a credit was issued there is none, and its month was not covered.
    aws.set_now(at("2026-09-19T00:00:00Z"));
    let september = costs(&aws, "2026-09-01", "2026-09-20", ["SERVICE", "RECORD_TYPE"]).await;
    assert_eq!(cost(&september, "2026-09-02", S3, "Credit"), Some(money("-20")), "all from the first credit");
}

#[tokio::test]
async fn allocation_history_is_monthly_and_paged() {
    let aws = start(two_credits(), "2026-11-08T00:00:00Z").await;
    let client = client!(aws_sdk_billing, aws);
    let time = |text: &str| SdkTime::from_secs(at(text).timestamp());
    let mut rows = Vec::new();
    let mut token = None;
    loop {
        let answer = client
            .get_credit_allocation_history()
            .account_id(ACCOUNT)
            .start_date(time("2026-09-01T00:00:00Z"))
            .end_date(time("2026-11-09T00:00:00Z"))
            .max_results(3)
            .set_next_token(token)
            .send()
            .await
            .unwrap();
        assert!(!answer.partial_results());
        for row in answer.credit_allocation_history_list() {
            rows.push(format!(
                "{} {} {} {} {}",
                row.billing_month(),
                row.credit_id(),
                row.applied_service_name(),
                row.credit_amount().unwrap().currency_amount(),
                row.is_estimated_bill()
            ));
        }
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    let expected = [
        format!("2026-10 11111111 {S3} -20.00 true"),
        format!("2026-10 22222222 {S3} -20.00 true"),
        format!("2026-09 11111111 {EC2} -80.00 false"),
        format!("2026-09 22222222 {S3} -30.00 false"),
    ];
    assert_eq!(rows, expected);
    assert_eq!(aws.requests().len(), 2, "four rows, three to a page");
    let one = client
        .get_credit_allocation_history()
        .account_id(ACCOUNT)
        .credit_id(22_222_222)
        .start_date(time("2026-09-15T00:00:00Z"))
        .end_date(time("2026-10-02T00:00:00Z"))
        .send()
        .await
        .unwrap();
    assert_eq!(one.credit_allocation_history_list().len(), 1, "a month that the range starts within is left out");
    assert!(aws.requests().iter().all(|request| !request.paid));
}

#[tokio::test]
async fn billing_refuses_bad_windows() {
    let aws = start(two_credits(), "2026-11-08T00:00:00Z").await;
    let time = |text: &str| json!(at(text).timestamp());
    let credits = "AWSBilling.GetCredits";
    let history = "AWSBilling.GetCreditAllocationHistory";
    let past = time("2026-01-01T00:00:00Z");
    let cases = [
        (credits, json!({"accountId": ACCOUNT, "startDate": time("2025-11-07T00:00:00Z")}), "ValidationException"),
        (
            credits,
            json!({"accountId": ACCOUNT, "startDate": past, "endDate": time("2026-11-08T00:00:01Z")}),
            "ValidationException",
        ),
        (credits, json!({"accountId": ACCOUNT}), "ValidationException"),
        (credits, json!({"accountId": "1", "startDate": past}), "ValidationException"),
        (credits, json!({"accountId": "999999999999", "startDate": past}), "AccessDeniedException"),
        (credits, json!({"accountId": ACCOUNT, "startDate": "2026-01-01"}), "SerializationException"),
        (history, json!({"accountId": ACCOUNT, "startDate": past, "endDate": past}), "ValidationException"),
        (
            history,
            json!({"accountId": ACCOUNT, "startDate": past, "endDate": time("2026-11-10T00:00:00Z")}),
            "ValidationException",
        ),
        (
            history,
            json!({"accountId": ACCOUNT, "startDate": time("2024-10-31T00:00:00Z"), "endDate": time("2026-11-01T00:00:00Z")}),
            "ValidationException",
        ),
        (
            history,
            json!({"accountId": ACCOUNT, "startDate": past, "endDate": time("2026-11-01T00:00:00Z"), "maxResults": 1001}),
            "ValidationException",
        ),
        (
            history,
            json!({"accountId": ACCOUNT, "startDate": past, "endDate": time("2026-11-01T00:00:00Z"), "creditId": "22222222"}),
            "SerializationException",
        ),
    ];
    for (target, body, kind) in cases {
        let got = outcome(by_hand(&aws, target, "us-east-1/billing", &body)).await;
        assert_eq!(got, (400, json!(kind)), "{target} {body}");
    }
}
