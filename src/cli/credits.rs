//! `glidepath credits`.

use anyhow::Result;
use chrono::NaiveDate;
use clap::Subcommand;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{BalanceEntry, RecordedEntry, TakenSnapshot};
use crate::domain::position::{Credits, PoolPosition};
use crate::domain::values::money::Money;
use crate::http::HistoryPage;
use crate::http::client::Entry;

use super::access::{Access, existing_view, note_entry};
use super::out::{self, outln};
use super::stated;
use super::table::{or_dash, table};

/// Arguments of `credits`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The pools.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Record a balance read off the console, for accounts where the credits API is closed.
    Record {
        /// Pool id.
        #[arg(long)]
        pool: String,
        /// Credit left in US dollars.
        #[arg(long)]
        remaining: Money,
        /// Day on which it was read off [default: today].
        #[arg(long, value_name = "DAY")]
        on: Option<NaiveDate>,
    },
    /// Every snapshot of what AWS listed.
    History {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Args {
    /// True if it only reads.
    pub const fn only_reads(&self) -> bool {
        matches!(self.command, Command::List { .. } | Command::History { .. })
    }
}

/// Runs a subcommand.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let access = match args.command {
        Command::Record { .. } => Access::open(config)?,
        Command::List { .. } | Command::History { .. } => Access::open_to_read(config)?,
    };
    match &args.command {
        Command::List { json } => list(access, *json).await,
        Command::Record { pool, remaining, on } => {
            record(access, BalanceEntry { pool: pool.clone(), remaining: *remaining, on: *on }).await
        }
        Command::History { json } => history(access, *json).await,
    }
}

async fn list(access: Access, json: bool) -> Result<()> {
    let pools: Vec<PoolPosition> = match access {
        Access::Store(engine) => existing_view(&engine, None).await?.position.credits.pools,
        Access::Daemon(daemon) => daemon.fetch::<Credits>("/api/v1/credits").await?.pools,
    };
    if json {
        out::json(&pools)?;
        return Ok(());
    }
    let rows = pools.iter().map(|pool| {
        vec![
            pool.id.clone(),
            pool.name.clone(),
            or_dash(pool.programme.map(|programme| programme.as_str())),
            pool.granted.dollars(),
            pool.drawn.dollars(),
            pool.remaining.dollars(),
            or_dash(pool.stated.as_ref().map(stated::cell)),
            pool.starts_on.to_string(),
            pool.expires_on.to_string(),
            pool.status.as_str().to_owned(),
        ]
    });
    let header =
        ["id", "name", "programme", "granted", "drawn", "remaining", "AWS states", "starts", "expires", "status"];
    out::block(table(&header, &[3, 4, 5, 6], rows));
    for note in stated::notes(&pools) {
        outln!("{note}");
    }
    Ok(())
}

async fn record(access: Access, entry: BalanceEntry) -> Result<()> {
    let recorded = match access {
        Access::Store(engine) => {
            let recorded = engine.record_balance(Clock::System.now(), entry).await?;
            note_entry(&engine, "entry made", &format!("balance of {}", recorded.pool)).await?;
            recorded
        }
        Access::Daemon(daemon) => {
            let entry = Entry { content_type: "application/json", body: serde_json::to_string(&entry)? };
            daemon.enter::<RecordedEntry>("/api/v1/credits/statements", entry).await?
        }
    };
    let RecordedEntry { pool, remaining, on, aws_states, .. } = recorded;
    let counts = aws_states.map_or_else(
        || "it counts from now on".to_owned(),
        |aws| {
            format!(
                "but AWS states {} on {}, and its balance counts before one typed in for the same day or an earlier one",
                aws.amount.dollars(),
                aws.day
            )
        },
    );
    outln!("recorded: {} left in {pool} on {on}; {counts}", remaining.dollars());
    Ok(())
}

async fn history(access: Access, json: bool) -> Result<()> {
    let history: Vec<TakenSnapshot> = match access {
        Access::Store(engine) => engine.credit_history().await?,
        Access::Daemon(daemon) => {
            daemon.fetch_all("/api/v1/credits/history", |page: HistoryPage| (page.snapshots, page.next)).await?
        }
    };
    if json {
        out::json(&history)?;
        return Ok(());
    }
    let rows = history.iter().map(|TakenSnapshot { taken_on, credit }| {
        vec![
            taken_on.to_string(),
            credit.credit_id.clone(),
            credit.description.clone(),
            credit.initial.dollars(),
            or_dash(credit.usable_balance().map(Money::dollars)),
            credit.expires_on.to_string(),
            if credit.enabled { "on" } else { "off" }.to_owned(),
        ]
    });
    out::block(table(&["day", "id", "description", "granted", "balance", "expires", "switch"], &[3, 4], rows));
    Ok(())
}
