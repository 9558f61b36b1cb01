//! What is filed, read back whole: a version with its plan and rules, and two versions compared. Values that print, and
//! that travel as JSON.

use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::billing::price::PriceBook;
use crate::domain::filing::projection::{
    FiledProjection, FilingDiff, PlannedMonth, ProjectionProblem, Rule, UnpricedLine, diff, diff_months, rules,
};
use crate::domain::values::money::Money;
use crate::domain::values::period::BillingPeriod;
use crate::domain::values::workload::Workload;
use crate::domain::wording::trouble::Trouble;
use crate::store::StoredProjection;

use super::engine::Engine;

/// A version as it was filed, what it plans and whose spend it claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiledView {
    /// Version, counted from 1.
    pub version: u32,
    /// Day it was filed with AWS.
    pub filed_on: NaiveDate,
    /// When it was recorded here.
    pub recorded_at: DateTime<Utc>,
    /// SHA-256 of the body in hex.
    pub content_hash: String,
    /// The customer's name; null where the filing names none.
    #[serde(default)]
    pub customer: Option<String>,
    /// The file, verbatim.
    pub body: String,
    /// The rules that assign spend, first match first; what none claims is outside the filing.
    pub rules: Vec<Rule>,
    /// Planned cost by month and line.
    pub plan: Vec<PlannedLine>,
    /// What has no price and is in no planned figure.
    pub unpriced: Vec<UnpricedLine>,
    /// What is legal and worth a second look.
    pub remarks: Vec<ProjectionProblem>,
}

/// One line's planned cost of one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedLine {
    /// Billing period.
    pub month: BillingPeriod,
    /// Record id.
    pub record: String,
    /// Purpose.
    pub workload: Workload,
    /// Model, instance type or service.
    pub line: String,
    /// US dollars.
    pub projected: Money,
}

impl From<PlannedMonth> for PlannedLine {
    fn from(planned: PlannedMonth) -> Self {
        let PlannedMonth { month, record, workload, model, instance_type, service, cost, .. } = planned;
        PlannedLine { month, record, workload, line: model.or(instance_type).unwrap_or(service), projected: cost }
    }
}

/// What to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilingSource {
    /// A version, by number.
    Version(u32),
    /// The newest version.
    Newest,
    /// The version before the newest.
    Previous,
    /// A file that need not be filed.
    Text {
        /// What to call it.
        name: String,
        /// Its text.
        body: String,
    },
}

/// Two filings and what differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedFilings {
    /// The older.
    pub before: ComparedSide,
    /// The newer.
    pub after: ComparedSide,
    /// What differs.
    #[serde(flatten)]
    pub diff: FilingDiff,
}

/// One of two compared filings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedSide {
    /// "version 2", or the file.
    pub name: String,
    /// Day of filing.
    pub filed_on: NaiveDate,
    /// SHA-256 of the text in hex.
    pub content_hash: String,
}

impl Engine {
    /// A version, or the newest, with its plan to past the horizon of `now`.
    ///
    /// # Errors
    /// If there is no such version, or its text is not what was frozen or does not read any more.
    pub async fn filed_view(&self, version: Option<u32>, now: DateTime<Utc>) -> Result<FiledView> {
        let filings = self.store().projections().await.context("reading the filings")?;
        let stored = find(&filings, &version.map_or(FilingSource::Newest, FilingSource::Version))?;
        let filing = self.filing(stored.clone(), BillingPeriod::of(now.date_naive())).await?;
        let StoredProjection { version, recorded_at, filed_on, content_hash, body } = stored.clone();
        Ok(FiledView {
            version,
            filed_on,
            recorded_at,
            content_hash,
            customer: filing.projection.customer.clone(),
            body,
            rules: rules(&filing.projection),
            plan: filing.plan.into_iter().map(PlannedLine::from).collect(),
            unpriced: filing.unpriced,
            remarks: filing.projection.remarks,
        })
    }
}

/// Compares two of `filings`, or texts that need not be filed, over the months that a check of either sums.
/// Needs no store, so that a command beside a daemon can compare what the daemon lists.
///
/// # Errors
/// If one of them is not there, not what was frozen, or does not read.
pub fn compare(
    filings: &[StoredProjection],
    before: &FilingSource,
    after: &FilingSource,
    prices: &PriceBook,
    service_of_model: &dyn Fn(&str) -> String,
) -> Result<ComparedFilings> {
    let (before_name, before) = read_side(filings, before, prices)?;
    let (after_name, after) = read_side(filings, after, prices)?;
    let months = diff_months(&before, &after);
    let diff = diff(&before, &after, prices, months, service_of_model);
    let side = |name, filing: FiledProjection| ComparedSide {
        name,
        filed_on: filing.filed_on,
        content_hash: filing.content_hash,
    };
    Ok(ComparedFilings { before: side(before_name, before), after: side(after_name, after), diff })
}

fn read_side(
    filings: &[StoredProjection],
    source: &FilingSource,
    prices: &PriceBook,
) -> Result<(String, FiledProjection)> {
    let (name, filing) = match source {
        FilingSource::Text { name, body } => (name.clone(), FiledProjection::parse_with(body, prices)),
        stored => {
            let stored = find(filings, stored)?;
            stored.verify()?;
            (format!("version {}", stored.version), FiledProjection::parse_frozen(&stored.body, prices))
        }
    };
    let filing = filing.map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(|problem| format!("\n  - {problem}")).collect();
        Trouble::FilingNotUsable.said(format!("{name} cannot be read:{}", problems.concat()))
    })?;
    Ok((name, filing))
}

fn find<'s>(filings: &'s [StoredProjection], wanted: &FilingSource) -> Result<&'s StoredProjection> {
    let found = match wanted {
        FilingSource::Version(version) => filings.iter().find(|filing| filing.version == *version),
        FilingSource::Previous => filings.iter().rev().nth(1),
        FilingSource::Newest | FilingSource::Text { .. } => filings.last(),
    };
    found.ok_or_else(|| {
        let said = match wanted {
            FilingSource::Version(version) => {
                format!("version {version} is not filed; `glidepath projection list` shows those that are")
            }
            FilingSource::Previous => {
                "fewer than two versions are filed; give a file to compare with, like `projection diff FILE`".to_owned()
            }
            FilingSource::Newest | FilingSource::Text { .. } => {
                "nothing is filed yet; `glidepath projection file FILE` files the first version".to_owned()
            }
        };
        Trouble::ArgumentsNotUsable.said(said).into()
    })
}
