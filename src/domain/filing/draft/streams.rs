//! The bill as a filing would claim it: one stream of spend for each model, instance type and service.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::billing::costs::{Costs, DetailKind};
use crate::billing::price::PriceBook;
use crate::filing::projection::{Claim, accelerator_workload, fold_instance_type};
use crate::values::money::{Money, Quantity};
use crate::values::period::{DayRange, plus_days};
use crate::values::service::fold;
use crate::values::workload::Workload;

/// Days that are looked at: a year, in which a cadence and the trend of weeks show.
const LOOKED_AT: i64 = 366;

/// One row of the bill, without one-off fees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub day: NaiveDate,
    pub kind: &'a DetailKind,
    pub cost: Money,
    /// In AWS's unit.
    pub quantity: Quantity,
}

impl Row<'_> {
    /// In the class's unit; `None` where it is not understood.
    pub fn metered(&self) -> Option<Quantity> {
        self.kind.class.scale.map(|scale| self.quantity.times(scale)).filter(|quantity| !quantity.is_zero())
    }
}

/// What one line of a filing would claim.
#[derive(Debug, Clone)]
pub(super) struct Stream<'a> {
    pub claim: Claim,
    pub rows: Vec<Row<'a>>,
    /// Cost of each day looked at, oldest first.
    pub daily: Vec<Money>,
    pub days: DayRange,
}

impl<'a> Stream<'a> {
    fn new(claim: Claim, days: DayRange) -> Stream<'a> {
        let count = usize::try_from(days.len()).unwrap_or(0);
        Stream { claim, rows: Vec::new(), daily: vec![Money::ZERO; count], days }
    }

    fn add(&mut self, row: Row<'a>) {
        let at = usize::try_from((row.day - self.days.start).num_days()).unwrap_or(0);
        self.daily[at] += row.cost;
        self.rows.push(row);
    }

    /// The rows of some days.
    pub fn within(&self, days: DayRange) -> impl Iterator<Item = &Row<'a>> {
        self.rows.iter().filter(move |row| days.contains(row.day))
    }

    /// Cost of some days.
    pub fn cost(&self, days: DayRange) -> Money {
        self.within(days).map(|row| row.cost).sum()
    }

    /// What each service cost of it on some days, by its name on the bill.
    pub fn by_service(&self, days: DayRange) -> BTreeMap<&'a str, Money> {
        let mut sums = BTreeMap::new();
        for row in self.within(days) {
            *sums.entry(row.kind.service.as_str()).or_default() += row.cost;
        }
        sums
    }

    /// The kind of row that most of its cost is, for a rule that needs one.
    pub fn dearest(&self, days: DayRange) -> Option<&'a DetailKind> {
        let mut sums: Vec<(&DetailKind, Money)> = Vec::new();
        for row in self.within(days) {
            match sums.iter_mut().find(|(kind, _)| std::ptr::eq(*kind, row.kind)) {
                Some((_, sum)) => *sum += row.cost,
                None => sums.push((row.kind, row.cost)),
            }
        }
        sums.into_iter().max_by_key(|(_, sum)| *sum).map(|(kind, _)| kind)
    }
}

/// The streams of the newest year of the `complete` days, in the order in which lines take precedence.
pub(super) fn streams<'a>(costs: &'a Costs, complete: DayRange, book: &PriceBook) -> Vec<Stream<'a>> {
    let days = DayRange::new(complete.start.max(plus_days(complete.end, -LOOKED_AT)), complete.end);
    let claims: Vec<Claim> = costs.kinds.iter().map(|kind| claim(kind, book)).collect();
    let mut streams: BTreeMap<&Claim, Stream<'a>> = BTreeMap::new();
    for row in costs.detail.iter().filter(|row| days.contains(row.day)) {
        let claim = &claims[row.kind];
        let stream = streams.entry(claim).or_insert_with(|| Stream::new(claim.clone(), days));
        let kind = &costs.kinds[row.kind];
        stream.add(Row { day: row.day, kind, cost: row.recurring(), quantity: row.quantity });
    }
    streams.into_values().collect()
}

/// The line that would claim a row, if the book has what it is priced with; else it stays with its service.
fn claim(kind: &DetailKind, book: &PriceBook) -> Claim {
    let class = &kind.class;
    let model =
        class.model.as_ref().filter(|model| class.workload == Workload::BedrockInference && book.knows_model(model));
    if let Some(model) = model {
        return Claim::Model(model.clone());
    }
    let known = |name: &&String| {
        let folded = fold_instance_type(name);
        accelerator_workload(name).is_some() && (book.knows_instance_type(name) || book.knows_instance_type(folded))
    };
    match class.instance_type.as_ref().filter(known) {
        Some(name) => Claim::InstanceType(fold_instance_type(name).to_owned()),
        None => Claim::Service(fold(&kind.service)),
    }
}
