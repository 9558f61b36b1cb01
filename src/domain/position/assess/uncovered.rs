//! Which services credit pays, and what the others burn in cash.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::Assessment;
use super::run::{Standing, run_start};
use crate::credit::coverage::{Coverage, CoverageState, FundedPool, coverage};
use crate::position::observations::UncoveredBurn;
use crate::values::money::Money;
use crate::values::period::DayRange;
use crate::values::purchase::Purchase;

impl Assessment<'_> {
    /// Services that burn cash: what no pool paid over the last 28 days, by service.
    pub fn uncovered(&self, coverage: &[Coverage]) -> Vec<UncoveredBurn> {
        let Some(span) = self.span else { return Vec::new() };
        let (week, month) = (span.last(7), span.last(28));
        let mut days: BTreeMap<&str, BTreeMap<NaiveDate, Money>> = BTreeMap::new();
        let limited = self.limited_away(month);
        for open in self.ledger.uncovered.iter().filter(|open| span.days().contains(open.day)) {
            let service = self.ledger.streams[open.stream].service.as_str();
            *days.entry(service).or_default().entry(open.day).or_default() += open.payable;
        }
        let burn = |(service, days): (&str, BTreeMap<NaiveDate, Money>)| {
            let total = |range: DayRange| days.range(range.start..range.end).map(|(_, cost)| *cost).sum::<Money>();
            let total_28d = total(month);
            let since = run_start(span.through, |day| match days.get(&day) {
                Some(open) if open.is_positive() => Standing::Uncovered,
                Some(_) => Standing::Covered,
                None => Standing::Quiet,
            });
            let state = coverage.iter().find(|c| c.service == service).map(|c| c.state)?;
            // Credit pays the service, and not the way that this is bought.
            let limited: Vec<Purchase> = limited.get(service).into_iter().flatten().copied().collect();
            let state = if limited.is_empty() { state } else { CoverageState::Uncovered };
            total_28d.is_positive().then(|| UncoveredBurn {
                service: service.to_owned(),
                since: since.unwrap_or(span.through),
                per_day_7d: total(week).per(week.len()),
                total_28d,
                state,
                limited,
            })
        };
        days.into_iter().filter_map(burn).collect()
    }

    /// Services of which more than half of what is uncovered in `days` is bought in ways that no credit for them pays, and
    /// these ways.
    fn limited_away(&self, days: DayRange) -> BTreeMap<&str, BTreeSet<Purchase>> {
        let mut sums: BTreeMap<&str, (Money, Money, BTreeSet<Purchase>)> = BTreeMap::new();
        for open in self.ledger.uncovered.iter().filter(|open| days.contains(open.day)) {
            let stream = &self.ledger.streams[open.stream];
            let (all, limited, bought) = sums.entry(&stream.service).or_default();
            *all += open.payable;
            let pools = || self.ledger.pools.iter();
            if pools().any(|pool| pool.pays(&stream.service)) && !pools().any(|pool| pool.draws_for(stream)) {
                *limited += open.payable;
                bought.insert(stream.purchase);
            }
        }
        let most = sums.into_iter().filter(|(_, (all, limited, _))| limited.is_positive() && *limited > all.per(2));
        most.map(|(service, (_, _, bought))| (service, bought)).collect()
    }

    pub(super) fn coverage(&self) -> Vec<Coverage> {
        let Some(span) = self.span else { return Vec::new() };
        // By service, how the cost is bought that credit could pay.
        let mut services: BTreeMap<&str, BTreeSet<Purchase>> = BTreeMap::new();
        for cost in self.costs.split.iter().filter(|cost| span.days().contains(cost.day)) {
            if !(cost.payable.is_zero() && cost.unpayable.is_zero() && cost.one_off.is_zero()) {
                let bought = services.entry(&cost.service).or_default();
                bought.extend((!cost.payable.is_zero()).then_some(cost.purchase));
            }
        }
        let today = self.facts.as_of.date_naive();
        let left = |(pool, left): (_, &Money)| FundedPool {
            pool,
            left: if pool.expired_by(today) { Money::ZERO } else { *left },
        };
        let funded: Vec<FundedPool> = self.ledger.pools.iter().zip(&self.balances).map(left).collect();
        let mut rows = coverage(services, &funded, &self.facts, span.through);
        for row in &mut rows {
            if let Some(renamed) = self.renames.evidence(&row.service) {
                row.evidence = format!("{}; {renamed}", row.evidence);
            }
        }
        rows
    }
}
