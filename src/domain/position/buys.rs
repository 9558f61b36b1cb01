//! What the credit that is left buys, at the prices that the bill implies today.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::values::money::{Money, Quantity};
use crate::values::words::volume_text;

/// Days that prices and rates are read from.
pub const BUYS_DAYS: i64 = 28;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum BuysUnit {
    /// Days at today's mix of everything.
    #[serde(rename = "days")]
    Days,
    /// Millions of tokens of a model, at its mix of directions.
    #[serde(rename = "million tokens")]
    MillionTokens,
    /// Hours of one chip.
    #[serde(rename = "chip-hours")]
    ChipHours,
}

/// What the credit left buys of one thing, if all of it that may pay for it goes there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Buys {
    /// What is counted.
    pub unit: BuysUnit,
    /// The model; null where it is none.
    pub model: Option<String>,
    /// The instance type; null where it is none.
    pub instance_type: Option<String>,
    /// How much of it, at the price of the last 28 days.
    pub amount: Quantity,
    /// For how many days at the rate of the last 28 days, to a tenth.
    pub days: Quantity,
    /// Dollars of credit that may pay for it.
    pub credit: Money,
    /// Whole runs of the size that is filed; null where no run of this type is filed.
    pub runs: Option<u64>,
}

/// What was used of something, and what it cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsedOf {
    /// Millions of tokens, or chip-hours.
    pub quantity: Decimal,
    /// What credit is asked to pay of it.
    pub cost: Money,
}

impl Buys {
    /// What `credit` buys of something of which `used` was used over `days`; `None` where that cost nothing.
    ///
    /// ```
    /// use glidepath_domain::position::buys::{Buys, BuysUnit, UsedOf};
    /// // 28 million tokens for 56 dollars: 2 dollars a million, and 2 dollars a day.
    /// let used = UsedOf { quantity: 28.into(), cost: "56".parse().unwrap() };
    /// let buys = Buys::of(BuysUnit::MillionTokens, "100".parse().unwrap(), &used, 28).unwrap();
    /// assert_eq!((buys.amount.to_string(), buys.days.to_string()), ("50".to_owned(), "50".to_owned()));
    /// ```
    pub fn of(unit: BuysUnit, credit: Money, used: &UsedOf, days: i64) -> Option<Buys> {
        let share = credit.ratio(used.cost).filter(|_| used.cost.is_positive())?;
        // A price of four weeks says no more than that.
        let amount = used.quantity.saturating_mul(share);
        let amount = if amount > Decimal::ONE_HUNDRED { amount.round() } else { amount.round_dp(2) };
        let days = share.saturating_mul(Decimal::from(days)).round_dp(1).normalize();
        let (amount, days) = (Quantity::from_decimal(amount.normalize()), Quantity::from_decimal(days));
        Some(Buys { unit, model: None, instance_type: None, amount, days, credit, runs: None })
    }
}

/// Lines of models and types that a sentence names.
const NAMED: usize = 3;

/// What the credit left buys, in a sentence; `None` where that is not known.
pub fn sentence(buys: &[Buys]) -> Option<String> {
    let days = buys.iter().find(|it| it.unit == BuysUnit::Days)?;
    let line = |it: &Buys| match (it.unit, &it.model, &it.instance_type) {
        (BuysUnit::MillionTokens, Some(model), _) => {
            let tokens = it.amount.amount().saturating_mul(Decimal::from(1_000_000));
            Some(format!("{} tokens of {model}", volume_text(tokens)))
        }
        (BuysUnit::ChipHours, _, Some(name)) => {
            let runs = match it.runs {
                Some(1) => " (one run as filed)".to_owned(),
                Some(runs) => format!(" ({runs} runs as filed)"),
                None => String::new(),
            };
            Some(format!("{} chip-hours of {name}{runs}", volume_text(it.amount.amount())))
        }
        _ => None,
    };
    let lines: Vec<String> = buys.iter().filter_map(line).take(NAMED).collect();
    let alone =
        if lines.is_empty() { String::new() } else { format!("; or, all on one thing, {}", lines.join(", or ")) };
    Some(format!("The credit left buys {} days at today's mix and prices{alone}.", days.amount))
}
