//! The pack for the next funding conversation, to be sent to AWS as it is: what was filed and what came of it, how long the credit
//! lasts, the bill after it, and the ask.
//!
//! It opens with a page that stands alone. What only those who operate the account look up (every line of the variance, what an
//! outlook was made with, earned value) stays in the two reports that it is put together from.

use super::document::{Block, Document, Figure, Section};
use super::partner::{self, Partner};
use super::{ReportKind, actual_vs_projected, as_filed, ask, curves, review, trajectory, usage, window_clock, words};
use crate::domain::filing::ask::SizedFiling;
use crate::domain::position::Position;
use crate::domain::position::series::Series;

/// The order in which a reviewer asks: what was filed, what was used and spent against it, how it was paid, how long that lasts and
/// how good such words were, what comes after, what is asked for next, and what all of it assumes. Sections of other reports that
/// are not named are left out.
const ORDER: [&str; 20] = [
    "as-filed",
    partner::SECTION,
    "ask-size",
    "ask-months",
    "ask-services",
    "ask-usage",
    "ask-afterwards",
    "actual-vs-filed",
    "usage",
    "models",
    "window",
    "credits",
    "exhaustion",
    "track-record",
    "bill",
    "first-full-bill",
    "next-ask",
    "credibility",
    "assumptions",
    "reconciliation",
];

/// The figures of the first page, in order.
const FIGURES: [&str; 9] = [
    "projected",
    "actual",
    "percent",
    "remaining",
    "credits_end",
    "first_full_bill",
    "next_ask",
    "granted_band",
    "outside",
];

/// Builds the pack from the two other reports, so that it cannot say anything else.
pub(super) fn build(
    position: &Position,
    series: &Series,
    sized: Option<&SizedFiling>,
    partner: Option<&Partner>,
) -> Document {
    let compared = actual_vs_projected::build(position, series);
    let ahead = trajectory::build(position, series);
    let own = [partner::section(partner), models(position, series), window_clock::section(position, series)];
    // Until AWS has answered it, the pack is the application: it holds the filing's own arithmetic.
    let open = |sized: &&SizedFiling| position.filing.is_some() && !ask::is_answered(position, sized);
    let asked = sized.filter(open).map(ask::for_aws).unwrap_or_default();
    let all = compared.sections.into_iter().chain(ahead.sections).chain(own.into_iter().flatten());
    let sections = all.chain(asked).collect();
    Document {
        kind: ReportKind::FundingPack.as_str(),
        title: ReportKind::FundingPack.title().to_owned(),
        summary: summary(position, sized),
        figures: chosen(compared.figures.into_iter().chain(ahead.figures).collect()),
        findings: Vec::new(),
        sections: in_order(sections),
        notes: merged(compared.notes, ahead.notes),
        ..compared
    }
}

/// What a reader has to know who reads no further: the sentence that AWS wants to read, what came of the filing, what is left, what
/// follows, and the ask.
fn summary(position: &Position, sized: Option<&SizedFiling>) -> Vec<String> {
    let mut said: Vec<String> = sized.and_then(|sized| ask::sentence(position, sized)).into_iter().collect();
    said.extend(actual_vs_projected::summary(position).into_iter().take(1));
    if position.data_through.is_some() {
        said.push(format!("{}.", words::headline(position)));
    }
    said.extend(words::missing_history(position));
    said.extend(trajectory::first_full_bill(position));
    said.extend(usage::saved_sentence(position));
    said.extend(position.filing.as_ref().and_then(as_filed::afterwards));
    said.extend(review::ask_sentence(position));
    said.extend(review::granted_sentence(position));
    merged(Vec::new(), said)
}

/// Spend by model; a partner's from the rows of its own records.
fn models(position: &Position, series: &Series) -> Option<Section> {
    let chart = curves::by_model(position, series).or_else(|| curves::by_model_of_records(position))?;
    Some(Section { id: "models", title: "Spend by model".to_owned(), blocks: vec![Block::Chart(chart)] })
}

fn in_order(sections: Vec<Section>) -> Vec<Section> {
    let place = |section: &Section| ORDER.iter().position(|id| *id == section.id);
    let mut placed: Vec<(usize, Section)> =
        sections.into_iter().filter_map(|section| Some((place(&section)?, section))).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, section)| section).collect()
}

fn chosen(figures: Vec<Figure>) -> Vec<Figure> {
    let find = |key: &&str| figures.iter().find(|figure| figure.key == *key).cloned();
    FIGURES.iter().filter_map(find).collect()
}

/// Both lists, in order, saying nothing twice.
fn merged(first: Vec<String>, second: Vec<String>) -> Vec<String> {
    let mut all = first;
    for sentence in second {
        if !all.contains(&sentence) {
            all.push(sentence);
        }
    }
    all
}
