//! The next filing, drafted from the bill: models with their tokens, accelerators with their runs, and amounts of the rest.
//!
//! Invariants: every complete day's spend without one-off fees is in exactly one line, but for what is left out and said so; what a
//! draft writes reads as a filing, and no two of its lines claim the same; its first month is the first that begins after the
//! newest complete day, and comes to that month's days times the pace of the bill. Each value names the days that it rests on.
//!
//! - [`Draft`] is the draft as values, and [`Draft::to_toml`] writes it;
//! - `streams` sorts the bill by the line that would claim it, `rest` chooses the days, `lines` makes the lines.

mod drafted;
mod lines;
mod rest;
mod streams;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::projection::{Attribution, Claim, FiledProjection, fold_instance_type, service_of_model};
use crate::billing::costs::Costs;
use crate::billing::price::PriceBook;
use crate::credit::programme::Purpose;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange, plus_days};
use crate::values::service::fold;
use crate::values::words::day_text;
use streams::Stream;

pub use drafted::{AcceleratorDraft, Draft, DraftRecord, Growth, NoDraft, ServiceDraft, TokenDraft};
pub use rest::{Rest, Why};

/// Services below this are left out while they are little together.
const LITTLE: Money = Money::ONE;
/// What may be left out, as a share of the month.
const LITTLE_SHARE: Decimal = Decimal::from_parts(5, 0, 0, false, 3);
/// No amount below a cent is filed.
const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// What a draft is made from.
#[derive(Clone, Copy)]
pub struct Basis<'a> {
    /// Classified costs.
    pub costs: &'a Costs,
    /// First stored to last complete day; `None` before the first one.
    pub complete: Option<DayRange>,
    /// The day on which it is drafted: the filing is dated so, unless the bill is older.
    pub today: NaiveDate,
    /// The filing in force: what it claims keeps its record.
    pub filing: Option<&'a FiledProjection>,
    /// List prices.
    pub book: &'a PriceBook,
    /// The service that a model bills under.
    pub service_of_model: &'a dyn Fn(&str) -> String,
}

/// Drafts the next filing.
///
/// # Errors
/// [`NoDraft`].
pub fn draft(basis: &Basis<'_>) -> Result<Draft, NoDraft> {
    let complete = basis.complete.filter(|days| !days.is_empty()).ok_or(NoDraft::NoBill)?;
    let through = plus_days(complete.end, -1);
    let first_month = BillingPeriod::of(through).next();
    // A filing plans no month before its own day.
    let filed_on = basis.today.min(plus_days(first_month.range().end, -1));
    let streams = streams::streams(basis.costs, complete, basis.book);
    let rests = rest::rests(&streams, first_month);
    let mut making = Making {
        basis,
        attribution: basis.filing.map(Attribution::of),
        filed_on,
        records: BTreeMap::new(),
        amounts: BTreeMap::new(),
        left_out: Vec::new(),
    };
    for (stream, rest) in streams.iter().zip(&rests) {
        making.add(stream, rest);
    }
    let records = making.finished()?;
    if records.is_empty() {
        return Err(NoDraft::NoSpend { through });
    }
    let (customer, asked_for) = basis.filing.map(|it| (it.customer.clone(), it.asked_for.clone())).unwrap_or_default();
    let mut left_out = making.left_out;
    left_out.extend(one_off(basis.costs, complete));
    Ok(Draft { filed_on, first_month, complete, customer, asked_for, records, left_out })
}

/// What of a service's amount comes from where.
struct Amount {
    service: String,
    /// Dollars of the first month, and of an average month after it.
    usd: (Money, Money),
    growth: Option<Growth>,
    rest: Rest,
    record: String,
    notes: Vec<String>,
    /// The dollars of its dearest part, which says what it rests on.
    most: Money,
}

/// A draft while it is made.
struct Making<'a> {
    basis: &'a Basis<'a>,
    /// Which record claims what, where something is filed.
    attribution: Option<Attribution<'a>>,
    filed_on: NaiveDate,
    records: BTreeMap<String, DraftRecord>,
    /// By folded name.
    amounts: BTreeMap<String, Amount>,
    left_out: Vec<String>,
}

