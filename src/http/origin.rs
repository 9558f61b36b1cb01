//! Where a request comes from: a page of another site, or a proxy.
//!
//! Invariants: no page elsewhere can make a browser give an order; without tokens, where whoever sits at this machine may do
//! everything, no page elsewhere can have this daemon compute for it either, and whoever comes through a proxy that the config
//! does not name is not who sits at this machine.

use std::net::IpAddr;

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use reqwest::Url;

use super::failure::Failure;
use crate::config::Config;

/// Where a request was sent to, as far as a page of ours can be told by it.
#[derive(Debug, Clone, Copy)]
pub struct Ours<'a> {
    /// Where the config says that people reach the page.
    pub dashboard_url: Option<&'a str>,
    /// `http` or `https`, as a proxy of the config says that it was asked.
    pub scheme: Option<&'a str>,
}

impl<'a> Ours<'a> {
    /// For a request from `peer`. Only a proxy of the config is believed how it was asked: by the last of X-Forwarded-Proto.
    pub fn of(config: &'a Config, peer: Option<IpAddr>, headers: &'a HeaderMap) -> Ours<'a> {
        let told = headers.get_all("x-forwarded-proto").iter().next_back().and_then(|value| value.to_str().ok());
        let last = told.and_then(|list| list.rsplit(',').next()).map(str::trim).filter(|scheme| !scheme.is_empty());
        let is_proxy = peer.is_some_and(|peer| config.is_proxy(peer));
        Ours { dashboard_url: config.dashboard_url.as_deref(), scheme: last.filter(|_| is_proxy) }
    }

    /// Whether the Origin header names a page of ours: one at `dashboard_url`, or at the host that was asked for, over the scheme that
    /// it was asked over where that is known. None where there is no such header.
    fn has_page(self, headers: &HeaderMap) -> Option<bool> {
        let origin = headers.get(header::ORIGIN)?.to_str().unwrap_or_default();
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let dashboard =
            self.dashboard_url.and_then(|url| Url::parse(url).ok()).map(|url| url.origin().ascii_serialization());
        if dashboard.as_ref().is_some_and(|dashboard| dashboard.eq_ignore_ascii_case(origin)) {
            return Some(true);
        }
        let Some(((scheme, site), host)) = origin.split_once("://").zip(host) else { return Some(false) };
        // A page of the same name over another scheme is somebody else's: whoever is in between can put it there.
        let known = dashboard.as_ref().and_then(|dashboard| dashboard.split_once("://"));
        let known = known.filter(|(_, at)| at.eq_ignore_ascii_case(site)).map(|(scheme, _)| scheme).or(self.scheme);
        Some(site.eq_ignore_ascii_case(host) && known.is_none_or(|known| known.eq_ignore_ascii_case(scheme)))
    }
}

/// A browser names the page that an order comes from; only our own may give one. It is where this request was sent to, or
/// where the config says that people reach it: a proxy may put a name of its own in the Host header.
///
/// # Errors
/// 403 for an order from elsewhere.
pub fn check_order(method: &Method, headers: &HeaderMap, ours: Ours<'_>) -> Result<(), Failure> {
    let is_elsewhere = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if method.is_safe() || (!is_elsewhere && ours.has_page(headers).unwrap_or(true)) {
        return Ok(());
    }
    let refused = Failure::new(StatusCode::FORBIDDEN, "this order comes from a page of another site");
    Err(refused.advise(
        "behind a proxy, let it pass the Host header on unchanged, or set dashboard_url in [http] to where \
         people reach the page",
    ))
}

/// Refuses a question that a page of another site has a browser put, where no token says who asks. The page itself may be
/// opened from anywhere, and what it is made of loaded.
///
/// # Errors
/// 403.
pub fn check_question(route: &str, uri: &Uri, headers: &HeaderMap, ours: Ours<'_>) -> Result<(), Failure> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_elsewhere = match text("sec-fetch-site") {
        // Typed in, a bookmark, or a page of ours.
        Some("none" | "same-origin") => false,
        // Other ports of this machine are the same site, and somebody else's.
        Some(_) => true,
        None => ours.has_page(headers) == Some(false),
    };
    let is_opened = route == "/" && uri.query().is_none() && text("sec-fetch-mode") == Some("navigate");
    if !is_elsewhere || is_opened || route.starts_with("/assets/") {
        return Ok(());
    }
    let refused = Failure::new(StatusCode::FORBIDDEN, "a page of another site asks this, and nobody has shown a token");
    Err(refused.advise("open the address by hand or from glidepath's own page, or add [[http.tokens]] to the config"))
}

/// Refuses what came through a proxy that the config does not name, where no token says who asks.
///
/// # Errors
/// 403, with the header that tells it.
pub fn check_proxy(config: &Config, peer: Option<IpAddr>, headers: &HeaderMap) -> Result<(), Failure> {
    let tells = |name: &str| matches!(name, "forwarded" | "via" | "x-real-ip") || name.starts_with("x-forwarded-");
    let Some(name) = headers.keys().map(|name| name.as_str()).find(|name| tells(name)) else { return Ok(()) };
    if peer.is_some_and(|peer| config.is_proxy(peer)) {
        return Ok(());
    }
    let said = format!("this request came through a proxy (its header {name} says so), and nobody has shown a token");
    Err(Failure::new(StatusCode::FORBIDDEN, said).advise(
        "add [[http.tokens]] to the config; or, where whoever reaches that proxy may do everything, name its address in \
         proxies in [http]",
    ))
}
