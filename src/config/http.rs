//! `[http]`: where the daemon listens, and who may read what.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use reqwest::Url;
use toml::Table;

use crate::domain::secret::Secret;

use super::problem::Problem;
use super::section::{Section, entries};
use super::{Role, Token};

const DEFAULT_LISTEN: &str = "127.0.0.1:8437";

/// The section, read.
pub struct Http {
    /// Address to listen on; `None` if it cannot be read.
    pub listen: Option<SocketAddr>,
    /// Where the dashboard is.
    pub dashboard_url: Option<String>,
    /// Who may read what.
    pub tokens: Vec<Token>,
}

/// Reads the section.
pub fn read(keys: Table, folder: &Path, problems: &mut Vec<Problem>) -> Http {
    let mut section = Section::new("[http]", keys, problems);
    let has_tokens = section.has("tokens");
    let listen = listen(&mut section, has_tokens);
    let dashboard_url = section.text("dashboard_url");
    if dashboard_url.as_ref().is_some_and(|url| !is_web_address(url)) {
        section.problem("dashboard_url", "is not a web address such as \"https://glidepath.example.com/\"");
    }
    let tokens = section.value("tokens");
    section.finish();
    let mut names = BTreeSet::new();
    let mut secrets: Vec<Secret> = Vec::new();
    let mut read = Vec::new();
    for (number, (place, keys)) in (1..).zip(entries("http.tokens", tokens, problems)) {
        let mut section = Section::new(place, keys, problems);
        let token = token(&mut section, number, folder);
        if let Some(token) = token {
            if !names.insert(token.name.clone()) {
                section.problem("name", format!("{:?} is used by an earlier token", token.name));
            }
            // A token that stands for two roles would open whichever is looked at first.
            if secrets.contains(&token.secret) {
                section.problem("token", "is the same as that of an earlier entry; each needs its own");
            }
            secrets.push(token.secret.clone());
            read.push(token);
        }
        section.finish();
    }
    Http { listen, dashboard_url, tokens: read }
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

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn token(section: &mut Section<'_>, number: usize, folder: &Path) -> Option<Token> {
    let name = section.text("name");
    if let Some(name) = &name {
        section.name_place(name);
    }
    let secret = section.secret("token", folder);
    let role = section.required("role", "write owner or partner");
    let has_records = section.has("records");
    let records = section.texts("records");
    let role = match role?.as_str() {
        "owner" if has_records => {
            section.problem("records", "belongs to role \"partner\"; an owner sees everything");
            return None;
        }
        "owner" => Role::Owner,
        "partner" if !has_records => {
            section.problem("records", "is missing: the record ids of the filing that the partner may see");
            return None;
        }
        "partner" => Role::Partner {
            records: records.filter(|records| !records.is_empty()).or_else(|| {
                section.problem("records", "is empty: the record ids of the filing that the partner may see");
                None
            })?,
        },
        other => {
            section.problem("role", format!("{other:?} is not a role; write owner or partner"));
            return None;
        }
    };
    Some(Token { name: name.unwrap_or_else(|| format!("token {number}")), secret: secret?, role })
}
