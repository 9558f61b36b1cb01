//! Credits that AWS listed and lists no more.
//!
//! AWS lists a credit for a year after its start, whether it holds money or not, and may leave one out of a list once. So a
//! credit is gone once two lists lack it, unless it is too old to be listed, its services still show credit that no listed one
//! explains, or somebody typed in what is left of it since.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::credit::CreditPool;
use super::facts::{Facts, SeenCredit};
use super::period::plus_days;
use super::pools::credit_rows;
use super::position::{PoolPosition, Position};
use super::words::day_text;

/// How many lists in a row lack a credit that is gone.
const LISTS: u32 = 2;
/// How far back AWS is asked for credits, by their start: it refuses more than a year.
pub const ASKED_DAYS: i64 = 364;

/// That AWS lists a credit no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delisted {
    /// Newest day on which it did.
    pub last_listed_on: NaiveDate,
    /// True if nothing of the credit is taken to be left; else its balance goes on by replay.
    pub gone: bool,
}

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

/// What to say of credits that AWS lists no more and that are taken to go on.
pub fn sentences(position: &Position) -> impl Iterator<Item = String> {
    let of = |pool: &PoolPosition| {
        let delisted = pool.delisted.filter(|delisted| !delisted.gone && pool.left.is_positive())?;
        Some(format!(
            "AWS no longer lists the credit {} (last on {}). What is left of it is computed from what it pays.",
            pool.name,
            day_text(delisted.last_listed_on)
        ))
    };
    position.credits.pools.iter().filter_map(of)
}
