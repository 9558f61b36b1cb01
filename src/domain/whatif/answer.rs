//! What a scenario changes: two outlooks of the same seed, compared.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::adjust::{Adjusted, adjust};
use super::change::{Award, Change, Training};
use super::refused::Refused;
use super::{Base, Scenario};
use crate::billing::daily_cost::DailyCost;
use crate::credit::CreditPool;
use crate::facts::plan::What;
use crate::outlook::{BillOutlook, Gain, Outlook, first_full_month, horizon_end};
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, plus_days};
use crate::values::purchase::{Lets, Purchase};
use crate::values::quantiles::DateQuantiles;
use crate::values::words::{day_text, days_text, month_text, usd_text};

/// What a scenario buys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The changes, as flags and texts.
    pub changes: Vec<(String, String)>,
    /// When credit runs out.
    pub runway: Runway,
    /// The first full month after credits as they are now; where they outlast the outlook, its last month.
    pub bill: Option<BillBeforeAfter>,
    /// What changes in an average full month ahead.
    pub per_month: PerMonth,
    /// Recurring cost of the last 28 complete days as billed, in US dollars.
    pub last_days_before: Money,
    /// The same as it would have been.
    pub last_days_after: Money,
    /// What spoils it: cost that no credit pays, days that are bought with cash, an award that comes too late.
    pub warnings: Vec<String>,
    /// What was taken to be so.
    pub assumptions: Vec<String>,
}

/// The exhaustion dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Runway {
    /// As things are.
    pub before: DateQuantiles,
    /// After the changes.
    pub after: DateQuantiles,
    /// Days between the two.
    pub gained: Gained,
    /// As things are, if spend goes as filed; null = nothing is filed, or not within 365 days.
    #[serde(default)]
    pub as_filed_before: Option<NaiveDate>,
    /// The same after the changes.
    #[serde(default)]
    pub as_filed_after: Option<NaiveDate>,
}

/// Days gained at 10, 50 and 90 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gained {
    /// By the early date.
    pub p10: Gain,
    /// By the middle date.
    pub p50: Gain,
    /// By the late date.
    pub p90: Gain,
}

/// One month's bill, on the middle path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthBill {
    /// Before credit.
    pub gross: Money,
    /// Paid by credit.
    pub covered: Money,
    /// Tax; null without a rate in config.
    pub tax: Option<Money>,
    /// To be paid.
    pub cash: Money,
}

impl From<&BillOutlook> for MonthBill {
    fn from(bill: &BillOutlook) -> MonthBill {
        MonthBill { gross: bill.gross, covered: bill.covered, tax: bill.tax, cash: bill.cash }
    }
}

/// The same month twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillBeforeAfter {
    /// The month.
    pub month: BillingPeriod,
    /// As things are.
    pub before: MonthBill,
    /// After the changes.
    pub after: MonthBill,
}

/// Change in an average full month ahead, in US dollars; negative = saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PerMonth {
    /// Before credit.
    pub gross: Money,
    /// To be paid.
    pub cash: Money,
}

impl PerMonth {
    /// True if more is to be paid; less than a dollar a month is rounding.
    pub fn costs_cash(self) -> bool {
        self.cash >= Money::ONE
    }
}

/// Answers a scenario; `before` is the outlook of the inputs as they are.
///
/// # Errors
/// [`Refused`] with everything that has no price, no tokens, or lies outside the days looked at.
pub fn answer(base: &Base, before: &Outlook, scenario: &Scenario) -> Result<Answer, Refused> {
    let adjusted = adjust(base, scenario)?;
    let after = adjusted.outlook(base);
    let written = scenario.iter().map(Change::written).map(|(name, text)| (name.to_owned(), text));
    let (runway, per_month) = (runway(base, before, &after), per_month(before, &after));
    Ok(Answer {
        changes: written.collect(),
        warnings: warnings(base, before, scenario, &adjusted, (&runway, per_month)),
        runway,
        bill: bill(before, &after),
        per_month,
        last_days_before: last_days(base, base.inputs.recurring),
        last_days_after: last_days(base, &adjusted.recurring),
        assumptions: assumptions(base, scenario, &adjusted),
    })
}

