//! The size of the next ask: what credit could have paid lately, gone on for the life of an award, less the credit that is
//! still held; no more than what will find no credit, and no more than the programme still grants.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Step;
use crate::credit::programme::{Programme, Programmes};
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::words::month_text;

/// Full months that an ask rests on.
pub const MONTHS: usize = 3;

/// Months that an award is taken to last. Activate credits live one to two years; the shorter life claims less.
pub const AWARD_MONTHS: i64 = 12;

/// Days of a month, where a level of few days stands for it.
const MONTH_DAYS: i64 = 30;
/// Days that a level which has changed is read from.
pub const LEVEL_DAYS: i64 = 28;
/// Asks are told to the nearest thousand.
const ROUNDED_TO: i64 = 1_000;

/// An ask and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextAsk {
    /// The additional credit to ask for, a multiple of 1,000 dollars unless the programme grants less.
    pub amount: Money,
    /// Spend that credit could pay in an average month, to the cent.
    pub average_month: Money,
    /// Months that an award is taken to last.
    pub award_months: i64,
    /// Credit still held.
    pub held: Money,
    /// The arithmetic, line by line; it ends in the amount.
    pub steps: Vec<Step>,
    /// The programme; null in what an earlier version stored.
    #[serde(default)]
    pub programme: Option<Programme>,
    /// What awards of it are like; null in what an earlier version stored.
    #[serde(default)]
    pub band: Option<Band>,
    /// What it granted so far, every pool of it ever seen.
    #[serde(default)]
    pub already_granted: Money,
}

/// The position's own word on the ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    /// The additional credit to ask for.
    pub amount: Money,
    /// The programme.
    pub programme: Programme,
    /// What awards of it are like.
    pub band: Band,
    /// What it granted so far, every pool of it ever seen.
    pub already_granted: Money,
}

/// What awards of a programme are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Band {
    /// The least that is granted.
    pub floor: Money,
    /// What is usual; null where that is not reported.
    pub typical: Option<Money>,
    /// The most that all awards of it grant; of an AI record, less what other programmes but the accelerator granted.
    pub ceiling: Money,
}

impl NextAsk {
    /// The position's own word on it; `None` for one that an earlier version stored.
    pub fn asked(&self) -> Option<Asked> {
        let (programme, band) = self.programme.zip(self.band)?;
        Some(Asked { amount: self.amount, programme, band, already_granted: self.already_granted })
    }

    /// The ask without the months that it rests on: its arithmetic holds what follows from the amount, the credit held and the
    /// programme alone, so that who may see those learns nothing more.
    #[must_use]
    pub fn without_months(&self) -> NextAsk {
        let mut steps = match self.bound() {
            AskBound::Spend => vec![
                Step::new(
                    format!(
                        "{} months of what credit could pay at the pace of late, rounded with the ask",
                        self.award_months
                    ),
                    self.amount + self.held,
                ),
                Step::new("Less the credit that is left", -self.held),
            ],
            AskBound::Uncovered => vec![Step::new(
                "Usage of the next 365 days that no credit will cover, median, to the nearest 1,000",
                self.amount,
            )],
            AskBound::Programme => {
                let ceiling = self.band.map_or(self.amount + self.already_granted, |band| band.ceiling);
                let mut steps = vec![Step::new("The most that all awards of the programme grant", ceiling)];
                if self.already_granted.is_positive() {
                    steps.push(Step::new("Less what it granted before", -self.already_granted));
                }
                steps
            }
        };
        steps.push(Step::new("The next ask supported", self.amount));
        NextAsk { average_month: Money::ZERO, steps, ..self.clone() }
    }

    /// Which of the figures that bound it the amount is.
    pub fn bound(&self) -> AskBound {
        let of_spend = rounded((self.average_month.times(self.award_months.into()) - self.held).at_least_zero());
        let grantable = self.band.map(|band| (band.ceiling - self.already_granted).at_least_zero());
        match () {
            () if self.amount >= of_spend => AskBound::Spend,
            () if Some(self.amount) == grantable => AskBound::Programme,
            () => AskBound::Uncovered,
        }
    }
}

/// What bounds an ask: the lowest of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskBound {
    /// An average month's spend for the life of an award, less the credit held.
    Spend,
    /// The usage of a year that no credit will cover.
    Uncovered,
    /// What the programme can still grant.
    Programme,
}

/// Why no ask is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoAsk {
    /// Fewer than [`MONTHS`] full months are stored.
    TooFewMonths,
    /// The credit held pays for all that an award would.
    CreditLasts,
    /// The programme has granted all that it can.
    GrantedAll,
    /// It would be less than the programme grants at least.
    BelowFloor,
    /// The account is on AWS's free plan, which no programme takes.
    FreePlan,
}

