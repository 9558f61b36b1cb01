//! Sizes a filing.

use super::knowledge::Knowledge;
use super::payable::CashReason;
use super::sized::{Ask, CashLine, FiledWindow, MonthUsd, RecordUsd, ServiceUsd, SizedFiling, SizedMonth};
use super::spend::{Spend, cents, each, with_headroom};
use super::{awards, programmes, reviewer, sentence, usage};
use crate::filing::projection::{FiledProjection, FiledRecord, plan};
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Months after the window that are shown.
const MONTHS_AFTER: i32 = 12;

/// Sizes a filing.
///
/// ```
/// use glidepath_domain::filing::ask::{Knowledge, KnownAccount, size};
/// use glidepath_domain::billing::classify::Classifier;
/// use glidepath_domain::billing::price::PriceBook;
/// use glidepath_domain::filing::projection::FiledProjection;
/// let filing = FiledProjection::parse(
///     r#"
///     filed_on = "2026-11-20"
///     window = { starts_on = "2026-12-01", expires_on = "2027-03-01" }
///     [[record]]
///     id = "ai"
///     [[record.tokens]]
///     model = "Nova Lite"
///     monthly = [{ from = "2026-12", input_millions = 1000, output_millions = 100 }]
///     "#,
/// )
/// .unwrap();
/// let (book, classifier, account) = (PriceBook::builtin(), Classifier::builtin(), KnownAccount::default());
/// let sized = size(&filing, &Knowledge { book: &book, classifier: &classifier, account: &account });
/// assert_eq!(sized.total_usd.to_string(), "252"); // three months of 84
/// assert_eq!(sized.ask.usd.to_string(), "289.8");
/// ```
pub fn size(filing: &FiledProjection, knowledge: &Knowledge<'_>) -> SizedFiling {
    let spend = Spend::of(filing, knowledge);
    let plain = Spend::of(&without_levers(filing), knowledge);
    let sum = |spend: &Spend| spend.rows.iter().map(|row| row.usd).sum::<Money>();
    let without: BTreeMap<BillingPeriod, Money> = plain.by_month();
    let months = spend.by_month().into_iter().map(|(month, usd)| SizedMonth {
        month,
        usd: cents(usd),
        usd_without_levers: cents(without.get(&month).copied().unwrap_or_default()),
    });
    let ask = ask(filing, &spend);
    let mut sized = SizedFiling {
        sentence: sentence::sentence(filing, &spend),
        filed_on: filing.filed_on,
        in_part: false,
        customer: filing.customer.clone(),
        months: months.collect(),
        total_usd: cents(sum(&spend)),
        total_usd_without_levers: cents(sum(&plain)),
        by_service: by_service(&spend),
        records: records(filing, &spend),
        tokens: usage::tokens(filing, &spend),
        chip_hours: usage::chip_hours(filing, &spend),
        programmes: programmes::fits(filing, &spend, ask.usd, knowledge.account),
        awards: awards::awards(&spend, &programmes::granted(filing.company.as_ref())),
        ask,
        models: usage::compared(filing, knowledge, &spend),
        afterwards: afterwards(filing, knowledge, &spend),
        objections: Vec::new(),
        unpriced: spend.unpriced.clone(),
    };
    sized.objections = reviewer::objections(filing, &sized, &spend, knowledge.account);
    sized
}

/// The filing with every token at its full price: nothing cached, nothing as batch.
fn without_levers(filing: &FiledProjection) -> FiledProjection {
    let mut plain = filing.clone();
    for line in plain.records.iter_mut().flat_map(|record| &mut record.tokens) {
        (line.cache_hit, line.cache_write, line.batch) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
    }
    plain
}

fn ask(filing: &FiledProjection, spend: &Spend) -> Ask {
    let payable = spend.payable();
    let mut cash: BTreeMap<(&str, CashReason), Money> = BTreeMap::new();
    for row in &spend.rows {
        if let Some(why) = row.cash {
            *cash.entry((row.what(), why)).or_default() += row.usd;
        }
    }
    let cash_usd = cash.values().copied().sum();
    let line =
        |((what, why), usd): ((&str, CashReason), Money)| CashLine { what: what.to_owned(), usd: cents(usd), why };
    let mut cash: Vec<CashLine> = cash.into_iter().filter(|(_, usd)| usd.is_positive()).map(line).collect();
    cash.sort_by_key(|line| std::cmp::Reverse(line.usd));
    Ask {
        usd: with_headroom(filing, payable),
        headroom: filing.headroom,
        cash_usd: cents(cash_usd),
        payable_usd: cents(payable),
        cash,
        asked_usd: filing.asked_usd(),
    }
}

fn by_service(spend: &Spend) -> Vec<ServiceUsd> {
    let mut sums: BTreeMap<&str, Money> = BTreeMap::new();
    for row in &spend.rows {
        *sums.entry(&row.planned.service).or_default() += row.usd;
    }
    let service = |(service, usd): (&str, Money)| ServiceUsd { service: service.to_owned(), usd: cents(usd) };
    let mut services: Vec<ServiceUsd> = sums.into_iter().map(service).collect();
    services.sort_by_key(|it| std::cmp::Reverse(it.usd));
    services
}

fn records(filing: &FiledProjection, spend: &Spend) -> Vec<RecordUsd> {
    let mut sums = vec![Money::ZERO; filing.records.len()];
    spend.rows.iter().for_each(|row| sums[row.record] += row.usd);
    let record = |(record, usd): (&FiledRecord, Money)| RecordUsd {
        id: record.id.clone(),
        usd: cents(usd),
        programme: filing.programme_of(record),
        asked_usd: filing.asked_by(record),
        window: filing.window_of(record).map(FiledWindow::from),
        use_case: filing.application_of(record).use_case,
    };
    filing.records.iter().zip(sums).map(record).collect()
}

/// The bill by month after the window: the first month as the filing plans it, the next ones grown by what it says of the time
/// after credits. A record whose own window ended before is over, as in the months.
fn afterwards(filing: &FiledProjection, knowledge: &Knowledge<'_>, spend: &Spend) -> Vec<MonthUsd> {
    let first = spend.months.end;
    let planned = plan(filing, knowledge.book, first..first.next(), |model| knowledge.service_of_model(model));
    let windows = filing.windows();
    let records = filing.records.iter().enumerate();
    let going_on = records.filter(|(at, _)| windows.within(*at, first.previous()).is_some());
    let going_on: BTreeSet<&str> = going_on.map(|(_, record)| record.id.as_str()).collect();
    let after = planned.months.iter().filter(|month| going_on.contains(month.record.as_str()));
    let level: Money = after.map(|month| month.cost).sum();
    let factor = Decimal::ONE + filing.post_credit_growth_per_month.unwrap_or_default();
    let mut usd = level;
    let month = |month| {
        let shown = MonthUsd { month, usd: cents(usd) };
        usd = usd.times(factor);
        shown
    };
    each(&(first..first.plus_months(MONTHS_AFTER))).map(month).collect()
}
