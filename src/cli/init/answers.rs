//! The five answers: from flags, from a terminal, or as by default.
//!
//! Questions are plain lines, read with the terminal's own editing: a dialogue crate takes the terminal over, which neither a serial
//! console nor a screen reader likes, and five lines need no more.

use std::io::BufRead;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;

use super::args::{Args, Pools};
use super::choices::{Channel, ChannelChoice, DEFAULT_LISTEN, parse_channel, parse_listen, parse_name};
use crate::cli::out::{self, errln};
use crate::config::CHANNEL_TYPES;
use crate::domain::wording::trouble::Trouble;

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
