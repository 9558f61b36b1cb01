//! Credit pools: what was granted, for what, until when, and what AWS says is left.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::delisted::Delisted;
use super::ledger::Stream;
use super::money::Money;
use super::period::{BillingPeriod, DayRange, plus_days};
use super::purchase::{Lets, Purchase, PurchaseLimit};
use super::service::ServiceMatcher;

/// What a filing may ask for beside a programme: what Portfolio and AI records reach together.
pub const GENAI_TIER: &str = "genai-tier";

/// The credit programme a pool was granted under. Config names it; AWS's API does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Programme {
    /// Activate Founders, self-serve.
    Founders,
    /// Activate Portfolio.
    ActivatePortfolio,
    /// Bedrock proof of concept.
    BedrockPoc,
    /// A Bedrock or Trainium record beside Portfolio. Together they reach what is called the GenAI tier, which is no programme of
    /// its own; filings name it by what they asked for, and earlier versions wrote it as a programme.
    #[serde(alias = "genai-tier")]
    AiRecord,
    /// Generative AI Accelerator.
    Accelerator,
}

impl Programme {
    /// Every programme.
    pub const ALL: [Programme; 5] = [
        Programme::Founders,
        Programme::ActivatePortfolio,
        Programme::BedrockPoc,
        Programme::AiRecord,
        Programme::Accelerator,
    ];

    /// The programme of that name, by its old name too.
    pub fn from_name(name: &str) -> Option<Programme> {
        let name = if name == GENAI_TIER { Programme::AiRecord.as_str() } else { name };
        Programme::ALL.into_iter().find(|programme| programme.as_str() == name)
    }

    /// The name in config and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Programme::Founders => "founders",
            Programme::ActivatePortfolio => "activate-portfolio",
            Programme::BedrockPoc => "bedrock-poc",
            Programme::AiRecord => "ai-record",
            Programme::Accelerator => "accelerator",
        }
    }
}

/// Whether a pool's credit is taken before or after cross-service discounts: what it is asked to pay is the cost without
/// them, or with them. AWS documents the order of credits without it; observers report that it can change the order too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// `BEFORE_CROSS_SERVICE_DISCOUNTS`.
    BeforeDiscounts,
    /// `AFTER_DISCOUNTS`.
    AfterDiscounts,
}

impl ApplicationType {
    /// By the telling word, since AWS's answers were seen to spell it otherwise than its model.
    pub fn read(text: &str) -> Option<Self> {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        let folded: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        let says = |words: [&str; 2]| words.iter().any(|word| folded.contains(word));
        if says(["before", "prediscount"]) {
            Some(ApplicationType::BeforeDiscounts)
        } else if says(["after", "postdiscount"]) {
            Some(ApplicationType::AfterDiscounts)
        } else {
            None
        }
    }
}

/// The services a pool may pay for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EligibleServices {
    /// A known list, from AWS or from config.
    Listed(ServiceMatcher),
    /// AWS gave no list. That is "restriction unknown", not "nothing" and not "everything".
    Unknown,
}

/// An observed balance: AWS's GetCredits, or a figure typed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statement {
    /// Credit left.
    pub amount: Money,
    /// UTC day on which it was observed.
    pub at: NaiveDate,
    /// Whose figure it is.
    pub source: StatementSource,
}

/// Where a balance comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatementSource {
    /// AWS's own figure, after open bills.
    Aws,
    /// AWS left that figure out: its balance after closed bills, less what the credit has paid of open ones.
    Derived,
    /// Typed in.
    Recorded,
}

/// One credit: an amount, a window, and the services it may pay for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditPool {
    /// AWS's creditId, or the id that config gives a pool AWS does not show.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Programme; `None` for refunds, true-ups and whatever config does not name.
    pub programme: Option<Programme>,
    /// Amount granted.
    pub granted: Money,
    /// Day the credit became valid.
    pub starts_on: NaiveDate,
    /// First day on which it can pay nothing any more.
    pub expires_on: NaiveDate,
    /// Services it may pay for.
    pub services: EligibleServices,
    /// Purchase types it may pay for.
    pub purchases: PurchaseLimit,
    /// What it is asked to pay; after discounts where AWS does not say.
    pub applies: ApplicationType,
    /// First day on which the owner had it switched off, if it is off now.
    pub paused_from: Option<NaiveDate>,
    /// That AWS lists it no more, if it did before.
    pub delisted: Option<Delisted>,
    /// Newest balance that AWS states or somebody typed in ([`super::statement`]).
    pub stated: Option<Statement>,
    /// Services that it was seen to pay although its list does not name them, or is missing: from AWS's allocation
    /// history, or from Credit rows that no other pool explains.
    pub also_pays: BTreeSet<String>,
}

