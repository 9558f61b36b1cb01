//! A draft: the lines of a filing that the bill would bear out, or why there are none.

use super::rest::Rest;
use crate::filing::projection::{Claim, fold_instance_type};
use crate::values::money::{Money, Quantity};
use crate::values::period::{BillingPeriod, DayRange};
use crate::values::words::day_text;
use crate::values::workload::{CacheLifetime, Routing};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use thiserror::Error;

/// A filing that the bill would bear out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Day of filing, and of the prices.
    pub filed_on: NaiveDate,
    /// First month planned.
    pub first_month: BillingPeriod,
    /// The complete days of the bill.
    pub complete: DayRange,
    /// The customer's name, as the filing in force has it.
    pub customer: Option<String>,
    /// The award, as the filing in force has it.
    pub asked_for: Option<String>,
    /// Records: those of the filing in force first.
    pub records: Vec<DraftRecord>,
    /// What is in no line, a sentence each.
    pub left_out: Vec<String>,
}

/// A record of a draft.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DraftRecord {
    /// Its name.
    pub id: String,
    /// Models, the largest first.
    pub tokens: Vec<TokenDraft>,
    /// Accelerators.
    pub accelerators: Vec<AcceleratorDraft>,
    /// Amounts, the largest first.
    pub services: Vec<ServiceDraft>,
}

/// Tokens of one model. Pairs are of the first month, and of an average month after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDraft {
    /// Display name.
    pub model: String,
    /// Input tokens a month, cached ones included.
    pub input: (Quantity, Quantity),
    /// Output tokens a month.
    pub output: (Quantity, Quantity),
    /// Share of input read from the cache.
    pub cache_hit: Decimal,
    /// Share of input written to the cache.
    pub cache_write: Decimal,
    /// How long a write lives.
    pub cache_lifetime: CacheLifetime,
    /// Share that runs as batch.
    pub batch: Decimal,
    /// Share of all tokens that runs as batch: another than `batch` where that is a share of their cost.
    pub batch_of_tokens: Decimal,
    /// Routing of most tokens.
    pub routing: Routing,
    /// Share of tokens that is routed so.
    pub routed: Decimal,
    /// Growth per month, where the bill shows some.
    pub growth: Option<Growth>,
    /// The days that it rests on.
    pub rest: Rest,
}

/// Growth that the bill shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// Share per month.
    pub per_month: Decimal,
    /// The whole weeks that it is the trend of.
    pub days: DayRange,
}

/// Runs of one instance type. Pairs are of the first month, and of an average month after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceleratorDraft {
    /// Instance type as billed.
    pub instance_type: String,
    /// Chip-hours of a run; of steady use those of a month.
    pub chip_hours_per_run: (Quantity, Quantity),
    /// Runs a month.
    pub runs: (Decimal, Decimal),
    /// Dollars a chip-hour that the bill implies, where no price is listed.
    pub usd_per_chip_hour: Option<Decimal>,
    /// Growth per month, where the bill shows some.
    pub growth: Option<Growth>,
    /// The days that it rests on.
    pub rest: Rest,
}

/// An amount of one service. Pairs are of the first month, and of an average month after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDraft {
    /// Service as the bill names it.
    pub service: String,
    /// US dollars a month.
    pub usd: (Money, Money),
    /// True where a model or an accelerator of the draft bills under it too.
    pub rest_of_service: bool,
    /// Growth per month, where the bill shows some.
    pub growth: Option<Growth>,
    /// The days that it rests on.
    pub rest: Rest,
    /// What else is in it than spend that no line could claim.
    pub notes: Vec<String>,
}

/// Why there is no draft.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoDraft {
    /// No complete day is known.
    #[error(
        "there is no complete day of a bill to draft a filing from; run `glidepath cycle`, or give a Cost Explorer \
         answer with --from FILE"
    )]
    NoBill,
    /// The days that lines rest on cost nothing.
    #[error(
        "the bill shows no spend up to {} that goes on, so there is nothing to file; plan what is to come by hand, as the \
         examples in config/projection do",
        day_text(*.through)
    )]
    NoSpend {
        /// Last complete day.
        through: NaiveDate,
    },
    /// A figure is beyond what a filing may say.
    #[error("{what} comes to more in a month than a filing may say; is the bill in US dollars, and of one account?")]
    TooLarge {
        /// Model, instance type or service.
        what: String,
    },
}

impl DraftRecord {
    /// What its metered lines claim.
    pub(super) fn claims(&self) -> impl Iterator<Item = Claim> {
        let hours = |name: &str| Claim::InstanceType(fold_instance_type(name).to_owned());
        let hours = self.accelerators.iter().map(move |line| hours(&line.instance_type));
        self.tokens.iter().map(|line| Claim::Model(line.model.clone())).chain(hours)
    }
}
