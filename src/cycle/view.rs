//! Reads the position of a finished cycle. Nothing here asks AWS or forecasts.
//!
//! The newest cycle leaves its view in the store; it is read from there for as long as it would come out the same again.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::domain::billing::price::PriceBook;
use crate::domain::facts::Facts;
use crate::domain::filing::Filing;
use crate::domain::filing::next_award::Wanted;
use crate::domain::filing::projection::{BEDROCK, FiledProjection, Plan, plan};
use crate::domain::outlook::Outlook;
use crate::domain::position::assess::{Assessment, Context};
use crate::domain::position::finding::Finding;
use crate::domain::position::series::{Series, series};
use crate::domain::position::{OutlookState, Position};
use crate::domain::values::period::BillingPeriod;
use crate::domain::values::words::day_text;
use crate::domain::wording::trouble::Trouble;
use crate::store::{
    ChargedRequests, Entered, Fingerprint, KeptView, PastOutlooks, StoredCycle, StoredProjection, ViewMaker,
};

use super::engine::Engine;
use super::failure;

/// Months that a plan is priced beyond the cycle's: past the end of every outlook.
const PLAN_AHEAD_MONTHS: i32 = 14;

/// Everything to show of one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The summary.
    pub position: Position,
    /// Day series for charts.
    pub series: Series,
}

impl View {
    /// The same, with the paid requests that are known now: a running cycle adds some, and changes nothing else of a view.
    #[must_use]
    pub fn charged(mut self, requests: ChargedRequests) -> View {
        self.position.data_quality.asked(requests.today, requests.month);
        self
    }

    /// The same, saying whether its outlook is being made again.
    #[must_use]
    pub fn awaited(mut self, outlook_awaited: bool) -> View {
        self.position.outlook_state = if outlook_awaited { OutlookState::BeingComputed } else { OutlookState::Current };
        self
    }

    /// The same with one more finding, in its place among the others.
    #[must_use]
    pub fn with_finding(mut self, finding: Finding) -> View {
        self.position.add_finding(finding);
        self
    }
}

