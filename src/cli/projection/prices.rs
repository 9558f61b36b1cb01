//! `glidepath projection prices`.

use anyhow::Result;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::billing::implied_price::{BookFigure, ImpliedFigure, PriceRow, Unit, Used};
use crate::domain::billing::price::direction_name;
use crate::domain::values::money::group_thousands;
use crate::domain::values::workload::{Routing, Tier};

use super::super::access::Access;
use super::super::table::{or_dash, table};
use crate::cli::out::{self, outln};

/// Shows the book beside the bill.
pub async fn run(config: Config, all: bool, json: bool) -> Result<()> {
    let rows: Vec<PriceRow> = match Access::open_to_read(config)? {
        Access::Store(engine) => engine.prices_paid(Clock::System.now(), all).await?,
        Access::Daemon(daemon) => daemon.reckon("/api/v1/prices", &[("all", all.to_string())]).await?,
    };
    if json {
        out::json(&rows)?;
        return Ok(());
    }
    if rows.is_empty() {
        outln!("The bill shows no metered tokens or accelerator hours yet; --all lists the price book.");
        return Ok(());
    }
    outln!("US dollars per million tokens, or per instance hour. Billed prices win where there is enough use.");
    outln!();
    let header = ["price of", "kind", "book", "billed", "difference", "used", "billed use", "source"];
    let mut sources: Vec<String> = Vec::new();
    let cells: Vec<_> = rows.iter().map(|row| cells(row, &mut sources)).collect();
    out::block(table(&header, &[2, 3, 4], cells));
    outln!();
    for (number, source) in (1..).zip(sources) {
        outln!("[{number}] {source}");
    }
    Ok(())
}

fn cells(row: &PriceRow, sources: &mut Vec<String>) -> Vec<String> {
    let kind = match &row.tokens {
        None => "instance hour".to_owned(),
        Some(kind) => {
            let tier = match kind.tier {
                Tier::OnDemand => "",
                Tier::Batch => ", batch",
                Tier::Flex => ", flex",
                Tier::Priority => ", priority",
                Tier::Reserved => ", reserved",
            };
            let routing = if kind.routing == Routing::Global { "global" } else { "in-region" };
            format!("{}, {routing}{tier}", direction_name(kind.direction, kind.cache_lifetime))
        }
    };
    let percent = row.difference_percent.map(|percent| {
        let sign = if percent.is_sign_positive() && !percent.is_zero() { "+" } else { "" };
        format!("{sign}{percent} %")
    });
    let used = match row.used {
        Some(Used::Implied) => "billed",
        Some(Used::Book) => "book",
        None => "unpriced",
    };
    vec![
        row.name.clone(),
        kind,
        or_dash(row.book.as_ref().map(|book| book.usd)),
        or_dash(row.implied.as_ref().map(|implied| implied.usd.round_dp(6).normalize())),
        or_dash(percent),
        used.to_owned(),
        or_dash(row.implied.as_ref().map(|implied| use_of(implied, row.unit))),
        source(row, sources),
    ]
}

/// "1,203.4 M tokens on 28 days to 2026-11-18".
fn use_of(implied: &ImpliedFigure, unit: Unit) -> String {
    let quantity = match unit {
        Unit::MillionTokens => {
            let millions = (implied.quantity.amount() / rust_decimal::Decimal::from(1_000_000)).round_dp(1);
            format!("{} M tokens", group_thousands(&millions.to_string()))
        }
        Unit::InstanceHour => {
            let hours = implied.quantity.amount().round_dp(1).normalize();
            format!("{} chip-hours", group_thousands(&hours.to_string()))
        }
    };
    let thin = if implied.enough { "" } else { ", too little to use" };
    format!("{quantity} on {} days to {}{thin}", implied.days, implied.last_day)
}

/// The number of the book's source in the list below the table, or why there is no price.
fn source(row: &PriceRow, sources: &mut Vec<String>) -> String {
    match (&row.book, &row.unpriced) {
        (Some(BookFigure { from, source, origin, .. }), _) => {
            let source = format!("{origin}: {source}, known to hold from {from}");
            let known = sources.iter().position(|known| *known == source).unwrap_or_else(|| {
                sources.push(source);
                sources.len() - 1
            });
            format!("[{}]", known + 1)
        }
        (None, Some(reason)) => format!("unpriced: {reason}"),
        (None, None) => "-".to_owned(),
    }
}
