//! The tokens of the last 28 days, moved between models, directions and tiers.
//!
//! What stays keeps the cost that was billed; what moves costs its tokens times the price of where it goes. Moved tokens
//! are whole, so that a share that is asked to stay as it is moves none.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::change::Target;
use super::refused::Problem;
use crate::billing::classify::Classifier;
use crate::billing::costs::Costs;
use crate::billing::implied_price::{PriceSource, TokenKind};
use crate::billing::price::{Unpriced, plan_money};
use crate::values::money::{Money, Quantity};
use crate::values::workload::{Direction, Tier, Workload};

/// Tokens of one kind that one service bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Service that billed them.
    pub was: String,
    /// Service that bills them.
    pub service: String,
    /// What they are.
    pub kind: TokenKind,
    /// How many.
    pub quantity: Quantity,
    /// Their cost.
    pub cost: Money,
}

/// All tokens of the last days.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    prices: PriceSource<'a>,
    classifier: &'a Classifier,
    on: NaiveDate,
    pub cells: Vec<Cell>,
    /// Per model, cost of its rows in the long-context band, whose tokens have no price here.
    long_context: BTreeMap<String, Money>,
    /// Models that a change of all models left as they are.
    left_out: BTreeSet<String>,
}

/// What moves from one direction or tier to another.
struct Part {
    /// What it is called.
    what: &'static str,
    holds: fn(&TokenKind) -> bool,
    inside: fn(&TokenKind) -> bool,
    takes: fn(&TokenKind) -> bool,
    into: fn(&mut TokenKind),
    out_of: fn(&mut TokenKind),
}

const CACHE_HITS: Part = Part {
    what: "the share of prompt tokens read from the cache",
    holds: |kind| kind.direction != Direction::Output,
    inside: |kind| kind.direction == Direction::CacheRead,
    takes: |kind| kind.direction == Direction::Input,
    into: |kind| kind.direction = Direction::CacheRead,
    out_of: |kind| kind.direction = Direction::Input,
};
const BATCH: Part = Part {
    what: "the share of tokens in batch",
    holds: |kind| matches!(kind.tier, Tier::OnDemand | Tier::Batch),
    inside: |kind| kind.tier == Tier::Batch,
    takes: |kind| kind.tier == Tier::OnDemand,
    into: |kind| kind.tier = Tier::Batch,
    out_of: |kind| kind.tier = Tier::OnDemand,
};

impl<'a> Tokens<'a> {
    /// Reads the days that the bill's prices rest on.
    pub fn of(costs: &Costs, prices: PriceSource<'a>, classifier: &'a Classifier, on: NaiveDate) -> Self {
        let mut sums: BTreeMap<(&str, TokenKind), (Quantity, Money)> = BTreeMap::new();
        let mut long_context: BTreeMap<String, Money> = BTreeMap::new();
        let kinds: Vec<Option<TokenKind>> = costs.kinds.iter().map(|kind| TokenKind::of(&kind.class)).collect();
        for row in costs.detail.iter().filter(|row| prices.implied.range.contains(row.day)) {
            let detail = &costs.kinds[row.kind];
            if let Some((kind, scale)) = kinds[row.kind].clone().zip(detail.class.scale) {
                let sum = sums.entry((&detail.service, kind)).or_default();
                sum.0 += row.quantity.times(scale);
                sum.1 += row.cost;
            } else if let Some(model) = detail.class.model.as_ref().filter(|_| detail.class.long_context) {
                *long_context.entry(model.clone()).or_default() += row.cost;
            }
        }
        let cell = |((service, kind), (quantity, cost)): ((&str, TokenKind), (Quantity, Money))| {
            let (was, service) = (service.to_owned(), service.to_owned());
            Cell { was, service, kind, quantity, cost }
        };
        let cells = sums.into_iter().map(cell).filter(|cell| cell.quantity.amount() > Decimal::ZERO).collect();
        Tokens { prices, classifier, on, cells, long_context, left_out: BTreeSet::new() }
    }

    /// Models that have tokens, dearest first, with their cost.
    pub fn models(&self) -> Vec<(String, Money)> {
        let mut sums: BTreeMap<&str, Money> = BTreeMap::new();
        for cell in &self.cells {
            *sums.entry(&cell.kind.model).or_default() += cell.cost;
        }
        let mut models: Vec<(String, Money)> = sums.into_iter().map(|(name, cost)| (name.to_owned(), cost)).collect();
        models.sort_by_key(|(_, cost)| std::cmp::Reverse(*cost));
        models
    }

