//! The price book: dated, sourced list prices of tokens and accelerator hours, and the prices that a user puts over them.
//!
//! Invariants: a price that is not in the book is [`Unpriced`], with a reason, and never zero; names are matched
//! exactly; every price says since when, from where and whether it is the program's or the user's. The built-in book is
//! `config/prices.toml`, compiled in.

mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::values::money::{Money, Quantity};
use crate::values::workload::{CacheLifetime, Direction, Routing, Tier};

pub use file::{PriceBookError, PriceProblem};

/// Digits after the point of every planned or compared amount. Twelve is what the store keeps, and it leaves sixteen
/// digits before the point, so that sums of planned and actual cost are always exact.
pub const PLAN_SCALE: u32 = 12;

/// Wraps a computed cost, rounded half to even at [`PLAN_SCALE`] digits.
pub fn plan_money(value: Decimal) -> Money {
    Money::from_decimal(value.round_dp(PLAN_SCALE))
}

/// Why something has no price. It is a state of its own: what is unpriced is shown as such and never counted as zero.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
#[error("{what} is unpriced: {reason}")]
pub struct Unpriced {
    /// Model with direction, or instance type.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// Whose price it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceOrigin {
    /// The program's own book.
    BuiltIn,
    /// The file that `[projection] prices` names: it wins over the book where it says something.
    Override,
}

impl fmt::Display for PriceOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PriceOrigin::BuiltIn => "built-in",
            PriceOrigin::Override => "override",
        })
    }
}

/// What a million tokens cost in one direction, tier and routing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitPrice {
    /// US dollars per million tokens.
    pub usd_per_million: Decimal,
    /// First day on which the entry is known to hold.
    pub from: NaiveDate,
    /// Where it was read.
    pub source: Arc<str>,
    /// An override if any part of it (list price, tier or routing factor) is one.
    pub origin: PriceOrigin,
}

impl UnitPrice {
    /// The cost of `tokens`, at [`PLAN_SCALE`] digits.
    pub fn cost(&self, tokens: Quantity) -> Money {
        plan_money(self.usd_per_million.saturating_mul(tokens.amount() / Decimal::from(1_000_000)))
    }
}

/// An accelerator instance type and, where there is one, its on-demand list price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceleratorPrice {
    /// Instance type, for example `trn1.32xlarge`.
    pub instance_type: String,
    /// Chips in one instance.
    pub chips: u32,
    /// US dollars per instance hour; `None` is "unpriced".
    pub usd_per_hour: Option<Money>,
    /// Why there is no price, where there is none.
    pub unpriced_because: Option<Arc<str>>,
    /// Region of the price.
    pub region: Arc<str>,
    /// First day on which the entry is known to hold.
    pub from: NaiveDate,
    /// Where it was read.
    pub source: Arc<str>,
    /// Whose it is.
    pub origin: PriceOrigin,
}

impl AcceleratorPrice {
    /// Instance hours that make up `chip_hours`.
    pub fn instance_hours(&self, chip_hours: Quantity) -> Quantity {
        Quantity::from_decimal(chip_hours.amount() / Decimal::from(self.chips))
    }

    /// The list cost of `chip_hours`; `None` where the type is unpriced.
    pub fn cost(&self, chip_hours: Quantity) -> Option<Money> {
        let usd = self.usd_per_hour?;
        Some(plan_money(chip_hours.amount().saturating_mul(usd.amount()) / Decimal::from(self.chips)))
    }

    /// Why it is unpriced.
    pub fn unpriced(&self) -> Option<Unpriced> {
        let reason = self.unpriced_because.as_deref().unwrap_or("the price book has no price of it");
        let unpriced = || Unpriced { what: self.instance_type.clone(), reason: reason.to_owned() };
        self.usd_per_hour.is_none().then(unpriced)
    }
}

/// What is asked of the book: a direction of a model, in a tier and routing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceQuery<'m> {
    /// Display name of the model.
    pub model: &'m str,
    /// Direction.
    pub direction: Direction,
    /// Lifetime of a cache write; `None` is AWS's default, five minutes.
    pub lifetime: Option<CacheLifetime>,
    /// Tier.
    pub tier: Tier,
    /// Routing.
    pub routing: Routing,
}

impl PriceQuery<'_> {
    fn unpriced(&self, reason: impl Into<String>) -> Unpriced {
        Unpriced {
            what: format!("{} {}", self.model, direction_name(self.direction, self.lifetime)),
            reason: reason.into(),
        }
    }
}

