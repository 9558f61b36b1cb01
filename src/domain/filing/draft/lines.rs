//! From a stream of the bill to a line of a filing: tokens, chip-hours or an amount.
//!
//! A plan prices tokens and chip-hours with the book. What the bill shows of a stream beyond that (other tiers, another routing,
//! images) is an amount beside the line; where the book says clearly more than was paid, the whole is an amount of its service.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::drafted::{AcceleratorDraft, Growth, TokenDraft};
use super::rest::{Rest, Why};
use super::streams::{Row, Stream};
use crate::billing::implied_price::TokenKind;
use crate::billing::price::{PriceBook, PriceQuery};
use crate::forecast::{Pace, growth_per_month};
use crate::values::money::{Money, Quantity};
use crate::values::period::{DayRange, plus_days};
use crate::values::workload::{CacheLifetime, Direction, Routing, Tier};

/// A line may say so much more than the bill, as a share, or so much less.
const ABOVE: Decimal = Decimal::from_parts(5, 0, 0, false, 2);
const BELOW: Decimal = Decimal::from_parts(2, 0, 0, false, 2);
/// Growth beyond this is carried on for nobody: compounded over a year it would be a hundred times as much.
const MOST_GROWTH: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
/// Days that growth is read from.
const GROWTH_DAYS: usize = 84;
/// Digits of a price that the bill implies.
const PRICE_DIGITS: u32 = 6;
/// Digits of a share.
const SHARE_DIGITS: u32 = 4;

/// Growth of a stream at its present level; what comes at a cadence, or has just changed, shows none. A step is no growth.
pub(super) fn growth(stream: &Stream<'_>, rest: &Rest) -> Option<Growth> {
    if rest.why != Why::Newest {
        return None;
    }
    let changed = Pace::of(&stream.daily, GROWTH_DAYS).since_change;
    let since = stream.daily.len() - changed.unwrap_or(GROWTH_DAYS).min(stream.daily.len());
    let per_month = growth_per_month(&stream.daily[since..])?.clamp(-MOST_GROWTH, MOST_GROWTH);
    let weeks = i64::try_from(stream.daily.len() - since).unwrap_or(0) / 7;
    Some(Growth { per_month, days: DayRange::new(plus_days(stream.days.end, -7 * weeks), stream.days.end) })
}

/// A line, and what the bill shows beside it in its first month; `Err` is why there is no line.
pub(super) type Drafted<L> = Result<(L, Money), String>;

/// Judges what the book says of a line against what was paid for it: gives what is left beside it.
fn beside(paid: Money, listed: Money) -> Result<Money, String> {
    if listed > paid.times(Decimal::ONE + ABOVE) {
        return Err(format!("list prices make {} of what was billed as {}", listed.dollars(), paid.dollars()));
    }
    let left = paid - listed;
    Ok(if left > paid.times(BELOW) { left } else { Money::ZERO })
}

/// Tokens by what a line can tell apart.
#[derive(Default)]
struct Tokens {
    by: BTreeMap<(Direction, Option<CacheLifetime>, Tier, Routing), Quantity>,
}

impl Tokens {
    /// Text tokens on demand and as batch that the book has a price of. The rest is no line's.
    fn of<'r>(rows: impl Iterator<Item = &'r Row<'r>>, book: &PriceBook, on: NaiveDate) -> Tokens {
        let mut tokens = Tokens::default();
        for row in rows.filter(|row| row.cost.is_positive()) {
            let Some((kind, metered)) = TokenKind::of(&row.kind.class).zip(row.metered()) else { continue };
            if matches!(kind.tier, Tier::OnDemand | Tier::Batch) && book.lookup(kind.query(), on).is_ok() {
                let key = (kind.direction, kind.cache_lifetime, kind.tier, kind.routing);
                *tokens.by.entry(key).or_default() += metered;
            }
        }
        tokens
    }

    fn sum(&self, wanted: impl Fn(Direction, Tier, Routing) -> bool) -> Quantity {
        let of = self.by.iter().filter(|((direction, _, tier, routing), _)| wanted(*direction, *tier, *routing));
        of.map(|(_, tokens)| *tokens).sum()
    }

    /// What they cost by the book if all ran in one `routing`, with writes that live for `lifetime`; each in its own tier, or all
    /// in one.
    fn listed(&self, model: &str, book: &PriceBook, on: NaiveDate, as_if: &AsIf) -> Option<Money> {
        let mut listed = Money::ZERO;
        for ((direction, _, own, _), tokens) in &self.by {
            let lifetime = (*direction == Direction::CacheWrite).then_some(as_if.lifetime);
            let ask = |direction, lifetime| {
                let tier = as_if.tier.unwrap_or(*own);
                book.lookup(PriceQuery { model, direction, lifetime, tier, routing: as_if.routing }, on).ok()
            };
            // As a plan does: a cache direction without a price of its own costs plain input.
            let cached = matches!(direction, Direction::CacheRead | Direction::CacheWrite);
            let price = ask(*direction, lifetime).or_else(|| cached.then(|| ask(Direction::Input, None)).flatten())?;
            listed += price.cost(*tokens);
        }
        Some(listed)
    }
}

/// What a line says of all its tokens.
#[derive(Clone, Copy)]
struct AsIf {
    lifetime: CacheLifetime,
    routing: Routing,
    tier: Option<Tier>,
}

fn share(part: Quantity, of: Quantity) -> Decimal {
    let share = part.amount().checked_div(of.amount()).unwrap_or_default();
    share.clamp(Decimal::ZERO, Decimal::ONE).trunc_with_scale(SHARE_DIGITS).normalize()
}

