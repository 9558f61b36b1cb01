//! Reads a price file: the built-in book, or the user's own over it. Every problem is reported at once, with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use super::{AcceleratorPrice, ModelPrice, PriceBook, PriceOrigin};
use crate::values::bounds::{self, Bound};
use crate::values::money::Money;

/// A price file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the price file has {} problem(s): {}", .problems.len(), in_one_line(.problems))]
pub struct PriceBookError {
    /// What is wrong, in order of line.
    pub problems: Vec<PriceProblem>,
}

/// One mistake in a price file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceProblem {
    /// Line in the file, counted from 1.
    pub line: usize,
    /// What is wrong and what to write.
    pub problem: String,
}

impl fmt::Display for PriceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

fn in_one_line(problems: &[PriceProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl PriceBook {
    /// Reads a book in the format of `config/prices.toml`.
    ///
    /// # Errors
    /// [`PriceBookError`] with every entry that cannot be used.
    pub fn parse(text: &str) -> Result<Self, PriceBookError> {
        let mut reading = Reading::new(text)?;
        let models = reading.models();
        let accelerators = reading.accelerators(|_| None);
        reading.finish(|| PriceBook {
            models,
            accelerators: accelerators
                .into_iter()
                .map(|(name, entries)| (name, entries.into_iter().map(|(entry, _)| entry).collect()))
                .collect(),
            model_overrides: BTreeMap::new(),
            accelerator_overrides: BTreeMap::new(),
        })
    }

    /// Puts a user's file, in the same format, over the book: where it gives a price or a factor it wins, what it does
    /// not mention stays. An entry with a first day of its own holds from then; one without holds for all time.
    ///
    /// # Errors
    /// [`PriceBookError`] with every entry that cannot be used.
    pub fn with_overrides(mut self, text: &str) -> Result<Self, PriceBookError> {
        let mut reading = Reading::new(text)?;
        let models = reading.models();
        let chips = |name: &str| self.accelerators.get(name)?.last().map(|entry| entry.chips);
        let mut accelerators = reading.accelerators(chips);
        for (entry, _) in accelerators.values_mut().flatten() {
            entry.origin = PriceOrigin::Override;
        }
        reading.finish(|| {
            self.model_overrides = models;
            self.accelerator_overrides = accelerators;
            self
        })
    }
}

/// The file as written. Prices are text ([`Money`] reads nothing else), so no price passes through a float.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BookFile {
    read_on: NaiveDate,
    source: String,
    #[serde(default = "home_region")]
    region: String,
    batch_factor: Option<Money>,
    in_region_factor: Option<Money>,
    #[serde(default)]
    model: Vec<ModelEntry>,
    #[serde(default)]
    accelerator: Vec<AcceleratorEntry>,
}

/// Where AWS sells first and quotes from.
fn home_region() -> String {
    "us-east-1".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelEntry {
    name: Spanned<String>,
    from: Option<NaiveDate>,
    source: Option<String>,
    input: Option<Money>,
    output: Option<Money>,
    cache_read: Option<Money>,
    cache_write_5m: Option<Money>,
    cache_write_1h: Option<Money>,
    in_region_factor: Option<Money>,
    batch_factor: Option<Money>,
    flex_factor: Option<Money>,
    priority_factor: Option<Money>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceleratorEntry {
    instance_type: Spanned<String>,
    from: Option<NaiveDate>,
    source: Option<String>,
    region: Option<String>,
    chips: Option<u32>,
    usd_per_hour: Option<Money>,
    unpriced: Option<String>,
}

/// A file on its way to a book, with what is wrong so far.
struct Reading<'t> {
    text: &'t str,
    file: BookFile,
    problems: Vec<PriceProblem>,
}

impl<'t> Reading<'t> {
    fn new(text: &'t str) -> Result<Self, PriceBookError> {
        let file = toml::from_str(text).map_err(|error| {
            let line = line_at(text, error.span().map_or(0, |span| span.start));
            let problem = format!("{}; what follows is unread", error.message());
            PriceBookError { problems: vec![PriceProblem { line, problem }] }
        })?;
        Ok(Reading { text, file, problems: Vec::new() })
    }

    fn finish(mut self, book: impl FnOnce() -> PriceBook) -> Result<PriceBook, PriceBookError> {
        self.problems.sort();
        if self.problems.is_empty() { Ok(book()) } else { Err(PriceBookError { problems: self.problems }) }
    }

    fn models(&mut self) -> BTreeMap<String, Vec<ModelPrice>> {
        let mut models: BTreeMap<String, Vec<ModelPrice>> = BTreeMap::new();
        let mut days = BTreeSet::new();
        let entries = std::mem::take(&mut self.file.model);
        for entry in &entries {
            let (name, line) = (entry.name.get_ref(), line_at(self.text, entry.name.span().start));
            let mut read =
                |what: &str, bound, value: Option<Money>| Some(self.bounded(line, name, what, bound, value?));
            let (usd, factor) = (bounds::PRICE_USD, bounds::PRICE_FACTOR);
            let price = ModelPrice {
                input: read("input price", usd, entry.input),
                output: read("output price", usd, entry.output),
                cache_read: read("cache_read price", usd, entry.cache_read),
                cache_write_5m: read("cache_write_5m price", usd, entry.cache_write_5m),
                cache_write_1h: read("cache_write_1h price", usd, entry.cache_write_1h),
                in_region_factor: read("in_region_factor", factor, entry.in_region_factor),
                batch_factor: read("batch_factor", factor, entry.batch_factor),
                flex_factor: read("flex_factor", factor, entry.flex_factor),
                priority_factor: read("priority_factor", factor, entry.priority_factor),
                from: entry.from.unwrap_or(self.file.read_on),
                reaches_back: entry.from.is_none(),
                source: entry.source.as_deref().unwrap_or(&self.file.source).into(),
            };
            let price = self.with_common_factors(price);
            self.note_day(&mut days, line, name, price.from);
            models.entry(name.clone()).or_default().push(price);
        }
        models.values_mut().for_each(|entries| entries.sort_by_key(|entry| entry.from));
        models
    }

    /// The factors at the head of the file hold for every entry that gives none of its own.
    fn with_common_factors(&mut self, price: ModelPrice) -> ModelPrice {
        let (batch, in_region) = (self.file.batch_factor, self.file.in_region_factor);
        let mut common =
            |what: &str, value: Option<Money>| Some(self.bounded(1, "every model", what, bounds::PRICE_FACTOR, value?));
        ModelPrice {
            batch_factor: price.batch_factor.or_else(|| common("batch_factor", batch)),
            in_region_factor: price.in_region_factor.or_else(|| common("in_region_factor", in_region)),
            ..price
        }
    }

    fn accelerators(
        &mut self,
        known_chips: impl Fn(&str) -> Option<u32>,
    ) -> BTreeMap<String, Vec<(AcceleratorPrice, bool)>> {
        let mut accelerators: BTreeMap<String, Vec<(AcceleratorPrice, bool)>> = BTreeMap::new();
        let mut days = BTreeSet::new();
        let entries = std::mem::take(&mut self.file.accelerator);
        for entry in &entries {
            let (name, line) = (entry.instance_type.get_ref(), line_at(self.text, entry.instance_type.span().start));
            let chips = entry.chips.or_else(|| known_chips(name)).filter(|chips| *chips > 0);
            if chips.is_none() {
                self.problem(line, format!("{name:?} has no number of chips; add it, like chips = 16"));
            }
            if let Some(usd) = entry.usd_per_hour {
                self.bounded(line, name, "usd_per_hour", bounds::PRICE_USD, usd);
            }
            if let Some(problem) = chips.and_then(|chips| bounds::CHIPS.refuse("chips", chips)) {
                self.problem(line, format!("of {name:?}, {problem}"));
            }
            match (entry.usd_per_hour.is_some(), entry.unpriced.is_some()) {
                (false, false) => {
                    let missing = "neither usd_per_hour nor unpriced = \"why there is no price\"";
                    self.problem(line, format!("{name:?} has {missing}"));
                }
                (true, true) => self.problem(line, format!("{name:?} has a price and is called unpriced; keep one")),
                _ => {}
            }
            let price = AcceleratorPrice {
                instance_type: name.clone(),
                chips: chips.unwrap_or(1),
                usd_per_hour: entry.usd_per_hour,
                unpriced_because: entry.unpriced.as_deref().map(Into::into),
                region: entry.region.as_deref().unwrap_or(&self.file.region).into(),
                from: entry.from.unwrap_or(self.file.read_on),
                source: entry.source.as_deref().unwrap_or(&self.file.source).into(),
                origin: PriceOrigin::BuiltIn,
            };
            self.note_day(&mut days, line, name, price.from);
            accelerators.entry(name.clone()).or_default().push((price, entry.from.is_none()));
        }
        accelerators.values_mut().for_each(|entries| entries.sort_by_key(|(entry, _)| entry.from));
        accelerators
    }

    fn note_day(&mut self, days: &mut BTreeSet<(String, NaiveDate)>, line: usize, name: &str, from: NaiveDate) {
        if !days.insert((name.to_owned(), from)) {
            self.problem(line, format!("{name:?} is listed twice from {from}; keep one of the two entries"));
        }
    }

    fn bounded(&mut self, line: usize, name: &str, what: &str, bound: Bound, value: Money) -> Decimal {
        if let Some(problem) = bound.refuse(what, value.amount()) {
            self.problem(line, format!("of {name:?}, {problem}; leave out what has no price"));
        }
        value.amount()
    }

    fn problem(&mut self, line: usize, problem: String) {
        let problem = PriceProblem { line, problem };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// The line, counted from 1, that the byte at `offset` lies in.
fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}
