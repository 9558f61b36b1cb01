//! From stored rows to daily costs: money from the charges, purpose from the usage detail.
//!
//! Invariants: per day and service, the costs here add up to the gross of the charges to the last digit; what the
//! detail lacks (or has too much) is a line of its own, classified by the service alone; a one-off fee is one in the
//! detail too, which has no record types.

use crate::billing::daily_cost::SplitCost;
use crate::values::workload::{Direction, Routing, Tier};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use chrono::NaiveDate;

use super::classify::Classifier;
use super::discount::{self, Booked, BookedDay};
use crate::facts::Facts;
use crate::facts::charge::{BillPart, RecordKind, Role, is_capacity_block_fee, record_kind};
use crate::facts::rows::{ChargeRow, UsageRow};
use crate::values::money::{Money, Quantity};
use crate::values::period::{BillingPeriod, DayRange};
use crate::values::purchase::{Purchase, is_spot};
use crate::values::workload::{Classification, Workload};

/// One classified row of detail, or the rest that the detail lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailRow {
    /// UTC day.
    pub day: NaiveDate,
    /// Index into [`Costs::kinds`].
    pub kind: usize,
    /// Cost with AWS's sign.
    pub cost: Money,
    /// What of it is an upfront or one-time fee, or the return of one.
    pub one_off: Money,
    /// Quantity in AWS's unit.
    pub quantity: Quantity,
}

impl DetailRow {
    /// Its cost without one-off fees, which are cash of their day and no spend that goes on.
    pub fn recurring(&self) -> Money {
        self.cost - self.one_off
    }
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
    /// By day, service, workload and purchase type.
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
    /// What credit may pay, discounts taken off.
    payable: Money,
    /// What of it is bought under a commitment.
    committed: [Money; Purchase::ALL.len()],
    discounts: Booked,
    unpayable: Money,
    /// Upfront and one-time fees by record type, and their return.
    fees: Vec<Money>,
    usage: Vec<&'a UsageRow>,
}

impl ServiceDay<'_> {
    fn clear(&mut self) {
        let usage = std::mem::take(&mut self.usage);
        *self = ServiceDay::default();
        self.usage = usage;
        self.usage.clear();
    }

    fn charge(&mut self, role: Role, cost: Money) {
        self.seen = true;
        match role {
            Role::Payable(purchase) => {
                self.payable += cost;
                self.committed[purchase as usize] += cost;
            }
            Role::Discount => {
                self.payable += cost;
                self.discounts.all += cost;
            }
            Role::OneOff => self.fees.push(cost),
            Role::Unpayable => self.unpayable += cost,
        }
    }

    fn gross(&self) -> Money {
        self.payable + self.unpayable + self.fees.iter().copied().sum()
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
    let named: Vec<Named> = facts.usage_kinds.iter().map(|kind| Named::of(&kind.usage_type)).collect();
    let mut rest_kind: BTreeMap<&str, usize> = BTreeMap::new();
    let mut discount_kinds: BTreeMap<(usize, Workload), usize> = BTreeMap::new();
    let mut booked: Vec<BookedDay> = Vec::new();
    each_service_day(facts, |day, service, charged| {
        let explained: Money = charged.usage.iter().map(|row| row.cost).sum();
        let rest = charged.gross() - explained;
        let (of_rows, of_rest, fees) = fees_of_rows(charged, rest, &named);
        let mut discounts = Discounts::of(charged, &costs.kinds, || classifier.classify(service, None, "").workload);
        let mut parts = Parts::default();
        for (row, one_off) in charged.usage.iter().zip(of_rows) {
            let UsageRow { cost, quantity, .. } = **row;
            let kind = discounts.kind(&mut costs.kinds, &mut discount_kinds, row.kind, cost - one_off);
            costs.detail.push(DetailRow { day, kind, cost, one_off, quantity });
            let workload = costs.kinds[kind].class.workload;
            parts.one_off.add(workload, one_off);
            parts.open.add(workload, cost - one_off);
            if named[row.kind].spot {
                parts.spot.add(workload, cost - one_off);
            }
        }
        if !rest.is_zero() {
            let kind = *rest_kind.entry(service).or_insert_with(|| {
                let class = classifier.classify(service, None, "");
                costs.kinds.push(DetailKind { service: service.to_owned(), usage_type: None, class });
                costs.kinds.len() - 1
            });
            let kind = discounts.kind(&mut costs.kinds, &mut discount_kinds, kind, rest - of_rest);
            costs.detail.push(DetailRow { day, kind, cost: rest, one_off: of_rest, quantity: Quantity::ZERO });
            let workload = costs.kinds[kind].class.workload;
            parts.one_off.add(workload, of_rest);
            parts.open.add(workload, rest - of_rest);
        }
        let left = parts.open.take_from_dearest(fees);
        left.listed().for_each(|(workload, fee)| parts.one_off.add(workload, fee));
        let first = costs.split.len();
        split_service_day(day, service, charged, parts, &mut costs.split);
        let rows = &mut costs.split[first..];
        discount::attribute(rows, charged.discounts.all);
        if !charged.discounts.all.is_zero() {
            booked.push(BookedDay { rows: first..costs.split.len(), discounts: charged.discounts });
        }
    });
    discount::move_within_months(&mut costs.split, &booked);
    costs
}

