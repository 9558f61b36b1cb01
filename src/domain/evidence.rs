//! What the figures of a moment rest on: the ingest runs that brought the rows believed then, and AWS's request ids.

use chrono::{DateTime, Utc};

use super::period::{BillingPeriod, DayRange};

/// The evidence of everything shown as of one cycle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// By month of the costs, oldest first.
    pub months: Vec<MonthEvidence>,
    /// Run whose snapshot of the credits is the newest; `None` where AWS listed none.
    pub credits: Option<i64>,
    /// Run of the cycle that made the outlook and the findings.
    pub cycle: Option<i64>,
    /// Every run named above, oldest first.
    pub runs: Vec<RunEvidence>,
}

/// What the costs of a month rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthEvidence {
    /// The month.
    pub month: BillingPeriod,
    /// Rows of money and of its detail that are believed.
    pub rows: u64,
    /// Runs that brought them, oldest first.
    pub brought_by: Vec<i64>,
    /// Newest run whose window reached into the month; it found them unchanged, or brought the change.
    pub confirmed_by: Option<i64>,
}

/// One run: a cycle's asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEvidence {
    /// Its number.
    pub run_id: i64,
    /// The cycle's clock.
    pub clock: DateTime<Utc>,
    /// Account whose credentials asked, where known.
    pub account: Option<String>,
    /// Days whose costs were pulled; `None` where they were not.
    pub window: Option<DayRange>,
    /// Rows brought by it that are still believed.
    pub rows: u64,
    /// AWS's ids of the requests on costs.
    pub cost_requests: Vec<String>,
    /// AWS's ids of the requests on credits.
    pub credit_requests: Vec<String>,
}
