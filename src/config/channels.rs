//! `[[channel]]`: where messages go, and which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::TimeDelta;
use toml::Value;

use crate::domain::position::finding::{Rule, Severity};
use crate::domain::values::bounds;
use crate::domain::values::secret::Secret;
use crate::domain::wording::Hears;
use crate::notify::{Carries, Channel, Email, Login, MailServer, PAGERDUTY_URL, Security};

use super::problem::Problem;
use super::secret::Reported;
use super::section::{Section, entries};

/// What `type` may be.
pub const TYPES: [&str; 6] = ["slack", "pagerduty", "email", "alertmanager", "webhook", "log"];
const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];
const SECURITIES: &str = "\"starttls\", \"implicit\" or \"none\"";

/// Channels as config names them.
pub struct Channels {
    /// Every name, of those with problems too.
    pub names: BTreeSet<String>,
    /// Whether one has no name that can be read, so that any name may be meant for it.
    pub nameless: bool,
    /// Those that can be used.
    pub channels: BTreeMap<String, Channel>,
    /// What each of them wants to hear.
    pub hears: BTreeMap<String, Hears>,
}

/// Reads every channel, and what it wants to hear. `lasts` is how long a firing alert lasts for a receiver that has to be
/// told again.
pub fn read(value: Option<Value>, folder: &Path, lasts: TimeDelta, problems: &mut Vec<Problem>) -> Channels {
    let (mut names, mut nameless) = (BTreeSet::new(), false);
    let (mut channels, mut all_hear) = (BTreeMap::new(), BTreeMap::new());
    for (place, keys) in entries("channel", value, problems) {
        let mut section = Section::new(place, keys, problems);
        let name = section.required("name", "any name of your own, such as \"team\"");
        nameless |= name.is_none();
        if let Some(name) = &name {
            section.name_place(name);
            if !names.insert(name.clone()) {
                section
                    .problem("name", format!("{name:?} is used by an earlier channel; each needs a name of its own"));
            }
        }
        let Some(kind) = section.required("type", &format!("one of {}", TYPES.join(", "))) else {
            section.finish_early();
            continue;
        };
        let channel = match kind.as_str() {
            "slack" => slack(&mut section, folder),
            "pagerduty" => pagerduty(&mut section, folder),
            "email" => email(&mut section, folder),
            "alertmanager" => alertmanager(&mut section, folder, lasts),
            "webhook" => webhook(&mut section, folder),
            "log" => Some(Channel::Log),
            _ => {
                let what = (format!("{kind:?} is not a type"), kind.as_str());
                section.not_among("type", what, TYPES, &format!("write one of {}", TYPES.join(", ")));
                // Which keys belong here depends on the type, so nothing more can be said.
                continue;
            }
        };
        if let Some(Err(error)) = channel.as_ref().map(Channel::validate) {
            section.problem_here(error.to_string());
        }
        let hears = hears(&mut section, &kind, channel.as_ref());
        section.finish();
        if let (Some(name), Some(channel)) = (name, channel) {
            channels.insert(name.clone(), channel);
            all_hear.insert(name, hears);
        }
    }
    Channels { names, nameless, channels, hears: all_hear }
}

fn slack(section: &mut Section<'_>, folder: &Path) -> Option<Channel> {
    Some(Channel::Slack { webhook_url: section.secret("url", folder)? })
}

fn webhook(section: &mut Section<'_>, folder: &Path) -> Option<Channel> {
    let url = section.secret("url", folder);
    let secret = section.secret("secret", folder);
    Some(Channel::Webhook { url: url?, secret: secret? })
}

fn pagerduty(section: &mut Section<'_>, folder: &Path) -> Option<Channel> {
    let routing_key = section.secret("routing_key", folder);
    let url = section.text("url").unwrap_or_else(|| PAGERDUTY_URL.to_owned());
    Some(Channel::PagerDuty { routing_key: routing_key?, url })
}

fn alertmanager(section: &mut Section<'_>, folder: &Path, lasts: TimeDelta) -> Option<Channel> {
    let url = section.required("url", "its address, such as \"http://alertmanager.internal:9093\"");
    if url.as_ref().is_some_and(|url| url.contains('@')) {
        section.problem("url", "holds a user: a secret never stands in the config; write user and password instead");
        return None;
    }
    let token = section.secret_if_given("token", folder);
    let password = login(section, folder);
    let login = match (token.ok()?, password.ok()?) {
        (Some(_), Some(_)) => {
            section.problem_here("give token, or user and password, and not both");
            return None;
        }
        (Some(token), None) => Some(Login::Token(token)),
        (None, Some((user, password))) => Some(Login::Password { user, password }),
        (None, None) => None,
    };
    Some(Channel::Alertmanager { url: url?, login, lasts })
}

