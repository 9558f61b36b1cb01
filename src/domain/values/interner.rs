//! Numbers for names, so that two years of daily rows are told apart without comparing text again and again.

use std::collections::HashMap;
use std::hash::Hash;

/// Numbers names in order of first appearance.
///
/// Rows of a day mostly name what the day before named, in the same order. So the name that followed last time is tried
/// first, and only where it is another one is it looked up; that changes how long it takes and never the number.
#[derive(Debug, Clone)]
pub struct Interner<Name> {
    numbers: HashMap<Name, usize>,
    names: Vec<Name>,
    /// Per name, the one that came after it last time; a number that no name has where none did.
    followers: Vec<usize>,
    last: usize,
}

impl<Name> Default for Interner<Name> {
    fn default() -> Self {
        Interner { numbers: HashMap::new(), names: Vec::new(), followers: Vec::new(), last: usize::MAX }
    }
}

impl<Name: Hash + Eq + Copy> Interner<Name> {
    /// The number of `name`, a new one if it is new.
    pub fn number(&mut self, name: Name) -> usize {
        let guess = self.followers.get(self.last).copied();
        let number = match guess.filter(|guess| self.names.get(*guess) == Some(&name)) {
            Some(guess) => guess,
            None => self.looked_up(name),
        };
        self.last = number;
        number
    }

    fn looked_up(&mut self, name: Name) -> usize {
        let number = *self.numbers.entry(name).or_insert_with(|| {
            self.names.push(name);
            self.followers.push(usize::MAX);
            self.names.len() - 1
        });
        if let Some(follower) = self.followers.get_mut(self.last) {
            *follower = number;
        }
        number
    }

    /// The names, at their numbers.
    pub fn into_names(self) -> Vec<Name> {
        self.names
    }
}

/// For names numbered in any order, their place in sorted order; and the names sorted.
pub fn ranked<Name: Ord + Copy>(names: &[Name]) -> (Vec<usize>, Vec<Name>) {
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    (names.iter().map(|name| sorted.partition_point(|other| other < name)).collect(), sorted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_guess_never_changes_a_number(names in prop::collection::vec(0_u8..6, 0..60)) {
            let mut interner = Interner::default();
            let numbers: Vec<usize> = names.iter().map(|name| interner.number(*name)).collect();
            let mut seen: Vec<u8> = Vec::new();
            for (name, number) in names.iter().zip(numbers) {
                if !seen.contains(name) {
                    seen.push(*name);
                }
                prop_assert_eq!(seen[number], *name);
            }
            prop_assert_eq!(&interner.into_names(), &seen);
            let (ranks, sorted) = ranked(&seen);
            for (name, rank) in seen.iter().zip(ranks) {
                prop_assert_eq!(sorted[rank], *name);
            }
            prop_assert!(sorted.is_sorted());
        }
    }
}
