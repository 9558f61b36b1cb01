//! Credit that AWS has yet to apply.
//!
//! AWS settles credit with the monthly bill. Its Credit rows mostly come with the usage, and now and then late: a week, for a
//! whole month at once when the bill closes, or from the first of the month on for a credit that was issued inside it. Until
//! the bill is closed, usage that a credit with money in it pays is no cash because its row is missing.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::credit::{CreditPool, StatementSource};
use super::facts::Facts;
use super::ledger::{Drawdown, Ledger};
use super::money::Money;
use super::period::{BillingPeriod, DayRange};
use super::pools::credit_rows;

/// What replay draws of open bills and AWS has not applied yet: of the complete days without any Credit row. Of a pool it
/// is no more than AWS states to be left, since a credit that is used up leaves such days too.
pub fn awaited(ledger: &Ledger, facts: &Facts, span: DayRange) -> Vec<Drawdown> {
    let credited: BTreeSet<NaiveDate> =
        credit_rows(facts).filter(|(_, _, amount)| !amount.is_zero()).map(|(_, day, _)| day).collect();
    let today = facts.as_of.date_naive();
    // Where no row ever showed, a balance that has moved says that AWS applies credit without showing it.
    let counts = |pool: &&CreditPool| !credited.is_empty() || stated_left(pool) == pool.granted;
    let mut room: Vec<Money> =
        ledger.pools.iter().map(|pool| Some(pool).filter(counts).map(stated_left).unwrap_or_default()).collect();
    let open = |draw: &&Drawdown| {
        span.contains(draw.day)
            && !credited.contains(&draw.day)
            && !facts.bill_closed(BillingPeriod::of(draw.day), today)
            && names(&ledger.pools[draw.pool], &ledger.streams[draw.stream].service)
    };
    let waiting = ledger.drawdowns.iter().filter(open).filter_map(|draw| {
        let amount = draw.amount.min(room[draw.pool]);
        room[draw.pool] -= amount;
        amount.is_positive().then_some(Drawdown { amount, ..*draw })
    });
    waiting.collect()
}

/// What AWS says is left; nothing where it does not say, or somebody else does.
fn stated_left(pool: &CreditPool) -> Money {
    match pool.stated {
        Some(stated) if stated.source != StatementSource::Recorded => stated.amount.at_least_zero(),
        _ => Money::ZERO,
    }
}

/// Whether the pool is known to pay for the service. One without a list may pay it or not.
fn names(pool: &CreditPool, service: &str) -> bool {
    pool.lists(service) || pool.also_pays.contains(service)
}
