//! Asks the outlook about a life as it was known on a day, and holds the answer against what came.

use chrono::NaiveDate;
use glidepath::domain::billing::daily_cost::DailyCost;
use glidepath::domain::credit::{CreditPool, EligibleServices};
use glidepath::domain::forecast::Evidence;
use glidepath::domain::outlook::{Changes, MonthSoFar, Outlook, OutlookInputs, outlook_along};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::plus_days;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;

use super::life::Life;

/// Random paths of these outlooks: a fifth of the usual number, which moves no quantile by much.
const PATHS: usize = 200;
/// Beyond so many days there is no date.
pub const LIMIT: i64 = 365;

/// An answer beside the truth. Days count from the last known one.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Credit left.
    pub credit: f64,
    /// Mean cost per day over the last 28 known days, or the last 91 if that is more.
    pub pace: f64,
    /// The day that credit ends; `None` beyond what was drawn.
    pub ends: Option<i64>,
    /// What was said of that day at 10, 50 and 90 %.
    pub said: [Option<i64>; 3],
    /// Spend of 30 and of 90 days, and the odds told for it.
    pub totals: [Total; 2],
    /// Spend through the nearer of 90 days and the last day that odds are told for.
    pub told: Total,
    /// Uncovered spend of a year at 90 %.
    pub uncovered_p90: Option<f64>,
}

impl Answer {
    /// True if credit ends between the dates of 10 and 90 %.
    pub fn date_held(&self) -> bool {
        let ends = self.ends.unwrap_or(LIMIT + 1).min(LIMIT + 1);
        self.said[0].unwrap_or(LIMIT + 1) <= ends && ends <= self.said[2].unwrap_or(LIMIT + 1)
    }
}

/// Spend over some days.
#[derive(Debug, Clone, Copy)]
pub struct Total {
    /// Days.
    pub days: i64,
    /// What came.
    pub came: f64,
    /// What was said at 10, 50 and 90 %.
    pub said: [f64; 3],
    /// False where words are told in place of the odds.
    pub told: bool,
}

impl Total {
    /// True if what came lies within the odds that were told.
    pub fn held(&self) -> bool {
        self.told && self.said[0] <= self.came && self.came <= self.said[2]
    }

    /// Width of the odds.
    pub fn width(&self) -> f64 {
        self.said[2] - self.said[0]
    }
}

/// Asks about `life` when `known` days are known and the credit left pays for `lasts` average days of what comes.
pub fn ask(life: &Life, known: usize, lasts: usize, evidence: &Evidence) -> Answer {
    let (past, future) = (life.past(known), life.future(known));
    let credit = (future.iter().sum::<f64>() / future.len() as f64 * lasts as f64).max(1.0);
    let outlook = outlook_of(life, past, credit, evidence);
    let mean = |days: usize| {
        let newest = &past[known.saturating_sub(days)..];
        newest.iter().sum::<f64>() / days as f64
    };
    let through = plus_days(life.first, known as i64 - 1);
    let ahead = |day: Option<NaiveDate>| day.map(|day| (day - through).num_days());
    let total = |days: i64| {
        let last = plus_days(through, days);
        let band = outlook.cumulative.iter().find(|band| band.day == last).expect("a judged day");
        Total {
            days,
            came: future[..days as usize].iter().sum(),
            said: [band.p10, band.p50, band.p90].map(Money::to_chart),
            told: outlook.reaches.is_none_or(|reaches| last <= reaches),
        }
    };
    let dates = outlook.exhaustion;
    let reached = outlook.cumulative.iter().map(|band| (band.day - through).num_days());
    let told_through = reached
        .filter(|days| *days <= 90 && outlook.reaches.is_none_or(|last| plus_days(through, *days) <= last))
        .max();
    let told_through = told_through.expect("a fortnight is always told");
    Answer {
        credit,
        pace: mean(28).max(mean(91)),
        ends: ends(&future, credit),
        said: [dates.p10, dates.p50, dates.p90].map(ahead),
        totals: [total(30), total(90)],
        told: total(told_through),
        uncovered_p90: outlook.uncovered.p90.map(Money::to_chart),
    }
}

/// The first day on which more than a dollar finds no credit, counted from 1.
pub fn ends(future: &[f64], credit: f64) -> Option<i64> {
    let mut left = credit;
    for (at, cost) in future.iter().enumerate() {
        left -= cost;
        if left.min(0.0).max(-cost.max(0.0)) < -1.0 {
            return Some(at as i64 + 1);
        }
    }
    None
}

/// The outlook that is made of `past` while one credit of so many dollars is left.
pub fn outlook_of(life: &Life, past: &[f64], credit: f64, evidence: &Evidence) -> Outlook {
    let service = "Amazon Bedrock";
    let through = plus_days(life.first, past.len() as i64 - 1);
    let money = |dollars: f64| Money::from_decimal(Decimal::from_f64(dollars).unwrap_or_default().round_dp(6));
    let recurring: Vec<DailyCost> = (0..)
        .zip(past)
        .filter(|(_, cost)| **cost != 0.0)
        .map(|(at, cost)| DailyCost::payable(plus_days(life.first, at), service, life.workload, money(*cost)))
        .collect();
    let expires = plus_days(through, 2_000);
    let pools = [CreditPool::new("credit", money(credit), life.first, expires, EligibleServices::Unknown)];
    let inputs = OutlookInputs {
        pools: &pools,
        balances: &[money(credit)],
        recurring: &recurring,
        at_least: &[],
        first_day: life.first,
        data_through: through,
        month_so_far: MonthSoFar::default(),
        tax_rate: None,
        planned: &[],
        evidence,
        changes: Changes::default(),
    };
    outlook_along(&inputs, PATHS)
}
