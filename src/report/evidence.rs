//! The report that says what each figure rests on: ingest runs, their clocks, AWS's request ids, and what was entered here.
//!
//! A year of daily cycles is hundreds of runs, so a run is one line, and its questions on credits are listed only where a
//! figure rests on their answers. Readers other than the owner see neither accounts nor request ids. They get a hash of the
//! request ids instead, which holds the owner to them.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::audience::Audience;
use super::document::{Block, Cell, Column, Document, Section, Table};
use super::{ReportKind, sha256, words};
use crate::domain::facts::evidence::{BalanceEvidence, Evidence, MonthEvidence, RunEvidence};
use crate::domain::filing::filing_ref::FilingRef;
use crate::domain::position::Position;
use crate::domain::values::period::plus_days;

/// Where a report says what it rests on.
pub(super) const ELSEWHERE: &str =
    "What every figure rests on, run by run, is a file of its own: the report of the kind evidence.";

/// Builds the report.
pub(super) fn build(evidence: Option<&Evidence>, position: &Position, audience: &Audience) -> Document {
    let section = evidence.and_then(|evidence| section(evidence, position, audience));
    let summary = match &section {
        Some(_) => "Which runs brought the figures of the reports of the same time, and which requests AWS answered.",
        None => "No run is stored yet, so there is nothing that a figure could rest on.",
    };
    Document {
        summary: vec![summary.to_owned()],
        sections: section.into_iter().collect(),
        ..Document::new(ReportKind::Evidence, position)
    }
}

/// The section; `None` before the first run.
fn section(evidence: &Evidence, position: &Position, audience: &Audience) -> Option<Section> {
    if evidence.runs.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::Text(explained(evidence, audience)), Block::Table(sources(evidence, audience))];
    let entered = entered(evidence, position, audience);
    let credits = credit_requests(evidence, audience);
    blocks.extend([entered, credits].into_iter().filter(|table| !table.rows.is_empty()).map(Block::Table));
    blocks.push(Block::Table(runs(evidence, audience)));
    Some(Section { id: "evidence", title: "Evidence".to_owned(), blocks })
}

fn explained(evidence: &Evidence, audience: &Audience) -> String {
    let mut text = "Every figure is computed from rows that AWS answered in the runs below. A run appends what differs \
                    from what was believed before, so a month rests on every run that brought a row still believed, and \
                    the newest run that asked for it confirms the rest."
        .to_owned();
    if matches!(audience, Audience::Owner) {
        let accounts: BTreeSet<&str> = evidence.runs.iter().filter_map(|run| run.account.as_deref()).collect();
        if !accounts.is_empty() {
            let accounts: Vec<&str> = accounts.into_iter().collect();
            text.push_str(&format!(" AWS was asked with credentials of account {}.", accounts.join(", ")));
        }
        text.push_str(" AWS Support finds a request by its id.");
    } else {
        text.push_str(
            " Each hash is the SHA-256 of AWS's request ids, one a line, which the account's owner can show.",
        );
    }
    text
}

fn sources(evidence: &Evidence, audience: &Audience) -> Table {
    // How many rows an account's bill has is the owner's.
    let rows = |rows: u64| if matches!(audience, Audience::Owner) { Cell::Count(rows) } else { Cell::Absent("") };
    let run = |run: Option<i64>| run.map_or(Cell::Absent(""), |run| Cell::text(run.to_string()));
    let month = |it: &MonthEvidence| {
        let figures = Cell::text(format!("Costs and usage of {}", words::month(it.month)));
        vec![figures, rows(it.rows), Cell::text(ranges(&it.brought_by)), run(it.confirmed_by)]
    };
    let credits = evidence.credits.map(|credits| {
        vec![Cell::text("Balances that AWS states"), Cell::Absent(""), run(Some(credits)), run(Some(credits))]
    });
    let allocations = (!evidence.allocations.is_empty()).then(|| {
        let figures = Cell::text("AWS's allocation history of credits");
        let newest = evidence.allocations.last().copied();
        vec![figures, Cell::Absent(""), Cell::text(ranges(&evidence.allocations)), run(newest)]
    });
    let cycle = evidence.cycle.map(|cycle| {
        let figures = Cell::text("Outlook, odds and findings");
        vec![figures, Cell::Absent(""), run(Some(cycle)), run(Some(cycle))]
    });
    let columns = [
        Column::text("figures", "Figures"),
        Column::number("rows", "Rows believed").optional(),
        Column::text("brought_by", "Brought by runs"),
        Column::text("confirmed_by", "Confirmed by run"),
    ];
    Table::new("evidence_sources", "What each figure rests on", columns)
        .rows(evidence.months.iter().map(month).chain(credits).chain(allocations).chain(cycle))
}