impl Engine {
    /// True if a finding of the newest cycle rests on days that are not complete, and the day's paid requests leave room for
    /// another cycle.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn rests_on_partial_days(&self, now: DateTime<Utc>) -> Result<bool> {
        let rests = self.view(None).await?.is_some_and(|view| view.position.rests_on_partial_days());
        if !rests {
            return Ok(false);
        }
        let paid = self.store().paid_requests(now.date_naive()).await?;
        Ok(paid.sent_today.saturating_mul(2) <= self.config().paid_requests_per_day)
    }

    /// The view at the clock of the newest finished cycle, or of the newest one at or before `as_of`; `None` before
    /// the first. The newest one also says where a later cycle could not finish.
    ///
    /// # Errors
    /// If the store fails or a stored filing no longer reads.
    pub async fn view(&self, as_of: Option<DateTime<Utc>>) -> Result<Option<View>> {
        let view = match self.kept_view(as_of).await? {
            Some(view) => Some(view),
            None => self.assembled_view(as_of).await?,
        };
        let Some(mut view) = view else { return Ok(None) };
        if as_of.is_none() {
            let failed = self.failure_finding().await?;
            // Of a healing since the newest cycle; an earlier one is among its findings.
            let healed = self.healing_findings(view.position.as_of).await?;
            let of_store = self.findings_from_memory(view.position.as_of);
            let known: Vec<String> = view.position.findings.iter().map(|finding| finding.key.clone()).collect();
            let new = failed.into_iter().chain(healed).chain(of_store).filter(|finding| !known.contains(&finding.key));
            view = new.fold(view, View::with_finding);
        }
        Ok(Some(view))
    }

    async fn kept_view(&self, as_of: Option<DateTime<Utc>>) -> Result<Option<View>> {
        let Some(maker) = self.view_maker() else { return Ok(None) };
        let kept = self.store().kept_view(as_of, maker).await.context("looking for the newest cycle's view")?;
        let Some((body, seen)) = kept else { return Ok(None) };
        Ok(match serde_json::from_str::<View>(&body) {
            Ok(view) => Some(view.charged(seen.charged).awaited(seen.outlook_awaited)),
            Err(error) => {
                warn!(%error, "the kept view cannot be read; it is put together again");
                None
            }
        })
    }

    /// The view as it is kept. `fingerprint` says what the store held before the view's facts were read.
    pub(super) fn to_keep(&self, fingerprint: Fingerprint, view: &View) -> Result<Option<KeptView>> {
        let Some(maker) = self.view_maker() else { return Ok(None) };
        let body = serde_json::to_string(view).context("writing the view as JSON")?;
        Ok(Some(KeptView { fingerprint, maker, body }))
    }

    fn view_maker(&self) -> Option<ViewMaker> {
        let program = self.parts.program.clone()?;
        Some(ViewMaker { config_digest: self.config().digest.clone(), program })
    }

    async fn assembled_view(&self, as_of: Option<DateTime<Utc>>) -> Result<Option<View>> {
        let before = self.store().seen(as_of, self.config().digest.clone()).await;
        let before = before.context("reading what the store holds")?;
        let Some(cycle) = self.store().newest_cycle(as_of).await.context("looking for the newest cycle")? else {
            return Ok(None);
        };
        let facts = self.store().facts(cycle.clock, self.config().aws.currency.clone()).await?;
        let filing = self.filing_in_force(cycle.run_id, cycle.clock, as_of).await?;
        let past = self.store().past_outlooks(cycle.clock).await.context("reading the earlier outlooks")?;
        let remade = cycle.outlook.is_err();
        let engine = self.clone();
        let view = tokio::task::spawn_blocking(move || {
            let assessment = engine.assess(&facts, filing.as_ref());
            let RereadOutlook { outlook, remarks } = reread(&cycle, &assessment);
            let mut position = engine.position(&assessment, outlook.as_ref(), &past);
            position.data_quality.unreadable.splice(0..0, remarks);
            position.findings = cycle.findings;
            View { position, series: series(&assessment, outlook.as_ref()) }
        });
        let view = failure::computed("putting the position together", view.await)?;
        let awaited = before.is_some_and(|seen| seen.outlook_awaited);
        // An outlook that had to be computed again is not computed with every reading; one of the past is looked at once.
        if let Some(seen) = before.filter(|_| remade && as_of.is_none())
            && let Some(kept) = self.to_keep(seen.fingerprint, &view)?
            && let Err(error) = self.store().keep_view(kept).await
        {
            warn!(%error, "the view was put together again and cannot be kept");
        }
        Ok(Some(view.awaited(awaited)))
    }

    pub(super) fn assess<'a>(&'a self, facts: &'a Facts, filing: Option<&'a Filing>) -> Assessment<'a> {
        self.assess_for(facts, filing, self.config().rules.wanted())
    }

    /// The same where another award is meant next than config says.
    pub(super) fn assess_for<'a>(
        &'a self,
        facts: &'a Facts,
        filing: Option<&'a Filing>,
        next_award: Wanted,
    ) -> Assessment<'a> {
        let context = Context {
            classifier: &self.parts.classifier,
            prices: &self.parts.prices,
            pools: &self.config().pools,
            filing,
            tax_rate: self.config().tax_rate,
            next_award,
        };
        Assessment::new(facts, context)
    }

    /// The position, with findings left to the cycle.
    pub(super) fn position(
        &self,
        assessment: &Assessment<'_>,
        outlook: Option<&Outlook>,
        past: &PastOutlooks,
    ) -> Position {
        let mut position = assessment.position(outlook);
        position.track_record = assessment.track_record(&past.said, &position.exhaustion);
        position.data_quality.unreadable.extend(left_out(&past.unreadable));
        position.next_award = self.config().rules.next_award(&position);
        position.bills = self.config().rules.bills(&position);
        position
    }

    /// The newest filing that was filed with AWS by `clock`, of those that `entered` counts.
    pub(super) async fn filing_knowing(&self, clock: DateTime<Utc>, entered: Entered) -> Result<Option<Filing>> {
        let stored =
            self.store().filing_knowing(clock, entered.filings).await.context("reading the filing in force")?;
        match stored {
            Some(stored) => self.filing(stored, BillingPeriod::of(clock.date_naive())).await.map(Some),
            None => Ok(None),
        }
    }

    /// The newest filing that was filed with AWS by `clock`, of those that count in the cycle `cycle` seen at `as_of`
    /// ([`Store::filing_in_force`](crate::store::Store::filing_in_force)).
    pub(super) async fn filing_in_force(
        &self,
        cycle: i64,
        clock: DateTime<Utc>,
        as_of: Option<DateTime<Utc>>,
    ) -> Result<Option<Filing>> {
        let stored = self.store().filing_in_force(cycle, clock, as_of).await.context("reading the filing in force")?;
        match stored {
            Some(stored) => self.filing(stored, BillingPeriod::of(clock.date_naive())).await.map(Some),
            None => Ok(None),
        }
    }

    /// A stored filing, priced month by month to past the horizon of `month`, read where blocking is allowed.
    ///
    /// # Errors
    /// If it does not read any more.
    pub async fn filing(&self, stored: StoredProjection, month: BillingPeriod) -> Result<Filing> {
        let engine = self.clone();
        let read = tokio::task::spawn_blocking(move || engine.read_stored(&stored, month)).await;
        failure::computed("reading the filing", read)?
    }

    fn read_stored(&self, stored: &StoredProjection, month: BillingPeriod) -> Result<Filing> {
        stored.verify()?;
        let projection = FiledProjection::parse_frozen(&stored.body, &self.parts.prices).map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            let (version, problems) = (stored.version, problems.join("; "));
            Trouble::StoredNotReadable
                .said(format!("version {version} of the filed projection cannot be read: {problems}"))
        })?;
        let months = projection.first_month()..month.plus_months(PLAN_AHEAD_MONTHS);
        let Plan { months: plan, unpriced } =
            plan(&projection, &self.parts.prices, months, |model| self.service_of_model(model));
        Ok(Filing { version: stored.version, recorded_at: stored.recorded_at, projection, plan, unpriced })
    }

    /// The service that a model usually bills under.
    pub fn service_of_model(&self, model: &str) -> String {
        self.parts.classifier.model_service(model).unwrap_or(BEDROCK).to_owned()
    }

    /// The price book, with the user's own prices over it.
    pub fn prices(&self) -> &PriceBook {
        &self.parts.prices
    }
}

