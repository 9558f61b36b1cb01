//! What an award of a credit programme takes, by the route of its application: `config/programmes.toml`, compiled in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::values::money::Money;
use crate::values::workload::Workload;

/// How an application reaches AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// An AWS partner files it.
    #[default]
    Partner,
    /// An investor's organisation id.
    Investor,
    /// The startup's own form.
    #[serde(rename = "self")]
    Own,
}

impl Route {
    /// Every route.
    pub const ALL: [Route; 3] = [Route::Partner, Route::Investor, Route::Own];

    /// The name in config and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Route::Partner => "partner",
            Route::Investor => "investor",
            Route::Own => "self",
        }
    }
}

/// What a programme is meant to pay for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Models by tokens.
    Inference,
    /// Accelerators by chip-hours.
    Training,
    /// Everything else.
    Infrastructure,
}

impl Purpose {
    /// The purpose of a workload.
    pub const fn of(workload: Workload) -> Purpose {
        match workload {
            Workload::BedrockInference => Purpose::Inference,
            Workload::Trainium | Workload::Inferentia => Purpose::Training,
            Workload::SageMaker | Workload::Supporting | Workload::Unclassified => Purpose::Infrastructure,
        }
    }
}

/// What an award of one programme takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Name for people.
    pub label: String,
    /// Days between two windows in which one can apply, where there are windows.
    #[serde(default)]
    pub window_days: Option<u16>,
    /// The least that an award grants.
    pub floor_usd: Money,
    /// What is usual, where that is reported.
    #[serde(default)]
    pub typical_usd: Option<Money>,
    /// Half of all awards grant more, where that is reported.
    #[serde(default)]
    pub median_usd: Option<Money>,
    /// The most that all awards of the programme grant.
    pub ceiling_usd: Money,
    /// True if what other programmes granted, the accelerator apart, counts against the ceiling.
    #[serde(default)]
    ceiling_shared: bool,
    /// True if it is of no use to whoever was granted something by another programme.
    #[serde(default)]
    to_start_with: bool,
    /// True if there is no other way than AWS's own form.
    #[serde(default)]
    direct: bool,
    funds: Vec<Purpose>,
    name: Programme,
    partner: (u16, u16),
    investor: (u16, u16),
    #[serde(rename = "self")]
    own: (u16, u16),
    source: String,
}

impl Terms {
    /// Days from the application to credit by `route`, at the fast and at the slow end of what is reported.
    pub fn days(&self, route: Route) -> (i64, i64) {
        let (fast, slow) = match route {
            Route::Partner => self.partner,
            Route::Investor => self.investor,
            Route::Own => self.own,
        };
        (fast.into(), slow.into())
    }

    /// The ceiling where `granted` were granted so far.
    pub fn ceiling(&self, granted: &BTreeMap<Programme, Money>) -> Money {
        let others = if self.ceiling_shared { self.of_others(granted) } else { Money::ZERO };
        (self.ceiling_usd - others).at_least_zero()
    }

    /// What it can still grant under its ceiling, beside what was granted.
    pub fn room(&self, granted: &BTreeMap<Programme, Money>) -> Money {
        let own = granted.get(&self.name).copied().unwrap_or_default();
        (self.ceiling(granted) - own).at_least_zero()
    }

    /// True if nothing more can be granted under its ceiling.
    pub fn is_held_at_ceiling(&self, granted: &BTreeMap<Programme, Money>) -> bool {
        self.is_outgrown(granted) || self.room(granted).is_zero()
    }

    /// True if it is to start with, and something was granted by another programme.
    pub fn is_outgrown(&self, granted: &BTreeMap<Programme, Money>) -> bool {
        self.to_start_with && self.of_others(granted).is_positive()
    }

    /// What is left of the ceiling that it shares with every programme but the accelerator.
    pub fn band_left(&self, granted: &BTreeMap<Programme, Money>) -> Money {
        let own = granted.get(&self.name).copied().unwrap_or_default();
        (self.ceiling_usd - self.of_others(granted) - own).at_least_zero()
    }

    /// True if there is no other way to apply than AWS's own form.
    pub const fn is_direct(&self) -> bool {
        self.direct
    }

    /// True if it is meant for spend of such a purpose.
    pub fn funds(&self, purpose: Purpose) -> bool {
        self.funds.contains(&purpose)
    }

    /// Whether it is meant for such spend: `yearly` dollars by purpose, of which those that it funds reach its least award.
    pub fn fits(&self, yearly: &BTreeMap<Purpose, Money>) -> bool {
        let funded: Money = self.funds.iter().filter_map(|purpose| yearly.get(purpose)).copied().sum();
        funded.is_positive() && funded >= self.floor_usd
    }

    /// What other programmes granted, the accelerator apart.
    fn of_others(&self, granted: &BTreeMap<Programme, Money>) -> Money {
        let others = granted.iter().filter(|(of, _)| **of != self.name && **of != Programme::Accelerator);
        others.map(|(_, usd)| *usd).sum()
    }

    /// Where the days were read.
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl Programme {
    /// The programme as its applicants call it.
    pub fn label(self) -> &'static str {
        &Programmes::builtin().of(self).label
    }
}

/// The terms of every programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programmes {
    as_of: NaiveDate,
    pays_models_of: Vec<String>,
    excluded: Vec<String>,
    terms: BTreeMap<Programme, Terms>,
}

