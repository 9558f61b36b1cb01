//! Why a row deviates: divides its amount into causes. The conventions are in the module above.

use rust_decimal::Decimal;

use super::{Elapsed, Row};
use crate::domain::money::{Money, Quantity};
use crate::domain::position::Causes;
use crate::domain::price::{PriceBook, plan_money};
use crate::domain::projection::{
    ActualCost, Driver, FiledProjection, PlannedMonth, TokenBucket, TokenLine, fold_instance_type,
};
use crate::domain::workload::{CacheLifetime, Direction, Routing, Tier};

/// Below this, a remainder is rounding and not a cause: a billionth of a dollar.
const DUST: Decimal = Decimal::from_parts(1, 0, 0, false, 9);

/// Divides `amount` into causes that add up to it exactly.
pub(super) fn explain(
    row: &Row<'_>,
    elapsed: Elapsed,
    amount: Money,
    filing: &FiledProjection,
    book: &PriceBook,
) -> Causes {
    let causes = token_causes(row, elapsed, filing, book).or_else(|| chip_hour_causes(row, elapsed, filing, book));
    settle(causes.unwrap_or_default(), amount)
}

/// Puts what the causes leave of `amount` into `other`, or into the largest cause if it is mere rounding.
fn settle(mut causes: Causes, amount: Money) -> Causes {
    let named = [&mut causes.volume, &mut causes.price, &mut causes.cache, &mut causes.batch, &mut causes.routing];
    let rest = amount - named.iter().map(|cause| **cause).sum();
    // `max_by_key` takes the last of equals, so the order is reversed to make ties go to the first.
    let largest = named.into_iter().rev().max_by_key(|cause| cause.abs());
    match largest.filter(|cause| !cause.is_zero() && rest.abs().amount() < DUST) {
        Some(cause) => *cause += rest,
        None => causes.other = rest,
    }
    causes
}

/// Token volumes and shares of one row: everything but the prices.
#[derive(Debug, Clone, Copy)]
struct Mixture {
    volume: Volume,
    cache: CacheSplit,
    /// Share of all tokens that ran as batch.
    batch: Decimal,
    /// Share of all tokens that was routed in-region.
    in_region: Decimal,
}

#[derive(Debug, Clone, Copy)]
struct Volume {
    input: Decimal,
    output: Decimal,
}

/// Shares of input tokens; the rest is plain.
#[derive(Debug, Clone, Copy)]
struct CacheSplit {
    read: Decimal,
    write_5m: Decimal,
    write_1h: Decimal,
}

/// The causes of a row of one model that both the filing and the bill meter in tokens.
fn token_causes(row: &Row<'_>, elapsed: Elapsed, filing: &FiledProjection, book: &PriceBook) -> Option<Causes> {
    let [plan] = row.planned[..] else { return None };
    let Driver::Tokens(buckets) = &plan.driver else { return None };
    let record = filing.records.iter().find(|record| record.id == plan.record)?;
    let line = record.tokens.iter().find(|line| Some(&line.model) == plan.model.as_ref())?;
    let prices = FiledPrices { line, filing, book };
    let metered: Vec<Metered> = row.actuals.iter().filter_map(|actual| prices.metered(actual)).collect();
    // Money without a single metered token says nothing about volume; an empty month says that there was none.
    if metered.is_empty() && !row.actuals.is_empty() {
        return None;
    }
    let filed = filed_mixture(line, buckets, elapsed);
    let billed = billed_mixture(&metered, filed);
    let [volume, cache, batch, routing] = shapley(filed, billed, |mixture| prices.cost(mixture))?;
    let price = metered.iter().map(|row| row.paid - row.at_filed_price).sum();
    Some(Causes { volume, price, cache, batch, routing, ..Causes::default() })
}

