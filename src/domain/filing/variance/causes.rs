//! Why a group's rows deviate: reads plan and bill as quantities with prices, and divides each row's amount into causes.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::compared::{Elapsed, Row};
use super::drivers::{Cell, Effects, Item, Part, Side, Stream, effects, kinds};
use crate::billing::price::{PriceBook, plan_money};
use crate::filing::projection::{ActualCost, Driver, FiledProjection, PlannedMonth, TokenBucket, fold_instance_type};
use crate::filing::variance::Causes;
use crate::values::money::Money;
use crate::values::workload::{CacheLifetime, Direction, Routing, Tier, Workload};

/// Below this, what the drivers leave is rounding and not a cause: a billionth of a dollar.
const DUST: Decimal = Decimal::from_parts(1, 0, 0, false, 9);

/// The causes of each row of a group, in the order of `rows`; those of a row add up to its amount exactly.
pub(super) fn explain(rows: &[&Row<'_>], elapsed: Elapsed, filing: &FiledProjection, book: &PriceBook) -> Vec<Causes> {
    let prices = Prices { filing, book };
    let items: Vec<Item> = rows.iter().enumerate().flat_map(|(index, row)| prices.items(index, row, elapsed)).collect();
    let mut sums: Vec<Option<Effects>> = vec![None; rows.len()];
    for (item, effects) in items.iter().zip(effects(&items)) {
        let Some(effects) = effects else { continue };
        for (sum, effect) in sums[item.row].get_or_insert_default().iter_mut().zip(effects) {
            *sum = sum.checked_add(effect).unwrap_or(*sum);
        }
    }
    rows.iter().zip(sums).map(|(row, effects)| settle(effects.unwrap_or_default(), row.amount(elapsed))).collect()
}

/// Rounds the effects, and puts what they leave of `amount` into `other`, or into the largest of them if it is mere
/// rounding; of equals, the first by name.
fn settle(effects: Effects, amount: Money) -> Causes {
    let [volume, mix, cache, batch, routing, price] = effects.map(plan_money);
    let mut causes = Causes { volume, mix, price, cache, batch, routing, other: Money::ZERO };
    let by_name = [
        &mut causes.batch,
        &mut causes.cache,
        &mut causes.mix,
        &mut causes.price,
        &mut causes.routing,
        &mut causes.volume,
    ];
    let rest = amount - by_name.iter().map(|cause| **cause).sum();
    // `max_by_key` takes the last of equals, so the order is reversed to make ties go to the first.
    let largest = by_name.into_iter().rev().max_by_key(|cause| cause.abs());
    match largest.filter(|cause| !cause.is_zero() && rest.abs().amount() < DUST) {
        Some(cause) => *cause += rest,
        None => causes.other = rest,
    }
    causes
}

/// The prices that the filing was made with.
struct Prices<'a> {
    filing: &'a FiledProjection,
    book: &'a PriceBook,
}

