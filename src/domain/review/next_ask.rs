//! The size of the next ask that recent spend supports: what credit could have paid in the last three full months, gone
//! on for the life of an award, less the credit that is still held.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Step;
use crate::domain::money::Money;
use crate::domain::period::BillingPeriod;
use crate::domain::words::month_text;

/// Full months that an ask rests on.
pub const MONTHS: usize = 3;

/// Months that an award is taken to last. Activate credits live one to two years; the shorter life claims less.
pub const AWARD_MONTHS: i64 = 12;

/// An ask and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextAsk {
    /// What the spend supports beyond the awards held; zero where they are enough.
    pub amount: Money,
    /// Spend that credit could pay in an average month, to the cent.
    pub average_month: Money,
    /// Months that an award is taken to last.
    pub award_months: i64,
    /// Credit still held.
    pub held: Money,
    /// The arithmetic, line by line.
    pub steps: Vec<Step>,
}

/// Works out the ask from the payable spend of full months, oldest first, and the credit held per pool by name.
/// `None` if fewer than [`MONTHS`] are known.
///
/// ```
/// use glidepath::domain::review::next_ask::next_ask;
/// let usd = |text: &str| text.parse().unwrap();
/// let month = |text: &str| text.parse().unwrap();
/// let months = [(month("2026-08"), usd("900")), (month("2026-09"), usd("1000")), (month("2026-10"), usd("1100"))];
/// let ask = next_ask(&months, &[("GenAI tier".to_owned(), usd("4000"))]).unwrap();
/// assert_eq!(ask.amount, usd("8000")); // 12 x 1000 - 4000
/// ```
pub fn next_ask(months: &[(BillingPeriod, Money)], held: &[(String, Money)]) -> Option<NextAsk> {
    let months = months.get(months.len().checked_sub(MONTHS)?..)?;
    let mut steps: Vec<Step> = months
        .iter()
        .map(|(month, spent)| Step::new(format!("Spend in {} that credit could pay", month_text(*month)), *spent))
        .collect();
    let sum: Money = months.iter().map(|(_, spent)| *spent).sum();
    let average_month = Money::from_decimal(sum.per(3).cents());
    let supported = average_month.times(AWARD_MONTHS.into());
    steps.push(Step::new("An average month: their sum, divided by 3, to the cent", average_month));
    steps.push(Step::new(format!("Going on for {AWARD_MONTHS} months, the shorter life of an award"), supported));
    let mut left = Money::ZERO;
    for (pool, credit) in held {
        left += *credit;
        steps.push(Step::new(format!("Less what {pool} still holds"), -*credit));
    }
    let amount = (supported - left).at_least_zero();
    let why = if amount.is_zero() {
        "The next ask supported: none, the awards held are enough"
    } else {
        "The next ask supported"
    };
    steps.push(Step::new(why, amount));
    Some(NextAsk { amount, average_month, award_months: AWARD_MONTHS, held: left, steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn months(amounts: &[&str]) -> Vec<(BillingPeriod, Money)> {
        let first: BillingPeriod = "2026-07".parse().unwrap();
        (0..).zip(amounts).map(|(at, amount)| (first.plus_months(at), usd(amount))).collect()
    }

    #[test]
    fn the_lines_lead_to_the_amount() {
        // The newest three of four: 100.01 + 100 + 100 = 300.01, a third is 100.00 to the cent (100.003...).
        let held = [("A".to_owned(), usd("150.50")), ("B".to_owned(), usd("49.50"))];
        let ask = next_ask(&months(&["9999", "100.01", "100", "100"]), &held).unwrap();
        assert_eq!((ask.average_month, ask.held, ask.amount), (usd("100"), usd("200"), usd("1000")));
        let amounts: Vec<_> = ask.steps.iter().map(|step| step.amount.to_string()).collect();
        assert_eq!(amounts, ["100.01", "100", "100", "100", "1200", "-150.5", "-49.5", "1000"]);
        assert_eq!(ask.steps[0].label, "Spend in August 2026 that credit could pay");
    }

    #[test]
    fn enough_credit_supports_no_ask() {
        let ask = next_ask(&months(&["10", "10", "10"]), &[("A".to_owned(), usd("120"))]).unwrap();
        assert_eq!(ask.amount, Money::ZERO);
        assert!(ask.steps.last().unwrap().label.contains("none"));
    }

    #[test]
    fn two_months_are_not_enough() {
        assert_eq!(next_ask(&months(&["10", "10"]), &[]), None);
    }
}
