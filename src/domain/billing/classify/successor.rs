//! Which name of a service may follow which, and how rows under a new name are read.

use super::rules::{Reads, ServiceRule};
use super::{Classifier, name_of_edition};
use crate::values::service::{SameService, ServiceAliases, ServiceMatcher, fold};

/// What the tables say of one name that begins as another ends with the same usage types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Succession {
    /// They are two services, whatever they share.
    Never,
    /// Both can be on one bill, so that the older one must have ended.
    OnceEnded,
    /// The bill decides.
    Possible,
}

impl Classifier {
    /// Whether `new` may be the new name of `old`. The tables know many services by name, and two of these share usage
    /// types without being one: instances of databases, say. Of Edition services the name is the model, so that one
    /// ends as another begins whenever somebody changes the model.
    pub fn succession(&self, old: &str, new: &str) -> Succession {
        let is_edition = |service| self.reads(service) == Reads::BedrockEdition;
        if is_edition(old) || is_edition(new) {
            let [old, new] = [old, new].map(|service| self.model_name(name_of_edition(service)));
            return if old.is_some() && old == new { Succession::Possible } else { Succession::Never };
        }
        let pair = (fold(old), fold(new));
        if self.moves.iter().any(|(from, to)| (from, to) == (&pair.0, &pair.1) || (from, to) == (&pair.1, &pair.0)) {
            return Succession::OnceEnded;
        }
        if self.is_known(old) && self.is_known(new) { Succession::Never } else { Succession::Possible }
    }

    /// True for a service that the tables name as Cost Explorer does.
    fn is_known(&self, service: &str) -> bool {
        let by_rule = |rule: &ServiceRule| rule.service.names().iter().any(|name| fold(name) == fold(service));
        let renamed = !self.aliases.same().names_of(service).is_empty();
        renamed || self.aliases.is_name(service) || self.services.iter().any(by_rule)
    }

    /// The same, knowing that the names of each group in `same` are one service: all of them are read as the one that the
    /// rules know best.
    #[must_use]
    pub fn with_same(&self, same: SameService) -> Classifier {
        let mut known = self.clone();
        let knowledge = |name: &str| match self.reads(name) {
            Reads::UnknownBedrock => 0,
            Reads::Supporting => 1,
            _ => 2,
        };
        let none = ServiceAliases::default();
        for group in same.groups() {
            // Of several, the oldest.
            let Some(best) = group.iter().rev().max_by_key(|name| knowledge(name)) else { continue };
            for name in group.iter().filter(|name| knowledge(name) < knowledge(best)) {
                let service = ServiceMatcher::new([name.as_str()], &none);
                known.services.insert(0, ServiceRule { service, reads: self.reads(best) });
            }
        }
        known.aliases = known.aliases.with_same(same);
        known
    }
}
