//! The billing API: credits with their traps, and the history of what they paid.

use glidepath::aws::allocation::Allocation;
use glidepath::aws::credits::{self, AccountCredits, CreditAnswer, NO_EXPIRY};
use glidepath::aws::{AwsError, AwsSettings, Denial, Operation};
use glidepath::domain::facts::credits::{ApplicationType, CreditSnapshot};
use glidepath::domain::values::money::Money;
use serde_json::{Value, json};

use super::in_memory::{InMemoryLog, Tally};
use super::listener::{ACCOUNT, Canned, Listener, Sent, clients, day, money, ok, refusal, settings, web_page};

// Midnights of 2026, as the billing API counts them.
const MARCH_1: i64 = 1_772_323_200;
const MARCH_20: i64 = MARCH_1 + 19 * 86_400;
const APRIL_1: i64 = MARCH_1 + 31 * 86_400;

fn usd(amount: &str) -> Value {
    json!({ "currencyCode": "USD", "currencyAmount": amount })
}

/// The least that the billing API's model requires of a credit, and an end.
fn credit(id: &str) -> Value {
    json!({
        "creditId": id, "accountId": ACCOUNT, "creditType": "Promotion", "description": "Activate",
        "initialAmount": usd("1000"), "remainingAmount": usd("400"), "startDate": MARCH_1, "endDate": APRIL_1,
    })
}

fn without(mut credit: Value, field: &str) -> Value {
    credit.as_object_mut().unwrap().remove(field);
    credit
}

fn with(mut credit: Value, field: &str, value: Value) -> Value {
    credit[field] = value;
    credit
}

fn allocation(service: &str, month: &str, amount: &str) -> Value {
    json!({
        "creditId": "1", "accountId": ACCOUNT, "appliedServiceName": service, "billingMonth": month,
        "isEstimatedBill": true, "creditAmount": usd(amount),
    })
}

fn history(rows: &[Value], token: Option<&str>) -> Value {
    json!({ "creditAllocationHistoryList": rows, "partialResults": false, "nextToken": token })
}

/// An allocation history of one row, for tests about something else.
fn some_history() -> Canned {
    ok(&history(&[allocation("Amazon Bedrock", "2026-03", "-1")], None))
}

fn no_credits() -> Canned {
    ok(&json!({ "credits": [] }))
}

/// Pulls the credits of one configured account on 20 March 2026, with the history of `months`.
async fn pull(months: u32, answers: impl IntoIterator<Item = Canned>) -> (AccountCredits, Vec<Sent>) {
    let listener = Listener::answering(answers).await;
    let settings = AwsSettings { accounts: vec![ACCOUNT.to_owned()], history_months: months, ..settings() };
    let log = InMemoryLog::with_ceiling(Some(0));
    let clients = clients(&listener.endpoint, &settings, &log);
    let mut pulled = credits::pull(&clients, day("2026-03-20")).await.unwrap();
    assert_eq!((pulled.accounts.len(), log.tally()), (1, Tally::default()), "the billing API is free");
    (pulled.accounts.remove(0), listener.sent())
}

/// What `list` is read as.
async fn listed(list: &[Value]) -> CreditAnswer {
    pull(1, [ok(&json!({ "credits": list })), some_history()]).await.0.credits
}

#[tokio::test]
async fn a_credit_is_read_field_by_field() {
    let full = json!({
        "creditId": "42", "accountId": ACCOUNT, "creditType": "Promotion", "description": "Activate",
        // AWS's sign varies; a balance has none.
        "initialAmount": usd("-25000.00"), "remainingAmount": usd("-9000.5"), "estimatedAmount": usd("-8500.25"),
        "startDate": MARCH_1, "endDate": APRIL_1 - 1, "exhaustDate": MARCH_20 + 5,
        "applicableProductNames": ["Amazon Bedrock", "AmazonEC2"],
        "creditStatus": "DISABLED", "applicationType": "AFTER_CROSS_SERVICE_DISCOUNTS",
        "creditSharingType": "CUSTOM", "shareableAccounts": ["111111111111"],
        "purchaseTypeApplications": ["OnDemand"],
    });
    let CreditAnswer::Listed(credits) = listed(&[full]).await else { panic!("not listed") };
    let expected = CreditSnapshot {
        credit_id: "42".to_owned(),
        account: ACCOUNT.to_owned(),
        description: "Activate".to_owned(),
        credit_type: "Promotion".to_owned(),
        initial: money("25000"),
        remaining: Some(money("9000.5")),
        estimated: Some(money("8500.25")),
        currency: "USD".to_owned(),
        starts_on: day("2026-03-01"),
        expires_on: day("2026-04-01"),
        exhausted_on: Some(day("2026-03-20")),
        products: Some(vec!["Amazon Bedrock".to_owned(), "AmazonEC2".to_owned()]),
        enabled: false,
        application_type: Some(ApplicationType::AfterDiscounts),
        sharing: Some("CUSTOM".to_owned()),
        shareable_accounts: vec!["111111111111".to_owned()],
        purchase_types: Some(vec!["OnDemand".to_owned()]),
    };
    assert_eq!(credits, [expected]);
    assert_eq!(credits[0].usable_balance(), Some(money("8500.25")));
}

