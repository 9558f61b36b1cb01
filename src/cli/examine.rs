//! `glidepath examine-store`, which this program starts before it opens a store: what stands in a file, as JSON.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::store::{Depth, examine};

use super::out::outln;

/// Arguments of `examine-store`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file.
    path: PathBuf,
    /// Read every row, too.
    #[arg(long)]
    whole: bool,
}

/// Looks into the file.
pub fn run(args: &Args) -> Result<()> {
    let depth = if args.whole { Depth::Whole } else { Depth::Opens };
    outln!("{}", serde_json::to_string(&examine(&args.path, depth)).context("writing what was found")?);
    Ok(())
}
