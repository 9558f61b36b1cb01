//! `glidepath restore`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::config::Config;
use crate::store::{Store, StoreError};

use super::opening::opening;
use super::out::outln;

/// Arguments of `restore`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup [default: the newest good one at the configured places].
    path: Option<PathBuf>,
}

/// Puts a backup in the place of the store, which is moved aside.
pub fn run(config: &Config, args: &Args) -> Result<()> {
    let healing = match Store::restore(&opening(config), args.path.as_deref()) {
        Err(error @ StoreError::InUse { .. }) => {
            return Err(error).context("stop the daemon before its store is replaced, and start it afterwards");
        }
        restored => restored?,
    };
    outln!("{} is restored from {}.", config.store_path.display(), healing.restored());
    if let Some(kept_as) = &healing.kept_as {
        outln!("The file that was there is kept as {kept_as}.");
    }
    outln!("{}.", healing.not_brought_back());
    outln!("The next cycle asks AWS for the costs and credits since then.");
    Ok(())
}
