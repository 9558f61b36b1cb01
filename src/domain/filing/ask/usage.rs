//! Tokens and chip-hours of a filing, and the same traffic on other models.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Knowledge;
use super::spend::{Row, Spend, scaled};
use crate::filing::ask::spend::cents;
use crate::filing::projection::{Driver, FiledProjection, FiledRecord};
use crate::values::money::{Money, Quantity};
use crate::values::workload::Direction;

/// Models beside which every filing's traffic is priced: a large one, a middle one and a small one.
const COMPARED: [&str; 3] = ["Claude Opus 5.5", "Claude Sonnet 5", "Nova 2 Lite"];

/// Tokens of a model over the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelTokens {
    /// Its name.
    pub model: String,
    /// Millions of tokens sent to it at the full price.
    pub input_millions: Quantity,
    /// Millions of tokens read from the prompt cache.
    pub cache_read_millions: Quantity,
    /// Millions of tokens written to the prompt cache.
    pub cache_write_millions: Quantity,
    /// Millions of tokens that it writes.
    pub output_millions: Quantity,
    /// Dollars as filed.
    pub usd: Money,
    /// Why this model, in the filing's own words.
    pub why_model: Option<String>,
}

/// Chip-hours of an instance type over the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChipHours {
    /// Its name.
    pub instance_type: String,
    /// Hours of one chip.
    pub chip_hours: Quantity,
    /// Dollars.
    pub usd: Money,
    /// Why this type, in the filing's own words.
    pub why_model: Option<String>,
}

/// The filing's traffic, all of it on one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelCompared {
    /// Its name.
    pub model: String,
    /// True if this is the filing as it is, of which this model takes the most dollars.
    pub filed: bool,
    /// Dollars over the window, with caching and batch as filed.
    pub usd: Money,
    /// How many times as long the same credit lasts as on the filed models.
    pub runway_times: Decimal,
}

pub(super) fn tokens(filing: &FiledProjection, spend: &Spend) -> Vec<ModelTokens> {
    let lines = filing.records.iter().flat_map(|record| &record.tokens);
    let of_line = |line: &crate::filing::projection::TokenLine| {
        let mut sums: BTreeMap<Direction, Decimal> = BTreeMap::new();
        let mut usd = Money::ZERO;
        for row in spend.rows.iter().filter(|row| row.planned.model.as_deref() == Some(&line.model)) {
            usd += row.usd;
            if let Driver::Tokens(buckets) = &row.planned.driver {
                for bucket in buckets {
                    *sums.entry(bucket.direction).or_default() += scaled(bucket.tokens, row).amount();
                }
            }
        }
        let millions = |direction| {
            let tokens = sums.get(&direction).copied().unwrap_or_default();
            Quantity::from_decimal((tokens / Decimal::from(1_000_000)).round_dp(6))
        };
        ModelTokens {
            model: line.model.clone(),
            input_millions: millions(Direction::Input),
            cache_read_millions: millions(Direction::CacheRead),
            cache_write_millions: millions(Direction::CacheWrite),
            output_millions: millions(Direction::Output),
            usd: cents(usd),
            why_model: line.why_model.clone(),
        }
    };
    lines.map(of_line).collect()
}

pub(super) fn chip_hours(filing: &FiledProjection, spend: &Spend) -> Vec<ChipHours> {
    let lines = filing.records.iter().flat_map(|record| &record.accelerators);
    let of_line = |line: &crate::filing::projection::AcceleratorLine| {
        let rows = || spend.rows.iter().filter(|row| row.planned.instance_type.as_deref() == Some(&line.instance_type));
        let hours = rows().filter_map(|row| match row.planned.driver {
            Driver::ChipHours(hours) => Some(scaled(hours, row).amount()),
            _ => None,
        });
        ChipHours {
            instance_type: line.instance_type.clone(),
            chip_hours: Quantity::from_decimal(hours.sum::<Decimal>().round_dp(6)),
            usd: cents(rows().map(|row| row.usd).sum()),
            why_model: line.why_model.clone(),
        }
    };
    lines.map(of_line).collect()
}

/// What the tokens cost, and what of it credit can pay.
fn of_models(spend: &Spend) -> (Money, Money) {
    let rows = || spend.rows.iter().filter(|row| row.planned.model.is_some());
    (rows().map(|row| row.usd).sum(), rows().map(Row::payable).sum())
}

/// The filing's tokens as they are filed, and all of them on two other models; empty where it plans none that credit can pay, and
/// without a model that has no price for all of them.
pub(super) fn compared(filing: &FiledProjection, knowledge: &Knowledge<'_>, spend: &Spend) -> Vec<ModelCompared> {
    let (filed, filed_payable) = of_models(spend);
    let tokens = tokens(filing, spend);
    let Some(main) = tokens.iter().max_by_key(|of| of.usd).filter(|_| filed_payable.is_positive()) else {
        return Vec::new();
    };
    let others: Vec<&str> = COMPARED.into_iter().filter(|name| *name != main.model).collect();
    // Of three others the ends say most.
    let others = [others.first(), others.last()].into_iter().flatten().copied();
    let on = |model: &str| {
        let mut moved = filing.clone();
        moved.records.iter_mut().for_each(|record| move_to(record, model));
        let moved = Spend::of(&moved, knowledge);
        let (usd, payable) = of_models(&moved);
        let runway_times = filed_payable.ratio(payable)?.round_dp(1).normalize();
        moved.unpriced.is_empty().then_some((usd, runway_times))
    };
    let compared = |model: &str| {
        let (usd, runway_times) = on(model)?;
        Some(ModelCompared { model: model.to_owned(), filed: false, usd: cents(usd), runway_times })
    };
    let as_filed =
        ModelCompared { model: main.model.clone(), filed: true, usd: cents(filed), runway_times: Decimal::ONE };
    let mut all: Vec<ModelCompared> = [as_filed].into_iter().chain(others.filter_map(compared)).collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.usd));
    all
}

fn move_to(record: &mut FiledRecord, model: &str) {
    record.tokens.iter_mut().for_each(|line| model.clone_into(&mut line.model));
    record.accelerators.clear();
    record.services.clear();
}
