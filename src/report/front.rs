//! What a partner reads before opening a report: whose reports they are, how new they are, and what they say first.

use chrono::{DateTime, Utc};

use super::sentences::said;
use super::{Audience, ReportKind, document, poc};
use crate::domain::position::Position;
use crate::domain::position::series::Series;

/// The words of a page that leads to reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Front {
    /// The startup's name as filed; `None` where the filing has none.
    pub customer: Option<String>,
    /// Records of the filing that are the audience's own.
    pub records: Vec<String>,
    /// What the funding pack says first, for this audience.
    pub said: Vec<String>,
    /// Up to when data is complete, and when that was known.
    pub dateline: String,
    /// What the audience sees, in a sentence or two; `None` for who sees everything.
    pub covers: Option<String>,
    /// The clock of what is told.
    pub as_of: DateTime<Utc>,
}

impl Front {
    /// For `audience`, from the same part of the position as its reports.
    pub fn of(position: &Position, audience: &Audience) -> Front {
        let (position, _) = audience.scope(position, &Series::default());
        Front {
            customer: position.filing.as_ref().and_then(|filing| filing.customer.clone()),
            records: position.filing.as_ref().map(|filing| filing.records.clone()).unwrap_or_default(),
            said: said(ReportKind::FundingPack, &position, audience),
            dateline: document::dateline(position.as_of, position.data_through),
            covers: audience.note(),
            as_of: position.as_of,
        }
    }
}

/// The kinds of report that have something to show to `audience`, in the order in which they are offered. The owner is offered all:
/// one that is empty says what to enter.
pub fn offered(position: &Position, audience: &Audience) -> Vec<ReportKind> {
    let Audience::Partner { records } = audience else { return ReportKind::ALL.to_vec() };
    let own = |record: &String| records.contains(record);
    let filing = position.filing.as_ref();
    let has_filed = filing.is_some_and(|filing| filing.records.iter().any(own));
    let has_proof =
        filing.is_some_and(|filing| filing.applications.iter().any(|it| own(&it.record) && poc::is_one(it)));
    let shows = |kind: &ReportKind| match kind {
        ReportKind::ActualVsProjected | ReportKind::Ask => has_filed,
        ReportKind::Poc => has_proof,
        ReportKind::Trajectory | ReportKind::FundingPack | ReportKind::Evidence => true,
    };
    ReportKind::ALL.into_iter().filter(shows).collect()
}
