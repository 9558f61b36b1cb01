//! A filing as it was read: its records and their lines.

use super::application::{Application, Company};
use super::problem::ProjectionProblem;
use crate::credit::programme::{GENAI_TIER, Programme};
use crate::values::money::{Money, Quantity};
use crate::values::period::{BillingPeriod, DayRange};
use crate::values::workload::{CacheLifetime, Routing, Workload};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

/// Where Cost Explorer puts accelerator hours that are bought on EC2.
pub const EC2_COMPUTE: &str = "Amazon Elastic Compute Cloud - Compute";
/// Where Cost Explorer puts accelerator hours that are bought on SageMaker.
pub const SAGEMAKER: &str = "Amazon SageMaker";
/// Service that a model bills under where the classification tables name none.
pub const BEDROCK: &str = "Amazon Bedrock";

/// A filing as it was read: what AWS was told, when, and for which award.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledProjection {
    /// Day it was filed with AWS. The plan is priced as of this day.
    pub filed_on: NaiveDate,
    /// The version that it corrects. A correction may plan months that lie before its own day.
    pub corrects: Option<u32>,
    /// The programme or pool that was asked for.
    pub asked_for: Option<String>,
    /// The customer's name, as the filed record carries it.
    pub customer: Option<String>,
    /// The customer's address on the web, likewise.
    pub customer_url: Option<String>,
    /// What holds for every record that says nothing else; its amounts are those of the whole file.
    pub application: Application,
    /// Share that an ask lies above the spend that credit can pay.
    pub headroom: Decimal,
    /// What decides which programmes are open; `None` where the filing has no `[company]`.
    pub company: Option<Company>,
    /// Value of the business after credits that the filing claims.
    pub deal_size_usd: Option<Money>,
    /// Monthly growth after credits that the filing claims.
    pub post_credit_growth_per_month: Option<Decimal>,
    /// Records in the file's order; each describes spend of its own.
    pub records: Vec<FiledRecord>,
    /// What is legal and worth a second look, in order of line.
    pub remarks: Vec<ProjectionProblem>,
    /// SHA-256 of the file in hex: see [`content_hash`].
    pub content_hash: String,
}

impl FiledProjection {
    /// The first month that any line plans: the earliest `from`, or the month of filing if no line has one.
    pub fn first_month(&self) -> BillingPeriod {
        let lines = self.records.iter().flat_map(FiledRecord::lines);
        lines.filter_map(|line| line.months().next()).min().unwrap_or_else(|| BillingPeriod::of(self.filed_on))
    }

    /// The last month that any line lists; what it says then goes on.
    pub fn last_listed_month(&self) -> BillingPeriod {
        let lines = self.records.iter().flat_map(FiledRecord::lines);
        lines.filter_map(|line| line.months().last()).max().unwrap_or_else(|| BillingPeriod::of(self.filed_on))
    }

    /// What `record` asks for, with what the top of the file says where it says nothing itself.
    pub fn application_of(&self, record: &FiledRecord) -> Application {
        record.application.or(&self.application)
    }

    /// Days in which the award for `record` is meant to be consumed.
    pub fn window_of(&self, record: &FiledRecord) -> Option<DayRange> {
        record.application.window.or(self.application.window)
    }

    /// The programme that `record` asks: its own, else the one that the file asks for, else the one that its spend is for.
    pub fn programme_of(&self, record: &FiledRecord) -> Programme {
        let asked = || self.asked_for.as_deref().filter(|asked| *asked != GENAI_TIER).and_then(Programme::from_name);
        let by_spend = || if record.is_ai() { Programme::AiRecord } else { Programme::ActivatePortfolio };
        record.application.programme.or(self.application.programme).or_else(asked).unwrap_or_else(by_spend)
    }

    /// Credit that `record` asks for: its own amount, or that of the file where it has no other record.
    pub fn asked_by(&self, record: &FiledRecord) -> Option<Money> {
        let only = if self.records.len() == 1 { self.application.asked_usd } else { None };
        record.application.asked_usd.or(only)
    }

    /// Credit that the filing asks for: what its top says, else what its records say together.
    pub fn asked_usd(&self) -> Option<Money> {
        let of_records = || self.records.iter().filter_map(|record| record.application.asked_usd);
        self.application.asked_usd.or_else(|| of_records().next().is_some().then(|| of_records().sum()))
    }

    /// Credit that was granted for the filing, likewise.
    pub fn granted_usd(&self) -> Option<Money> {
        let of_records = || self.records.iter().filter_map(|record| record.application.granted_usd);
        self.application.granted_usd.or_else(|| of_records().next().is_some().then(|| of_records().sum()))
    }
}

