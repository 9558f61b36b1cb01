//! Faults strike the request that they are aimed at, as often as asked, and nothing else.

use aws_sdk_costexplorer::error::ProvideErrorMetadata;
use aws_sdk_costexplorer::types::{DateInterval, Granularity};
use glidepath::demo::{FakeAccount, Fault, Operation, startup};
use glidepath::domain::values::money::Money;
use serde_json::{Value, json};

use super::support::*;

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
        (Fault::OrganisationDenies, Some("AccessDeniedException")),
        (Fault::RequestExpired, Some("RequestExpired")),
        (Fault::UnknownCredentials, Some("UnrecognizedClientException")),
        (Fault::RegionDisabled, Some("RegionDisabledException")),
        (Fault::NotSignedUp, Some("OptInRequired")),
        (Fault::Invalid("no".to_owned()), Some("ValidationException")),
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

    aws.inject(Fault::NoEstimates.on(Operation::GetCredits));
    aws.inject(Fault::NegativeAmounts.on(Operation::GetCredits));
    let (bare, turned, plain) = (ask(credits).await.1, ask(credits).await.1, ask(credits).await.1);
    let of = |answer: &Value, name: &str| answer["credits"][0][name]["currencyAmount"].as_str().map(str::to_owned);
    assert_eq!((of(&bare, "estimatedAmount"), of(&bare, "remainingAmount")), (None, of(&plain, "remainingAmount")));
    for name in ["initialAmount", "remainingAmount", "estimatedAmount"] {
        assert_eq!(of(&turned, name), of(&plain, name).map(|amount| format!("-{amount}")));
    }

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
