//! What is wrong with a filing, where, and what to do: all of it at once.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many near names a message offers.
const SUGGESTIONS: usize = 3;

/// One mistake in a filing's text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct ProjectionProblem {
    /// Line in the file, counted from 1.
    pub line: usize,
    /// What is wrong, quoting the text.
    pub problem: String,
    /// What to write instead.
    pub remedy: String,
}

impl fmt::Display for ProjectionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}; {}", self.line, self.problem, self.remedy)
    }
}

/// The line, counted from 1, that the byte at `offset` lies in.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// Known names that are close to `name`, nearest first, at most three. For messages only: a name is never chosen by
/// similarity, since "Claude Opus 4.6" and "Claude Opus 4.7" are one edit apart.
///
/// ```
/// use glidepath::domain::projection::suggest;
/// let known = ["Claude Sonnet 5", "Claude Sonnet 4.5", "Nova Lite"];
/// assert_eq!(suggest("claude sonet 5", known), ["Claude Sonnet 5", "Claude Sonnet 4.5"]);
/// assert!(suggest("Gemini", known).is_empty());
/// ```
pub fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = fold(name);
    // A third of the name may differ: enough for typing errors and version numbers, too little for another family.
    let limit = (wanted.len() / 3).max(1);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|known| (edit_distance(&wanted, &fold(known)), known))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort_unstable();
    near.truncate(SUGGESTIONS);
    near.into_iter().map(|(_, known)| known.to_owned()).collect()
}

/// Letters and digits in lower case, so that points, hyphens and capitals cost nothing.
fn fold(name: &str) -> Vec<char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Levenshtein's distance: the fewest insertions, deletions and replacements that turn `a` into `b`.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replace = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_levenshteins() {
        let distance = |a: &str, b: &str| edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }

    #[test]
    fn near_names_come_nearest_first() {
        let types = ["trn1.2xlarge", "trn1.32xlarge", "trn1n.32xlarge", "inf2.xlarge"];
        assert_eq!(suggest("trn1.32xlarg", types)[0], "trn1.32xlarge");
        assert_eq!(suggest("TRN1-32xlarge", types)[0], "trn1.32xlarge");
    }
}
