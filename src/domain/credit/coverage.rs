//! Does credit pay for a service, and how do we know?
//!
//! Decided per service from the pools' lists and from Credit rows that were seen. "Unknown" is an answer: a missing
//! list is neither "everything" nor "nothing".

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

use chrono::NaiveDate;

use crate::credit::rows::credit_days;
use crate::credit::{CreditPool, EligibleServices};
use crate::facts::Facts;
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};
use crate::values::purchase::{Lets, Purchase};
use crate::values::words::day_text;

/// Days back from `data_through` in which Credit rows count as "seen lately".
const RECENT_DAYS: i64 = 14;

/// The complete days in which a Credit row counts as seen lately.
pub fn seen_lately(data_through: NaiveDate) -> DayRange {
    let after = plus_days(data_through, 1);
    DayRange::new(plus_days(after, -RECENT_DAYS), after)
}
const NEVER_PAID: &str = "support and upfront fees are never paid by credit";

/// A pool with what is left in it.
#[derive(Debug, Clone, Copy)]
pub struct FundedPool<'a> {
    /// The pool.
    pub pool: &'a CreditPool,
    /// Credit left at the end of `data_through`.
    pub left: Money,
}

impl FundedPool<'_> {
    fn usable(&self, day: NaiveDate) -> bool {
        self.left >= Money::ONE && self.pool.window().contains(day)
    }
}

/// Coverage of every service in `services`, in order. With each comes how the cost is bought that credit could pay by its kind.
pub fn coverage<'a>(
    services: impl IntoIterator<Item = (&'a str, BTreeSet<Purchase>)>,
    pools: &[FundedPool],
    facts: &Facts,
    data_through: NaiveDate,
) -> Vec<Coverage> {
    let recent = seen_lately(data_through);
    let credited = credit_days(facts);
    let last = |service: &str| {
        let days = credited.get(service)?;
        days[..days.partition_point(|day| *day <= data_through)].last().copied()
    };
    services
        .into_iter()
        .map(|(service, mut bought)| {
            let last_credit = last(service);
            // What AWS was seen to pay is payable, whatever its kind.
            if bought.is_empty() && last_credit.is_some() {
                bought.insert(Purchase::OnDemand);
            }
            // Credit rows name no purchase type: they are evidence of the only one.
            let seen = Seen { last_credit, recent, tells: bought.len() == 1 };
            let one = |purchase| (purchase, decide(service, purchase, pools, seen, data_through));
            let (state, evidence) = together(bought.into_iter().map(one).collect());
            Coverage { service: service.to_owned(), state, evidence }
        })
        .collect()
}

/// A service's coverage from that of each of its purchase types: the best of them, and what differs by name.
fn together(by_purchase: Vec<(Purchase, (CoverageState, String))>) -> (CoverageState, String) {
    let rank = |state: CoverageState| match state {
        CoverageState::Covered => 0,
        CoverageState::Exhausted => 1,
        CoverageState::Unknown => 2,
        CoverageState::Uncovered => 3,
    };
    let Some((_, (state, evidence))) =
        by_purchase.iter().min_by_key(|(purchase, (state, _))| (rank(*state), *purchase))
    else {
        return (CoverageState::Uncovered, NEVER_PAID.to_owned());
    };
    let mut evidence = evidence.clone();
    for (purchase, (of, why)) in by_purchase.iter().filter(|(_, (of, _))| of != state) {
        evidence.push_str(&format!("; its {} is {}: {why}", purchase.label(), of.as_str()));
    }
    (*state, evidence)
}

/// What a service's Credit rows show.
#[derive(Clone, Copy)]
struct Seen {
    last_credit: Option<NaiveDate>,
    /// Days that count as lately.
    recent: DayRange,
    /// Whether they tell of the purchase type that is asked for.
    tells: bool,
}

