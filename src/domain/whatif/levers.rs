//! The levers of this account: a standard set, tried and ranked by the days that they buy without costing more cash.

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Base;
use super::answer::{Answer, answer};
use super::change::{Award, Change, Target};
use super::tokens::Tokens;
use crate::outlook::Outlook;
use crate::values::money::Money;
use crate::values::words::day_text;

/// Models that are looked at: the dearest.
const MODELS: usize = 3;

/// The award that is meant next, as config and the filing name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextAward {
    /// Its name in a sentence.
    pub name: String,
    /// Dollars, or half a sentence why nothing names any.
    pub amount: Result<Money, String>,
    /// Earliest day on which it can be there.
    pub from: NaiveDate,
    /// First day without it.
    pub until: NaiveDate,
    /// Services that it is taken to pay.
    pub services: Option<Vec<String>>,
}

/// A lever before it is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What it is, in words.
    pub name: String,
    /// The changes, or why it cannot be tried.
    pub changes: Result<Vec<Change>, String>,
}

/// A lever that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lever {
    /// What it is, in words.
    pub name: String,
    /// What it buys; null where it cannot be told.
    pub answer: Option<Answer>,
    /// Why it cannot.
    pub untold: Option<String>,
}

/// The levers, most days at 50 % first; after them those that cost more cash, which can buy days by leaving credit unused;
/// those that cannot be told last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Levers {
    /// The levers.
    pub levers: Vec<Lever>,
}

/// Tries every proposal and ranks the answers.
pub fn levers(base: &Base, before: &Outlook, proposals: Vec<Proposal>) -> Levers {
    let tried = proposals.into_iter().map(|Proposal { name, changes }| {
        let answered =
            changes.and_then(|changes| answer(base, before, &changes).map_err(|refused| refused.to_string()));
        match answered {
            Ok(answer) => Lever { name, answer: Some(answer), untold: None },
            Err(reason) => Lever { name, answer: None, untold: Some(reason) },
        }
    });
    let mut levers: Vec<Lever> = tried.collect();
    let rank = |lever: &Lever| {
        let answer = lever.answer.as_ref();
        let free = answer.map(|answer| !answer.per_month.costs_cash());
        let days = answer.map(|answer| answer.runway.gained.p50.days.unwrap_or(0));
        let saved = answer.map(|answer| -answer.per_month.cash);
        std::cmp::Reverse((free, days, saved))
    };
    levers.sort_by_key(rank);
    Levers { levers }
}

/// The standard set for this account.
pub fn proposals(base: &Base, award: &NextAward) -> Vec<Proposal> {
    let tokens = Tokens::of(base.costs, base.prices, base.classifier, base.on);
    let models: Vec<String> = tokens.models().into_iter().take(MODELS).map(|(name, _)| name).collect();
    let mut proposals: Vec<Proposal> = models.iter().map(|model| cheapest(base, &tokens, model)).collect();
    for model in &models {
        if let Some((now, most)) = tokens.cache_hit_share(model).filter(|(now, most)| now < most) {
            let points = Decimal::new(10, 2).min(most - now).round_dp_with_strategy(3, RoundingStrategy::ToZero);
            let change = Change::CacheHits { model: Some(model.clone()), target: Target::By(points) };
            let points = (points * Decimal::ONE_HUNDRED).normalize();
            let name = format!("{model}: {points} points more cache hits");
            proposals.extend((!points.is_zero()).then(|| Proposal { name, changes: Ok(vec![change]) }));
        }
        if let Some((now, most)) = tokens.batch_share(model).filter(|(now, most)| now < most) {
            let points = ((most - now) / Decimal::TWO).round_dp_with_strategy(4, RoundingStrategy::ToZero);
            let change = Change::Batch { model: Some(model.clone()), target: Target::By(points) };
            let name = format!("{model}: half of what is on demand to batch");
            proposals.push(Proposal { name, changes: Ok(vec![change]) });
        }
    }
    proposals.push(next_award(award));
    proposals
}

/// The model of the same family that would have cost least, where one would have cost less.
fn cheapest(base: &Base, tokens: &Tokens, model: &str) -> Proposal {
    let family = model.split(' ').next().unwrap_or(model);
    let names = base.prices.book.model_names().filter(|name| *name != model && name.split(' ').next() == Some(family));
    let priced = names.filter_map(|name| {
        let mut switched = tokens.clone();
        let cost = |of: &Tokens| of.cells.iter().map(|cell| cell.cost).sum::<Money>();
        let problems = switched.switch(model, name);
        (problems.is_empty() && cost(&switched) < cost(tokens)).then(|| (cost(&switched), name))
    });
    match priced.min() {
        Some((_, to)) => {
            let change = Change::Switch { from: model.to_owned(), to: to.to_owned() };
            let name = format!("{model} to {to}, the cheapest {family}");
            Proposal { name, changes: Ok(vec![change]) }
        }
        None => Proposal {
            name: format!("{model} to a cheaper {family}"),
            changes: Err(format!("no {family} model has a price in every direction used and is cheaper")),
        },
    }
}

fn next_award(award: &NextAward) -> Proposal {
    let NextAward { name, amount, from, until, services } = award.clone();
    let of = amount.as_ref().map(|amount| format!(" of {}", amount.dollars())).unwrap_or_default();
    let changes = amount.map(|amount| vec![Change::Award(Award { amount, from, until, services })]);
    Proposal { name: format!("the {name} award{of} on {}", day_text(from)), changes }
}
