//! How the fake applies credits to its own bill, day by day.
//!
//! Written from AWS's documented order and on purpose not with `domain::ledger`, so that the ledger is compared with
//! something that was not derived from it: soonest expiry first, then fewest eligible services, then the oldest; each
//! credit pays the day's dearest service first, in it the dearest usage type. A credit pays the whole month it was
//! issued in, nothing earlier, and is applied only once it has been issued.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::account::{FakeCredit, Line};

/// What one credit paid of one usage type on one day.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    /// Index of the credit in the account.
    pub credit: usize,
    pub day: NaiveDate,
    pub service: String,
    pub usage_type: String,
    pub amount: Decimal,
}

/// Record types that promotional credit pays: metered use, not upfront fees, support, tax or corrections.
fn payable(record_type: &str) -> bool {
    matches!(record_type, "Usage" | "DiscountedUsage" | "SavingsPlanCoveredUsage")
}

/// One usage type's unpaid cost.
struct Open<'a> {
    service: &'a str,
    usage_type: &'a str,
    unpaid: Decimal,
}

/// Draws `days` down against the credits that exist on `today`.
pub(super) fn draw(credits: &[FakeCredit], days: &BTreeMap<NaiveDate, Vec<Line>>, today: NaiveDate) -> Vec<Draw> {
    let mut order: Vec<usize> = (0..credits.len()).filter(|&index| credits[index].starts_on <= today).collect();
    order.sort_by_key(|&index| {
        let credit = &credits[index];
        (credit.expires_on, credit.services.len(), credit.starts_on, credit.id.clone())
    });
    let mut left: Vec<Decimal> = credits.iter().map(|credit| credit.initial).collect();
    let mut draws = Vec::new();
    for (&day, lines) in days {
        let mut open = dearest_first(lines);
        for &index in &order {
            let credit = &credits[index];
            if left[index].is_zero() || !pays_on(credit, day) {
                continue;
            }
            for item in open.iter_mut().filter(|item| credit.pays_for(item.service)) {
                let amount = item.unpaid.min(left[index]);
                if amount > Decimal::ZERO {
                    item.unpaid -= amount;
                    left[index] -= amount;
                    let (service, usage_type) = (item.service.to_owned(), item.usage_type.to_owned());
                    draws.push(Draw { credit: index, day, service, usage_type, amount });
                }
            }
        }
    }
    draws
}

/// True if `credit` may pay for `day` at all.
fn pays_on(credit: &FakeCredit, day: NaiveDate) -> bool {
    let issued_in = credit.starts_on.with_day(1).expect("every month has a first day");
    issued_in <= day && day < credit.expires_on && credit.paused_from.is_none_or(|paused| day < paused)
}

/// The day's payable cost per usage type: dearest service first, in it the dearest usage type, then by name.
fn dearest_first(lines: &[Line]) -> Vec<Open<'_>> {
    let mut by_service: BTreeMap<&str, Decimal> = BTreeMap::new();
    let mut by_type: BTreeMap<(&str, &str), Decimal> = BTreeMap::new();
    for line in lines.iter().filter(|line| payable(&line.record_type)) {
        *by_service.entry(&line.service).or_default() += line.cost;
        *by_type.entry((&line.service, &line.usage_type)).or_default() += line.cost;
    }
    let mut open: Vec<Open<'_>> = by_type
        .into_iter()
        .map(|((service, usage_type), unpaid)| Open { service, usage_type, unpaid: unpaid.max(Decimal::ZERO) })
        .collect();
    open.sort_by_key(|item| (Reverse(by_service[item.service]), item.service, Reverse(item.unpaid), item.usage_type));
    open
}
