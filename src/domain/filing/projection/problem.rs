//! What is wrong with a filing, where, and what to do: all of it at once.

use std::collections::BinaryHeap;
use std::fmt;

use serde::{Deserialize, Serialize};
use strsim::generic_damerau_levenshtein;
use utoipa::ToSchema;

use crate::values::printable::shortened;

/// How many near names a message offers.
const SUGGESTIONS: usize = 3;
/// How many problems of one text are told, in order of line: who corrects these sees the next.
pub const MOST_TOLD: usize = 100;

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

/// Characters of a problem, and of its remedy.
const MOST_SAID: usize = 600;

/// The first problems of a text, and how many there are beyond: what a text of any length leaves is bounded.
#[derive(Debug, Default)]
pub struct Told {
    /// At most [`MOST_TOLD`], the last in order of line on top.
    first: BinaryHeap<ProjectionProblem>,
    more: usize,
    /// The first line of those that are only counted.
    more_from: usize,
}

impl Told {
    /// Adds one; what it quotes of the text is bounded too.
    pub fn add(&mut self, problem: ProjectionProblem) {
        let ProjectionProblem { line, problem, remedy } = problem;
        let [problem, remedy] = [problem, remedy].map(|text| shortened(&text, MOST_SAID));
        self.first.push(ProjectionProblem { line, problem, remedy });
        if self.first.len() > MOST_TOLD
            && let Some(last) = self.first.pop()
        {
            self.more_from = if self.more == 0 { last.line } else { self.more_from.min(last.line) };
            self.more += 1;
        }
    }

    /// How many there are in all.
    pub fn count(&self) -> usize {
        self.first.len() + self.more
    }

    /// The first ones in order of line; where there are more, the last one says how many.
    pub fn into_list(self) -> Vec<ProjectionProblem> {
        let Told { first, more, more_from } = self;
        let mut list = first.into_sorted_vec();
        if more > 0 {
            list.push(ProjectionProblem {
                line: more_from,
                problem: format!("{more} more of them stand from here on and are not listed"),
                remedy: "correct those above, and check again".to_owned(),
            });
        }
        list
    }
}

/// Where the lines of a text begin, so that a line is found without reading the text again.
#[derive(Debug)]
pub(super) struct Lines {
    ends: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Lines {
        Lines { ends: text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect() }
    }

    /// The line, counted from 1, that the byte at `offset` lies in.
    pub(super) fn at(&self, offset: usize) -> usize {
        self.ends.partition_point(|end| *end < offset) + 1
    }
}

/// Known names that are close to `name`, nearest first, at most three. For messages only: a name is never chosen by
/// similarity, since "Claude Opus 4.6" and "Claude Opus 4.7" are one edit apart.
///
/// ```
/// use glidepath_domain::filing::projection::suggest;
/// let known = ["Claude Sonnet 5", "Claude Sonnet 4.5", "Nova Lite"];
/// assert_eq!(suggest("claude sonet 5", known), ["Claude Sonnet 5", "Claude Sonnet 4.5"]);
/// assert_eq!(suggest("Nova Ltie", known), ["Nova Lite"]);
/// assert!(suggest("Gemini", known).is_empty());
/// ```
pub fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = fold(name);
    // A third of the name may differ: enough for typing errors and version numbers, too little for another family.
    let limit = (wanted.len() / 3).max(1);
    // Names whose lengths differ by more are further apart than that, however long the one that was written.
    let distance = |known: &str| {
        let known = fold(known);
        (known.len().abs_diff(wanted.len()) <= limit).then(|| generic_damerau_levenshtein(&wanted, &known))
    };
    let near = known.into_iter().filter_map(|known| Some((distance(known)?, known)));
    let mut near: Vec<(usize, &str)> = near.filter(|(distance, _)| *distance <= limit).collect();
    near.sort_unstable();
    near.truncate(SUGGESTIONS);
    near.into_iter().map(|(_, known)| known.to_owned()).collect()
}

/// Letters and digits in lower case, so that points, hyphens and capitals cost nothing.
fn fold(name: &str) -> Vec<char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_as_by_counting() {
        for text in ["", "\n", "a", "a\nb\n\nc", "\r\nä\n", "\n\n\n"] {
            let lines = Lines::of(text);
            for offset in 0..=text.len() + 1 {
                let counted = text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
                assert_eq!(lines.at(offset), counted, "{text:?} at {offset}");
            }
        }
    }

    #[test]
    fn the_first_hundred_in_order_of_line_are_told_and_the_rest_is_counted() {
        let one = |line: usize| ProjectionProblem { line, problem: "a".to_owned(), remedy: "b".to_owned() };
        for (count, listed) in [(0, 0), (99, 99), (100, 100), (101, 101), (5_000, 101)] {
            let mut told = Told::default();
            // In an order that is not that of the lines, each exactly once.
            (0..count).for_each(|at| told.add(one(at * 7_919 % count + 1)));
            assert_eq!(told.count(), count);
            let list = told.into_list();
            assert_eq!(list.len(), listed);
            assert!(list.iter().take(MOST_TOLD).map(|it| it.line).eq(1..=count.min(MOST_TOLD)));
            if let Some(rest) = list.get(MOST_TOLD) {
                assert_eq!(rest.line, MOST_TOLD + 1);
                assert!(rest.problem.starts_with(&format!("{} more ", count - MOST_TOLD)), "{rest}");
            }
        }
    }

    #[test]
    fn near_names_come_nearest_first() {
        let types = ["trn1.2xlarge", "trn1.32xlarge", "trn1n.32xlarge", "inf2.xlarge"];
        assert_eq!(suggest("trn1.32xlarg", types)[0], "trn1.32xlarge");
        assert_eq!(suggest("TRN1-32xlarge", types)[0], "trn1.32xlarge");
    }
}
