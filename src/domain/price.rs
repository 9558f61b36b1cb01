//! The price book: dated, sourced list prices of tokens and accelerator hours.
//!
//! Invariants: a price that is not in the book is `None`, "unpriced", and never zero; names are matched exactly; every
//! price says since when and from where. The built-in book is `config/prices.toml`, compiled in.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use thiserror::Error;

use super::money::{Money, Quantity};
use super::workload::{CacheLifetime, Direction, Routing, Tier};

/// Digits after the point of every planned or compared amount. Twelve is what the store keeps, and it leaves sixteen
/// digits before the point, so that sums of planned and actual cost are always exact.
pub const PLAN_SCALE: u32 = 12;

/// Wraps a computed cost, rounded half to even at [`PLAN_SCALE`] digits.
pub(crate) fn plan_money(value: Decimal) -> Money {
    Money::from_decimal(value.round_dp(PLAN_SCALE))
}

/// A book that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PriceBookError {
    /// Not TOML, an unknown key, a missing key or a value of the wrong type; the text shows the line.
    #[error("the price book cannot be read: {0}")]
    Malformed(String),
    /// Two entries of one name that begin on the same day.
    #[error("the price book lists {name:?} twice from {from}; keep one of the two entries")]
    Duplicate {
        /// Model or instance type.
        name: String,
        /// First day of both.
        from: NaiveDate,
    },
    /// A price, factor or chip count that cannot be right.
    #[error("the price book gives {name:?} a {what} of {value}; it must be above zero")]
    NotPositive {
        /// Model or instance type.
        name: String,
        /// Which figure.
        what: &'static str,
        /// As written.
        value: String,
    },
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
}

impl UnitPrice {
    /// The cost of `tokens`, at [`PLAN_SCALE`] digits.
    pub fn cost(&self, tokens: Quantity) -> Money {
        plan_money(self.usd_per_million * (tokens.amount() / Decimal::from(1_000_000)))
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
    /// First day on which the entry is known to hold.
    pub from: NaiveDate,
    /// Where it was read.
    pub source: Arc<str>,
}

impl AcceleratorPrice {
    /// Instance hours that make up `chip_hours`.
    pub fn instance_hours(&self, chip_hours: Quantity) -> Quantity {
        Quantity::from_decimal(chip_hours.amount() / Decimal::from(self.chips))
    }

    /// The list cost of `chip_hours`; `None` where the type is unpriced.
    pub fn cost(&self, chip_hours: Quantity) -> Option<Money> {
        let usd = self.usd_per_hour?;
        Some(plan_money(chip_hours.amount() * usd.amount() / Decimal::from(self.chips)))
    }
}

/// One model's prices from a day on, global routing, on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ModelPrice {
    from: NaiveDate,
    source: Arc<str>,
    input: Option<Decimal>,
    output: Option<Decimal>,
    cache_read: Option<Decimal>,
    cache_write_5m: Option<Decimal>,
    cache_write_1h: Option<Decimal>,
    in_region_factor: Decimal,
    batch_factor: Decimal,
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
            Tier::Batch => Some(self.batch_factor),
            // No verified price exists for these.
            Tier::Flex | Tier::Priority | Tier::Reserved => None,
        }
    }
}

/// List prices by model and by instance type.
///
/// ```
/// use glidepath::domain::price::PriceBook;
/// use glidepath::domain::workload::{Direction, Routing, Tier};
/// let book = PriceBook::builtin();
/// let on = "2026-02-01".parse().unwrap();
/// let price = |tier, routing| book.price("Claude Sonnet 5", Direction::Output, None, tier, routing, on);
/// assert_eq!(price(Tier::OnDemand, Routing::Global).unwrap().usd_per_million.to_string(), "10");
/// assert_eq!(price(Tier::Batch, Routing::InRegion).unwrap().usd_per_million.to_string(), "5.5");
/// assert_eq!(price(Tier::Priority, Routing::Global), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceBook {
    /// Per model, oldest entry first.
    models: BTreeMap<String, Vec<ModelPrice>>,
    /// Per instance type, oldest entry first.
    accelerators: BTreeMap<String, Vec<AcceleratorPrice>>,
}

impl PriceBook {
    /// The book that comes with the program.
    pub fn builtin() -> Self {
        PriceBook::parse(include_str!("../../config/prices.toml")).expect("a test reads the built-in price book")
    }

    /// Reads a book in the format of `config/prices.toml`.
    ///
    /// # Errors
    /// [`PriceBookError`] naming the first entry that cannot be used.
    pub fn parse(text: &str) -> Result<Self, PriceBookError> {
        let file: BookFile = toml::from_str(text).map_err(|error| PriceBookError::Malformed(error.to_string()))?;
        let mut book = PriceBook { models: BTreeMap::new(), accelerators: BTreeMap::new() };
        for entry in &file.model {
            book.models.entry(entry.name.clone()).or_default().push(entry.checked(&file)?);
        }
        for entry in &file.accelerator {
            book.accelerators.entry(entry.instance_type.clone()).or_default().push(entry.checked(&file)?);
        }
        for (name, entries) in &mut book.models {
            sort_by_day(name, entries, |entry| entry.from)?;
        }
        for (name, entries) in &mut book.accelerators {
            sort_by_day(name, entries, |entry| entry.from)?;
        }
        Ok(book)
    }

