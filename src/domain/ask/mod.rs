//! The ask: what a filing costs, what of it credit can pay, which programmes fit it, how long each award lasts, and the bill
//! afterwards. All of it from the filing alone, so that it can be known before any credit exists.
//!
//! Invariants: every amount is rounded to the cent once, from exact sums, so that a sum of shown amounts may differ from a shown
//! sum by cents; what has no price is in no amount and is named; nothing here promises an award.

mod awards;
mod check;
mod known;
mod payable;
mod programmes;
mod reviewer;
mod sentence;
mod usage;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::classify::Classifier;
use super::credit::Programme;
use super::money::{Money, Quantity};
use super::period::{BillingPeriod, DayRange};
use super::price::PriceBook;
use super::programme::Purpose;
use super::projection::{BEDROCK, FiledProjection, FiledRecord, PlannedMonth, UnpricedLine, WithinWindow, plan};

pub use awards::AwardSize;
pub use check::{CheckedFiling, check, check_one};
pub use known::KnownAccount;
pub use payable::CashReason;
pub use programmes::{AskBand, Gate, GateState, Lands, ProgrammeFit};
pub use reviewer::{Objection, Weakness};
pub use usage::{ChipHours, ModelCompared, ModelTokens};

/// What stands beside every ask.
pub const DISCRETIONARY: &str = "Every award is at AWS's discretion, and few come near the ceiling of their programme: plan with what \
    is usual, not with the most.";

/// Months after the window that are shown.
const MONTHS_AFTER: i32 = 12;

/// What a filing comes to, and what can be asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SizedFiling {
    /// The sentence that AWS wants to read, filled in; a blank names what is missing.
    pub sentence: String,
    /// Day of filing: prices are those of this day.
    pub filed_on: NaiveDate,
    /// True if the filing has records beside these: then nothing is here that rests on all of them.
    #[serde(default)]
    pub in_part: bool,
    /// The customer's name; null where the filing names none.
    pub customer: Option<String>,
    /// Months of the window, or twelve from the first that is filed.
    pub months: Vec<SizedMonth>,
    /// All months as filed.
    pub total_usd: Money,
    /// All months without caching and batch.
    pub total_usd_without_levers: Money,
    /// Dollars by AWS service, the dearest first.
    pub by_service: Vec<ServiceUsd>,
    /// Dollars by record, in the filing's order.
    pub records: Vec<RecordUsd>,
    /// Tokens by model, in the filing's order.
    pub tokens: Vec<ModelTokens>,
    /// Chip-hours by instance type, in the filing's order.
    pub chip_hours: Vec<ChipHours>,
    /// What can be asked for.
    pub ask: Ask,
    /// Every programme by every route, those by a partner first.
    pub programmes: Vec<ProgrammeFit>,
    /// How long awards of the usual sizes last for this spend.
    pub awards: Vec<AwardSize>,
    /// The same traffic on three models; empty where no tokens are planned.
    pub models: Vec<ModelCompared>,
    /// The bill by month after the window.
    pub afterwards: Vec<MonthUsd>,
    /// What AWS's reviewer may object to.
    pub objections: Vec<Objection>,
    /// What has no price: its dollars are in no amount.
    pub unpriced: Vec<UnpricedLine>,
}

impl SizedFiling {
    /// The programmes that fit, each by every route that is open; where none is, by those that have to be asked for.
    pub fn open_routes(&self) -> Vec<&ProgrammeFit> {
        let fitting = || self.programmes.iter().filter(|it| it.fits);
        let opens = |programme| {
            fitting().any(|it| it.programme == programme && it.is_possible() && it.route_state() == GateState::Open)
        };
        let wanted = |programme| if opens(programme) { GateState::Open } else { GateState::Ask };
        let open = fitting().filter(|it| it.is_possible() && it.route_state() == wanted(it.programme));
        by_programme(open)
    }

    /// The programmes that fit, each by every route that is not ruled out.
    pub fn possible_routes(&self) -> Vec<&ProgrammeFit> {
        by_programme(self.programmes.iter().filter(|it| it.fits && it.is_possible()))
    }

    /// What is left of it for somebody who sees some of the filing's records alone, which were sized without the others: programmes,
    /// awards, the bill afterwards and a reviewer's objections rest on all of them.
    #[must_use]
    pub fn of_some_records(self) -> SizedFiling {
        SizedFiling {
            in_part: true,
            programmes: Vec::new(),
            awards: Vec::new(),
            afterwards: Vec::new(),
            objections: Vec::new(),
            ..self
        }
    }

    /// The models whose tokens it plans, in its order.
    pub fn model_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for of in self.tokens.iter().filter(|of| of.usd.is_positive()) {
            if !names.contains(&of.model.as_str()) {
                names.push(&of.model);
            }
        }
        names
    }
}

/// The routes of a programme beside each other, in their order.
fn by_programme<'a>(fits: impl Iterator<Item = &'a ProgrammeFit>) -> Vec<&'a ProgrammeFit> {
    let mut fits: Vec<&ProgrammeFit> = fits.collect();
    fits.sort_by_key(|it| it.programme);
    fits
}

/// A month as filed, and without the levers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SizedMonth {
    /// Billing period.
    pub month: BillingPeriod,
    /// Dollars as filed.
    pub usd: Money,
    /// Dollars without caching and batch.
    pub usd_without_levers: Money,
}

/// Dollars of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthUsd {
    /// Billing period.
    pub month: BillingPeriod,
    /// Dollars.
    pub usd: Money,
}

/// Dollars of an AWS service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceUsd {
    /// Service as the bill names it.
    pub service: String,
    /// Dollars.
    pub usd: Money,
}

