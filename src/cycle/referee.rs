//! What AWS's clock says of a cycle's, heard before anything is paid for.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use tracing::warn;

use crate::domain::facts::referee::{ClockOf, Hearing, Ruling, SetAside};
use crate::store::StoreError;

use super::clock_ahead::ClockAhead;
use super::engine::Engine;

impl Engine {
    /// The clock that a cycle runs under which was to run under `cycle`. Where AWS accepted an answer of it, runs ahead of
    /// AWS's clock are set aside first.
    ///
    /// # Errors
    /// [`ClockAhead`], [`StoreError::ClockGoesBack`], or the store's.
    pub(super) async fn rule(
        &self,
        cycle: DateTime<Utc>,
        of: ClockOf,
        aws: Option<DateTime<Utc>>,
        accepted: bool,
    ) -> Result<DateTime<Utc>> {
        let heard = Hearing { cycle, of, aws, newest: None };
        if let Ruling::Ahead { aws } = heard.ruling() {
            return Err(ClockAhead { clock: cycle, of, aws }.into());
        }
        if let Some(aws) = aws.filter(|_| accepted) {
            let aside =
                self.store().set_aside(aws).await.context("setting cycles aside that lie ahead of AWS's clock")?;
            if let Some(SetAside { cycles, furthest, .. }) = aside {
                warn!(cycles, %furthest, %aws, "cycles lay ahead of AWS's clock and were set aside");
            }
        }
        let newest = self.store().newest_counted().await.context("looking for the newest cycle")?;
        match (Hearing { newest, ..heard }).ruling() {
            Ruling::Runs(clock) | Ruling::Unrefereed(clock) => Ok(clock),
            Ruling::Ahead { aws } => Err(ClockAhead { clock: cycle, of, aws }.into()),
            Ruling::Back { newest } => Err(StoreError::ClockGoesBack { clock: cycle, newest }.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_are_said_with_what_to_do() {
        let [clock, aws] = ["2027-01-08T06:30:00Z", "2026-11-29T06:30:02Z"].map(|text| text.parse().unwrap());
        let machine = ClockAhead { clock, of: ClockOf::Machine, aws }.to_string();
        assert!(
            machine.starts_with(
                "this machine's clock says 2027-01-08 06:30:00 UTC, more than 15 minutes ahead of AWS's, which says \
                 2026-11-29 06:30:02 UTC: set this machine's clock"
            ),
            "{machine}"
        );
        let named = ClockAhead { clock, of: ClockOf::Caller, aws }.to_string();
        assert!(named.contains("2026-11-29 06:30:02 UTC: choose a time that has come"), "{named}");
    }
}
