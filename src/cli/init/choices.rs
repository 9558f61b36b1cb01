//! What each question takes, on the command line and at a terminal.

use std::net::SocketAddr;

use crate::config::{CHANNEL_TYPES, is_variable, nearest};

/// Longest name of a startup.
const LONGEST_NAME: usize = 100;
/// Where the page is served unless somebody says otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8437";

/// A channel, or none on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelChoice(pub Option<Channel>);

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// One of the config's types.
    pub kind: &'static str,
    /// The variable with its secret; empty where it needs none.
    pub variable: String,
}

impl Channel {
    /// The variables that it reads, each with what has to be in it.
    pub fn variables(&self) -> Vec<(String, &'static str)> {
        let one = |holds| vec![(self.variable.clone(), holds)];
        match self.kind {
            "slack" => one("the address of Slack's incoming webhook"),
            "pagerduty" => one("the integration key of Events API v2"),
            "email" => one("the password of the mail server"),
            "alertmanager" => one("the bearer token of the Alertmanager"),
            "webhook" => {
                let key = (self.key_variable(), "the key that signs each message (openssl rand -base64 32)");
                [one("the address to post to"), vec![key]].concat()
            }
            _ => Vec::new(),
        }
    }

    /// The variable with the key that a webhook's messages are signed with.
    pub fn key_variable(&self) -> String {
        format!("{}_KEY", self.variable)
    }

    /// True if what is written for it has names that only its owner knows.
    pub fn has_examples(&self) -> bool {
        matches!(self.kind, "email" | "alertmanager")
    }
}

/// The name of a startup: a line that can be read.
///
/// # Errors
/// What one is.
pub fn parse_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let fits = !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    if fits {
        Ok(name.to_owned())
    } else {
        Err(format!("write a name of at most {LONGEST_NAME} characters, on one line"))
    }
}

/// `TYPE=ENV`, a type alone for its usual variable, or `none`.
///
/// # Errors
/// Which types there are, or what a variable is called.
pub fn parse_channel(text: &str) -> Result<ChannelChoice, String> {
    let (kind, variable) = text.split_once('=').map_or((text, None), |(kind, variable)| (kind, Some(variable.trim())));
    let kind = kind.trim().to_lowercase();
    if kind == "none" && variable.is_none() {
        return Ok(ChannelChoice(None));
    }
    let Some(kind) = CHANNEL_TYPES.into_iter().find(|one| *one == kind) else {
        let meant = match nearest(&kind, CHANNEL_TYPES) {
            Some(name) => format!("did you mean {name}?"),
            None => format!("write one of {}, or none", CHANNEL_TYPES.join(", ")),
        };
        return Err(format!("{kind:?} is no type of channel; {meant}"));
    };
    let variable = match (kind, variable) {
        ("log", None) => String::new(),
        ("log", Some(_)) => {
            return Err("log writes into the daemon's log and has no secret: write log alone".to_owned());
        }
        (_, None) => format!("GLIDEPATH_{}_{}", kind.to_uppercase(), usual(kind)),
        (_, Some(variable)) if is_variable(variable) => variable.to_owned(),
        (_, Some(_)) => {
            return Err(format!(
                "after {kind}= comes the name of an environment variable, of letters, digits and _, and not the secret itself: \
                 {kind}=GLIDEPATH_{}_{}",
                kind.to_uppercase(),
                usual(kind)
            ));
        }
    };
    Ok(ChannelChoice(Some(Channel { kind, variable })))
}

/// What the secret of a type is.
fn usual(kind: &str) -> &'static str {
    match kind {
        "slack" | "webhook" => "URL",
        "pagerduty" => "KEY",
        "email" => "PASSWORD",
        _ => "TOKEN",
    }
}

/// An address and a port.
///
/// # Errors
/// How they are written.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("write an address and a port, such as {DEFAULT_LISTEN}, or 0.0.0.0:8437 for every address")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_a_type_and_a_variable_and_never_a_secret() {
        let read =
            |text: &str| parse_channel(text).map(|ChannelChoice(channel)| channel.map(|it| (it.kind, it.variable)));
        assert_eq!(read("slack=HOOK"), Ok(Some(("slack", "HOOK".to_owned()))));
        assert_eq!(read("Slack = HOOK"), Ok(Some(("slack", "HOOK".to_owned()))));
        assert_eq!(read("pagerduty"), Ok(Some(("pagerduty", "GLIDEPATH_PAGERDUTY_KEY".to_owned()))));
        assert_eq!(read("log"), Ok(Some(("log", String::new()))));
        assert_eq!(read("none"), Ok(None));
        assert!(read("slak=HOOK").unwrap_err().ends_with("did you mean slack?"));
        assert!(read("telegram").unwrap_err().contains("write one of slack, pagerduty"));
        let said = read("slack=https://hooks.slack.com/services/T0/B0/planted").unwrap_err();
        assert!(said.ends_with("slack=GLIDEPATH_SLACK_URL") && !said.contains("planted"), "{said}");
        assert!(read("log=X").is_err() && read("slack=").is_err() && read("").is_err());
    }
}
