//! Service names. AWS spells one service many ways ("Amazon EC2", "AmazonEC2", "Amazon Elastic Compute Cloud -
//! Compute"), so names are compared folded and through an exact alias table, never by similarity.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Folded for comparison: ASCII lower case, without spaces.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect()
}

/// Which spellings mean the same services. One spelling can stand for several Cost Explorer names: "Amazon EC2" on a
/// credit is both `Amazon Elastic Compute Cloud - Compute` and `EC2 - Other` on the bill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceAliases {
    /// Folded spelling to folded Cost Explorer names.
    by_spelling: BTreeMap<String, Vec<String>>,
    /// Folded Cost Explorer name to the name itself.
    names: BTreeMap<String, String>,
    /// Names that AWS gave one service one after the other.
    same: SameService,
}

/// Groups of names, each of one service that AWS renamed, the oldest name first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SameService {
    groups: Vec<Vec<String>>,
}

impl SameService {
    /// Notes that `from` was renamed to `to`. Names that are one service already stay in their order.
    pub fn join(&mut self, from: &str, to: &str) {
        let (older, newer) = (self.place(from), self.place(to));
        match (older, newer) {
            (Some(older), Some(newer)) if older == newer => {}
            (Some(older), Some(newer)) => {
                let names = std::mem::take(&mut self.groups[newer]);
                self.groups[older].extend(names);
                self.groups.remove(newer);
            }
            (Some(older), None) => self.groups[older].push(to.to_owned()),
            (None, Some(newer)) => self.groups[newer].insert(0, from.to_owned()),
            (None, None) if fold(from) == fold(to) => {}
            (None, None) => self.groups.push(vec![from.to_owned(), to.to_owned()]),
        }
    }

    /// All names of the service that `name` means, the oldest first; empty if no other is known.
    pub fn names_of(&self, name: &str) -> &[String] {
        self.place(name).map_or(&[], |place| &self.groups[place])
    }

    /// The groups.
    pub fn groups(&self) -> impl Iterator<Item = &[String]> {
        self.groups.iter().map(Vec::as_slice)
    }

    fn place(&self, name: &str) -> Option<usize> {
        let folded = fold(name);
        self.groups.iter().position(|group| group.iter().any(|other| fold(other) == folded))
    }
}

impl ServiceAliases {
    /// Builds the table from `(Cost Explorer name, other spellings)`.
    pub fn new<'a>(groups: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>) -> Self {
        let mut by_spelling: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut names = BTreeMap::new();
        for (name, spellings) in groups {
            names.insert(fold(name), name.to_owned());
            for spelling in spellings {
                by_spelling.entry(fold(spelling)).or_default().push(fold(name));
            }
        }
        ServiceAliases { by_spelling, names, same: SameService::default() }
    }

    /// The same, knowing which names are of one service.
    #[must_use]
    pub fn with_same(self, same: SameService) -> Self {
        ServiceAliases { same, ..self }
    }

    /// Which names are of one service.
    pub fn same(&self) -> &SameService {
        &self.same
    }

    /// True for a name that Cost Explorer is known to bill under.
    pub fn is_name(&self, name: &str) -> bool {
        self.names.contains_key(&fold(name))
    }

    /// The Cost Explorer names that `spelling` stands for, if it is another spelling and no such name itself.
    pub fn names_behind(&self, spelling: &str) -> Vec<&str> {
        let folded = fold(spelling);
        if self.names.contains_key(&folded) {
            return Vec::new();
        }
        let behind = self.by_spelling.get(&folded).into_iter().flatten();
        behind.filter_map(|name| self.names.get(name).map(String::as_str)).collect()
    }

    /// The folded Cost Explorer names that `spelling` stands for, older and newer names of each included; itself if the
    /// table does not know it.
    pub fn resolve(&self, spelling: &str) -> Vec<String> {
        let folded = fold(spelling);
        let mut names = self.by_spelling.get(&folded).cloned().unwrap_or_default();
        names.push(folded);
        let renamed = names.iter().flat_map(|name| self.same.names_of(name)).map(|name| fold(name));
        let renamed: Vec<String> = renamed.collect();
        names.extend(renamed);
        names
    }
}

