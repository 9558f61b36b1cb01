//! The day credits ended, where they already have.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::Assessment;
use super::run::{Standing, run_start};
use super::span::Span;
use crate::credit::CreditPool;
use crate::credit::rows::credit_rows;
use crate::outlook::{Outlook, UNCOVERED_THRESHOLD, payable_from};
use crate::position::basis::DateBasis;
use crate::position::{Exhaustion, WorkloadExhaustion};
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};
use crate::values::purchase::Purchase;
use crate::values::quantiles::DateQuantiles;
use crate::values::workload::Workload;

impl Assessment<'_> {
    pub(super) fn exhaustion(&self, outlook: Option<&Outlook>) -> Exhaustion {
        let Some(outlook) = outlook else { return Exhaustion::default() };
        let began = |workload: Option<Workload>| self.uncovered_since(workload).map(DateQuantiles::certain);
        let by_workload = outlook.exhaustion_by_workload.iter().map(|(workload, dates)| WorkloadExhaustion {
            workload: *workload,
            dates: began(Some(*workload)).unwrap_or(*dates),
        });
        let since = self.uncovered_since(None);
        let as_filed = outlook.as_filed.as_ref().and_then(|filed| since.or(filed.exhaustion));
        Exhaustion {
            total: since.map_or(outlook.exhaustion, DateQuantiles::certain),
            as_filed,
            filed: outlook.as_filed.is_some(),
            basis: match since {
                None if outlook.estimated => DateBasis::BilledAndEstimated,
                _ => DateBasis::Billed,
            },
            by_workload: by_workload.collect(),
        }
    }

    /// If spend that an issued pool could have paid is uncovered on the last complete day, the day since which it is
    /// so without a break. Only streams whose pools are all empty count: a pool that replay takes for empty while AWS
    /// states a balance is our error, and the outlook starts from AWS's figure.
    pub fn uncovered_since(&self, workload: Option<Workload>) -> Option<NaiveDate> {
        let span = self.span?;
        let days = self.dry_days(span, workload);
        run_start(span.through, |day| days.standing(day))
    }

    /// Mean cash of the uncovered days since credit ended; `None` while usage is covered.
    pub(super) fn cash_per_day(&self) -> Option<Money> {
        let span = self.span?;
        let days = self.dry_days(span, None);
        let since = run_start(span.through, |day| days.standing(day))?;
        let run = DayRange::new(since, plus_days(span.through, 1));
        let uncovered: Vec<Money> = run
            .days()
            .filter(|day| matches!(days.standing(*day), Standing::Uncovered))
            .map(|day| days.uncovered(day))
            .collect();
        let count = i64::try_from(uncovered.len()).ok().filter(|count| *count > 0)?;
        Some(uncovered.into_iter().sum::<Money>().per(count))
    }

    /// By day, what the streams without a funded pool cost, and what credit paid of it.
    fn dry_days(&self, span: Span, workload: Option<Workload>) -> DryDays {
        let pools = &self.ledger.pools;
        let dry: BTreeSet<usize> = (0..self.ledger.streams.len())
            .filter(|&stream| workload.is_none_or(|wanted| self.ledger.streams[stream].workload == wanted))
            .filter(|&stream| {
                let stream = &self.ledger.streams[stream];
                let issued = payable_from(pools, stream).is_some_and(|from| from <= span.through);
                let funded = |(pool, balance): (&CreditPool, &Money)| {
                    pool.draws_for(stream) && balance.is_positive() && pool.window().contains(span.through)
                };
                issued && !pools.iter().zip(&self.balances).any(funded)
            })
            .collect();
        DryDays { payable: self.payable_by_day(&dry), covered: self.covered_by_day(&dry) }
    }

    /// Cost of `streams` per day that an issued pool could have paid.
    fn payable_by_day(&self, streams: &BTreeSet<usize>) -> BTreeMap<NaiveDate, Money> {
        let issued_from = |stream: usize| {
            let stream = &self.ledger.streams[stream];
            let from = payable_from(&self.ledger.pools, stream)?;
            Some(((stream.service.as_str(), stream.workload, stream.purchase), from))
        };
        let issued: BTreeMap<(&str, Workload, Purchase), NaiveDate> =
            streams.iter().filter_map(|&s| issued_from(s)).collect();
        let mut payable: BTreeMap<NaiveDate, Money> = BTreeMap::new();
        for cost in &self.costs.split {
            let key = (cost.service.as_str(), cost.workload, cost.purchase);
            if issued.get(&key).is_some_and(|from| *from <= cost.day) {
                *payable.entry(cost.day).or_default() += cost.payable;
            }
        }
        payable
    }

    /// The credit that paid `streams` per day: AWS's Credit rows and what they have yet to show where the account shows any,
    /// replay's draws where it does not. Credit rows name a service and no workload, so those of a service count for each of its streams.
    fn covered_by_day(&self, streams: &BTreeSet<usize>) -> BTreeMap<NaiveDate, Money> {
        let mut covered: BTreeMap<NaiveDate, Money> = BTreeMap::new();
        if credit_rows(&self.facts).next().is_none() {
            for draw in self.ledger.drawdowns.iter().filter(|draw| streams.contains(&draw.stream)) {
                *covered.entry(draw.day).or_default() += draw.amount;
            }
            return covered;
        }
        let services: BTreeSet<&str> = streams.iter().map(|&s| self.ledger.streams[s].service.as_str()).collect();
        for (_, day, amount) in credit_rows(&self.facts).filter(|(service, ..)| services.contains(service)) {
            *covered.entry(day).or_default() += amount;
        }
        for draw in self.awaited.iter().filter(|draw| streams.contains(&draw.stream)) {
            *covered.entry(draw.day).or_default() += draw.amount;
        }
        covered
    }
}

/// Spend that an issued pool could have paid and that no pool can pay any more.
struct DryDays {
    payable: BTreeMap<NaiveDate, Money>,
    covered: BTreeMap<NaiveDate, Money>,
}

impl DryDays {
    fn cost(&self, day: NaiveDate) -> Money {
        self.payable.get(&day).copied().unwrap_or_default()
    }

    fn uncovered(&self, day: NaiveDate) -> Money {
        self.cost(day) - self.covered.get(&day).copied().unwrap_or_default()
    }

    fn standing(&self, day: NaiveDate) -> Standing {
        match self.cost(day) {
            cost if cost <= UNCOVERED_THRESHOLD => Standing::Quiet,
            _ if self.uncovered(day) > UNCOVERED_THRESHOLD => Standing::Uncovered,
            _ => Standing::Covered,
        }
    }
}