#[tokio::test]
async fn what_aws_leaves_out_stays_unknown() {
    let unlisted = with(credit("7"), "applicableProductNames", json!([]));
    let open = without(without(credit("8"), "remainingAmount"), "endDate");
    let used_up = with(with(credit("9"), "remainingAmount", usd("0.00")), "creditStatus", json!("ENABLED"));
    let CreditAnswer::Listed(credits) = listed(&[used_up, open, unlisted]).await else { panic!("not listed") };
    let ids: Vec<_> = credits.iter().map(|credit| credit.credit_id.as_str()).collect();
    assert_eq!(ids, ["7", "8", "9"], "sorted whatever AWS's order");
    assert_eq!(credits[0].products, None, "an empty list is an unknown restriction");
    assert_eq!(credits[0].usable_balance(), Some(money("400")), "no estimate: the balance after closed bills");
    assert_eq!(credits[0].expires_on, day("2026-04-01"), "a midnight is the exclusive end already");
    assert!(credits[0].enabled);
    assert_eq!((credits[1].usable_balance(), credits[1].expires_on), (None, NO_EXPIRY));
    assert_eq!(credits[2].usable_balance(), Some(Money::ZERO), "empty, and still enabled");
    assert!(credits[2].enabled);
}

#[tokio::test]
async fn denied_empty_and_failed_are_three_answers() {
    assert_eq!(listed(&[]).await, CreditAnswer::Listed(Vec::new()));

    let denial = refusal(403, "AccessDeniedException", "is not authorized to perform: billing:GetCredits");
    let (account, sent) = pull(1, [denial, some_history()]).await;
    assert!(matches!(account.credits, CreditAnswer::Denied(AwsError::Denied { by: Denial::NotAllowed, .. })));
    assert_eq!((account.history.len(), account.history_error), (1, None), "the other permission is its own");
    assert_eq!(sent.len(), 2);

    let (account, _) = pull(1, [web_page(200), some_history()]).await;
    assert!(matches!(account.credits, CreditAnswer::Failed(AwsError::Server { .. })), "{:?}", account.credits);
}

#[tokio::test]
async fn a_credit_that_cannot_be_read_is_named() {
    let euros = json!({ "currencyCode": "EUR", "currencyAmount": "5" });
    for (bad, expected) in [
        (with(credit("77"), "remainingAmount", usd("lots")), "credit \"77\" has a bad remaining amount: \"lots\""),
        (
            with(credit("77"), "estimatedAmount", euros),
            "credit \"77\" has a bad estimated amount: \"5\" is in \"EUR\", where USD is configured",
        ),
        (without(credit("77"), "initialAmount"), "credit \"77\" has no initial amount"),
        (without(credit("77"), "startDate"), "credit \"77\" has no start date"),
        (without(credit("77"), "creditId"), "credit \"\" has no id"),
        (with(credit("1"), "remainingAmount", usd("399")), "credit \"1\" comes twice, with other figures"),
    ] {
        let answer = listed(&[credit("1"), bad]).await;
        let CreditAnswer::Failed(AwsError::Malformed { operation: Operation::GetCredits, what }) = &answer else {
            panic!("{expected}: {answer:?}")
        };
        assert!(what.contains(expected), "{what} should contain {expected}");
    }
    assert!(matches!(listed(&[credit("77"), credit("77")]).await, CreditAnswer::Listed(once) if once.len() == 1));
}

