//! `glidepath replay`.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use anyhow::Result;
use chrono::NaiveDate;

use crate::config::{Config, read_rules};
use crate::cycle::{ReplayOrder, ReplayProgress};
use crate::domain::alert::{EventKind, ReplayReport, Verdict};
use crate::domain::values::words::days_text;
use crate::domain::wording::trouble::Trouble;
use crate::http::client::Entry;

use super::access::Access;
use super::day::parse_day;
use super::files;
use super::out::{self, errln, outln};
use super::table::{or_dash, table};
use super::usage::Usage;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// First day.
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    from: NaiveDate,
    /// Last day, inclusive.
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    to: NaiveDate,
    /// A file with the keys of [alerts], to try other rules than the config's.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Between two lines that say how far it has come.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Says what the rules would have told, and how that held.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    if args.to < args.from {
        return Err(Usage(format!("--to {} lies before --from {}", args.to, args.from)).into());
    }
    let rules = match &args.rules {
        None => None,
        Some(path) => {
            let text = files::read_text("the rules in", path).map_err(|error| Usage(error.to_string()))?;
            Some(read_rules(&text, path)?)
        }
    };
    let order = ReplayOrder { from: args.from, to: args.to, rules };
    let report: ReplayReport = match Access::open_to_read(config)? {
        Access::Store(engine) => {
            let progress = async || engine.replays();
            told(args, engine.replay(order), progress).await.map_err(|error| match error.advice() {
                Some(advice) => anyhow::Error::new(Trouble::QuestionNotAnswered.said(format!("{error}. {advice}"))),
                None => error.into(),
            })?
        }
        Access::Daemon(daemon) => {
            let entry = Entry { content_type: "application/json", body: serde_json::to_string(&order)? };
            // An older daemon does not say; that is no reason to give up.
            let progress = async || daemon.fetch::<Vec<ReplayProgress>>("/api/v1/replay").await.unwrap_or_default();
            told(args, daemon.order_with("/api/v1/replay", entry), progress).await?
        }
    };
    if args.json {
        out::json(&report)?;
    } else {
        print(&report);
    }
    Ok(())
}

/// Waits for a replay, and meanwhile says on the standard error how far it has come.
async fn told<T>(args: &Args, replay: impl Future<Output = T>, progress: impl AsyncFn() -> Vec<ReplayProgress>) -> T {
    let mut replay = pin!(replay);
    let mut said = None;
    loop {
        tokio::select! {
            ended = &mut replay => return ended,
            () = tokio::time::sleep(TELL_EVERY) => {}
        }
        let own = |it: &ReplayProgress| (it.from, it.to) == (args.from, args.to);
        let newest = tokio::select! {
            ended = &mut replay => return ended,
            running = progress() => running.into_iter().find(own),
        };
        if let Some(ReplayProgress { done, of, .. }) = newest.filter(|newest| said != Some(newest.done)) {
            errln!("glidepath: {done} of {of} looks are done; Ctrl-C ends it");
            said = Some(done);
        }
    }
}

fn print(report: &ReplayReport) {
    let Some((from, to)) = report.from.zip(report.to) else {
        outln!("Nothing was known on these days: no cycle, and no stored day before the first one.");
        return;
    };
    outln!("{} looks from {} to {}.", report.looks, from.date_naive(), to.date_naive());
    if report.reconstructed > 0 {
        outln!(
            "{} of these days were reconstructed from later data: they lie before the first cycle, and later corrections are \
             included.",
            report.reconstructed
        );
    }
    outln!();
    let rows = report.alerts.iter().map(|alert| {
        let verdict = match &alert.verdict {
            None => "-".to_owned(),
            Some(Verdict::Came { on, lead_days }) if *lead_days < 0 => format!("had come on {on}"),
            Some(Verdict::Came { on, lead_days }) => format!("on {on}, {} later", days_text(*lead_days)),
            Some(Verdict::FalseAlarm) => "no: false alarm".to_owned(),
            Some(Verdict::Open) => "not yet known".to_owned(),
        };
        vec![
            alert.at.date_naive().to_string(),
            if alert.silent { "ends, unsaid" } else { alert.decision.as_str() }.to_owned(),
            alert.severity.as_str().to_owned(),
            alert.key.clone(),
            verdict,
            alert.summary.clone(),
        ]
    });
    out::block(table(&["day", "decision", "severity", "alert", "did it come?", "summary"], &[], rows));
    if !report.events.is_empty() {
        outln!();
        let rows = report.events.iter().map(|event| {
            vec![
                event.event.on.to_string(),
                event_name(&event.event.kind),
                or_dash(event.event.amount.map(|amount| amount.dollars())),
                match event.first_told_days_before {
                    None => "missed".to_owned(),
                    Some(days) if days < 0 => format!("{} after", days_text(-days)),
                    Some(days) => format!("{} before", days_text(days)),
                },
                if event.in_time { "in time" } else { "too late" }.to_owned(),
            ]
        });
        out::block(table(&["day", "what came", "dollars", "first told", ""], &[2], rows));
    }
    outln!();
    outln!(
        "{} messages, at most {} in a week; {} of {} events missed, {} false alarms.",
        report.sent,
        report.most_in_a_week,
        report.misses,
        report.events.len(),
        report.false_alarms
    );
}

fn event_name(kind: &EventKind) -> String {
    match kind {
        EventKind::Exhaustion => "credit ran out".to_owned(),
        EventKind::PoolUsedUp { pool } => format!("credit {pool} was used up"),
        EventKind::CreditExpired { pool } => format!("credit {pool} expired with money in it"),
        EventKind::FirstCash => "the first bill in cash".to_owned(),
    }
}