fn runway(base: &Base, before: &Outlook, after: &Outlook) -> Runway {
    let filed = |outlook: &Outlook| outlook.as_filed.as_ref().and_then(|filed| filed.exhaustion);
    let (as_filed_before, as_filed_after) = (filed(before), filed(after));
    let (before, after) = (before.exhaustion, after.exhaustion);
    let end = horizon_end(base.inputs.data_through);
    let gained = Gained {
        p10: Gain::of(before.p10, after.p10, end),
        p50: Gain::of(before.p50, after.p50, end),
        p90: Gain::of(before.p90, after.p90, end),
    };
    Runway { before, after, gained, as_filed_before, as_filed_after }
}

fn bill(before: &Outlook, after: &Outlook) -> Option<BillBeforeAfter> {
    let first_full = before.exhaustion.p50.map(first_full_month);
    let bill = before.bills.iter().find(|bill| Some(bill.month) == first_full).or(before.bills.last())?;
    let same = after.bills.iter().find(|other| other.month == bill.month)?;
    Some(BillBeforeAfter { month: bill.month, before: bill.into(), after: same.into() })
}

/// The running month is left out: part of it is billed already.
fn per_month(before: &Outlook, after: &Outlook) -> PerMonth {
    let full = before.bills.iter().zip(&after.bills).skip(1);
    let months = i64::try_from(full.clone().count()).unwrap_or(0);
    if months == 0 {
        return PerMonth::default();
    }
    let mean = |of: fn(&BillOutlook) -> Money| {
        let sum: Money = full.clone().map(|(before, after)| of(after) - of(before)).sum();
        Money::from_decimal(sum.amount() / Decimal::from(months))
    };
    PerMonth { gross: mean(|bill| bill.gross), cash: mean(|bill| bill.cash) }
}

fn last_days(base: &Base, costs: &[DailyCost]) -> Money {
    let days = base.prices.implied.range;
    costs.iter().filter(|cost| days.contains(cost.day)).map(|cost| cost.payable + cost.other).sum()
}

/// What a reader of the days alone would miss.
fn warnings(
    base: &Base,
    before: &Outlook,
    scenario: &Scenario,
    adjusted: &Adjusted,
    (runway, per_month): (&Runway, PerMonth),
) -> Vec<String> {
    let mut said: Vec<String> =
        adjusted.moved_to.iter().filter_map(|service| unpaid(base, adjusted, service)).collect();
    if let Some(days) = runway.gained.p50.days.filter(|days| *days > 0 && per_month.costs_cash()) {
        let (days, cash) = (days_text(days), usd_text(per_month.cash));
        said.push(format!(
            "Credit lasts {days} longer because more is paid in cash: {cash} more in an average month ahead."
        ));
    }
    said.extend(scenario.iter().filter_map(|change| late(before, change)));
    said
}

/// Cost that comes to a service which no credit pays lengthens the life of credit, by leaving it unused.
fn unpaid(base: &Base, adjusted: &Adjusted, service: &str) -> Option<String> {
    let first = plus_days(base.inputs.data_through, 1);
    let live = |(pool, left): &(&CreditPool, &Money)| **left >= Money::ONE && first < pool.window().end;
    let live: Vec<&CreditPool> =
        adjusted.pools.iter().zip(&adjusted.balances).filter(live).map(|(pool, _)| pool).collect();
    // An award of the question pays what the question says it pays.
    let asked = |pool: &CreditPool| adjusted.landed.contains(&pool.id) && pool.pays(service);
    let named = |pool: &CreditPool| pool.lists(service) || pool.also_pays.contains(service);
    let on_demand = |pool: &CreditPool| pool.purchases.lets(Purchase::OnDemand) == Lets::Yes;
    let known = |pool: &&CreditPool| named(pool) && on_demand(pool) || asked(pool);
    if live.is_empty() || live.iter().any(known) {
        return None;
    }
    let may_pay = live.iter().filter(|pool| pool.pays_purchase(service, Purchase::OnDemand));
    let vague: Vec<&str> = may_pay.map(|pool| pool.name.as_str()).collect();
    Some(if vague.is_empty() {
        format!("No credit held pays for {service}: what goes there is cash from the first day.")
    } else {
        let pools = vague.join(", ");
        format!(
            "Whether credit pays for {service} is unknown, because {pools} comes without a list of services; it is taken to pay."
        )
    })
}

