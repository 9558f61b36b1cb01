//! `glidepath verify`.

use anyhow::Result;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::VerifyReport;
use crate::domain::values::words::moment_text;
use crate::domain::wording::trouble::Trouble;

use super::access::{Access, nothing_is_there};
use super::out::{self, outln};
use super::table::table;

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Reads every row of the store, and says what is wrong. A store that is damaged is put together again afterwards.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    if config.daemon_url.is_none() && nothing_is_there(&config) {
        let said = format!("there is no store {} to verify: the first cycle makes it", config.store_path.display());
        return Err(Trouble::NothingToShowYet.said(said).into());
    }
    let access = Access::open(config)?;
    let report = match &access {
        Access::Store(engine) => engine.verify().await?,
        Access::Daemon(daemon) => daemon.order("/api/v1/verify").await?,
    };
    if args.json {
        out::json(&report)?;
    } else {
        print(&report);
    }
    if report.sound {
        return Ok(());
    }
    let what_now = match &access {
        Access::Store(engine) if engine.heal_if_damaged(Clock::System.now()).await => "it was put together again",
        Access::Store(_) => "it could not be put together again: the log above says why",
        Access::Daemon(_) => "the daemon puts it together again within a minute",
    };
    let problems = report.problems.join("; ");
    let said = format!("the store is damaged: {problems}\n{what_now}; run `glidepath verify` again");
    Err(Trouble::StoreDamaged.said(said).into())
}

fn print(report: &VerifyReport) {
    outln!("store {} (id {})", report.path.display(), report.id);
    let rows = report.found.tables.iter().map(|table| {
        let state = table.problem.clone().unwrap_or_else(|| "sound".to_owned());
        vec![table.name.clone(), table.rows.to_string(), state]
    });
    out::block(table(&["table", "rows", "state"], &[1], rows));
    for invariant in &report.found.invariants {
        outln!("{}: {}", invariant.says, invariant.problem.as_deref().unwrap_or("yes"));
    }
    if let Some(unread) = &report.found.unread {
        outln!("the file on the disk could not be looked at, only what the program holds of it: {unread}");
    }
    for aside in &report.set_aside {
        outln!(
            "set aside, and read by nothing: {} cycles under clocks ahead of AWS's, up to {}, noticed on {}",
            aside.cycles,
            moment_text(aside.furthest),
            moment_text(aside.noticed_at)
        );
    }
    for healing in &report.healings {
        outln!(
            "put together again on {}, from {}: {}. {}.",
            moment_text(healing.healed_at),
            healing.restored(),
            healing.damage,
            healing.not_brought_back()
        );
        if let Some(kept_as) = &healing.kept_as {
            outln!("  the old file is kept as {kept_as}");
        }
    }
    outln!("{}", if report.sound { "The store is sound." } else { "The store is damaged." });
}