    /// The display name behind a spelling; the spelling itself where nothing knows it.
    pub fn name(&self, spelling: &str) -> String {
        self.classifier.model_name(spelling).unwrap_or(spelling).to_owned()
    }

    /// Moves all tokens of a model to another.
    pub fn switch(&mut self, from: &str, to: &str) -> Vec<Problem> {
        let (from, to) = (self.name(from), self.name(to));
        if !self.cells.iter().any(|cell| cell.kind.model == from) {
            return vec![self.no_tokens(format!("of {from}"))];
        }
        if from == to {
            return Vec::new();
        }
        if !self.prices.book.knows_model(&to) && !self.cells.iter().any(|cell| cell.kind.model == to) {
            return vec![Problem::UnknownModel { alike: self.names_like(&to), model: to }];
        }
        let service = self.service_of(&to);
        let mut problems: BTreeSet<Problem> = BTreeSet::new();
        if self.long_context.get(&from).is_some_and(|cost| !cost.is_zero()) {
            let what = format!("{to} long-context tokens");
            problems.insert(Unpriced { what, reason: "no price of the long-context band is known".to_owned() }.into());
        }
        let mut moved = self.cells.clone();
        for cell in moved.iter_mut().filter(|cell| cell.kind.model == from) {
            cell.kind.model.clone_from(&to);
            cell.service = service.clone().unwrap_or_else(|| cell.service.clone());
            match self.priced(&cell.kind, cell.quantity) {
                Ok(cost) => cell.cost = cost,
                Err(unpriced) => {
                    problems.insert(unpriced.into());
                }
            }
        }
        if problems.is_empty() {
            self.cells = moved;
        }
        problems.into_iter().collect()
    }

    /// Brings the share of prompts that are read from the cache to `target`.
    pub fn cache_hits(&mut self, model: Option<&str>, target: Target) -> Vec<Problem> {
        self.reach(&CACHE_HITS, model, target)
    }

    /// Brings the share of tokens in batch to `target`.
    pub fn batch(&mut self, model: Option<&str>, target: Target) -> Vec<Problem> {
        self.reach(&BATCH, model, target)
    }

    /// The share of prompts read from the cache now, and the highest that it can become; `None` without prompts.
    pub fn cache_hit_share(&self, model: &str) -> Option<(Decimal, Decimal)> {
        self.shares(&CACHE_HITS, |name| name == model).map(|shares| (shares.now, shares.most))
    }

    /// The share of tokens in batch now, and the highest that it can become.
    pub fn batch_share(&self, model: &str) -> Option<(Decimal, Decimal)> {
        self.shares(&BATCH, |name| name == model).map(|shares| (shares.now, shares.most))
    }

    fn shares(&self, part: &Part, of: impl Fn(&str) -> bool) -> Option<Shares> {
        let sum = |belongs: &dyn Fn(&TokenKind) -> bool| -> Decimal {
            let cells = self.cells.iter().filter(|cell| of(&cell.kind.model));
            cells
                .filter(|cell| (part.holds)(&cell.kind) && belongs(&cell.kind))
                .map(|cell| cell.quantity.amount())
                .sum()
        };
        let (all, inside, takes) = (sum(&|_| true), sum(&part.inside), sum(&part.takes));
        let now = inside.checked_div(all)?;
        Some(Shares { all, inside, takes, now, most: (inside + takes) / all })
    }

    fn reach(&mut self, part: &Part, model: Option<&str>, target: Target) -> Vec<Problem> {
        let model = model.map(|spelling| self.name(spelling));
        let unable = if model.is_none() { self.unable(part) } else { BTreeSet::new() };
        let of = |name: &str| model.as_ref().is_none_or(|model| model == name) && !unable.contains(name);
        let Some(shares) = self.shares(part, of) else {
            let what = model.map_or_else(|| "of any model".to_owned(), |name| format!("of {name}"));
            return vec![self.no_tokens(what)];
        };
        let asked = target.from(shares.now);
        // Shares do not end after any number of digits; tokens are whole.
        let moved = (asked * shares.all - shares.inside).round();
        if moved > shares.takes || -moved > shares.inside {
            let percent = |share: Decimal| (share * Decimal::ONE_HUNDRED).round_dp(1).normalize().to_string();
            return vec![Problem::OutOfReach {
                what: model.map_or_else(|| part.what.to_owned(), |name| format!("{} of {name}", part.what)),
                now: percent(shares.now),
                least: "0".to_owned(),
                most: percent(shares.most),
                asked: percent(asked),
            }];
        }
        if moved.is_zero() {
            return Vec::new();
        }
        let (gives, change) = if moved > Decimal::ZERO { (part.takes, part.into) } else { (part.inside, part.out_of) };
        let share = moved.abs() / if moved > Decimal::ZERO { shares.takes } else { shares.inside };
        let belongs = |kind: &TokenKind| of(&kind.model) && (part.holds)(kind) && gives(kind);
        let problems = self.move_share(share, belongs, change);
        self.left_out.extend(unable);
        problems
    }

