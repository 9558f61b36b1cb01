//! The filing that a position compares with, as its readers are shown it.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::projection::{Poc, UnpricedLine};
use crate::credit::programme::Programme;
use crate::values::money::Money;

/// Which filing a position compares with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FilingRef {
    /// Version, counted from 1.
    pub version: u32,
    /// Content hash, SHA-256 in hex.
    pub content_hash: String,
    /// Day it was filed with AWS.
    pub filed_on: NaiveDate,
    /// When it was recorded here.
    pub recorded_at: DateTime<Utc>,
    /// The customer's name in the filing; null where it names none.
    pub customer: Option<String>,
    /// The programme or pool that was asked for, in the filing's own word; null where it names none.
    pub asked_for: Option<String>,
    /// Record ids in the filing.
    pub records: Vec<String>,
    /// What the filing plans and nobody has a price for: its dollars are in no planned figure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpriced: Vec<UnpricedLine>,
    /// The customer's address on the web; null where the filing names none.
    #[serde(default)]
    pub customer_url: Option<String>,
    /// Credit that the filing asks for, all records together; null where it names none.
    #[serde(default)]
    pub asked_usd: Option<Money>,
    /// Credit that was granted for it, likewise.
    #[serde(default)]
    pub granted_usd: Option<Money>,
    /// Value of the business after credits, as filed.
    #[serde(default)]
    pub deal_size_usd: Option<Money>,
    /// Growth a month after credits, as filed: a share.
    #[serde(default, with = "rust_decimal::serde::str_option")]
    #[schema(value_type = Option<String>)]
    pub post_credit_growth_per_month: Option<Decimal>,
    /// What each record asks for, as filed.
    #[serde(default)]
    pub applications: Vec<FiledApplication>,
}

/// What a record asks for, as filed; what it does not say itself stands at the top of the filing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiledApplication {
    /// Record id.
    pub record: String,
    /// The programme that it asks.
    pub programme: Programme,
    /// Credit that it asks for; null where the filing says none of it alone.
    pub asked_usd: Option<Money>,
    /// Credit that was granted for it, likewise.
    pub granted_usd: Option<Money>,
    /// First day of the window in which the award is meant to be consumed.
    pub starts_on: Option<NaiveDate>,
    /// First day after that window.
    pub expires_on: Option<NaiveDate>,
    /// The opportunity's id in Partner Central.
    pub opportunity: Option<String>,
    /// What it is for.
    pub use_case: Option<String>,
    /// Stage of the opportunity.
    pub stage: Option<String>,
    /// How partner and AWS work together on it.
    pub engagement_type: Option<String>,
    /// The proof of concept that it pays for.
    pub poc: Option<Poc>,
}
