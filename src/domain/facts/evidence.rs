//! What the figures of a moment rest on: the ingest runs that brought the rows believed then, and AWS's request ids.

use chrono::{DateTime, NaiveDate, Utc};

use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange};

/// The evidence of everything shown as of one cycle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// By month of the costs, oldest first.
    pub months: Vec<MonthEvidence>,
    /// Run whose snapshot of the credits is the newest; `None` where AWS listed none.
    pub credits: Option<i64>,
    /// Runs whose answers on AWS's allocation history are the newest of a month, oldest first.
    pub allocations: Vec<i64>,
    /// Per pool the newest balance that was typed in, in order of their ids.
    pub balances: Vec<BalanceEvidence>,
    /// Run of the cycle that made the outlook and the findings.
    pub cycle: Option<i64>,
    /// Every run named above, oldest first.
    pub runs: Vec<RunEvidence>,
}

impl Evidence {
    /// Whether a figure rests on what AWS answered this run about credits.
    pub fn rests_on_credits_of(&self, run_id: i64) -> bool {
        self.credits == Some(run_id) || self.allocations.contains(&run_id)
    }
}

/// A balance that somebody read off and typed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceEvidence {
    /// Pool id.
    pub pool: String,
    /// Credit left.
    pub amount: Money,
    /// Day on which it was read off.
    pub observed_on: NaiveDate,
    /// When it was typed in.
    pub recorded_at: DateTime<Utc>,
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