#[tokio::test]
async fn the_billing_calls_are_sent_as_aws_documents_them() {
    let (_, sent) = pull(1, [no_credits(), some_history()]).await;
    let credits = json!({ "accountId": ACCOUNT, "startDate": MARCH_20 - 364 * 86_400 });
    // The month ends after today, and the range with today: its end is exclusive.
    let allocations =
        json!({ "accountId": ACCOUNT, "startDate": MARCH_1, "endDate": MARCH_20 + 86_400, "maxResults": 1000 });
    assert_eq!(
        sent,
        [
            Sent { target: "AWSBilling.GetCredits".to_owned(), body: credits },
            Sent { target: "AWSBilling.GetCreditAllocationHistory".to_owned(), body: allocations },
        ]
    );
}

#[tokio::test]
async fn the_history_is_read_whole_and_once() {
    let bedrock = || allocation("Amazon Bedrock", "2026-03", "-12.5");
    let (account, sent) = pull(
        1,
        [
            no_credits(),
            // Empty at first, as about one answer in five.
            ok(&history(&[], None)),
            ok(&history(&[bedrock(), allocation("Amazon Bedrock", "2026-04", "-99")], Some("more"))),
            ok(&history(&[bedrock(), allocation("Amazon EC2", "2026-03", "-3")], None)),
        ],
    )
    .await;
    assert_eq!((account.history.len(), account.history_error), (1, None));
    assert_eq!(account.history[0].month.to_string(), "2026-03");
    assert!(account.history[0].complete);
    let row = |service: &str, amount: &str| Allocation {
        credit_id: "1".to_owned(),
        account: ACCOUNT.to_owned(),
        service: service.to_owned(),
        amount: money(amount),
        estimated: true,
        description: None,
    };
    assert_eq!(account.history[0].rows, [row("Amazon Bedrock", "-12.5"), row("Amazon EC2", "-3")]);
    assert_eq!((sent.len(), &sent[3].body["nextToken"]), (4, &json!("more")));
}

#[tokio::test]
async fn a_partial_month_is_marked_and_an_empty_one_asked_twice() {
    let partial = history(&[allocation("Amazon Bedrock", "2026-03", "-1")], None);
    for partial in [
        with(partial.clone(), "partialResults", json!(true)),
        with(partial.clone(), "failedMonths", json!(["2026-03"])),
    ] {
        let (account, _) = pull(1, [no_credits(), ok(&partial)]).await;
        assert!(!account.history[0].complete, "{partial}");
    }
    let empty = || ok(&history(&[], None));
    let (account, sent) = pull(1, [no_credits(), empty(), empty()]).await;
    assert_eq!((account.history[0].complete, account.history[0].rows.len(), sent.len()), (true, 0, 3));
}

#[tokio::test]
async fn a_month_that_cannot_be_read_costs_no_other() {
    let row = |month: &str| ok(&history(&[allocation("Amazon Bedrock", month, "-1")], None));
    let repeated =
        [ok(&history(&[allocation("Amazon Bedrock", "2026-01", "-1")], Some("same"))), ok(&history(&[], Some("same")))];
    let refused = [refusal(400, "ValidationException", "The range is not valid")];
    for broken in [repeated.to_vec(), refused.to_vec()] {
        let asked = broken.len() + 4;
        let answers = [no_credits(), row("2026-03"), row("2026-02")].into_iter().chain(broken).chain([row("2025-12")]);
        let (account, sent) = pull(4, answers).await;
        let months: Vec<_> = account.history.iter().map(|month| month.month.to_string()).collect();
        assert_eq!(months, ["2025-12", "2026-02", "2026-03"]);
        let error = account.history_error.unwrap();
        assert!(matches!(error, AwsError::RepeatedToken { page: 2, .. } | AwsError::Refused { .. }), "{error:?}");
        assert_eq!(sent.len(), asked);
    }
}

#[tokio::test]
async fn what_every_month_would_meet_ends_the_asking_and_keeps_the_months_before_it() {
    let denial =
        refusal(403, "AccessDeniedException", "is not authorized to perform: billing:GetCreditAllocationHistory");
    let (account, sent) = pull(13, [no_credits(), some_history(), denial]).await;
    let months: Vec<_> = account.history.iter().map(|month| month.month.to_string()).collect();
    assert_eq!(months, ["2026-03"]);
    assert!(matches!(account.history_error, Some(AwsError::Denied { .. })), "{:?}", account.history_error);
    assert_eq!(sent.len(), 3);
}
