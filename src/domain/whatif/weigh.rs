//! What a share that nobody knows for sure weighs, for the sensitivity of the outlook.

use rust_decimal::Decimal;

use super::Base;
use super::adjust::adjust;
use super::change::{Change, Target};
use super::tokens::{Tokens, WORKLOAD};
use crate::billing::daily_cost::DailyCost;
use crate::outlook::CacheDoubt;
use crate::values::money::Money;

/// Ten points of cache hits more and fewer, or as far as the share can go, for the dearest model that has prices for it.
/// `None` where no model has.
pub fn cache_doubt(base: &Base) -> Option<CacheDoubt> {
    let tokens = Tokens::of(base.costs, base.prices, base.classifier, base.on);
    tokens.models().into_iter().find_map(|(model, _)| {
        let (now, most) = tokens.cache_hit_share(&model)?;
        let ten = Decimal::new(10, 2);
        let moves = [-ten.min(now), ten.min(most - now)].map(|points| points.trunc_with_scale(3));
        let weigh = |points: &Decimal| Some((*points, spend_factor(base, &model, *points)?));
        let moves: Vec<(Decimal, Decimal)> =
            moves.iter().filter(|points| !points.is_zero()).filter_map(weigh).collect();
        (!moves.is_empty()).then_some(CacheDoubt { model: model.clone(), moves })
    })
}

/// What a dollar of inference becomes.
fn spend_factor(base: &Base, model: &str, points: Decimal) -> Option<Decimal> {
    let change = Change::CacheHits { model: Some(model.to_owned()), target: Target::By(points) };
    let adjusted = adjust(base, &[change]).ok()?;
    let spent = |costs: &[DailyCost]| -> Money {
        let days = base.prices.implied.range;
        costs.iter().filter(|cost| cost.workload == WORKLOAD && days.contains(cost.day)).map(|cost| cost.payable).sum()
    };
    spent(&adjusted.recurring).ratio(spent(base.inputs.recurring))
}
