//! Who may do what.
//!
//! Invariants: without tokens only this machine is served, and only under a name of its own, because a web page
//! elsewhere can point its host name at 127.0.0.1; with tokens a role does what [`Needs`] grants it and nothing else; what a
//! partner reads, each report that anybody reads and what anybody enters is in the audit, and what is refused is counted there.

use std::net::{IpAddr, SocketAddr};

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{self, ConnectInfo, MatchedPath, RawPathParams, Request};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::{Config, Role, Token};
use crate::report::Audience;

use super::failure::{self, Failure, GIVE_A_TOKEN};
use super::logins::{self, Caller};
use super::origin::{self, Ours};
use super::permission::Needs;
use super::plain::Plain;
use super::state::State;
use super::{audit, troubles};

/// What leaves the house, whoever fetches it.
const PAPER: &str = "/api/v1/reports/{file}";

/// Who asks, and as whom reports are written for them.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The name of a token, or what else the audit calls whoever asks.
    pub who: String,
    /// True if it is the name of a token, and so of somebody.
    pub is_named: bool,
    /// What of a report it may see.
    pub audience: Audience,
}

/// Lets those through whose role may, hands on who it is, and has the audit remember what it must. Whatever a partner is told,
/// it is told in the words for those outside.
pub async fn admit(
    extract::State((state, needs)): extract::State<(State, Needs)>,
    names: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    if needs == Needs::Open {
        return next.run(request).await;
    }
    let mut is_outside = true;
    let response = admitted(&state, needs, names, request, next, &mut is_outside).await.into_response();
    if is_outside { failure::for_those_outside(response) } else { response }
}

/// The same; says in `is_outside` whether who asks may not see everything.
async fn admitted(
    state: &State,
    needs: Needs,
    names: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
    is_outside: &mut bool,
) -> Result<Response, Failure> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let config = state.engine().config();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let (method, headers) = (request.method(), request.headers());
    let ours = Ours::of(config, peer, headers);
    origin::check_order(method, headers, ours)?;
    if config.tokens.is_empty() {
        origin::check_proxy(config, peer, headers).map_err(of_this_machine)?;
        origin::check_question(route, request.uri(), headers, ours)?;
    }
    let called = caller(config, peer, headers, state.clock().now().date_naive()).inspect_err(|(refused, _)| {
        // Who shows no token is asked for one; who shows a wrong one may be guessing.
        if refused.status() == StatusCode::UNAUTHORIZED && headers.contains_key(header::AUTHORIZATION) {
            let caller = Caller::of(peer, headers, |peer| config.is_proxy(peer));
            logins::failed(&state.shared.logins, caller, refused.detail());
        }
    });
    let (who, role) = match called {
        Ok(called) => called,
        Err((refused, Some(since))) => {
            let customer = state.customer();
            return Err(refused.in_a_browser(Plain::token_over(since, customer.as_deref())));
        }
        Err((refused, None)) => return Err(refused),
    };
    *is_outside = matches!(role, Role::Partner { .. });
    let audience = match &role {
        Role::Founder | Role::Ops => Audience::Owner,
        Role::Partner { records } => Audience::Partner { records: records.clone() },
    };
    let (method, paper) = (method.clone(), route == PAPER);
    let noted_read = *is_outside || (paper && method.is_safe());
    let changes = needs.entered().filter(|_| !method.is_safe());
    let response = if needs.granted_to(&role) {
        let is_named = !config.tokens.is_empty();
        request.extensions_mut().insert(Reader { who: who.clone(), is_named, audience });
        next.run(request).await
    } else {
        let refused = not_for(&role, needs);
        let refused = match *is_outside {
            true => refused.in_a_browser(Plain::not_for_partners(state.customer().as_deref())),
            false => refused,
        };
        refused.into_response()
    };
    let status = response.status();
    // What was refused is one thing, whatever was asked for; what was not, has a name.
    let refused = !status.is_success() && status != StatusCode::NOT_MODIFIED;
    let path = if refused { route.to_owned() } else { audit::place(route, names.ok(), response.extensions().get()) };
    if let Some(kind) = changes {
        let own_rows = if refused { 1 } else { u32::MAX };
        let noted = audit::note(state, &who, &audit::change(kind, &method), path, status, own_rows).await;
        // What was entered is stored by now; that this could not be noted is logged.
        if let Some(cause) = noted.as_ref().err().and_then(Failure::cause) {
            troubles::failed(&state.shared.troubles, cause);
        }
    } else if noted_read {
        let own_rows = if paper && status.is_success() { audit::SHOWN_AN_HOUR } else { 1 };
        audit::note(state, &who, "read", path, status, own_rows).await?;
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

/// Says to a browser what only whoever sits at this machine may open.
fn of_this_machine(refused: Failure) -> Failure {
    let plain = Plain::of_this_machine(refused.problem().detail.as_str(), refused.problem().advice.as_deref());
    refused.in_a_browser(plain)
}

/// Who calls, and in which role. Without tokens it is whoever sits at this machine. A refusal comes with the day on which a partner's
/// token ended, where that is why.
fn caller(
    config: &Config,
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    today: NaiveDate,
) -> Result<(String, Role), (Failure, Option<NaiveDate>)> {
    if config.tokens.is_empty() {
        let here =
            on_this_machine(config.listen.ip(), peer, headers).map_err(|refused| (of_this_machine(refused), None));
        return here.map(|()| ("this machine".to_owned(), Role::Founder));
    }
    // An empty one is none, whatever the config has the hash of.
    let Some(given) = given_token(headers).filter(|given| !given.trim().is_empty()) else {
        return Err((Failure::unauthorized("a token is needed"), None));
    };
    let Some(token) = matching(&config.tokens, &given) else {
        return Err((Failure::unauthorized("this token is not known"), None));
    };
    if token.is_expired(today) {
        let since = token.expires_on.map(|day| format!(" on {day}")).unwrap_or_default();
        let refused = Failure::unauthorized(format!("this token expired{since}"))
            .advise("ask whoever runs this glidepath for a new one; `glidepath token new` makes it");
        return Err((refused, token.expires_on.filter(|_| matches!(token.role, Role::Partner { .. }))));
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
