//! Sorts the SDK's failures into [`AwsError`].
//!
//! Invariants: every failure finds its place, by AWS's error code where there is one; what is quoted of AWS's words
//! is one short line without anything that looks like a key, a token or a signature.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use http_body_util::LengthLimitError;

use super::circumstances::Circumstances;
use super::denial::Denial;
use super::error::{AwsError, suspect_region};
use super::meter::MeterError;
use super::operation::Operation;
use super::wire::LONGEST_ANSWER_MIB;
use crate::domain::values::printable::printable;

impl AwsError {
    /// Sorts a failure of the SDK.
    pub(super) fn from_sdk<E>(operation: Operation, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        match error {
            SdkError::ServiceError(context) => {
                let meta = context.err().meta();
                from_service(operation, meta.code(), meta.message(), context.raw())
            }
            SdkError::ResponseError(_) if find::<LengthLimitError>(error).is_some() => AwsError::Malformed {
                operation,
                what: format!("it is longer than {LONGEST_ANSWER_MIB} MiB, so the rest was not read"),
            },
            SdkError::ResponseError(_) => AwsError::CutShort { operation },
            SdkError::TimeoutError(_) => AwsError::Timeout { operation },
            SdkError::DispatchFailure(failure) if failure.is_timeout() => AwsError::Timeout { operation },
            _ => from_transport(operation, error),
        }
    }
}

const THROTTLING: [&str; 9] = [
    "LimitExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

fn from_service(operation: Operation, code: Option<&str>, message: Option<&str>, raw: &HttpResponse) -> AwsError {
    let status = raw.status().as_u16();
    let Some(code) = code else { return from_uncoded(operation, status, raw) };
    let said = || message.map_or_else(|| quote(&body_of(raw)), |message| printable(&clean(message)));
    let region = || raw.extension::<Circumstances>().and_then(|so| so.region.clone());
    match code {
        code if THROTTLING.contains(&code) => AwsError::Throttled { operation },
        "AccessDenied" | "AccessDeniedException" | "NotAuthorized" | "UnauthorizedOperation" => {
            AwsError::Denied { operation, message: said(), by: Denial::from_words(message.unwrap_or_default()) }
        }
        "ExpiredToken" | "ExpiredTokenException" => AwsError::ExpiredCredentials { operation },
        code if is_about_time(code, message.unwrap_or_default()) => {
            AwsError::WrongTime { operation, code: code.to_owned(), clocks: Circumstances::clocks(raw) }
        }
        "RegionDisabled" | "RegionDisabledException" => {
            AwsError::RegionDisabled { operation, region: region(), message: said() }
        }
        "OptInRequired" | "OptInRequiredException" | "SubscriptionRequiredException" => {
            AwsError::NotSignedUp { operation, code: code.to_owned(), message: said() }
        }
        // AWS's words on these quote the key or the signature, so they are left out.
        "IncompleteSignature"
        | "IncompleteSignatureException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => {
            let region = suspect_region(operation, region().as_deref());
            AwsError::InvalidCredentials { operation, code: code.to_owned(), region }
        }
        "BillExpirationException" => AwsError::TooOld { operation, message: said() },
        "ValidationException" if said().to_ascii_lowercase().contains("historical data") => {
            AwsError::TooOld { operation, message: said() }
        }
        "DataUnavailableException" => AwsError::DataUnavailable { operation, message: said() },
        code if status >= 500 => {
            AwsError::Server { operation, status, what: format!("AWS failed inside ({}): {}", clean(code), said()) }
        }
        code => AwsError::Refused { operation, code: printable(&clean(code)), message: said() },
    }
}

/// True for a refusal over the time that a request carries. Most services say it as one over the signature.
fn is_about_time(code: &str, message: &str) -> bool {
    match code {
        "RequestExpired" | "RequestTimeTooSkewed" => true,
        "InvalidSignatureException" | "SignatureDoesNotMatch" => {
            ["Signature expired", "Signature not yet current"].iter().any(|start| message.starts_with(start))
        }
        _ => false,
    }
}

fn body_of(raw: &HttpResponse) -> String {
    String::from_utf8_lossy(raw.body().bytes().unwrap_or_default()).into_owned()
}

/// An answer without an AWS error code: not from AWS, or not readable.
fn from_uncoded(operation: Operation, status: u16, raw: &HttpResponse) -> AwsError {
    let body = body_of(raw);
    let opening = body.trim_start().get(..9).unwrap_or_default().to_ascii_lowercase();
    if opening.starts_with("<html") || opening.starts_with("<!doctype") {
        return AwsError::Server { operation, status, what: "a web page came instead of AWS's answer".to_owned() };
    }
    match status {
        429 => AwsError::Throttled { operation },
        500.. => AwsError::Server { operation, status, what: "AWS failed without saying why".to_owned() },
        200..300 => AwsError::Malformed { operation, what: format!("it cannot be parsed: {}", quote(&body)) },
        _ => AwsError::Refused { operation, code: format!("HTTP {status}"), message: quote(&body) },
    }
}

