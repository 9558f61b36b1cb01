//! What drives the cost of a group (the inference of a record in a month, or its accelerators), filed and billed.
//!
//! The cost of one kind of token (a model's cache reads, as batch, in-region, say) is a product:
//!
//! ```text
//! tokens of the group x share of the model x share of cache reads x share of batch x share of in-region x price
//! ```
//!
//! Input and output tokens are followed apart, each with shares of its own, so that a bill's quantities are met exactly
//! whatever they are. A share of nothing (no batch of a model that was not used) is taken from the nearest thing that
//! is known: the same model as a whole, else the other side, so that what did not happen explains nothing.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::shapley::{DRIVERS, shapley};
use crate::values::workload::{Routing, Tier};

/// What is counted together: quantities of one stream add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stream {
    /// Input tokens, those read from and written to the cache included.
    Input,
    /// Output tokens.
    Output,
    /// Chip-hours.
    Hours,
}

/// How input meets the cache; everything else is plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Not through the cache.
    Plain,
    /// Read from it.
    CacheRead,
    /// Written for five minutes, AWS's default.
    CacheWrite5m,
    /// Written for an hour.
    CacheWrite1h,
}

/// One kind of quantity with one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub stream: Stream,
    pub part: Part,
    pub tier: Tier,
    pub routing: Routing,
}

/// Quantities by kind, in tokens or chip-hours.
pub(super) type Side = BTreeMap<Cell, Decimal>;

/// A model or an instance type: what was filed and what was billed of it.
pub(super) struct Item {
    /// Whose causes its effects count for.
    pub row: usize,
    pub filed: Side,
    pub billed: Side,
    /// Dollars paid per kind billed.
    pub paid: BTreeMap<Cell, Decimal>,
    /// Dollars per unit at the prices of the filing, for every kind in [`Item::kinds`].
    pub prices: BTreeMap<Cell, Decimal>,
}

/// Effects of the drivers, in dollars: volume, mix, cache, batch, routing, price.
pub(super) type Effects = [Decimal; DRIVERS];

/// Every kind that some mixture of the filed and the billed shares can hold.
pub(super) fn kinds(filed: &Side, billed: &Side) -> Vec<Cell> {
    let known: BTreeSet<Cell> = filed.keys().chain(billed.keys()).copied().collect();
    let parts: BTreeSet<_> = known.iter().map(|cell| (cell.stream, cell.part)).collect();
    let tiers: BTreeSet<_> = known.iter().map(|cell| cell.tier).collect();
    let routings: BTreeSet<_> = known.iter().map(|cell| cell.routing).collect();
    let mut kinds = Vec::new();
    for (stream, part) in parts {
        for tier in &tiers {
            kinds.extend(routings.iter().map(|routing| Cell { stream, part, tier: *tier, routing: *routing }));
        }
    }
    kinds
}

/// The effects of a group's drivers on the cost of each of its items, in the order of `items`; `None` for an item whose
/// figures are beyond what a decimal holds.
pub(super) fn effects(items: &[Item]) -> Vec<Option<Effects>> {
    let totals = [Stream::Input, Stream::Output, Stream::Hours].map(|stream| {
        let of = |side: &Side| sum(side, |cell| cell.stream == stream);
        Pair {
            filed: items.iter().map(|item| of(&item.filed)).sum(),
            billed: items.iter().map(|item| of(&item.billed)).sum(),
        }
    });
    items.iter().map(|item| item.effects(&totals)).collect()
}

/// A figure as filed and as billed.
#[derive(Clone, Copy)]
struct Pair<T> {
    filed: T,
    billed: T,
}

impl Pair<Option<Decimal>> {
    /// What one side does not know is taken to be as on the other.
    fn completed(self) -> Pair<Decimal> {
        Pair {
            filed: self.filed.or(self.billed).unwrap_or_default(),
            billed: self.billed.or(self.filed).unwrap_or_default(),
        }
    }
}

impl Item {
    fn effects(&self, totals: &[Pair<Decimal>; 3]) -> Option<Effects> {
        let mut effects = [Decimal::ZERO; DRIVERS];
        for cell in kinds(&self.filed, &self.billed) {
            let factors = self.factors(cell, totals[cell.stream as usize])?;
            let values = shapley(&factors.map(|factor| factor.filed), &factors.map(|factor| factor.billed))?;
            for (sum, value) in effects.iter_mut().zip(values) {
                *sum = sum.checked_add(value)?;
            }
        }
        Some(effects)
    }

    /// What the cost of a kind is the product of.
    fn factors(&self, cell: Cell, volume: Pair<Decimal>) -> Option<[Pair<Decimal>; DRIVERS]> {
        let price = *self.prices.get(&cell)?;
        let stream = |other: &Cell| other.stream == cell.stream;
        let part = |other: &Cell| stream(other) && other.part == cell.part;
        let tier = |other: &Cell| part(other) && other.tier == cell.tier;
        let shares = |share: &dyn Fn(&Side) -> Option<Decimal>| {
            Pair { filed: share(&self.filed), billed: share(&self.billed) }.completed()
        };
        let mix = Pair {
            filed: sum(&self.filed, stream).checked_div(volume.filed),
            billed: sum(&self.billed, stream).checked_div(volume.billed),
        };
        Some([
            volume,
            mix.completed(),
            shares(&|side| sum(side, part).checked_div(sum(side, stream))),
            shares(&|side| {
                let own = sum(side, tier).checked_div(sum(side, part));
                own.or_else(|| sum(side, |other| other.tier == cell.tier).checked_div(sum(side, |_| true)))
            }),
            shares(&|side| {
                let own = sum(side, |other| *other == cell).checked_div(sum(side, tier));
                own.or_else(|| sum(side, |other| other.routing == cell.routing).checked_div(sum(side, |_| true)))
            }),
            Pair { filed: price, billed: price.checked_mul(self.markup(cell)?)? },
        ])
    }

    /// Forgets kinds of which nothing is left, say after a correction: a cost without a quantity has no price.
    pub(super) fn forget_empty_kinds(&mut self) {
        self.filed.retain(|_, quantity| !quantity.is_zero());
        self.billed.retain(|_, quantity| !quantity.is_zero());
        self.paid.retain(|cell, _| self.billed.contains_key(cell));
    }

    /// What was paid over the filing's price: of this kind, else of the item as a whole; one where nothing was billed.
    fn markup(&self, cell: Cell) -> Option<Decimal> {
        let at_filed_price = |cell: &Cell| self.billed.get(cell)?.checked_mul(*self.prices.get(cell)?);
        if let Some(markup) =
            self.paid.get(&cell).zip(at_filed_price(&cell)).and_then(|(paid, at)| paid.checked_div(at))
        {
            return Some(markup);
        }
        let mut whole = (Decimal::ZERO, Decimal::ZERO);
        for (cell, paid) in &self.paid {
            whole = (whole.0.checked_add(*paid)?, whole.1.checked_add(at_filed_price(cell)?)?);
        }
        Some(whole.0.checked_div(whole.1).unwrap_or(Decimal::ONE))
    }
}

fn sum(side: &Side, wanted: impl Fn(&Cell) -> bool) -> Decimal {
    side.iter().filter(|(cell, _)| wanted(cell)).map(|(_, quantity)| *quantity).sum()
}