/// What people entered that a figure rests on: the filing, and balances read off by hand.
fn entered(evidence: &Evidence, position: &Position, audience: &Audience) -> Table {
    let filing = position.filing.as_ref().map(|filing| {
        let FilingRef { version, filed_on, recorded_at, content_hash, .. } = filing;
        vec![
            Cell::text(format!("Filing, version {version}")),
            Cell::Day(*filed_on),
            moment(*recorded_at),
            Cell::Absent(""),
            match audience.sees_whole(Some(filing)) {
                true => Cell::text(content_hash),
                false => Cell::Absent("not of your records alone"),
            },
        ]
    });
    let balance = |it: &BalanceEvidence| {
        let pool = position.credits.pools.iter().find(|pool| pool.id == it.pool);
        let name = pool.map_or(it.pool.as_str(), |pool| pool.name.as_str());
        vec![
            Cell::text(format!("Balance of {name}, typed in")),
            Cell::Day(it.observed_on),
            moment(it.recorded_at),
            Cell::Money(it.amount),
            Cell::Absent(""),
        ]
    };
    // What is left of a single credit is the owner's.
    let balances = if matches!(audience, Audience::Owner) { evidence.balances.as_slice() } else { &[] };
    let columns = [
        Column::text("entry", "Entry"),
        Column::text("of", "Filed or read off on"),
        Column::text("recorded_at", "Recorded here (UTC)"),
        Column::number("amount", "Amount").optional(),
        Column::text("content_hash", "Content hash").optional(),
    ];
    Table::new("evidence_entered", "What was entered", columns)
        .rows(filing.into_iter().chain(balances.iter().map(balance)))
}

/// The questions on credits whose answers count; most runs asked others, which a later answer made void.
fn credit_requests(evidence: &Evidence, audience: &Audience) -> Table {
    let row = |run: &RunEvidence| {
        let balances = (evidence.credits == Some(run.run_id)).then_some("balances");
        let history = evidence.allocations.contains(&run.run_id).then_some("allocation history");
        let brought: Vec<&str> = balances.into_iter().chain(history).collect();
        let [ids, hash] = requests(&run.credit_requests, audience);
        vec![Cell::text(run.run_id.to_string()), Cell::text(brought.join(", ")), ids, hash]
    };
    let columns = [
        Column::text("run", "Run"),
        Column::text("brought", "Brought"),
        Column::text("credit_requests", "AWS request ids, credits").optional(),
        Column::text("requests_sha256", "Hash of the request ids, credits").optional(),
    ];
    let rest = evidence.runs.iter().filter(|run| evidence.rests_on_credits_of(run.run_id));
    Table::new("evidence_credit_requests", "Answers on credits that count", columns).rows(rest.map(row))
}

fn runs(evidence: &Evidence, audience: &Audience) -> Table {
    let row = |run: &RunEvidence| {
        let day = |day: Option<NaiveDate>| Cell::day_or(day, "not asked");
        let [ids, hash] = requests(&run.cost_requests, audience);
        vec![
            Cell::text(run.run_id.to_string()),
            moment(run.clock),
            day(run.window.map(|window| window.start)),
            day(run.window.map(|window| plus_days(window.end, -1))),
            if matches!(audience, Audience::Owner) { Cell::Count(run.rows) } else { Cell::Absent("") },
            ids,
            hash,
        ]
    };
    let columns = [
        Column::text("run", "Run"),
        Column::text("clock", "Clock (UTC)"),
        Column::text("first_day", "Costs from"),
        Column::text("last_day", "to"),
        Column::number("rows", "Rows").optional(),
        Column::text("cost_requests", "AWS request ids, costs").optional(),
        Column::text("requests_sha256", "Hash of the request ids, costs").optional(),
    ];
    Table::new("evidence_runs", "The runs", columns).rows(evidence.runs.iter().map(row))
}

/// The ids for the owner, their hash for others.
fn requests(ids: &[String], audience: &Audience) -> [Cell; 2] {
    match audience {
        Audience::Owner => [Cell::text(ids.join(" ")), Cell::Absent("")],
        Audience::Partner { .. } if ids.is_empty() => [Cell::Absent(""), Cell::Absent("")],
        Audience::Partner { .. } => [Cell::Absent(""), Cell::text(sha256(ids.join("\n").as_bytes()))],
    }
}

/// A time of day in UTC, as the heading says.
fn moment(at: DateTime<Utc>) -> Cell {
    Cell::text(at.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// "1, 5 to 9 and 12": runs are many and mostly follow each other.
fn ranges(runs: &[i64]) -> String {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for run in runs {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *run => *last = *run,
            _ => spans.push((*run, *run)),
        }
    }
    let span = |(first, last): &(i64, i64)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    };
    spans.iter().map(span).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_follow_each_other_are_a_range() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[1, 2, 5, 6, 7, 9]), "1, 2, 5 to 7, 9");
    }
}
