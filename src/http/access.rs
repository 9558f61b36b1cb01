//! Who may do what.
//!
//! Invariants: without tokens only this machine is served, and only under a name of its own, because a web page
//! elsewhere can point its host name at 127.0.0.1; with tokens nothing but health is open; a partner's token opens
//! reports and nothing else; no page elsewhere can make a browser give an order.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{self, ConnectInfo, Request};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::{Config, Role, Token};
use crate::report::Audience;

use super::State;
use super::failure::Failure;

/// Lets the owner through.
pub async fn owner_only(state: extract::State<State>, request: Request, next: Next) -> Result<Response, Failure> {
    match admit(&state, &request)? {
        Audience::Owner => Ok(next.run(request).await),
        Audience::Partner { .. } => {
            let refused = Failure::new(StatusCode::FORBIDDEN, "a partner's token opens reports and nothing else");
            Err(refused.advise("the reports are at /api/v1/reports/{kind}.{format}"))
        }
    }
}

/// Lets the owner and partners through, and hands on who it is.
pub async fn known_reader(state: extract::State<State>, mut request: Request, next: Next) -> Result<Response, Failure> {
    let audience = admit(&state, &request)?;
    request.extensions_mut().insert(audience);
    Ok(next.run(request).await)
}

fn admit(state: &State, request: &Request) -> Result<Audience, Failure> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    check_origin(request.method(), request.headers())?;
    audience(state.engine().config(), peer, request.headers())
}

/// A browser names the page that an order comes from; only our own may give one.
fn check_origin(method: &Method, headers: &HeaderMap) -> Result<(), Failure> {
    if method.is_safe() {
        return Ok(());
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let site = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, site)| site);
    match (site, host) {
        (Some(site), Some(host)) if site.eq_ignore_ascii_case(host) => Ok(()),
        _ => {
            let refused = Failure::new(StatusCode::FORBIDDEN, "this order comes from a page of another site");
            Err(refused.advise("behind a proxy, let it pass the Host header on unchanged"))
        }
    }
}

fn audience(config: &Config, peer: Option<IpAddr>, headers: &HeaderMap) -> Result<Audience, Failure> {
    if config.tokens.is_empty() {
        return on_this_machine(config.listen.ip(), peer, headers).map(|()| Audience::Owner);
    }
    let Some(given) = given_token(headers) else { return Err(Failure::unauthorized("a token is needed")) };
    let Some(token) = matching(&config.tokens, &given) else {
        return Err(Failure::unauthorized("this token is not known"));
    };
    Ok(match &token.role {
        Role::Owner => Audience::Owner,
        Role::Partner { records } => Audience::Partner { records: records.clone() },
    })
}

fn on_this_machine(listen: IpAddr, peer: Option<IpAddr>, headers: &HeaderMap) -> Result<(), Failure> {
    if !peer.is_some_and(|peer| peer.to_canonical().is_loopback()) {
        let refused = Failure::new(StatusCode::FORBIDDEN, "without tokens only this machine is served");
        return Err(refused.advise("add [[http.tokens]] to the config and send a token"));
    }
    let host = headers.get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    if host.as_ref().is_some_and(|host| is_own_name(host.host(), listen)) {
        return Ok(());
    }
    let refused =
        Failure::new(StatusCode::FORBIDDEN, "without tokens this is served under a name of this machine only");
    Err(refused.advise("ask for localhost or 127.0.0.1, or add [[http.tokens]] to the config"))
}

fn is_own_name(host: &str, listen: IpAddr) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().ok();
    host.eq_ignore_ascii_case("localhost") || address.is_some_and(|ip| ip.is_loopback() || ip == listen)
}

/// The token of a Bearer header, or the password of a Basic one, which is what a browser can be made to ask for.
fn given_token(headers: &HeaderMap) -> Option<String> {
    let (scheme, value) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

/// Hashes of equal length are compared, all of every one, so that the time taken tells nothing about any token.
fn matching<'a>(tokens: &'a [Token], given: &str) -> Option<&'a Token> {
    let given = Sha256::digest(given);
    let same = |token: &&Token| bool::from(Sha256::digest(token.secret.expose()).ct_eq(&given));
    tokens.iter().filter(same).fold(None, |first, token| first.or(Some(token)))
}