    /// Models that cannot follow a change of all: there is no price for what their tokens would become. Empty where
    /// that is every model, so that the answer says why.
    fn unable(&self, part: &Part) -> BTreeSet<String> {
        let gives = |cell: &&Cell| (part.holds)(&cell.kind) && (part.takes)(&cell.kind);
        let has_price = |cell: &Cell| {
            let mut kind = cell.kind.clone();
            (part.into)(&mut kind);
            self.priced(&kind, cell.quantity).is_ok()
        };
        let (able, unable): (Vec<&Cell>, Vec<&Cell>) =
            self.cells.iter().filter(gives).partition(|cell| has_price(cell));
        if able.is_empty() {
            return BTreeSet::new();
        }
        unable.into_iter().map(|cell| cell.kind.model.clone()).collect()
    }

    /// Models that a change of all models left as they are.
    pub fn left_out(&self) -> &BTreeSet<String> {
        &self.left_out
    }

    /// Moves a share of the cells that belong to where `change` takes their kind.
    fn move_share(
        &mut self,
        share: Decimal,
        belongs: impl Fn(&TokenKind) -> bool,
        change: fn(&mut TokenKind),
    ) -> Vec<Problem> {
        let mut problems: BTreeSet<Problem> = BTreeSet::new();
        let mut cells = Vec::with_capacity(self.cells.len());
        for cell in &self.cells {
            if !belongs(&cell.kind) {
                cells.push(cell.clone());
                continue;
            }
            let mut kind = cell.kind.clone();
            change(&mut kind);
            let quantity = cell.quantity.times(share);
            match self.priced(&kind, quantity) {
                Ok(cost) => cells.push(Cell { kind, quantity, cost, ..cell.clone() }),
                Err(unpriced) => {
                    problems.insert(unpriced.into());
                }
            }
            let stays = Decimal::ONE - share;
            let (quantity, cost) = (cell.quantity.times(stays), plan_money(cell.cost.amount() * stays));
            cells.push(Cell { quantity, cost, ..cell.clone() });
        }
        if problems.is_empty() {
            self.cells = cells;
        }
        problems.into_iter().collect()
    }

    /// What tokens of a kind cost.
    fn priced(&self, kind: &TokenKind, quantity: Quantity) -> Result<Money, Unpriced> {
        let quote = self.prices.quote(kind.query(), self.on)?;
        Ok(plan_money((quantity.amount() / Decimal::from(1_000_000)).saturating_mul(quote.usd_per_million)))
    }

    /// Models of the price book whose names begin with the same word.
    fn names_like(&self, name: &str) -> Vec<String> {
        let first = |name: &str| name.split(|c: char| !c.is_alphabetic()).next().unwrap_or(name).to_lowercase();
        let alike = self.prices.book.model_names().filter(|listed| first(listed) == first(name));
        alike.map(str::to_owned).collect()
    }

    /// The service that bills a model: where the bill shows it, else where its table says.
    fn service_of(&self, model: &str) -> Option<String> {
        let shown = self.cells.iter().filter(|cell| cell.kind.model == model).max_by_key(|cell| cell.cost);
        let shown = shown.map(|cell| cell.service.clone());
        shown.or_else(|| self.classifier.model_service(model).map(str::to_owned))
    }

    fn no_tokens(&self, what: String) -> Problem {
        Problem::NoTokens { what, models: self.models().into_iter().map(|(name, _)| name).collect() }
    }

    /// Cost by the service that billed it and the service that bills it.
    pub fn by_service(&self) -> BTreeMap<(&str, &str), Money> {
        let mut sums: BTreeMap<(&str, &str), Money> = BTreeMap::new();
        for cell in &self.cells {
            *sums.entry((&cell.was, &cell.service)).or_default() += cell.cost;
        }
        sums
    }
}

/// The workload of all cells.
pub const WORKLOAD: Workload = Workload::BedrockInference;

struct Shares {
    all: Decimal,
    inside: Decimal,
    takes: Decimal,
    now: Decimal,
    most: Decimal,
}
