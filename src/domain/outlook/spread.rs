//! Quantiles of one figure over many paths, in memory that does not grow with their number.
//!
//! Invariants: over the first [`EXACT`] values quantiles are exact, to the last digit; over more, each is one of these first
//! values, and the exact one lies between it and the next smaller one of them; the order in which values come does not matter
//! beyond which of them are the first.

/// Values that are kept. Every outlook that is stored has this many paths.
pub(super) const EXACT: usize = 1_001;

/// The values of one figure.
pub(super) struct Spread<T> {
    /// The first values; sorted once more came than are kept.
    kept: Vec<T>,
    /// Once more came: for each kept value, how many lie at it or between it and the next smaller one.
    counts: Vec<u32>,
}

impl<T: Ord + Copy> Spread<T> {
    /// Of none yet, with room for `values`.
    pub fn of(values: usize) -> Spread<T> {
        Spread { kept: Vec::with_capacity(values.min(EXACT)), counts: Vec::new() }
    }

    /// Counts a value in.
    pub fn add(&mut self, value: T) {
        if self.kept.len() < EXACT {
            self.kept.push(value);
            return;
        }
        if self.counts.is_empty() {
            self.kept.sort_unstable();
            self.counts = vec![1; EXACT];
        }
        let at = self.kept.partition_point(|kept| *kept < value);
        self.counts[at.min(EXACT - 1)] += 1;
    }

    /// The values at 10, 50 and 90 %. At least one must have been added.
    pub fn quantiles(mut self) -> [T; 3] {
        let values = if self.counts.is_empty() {
            self.kept.len()
        } else {
            self.counts.iter().map(|count| *count as usize).sum()
        };
        [values / 10, values / 2, values - 1 - values / 10].map(|rank| self.at(rank))
    }

    /// The value with `rank` smaller ones.
    fn at(&mut self, rank: usize) -> T {
        if self.counts.is_empty() {
            return *self.kept.select_nth_unstable(rank).1;
        }
        let mut below = 0;
        let reaches = |count: &u32| {
            below += *count as usize;
            below > rank
        };
        self.kept[self.counts.iter().position(reaches).unwrap_or(EXACT - 1)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(values: &[i64]) -> [i64; 3] {
        let mut spread = Spread::of(values.len());
        values.iter().for_each(|value| spread.add(*value));
        spread.quantiles()
    }

    fn exact(values: &[i64]) -> [i64; 3] {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let last = sorted.len() - 1;
        [sorted.len() / 10, sorted.len() / 2, last - sorted.len() / 10].map(|rank| sorted[rank])
    }

    proptest! {
        #[test]
        fn as_many_as_are_kept_give_exact_quantiles(values in prop::collection::vec(any::<i64>(), 1..=EXACT)) {
            prop_assert_eq!(told(&values), exact(&values));
        }

        #[test]
        fn of_more_the_exact_quantile_lies_within_one_kept_value(
            values in prop::collection::vec(0_i64..1_000_000, EXACT + 1..6 * EXACT),
        ) {
            let mut first = values[..EXACT].to_vec();
            first.sort_unstable();
            for (told, exact) in told(&values).into_iter().zip(exact(&values)) {
                let at = first.binary_search(&told).expect("one of the first values");
                let smaller = first[..at].iter().rfind(|kept| **kept < told);
                prop_assert!(exact <= told || Some(&told) == first.last(), "{exact} beyond {told}");
                prop_assert!(smaller.is_none_or(|smaller| *smaller < exact), "{exact} below {smaller:?}");
            }
        }

        /// Paths come in mirrored pairs around a middle one, and the middle of them must stay that one.
        #[test]
        fn the_middle_of_mirrored_pairs_is_exact(away in prop::collection::vec(0_i64..1_000_000, 1..3 * EXACT)) {
            let pairs = away.iter().flat_map(|away| [7 + away, 7 - away]);
            let values: Vec<i64> = std::iter::once(7).chain(pairs).collect();
            prop_assert_eq!(told(&values)[1], 7);
        }
    }
}
