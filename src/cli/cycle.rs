//! `glidepath cycle`.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{CycleReport, Engine};
use crate::domain::facts::outcome::Outcome;
use crate::domain::wording::trouble::Trouble;

use super::access::Access;
use super::day::parse_clock;
use super::out::{errln, outln};
use super::usage::Usage;

/// Arguments of `cycle`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cycle's clock, RFC 3339 [default: now]. Refused where it lies more than 15 minutes ahead of AWS's.
    #[arg(long, value_parser = parse_clock, value_name = "TIME")]
    as_of: Option<DateTime<Utc>>,
    /// Begin an empty store where there is none, whatever backups lie there.
    #[arg(long)]
    new: bool,
}

/// Runs one cycle. Costs that could not be had make the command fail, after the cycle has recorded and told it.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let report = match Access::open_for_cycles(config, args.new).await? {
        Access::Store(engine) => {
            let first_of_day = is_first_of_day(&engine).await;
            let mut ended = cycle(&engine, args.as_of).await;
            // Damage that the cycle met is healed, and the cycle is run again, once.
            if ended.is_err() && engine.heal_if_damaged(Clock::System.now()).await {
                ended = cycle(&engine, args.as_of).await;
            }
            let report = ended?;
            if first_of_day {
                engine.verify_and_heal(Clock::System.now()).await;
            }
            engine.tend_store(Clock::System.now()).await;
            engine.store().checkpoint()?;
            report.context(Trouble::CycleRunning.said("a cycle is running already"))?
        }
        Access::Daemon(_) if args.as_of.is_some() => {
            let said =
                "a daemon holds the store, and its cycles run at the current time; leave --as-of out, or stop it";
            return Err(Usage(said.to_owned()).into());
        }
        Access::Daemon(daemon) => daemon.order("/api/v1/cycle").await?,
    };
    print(&report);
    if let Some((message, advice)) = report.costs.problem() {
        let said = format!("costs could not be pulled: {message}\n{advice}");
        return Err(why(&report.costs).said(said).into());
    }
    Ok(())
}

/// True before the first cycle of a UTC day, which reads the whole store.
async fn is_first_of_day(engine: &Engine) -> bool {
    let newest = engine.store().newest_try().await;
    !newest.is_ok_and(|newest| newest.is_some_and(|(clock, _)| clock.date_naive() == Clock::System.now().date_naive()))
}

async fn cycle(engine: &Engine, as_of: Option<DateTime<Utc>>) -> Result<Option<CycleReport>> {
    match as_of {
        Some(as_of) => engine.cycle_as_of(as_of).await,
        None => engine.cycle(Clock::System.now()).await,
    }
}

/// Says what the cycle did.
fn print(report: &CycleReport) {
    outln!("cycle {} at {}", report.run_id, report.clock.to_rfc3339());
    outln!(
        "  costs     {}: {} charges, {} usage rows on {} pages",
        word(&report.costs),
        report.charges,
        report.usage,
        report.pages
    );
    outln!("  credits   {}", word(&report.credits));
    outln!("  findings  {}, messages {}", report.findings, report.messages);
    outln!("  delivered {}, failed {}", report.delivered, report.undelivered);
    if let Some((message, advice)) = report.credits.problem() {
        errln!("credits could not be read: {message}");
        errln!("{advice}");
    }
}

/// What an outcome that is not well is about.
const fn why(outcome: &Outcome) -> Trouble {
    match outcome {
        Outcome::Denied { .. } => Trouble::AwsRefuses,
        Outcome::Refused { .. } => Trouble::AnswerRefused,
        Outcome::Ok | Outcome::Failed { .. } | Outcome::NotTried => Trouble::AskingAwsFailed,
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Denied { .. } => "denied",
        Outcome::Failed { .. } => "failed",
        Outcome::Refused { .. } => "refused by a check",
        Outcome::NotTried => "not tried",
    }
}