/// User and password, both or neither.
fn login(section: &mut Section<'_>, folder: &Path) -> Result<Option<(String, Secret)>, Reported> {
    let has_user = section.has("user");
    let user = section.text("user");
    let password = section.secret_if_given("password", folder)?;
    if has_user && user.is_none() {
        return Err(Reported);
    }
    let (given, missing) = match (user, password) {
        (Some(user), Some(password)) => return Ok(Some((user, password))),
        (None, None) => return Ok(None),
        (Some(_), None) => ("user", "password"),
        (None, Some(_)) => ("password", "user"),
    };
    section.problem(missing, format!("is missing: it belongs to {given}"));
    Err(Reported)
}

fn email(section: &mut Section<'_>, folder: &Path) -> Option<Channel> {
    let host = section.required("host", "the mail server's name, such as \"smtp.example.com\"");
    let security = match section.text("tls").as_deref() {
        None | Some("starttls") => Some(Security::StartTls),
        Some("implicit") => Some(Security::Implicit),
        Some("none") => Some(Security::Plain),
        Some(other) => {
            let what = (format!("{other:?} is not a way to protect a connection"), other);
            section.not_among("tls", what, ["starttls", "implicit", "none"], &format!("write {SECURITIES}"));
            None
        }
    };
    let port = section.count("port", bounds::PORT);
    let login = login(section, folder);
    let from = section.required("from", "the sender, such as \"Glidepath <glidepath@example.com>\"");
    let named = section.has("to");
    let to = section.texts("to");
    if !named {
        section.problem("to", "is missing: who gets the messages, such as [\"ops@example.com\"]");
    }
    let (security, login) = (security?, login.ok()?);
    let port = port.unwrap_or(security.default_port());
    let server = MailServer { host: host?, port, security, login };
    Some(Channel::Email(Email { server, from: from?, to: to? }))
}

/// What a partner's channel never gets, so that asking for some of it is a mistake.
const OF_ALERTS: [&str; 3] = ["min_severity", "rules", "digest"];

/// What goes there. `channel` is `None` where it has problems of its own.
fn hears(section: &mut Section<'_>, kind: &str, channel: Option<&Channel>) -> Hears {
    let records = partner_records(section, kind, channel);
    let links = section.flag("links");
    if links == Some(true) && channel.is_some_and(|channel| !channel.may_carry_links()) {
        let message =
            format!("is true, and {kind} shows what it is sent to more people than a link is for; leave it out");
        section.problem("links", message);
    }
    let at_leisure = channel.is_none_or(Channel::is_read_at_leisure);
    let min_severity = section.text("min_severity").and_then(|text| {
        let found = SEVERITIES.into_iter().find(|severity| severity.as_str() == text);
        if found.is_none() {
            let names = SEVERITIES.map(Severity::as_str);
            let what = (format!("{text:?} is not a severity"), text.as_str());
            section.not_among("min_severity", what, names, &format!("write one of {}", names.join(", ")));
        }
        found
    });
    let rules = section.texts("rules").map(|names| {
        let read = |name: String| {
            let found = Rule::ALL.into_iter().find(|rule| rule.as_str() == name);
            if found.is_none() {
                let names = Rule::ALL.map(Rule::as_str);
                let what = (format!("{name:?} is not a rule"), name.as_str());
                section.not_among("rules", what, names, &format!("write some of {}", names.join(", ")));
            }
            found
        };
        names.into_iter().filter_map(read).collect::<BTreeSet<Rule>>()
    });
    let digest = section.flag("digest").unwrap_or(at_leisure) && records.is_none();
    let min_severity = min_severity.unwrap_or(Severity::Info);
    Hears { min_severity, rules, digest, records, links: links.unwrap_or(true) }
}

/// The records of a partner's channel. Whatever is wrong with them, it stays a partner's.
fn partner_records(section: &mut Section<'_>, kind: &str, channel: Option<&Channel>) -> Option<Vec<String>> {
    if !section.has("records") {
        section.value("records");
        return None;
    }
    let given = section.texts("records");
    let is_empty = given.as_ref().is_some_and(Vec::is_empty);
    let records = given.unwrap_or_default();
    if is_empty {
        section.problem("records", "is empty: the record ids of the filing that the partner may see");
    }
    if channel.is_some_and(|channel| !matches!(channel.carries(), Carries::Files | Carries::Links)) {
        let message =
            format!("makes this a partner's channel, and {kind} carries no report; use email, webhook or slack");
        section.problem("records", message);
    }
    let beside: Vec<&str> = OF_ALERTS.into_iter().filter(|key| section.has(key)).collect();
    if let Some((first, others)) = beside.split_first() {
        let others = if others.is_empty() { String::new() } else { format!(", with {},", others.join(" and ")) };
        let message = format!(
            "stands{others} beside records, which makes this a partner's channel: it gets reports, and no alert or digest"
        );
        section.problem(first, message);
    }
    Some(records)
}
