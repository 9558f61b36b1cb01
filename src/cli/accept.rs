//! `glidepath accept`.

use anyhow::Result;
use chrono::NaiveDate;
use clap::Subcommand;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{AcceptError, AcceptOrder, AcceptedDays};
use crate::domain::facts::vanished::runs;
use crate::domain::values::words::span_text;
use crate::http::client::Entry;

use super::access::{Access, note_entry};
use super::day::parse_day;
use super::out::outln;
use super::usage::Usage;

/// Arguments of `accept`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Days that AWS no longer shows cost nothing from now on; what they cost before stays in the history.
    Vanished {
        /// First day.
        #[arg(long, value_name = "DAY", value_parser = parse_day)]
        from: NaiveDate,
        /// Last day, included.
        #[arg(long, value_name = "DAY", value_parser = parse_day)]
        to: NaiveDate,
    },
}

/// Runs a subcommand.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let Command::Vanished { from, to } = args.command;
    let order = AcceptOrder { from, to };
    let accepted = match Access::open(config)? {
        Access::Store(engine) => {
            let accepted = engine.accept_vanished(Clock::System.now(), order).await.map_err(|error| match error {
                AcceptError::Reversed { .. } => Usage(error.to_string()).into(),
                error => anyhow::Error::from(error),
            })?;
            note_entry(&engine, "entry made", &format!("vanished days from {from} to {to} accepted")).await?;
            accepted
        }
        Access::Daemon(daemon) => {
            let entry = Entry { content_type: "application/json", body: serde_json::to_string(&order)? };
            daemon.enter::<AcceptedDays>("/api/v1/vanished/accept", entry).await?
        }
    };
    for run in runs(&accepted.days) {
        outln!("accepted: {} costs nothing from now on", span_text(run));
    }
    Ok(())
}
