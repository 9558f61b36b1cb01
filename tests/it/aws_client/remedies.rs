//! Every kind of refusal, as AWS shapes it, and the line that its reader gets: what was asked, what is wrong, what to do.

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::aws::{AwsError, AwsSettings, cost_explorer};
use serde_json::{Value, json};

use super::in_memory::InMemoryLog;
use super::listener::{Canned, Listener, clients, failed_pull, ok, settings, window};

/// How AWS refuses, and what is said of it.
struct Row {
    status: u16,
    kind: &'static str,
    /// The rest of the body.
    body: Value,
    /// How far AWS's clock is from this machine's.
    date: Option<TimeDelta>,
    sentence: &'static str,
}

fn row(status: u16, kind: &'static str, message: &str, sentence: &'static str) -> Row {
    Row { status, kind, body: json!({ "message": message }), date: None, sentence }
}

const DENIED: &str =
    "User: arn:aws:iam::123456789012:user/ops is not authorized to perform: ce:GetCostAndUsage on resource: *";
const CLOCK: &str = "Set this machine's clock and keep it set by NTP (`timedatectl set-ntp true`; of a container or virtual machine, \
     the host's): AWS takes no request whose time is off by more than 5 to 15 minutes.";

fn rows() -> Vec<Row> {
    let signature =
        "Signature expired: 20261123T063000Z is now earlier than 20261126T062500Z (20261126T063000Z - 5 min.)";
    let early = "Signature not yet current: 20261123T063000Z is still later than 20261120T063500Z";
    let off = |days: i64| Some(TimeDelta::days(days) + TimeDelta::minutes(if days > 0 { 1 } else { 0 }));
    vec![
        Row {
            date: off(-3),
            ..row(
                400,
                "RequestExpired",
                "Request has expired.",
                "GetCostAndUsage: AWS refused the request over its time (RequestExpired): this machine's clock says TIME and \
                 AWS's TIME: this machine's is 3 days fast. CLOCK",
            )
        },
        row(
            400,
            "RequestExpired",
            "Request has expired.",
            "GetCostAndUsage: AWS refused the request over its time (RequestExpired): this machine's clock says TIME and \
             AWS's TIME: they agree. The clock is right, so the request was held up on its way or the credentials have run \
             out: renew them (`aws sso login`, or new temporary keys), and look for a proxy that holds requests back.",
        ),
        Row {
            date: off(3),
            ..row(
                400,
                "InvalidSignatureException",
                signature,
                "GetCostAndUsage: AWS refused the request over its time (InvalidSignatureException): this machine's clock says \
                 TIME and AWS's TIME: this machine's is 3 days slow. CLOCK",
            )
        },
        Row {
            date: off(-3),
            ..row(
                403,
                "SignatureDoesNotMatch",
                early,
                "GetCostAndUsage: AWS refused the request over its time (SignatureDoesNotMatch): this machine's clock says TIME \
                 and AWS's TIME: this machine's is 3 days fast. CLOCK",
            )
        },
        row(
            400,
            "ExpiredTokenException",
            "The security token included in the request is expired",
            "GetCostAndUsage: the AWS credentials have expired. Renew them: run `aws sso login` for the profile in AWS_PROFILE, \
             or replace the temporary keys. A role attached to the instance or task renews itself.",
        ),
        row(
            400,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            "GetCostAndUsage: AWS does not accept the credentials (UnrecognizedClientException). Check that the key still \
             exists and belongs to this account, that the secret is complete, and that this machine's clock is right: AWS \
             refuses a signature that is minutes off.",
        ),
        row(
            403,
            "OptInRequired",
            "The AWS Access Key Id needs a subscription for the service",
            "GetCostAndUsage: AWS says that the account is not signed up for this service (OptInRequired): The AWS Access Key \
             Id needs a subscription for the service. Open Cost Explorer once in the console of this account (Billing and \
             Cost Management); it answers within 24 hours. If the account is new, finish signing up first: its payment method \
             and phone must be verified.",
        ),
        row(
            403,
            "RegionDisabledException",
            "STS is not activated in this region",
            "GetCostAndUsage: AWS says that the region us-east-1 is not enabled for this account: STS is not activated in this \
             region. Set region = \"us-east-1\" in [aws] (or AWS_REGION), which every account has and where costs and credits \
             are asked for anyway; or enable the region us-east-1 (console, Account page, AWS Regions; for STS: IAM, Account \
             settings).",
        ),
        row(
            400,
            "AccessDeniedException",
            "DENIED with an explicit deny in a service control policy",
            "GetCostAndUsage: AWS denied access: DENIED with an explicit deny in a service control policy. A policy of the \
             organisation denies ce:GetCostAndUsage in this account, and nothing that the account itself allows lifts that. Ask \
             whoever administers the organisation's management account to let this role or user call ce:GetCostAndUsage (AWS \
             Organizations, Policies).",
        ),
        row(
            400,
            "AccessDeniedException",
            "DENIED because no permissions boundary allows the ce:GetCostAndUsage action",
            "GetCostAndUsage: AWS denied access: DENIED because no permissions boundary allows the ce:GetCostAndUsage action. \
             The permissions boundary of this role or user has to allow ce:GetCostAndUsage as well; whoever manages IAM in this \
             account can change it. A policy alone does not help.",
        ),
        row(
            400,
            "AccessDeniedException",
            "DENIED because no session policy allows the ce:GetCostAndUsage action",
            "GetCostAndUsage: AWS denied access: DENIED because no session policy allows the ce:GetCostAndUsage action. The \
             session was narrowed when it was started: have whatever starts it (the policy given to AssumeRole, or the \
             permission set of single sign-on) allow ce:GetCostAndUsage.",
        ),
        row(
            400,
            "AccessDeniedException",
            "DENIED because no VPC endpoint policy allows the ce:GetCostAndUsage action",
            "GetCostAndUsage: AWS denied access: DENIED because no VPC endpoint policy allows the ce:GetCostAndUsage action. \
             The call leaves through a VPC endpoint whose policy does not allow it: have whoever manages the network allow \
             ce:GetCostAndUsage there.",
        ),
        row(
            400,
            "AccessDeniedException",
            "DENIED with an explicit deny in an identity-based policy",
            "GetCostAndUsage: AWS denied access: DENIED with an explicit deny in an identity-based policy. A policy of these \
             credentials denies ce:GetCostAndUsage, which no other policy can lift: have whoever manages IAM in this account \
             take that statement away.",
        ),
        row(
            400,
            "ValidationException",
            "The dimension RECORD_TYPE cannot be combined with 'X' before 2026.",
            "GetCostAndUsage: AWS refused the request (ValidationException): The dimension RECORD_TYPE cannot be combined with \
             'X' before 2026. Compare AWS's words with the accounts and the region in [aws]. If those are right, report this \
             message as a fault of glidepath in what it asks.",
        ),
        Row {
            body: json!({ "reason": "other", "fieldList": [{ "name": "filter", "message": "not now" }] }),
            ..row(
                400,
                "ValidationException",
                "",
                "GetCostAndUsage: AWS refused the request (ValidationException): \
                 \"{\\\"__type\\\":\\\"ValidationException\\\",\
                 \\\"fieldList\\\":[{\\\"message\\\":\\\"not now\\\",\\\"name\\\":\\\"filter\". \
                 Compare AWS's words with the accounts and the region in [aws]. If those are right, report this message as a \
                 fault of glidepath in what it asks.",
            )
        },
    ]
}

