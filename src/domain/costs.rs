//! From stored rows to daily costs: money from the charges, purpose from the usage detail.
//!
//! Invariants: per day and service, the costs here add up to the gross of the charges to the last digit; what the
//! detail lacks (or has too much) is a line of its own, classified by the service alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::charge::{BillPart, RecordKind, is_capacity_block_fee, record_kind};
use super::classify::Classifier;
use super::facts::{Facts, UsageRow};
use super::ledger::{CostRow, DailyCost};
use super::money::{Money, Quantity};
use super::period::{BillingPeriod, DayRange};
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
    pub fn row(&self) -> CostRow<'_> {
        let SplitCost { day, ref service, workload, payable, unpayable, one_off } = *self;
        CostRow { day, service, workload, payable, other: unpayable + one_off }
    }

    /// Without one-off fees, as the outlook continues it.
    pub fn recurring(&self) -> DailyCost {
        let SplitCost { day, ref service, workload, payable, unpayable, .. } = *self;
        DailyCost { day, service: service.clone(), workload, payable, other: unpayable }
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

impl DetailKind {
    /// What people call it: the model, or the service where no model is known.
    pub fn subject(&self) -> &str {
        self.class.model.as_deref().unwrap_or(&self.service)
    }
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
    /// Whether anything of it was charged or metered.
    seen: bool,
    payable: Money,
    unpayable: Money,
    one_off: Money,
    usage: Vec<&'a UsageRow>,
}

impl ServiceDay<'_> {
    fn clear(&mut self) {
        (self.seen, self.payable, self.unpayable, self.one_off) = (false, Money::ZERO, Money::ZERO, Money::ZERO);
        self.usage.clear();
    }
}

/// Classifies and splits everything stored.
pub fn split_costs(facts: &Facts, classifier: &Classifier) -> Costs {
    let kinds = facts.usage_kinds.iter().map(|kind| DetailKind {
        service: kind.service.clone(),
        usage_type: Some(kind.usage_type.clone()),
        class: classifier.classify(&kind.service, Some(&kind.usage_type), &kind.unit),
    });
    let detail = Vec::with_capacity(facts.usage.len());
    let mut costs = Costs { split: Vec::new(), kinds: kinds.collect(), detail };
    let is_fee: Vec<bool> = facts.usage_kinds.iter().map(|kind| is_capacity_block_fee(&kind.usage_type)).collect();
    let mut rest_kind: BTreeMap<&str, usize> = BTreeMap::new();
    each_service_day(facts, |day, service, charged| {
        for row in &charged.usage {
            costs.detail.push(DetailRow { day, kind: row.kind, cost: row.cost, quantity: row.quantity });
        }
        let explained: Money = charged.usage.iter().map(|row| row.cost).sum();
        let rest = charged.payable + charged.unpayable + charged.one_off - explained;
        let rest = (!rest.is_zero()).then(|| {
            let kind = *rest_kind.entry(service).or_insert_with(|| {
                let class = classifier.classify(service, None, "");
                costs.kinds.push(DetailKind { service: service.to_owned(), usage_type: None, class });
                costs.kinds.len() - 1
            });
            costs.detail.push(DetailRow { day, kind, cost: rest, quantity: Quantity::ZERO });
            (costs.kinds[kind].class.workload, rest)
        });
        let (mut fees, mut open) = (ByWorkload::default(), ByWorkload::default());
        for row in &charged.usage {
            let sums = if is_fee[row.kind] { &mut fees } else { &mut open };
            sums.add(costs.kinds[row.kind].class.workload, row.cost);
        }
        if let Some((workload, rest)) = rest {
            open.add(workload, rest);
        }
        split_service_day(day, service, charged, fees, open, &mut costs.split);
    });
    costs
}

/// Shows `look` the rows of each service and day, by day and service. Two years are tens of thousands of these, so the
/// space for a day is used again for the next.
fn each_service_day<'a>(facts: &'a Facts, mut look: impl FnMut(NaiveDate, &'a str, &ServiceDay<'a>)) {
    let charged = facts.charge_kinds.iter().map(|kind| kind.service.as_str());
    let names: BTreeSet<&str> = charged.chain(facts.usage_kinds.iter().map(|kind| kind.service.as_str())).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let rank = |service: &str| names.partition_point(|name| *name < service);
    // How a record type counts does not depend on the amount, but for the category of one that nobody knows.
    let charge_kinds: Vec<(usize, RecordKind)> = facts
        .charge_kinds
        .iter()
        .map(|kind| (rank(&kind.service), record_kind(&kind.record_type, Money::ZERO)))
        .collect();
    let usage_services: Vec<usize> = facts.usage_kinds.iter().map(|kind| rank(&kind.service)).collect();
    let (charges, usage) = (by_day(&facts.charges, |row| row.day), by_day(&facts.usage, |row| row.day));
    let (mut charges, mut usage) = (charges.into_iter().peekable(), usage.into_iter().peekable());
    let mut services: Vec<ServiceDay> = names.iter().map(|_| ServiceDay::default()).collect();
    loop {
        let next = [charges.peek().map(|row| row.day), usage.peek().map(|row| row.day)].into_iter().flatten().min();
        let Some(day) = next else { return };
        while let Some(row) = charges.next_if(|row| row.day == day) {
            let (service, counted) = charge_kinds[row.kind];
            if counted.part != BillPart::Gross {
                continue;
            }
            let service = &mut services[service];
            service.seen = true;
            match (counted.one_off, counted.payable) {
                (true, _) => service.one_off += row.cost,
                (false, true) => service.payable += row.cost,
                (false, false) => service.unpayable += row.cost,
            }
        }
        while let Some(row) = usage.next_if(|row| row.day == day) {
            let service = &mut services[usage_services[row.kind]];
            service.seen = true;
            service.usage.push(row);
        }
        for (name, service) in names.iter().zip(&mut services).filter(|(_, service)| service.seen) {
            look(day, name, service);
            service.clear();
        }
    }
}

