//! The fake AWS, asked by the real SDK and by hand-made requests: it must refuse, page, lag, restate and fail as AWS
//! does, or the tests that stand on it prove nothing. Here Cost Explorer; credits and faults have files of their own.

mod credits;
mod faults;
mod support;

use std::collections::BTreeMap;

use glidepath::demo::{CreditRows, FakeAccount, startup};
use serde_json::{Value, json};

use support::*;

#[tokio::test]
async fn refuses_what_cost_explorer_refuses() {
    let aws = start(FakeAccount::new(ACCOUNT), "2026-11-20T06:00:00Z").await;
    let group = |key: &str| json!({"Type": "DIMENSION", "Key": key});
    let period = |start: &str, end: &str| json!({"Start": start, "End": end});
    let services = json!({"Dimensions": {"Key": "SERVICE", "Values": ["a"]}});
    let bad = "ValidationException";
    let cases: Vec<(&str, Value, &str)> = vec![
        ("GroupBy", json!([group("SERVICE"), group("RECORD_TYPE"), group("USAGE_TYPE")]), bad),
        ("GroupBy", json!([group("CHARGE_TYPE")]), bad),
        ("GroupBy", json!([group("REGION")]), bad),
        ("GroupBy", json!([group("BILLING_ENTITY")]), bad),
        ("GroupBy", json!([{"Type": "DIMENSION"}]), bad),
        ("Filter", json!({}), bad),
        ("Filter", json!({"Dimensions": services["Dimensions"], "Not": services}), bad),
        ("Filter", json!({"Not": {}}), bad),
        ("Filter", json!({"And": [services]}), bad),
        ("Filter", json!({"Dimensions": {"Key": "CHARGE_TYPE", "Values": ["Credit"]}}), bad),
        ("Filter", json!({"Dimensions": {"Key": "SERVICE", "Values": []}}), bad),
        ("Filter", json!({"Dimensions": {"Key": "SERVICE", "Values": ["a"], "MatchOptions": ["CONTAINS"]}}), bad),
        ("TimePeriod", period("2026-11-20", "2026-11-20"), bad),
        ("TimePeriod", period("2026-11-20", "2026-11-19"), bad),
        ("TimePeriod", period("2026-11-1", "2026-11-19"), bad),
        ("TimePeriod", period("2026-11-01T00:00:00Z", "2026-11-19"), bad),
        ("TimePeriod", period("2025-09-30", "2026-11-19"), bad),
        ("TimePeriod", period("2026-11-01", "2026-11-22"), bad),
        ("TimePeriod", Value::Null, bad),
        ("Metrics", json!([]), bad),
        ("Metrics", Value::Null, bad),
        ("Metrics", json!(["UNBLENDED_COST"]), bad),
        ("Granularity", json!("WEEKLY"), bad),
        ("GroupBy", json!("SERVICE"), "SerializationException"),
        ("NextPageToken", json!("no such token"), "InvalidNextTokenException"),
    ];
    for (member, value, kind) in cases {
        let mut query = good_query();
        query[member] = value.clone();
        let got = outcome(by_hand(&aws, COSTS, "us-east-1/ce", &query)).await;
        assert_eq!(got, (400, json!(kind)), "{member} = {value}");
    }
    assert!(aws.requests().iter().all(|request| !request.paid), "a refused request costs nothing");

    // The edges that are still inside: 13 full months back, and up to tomorrow.
    let mut query = good_query();
    query["TimePeriod"] = period("2025-10-01", "2026-11-21");
    assert_eq!(outcome(by_hand(&aws, COSTS, "us-east-1/ce", &query)).await.0, 200);
    assert_eq!(aws.requests().iter().filter(|request| request.paid).count(), 1);
}

#[tokio::test]
async fn refuses_calls_that_are_not_signed_for_it() {
    let aws = start(FakeAccount::new(ACCOUNT), "2026-11-20T06:00:00Z").await;
    let query = good_query();
    let unsigned = reqwest::Client::new().post(aws.endpoint()).header("x-amz-target", COSTS).body(query.to_string());
    assert_eq!(outcome(unsigned).await, (403, json!("MissingAuthenticationTokenException")));
    for scope in ["eu-west-1/ce", "us-east-1/billing", "us-east-1"] {
        let got = outcome(by_hand(&aws, COSTS, scope, &query)).await;
        assert_eq!(got, (403, json!("InvalidSignatureException")), "{scope}");
    }
    let mut unbound = by_hand(&aws, COSTS, "us-east-1/ce", &query).build().unwrap();
    let text = unbound.headers()["authorization"].to_str().unwrap().replace("host;", "");
    unbound.headers_mut().insert("authorization", text.parse().unwrap());
    let answer = reqwest::Client::new().execute(unbound).await.unwrap();
    assert!(answer.text().await.unwrap().contains("IncompleteSignatureException"));
    let mut untyped = by_hand(&aws, COSTS, "us-east-1/ce", &query).build().unwrap();
    untyped.headers_mut().remove("content-type");
    let answer = reqwest::Client::new().execute(untyped).await.unwrap();
    assert!(answer.text().await.unwrap().contains("UnknownOperationException"));
    let got = outcome(by_hand(&aws, "AWSBilling.RedeemCredits", "us-east-1/billing", &json!({}))).await;
    assert_eq!(got, (400, json!("UnknownOperationException")), "no write is ever answered");
}

