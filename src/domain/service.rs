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
        ServiceAliases { by_spelling, names }
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

    /// The folded Cost Explorer names that `spelling` stands for; itself if the table does not know it.
    pub fn resolve(&self, spelling: &str) -> Vec<String> {
        let folded = fold(spelling);
        let mut names = self.by_spelling.get(&folded).cloned().unwrap_or_default();
        names.push(folded);
        names
    }
}

/// A list of services as a credit or a config names them, ready to match Cost Explorer's names.
///
/// ```
/// use glidepath::domain::service::{ServiceAliases, ServiceMatcher};
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
                Some((before, after)) => patterns.push((before.to_owned(), after.to_owned())),
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
            || self.patterns.iter().any(|(before, after)| {
                folded.len() >= before.len() + after.len() && folded.starts_with(before) && folded.ends_with(after)
            })
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
