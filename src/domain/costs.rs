//! From stored rows to daily costs: money from the charges, purpose from the usage detail.
//!
//! Invariants: per day and service, the costs here add up to the gross of the charges to the last digit; what the
//! detail lacks (or has too much) is a line of its own, classified by the service alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::charge::{BillPart, RecordKind, is_capacity_block_fee, record_kind};
use super::classify::Classifier;
use super::facts::{Facts, UsageRow};
use super::ledger::DailyCost;
use super::money::{Money, Quantity};
use super::period::DayRange;
use super::position::WorkloadSpend;
use super::workload::{Classification, Workload};

/// One day's gross cost of one service and workload, by what credit may do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitCost {
    /// UTC day.
    pub day: NaiveDate,
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Purpose.
    pub workload: Workload,
    /// What credit may pay.
    pub payable: Money,
    /// What credit never pays and what comes again: support.
    pub unpayable: Money,
    /// Upfront and one-time fees: cash on their day, and no part of burn.
    pub one_off: Money,
}

impl SplitCost {
    /// All of it.
    pub fn gross(&self) -> Money {
        self.payable + self.unpayable + self.one_off
    }

    /// As replay takes it.
    pub fn daily(&self) -> DailyCost {
        self.as_daily(self.unpayable + self.one_off)
    }

    /// Without one-off fees, as the outlook continues it.
    pub fn recurring(&self) -> DailyCost {
        self.as_daily(self.unpayable)
    }

    fn as_daily(&self, other: Money) -> DailyCost {
        DailyCost {
            day: self.day,
            service: self.service.clone(),
            workload: self.workload,
            payable: self.payable,
            other,
        }
    }
}

/// One classified row of detail, or the rest that the detail lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailRow {
    /// UTC day.
    pub day: NaiveDate,
    /// Index into [`Costs::kinds`].
    pub kind: usize,
    /// Cost with AWS's sign.
    pub cost: Money,
    /// Quantity in AWS's unit.
    pub quantity: Quantity,
}

/// What a detail row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailKind {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Usage type; `None` for the rest that no usage type explains.
    pub usage_type: Option<String>,
    /// What the rules make of it.
    pub class: Classification,
}

/// All gross costs of a store, classified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Costs {
    /// By day, service and workload.
    pub split: Vec<SplitCost>,
    /// Names of `detail`.
    pub kinds: Vec<DetailKind>,
    /// The detail, rests included; adds up to the same as `split` per day and service.
    pub detail: Vec<DetailRow>,
}

/// A service's charges on one day.
#[derive(Default)]
struct ServiceDay<'a> {
    payable: Money,
    unpayable: Money,
    one_off: Money,
    usage: Vec<&'a UsageRow>,
}

/// Classifies and splits everything stored.
pub fn split_costs(facts: &Facts, classifier: &Classifier) -> Costs {
    let mut kinds: Vec<DetailKind> = facts
        .usage_kinds
        .iter()
        .map(|kind| DetailKind {
            service: kind.service.clone(),
            usage_type: Some(kind.usage_type.clone()),
            class: classifier.classify(&kind.service, Some(&kind.usage_type), &kind.unit),
        })
        .collect();
    let days = service_days(facts);
    let mut rest_kind: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut split, mut detail) = (Vec::new(), Vec::with_capacity(facts.usage.len()));
    for ((day, service), charged) in &days {
        for row in &charged.usage {
            detail.push(DetailRow { day: *day, kind: row.kind, cost: row.cost, quantity: row.quantity });
        }
        let explained: Money = charged.usage.iter().map(|row| row.cost).sum();
        let rest = charged.payable + charged.unpayable + charged.one_off - explained;
        if !rest.is_zero() {
            let kind = *rest_kind.entry(service).or_insert_with(|| {
                let class = classifier.classify(service, None, "");
                kinds.push(DetailKind { service: (*service).to_owned(), usage_type: None, class });
                kinds.len() - 1
            });
            detail.push(DetailRow { day: *day, kind, cost: rest, quantity: Quantity::ZERO });
        }
        let rest = (!rest.is_zero()).then(|| (kinds[rest_kind[service]].class.workload, rest));
        split_service_day(*day, service, charged, rest, &kinds, &mut split);
    }
    Costs { split, kinds, detail }
}

/// The rows of each service and day, by day and service.
fn service_days(facts: &Facts) -> Vec<((NaiveDate, &str), ServiceDay<'_>)> {
    let names: BTreeSet<&str> = facts
        .charge_kinds
        .iter()
        .map(|kind| kind.service.as_str())
        .chain(facts.usage_kinds.iter().map(|kind| kind.service.as_str()))
        .collect();
    let rank = |service: &str| names.range(..service).count();
    // How a record type counts does not depend on the amount, but for the category of one that nobody knows.
    let charge_kinds: Vec<(usize, RecordKind)> = facts
        .charge_kinds
        .iter()
        .map(|kind| (rank(&kind.service), record_kind(&kind.record_type, Money::ZERO)))
        .collect();
    let usage_services: Vec<usize> = facts.usage_kinds.iter().map(|kind| rank(&kind.service)).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut days: BTreeMap<NaiveDate, BTreeMap<usize, ServiceDay>> = BTreeMap::new();
    for row in &facts.charges {
        let (service, counted) = charge_kinds[row.kind];
        if counted.part != BillPart::Gross {
            continue;
        }
        let day = days.entry(row.day).or_default().entry(service).or_default();
        match (counted.one_off, counted.payable) {
            (true, _) => day.one_off += row.cost,
            (false, true) => day.payable += row.cost,
            (false, false) => day.unpayable += row.cost,
        }
    }
    for row in &facts.usage {
        days.entry(row.day).or_default().entry(usage_services[row.kind]).or_default().usage.push(row);
    }
    let mut listed = Vec::new();
    for (day, services) in days {
        listed.extend(services.into_iter().map(|(service, rows)| ((day, names[service]), rows)));
    }
    listed
}