    /// What a million tokens of `model` cost on a day; `None` is "unpriced": an unknown model, a direction it does not
    /// list, or a tier without a verified price.
    pub fn price(
        &self,
        model: &str,
        direction: Direction,
        lifetime: Option<CacheLifetime>,
        tier: Tier,
        routing: Routing,
        on: NaiveDate,
    ) -> Option<UnitPrice> {
        let entry = in_force(self.models.get(model)?, on, |entry| entry.from)?;
        let routing_factor = match routing {
            Routing::Global => Decimal::ONE,
            Routing::InRegion => entry.in_region_factor,
        };
        let usd = entry.list(direction, lifetime)? * entry.tier_factor(tier)? * routing_factor;
        Some(UnitPrice { usd_per_million: usd.normalize(), from: entry.from, source: Arc::clone(&entry.source) })
    }

    /// The instance type's chips and price on a day; `None` if the book does not know the type.
    pub fn accelerator(&self, instance_type: &str, on: NaiveDate) -> Option<&AcceleratorPrice> {
        in_force(self.accelerators.get(instance_type)?, on, |entry| entry.from)
    }

    /// True if the book lists the model, under exactly this name.
    pub fn knows_model(&self, model: &str) -> bool {
        self.models.contains_key(model)
    }

    /// Every model listed, by name.
    pub fn model_names(&self) -> impl Iterator<Item = &str> {
        self.models.keys().map(String::as_str)
    }

    /// Every instance type listed, priced or not, by name.
    pub fn instance_types(&self) -> impl Iterator<Item = &str> {
        self.accelerators.keys().map(String::as_str)
    }
}

/// The newest entry that holds on `on`. AWS publishes no price history: before the first entry, the first one is the
/// best that is known, and "unpriced" would make every filing older than the book useless.
fn in_force<T>(entries: &[T], on: NaiveDate, from: impl Fn(&T) -> NaiveDate) -> Option<&T> {
    entries.iter().rev().find(|entry| from(entry) <= on).or_else(|| entries.first())
}

fn sort_by_day<T>(name: &str, entries: &mut [T], from: impl Fn(&T) -> NaiveDate) -> Result<(), PriceBookError> {
    entries.sort_by_key(&from);
    match entries.windows(2).find(|pair| from(&pair[0]) == from(&pair[1])) {
        Some(pair) => Err(PriceBookError::Duplicate { name: name.to_owned(), from: from(&pair[0]) }),
        None => Ok(()),
    }
}

/// The file as written. Prices are text ([`Money`] reads nothing else), so no price passes through a float.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BookFile {
    read_on: NaiveDate,
    source: String,
    batch_factor: Money,
    #[serde(default)]
    model: Vec<ModelEntry>,
    #[serde(default)]
    accelerator: Vec<AcceleratorEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelEntry {
    name: String,
    from: Option<NaiveDate>,
    source: Option<String>,
    input: Option<Money>,
    output: Option<Money>,
    cache_read: Option<Money>,
    cache_write_5m: Option<Money>,
    cache_write_1h: Option<Money>,
    in_region_factor: Option<Money>,
    batch_factor: Option<Money>,
}

