//! Every error as a problem of RFC 9457: what went wrong and, where something can be done, what.
//!
//! Invariants: an error whose words come from inside bears other words for those who may not see everything, and whoever answers a
//! partner or a link gives these, whatever its status is; each answer bears what it tells beside its body, so that whoever shows it
//! otherwise tells the same.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::plain::Plain;
use super::troubles::{Cause, SentAway};
use crate::domain::filing::projection::MOST_TOLD;
use crate::domain::wording::trouble::Trouble;
use crate::store::StoreError;

/// The media type of RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An answer that is an error.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    body: Box<Problem>,
    challenge: bool,
    retry_after: Option<u32>,
    /// What failed in here, for the log.
    cause: Option<Cause>,
    /// What it says to who may not see which account, credit or filing it was about.
    outside: Option<Box<Problem>>,
    /// What it says to a reader in a browser.
    plain: Option<Box<Plain>>,
}

/// The words for those outside, which an answer bears in its extensions.
#[derive(Debug, Clone)]
struct Outside(Box<Problem>);

/// Marks an answer that goes to those outside.
#[derive(Debug, Clone, Copy)]
pub struct ForThoseOutside;

/// What an answer that is an error tells, in its extensions too.
#[derive(Debug, Clone)]
pub struct Told(pub Arc<Problem>);

/// What went wrong, as RFC 9457 has it, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The status.
    pub status: u16,
    /// What went wrong this time.
    pub detail: String,
    /// Why, in one word for programs; absent where the status says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the caller can do; absent where the detail says all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The same for somebody at the command line, in flags and commands; absent where it is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What is wrong with what was sent, where it can be several things: the first hundred, and how many more there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Where more of it stands in the documentation: file and heading; absent where nothing does. `glidepath explain` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<String>,
}

impl Failure {
    /// An error without advice.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Failure {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        let (kind, detail, problems) = ("about:blank".to_owned(), detail.into(), Vec::new());
        let body = Problem {
            kind,
            title,
            status: status.as_u16(),
            detail,
            reason: None,
            advice: None,
            command: None,
            problems,
            more: None,
        };
        Failure {
            status,
            body: Box::new(body),
            challenge: false,
            retry_after: None,
            cause: None,
            outside: None,
            plain: None,
        }
    }

    /// The same with why, in one word for programs.
    pub fn because(mut self, reason: &'static str) -> Failure {
        self.body.reason = Some(reason.to_owned());
        self
    }

    /// The same with what the caller can do, at the command line too.
    pub fn advise(mut self, advice: impl Into<String>) -> Failure {
        self.body.advice = Some(advice.into());
        self.body.command = None;
        self
    }

    /// The same with what to do instead where a command asked: its flag, or another command.
    pub fn at_the_command_line(mut self, command: impl Into<String>) -> Failure {
        self.body.command = Some(command.into());
        self
    }

    /// The same with what is wrong with what was sent: everything, or the first [`MOST_TOLD`] and how many more there are.
    pub fn with_problems(mut self, mut problems: Vec<String>) -> Failure {
        // A list that was cut already ends in a line of its own.
        if problems.len() > MOST_TOLD + 1 {
            let more = problems.len() - MOST_TOLD;
            problems.truncate(MOST_TOLD);
            problems.push(format!("{more} more are not listed; correct these, and send it again"));
        }
        self.body.problems = problems;
        self
    }

    /// The same with the seconds after which asking again may go better.
    pub fn after_seconds(self, seconds: u32) -> Failure {
        Failure { retry_after: Some(seconds), ..self }
    }

    /// The same with what it is about, for whoever looks it up.
    pub fn about(mut self, trouble: Trouble) -> Failure {
        self.body.more = Some(trouble.to_string());
        self
    }

    /// What went wrong this time.
    pub fn detail(&self) -> &str {
        &self.body.detail
    }

    /// What it tells.
    pub fn problem(&self) -> &Problem {
        &self.body
    }

    /// Its status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// A missing or unknown token. A browser then asks for one.
    pub fn unauthorized(error: impl Into<String>) -> Failure {
        let failure = Failure { challenge: true, ..Failure::new(StatusCode::UNAUTHORIZED, error) };
        failure.advise(SHOW_A_TOKEN).at_the_command_line(GIVE_A_TOKEN)
    }

    /// Something failed in here. Logged as it leaves, and told to those who may see everything.
    pub fn internal(doing: &str, error: &anyhow::Error) -> Failure {
        let of_store = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>());
        let about = of_store.map_or(Trouble::UnexpectedFailure, StoreError::trouble);
        let advice = if about == Trouble::DiskFull {
            "make room on the disk that holds the store, or see why it takes no writes, and ask again"
        } else {
            "the daemon's log has the same; if asking again fails too, report it as a defect"
        };
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{doing} failed: {error:#}"))
            .advise(advice)
            .about(about)
            .caused(doing, format!("{error:#}"))
            .outside("this could not be put together")
    }

    /// The same with what failed in here, which the log says and the answer does not.
    pub fn caused(mut self, doing: &str, error: impl Into<String>) -> Failure {
        self.cause = Some(Cause { doing: doing.to_owned(), error: error.into() });
        self
    }

    /// What failed in here.
    pub const fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// The same with what a reader in a browser is told instead.
    pub fn in_a_browser(self, plain: Plain) -> Failure {
        Failure { plain: Some(Box::new(plain)), ..self }
    }

    /// The same that says no more than `detail` to eyes that may not see which account, credit or filing it was about.
    pub fn outside(mut self, detail: &str) -> Failure {
        let asks = Failure::new(self.status, detail).advise("ask whoever runs this glidepath; its log says why");
        self.outside = Some(asks.body);
        self
    }
}

