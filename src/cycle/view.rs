//! Reads the position of a finished cycle. Nothing here asks AWS or forecasts.
//!
//! The newest cycle leaves its view in the store; it is read from there for as long as it would come out the same again.

use anyhow::{Context as _, Result, anyhow};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::domain::assess::{Assessment, Context, Filing};
use crate::domain::facts::Facts;
use crate::domain::outlook::Outlook;
use crate::domain::period::BillingPeriod;
use crate::domain::position::{Position, Series};
use crate::domain::price::PriceBook;
use crate::domain::projection::{BEDROCK, FiledProjection, Plan, plan};
use crate::domain::series::series;
use crate::domain::track_record::PastOutlook;
use crate::store::{ChargedRequests, Fingerprint, KeptView, StoredProjection, ViewMaker};

use super::Engine;

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
}

impl Engine {
    /// The view at the clock of the newest finished cycle, or of the newest one at or before `as_of`; `None` before
    /// the first.
    ///
    /// # Errors
    /// If the store fails or a stored filing no longer reads.
    pub async fn view(&self, as_of: Option<DateTime<Utc>>) -> Result<Option<View>> {
        match self.kept_view(as_of).await? {
            Some(view) => Ok(Some(view)),
            None => self.assembled_view(as_of).await,
        }
    }

    async fn kept_view(&self, as_of: Option<DateTime<Utc>>) -> Result<Option<View>> {
        let Some(maker) = self.view_maker() else { return Ok(None) };
        let kept = self.store().kept_view(as_of, maker).await.context("looking for the newest cycle's view")?;
        let Some((body, charged)) = kept else { return Ok(None) };
        Ok(match serde_json::from_str::<View>(&body) {
            Ok(view) => Some(view.charged(charged)),
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
        let Some(cycle) = self.store().newest_cycle(as_of).await.context("looking for the newest cycle")? else {
            return Ok(None);
        };
        let facts = self.store().facts(cycle.clock, self.config().aws.currency.clone()).await?;
        let filing = self.filing_in_force(cycle.run_id, cycle.clock, as_of).await?;
        let past = self.store().past_outlooks(cycle.clock).await.context("reading the earlier outlooks")?;
        let engine = self.clone();
        let view = tokio::task::spawn_blocking(move || {
            let assessment = engine.assess(&facts, filing.as_ref());
            let mut position = engine.position(&assessment, cycle.outlook.as_ref(), &past);
            position.findings = cycle.findings;
            View { position, series: series(&assessment, cycle.outlook.as_ref()) }
        });
        Ok(Some(view.await.context("putting the position together")?))
    }

    pub(super) fn assess<'a>(&'a self, facts: &'a Facts, filing: Option<&'a Filing>) -> Assessment<'a> {
        let context = Context {
            classifier: &self.parts.classifier,
            prices: &self.parts.prices,
            pools: &self.config().pools,
            filing,
            tax_rate: self.config().tax_rate,
        };
        Assessment::new(facts, context)
    }

    /// The position, with findings left to the cycle.
    pub(super) fn position(
        &self,
        assessment: &Assessment<'_>,
        outlook: Option<&Outlook>,
        past: &[PastOutlook],
    ) -> Position {
        let mut position = assessment.position(outlook);
        position.track_record = assessment.track_record(past, &position.exhaustion);
        position.next_award = self.config().rules.next_award(&position);
        position
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
        stored.map(|stored| self.filing(&stored, BillingPeriod::of(clock.date_naive()))).transpose()
    }

    /// A stored filing, priced month by month to past the horizon of `month`.
    ///
    /// # Errors
    /// If it does not read any more.
    pub fn filing(&self, stored: &StoredProjection, month: BillingPeriod) -> Result<Filing> {
        stored.verify()?;
        let projection = FiledProjection::parse_frozen(&stored.body, &self.parts.prices).map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow!("version {} of the filed projection cannot be read: {}", stored.version, problems.join("; "))
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

/// The version, and the executable's size and age beside it: two builds of one version may compute differently. `None`
/// if the executable cannot be looked at; then nothing is known to be made by the same program.
pub(super) fn program() -> Option<String> {
    let file = std::fs::metadata(std::env::current_exe().ok()?).ok()?;
    let built = DateTime::<Utc>::from(file.modified().ok()?).timestamp_micros();
    Some(format!("{} {} {built}", env!("CARGO_PKG_VERSION"), file.len()))
}
