//! The exact table of model names, with users' aliases on top.
//!
//! Invariant: a spelling maps to a model only by equality without case and spaces. Nothing here measures likeness.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::rules::{self, ClassifierError};
use crate::domain::service::fold;

const FILE: &str = "models.toml";

/// The models of `models.toml`.
#[derive(Debug, Clone)]
pub(super) struct ModelTable {
    /// Folded spelling to display name.
    by_spelling: BTreeMap<String, String>,
    /// Folded spelling to a user's name; looked up first.
    aliases: BTreeMap<String, String>,
    /// Display name to Cost Explorer service.
    services: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    model: Vec<ModelRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelRow {
    name: String,
    service: String,
    slugs: Vec<String>,
}

impl ModelTable {
    /// Parses `models.toml`.
    pub(super) fn parse(text: &str) -> Result<Self, ClassifierError> {
        let file: ModelFile = rules::from_toml(FILE, text)?;
        let mut table =
            ModelTable { by_spelling: BTreeMap::new(), aliases: BTreeMap::new(), services: BTreeMap::new() };
        for ModelRow { name, service, slugs } in file.model {
            let edition_name = service.strip_suffix(" (Amazon Bedrock Edition)").map(str::to_owned);
            let spellings: BTreeSet<String> =
                slugs.iter().chain([&name]).chain(&edition_name).map(|spelling| fold(spelling)).collect();
            for spelling in spellings {
                if let Some(other) = table.by_spelling.insert(spelling.clone(), name.clone()) {
                    return Err(rules::entry_error(
                        FILE,
                        &format!("the model `{name}`"),
                        &format!("claims the spelling `{spelling}`, which already means `{other}`"),
                        "A spelling means one model: take it out of one of the two.",
                    ));
                }
            }
            table.services.insert(name, service);
        }
        Ok(table)
    }

    /// Adds users' aliases, which win over the table.
    pub(super) fn add_aliases(&mut self, aliases: BTreeMap<String, String>) {
        self.aliases.extend(aliases.into_iter().map(|(spelling, name)| (fold(&spelling), name)));
    }

    /// The display name that a spelling means.
    pub(super) fn name(&self, spelling: &str) -> Option<&str> {
        let folded = fold(spelling);
        self.aliases.get(&folded).or_else(|| self.by_spelling.get(&folded)).map(String::as_str)
    }

    /// The service under which a model usually bills.
    pub(super) fn service(&self, name: &str) -> Option<&str> {
        self.services.get(name).map(String::as_str)
    }

    /// All display names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<&str> = self.services.keys().chain(self.aliases.values()).map(String::as_str).collect();
        names.into_iter()
    }
}
