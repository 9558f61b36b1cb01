//! The exact table of model names, with users' aliases on top.
//!
//! Invariant: a spelling maps to a model only by equality without case and spaces, with or without the name of its maker
//! before it. Nothing here measures likeness.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::rules::{self, ClassifierError};
use crate::values::service::fold;

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
    /// Makers as their models' ids name them, and the display names of these models.
    makers: BTreeSet<(String, String)>,
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

/// The maker that a model's id begins with: `anthropic.claude-opus-4-6`.
fn maker(slug: &str) -> Option<&str> {
    let (maker, model) = slug.split_once('.')?;
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (maker.chars().all(is_word) && model.starts_with(|c: char| c.is_ascii_lowercase())).then_some(maker)
}

impl ModelTable {
    /// Parses `models.toml`.
    pub(super) fn parse(text: &str) -> Result<Self, ClassifierError> {
        let file: ModelFile = rules::from_toml(FILE, text)?;
        let mut table = ModelTable {
            by_spelling: BTreeMap::new(),
            aliases: BTreeMap::new(),
            services: BTreeMap::new(),
            makers: BTreeSet::new(),
        };
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
            let makers = slugs.iter().filter_map(|slug| maker(slug));
            table.makers.extend(makers.map(|maker| (maker.to_owned(), name.clone())));
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
        let exact = self.aliases.get(&folded).or_else(|| self.by_spelling.get(&folded));
        exact.or_else(|| self.after_its_maker(spelling)).map(String::as_str)
    }

    /// A spelling that its maker's name stands before, in a word or two: `Anthropic Claude Opus 4.7`, `Mistral AI …`.
    fn after_its_maker(&self, spelling: &str) -> Option<&String> {
        let mut words = spelling.trim().match_indices(' ').take(2);
        words.find_map(|(at, _)| {
            let (before, model) = spelling.trim().split_at(at);
            let (before, name) = (fold(before), self.by_spelling.get(&fold(model))?);
            let made_by = |maker: &str| self.makers.contains(&(maker.to_owned(), name.clone()));
            let maker = before.strip_suffix("ai").or_else(|| before.strip_suffix("labs"));
            (made_by(&before) || maker.is_some_and(made_by)).then_some(name)
        })
    }

    /// The service under which a model usually bills.
    pub(super) fn service(&self, name: &str) -> Option<&str> {
        self.services.get(name).map(String::as_str)
    }

    /// Its makers as their models' ids name them, none where no id is known.
    pub(super) fn makers<'t>(&'t self, name: &'t str) -> impl Iterator<Item = &'t str> {
        self.makers.iter().filter(move |(_, of)| of == name).map(|(maker, _)| maker.as_str())
    }

    /// All display names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<&str> = self.services.keys().chain(self.aliases.values()).map(String::as_str).collect();
        names.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Classifier, Succession};
    use super::*;

    #[test]
    fn a_models_name_means_the_same_with_its_makers_before_it() {
        let rules = Classifier::builtin();
        for (spelling, name) in [
            ("Anthropic Claude Opus 4.6", "Claude Opus 4.6"),
            ("anthropic claude opus 4.7", "Claude Opus 4.7"),
            ("Claude Opus 4.6", "Claude Opus 4.6"),
            ("OpenAI GPT-5.5", "GPT-5.5"),
        ] {
            assert_eq!(rules.models.name(spelling), Some(name), "{spelling}");
        }
        for spelling in [
            "OpenAI Claude Opus 4.6",
            "AnthropicClaude Opus 4.6",
            "Anthropic Claude Opus 46",
            "Anthropic Claude Opus",
            "Anthropic",
        ] {
            assert_eq!(rules.models.name(spelling), None, "{spelling}");
        }
        let edition = |name: &str| format!("{name} (Amazon Bedrock Edition)");
        let follows = |old: &str, new: &str| rules.succession(&edition(old), &edition(new));
        assert_eq!(follows("Claude Opus 4.6", "Anthropic Claude Opus 4.6"), Succession::Possible);
        assert_eq!(follows("Claude Opus 4.6", "Anthropic Claude Opus 4.7"), Succession::Never);
    }

    #[test]
    fn the_maker_is_read_from_a_models_id_alone() {
        for (slug, of) in [
            ("anthropic.claude-opus-4-6", Some("anthropic")),
            ("ai21.jamba-1-5-large", Some("ai21")),
            ("Claude4.6Opus", None),
            ("Claude 4.6 Opus", None),
            ("claude4.6opus", None),
            ("NovaPro", None),
        ] {
            assert_eq!(maker(slug), of, "{slug}");
        }
    }
}
