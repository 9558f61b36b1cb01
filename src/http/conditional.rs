//! Conditional reading: who has the current answer already is told so instead of given it again.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use sha2::{Digest as _, Sha256};

use super::failure::Failure;

/// Adds an entity tag, a hash of the bytes, and answers 304 where the caller has them. It is a weak one, because the same
/// bytes compressed carry it too. The tag is of the
/// answer and not of what it was made from, so that it cannot miss a change; it differs between readers as their answers
/// do.
pub async fn conditional(request: Request, next: Next) -> Result<Response, Failure> {
    let known: Option<IfNoneMatch> = request.headers().typed_get();
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return Ok(response);
    }
    let (mut head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await;
    let body = body.map_err(|error| Failure::internal("putting the answer together", &error.into()))?;
    let tag: ETag = format!("W/\"{}\"", hex::encode(&Sha256::digest(&body)[..16]))
        .parse()
        .expect("hexadecimal digits in quotes are an entity tag");
    head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    head.headers.append(header::VARY, HeaderValue::from_static("authorization"));
    let changed = known.is_none_or(|known| known.precondition_passes(&tag));
    head.headers.typed_insert(tag);
    if changed {
        return Ok(Response::from_parts(head, Body::from(body)));
    }
    head.status = StatusCode::NOT_MODIFIED;
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.remove(header::CONTENT_TYPE);
    head.headers.remove(header::CONTENT_ENCODING);
    head.headers.remove(header::CONTENT_DISPOSITION);
    Ok(Response::from_parts(head, Body::empty()))
}