/// As a log or a message shows it.
fn line(error: &AwsError) -> String {
    format!("{}. {}", error.to_string().trim_end_matches('.'), error.advice())
}

/// The line with the hour that it is now, and what many rows share, written as the table writes them.
fn as_written(line: &str) -> String {
    let clock = without_times(line);
    clock.replace(CLOCK, "CLOCK").replace(DENIED, "DENIED")
}

/// `2026-11-23 06:30:00 UTC` as `TIME`, wherever one stands.
fn without_times(line: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    let day = |word: &str| word.len() == 10 && word.parse::<chrono::NaiveDate>().is_ok();
    while let Some(at) = words.iter().position(|word| day(word)) {
        let end = words[at + 2].trim_start_matches("UTC");
        let time = if end.is_empty() { "TIME" } else { "TIME:" };
        words.splice(at..at + 3, [time]);
    }
    words.join(" ")
}

#[tokio::test]
async fn each_refusal_is_one_line_with_what_to_do() {
    for Row { status, kind, body, date, sentence } in rows() {
        let mut body = body;
        body["__type"] = json!(kind);
        if let Some(message) = body["message"].as_str() {
            body["message"] = json!(message.replace("DENIED", DENIED));
        }
        let date = date.map(|off| (Utc::now() + off).format("%a, %d %b %Y %H:%M:%S GMT").to_string());
        // The SDK signs anew by AWS's clock where the refusal is over the signature.
        let answers = vec![Canned { status, date, ..ok(&body) }; 4];
        let (error, _, tally) = failed_pull(answers).await;
        assert_eq!(as_written(&line(&error)), sentence, "{kind}");
        assert!(!error.retryable(), "{kind}");
        assert_eq!(tally.charged, 0, "{kind}");
        assert!(!line(&error).contains('\n'), "{kind}");
    }
}

