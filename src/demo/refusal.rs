//! Errors as AWS words and shapes them.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Map, Value, json};

/// An error answer of a JSON protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: StatusCode,
    /// The exception's name, which the SDK reads from `__type`.
    pub kind: &'static str,
    pub message: String,
}

impl Refusal {
    /// A refusal with status 400, which both services use for everything but signatures and their own failures.
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Refusal { status: StatusCode::BAD_REQUEST, kind, message: message.into() }
    }

    /// ValidationException.
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Refusal::new("ValidationException", message)
    }

    /// A refusal over credentials or signature.
    pub(super) fn forbidden(kind: &'static str, message: impl Into<String>) -> Self {
        Refusal { status: StatusCode::FORBIDDEN, kind, message: message.into() }
    }

    /// The body in the JSON error shape. Cost Explorer's own exceptions spell the member `Message`, the billing
    /// API's and the common ones `message`; billing's ValidationException also carries its required `reason`.
    pub(super) fn body(&self) -> Value {
        let member = match self.kind {
            "LimitExceededException"
            | "DataUnavailableException"
            | "InvalidNextTokenException"
            | "RequestChangedException" => "Message",
            _ => "message",
        };
        let mut body = Map::new();
        body.insert("__type".to_owned(), json!(self.kind));
        body.insert(member.to_owned(), json!(self.message));
        if self.kind == "ValidationException" {
            body.insert("reason".to_owned(), json!("fieldValidationFailed"));
        }
        Value::Object(body)
    }

    /// STS's XML form of the same.
    pub(super) fn xml(&self, request_id: &str) -> Response<Body> {
        // STS drops the suffix that the JSON services put on every name.
        let code = self.kind.trim_end_matches("Exception");
        let body = format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
             <Code>{code}</Code><Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
            self.message
        );
        respond(self.status, "text/xml", body, request_id)
    }
}

/// Puts an answer together.
pub(super) fn respond(status: StatusCode, content_type: &str, body: String, request_id: &str) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .header("x-amzn-requestid", request_id)
        .body(Body::from(body))
        .expect("status and headers are well formed")
}
