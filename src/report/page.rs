//! The one page: everything of a position in the order in which a founder asks. It is a document like the reports, so
//! that it cannot say anything else than they do.

use super::document::{Block, Cell, Column, Document, Section, Table};
use super::html::{Drawer, Setting};
use super::nav::Nav;
use super::notice::Notice;
use super::{
    actual_vs_projected, after_credits, as_filed, curves, first_screen, html, models, pools, reconciliation,
    sensitivity, track_record, trajectory, words,
};
use crate::domain::billing::costs::WorkloadSpend;
use crate::domain::credit::coverage::CoverageState;
use crate::domain::filing::ask::{Objection, SizedFiling};
use crate::domain::position::finding::{Finding, Rule};
use crate::domain::position::series::Series;
use crate::domain::position::{Position, UnclassifiedUsage};
use crate::domain::values::words::sentence_text;

/// Models that cost anything this month, the dearest first.
pub fn models_in_use(position: &Position) -> Vec<String> {
    models::by_cost(position).into_iter().map(|(model, _)| model.to_owned()).collect()
}

/// Tables that the page folds within their sections: too long for a phone, and of interest to those who check.
const FOLDED: [&str; 22] = [
    "assumptions",
    "buys",
    "claim_figures",
    "first_full_bill_lines",
    "models",
    "outlook_methods",
    "planned",
    "pool_ends",
    "pools",
    "reconciled_balances",
    "reconciled_months",
    "saved",
    "spend_to_date",
    "tokens",
    "track_record",
    "unclassified",
    "uncovered",
    "variance",
    "variance_by_cause",
    "variance_by_line",
    "variance_by_month",
    "workloads",
];

/// Charts that it folds likewise; the burn-down of a pool that is over is another.
const FOLDED_CHARTS: [&str; 1] = ["cumulative"];

/// Sections that stand open, in order: what is left, what it costs, and how that compares with what was filed. What can be done
/// follows on them, and what opens on demand comes last.
const OPEN: [&str; 4] = ["waiting", "credits", "bill", "actual-vs-filed"];

/// What opens on demand, under few headings, so that the page is read in one go.
const DRAWERS: [Drawer; 3] = [
    Drawer {
        id: "filing",
        title: "The filing and the next ask",
        sections: &["as-filed", "next-ask", "credibility", "assumptions", "usage", "earned-value"],
    },
    Drawer {
        id: "outlook",
        title: "The outlook",
        sections: &["exhaustion", "first-full-bill", "sensitivity", "track-record", "outlook-assumptions"],
    },
    Drawer { id: "data", title: "Coverage, data and method", sections: &["coverage", "data-quality", NOTES] },
];
const NOTES: &str = "notes";

/// Columns that lead a table here, by the table's id: what a phone shows without moving the table. Cash comes first.
const LEADING: [(&str, &[&str]); 9] = [
    ("trajectory", &["month", "cash", "cash_p10", "cash_p90"]),
    ("pools", &["pool", "remaining", "granted"]),
    ("first_full_bill_lines", &["service", "cash"]),
    ("variance_by_record", &["record", "actual", "projected", "percent"]),
    ("variance_by_month", &["month", "actual", "projected", "percent"]),
    ("models", &["model", "cost"]),
    ("workloads", &["workload", "cost"]),
    ("unclassified", &["service", "cost"]),
    ("planned", &["what", "amount", "on"]),
];

/// Renders the page. With the filing in force `sized`, it says what a reviewer may object to.
pub fn page(position: &Position, series: &Series, sized: Option<&SizedFiling>, nav: &Nav) -> String {
    let over = curves::over(position);
    let charts = FOLDED_CHARTS.into_iter().chain(over.iter().map(String::as_str)).collect();
    let setting = Setting {
        folded: &FOLDED,
        folded_charts: charts,
        open: &OPEN,
        drawers: &DRAWERS,
        answers: &first_screen::ANSWERS,
    };
    html::render_page(&document(position, series, sized), banner(position).as_deref(), nav, &setting)
}

/// What a reader has to know before any figure: that these are not as new as they should be, or that costs of the past are
/// missing.
fn banner(position: &Position) -> Option<String> {
    let failed = position.findings.iter().find(|finding| finding.rule == Rule::CycleFailed);
    failed.map(|finding| finding.summary.clone()).or_else(|| words::missing_history(position))
}