impl ModelEntry {
    fn checked(&self, file: &BookFile) -> Result<ModelPrice, PriceBookError> {
        let read = |what, value: Option<Money>| value.map(|value| positive(&self.name, what, value)).transpose();
        Ok(ModelPrice {
            from: self.from.unwrap_or(file.read_on),
            source: self.source.as_deref().unwrap_or(&file.source).into(),
            input: read("input price", self.input)?,
            output: read("output price", self.output)?,
            cache_read: read("cache_read price", self.cache_read)?,
            cache_write_5m: read("cache_write_5m price", self.cache_write_5m)?,
            cache_write_1h: read("cache_write_1h price", self.cache_write_1h)?,
            in_region_factor: read("in_region_factor", self.in_region_factor)?.unwrap_or(Decimal::ONE),
            batch_factor: positive(&self.name, "batch_factor", self.batch_factor.unwrap_or(file.batch_factor))?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceleratorEntry {
    instance_type: String,
    from: Option<NaiveDate>,
    source: Option<String>,
    chips: u32,
    usd_per_hour: Option<Money>,
}

impl AcceleratorEntry {
    fn checked(&self, file: &BookFile) -> Result<AcceleratorPrice, PriceBookError> {
        positive(&self.instance_type, "number of chips", Money::from_decimal(Decimal::from(self.chips)))?;
        if let Some(usd) = self.usd_per_hour {
            positive(&self.instance_type, "usd_per_hour", usd)?;
        }
        Ok(AcceleratorPrice {
            instance_type: self.instance_type.clone(),
            chips: self.chips,
            usd_per_hour: self.usd_per_hour,
            from: self.from.unwrap_or(file.read_on),
            source: self.source.as_deref().unwrap_or(&file.source).into(),
        })
    }
}

fn positive(name: &str, what: &'static str, value: Money) -> Result<Decimal, PriceBookError> {
    if value.is_positive() {
        Ok(value.amount())
    } else {
        Err(PriceBookError::NotPositive { name: name.to_owned(), what, value: value.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    const HEAD: &str = "read_on = \"2026-06-01\"\nsource = \"test\"\nbatch_factor = \"0.5\"\n";

    fn usd(book: &PriceBook, model: &str, direction: Direction, on: &str) -> Option<String> {
        let price = book.price(model, direction, None, Tier::OnDemand, Routing::Global, day(on));
        price.map(|price| price.usd_per_million.to_string())
    }

    #[test]
    fn the_newest_entry_in_force_wins_and_the_first_reaches_back() {
        let text = format!(
            "{HEAD}[[model]]\nname = \"M\"\nfrom = \"2026-03-01\"\ninput = \"3\"\n[[model]]\nname = \"M\"\ninput = \"2\"\n"
        );
        let book = PriceBook::parse(&text).unwrap();
        assert_eq!(usd(&book, "M", Direction::Input, "2025-01-01").as_deref(), Some("3"));
        assert_eq!(usd(&book, "M", Direction::Input, "2026-05-31").as_deref(), Some("3"));
        assert_eq!(usd(&book, "M", Direction::Input, "2026-06-01").as_deref(), Some("2"));
    }

    #[test]
    fn unpriced_is_not_zero() {
        let book = PriceBook::builtin();
        assert_eq!(usd(&book, "Titan Text Embeddings V2", Direction::Input, "2026-02-01").as_deref(), Some("0.02"));
        assert_eq!(usd(&book, "Titan Text Embeddings V2", Direction::Output, "2026-02-01"), None);
        assert_eq!(usd(&book, "Nova Lite", Direction::CacheWrite, "2026-02-01"), None);
        assert_eq!(usd(&book, "claude sonnet 5", Direction::Input, "2026-02-01"), None);
        let trn2 = book.accelerator("trn2.48xlarge", day("2026-02-01")).unwrap();
        assert_eq!((trn2.chips, trn2.usd_per_hour), (16, None));
        assert_eq!(trn2.cost("16".parse().unwrap()), None);
    }

    #[test]
    fn cache_writes_are_priced_by_lifetime() {
        let book = PriceBook::builtin();
        let write = |lifetime| {
            let price = book.price(
                "Claude Opus 4.7",
                Direction::CacheWrite,
                lifetime,
                Tier::OnDemand,
                Routing::Global,
                day("2026-02-01"),
            );
            price.map(|price| price.usd_per_million.to_string())
        };
        assert_eq!(write(None).as_deref(), Some("6.25"));
        assert_eq!(write(Some(CacheLifetime::FiveMinutes)).as_deref(), Some("6.25"));
        assert_eq!(write(Some(CacheLifetime::OneHour)).as_deref(), Some("10"));
        assert_eq!(write(Some(CacheLifetime::ThirtyMinutes)), None);
    }

    #[test]
    fn chip_hours_become_instance_hours_and_dollars() {
        let book = PriceBook::builtin();
        let trn1 = book.accelerator("trn1.32xlarge", day("2026-02-01")).unwrap();
        // 9,216 chip-hours on 16 chips are 576 instance hours; 576 x 21.50 = 12,384.
        assert_eq!(trn1.instance_hours("9216".parse().unwrap()).to_string(), "576");
        assert_eq!(trn1.cost("9216".parse().unwrap()).unwrap().to_string(), "12384");
    }

    #[test]
    fn unusable_books_say_why() {
        let parse = |rest: &str| PriceBook::parse(&format!("{HEAD}{rest}")).unwrap_err();
        let twice = parse("[[model]]\nname = \"M\"\ninput = \"3\"\n[[model]]\nname = \"M\"\ninput = \"2\"\n");
        assert_eq!(twice, PriceBookError::Duplicate { name: "M".to_owned(), from: day("2026-06-01") });
        let zero = parse("[[model]]\nname = \"M\"\ninput = \"0\"\n");
        assert!(matches!(zero, PriceBookError::NotPositive { what: "input price", .. }), "{zero}");
        assert!(parse("[[model]]\nname = \"M\"\ninput = 0.1\n").to_string().contains("line 6"));
        assert!(parse("[[model]]\nname = \"M\"\nprompt = \"1\"\n").to_string().contains("prompt"));
    }
}