/// Dollars of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordUsd {
    /// Record id.
    pub id: String,
    /// Dollars.
    pub usd: Money,
    /// The programme that it asks.
    pub programme: Programme,
    /// Credit that it asks for; null where the filing says none of it alone.
    pub asked_usd: Option<Money>,
    /// Days in which its award is meant to be consumed; null where the filing names none.
    pub window: Option<FiledWindow>,
    /// What it is for, in the filing's own words.
    pub use_case: Option<String>,
}

/// Days in which an award is meant to be consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiledWindow {
    /// First day.
    pub starts_on: NaiveDate,
    /// First day without it.
    pub expires_on: NaiveDate,
}

impl From<DayRange> for FiledWindow {
    fn from(days: DayRange) -> Self {
        FiledWindow { starts_on: days.start, expires_on: days.end }
    }
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ask {
    /// Spend that credit can pay, and the headroom; not capped.
    pub usd: Money,
    /// Share that the ask lies above that spend.
    pub headroom: Decimal,
    /// Spend that no credit pays.
    pub cash_usd: Money,
    /// Spend that credit can pay.
    pub payable_usd: Money,
    /// What no credit pays, and why, the dearest first.
    pub cash: Vec<CashLine>,
    /// What the filing asks for; null where it names no amount.
    pub asked_usd: Option<Money>,
}

/// Spend that no credit pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CashLine {
    /// Model, instance type or service.
    pub what: String,
    /// Dollars.
    pub usd: Money,
    /// Why.
    pub why: CashReason,
}

/// What a filing is sized with beside itself.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge<'a> {
    /// List prices, with the user's own over them.
    pub book: &'a PriceBook,
    /// Names and makers of models.
    pub classifier: &'a Classifier,
    /// What is known of the account.
    pub account: &'a KnownAccount,
}

impl Knowledge<'_> {
    fn service_of_model(&self, model: &str) -> String {
        self.classifier.model_service(model).unwrap_or(BEDROCK).to_owned()
    }
}

/// Sizes a filing.
///
/// ```
/// use glidepath_domain::ask::{Knowledge, KnownAccount, size};
/// use glidepath_domain::classify::Classifier;
/// use glidepath_domain::price::PriceBook;
/// use glidepath_domain::projection::FiledProjection;
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

/// The planned spend of a filing within its windows.
#[derive(Debug)]
struct Spend {
    /// By month and line, in order of month.
    rows: Vec<Row>,
    /// Every month, planned or not.
    months: Range<BillingPeriod>,
    unpriced: Vec<UnpricedLine>,
}

/// What one line plans for one month of its record's window.
#[derive(Debug)]
struct Row {
    planned: PlannedMonth,
    /// The record's place in the filing.
    record: usize,
    /// Share of the month that lies within the window.
    share: Decimal,
    /// Days of the month that lie within it.
    days: DayRange,
    /// Its cost in the window.
    usd: Money,
    /// Why no credit pays it; `None` where credit can.
    cash: Option<CashReason>,
    purpose: Purpose,
}

impl Row {
    /// What credit can pay of it.
    fn payable(&self) -> Money {
        if self.cash.is_some() { Money::ZERO } else { self.usd }
    }

    /// Model, instance type or service.
    fn what(&self) -> &str {
        let PlannedMonth { model, instance_type, service, .. } = &self.planned;
        model.as_ref().or(instance_type.as_ref()).unwrap_or(service)
    }
}

impl Spend {
    fn of(filing: &FiledProjection, knowledge: &Knowledge<'_>) -> Spend {
        let windows = filing.windows();
        let months = windows.months();
        let planned = plan(filing, knowledge.book, months.clone(), |model| knowledge.service_of_model(model));
        let places = filing.records.iter().enumerate().map(|(at, record)| (record.id.as_str(), at));
        let places: BTreeMap<&str, usize> = places.collect();
        let row = |planned: PlannedMonth| {
            let record = *places.get(planned.record.as_str())?;
            let WithinWindow { share, days } = windows.within(record, planned.month)?;
            let usd = planned.cost.times(share);
            let cash = payable::cash_reason(filing, &planned, knowledge);
            let purpose = Purpose::of(planned.workload);
            Some(Row { planned, record, share, days, usd, cash, purpose })
        };
        Spend { rows: planned.months.into_iter().filter_map(row).collect(), months, unpriced: planned.unpriced }
    }

    fn by_month(&self) -> BTreeMap<BillingPeriod, Money> {
        let mut sums: BTreeMap<BillingPeriod, Money> = each(&self.months).map(|month| (month, Money::ZERO)).collect();
        for row in &self.rows {
            *sums.entry(row.planned.month).or_default() += row.usd;
        }
        sums
    }

    /// What credit can pay.
    fn payable(&self) -> Money {
        self.rows.iter().map(Row::payable).sum()
    }
}

fn each(months: &Range<BillingPeriod>) -> impl Iterator<Item = BillingPeriod> + use<> {
    let end = months.end;
    std::iter::successors(Some(months.start), |month| Some(month.next())).take_while(move |month| *month < end)
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

/// What is asked for spend that credit can pay, to the cent.
fn with_headroom(filing: &FiledProjection, payable: Money) -> Money {
    cents(payable.times(Decimal::ONE + filing.headroom))
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

fn cents(amount: Money) -> Money {
    Money::from_decimal(amount.cents())
}

/// Tokens or chip-hours of a row within its window.
fn scaled(quantity: Quantity, row: &Row) -> Quantity {
    quantity.times(row.share)
}

#[cfg(test)]
mod tests;
