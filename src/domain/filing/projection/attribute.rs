//! Whose spend it is: every dollar belongs to exactly one record, or to [`OUTSIDE`] the filing.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FiledLine, FiledProjection, fold_instance_type};
use crate::values::money::{Money, Quantity};
use crate::values::period::BillingPeriod;
use crate::values::service;
use crate::values::workload::{CacheLifetime, Direction, Routing, Tier, Workload};

/// The record id of spend that no line of the filing describes.
pub const OUTSIDE: &str = "outside";

/// Actual cost of one month and one combination of dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActualCost {
    /// Billing period.
    pub month: BillingPeriod,
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Purpose.
    pub workload: Workload,
    /// Display name of the model, where the cost is inference.
    pub model: Option<String>,
    /// Accelerator instance type, `ml.` kept where SageMaker billed it.
    pub instance_type: Option<String>,
    /// Token direction; `None` for what is not text tokens.
    pub direction: Option<Direction>,
    /// Service tier of inference.
    pub tier: Option<Tier>,
    /// Routing of inference.
    pub routing: Option<Routing>,
    /// Lifetime of a cache write, where the bill marks it.
    pub cache_lifetime: Option<CacheLifetime>,
    /// Gross cost with AWS's sign.
    pub cost: Money,
    /// Metered quantity in `unit`; `None` where it is not understood.
    pub quantity: Option<Quantity>,
    /// `tokens`, `chip_hours`, or AWS's own text.
    pub unit: Option<String>,
}

/// What a line claims as its own; no two lines of a filing claim the same. In order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// Bedrock inference of a model, under whichever service it bills.
    Model(String),
    /// Hours of an accelerator instance type, on EC2 or on SageMaker.
    InstanceType(String),
    /// What is left of a service, by its folded name.
    Service(String),
}

impl Claim {
    /// What a line claims.
    pub fn of(line: FiledLine<'_>) -> Self {
        match line {
            FiledLine::Tokens(line) => Claim::Model(line.model.clone()),
            FiledLine::Accelerators(line) => Claim::InstanceType(fold_instance_type(&line.instance_type).to_owned()),
            FiledLine::Service(line) => Claim::Service(service::fold(&line.service)),
        }
    }
}

/// A rule of attribution, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AttributionRule)]
pub struct Rule {
    /// What it claims.
    pub claims: String,
    /// The record that gets it.
    pub record: String,
    /// Line in the file, counted from 1.
    pub line: usize,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} belongs to {}", self.claims, self.record)
    }
}

/// The rules by which [`Attribution`] assigns spend, first match first. What none claims is [`OUTSIDE`].
pub fn rules(filing: &FiledProjection) -> Vec<Rule> {
    let rule = |(claim, line, record): (Claim, FiledLine<'_>, &str)| Rule {
        claims: match claim {
            Claim::Model(model) => format!("Bedrock inference of {model}, whichever service bills it"),
            Claim::InstanceType(name) => format!("hours of {name} on EC2 and of ml.{name} on SageMaker"),
            Claim::Service(_) => format!("the rest of {}", line.name()),
        },
        record: record.to_owned(),
        line: line.line(),
    };
    claims(filing).into_iter().map(rule).collect()
}

/// Every claim of a filing with its line and record, in order of precedence and then of the file.
fn claims(filing: &FiledProjection) -> Vec<(Claim, FiledLine<'_>, &str)> {
    let lines = filing.records.iter().flat_map(|record| record.lines().map(|line| (line, record.id.as_str())));
    let mut claims: Vec<_> = lines.map(|(line, record)| (Claim::of(line), line, record)).collect();
    claims.sort_by_key(|(claim, line, _)| {
        let precedence = match claim {
            Claim::Model(_) => 0,
            Claim::InstanceType(_) => 1,
            Claim::Service(_) => 2,
        };
        (precedence, line.line())
    });
    claims
}

/// Which line claims a kind of spend, looked up in one step however many lines a filing has.
///
/// The most specific line wins: inference by its model, then accelerator hours by their instance type (SageMaker's
/// `ml.` types count as the EC2 type they stand for), then the service by its name, without regard to case and
/// spaces. A filing has no two lines for one model, type or service, so the answer is unique; of a frozen one that has, the
/// first in the file wins.
#[derive(Debug)]
pub struct Attribution<'f> {
    filing: &'f FiledProjection,
    /// By claim: the place of the record in the filing, and of the line among the record's.
    lines: BTreeMap<Claim, (usize, usize)>,
}

impl<'f> Attribution<'f> {
    /// Of a filing.
    pub fn of(filing: &'f FiledProjection) -> Self {
        let mut lines = BTreeMap::new();
        for (at, record) in filing.records.iter().enumerate() {
            for (line, filed) in record.lines().enumerate() {
                lines.entry(Claim::of(filed)).or_insert((at, line));
            }
        }
        Attribution { filing, lines }
    }

    /// The id of the record that `actual` belongs to, or [`OUTSIDE`].
    pub fn record(&self, actual: &ActualCost) -> &'f str {
        let ActualCost { service, workload, model, instance_type, .. } = actual;
        let found = self.line(service, *workload, model.as_deref(), instance_type.as_deref());
        found.map_or(OUTSIDE, |(record, _)| self.filing.records[record].id.as_str())
    }

    /// The line that claims a kind of spend: the place of its record in the filing, and its own among the record's lines.
    pub fn line(
        &self,
        service: &str,
        workload: Workload,
        model: Option<&str>,
        instance_type: Option<&str>,
    ) -> Option<(usize, usize)> {
        let model =
            model.filter(|_| workload == Workload::BedrockInference).map(|model| Claim::Model(model.to_owned()));
        let hours = instance_type.map(|name| Claim::InstanceType(fold_instance_type(name).to_owned()));
        let service = Claim::Service(service::fold(service));
        model.into_iter().chain(hours).chain([service]).find_map(|claim| self.lines.get(&claim)).copied()
    }
}