/// Spreads what the charges say may and may not be paid over the workloads that the detail names.
fn split_service_day(
    day: NaiveDate,
    service: &str,
    charged: &ServiceDay,
    rest: Option<(Workload, Money)>,
    kinds: &[DetailKind],
    out: &mut Vec<SplitCost>,
) {
    let mut fees: BTreeMap<Workload, Money> = BTreeMap::new();
    let mut open: BTreeMap<Workload, Money> = BTreeMap::new();
    for row in &charged.usage {
        let kind = &kinds[row.kind];
        let fee = kind.usage_type.as_deref().is_some_and(is_capacity_block_fee);
        *if fee { &mut fees } else { &mut open }.entry(kind.class.workload).or_default() += row.cost;
    }
    if let Some((workload, rest)) = rest {
        *open.entry(workload).or_default() += rest;
    }
    let fee_total: Money = fees.values().sum();
    let mut unpayable = take_from_dearest(&mut open, charged.unpayable);
    // One-off charges beyond the recognised reservation fees sit somewhere in the rest of the detail. A fee that AWS
    // charged as plain usage is a fee all the same.
    let mut one_off = take_from_dearest(&mut open, (charged.one_off - fee_total).at_least_zero());
    for (workload, fee) in fees {
        *one_off.entry(workload).or_default() += fee;
    }
    for workload in Workload::ALL {
        let part = |map: &mut BTreeMap<Workload, Money>| map.remove(&workload).unwrap_or_default();
        let (payable, unpayable, one_off) = (part(&mut open), part(&mut unpayable), part(&mut one_off));
        if !(payable.is_zero() && unpayable.is_zero() && one_off.is_zero()) {
            out.push(SplitCost { day, service: service.to_owned(), workload, payable, unpayable, one_off });
        }
    }
}

/// Moves `amount` out of `open`, from the dearest workload first; what exceeds them all stays with the dearest.
fn take_from_dearest(open: &mut BTreeMap<Workload, Money>, amount: Money) -> BTreeMap<Workload, Money> {
    let mut taken = BTreeMap::new();
    let mut left = amount;
    let mut ranked: Vec<(Workload, Money)> = open.iter().map(|(workload, cost)| (*workload, *cost)).collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let count = ranked.len();
    for (index, (workload, cost)) in ranked.into_iter().enumerate() {
        let part = if index + 1 == count { left } else { left.min(cost.at_least_zero()) };
        if part.is_zero() {
            continue;
        }
        left -= part;
        *open.entry(workload).or_default() -= part;
        taken.insert(workload, part);
    }
    taken
}

/// The order of [`WorkloadSpend`] rows, and what makes two detail rows one.
type SpendKey = (
    Workload,
    Option<String>,
    Option<super::workload::Direction>,
    Option<super::workload::Tier>,
    Option<super::workload::Routing>,
    Option<String>,
);

/// Spend of `range` by purpose, model, direction, tier, routing and unit.
pub fn workload_spend(costs: &Costs, range: DayRange) -> Vec<WorkloadSpend> {
    let mut rows: BTreeMap<SpendKey, (Money, Option<Quantity>)> = BTreeMap::new();
    for row in costs.detail.iter().filter(|row| range.contains(row.day)) {
        let class = &costs.kinds[row.kind].class;
        let metered = metered(class);
        let unit = metered.then(|| class.unit.clone());
        let key = (class.workload, class.model.clone(), class.direction, class.tier, class.routing, unit);
        let quantity = class.scale.filter(|_| metered).map(|scale| row.quantity.times(scale));
        let entry = rows.entry(key).or_insert((Money::ZERO, Some(Quantity::ZERO)));
        entry.0 += row.cost;
        entry.1 = entry.1.zip(quantity).map(|(sum, quantity)| sum + quantity);
    }
    rows.into_iter()
        .filter(|(_, (cost, quantity))| !cost.is_zero() || quantity.is_some_and(|q| !q.is_zero()))
        .map(|((workload, model, direction, tier, routing, unit), (cost, quantity))| WorkloadSpend {
            workload,
            model,
            direction,
            tier,
            routing,
            cost,
            quantity: quantity.filter(|_| unit.is_some()),
            unit,
        })
        .collect()
}

/// True where a quantity means something beside others of its kind: inference and accelerators. Hours, gigabytes and
/// requests of everything else do not add up.
fn metered(class: &Classification) -> bool {
    class.workload == Workload::BedrockInference && !class.unit.is_empty() || class.unit == "chip_hours"
}
