//! `glidepath audit`: who read reports, and who entered what.

use anyhow::Result;
use clap::Subcommand;

use crate::config::Config;
use crate::http::AuditPage;
use crate::store::AuditRow;

use super::access::Access;
use super::out;
use super::table::{or_dash, table};

/// Arguments of `audit`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The newest entries first.
    List {
        /// Entries at most, up to 1000.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs a subcommand.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let Command::List { limit, json } = &args.command;
    let entries: Vec<AuditRow> = match Access::open_to_read(config)? {
        Access::Store(engine) => engine.store().audited(None, *limit).await?,
        Access::Daemon(daemon) => daemon.fetch::<AuditPage>(&format!("/api/v1/audit?limit={limit}")).await?.entries,
    };
    if *json {
        out::json(&entries)?;
        return Ok(());
    }
    let rows = entries.iter().map(|AuditRow { entry, times, last_at, .. }| {
        vec![
            entry.at.to_string(),
            entry.who.clone(),
            entry.action.clone(),
            entry.path.clone(),
            entry.status.to_string(),
            times.to_string(),
            or_dash(*last_at),
        ]
    });
    out::block(table(&["at", "who", "action", "path", "status", "times", "last at"], &[4, 5], rows));
    Ok(())
}
