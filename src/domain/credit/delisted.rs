//! Credits that AWS listed and lists no more.
//!
//! AWS lists a credit for a year after its start, whether it holds money or not, and may leave one out of a list once. So a
//! credit is gone once two lists lack it, unless it is too old to be listed, its services still show credit that no listed one
//! explains, or somebody typed in what is left of it since.

use crate::credit::Delisted;

use crate::credit::CreditPool;
use crate::credit::rows::credit_rows;
use crate::facts::Facts;
use crate::facts::credits::SeenCredit;
use crate::values::period::plus_days;

/// How many lists in a row lack a credit that is gone.
const LISTS: u32 = 2;
/// How far back AWS is asked for credits, by their start: it refuses more than a year.
pub const ASKED_DAYS: i64 = 364;

/// Says of the pools that AWS has listed, in the order of `pools`, which it lists no more.
pub fn delisted(facts: &Facts, pools: &[CreditPool]) -> Vec<Option<Delisted>> {
    let today = facts.as_of.date_naive();
    let missing = |pool: &CreditPool| {
        let seen = facts.credits.iter().find(|seen| seen.snapshot.credit_id == pool.id)?;
        (seen.missing_from >= LISTS && seen.snapshot.expires_on > today).then_some(seen)
    };
    let still_listed: Vec<&CreditPool> = pools.iter().filter(|pool| missing(pool).is_none()).collect();
    let through = facts.data_through();
    let pays_still = |pool: &CreditPool| {
        let mut newest = credit_rows(facts).filter(|(_, day, amount)| Some(*day) == through && amount.is_positive());
        newest.any(|(service, day, _)| {
            let explained = |other: &&CreditPool| other.window().contains(day) && other.pays(service);
            pool.pays(service) && !still_listed.iter().any(explained)
        })
    };
    let goes_on = |pool: &CreditPool, seen: &SeenCredit| {
        let typed_in = facts.recorded.iter().any(|balance| balance.pool == pool.id && balance.at >= seen.seen_on);
        typed_in || seen.snapshot.starts_on < plus_days(today, -ASKED_DAYS) || pays_still(pool)
    };
    let of = |pool| missing(pool).map(|seen| Delisted { last_listed_on: seen.seen_on, gone: !goes_on(pool, seen) });
    pools.iter().map(of).collect()
}
