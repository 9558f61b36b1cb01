//! `[http]`: where the daemon listens, and who may read what.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use ipnet::IpNet;
use reqwest::Url;
use sha2::{Digest as _, Sha256};
use toml::Table;

use crate::domain::values::bounds;
use crate::domain::values::secret::Secret;

use super::problem::Problem;
use super::section::{Section, entries};
use super::token::{Role, Token};

const DEFAULT_LISTEN: &str = "127.0.0.1:8437";
/// Two digests: who was away for a week can still open the last one's.
const DEFAULT_LINK_DAYS: u32 = 14;
/// A year, so that a round can be looked back on from the next one, and a month to do so.
const DEFAULT_AUDIT_DAYS: u32 = 400;
const ROLES: &str = "write founder, ops or partner";
/// What a small machine can hold, and many times what the readers of one startup's figures open.
const DEFAULT_MAX_CONNECTIONS: u32 = 256;
/// An office behind one address.
const DEFAULT_MAX_CONNECTIONS_PER_ADDRESS: u32 = 64;
/// Bytes: as many as the hash that signs.
const SHORTEST_LINK_KEY: usize = 32;
/// Bytes: what nobody finds by trying, even at a thousand guesses a second.
const SHORTEST_TOKEN: usize = 16;

/// What is hashed where a variable or a file is empty: `printf ''`, `echo`, and `echo` on another system.
const NOTHING: [&str; 4] = ["", "\n", "\r\n", " "];

/// The section, read.
pub struct Http {
    /// Address to listen on; `None` if it cannot be read.
    pub listen: Option<SocketAddr>,
    /// Where the dashboard is.
    pub dashboard_url: Option<String>,
    /// Who may read what.
    pub tokens: Vec<Token>,
    /// Whether links are meant to be made: a key and an address are given, whatever is wrong with them.
    pub may_link: bool,
    /// What links are signed with.
    pub link_key: Option<Secret>,
    /// Days that a link lives which nobody ordered by hand.
    pub link_days: u32,
    /// Days that the audit is kept.
    pub audit_days: u32,
    /// The proxies in front of the daemon.
    pub proxies: Vec<IpNet>,
    /// Connections at a time.
    pub max_connections: u32,
    /// Connections at a time from one address.
    pub max_connections_per_address: u32,
}

/// Reads the section.
pub fn read(keys: Table, folder: &Path, problems: &mut Vec<Problem>) -> Http {
    let mut section = Section::new("[http]", keys, problems);
    let tokens = section.value("tokens");
    let has_tokens = tokens.as_ref().is_some_and(|given| given.as_array().is_none_or(|list| !list.is_empty()));
    let listen = listen(&mut section, has_tokens);
    let may_link = section.has("dashboard_url") && section.has("link_key");
    let dashboard_url = dashboard_url(&mut section);
    let link_key = link_key(&mut section, folder);
    let link_days = section.count("link_days", bounds::LINK_DAYS).unwrap_or(DEFAULT_LINK_DAYS);
    let audit_days = section.count("audit_days", bounds::AUDIT_DAYS).unwrap_or(DEFAULT_AUDIT_DAYS);
    let proxies = proxies(&mut section);
    let max_connections = section.count("max_connections", bounds::CONNECTIONS).unwrap_or(DEFAULT_MAX_CONNECTIONS);
    let max_connections_per_address = section
        .count("max_connections_per_address", bounds::CONNECTIONS)
        .unwrap_or(DEFAULT_MAX_CONNECTIONS_PER_ADDRESS);
    section.finish();
    let mut names = BTreeSet::new();
    let mut hashes = BTreeSet::new();
    let mut read = Vec::new();
    for (number, (place, keys)) in (1..).zip(entries("http.tokens", tokens, problems)) {
        let mut section = Section::new(place, keys, problems);
        let token = token(&mut section, number, folder);
        if let Some(token) = token {
            if !names.insert(token.name.clone()) {
                section.problem("name", format!("{:?} is used by an earlier token", token.name));
            }
            // A token that stands for two roles would open whichever is looked at first.
            if !hashes.insert(token.sha256) {
                section.problem("token", "is the same as that of an earlier entry; each needs its own");
            }
            read.push(token);
        }
        section.finish();
    }
    Http {
        listen,
        dashboard_url,
        tokens: read,
        may_link,
        link_key,
        link_days,
        audit_days,
        proxies,
        max_connections,
        max_connections_per_address,
    }
}

/// The proxies in front of the daemon, each an address or a network of addresses.
fn proxies(section: &mut Section<'_>) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for text in section.texts("proxies").unwrap_or_default() {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        match network {
            Err(_) => section.problem(
                "proxies",
                format!("{text:?} is neither an address nor a network such as \"10.0.0.7\" or \"10.0.0.0/24\""),
            ),
            Ok(network) if network.prefix_len() == 0 => {
                section.problem("proxies", format!("{text:?} is every address: name those of the proxies alone"));
            }
            // Peers are compared as what they are, and such a peer is IPv4.
            Ok(IpNet::V6(network)) if network.addr().to_ipv4_mapped().is_some() => {
                section.problem("proxies", format!("{text:?} is IPv4 written as IPv6: write it as IPv4"));
            }
            Ok(network) => networks.push(network),
        }
    }
    networks
}

