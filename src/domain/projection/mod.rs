//! The filed projection: what was told to AWS, line by line, and what it plans month by month and day by day.
//!
//! Invariants: a filing that parses is complete, priced and free of overlaps, so that every dollar of actual spend
//! belongs to exactly one record or to [`OUTSIDE`]; its [`content_hash`] is that of the file's bytes; nothing in it is
//! a float; a planned month that is not listed is zero.
//!
//! [`FiledProjection::parse`] reads the file, [`plan()`] prices it, [`attribute()`] assigns actual spend to it.

mod attribute;
mod parse;
mod plan;
mod problem;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::money::{Money, Quantity};
use super::period::BillingPeriod;
use super::workload::{Routing, Workload};

pub use attribute::{ActualCost, OUTSIDE, attribute};
pub use plan::{Driver, PlannedDay, PlannedMonth, TokenBucket, Unpriced, daily_costs, daily_plan, plan};
pub use problem::{ProjectionProblem, suggest};

/// Where Cost Explorer puts accelerator hours that are bought on EC2.
pub const EC2_COMPUTE: &str = "Amazon Elastic Compute Cloud - Compute";

/// A filing as it was read: what AWS was told, when, and for which award.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledProjection {
    /// Day it was filed with AWS. The plan is priced as of this day.
    pub filed_on: NaiveDate,
    /// The programme or pool that was asked for.
    pub asked_for: Option<String>,
    /// Value of the business after credits that the filing claims.
    pub deal_size_usd: Option<Money>,
    /// Monthly growth after credits that the filing claims.
    pub post_credit_growth_per_month: Option<Decimal>,
    /// Records in the file's order; each describes spend of its own.
    pub records: Vec<FiledRecord>,
    /// SHA-256 of the file in hex: see [`content_hash`].
    pub content_hash: String,
}

impl FiledProjection {
    /// The first month that any line plans: the earliest `from`, or the month of filing if no line has one.
    pub fn first_month(&self) -> BillingPeriod {
        let lines = |record: &FiledRecord| {
            let tokens = record.tokens.iter().filter_map(|line| line.monthly.first().map(|entry| entry.from));
            let services = record.services.iter().filter_map(|line| line.monthly.first().map(|entry| entry.from));
            let accelerators = record.accelerators.iter().filter_map(|line| line.from);
            tokens.chain(services).chain(accelerators).min()
        };
        self.records.iter().filter_map(lines).min().unwrap_or_else(|| BillingPeriod::of(self.filed_on))
    }
}

/// One record of a filing, for example the Portfolio record or the AI record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledRecord {
    /// Its name in the filing; unique, and never [`OUTSIDE`].
    pub id: String,
    /// Inference, by model.
    pub tokens: Vec<TokenLine>,
    /// Training and hosting, by instance type.
    pub accelerators: Vec<AcceleratorLine>,
    /// Plain amounts, by service.
    pub services: Vec<ServiceLine>,
}

/// Tokens of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLine {
    /// Display name, exactly as in the price book.
    pub model: String,
    /// Monthly volumes, in order of month; each holds until the next.
    pub monthly: Vec<TokenMonth>,
    /// Growth per month, compounding from each entry's month.
    pub growth_per_month: Decimal,
    /// Share of input tokens that is read from the prompt cache.
    pub cache_hit: Decimal,
    /// Share of all tokens that runs as batch.
    pub batch: Decimal,
    /// Where inference runs; global unless the line says otherwise.
    pub routing: Routing,
}

/// Token volumes from a month on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenMonth {
    /// First month of the volumes.
    pub from: BillingPeriod,
    /// Input tokens a month, those read from the cache included.
    pub input: Quantity,
    /// Output tokens a month.
    pub output: Quantity,
}

/// Chip-hours of one instance type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceleratorLine {
    /// EC2 instance type, for example `trn1.32xlarge`.
    pub instance_type: String,
    /// Chip-hours of one run.
    pub chip_hours_per_run: Quantity,
    /// Runs a month; a fraction is a run every few months, on average.
    pub runs_per_month: Decimal,
    /// First month of the runs; without it the filing's first month.
    pub from: Option<BillingPeriod>,
}

/// A plain amount of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLine {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Monthly amounts, in order of month; each holds until the next.
    pub monthly: Vec<AmountMonth>,
    /// Growth per month, compounding from each entry's month.
    pub growth_per_month: Decimal,
}

/// An amount from a month on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountMonth {
    /// First month of the amount.
    pub from: BillingPeriod,
    /// US dollars a month.
    pub usd: Money,
}

/// SHA-256 of a filing's text in hex, with Windows line ends read as plain ones: a checkout that changes line ends
/// leaves the filing what it was, any other change makes it another filing.
///
/// ```
/// use glidepath::domain::projection::content_hash;
/// assert_eq!(content_hash("a\r\nb\r\n"), content_hash("a\nb\n"));
/// assert_ne!(content_hash("a\nb\n"), content_hash("a\nb"));
/// ```
pub fn content_hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.replace("\r\n", "\n").as_bytes()))
}

/// The EC2 instance type behind a SageMaker one: `ml.trn1.32xlarge` is a `trn1.32xlarge` with SageMaker around it, and
/// a filing that plans the chips means both.
pub fn fold_instance_type(instance_type: &str) -> &str {
    instance_type.strip_prefix("ml.").unwrap_or(instance_type)
}

/// The workload of an accelerator by its family; `None` if the type is neither Trainium nor Inferentia.
pub fn accelerator_workload(instance_type: &str) -> Option<Workload> {
    let folded = fold_instance_type(instance_type);
    // `u-trn2x64` is AWS's name of the Trainium2 UltraServer.
    if folded.starts_with("trn") || folded.starts_with("u-trn") {
        Some(Workload::Trainium)
    } else if folded.starts_with("inf") {
        Some(Workload::Inferentia)
    } else {
        None
    }
}
