//! The first bill that takes real cash.

use super::input::IngestHealth;
use super::settings::AlertRules;
use crate::alert::input::data_day;
use crate::alert::key::key;
use crate::outlook::monthly_bill::MonthlyBill;
use crate::position::finding::{Finding, Rule, Severity};
use crate::position::observations::Observations;
use crate::position::{Bills, Position};
use crate::values::words::{day_text, month_text, percent_text, usd_text};

/// The first month of the trajectory whose cash counts, once it is near: by amount and by its share of the gross, so that
/// a support fee beside a covered bill is none.
pub(super) fn first_cash(
    position: &Position,
    health: &IngestHealth,
    observations: &Observations,
    rules: &AlertRules,
) -> Option<Finding> {
    // Months ahead are then shown as if no credit were left, which nobody said.
    if position.paying_unlisted().is_some() || position.free_plan().is_some() {
        return None;
    }
    let bill = first_bill(position, rules)?;
    let key = key(Rule::FirstCash, "bill");
    let reach = observations.reach(&key, Severity::Warning, position, rules);
    if bill.month.first_day() > reach {
        return None;
    }
    let tax = if bill.tax.is_some() { "with tax" } else { "before tax" };
    let share = bill
        .cash
        .ratio(bill.gross)
        .map_or_else(String::new, |share| format!(", {} of what is used", percent_text(share.min(1.into()))));
    Some(Finding {
        named: None,
        rule: Rule::FirstCash,
        severity: Severity::Warning,
        key,
        since: data_day(health),
        summary: format!(
            "The bill of {} takes real cash: about {} {tax}{share}. It is to be paid at the start of {}.",
            month_text(bill.month),
            usd_text(bill.cash),
            month_text(bill.month.next())
        ),
        reason: format!(
            "{} \"The bill by month\" on the page has the months after. Next: have {} ready on the payment card by {}, or \
             move work to services that credit pays.",
            match bill.odds() {
                Some((low, high)) => {
                    format!("How sure: an 80 % chance of {} to {}.", usd_text(low), usd_text(high))
                }
                None => "How sure: it is too early to give a range.".to_owned(),
            },
            usd_text(bill.cash),
            day_text(bill.month.next().first_day())
        ),
    })
}

impl AlertRules {
    /// The bills that take cash, of a position of which all else is known.
    pub fn bills(&self, position: &Position) -> Bills {
        let bills_cash = position.paying_unlisted().is_none() && position.free_plan().is_none();
        let first = bills_cash.then(|| first_bill(position, self)).flatten();
        Bills {
            first_cash_month: first.map(|bill| bill.month),
            first_full_month: position.first_full_month(),
            cash_per_day: position.bills.cash_per_day.filter(|_| position.free_plan().is_none()),
        }
    }
}

/// True if the finding over all pools says the same: the cash comes because credit ends.
pub(super) fn follows_exhaustion(position: &Position, rules: &AlertRules) -> bool {
    let end = position.exhaustion.total.p10.or(position.exhaustion.total.p50);
    end.zip(first_bill(position, rules)).is_some_and(|(end, bill)| end < bill.month.next().first_day())
}

fn first_bill<'p>(position: &'p Position, rules: &AlertRules) -> Option<&'p MonthlyBill> {
    position.trajectory.iter().find(|bill| is_real_cash(bill, rules))
}

/// True if the cash of a bill counts.
pub(super) fn is_real_cash(bill: &MonthlyBill, rules: &AlertRules) -> bool {
    bill.cash.is_positive()
        && bill.cash >= rules.first_cash_usd
        && bill.cash.ratio(bill.gross).is_none_or(|share| share >= rules.first_cash_share)
}
