//! How the fake applies credits to its own bill, day by day.
//!
//! Written from AWS's documented order and on purpose not with `domain::credit::ledger`, so that the ledger is compared with
//! something that was not derived from it: soonest expiry first, then fewest eligible services, then the oldest; each
//! credit pays the day's dearest service first, in it the dearest usage type. A credit pays the whole month it was
//! issued in, nothing earlier, and is applied only once it has been issued. Discounts lower what a credit is asked to pay,
//! unless it applies before them; those that stand beside the use that they lower do so by the month.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::account::{DIGITS, FakeCredit, Line, first_of_month};

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

fn is_discount(record_type: &str) -> bool {
    record_type.contains("Discount") && !payable(record_type)
}

/// One usage type's unpaid cost.
struct Open<'a> {
    service: &'a str,
    usage_type: &'a str,
    /// What is left after discounts; a credit that applies before them is asked for the rest too.
    unpaid: Decimal,
    discount: Decimal,
}

/// A service (`None` for all of them) and the first day of a month.
type Scope<'a> = (Option<&'a str>, NaiveDate);

/// What is left of each dollar by discounts that stand beside the use that they lower: a bill-wide agreement, a lump.
fn left_by_lumps<'a>(days: &'a BTreeMap<NaiveDate, Vec<Line>>) -> BTreeMap<Scope<'a>, Decimal> {
    let mut used: BTreeMap<Scope<'a>, Decimal> = BTreeMap::new();
    let mut off: BTreeMap<Scope<'a>, Decimal> = BTreeMap::new();
    for (day, lines) in days {
        let month = first_of_month(*day);
        for line in lines.iter().filter(|line| payable(&line.record_type)) {
            *used.entry((Some(&line.service), month)).or_default() += line.cost;
            *used.entry((None, month)).or_default() += line.cost;
        }
    }
    for (day, lines) in days {
        let month = first_of_month(*day);
        for line in lines.iter().filter(|line| is_discount(&line.record_type) && !stands_with_use(line, lines)) {
            let own = (Some(line.service.as_str()), month);
            *off.entry(if used.contains_key(&own) { own } else { (None, month) }).or_default() += line.cost;
        }
    }
    off.into_iter()
        .filter_map(|(scope, off)| Some((scope, Decimal::ONE + off.checked_div(*used.get(&scope)?)?)))
        .collect()
}

fn stands_with_use(discount: &Line, lines: &[Line]) -> bool {
    let same = |line: &Line| (&line.service, &line.usage_type) == (&discount.service, &discount.usage_type);
    lines.iter().any(|line| payable(&line.record_type) && same(line))
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
    let lumps = left_by_lumps(days);
    for (&day, lines) in days {
        let mut open = dearest_first(lines);
        let month = first_of_month(day);
        for item in &mut open {
            for scope in [(Some(item.service), month), (None, month)] {
                let share = lumps.get(&scope).copied().unwrap_or(Decimal::ONE);
                let less = (item.unpaid * share).round_dp(DIGITS);
                item.discount += less - item.unpaid;
                item.unpaid = less;
            }
        }
        for &index in &order {
            let credit = &credits[index];
            if left[index].is_zero() || !pays_on(credit, day) {
                continue;
            }
            let pays = |item: &&mut Open<'_>| credit.pays_for(item.service) && credit.pays_as_bought(item.usage_type);
            for item in open.iter_mut().filter(pays) {
                let before = credit.application_type.starts_with("BEFORE");
                let asked = if before { item.unpaid - item.discount } else { item.unpaid };
                let amount = asked.min(left[index]);
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
    let mut discounts: BTreeMap<(&str, &str), Decimal> = BTreeMap::new();
    for line in lines {
        let key = (line.service.as_str(), line.usage_type.as_str());
        if is_discount(&line.record_type) && stands_with_use(line, lines) {
            *discounts.entry(key).or_default() += line.cost;
        } else if !payable(&line.record_type) {
            continue;
        }
        *by_service.entry(&line.service).or_default() += line.cost;
        *by_type.entry(key).or_default() += line.cost;
    }
    let mut open: Vec<Open<'_>> = by_type
        .into_iter()
        .map(|((service, usage_type), unpaid)| Open {
            service,
            usage_type,
            unpaid: unpaid.max(Decimal::ZERO),
            discount: discounts.get(&(service, usage_type)).copied().unwrap_or_default(),
        })
        .collect();
    open.sort_by_key(|item| (Reverse(by_service[item.service]), item.service, Reverse(item.unpaid), item.usage_type));
    open
}
