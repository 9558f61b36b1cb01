//! A quiet position for the tests of the rules: nothing in it deserves attention.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::input::{Evaluation, IngestHealth};
use crate::credit::StatementSource;
use crate::credit::reconcile::{BalanceReconciliation, MonthReconciliation};
use crate::facts::outcome::Outcome;
use crate::position::finding::Finding;
use crate::position::{BurnPerDay, Credits, PoolPosition, PoolStatus, Position, Spend};
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::quantiles::{DateQuantiles, MoneyQuantiles};

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn clock() -> DateTime<Utc> {
    "2026-03-14T06:00:00Z".parse().unwrap()
}

pub(crate) fn hours_before(hours: i64) -> Option<DateTime<Utc>> {
    Some(clock() - TimeDelta::hours(hours))
}

pub(crate) fn health() -> IngestHealth {
    IngestHealth {
        as_of: clock(),
        data_through: Some(day("2026-03-12")),
        last_success: Some(clock()),
        costs: Outcome::Ok,
        credits: Outcome::Ok,
        is_too_short: false,
    }
}

/// Twelve days into March: 9,000 of 25,000 dollars left, 100 dollars a day.
pub(crate) fn position() -> Position {
    Position {
        data_through: Some(day("2026-03-12")),
        spend: Spend {
            gross_to_date: usd("16000"),
            credit_to_date: usd("-16000"),
            gross_month_to_date: usd("1200"),
            burn_per_day: BurnPerDay { last_7_days: Some(usd("100")), last_28_days: Some(usd("90")) },
            ..Spend::default()
        },
        credits: Credits {
            granted: usd("25000"),
            remaining: usd("9000"),
            left: usd("9000"),
            pools: vec![pool()],
            unlisted: None,
        },
        ..Position::empty(clock(), "USD")
    }
}

pub(crate) fn pool() -> PoolPosition {
    PoolPosition {
        id: "4711".into(),
        name: "Activate Portfolio".into(),
        programme: None,
        granted: usd("25000"),
        drawn: usd("16000"),
        remaining: usd("9000"),
        left: usd("9000"),
        stated: None,
        starts_on: day("2025-09-01"),
        expires_on: day("2026-09-01"),
        status: PoolStatus::Active,
        delisted: None,
        exhausts_on: DateQuantiles::default(),
        exhausted_on: None,
        breakage: MoneyQuantiles::default(),
    }
}

/// A closed month in which AWS applied `applied`, and replay drew `gap` more.
pub(super) fn month_gap(month: &str, applied: &str, gap: &str) -> MonthReconciliation {
    let (month, applied, gap) = (month.parse::<BillingPeriod>().unwrap(), usd(applied), usd(gap));
    let since = (!gap.is_zero()).then_some(month.first_day());
    MonthReconciliation {
        month,
        closed: true,
        replayed: applied + gap,
        credit_rows: applied,
        allocated: None,
        gap,
        since,
        age_days: since.map(|since| (clock().date_naive() - since).num_days()),
    }
}

/// The quiet pool, of which AWS states `stated` and replay leaves `gap` more.
pub(super) fn balance_gap(stated: &str, gap: &str, early_use_unknown: bool) -> BalanceReconciliation {
    let (pool, stated, gap) = (pool(), usd(stated), usd(gap));
    BalanceReconciliation {
        id: pool.id,
        name: pool.name,
        replayed: stated + gap,
        stated,
        at: day("2026-03-12"),
        source: StatementSource::Aws,
        gap,
        since: Some(day("2026-03-10")),
        age_days: Some(4),
        early_use_unknown,
    }
}

/// The one finding of an evaluation.
pub(crate) fn only(evaluation: &Evaluation) -> &Finding {
    assert_eq!(evaluation.findings.len(), 1, "{:?}", evaluation.findings);
    &evaluation.findings[0]
}
