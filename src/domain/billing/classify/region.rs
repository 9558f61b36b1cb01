//! The envelope of a usage type: `REGION-MODEL-METER` natively, `REGION-MP:REGION_METER-Units` on the marketplace.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::rules::{self, ClassifierError};

const FILE: &str = "regions.csv";

/// A usage type out of its envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Envelope<'a> {
    /// Model and meter.
    pub body: &'a str,
    /// True if a region prefix that the table knows was taken off.
    pub region: bool,
    /// True in the marketplace layout, where `Units` of tokens are millions.
    pub marketplace: bool,
}

/// The region prefixes of `regions.csv`.
#[derive(Debug, Clone)]
pub(super) struct RegionPrefixes(BTreeSet<String>);

#[derive(Deserialize)]
struct RegionRow {
    prefix: String,
    region: String,
}

impl RegionPrefixes {
    /// Parses `regions.csv`.
    pub(super) fn parse(text: &str) -> Result<Self, ClassifierError> {
        let mut prefixes = BTreeSet::new();
        for RegionRow { prefix, region } in rules::from_csv(FILE, text)? {
            if region.is_empty() || !prefixes.insert(prefix.clone()) {
                return Err(rules::entry_error(
                    FILE,
                    &format!("the prefix `{prefix}`"),
                    "stands there twice or names no region",
                    "Keep one line for it, with its region.",
                ));
            }
        }
        Ok(RegionPrefixes(prefixes))
    }

    /// Takes the envelope off. `edition`: the service is a marketplace one, some of whose rows lack the `MP:` part.
    pub(super) fn open<'a>(&self, usage_type: &'a str, edition: bool) -> Envelope<'a> {
        let usage_type = usage_type.trim();
        let marketplace = usage_type.strip_prefix("MP:").map(|meter| ("", meter));
        if let Some((prefix, meter)) = marketplace.or_else(|| usage_type.split_once("-MP:")) {
            // The prefix is written on both sides, so it need not be in the table to be recognised.
            let body = match meter.split_once('_') {
                Some((again, rest)) if again == prefix || self.0.contains(again) => rest,
                _ => meter,
            };
            return Envelope { body: without_units(body).unwrap_or(body), region: true, marketplace: true };
        }
        let (body, region) = self.strip(usage_type, '-');
        if !edition {
            return Envelope { body, region, marketplace: false };
        }
        let (body, region_again) = self.strip(body, '_');
        let unwrapped = without_units(body);
        Envelope { body: unwrapped.unwrap_or(body), region: region || region_again, marketplace: unwrapped.is_some() }
    }

    fn strip<'a>(&self, text: &'a str, separator: char) -> (&'a str, bool) {
        match text.split_once(separator) {
            Some((prefix, rest)) if self.0.contains(prefix) => (rest, true),
            _ => (text, false),
        }
    }
}

fn without_units(body: &str) -> Option<&str> {
    body.strip_suffix("-Units")
}

/// `text` less a first part in the shape of a region prefix, for a region newer than the table. The shape alone
/// proves nothing (`GPT5` has it too), so the caller takes the rest only if the model table knows it.
pub(super) fn without_unknown_prefix(text: &str) -> Option<&str> {
    let (prefix, rest) = text.split_once('-')?;
    let letters = prefix.trim_end_matches(|c: char| c.is_ascii_digit());
    let shaped = (2..=4).contains(&letters.len())
        && letters.bytes().all(|b| b.is_ascii_uppercase())
        && (1..=2).contains(&(prefix.len() - letters.len()));
    shaped.then_some(rest)
}
