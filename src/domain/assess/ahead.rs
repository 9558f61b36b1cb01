//! What lies ahead: the input that an outlook is made from, and what the position shows of it.

use super::span::Span;
use super::{Assessment, Context};
use crate::domain::charge::BillPart;
use crate::domain::costs::SplitCost;
use crate::domain::forecast::Evidence;
use crate::domain::implied_price::{ImpliedPrices, PriceSource};
use crate::domain::money::Money;
use crate::domain::outlook::{Changes, MonthSoFar, Outlook, OutlookInputs, outlook};
use crate::domain::pools::credit_rows;
use crate::domain::position::MonthlyBill;
use crate::domain::projection::{daily_costs, daily_plan};
use crate::domain::whatif::Base;

impl Assessment<'_> {
    /// Forecasts; `None` before the first complete day.
    pub fn outlook(&self) -> Option<Outlook> {
        self.with_outlook_inputs(outlook)
    }

    /// Shows `make` what the outlook is made from; `None` before the first complete day.
    fn with_outlook_inputs<T>(&self, make: impl FnOnce(&OutlookInputs) -> T) -> Option<T> {
        let span = self.span?;
        let recurring: Vec<_> = self.costs.split.iter().map(SplitCost::recurring).collect();
        let planned = self.context.filing.map(|filing| daily_costs(&daily_plan(&filing.plan))).unwrap_or_default();
        let made = make(&OutlookInputs {
            pools: &self.ledger.pools,
            balances: &self.balances,
            recurring: &recurring,
            first_day: span.first,
            data_through: span.through,
            month_so_far: self.month_so_far(span),
            tax_rate: self.context.tax_rate,
            planned: &planned,
            evidence: &Evidence::builtin(),
            changes: Changes::default(),
        });
        Some(made)
    }

    /// Shows `ask` what a scenario is put to; `None` before the first complete day.
    pub fn what_if<T>(&self, ask: impl FnOnce(&Base) -> T) -> Option<T> {
        let implied = ImpliedPrices::of(&self.costs, self.complete_days()?);
        let Context { prices: book, classifier, .. } = self.context;
        let prices = PriceSource { book, implied: &implied };
        let on = self.facts.as_of.date_naive();
        self.with_outlook_inputs(|inputs| ask(&Base { inputs, costs: &self.costs, prices, classifier, on }))
    }

    fn month_so_far(&self, span: Span) -> MonthSoFar {
        let month = span.month_to_date();
        let mut so_far = MonthSoFar::default();
        let mut credited = Money::ZERO;
        let parts = self.bill_parts();
        for row in self.facts.charges.iter().filter(|row| month.contains(row.day)) {
            match parts[row.kind] {
                BillPart::Gross => so_far.gross += row.cost,
                BillPart::Credit => credited -= row.cost,
                BillPart::Tax => so_far.tax += row.cost,
                BillPart::Refund => {}
            }
        }
        let replayed = self.ledger.drawdowns.iter().filter(|draw| month.contains(draw.day)).map(|draw| draw.amount);
        so_far.covered = if credit_rows(self.facts).next().is_some() { credited } else { replayed.sum() };
        so_far
    }
}

pub(super) fn trajectory(outlook: &Outlook) -> Vec<MonthlyBill> {
    outlook
        .bills
        .iter()
        .map(|bill| MonthlyBill {
            month: bill.month,
            gross: bill.gross,
            covered: bill.covered,
            cash: bill.cash,
            tax: bill.tax,
            cash_p10: bill.cash_p10,
            cash_p90: bill.cash_p90,
        })
        .collect()
}
