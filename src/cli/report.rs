//! `glidepath report`.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::report::{self, Audience, Format, ReportKind};

use super::access::{Access, as_of_query, parse_clock};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// actual-vs-projected, trajectory or funding-pack.
    #[arg(long)]
    kind: ReportKind,
    /// html, csv, json or md.
    #[arg(long)]
    format: Format,
    /// Clock of the report, as in `status`.
    #[arg(long, value_parser = parse_clock, value_name = "TIME")]
    as_of: Option<DateTime<Utc>>,
    /// File to write [default: standard output].
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

/// Writes a report.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let bytes = match Access::open(config)? {
        Access::Store(engine) => {
            let Some(view) = engine.view(args.as_of).await? else { bail!(super::status::NOTHING_YET) };
            let document = report::build(args.kind, &view.position, &view.series, &Audience::Owner);
            report::render(&document, args.format)
        }
        Access::Daemon(daemon) => {
            let path = format!("/api/v1/reports/{}.{}{}", args.kind, args.format, as_of_query(args.as_of));
            daemon.get(&path).await?
        }
    };
    match &args.output {
        Some(path) => std::fs::write(path, bytes).with_context(|| format!("writing {}", path.display())),
        None => std::io::stdout().write_all(&bytes).context("writing to standard output"),
    }
}
