//! Unit texts: what AWS's own word for a unit measures, and how many of them one is worth.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::rules::{self, ClassifierError};
use crate::values::service::fold;

const FILE: &str = "units.toml";

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Measure {
    /// Tokens.
    Tokens,
    /// Hours of something.
    Hours,
    /// A count of its own kind.
    Count,
}

/// The texts of `units.toml`.
#[derive(Debug, Clone)]
pub(super) struct Units {
    texts: BTreeMap<String, (Measure, Decimal)>,
    marketplace_tokens: BTreeMap<String, Decimal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitFile {
    unit: Vec<UnitRule>,
    marketplace_tokens: TokenRule,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitRule {
    measures: Measure,
    scale: Decimal,
    texts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenRule {
    scale: Decimal,
    texts: Vec<String>,
}

impl Units {
    /// Parses `units.toml`.
    pub(super) fn parse(text: &str) -> Result<Self, ClassifierError> {
        let file: UnitFile = rules::from_toml(FILE, text)?;
        let mut texts = BTreeMap::new();
        for rule in &file.unit {
            for text in &rule.texts {
                if rule.scale <= Decimal::ZERO || texts.insert(fold(text), (rule.measures, rule.scale)).is_some() {
                    return Err(rules::entry_error(
                        FILE,
                        &format!("the unit `{text}`"),
                        "stands there twice or has a scale that is not positive",
                        "Keep it once, with what one unit is worth.",
                    ));
                }
            }
        }
        let TokenRule { scale, texts: marketplace } = file.marketplace_tokens;
        Ok(Units { texts, marketplace_tokens: marketplace.iter().map(|text| (fold(text), scale)).collect() })
    }

    /// What a unit text measures and what one is worth; `None` if it is not understood.
    pub(super) fn read(&self, text: &str) -> Option<(Measure, Decimal)> {
        self.texts.get(&fold(text)).copied()
    }

    /// How many tokens one unit of a row of tokens is. The text speaks first; the layout only where the text says
    /// no more than `Units`.
    pub(super) fn tokens(&self, text: &str, marketplace: bool) -> Option<Decimal> {
        match self.read(text) {
            Some((Measure::Tokens, scale)) => Some(scale),
            Some(_) => None,
            None if marketplace => self.marketplace_tokens.get(&fold(text)).copied(),
            None => None,
        }
    }
}

/// True where Cost Explorer gives no unit: an empty text, or `N/A` where it added up different ones.
pub(super) fn is_absent(text: &str) -> bool {
    matches!(fold(text).as_str(), "" | "n/a")
}
