//! Fees that AWS gives back under another service than it billed them under. A refund has no usage type, so the amount joins
//! the two.

use chrono::NaiveDate;

use crate::values::money::Money;

/// A fee of the month, or the refund of one; positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount<'a> {
    pub day: NaiveDate,
    pub service: &'a str,
    pub amount: Money,
}

/// The refunds, each under the service of the fee that it gives back: one of its own service first, else one of the same
/// amount to the last digit. A refund of something else stays where it is.
pub(super) fn by_service_of_fee<'a>(refunds: &[Amount<'a>], fees: &[Amount<'a>]) -> Vec<Amount<'a>> {
    let mut open: Vec<&Amount> = fees.iter().collect();
    let mut joined = refunds.to_vec();
    for own in [true, false] {
        for (refund, original) in joined.iter_mut().zip(refunds) {
            let gives_back = |fee: &&Amount| {
                fee.amount == refund.amount && fee.day <= refund.day && (fee.service == original.service) == own
            };
            // One that a fee of its own service answers takes no other.
            let answered =
                !own && fees.iter().any(|fee| fee.service == original.service && fee.amount == refund.amount);
            if let Some(at) = open.iter().position(gives_back).filter(|_| !answered) {
                refund.service = open.remove(at).service;
            }
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(texts: &'static [&'static str]) -> Vec<Amount<'static>> {
        let read = |text: &&'static str| {
            let words: Vec<&'static str> = text.split(' ').collect();
            Amount { day: words[0].parse().unwrap(), service: words[1], amount: words[2].parse().unwrap() }
        };
        texts.iter().map(read).collect()
    }

    #[test]
    fn a_refund_goes_to_the_fee_of_its_amount() {
        let fees = &["2026-03-10 Plans 5000", "2026-03-11 EC2 8000", "2026-03-12 EC2 300"];
        for (refunds, services) in [
            (&["2026-03-14 EC2 5000"][..], &["Plans"][..]),
            (&["2026-03-14 Refund 8000"], &["EC2"]),
            (&["2026-03-14 Refund 8000", "2026-03-14 Plans 300"], &["EC2", "EC2"]),
            // One fee is returned once, and to its own service first.
            (&["2026-03-14 Refund 8000", "2026-03-15 EC2 8000"], &["Refund", "EC2"]),
            (&["2026-03-14 Refund 5000", "2026-03-15 Refund 5000"], &["Plans", "Refund"]),
            // Another amount, or a day before the fee.
            (&["2026-03-14 Refund 4999.99", "2026-03-09 Refund 5000"], &["Refund", "Refund"]),
        ] {
            let joined = by_service_of_fee(&amounts(refunds), &amounts(fees));
            assert_eq!(joined.iter().map(|refund| refund.service).collect::<Vec<_>>(), services, "{refunds:?}");
        }
    }
}
