//! When credits end, and the bill afterwards: pools, odds, the bill by month, and what the step to cash amounts to.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::after_credits::AfterCredits;
use super::document::{Block, Cell, Column, Document, Figure, Row, Section, Table};
use super::notice::Notice;
use super::{ReportKind, after_credits, curves, pools, reconciliation, sensitivity, track_record, words};
use crate::domain::credit::unlisted::AS_IF_NONE_LEFT;
use crate::domain::outlook::monthly_bill::MonthlyBill;
use crate::domain::plan::Planned;
use crate::domain::position::Position;
use crate::domain::position::finding::{Finding, Rule};
use crate::domain::position::series::Series;
use crate::domain::values::money::Money;
use crate::domain::values::period::{DayRange, plus_days};
use crate::domain::values::quantiles::{DateQuantiles, MoneyQuantiles};
use crate::domain::values::words::{days_text, usd_text};

/// Builds the report.
pub(super) fn build(position: &Position, series: &Series) -> Document {
    let ending = |finding: &&Finding| matches!(finding.rule, Rule::Exhaustion | Rule::ExpiringCredit);
    Document {
        summary: summary(position),
        figures: figures(position),
        findings: position.findings.iter().filter(ending).map(notice).collect(),
        sections: sections(position, series),
        notes: notes(position),
        ..Document::new(ReportKind::Trajectory, position)
    }
}

fn sections(position: &Position, series: &Series) -> Vec<Section> {
    let mut sections = vec![pools::section(position, series), odds_section(position)];
    sections.extend(track_record::section(position));
    sections.push(bill_section(position));
    sections.extend(after_credits::first_bill(position));
    sections.extend(after_credits::assumptions(position));
    sections.extend(sensitivity::section(position));
    sections.extend(reconciliation::section(position));
    sections
}

/// A finding without its key, which can name ids.
pub(super) fn notice(finding: &Finding) -> Notice {
    Notice {
        key: None,
        severity: finding.severity,
        since: finding.since,
        summary: finding.summary.clone(),
        reason: finding.reason.clone(),
    }
}

pub(super) fn summary(position: &Position) -> Vec<String> {
    let mut sentences = vec![format!("{}.", words::headline(position))];
    sentences.extend(words::missing_history(position));
    sentences.extend(position.end_as_filed());
    sentences.extend(words::odds(position));
    sentences.extend(words::reach(position));
    sentences.extend(consequences(position));
    sentences
}

/// The first full bill without credits, in a sentence; `None` where the outlook does not reach it.
pub(super) fn first_full_bill(position: &Position) -> Option<String> {
    let first = position.first_full_bill().filter(|_| position.data_through.is_some())?;
    Some(format!(
        "The first full bill without credits, {}, is expected to be {} {} ({}).",
        words::month(first.month),
        usd_text(first.cash),
        if first.tax.is_some() { "with tax" } else { "before tax" },
        first.odds().map_or_else(
            || "it is too early to give a range".to_owned(),
            |(low, high)| format!("80 % chance of {} to {}", usd_text(low), usd_text(high))
        )
    ))
}

/// What the end of credits means in dollars.
pub(super) fn consequences(position: &Position) -> Vec<String> {
    let bill = first_full_bill(position);
    let caveat = position.paying_unlisted().map(|_| format!("{AS_IF_NONE_LEFT}."));
    bill.into_iter().chain(pools::breakage_sentences(position)).chain(caveat).collect()
}

/// The figures of this report, for the page and the funding pack too.
pub(super) fn figures(position: &Position) -> Vec<Figure> {
    let Some(through) = position.data_through else { return Vec::new() };
    let mut figures = vec![remaining(position), last_day(position)];
    let after = AfterCredits::of(position);
    // Once credits are gone for good, the bills in the outlook are all bills after credits, and there is no step ahead.
    let ahead = position.exhaustion.total.p50.is_some_and(|day| day > through);
    let mut push = |key, label: &str, amount: Option<Money>, absent, detail: String| {
        figures.push(Figure { key, label: label.to_owned(), value: Cell::forecast_or(amount, absent), detail });
    };
    if let Some(after) = after {
        let month = after.first.map_or("the outlook ends before".to_owned(), |bill| {
            format!("{}, {}", words::month(bill.month), if bill.tax.is_some() { "with tax" } else { "before tax" })
        });
        push(
            "first_full_bill",
            "First full bill in cash",
            after.first.map(|bill| bill.cash),
            "beyond the outlook",
            month,
        );
        if ahead {
            let against = after.before.map_or("no covered month to compare with".to_owned(), |bill| {
                format!("more cash a month than in {}", words::month(bill.month))
            });
            push("monthly_step", "Monthly step", after.step(), "unknown", against);
        }
        let detail = position.exposure.map_or("the outlook ends before".to_owned(), |it| {
            let odds = format!("{} to {}", usd_text(it.p10), usd_text(it.p90));
            format!("cash from {}, {odds}", words::days(DayRange::new(it.from, plus_days(it.from, it.days))))
        });
        let exposure = position.exposure.map(|exposure| exposure.p50);
        push("exposure_90_days", "90-day exposure", exposure, "beyond the outlook", detail);
    }
    figures
}

