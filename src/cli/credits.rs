//! `glidepath credits`.

use anyhow::{Result, bail};
use chrono::NaiveDate;
use clap::Subcommand;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::facts::RecordedBalance;
use crate::domain::money::Money;
use crate::domain::position::{PoolPosition, Position};

use super::access::Access;
use super::status::NOTHING_YET;
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

/// Runs a subcommand.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let access = Access::open(config)?;
    match &args.command {
        Command::List { json } => list(access, *json).await,
        Command::Record { pool, remaining, on } => record(access, pool, *remaining, *on).await,
        Command::History { json } => history(access, *json).await,
    }
}

async fn list(access: Access, json: bool) -> Result<()> {
    let pools: Vec<PoolPosition> = match access {
        Access::Store(engine) => match engine.view(None).await? {
            Some(view) => view.position.credits.pools,
            None => bail!(NOTHING_YET),
        },
        Access::Daemon(daemon) => daemon.fetch::<Position>("/api/v1/position").await?.credits.pools,
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&pools)?);
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
            or_dash(pool.stated.map(|stated| stated.amount.dollars())),
            pool.starts_on.to_string(),
            pool.expires_on.to_string(),
            pool.status.as_str().to_owned(),
        ]
    });
    let header =
        ["id", "name", "programme", "granted", "drawn", "remaining", "AWS states", "starts", "expires", "status"];
    println!("{}", table(&header, &[3, 4, 5, 6], rows));
    Ok(())
}

async fn record(access: Access, pool: &str, remaining: Money, on: Option<NaiveDate>) -> Result<()> {
    let Access::Store(engine) = access else { bail!("a daemon holds the store; stop it while recording a balance") };
    if remaining.is_negative() {
        bail!("a balance of {remaining} cannot be; credit left is zero or more");
    }
    let now = Clock::System.now();
    let at = on.unwrap_or_else(|| now.date_naive());
    if at > now.date_naive() {
        bail!("{at} lies in the future; record a balance on the day it was read off");
    }
    engine.store().record_balance(now, RecordedBalance { pool: pool.to_owned(), amount: remaining, at }).await?;
    println!("recorded: {} left in {pool} on {at}", remaining.dollars());
    Ok(())
}

async fn history(access: Access, json: bool) -> Result<()> {
    let Access::Store(engine) = access else { bail!("a daemon holds the store; stop it to read every snapshot") };
    let history = engine.store().credit_history().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&history)?);
        return Ok(());
    }
    let rows = history.iter().map(|(day, credit)| {
        vec![
            day.to_string(),
            credit.credit_id.clone(),
            credit.description.clone(),
            credit.initial.dollars(),
            or_dash(credit.usable_balance().map(Money::dollars)),
            credit.expires_on.to_string(),
            if credit.enabled { "on" } else { "off" }.to_owned(),
        ]
    });
    println!("{}", table(&["day", "id", "description", "granted", "balance", "expires", "switch"], &[3, 4], rows));
    Ok(())
}