fn filed_mixture(line: &TokenLine, buckets: &[TokenBucket], elapsed: Elapsed) -> Mixture {
    let tokens = |wanted: fn(Direction) -> bool| {
        let whole: Quantity = buckets.iter().filter(|bucket| wanted(bucket.direction)).map(|b| b.tokens).sum();
        elapsed.share(whole.amount())
    };
    let hourly = line.cache_lifetime == CacheLifetime::OneHour;
    Mixture {
        volume: Volume {
            input: tokens(|direction| direction != Direction::Output),
            output: tokens(|direction| direction == Direction::Output),
        },
        cache: CacheSplit {
            read: line.cache_hit,
            write_5m: if hourly { Decimal::ZERO } else { line.cache_write },
            write_1h: if hourly { line.cache_write } else { Decimal::ZERO },
        },
        batch: line.batch,
        in_region: if line.routing == Routing::InRegion { Decimal::ONE } else { Decimal::ZERO },
    }
}

/// The bill's mixture; a share of nothing is as filed, so that no tokens at all is a matter of volume alone.
fn billed_mixture(metered: &[Metered], filed: Mixture) -> Mixture {
    let tokens = |wanted: &dyn Fn(&Metered) -> bool| -> Decimal {
        metered.iter().filter(|row| wanted(row)).map(|row| row.tokens).sum()
    };
    let total = tokens(&|_| true);
    let output = tokens(&|row| row.direction == Direction::Output);
    let input = total - output;
    let share = |part: Decimal, whole: Decimal, filed: Decimal| part.checked_div(whole).unwrap_or(filed);
    let written = |lifetime| tokens(&|row| row.direction == Direction::CacheWrite && row.lifetime == lifetime);
    Mixture {
        volume: Volume { input, output },
        cache: CacheSplit {
            read: share(tokens(&|row| row.direction == Direction::CacheRead), input, filed.cache.read),
            write_5m: share(written(CacheLifetime::FiveMinutes), input, filed.cache.write_5m),
            write_1h: share(written(CacheLifetime::OneHour), input, filed.cache.write_1h),
        },
        batch: share(tokens(&|row| row.tier == Tier::Batch), total, filed.batch),
        in_region: share(tokens(&|row| row.routing == Routing::InRegion), total, filed.in_region),
    }
}

/// One billed row of text tokens, read with the filing's prices.
struct Metered {
    direction: Direction,
    lifetime: CacheLifetime,
    tier: Tier,
    routing: Routing,
    tokens: Decimal,
    paid: Money,
    at_filed_price: Money,
}

/// The prices that the filing was made with.
struct FiledPrices<'a> {
    line: &'a TokenLine,
    filing: &'a FiledProjection,
    book: &'a PriceBook,
}

impl FiledPrices<'_> {
    /// Dollars per million tokens; a cache direction without a price of its own costs plain input, as in the plan.
    fn price(&self, direction: Direction, lifetime: CacheLifetime, tier: Tier, routing: Routing) -> Option<Decimal> {
        let (model, on) = (&self.line.model, self.filing.filed_on);
        let listed = |direction| self.book.price(model, direction, Some(lifetime), tier, routing, on);
        let cached = matches!(direction, Direction::CacheRead | Direction::CacheWrite);
        let own = listed(direction);
        let price = if cached { own.or_else(|| listed(Direction::Input)) } else { own };
        price.map(|price| price.usd_per_million)
    }

    /// Reads a billed row, if it is text tokens of a direction that the filing's prices know.
    fn metered(&self, actual: &ActualCost) -> Option<Metered> {
        let direction = actual.direction?;
        let tokens = actual.quantity.filter(|_| actual.unit.as_deref() == Some("tokens"))?.amount();
        let lifetime = match actual.cache_lifetime {
            Some(CacheLifetime::OneHour) => CacheLifetime::OneHour,
            _ => CacheLifetime::FiveMinutes,
        };
        let tier = if actual.tier == Some(Tier::Batch) { Tier::Batch } else { Tier::OnDemand };
        let routing = actual.routing.unwrap_or(self.line.routing);
        let usd = self.price(direction, lifetime, tier, routing)?;
        let at_filed_price = plan_money(usd * (tokens / Decimal::from(1_000_000)));
        Some(Metered { direction, lifetime, tier, routing, tokens, paid: actual.cost, at_filed_price })
    }

    /// What a mixture costs; `None` if a part of it that is not empty is unpriced.
    fn cost(&self, mixture: Mixture) -> Option<Decimal> {
        let Mixture { volume, cache, batch, in_region } = mixture;
        let plain = Decimal::ONE - cache.read - cache.write_5m - cache.write_1h;
        let short = CacheLifetime::FiveMinutes;
        let parts = [
            (Direction::Input, short, volume.input * plain),
            (Direction::CacheRead, short, volume.input * cache.read),
            (Direction::CacheWrite, short, volume.input * cache.write_5m),
            (Direction::CacheWrite, CacheLifetime::OneHour, volume.input * cache.write_1h),
            (Direction::Output, short, volume.output),
        ];
        let tiers = [(Tier::OnDemand, Decimal::ONE - batch), (Tier::Batch, batch)];
        let routes = [(Routing::Global, Decimal::ONE - in_region), (Routing::InRegion, in_region)];
        let mut cost = Decimal::ZERO;
        for (direction, lifetime, tokens) in parts {
            for (tier, tier_share) in tiers {
                for (routing, routing_share) in routes {
                    let millions = tokens * tier_share * routing_share / Decimal::from(1_000_000);
                    if !millions.is_zero() {
                        cost += self.price(direction, lifetime, tier, routing)? * millions;
                    }
                }
            }
        }
        Some(cost)
    }
}