/// The tokens of a model.
pub(super) fn tokens(
    model: &str,
    stream: &Stream<'_>,
    rest: &Rest,
    book: &PriceBook,
    on: NaiveDate,
) -> Drafted<TokenDraft> {
    let tokens = Tokens::of(stream.within(rest.days), book, on);
    let all = tokens.sum(|_, _, _| true);
    if all.is_zero() {
        return Err("the bill shows no text tokens of it that have a list price".to_owned());
    }
    let input = tokens.sum(|direction, _, _| direction != Direction::Output);
    let of = |wanted: Direction| tokens.sum(|direction, _, _| direction == wanted);
    let (cache_hit, cache_write) = (share(of(Direction::CacheRead), input), share(of(Direction::CacheWrite), input));
    let hour = tokens.by.iter().filter(|((_, lifetime, ..), _)| *lifetime == Some(CacheLifetime::OneHour));
    let hour: Quantity = hour.map(|(_, tokens)| *tokens).sum();
    let half = |part: Quantity, of: Quantity| part.times(Decimal::TWO).amount() > of.amount();
    let lifetime = match half(hour, of(Direction::CacheWrite)) {
        true => CacheLifetime::OneHour,
        false => CacheLifetime::FiveMinutes,
    };
    let global = tokens.sum(|_, _, routing| routing == Routing::Global);
    let routing = if half(global, all) { Routing::Global } else { Routing::InRegion };
    let batch_share = share(tokens.sum(|_, tier, _| tier == Tier::Batch), all);
    let listed = |tier| tokens.listed(model, book, on, &AsIf { lifetime, routing, tier });
    let unpriced = || "the price book does not price all directions of it".to_owned();
    let own = listed(None).ok_or_else(unpriced)?;
    let mut batch = batch_share;
    let mut by_the_line = own;
    if !batch.is_zero() {
        let (none, whole) = listed(Some(Tier::OnDemand)).zip(listed(Some(Tier::Batch))).ok_or_else(unpriced)?;
        let saved = none - whole;
        let line = |batch: Decimal| none - saved.times(batch);
        // One share is filed for all directions. Where batch is of other directions than the rest, the share of tokens would
        // misstate the dollars: then it is the share of what they cost.
        if (line(batch) - own).abs() > own.times(BELOW) {
            batch = (none - own).ratio(saved).unwrap_or(batch).clamp(Decimal::ZERO, Decimal::ONE);
            batch = batch.round_dp(SHARE_DIGITS).normalize();
        }
        by_the_line = line(batch);
    }
    let left = beside(stream.cost(rest.days), by_the_line)?;
    let line = TokenDraft {
        model: model.to_owned(),
        input: (input.times(rest.first_month), input.times(rest.later_month)),
        output: (of(Direction::Output).times(rest.first_month), of(Direction::Output).times(rest.later_month)),
        cache_hit,
        cache_write: cache_write.min(Decimal::ONE - cache_hit),
        cache_lifetime: lifetime,
        batch,
        batch_of_tokens: batch_share,
        routing,
        routed: share(if routing == Routing::Global { global } else { tokens.sum(|_, _, it| it == routing) }, all),
        growth: growth(stream, rest),
        rest: rest.clone(),
    };
    Ok((line, left))
}

/// The chip-hours of an instance type.
pub(super) fn accelerators(
    stream: &Stream<'_>,
    rest: &Rest,
    book: &PriceBook,
    on: NaiveDate,
) -> Drafted<AcceleratorDraft> {
    let mut by_name: BTreeMap<&str, Quantity> = BTreeMap::new();
    // Hours inside a Capacity Block cost nothing: its fee is paid before.
    for row in stream.within(rest.days).filter(|row| row.cost.is_positive() && row.kind.class.unit == "chip_hours") {
        if let Some((name, hours)) = row.kind.class.instance_type.as_deref().zip(row.metered()) {
            *by_name.entry(name).or_default() += hours;
        }
    }
    let hours: Quantity = by_name.values().copied().sum();
    let (name, _) = by_name.into_iter().max_by_key(|(_, hours)| *hours).ok_or("the bill shows no paid hours of it")?;
    let known = book.accelerator(name, on).ok_or_else(|| format!("the price book does not list {name}"))?;
    let paid = stream.cost(rest.days);
    // What nobody lists, such as Trainium2, is filed at what the bill implies.
    let implied = || paid.amount().checked_div(hours.amount()).map(|usd| usd.round_dp(PRICE_DIGITS).normalize());
    let (usd_per_chip_hour, left) = match known.cost(hours) {
        Some(listed) => (None, beside(paid, listed)?),
        None => (Some(implied().ok_or("the bill implies no price of it")?), Money::ZERO),
    };
    let cycles = rest.cycles().map(Decimal::from);
    let per_run = cycles.and_then(|cycles| hours.amount().checked_div(cycles)).map(Quantity::from_decimal);
    let runs = |factor: Decimal| cycles.map(|cycles| (factor * cycles).round_dp(2).normalize());
    let first = runs(rest.first_month).unwrap_or(Decimal::ONE);
    let line = AcceleratorDraft {
        instance_type: name.to_owned(),
        chip_hours_per_run: match per_run {
            Some(hours) => (hours, hours),
            None => (hours.times(rest.first_month), hours.times(rest.later_month)),
        },
        runs: (first, runs(rest.later_month).unwrap_or(Decimal::ONE)),
        usd_per_chip_hour,
        growth: growth(stream, rest),
        rest: rest.clone(),
    };
    Ok((line, left))
}