fn listen(section: &mut Section<'_>, has_tokens: bool) -> Option<SocketAddr> {
    let given = section.has("listen");
    let text = section.text("listen");
    if given && text.is_none() {
        return None;
    }
    let text = text.unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
    let Ok(address) = text.parse::<SocketAddr>() else {
        section.problem("listen", format!("{text:?} is not an address and port such as \"{DEFAULT_LISTEN}\""));
        return None;
    };
    if !address.ip().is_loopback() && !has_tokens {
        let message = format!(
            "{address} can be reached from other machines, so at least one token is needed: add [[http.tokens]], or \
             listen on 127.0.0.1"
        );
        section.problem("listen", message);
    }
    Some(address)
}

/// Where people reach the page, with a slash at the end: what the page loads is relative to it. One that cannot be used
/// counts as given, so that what needs it does not complain as well.
fn dashboard_url(section: &mut Section<'_>) -> Option<String> {
    let text = section.text("dashboard_url")?;
    let web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let Some(mut url) = Url::parse(&text).ok().filter(web) else {
        section.problem("dashboard_url", "is not a web address such as \"https://glidepath.example.com/\"");
        return Some(text);
    };
    if url.query().is_some() || url.fragment().is_some() {
        let message = "has something after its path, where links to reports are put; end it with the path, as in \
                       \"https://ops.example.com/glidepath/\"";
        section.problem("dashboard_url", message);
        return Some(text);
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url.into())
}

fn token(section: &mut Section<'_>, number: usize, folder: &Path) -> Option<Token> {
    let name = section.text("name");
    if let Some(name) = &name {
        section.name_place(name);
    }
    let known = known_by(section, folder);
    let given_expiry = section.has("expires_on");
    let expires_on = section.day("expires_on");
    let role = section.required("role", ROLES);
    let has_records = section.has("records");
    let records = section.texts("records");
    let role = match role?.as_str() {
        role @ ("founder" | "ops") if has_records => {
            section.problem("records", format!("belongs to role \"partner\"; {role} sees the figures of all records"));
            return None;
        }
        "founder" => Role::Founder,
        "ops" => Role::Ops,
        "partner" if !has_records => {
            section.problem("records", "is missing: the record ids of the filing that the partner may see");
            return None;
        }
        "partner" => Role::Partner {
            records: match records? {
                records if records.is_empty() => {
                    section.problem("records", "is empty: the record ids of the filing that the partner may see");
                    return None;
                }
                records => records,
            },
        },
        other => {
            let what = (format!("{other:?} is not a role"), other);
            section.not_among("role", what, ["founder", "ops", "partner"], ROLES);
            return None;
        }
    };
    let (sha256, secret) = known?;
    if given_expiry && expires_on.is_none() {
        return None;
    }
    Some(Token { name: name.unwrap_or_else(|| format!("token {number}")), sha256, secret, role, expires_on })
}

/// How the token is known again: by itself, or by its hash alone.
fn known_by(section: &mut Section<'_>, folder: &Path) -> Option<([u8; 32], Option<Secret>)> {
    let (has_token, has_hash) = (section.has("token"), section.has("token_sha256"));
    let text = section.text("token_sha256");
    if !has_hash {
        let secret = section.secret("token", folder)?;
        if secret.expose().len() < SHORTEST_TOKEN {
            let message = format!(
                "is shorter than {SHORTEST_TOKEN} bytes and could be found by trying; `glidepath token new` makes a long one"
            );
            section.problem("token", message);
            return None;
        }
        return Some((Sha256::digest(secret.expose()).into(), Some(secret)));
    }
    section.value("token");
    if has_token {
        section.problem("token_sha256", "stands beside token; give one of the two");
        return None;
    }
    let text = text?;
    let mut sha256 = [0; 32];
    if hex::decode_to_slice(&text, &mut sha256).is_err() {
        // Not quoted: somebody may have written the token itself.
        let message = "is not the SHA-256 of a token, 64 hexadecimal digits; `glidepath token new` makes one";
        section.problem("token_sha256", message);
        return None;
    }
    if NOTHING.iter().any(|nothing| Sha256::digest(nothing).as_slice() == sha256) {
        let message = "is the SHA-256 of nothing, which anybody can show: the token was empty when it was hashed; \
                       `glidepath token new` makes one";
        section.problem("token_sha256", message);
        return None;
    }
    Some((sha256, None))
}

/// What links are signed with. A short key could be found by trying, and then any report could be opened.
fn link_key(section: &mut Section<'_>, folder: &Path) -> Option<Secret> {
    if !section.has("link_key") {
        section.value("link_key");
        return None;
    }
    let key = section.secret("link_key", folder)?;
    if key.expose().len() < SHORTEST_LINK_KEY {
        let message = format!("is shorter than {SHORTEST_LINK_KEY} bytes; `openssl rand -hex 32` prints one");
        section.problem("link_key", message);
        return None;
    }
    Some(key)
}