/// The Shapley values of volume, cache, batch and routing between two mixtures: for each factor, its effect averaged
/// over all orders in which the four could change. They add up to `cost(billed) - cost(filed)`.
fn shapley(filed: Mixture, billed: Mixture, cost: impl Fn(Mixture) -> Option<Decimal>) -> Option<[Money; 4]> {
    let changed = |set: usize| {
        let has = |factor: usize| set & (1 << factor) != 0;
        Mixture {
            volume: if has(0) { billed.volume } else { filed.volume },
            cache: if has(1) { billed.cache } else { filed.cache },
            batch: if has(2) { billed.batch } else { filed.batch },
            in_region: if has(3) { billed.in_region } else { filed.in_region },
        }
    };
    let costs = (0..16).map(|set| cost(changed(set))).collect::<Option<Vec<Decimal>>>()?;
    // |S|! (4 - |S| - 1)! orders of 4! change exactly the set S before the factor.
    let orders = [6_i64, 2, 2, 6].map(Decimal::from);
    let value = |factor: usize| {
        let before = (0..16_usize).filter(|set| set & (1 << factor) == 0);
        let effect = before.map(|set| {
            let already = set.count_ones() as usize;
            orders[already] * (costs[set | (1 << factor)] - costs[set])
        });
        plan_money(effect.sum::<Decimal>() / Decimal::from(24))
    };
    Some([value(0), value(1), value(2), value(3)])
}

/// The causes of a row of accelerators that both the filing and the bill meter in chip-hours.
fn chip_hour_causes(row: &Row<'_>, elapsed: Elapsed, filing: &FiledProjection, book: &PriceBook) -> Option<Causes> {
    let mut causes = Causes::default();
    for plan in &row.planned {
        let (volume, price) = instance_type_causes(plan, row, elapsed, filing, book)?;
        causes.volume += volume;
        causes.price += price;
    }
    Some(causes)
}

/// Volume and price of one planned instance type; `None` if money was billed for it without metered hours.
fn instance_type_causes(
    plan: &PlannedMonth,
    row: &Row<'_>,
    elapsed: Elapsed,
    filing: &FiledProjection,
    book: &PriceBook,
) -> Option<(Money, Money)> {
    let Driver::ChipHours(_) = plan.driver else { return None };
    let planned_type = plan.instance_type.as_deref()?;
    let same_type = |actual: &&&ActualCost| {
        actual.instance_type.as_deref().map(fold_instance_type) == Some(fold_instance_type(planned_type))
    };
    let (mut hours, mut paid) = (Quantity::ZERO, Money::ZERO);
    for actual in row.actuals.iter().filter(same_type) {
        hours += actual.quantity.filter(|_| actual.unit.as_deref() == Some("chip_hours"))?;
        paid += actual.cost;
    }
    let at_filed_rate = book.accelerator(planned_type, filing.filed_on)?.cost(hours)?;
    Some((at_filed_rate - elapsed.share_of(plan.cost), paid - at_filed_rate))
}
