//! What is refused before anybody looks at it: a secret in the address, a body that is too large or does not end.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use reqwest::Url;
use tokio::time::timeout;

use super::failure::{Failure, SEND_LESS};

/// Bytes of an address, with its query: twice what the longest question of ours takes.
pub const LONGEST_ADDRESS: usize = 2_048;

/// Names under which people put a token into an address.
const SECRET_NAMES: [&str; 10] = [
    "token",
    "access_token",
    "auth_token",
    "api_key",
    "apikey",
    "api_token",
    "key",
    "authorization",
    "bearer",
    "password",
];

/// Refuses a head of more than `limit` bytes, of which hyper lets some through, before anything looks for a token in it.
///
/// # Errors
/// 431.
pub async fn no_long_head(request: Request, next: Next, limit: usize) -> Result<Response, Failure> {
    // A colon, a space and the end of the line.
    let header = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    if request.headers().iter().map(header).sum::<usize>() > limit {
        let error = format!("the request's head is longer than {limit} bytes");
        return Err(Failure::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, error).advise("send fewer headers"));
    }
    Ok(next.run(request).await)
}

/// Refuses an address that is longer than any of ours, before anything reads it.
///
/// # Errors
/// 414.
pub async fn no_long_address(request: Request, next: Next) -> Result<Response, Failure> {
    let uri = request.uri();
    let host = uri.authority().map_or(0, |host| host.as_str().len());
    if host + uri.path_and_query().map_or(0, |asked| asked.as_str().len()) > LONGEST_ADDRESS {
        let error = format!("this address is longer than {LONGEST_ADDRESS} bytes");
        return Err(Failure::new(StatusCode::URI_TOO_LONG, error)
            .advise("ask for less at once: fewer changes of a what-if; a link for fewer records"));
    }
    Ok(next.run(request).await)
}

/// Refuses a token in the query, a right one and a wrong one alike: addresses end up in logs, histories and referrers.
pub async fn no_secret_in_query(request: Request, next: Next) -> Result<Response, Failure> {
    let names_one = |query: &str| {
        // The crate that knows how names are escaped reads whole addresses only.
        let address = Url::parse(&format!("http://localhost/?{query}")).ok();
        let is_secret = |name: &str| SECRET_NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret));
        address.is_some_and(|address| address.query_pairs().any(|(name, _)| is_secret(&name)))
    };
    if request.uri().query().is_some_and(names_one) {
        let error = "a token does not belong in an address, where logs and histories keep it";
        return Err(Failure::new(StatusCode::BAD_REQUEST, error)
            .advise("send `Authorization: Bearer TOKEN`; if this token is real, replace it"));
    }
    Ok(next.run(request).await)
}

/// Refuses a query where the route reads none: whoever asks for `?as_of=` must not get the newest figures instead.
pub async fn no_query(request: Request, next: Next) -> Result<Response, Failure> {
    if request.uri().query().is_some_and(|query| !query.is_empty()) {
        let refused = Failure::new(StatusCode::BAD_REQUEST, "this address takes no parameters");
        return Err(refused.advise("leave out what stands behind the question mark"));
    }
    Ok(next.run(request).await)
}

/// Reads the body whole before the route sees it.
///
/// # Errors
/// 408 for a body that does not end in `time`, 413 for one that turns out longer than `limit` bytes.
pub async fn whole_body(request: Request, next: Next, limit: usize, time: Duration) -> Result<Response, Failure> {
    let (head, body) = request.into_parts();
    let body = timeout(time, to_bytes(body, limit)).await.map_err(|_| {
        Failure::new(StatusCode::REQUEST_TIMEOUT, "the request's body did not come in time").advise("send it again")
    })?;
    let body = body.map_err(|_| {
        Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the request's body is longer than {limit} bytes or broke off"),
        )
        .advise(SEND_LESS)
    })?;
    Ok(next.run(Request::from_parts(head, Body::from(body))).await)
}

/// Closes the connection of who is refused: nobody holds one of the places by being sent away. A page of another site, in a browser on
/// this machine, comes from this machine's own address, which is not counted.
pub async fn who_is_refused_leaves(mut answer: Response) -> Response {
    if matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}