fn decide(
    service: &str,
    purchase: Purchase,
    pools: &[FundedPool],
    Seen { last_credit, recent, tells }: Seen,
    today: NaiveDate,
) -> (CoverageState, String) {
    let names = |wanted: &dyn Fn(&FundedPool) -> bool| {
        let names: Vec<&str> = pools.iter().filter(|p| wanted(p)).map(|p| p.pool.name.as_str()).collect();
        names.join(", ")
    };
    let named = |p: &FundedPool| p.pool.lists(service) || p.pool.also_pays.contains(service);
    let unread = |p: &FundedPool| named(p) && p.pool.purchases.lets(purchase) == Lets::Perhaps;
    let names_it = |p: &FundedPool| named(p) && p.pool.purchases.lets(purchase) == Lets::Yes;
    let seen =
        last_credit.map_or_else(|| "no Credit row seen".to_owned(), |day| format!("last Credit row {}", day_text(day)));
    let words: BTreeSet<&str> =
        pools.iter().filter(|p| unread(p)).flat_map(|p| p.pool.purchases.unread()).map(String::as_str).collect();
    let words: Vec<&str> = words.into_iter().collect();
    let limits =
        |names: &str| format!("AWS limits {names} to purchase types that are not known here ({})", words.join(", "));
    let usable = |p: &FundedPool| names_it(p) && p.usable(today);
    if pools.iter().any(usable) {
        return (CoverageState::Covered, format!("{} pays for it; {seen}", names(&usable)));
    }
    if last_credit.is_some_and(|day| recent.contains(day)) && !pools.iter().any(named) {
        return (CoverageState::Covered, format!("no pool's list names it, but credit was applied: {seen}"));
    }
    let unlisted = |p: &FundedPool| {
        p.pool.services == EligibleServices::Unknown && p.pool.purchases.lets(purchase) != Lets::No || unread(p)
    };
    // A pool without a list may go on where the one that named the service ended.
    let may_pay = |p: &FundedPool| unlisted(p) && p.pool.pays_purchase(service, purchase) && p.usable(today);
    if pools.iter().any(names_it) && pools.iter().any(may_pay) {
        let listless = names(&|p| may_pay(p) && !unread(p));
        let limited = names(&|p| may_pay(p) && unread(p));
        let vague = match (listless.is_empty(), limited.is_empty()) {
            (_, true) => format!("{listless} comes without a list"),
            (true, false) => limits(&limited),
            (false, false) => format!("{listless} comes without a list; {}", limits(&limited)),
        };
        let evidence = format!("{} named it and is empty, expired or off; {vague}; {seen}", names(&names_it));
        let applied = last_credit == Some(today) && (tells || limited.is_empty());
        return (if applied { CoverageState::Covered } else { CoverageState::Unknown }, evidence);
    }
    if pools.iter().any(names_it) {
        return (
            CoverageState::Exhausted,
            format!("{} named it and is empty, expired or off; {seen}", names(&names_it)),
        );
    }
    if pools.is_empty() {
        return (CoverageState::Unknown, "no credit pool is known".to_owned());
    }
    if pools.iter().any(unread) {
        let applied = tells && last_credit.is_some_and(|day| recent.contains(day));
        let evidence =
            format!("{}{}; {seen}", limits(&names(&unread)), if applied { ", but credit was applied" } else { "" });
        return (if applied { CoverageState::Covered } else { CoverageState::Unknown }, evidence);
    }
    let excludes = |p: &FundedPool| named(p) && p.pool.purchases.lets(purchase) == Lets::No;
    if pools.iter().any(excludes) && !pools.iter().any(unlisted) {
        let evidence = format!("AWS limits {} to other purchase types than {}", names(&excludes), purchase.label());
        return (CoverageState::Uncovered, evidence);
    }
    if pools.iter().any(unlisted) {
        return (CoverageState::Unknown, format!("AWS gives no list of services for {}; {seen}", names(&unlisted)));
    }
    (CoverageState::Uncovered, format!("no pool's list names it; {seen}"))
}

/// Does credit pay for a service?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// The answer.
    pub state: CoverageState,
    /// How we know, in a sentence.
    pub evidence: String,
}

/// Whether credit pays for a service, and how we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoverageState {
    /// A pool with credit left names it, or Credit rows were seen under it.
    Covered,
    /// A pool named it, and every such pool is empty or expired.
    Exhausted,
    /// All pools' lists are known and none names it, or all its cost is of a kind that credit never pays.
    Uncovered,
    /// A list is missing, or limits the credit in words that are not known, and no Credit row was seen.
    Unknown,
}

impl CoverageState {
    /// The name for people and for JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            CoverageState::Covered => "covered",
            CoverageState::Exhausted => "exhausted",
            CoverageState::Uncovered => "uncovered",
            CoverageState::Unknown => "unknown",
        }
    }
}