fn remaining(position: &Position) -> Figure {
    let credits = &position.credits;
    let (value, detail) = match credits.without_pool() {
        Some(unlisted) => (Cell::Absent("unknown"), unlisted.why_unknown().to_owned()),
        None => {
            let granted = format!("of {} granted", credits.granted.dollars());
            let otherwise = reconciliation::stated_otherwise(position);
            (Cell::Money(credits.left), [vec![granted], otherwise].concat().join("; "))
        }
    };
    Figure { key: "remaining", label: "Credit left".to_owned(), value, detail }
}

fn last_day(position: &Position) -> Figure {
    let DateQuantiles { p10, p50, p90 } = position.exhaustion.total;
    let over = p50.zip(position.data_through).is_some_and(|(p50, through)| p50 <= through);
    let unlisted = position.credits.without_pool();
    let left = |day: NaiveDate| (day - position.as_of.date_naive()).num_days().max(0);
    let detail = match (p10, p50, p90) {
        _ if over => "already so".to_owned(),
        (Some(p10), Some(p50), Some(p90)) if p10 == p90 => {
            let expires = position.expiry_on(p50).map(|expiry| format!(": the day {}", expiry.expires()));
            format!("{} left{}", days_text(left(p50)), expires.unwrap_or_default())
        }
        (Some(p10), Some(p50), Some(p90)) => {
            let days = days_text(left(p50));
            format!("{days} left ({} to {}), {} to {}", left(p10), left(p90), words::day(p10), words::day(p90))
        }
        (Some(p10), ..) => format!("{} at the earliest, in {}", words::day(p10), days_text(left(p10))),
        _ => unlisted.map_or("in nine of ten cases", |unlisted| unlisted.why_unknown()).to_owned(),
    };
    let as_filed = position.end_as_filed().map(|_| {
        let day = position.exhaustion.as_filed.map_or("over a year away".to_owned(), words::day);
        format!("; if spend goes as filed: {day}")
    });
    let detail = detail + as_filed.as_deref().unwrap_or_default();
    let absent = if unlisted.is_some() { "unknown" } else { "over a year away" };
    Figure { key: "credits_end", label: "Credits end".to_owned(), value: Cell::day_or(p50, absent), detail }
}

/// When credits end, in total and per workload.
pub(super) fn odds_section(position: &Position) -> Section {
    let dates = |name: &str, dates: &DateQuantiles| {
        let day = |day| Cell::day_or(day, "over a year away");
        Row::new(vec![Cell::text(name), day(dates.p10), day(dates.p50), day(dates.p90)])
    };
    let mut rows = vec![dates("All spend", &position.exhaustion.total)];
    if position.exhaustion.filed {
        let day = Cell::day_or(position.exhaustion.as_filed, "over a year away");
        let none = || Cell::text("");
        rows.push(Row::new(vec![Cell::text("If spend goes as filed"), none(), day, none()]));
    }
    rows.extend(position.exhaustion.by_workload.iter().map(|row| dates(row.workload.label(), &row.dates)));
    let table = Table {
        id: "exhaustion",
        title: "First day that credits no longer cover".to_owned(),
        columns: vec![
            Column::text("of", "Of"),
            Column::text("p10", "Early (10 %)"),
            Column::text("p50", "Middle (50 %)"),
            Column::text("p90", "Late (90 %)"),
        ],
        rows,
    };
    let blocks = if position.credits.pools.is_empty() {
        vec![Block::Text("Without a known pool there is no date to give.".to_owned())]
    } else {
        vec![
            Block::Text(
                "Counted from the first day on which more than one dollar goes unpaid that a pool could have paid."
                    .to_owned(),
            ),
            Block::Table(table),
            Block::Text(
                "This much of the next 365 days' usage will not be covered by credits: it comes after credits have ended, \
                 or no pool's list names it."
                    .to_owned(),
            ),
            Block::Table(uncovered(position)),
        ]
    };
    let blocks = blocks.into_iter().chain(planned(position)).collect();
    Section { id: "exhaustion", title: "When credits end".to_owned(), blocks }
}

/// The planned events that the outlook expects; `None` where there are none.
fn planned(position: &Position) -> Option<Block> {
    let row = |event: &Planned| {
        Row::new(vec![
            Cell::text(&event.what),
            Cell::text(event.kind.as_str()),
            Cell::Day(event.on),
            Cell::money_or(event.amount, "none"),
            Cell::Percent(event.sure * Decimal::ONE_HUNDRED),
            Cell::text(event.state.words()),
        ])
    };
    let rows: Vec<Row> = position.planned.iter().filter(|event| event.in_outlook).map(row).collect();
    (!rows.is_empty()).then(|| {
        Block::Table(Table {
            id: "planned",
            title: "Assumed: planned events that the outlook expects".to_owned(),
            columns: vec![
                Column::text("what", "What"),
                Column::text("kind", "Kind"),
                Column::text("on", "From"),
                Column::number("amount", "Amount (a launch: a day)"),
                Column::number("sure", "Probability"),
                Column::text("state", "State"),
            ],
            rows,
        })
    })
}