/// True if `folded` is what stands around the `*` of a pattern, with anything between.
fn fits(folded: &str, before: &str, after: &str) -> bool {
    folded.len() >= before.len() + after.len() && folded.starts_with(before) && folded.ends_with(after)
}

/// A list of services as a credit or a config names them, ready to match Cost Explorer's names.
///
/// ```
/// use glidepath_core::values::service::{ServiceAliases, ServiceMatcher};
/// let aliases = ServiceAliases::new([("Amazon Elastic Compute Cloud - Compute", vec!["Amazon EC2", "AmazonEC2"])]);
/// let list = ServiceMatcher::new(["AmazonEC2", "* (Amazon Bedrock Edition)"], &aliases);
/// assert!(list.matches("Amazon Elastic Compute Cloud - Compute"));
/// assert!(list.matches("Claude Sonnet 5 (Amazon Bedrock Edition)"));
/// assert!(!list.matches("Amazon Bedrock"));
/// assert_eq!(list.len(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceMatcher {
    names: Arc<[String]>,
    exact: Arc<[String]>,
    patterns: Arc<[(String, String)]>,
}

impl ServiceMatcher {
    /// Reads `names`, resolving aliases. A name may hold one `*`, which stands for anything.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, aliases: &ServiceAliases) -> Self {
        let (mut listed, mut exact, mut patterns) = (Vec::new(), Vec::new(), Vec::new());
        for name in names {
            listed.push(name.to_owned());
            match fold(name).split_once('*') {
                Some((before, after)) => {
                    let fits = |name: &String| fits(&fold(name), before, after);
                    let renamed = aliases.same.groups().filter(|group| group.iter().any(fits));
                    exact.extend(renamed.flatten().map(|name| fold(name)));
                    patterns.push((before.to_owned(), after.to_owned()));
                }
                None => exact.extend(aliases.resolve(name)),
            }
        }
        exact.sort();
        exact.dedup();
        ServiceMatcher { names: listed.into(), exact: exact.into(), patterns: patterns.into() }
    }

    /// True if the list names this Cost Explorer service.
    pub fn matches(&self, service: &str) -> bool {
        let folded = fold(service);
        self.exact.binary_search(&folded).is_ok()
            || self.patterns.iter().any(|(before, after)| fits(&folded, before, after))
    }

    /// The names as they were given.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many names were given: what AWS's order calls the number of eligible services.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// True if no name was given.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_service_come_oldest_first_however_they_are_joined() {
        let joined = |pairs: &[(&str, &str)]| {
            let mut same = SameService::default();
            pairs.iter().for_each(|(from, to)| same.join(from, to));
            same.names_of("b").to_vec()
        };
        let abc = ["A", "B", "C"];
        assert_eq!(joined(&[("A", "B"), ("B", "C")]), abc);
        assert_eq!(joined(&[("B", "C"), ("A", "B")]), abc);
        assert_eq!(joined(&[("A", "B"), ("C", "D"), ("B", "C")]), ["A", "B", "C", "D"]);
        assert_eq!(joined(&[("A", "B"), ("b", "a")]), ["A", "B"], "back again");
        assert!(joined(&[("B", "b")]).is_empty(), "one spelling");
    }

    #[test]
    fn a_list_with_one_name_of_a_service_pays_all_its_names() {
        let mut same = SameService::default();
        same.join("Amazon Old", "Amazon New");
        let aliases = ServiceAliases::new([("Amazon Old", vec!["Old"])]).with_same(same);
        for listed in ["Amazon Old", "AmazonNew", "Old", "Amazon Ol*", "*new"] {
            let list = ServiceMatcher::new([listed], &aliases);
            assert!(list.matches("Amazon Old") && list.matches("Amazon New"), "{listed}");
            assert!(!list.matches("Amazon Other") && list.len() == 1, "{listed}");
        }
    }
}
