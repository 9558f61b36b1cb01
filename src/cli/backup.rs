//! `glidepath backup`.

use std::path::PathBuf;

use anyhow::Result;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::BackupReport;
use crate::domain::wording::trouble::Trouble;

use super::access::Access;
use super::out::outln;
use super::usage::Usage;

/// Arguments of `backup`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File to write [default: a name with id and time at each configured place].
    path: Option<PathBuf>,
}

/// Copies the store; a running daemon copies its own.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let access = match &args.path {
        Some(path) => Access::open_to_copy(config, path)?,
        None => Access::open(config)?,
    };
    let report = match (access, &args.path) {
        (Access::Store(engine), Some(path)) => {
            engine.store().backup(path).await?;
            outln!("{}", path.display());
            return Ok(());
        }
        (Access::Daemon(_), Some(_)) => {
            let said = "a daemon holds the store and writes backups to its own folder; leave the path out";
            return Err(Usage(said.to_owned()).into());
        }
        (Access::Store(engine), None) => engine.back_up(Clock::System.now()).await?,
        (Access::Daemon(daemon), None) => daemon.order::<BackupReport>("/api/v1/backup").await?,
    };
    for path in report.places.iter().filter_map(|place| place.path.as_ref()) {
        outln!("{}", path.display());
    }
    let problems: Vec<&str> = report.places.iter().filter_map(|place| place.error.as_deref()).collect();
    if !problems.is_empty() {
        return Err(Trouble::BackupNotMade.said(problems.join("; ")).into());
    }
    Ok(())
}
