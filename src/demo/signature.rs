//! What the fake asks of a signature: that there is one, in Signature Version 4, made for the right service and
//! region over the headers that matter. It holds no secret, so it does not compute the signature again.

use axum::http::HeaderMap;

use super::refusal::Refusal;

/// Checks the `Authorization` header of a request to `service`. `region` is `None` where any will do.
pub(super) fn check(headers: &HeaderMap, service: &str, region: Option<&str>) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let missing = || Refusal::forbidden("MissingAuthenticationTokenException", "Missing Authentication Token");
    let incomplete = |what: &str| {
        Refusal::forbidden("IncompleteSignatureException", format!("Authorization header requires {what}."))
    };
    let authorization = text("authorization").ok_or_else(missing)?;
    let parts = authorization.strip_prefix("AWS4-HMAC-SHA256 ").ok_or_else(missing)?;
    let part = |name: &str| {
        parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    let credential = part("Credential").ok_or_else(|| incomplete("'Credential' parameter"))?;
    let signed = part("SignedHeaders").ok_or_else(|| incomplete("'SignedHeaders' parameter"))?;
    let signature = part("Signature").ok_or_else(|| incomplete("'Signature' parameter"))?;
    let date = text("x-amz-date").ok_or_else(|| incomplete("existence of an 'X-Amz-Date' header"))?;
    if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(incomplete("a 'Signature' of 64 hexadecimal digits"));
    }
    for header in ["host", "x-amz-date"] {
        if !signed.split(';').any(|name| name == header) {
            return Err(incomplete(&format!("'{header}' among the signed headers")));
        }
    }
    check_scope(&credential, date, service, region)
}

/// Checks `AKID/20261120/us-east-1/ce/aws4_request`.
fn check_scope(credential: &str, date: &str, service: &str, region: Option<&str>) -> Result<(), Refusal> {
    let invalid = |what: String| Refusal::forbidden("InvalidSignatureException", what);
    let scope: Vec<&str> = credential.split('/').collect();
    let [_, day, in_region, in_service, "aws4_request"] = scope[..] else {
        return Err(invalid(format!("Credential must have five parts and end in aws4_request, got '{credential}'")));
    };
    if !date.starts_with(day) {
        return Err(invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date".into()));
    }
    if region.is_some_and(|region| region != in_region) {
        return Err(invalid("Credential should be scoped to a valid region.".to_owned()));
    }
    if in_service != service {
        return Err(invalid(format!("Credential should be scoped to correct service: '{service}'.")));
    }
    Ok(())
}
