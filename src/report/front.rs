//! What a partner reads before opening a report: whose reports they are, how new they are, and what they say first.

use chrono::{DateTime, Utc};

use super::{Audience, ReportKind, document, said};
use crate::domain::position::{Position, Series};

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
            said: said(ReportKind::FundingPack, &position),
            dateline: document::dateline(position.as_of, position.data_through),
            covers: audience.note(),
            as_of: position.as_of,
        }
    }
}
