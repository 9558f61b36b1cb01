//! A record of paid requests that a test can read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use glidepath::aws::PaidRequestMeter;
use glidepath::aws::meter::{BoxFuture, CeilingReached, MeterError, Outcome, PaidRequestLog, Ticket};

/// Paid requests by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// On the bill.
    pub charged: u32,
    /// Answered with an error, so not on the bill.
    pub not_charged: u32,
    /// Never answered or never settled; counted as charged.
    pub unknown: u32,
}

impl Tally {
    /// Requests that count against the ceiling.
    pub fn counted(self) -> u32 {
        self.charged + self.unknown
    }
}

/// A record of paid requests that lasts as long as the process.
#[derive(Debug, Clone, Default)]
pub struct InMemoryLog {
    ceiling: Option<u32>,
    outcomes: Arc<Mutex<BTreeMap<Ticket, Outcome>>>,
}

impl InMemoryLog {
    /// A record that refuses the request after the `ceiling`-th; `None` sets no ceiling.
    pub fn with_ceiling(ceiling: Option<u32>) -> Self {
        InMemoryLog { ceiling, outcomes: Arc::default() }
    }

    /// A meter over this record.
    pub fn meter(&self) -> PaidRequestMeter {
        PaidRequestMeter::new(self.clone())
    }

    /// The count so far.
    pub fn tally(&self) -> Tally {
        tally(&self.outcomes.lock().unwrap())
    }

    fn take_ticket(&self) -> Result<Ticket, MeterError> {
        let mut outcomes = self.outcomes.lock().unwrap();
        let sent = tally(&outcomes).counted();
        if let Some(ceiling) = self.ceiling.filter(|ceiling| sent >= *ceiling) {
            return Err(CeilingReached { sent, ceiling, period: "in this run".to_owned() }.into());
        }
        let ticket = Ticket(outcomes.last_key_value().map_or(1, |(last, _)| last.0 + 1));
        outcomes.insert(ticket, Outcome::Unknown);
        Ok(ticket)
    }
}

fn tally(outcomes: &BTreeMap<Ticket, Outcome>) -> Tally {
    outcomes.values().fold(Tally::default(), |mut tally, outcome| {
        match outcome {
            Outcome::Charged => tally.charged += 1,
            Outcome::NotCharged => tally.not_charged += 1,
            Outcome::Unknown => tally.unknown += 1,
        }
        tally
    })
}

impl PaidRequestLog for InMemoryLog {
    fn reserve(&self, _: Option<DateTime<Utc>>) -> BoxFuture<'_, Result<Ticket, MeterError>> {
        Box::pin(async { self.take_ticket() })
    }

    fn settle(&self, ticket: Ticket, outcome: Outcome) -> BoxFuture<'_, Result<(), MeterError>> {
        Box::pin(async move {
            self.outcomes.lock().unwrap().insert(ticket, outcome);
            Ok(())
        })
    }
}
