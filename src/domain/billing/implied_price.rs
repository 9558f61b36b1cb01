//! Prices that the bill implies, cost by quantity, beside those of the price book, and the choice between the two.
//!
//! What was paid per million tokens or per instance hour over the last complete days holds every discount, regional
//! price and rounding that a list cannot know. Invariants: a price rests on metered quantities alone; rows without an
//! understood quantity, rows of the long-context price band and rows that cost nothing or less are left out, since they
//! say nothing about the price; a price on thin evidence is shown and not used.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::costs::{Costs, DetailRow};
use super::price::{PLAN_SCALE, PriceBook, PriceOrigin, PriceQuery, Unpriced};
use crate::values::money::{Money, Quantity};
use crate::values::period::{DayRange, plus_days};
use crate::values::workload::{CacheLifetime, Classification, Direction, Routing, Tier, Workload};

/// Complete days that a price rests on at most: four weeks, so that every weekday counts alike.
pub const DAYS: i64 = 28;
/// Days with use from which the bill's price is used. Chosen: one day may be a test, a restatement or a free allowance.
pub const ENOUGH_DAYS: usize = 3;
/// Tokens from which the bill's price is used. Chosen: at a million, AWS's rounding of an amount is far below a cent.
pub const ENOUGH_TOKENS: i64 = 1_000_000;
/// Instance hours from which the bill's price is used. Chosen.
pub const ENOUGH_HOURS: i64 = 1;

/// What tokens of one kind cost: everything that a price depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct TokenKind {
    /// Display name of the model.
    pub model: String,
    /// Direction.
    pub direction: Direction,
    /// Lifetime of a cache write; five minutes where the bill marks none, and null in other directions.
    pub cache_lifetime: Option<CacheLifetime>,
    /// Tier.
    pub tier: Tier,
    /// Routing; in-region where the bill marks none.
    pub routing: Routing,
}

impl TokenKind {
    /// The kind of a metered row; `None` for everything that is no plain text tokens of a known model.
    pub fn of(class: &Classification) -> Option<Self> {
        let metered = class.workload == Workload::BedrockInference && class.unit == "tokens" && !class.long_context;
        let kind = |direction, model: &String| TokenKind {
            model: model.clone(),
            direction,
            cache_lifetime: lifetime(direction, class.cache_lifetime),
            tier: class.tier.unwrap_or(Tier::OnDemand),
            routing: class.routing.unwrap_or(Routing::InRegion),
        };
        metered.then(|| Some(kind(class.direction?, class.model.as_ref()?)))?
    }

    fn asked(ask: PriceQuery<'_>) -> Self {
        TokenKind {
            model: ask.model.to_owned(),
            direction: ask.direction,
            cache_lifetime: lifetime(ask.direction, ask.lifetime),
            tier: ask.tier,
            routing: ask.routing,
        }
    }

    /// The question to the book that this kind answers.
    pub fn query(&self) -> PriceQuery<'_> {
        let TokenKind { model, direction, cache_lifetime, tier, routing } = self;
        PriceQuery { model, direction: *direction, lifetime: *cache_lifetime, tier: *tier, routing: *routing }
    }
}

/// A cache write without a marked lifetime lives for AWS's default, five minutes; nothing else has one.
fn lifetime(direction: Direction, marked: Option<CacheLifetime>) -> Option<CacheLifetime> {
    (direction == Direction::CacheWrite).then(|| marked.unwrap_or(CacheLifetime::FiveMinutes))
}

/// What was metered and paid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Tokens or chip-hours.
    pub quantity: Quantity,
    /// Their cost.
    pub cost: Money,
    /// Days with use.
    pub days: BTreeSet<NaiveDate>,
}

impl Evidence {
    fn add(&mut self, row: &DetailRow, quantity: Quantity) {
        self.quantity += quantity;
        self.cost += row.cost;
        self.days.insert(row.day);
    }

    /// Dollars for `units` of the quantity, at [`PLAN_SCALE`] digits.
    fn price_of(&self, units: Decimal) -> Option<Decimal> {
        let price = self.cost.amount().checked_div(self.quantity.amount())?.saturating_mul(units);
        Some(price.round_dp(PLAN_SCALE).normalize())
    }

    fn is_enough(&self, least: Decimal) -> bool {
        self.days.len() >= ENOUGH_DAYS && self.quantity.amount() >= least && self.cost.is_positive()
    }
}

/// The bill's prices over its last complete days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImpliedPrices {
    /// The days that they rest on.
    pub range: DayRange,
    tokens: BTreeMap<TokenKind, Evidence>,
    /// Chip-hours by instance type, as billed: an `ml.` type is one of its own.
    chip_hours: BTreeMap<String, Evidence>,
}

