//! The fake AWS, asked by the real SDK and by hand-made requests: it must refuse, page, lag, restate and fail as AWS
//! does, or the tests that stand on it prove nothing.

use std::collections::BTreeMap;

use aws_sdk_billing::primitives::DateTime as SdkTime;
use aws_sdk_costexplorer::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_costexplorer::error::ProvideErrorMetadata;
use aws_sdk_costexplorer::types::{DateInterval, Granularity, GroupDefinition, GroupDefinitionType};
use chrono::{DateTime, Utc};
use glidepath::demo::{CreditRows, FakeAccount, FakeAws, FakeCredit, Fault, Operation, startup};
use glidepath::domain::money::Money;
use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";
const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
const S3: &str = "Amazon Simple Storage Service";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

async fn start(account: FakeAccount, now: &str) -> FakeAws {
    FakeAws::start(account, at(now)).await.unwrap()
}

/// Builds an SDK client of any of the three crates against the fake, with retries off.
macro_rules! client {
    ($sdk:ident, $aws:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .credentials_provider(Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test"))
                .retry_config(RetryConfig::disabled())
                .endpoint_url($aws.endpoint())
                .build(),
        )
    };
}

fn group(key: &str) -> GroupDefinition {
    GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key(key).build()
}

/// Cost per (day, first key, second key), all pages, through the SDK.
async fn costs(aws: &FakeAws, start: &str, end: &str, keys: [&str; 2]) -> BTreeMap<(String, String, String), Money> {
    let client = client!(aws_sdk_costexplorer, aws);
    let mut costs = BTreeMap::new();
    let mut token = None;
    loop {
        let answer = client
            .get_cost_and_usage()
            .time_period(DateInterval::builder().start(start).end(end).build().unwrap())
            .granularity(Granularity::Daily)
            .metrics("UnblendedCost")
            .metrics("UsageQuantity")
            .set_group_by(Some(keys.map(group).to_vec()))
            .set_next_page_token(token)
            .send()
            .await
            .unwrap();
        for result in answer.results_by_time() {
            let day = result.time_period().unwrap().start().to_owned();
            for group in result.groups() {
                let [first, second] = group.keys() else { panic!("two keys, got {:?}", group.keys()) };
                let cost = &group.metrics().unwrap()["UnblendedCost"];
                assert_eq!(cost.unit(), Some("USD"));
                let key = (day.clone(), first.clone(), second.clone());
                assert!(costs.insert(key, money(cost.amount().unwrap())).is_none(), "a group came twice");
            }
        }
        token = answer.next_page_token().map(str::to_owned);
        if token.is_none() {
            return costs;
        }
    }
}

fn cost(costs: &BTreeMap<(String, String, String), Money>, day: &str, first: &str, second: &str) -> Option<Money> {
    costs.get(&(day.to_owned(), first.to_owned(), second.to_owned())).copied()
}

/// A request made by hand, signed in form.
fn by_hand(aws: &FakeAws, target: &str, scope: &str, body: &Value) -> reqwest::RequestBuilder {
    let version = if target.starts_with("AWSBilling") { "1.0" } else { "1.1" };
    let signature = "a".repeat(64);
    reqwest::Client::new()
        .post(aws.endpoint())
        .header("x-amz-target", target)
        .header("content-type", format!("application/x-amz-json-{version}"))
        .header("x-amz-date", "20261120T060000Z")
        .header(
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/{scope}/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={signature}"
            ),
        )
        .body(body.to_string())
}

/// Status and exception name of the answer, or its body where there is none.
async fn outcome(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    (status, body.get("__type").cloned().unwrap_or(body))
}

const COSTS: &str = "AWSInsightsIndexService.GetCostAndUsage";

