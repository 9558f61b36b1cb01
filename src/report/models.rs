//! This month's inference by model: what each direction of tokens was used, and how much of it was cached or batched.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::document::{Cell, Column, Row, Table};
use crate::domain::billing::costs::WorkloadSpend;
use crate::domain::position::Position;
use crate::domain::values::money::{Money, Quantity};
use crate::domain::values::workload::{Direction, Tier};

/// What a model was used for; tokens, and the cost of everything that names the model.
#[derive(Default)]
pub(super) struct Use {
    cost: Money,
    by_direction: BTreeMap<Direction, Decimal>,
    batch: Decimal,
}

impl Use {
    fn add(&mut self, row: &WorkloadSpend) {
        self.cost += row.cost;
        let (Some(direction), Some(quantity)) = (row.direction, row.quantity) else { return };
        *self.by_direction.entry(direction).or_default() += quantity.amount();
        if row.tier == Some(Tier::Batch) {
            self.batch += quantity.amount();
        }
    }

    fn tokens(&self, direction: Direction) -> Decimal {
        self.by_direction.get(&direction).copied().unwrap_or_default()
    }

    fn all_tokens(&self) -> Decimal {
        self.by_direction.values().sum()
    }

    /// Prompt tokens that were read from the cache, in percent of all prompt tokens.
    fn cached(&self) -> Option<Decimal> {
        let prompt = self.all_tokens() - self.tokens(Direction::Output);
        percent(self.tokens(Direction::CacheRead), prompt)
    }

    fn batched(&self) -> Option<Decimal> {
        percent(self.batch, self.all_tokens())
    }
}

fn percent(part: Decimal, whole: Decimal) -> Option<Decimal> {
    (!whole.is_zero()).then(|| (part * Decimal::ONE_HUNDRED / whole).round_dp(1))
}

/// Models and what each was used for, the dearest first.
pub(super) fn by_cost(position: &Position) -> Vec<(&str, Use)> {
    let mut uses: BTreeMap<&str, Use> = BTreeMap::new();
    for row in &position.workloads {
        if let Some(model) = row.model.as_deref() {
            uses.entry(model).or_default().add(row);
        }
    }
    let mut uses: Vec<(&str, Use)> = uses.into_iter().collect();
    uses.sort_by(|a, b| b.1.cost.cmp(&a.1.cost).then(a.0.cmp(b.0)));
    uses
}

/// The table, dearest model first; none where no model was used.
pub(super) fn table(position: &Position) -> Option<Table> {
    let uses = by_cost(position);
    if uses.is_empty() {
        return None;
    }
    let total: Money = uses.iter().map(|(_, it)| it.cost).sum();
    let mut rows: Vec<Row> = uses.iter().map(|(model, used)| Row::new(cells(model, used, total))).collect();
    let mut sum = vec![Cell::Absent(""); rows[0].cells.len()];
    sum[0] = Cell::text("All models");
    sum[1] = Cell::Money(total);
    rows.push(Row::total(sum));
    Some(Table {
        id: "models",
        title: "This month so far, by model (tokens)".to_owned(),
        columns: vec![
            Column::text("model", "Model"),
            Column::number("cost", "Cost"),
            Column::number("share", "Share"),
            Column::number("input", "Input"),
            Column::number("output", "Output").optional(),
            Column::number("cache_read", "Cache reads").optional(),
            Column::number("cache_write", "Cache writes").optional(),
            Column::number("cached", "Of the prompt cached"),
            Column::number("batched", "Batch"),
        ],
        rows,
    })
}

fn cells(model: &str, used: &Use, total: Money) -> Vec<Cell> {
    let tokens = |direction| match used.by_direction.get(&direction) {
        Some(amount) => Cell::Quantity(Quantity::from_decimal(*amount)),
        None => Cell::Absent(""),
    };
    vec![
        Cell::text(model),
        Cell::Money(used.cost),
        Cell::percent_or(percent(used.cost.amount(), total.amount()), ""),
        tokens(Direction::Input),
        tokens(Direction::Output),
        tokens(Direction::CacheRead),
        tokens(Direction::CacheWrite),
        Cell::percent_or(used.cached(), ""),
        Cell::percent_or(used.batched(), ""),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::values::workload::Workload;

    fn row(direction: Direction, tier: Tier, cost: &str, tokens: &str) -> WorkloadSpend {
        WorkloadSpend {
            workload: Workload::BedrockInference,
            model: Some("Claude Sonnet 5".to_owned()),
            direction: Some(direction),
            tier: Some(tier),
            routing: None,
            cost: cost.parse().unwrap(),
            quantity: Some(tokens.parse().unwrap()),
            unit: Some("tokens".to_owned()),
        }
    }

    #[test]
    fn shares_are_of_the_prompt_and_of_all_tokens() {
        let mut used = Use::default();
        for row in [
            row(Direction::Input, Tier::OnDemand, "3", "500"),
            row(Direction::Input, Tier::Batch, "1", "100"),
            row(Direction::CacheRead, Tier::OnDemand, "0.3", "300"),
            row(Direction::CacheWrite, Tier::OnDemand, "1", "100"),
            row(Direction::Output, Tier::OnDemand, "15", "1000"),
        ] {
            used.add(&row);
        }
        assert_eq!(used.cost, "20.3".parse().unwrap());
        assert_eq!(used.cached(), Some(Decimal::from(30)));
        assert_eq!(used.batched(), Some(Decimal::from(5)));
        assert_eq!(Use::default().cached(), None);
    }
}
