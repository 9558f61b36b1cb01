//! Days that AWS no longer shows, accepted as costing nothing.

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::engine::Engine;

/// Days to accept, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptOrder {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// Days that were accepted, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AcceptedDays {
    /// Each cost more than nothing before, and costs nothing now.
    pub days: Vec<NaiveDate>,
}

/// Why days were not accepted.
#[derive(Debug, Error)]
pub enum AcceptError {
    /// The last day lies before the first.
    #[error("the days end ({to}) before they begin ({from})")]
    Reversed {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// None of them is kept.
    #[error(
        "no day from {from} to {to} is one that AWS no longer shows; the finding days_vanished in `glidepath status` names those \
         that are"
    )]
    NoneKept {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl Engine {
    /// Makes the days of `order` that AWS no longer shows cost nothing, from the newest cycle on.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub async fn accept_vanished(&self, now: DateTime<Utc>, order: AcceptOrder) -> Result<AcceptedDays, AcceptError> {
        let AcceptOrder { from, to } = order;
        if to < from {
            return Err(AcceptError::Reversed { from, to });
        }
        let days = self.store().accept_vanished(now, from, to).await.context("accepting days as gone")?;
        if days.is_empty() {
            return Err(AcceptError::NoneKept { from, to });
        }
        self.count_entry(now).await;
        Ok(AcceptedDays { days })
    }
}
