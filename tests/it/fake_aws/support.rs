//! Accounts, clients and hand-made requests that the tests of the fake AWS share.

use std::collections::BTreeMap;

use aws_sdk_costexplorer::types::{DateInterval, Granularity, GroupDefinition, GroupDefinitionType};
use chrono::{DateTime, Utc};
use glidepath::demo::{FakeAccount, FakeAws, FakeCredit};
use glidepath::domain::values::money::Money;
use serde_json::{Value, json};

pub const ACCOUNT: &str = "123456789012";
pub const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
pub const S3: &str = "Amazon Simple Storage Service";

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub async fn start(account: FakeAccount, now: &str) -> FakeAws {
    FakeAws::start(account, at(now)).await.unwrap()
}

/// Builds an SDK client of any of the three crates against the fake, with retries off.
macro_rules! client {
    ($sdk:ident, $aws:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(aws_sdk_costexplorer::config::BehaviorVersion::latest())
                .region(aws_sdk_costexplorer::config::Region::new("us-east-1"))
                .credentials_provider(aws_sdk_costexplorer::config::Credentials::new(
                    "AKIDEXAMPLE",
                    "not-a-secret",
                    None,
                    None,
                    "test",
                ))
                .retry_config(aws_sdk_costexplorer::config::retry::RetryConfig::disabled())
                .endpoint_url($aws.endpoint())
                .build(),
        )
    };
}

pub fn group(key: &str) -> GroupDefinition {
    GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key(key).build()
}

/// Cost per (day, first key, second key), all pages, through the SDK.
pub async fn costs(
    aws: &FakeAws,
    start: &str,
    end: &str,
    keys: [&str; 2],
) -> BTreeMap<(String, String, String), Money> {
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

pub fn cost(costs: &BTreeMap<(String, String, String), Money>, day: &str, first: &str, second: &str) -> Option<Money> {
    costs.get(&(day.to_owned(), first.to_owned(), second.to_owned())).copied()
}

/// A request made by hand, signed in form.
pub fn by_hand(aws: &FakeAws, target: &str, scope: &str, body: &Value) -> reqwest::RequestBuilder {
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
pub async fn outcome(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    (status, body.get("__type").cloned().unwrap_or(body))
}

pub const COSTS: &str = "AWSInsightsIndexService.GetCostAndUsage";

pub fn good_query() -> Value {
    json!({
        "TimePeriod": {"Start": "2026-11-01", "End": "2026-11-21"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "RECORD_TYPE"}],
    })
}

/// Two credits, worked out by hand. The second expires sooner and pays S3 only.
/// 2nd: S3 30 from the second (20 left), EC2 80 from the first (20 left).
/// 3rd: S3 45 and EC2 10. The second gives S3 its 20; the first gives S3, the dearer service, its 20; S3 5 and EC2 10
/// stay open, and tax on them is 20 % of 15.
pub fn two_credits() -> FakeAccount {
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

pub(crate) use client;
