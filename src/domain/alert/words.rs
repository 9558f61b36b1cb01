//! Days, names and dollars as a message says them: read on a phone, by somebody who is in a hurry.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::domain::money::Money;
use crate::domain::period::BillingPeriod;

/// `1 day`, `12 days`.
pub(super) fn days_text(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

/// `12 January 2027`.
pub(super) fn day_text(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// `January 2027`.
pub(super) fn month_text(month: BillingPeriod) -> String {
    month.first_day().format("%B %Y").to_string()
}

/// `$4.99`, and `$12,346` where cents are noise.
pub(super) fn usd_text(amount: Money) -> String {
    // From a hundred dollars on cents are noise.
    if amount.abs().amount() < Decimal::ONE_HUNDRED {
        return amount.dollars();
    }
    let text = Money::from_decimal(amount.amount().round_dp(0)).dollars();
    text.strip_suffix(".00").map_or(text.clone(), str::to_owned)
}

/// `3.4 times`.
pub(super) fn times_text(multiple: Decimal) -> String {
    format!("{} times", multiple.round_dp(1).normalize())
}

/// `12 %`, of a share.
pub(super) fn percent_text(share: Decimal) -> String {
    format!("{} %", (share * Decimal::ONE_HUNDRED).round_dp(0).normalize())
}

/// The first few names, and how many more there are.
pub(super) fn names_text(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{day, usd};
    use super::*;

    #[test]
    fn figures_read_aloud() {
        assert_eq!((days_text(1), days_text(12)), ("1 day".to_owned(), "12 days".to_owned()));
        assert_eq!(day_text(day("2027-01-02")), "2 January 2027");
        assert_eq!(month_text("2026-05".parse().unwrap()), "May 2026");
        let amounts = ["4.999", "99.99", "100", "12345.678", "-350.4", "0"].map(|text| usd_text(usd(text)));
        assert_eq!(amounts, ["$5.00", "$99.99", "$100", "$12,346", "-$350", "$0.00"]);
        assert_eq!(times_text("3.44".parse().unwrap()), "3.4 times");
        assert_eq!(percent_text("0.125".parse().unwrap()), "12 %");
        assert_eq!(names_text(&["a", "b"]), "a, b");
        assert_eq!(names_text(&["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e and 2 more");
    }
}
