//! `glidepath projection`.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use clap::Subcommand;
use serde::Serialize;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::FiledVersion;
use crate::domain::projection::FiledProjection;
use crate::http::client::Entry;
use crate::store::StoredProjection;

use super::access::Access;
use super::table::table;

/// Arguments of `projection`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Explain every problem of a filing, with its line and remedy.
    Check {
        /// The filing.
        path: PathBuf,
    },
    /// Freeze a filing under the next version.
    File {
        /// The filing.
        path: PathBuf,
    },
    /// Every version filed.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// One version, as filed and as planned by month.
    Show {
        /// The version [default: the newest].
        version: Option<u32>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A version, without its text.
#[derive(Serialize)]
struct Listed<'a> {
    version: u32,
    filed_on: chrono::NaiveDate,
    recorded_at: chrono::DateTime<chrono::Utc>,
    content_hash: &'a str,
}

/// Runs a subcommand.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    match &args.command {
        Command::Check { path } => check(path),
        Command::File { path } => file(config, path).await,
        Command::List { json } => list(config, *json).await,
        Command::Show { version, json } => show(config, *version, *json).await,
    }
}

fn read(path: &PathBuf) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn check(path: &PathBuf) -> Result<()> {
    match FiledProjection::parse(&read(path)?) {
        Ok(filing) => {
            println!("{}: {} records, content hash {}", path.display(), filing.records.len(), filing.content_hash);
            Ok(())
        }
        Err(problems) => {
            for problem in &problems {
                eprintln!("{}: {problem}", path.display());
            }
            Err(anyhow!("{} has {} problems", path.display(), problems.len()))
        }
    }
}

async fn file(config: Config, path: &PathBuf) -> Result<()> {
    let body = read(path)?;
    let filed = match Access::open(config)? {
        Access::Store(engine) => engine.file_projection(Clock::System.now(), body).await?,
        Access::Daemon(daemon) => {
            let entry = Entry { content_type: "application/toml", body };
            daemon.enter::<StoredProjection>("/api/v1/projections", entry).await?
        }
    };
    println!("version {}, filed on {}, content hash {}", filed.version, filed.filed_on, filed.content_hash);
    Ok(())
}

async fn list(config: Config, json: bool) -> Result<()> {
    let filings: Vec<StoredProjection> = match Access::open(config)? {
        Access::Store(engine) => engine.store().projections().await?,
        Access::Daemon(daemon) => daemon.fetch("/api/v1/projections").await?,
    };
    if json {
        let listed: Vec<Listed> = filings.iter().map(listed).collect();
        println!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(());
    }
    let rows = filings.iter().map(|filing| {
        let recorded = filing.recorded_at.format("%Y-%m-%d %H:%M").to_string();
        vec![filing.version.to_string(), filing.filed_on.to_string(), recorded, filing.content_hash.clone()]
    });
    println!("{}", table(&["version", "filed on", "recorded", "content hash"], &[0], rows));
    Ok(())
}

fn listed(filing: &StoredProjection) -> Listed<'_> {
    Listed {
        version: filing.version,
        filed_on: filing.filed_on,
        recorded_at: filing.recorded_at,
        content_hash: &filing.content_hash,
    }
}

async fn show(config: Config, version: Option<u32>, json: bool) -> Result<()> {
    let filed: FiledVersion = match Access::open(config)? {
        Access::Store(engine) => {
            let found = engine.filed_version(version, Clock::System.now()).await?;
            found.context("no such version is filed; `glidepath projection list` shows them")?
        }
        Access::Daemon(daemon) => {
            let version = version.map_or_else(|| "newest".to_owned(), |version| version.to_string());
            daemon.fetch(&format!("/api/v1/projections/{version}")).await?
        }
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&filed)?);
        return Ok(());
    }
    let FiledVersion { filing, plan } = filed;
    println!("version {}, filed on {}, content hash {}\n", filing.version, filing.filed_on, filing.content_hash);
    println!("{}", filing.body);
    let rows = plan.into_iter().map(|planned| {
        vec![
            planned.month.to_string(),
            planned.record,
            planned.workload.to_string(),
            planned.line,
            planned.cost.dollars(),
        ]
    });
    println!("{}", table(&["month", "record", "workload", "line", "planned"], &[4], rows));
    Ok(())
}