/// A direction for people: "output", "cache write (1 h)".
pub fn direction_name(direction: Direction, lifetime: Option<CacheLifetime>) -> &'static str {
    match (direction, lifetime) {
        (Direction::Input, _) => "input",
        (Direction::Output, _) => "output",
        (Direction::CacheRead, _) => "cache read",
        (Direction::CacheWrite, None | Some(CacheLifetime::FiveMinutes)) => "cache write (5 min)",
        (Direction::CacheWrite, Some(CacheLifetime::ThirtyMinutes)) => "cache write (30 min)",
        (Direction::CacheWrite, Some(CacheLifetime::OneHour)) => "cache write (1 h)",
    }
}

/// What one entry says of a model: prices with global routing, on demand, and factors for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ModelPrice {
    from: NaiveDate,
    /// False if the entry was given a first day and must not be used before it.
    reaches_back: bool,
    source: Arc<str>,
    input: Option<Decimal>,
    output: Option<Decimal>,
    cache_read: Option<Decimal>,
    cache_write_5m: Option<Decimal>,
    cache_write_1h: Option<Decimal>,
    in_region_factor: Option<Decimal>,
    batch_factor: Option<Decimal>,
    flex_factor: Option<Decimal>,
    priority_factor: Option<Decimal>,
}

impl ModelPrice {
    fn list(&self, direction: Direction, lifetime: Option<CacheLifetime>) -> Option<Decimal> {
        match (direction, lifetime) {
            (Direction::Input, _) => self.input,
            (Direction::Output, _) => self.output,
            (Direction::CacheRead, _) => self.cache_read,
            // A write without a marked lifetime lives for AWS's default, five minutes.
            (Direction::CacheWrite, None | Some(CacheLifetime::FiveMinutes)) => self.cache_write_5m,
            (Direction::CacheWrite, Some(CacheLifetime::OneHour)) => self.cache_write_1h,
            (Direction::CacheWrite, Some(CacheLifetime::ThirtyMinutes)) => None,
        }
    }

    fn tier_factor(&self, tier: Tier) -> Option<Decimal> {
        match tier {
            Tier::OnDemand => Some(Decimal::ONE),
            Tier::Batch => self.batch_factor,
            Tier::Flex => self.flex_factor,
            Tier::Priority => self.priority_factor,
            Tier::Reserved => None,
        }
    }

    fn routing_factor(&self, routing: Routing) -> Option<Decimal> {
        match routing {
            Routing::Global => Some(Decimal::ONE),
            Routing::InRegion => self.in_region_factor,
        }
    }
}

/// List prices by model and by instance type.
///
/// ```
/// use glidepath_core::billing::price::{PriceBook, PriceQuery};
/// use glidepath_core::values::workload::{Direction, Routing, Tier};
/// let book = PriceBook::builtin();
/// let on = "2026-02-01".parse().unwrap();
/// let model = "Claude Sonnet 5";
/// let ask = |tier, routing| PriceQuery { model, direction: Direction::Output, lifetime: None, tier, routing };
/// let price = |tier, routing| book.lookup(ask(tier, routing), on).map(|price| price.usd_per_million.to_string());
/// assert_eq!(price(Tier::OnDemand, Routing::Global).unwrap(), "10");
/// assert_eq!(price(Tier::Batch, Routing::InRegion).unwrap(), "5.5");
/// let reason = price(Tier::Priority, Routing::Global).unwrap_err();
/// assert_eq!(reason.to_string(), "Claude Sonnet 5 output is unpriced: no verified price of the priority tier is known");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceBook {
    /// Per model, oldest entry first.
    models: BTreeMap<String, Vec<ModelPrice>>,
    /// Per instance type, oldest entry first.
    accelerators: BTreeMap<String, Vec<AcceleratorPrice>>,
    /// What the user's file says of models, oldest entry first.
    model_overrides: BTreeMap<String, Vec<ModelPrice>>,
    /// What the user's file says of instance types, oldest entry first, with whether an entry reaches back.
    accelerator_overrides: BTreeMap<String, Vec<(AcceleratorPrice, bool)>>,
}

/// Read once: every filing that is checked asks for it.
static BUILTIN: LazyLock<PriceBook> = LazyLock::new(|| {
    PriceBook::parse(include_str!("../../../config/prices.toml")).expect("a test reads the built-in price book")
});

impl PriceBook {
    /// The book that comes with the program.
    pub fn builtin() -> Self {
        BUILTIN.clone()
    }

