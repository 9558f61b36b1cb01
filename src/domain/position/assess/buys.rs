//! What the credit left buys, from the bill of the last four weeks.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Assessment;
use crate::filing::projection::fold_instance_type;
use crate::position::buys::{BUYS_DAYS, Buys, BuysUnit, UsedOf};
use crate::position::{PoolPosition, PoolStatus};
use crate::values::money::Money;
use crate::values::workload::Workload;

/// Tokens in the unit that is told.
const MILLION: i64 = 1_000_000;

impl Assessment<'_> {
    /// Days first, then models and instance types, those that cost most in front; empty without a pool that pays.
    pub(super) fn buys(&self, pools: &[PoolPosition]) -> Vec<Buys> {
        let Some(span) = self.span else { return Vec::new() };
        if pools.is_empty() {
            return Vec::new();
        }
        let newest = span.last(BUYS_DAYS);
        let days = newest.len();
        let pays = |pool: &PoolPosition| matches!(pool.status, PoolStatus::Active | PoolStatus::Exhausted);
        let credit_for = |services: &[&str]| {
            let paying = self.ledger.pools.iter().zip(pools).filter(|(_, shown)| pays(shown));
            let paying = paying.filter(|(pool, _)| services.iter().any(|service| pool.pays(service)));
            paying.map(|(_, shown)| shown.remaining).sum::<Money>()
        };
        // By model and type: what was used, and under which services it billed.
        let mut used: BTreeMap<(BuysUnit, String), (UsedOf, Vec<&str>)> = BTreeMap::new();
        for row in self.costs.detail.iter().filter(|row| newest.contains(row.day)) {
            let kind = &self.costs.kinds[row.kind];
            let class = &kind.class;
            let Some(scale) = class.scale else { continue };
            let (unit, name) = match (class.workload, &class.model, &class.instance_type) {
                (Workload::BedrockInference, Some(model), _) if class.unit == "tokens" => {
                    (BuysUnit::MillionTokens, model.clone())
                }
                (Workload::Trainium | Workload::Inferentia, _, Some(name)) if class.unit == "chip_hours" => {
                    (BuysUnit::ChipHours, fold_instance_type(name).to_owned())
                }
                _ => continue,
            };
            let (of, services) = used.entry((unit, name)).or_default();
            let quantity = row.quantity.times(scale).amount();
            of.quantity += if unit == BuysUnit::MillionTokens { quantity / Decimal::from(MILLION) } else { quantity };
            of.cost += row.cost;
            if !services.contains(&kind.service.as_str()) {
                services.push(&kind.service);
            }
        }
        let mut lines: Vec<(Money, Buys)> = used
            .into_iter()
            .filter(|(_, (of, _))| of.quantity > Decimal::ZERO)
            .filter_map(|((unit, name), (of, services))| {
                let buys = Buys::of(unit, credit_for(&services), &of, days)?;
                let buys = match unit {
                    BuysUnit::ChipHours => {
                        let runs = self.runs_of(&name, &buys);
                        Buys { instance_type: Some(name), runs, ..buys }
                    }
                    _ => Buys { model: Some(name), ..buys },
                };
                Some((of.cost, buys))
            })
            .collect();
        lines.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
        let payable = self.burn().iter().map(|day| day.amount).sum();
        let left = pools.iter().filter(|pool| pays(pool)).map(|pool| pool.remaining).sum();
        let all = UsedOf { quantity: Decimal::from(days), cost: payable };
        let all = Buys::of(BuysUnit::Days, left, &all, days).map(|all| Buys { amount: all.days, ..all });
        all.into_iter().chain(lines.into_iter().map(|(_, buys)| buys)).collect()
    }

    /// Whole runs of the size that is filed for an instance type.
    fn runs_of(&self, instance_type: &str, buys: &Buys) -> Option<u64> {
        let lines = self.filing()?.projection.records.iter().flat_map(|record| &record.accelerators);
        let line = lines.into_iter().find(|line| fold_instance_type(&line.instance_type) == instance_type)?;
        let run = line.monthly.iter().map(|entry| entry.chip_hours_per_run.amount()).rfind(|hours| !hours.is_zero())?;
        u64::try_from((buys.amount.amount() / run).floor()).ok()
    }
}
