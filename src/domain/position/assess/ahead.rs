//! What lies ahead: the input that an outlook is made from, and what the position shows of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Assessment;
use super::newest_names::Known;
use super::returned::{Amount, by_service_of_fee};
use super::span::Span;
use crate::billing::daily_cost::{DailyCost, SplitCost};
use crate::billing::discount::ToCome;
use crate::billing::implied_price::{ImpliedPrices, PriceSource};
use crate::credit::rows::credit_rows;
use crate::facts::charge::{BillPart, Role, record_kind};
use crate::filing::projection::{PlannedMonth, daily_costs, daily_plan};
use crate::forecast::Evidence;
use crate::outlook::monthly_bill::{BillLine, MonthlyBill};
use crate::outlook::{
    BillOutlook, Changes, Doubts, MonthSoFar, Outlook, OutlookInputs, ServiceOutlook, outlook_with_sensitivity,
};
use crate::values::money::Money;
use crate::values::period::DayRange;
use crate::values::workload::Workload;
use crate::whatif::{Base, cache_doubt};

/// Days that the models' shares of a service are read from.
const MODEL_DAYS: i64 = 28;

impl Assessment<'_> {
    /// Forecasts; `None` before the first complete day.
    pub fn outlook(&self) -> Option<Outlook> {
        let mut made = self.what_if(|base| {
            let doubts = Doubts { balance_gap: self.balance_gap(), cache: cache_doubt(base) };
            outlook_with_sensitivity(base.inputs, &doubts)
        })?;
        // A pool that is only planned is no pool of the account.
        made.pools.retain(|pool| !self.plans.is_award(&pool.id));
        Some(made)
    }

    /// Shows `ask` what a scenario is put to; `None` before the first complete day.
    pub fn what_if<T>(&self, ask: impl FnOnce(&Base) -> T) -> Option<T> {
        let span = self.span?;
        let implied = ImpliedPrices::of(&self.costs, self.complete_days()?);
        let Known { prices: book, classifier, .. } = &self.context;
        let prices = PriceSource { book, implied: &implied };
        let on = self.facts.as_of.date_naive();
        let (mut recurring, mut at_least): (Vec<_>, Vec<_>) =
            self.costs.split.iter().map(SplitCost::recurring).partition(|cost| cost.day <= span.through);
        let to_come = ToCome::read(&self.facts, &self.costs.split, span.through);
        let comes_off = to_come.take_off(&mut recurring, span.through);
        to_come.take_off(&mut at_least, span.through);
        let evidence = Evidence::builtin();
        let planned = self.filed_and_come();
        let inputs = OutlookInputs {
            pools: &self.ledger.pools,
            balances: &self.balances,
            recurring: &recurring,
            at_least: &at_least,
            first_day: span.first,
            data_through: span.through,
            month_so_far: self.month_so_far(span, &comes_off),
            tax_rate: self.context.tax_rate,
            planned: &planned,
            evidence: &evidence,
            changes: Changes::default(),
        };
        let base = Base { inputs: &inputs, costs: &self.costs, prices, classifier, on };
        let expected = self.plans.expected(&base);
        let inputs = OutlookInputs {
            pools: &expected.pools,
            balances: &expected.balances,
            changes: Changes {
                landed: &expected.landed,
                events: &expected.events,
                filed: expected.filed.as_ref(),
                begun: &expected.begun,
                runs: &expected.runs,
                ..Changes::default()
            },
            ..inputs
        };
        Some(ask(&Base { inputs: &inputs, ..base }))
    }

    /// By day, what the filing plans of the lines of which nothing is still to come.
    fn filed_and_come(&self) -> Vec<DailyCost> {
        let (Some(filing), Some(filed)) = (self.filing(), &self.plans.filed) else { return Vec::new() };
        let come: Vec<PlannedMonth> = filed.come(&filing.plan).cloned().collect();
        daily_costs(&daily_plan(&come))
    }

    /// `comes_off`: by service, what discounts that come at the month's end take off its days.
    fn month_so_far(&self, span: Span, comes_off: &BTreeMap<String, Money>) -> MonthSoFar {
        let month = span.month_to_date();
        let mut so_far = MonthSoFar::default();
        let mut credited = Money::ZERO;
        // Per service, what of its cost no credit paid, and what was refunded.
        let mut services: BTreeMap<&str, (Money, Money)> = BTreeMap::new();
        let mut refunds: Vec<Amount> = Vec::new();
        let parts = self.bill_parts();
        for row in self.facts.charges.iter().filter(|row| month.contains(row.day)) {
            let service = self.facts.charge_kinds[row.kind].service.as_str();
            let (unpaid, _) = services.entry(service).or_default();
            match parts[row.kind] {
                BillPart::Gross => {
                    so_far.gross += row.cost;
                    *unpaid += row.cost;
                }
                BillPart::Credit => {
                    credited -= row.cost;
                    *unpaid += row.cost;
                }
                BillPart::Tax => so_far.tax += row.cost,
                BillPart::Refund => refunds.push(Amount { day: row.day, service, amount: -row.cost }),
            }
        }
        // Where rows show credit, what AWS has yet to apply comes on top; where none does, replay is all there is.
        let rows_show_credit = credit_rows(&self.facts).next().is_some();
        let counted = if rows_show_credit { &self.awaited } else { &self.ledger.drawdowns };
        let counted = || counted.iter().filter(|draw| month.contains(draw.day));
        for draw in counted() {
            services.entry(&self.ledger.streams[draw.stream].service).or_default().0 -= draw.amount;
        }
        so_far.covered = credited + counted().map(|draw| draw.amount).sum::<Money>();
        // A discount that is to come takes off cash of its service first, and what credit has paid besides.
        for (service, off) in comes_off {
            let (unpaid, _) = services.entry(service).or_default();
            let of_cash = unpaid.at_least_zero().min(-*off);
            *unpaid -= of_cash;
            so_far.gross += *off;
            so_far.covered += *off + of_cash;
        }
        for Amount { service, amount, .. } in by_service_of_fee(&refunds, &self.fees(month)) {
            services.entry(service).or_default().1 += amount;
        }
        // A refund takes back cash of its service, as far as this month has any: a fee that was returned is no cash of the
        // month, and what is refunded of earlier months hides none of it.
        let returned = services.into_values().map(|(unpaid, refunded)| refunded.min(unpaid.at_least_zero()));
        so_far.gross -= returned.sum::<Money>();
        so_far
    }
}

