//! The record as filed: what each asks for, in the filing's own words.

use super::document::{Block, Cell, Column, Section, Table};
use super::words;
use crate::domain::filing::filing_ref::{FiledApplication, FilingRef};
use crate::domain::position::Position;
use crate::domain::values::words::{percent_text, usd_text};

/// What was filed beside the usage; `None` while nothing is filed.
pub(super) fn section(position: &Position) -> Option<Section> {
    let filing = position.filing.as_ref()?;
    of_records(said(filing), &filing.applications)
}

/// The same of some records.
pub(super) fn of_records(said: Option<String>, applications: &[FiledApplication]) -> Option<Section> {
    let mut blocks: Vec<Block> = said.map(Block::Text).into_iter().collect();
    if !applications.is_empty() {
        blocks.push(Block::Table(records(applications)));
    }
    let details = details(applications);
    if !details.rows.is_empty() {
        blocks.push(Block::Table(details));
    }
    (!blocks.is_empty()).then(|| Section { id: "as-filed", title: "As filed".to_owned(), blocks })
}

/// What the whole filing says of the customer and of the time after credits.
fn said(filing: &FilingRef) -> Option<String> {
    let growth = filing.post_credit_growth_per_month.map(|share| format!("growing by {} a month", percent_text(share)));
    let deal = filing.deal_size_usd.map(|usd| format!("{} after credits", usd_text(usd)));
    let asked = filing.asked_usd.map(|usd| format!("{} asked for", usd_text(usd)));
    let granted = filing.granted_usd.map(|usd| format!("{} granted", usd_text(usd)));
    let parts: Vec<String> = [asked, granted, deal, growth].into_iter().flatten().collect();
    // A name to read, and no link: a report stands alone.
    let host = |url: &String| url.split_once("://").map_or(url.as_str(), |(_, host)| host).to_owned();
    let url = filing.customer_url.as_ref().map(|url| format!(" Customer: {}.", host(url))).unwrap_or_default();
    let all = if parts.is_empty() { String::new() } else { format!("The filing: {}.", parts.join(", ")) };
    let said = format!("{all}{url}");
    (!said.is_empty()).then(|| said.trim().to_owned())
}

/// What is said of the time after credits, in a sentence.
pub(super) fn afterwards(filing: &FilingRef) -> Option<String> {
    let deal = filing.deal_size_usd.map(|usd| format!("a deal of {}", usd_text(usd)));
    let growth = filing.post_credit_growth_per_month.map(|share| format!("growth of {} a month", percent_text(share)));
    let parts: Vec<String> = [deal, growth].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Filed for the time after credits: {}.", parts.join(" and ")))
}

fn records(applications: &[FiledApplication]) -> Table {
    let row = |it: &FiledApplication| {
        vec![
            Cell::text(&it.record),
            Cell::text(it.programme.label()),
            Cell::money_or(it.asked_usd, ""),
            Cell::money_or(it.granted_usd, ""),
            Cell::day_or(it.starts_on, ""),
            Cell::day_or(it.expires_on, ""),
            Cell::text(it.opportunity.clone().unwrap_or_default()),
            Cell::text(it.stage.clone().unwrap_or_default()),
            Cell::text(it.engagement_type.clone().unwrap_or_default()),
        ]
    };
    let columns = [
        Column::text("record", "Record"),
        Column::text("programme", "Programme"),
        Column::number("asked_usd", "Asked for").optional(),
        Column::number("granted_usd", "Granted").optional(),
        Column::text("starts_on", "Window from").optional(),
        Column::text("expires_on", "until, excluded").optional(),
        Column::text("opportunity", "Opportunity").optional(),
        Column::text("stage", "Stage").optional(),
        Column::text("engagement_type", "Engagement").optional(),
    ];
    Table::new("as_filed", "Records", columns).rows(applications.iter().map(row))
}

/// Use cases and proofs of concept, a row for each thing that is said.
fn details(applications: &[FiledApplication]) -> Table {
    let of = |it: &FiledApplication| {
        let poc = it.poc.clone().unwrap_or_default();
        let said = [
            ("Use case", it.use_case.clone()),
            ("Is built", poc.building),
            ("Is to show", poc.validates),
            ("Has shown", poc.outcome),
            ("Ends on", poc.ends_on.map(words::day)),
            ("Afterwards", poc.then_usd_per_month.map(|usd| format!("{} a month", usd_text(usd)))),
        ];
        let record = it.record.clone();
        said.into_iter()
            .filter_map(move |(what, text)| Some(vec![Cell::text(&record), Cell::text(what), Cell::text(text?)]))
            .collect::<Vec<_>>()
    };
    let columns =
        [Column::text("record", "Record"), Column::text("what", "What"), Column::text("text", "In the filing's words")];
    Table::new("as_filed_words", "What each record is for", columns).rows(applications.iter().flat_map(of))
}
