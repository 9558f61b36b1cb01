//! `glidepath serve`.

use std::time::Duration;

use anyhow::Result;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{AwsAccess, Engine};
use crate::store::{Store, StoreError};

use super::listening;
use super::opening::{DAEMON_PATIENCE, open_for_cycles, this_program};

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Begin an empty store where there is none, whatever backups lie there.
    #[arg(long)]
    new: bool,
}

/// Before the process ends over a disk that takes no writes: whoever starts it again does so at once.
const BEFORE_THE_END: Duration = Duration::from_secs(60);

/// Runs the daemon until SIGTERM or Ctrl-C.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let shutdown = app::shutdown_on_signals()?;
    let Some(opened) = shutdown.run_until_cancelled(open(&config, args, &shutdown)).await else { return Ok(()) };
    let store = opened?;
    let listen = config.listen;
    for caution in config.cautions() {
        warn!("{caution}");
    }
    let engine = Engine::new(store, config, AwsAccess::Environment)?.setting_reports_apart(this_program());
    engine.check_projection_files().await?;
    let listener = listening::listen(listen, "[http] listen").await?;
    app::run(engine, Clock::System, listener, shutdown).await
}

async fn open(config: &Config, args: &Args, shutdown: &CancellationToken) -> Result<Store> {
    let opened = open_for_cycles(config, args.new, DAEMON_PATIENCE).await;
    if let Err(failed) = &opened
        && failed.downcast_ref().is_some_and(|error: &StoreError| error.disk().is_some())
    {
        error!("the store cannot be opened, and this process ends in {} seconds: {failed:#}", BEFORE_THE_END.as_secs());
        shutdown.run_until_cancelled(tokio::time::sleep(BEFORE_THE_END)).await;
    }
    opened
}
