//! Replay against what AWS reports: Credit rows, allocation history and stated balances. Gaps are shown with their
//! age and never forced to zero; the two views of AWS differ from each other too.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::facts::Facts;
use super::ledger::Ledger;
use super::money::Money;
use super::period::BillingPeriod;
use super::pools::credit_rows;

/// One month's credit in three views. All amounts are positive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MonthReconciliation {
    /// Drawn by replay.
    pub replayed: Money,
    /// Cost Explorer's Credit rows.
    pub credit_rows: Money,
    /// AWS's allocation history; `None` where no complete answer is stored.
    pub allocated: Option<Money>,
}

impl MonthReconciliation {
    /// Replay minus Credit rows.
    pub fn gap(&self) -> Money {
        self.replayed - self.credit_rows
    }
}

/// One pool's balance in two views.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceGap {
    /// Pool id.
    pub pool: String,
    /// Left by replay at the end of the day that the statement speaks of.
    pub replayed: Money,
    /// AWS's figure.
    pub stated: Money,
    /// Day of AWS's figure.
    pub at: NaiveDate,
}

/// Per month, credit by replay and as AWS reports it, through `data_through`.
pub fn by_month(
    ledger: &Ledger,
    facts: &Facts,
    data_through: NaiveDate,
) -> BTreeMap<BillingPeriod, MonthReconciliation> {
    let mut months: BTreeMap<BillingPeriod, MonthReconciliation> = BTreeMap::new();
    for draw in ledger.drawdowns.iter().filter(|draw| draw.day <= data_through) {
        months.entry(BillingPeriod::of(draw.day)).or_default().replayed += draw.amount;
    }
    for (_, day, amount) in credit_rows(facts).filter(|(_, day, _)| *day <= data_through) {
        months.entry(BillingPeriod::of(day)).or_default().credit_rows += amount;
    }
    for allocation in &facts.allocations {
        if let Some(month) = months.get_mut(&allocation.month) {
            *month.allocated.get_or_insert(Money::ZERO) += allocation.amount;
        }
    }
    months
}

/// Credits that AWS drew in another order than replay did: `(month, pool, AWS's figure less ours)` for the months in
/// which the history shows one pool paying what replay took from another. Only closed months are compared. A month
/// whose total alone differs is a gap to reconcile and says nothing about the order.
pub fn contradictions(ledger: &Ledger, facts: &Facts, data_through: NaiveDate) -> Vec<(BillingPeriod, String, Money)> {
    let mut replayed: BTreeMap<(BillingPeriod, &str), Money> = BTreeMap::new();
    for draw in ledger.drawdowns.iter().filter(|draw| draw.day <= data_through) {
        let pool = ledger.pools[draw.pool].id.as_str();
        *replayed.entry((BillingPeriod::of(draw.day), pool)).or_default() += draw.amount;
    }
    let mut gaps: BTreeMap<(BillingPeriod, &str), Money> = BTreeMap::new();
    for allocation in facts.allocations.iter().filter(|allocation| !allocation.estimated) {
        *gaps.entry((allocation.month, allocation.credit_id.as_str())).or_default() += allocation.amount;
    }
    let compared: Vec<BillingPeriod> = gaps.keys().map(|(month, _)| *month).collect();
    for ((month, pool), amount) in replayed {
        if compared.contains(&month) {
            *gaps.entry((month, pool)).or_default() -= amount;
        }
    }
    // Days and months settle differently by cents; an order that differs moves dollars, from one pool to another.
    gaps.retain(|_, gap| gap.abs() > Money::ONE);
    let moved = |month: BillingPeriod| {
        let of_month = || gaps.range((month, "")..(month.next(), "")).map(|(_, gap)| gap);
        of_month().any(|gap| gap.is_positive()) && of_month().any(|gap| gap.is_negative())
    };
    gaps.iter()
        .filter(|((month, _), _)| moved(*month))
        .map(|((month, pool), gap)| (*month, (*pool).to_owned(), *gap))
        .collect()
}