impl ImpliedPrices {
    /// Reads the last [`DAYS`] of the `complete` days.
    pub fn of(costs: &Costs, complete: DayRange) -> Self {
        let range = DayRange::new(complete.start.max(plus_days(complete.end, -DAYS)), complete.end);
        let mut implied = ImpliedPrices { range, tokens: BTreeMap::new(), chip_hours: BTreeMap::new() };
        let kinds: Vec<_> = costs.kinds.iter().map(|kind| (TokenKind::of(&kind.class), &kind.class)).collect();
        for row in costs.detail.iter().filter(|row| range.contains(row.day) && row.cost.is_positive()) {
            let (kind, class) = &kinds[row.kind];
            let Some(quantity) = class.scale.map(|scale| row.quantity.times(scale)).filter(|q| !q.is_zero()) else {
                continue;
            };
            if let Some(kind) = kind {
                implied.tokens.entry(kind.clone()).or_default().add(row, quantity);
            } else if let Some(name) = class.instance_type.as_ref().filter(|_| class.unit == "chip_hours") {
                implied.chip_hours.entry(name.clone()).or_default().add(row, quantity);
            }
        }
        implied
    }

    /// What was seen of a kind of tokens.
    pub fn tokens(&self) -> impl Iterator<Item = (&TokenKind, &Evidence)> {
        self.tokens.iter()
    }
}

/// What a price rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The bill.
    Implied {
        /// Tokens metered.
        tokens: Quantity,
        /// Days with use.
        days: usize,
    },
    /// The price book.
    Book {
        /// First day on which the entry is known to hold.
        from: NaiveDate,
        /// Where it was read.
        source: String,
        /// The program's or the user's.
        origin: PriceOrigin,
    },
}

/// A price to reckon with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// US dollars per million tokens.
    pub usd_per_million: Decimal,
    /// What it rests on.
    pub basis: Basis,
}

/// Prices for what is to come: the bill's where there is enough evidence, else the book's.
#[derive(Debug, Clone, Copy)]
pub struct PriceSource<'a> {
    /// List prices.
    pub book: &'a PriceBook,
    /// The bill's prices.
    pub implied: &'a ImpliedPrices,
}

impl PriceSource<'_> {
    /// The price of a million tokens.
    ///
    /// # Errors
    /// [`Unpriced`] if neither the bill nor the book knows it.
    pub fn quote(&self, ask: PriceQuery<'_>, on: NaiveDate) -> Result<Quote, Unpriced> {
        let seen = self.implied.tokens.get(&TokenKind::asked(ask)).filter(|seen| seen.is_enough(ENOUGH_TOKENS.into()));
        if let Some((seen, usd_per_million)) = seen.and_then(|seen| Some((seen, seen.price_of(MILLION.into())?))) {
            let basis = Basis::Implied { tokens: seen.quantity, days: seen.days.len() };
            return Ok(Quote { usd_per_million, basis });
        }
        let book = self.book.lookup(ask, on)?;
        let basis = Basis::Book { from: book.from, source: book.source.to_string(), origin: book.origin };
        Ok(Quote { usd_per_million: book.usd_per_million, basis })
    }

    /// The price of one chip-hour of an instance type, in US dollars.
    ///
    /// # Errors
    /// [`Unpriced`] if neither the bill nor the book knows it.
    pub fn quote_chip_hour(&self, instance_type: &str, on: NaiveDate) -> Result<Decimal, Unpriced> {
        let entry = self.book.accelerator(instance_type, on);
        let chips = Decimal::from(entry.map_or(1, |entry| entry.chips));
        let row = self.hour_row(instance_type, on);
        let usd = match row.used {
            Some(Used::Implied) => row.implied.map(|implied| implied.usd),
            Some(Used::Book) => row.book.map(|book| book.usd),
            None => None,
        };
        let unpriced = || Unpriced {
            what: instance_type.to_owned(),
            reason: row.unpriced.unwrap_or_else(|| "neither the bill nor the price book has a price of it".to_owned()),
        };
        usd.map(|usd| usd / chips).ok_or_else(unpriced)
    }

    /// Every kind of tokens and every instance type that the bill shows, with the book's price beside it; after them,
    /// with `all`, what the book lists and the bill does not show.
    pub fn compare(&self, on: NaiveDate, all: bool) -> Vec<PriceRow> {
        let mut rows: Vec<PriceRow> = self.implied.tokens.keys().map(|kind| self.token_row(kind, on)).collect();
        let mut types: BTreeSet<&str> = self.implied.chip_hours.keys().map(String::as_str).collect();
        if all {
            let listed = self.book.model_names().flat_map(listed_kinds);
            let unseen = listed.filter(|kind| !self.implied.tokens.contains_key(kind));
            rows.extend(unseen.map(|kind| self.token_row(&kind, on)).filter(|row| row.book.is_some()));
            types.extend(self.book.instance_types());
        }
        rows.extend(types.into_iter().map(|name| self.hour_row(name, on)));
        rows
    }

    fn token_row(&self, kind: &TokenKind, on: NaiveDate) -> PriceRow {
        let book = self.book.lookup(kind.query(), on);
        let seen = self.implied.tokens.get(kind);
        let implied = seen.and_then(|seen| self.implied_figure(seen, MILLION.into(), ENOUGH_TOKENS.into()));
        let unpriced = book.as_ref().err().map(|unpriced| unpriced.reason.clone());
        let book = book.ok().map(|price| BookFigure {
            usd: price.usd_per_million,
            from: price.from,
            source: price.source.to_string(),
            origin: price.origin,
        });
        PriceRow::new(kind.model.clone(), Unit::MillionTokens, Some(kind.clone()), book, unpriced, implied)
    }

    fn hour_row(&self, name: &str, on: NaiveDate) -> PriceRow {
        let entry = self.book.accelerator(name, on);
        let chips = Decimal::from(entry.map_or(1, |entry| entry.chips));
        let seen = self.implied.chip_hours.get(name);
        let implied = seen.and_then(|seen| self.implied_figure(seen, chips, chips * Decimal::from(ENOUGH_HOURS)));
        let unpriced = match entry {
            Some(entry) => entry.unpriced().map(|unpriced| unpriced.reason),
            None => Some("the price book does not list the instance type; hours are of one chip".to_owned()),
        };
        let book = entry.and_then(|entry| {
            Some(BookFigure {
                usd: entry.usd_per_hour?.amount().normalize(),
                from: entry.from,
                source: entry.source.to_string(),
                origin: entry.origin,
            })
        });
        PriceRow::new(name.to_owned(), Unit::InstanceHour, None, book, unpriced, implied)
    }

    fn implied_figure(&self, seen: &Evidence, units: Decimal, least: Decimal) -> Option<ImpliedFigure> {
        Some(ImpliedFigure {
            usd: seen.price_of(units)?,
            quantity: seen.quantity,
            cost: seen.cost,
            days: seen.days.len(),
            first_day: *seen.days.first()?,
            last_day: *seen.days.last()?,
            enough: seen.is_enough(least),
        })
    }
}