/// The discounts of a service and day that its detail shows in rows of their own. Such a row can have a usage type that no rule
/// knows, or none; the charges say what it is, and it lowers the dearest use beside it.
struct Discounts {
    left: Money,
    workload: Workload,
}

impl Discounts {
    /// `otherwise` is the workload of the service where nothing is used on the day.
    fn of(charged: &ServiceDay, kinds: &[DetailKind], otherwise: impl Fn() -> Workload) -> Discounts {
        let left = charged.discounts.all;
        if left.is_zero() {
            return Discounts { left, workload: Workload::Supporting };
        }
        let mut used = ByWorkload::default();
        for row in charged.usage.iter().filter(|row| row.cost.is_positive()) {
            used.add(kinds[row.kind].class.workload, row.cost);
        }
        let is_known = |workload: &Workload| *workload != Workload::Unclassified;
        let dearest = used.listed().filter(|(workload, _)| is_known(workload)).max_by_key(|(_, cost)| *cost);
        let workload = dearest.map_or_else(otherwise, |(workload, _)| workload);
        Discounts { left, workload: Some(workload).filter(is_known).unwrap_or(Workload::Supporting) }
    }

    /// The kind of a row: its own, or that of a discount where no rule knows the row and the discounts left hold its cost.
    fn kind(
        &mut self,
        kinds: &mut Vec<DetailKind>,
        known: &mut BTreeMap<(usize, Workload), usize>,
        kind: usize,
        cost: Money,
    ) -> usize {
        let part = part_of(self.left, cost);
        // Detail and charges differ in their last digits.
        let is_discount = !part.is_zero() && (cost - part).abs() < Money::from_micros(10_000);
        if !is_discount || kinds[kind].class.workload != Workload::Unclassified {
            return kind;
        }
        self.left -= part;
        *known.entry((kind, self.workload)).or_insert_with(|| {
            let DetailKind { service, usage_type, class } = &kinds[kind];
            let class = Classification::plain(self.workload, &class.unit);
            kinds.push(DetailKind { service: service.clone(), usage_type: usage_type.clone(), class });
            kinds.len() - 1
        })
    }
}

/// What a usage type says by its name.
struct Named {
    /// A Capacity Block's reservation: a fee, whatever record type carries it.
    reservation: bool,
    /// A fee by one of its words.
    fee: bool,
    spot: bool,
}

impl Named {
    fn of(usage_type: &str) -> Named {
        let folded = usage_type.to_ascii_lowercase();
        Named {
            reservation: is_capacity_block_fee(usage_type),
            fee: folded.contains("upfront") || folded.contains("fee"),
            spot: is_spot(usage_type),
        }
    }
}

/// `wanted`, as far as `there` allows, of the same sign; else nothing.
fn part_of(wanted: Money, there: Money) -> Money {
    match (wanted.is_negative(), there.is_negative()) {
        (true, true) => wanted.max(there),
        (false, false) => wanted.min(there),
        _ => Money::ZERO,
    }
}

/// Which part of each row of detail is a one-off fee, which part of the `rest`, and what of the fees neither shows. The detail
/// has no record types, so fees are the rows named like one where these add up to them; else a fee is found by its amount;
/// else it is in what no usage type explains; else in a row named like a fee, else in the dearest.
fn fees_of_rows(charged: &ServiceDay, rest: Money, named: &[Named]) -> (Vec<Money>, Money, Money) {
    let is_named = |row: &UsageRow| named[row.kind].reservation || named[row.kind].fee;
    let by_name: Vec<Money> =
        charged.usage.iter().map(|row| if is_named(row) { row.cost } else { Money::ZERO }).collect();
    // One that is paid and one that is returned on one day are a single charge.
    if by_name.iter().copied().sum::<Money>() == charged.fees.iter().copied().sum() {
        return (by_name, Money::ZERO, Money::ZERO);
    }
    let mut of_rows: Vec<Money> =
        charged.usage.iter().map(|row| if named[row.kind].reservation { row.cost } else { Money::ZERO }).collect();
    let mut fees = charged.fees.clone();
    // A reservation is of these fees, alone or with others; one that AWS charged as plain usage is of none.
    for reserved in of_rows.iter().filter(|cost| !cost.is_zero()) {
        let mut open = *reserved;
        let alone = fees.iter().position(|fee| fee == reserved);
        for fee in fees.iter_mut().skip(alone.unwrap_or(0)) {
            let part = part_of(open, *fee);
            *fee -= part;
            open -= part;
        }
    }
    let mut left = Money::ZERO;
    for fee in fees {
        let exact = |(row, taken): (&&UsageRow, &Money)| row.cost == fee && taken.is_zero();
        match charged.usage.iter().zip(&of_rows).position(exact) {
            Some(at) => of_rows[at] = fee,
            None => left += fee,
        }
    }
    let of_rest = part_of(left, rest);
    left -= of_rest;
    if left.is_zero() {
        return (of_rows, of_rest, left);
    }
    let mut ranked: Vec<usize> = (0..of_rows.len()).filter(|at| of_rows[*at].is_zero()).collect();
    ranked.sort_by_key(|at| {
        let row = charged.usage[*at];
        (!named[row.kind].fee, Reverse(row.cost.abs()), row.kind)
    });
    for at in ranked {
        of_rows[at] = part_of(left, charged.usage[at].cost);
        left -= of_rows[at];
    }
    (of_rows, of_rest, left)
}

