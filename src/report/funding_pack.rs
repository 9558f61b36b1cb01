//! Actual against projected and the trajectory in one document, for the next funding conversation.

use super::document::Document;
use super::{ReportKind, actual_vs_projected, trajectory};
use crate::domain::position::{Position, Series};

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
        sections: compared.sections.into_iter().chain(ahead.sections).collect(),
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
