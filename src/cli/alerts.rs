//! `glidepath alerts`.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use clap::Subcommand;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{AlertList, MuteEntry, TestedChannel};
use crate::domain::alert::{Mute, MuteKind};
use crate::domain::position::finding::Severity;
use crate::domain::wording::trouble::Trouble;
use crate::http::client::{Entry, with_query};

use super::access::{Access, note};
use super::day::parse_clock;
use super::out::{self, outln};
use super::table::{or_dash, table};
use super::usage::Usage;

/// Arguments of `alerts`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What is open, what is held, and what somebody muted.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say that somebody is on it: no reminders of an open alert until it gets worse or comes again.
    Ack(MuteArgs),
    /// Keep an alert quiet for a while: neither first messages nor reminders, unless it gets worse.
    Silence(MuteArgs),
    /// Send a test message through every channel, or through one, and say how each went. Status 1 if one did not arrive.
    Test {
        /// Only this channel.
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What is said about an alert.
#[derive(Debug, clap::Args)]
struct MuteArgs {
    /// Key of an alert, as `alerts list` shows it; `silence` also takes RULE:*.
    key: String,
    /// Why, for those who look later.
    #[arg(long)]
    why: String,
    /// Who says so.
    #[arg(long, env = "USER")]
    by: String,
    /// Until when: a day, or a time in RFC 3339. A silence needs it.
    #[arg(long, value_parser = parse_clock, value_name = "TIME")]
    until: Option<DateTime<Utc>>,
    /// Take back what was said before.
    #[arg(long, conflicts_with = "until")]
    end: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Args {
    /// True if it only reads.
    pub const fn only_reads(&self) -> bool {
        matches!(self.command, Command::List { .. })
    }
}

/// Runs a subcommand.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    match &args.command {
        Command::List { json } => list(Access::open_to_read(config)?, *json).await,
        Command::Ack(args) => mute(config, MuteKind::Ack, args).await,
        Command::Silence(args) => mute(config, MuteKind::Silence, args).await,
        Command::Test { channel, json } => test(config, channel.as_deref(), *json).await,
    }
}

/// Through the daemon where one runs: what it can reach is what counts.
async fn test(config: Config, channel: Option<&str>, json: bool) -> Result<()> {
    let tested: Vec<TestedChannel> = match Access::open(config)? {
        Access::Store(engine) => {
            let tested = engine.test_channels(channel, Clock::System.now()).await;
            tested.with_context(|| {
                let there = engine.config().channel_names();
                Trouble::ArgumentsNotUsable.said(format!("no such channel is configured; {there}"))
            })?
        }
        Access::Daemon(daemon) => {
            let wanted: Vec<_> = channel.map(|name| ("channel", name.to_owned())).into_iter().collect();
            daemon.order(&with_query("/api/v1/alerts/test", &wanted)).await?
        }
    };
    if json {
        out::json(&tested)?;
    } else if tested.is_empty() {
        outln!("No channel is configured: alerts are seen on the page and in `status` only.");
    } else {
        let rows = tested.iter().map(|one| {
            let outcome = one.error.clone().unwrap_or_else(|| "arrived".to_owned());
            vec![one.channel.clone(), one.kind.clone(), outcome]
        });
        out::block(table(&["channel", "type", "outcome"], &[], rows));
    }
    let failed = tested.iter().filter(|one| !one.arrived).count();
    if failed > 0 {
        let said = format!("{failed} of {} test messages did not arrive", tested.len());
        return Err(Trouble::MessageNotDelivered.said(said).into());
    }
    Ok(())
}

async fn list(access: Access, json: bool) -> Result<()> {
    let list: AlertList = match access {
        Access::Store(engine) => engine.alerts(Clock::System.now()).await?,
        Access::Daemon(daemon) => daemon.fetch("/api/v1/alerts").await?,
    };
    if json {
        out::json(&list)?;
        return Ok(());
    }
    if list.alerts.is_empty() && list.mutes.is_empty() {
        outln!("Nothing is open.");
        return Ok(());
    }
    let rows = list.alerts.iter().map(|row| {
        vec![
            row.key.clone(),
            row.severity.as_str().to_owned(),
            match (&row.muted, &row.because) {
                (Some(mute), _) => format!("{}, {}", row.state.as_str(), word(mute.kind)),
                (None, Some(because)) => format!("{}: {because}", row.state.as_str()),
                (None, None) => row.state.as_str().to_owned(),
            },
            row.since.to_string(),
            or_dash(row.last_told_at.map(|at| at.date_naive())),
            row.summary.clone(),
        ]
    });
    out::block(table(&["alert", "severity", "state", "since", "last told", "summary"], &[], rows));
    for mute in &list.mutes {
        outln!("{}", said(mute));
    }
    Ok(())
}

async fn mute(config: Config, kind: MuteKind, args: &MuteArgs) -> Result<()> {
    if kind == MuteKind::Silence && args.until.is_none() && !args.end {
        return Err(Usage(
            "a silence needs an end: give --until with a day or a time, or --end to take one back".into(),
        )
        .into());
    }
    let MuteArgs { key, why, by, until, end, json } = args;
    let entry = MuteEntry { kind, key: key.clone(), by: by.clone(), why: why.clone(), until: *until, end: *end };
    let mute: Mute = match Access::open_to_read(config)? {
        Access::Store(engine) => {
            let mute = engine.mute(Clock::System.now(), entry).await?;
            note(&engine, "acknowledgement or silence made", &format!("alert {key}")).await?;
            mute
        }
        Access::Daemon(daemon) => {
            let entry = Entry { content_type: "application/json", body: serde_json::to_string(&entry)? };
            daemon.enter("/api/v1/alerts/mutes", entry).await?
        }
    };
    if *json {
        out::json(&mute)?;
    } else if *end {
        outln!("{} speaks again", mute.key);
    } else {
        outln!("{}", said(&mute));
    }
    Ok(())
}

/// What is muted, by whom, until when, and what speaks all the same.
fn said(mute: &Mute) -> String {
    let until = match mute.until {
        Some(until) => format!("until {}", until.format("%Y-%m-%d %H:%M UTC")),
        None => "until it is over".to_owned(),
    };
    let Mute { key, by, why, up_to, .. } = mute;
    let worse = match up_to {
        Severity::Critical => String::new(),
        up_to => format!(" It speaks if it gets worse than {}.", up_to.as_str()),
    };
    format!("{key} is {} by {by} {until}: {why}.{worse}", word(mute.kind))
}

const fn word(kind: MuteKind) -> &'static str {
    match kind {
        MuteKind::Ack => "acknowledged",
        MuteKind::Silence => "silenced",
    }
}
