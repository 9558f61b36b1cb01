//! Paid requests, recorded in the store before they leave.

use chrono::{DateTime, Utc};

use crate::aws::meter::{BoxFuture, CeilingReached, MeterError, Outcome, PaidRequestLog, Ticket};
use crate::domain::facts::referee::is_ahead;
use crate::store::Store;

/// Counts against the ceiling of one UTC day.
pub struct StoredLog {
    /// Where the count is kept.
    pub store: Store,
    /// The clock that asks: requests count for its day until AWS's clock is known, and then for AWS's.
    pub clock: DateTime<Utc>,
    /// Whether a cycle asks, of which nothing may leave while its clock lies ahead of AWS's.
    pub of_cycle: bool,
    /// Requests that may leave on that day.
    pub ceiling: u64,
}

impl PaidRequestLog for StoredLog {
    fn reserve(&self, aws: Option<DateTime<Utc>>) -> BoxFuture<'_, Result<Ticket, MeterError>> {
        Box::pin(async move {
            if let Some(aws) = aws.filter(|aws| self.of_cycle && is_ahead(self.clock, *aws)) {
                return Err(MeterError::Ahead { clock: self.clock, aws });
            }
            let day = aws.unwrap_or(self.clock).date_naive();
            let unrecorded = |error: crate::store::StoreError| MeterError::Unrecorded(error.to_string());
            match self.store.reserve_request(day, self.ceiling).await.map_err(unrecorded)? {
                Some(ticket) => Ok(Ticket(ticket)),
                None => {
                    let ceiling = u32::try_from(self.ceiling).unwrap_or(u32::MAX);
                    Err(CeilingReached { sent: ceiling, ceiling, period: "today".to_owned() }.into())
                }
            }
        })
    }

    fn settle(&self, ticket: Ticket, outcome: Outcome) -> BoxFuture<'_, Result<(), MeterError>> {
        Box::pin(async move {
            let charged = match outcome {
                Outcome::Charged => true,
                Outcome::NotCharged => false,
                // It was recorded as unknown when it left, and stays so.
                Outcome::Unknown => return Ok(()),
            };
            let unrecorded = |error: crate::store::StoreError| MeterError::Unrecorded(error.to_string());
            self.store.settle_request(ticket.0, charged).await.map_err(unrecorded)
        })
    }
}
