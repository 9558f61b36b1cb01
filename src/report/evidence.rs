//! The appendix that says what each figure rests on: ingest runs, their clocks, and AWS's request ids.
//!
//! Readers other than the owner see neither accounts nor request ids. They get a hash of the request ids instead, which
//! holds the owner to them.

use super::audience::Audience;
use super::document::{Block, Cell, Column, Section, Table};
use super::{sha256, words};
use crate::domain::evidence::{Evidence, MonthEvidence, RunEvidence};
use crate::domain::period::plus_days;

/// The section; `None` before the first run.
pub(super) fn section(evidence: &Evidence, audience: &Audience) -> Option<Section> {
    if evidence.runs.is_empty() {
        return None;
    }
    let mut text = "Every figure is computed from rows that AWS answered in the runs below. A run appends what differs \
                    from what was believed before, so a month rests on every run that brought a row still believed, and \
                    the newest run that asked for it confirms the rest."
        .to_owned();
    text.push_str(if matches!(audience, Audience::Owner) {
        " AWS Support finds a request by its id."
    } else {
        " Each hash is the SHA-256 of the run's AWS request ids, one a line, which the account's owner can show."
    });
    let blocks =
        vec![Block::Text(text), Block::Table(sources(evidence, audience)), Block::Table(runs(evidence, audience))];
    Some(Section { id: "evidence", title: "Evidence".to_owned(), blocks })
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
        .rows(evidence.months.iter().map(month).chain(credits).chain(cycle))
}

fn runs(evidence: &Evidence, audience: &Audience) -> Table {
    let owner = matches!(audience, Audience::Owner);
    let private = |cell: Cell| if owner { cell } else { Cell::Absent("") };
    let row = |run: &RunEvidence| {
        let ids: Vec<&str> = run.cost_requests.iter().chain(&run.credit_requests).map(String::as_str).collect();
        let day = |day: Option<chrono::NaiveDate>| Cell::day_or(day, "not asked");
        vec![
            Cell::text(run.run_id.to_string()),
            Cell::text(run.clock.format("%Y-%m-%d %H:%M:%S UTC").to_string()),
            private(run.account.as_ref().map_or(Cell::Absent(""), Cell::text)),
            day(run.window.map(|window| window.start)),
            day(run.window.map(|window| plus_days(window.end, -1))),
            private(Cell::Count(run.rows)),
            private(Cell::text(run.cost_requests.join(" "))),
            private(Cell::text(run.credit_requests.join(" "))),
            if owner || ids.is_empty() { Cell::Absent("") } else { Cell::text(sha256(ids.join("\n").as_bytes())) },
        ]
    };
    let columns = [
        Column::text("run", "Run"),
        Column::text("clock", "Clock"),
        Column::text("account", "Account").optional(),
        Column::text("first_day", "Costs from"),
        Column::text("last_day", "to"),
        Column::number("rows", "Rows believed").optional(),
        Column::text("cost_requests", "AWS request ids, costs").optional(),
        Column::text("credit_requests", "AWS request ids, credits").optional(),
        Column::text("requests_sha256", "Hash of the request ids").optional(),
    ];
    Table::new("evidence_runs", "The runs", columns).rows(evidence.runs.iter().map(row))
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
