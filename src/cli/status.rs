//! `glidepath status`.

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::domain::money::Money;
use crate::domain::position::{DateQuantiles, MoneyQuantiles, NextAward, Position};
use crate::domain::words::usd_text;
use crate::report;

use super::access::{Access, as_of_query, existing_view, parse_clock};
use super::out::outln;
use super::stated;
use super::table::{or_dash, table};

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The whole position as JSON.
    #[arg(long)]
    json: bool,
    /// Show what was known at this time, RFC 3339 [default: the newest finished cycle].
    #[arg(long, value_parser = parse_clock, value_name = "TIME")]
    as_of: Option<DateTime<Utc>>,
}

/// Shows the position.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let position: Position = match Access::open(config)? {
        Access::Store(engine) => existing_view(&engine, args.as_of).await?.position,
        Access::Daemon(daemon) => daemon.fetch(&format!("/api/v1/position{}", as_of_query(args.as_of))).await?,
    };
    if args.json {
        outln!("{}", serde_json::to_string_pretty(&position)?);
    } else {
        print(&position);
    }
    Ok(())
}

/// The position on one screen.
pub fn print(position: &Position) {
    let through =
        position.data_through.map_or_else(|| "no complete day yet".to_owned(), |day| format!("through {day}"));
    outln!("{}, as of {}\n", through, position.as_of.to_rfc3339());
    if position.data_through.is_some() {
        outln!("{}", exhaustion(&position.exhaustion.total));
        if let Some(uncovered) = uncovered(&position.uncovered) {
            outln!("{uncovered}");
        }
        if let Some(file) = position.next_award.as_ref().and_then(file) {
            outln!("{file}");
        }
        if let Some(record) = report::track_record_sentence(position) {
            outln!("{record}");
        }
        outln!();
    }
    let spend = &position.spend;
    let burn = |burn: Option<Money>| burn.map_or_else(|| "-".to_owned(), Money::dollars);
    outln!(
        "spend to date {}: credit {}, refunds {}, tax {}, cash {}",
        spend.gross_to_date.dollars(),
        spend.credit_to_date.dollars(),
        spend.refund_to_date.dollars(),
        spend.tax_to_date.dollars(),
        spend.net_to_date.dollars()
    );
    outln!(
        "this month {}; burn a day {} over 7 days, {} over 28\n",
        spend.gross_month_to_date.dollars(),
        burn(spend.burn_per_day.last_7_days),
        burn(spend.burn_per_day.last_28_days)
    );
    let pools = position.credits.pools.iter().map(|pool| {
        vec![
            pool.name.clone(),
            pool.granted.dollars(),
            pool.remaining.dollars(),
            or_dash(pool.stated.as_ref().map(stated::cell)),
            pool.expires_on.to_string(),
            or_dash(pool.exhausts_on.p50),
            pool.status.as_str().to_owned(),
        ]
    });
    let header = ["pool", "granted", "remaining", "AWS states", "expires", "runs out (50 %)", "status"];
    outln!("{}", table(&header, &[1, 2, 3], pools));
    for note in stated::notes(&position.credits.pools) {
        outln!("{note}");
    }
    if let Some(otherwise) = report::stated_otherwise_sentence(position) {
        outln!("{otherwise}");
    }
    outln!();
    if position.findings.is_empty() {
        outln!("no findings");
    }
    for finding in &position.findings {
        outln!("{:8} {}", finding.severity.as_str(), finding.summary);
    }
}

/// `None` where credit pays nearly everything.
fn uncovered(of: &MoneyQuantiles) -> Option<String> {
    let (low, middle, high) = (of.p10?, of.p50?, of.p90?);
    let dollars = [low, middle, high].map(usd_text);
    (high > Money::ONE).then(|| {
        format!(
            "Within 365 days {} find no credit, before tax (80 % odds: {} to {}).",
            dollars[1], dollars[0], dollars[2]
        )
    })
}

/// What to do before credit ends, and by when; `None` while that is out of sight.
fn file(award: &NextAward) -> Option<String> {
    let NextAward { name, takes, soonest, file_by, file_by_if_early, overdue, overdue_if_early } = award;
    let early = file_by_if_early.map(|day| if *overdue_if_early { soonest.clone() } else { format!("by {day}") });
    let when = match (file_by, early) {
        (Some(day), _) if *overdue => {
            return Some(format!(
                "File for the {name} award {soonest}: {takes}, and for a slow one {day} was the day."
            ));
        }
        (Some(day), Some(early)) => format!("by {day}, or {early} in case credits end early"),
        (Some(day), None) => format!("by {day}"),
        (None, Some(early)) => format!("{early} in case credits end early"),
        (None, None) => return None,
    };
    Some(format!("File for the {name} award {when}: {takes}."))
}

fn exhaustion(dates: &DateQuantiles) -> String {
    match (dates.p10, dates.p50, dates.p90) {
        (Some(early), Some(middle), Some(late)) if early == late => {
            format!("Credit that should pay is exhausted since {middle}.")
        }
        (Some(early), Some(middle), late) => format!(
            "Credits last until about {middle} (80 % odds: {early} to {}).",
            late.map_or_else(|| "more than a year".to_owned(), |late| late.to_string())
        ),
        (Some(early), None, _) => format!("Credits probably last a year; with 10 % odds they end by {early}."),
        (None, ..) => "Credits last a year or more at this rate.".to_owned(),
    }
}