impl Making<'_> {
    fn add(&mut self, stream: &Stream<'_>, rest: &Rest) {
        let Basis { book, .. } = *self.basis;
        let paid = stream.cost(rest.days);
        let record = self.record_of(stream, rest);
        let (name, left) = match &stream.claim {
            // Discounts and corrections beyond the use itself lower the services that they stand in.
            _ if !paid.is_positive() => return self.add_amounts(stream, rest, Decimal::ONE, None),
            Claim::Service(_) => return self.add_amounts(stream, rest, Decimal::ONE, None),
            Claim::Model(model) => {
                let line = lines::tokens(model, stream, rest, book, self.filed_on);
                (
                    model,
                    line.map(|(line, left)| {
                        self.record(&record).tokens.push(line);
                        left
                    }),
                )
            }
            Claim::InstanceType(name) => {
                let line = lines::accelerators(stream, rest, book, self.filed_on);
                (
                    name,
                    line.map(|(line, left)| {
                        self.record(&record).accelerators.push(line);
                        left
                    }),
                )
            }
        };
        match left {
            Ok(left) if left.is_zero() => {}
            Ok(left) => {
                let share = left.ratio(paid).unwrap_or_default();
                let note =
                    format!("what {name} costs beside its line: other tiers or routing, dearer prices, or no tokens");
                self.add_amounts(stream, rest, share, Some(note));
            }
            Err(why) => self.add_amounts(stream, rest, Decimal::ONE, Some(format!("{name}, as dollars: {why}"))),
        }
    }

    /// Adds a `share` of a stream to the amounts of its services.
    fn add_amounts(&mut self, stream: &Stream<'_>, rest: &Rest, share: Decimal, note: Option<String>) {
        let record = self.record_of(stream, rest);
        let growth = lines::growth(stream, rest);
        for (service, cost) in stream.by_service(rest.days) {
            let cost = cost.times(share);
            let usd = (cost.times(rest.first_month), cost.times(rest.later_month));
            let new = || Amount {
                service: service.to_owned(),
                usd: (Money::ZERO, Money::ZERO),
                growth,
                rest: rest.clone(),
                record: record.clone(),
                notes: Vec::new(),
                most: Money::ZERO,
            };
            let amount = self.amounts.entry(fold(service)).or_insert_with(new);
            amount.usd = (amount.usd.0 + usd.0, amount.usd.1 + usd.1);
            if usd.0 > amount.most {
                (amount.service, amount.growth, amount.rest, amount.most) =
                    (service.to_owned(), growth, rest.clone(), usd.0);
                amount.record.clone_from(&record);
            }
            amount.notes.extend(note.clone());
        }
    }

    fn record(&mut self, id: &str) -> &mut DraftRecord {
        let new = || DraftRecord { id: id.to_owned(), ..DraftRecord::default() };
        self.records.entry(id.to_owned()).or_insert_with(new)
    }

    /// The record of the filing in force that claims a stream; else one by what the spend is for.
    fn record_of(&self, stream: &Stream<'_>, rest: &Rest) -> String {
        let kind = stream.dearest(rest.days);
        let claimed = self.attribution.as_ref().zip(kind).and_then(|(attribution, kind)| {
            let class = &kind.class;
            let (model, instance_type) = (class.model.as_deref(), class.instance_type.as_deref());
            let (record, _) = attribution.line(&kind.service, class.workload, model, instance_type)?;
            Some(self.basis.filing?.records[record].id.clone())
        });
        claimed.unwrap_or_else(|| {
            let id = match (&stream.claim, kind.map(|kind| Purpose::of(kind.class.workload))) {
                (Claim::Model(_), _) | (_, Some(Purpose::Inference)) => "ai",
                (Claim::InstanceType(_), _) | (_, Some(Purpose::Training)) => "training",
                _ => "portfolio",
            };
            id.to_owned()
        })
    }

    /// The records, once every stream is in them.
    fn finished(&mut self) -> Result<Vec<DraftRecord>, NoDraft> {
        self.take_off_what_is_below_zero();
        self.leave_out_little();
        let shared = self.services_of_lines();
        for (folded, amount) in std::mem::take(&mut self.amounts) {
            let Amount { service, usd, growth, rest, record, notes, .. } = amount;
            let rest_of_service = shared.contains(&folded);
            let line = ServiceDraft { service, usd, rest_of_service, growth, rest, notes };
            self.record(&record).services.push(line);
        }
        let order: Vec<String> =
            self.basis.filing.iter().flat_map(|filing| &filing.records).map(|it| it.id.clone()).collect();
        let place = |id: &str| order.iter().position(|known| known == id).unwrap_or(order.len());
        let mut records: Vec<DraftRecord> = std::mem::take(&mut self.records).into_values().collect();
        records.sort_by_key(|record| place(&record.id));
        for record in &mut records {
            record.services.sort_by_key(|line| std::cmp::Reverse(line.usd.0.max(line.usd.1)));
            text::check(record)?;
        }
        Ok(records)
    }

    /// Discounts that stand under services of their own lower the other amounts; no amount is below zero.
    fn take_off_what_is_below_zero(&mut self) {
        let sum = |below: bool, of: &BTreeMap<String, Amount>| -> Money {
            of.values().map(|amount| amount.usd.0).filter(|usd| usd.is_negative() == below).sum()
        };
        let (off, there) = (sum(true, &self.amounts), sum(false, &self.amounts));
        self.amounts.retain(|_, amount| amount.usd.0.is_positive() || amount.usd.1.is_positive());
        if off.is_zero() {
            return;
        }
        if off.abs() >= there {
            self.left_out.push(format!(
                "{} a month of discounts and corrections is more than all amounts beside the lines.",
                off.dollars()
            ));
            return;
        }
        let keep = Decimal::ONE + off.ratio(there).unwrap_or_default();
        self.amounts.values_mut().for_each(|amount| amount.usd = (amount.usd.0.times(keep), amount.usd.1.times(keep)));
        self.left_out.push(format!(
            "The amounts are lowered by {} a month of discounts that the bill has apart.",
            off.abs().dollars()
        ));
    }

    /// Leaves out the smallest amounts while they are next to nothing together, and what is no cent.
    fn leave_out_little(&mut self) {
        let all: Money = self.amounts.values().map(|amount| amount.usd.0).sum();
        let mut room = all.times(LITTLE_SHARE);
        let mut by_size: Vec<(Money, String)> =
            self.amounts.iter().map(|(folded, amount)| (amount.usd.0.max(amount.usd.1), folded.clone())).collect();
        by_size.sort();
        let (mut count, mut left_out) = (0, Money::ZERO);
        for (usd, folded) in by_size {
            let nameless = folded.is_empty();
            let little = usd < LITTLE && usd <= room;
            if !little && usd.amount() >= CENT && !nameless {
                continue;
            }
            room -= usd;
            left_out += usd;
            count += 1;
            self.amounts.remove(&folded);
        }
        if count > 0 {
            let services = if count == 1 { "1 service".to_owned() } else { format!("{count} services") };
            self.left_out.push(format!(
                "{services} of {} a month together, too little for lines of their own.",
                left_out.dollars()
            ));
        }
    }

    /// The folded services that models and accelerators of the draft bill under, by the tables and by the bill.
    fn services_of_lines(&self) -> BTreeSet<String> {
        let mut services = BTreeSet::new();
        let drafted: BTreeSet<Claim> = self.records.values().flat_map(DraftRecord::claims).collect();
        for kind in &self.basis.costs.kinds {
            let class = &kind.class;
            let model = class.model.clone().map(Claim::Model);
            let hours = class.instance_type.as_deref();
            let hours = hours.map(|name| Claim::InstanceType(fold_instance_type(name).to_owned()));
            if model.into_iter().chain(hours).any(|claim| drafted.contains(&claim)) {
                services.insert(fold(&kind.service));
            }
        }
        for line in self.records.values().flat_map(|record| &record.tokens) {
            services.insert(fold(&(self.basis.service_of_model)(&line.model)));
            services.insert(fold(&service_of_model(&line.model)));
        }
        services
    }
}

/// What is said of one-off fees of the newest days.
fn one_off(costs: &Costs, complete: DayRange) -> Option<String> {
    let newest = DayRange::new(plus_days(complete.end, -rest::PACE_DAYS).max(complete.start), complete.end);
    let fees: Money = costs.detail.iter().filter(|row| newest.contains(row.day)).map(|row| row.one_off).sum();
    let said = || {
        format!(
            "Upfront and one-time fees are cash of their day and no pace: {} since {}.",
            fees.dollars(),
            day_text(newest.start)
        )
    };
    (!fees.is_zero()).then(said)
}
