//! Which closed months AWS has corrected: its monthly sums beside what is believed.
//!
//! A month can change long after its bill: a correction, a refund, a credit that is taken back. Asking for every day of
//! every month is dear; their sums are one question.
//!
//! Invariant: a month whose sums AWS itself tells otherwise by month than by day is pulled again once, and not with every
//! question.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::values::money::Money;
use crate::values::period::BillingPeriod;

/// A month's cost by service and record type; none of them zero.
pub type Sums = BTreeMap<(String, String), Money>;

/// Such sums by month.
pub type MonthlySums = BTreeMap<BillingPeriod, Sums>;

/// Months that one cycle pulls again at most.
pub const MOST_PULLED: usize = 3;

/// What identifies sums.
pub fn digest(sums: &Sums) -> String {
    let mut hash = Sha256::new();
    for ((service, record_type), cost) in sums {
        for text in [service, record_type, &cost.to_string()] {
            // Lengths keep neighbours apart.
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
    }
    hex::encode(hash.finalize())
}

/// The months to pull again, oldest first: those that AWS sums otherwise than is believed, and otherwise than when they were
/// last pulled. A month of which AWS shows nothing at all any more is not among them.
pub fn corrected(
    asked: &MonthlySums,
    believed: &MonthlySums,
    at_last_pull: &BTreeMap<BillingPeriod, String>,
) -> Vec<BillingPeriod> {
    let differs = |(month, sums): &(&BillingPeriod, &Sums)| {
        !sums.is_empty()
            && believed.get(month).unwrap_or(&Sums::new()) != *sums
            && at_last_pull.get(month) != Some(&digest(sums))
    };
    asked.iter().filter(differs).map(|(month, _)| *month).collect()
}

/// How far AWS's sums are from what is believed, over the months that it shows anything of: of each service and record
/// type without its sign, so that one does not hide another.
pub fn apart(asked: &MonthlySums, believed: &MonthlySums) -> Money {
    let none = Sums::new();
    let months = asked.iter().filter(|(_, sums)| !sums.is_empty());
    months
        .map(|(month, sums)| {
            let known = believed.get(month).unwrap_or(&none);
            let told = sums.iter().map(|(key, cost)| (*cost - known.get(key).copied().unwrap_or_default()).abs());
            let untold = known.iter().filter(|(key, _)| !sums.contains_key(*key)).map(|(_, cost)| cost.abs());
            told.chain(untold).sum::<Money>()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> BillingPeriod {
        text.parse().unwrap()
    }

    fn sums(rows: &[(&str, &str, i64)]) -> Sums {
        let row = |(service, record_type, usd): &(&str, &str, i64)| {
            (((*service).to_owned(), (*record_type).to_owned()), Money::from_micros(usd * 1_000_000))
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn a_month_is_pulled_again_where_aws_says_something_new() {
        let before = sums(&[("Bedrock", "Usage", 3000)]);
        let after = sums(&[("Bedrock", "Usage", 3800)]);
        let believed = MonthlySums::from([(month("2026-09"), before.clone()), (month("2026-10"), before.clone())]);
        let asked = |september: &Sums| {
            MonthlySums::from([(month("2026-09"), september.clone()), (month("2026-10"), before.clone())])
        };
        let pull = |september: &Sums, last: &[&Sums]| {
            let last = last.iter().map(|sums| (month("2026-09"), digest(sums))).collect();
            corrected(&asked(september), &believed, &last)
        };
        assert_eq!(pull(&before, &[]), []);
        assert_eq!(pull(&after, &[]), [month("2026-09")]);
        assert_eq!(pull(&after, &[&after]), [], "pulled with these sums already, and AWS tells its days otherwise");
        assert_eq!(pull(&after, &[&before]), [month("2026-09")]);
        assert_eq!(pull(&Sums::new(), &[]), [], "AWS shows nothing of it any more");
        assert_eq!(corrected(&asked(&after), &MonthlySums::new(), &BTreeMap::new()).len(), 2, "nothing was known");
    }

    #[test]
    fn a_record_type_that_hides_another_is_apart_all_the_same() {
        let known = MonthlySums::from([(month("2026-09"), sums(&[("A", "Usage", 100), ("A", "Tax", 5)]))]);
        let asked = MonthlySums::from([
            (month("2026-09"), sums(&[("A", "Usage", 110), ("A", "Credit", -10)])),
            (month("2026-10"), Sums::new()),
        ]);
        assert_eq!(apart(&asked, &known), Money::from_micros(25_000_000));
        assert_eq!(apart(&known, &known), Money::ZERO);
    }

    #[test]
    fn sums_that_join_to_the_same_text_differ() {
        assert_ne!(digest(&sums(&[("AB", "C", 1)])), digest(&sums(&[("A", "BC", 1)])));
    }
}