fn document(position: &Position, series: &Series, sized: Option<&SizedFiling>) -> Document {
    let mut sections = vec![pools::section(position, series), trajectory::bill_section(position)];
    sections.extend(compared(position, series));
    sections.extend(filing(position, sized));
    sections.push(spend(position, series));
    sections.push(trajectory::odds_section(position));
    sections.extend(after_credits::first_bill(position));
    sections.extend(after_credits::assumptions(position));
    sections.extend(sensitivity::section(position));
    sections.extend(track_record::section(position));
    sections.push(coverage(position));
    sections.push(quality(position));
    let notes = trajectory::notes(position).into_iter().map(Block::Text).collect();
    sections.push(Section { id: NOTES, title: "How to read this".to_owned(), blocks: notes });
    let sections = if position.data_through.is_none() { waiting(position) } else { sections };
    Document {
        kind: "page",
        title: "Glidepath".to_owned(),
        customer: position.filing.as_ref().and_then(|filing| filing.customer.clone()),
        prepared_by: None,
        as_of: position.as_of,
        data_through: position.data_through,
        currency: position.currency.clone(),
        about: Vec::new(),
        summary: first_screen::sentences(position),
        figures: first_screen::figures(position),
        findings: position.findings.iter().map(keyed).collect(),
        sections: sections.into_iter().map(led).collect(),
        // They are a section here.
        notes: Vec::new(),
    }
}

/// What was filed against what was spent: every line is a view of the first section here.
fn compared(position: &Position, series: &Series) -> Vec<Section> {
    let (lines, mut compared): (Vec<Section>, Vec<Section>) =
        actual_vs_projected::sections(position, series).into_iter().partition(|it| it.id == actual_vs_projected::LINES);
    if let Some(first) = compared.first_mut() {
        first.blocks.extend(lines.into_iter().flat_map(|section| section.blocks));
    }
    compared
}

/// Before the first data, empty tables would say less than a sentence.
fn waiting(position: &Position) -> Vec<Section> {
    let text = if words::denied(position) {
        "The findings above say what AWS refuses and which permission is missing. The command \"glidepath check --online\" \
         tries each of them."
    } else {
        "The first cycle reads up to 13 months from Cost Explorer. This page fills as soon as it has finished; Cost \
         Explorer itself needs up to a day after it is switched on for the first time."
    };
    vec![
        Section { id: "waiting", title: "No data yet".to_owned(), blocks: vec![Block::Text(text.to_owned())] },
        quality(position),
    ]
}

/// A finding with its key, so that an alert finds it.
fn keyed(finding: &Finding) -> Notice {
    Notice { key: Some(finding.key.clone()), ..trajectory::notice(finding) }
}

/// A section whose tables begin with what a phone has to show, and whose record comes before what explains it.
fn led(mut section: Section) -> Section {
    for block in &mut section.blocks {
        let Block::Table(table) = block else { continue };
        if let Some((_, keys)) = LEADING.iter().find(|(id, _)| *id == table.id) {
            *table = std::mem::replace(table, Table::new("", "", [])).leading(keys);
        }
    }
    let place = |block: &Block| match block {
        Block::Table(table) if table.id == "variance_by_record" => 1,
        Block::Text(_) => 0,
        Block::Table(_) | Block::Chart(_) => 2,
    };
    if section.id == "actual-vs-filed" {
        section.blocks.sort_by_key(place);
    }
    section
}

/// The filing in force: what it says beside its usage, and what a reviewer may object to.
fn filing(position: &Position, sized: Option<&SizedFiling>) -> Option<Section> {
    let filed = as_filed::section(position);
    let Some(sized) = sized else { return filed };
    let empty = || Section { id: "as-filed", title: "As filed".to_owned(), blocks: Vec::new() };
    let mut section = filed.unwrap_or_else(empty);
    section.blocks.push(objections(sized));
    Some(section)
}

/// Each objection with its dollars first and its remedy beside it, so that a phone shows all of it.
fn objections(sized: &SizedFiling) -> Block {
    if sized.objections.is_empty() {
        return Block::Text("A reviewer finds nothing of what they are known to look for.".to_owned());
    }
    let row = |it: &Objection| {
        let said = format!("{} {}", it.objection, sentence_text(&it.remedy));
        vec![Cell::Money(it.usd), Cell::text(said)]
    };
    let columns = [Column::number("usd", "Dollars"), Column::text("objection", "Objection, and what mends it")];
    let table = Table::new("objections", "What AWS's reviewer may object to", columns);
    Block::Table(table.rows(sized.objections.iter().map(row)))
}

fn spend(position: &Position, series: &Series) -> Section {
    let mut blocks: Vec<Block> = curves::by_model(position, series).map(Block::Chart).into_iter().collect();
    blocks.push(Block::Table(to_date(position)));
    if position.workloads.is_empty() {
        blocks.push(Block::Text("Nothing was spent this month so far.".to_owned()));
    } else {
        blocks.extend(models::table(position).map(Block::Table));
        blocks.push(Block::Table(workloads(position)));
    }
    Section { id: "spend", title: "Spend".to_owned(), blocks }
}

fn to_date(position: &Position) -> Table {
    let spend = &position.spend;
    let row = |label: &str, amount| vec![Cell::text(label), Cell::Money(amount)];
    let columns = [Column::text("of", "Part of the bill"), Column::number("amount", "Amount")];
    Table::new("spend_to_date", "From the first stored day", columns)
        .rows([
            row("Usage and fees", spend.gross_to_date),
            row("Credit", spend.credit_to_date),
            row("Refunds", spend.refund_to_date),
            row("Tax", spend.tax_to_date),
        ])
        .total(row("Cash", spend.net_to_date))
}

