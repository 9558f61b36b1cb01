//! `glidepath projection diff`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

use crate::config::Config;
use crate::cycle::{ComparedFilings, FilingSource};
use crate::domain::filing::projection::{FieldChange, LineDiff};
use crate::domain::values::money::Money;

use super::super::access::Access;
use super::super::table::table;
use super::book::{Book, filed, read};
use crate::cli::out;

/// Compares what is asked for: versions by number, files by path.
pub async fn run(config: Config, before: Option<&str>, after: Option<&str>, json: bool) -> Result<()> {
    let (before, after) = match (before, after) {
        (None, _) => (FilingSource::Previous, FilingSource::Newest),
        // One file: what it would change. One version: what was changed since.
        (Some(one), None) => match source(one)? {
            text @ FilingSource::Text { .. } => (FilingSource::Newest, text),
            version => (version, FilingSource::Newest),
        },
        (Some(before), Some(after)) => (source(before)?, source(after)?),
    };
    let book = Book::of(&config);
    let compared = book.compare(&filed(&Access::open_to_read(config)?).await?, &before, &after)?;
    if json {
        out::json(&compared)?;
    } else {
        out::block(text(&compared));
    }
    Ok(())
}

fn source(name: &str) -> Result<FilingSource> {
    match name.parse() {
        Ok(version) => Ok(FilingSource::Version(version)),
        Err(_) => Ok(FilingSource::Text { name: name.to_owned(), body: read(Path::new(name))? }),
    }
}

/// For people.
pub fn text(compared: &ComparedFilings) -> String {
    let ComparedFilings { before, after, diff } = compared;
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
        (Some(_), None) => writeln!(text, "{} planned in these months, as before", dollars(after)),
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
