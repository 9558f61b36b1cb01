//! Replay: draws daily costs down against credit pools.

use chrono::NaiveDate;

use super::money::Money;
use super::workload::Workload;

/// One day's cost of one service and workload: the only shape of cost that replay knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyCost {
    /// UTC day.
    pub day: NaiveDate,
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Purpose.
    pub workload: Workload,
    /// What promotional credit may pay if a pool lists the service.
    pub payable: Money,
    /// Upfront and support fees: gross, and never drawn.
    pub other: Money,
}
