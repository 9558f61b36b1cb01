//! The newest balance of each pool: AWS's own, one derived from AWS's balance after closed bills, or one typed in.
//!
//! AWS states two balances. The one after open bills too is the one to count on, and it is missing now and then. Then
//! what the credit has paid of open bills is taken off the one after closed bills, which early in a month still holds
//! all of the month before.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::ledger::Ledger;
use crate::credit::{CreditPool, Statement, StatementSource};
use crate::facts::Facts;
use crate::facts::credits::SeenCredit;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange, plus_days};

/// The newest statement of every pool, in the order of [`Ledger::pools`]. AWS's counts before one typed in for the same
/// day.
pub fn statements(facts: &Facts, ledger: &Ledger) -> Vec<Option<Statement>> {
    let typed_in = newest_recorded(facts);
    let newest = |(pool, credit): (usize, &CreditPool)| {
        let seen = facts.credits.iter().find(|seen| seen.snapshot.credit_id == credit.id);
        let listed = seen.and_then(|seen| listed(facts, ledger, pool, seen));
        let typed_in = typed_in.get(credit.id.as_str()).copied();
        match (listed, typed_in) {
            (Some(listed), Some(typed_in)) if listed.at < typed_in.at => Some(typed_in),
            (listed, typed_in) => listed.or(typed_in),
        }
    };
    ledger.pools.iter().enumerate().map(newest).collect()
}

/// Per pool the newest balance typed in. Of two for the same day the later one counts: it corrects the earlier.
fn newest_recorded(facts: &Facts) -> BTreeMap<&str, Statement> {
    let mut newest: BTreeMap<&str, Statement> = BTreeMap::new();
    for recorded in &facts.recorded {
        let typed_in = Statement { amount: recorded.amount, at: recorded.at, source: StatementSource::Recorded };
        let known = newest.entry(recorded.pool.as_str()).or_insert(typed_in);
        if known.at <= typed_in.at {
            *known = typed_in;
        }
    }
    newest
}

/// What AWS's newest list says of a credit.
fn listed(facts: &Facts, ledger: &Ledger, pool: usize, seen: &SeenCredit) -> Option<Statement> {
    let at = seen.seen_on;
    if let Some(amount) = seen.snapshot.estimated {
        return Some(Statement { amount, at, source: StatementSource::Aws });
    }
    let remaining = seen.snapshot.remaining?;
    let this_month = BillingPeriod::of(at);
    let open = [this_month.previous(), this_month].into_iter().filter(|month| !facts.bill_closed(*month, at));
    let paid: Money = open.map(|month| paid_of_open_bill(facts, ledger, pool, month, at)).sum();
    Some(Statement { amount: (remaining - paid).at_least_zero(), at, source: StatementSource::Derived })
}

/// What a pool has paid of an open bill through the day `at`: by AWS's allocation history, which names the credit, where
/// its newest answer shows the month; else by replay. The Credit rows of Cost Explorer name no credit.
fn paid_of_open_bill(facts: &Facts, ledger: &Ledger, pool: usize, month: BillingPeriod, at: NaiveDate) -> Money {
    let mut rows = facts.allocations.iter().filter(|row| row.month == month).peekable();
    // After an answer that failed, the stored history may be of another day than the balance.
    if facts.credits_outcome.problem().is_none() && rows.peek().is_some() {
        let id = &ledger.pools[pool].id;
        return rows.filter(|row| row.credit_id == *id).map(|row| row.amount).sum();
    }
    let days = month.range().intersect(DayRange::new(month.first_day(), plus_days(at, 1)));
    let draws = ledger.drawdowns.iter().filter(|draw| draw.pool == pool && days.contains(draw.day));
    draws.map(|draw| draw.amount).sum()
}
