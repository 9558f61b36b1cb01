//! Credit that AWS has yet to apply.
//!
//! AWS settles credit with the monthly bill. Its Credit rows mostly come with the usage, and now and then late: a week, for a
//! whole month at once when the bill closes, or from the first of the month on for a credit that was issued inside it. Until
//! the bill is closed, usage that a credit with money in it pays is no cash because its row is missing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::ledger::{Drawdown, Ledger};
use super::reconcile::left_on;
use crate::credit::rows::credit_rows;
use crate::credit::{CreditPool, StatementSource};
use crate::facts::Facts;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange, plus_days};

/// Days over which a pool's dearest day is looked for.
const PEAK_DAYS: i64 = 7;
/// Days of usage that AWS's estimate may know before Cost Explorer shows them.
const AHEAD_DAYS: i64 = 2;

/// What replay draws of open bills and AWS has not applied yet: of complete days without any Credit row all of it, of others
/// what the rows lack of a service that they once paid whole. A credit that is used up leaves such days too, so where AWS's
/// balances say that replay leaves too much in a pool, it is no more than AWS states to be left.
pub fn awaited(ledger: &Ledger, facts: &Facts, span: DayRange) -> Vec<Drawdown> {
    let mut rows: BTreeMap<(NaiveDate, &str), Money> = BTreeMap::new();
    for (service, day, amount) in credit_rows(facts).filter(|(_, _, amount)| !amount.is_zero()) {
        *rows.entry((day, service)).or_default() += amount;
    }
    let credited: BTreeSet<NaiveDate> = rows.keys().map(|(day, _)| *day).collect();
    let service = |draw: &Drawdown| ledger.streams[draw.stream].service.as_str();
    let whole = paid_whole(ledger, &rows, span);
    let today = facts.as_of.date_naive();
    let open = |draw: &&Drawdown| {
        span.contains(draw.day)
            && (!credited.contains(&draw.day) || whole.contains(service(draw)))
            && !facts.bill_closed(BillingPeriod::of(draw.day), today)
            && names(&ledger.pools[draw.pool], service(draw))
    };
    // AWS may pay another service first than replay does, so a day as a whole lacks no more than it was paid less.
    let mut of_day: BTreeMap<NaiveDate, Money> = BTreeMap::new();
    for draw in ledger.drawdowns.iter().filter(|draw| span.contains(draw.day)) {
        *of_day.entry(draw.day).or_default() += draw.amount;
    }
    for ((day, _), shown) in &rows {
        *of_day.entry(*day).or_default() -= *shown;
    }
    let mut short = Vec::new();
    for draw in ledger.drawdowns.iter().filter(open) {
        let shown = rows.entry((draw.day, service(draw))).or_default();
        let applied = draw.amount.min(shown.at_least_zero());
        *shown -= applied;
        let of_day = of_day.entry(draw.day).or_default();
        let amount = (draw.amount - applied).min(of_day.at_least_zero());
        *of_day -= amount;
        short.push(Drawdown { amount, ..*draw });
    }
    // A cent here and there is how AWS rounds.
    let missing = |draw: &Drawdown| draw.amount > Money::ONE || !credited.contains(&draw.day);
    short.retain(|draw| draw.amount.is_positive() && missing(draw));
    // Where no row ever showed, a balance that has moved says that AWS applies credit without showing it.
    let counts = |pool: &CreditPool| !credited.is_empty() || stated_left(pool) == pool.granted;
    let room = |(pool, credit): (usize, &CreditPool)| {
        let since = short.iter().filter(|draw| draw.pool == pool).map(|draw| draw.day).min();
        match since {
            Some(since) if counts(credit) && drawn_as_stated(ledger, facts, pool, since) => credit.granted,
            Some(_) if counts(credit) => stated_left(credit),
            _ => Money::ZERO,
        }
    };
    let mut room: Vec<Money> = ledger.pools.iter().enumerate().map(room).collect();
    let waiting = short.into_iter().filter_map(|draw| {
        let amount = draw.amount.min(room[draw.pool]);
        room[draw.pool] -= amount;
        amount.is_positive().then_some(Drawdown { amount, ..draw })
    });
    waiting.collect()
}

/// Services of which the Credit rows of some day of `span` show all that replay draws.
fn paid_whole<'l>(ledger: &'l Ledger, rows: &BTreeMap<(NaiveDate, &str), Money>, span: DayRange) -> BTreeSet<&'l str> {
    let mut drawn: BTreeMap<(NaiveDate, &str), Money> = BTreeMap::new();
    for draw in ledger.drawdowns.iter().filter(|draw| span.contains(draw.day)) {
        *drawn.entry((draw.day, ledger.streams[draw.stream].service.as_str())).or_default() += draw.amount;
    }
    let whole = |(key, drawn): &(&(NaiveDate, &str), &Money)| {
        **drawn > Money::ONE && rows.get(*key).is_some_and(|shown| *shown > **drawn - Money::ONE)
    };
    drawn.iter().filter(whole).map(|((_, service), _)| *service).collect()
}

/// True if AWS states the balance of a pool, and at no time from the day `since` on less than what replay leaves, but for the
/// usage that it may know first.
pub fn drawn_as_stated(ledger: &Ledger, facts: &Facts, pool: usize, since: NaiveDate) -> bool {
    let credit = &ledger.pools[pool];
    let newest = credit.stated.filter(|stated| stated.source != StatementSource::Recorded);
    let Some(newest) = newest.map(|stated| (stated.at, stated.amount)) else { return false };
    let earlier = facts.stated.iter().filter(|stated| stated.credit_id == credit.id && stated.at >= since);
    let mut stated = earlier.map(|stated| (stated.at, stated.amount)).chain([newest]);
    stated.all(|(at, amount)| {
        amount + peak(ledger, pool, at).times(AHEAD_DAYS.into()) + Money::ONE >= left_on(ledger, pool, at)
    })
}

/// The most that replay draws from a pool on one of the days up to `at`.
fn peak(ledger: &Ledger, pool: usize, at: NaiveDate) -> Money {
    let days = DayRange::new(plus_days(at, -PEAK_DAYS), plus_days(at, 1));
    let mut drawn: BTreeMap<NaiveDate, Money> = BTreeMap::new();
    for draw in ledger.drawdowns.iter().filter(|draw| draw.pool == pool && days.contains(draw.day)) {
        *drawn.entry(draw.day).or_default() += draw.amount;
    }
    drawn.into_values().max().unwrap_or_default()
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