/// An answer as those outside may read it.
pub fn for_those_outside(mut response: Response) -> Response {
    response.extensions_mut().insert(ForThoseOutside);
    let Some(Outside(body)) = response.extensions_mut().remove::<Outside>() else { return response };
    let (mut head, _) = response.into_parts();
    let told = Told(Arc::from(body));
    let (json, body) = Json(&*told.0).into_response().into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.extend(json.headers);
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    head.extensions.insert(told);
    Response::from_parts(head, body)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static(PROBLEM_JSON);
        let why = self.body.reason.clone().map(SentAway);
        let told = Told(Arc::from(self.body));
        let mut response = (self.status, Json(&*told.0)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        let extensions = response.extensions_mut();
        extensions.insert(told);
        why.map(|why| extensions.insert(why));
        self.cause.map(|cause| extensions.insert(cause));
        self.outside.map(|body| extensions.insert(Outside(body)));
        self.plain.map(|plain| extensions.insert(*plain));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.challenge {
            let basic = HeaderValue::from_static("Basic realm=\"glidepath\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        }
        response
    }
}

/// What to do where no token was shown, or one that opens nothing.
pub const SHOW_A_TOKEN: &str =
    "send `Authorization: Bearer TOKEN`; in a browser, type any user name and the token as password";

/// What to do where a command showed no token, or one that does not do.
pub const GIVE_A_TOKEN: &str = "give a token with --token-file PATH or in GLIDEPATH_TOKEN";

/// What to do about a body that is too long.
pub const SEND_LESS: &str = "send less: a filing may have 256 KiB, anything else 16 KiB";

/// No such address.
pub fn not_found(uri: &Uri) -> Failure {
    Failure::new(StatusCode::NOT_FOUND, format!("there is nothing at {}", uri.path()))
        .advise(DESCRIBED)
        .at_the_command_line(OTHER_VERSION)
}

/// Seconds after which what took too long may be asked for again.
const LATER: u32 = 30;
/// What a program does that asks for what is not there.
pub const DESCRIBED: &str = "/api/v1/openapi.json describes every address";
/// What an address that a command knows and the daemon does not comes from.
const OTHER_VERSION: &str = "the daemon is of another version than this command: restart it with this one";

/// Gives the errors that libraries answer with the same shape as ours, and keeps their headers.
pub async fn explain(response: Response) -> Response {
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let ours = content_type.is_some_and(|value| value.as_bytes() == PROBLEM_JSON.as_bytes());
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (error, advice) = match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            ("this address does not answer this method", "the Allow header names those it does")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("the request is too large for this address", SEND_LESS),
        // Only the time limit answers so without a text of its own.
        StatusCode::SERVICE_UNAVAILABLE => {
            ("this took longer than is allowed", "the log tells what became of it; ask again later")
        }
        // A name in the address that is no text once it is unescaped.
        StatusCode::BAD_REQUEST => ("this address cannot be read", "write it in UTF-8, and what is no letter as %XX"),
        other => (other.canonical_reason().unwrap_or("the request failed"), DESCRIBED),
    };
    let (mut head, _) = response.into_parts();
    let failure = Failure::new(status, error).advise(advice);
    let failure = if status == StatusCode::SERVICE_UNAVAILABLE { failure.after_seconds(LATER) } else { failure };
    let (json, body) = failure.into_response().into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.extend(json.headers);
    head.extensions.extend(json.extensions);
    Response::from_parts(head, body)
}