#[tokio::test]
async fn pages_add_up_and_belong_to_their_query() {
    let unpaged = start(startup::account(), "2026-11-20T06:00:00Z").await;
    let keys = ["SERVICE", "RECORD_TYPE"];
    let whole = costs(&unpaged, "2026-11-10", "2026-11-21", keys).await;
    assert_eq!(unpaged.requests().len(), 1);
    for page_size in [1, 7, 100] {
        let paged = start(startup::account().page_size(page_size), "2026-11-20T06:00:00Z").await;
        assert_eq!(whole, costs(&paged, "2026-11-10", "2026-11-21", keys).await, "{page_size} to a page");
        let pages = paged.requests();
        // No day of that window is without a group, so every group is one entry.
        assert_eq!(pages.len(), whole.len().div_ceil(page_size));
        assert!(pages.iter().enumerate().all(|(index, request)| request.paid && request.page == index + 1));

        let mut changed = pages[1].body.clone();
        changed["Metrics"] = json!(["BlendedCost"]);
        let got = outcome(by_hand(&paged, COSTS, "us-east-1/ce", &changed)).await;
        assert_eq!(got, (400, json!("RequestChangedException")));
    }
}

#[tokio::test]
async fn answers_like_a_real_account() {
    let text = include_str!("../fixtures/get_cost_and_usage_daily_by_service_2024-02-01_2024-03-15.json");
    let real: Value = serde_json::from_str(text).unwrap();
    let mut account = FakeAccount::new(ACCOUNT).credit_rows(CreditRows::None);
    let mut expected = BTreeMap::new();
    for result in real["ResultsByTime"].as_array().unwrap() {
        let day = result["TimePeriod"]["Start"].as_str().unwrap();
        for group in result["Groups"].as_array().unwrap() {
            let service = group["Keys"][0].as_str().unwrap();
            let amount = group["Metrics"]["UnblendedCost"]["Amount"].as_str().unwrap();
            // Cost Explorer writes tiny amounts in scientific notation; what a fixture adds is plain.
            let amount = money(amount).to_string();
            account = account.charge(day, service, "Usage", &amount);
            expected.insert((day.to_owned(), service.to_owned()), money(&amount));
        }
    }
    let aws = start(account, "2024-05-01T00:00:00Z").await;
    let query = json!({
        "TimePeriod": {"Start": "2024-02-01", "End": "2024-03-15"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
    });
    let (status, answer) = outcome(by_hand(&aws, COSTS, "us-east-1/ce", &query)).await;
    assert_eq!(status, 200);
    assert_eq!(answer["GroupDefinitions"], real["GroupDefinitions"]);
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let (ours, theirs) = (&answer["ResultsByTime"], &real["ResultsByTime"]);
    assert_eq!(names(&answer), names(&real), "the same members at the top");
    assert_eq!(names(&ours[0]), names(&theirs[0]), "the same members in a day");
    assert_eq!(names(&ours[0]["Groups"][0]), names(&theirs[0]["Groups"][0]), "the same members in a group");
    assert_eq!(ours.as_array().unwrap().len(), theirs.as_array().unwrap().len());
    let mut got = BTreeMap::new();
    for result in ours.as_array().unwrap() {
        let day = result["TimePeriod"]["Start"].as_str().unwrap();
        for group in result["Groups"].as_array().unwrap() {
            let amount = money(group["Metrics"]["UnblendedCost"]["Amount"].as_str().unwrap());
            got.insert((day.to_owned(), group["Keys"][0].as_str().unwrap().to_owned()), amount);
        }
    }
    assert_eq!(got, expected);
}

#[tokio::test]
async fn days_arrive_over_two_days() {
    let account = FakeAccount::new(ACCOUNT).usage("2026-11-18", S3, "Requests-Tier1", "Requests", "10", "100");
    let aws = start(account, "2026-11-18T12:00:00Z").await;
    let mut seen = Vec::new();
    for now in ["2026-11-18T12:00:00Z", "2026-11-19T00:00:00Z", "2026-11-19T23:59:59Z", "2026-11-20T00:00:00Z"] {
        aws.set_now(at(now));
        let costs = costs(&aws, "2026-11-18", "2026-11-19", ["SERVICE", "RECORD_TYPE"]).await;
        seen.push(cost(&costs, "2026-11-18", S3, "Usage").unwrap_or_default());
    }
    assert!(seen[0] < seen[1], "little on the day: {seen:?}");
    assert_eq!(seen[1], seen[2], "the share does not move within a day");
    assert!(seen[2] > money("30") && seen[2] < money("90"), "a part a day later: {seen:?}");
    assert_eq!(seen[3], money("100"), "all of it two days later");
}

#[tokio::test]
async fn history_is_restated_when_the_clock_passes() {
    let late = "2026-11-07T00:00:00Z";
    let account = FakeAccount::new(ACCOUNT)
        .usage("2026-10-20", S3, "Requests-Tier1", "Requests", "10", "5")
        .usage("2026-10-21", S3, "Requests-Tier1", "Requests", "10", "5")
        .restate(late, "2026-10-20", S3, "Usage", "Requests-Tier1", "Requests", "-10", "-5")
        .restate(late, "2026-10-21", S3, "Usage", "Requests-Tier1", "Requests", "2", "1.5")
        .restate(late, "2026-10-01", "AWS Support (Business)", "Support", "Dollar", "Dollar", "1", "100");
    let aws = start(account, "2026-11-06T23:59:59Z").await;
    let keys = ["SERVICE", "RECORD_TYPE"];
    let before = costs(&aws, "2026-10-01", "2026-11-01", keys).await;
    assert_eq!(before.values().copied().collect::<Vec<_>>(), [money("5"), money("5")]);
    aws.set_now(at(late));
    let after = costs(&aws, "2026-10-01", "2026-11-01", keys).await;
    assert_eq!(cost(&after, "2026-10-20", S3, "Usage"), None, "corrected away");
    assert_eq!(cost(&after, "2026-10-21", S3, "Usage"), Some(money("6.5")));
    assert_eq!(cost(&after, "2026-10-01", "AWS Support (Business)", "Support"), Some(money("100")));
}

#[tokio::test]
async fn bills_are_estimates_until_the_tenth() {
    let aws = start(FakeAccount::new(ACCOUNT), "2026-11-09T23:59:59Z").await;
    let mut query = good_query();
    query["TimePeriod"] = json!({"Start": "2026-09-30", "End": "2026-11-02"});
    query["Granularity"] = json!("MONTHLY");
    let mut flags = Vec::new();
    for now in ["2026-11-09T23:59:59Z", "2026-11-10T00:00:00Z"] {
        aws.set_now(at(now));
        let (_, answer) = outcome(by_hand(&aws, COSTS, "us-east-1/ce", &query)).await;
        let results = answer["ResultsByTime"].as_array().unwrap().clone();
        assert!(results.iter().all(|result| result["Groups"] == json!([]) && result["Total"] == json!({})));
        flags.push(results.iter().map(|result| result["Estimated"].as_bool().unwrap()).collect::<Vec<_>>());
    }
    assert_eq!(flags, [[false, true, true], [false, false, true]]);
}

#[tokio::test]
async fn filters_nest_and_units_mix() {
    let account = FakeAccount::new(ACCOUNT)
        .credit_rows(CreditRows::None)
        .usage("2026-11-02", EC2, "BoxUsage:trn1.32xlarge", "Hrs", "2", "43")
        .usage("2026-11-02", S3, "Requests-Tier1", "Requests", "1000", "0.005")
        .charge("2026-11-02", EC2, "Credit", "-43")
        .charge("2026-11-01", "Tax", "Tax", "7.5");
    let aws = start(account, "2026-11-20T06:00:00Z").await;
    let one = |key: &str, value: &str| json!({"Dimensions": {"Key": key, "Values": [value]}});
    let taxes = json!({"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Tax", "Refund"]}});
    let cases = [
        (json!({"Not": taxes}), "43.005", "1002", "N/A"),
        (one("USAGE_TYPE", "BoxUsage:trn1.32xlarge"), "43", "2", "Hrs"),
        (
            json!({"And": [{"Not": taxes}, {"Or": [one("SERVICE", S3), one("SERVICE", "none")]}]}),
            "0.005",
            "1000",
            "Requests",
        ),
        (one("LINKED_ACCOUNT", ACCOUNT), "7.505", "1002", "N/A"),
        (one("LINKED_ACCOUNT", "000000000000"), "0", "0", "N/A"),
    ];
    for (filter, usd, quantity, unit) in cases {
        let query = json!({
            "TimePeriod": {"Start": "2026-11-01", "End": "2026-11-21"},
            "Granularity": "MONTHLY",
            "Metrics": ["UnblendedCost", "UsageQuantity"],
            "Filter": filter,
        });
        let (_, answer) = outcome(by_hand(&aws, COSTS, "us-east-1/ce", &query)).await;
        let total = &answer["ResultsByTime"][0]["Total"];
        assert_eq!(total["UnblendedCost"], json!({"Amount": usd, "Unit": "USD"}), "{}", query["Filter"]);
        assert_eq!(total["UsageQuantity"], json!({"Amount": quantity, "Unit": unit}), "{}", query["Filter"]);
    }
}
