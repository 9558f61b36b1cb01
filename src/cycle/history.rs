//! What lies before a cycle's newest days: fetched in the same cycle, month by month, as far as the ceiling on paid requests lets
//! it, and gone on with by the next one.
//!
//! Invariants: the newest days are stored before anything of this is asked, so that nothing here costs a cycle its figures; what
//! is stored tells where to go on; what is missing at the end is noted with its reason.

use std::sync::PoisonError;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDate, Utc};
use tracing::{info, warn};

use super::engine::Engine;
use super::fetched::{Fetched, Refused};
use super::ingest::outcome;
use crate::aws::{AwsClients, AwsError, cost_explorer};
use crate::domain::facts::history::{Means, Next, StoredPull, next};
use crate::domain::facts::outcome::Outcome;
use crate::domain::facts::referee::passed_for_both;
use crate::domain::facts::window::{MONTHS_KEPT, backfill_window};
use crate::domain::values::period::{DayRange, plus_days};
use crate::store::PulledCosts;

/// Days for which AWS's word counts that it keeps nothing older.
const REFUSAL_COUNTS_DAYS: i64 = 7;

/// How far fetching came.
enum Step {
    Done,
    Stored,
    /// Nothing more in this cycle, and why.
    Stopped(Outcome),
}

impl Engine {
    /// Fetches what lies before the window of run `run_id`, which is stored, for half of the cycle's time at most; what is paid
    /// for counts for the day of AWS's clock `aws`, where that is known. What AWS refuses is noted.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn fetch_history(
        &self,
        (now, aws): (DateTime<Utc>, Option<DateTime<Utc>>),
        run_id: i64,
    ) -> Result<Fetched> {
        let mut fetched = Fetched::default();
        let today = passed_for_both(now, aws).date_naive();
        let half: Duration = self.config().cycle_limit / 2;
        let steps = async {
            let clients = match self.clients(aws.unwrap_or(now)).await {
                Ok(clients) => clients,
                Err(error) => return Ok(outcome(&error)),
            };
            loop {
                match self.fetch_next(&clients, (today, aws.unwrap_or(now)), run_id, &mut fetched).await? {
                    Step::Stored => {}
                    Step::Done => return Ok(Outcome::Ok),
                    Step::Stopped(why) => return Ok(why),
                }
            }
        };
        let ended: Result<Outcome> = match tokio::time::timeout(half, Box::pin(steps)).await {
            Ok(ended) => ended,
            Err(_) => Ok(Outcome::Failed {
                message: format!("it takes longer than {} minutes", half.as_secs() / 60),
                advice: "Nothing to do: each cycle goes on where the one before stopped.".to_owned(),
                retryable: true,
            }),
        };
        let ended = ended?;
        if let Some((problem, advice)) = ended.problem() {
            warn!(problem, advice, "costs of the past are still to be fetched; the next cycle goes on");
            let noted = self.store().note_missing_history(run_id, ended.clone()).await;
            noted.context("noting that costs of the past are still to be fetched")?;
        }
        Ok(fetched)
    }

    async fn fetch_next(
        &self,
        clients: &AwsClients,
        (today, paid_at): (NaiveDate, DateTime<Utc>),
        run_id: i64,
        fetched: &mut Fetched,
    ) -> Result<Step> {
        let from = self.aws_keeps_from(today);
        let pulls = self.store().stored_pulls(from).await.context("reading which costs are stored")?;
        let means = self.means(paid_at.date_naive(), &pulls).await?;
        let window = match next(from, &pulls, means) {
            Next::Done => return Ok(Step::Done),
            Next::Wait(pages) => return Ok(Step::Stopped(self.too_little_left(pages, means))),
            Next::Ask(window) => window,
        };
        self.is_at("asking Cost Explorer for costs of the past");
        let pull = match cost_explorer::pull_kept(clients, window).await {
            Ok(pull) => pull,
            // Nothing older is there either, so that everything is.
            Err(AwsError::TooOld { .. } | AwsError::DataUnavailable { .. }) => {
                self.aws_refused(window.end, today);
                return Ok(Step::Done);
            }
            Err(error) => return Ok(Step::Stopped(outcome(&error))),
        };
        let (kept, pages) = (pull.window, pull.pages);
        if kept.start > window.start {
            self.aws_refused(kept.start, today);
        }
        let (charges, usage) = (pull.charges.len(), pull.usage.len());
        if let Err(error) = self.store().append_part(run_id, PulledCosts::from(pull)).await {
            let refused = super::ingest::refusal(&error).ok_or(error);
            return Ok(Step::Stopped(refused.context("storing costs of the past")?));
        }
        info!(window = %kept, pages, charges, usage, "costs of the past are stored");
        fetched.pages += pages;
        fetched.charges += charges;
        fetched.usage += usage;
        Ok(Step::Stored)
    }

    /// What may still be asked on the UTC day `paid_on`.
    pub(super) async fn means(&self, paid_on: NaiveDate, pulls: &[StoredPull]) -> Result<Means> {
        let store = self.store();
        let ceiling = self.config().paid_requests_per_day;
        let sent = store.paid_requests(paid_on).await.context("counting paid requests")?.sent_today;
        let cut = store.days_at_ceiling(paid_on, ceiling).await.context("counting days at the ceiling")?;
        let nothing = StoredPull { window: DayRange::new(paid_on, plus_days(paid_on, 1)), on: paid_on, pages: 0 };
        // The one that reaches furthest is the newest of those that brought a cycle's own days.
        let newest = pulls.iter().rev().max_by_key(|pull| pull.window.end).copied().unwrap_or(nothing);
        Ok(Means::new(ceiling, sent, newest, cut))
    }

    fn too_little_left(&self, pages: u64, means: Means) -> Outcome {
        let ceiling = self.config().paid_requests_per_day;
        let advice = if pages > means.a_day {
            format!(
                "Set paid_requests_per_day in [aws] above {ceiling}: the newest days take all of it. Each request costs 0.01 USD."
            )
        } else {
            "Nothing to do: it goes on tomorrow. It is done sooner with a higher paid_requests_per_day in [aws]; each request costs \
             0.01 USD."
                .to_owned()
        };
        let message = format!(
            "the next of them take about {pages} of the {ceiling} paid requests a day, and fewer are left today"
        );
        Outcome::Failed { message, advice, retryable: true }
    }

    /// First day of what AWS keeps on `today`, as far as it lately said that this is less than it should be.
    pub(super) fn aws_keeps_from(&self, today: NaiveDate) -> NaiveDate {
        let from = backfill_window(today, MONTHS_KEPT).start;
        let refused = *self.parts.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = |refused: &Refused| (refused.on..plus_days(refused.on, REFUSAL_COUNTS_DAYS)).contains(&today);
        refused.filter(counts).map_or(from, |refused| refused.kept_from.max(from))
    }

    fn aws_refused(&self, kept_from: NaiveDate, on: NaiveDate) {
        info!(%kept_from, "AWS keeps no costs of days before");
        *self.parts.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(Refused { kept_from, on });
    }
}
