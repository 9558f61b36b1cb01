//! `glidepath examine-store`, which this program starts to look into a store's file, or to copy it as it lies: what stands in
//! the file, as JSON.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::domain::values::bounds::DEFAULT_STORE_MEMORY_MB;
use crate::store::{Depth, copy_with_log, examine, seconds_for};

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
    hold(seconds_for(&args.path), args.memory_mb)?;
    let depth = if args.whole { Depth::Whole } else { Depth::Opens };
    out::json(&examine(&args.path, depth, args.memory_mb))
}

/// Bytes of address space beside those that DuckDB may use: threads reserve far more than they use, and a log is read whole.
const MEMORY: u64 = 4 << 30;
/// Seconds between the signal that says what happened and the one that nothing outlives.
const GRACE: u64 = 5;

/// So much time of a processor and memory as a store of that length needs: somebody else may have made the file.
fn hold(seconds: u64, memory_mb: u32) -> Result<()> {
    let memory = MEMORY + (u64::from(memory_mb) << 21);
    for (resource, soft, hard) in
        [(Resource::Cpu, seconds, seconds + GRACE), (Resource::As, memory, memory), (Resource::Core, 0, 0)]
    {
        // Nobody may raise what the system has set lower.
        let hard = getrlimit(resource).maximum.unwrap_or(hard).min(hard);
        let limit = Rlimit { current: Some(soft.min(hard)), maximum: Some(hard) };
        setrlimit(resource, limit).with_context(|| format!("limiting {resource:?} to {hard}"))?;
    }
    Ok(())
}
