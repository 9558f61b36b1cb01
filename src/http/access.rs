//! Who may do what.
//!
//! Invariants: without tokens only this machine is served, and only under a name of its own, because a web page
//! elsewhere can point its host name at 127.0.0.1; with tokens a role does what [`Needs`] grants it and nothing else; no
//! page elsewhere can make a browser give an order; what a partner reads, each report that anybody reads and what anybody
//! enters is in the audit.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{self, ConnectInfo, MatchedPath, Request};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::NaiveDate;
use reqwest::Url;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::{Config, Role, Token};
use crate::report::Audience;

use super::State;
use super::audit;
use super::failure::{Failure, GIVE_A_TOKEN};
use super::permission::Needs;

/// What leaves the house, whoever fetches it.
const PAPER: &str = "/api/v1/reports/{file}";

/// Who asks, and as whom reports are written for them.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The name of a token, for the audit.
    pub who: String,
    /// What of a report it may see.
    pub audience: Audience,
}

/// Lets those through whose role may, hands on who it is, and has the audit remember what it must.
pub async fn admit(
    extract::State((state, needs)): extract::State<(State, Needs)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    if needs == Needs::Open {
        return Ok(next.run(request).await);
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let config = state.engine().config();
    check_origin(request.method(), request.headers(), config.dashboard_url.as_deref())?;
    let (who, role) = caller(config, peer, request.headers(), state.clock().now().date_naive())?;
    let audience = match &role {
        Role::Founder | Role::Ops => Audience::Owner,
        Role::Partner { records } => Audience::Partner { records: records.clone() },
    };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let paper = request.extensions().get::<MatchedPath>().is_some_and(|route| route.as_str() == PAPER);
    let noted_read = matches!(role, Role::Partner { .. }) || (paper && method.is_safe());
    let changes = needs.entered().filter(|_| !method.is_safe());
    let response = if needs.granted_to(&role) {
        request.extensions_mut().insert(Reader { who: who.clone(), audience });
        next.run(request).await
    } else {
        not_for(&role, needs).into_response()
    };
    let status = response.status();
    if let Some(kind) = changes {
        // What was entered is stored by now; that this could not be noted is logged.
        let _ = audit::note(&state, &who, &audit::change(kind, &method), path, status).await;
    } else if noted_read {
        audit::note(&state, &who, "read", path, status).await?;
    }
    Ok(response)
}

fn not_for(role: &Role, needs: Needs) -> Failure {
    if matches!(role, Role::Partner { .. }) {
        let refused = Failure::new(StatusCode::FORBIDDEN, "a partner's token opens reports and nothing else");
        return refused.advise("the reports are at /api/v1/reports/{kind}.{format}").at_the_command_line(
            "give a token of the role founder or ops with --token-file PATH or in GLIDEPATH_TOKEN",
        );
    }
    let roles = needs.roles().join(" and ");
    Failure::new(StatusCode::FORBIDDEN, format!("a token of the role {} does not do this", role.as_str()))
        .advise(format!("it takes a token of the role {roles}"))
        .at_the_command_line(format!("it takes a token of the role {roles}: {GIVE_A_TOKEN}"))
}

/// A browser names the page that an order comes from; only our own may give one. It is where this request was sent to, or
/// where the config says that people reach it: a proxy may put a name of its own in the Host header.
fn check_origin(method: &Method, headers: &HeaderMap, dashboard_url: Option<&str>) -> Result<(), Failure> {
    if method.is_safe() {
        return Ok(());
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().unwrap_or_default();
    let site = origin.split_once("://").map(|(_, site)| site);
    match (site, host) {
        (Some(site), Some(host)) if site.eq_ignore_ascii_case(host) => Ok(()),
        _ if dashboard_url.is_some_and(|url| is_origin_of(origin, url)) => Ok(()),
        _ => {
            let refused = Failure::new(StatusCode::FORBIDDEN, "this order comes from a page of another site");
            Err(refused.advise(
                "behind a proxy, let it pass the Host header on unchanged, or set dashboard_url in [http] to where \
                 people reach the page",
            ))
        }
    }
}

fn is_origin_of(origin: &str, url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.origin().ascii_serialization().eq_ignore_ascii_case(origin))
}

/// Who calls, and in which role. Without tokens it is whoever sits at this machine.
fn caller(
    config: &Config,
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    today: NaiveDate,
) -> Result<(String, Role), Failure> {
    if config.tokens.is_empty() {
        return on_this_machine(config.listen.ip(), peer, headers).map(|()| ("this machine".to_owned(), Role::Founder));
    }
    let Some(given) = given_token(headers) else { return Err(Failure::unauthorized("a token is needed")) };
    let Some(token) = matching(&config.tokens, &given) else {
        return Err(Failure::unauthorized("this token is not known"));
    };
    if token.is_expired(today) {
        let since = token.expires_on.map(|day| format!(" on {day}")).unwrap_or_default();
        return Err(Failure::unauthorized(format!("this token expired{since}"))
            .advise("ask whoever runs this glidepath for a new one; `glidepath token new` makes it"));
    }
    Ok((token.name.clone(), token.role.clone()))
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
    let same = |token: &&Token| bool::from(token.sha256.as_slice().ct_eq(given.as_slice()));
    tokens.iter().filter(same).fold(None, |first, token| first.or(Some(token)))
}