fn workloads(position: &Position) -> Table {
    let maybe = |text: Option<&str>| text.map_or(Cell::Absent(""), Cell::text);
    let row = |row: &WorkloadSpend| {
        vec![
            Cell::text(row.workload.label()),
            maybe(row.model.as_deref()),
            maybe(row.direction.map(words::direction)),
            maybe(row.tier.map(words::tier)),
            maybe(row.routing.map(words::routing)),
            Cell::Money(row.cost),
            row.quantity.map_or(Cell::Absent(""), Cell::Quantity),
            maybe(row.unit.as_deref().map(|unit| if unit == "chip_hours" { "chip-hours" } else { unit })),
        ]
    };
    let mut total = vec![Cell::Absent(""); 8];
    total[0] = Cell::text("Total");
    total[5] = Cell::Money(position.workloads.iter().map(|row| row.cost).sum());
    let columns = [
        Column::text("workload", "Workload"),
        Column::text("model", "Model").optional(),
        Column::text("direction", "Tokens").optional(),
        Column::text("tier", "Tier").optional(),
        Column::text("routing", "Routing").optional(),
        Column::number("cost", "Cost"),
        Column::number("quantity", "Quantity"),
        Column::text("unit", "Unit"),
    ];
    Table::new("workloads", "This month so far, by workload and model", columns)
        .rows(position.workloads.iter().map(row))
        .total(total)
}

fn coverage(position: &Position) -> Section {
    let row = |coverage: &crate::domain::credit::coverage::Coverage| {
        vec![
            Cell::text(&coverage.service),
            Cell::text(match coverage.state {
                CoverageState::Covered => "covered",
                CoverageState::Exhausted => "exhausted",
                CoverageState::Uncovered => "not covered: cash",
                CoverageState::Unknown => "unknown",
            }),
            Cell::text(&coverage.evidence),
        ]
    };
    let columns =
        [Column::text("service", "Service"), Column::text("state", "State"), Column::text("evidence", "How we know")];
    let blocks = if position.coverage.is_empty() {
        vec![Block::Text("No service has cost anything yet.".to_owned())]
    } else {
        let table = Table::new("coverage", "Does credit pay for it?", columns);
        vec![Block::Table(table.rows(position.coverage.iter().map(row)))]
    };
    Section { id: "coverage", title: "Coverage by service".to_owned(), blocks }
}

fn quality(position: &Position) -> Section {
    let quality = &position.data_quality;
    let row = |label: &str, value, meaning: &str| vec![Cell::text(label), value, Cell::text(meaning)];
    let columns =
        [Column::text("measure", "Measure"), Column::number("value", "Value"), Column::text("meaning", "Meaning")];
    let table = Table::new("data_quality", "How far the figures can be trusted", columns).rows([
        row(
            "Unclassified spend",
            Cell::Money(quality.unclassified_cost),
            "this month's spend that no rule understands; it counts in every total",
        ),
        row(
            "Reconciliation gap",
            Cell::Money(quality.reconciliation_gap),
            "closed months: credit by our replay that differs from AWS's, either way",
        ),
        row(
            "Moved in the last cycle",
            Cell::Money(quality.moved_in_last_cycle),
            "what AWS corrected on days already stored",
        ),
        row("Paid requests today", Cell::Count(quality.paid_requests_today), "Cost Explorer requests that AWS charges"),
        row("Spent on asking this month", Cell::Money(quality.usd_spent_asking_month), "what watching costs by itself"),
    ]);
    let mut blocks = vec![Block::Table(table)];
    blocks.extend(quality.set_aside.as_ref().map(|aside| Block::Text(words::set_aside(aside))));
    blocks.extend(quality.unreadable.iter().map(|sentence| Block::Text(sentence.clone())));
    if !quality.unclassified.is_empty() {
        blocks.push(Block::Table(unclassified(&quality.unclassified)));
    }
    blocks.extend(reconciliation::blocks(position));
    Section { id: "data-quality", title: "Data quality".to_owned(), blocks }
}

/// What the rules do not understand, as AWS names it.
fn unclassified(usages: &[UnclassifiedUsage]) -> Table {
    let maybe = |text: &Option<String>, absent| text.as_ref().map_or(Cell::Absent(absent), Cell::text);
    let row = |usage: &UnclassifiedUsage| {
        vec![
            Cell::text(&usage.service),
            maybe(&usage.usage_type, "none"),
            Cell::Money(usage.cost),
            maybe(&usage.because, ""),
        ]
    };
    let columns = [
        Column::text("service", "Service"),
        Column::text("usage_type", "Usage type"),
        Column::number("cost", "Cost"),
        Column::text("because", "Not understood because").optional(),
    ];
    Table::new("unclassified", "This month's dearest spend that no rule understands", columns)
        .rows(usages.iter().map(row))
}