/// The outlook of a stored cycle, and what is to be said of how it was read.
pub(super) struct RereadOutlook {
    /// As stored; what of it cannot be read is computed again from the stored facts.
    pub outlook: Option<Outlook>,
    /// A sentence for everything that could not be read.
    pub remarks: Vec<String>,
}

/// Reads what a cycle stored; what cannot be read is logged and computed again.
pub(super) fn reread(cycle: &StoredCycle, assessment: &Assessment<'_>) -> RereadOutlook {
    let mut remarks = Vec::new();
    if cycle.lost_findings > 0 {
        warn!(clock = %cycle.clock, lost = cycle.lost_findings, "findings of a cycle cannot be read; they are left out");
        let (count, cycle) = (cycle.lost_findings, day_text(cycle.clock.date_naive()));
        remarks.push(format!("{count} of the findings stored on {cycle} cannot be read and are left out."));
    }
    let outlook = match &cycle.outlook {
        Ok(outlook) => outlook.clone(),
        Err(unread) => {
            warn!(clock = %cycle.clock, unread.reason, "the outlook of a cycle does not read; it is computed again");
            let day = day_text(cycle.clock.date_naive());
            let made = assessment.outlook();
            let filled = made.as_ref().and_then(|made| unread.filled_from(made));
            remarks.push(match filled {
                Some(_) => format!(
                    "The outlook stored on {day} lacks what this version shows. That part was computed again from the stored facts."
                ),
                None => format!(
                    "The outlook stored on {day} cannot be read. What is shown was computed again from the stored facts."
                ),
            });
            filled.or(made)
        }
    };
    RereadOutlook { outlook, remarks }
}

/// What is to be said of earlier outlooks that cannot be read.
fn left_out(unreadable: &[DateTime<Utc>]) -> Option<String> {
    let newest = unreadable.last()?;
    let count = unreadable.len();
    warn!(count, newest = %newest, "earlier outlooks cannot be read; the track record leaves them out");
    let newest = day_text(newest.date_naive());
    Some(match count {
        1 => format!("The outlook stored on {newest} cannot be read; the track record leaves it out."),
        _ => format!(
            "{count} earlier outlooks, the newest of {newest}, cannot be read; the track record leaves them out."
        ),
    })
}