    /// What a million tokens cost on a day.
    ///
    /// # Errors
    /// [`Unpriced`] with the reason: an unknown model, a direction it does not list, or a tier without a verified
    /// price.
    pub fn lookup(&self, ask: PriceQuery<'_>, on: NaiveDate) -> Result<UnitPrice, Unpriced> {
        if !self.knows_model(ask.model) {
            return Err(ask.unpriced("the price book does not list the model"));
        }
        let layers = self.layers(ask.model, on);
        let find = |value: &dyn Fn(&ModelPrice) -> Option<Decimal>| {
            layers.iter().find_map(|(entry, origin)| Some((value(entry)?, *entry, *origin)))
        };
        let tier = find(&|entry| entry.tier_factor(ask.tier)).ok_or_else(|| match ask.tier {
            Tier::Flex => ask.unpriced("no verified price of the flex tier is known"),
            Tier::Priority => ask.unpriced("no verified price of the priority tier is known"),
            Tier::Reserved => ask.unpriced("reserved capacity is paid by the hour, not by the token"),
            Tier::OnDemand | Tier::Batch => ask.unpriced("the price book gives no price of the batch tier"),
        })?;
        let routing = find(&|entry| entry.routing_factor(ask.routing))
            .ok_or_else(|| ask.unpriced("the price book gives no in-region price"))?;
        let (list, entry, origin) = find(&|entry| entry.list(ask.direction, ask.lifetime))
            .ok_or_else(|| ask.unpriced("the price book has no such price of this model"))?;
        let used_origin = |factor: (Decimal, &ModelPrice, PriceOrigin)| {
            if factor.0 == Decimal::ONE { PriceOrigin::BuiltIn } else { factor.2 }
        };
        Ok(UnitPrice {
            usd_per_million: (list * tier.0 * routing.0).normalize(),
            from: entry.from,
            source: Arc::clone(&entry.source),
            origin: origin.max(used_origin(tier)).max(used_origin(routing)),
        })
    }

    /// [`PriceBook::lookup`] where the reason does not matter; `None` is "unpriced".
    pub fn price(
        &self,
        model: &str,
        direction: Direction,
        lifetime: Option<CacheLifetime>,
        tier: Tier,
        routing: Routing,
        on: NaiveDate,
    ) -> Option<UnitPrice> {
        self.lookup(PriceQuery { model, direction, lifetime, tier, routing }, on).ok()
    }

    /// What is said of a model on a day: the user's entry first, then the book's.
    fn layers(&self, model: &str, on: NaiveDate) -> Vec<(&ModelPrice, PriceOrigin)> {
        let own = self
            .model_overrides
            .get(model)
            .and_then(|entries| entries.iter().rev().find(|entry| entry.from <= on || entry.reaches_back));
        let book = self.models.get(model).and_then(|entries| in_force(entries, on, |entry| entry.from));
        let own = own.map(|entry| (entry, PriceOrigin::Override));
        own.into_iter().chain(book.map(|entry| (entry, PriceOrigin::BuiltIn))).collect()
    }

    /// The instance type's chips and price on a day; `None` if the book does not know the type.
    pub fn accelerator(&self, instance_type: &str, on: NaiveDate) -> Option<&AcceleratorPrice> {
        let own = self
            .accelerator_overrides
            .get(instance_type)
            .and_then(|entries| entries.iter().rev().find(|(entry, reaches_back)| entry.from <= on || *reaches_back));
        let book = || in_force(self.accelerators.get(instance_type)?, on, |entry| entry.from);
        own.map(|(entry, _)| entry).or_else(book)
    }

    /// True if the book lists the model, under exactly this name.
    pub fn knows_model(&self, model: &str) -> bool {
        self.models.contains_key(model) || self.model_overrides.contains_key(model)
    }

    /// Every model listed, by name.
    pub fn model_names(&self) -> impl Iterator<Item = &str> {
        names(&self.models, &self.model_overrides)
    }

    /// True if the book lists an instance type of that name, priced or not.
    pub fn knows_instance_type(&self, name: &str) -> bool {
        self.accelerators.contains_key(name) || self.accelerator_overrides.contains_key(name)
    }

    /// Every instance type listed, priced or not, by name.
    pub fn instance_types(&self) -> impl Iterator<Item = &str> {
        names(&self.accelerators, &self.accelerator_overrides)
    }
}

fn names<'a, A, B>(book: &'a BTreeMap<String, A>, own: &'a BTreeMap<String, B>) -> impl Iterator<Item = &'a str> {
    let all: BTreeSet<&str> = book.keys().chain(own.keys()).map(String::as_str).collect();
    all.into_iter()
}

/// The newest entry that holds on `on`. AWS publishes no price history: before the first entry, the first one is the
/// best that is known, and "unpriced" would make every filing older than the book useless.
fn in_force<T>(entries: &[T], on: NaiveDate, from: impl Fn(&T) -> NaiveDate) -> Option<&T> {
    entries.iter().rev().find(|entry| from(entry) <= on).or_else(|| entries.first())
}