/// Spend of the outlook that no pool pays.
fn uncovered(position: &Position) -> Table {
    let MoneyQuantiles { p10, p50, p90 } = position.uncovered;
    let absent = if position.outlook_reaches.is_some() { TOO_EARLY } else { "unknown" };
    let amount = |amount| Cell::forecast_or(amount, absent);
    Table {
        id: "uncovered",
        title: "Spend of the next 365 days that no credit pays, before tax".to_owned(),
        columns: vec![
            Column::text("of", "Of"),
            Column::number("p10", "Low (10 %)"),
            Column::number("p50", "Middle (50 %)"),
            Column::number("p90", "High (90 %)"),
        ],
        rows: vec![Row::new(vec![Cell::text("All spend but support"), amount(p10), amount(p50), amount(p90)])],
    }
}

/// The bill by month, drawn and as a table.
pub(super) fn bill_section(position: &Position) -> Section {
    let blocks = if position.trajectory.is_empty() {
        vec![Block::Text("No outlook was made yet: it needs at least one complete day of data.".to_owned())]
    } else {
        let caveat = position.paying_unlisted().map(|_| Block::Text(format!("{AS_IF_NONE_LEFT}.")));
        let chart = curves::bills(position).map(Block::Chart);
        caveat.into_iter().chain(chart).chain([Block::Table(bills(position))]).collect()
    };
    Section { id: "bill", title: "The bill by month".to_owned(), blocks }
}

/// The bills and their sum; tax is summed only where every month has one.
fn bills(position: &Position) -> Table {
    let bills = &position.trajectory;
    let sum = |pick: fn(&MonthlyBill) -> Money| Cell::Forecast(bills.iter().map(pick).sum());
    let tax: Option<Money> = bills.iter().map(|bill| bill.tax).sum();
    let mut rows: Vec<Row> = bills.iter().map(bill_row).collect();
    rows.push(Row::total(vec![
        Cell::text("Total of the middle path"),
        sum(|bill| bill.gross),
        sum(|bill| bill.covered),
        Cell::forecast_or(tax, "unknown"),
        sum(|bill| bill.cash),
        // Quantiles do not add up: three bad months in a row are rarer than one.
        Cell::Absent(""),
        Cell::Absent(""),
    ]));
    Table {
        id: "trajectory",
        title: "Monthly bill".to_owned(),
        columns: vec![
            Column::text("month", "Month"),
            Column::number("gross", "Usage"),
            Column::number("covered", "Paid by credit"),
            Column::number("tax", "Tax"),
            Column::number("cash", "Cash"),
            Column::number("cash_p10", "Cash, low (10 %)"),
            Column::number("cash_p90", "Cash, high (90 %)"),
        ],
        rows,
    }
}

fn bill_row(bill: &MonthlyBill) -> Row {
    Row::new(vec![
        Cell::Month(bill.month),
        Cell::Forecast(bill.gross),
        Cell::Forecast(bill.covered),
        Cell::forecast_or(bill.tax, "unknown"),
        Cell::Forecast(bill.cash),
        Cell::forecast_or(bill.cash_p10, TOO_EARLY),
        Cell::forecast_or(bill.cash_p90, TOO_EARLY),
    ])
}

/// In place of odds beyond the outlook's reach.
const TOO_EARLY: &str = "too early to tell";

/// What a careful reader should know about an outlook.
pub(super) fn notes(position: &Position) -> Vec<String> {
    let mut notes: Vec<String> =
        position.outlook_basis.iter().map(|basis| format!("How the outlook was made: {basis}")).collect();
    notes.extend(words::reach(position));
    notes.push(
        "AWS settles credits once per monthly bill. Drawing them day by day is a model of that, and so is every date \
         here. \"Our arithmetic against AWS's figures\" compares it with what AWS applied, month by month, and with the \
         balances that AWS states."
            .to_owned(),
    );
    if !position.trajectory.is_empty() {
        notes.push(
            "The months of the bill are those of one middle path. What is counted over several months (the exposure, the spend \
             that no credit pays, the cumulative outlook) is the middle of all paths instead. Where spend comes in bursts, the \
             median of the total exceeds the sum of the monthly medians."
                .to_owned(),
        );
        notes.push("The current month is actual days plus outlook. Cash includes tax where it is known.".to_owned());
        if position.trajectory.iter().any(|bill| bill.tax.is_none()) {
            notes.push(
                "Tax is unknown: a covered account shows none, so its rate has to come from the config. The real bill \
                 will be higher by it."
                    .to_owned(),
            );
        }
    }
    notes.push(words::ROUNDING.to_owned());
    notes
}
