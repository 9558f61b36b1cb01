//! How far the figures can be trusted: what was not understood, and where AWS says otherwise.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::Assessment;
use super::span::Span;
use crate::billing::costs::DetailKind;
use crate::credit::reconcile::{self, Reconciliation};
use crate::facts::charge::record_kind;
use crate::facts::referee::SetAside;
use crate::facts::rows::ChargeKind;
use crate::position::observations::{OrderContradiction, UnknownRecordType};
use crate::position::{DataQuality, UnclassifiedUsage};
use crate::values::money::Money;
use crate::values::workload::Workload;

/// Days for which it is said that cycles were set aside.
const SET_ASIDE_SHOWN_DAYS: i64 = 28;
/// Unclassified usage that is named.
const UNCLASSIFIED_NAMED: usize = 5;

impl Assessment<'_> {
    /// Record types that this program does not know, by name, through the last complete day.
    pub fn unknown_record_types(&self) -> Vec<UnknownRecordType> {
        let Some(span) = self.span else { return Vec::new() };
        let mut unknown: BTreeMap<&str, UnknownRecordType> = BTreeMap::new();
        // Whether a name is known does not depend on the amount.
        let known = |kind: &ChargeKind| record_kind(&kind.record_type, Money::ZERO).known;
        let known: Vec<bool> = self.facts.charge_kinds.iter().map(known).collect();
        for row in self.facts.charges.iter().filter(|row| !known[row.kind] && row.day <= span.through) {
            let name = self.facts.charge_kinds[row.kind].record_type.as_str();
            let fresh = || UnknownRecordType { name: name.to_owned(), since: row.day, cost: Money::ZERO };
            unknown.entry(name).or_insert_with(fresh).cost += row.cost;
        }
        unknown.into_values().collect()
    }

    /// What AWS's allocation history says against our order of pools.
    pub fn order_contradictions(&self) -> Vec<OrderContradiction> {
        let Some(span) = self.span else { return Vec::new() };
        reconcile::contradictions(&self.ledger, &self.facts, span.first, span.through)
            .into_iter()
            .map(|(month, pool, gap)| OrderContradiction { month, pool, gap })
            .collect()
    }

    /// This month's spend that no rule understands by service and usage type, the dearest first.
    fn unclassified(&self) -> Vec<UnclassifiedUsage> {
        let Some(month) = self.span.map(Span::month_to_date) else { return Vec::new() };
        let mut costs: BTreeMap<usize, Money> = BTreeMap::new();
        for row in self.costs.detail.iter().filter(|row| month.contains(row.day)) {
            if self.costs.kinds[row.kind].class.workload == Workload::Unclassified {
                *costs.entry(row.kind).or_default() += row.cost;
            }
        }
        let usage = |(kind, cost): (usize, Money)| {
            let DetailKind { service, usage_type, class } = &self.costs.kinds[kind];
            let (service, usage_type, because) =
                (service.clone(), usage_type.clone(), class.unclassified_because.clone());
            UnclassifiedUsage { service, usage_type, cost, because }
        };
        let mut usages: Vec<UnclassifiedUsage> = costs.into_iter().map(usage).collect();
        usages
            .sort_by(|a, b| (b.cost.abs(), &a.service, &a.usage_type).cmp(&(a.cost.abs(), &b.service, &b.usage_type)));
        usages
    }

    /// That planned events cannot be read and so count nowhere.
    fn unreadable_events(&self) -> Option<String> {
        let lost: Vec<String> = self.facts.unreadable_events.iter().map(u32::to_string).collect();
        match &lost[..] {
            [] => None,
            [one] => Some(format!("The planned event {one} cannot be read and is left out; plan it again.")),
            more => Some(format!(
                "The planned events {} cannot be read and are left out; plan them again.",
                more.join(", ")
            )),
        }
    }

    /// Cycles that were set aside lately.
    fn set_aside(&self) -> Option<SetAside> {
        let shown = |aside: &SetAside| self.facts.as_of - aside.noticed_at <= TimeDelta::days(SET_ASIDE_SHOWN_DAYS);
        self.facts.set_aside.filter(shown)
    }

    pub(super) fn data_quality(&self, reconciliation: &Reconciliation) -> DataQuality {
        let unclassified = self.unclassified();
        let mut quality = DataQuality {
            unclassified_cost: unclassified.iter().map(|usage| usage.cost).sum(),
            unclassified: unclassified.into_iter().take(UNCLASSIFIED_NAMED).collect(),
            reconciliation_gap: reconciliation.closed_gap() + self.facts.months_apart,
            moved_in_last_cycle: self.facts.moved_in_last_cycle,
            unreadable: self.unreadable_events().into_iter().collect(),
            set_aside: self.set_aside(),
            missing_history: self.facts.missing_history.clone(),
            ..DataQuality::default()
        };
        quality.asked(self.facts.paid_requests_today, self.facts.paid_requests_month);
        quality
    }
}

impl DataQuality {
    /// Says how many requests AWS charged on the day of `as_of`, and what those of its month cost.
    pub fn asked(&mut self, requests_today: u64, requests_month: u64) {
        self.paid_requests_today = requests_today;
        self.usd_spent_asking_month = request_price().times(Decimal::from(requests_month));
    }
}

/// What AWS charges for one page of Cost Explorer: 0.01 USD.
pub fn request_price() -> Money {
    Money::from_micros(10_000)
}