fn good_query() -> Value {
    json!({
        "TimePeriod": {"Start": "2026-11-01", "End": "2026-11-21"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "RECORD_TYPE"}],
    })
}

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
    let paged = start(startup::account().page_size(7), "2026-11-20T06:00:00Z").await;
    let keys = ["SERVICE", "RECORD_TYPE"];
    let whole = costs(&unpaged, "2026-11-10", "2026-11-21", keys).await;
    assert_eq!(whole, costs(&paged, "2026-11-10", "2026-11-21", keys).await);
    assert_eq!(unpaged.requests().len(), 1);
    let pages = paged.requests();
    // No day of that window is without a group, so every group is one entry and a page holds seven.
    assert_eq!(pages.len(), whole.len().div_ceil(7));
    assert!(pages.iter().enumerate().all(|(index, request)| request.paid && request.page == index + 1));

    let mut changed = pages[1].body.clone();
    changed["Metrics"] = json!(["BlendedCost"]);
    let got = outcome(by_hand(&paged, COSTS, "us-east-1/ce", &changed)).await;
    assert_eq!(got, (400, json!("RequestChangedException")));
}

#[tokio::test]
async fn answers_like_a_real_account() {
    let text = include_str!("fixtures/get_cost_and_usage_daily_by_service_2024-02-01_2024-03-15.json");
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

/// Two credits, worked out by hand. The second expires sooner and pays S3 only.
/// 2nd: S3 30 from the second (20 left), EC2 80 from the first (20 left).
/// 3rd: S3 45 and EC2 10. The second gives S3 its 20; the first gives S3, the dearer service, its 20; S3 5 and EC2 10
/// stay open, and tax on them is 20 % of 15.
fn two_credits() -> FakeAccount {
    FakeAccount::new(ACCOUNT)
        .tax_rate("0.20")
        .credit(FakeCredit::new("11111111", "100", "2026-09-15", "2027-01-01", &[EC2, S3]))
        .credit(FakeCredit::new("22222222", "50", "2026-09-20", "2026-12-01", &[S3]).without_service_list())
        .credit(FakeCredit::new("33333333", "10", "2025-01-01", "2025-06-01", &[S3]))
        .usage("2026-08-31", S3, "Requests-Tier1", "Requests", "1", "4")
        .usage("2026-09-02", EC2, "BoxUsage:m7g.xlarge", "Hrs", "1", "80")
        .usage("2026-09-02", S3, "Requests-Tier1", "Requests", "1", "30")
        .usage("2026-10-03", EC2, "BoxUsage:m7g.xlarge", "Hrs", "1", "10")
        .usage("2026-10-03", S3, "Requests-Tier1", "Requests", "1", "45")
        .charge("2026-10-03", S3, "Support", "1000")
}

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
            .end_date(time("2026-12-01T00:00:00Z"))
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

#[tokio::test]
async fn sts_names_the_account() {
    let aws = start(FakeAccount::new(ACCOUNT), "2026-11-20T06:00:00Z").await;
    let client = client!(aws_sdk_sts, aws);
    assert_eq!(client.get_caller_identity().send().await.unwrap().account(), Some(ACCOUNT));
    aws.inject(Fault::ExpiredToken.on(Operation::GetCallerIdentity));
    let error = client.get_caller_identity().send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("ExpiredToken"));
    aws.stop().await.unwrap();
}