impl NoAsk {
    /// Half a sentence that gives the reason.
    pub fn because(self, programme: Programme) -> String {
        let label = programme.label();
        match self {
            NoAsk::TooFewMonths => "three full months of spend are not stored yet".to_owned(),
            NoAsk::CreditLasts => "the credit held pays for what recent spend needs".to_owned(),
            NoAsk::GrantedAll => format!("the {label} programme has granted all that it can"),
            NoAsk::BelowFloor => format!("recent spend needs less than the {label} programme grants at least"),
            NoAsk::FreePlan => "no programme takes an account on the free plan".to_owned(),
        }
    }
}

/// What an ask is worked out from.
#[derive(Debug, Clone)]
pub struct Basis<'a> {
    /// Payable spend of full months, oldest first.
    pub months: &'a [(BillingPeriod, Money)],
    /// Payable spend of the last 28 days, where the level changed within the last three full months or after them.
    pub since_change: Option<Money>,
    /// Credit still held.
    pub held: Money,
    /// Usage of the next 365 days that no credit will cover, at the median; `None` until an outlook was made.
    pub uncovered: Option<Money>,
    /// The award that is meant next.
    pub programme: Programme,
    /// What each programme granted so far.
    pub granted: &'a BTreeMap<Programme, Money>,
}

/// Works out the ask.
///
/// # Errors
/// [`NoAsk`].
///
/// ```
/// use std::collections::BTreeMap;
/// use glidepath_domain::credit::programme::Programme;
/// use glidepath_domain::filing::review::next_ask::{Basis, next_ask};
/// let usd = |text: &str| text.parse().unwrap();
/// let month = |text: &str| text.parse().unwrap();
/// let months = [(month("2026-08"), usd("900")), (month("2026-09"), usd("1000")), (month("2026-10"), usd("1100"))];
/// let ask = next_ask(&Basis {
///     months: &months,
///     since_change: None,
///     held: usd("4000"),
///     uncovered: Some(usd("9500")),
///     programme: Programme::AiRecord,
///     granted: &BTreeMap::new(),
/// })
/// .unwrap();
/// assert_eq!(ask.amount, usd("8000")); // 12 x 1000 - 4000
/// ```
pub fn next_ask(basis: &Basis<'_>) -> Result<NextAsk, NoAsk> {
    let first = basis.months.len().checked_sub(MONTHS).ok_or(NoAsk::TooFewMonths)?;
    let months = &basis.months[first..];
    let mut steps = Vec::new();
    let average_month = if let Some(days) = basis.since_change {
        let month = Money::from_decimal(days.per(LEVEL_DAYS).times(MONTH_DAYS.into()).cents());
        steps.push(Step::new(format!("Spend of the last {LEVEL_DAYS} days that credit could pay"), days));
        let why = format!("A month of {MONTH_DAYS} such days, since the level of spend changed");
        steps.push(Step::new(why, month));
        month
    } else {
        let of_month = |(month, spent): &(BillingPeriod, Money)| {
            Step::new(format!("Spend in {} that credit could pay", month_text(*month)), *spent)
        };
        steps.extend(months.iter().map(of_month));
        let sum: Money = months.iter().map(|(_, spent)| *spent).sum();
        let month = Money::from_decimal(sum.per(MONTHS as i64).cents());
        steps.push(Step::new("An average month: their sum, divided by 3, to the cent", month));
        month
    };
    let supported = average_month.times(AWARD_MONTHS.into());
    steps.push(Step::new(format!("Going on for {AWARD_MONTHS} months, the shorter life of an award"), supported));
    steps.push(Step::new("Less the credit that is left", -basis.held));
    let mut amount = supported - basis.held;
    if let Some(uncovered) = basis.uncovered {
        steps.push(Step::new("Usage of the next 365 days that no credit will cover, median", uncovered));
        amount = amount.min(uncovered);
    }
    let amount = rounded(amount.at_least_zero());
    steps.push(Step::new("The lower of the two, to the nearest 1,000", amount));
    let terms = Programmes::builtin().of(basis.programme);
    let ceiling = terms.ceiling(basis.granted);
    let already_granted = basis.granted.get(&basis.programme).copied().unwrap_or_default();
    let grantable = terms.room(basis.granted);
    let label = basis.programme.label();
    steps.push(Step::new(format!("The most that the {label} programme can still grant"), grantable));
    if !amount.is_positive() {
        return Err(NoAsk::CreditLasts);
    }
    if terms.is_held_at_ceiling(basis.granted) || grantable < terms.floor_usd {
        return Err(NoAsk::GrantedAll);
    }
    let amount = amount.min(grantable);
    if amount < terms.floor_usd {
        return Err(NoAsk::BelowFloor);
    }
    steps.push(Step::new("The next ask supported", amount));
    Ok(NextAsk {
        amount,
        average_month,
        award_months: AWARD_MONTHS,
        held: basis.held,
        steps,
        programme: Some(basis.programme),
        band: Some(Band { floor: terms.floor_usd, typical: terms.typical_usd, ceiling }),
        already_granted,
    })
}