/// Shows `look` the rows of each service and day, by day and service. Two years are tens of thousands of these, so the
/// space for a day is used again for the next.
fn each_service_day<'a>(facts: &'a Facts, mut look: impl FnMut(NaiveDate, &'a str, &ServiceDay<'a>)) {
    let charged = facts.charge_kinds.iter().map(|kind| kind.service.as_str());
    let names: BTreeSet<&str> = charged.chain(facts.usage_kinds.iter().map(|kind| kind.service.as_str())).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let rank = |service: &str| names.partition_point(|name| *name < service);
    // What a name says is read once; the sign of an amount decides only where nobody knows the name.
    let charge_kinds: Vec<(usize, RecordKind)> = facts
        .charge_kinds
        .iter()
        .map(|kind| (rank(&kind.service), record_kind(&kind.record_type, Money::ZERO)))
        .collect();
    let is_discount = |row: &ChargeRow| {
        let counted = charge_kinds[row.kind].1;
        counted.part == BillPart::Gross && counted.of(row.cost).role == Role::Discount
    };
    let lumps = discount::lumps(facts, is_discount);
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
            service.charge(counted.of(row.cost).role, row.cost);
            if is_discount(row) && lumps.contains(&(row.kind, day)) {
                service.discounts.lump += row.cost;
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

    /// Moves as much of `amount` out as there is, from the dearest workload first.
    fn take_what_is_there(&mut self, amount: Money) -> ByWorkload {
        let there: Money = self.listed().map(|(_, cost)| cost.at_least_zero()).sum();
        self.take_from_dearest(amount.min(there).at_least_zero())
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

/// What the detail says of a service-day, by workload.
#[derive(Default)]
struct Parts {
    /// One-off fees.
    one_off: ByWorkload,
    /// All else.
    open: ByWorkload,
    /// What of that is Spot.
    spot: ByWorkload,
}

/// Spreads what the charges say of payment and purchase over the workloads that the detail names.
fn split_service_day(day: NaiveDate, service: &str, charged: &ServiceDay, parts: Parts, out: &mut Vec<SplitCost>) {
    let Parts { one_off, mut open, spot: metered } = parts;
    let unpayable = open.take_from_dearest(charged.unpayable);
    let mut spot = ByWorkload::default();
    for (workload, cost) in metered.listed() {
        let part = part_of(cost, open.get(workload));
        spot.add(workload, part);
        open.add(workload, -part);
    }
    let committed = |purchase: Purchase| charged.committed[purchase as usize];
    let reserved = open.take_what_is_there(committed(Purchase::Reserved));
    let planned = open.take_what_is_there(committed(Purchase::SavingsPlan));
    for workload in Workload::ALL {
        for purchase in Purchase::ALL {
            let (payable, unpayable, one_off) = match purchase {
                Purchase::OnDemand => (open.get(workload), unpayable.get(workload), one_off.get(workload)),
                Purchase::Spot => (spot.get(workload), Money::ZERO, Money::ZERO),
                Purchase::Reserved => (reserved.get(workload), Money::ZERO, Money::ZERO),
                Purchase::SavingsPlan => (planned.get(workload), Money::ZERO, Money::ZERO),
            };
            if payable.is_zero() && unpayable.is_zero() && one_off.is_zero() {
                continue;
            }
            out.push(SplitCost {
                day,
                service: service.to_owned(),
                workload,
                purchase,
                payable,
                discount: Money::ZERO,
                moved: Money::ZERO,
                unpayable,
                one_off,
            });
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
type SpendKey = (Workload, Option<String>, Option<Direction>, Option<Tier>, Option<Routing>, Option<String>);

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

/// Month-to-date spend of one combination of dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkloadSpend {
    /// Purpose.
    pub workload: Workload,
    /// Model, where the row is inference.
    pub model: Option<String>,
    /// Token direction; null for what is not text tokens.
    pub direction: Option<Direction>,
    /// Service tier of inference.
    pub tier: Option<Tier>,
    /// Routing of inference.
    pub routing: Option<Routing>,
    /// Cost with AWS's sign.
    pub cost: Money,
    /// Metered quantity in `unit`; null where units differ or are not understood.
    pub quantity: Option<Quantity>,
    /// `tokens`, `chip_hours`, or AWS's own text; null where units differ.
    pub unit: Option<String>,
}
