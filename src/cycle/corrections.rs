//! Closed months that AWS corrects late: one question for whole months in the first cycle after each of AWS's dates for
//! corrections, and the days of a month again where its sums are new.
//!
//! Invariants: a cycle asks after its own pull, so that nothing here costs it its newest days; a question that fails, or
//! whose months could not all be pulled, is asked again by the next cycle.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDate, Utc};
use tracing::{info, warn};

use super::engine::Engine;
use crate::aws::{AwsClients, AwsError, cost_explorer};
use crate::domain::facts::corrections::{MOST_PULLED, MonthlySums, Sums, apart, corrected, digest};
use crate::domain::facts::history::held;
use crate::domain::facts::window::{MONTHS_KEPT, backfill_window, mark_between};
use crate::domain::values::period::{BillingPeriod, DayRange};
use crate::store::{MonthsKnown, PulledCosts};

impl Engine {
    /// Compares AWS's sums of whole months with what is believed where that is due after the run `run_id`, which pulled
    /// `window`, and takes in what AWS corrected. What AWS refuses is in the log: the newest days are stored already. What is
    /// paid for counts for the day of AWS's clock `aws`, where that is known.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn take_late_corrections(
        &self,
        (now, aws): (DateTime<Utc>, Option<DateTime<Utc>>),
        run_id: i64,
        window: DayRange,
    ) -> Result<()> {
        let today = now.date_naive();
        let known = self.store().months_known().await.context("reading when whole months were last compared")?;
        let Some(known) = known.filter(|known| mark_between(known.asked_on, today).is_some()) else { return Ok(()) };
        let kept = backfill_window(today, MONTHS_KEPT);
        let asked = DayRange::new(known.first.max(kept.start).max(self.whole_months_from(kept).await?), kept.end);
        if asked.is_empty() {
            return Ok(());
        }
        let clients = match self.clients(aws.unwrap_or(now)).await {
            Ok(clients) => clients,
            Err(error) => return not_compared(&error),
        };
        match cost_explorer::monthly_sums(&clients, asked).await {
            Ok(sums) => self.compare_months(&clients, run_id, (asked, window), known, sums).await,
            Err(error) => not_compared(&error),
        }
    }

    /// First day of the months that are there whole, without a gap: what is still to be fetched is no correction.
    async fn whole_months_from(&self, kept: DayRange) -> Result<NaiveDate> {
        let pulls = self.store().stored_pulls(kept.start).await.context("reading which costs are stored")?;
        let whole_from = held(&pulls).last().map_or(kept.start, |range| range.start);
        let month = BillingPeriod::of(whole_from);
        Ok(if whole_from == month.first_day() { whole_from } else { month.next().first_day() })
    }

    async fn compare_months(
        &self,
        clients: &AwsClients,
        run_id: i64,
        (asked, window): (DayRange, DayRange),
        known: MonthsKnown,
        sums: MonthlySums,
    ) -> Result<()> {
        let store = self.store();
        let believed = store.believed_months(asked).await.context("reading what is believed of whole months")?;
        self.keep_vanished_months(run_id, asked, &sums, &believed).await?;
        let days = |month: BillingPeriod| month.range().intersect(asked);
        let fresh = |month: BillingPeriod| days(month).intersect(window) == days(month);
        let mut again = corrected(&sums, &believed, &known.at_last_pull);
        again.retain(|month| !fresh(*month));
        again.truncate(MOST_PULLED);
        for month in &again {
            let pull = match cost_explorer::pull(clients, days(*month)).await {
                Ok(pull) => pull,
                Err(error) => return not_compared(&error),
            };
            let pages = pull.pages;
            match store.append_part(run_id, PulledCosts::from(pull)).await {
                Ok(()) => info!(%month, pages, "AWS corrected a closed month; its days were pulled again"),
                // A check of the store refused it, and says which.
                Err(error) => warn!(%month, "a closed month that AWS corrected was not taken in: {error}"),
            }
        }
        let pulled = sums.iter().filter(|(month, _)| fresh(**month) || again.contains(month));
        let pulled: BTreeMap<BillingPeriod, String> = pulled.map(|(month, sums)| (*month, digest(sums))).collect();
        let believed = store.believed_months(asked).await.context("reading what is believed of whole months")?;
        let apart = apart(&sums, &believed);
        store.keep_monthly_question(run_id, pulled, apart).await.context("keeping how whole months compare")
    }

    /// The days of months at the head of the answer of which AWS shows nothing any more, and which were believed to cost
    /// something.
    async fn keep_vanished_months(
        &self,
        run_id: i64,
        asked: DayRange,
        sums: &MonthlySums,
        believed: &MonthlySums,
    ) -> Result<()> {
        let empty = |month: &BillingPeriod| sums.get(month).is_none_or(Sums::is_empty);
        let head: Vec<BillingPeriod> =
            asked.by_month().map(|part| BillingPeriod::of(part.start)).take_while(|month| empty(month)).collect();
        if !head.iter().any(|month| believed.contains_key(month)) {
            return Ok(());
        }
        let end = head.last().map_or(asked.start, |month| month.range().end.min(asked.end));
        let days = self.store().days_worth_keeping(DayRange::new(asked.start, end)).await;
        let days = days.context("reading what is believed of days that AWS no longer shows")?;
        if !days.is_empty() {
            info!(days = days.len(), "AWS no longer shows these days; their cost is kept");
            self.store().keep_vanished(run_id, days).await.context("keeping days that AWS no longer shows")?;
        }
        Ok(())
    }
}

/// Costs no more than the comparison: the newest days are stored.
fn not_compared(error: &AwsError) -> Result<()> {
    let advice = error.advice();
    warn!(advice, "whole months were not compared with AWS's sums; the next cycle tries again: {error}");
    Ok(())
}
