//! Answers that are none: denials, bad credentials, web pages, broken wires, settings that cannot work.

use glidepath::aws::credits::{self, CreditAnswer};
use glidepath::aws::{AwsClients, AwsError, AwsSettings, Denial, Operation, account_plan, cost_explorer};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::in_memory::{InMemoryLog, Tally};
use super::listener::{
    ACCOUNT, Canned, Listener, clients, day, failed_pull, identity, malformed, ok, refusal, settings, web_page, window,
};
use crate::support::port;

#[tokio::test]
async fn a_policys_denial_is_told_from_the_accounts_own_switch() {
    let by_policy = "User: arn:aws:iam::123456789012:user/ops is not authorized to perform: ce:GetCostAndUsage on \
                     resource: * because no identity-based policy allows it";
    let switch = "User not enabled for cost explorer access";
    for (words, expected) in [(by_policy, Denial::NotAllowed), (switch, Denial::AccountSwitch)] {
        let (error, sent, tally) = failed_pull([refusal(400, "AccessDeniedException", words)]).await;
        let AwsError::Denied { by, message, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*by, message.as_str()), (expected, words));
        assert!(error.advice().contains("ce:GetCostAndUsage") && error.advice().contains("root user"));
        assert_eq!((sent.len(), tally.not_charged), (1, 1), "a denial is final and free");
    }
}

#[tokio::test]
async fn bad_credentials_are_named_and_not_quoted() {
    let (error, ..) = failed_pull([refusal(400, "ExpiredTokenException", "The security token is expired")]).await;
    assert_eq!(error, AwsError::ExpiredCredentials { operation: Operation::GetCostAndUsage });
    assert!(error.advice().contains("aws sso login"));

    let words = "The AWS Access Key Id you provided (AKIAIOSFODNN7EXAMPLE) does not exist";
    for code in ["UnrecognizedClientException", "InvalidSignatureException", "SomethingElse"] {
        let (error, ..) = failed_pull([refusal(403, code, words)]).await;
        let told = format!("{error} {error:?} {}", error.advice());
        assert!(told.contains(code), "{told}");
        assert!(!told.contains("AKIA"), "{told}");
    }
}

#[tokio::test]
async fn what_is_not_an_answer_of_aws_is_told_apart() {
    let (error, ..) = failed_pull([web_page(200)]).await;
    let AwsError::Server { status: 200, what, .. } = &error else { panic!("{error:?}") };
    assert!(what.contains("web page"));

    let (error, sent, tally) = failed_pull((0..4).map(|_| web_page(503))).await;
    assert!(matches!(error, AwsError::Server { status: 503, .. }), "{error:?}");
    assert_eq!((sent.len(), tally.not_charged), (4, 4), "the SDK tries a failing server four times");

    let broken = Canned { body: "{\"ResultsByTime\": [".to_owned(), ..ok(&json!({})) };
    let (error, ..) = failed_pull([broken]).await;
    assert!(malformed(&error).contains("cannot be parsed"), "{error}");

    let (error, ..) = failed_pull((0..4).map(|_| refusal(500, "InternalServerException", "oops"))).await;
    assert!(error.to_string().contains("InternalServerException"), "{error}");
    assert!(error.retryable());
}

#[tokio::test]
async fn a_body_cut_short_is_retried_and_then_named() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", socket.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            let mut request = vec![0; 16 * 1024];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{\"ResultsByTime\": [";
            stream.write_all(cut).await.unwrap();
        }
    });
    let log = InMemoryLog::default();
    let settings = AwsSettings { max_attempts: 2, ..settings() };
    let error = cost_explorer::pull(&clients(&endpoint, &settings, &log), window()).await.unwrap_err();
    assert_eq!(error, AwsError::CutShort { operation: Operation::GetCostAndUsage });
    assert!(error.retryable());
    assert_eq!(log.tally(), Tally { charged: 2, not_charged: 0, unknown: 0 }, "AWS had answered 200 both times");
}

/// A server whose answers have no end, whatever it is asked.
async fn endless() -> String {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", socket.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 16 * 1024];
                assert!(stream.read(&mut request).await.unwrap() > 0);
                let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\n\r\n{\"ResultsByTime\": [";
                stream.write_all(head).await.unwrap();
                let more = vec![b' '; 1024 * 1024];
                while stream.write_all(&more).await.is_ok() {}
            });
        }
    });
    endpoint
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_to_its_end() {
    let endpoint = endless().await;
    let once = AwsSettings { max_attempts: 1, ..settings() };
    let stranger = clients(&endpoint, &once, &InMemoryLog::default());
    let known = AwsSettings { accounts: vec![ACCOUNT.to_owned()], ..once };
    let known = clients(&endpoint, &known, &InMemoryLog::default());
    let today = window().end;
    let listed = credits::pull(&known, today).await.unwrap().accounts.remove(0);
    let CreditAnswer::Failed(credits) = listed.credits else { panic!("{:?}", listed.credits) };
    let errors = [
        stranger.account_id().await.unwrap_err(),
        cost_explorer::pull(&known, window()).await.unwrap_err(),
        credits,
        listed.history_error.unwrap(),
        account_plan::ask(&stranger, today).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains("it is longer than 64 MiB"), "{error}");
        assert!(!error.retryable(), "{error}");
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let endpoint = format!("http://127.0.0.1:{}", port::reserved());
    let clients = clients(&endpoint, &settings(), &InMemoryLog::default());
    let error = cost_explorer::pull(&clients, window()).await.unwrap_err();
    assert!(matches!(error, AwsError::Unreachable { .. }), "{error:?}");
    assert!(error.advice().contains("AWS_ENDPOINT_URL"));
}

#[tokio::test]
async fn sts_is_asked_once_for_the_account() {
    let listener = Listener::answering([identity()]).await;
    let clients = clients(&listener.endpoint, &settings(), &InMemoryLog::default());
    assert_eq!(clients.account_id().await.unwrap(), ACCOUNT);
    assert_eq!(clients.clone().account_ids().await.unwrap(), [ACCOUNT]);
    assert_eq!(listener.sent().len(), 1);
}

#[tokio::test]
async fn without_an_account_number_the_credits_fail_with_a_reason() {
    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>expired</Message></Error>\
                <RequestId>r</RequestId></ErrorResponse>";
    let expired = Canned { status: 403, content_type: "text/xml", body: body.to_owned(), date: None };
    let listener = Listener::answering([expired]).await;
    let clients = clients(&listener.endpoint, &settings(), &InMemoryLog::default());
    let error = credits::pull(&clients, day("2026-03-20")).await.unwrap_err();
    assert_eq!(error, AwsError::ExpiredCredentials { operation: Operation::GetCallerIdentity });
}

#[test]
fn settings_that_cannot_work_are_refused_at_once() {
    let refused = |settings: AwsSettings| match AwsClients::for_endpoint(
        "http://127.0.0.1:9",
        &settings,
        InMemoryLog::default().meter(),
    ) {
        Err(AwsError::Settings { what }) => what,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("accepted"),
    };
    let bad_account = AwsSettings { accounts: vec!["12345".to_owned()], ..settings() };
    assert!(refused(bad_account).contains("\"12345\" is not an account number"));
    assert!(refused(AwsSettings { max_pages: 0, ..settings() }).contains("max_pages"));
    assert!(refused(AwsSettings { history_months: 25, ..settings() }).contains("25"));
}