#[tokio::test]
async fn both_clocks_are_those_of_the_moment() {
    let theirs: DateTime<Utc> = "2026-03-20T06:30:00Z".parse().unwrap();
    let date = Some(theirs.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    let before = Utc::now();
    let refused = ok(&json!({ "__type": "RequestExpired", "message": "Request has expired." }));
    let (error, sent, _) = failed_pull([Canned { status: 400, date, ..refused }]).await;
    let AwsError::WrongTime { clocks: Some(clocks), .. } = &error else { panic!("{error:?}") };
    assert_eq!(clocks.theirs, theirs);
    assert!(before <= clocks.ours && clocks.ours <= Utc::now(), "{clocks:?}");
    assert!(error.to_string().contains("AWS's 2026-03-20 06:30:00 UTC"), "{error}");
    assert_eq!(sent.len(), 1, "asking again would not help");
}

/// In a region that must be enabled first, credentials that are good elsewhere are unknown.
#[tokio::test]
async fn unknown_credentials_in_a_region_to_be_enabled_blame_the_region() {
    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>The security token included \
                in the request is invalid</Message></Error><RequestId>r</RequestId></ErrorResponse>";
    let unknown = Canned { status: 403, content_type: "text/xml", ..ok(&json!({})) };
    for (region, blamed) in [("me-south-1", true), ("eu-central-1", false)] {
        let listener = Listener::answering([Canned { body: body.to_owned(), ..unknown.clone() }]).await;
        let settings = AwsSettings { region: Some(region.to_owned()), ..settings() };
        let clients = clients(&listener.endpoint, &settings, &InMemoryLog::default());
        let told = line(&clients.account_id().await.unwrap_err());
        let start = "GetCallerIdentity: AWS does not accept the credentials (InvalidClientTokenId)";
        assert!(told.starts_with(start), "{told}");
        assert_eq!(told.contains("me-south-1 is a region that an account must enable first"), blamed, "{told}");
        assert_eq!(told.contains("set region = \"us-east-1\" in [aws]"), blamed, "{told}");
    }
    // Costs are asked for in one region, whatever is set.
    let unknown = ok(&json!({ "__type": "UnrecognizedClientException", "message": "invalid" }));
    let listener = Listener::answering([Canned { status: 400, ..unknown }]).await;
    let settings = AwsSettings { region: Some("me-south-1".to_owned()), ..settings() };
    let clients = clients(&listener.endpoint, &settings, &InMemoryLog::default());
    let told = line(&cost_explorer::pull(&clients, window()).await.unwrap_err());
    assert!(!told.contains("me-south-1"), "{told}");
}