#[tokio::test]
async fn faults_strike_where_they_are_aimed() {
    let aws = start(startup::account().page_size(5), "2026-11-20T06:00:00Z").await;
    let client = client!(aws_sdk_costexplorer, aws);
    let ask = || {
        client
            .get_cost_and_usage()
            .time_period(DateInterval::builder().start("2026-11-19").end("2026-11-21").build().unwrap())
            .granularity(Granularity::Daily)
            .metrics("UnblendedCost")
            .group_by(group("SERVICE"))
    };
    for (fault, code) in [
        (Fault::Throttled, Some("LimitExceededException")),
        (Fault::Denied, Some("AccessDeniedException")),
        (Fault::RootSwitchOff, Some("AccessDeniedException")),
        (Fault::ExpiredToken, Some("ExpiredTokenException")),
        (Fault::InternalError, Some("InternalServerException")),
        (Fault::Html(503), None),
        (Fault::Html(200), None),
        (Fault::CutBody, None),
        (Fault::CutJson, None),
    ] {
        aws.inject(fault.clone().on(Operation::GetCostAndUsage).times(2));
        for _ in 0..2 {
            let error = ask().send().await.expect_err(&format!("{fault:?}"));
            assert_eq!(error.as_service_error().and_then(ProvideErrorMetadata::code), code, "{fault:?}");
        }
        ask().send().await.expect("the fault is used up");
    }

    aws.inject(Fault::BadAmount.on(Operation::GetCostAndUsage).page(2));
    let first = ask().send().await.unwrap();
    let second = ask().set_next_page_token(first.next_page_token().map(str::to_owned)).send().await.unwrap();
    let amounts = |answer: &aws_sdk_costexplorer::operation::get_cost_and_usage::GetCostAndUsageOutput| {
        let groups = answer.results_by_time().iter().flat_map(|result| result.groups().to_vec());
        groups.map(|group| group.metrics().unwrap()["UnblendedCost"].clone()).collect::<Vec<_>>()
    };
    assert!(amounts(&first).iter().all(|value| value.amount().unwrap().parse::<Money>().is_ok()));
    assert_eq!(amounts(&second).iter().filter(|value| value.amount().unwrap().parse::<Money>().is_err()).count(), 1);

    aws.inject(Fault::WrongCurrency.once());
    assert!(amounts(&ask().send().await.unwrap()).iter().all(|value| value.unit() == Some("EUR")));

    aws.inject(Fault::RepeatedToken.once().always());
    let first = ask().send().await.unwrap();
    let again = ask().set_next_page_token(first.next_page_token().map(str::to_owned)).send().await.unwrap();
    assert_eq!(first.next_page_token(), again.next_page_token());
    aws.clear_faults();
}

#[tokio::test]
async fn credit_faults_keep_denied_empty_and_zero_apart() {
    let aws = start(two_credits(), "2026-11-08T00:00:00Z").await;
    let ask = |target: &str| {
        let body = json!({"accountId": ACCOUNT, "startDate": at("2026-09-01T00:00:00Z").timestamp(),
                          "endDate": at("2026-11-01T00:00:00Z").timestamp()});
        outcome(by_hand(&aws, target, "us-east-1/billing", &body))
    };
    let (credits, history) = ("AWSBilling.GetCredits", "AWSBilling.GetCreditAllocationHistory");
    aws.inject(Fault::Denied.on(Operation::GetCredits));
    assert_eq!(ask(credits).await, (400, json!("AccessDeniedException")));
    aws.inject(Fault::Throttled.on(Operation::GetCredits));
    assert_eq!(ask(credits).await, (400, json!("ThrottlingException")));
    aws.inject(Fault::EmptyList.on(Operation::GetCredits));
    assert_eq!(ask(credits).await.1["credits"], json!([]));
    assert_eq!(ask(credits).await.1["credits"].as_array().unwrap().len(), 2);

    let rows = |answer: &Value| answer["creditAllocationHistoryList"].as_array().unwrap().len();
    aws.inject(Fault::RepeatedRows.on(Operation::GetCreditAllocationHistory));
    assert_eq!(rows(&ask(history).await.1), 8);
    aws.inject(Fault::PartialResults(vec!["2026-10".into()]).on(Operation::GetCreditAllocationHistory));
    let (_, partial) = ask(history).await;
    assert_eq!((rows(&partial), &partial["partialResults"]), (2, &json!(true)));
    assert_eq!(partial["failedMonths"], json!(["2026-10"]));
    aws.inject(Fault::EmptyList.on(Operation::GetCreditAllocationHistory));
    assert_eq!(rows(&ask(history).await.1), 0);
}
