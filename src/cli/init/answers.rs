//! The five answers: from flags, from a terminal, or as by default.
//!
//! Questions are plain lines, read with the terminal's own editing: a dialogue crate takes the terminal over, which neither a serial
//! console nor a screen reader likes, and five lines need no more.

use std::io::BufRead;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;

use super::{Args, Pools};
use crate::cli::out::{self, errln};
use crate::config::{CHANNEL_TYPES, is_variable, nearest};
use crate::domain::wording::trouble::Trouble;

/// Longest name of a startup.
const LONGEST_NAME: usize = 100;
const DEFAULT_LISTEN: &str = "127.0.0.1:8437";

/// What was answered.
pub struct Answers {
    /// What the startup is called; `None` if nobody says.
    pub name: Option<String>,
    /// Where everything goes.
    pub dir: PathBuf,
    /// Where pools come from.
    pub pools: Pools,
    /// Where alerts go, if anywhere.
    pub channel: Option<Channel>,
    /// Where the page is served.
    pub listen: SocketAddr,
}

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

impl Answers {
    /// What the flags say, and else the defaults.
    pub fn of(args: &Args) -> Answers {
        Answers {
            name: args.name.clone(),
            dir: args.dir.clone().unwrap_or_else(|| PathBuf::from(".")),
            pools: args.pools.unwrap_or(Pools::Aws),
            channel: args.channel.clone().and_then(|ChannelChoice(channel)| channel),
            listen: args.listen.unwrap_or_else(|| DEFAULT_LISTEN.parse().expect("a fixed address")),
        }
    }

    /// Asks for what no flag says.
    ///
    /// # Errors
    /// If the answers end before the questions.
    pub fn ask(args: &Args, input: &mut impl BufRead) -> Result<Answers> {
        let given = Answers::of(args);
        let name = match args.name.is_some() {
            true => given.name,
            false => {
                let name = |text: &str| if text.is_empty() { Ok(None) } else { parse_name(text).map(Some) };
                ask(input, "What is the startup called?", "", name)?
            }
        };
        let dir = match args.dir.is_some() {
            true => given.dir,
            false => {
                ask(input, "Which folder is for the config, the store and its backups?", ".", |text| Ok(text.into()))?
            }
        };
        let pools = match args.pools.is_some() {
            true => given.pools,
            false => ask(
                input,
                "Where do the credits come from: aws, which lists them, or manual, typed into the config?",
                "aws",
                |text| Pools::from_str(text, true).map_err(|_| "write aws or manual".to_owned()),
            )?,
        };
        let channel = match args.channel.is_some() {
            true => given.channel,
            false => {
                let question = format!(
                    "Where do alerts go? {}, with the variable that will hold the secret, as in slack=GLIDEPATH_SLACK_URL; or none",
                    CHANNEL_TYPES.join(", ")
                );
                ask(input, &question, "none", |text| parse_channel(text).map(|ChannelChoice(channel)| channel))?
            }
        };
        let listen = match args.listen.is_some() {
            true => given.listen,
            false => ask(input, "At which address and port is the page served?", DEFAULT_LISTEN, parse_listen)?,
        };
        Ok(Answers { name, dir, pools, channel, listen })
    }

    /// Where the page is reached from this machine.
    pub fn page(&self) -> SocketAddr {
        crate::http::client::reachable(self.listen)
    }
}

/// Puts one question until its answer can be used; an empty answer is the default.
fn ask<T>(
    input: &mut impl BufRead,
    question: &str,
    default: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T> {
    loop {
        out::prompt(format_args!("{question} [{default}] "));
        let mut line = String::new();
        if input.read_line(&mut line).context("reading the answer")? == 0 {
            let said = "the answers ended before the questions, and nothing was written; flags answer too, see `glidepath init --help`";
            return Err(Trouble::ArgumentsNotUsable.said(said).into());
        }
        let answer = match line.trim() {
            "" => default,
            answer => answer,
        };
        match read(answer) {
            Ok(value) => return Ok(value),
            Err(why) => errln!("  {why}"),
        }
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