/// A table of programmes that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProgrammesError {
    /// Not the TOML that was expected.
    #[error("the table of programmes cannot be read: {0}")]
    Toml(String),
    /// A programme has no entry.
    #[error("the table of programmes has no entry `{}`", .0.as_str())]
    Missing(Programme),
    /// The fast end is later than the slow end.
    #[error("the table of programmes says of `{}` by {} that it takes {fast} to {slow} days", .programme.as_str(), .route.as_str())]
    Backwards {
        /// Which programme.
        programme: Programme,
        /// Which route.
        route: Route,
        /// Days at the fast end.
        fast: i64,
        /// Days at the slow end.
        slow: i64,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    as_of: NaiveDate,
    pays_models_of: Vec<String>,
    excluded: Vec<String>,
    programme: Vec<Terms>,
}

impl Programmes {
    /// The table that the program ships with.
    pub fn builtin() -> &'static Programmes {
        static BUILTIN: LazyLock<Programmes> = LazyLock::new(|| {
            let text = include_str!("../../../config/programmes.toml");
            Programmes::parse(text).expect("a test reads the built-in table of programmes")
        });
        &BUILTIN
    }

    /// Reads a table in the format of `config/programmes.toml`.
    ///
    /// # Errors
    /// [`ProgrammesError`].
    pub fn parse(text: &str) -> Result<Programmes, ProgrammesError> {
        let file: File = toml::from_str(text).map_err(|error| ProgrammesError::Toml(error.to_string()))?;
        let terms: BTreeMap<Programme, Terms> = file.programme.into_iter().map(|terms| (terms.name, terms)).collect();
        for programme in Programme::ALL {
            let of = terms.get(&programme).ok_or(ProgrammesError::Missing(programme))?;
            for route in Route::ALL {
                let (fast, slow) = of.days(route);
                if fast > slow {
                    return Err(ProgrammesError::Backwards { programme, route, fast, slow });
                }
            }
        }
        Ok(Programmes { as_of: file.as_of, pays_models_of: file.pays_models_of, excluded: file.excluded, terms })
    }

    /// True if it is known that credit pays models of this maker, by the name that their ids begin with.
    pub fn pays_models_of(&self, maker: &str) -> bool {
        self.pays_models_of.iter().any(|known| known == maker)
    }

    /// True if the terms of AWS's promotional credit leave the service out.
    pub fn excludes(&self, service: &str) -> bool {
        let starts = |start: &String| service.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
        self.excluded.iter().any(starts)
    }

    /// Day on which the table was read from its sources.
    pub fn as_of(&self) -> NaiveDate {
        self.as_of
    }

    /// The terms of `programme`.
    pub fn of(&self, programme: Programme) -> &Terms {
        &self.terms[&programme]
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_investor_takes_two_to_three_times_as_long_as_a_partner_where_there_is_a_choice() {
        let table = Programmes::builtin();
        for programme in Programme::ALL {
            let terms = table.of(programme);
            assert!(!terms.source().is_empty(), "{programme:?}");
            let (partner, investor) = (terms.days(Route::Partner), terms.days(Route::Investor));
            let same = matches!(programme, Programme::Founders | Programme::Accelerator);
            let expected = if same { partner } else { (2 * partner.0, 3 * partner.1) };
            assert_eq!(investor, expected, "{programme:?}");
        }
        assert!(table.as_of() >= "2026-01-01".parse().unwrap());
    }

    #[test]
    fn what_other_programmes_granted_counts_against_the_ceiling_of_an_ai_record() {
        let table = Programmes::builtin();
        let usd = |text: &str| text.parse::<Money>().unwrap();
        let granted = [
            (Programme::ActivatePortfolio, usd("100000")),
            (Programme::BedrockPoc, usd("25000")),
            (Programme::Accelerator, usd("200000")),
            (Programme::AiRecord, usd("50000")),
        ];
        let granted = BTreeMap::from(granted);
        assert_eq!(table.of(Programme::AiRecord).ceiling(&granted), usd("175000"));
        assert_eq!(table.of(Programme::Accelerator).ceiling(&granted), usd("1000000"));
        let far = BTreeMap::from([(Programme::ActivatePortfolio, usd("400000"))]);
        assert_eq!(table.of(Programme::AiRecord).ceiling(&far), Money::ZERO);
        for programme in Programme::ALL {
            let terms = table.of(programme);
            let typical = terms.typical_usd.unwrap_or(terms.floor_usd);
            assert!(terms.floor_usd <= typical && typical <= terms.ceiling_usd, "{programme:?}");
        }
    }

    #[test]
    fn a_table_that_cannot_be_used_is_refused_by_name() {
        let whole = include_str!("../../../config/programmes.toml");
        assert!(Programmes::parse(whole).is_ok());
        for (from, to, expected) in [
            ("name = \"bedrock-poc\"", "name = \"founders\"", "has no entry `bedrock-poc`"),
            ("partner = [11, 18]", "partner = [19, 18]", "`activate-portfolio` by partner that it takes 19 to 18 days"),
            ("label = \"AI record\"", "title = \"AI record\"", "unknown field `title`"),
        ] {
            let told = Programmes::parse(&whole.replace(from, to)).unwrap_err().to_string();
            assert!(told.contains(expected), "{told}");
        }
    }
}