fn assumptions(base: &Base, scenario: &Scenario, adjusted: &Adjusted) -> Vec<String> {
    let days = base.prices.implied.range;
    let mut said = vec![format!(
        "Tokens are those of {} to {}; a price is the bill's where it shows enough of it, else the price book's. The past is \
         scaled as these days change, and both outlooks draw the same random numbers.",
        day_text(days.start),
        day_text(plus_days(days.end, -1))
    )];
    said.extend(scenario.iter().map(words));
    if !adjusted.left_out.is_empty() {
        let models: Vec<&str> = adjusted.left_out.iter().map(String::as_str).collect();
        said.push(format!(
            "No price is known for what the tokens of {} would become: they stay as they are.",
            models.join(", ")
        ));
    }
    if !adjusted.landed.is_empty() {
        said.push(
            "Days are counted on what the credit held now could pay: what only a new award pays lowers the bill and moves no \
             date."
                .to_owned(),
        );
    }
    let support = base.inputs.recurring.iter().any(|cost| !cost.other.is_zero());
    if support && adjusted.recurring.as_slice() != base.inputs.recurring {
        said.push(
            "Support fees stay as they are, although a plan that is a share of the bill would follow it.".to_owned(),
        );
    }
    let mut seen = BTreeSet::new();
    said.retain(|sentence| seen.insert(sentence.clone()));
    said
}

fn words(change: &Change) -> String {
    match change {
        Change::Switch { from, to } => format!(
            "{to} needs as many tokens as {from} for the same work; whether it does the work as well is not asked."
        ),
        Change::CacheHits { .. } => {
            "Prompts stay as long as they are, and as many are written to the cache as now.".to_owned()
        }
        Change::Batch { .. } => {
            "Work in batch keeps its cache hits; it is answered within a day instead of at once.".to_owned()
        }
        Change::Growth(_) => "Growth comes on top of what is forecast, for all spend but support.".to_owned(),
        Change::Train(training) => train_words(training),
        Change::Award(award) => award_words(award),
        Change::Launch(launch) => format!(
            "{}, from {} on and for as long as is looked ahead, on top of what is forecast and planned.",
            capital(&What::Launch(launch.volume.clone()).to_string()),
            day_text(launch.on)
        ),
    }
}

/// The sentence with its first letter large.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// An award that comes when credit is gone buys no day without a gap, however large it is.
fn late(before: &Outlook, change: &Change) -> Option<String> {
    let Change::Award(award) = change else { return None };
    let gone = before.exhaustion.p50.filter(|gone| *gone < BillingPeriod::of(award.from).first_day())?;
    Some(format!(
        "The award comes too late for the middle date: credit is gone by {}, and from then until {} the bill is cash. To \
         bridge the gap, it would have to land in {} or before.",
        day_text(gone),
        day_text(BillingPeriod::of(award.from).first_day()),
        month_text(BillingPeriod::of(gone))
    ))
}

fn train_words(training: &Training) -> String {
    let Training { instance_type, chip_hours, on, days, repeats, every } = training;
    let runs = if *repeats == 1 { "once".to_owned() } else { format!("{repeats} times, every {every} days") };
    let (length, on) = (days_text(i64::from(*days)), day_text(*on));
    format!(
        "Training takes {chip_hours} chip-hours of {instance_type} over {length} from {on} on, {runs}, on top of the runs that the \
         past lets expect; what lies beyond a year is left out."
    )
}

fn award_words(award: &Award) -> String {
    let pays = match &award.services {
        Some(names) => names.join(", "),
        None => "everything that credit can pay".to_owned(),
    };
    format!(
        "{} lands on {}, pays {pays} from the first of that month and nothing from {} on.",
        award.amount.dollars(),
        day_text(award.from),
        day_text(award.until)
    )
}
