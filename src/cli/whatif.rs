//! `glidepath whatif`.

use anyhow::Result;
use chrono::NaiveDate;
use serde::Serialize;

use crate::config::Config;
use crate::domain::outlook::Gain;
use crate::domain::values::money::Money;
use crate::domain::values::words::usd_text;
use crate::domain::whatif::{Answer, Change, Levers, MonthBill};

use super::access::Access;
use super::out::{self, outln};
use super::table::table;

const PATH: &str = "/api/v1/whatif";

/// Arguments of `whatif`. Changes that are given together are made together: switches first, then cache hits, batch, growth,
/// training and awards.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Move all tokens of a model to another: "Claude Opus 5=Claude Sonnet 5".
    #[arg(long, value_name = "FROM=TO", value_parser = |text: &str| Change::parse("switch", text))]
    switch: Vec<Change>,
    /// Share of prompt tokens read from the cache: +10 for ten points more, 60% or 0.6 for a share, MODEL=60% for one model.
    #[arg(long, value_name = "[MODEL=]SHARE", allow_hyphen_values = true, value_parser = |text: &str| Change::parse("cache-hits", text))]
    cache_hits: Vec<Change>,
    /// Share of tokens in batch, written as for --cache-hits.
    #[arg(long, value_name = "[MODEL=]SHARE", allow_hyphen_values = true, value_parser = |text: &str| Change::parse("batch", text))]
    batch: Vec<Change>,
    /// Growth per month beyond the forecast: 5% or -0.05.
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true, value_parser = |text: &str| Change::parse("growth", text))]
    growth: Vec<Change>,
    /// A training run: type=trn1.32xlarge,chip-hours=5000,on=2026-12-01[,days=3][,repeats=2][,every=30].
    #[arg(long, value_name = "RUN", value_parser = |text: &str| Change::parse("train", text))]
    train: Vec<Change>,
    /// A new award: amount=25000,from=2026-12-15[,until=2027-12-15][,services=NAME;NAME].
    #[arg(long, value_name = "AWARD", value_parser = |text: &str| Change::parse("award", text))]
    award: Vec<Change>,
    /// A launch: on=2026-12-01,model=MODEL,input-millions=400,output-millions=90[,per=day] or on=2026-12-01,usd-per-day=500.
    #[arg(long, value_name = "LAUNCH", value_parser = |text: &str| Change::parse("launch", text))]
    launch: Vec<Change>,
    /// The answer as JSON.
    #[arg(long)]
    json: bool,
}

impl Args {
    fn scenario(&self) -> Vec<Change> {
        [&self.switch, &self.cache_hits, &self.batch, &self.growth, &self.train, &self.award, &self.launch]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

/// Answers the changes, or ranks the levers.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let access = Access::open_to_read(config)?;
    let scenario = args.scenario();
    if scenario.is_empty() {
        let levers: Levers = match access {
            Access::Store(engine) => engine.levers().await?,
            Access::Daemon(daemon) => daemon.reckon(PATH, &[]).await?,
        };
        return show(args.json, &levers, print_levers);
    }
    let answer: Answer = match access {
        Access::Store(engine) => engine.what_if(scenario).await?,
        Access::Daemon(daemon) => {
            let parameters: Vec<(&str, String)> = scenario.iter().map(Change::written).collect();
            daemon.reckon(PATH, &parameters).await?
        }
    };
    show(args.json, &answer, print_answer)
}

fn show<T: Serialize>(json: bool, told: &T, print: fn(&T)) -> Result<()> {
    if json {
        out::json(told)?;
    } else {
        print(told);
    }
    Ok(())
}

fn print_answer(answer: &Answer) {
    for (name, text) in &answer.changes {
        outln!("--{name} \"{text}\"");
    }
    outln!();
    // Cash first: days can be bought by paying what credit would have paid.
    let change = answer.per_month;
    outln!("Change in an average month ahead: cash {}, usage {}.", signed(change.cash), signed(change.gross));
    for warning in &answer.warnings {
        outln!("! {warning}");
    }
    outln!();
    let (before, after, gained) = (answer.runway.before, answer.runway.after, answer.runway.gained);
    let row = |odds: &str, before: Option<NaiveDate>, after: Option<NaiveDate>, gain: Gain| {
        vec![odds.to_owned(), day(before), day(after), days(gain)]
    };
    let rows = [
        row("10 %", before.p10, after.p10, gained.p10),
        row("50 %", before.p50, after.p50, gained.p50),
        row("90 %", before.p90, after.p90, gained.p90),
    ];
    let runway = &answer.runway;
    let filed = (runway.as_filed_before, runway.as_filed_after);
    let filed = (filed != (None, None)).then(|| vec!["as filed".to_owned(), day(filed.0), day(filed.1), String::new()]);
    let rows = rows.into_iter().chain(filed);
    out::block(table(&["credit gone by", "now", "then", "days gained"], &[3], rows));
    outln!();
    if let Some(bill) = &answer.bill {
        let row = |name: &str, of: fn(&MonthBill) -> Money| {
            let (now, then) = (of(&bill.before), of(&bill.after));
            vec![name.to_owned(), usd_text(now), usd_text(then), signed(then - now)]
        };
        let rows = [
            row("usage", |bill| bill.gross),
            row("paid by credit", |bill| bill.covered),
            row("cash", |bill| bill.cash),
        ];
        out::block(table(&[&format!("bill of {}", bill.month), "now", "then", "change"], &[1, 2, 3], rows));
        outln!();
    }
    outln!(
        "The last 28 days cost {} and would have cost {}.",
        answer.last_days_before.dollars(),
        answer.last_days_after.dollars()
    );
    outln!();
    for assumption in &answer.assumptions {
        outln!("- {assumption}");
    }
}

fn print_levers(levers: &Levers) {
    let rows = levers.levers.iter().map(|lever| match &lever.answer {
        Some(answer) => vec![
            lever.name.clone(),
            days(answer.runway.gained.p50),
            day(answer.runway.after.p50),
            signed(answer.per_month.cash),
            signed(answer.per_month.gross),
        ],
        None => vec![lever.name.clone(), "not told".to_owned(), "-".to_owned(), "-".to_owned(), "-".to_owned()],
    });
    let header = ["lever", "days gained", "credit gone by (50 %)", "cash a month", "usage a month"];
    out::block(table(&header, &[1, 3, 4], rows));
    outln!();
    for lever in &levers.levers {
        match (&lever.answer, &lever.untold) {
            (Some(answer), _) => {
                let flags = answer.changes.iter().map(|(name, text)| format!(" --{name} \"{text}\""));
                outln!("{}: glidepath whatif{}", lever.name, flags.collect::<String>());
            }
            (None, Some(reason)) => outln!("{}: {reason}", lever.name),
            (None, None) => {}
        }
    }
}

/// A change, with a plus where it is more.
fn signed(change: Money) -> String {
    let plus = if change.is_positive() { "+" } else { "" };
    format!("{plus}{}", usd_text(change))
}

fn day(day: Option<NaiveDate>) -> String {
    day.map_or_else(|| "beyond a year".to_owned(), |day| day.to_string())
}

fn days(gain: Gain) -> String {
    match gain.days {
        None => "unknown".to_owned(),
        Some(days) if gain.at_least && days < 0 => format!("{days} or fewer"),
        Some(days) if gain.at_least => format!("{days} or more"),
        Some(days) => days.to_string(),
    }
}
