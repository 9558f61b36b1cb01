//! `glidepath status`.

use anyhow::Result;
use chrono::{DateTime, NaiveDate, Utc};

use crate::config::Config;
use crate::domain::filing::next_award::NextAward;
use crate::domain::position::paces::outlook_goes_by;
use crate::domain::position::{Position, buys};
use crate::domain::values::money::Money;
use crate::domain::values::quantiles::MoneyQuantiles;
use crate::domain::values::words::usd_text;
use crate::report;

use super::access::{Access, as_of_query, existing_view};
use super::day::parse_clock;
use super::out::{self, outln};
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
    let position: Position = match Access::open_to_read(config)? {
        Access::Store(engine) => existing_view(&engine, args.as_of).await?.position,
        Access::Daemon(daemon) => daemon.fetch(&format!("/api/v1/position{}", as_of_query(args.as_of))).await?,
    };
    if args.json {
        out::json(&position)?;
    } else {
        print(&position);
    }
    Ok(())
}

/// The position on one screen.
pub fn print(position: &Position) {
    let through =
        position.data_through.map_or_else(|| "no complete day yet".to_owned(), |day| format!("through {day}"));
    outln!("{}, as of {}", through, position.as_of.to_rfc3339());
    outln!();
    if position.data_through.is_some() {
        for sentence in report::credit_sentences(position) {
            outln!("{sentence}");
        }
        // While credit pays whose end nobody knows, all that lies ahead would find none.
        // An account on the free plan is closed rather than billed.
        if position.paying_unlisted().is_none()
            && position.free_plan().is_none()
            && let Some(uncovered) = uncovered(&position.uncovered)
        {
            outln!("{uncovered}");
        }
        for sentence in report::bill_sentences(position) {
            outln!("{sentence}");
        }
        if let Some(file) = position.next_award.as_ref().and_then(|award| file(award, position.exhaustion.total.p10)) {
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
        "this month {}; burn a day {} over 7 days, {} over 28{}",
        spend.gross_month_to_date.dollars(),
        burn(spend.burn_per_day.last_7_days),
        burn(spend.burn_per_day.last_28_days),
        outlook_goes_by(position).map(|said| format!("; {said}")).unwrap_or_default()
    );
    outln!();
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
    out::block(table(&header, &[1, 2, 3], pools));
    for note in stated::notes(&position.credits.pools) {
        outln!("{note}");
    }
    if let Some(buys) = buys::sentence(&position.buys) {
        outln!("{buys}");
    }
    if let Some(otherwise) = report::stated_otherwise_sentence(position) {
        outln!("{otherwise}");
    }
    outln!();
    for line in position.filing.iter().flat_map(|filing| &filing.unpriced) {
        outln!("Of the filing, {line}.");
        outln!();
    }
    if position.findings.is_empty() {
        outln!("no findings");
    }
    for finding in &position.findings {
        outln!("{:8} {}", finding.severity.as_str(), finding.summary);
    }
}

/// `None` where credit pays nearly everything.
fn uncovered(of: &MoneyQuantiles) -> Option<String> {
    let middle = of.p50?;
    let odds = match (of.p10, of.p90) {
        (Some(low), Some(high)) => format!("80 % chance of {} to {}", usd_text(low), usd_text(high)),
        _ => "too early to give a range".to_owned(),
    };
    (of.p90.unwrap_or(middle) > Money::ONE).then(|| {
        format!(
            "About {} of the next 365 days' usage will not be covered by credits, before tax ({odds}).",
            usd_text(middle)
        )
    })
}

/// What to do before credit ends, and by when; `None` while that is out of sight. `early` is the day on which credit may end.
fn file(award: &NextAward, early: Option<NaiveDate>) -> Option<String> {
    let NextAward { name, takes, soonest, instead, file_by, file_by_if_early, overdue, overdue_if_early } = award;
    let instead = instead.as_deref().map(|why| format!(" {why}")).unwrap_or_default();
    let to_be_safe = file_by_if_early.map(|day| {
        let when = if *overdue_if_early { soonest.clone() } else { format!("by {}", report::short_day(day)) };
        let why = early.map(|early| format!(" (credits may end on {})", report::short_day(early))).unwrap_or_default();
        format!("{when} to be safe{why}")
    });
    let when = match (file_by, to_be_safe) {
        (Some(day), _) if *overdue => {
            format!("{soonest}. To be safe you should have filed by {}", report::short_day(*day))
        }
        (Some(day), Some(safe)) if file_by_if_early != file_by => {
            format!("{safe}; at the latest by {}", report::short_day(*day))
        }
        (Some(day), _) => format!("by {}", report::short_day(*day)),
        (None, Some(safe)) => safe,
        (None, None) => return None,
    };
    let mut takes = takes.clone();
    if let Some(first) = takes.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Some(format!("File for the {name} award {when}. {takes}.{instead}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_day_to_file_by_is_said_once() {
        let award = |early: &str| NextAward {
            name: "AI record".into(),
            takes: "it takes 14 to 28 days".into(),
            soonest: "today".into(),
            instead: None,
            file_by: "2026-11-25".parse().ok(),
            file_by_if_early: early.parse().ok(),
            overdue: false,
            overdue_if_early: false,
        };
        let ends = "2026-12-13".parse().ok();
        let said = |early| file(&award(early), ends).unwrap();
        assert_eq!(said("2026-11-25"), "File for the AI record award by 25 Nov 2026. It takes 14 to 28 days.");
        assert_eq!(
            said("2026-11-21"),
            "File for the AI record award by 21 Nov 2026 to be safe (credits may end on 13 Dec 2026); at the latest \
             by 25 Nov 2026. It takes 14 to 28 days."
        );
        let late = NextAward { overdue_if_early: true, ..award("2026-11-15") };
        assert_eq!(
            file(&late, ends).unwrap(),
            "File for the AI record award today to be safe (credits may end on 13 Dec 2026); at the latest by 25 Nov \
             2026. It takes 14 to 28 days."
        );
        let over = NextAward { overdue: true, ..late };
        assert_eq!(
            file(&over, ends).unwrap(),
            "File for the AI record award today. To be safe you should have filed by 25 Nov 2026. It takes 14 to 28 days."
        );
    }
}
