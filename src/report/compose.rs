//! From a position to the document of a report.

use crate::domain::credit::programme::{GENAI_TIER, Programme};
use crate::domain::facts::evidence::Evidence;
use crate::domain::filing::ask::SizedFiling;
use crate::domain::position::Position;
use crate::domain::position::series::Series;

use super::audience::Audience;
use super::document::{About, Cell, Document};
use super::kind::ReportKind;
use super::partner::Partner;
use super::{actual_vs_projected, ask, evidence, funding_pack, poc, trajectory, words};

/// What a report is made of beside the position and its series.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// What the filing costs and supports; it holds the audience's own records and no others.
    pub sized: Option<&'a SizedFiling>,
    /// Who hands the report on.
    pub partner: Option<&'a Partner>,
    /// What the figures rest on.
    pub evidence: Option<&'a Evidence>,
}

/// Builds the document of a report from the position alone, for `audience`.
///
/// ```
/// use glidepath_report::{Audience, Format, ReportKind, build, render};
/// # use glidepath_domain::position::Position;
/// # use glidepath_domain::position::series::Series;
/// # let position = Position::empty("2026-11-23T06:00:00Z".parse().unwrap(), "USD");
/// let document = build(ReportKind::FundingPack, &position, &Series::default(), &Audience::Owner);
/// let text = String::from_utf8(render(&document, Format::Markdown).unwrap()).unwrap();
/// assert!(text.starts_with("# Funding pack"));
/// ```
pub fn build(kind: ReportKind, position: &Position, series: &Series, audience: &Audience) -> Document {
    build_beside(kind, position, series, Beside::default(), audience)
}

/// The same with everything else that it is made of.
pub fn build_beside(
    kind: ReportKind,
    position: &Position,
    series: &Series,
    beside: Beside<'_>,
    audience: &Audience,
) -> Document {
    let Beside { sized, partner, evidence } = beside;
    let partner = partner.map(|partner| partner.shown_to(audience, position.filing.as_ref()));
    let partner = partner.as_deref();
    let (position, series) = audience.scope(position, series);
    let mut document = match kind {
        ReportKind::ActualVsProjected => actual_vs_projected::build(&position, &series),
        ReportKind::Trajectory => trajectory::build(&position, &series),
        ReportKind::FundingPack => funding_pack::build(&position, &series, sized, partner),
        ReportKind::Ask => ask::build(&position, sized, partner),
        ReportKind::Poc => poc::build(&position, partner, audience),
        ReportKind::Evidence => evidence::build(evidence, &position, audience),
    };
    let is_compared = matches!(kind, ReportKind::ActualVsProjected | ReportKind::Poc);
    if is_compared && *audience == Audience::Owner && position.filing.is_none() {
        document.notes.push(words::TO_FILE.to_owned());
    }
    document.prepared_by = partner.and_then(Partner::prepared_by);
    document.customer = position.filing.as_ref().and_then(|filing| filing.customer.clone());
    if kind == ReportKind::Ask {
        document.customer = document.customer.or_else(|| sized?.customer.clone());
    }
    completed(document, kind, &position, audience)
}

/// The document with what it rests on and whose it is.
fn completed(mut document: Document, kind: ReportKind, position: &Position, audience: &Audience) -> Document {
    document.about = about(position);
    if let Some(customer) = &document.customer {
        document.title = format!("{}: {customer}", document.title);
    }
    let rests_on_runs = kind != ReportKind::Evidence && position.data_through.is_some();
    document.notes.extend(rests_on_runs.then(|| evidence::ELSEWHERE.to_owned()));
    document.notes.extend(audience.note());
    document
}

/// What a report rests on besides the data.
fn about(position: &Position) -> Vec<About> {
    let about = |key, label, value| About { key, label, value };
    let mut all = Vec::new();
    if let Some(filing) = &position.filing {
        all.extend(filing.customer.as_ref().map(|name| about("customer", "Customer", Cell::text(name))));
        all.extend(filing.asked_for.as_ref().map(|it| about("asked_for", "Asked for", Cell::text(programme(it)))));
        all.push(about("filing_version", "Filing version", Cell::Count(filing.version.into())));
        all.push(about("filed_on", "Filed on", Cell::Day(filing.filed_on)));
        all.push(about("recorded_on", "Recorded on", Cell::Day(filing.recorded_at.date_naive())));
        all.push(about("records", "Records", Cell::text(filing.records.join(", "))));
        // Who filed a part of it is not shown the hash of all.
        let hash = Some(&filing.content_hash).filter(|hash| !hash.is_empty());
        all.extend(hash.map(|hash| about("filing_hash", "Content hash", Cell::text(hash))));
    }
    all.push(about("program", "Made by", Cell::text(concat!("glidepath ", env!("CARGO_PKG_VERSION")))));
    all
}

/// What a filing asked for, for people: a programme by its name, or the band that two kinds of record reach together; what is
/// neither stays in the filing's own words.
fn programme(asked_for: &str) -> &str {
    match asked_for {
        GENAI_TIER => "Portfolio and AI records together (GenAI tier)",
        other => Programme::from_name(other).map_or(other, |it| it.label()),
    }
}