/// The places of which the SDK says more than that they are not set; `None` where there is none. Of a chain it lists every
/// place that it looked at, a line each, and on a machine outside AWS no metadata service answers.
fn what_is_wrong(detail: &str) -> Option<String> {
    let Some((_, attempts)) = detail.split_once("no credentials found in chain. Attempted:") else {
        return Some(detail.to_owned());
    };
    let is_unset = |line: &&str| line.contains("was not enabled") || line.contains("could not communicate with IMDS");
    let wrong: Vec<&str> = attempts.lines().map(str::trim).filter(|line| !line.is_empty() && !is_unset(line)).collect();
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

/// Failures before an answer: the meter's refusal, credentials, the network.
fn from_transport(operation: Operation, error: &(dyn StdError + 'static)) -> AwsError {
    if let Some(refusal) = find::<MeterError>(error) {
        return match refusal {
            MeterError::Ceiling(reached) => AwsError::CeilingReached(reached.clone()),
            MeterError::Ahead { .. } => AwsError::Ahead { operation, message: refusal.to_string() },
            MeterError::Unrecorded(_) => AwsError::Uncounted { operation, message: refusal.to_string() },
        };
    }
    if let Some(problem) = find::<CredentialsError>(error) {
        // The outermost words are the same for every provider, so what they wrap is told if there is any.
        let detail = chain_text(problem.source().unwrap_or(problem));
        // The SDK's providers say it in words only.
        return if is_about_sign_in(&detail) {
            AwsError::SignInNeeded { operation, detail: clean(&detail) }
        } else if detail.to_ascii_lowercase().contains("expired") {
            AwsError::ExpiredCredentials { operation }
        } else {
            AwsError::NoCredentials { operation, detail: what_is_wrong(&detail).map(|detail| clean(&detail)) }
        };
    }
    AwsError::Unreachable { operation, message: clean(&chain_text(error)) }
}

/// True where a session of single sign-on would be needed: its token is expired or missing, or AWS does not know it any more.
fn is_about_sign_in(detail: &str) -> bool {
    ["SSO token", "/sso/cache/", "Session token not found or invalid"].iter().any(|part| detail.contains(part))
}

/// An error and what it says caused it.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |cause| (*cause).source())
}

/// The first error of type `T` in the chain of causes.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn chain_text(error: &(dyn StdError + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn quote(body: &str) -> String {
    format!("{:?}", clean(body.trim()).chars().take(80).collect::<String>())
}

/// Longest text of AWS's that a message quotes.
const QUOTED_CHARS: usize = 300;

/// AWS's words on one line, shortened, without key ids (20 characters from AKIA, ASIA and the like), secrets,
/// session tokens and signatures (40 and more characters in a row).
fn clean(text: &str) -> String {
    let is_key_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run_length = rest.find(|c: char| is_key_char(c) != is_key_char(first)).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(run_length);
        let key_id = run.len() >= 16
            && ["AKIA", "ASIA", "AROA", "AIDA", "ABIA", "ACCA"]
                .iter()
                .any(|prefix| run.find(prefix).is_some_and(|at| run[at..].len() >= 16));
        if is_key_char(first) && (key_id || run.len() >= 40) {
            out.push_str("[removed]");
        } else {
            out.push_str(run);
        }
        rest = tail;
    }
    let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    match out.char_indices().nth(QUOTED_CHARS) {
        Some((cut, _)) => format!("{}...", &out[..cut]),
        None => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    /// How the SDK wraps what its credentials providers say.
    fn wrapped(error: CredentialsError) -> AwsError {
        let operation = Operation::GetCostAndUsage;
        from_transport(operation, &ConnectorError::other(Box::new(error), None))
    }

    #[test]
    fn missing_credentials_are_told_from_expired_ones() {
        let missing = wrapped(CredentialsError::not_loaded("profile \"deploy\" not found"));
        let AwsError::NoCredentials { detail: Some(detail), .. } = &missing else { panic!("{missing:?}") };
        assert!(detail.contains("profile \"deploy\" not found"), "{detail}");
        assert!(missing.advice().contains("AWS_PROFILE"));
        let chain = "no credentials found in chain. Attempted:\n  Environment: the credential provider was not enabled: not \
                     set\n  Ec2InstanceMetadata: could not communicate with IMDS: dispatch failure";
        let nothing = wrapped(CredentialsError::not_loaded(chain));
        assert_eq!(nothing, AwsError::NoCredentials { operation: Operation::GetCostAndUsage, detail: None });
        let misspelt =
            wrapped(CredentialsError::not_loaded(format!("{chain}\n  Profile: profile \"deploy\" not found")));
        let AwsError::NoCredentials { detail, .. } = &misspelt else { panic!("{misspelt:?}") };
        assert_eq!(detail.as_deref(), Some("Profile: profile \"deploy\" not found"));
        let expired = wrapped(CredentialsError::provider_error("the credentials in the file have expired"));
        assert_eq!(expired, AwsError::ExpiredCredentials { operation: Operation::GetCostAndUsage });
        for words in [
            "the SSO token has expired and cannot be refreshed",
            "failed to load the cached SSO token",
            "failed to read `/home/ops/.aws/sso/cache/0123.json`: No such file or directory (os error 2)",
            "service error: UnauthorizedException: Session token not found or invalid",
        ] {
            let over = wrapped(CredentialsError::provider_error(words));
            assert!(matches!(&over, AwsError::SignInNeeded { detail, .. } if detail.contains(words)), "{over:?}");
            assert!(over.advice().contains("`aws sso login`"));
        }
    }

    #[test]
    fn quoted_words_carry_no_credentials() {
        let text = "User: arn:aws:iam::123456789012:user/ops with key AKIAIOSFODNN7EXAMPLE and Signature=\
                    fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024\nis denied";
        let cleaned = clean(text);
        assert_eq!(cleaned, "User: arn:aws:iam::123456789012:user/ops with key [removed] and [removed] is denied");
        assert_eq!(clean("secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY."), "secret [removed].");
        assert_eq!(clean(&"a b ".repeat(200)).chars().count(), QUOTED_CHARS + 3);
        assert_eq!(clean("Ünïcode — kept"), "Ünïcode — kept");
    }
}
