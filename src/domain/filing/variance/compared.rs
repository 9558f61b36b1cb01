//! What is compared: the rows of a month, and how much of it is complete.

use crate::billing::price::plan_money;
use crate::filing::projection::{ActualCost, PlannedMonth};
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::workload::Workload;
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

/// Months that are compared at most: five years, so that a filing of the past does not make a row for each month since.
pub(crate) const MOST_MONTHS: i32 = 60;

/// What was planned and what was billed of one model, or of everything without a model, in a group.
pub(super) struct Row<'a> {
    pub(super) workload: Workload,
    pub(super) model: Option<String>,
    pub(super) planned: Vec<&'a PlannedMonth>,
    pub(super) actuals: Vec<&'a ActualCost>,
}

impl Row<'_> {
    pub(super) fn projected(&self, elapsed: Elapsed) -> Money {
        self.planned.iter().map(|plan| elapsed.share_of(plan.cost)).sum()
    }

    pub(super) fn actual(&self) -> Money {
        self.actuals.iter().map(|actual| actual.cost).sum()
    }

    pub(super) fn amount(&self, elapsed: Elapsed) -> Money {
        self.actual() - self.projected(elapsed)
    }
}

/// How much of a month is complete.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elapsed {
    days: Decimal,
    of: Decimal,
}

impl Elapsed {
    /// Of a month, through `data_through`.
    pub(crate) fn of(month: BillingPeriod, data_through: NaiveDate) -> Self {
        let whole = month.days();
        let complete = if BillingPeriod::of(data_through) == month { i64::from(data_through.day()) } else { whole };
        Elapsed { days: Decimal::from(complete), of: Decimal::from(whole) }
    }

    /// Multiplies before it divides, so that a whole month is taken exactly.
    pub(crate) fn share(self, value: Decimal) -> Decimal {
        value * self.days / self.of
    }

    pub(super) fn share_of(self, cost: Money) -> Money {
        plan_money(self.share(cost.amount()))
    }
}
