//! `glidepath backup`.

use std::path::PathBuf;

use anyhow::Result;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::BackupReport;

use super::Usage;
use super::access::Access;
use super::out::outln;

/// Arguments of `backup`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File to write [default: a name with the time in the configured backup folder].
    path: Option<PathBuf>,
}

/// Copies the store; a running daemon copies its own.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    match (Access::open(config)?, &args.path) {
        (Access::Store(engine), Some(path)) => {
            engine.store().backup(path).await?;
            outln!("{}", path.display());
        }
        (Access::Store(engine), None) => outln!("{}", engine.back_up(Clock::System.now()).await?.path.display()),
        (Access::Daemon(_), Some(_)) => {
            let said = "a daemon holds the store and writes backups to its own folder; leave the path out";
            return Err(Usage(said.to_owned()).into());
        }
        (Access::Daemon(daemon), None) => {
            outln!("{}", daemon.order::<BackupReport>("/api/v1/backup").await?.path.display());
        }
    }
    Ok(())
}