/// What an item is.
#[derive(Clone, Copy)]
enum Kind<'a> {
    Model(&'a str),
    InstanceType(&'a str),
}

impl Prices<'_> {
    /// A row as models or instance types with quantities. What has no metered quantity or no price is left out, and so
    /// stays unexplained.
    fn items<'a>(&self, index: usize, row: &Row<'a>, elapsed: Elapsed) -> Vec<Item> {
        if row.workload == Workload::BedrockInference {
            let model = row.model.iter().filter_map(|model| self.item(index, row, elapsed, Kind::Model(model)));
            return model.collect();
        }
        let planned = row.planned.iter().filter_map(|plan| plan.instance_type.as_deref());
        let billed = row.actuals.iter().filter_map(|actual| actual.instance_type.as_deref());
        let types: BTreeSet<&str> = planned.chain(billed).map(fold_instance_type).collect();
        types.into_iter().filter_map(|name| self.item(index, row, elapsed, Kind::InstanceType(name))).collect()
    }

    fn item(&self, index: usize, row: &Row<'_>, elapsed: Elapsed, kind: Kind<'_>) -> Option<Item> {
        let mut item = Item {
            row: index,
            filed: Side::new(),
            billed: Side::new(),
            paid: BTreeMap::new(),
            prices: BTreeMap::new(),
        };
        for plan in row.planned.iter().filter(|plan| kind.planned_by(plan)) {
            for (cell, quantity, cost) in self.planned(plan)? {
                *item.filed.entry(cell).or_default() += elapsed.share(quantity);
                // The listed price where it is the plan's, since a division would blur its last digits.
                let listed =
                    self.listed(kind, cell).filter(|price| price.checked_mul(quantity).map(plan_money) == Some(cost));
                item.prices.insert(cell, listed.or_else(|| cost.amount().checked_div(quantity))?);
            }
        }
        let mut unmetered = false;
        for actual in row.actuals.iter().filter(|actual| kind.billed_by(actual)) {
            let metered = self.metered(actual).filter(|(cell, _)| self.price(kind, *cell, &item.prices).is_some());
            let Some((cell, quantity)) = metered else {
                unmetered = true;
                continue;
            };
            *item.billed.entry(cell).or_default() += quantity;
            *item.paid.entry(cell).or_default() += actual.cost.amount();
        }
        item.forget_empty_kinds();
        // Money without a single metered unit says nothing about volume; an empty month says that there was none.
        if item.billed.is_empty() && (unmetered || item.filed.is_empty()) {
            return None;
        }
        for cell in kinds(&item.filed, &item.billed) {
            let price = self.price(kind, cell, &item.prices)?;
            item.prices.insert(cell, price);
        }
        Some(item)
    }

    /// A plan's kinds with their quantities and costs, of the whole month; `None` for a plain amount.
    fn planned(&self, plan: &PlannedMonth) -> Option<Vec<(Cell, Decimal, Money)>> {
        match &plan.driver {
            Driver::Tokens(buckets) => {
                let routing = self.filed_routing(plan.model.as_deref()?);
                let kind = |bucket: &TokenBucket| {
                    let cell = token_cell(bucket.direction, bucket.cache_lifetime, bucket.tier, routing);
                    (cell, bucket.tokens.amount(), bucket.cost)
                };
                Some(buckets.iter().map(kind).collect())
            }
            Driver::ChipHours(hours) if hours.is_zero() => Some(Vec::new()),
            Driver::ChipHours(hours) => Some(vec![(HOURS, hours.amount(), plan.cost)]),
            Driver::Amount => None,
        }
    }

    /// The kind and the quantity of a billed row, if it was metered.
    fn metered(&self, actual: &ActualCost) -> Option<(Cell, Decimal)> {
        let quantity = actual.quantity?.amount();
        match actual.unit.as_deref()? {
            "chip_hours" if actual.instance_type.is_some() => Some((HOURS, quantity)),
            "tokens" => {
                // Flex and priority have no verified price: their premium or discount over on-demand is an effect of price.
                let tier = if actual.tier == Some(Tier::Batch) { Tier::Batch } else { Tier::OnDemand };
                let routing =
                    actual.routing.unwrap_or_else(|| self.filed_routing(actual.model.as_deref().unwrap_or("")));
                Some((token_cell(actual.direction?, actual.cache_lifetime, tier, routing), quantity))
            }
            _ => None,
        }
    }

    fn filed_routing(&self, model: &str) -> Routing {
        let lines = self.filing.records.iter().flat_map(|record| &record.tokens);
        lines.into_iter().find(|line| line.model == model).map_or(Routing::Global, |line| line.routing)
    }

    /// Dollars per unit: as planned, else as listed.
    fn price(&self, kind: Kind<'_>, cell: Cell, planned: &BTreeMap<Cell, Decimal>) -> Option<Decimal> {
        planned.get(&cell).copied().or_else(|| self.listed(kind, cell))
    }

    /// Dollars per unit as the book had it on the day of filing. Like in the plan, a cache direction without a price of
    /// its own costs plain input.
    fn listed(&self, kind: Kind<'_>, cell: Cell) -> Option<Decimal> {
        let on = self.filing.filed_on;
        match kind {
            Kind::Model(model) => {
                let (direction, lifetime) = direction(cell);
                let listed = |direction| self.book.price(model, direction, lifetime, cell.tier, cell.routing, on);
                let plain = || listed(Direction::Input).filter(|_| cell.stream == Stream::Input);
                let price = listed(direction).or_else(plain)?;
                price.usd_per_million.checked_div(Decimal::from(1_000_000))
            }
            Kind::InstanceType(name) => {
                let listed = self.book.accelerator(name, on)?;
                listed.usd_per_hour?.amount().checked_div(Decimal::from(listed.chips))
            }
        }
    }
}

impl Kind<'_> {
    fn planned_by(self, plan: &PlannedMonth) -> bool {
        match self {
            Kind::Model(model) => plan.model.as_deref() == Some(model),
            Kind::InstanceType(name) => plan.instance_type.as_deref().map(fold_instance_type) == Some(name),
        }
    }

    fn billed_by(self, actual: &ActualCost) -> bool {
        match self {
            Kind::Model(model) => actual.model.as_deref() == Some(model),
            Kind::InstanceType(name) => actual.instance_type.as_deref().map(fold_instance_type) == Some(name),
        }
    }
}

/// Hours have one price: neither cache nor batch nor routing divides them.
const HOURS: Cell = Cell { stream: Stream::Hours, part: Part::Plain, tier: Tier::OnDemand, routing: Routing::InRegion };

fn token_cell(direction: Direction, lifetime: Option<CacheLifetime>, tier: Tier, routing: Routing) -> Cell {
    let (stream, part) = match (direction, lifetime) {
        (Direction::Input, _) => (Stream::Input, Part::Plain),
        (Direction::Output, _) => (Stream::Output, Part::Plain),
        (Direction::CacheRead, _) => (Stream::Input, Part::CacheRead),
        (Direction::CacheWrite, Some(CacheLifetime::OneHour)) => (Stream::Input, Part::CacheWrite1h),
        (Direction::CacheWrite, _) => (Stream::Input, Part::CacheWrite5m),
    };
    Cell { stream, part, tier, routing }
}

fn direction(cell: Cell) -> (Direction, Option<CacheLifetime>) {
    match (cell.stream, cell.part) {
        (Stream::Output, _) => (Direction::Output, None),
        (_, Part::Plain) => (Direction::Input, None),
        (_, Part::CacheRead) => (Direction::CacheRead, None),
        (_, Part::CacheWrite5m) => (Direction::CacheWrite, Some(CacheLifetime::FiveMinutes)),
        (_, Part::CacheWrite1h) => (Direction::CacheWrite, Some(CacheLifetime::OneHour)),
    }
}
