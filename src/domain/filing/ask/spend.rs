//! What a filing plans within its windows, by month and line.

use super::knowledge::Knowledge;
use super::payable::{self, CashReason};
use crate::credit::programme::Purpose;
use crate::filing::projection::{FiledProjection, PlannedMonth, UnpricedLine, WithinWindow, plan};
use crate::values::money::{Money, Quantity};
use crate::values::period::{BillingPeriod, DayRange};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::ops::Range;

/// The planned spend of a filing within its windows.
#[derive(Debug)]
pub(super) struct Spend {
    /// By month and line, in order of month.
    pub(super) rows: Vec<Row>,
    /// Every month, planned or not.
    pub(super) months: Range<BillingPeriod>,
    pub(super) unpriced: Vec<UnpricedLine>,
}

/// What one line plans for one month of its record's window.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) planned: PlannedMonth,
    /// The record's place in the filing.
    pub(super) record: usize,
    /// Share of the month that lies within the window.
    pub(super) share: Decimal,
    /// Days of the month that lie within it.
    pub(super) days: DayRange,
    /// Its cost in the window.
    pub(super) usd: Money,
    /// Why no credit pays it; `None` where credit can.
    pub(super) cash: Option<CashReason>,
    pub(super) purpose: Purpose,
}

impl Row {
    /// What credit can pay of it.
    pub(super) fn payable(&self) -> Money {
        if self.cash.is_some() { Money::ZERO } else { self.usd }
    }

    /// Model, instance type or service.
    pub(super) fn what(&self) -> &str {
        let PlannedMonth { model, instance_type, service, .. } = &self.planned;
        model.as_ref().or(instance_type.as_ref()).unwrap_or(service)
    }
}

impl Spend {
    pub(super) fn of(filing: &FiledProjection, knowledge: &Knowledge<'_>) -> Spend {
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

    pub(super) fn by_month(&self) -> BTreeMap<BillingPeriod, Money> {
        let mut sums: BTreeMap<BillingPeriod, Money> = each(&self.months).map(|month| (month, Money::ZERO)).collect();
        for row in &self.rows {
            *sums.entry(row.planned.month).or_default() += row.usd;
        }
        sums
    }

    /// What credit can pay.
    pub(super) fn payable(&self) -> Money {
        self.rows.iter().map(Row::payable).sum()
    }
}

pub(super) fn each(months: &Range<BillingPeriod>) -> impl Iterator<Item = BillingPeriod> + use<> {
    let end = months.end;
    std::iter::successors(Some(months.start), |month| Some(month.next())).take_while(move |month| *month < end)
}

/// What is asked for spend that credit can pay, to the cent.
pub(super) fn with_headroom(filing: &FiledProjection, payable: Money) -> Money {
    cents(payable.times(Decimal::ONE + filing.headroom))
}

pub(super) fn cents(amount: Money) -> Money {
    Money::from_decimal(amount.cents())
}

/// Tokens or chip-hours of a row within its window.
pub(super) fn scaled(quantity: Quantity, row: &Row) -> Quantity {
    quantity.times(row.share)
}
