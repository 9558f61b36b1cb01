//! Actual against projected and the trajectory in one document, for the next funding conversation.

use super::actual_vs_projected::LINES;
use super::document::{Document, Section};
use super::{ReportKind, actual_vs_projected, trajectory};
use crate::domain::position::{Position, Series};

/// The order in which a reviewer asks: what was spent against what was filed and why, what is left, how long it lasts and
/// how good such words were, what comes after, what is asked for next, and then what all of it assumes. A section that is
/// not named stands before the next ask.
const ORDER: [&str; 14] = [
    "as-filed",
    "actual-vs-filed",
    "credits",
    "exhaustion",
    "track-record",
    "bill",
    "first-full-bill",
    NEXT_ASK,
    "earned-value",
    "credibility",
    "assumptions",
    "outlook-assumptions",
    "reconciliation",
    LINES,
];
const NEXT_ASK: &str = "next-ask";

fn in_order(mut sections: Vec<Section>) -> Vec<Section> {
    let place = |id: &str| ORDER.iter().position(|it| *it == id);
    // Stable, so that sections that are not named stay as they come.
    sections.sort_by_key(|section| place(section.id).map_or((place(NEXT_ASK), 0), |place| (Some(place), 1)));
    sections
}

/// Builds the report from the two others, so that it cannot say anything else.
pub(super) fn build(position: &Position, series: &Series) -> Document {
    let compared = actual_vs_projected::build(position, series);
    let ahead = trajectory::build(position, series);
    Document {
        kind: ReportKind::FundingPack.as_str(),
        title: ReportKind::FundingPack.title().to_owned(),
        summary: merged(compared.summary, ahead.summary),
        figures: compared.figures.into_iter().chain(ahead.figures).collect(),
        findings: ahead.findings,
        sections: in_order(compared.sections.into_iter().chain(ahead.sections).collect()),
        notes: merged(compared.notes, ahead.notes),
        ..compared
    }
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
