//! `glidepath projection diff`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, anyhow};
use serde::Serialize;

use crate::config::Config;
use crate::cycle::Engine;
use crate::domain::money::Money;
use crate::domain::projection::{FieldChange, FiledProjection, FilingDiff, LineDiff, diff, diff_months};
use crate::store::StoredProjection;

use super::super::table::table;
use super::{open, parse, parse_text, read, wanted};

/// One of the two that are compared.
pub struct Side {
    name: String,
    filing: FiledProjection,
}

impl Side {
    /// A version.
    pub fn stored(stored: &StoredProjection, filing: FiledProjection) -> Side {
        Side { name: format!("version {}", stored.version), filing }
    }
}

/// Two sides and what differs.
#[derive(Serialize)]
pub struct Compared {
    before: Named,
    after: Named,
    #[serde(flatten)]
    diff: FilingDiff,
}

#[derive(Serialize)]
struct Named {
    name: String,
    filed_on: chrono::NaiveDate,
    content_hash: String,
}

impl Named {
    fn of(side: Side) -> Named {
        Named { name: side.name, filed_on: side.filing.filed_on, content_hash: side.filing.content_hash }
    }
}

impl Compared {
    /// Compares over the months that both list, twelve at the least.
    pub fn new(engine: &Engine, before: Side, after: Side) -> Compared {
        let months = diff_months(&before.filing, &after.filing);
        let service_of = |model: &str| engine.service_of_model(model);
        let diff = diff(&before.filing, &after.filing, engine.prices(), months, &service_of);
        Compared { before: Named::of(before), after: Named::of(after), diff }
    }

    /// For people.
    pub fn text(&self) -> String {
        let Compared { before, after, diff } = self;
        let mut text = String::new();
        for (mark, side) in [("-", before), ("+", after)] {
            let _ = writeln!(text, "{mark} {}, filed on {}, {}", side.name, side.filed_on, side.content_hash);
        }
        if diff.is_empty() {
            text.push_str("\nBoth plan and claim the same.\n");
            return text;
        }
        text.push('\n');
        diff.head.iter().for_each(|change| text.push_str(&field(change, "")));
        diff.lines.iter().for_each(|line| text.push_str(&line_text(line)));
        let rows = diff.months.iter().map(|delta| {
            vec![delta.month.to_string(), delta.before.dollars(), delta.after.dollars(), signed(delta.difference)]
        });
        let total = vec![
            "in all".to_owned(),
            diff.total.before.dollars(),
            diff.total.after.dollars(),
            signed(diff.total.difference),
        ];
        let _ = writeln!(
            text,
            "\nPlanned dollars by month:\n\n{}",
            table(&["month", "before", "after", "difference"], &[1, 2, 3], rows.chain([total]))
        );
        for (side, unpriced) in [(before, &diff.unpriced_before), (after, &diff.unpriced_after)] {
            for line in unpriced {
                let _ = writeln!(
                    text,
                    "in no figure of {}: {} of {} is unpriced: {}",
                    side.name, line.what, line.record, line.reason
                );
            }
        }
        text
    }
}

fn line_text(line: &LineDiff) -> String {
    let LineDiff { change, record, driver, line: name, fields, months, before, after, difference } = line;
    let dollars = |total: &Option<Money>| total.map_or_else(|| "unpriced".to_owned(), Money::dollars);
    let mut text = format!("{:<9} {driver} {name} ({record}): ", change.as_str());
    let _ = match (difference, months.first().zip(months.last())) {
        (Some(difference), Some((first, last))) => writeln!(
            text,
            "{} -> {}, {} from {} to {}",
            dollars(before),
            dollars(after),
            signed(*difference),
            first.month,
            last.month
        ),
        (Some(_), None) => writeln!(text, "{} planned as before", dollars(after)),
        (None, _) => writeln!(text, "{} -> {}", dollars(before), dollars(after)),
    };
    fields.iter().for_each(|change| text.push_str(&field(change, "    ")));
    text
}

fn field(change: &FieldChange, indent: &str) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    format!("{indent}{}: {} -> {}\n", change.field, shown(&change.before), shown(&change.after))
}

/// With a plus where it is more.
fn signed(amount: Money) -> String {
    if amount.is_positive() { format!("+{}", amount.dollars()) } else { amount.dollars() }
}

/// Compares what is asked for: versions by number, files by path.
pub async fn run(config: Config, before: Option<&str>, after: Option<&str>, json: bool) -> Result<()> {
    let engine = open(config)?;
    let filings = engine.store().projections().await?;
    let (before, after) = match (before, after) {
        // One file: what it would change. One version: what was changed since.
        (Some(one), None) if one.parse::<u32>().is_err() => (newest(&engine, &filings)?, side(&engine, &filings, one)?),
        (Some(one), None) => (side(&engine, &filings, one)?, newest(&engine, &filings)?),
        (Some(before), Some(after)) => (side(&engine, &filings, before)?, side(&engine, &filings, after)?),
        (None, _) => {
            let [.., before, after] = &filings[..] else {
                return Err(anyhow!(
                    "fewer than two versions are filed; give a file to compare with, like `diff FILE`"
                ));
            };
            (Side::stored(before, parse(&engine, before)?), Side::stored(after, parse(&engine, after)?))
        }
    };
    let compared = Compared::new(&engine, before, after);
    if json {
        println!("{}", serde_json::to_string_pretty(&compared)?);
    } else {
        print!("{}", compared.text());
    }
    Ok(())
}

fn newest(engine: &Engine, filings: &[StoredProjection]) -> Result<Side> {
    let stored = wanted(filings, None)?;
    Ok(Side::stored(stored, parse(engine, stored)?))
}

fn side(engine: &Engine, filings: &[StoredProjection], name: &str) -> Result<Side> {
    if let Ok(version) = name.parse() {
        let stored = wanted(filings, Some(version))?;
        return Ok(Side::stored(stored, parse(engine, stored)?));
    }
    let filing = parse_text(engine, &read(Path::new(name))?, name)?;
    Ok(Side { name: name.to_owned(), filing })
}
