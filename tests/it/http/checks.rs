//! A check on order: each permission, the store and each channel, and what it costs.

use axum::http::StatusCode;
use glidepath::config::Config;
use glidepath::cycle::CheckReport;
use glidepath::demo::{FakeAccount, FakeAws, FakeCredit, Fault, Operation};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::wording::trouble::Trouble;
use glidepath::store::{CreditPull, IngestRun};
use serde_json::json;

use crate::support::served::{Ask, Served, config, first_cycle};

const ACCOUNT: &str = "123456789012";
const BEDROCK: &str = "Amazon Bedrock";

async fn fake() -> FakeAws {
    let account = FakeAccount::new(ACCOUNT)
        .usage("2026-03-18", BEDROCK, "USE1-NovaLite-input-tokens", "1K tokens", "1000", "60")
        .credit(FakeCredit::new("4711", "9000", "2026-02-01", "2027-02-01", &[BEDROCK]));
    FakeAws::start(account, first_cycle()).await.unwrap()
}

async fn check(served: &Served, path: &str) -> CheckReport {
    let answer = served.send(Ask::post(path)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    serde_json::from_value(answer.json()).unwrap()
}

#[tokio::test]
async fn everything_is_tried_and_the_question_is_counted() {
    let fake = fake().await;
    let served = Served::empty(config(), &fake.endpoint());
    let checked = check(&served, "/api/v1/check").await;
    assert_eq!(checked.problem(), None, "{checked:?}");
    let operations: Vec<&str> = checked.permissions.iter().map(|tried| tried.operation.as_str()).collect();
    assert_eq!(
        operations,
        ["GetCallerIdentity", "GetCostAndUsage", "GetCredits", "GetCreditAllocationHistory", "GetAccountPlanState"]
    );
    assert_eq!(checked.permissions[2].account.as_deref(), Some(ACCOUNT));
    assert_eq!(checked.usd_spent.to_string(), "0.01");
    let paid = served.engine.store().paid_requests(first_cycle().date_naive()).await.unwrap();
    assert_eq!((paid.sent_today, paid.charged_month), (1, 1), "under the ceiling as any other");
    let channels = serde_json::to_value(checked.channels).unwrap();
    assert_eq!(channels, json!([{ "channel": "ops", "kind": "log", "arrived": true, "error": null }]));

    assert_eq!(check(&served, "/api/v1/check?channels=false").await.channels, None);
    let misspelt = served.send(Ask::post("/api/v1/check?channel=false")).await;
    assert_eq!(misspelt.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_refused_is_an_answer_with_advice() {
    let fake = fake().await;
    fake.inject(Fault::Denied.on(Operation::GetCostAndUsage).always());
    let served = Served::empty(config(), &fake.endpoint());
    let checked = check(&served, "/api/v1/check?channels=false").await;
    assert_eq!(checked.problem(), Some(("not everything is allowed", Trouble::AwsRefuses)));
    let refused: Vec<_> = checked.permissions.iter().filter(|tried| !tried.allowed).collect();
    assert_eq!(refused.len(), 1, "each on its own: {checked:?}");
    assert!(refused[0].advice.as_ref().unwrap().contains("ce:GetCostAndUsage"), "{refused:?}");
    assert_eq!(checked.usd_spent.to_string(), "0");

    // The store holds another account's data: it says so, and the check goes on.
    let mut strangers = Config { ..config() };
    strangers.aws.accounts = vec!["999900001111".to_owned()];
    strangers.aws.payer_account = Some(ACCOUNT.to_owned());
    let served = Served::empty(strangers, &fake.endpoint());
    let earlier = IngestRun {
        clock: first_cycle(),
        aws_clock: Some(first_cycle()),
        account: Some(ACCOUNT.to_owned()),
        costs: None,
        costs_outcome: Outcome::NotTried,
        credits: CreditPull::default(),
        credits_outcome: Outcome::NotTried,
    };
    served.engine.store().append_run(earlier).await.unwrap();
    let checked = check(&served, "/api/v1/check").await;
    let refused = Some(("a cycle would be refused", Trouble::StoreOfAnotherAccount));
    assert_eq!(checked.problem(), refused, "{checked:?}");
    assert!(checked.refused_by_store.unwrap().contains("999900001111"));
    assert_eq!(checked.channels.unwrap().len(), 1);
}

#[tokio::test]
async fn prices_of_the_book_and_of_the_bill() {
    let served = Served::fed(config()).await;
    let seen = served.get("/api/v1/prices").await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    let all = served.get("/api/v1/prices?all=true").await.json();
    let (seen, all) = (seen.json(), all.as_array().unwrap().clone());
    assert!(all.len() > seen.as_array().unwrap().len() && all.len() > 50, "{}", all.len());
    assert!(all.iter().any(|row| row["name"] == "Nova Lite" && row["book"]["usd"].is_string()));
    assert_eq!(served.get("/api/v1/prices?every=true").await.status, StatusCode::BAD_REQUEST);
}
