//! `glidepath examine-store`, which this program starts to look into a store's file, or to copy it as it lies: what stands in
//! the file, as JSON.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::domain::bounds::DEFAULT_STORE_MEMORY_MB;
use crate::store::{Depth, copy_with_log, examine};

use super::out;

/// Arguments of `examine-store`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file.
    path: PathBuf,
    /// Read every row, too.
    #[arg(long)]
    whole: bool,
    /// Megabytes that DuckDB may use.
    #[arg(long, default_value_t = DEFAULT_STORE_MEMORY_MB)]
    memory_mb: u32,
    /// Only copy it and its log to this path, as they lie.
    #[arg(long, conflicts_with = "whole")]
    copy_to: Option<PathBuf>,
}

/// Looks into the file.
pub fn run(args: &Args) -> Result<()> {
    if let Some(to) = &args.copy_to {
        let copying = || format!("copying {} to {}", args.path.display(), to.display());
        return copy_with_log(&args.path, to).with_context(copying);
    }
    let depth = if args.whole { Depth::Whole } else { Depth::Opens };
    out::json(&examine(&args.path, depth, args.memory_mb))
}