/// Rows in order of their day, those of one day as they came. The store gives them so already.
fn by_day<R>(rows: &[R], day: impl Fn(&R) -> NaiveDate) -> Vec<&R> {
    let mut sorted: Vec<&R> = rows.iter().collect();
    sorted.sort_by_key(|row| day(row));
    sorted
}

/// Amounts of the workloads that a service has on one day; `None` for the others.
#[derive(Clone, Copy, Default)]
struct ByWorkload([Option<Money>; Workload::ALL.len()]);

impl ByWorkload {
    fn add(&mut self, workload: Workload, amount: Money) {
        *self.0[workload as usize].get_or_insert(Money::ZERO) += amount;
    }

    fn get(&self, workload: Workload) -> Money {
        self.0[workload as usize].unwrap_or_default()
    }

    fn listed(&self) -> impl Iterator<Item = (Workload, Money)> {
        Workload::ALL.into_iter().zip(self.0).filter_map(|(workload, amount)| Some((workload, amount?)))
    }

    /// Moves `amount` out, from the dearest workload first; what exceeds them all stays with the last.
    fn take_from_dearest(&mut self, amount: Money) -> ByWorkload {
        let mut taken = ByWorkload::default();
        if amount.is_zero() {
            return taken;
        }
        let mut left = amount;
        let mut ranked: Vec<(Workload, Money)> = self.listed().collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let count = ranked.len();
        for (index, (workload, cost)) in ranked.into_iter().enumerate() {
            let part = if index + 1 == count { left } else { left.min(cost.at_least_zero()) };
            if part.is_zero() {
                continue;
            }
            left -= part;
            self.add(workload, -part);
            taken.add(workload, part);
        }
        taken
    }
}

/// Spreads what the charges say may and may not be paid over the workloads that the detail names: `fees` of it are
/// reservations, `open` is the rest.
fn split_service_day(
    day: NaiveDate,
    service: &str,
    charged: &ServiceDay,
    fees: ByWorkload,
    mut open: ByWorkload,
    out: &mut Vec<SplitCost>,
) {
    let fee_total: Money = fees.listed().map(|(_, fee)| fee).sum();
    let unpayable = open.take_from_dearest(charged.unpayable);
    // One-off charges beyond the recognised reservation fees sit somewhere in the rest of the detail. A fee that AWS
    // charged as plain usage is a fee all the same.
    let mut one_off = open.take_from_dearest((charged.one_off - fee_total).at_least_zero());
    for (workload, fee) in fees.listed() {
        one_off.add(workload, fee);
    }
    for workload in Workload::ALL {
        let (payable, unpayable, one_off) = (open.get(workload), unpayable.get(workload), one_off.get(workload));
        if !(payable.is_zero() && unpayable.is_zero() && one_off.is_zero()) {
            out.push(SplitCost { day, service: service.to_owned(), workload, payable, unpayable, one_off });
        }
    }
}

/// A month's sum of one kind of detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthOfKind {
    /// Billing period.
    pub month: BillingPeriod,
    /// Index into [`Costs::kinds`].
    pub kind: usize,
    /// Cost with AWS's sign.
    pub cost: Money,
    /// Quantity in AWS's unit.
    pub quantity: Quantity,
}

/// The detail of `range` by month and kind, in that order.
pub fn by_month(costs: &Costs, range: DayRange) -> Vec<MonthOfKind> {
    let mut months = Vec::new();
    // The detail is in order of days, so a month is over once another begins.
    let mut rows = costs.detail.iter().filter(|row| range.contains(row.day)).peekable();
    while let Some(first) = rows.peek() {
        let month = BillingPeriod::of(first.day);
        let days = month.range();
        let mut sums: Vec<Option<(Money, Quantity)>> = vec![None; costs.kinds.len()];
        while let Some(row) = rows.next_if(|row| days.contains(row.day)) {
            let sum = sums[row.kind].get_or_insert((Money::ZERO, Quantity::ZERO));
            sum.0 += row.cost;
            sum.1 += row.quantity;
        }
        let told = sums.into_iter().enumerate().filter_map(|(kind, sum)| Some((kind, sum?)));
        months.extend(told.map(|(kind, (cost, quantity))| MonthOfKind { month, kind, cost, quantity }));
    }
    months
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