impl Assessment<'_> {
    /// The one-off fees of `days`: those that the charges name, else what the detail shows of a service and day.
    fn fees(&self, days: DayRange) -> Vec<Amount<'_>> {
        let kinds = &self.facts.charge_kinds;
        let one_off: Vec<bool> =
            kinds.iter().map(|kind| record_kind(&kind.record_type, Money::ZERO).role == Role::OneOff).collect();
        let rows = self.facts.charges.iter();
        let rows = rows.filter(|row| days.contains(row.day) && one_off[row.kind] && row.cost.is_positive());
        let named: Vec<Amount> =
            rows.map(|row| Amount { day: row.day, service: &kinds[row.kind].service, amount: row.cost }).collect();
        let costs = self.costs.split.iter().filter(|cost| days.contains(cost.day) && cost.one_off.is_positive());
        let shown = costs.map(|cost| Amount { day: cost.day, service: &cost.service, amount: cost.one_off });
        let is_named = |of: &Amount| named.iter().any(|fee| (fee.day, fee.service) == (of.day, of.service));
        let shown: Vec<Amount> = shown.filter(|of| !is_named(of)).collect();
        [named, shown].concat()
    }
}

/// What each model cost of a service and workload.
type ModelCosts<'a> = BTreeMap<(&'a str, Workload), BTreeMap<Option<&'a str>, Money>>;

impl Assessment<'_> {
    pub(super) fn trajectory(&self, outlook: &Outlook) -> Vec<MonthlyBill> {
        let models = self.model_costs();
        let lines = |bill: &BillOutlook| {
            let mut lines: Vec<BillLine> = bill.services.iter().flat_map(|line| by_model(line, &models)).collect();
            lines.sort_by_key(|line| Reverse(line.gross));
            lines
        };
        let bills = outlook.bills.iter().map(|bill| MonthlyBill {
            month: bill.month,
            gross: bill.gross,
            covered: bill.covered,
            cash: bill.cash,
            tax: bill.tax,
            cash_p10: bill.cash_p10,
            cash_p90: bill.cash_p90,
            lines: lines(bill),
        });
        bills.collect()
    }

    /// Over the last 28 complete days; what sums to nothing or less is left out.
    fn model_costs(&self) -> ModelCosts<'_> {
        let mut sums = ModelCosts::new();
        let Some(span) = self.span else { return sums };
        let window = span.last(MODEL_DAYS);
        for row in self.costs.detail.iter().filter(|row| window.contains(row.day)) {
            let kind = &self.costs.kinds[row.kind];
            let models = sums.entry((kind.service.as_str(), kind.class.workload)).or_default();
            *models.entry(kind.class.model.as_deref()).or_default() += row.cost;
        }
        for models in sums.values_mut() {
            models.retain(|_, cost| cost.is_positive());
        }
        sums
    }
}

/// Splits a service's part of a bill as its models' costs were, to the micro-dollar; the last one takes what rounding
/// leaves.
fn by_model(line: &ServiceOutlook, costs: &ModelCosts<'_>) -> Vec<BillLine> {
    let part = |model: Option<&str>, gross, covered| BillLine {
        service: line.service.clone(),
        workload: line.workload,
        model: model.map(str::to_owned),
        gross,
        covered,
    };
    let Some(models) = costs.get(&(line.service.as_str(), line.workload)).filter(|models| !models.is_empty()) else {
        return vec![part(None, line.gross, line.covered)];
    };
    let total: Money = models.values().copied().sum();
    let (mut gross, mut covered) = (line.gross, line.covered);
    let mut parts = Vec::with_capacity(models.len());
    for (index, (model, cost)) in models.iter().enumerate() {
        let share = cost.ratio(total).unwrap_or_default();
        let of = |amount: Money, left: Money| {
            if index + 1 == models.len() { left } else { Money::from_micros(amount.times(share).to_micros()) }
        };
        let (of_gross, of_covered) = (of(line.gross, gross), of(line.covered, covered));
        parts.push(part(*model, of_gross, of_covered));
        (gross, covered) = (gross - of_gross, covered - of_covered);
    }
    parts
}
