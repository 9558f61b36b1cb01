//! What a filing says beside its usage: whose it is, what each record asks for, and what decides whether a programme is open.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::credit::programme::Programme;
use crate::values::money::Money;
use crate::values::period::DayRange;

/// What a record asks for; at the top of a file, what holds for every record that says nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Application {
    /// The credit programme.
    pub programme: Option<Programme>,
    /// Dollars of credit that are asked for.
    pub asked_usd: Option<Money>,
    /// Dollars of credit that were granted for it.
    pub granted_usd: Option<Money>,
    /// Days in which the award is meant to be consumed.
    pub window: Option<DayRange>,
    /// Its opportunity in Partner Central, `O` and digits.
    pub opportunity: Option<String>,
    /// What it is for, in the filing's own words.
    pub use_case: Option<String>,
    /// Stage of the opportunity, as the partner calls it.
    pub stage: Option<String>,
    /// How the partner and AWS work together on it.
    pub engagement_type: Option<String>,
    /// The proof of concept that it pays for.
    pub poc: Option<Poc>,
}

impl Application {
    /// This one, and what `default` says where it says nothing. Amounts are no default: what the whole file asks for is not what
    /// each of its records does.
    #[must_use]
    pub fn or(&self, default: &Application) -> Application {
        fn text(own: Option<&String>, default: Option<&String>) -> Option<String> {
            own.or(default).cloned()
        }
        Application {
            programme: self.programme.or(default.programme),
            asked_usd: self.asked_usd,
            granted_usd: self.granted_usd,
            window: self.window.or(default.window),
            opportunity: text(self.opportunity.as_ref(), default.opportunity.as_ref()),
            use_case: text(self.use_case.as_ref(), default.use_case.as_ref()),
            stage: text(self.stage.as_ref(), default.stage.as_ref()),
            engagement_type: text(self.engagement_type.as_ref(), default.engagement_type.as_ref()),
            poc: self.poc.as_ref().or(default.poc.as_ref()).cloned(),
        }
    }
}

/// A proof of concept: what it is to show, and what comes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Poc {
    /// What is built.
    pub building: Option<String>,
    /// What it is to show.
    pub validates: Option<String>,
    /// What it has shown, once that is known.
    pub outcome: Option<String>,
    /// Its last day.
    pub ends_on: Option<NaiveDate>,
    /// Dollars a month that are promised for afterwards.
    pub then_usd_per_month: Option<Money>,
}

/// What the filing says of the company: it decides which programmes are open. Nothing here is ever sent anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Company {
    /// How far its funding is.
    pub funding_stage: Option<FundingStage>,
    /// Whether an institutional investor stands behind it.
    pub institutional_investor: Option<Backing>,
    /// Whether an AWS partner files for it.
    pub partner: Option<Backing>,
    /// Day on which it was founded.
    pub founded_on: Option<NaiveDate>,
    /// Whether generative AI is its product or a feature of it.
    pub product_or_feature: Option<ProductOrFeature>,
    /// What it was granted before, pool by pool.
    pub awards: Vec<AwardHad>,
}

/// Whether somebody stands behind a company, and who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backing {
    /// Nobody does.
    Nobody,
    /// Somebody does, by this name where it is given.
    Somebody(Option<String>),
}

impl Backing {
    /// True if somebody does.
    pub const fn is_there(&self) -> bool {
        matches!(self, Backing::Somebody(_))
    }
}

/// How far a company's funding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FundingStage {
    /// Nobody but its founders paid.
    SelfFunded,
    /// Before the seed round.
    PreSeed,
    /// Seed round.
    Seed,
    /// Series A.
    SeriesA,
    /// Series B or later.
    SeriesBOrLater,
}

impl FundingStage {
    /// Every stage, in order of time.
    pub const ALL: [FundingStage; 5] = [
        FundingStage::SelfFunded,
        FundingStage::PreSeed,
        FundingStage::Seed,
        FundingStage::SeriesA,
        FundingStage::SeriesBOrLater,
    ];

    /// The name in a filing.
    pub const fn as_str(self) -> &'static str {
        match self {
            FundingStage::SelfFunded => "self-funded",
            FundingStage::PreSeed => "pre-seed",
            FundingStage::Seed => "seed",
            FundingStage::SeriesA => "series-a",
            FundingStage::SeriesBOrLater => "series-b-or-later",
        }
    }

    /// The stage of that name, whatever its capitals, spaces and hyphens.
    ///
    /// ```
    /// use glidepath_domain::filing::projection::FundingStage;
    /// assert_eq!(FundingStage::from_name("Series A"), Some(FundingStage::SeriesA));
    /// assert_eq!(FundingStage::from_name("series-c"), Some(FundingStage::SeriesBOrLater));
    /// assert_eq!(FundingStage::from_name("rich"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<FundingStage> {
        let folded: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        match folded.as_str() {
            "selffunded" | "bootstrapped" => Some(FundingStage::SelfFunded),
            "preseed" => Some(FundingStage::PreSeed),
            "seed" => Some(FundingStage::Seed),
            "seriesa" => Some(FundingStage::SeriesA),
            "seriesb" | "seriesborlater" | "seriesc" | "seriesd" | "seriese" => Some(FundingStage::SeriesBOrLater),
            _ => None,
        }
    }

    /// True if institutions paid for it.
    pub const fn is_institutional(self) -> bool {
        matches!(self, FundingStage::SeriesA | FundingStage::SeriesBOrLater)
    }
}

/// Whether generative AI is a company's product or a feature of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductOrFeature {
    /// Without it there is no product.
    Product,
    /// It is a part of one.
    Feature,
}

/// Credit that was granted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwardHad {
    /// By which programme.
    pub programme: Programme,
    /// Dollars.
    pub usd: Money,
}
