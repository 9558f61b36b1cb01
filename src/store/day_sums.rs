//! Costs summed by day.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::believed::Table;
use crate::domain::facts::charge::{BillPart, record_kind};
use crate::domain::facts::rows::{ChargeKind, ChargeRow};
use crate::domain::values::money::Money;

/// What each day is believed to cost before credits, refunds and tax.
pub fn gross_by_day(believed: &Table<ChargeKind, ChargeRow>) -> DaySums {
    let part = |kind: &ChargeKind| record_kind(&kind.record_type, Money::ZERO).part;
    let gross: Vec<bool> = believed.kinds.iter().map(|kind| part(kind) == BillPart::Gross).collect();
    by_day(believed.rows.iter().filter(|row| gross[row.kind]).map(|row| (row.day, row.cost)))
}

/// A sum of each day.
pub type DaySums = BTreeMap<NaiveDate, Money>;

pub(super) fn by_day(rows: impl Iterator<Item = (NaiveDate, Money)>) -> DaySums {
    let mut sums = DaySums::new();
    for (day, cost) in rows {
        *sums.entry(day).or_default() += cost;
    }
    sums
}
