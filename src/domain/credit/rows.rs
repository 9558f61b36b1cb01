//! Credit rows of the bill: what AWS shows as paid by credit.

use crate::facts::Facts;
use crate::facts::charge::{BillPart, record_kind};
use crate::facts::rows::ChargeKind;
use crate::values::money::Money;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Credit rows as `(service, day, amount)`, the amount positive.
pub fn credit_rows(facts: &Facts) -> impl Iterator<Item = (&str, NaiveDate, Money)> {
    // Which part of the bill a record type is does not depend on the amount: decided once per name.
    let part = |kind: &ChargeKind| record_kind(&kind.record_type, Money::ZERO).part;
    let is_credit: Vec<bool> = facts.charge_kinds.iter().map(|kind| part(kind) == BillPart::Credit).collect();
    facts.charges.iter().filter(move |row| is_credit[row.kind]).map(|row| {
        let service = facts.charge_kinds[row.kind].service.as_str();
        (service, row.day, -row.cost)
    })
}

/// The days on which a service shows credit applied, in order and once each, by service.
pub fn credit_days(facts: &Facts) -> BTreeMap<&str, Vec<NaiveDate>> {
    let part = |kind: &ChargeKind| record_kind(&kind.record_type, Money::ZERO).part;
    let is_credit: Vec<bool> = facts.charge_kinds.iter().map(|kind| part(kind) == BillPart::Credit).collect();
    // By number first: text is compared once per name, and not once per row.
    let mut by_kind: Vec<Vec<NaiveDate>> = vec![Vec::new(); facts.charge_kinds.len()];
    for row in facts.charges.iter().filter(|row| is_credit[row.kind] && row.cost.is_negative()) {
        by_kind[row.kind].push(row.day);
    }
    let mut by_service: BTreeMap<&str, Vec<NaiveDate>> = BTreeMap::new();
    for (kind, days) in facts.charge_kinds.iter().zip(by_kind).filter(|(_, days)| !days.is_empty()) {
        by_service.entry(kind.service.as_str()).or_default().extend(days);
    }
    for days in by_service.values_mut() {
        days.sort_unstable();
        days.dedup();
    }
    by_service
}