impl CreditPool {
    /// The days it may pay: a credit covers the whole billing month in which it was issued, never an earlier one.
    ///
    /// Source: AWS Billing guide, "AWS credits".
    pub fn window(&self) -> DayRange {
        let gone_from = self.delisted.filter(|delisted| delisted.gone).map(|gone| plus_days(gone.last_listed_on, 1));
        let end = [self.paused_from, gone_from].into_iter().flatten().fold(self.expires_on, NaiveDate::min);
        DayRange::new(BillingPeriod::of(self.starts_on).first_day(), end)
    }

    /// True if AWS lists it no more, and nothing of it is taken to be left.
    pub fn is_gone(&self) -> bool {
        self.delisted.is_some_and(|delisted| delisted.gone)
    }

    /// A pool with the given essentials, named after its id.
    pub fn new(
        id: &str,
        granted: Money,
        starts_on: NaiveDate,
        expires_on: NaiveDate,
        services: EligibleServices,
    ) -> Self {
        CreditPool {
            id: id.to_owned(),
            name: id.to_owned(),
            programme: None,
            granted,
            starts_on,
            expires_on,
            services,
            purchases: PurchaseLimit::None,
            applies: ApplicationType::AfterDiscounts,
            paused_from: None,
            delisted: None,
            stated: None,
            also_pays: BTreeSet::new(),
        }
    }

    /// True if it may pay something of `service`: its list names it, or evidence shows it. With neither a list nor
    /// evidence a pool is taken to pay everything, which errs on the side of an early warning; the coverage of such
    /// a service still reads "unknown".
    pub fn pays(&self, service: &str) -> bool {
        match &self.services {
            EligibleServices::Listed(matcher) => matcher.matches(service) || self.also_pays.contains(service),
            EligibleServices::Unknown => self.also_pays.is_empty() || self.also_pays.contains(service),
        }
    }

    /// True if replay may draw it for what `purchase` buys of `service`. What AWS limits in a word that is not known here is
    /// taken to be paid, as with a missing list.
    pub fn pays_purchase(&self, service: &str, purchase: Purchase) -> bool {
        self.purchases.lets(purchase) != Lets::No && self.pays(service)
    }

    /// True if replay may draw it for `stream`.
    pub fn draws_for(&self, stream: &Stream) -> bool {
        self.pays_purchase(&stream.service, stream.purchase)
    }

    /// True if its list names `service`. An unknown list names nothing; what it may pay is decided by evidence.
    pub fn lists(&self, service: &str) -> bool {
        match &self.services {
            EligibleServices::Listed(matcher) => matcher.matches(service),
            EligibleServices::Unknown => false,
        }
    }

    /// True once it can pay nothing any more because its time is up.
    pub fn expired_by(&self, day: NaiveDate) -> bool {
        self.expires_on <= day
    }
}

/// Whether credit pays for a service, and how we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoverageState {
    /// A pool with credit left names it, or Credit rows were seen under it.
    Covered,
    /// A pool named it, and every such pool is empty or expired.
    Exhausted,
    /// All pools' lists are known and none names it, or all its cost is of a kind that credit never pays.
    Uncovered,
    /// A list is missing, or limits the credit in words that are not known, and no Credit row was seen.
    Unknown,
}

impl CoverageState {
    /// The name for people and for JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            CoverageState::Covered => "covered",
            CoverageState::Exhausted => "exhausted",
            CoverageState::Uncovered => "uncovered",
            CoverageState::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn application_types_are_read_by_the_telling_word() {
        use ApplicationType::{AfterDiscounts, BeforeDiscounts};
        for (text, expected) in [
            ("BEFORE_CROSS_SERVICE_DISCOUNTS", Some(BeforeDiscounts)),
            ("BeforeCrossServiceDiscounts", Some(BeforeDiscounts)),
            ("before discounts", Some(BeforeDiscounts)),
            ("PRE_DISCOUNT", Some(BeforeDiscounts)),
            ("AFTER_DISCOUNTS", Some(AfterDiscounts)),
            ("After_Cross_Service_Discounts", Some(AfterDiscounts)),
            ("AfterDiscounts", Some(AfterDiscounts)),
            ("POST-DISCOUNT", Some(AfterDiscounts)),
            ("DURING", None),
            ("", None),
        ] {
            assert_eq!(ApplicationType::read(text), expected, "{text}");
        }
    }
}