/// One record of a filing, for example the Portfolio record or the AI record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledRecord {
    /// Its name in the filing; unique, and never [`OUTSIDE`](super::OUTSIDE).
    pub id: String,
    /// What it asks for, where it says that itself: see [`FiledProjection::application_of`].
    pub application: Application,
    /// Inference, by model.
    pub tokens: Vec<TokenLine>,
    /// Training and hosting, by instance type.
    pub accelerators: Vec<AcceleratorLine>,
    /// Plain amounts, by service.
    pub services: Vec<ServiceLine>,
    /// Line of its id in the file, counted from 1.
    pub line: usize,
}

impl FiledRecord {
    /// Its lines: tokens, accelerators, services.
    pub fn lines(&self) -> impl Iterator<Item = FiledLine<'_>> {
        let tokens = self.tokens.iter().map(FiledLine::Tokens);
        let accelerators = self.accelerators.iter().map(FiledLine::Accelerators);
        tokens.chain(accelerators).chain(self.services.iter().map(FiledLine::Service))
    }

    /// True if it plans inference or accelerators.
    pub fn is_ai(&self) -> bool {
        !self.tokens.is_empty() || !self.accelerators.is_empty()
    }
}

/// One line of a record, whatever drives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FiledLine<'f> {
    /// Inference.
    Tokens(&'f TokenLine),
    /// Training and hosting.
    Accelerators(&'f AcceleratorLine),
    /// A plain amount.
    Service(&'f ServiceLine),
}

impl<'f> FiledLine<'f> {
    /// Model, instance type or service.
    pub fn name(self) -> &'f str {
        match self {
            FiledLine::Tokens(line) => &line.model,
            FiledLine::Accelerators(line) => &line.instance_type,
            FiledLine::Service(line) => &line.service,
        }
    }

    /// What drives it, as the file calls it.
    pub fn driver(self) -> &'static str {
        match self {
            FiledLine::Tokens(_) => "tokens",
            FiledLine::Accelerators(_) => "accelerators",
            FiledLine::Service(_) => "service",
        }
    }

    /// Line of its name in the file, counted from 1.
    pub fn line(self) -> usize {
        match self {
            FiledLine::Tokens(line) => line.line,
            FiledLine::Accelerators(line) => line.line,
            FiledLine::Service(line) => line.line,
        }
    }

    /// The months that it lists, in order.
    pub fn months(self) -> Box<dyn Iterator<Item = BillingPeriod> + 'f> {
        match self {
            FiledLine::Tokens(line) => Box::new(line.monthly.iter().map(|entry| entry.from)),
            FiledLine::Accelerators(line) => Box::new(line.monthly.iter().map(|entry| entry.from)),
            FiledLine::Service(line) => Box::new(line.monthly.iter().map(|entry| entry.from)),
        }
    }
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
    /// Share of input tokens that is written to the prompt cache.
    pub cache_write: Decimal,
    /// How long such a write lives.
    pub cache_lifetime: CacheLifetime,
    /// Share of all tokens that runs as batch.
    pub batch: Decimal,
    /// Where inference runs; global unless the line says otherwise.
    pub routing: Routing,
    /// Why this model, in the filing's own words.
    pub why_model: Option<String>,
    /// Line of the model in the file, counted from 1.
    pub line: usize,
}

/// Token volumes from a month on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenMonth {
    /// First month of the volumes.
    pub from: BillingPeriod,
    /// Input tokens a month, those read from and written to the cache included.
    pub input: Quantity,
    /// Output tokens a month.
    pub output: Quantity,
}

/// Chip-hours of one instance type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceleratorLine {
    /// EC2 instance type, for example `trn1.32xlarge`.
    pub instance_type: String,
    /// Runs, in order of month; each entry holds until the next.
    pub monthly: Vec<RunMonth>,
    /// Growth of the chip-hours per month, compounding from each entry's month.
    pub growth_per_month: Decimal,
    /// US dollars per chip-hour, for a type that the price book has no price of.
    pub usd_per_chip_hour: Option<Money>,
    /// Why this type, in the filing's own words.
    pub why_model: Option<String>,
    /// Line of the instance type in the file, counted from 1.
    pub line: usize,
}

/// Runs from a month on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunMonth {
    /// First month of the runs; a line that names none starts with its filing.
    pub from: BillingPeriod,
    /// Chip-hours of one run.
    pub chip_hours_per_run: Quantity,
    /// Runs a month; a fraction is a run every few months, on average.
    pub runs: Decimal,
}

/// A plain amount of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLine {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// True if the filing says that the amount is what the service costs beside the spend that other lines claim.
    pub rest: bool,
    /// Monthly amounts, in order of month; each holds until the next.
    pub monthly: Vec<AmountMonth>,
    /// Growth per month, compounding from each entry's month.
    pub growth_per_month: Decimal,
    /// Line of the service in the file, counted from 1.
    pub line: usize,
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
/// use glidepath_domain::filing::projection::content_hash;
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
