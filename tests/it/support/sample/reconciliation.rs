//! How the sample's arithmetic agrees with AWS's: to the cent, but for September.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use glidepath::domain::credit::StatementSource;
use glidepath::domain::credit::reconcile::{BalanceReconciliation, MonthReconciliation, Reconciliation};
use glidepath::domain::position::PoolPosition;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::BillingPeriod;

use super::days::*;

/// What replay draws more than AWS applied in September, in cents; AWS's history says the same of it as its rows.
pub const GAP: i64 = 1_204;

fn drawn_by_month() -> BTreeMap<BillingPeriod, i64> {
    let mut months = BTreeMap::new();
    for pool in &POOLS {
        let mut before = pool.granted;
        for (day, left) in balances(pool, 100, through()) {
            if day < date(pool.expires) {
                *months.entry(BillingPeriod::of(day)).or_default() += before - left;
            }
            before = left;
        }
    }
    months.retain(|_, drawn| *drawn > 0);
    months
}

fn age(since: Option<NaiveDate>) -> Option<i64> {
    since.map(|since| (date("2026-11-23") - since).num_days())
}

pub fn reconciliation(pools: &[PoolPosition]) -> Reconciliation {
    let september: BillingPeriod = "2026-09".parse().unwrap();
    let month = |(month, drawn): (BillingPeriod, i64)| {
        let gap = if month == september { GAP } else { 0 };
        let since = (gap > 0).then(|| date("2026-09-14"));
        MonthReconciliation {
            month,
            closed: month < BillingPeriod::of(through()),
            replayed: usd(drawn),
            credit_rows: usd(drawn - gap),
            allocated: (month >= september).then(|| usd(drawn - gap)),
            gap: usd(gap),
            since,
            age_days: age(since),
        }
    };
    let balance = |pool: &PoolPosition| {
        let stated = pool.stated?;
        let since = Some(date("2026-09-14"));
        Some(BalanceReconciliation {
            id: pool.id.clone(),
            name: pool.name.clone(),
            replayed: pool.remaining,
            stated: stated.amount,
            at: stated.at,
            source: StatementSource::Aws,
            gap: pool.remaining - stated.amount,
            since,
            age_days: age(since),
            early_use_unknown: false,
        })
    };
    let reconciliation = Reconciliation {
        months: drawn_by_month().into_iter().map(month).collect(),
        balances: pools.iter().filter_map(balance).collect(),
        awaited: None,
    };
    assert_eq!(reconciliation.closed_gap(), usd(GAP), "sums of closed months");
    assert!(reconciliation.months.iter().all(|month| month.applied() > Money::ZERO));
    reconciliation
}