const MILLION: i64 = 1_000_000;

/// The kinds that a price list is read by: every direction, on demand and routed globally.
fn listed_kinds(model: &str) -> Vec<TokenKind> {
    let kind = |(direction, cache_lifetime)| TokenKind {
        model: model.to_owned(),
        direction,
        cache_lifetime,
        tier: Tier::OnDemand,
        routing: Routing::Global,
    };
    let directions = [
        (Direction::Input, None),
        (Direction::Output, None),
        (Direction::CacheRead, None),
        (Direction::CacheWrite, Some(CacheLifetime::FiveMinutes)),
        (Direction::CacheWrite, Some(CacheLifetime::OneHour)),
    ];
    directions.map(kind).to_vec()
}

/// What a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PriceUnit)]
pub enum Unit {
    /// A million tokens.
    MillionTokens,
    /// An hour of an instance.
    InstanceHour,
}

/// The book's price of something beside the bill's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PriceRow {
    /// Model or instance type.
    pub name: String,
    /// What the prices are for.
    pub unit: Unit,
    /// Which tokens; null for instance hours.
    pub tokens: Option<TokenKind>,
    /// The book's price.
    pub book: Option<BookFigure>,
    /// Why the book has none.
    pub unpriced: Option<String>,
    /// The bill's price.
    pub implied: Option<ImpliedFigure>,
    /// How far the bill is above the book, in percent with one digit, half to even.
    pub difference_percent: Option<Decimal>,
    /// Which of the two is used for what is to come; null while there is neither.
    pub used: Option<Used>,
}

impl PriceRow {
    fn new(
        name: String,
        unit: Unit,
        tokens: Option<TokenKind>,
        book: Option<BookFigure>,
        unpriced: Option<String>,
        implied: Option<ImpliedFigure>,
    ) -> Self {
        let enough = implied.as_ref().is_some_and(|implied| implied.enough);
        let used = if enough { Some(Used::Implied) } else { book.as_ref().map(|_| Used::Book) };
        let difference_percent = implied.as_ref().zip(book.as_ref()).and_then(|(implied, book)| {
            let ratio =
                implied.usd.saturating_sub(book.usd).checked_div(book.usd)?.saturating_mul(Decimal::ONE_HUNDRED);
            Some(ratio.round_dp_with_strategy(1, RoundingStrategy::MidpointNearestEven))
        });
        PriceRow { name, unit, tokens, book, unpriced, implied, difference_percent, used }
    }
}

/// Which price is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UsedPrice)]
pub enum Used {
    /// The bill's.
    Implied,
    /// The book's.
    Book,
}

/// A price of the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookFigure {
    /// US dollars per unit.
    pub usd: Decimal,
    /// First day on which the entry is known to hold.
    pub from: NaiveDate,
    /// Where it was read.
    pub source: String,
    /// The program's or the user's.
    pub origin: PriceOrigin,
}

/// A price of the bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImpliedFigure {
    /// US dollars per unit, at twelve digits.
    pub usd: Decimal,
    /// Tokens or chip-hours metered.
    pub quantity: Quantity,
    /// Their cost.
    pub cost: Money,
    /// Days with use.
    pub days: usize,
    /// First of them.
    pub first_day: NaiveDate,
    /// Last of them.
    pub last_day: NaiveDate,
    /// True if there is enough of it to be used.
    pub enough: bool,
}