fn rounded(amount: Money) -> Money {
    let thousands = amount.per(ROUNDED_TO).amount().round();
    Money::from_decimal(thousands).times(ROUNDED_TO.into())
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

    fn ask(
        amounts: &[&str],
        held: &str,
        change: impl Fn(&mut Basis<'_>),
        granted: &[(Programme, &str)],
    ) -> Result<NextAsk, NoAsk> {
        let granted = granted.iter().map(|(programme, amount)| (*programme, usd(amount))).collect();
        let mut basis = Basis {
            months: &months(amounts),
            since_change: None,
            held: usd(held),
            uncovered: None,
            programme: Programme::AiRecord,
            granted: &granted,
        };
        change(&mut basis);
        next_ask(&basis)
    }

    #[test]
    fn the_lines_lead_to_the_amount() {
        // The newest three of four: 10000.01 + 10000 + 10000, a third is 10000.00 to the cent.
        let found = ask(&["9999", "10000.01", "10000", "10000"], "20400", |_| {}, &[]).unwrap();
        assert_eq!((found.average_month, found.held, found.amount), (usd("10000"), usd("20400"), usd("100000")));
        let amounts: Vec<_> = found.steps.iter().map(|step| step.amount.to_string()).collect();
        assert_eq!(amounts, ["10000.01", "10000", "10000", "10000", "120000", "-20400", "100000", "300000", "100000"]);
        assert_eq!(found.steps[0].label, "Spend in August 2026 that credit could pay");
        assert_eq!(found.bound(), AskBound::Spend);
    }

    #[test]
    fn what_finds_no_credit_bounds_it() {
        let found = ask(&["10000"; 3], "0", |basis| basis.uncovered = Some(usd("80499")), &[]).unwrap();
        assert_eq!((found.amount, found.bound()), (usd("80000"), AskBound::Uncovered));
        assert_eq!(
            ask(&["10000"; 3], "0", |basis| basis.uncovered = Some(usd("499")), &[]),
            Err(NoAsk::CreditLasts),
            "nothing to ask for"
        );
    }

    #[test]
    fn a_level_that_changed_is_the_month() {
        // 28 days at 670 are 18,760; a month of them 20,100.
        let found = ask(&["360", "360", "360"], "0", |basis| basis.since_change = Some(usd("18760")), &[]).unwrap();
        assert_eq!((found.average_month, found.amount), (usd("20100"), usd("241000")));
    }

    #[test]
    fn a_programme_grants_no_more_than_it_does() {
        let much = ["60000"; 3];
        let granted = [(Programme::ActivatePortfolio, "100000"), (Programme::AiRecord, "50000")];
        let found = ask(&much, "0", |_| {}, &granted).unwrap();
        assert_eq!((found.amount, found.already_granted), (usd("150000"), usd("50000")));
        assert_eq!(found.bound(), AskBound::Programme);
        assert_eq!(found.band.unwrap().ceiling, usd("200000"));
        assert_eq!(found.steps.last().unwrap().amount, found.amount);
        let poc = |amounts: &[&str]| ask(amounts, "0", |basis| basis.programme = Programme::BedrockPoc, &[]);
        assert_eq!(poc(&much).unwrap().amount, usd("50000"));
        assert_eq!(poc(&["700"; 3]), Err(NoAsk::BelowFloor), "8,000 is below what a POC grants at least");
        let all = ask(&much, "0", |_| {}, &[(Programme::AiRecord, "300000")]).unwrap_err();
        assert_eq!(all.because(Programme::AiRecord), "the AI record programme has granted all that it can");
        let founders = |granted| ask(&["500"; 3], "0", |basis| basis.programme = Programme::Founders, granted);
        assert_eq!(founders(&[]).unwrap().amount, usd("5000"));
        let outgrown = founders(&[(Programme::ActivatePortfolio, "25000")]);
        assert_eq!(outgrown, Err(NoAsk::GrantedAll), "it is for those who hold no other award");
    }

    #[test]
    fn without_its_months_the_arithmetic_still_leads_to_the_amount() {
        let granted = [(Programme::ActivatePortfolio, "100000"), (Programme::AiRecord, "50000")];
        let spend = ask(&["9999", "10000.01", "10000", "10000"], "20400", |_| {}, &[]).unwrap();
        let uncovered = ask(&["10000"; 3], "0", |basis| basis.uncovered = Some(usd("80499")), &[]).unwrap();
        let programme = ask(&["60000"; 3], "0", |_| {}, &granted).unwrap();
        for (found, expected) in [
            (spend, &["120400", "-20400", "100000"][..]),
            (uncovered, &["80000", "80000"]),
            (programme, &["200000", "-50000", "150000"]),
        ] {
            let told = found.without_months();
            let amounts: Vec<_> = told.steps.iter().map(|step| step.amount.to_string()).collect();
            assert_eq!(amounts, expected);
            assert_eq!((told.amount, told.average_month), (found.amount, Money::ZERO));
        }
    }

    #[test]
    fn enough_credit_supports_no_ask_and_two_months_are_not_enough() {
        assert_eq!(ask(&["10"; 3], "120", |_| {}, &[]), Err(NoAsk::CreditLasts));
        assert_eq!(ask(&["10000"; 2], "0", |_| {}, &[]), Err(NoAsk::TooFewMonths));
    }
}
