//! From facts to a [`Position`]: classify, replay three times, compare, reconcile.
//!
//! An [`Assessment`] holds what every view of one moment shares. The outlook is made from it once a cycle and stored;
//! the position is put together from it and a stored outlook, so that reading never forecasts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::alert::{OrderContradiction, UncoveredBurn, UnknownRecordType};
use super::charge::{BillPart, record_kind};
use super::classify::Classifier;
use super::costs::{Costs, split_costs, workload_spend};
use super::coverage::{FundedPool, coverage};
use super::credit::CreditPool;
use super::facts::{ChargeKind, Facts};
use super::ledger::{Ledger, replay};
use super::money::{Money, Quantity};
use super::outlook::{MonthSoFar, Outlook, OutlookInputs, UNCOVERED_THRESHOLD, outlook, payable_from};
use super::period::{BillingPeriod, DayRange, plus_days};
use super::pools::{ConfiguredPool, credit_rows, pools};
use super::position::{
    BurnPerDay, Coverage, Credits, DataQuality, DateQuantiles, Exhaustion, FilingRef, MonthlyBill, PoolPosition,
    PoolStatus, Position, Spend, Variance, WorkloadExhaustion,
};
use super::price::PriceBook;
use super::projection::{ActualCost, FiledProjection, PlannedMonth, UnpricedLine};
use super::reconcile;
use super::variance::variance;
use super::workload::Workload;

/// A filing as the store numbered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// Version, counted from 1.
    pub version: u32,
    /// What was filed.
    pub projection: FiledProjection,
    /// Its months, priced, to the end of every horizon.
    pub plan: Vec<PlannedMonth>,
    /// What has no price: its dollars are missing from the plan.
    pub unpriced: Vec<UnpricedLine>,
}

/// What config contributes.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Classification rules.
    pub classifier: &'a Classifier,
    /// Prices.
    pub prices: &'a PriceBook,
    /// Pools that config names.
    pub pools: &'a [ConfiguredPool],
    /// The filing in force, if one was made.
    pub filing: Option<&'a Filing>,
    /// Tax on what credit does not pay.
    pub tax_rate: Option<Decimal>,
}

/// All that is derived from the facts of one moment.
#[derive(Debug)]
pub struct Assessment<'a> {
    facts: &'a Facts,
    context: Context<'a>,
    costs: Costs,
    /// Replay of the actual costs, partial newest days included; its pools are in drawing order.
    pub ledger: Ledger,
    /// Balance of each pool at the end of `data_through`, AWS's statement first; of a pool that was over by then,
    /// what was left in it.
    balances: Vec<Money>,
    /// First stored and last complete day, if there is one.
    span: Option<Span>,
}

/// The days that figures run over.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: NaiveDate,
    through: NaiveDate,
}

impl Span {
    fn days(self) -> DayRange {
        DayRange::new(self.first, plus_days(self.through, 1))
    }

    /// The last `days` complete days, fewer if fewer are stored.
    fn last(self, days: i64) -> DayRange {
        DayRange::new(plus_days(self.through, 1 - days).max(self.first), plus_days(self.through, 1))
    }

    fn month_to_date(self) -> DayRange {
        self.days().intersect(BillingPeriod::of(self.through).range())
    }
}

impl<'a> Assessment<'a> {
    /// Derives everything from the facts.
    pub fn new(facts: &'a Facts, context: Context<'a>) -> Self {
        let costs = split_costs(facts, context.classifier);
        let pools = pools(facts, context.pools, context.classifier.service_aliases());
        let span = facts
            .first_day()
            .zip(facts.data_through())
            .filter(|(first, through)| first <= through)
            .map(|(first, through)| Span { first, through });
        let newest = costs.split.iter().map(|cost| cost.day).max();
        let range = match (span, newest) {
            (Some(span), Some(newest)) => DayRange::new(span.first, plus_days(newest.max(span.through), 1)),
            _ => DayRange::new(facts.as_of.date_naive(), facts.as_of.date_naive()),
        };
        let daily: Vec<_> = costs.split.iter().map(super::costs::SplitCost::daily).collect();
        let ledger = replay(&pools, &daily, range);
        let mut assessment = Assessment { facts, context, costs, ledger, balances: Vec::new(), span };
        assessment.balances = (0..assessment.ledger.pools.len()).map(|pool| assessment.balance(pool)).collect();
        assessment
    }

    /// Forecasts; `None` before the first complete day.
    pub fn outlook(&self) -> Option<Outlook> {
        let span = self.span?;
        let recurring: Vec<_> = self.costs.split.iter().map(super::costs::SplitCost::recurring).collect();
        let made = outlook(&OutlookInputs {
            pools: &self.ledger.pools,
            balances: &self.balances,
            recurring: &recurring,
            first_day: span.first,
            data_through: span.through,
            month_so_far: self.month_so_far(span),
            tax_rate: self.context.tax_rate,
        });
        Some(made)
    }

    /// The position, with findings left to the alert rules.
    pub fn position(&self, outlook: Option<&Outlook>) -> Position {
        Position {
            as_of: self.facts.as_of,
            data_through: self.facts.data_through(),
            currency: self.facts.currency.clone(),
            spend: self.spend(),
            credits: self.credits(outlook),
            exhaustion: self.exhaustion(outlook),
            workloads: self.span.map(|span| workload_spend(&self.costs, span.month_to_date())).unwrap_or_default(),
            coverage: self.coverage(),
            variance: self.variance(),
            trajectory: outlook.map(trajectory).unwrap_or_default(),
            findings: Vec::new(),
            data_quality: self.data_quality(),
            outlook_basis: outlook.map(|outlook| outlook.basis.clone()),
            filing: self.context.filing.map(filing_ref),
        }
    }

    /// The classified costs.
    pub fn costs(&self) -> &Costs {
        &self.costs
    }

    /// First stored and last complete day.
    pub fn complete_days(&self) -> Option<DayRange> {
        self.span.map(Span::days)
    }

    /// The filing in force.
    pub fn filing(&self) -> Option<&Filing> {
        self.context.filing
    }

    /// Record types that this program does not know, by name.
    pub fn unknown_record_types(&self) -> Vec<UnknownRecordType> {
        let mut unknown: BTreeMap<&str, UnknownRecordType> = BTreeMap::new();
        for row in &self.facts.charges {
            let name = self.facts.charge_kinds[row.kind].record_type.as_str();
            if record_kind(name, row.cost).known {
                continue;
            }
            let fresh = || UnknownRecordType { name: name.to_owned(), since: row.day, cost: Money::ZERO };
            unknown.entry(name).or_insert_with(fresh).cost += row.cost;
        }
        unknown.into_values().collect()
    }

    /// Services that burn cash: what no pool paid over the last 28 days, by service.
    pub fn uncovered(&self, coverage: &[Coverage]) -> Vec<UncoveredBurn> {
        let Some(span) = self.span else { return Vec::new() };
        let (week, month) = (span.last(7), span.last(28));
        let mut days: BTreeMap<&str, BTreeMap<NaiveDate, Money>> = BTreeMap::new();
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
            total_28d.is_positive().then(|| UncoveredBurn {
                service: service.to_owned(),
                since: since.unwrap_or(span.through),
                per_day_7d: total(week).per(week.len()),
                total_28d,
                state,
            })
        };
        days.into_iter().filter_map(burn).collect()
    }

    /// What AWS's allocation history says against our order of pools.
    pub fn order_contradictions(&self) -> Vec<OrderContradiction> {
        let Some(span) = self.span else { return Vec::new() };
        reconcile::contradictions(&self.ledger, self.facts, span.through)
            .into_iter()
            .map(|(month, pool, gap)| OrderContradiction { month, pool, gap })
            .collect()
    }

    /// A pool's balance at the end of `data_through`: AWS's newest statement, moved there by replay; our own
    /// arithmetic only where AWS states nothing.
    fn balance(&self, pool: usize) -> Money {
        let credit = &self.ledger.pools[pool];
        let Some(span) = self.span else { return credit.stated.map_or(credit.granted, |stated| stated.amount) };
        if credit.stated.is_none() && credit.expired_by(span.first) {
            // It ended before anything was stored: what it paid, and so what it lost, is not known.
            return Money::ZERO;
        }
        let drawn = |days: DayRange| {
            let inside = self.ledger.drawdowns.iter().filter(|d| d.pool == pool && days.contains(d.day));
            inside.map(|d| d.amount).sum::<Money>()
        };
        let after = plus_days(span.through, 1);
        let balance = match credit.stated {
            None => credit.granted - drawn(span.days()),
            Some(stated) if stated.at <= span.through => {
                stated.amount - drawn(DayRange::new(plus_days(stated.at, 1), after))
            }
            // AWS's estimate knows the partial days that Cost Explorer already shows; the outlook starts before
            // them, so what they drew goes back in.
            Some(stated) if stated.amount.is_positive() && self.credit_rows_since(after) => {
                (stated.amount + drawn(DayRange::new(after, plus_days(stated.at, 1)))).min(credit.granted)
            }
            Some(stated) => stated.amount,
        };
        balance.at_least_zero()
    }

    fn credit_rows_since(&self, day: NaiveDate) -> bool {
        credit_rows(self.facts).any(|(_, row_day, amount)| row_day >= day && amount.is_positive())
    }

    /// Part of the bill per kind of charge: decided once per name, since it does not depend on the amount.
    fn bill_parts(&self) -> Vec<BillPart> {
        let part = |kind: &ChargeKind| record_kind(&kind.record_type, Money::ZERO).part;
        self.facts.charge_kinds.iter().map(part).collect()
    }

    fn spend(&self) -> Spend {
        let Some(span) = self.span else { return Spend::default() };
        let mut spend = Spend::default();
        let (parts, month) = (self.bill_parts(), span.month_to_date());
        for row in self.facts.charges.iter().filter(|row| row.day <= span.through) {
            match parts[row.kind] {
                BillPart::Gross => {
                    spend.gross_to_date += row.cost;
                    if month.contains(row.day) {
                        spend.gross_month_to_date += row.cost;
                    }
                }
                BillPart::Credit => spend.credit_to_date += row.cost,
                BillPart::Refund => spend.refund_to_date += row.cost,
                BillPart::Tax => spend.tax_to_date += row.cost,
            }
            spend.net_to_date += row.cost;
        }
        let burn = |days: DayRange| {
            let recurring = self.costs.split.iter().filter(|cost| days.contains(cost.day));
            Some(recurring.map(|cost| cost.payable + cost.unpayable).sum::<Money>().per(days.len()))
        };
        spend.burn_per_day = BurnPerDay { last_7_days: burn(span.last(7)), last_28_days: burn(span.last(28)) };
        spend
    }

    fn credits(&self, outlook: Option<&Outlook>) -> Credits {
        let pools: Vec<PoolPosition> =
            (0..self.ledger.pools.len()).map(|pool| self.pool_position(pool, outlook)).collect();
        Credits {
            granted: pools.iter().map(|pool| pool.granted).sum(),
            remaining: pools.iter().map(|pool| pool.remaining).sum(),
            pools,
        }
    }

    fn pool_position(&self, pool: usize, outlook: Option<&Outlook>) -> PoolPosition {
        let credit = &self.ledger.pools[pool];
        let through = self.span.map_or(NaiveDate::MIN, |span| span.through);
        let draws = self.ledger.drawdowns.iter().filter(|draw| draw.pool == pool && draw.day <= through);
        let drawn: Money = draws.map(|draw| draw.amount).sum();
        let expired = credit.expired_by(self.facts.as_of.date_naive());
        let ahead = outlook.and_then(|outlook| outlook.pools.iter().find(|ahead| ahead.id == credit.id));
        PoolPosition {
            id: credit.id.clone(),
            name: credit.name.clone(),
            programme: credit.programme,
            granted: credit.granted,
            drawn,
            remaining: if expired { Money::ZERO } else { credit.granted - drawn },
            stated: credit.stated,
            starts_on: credit.starts_on,
            expires_on: credit.expires_on,
            status: self.status(pool),
            exhausts_on: ahead.map(|ahead| ahead.exhausts_on).unwrap_or_default(),
            breakage: ahead.map(|ahead| ahead.breakage).unwrap_or_default(),
        }
    }

    fn status(&self, pool: usize) -> PoolStatus {
        let (credit, today) = (&self.ledger.pools[pool], self.facts.as_of.date_naive());
        match () {
            () if credit.expired_by(today) => PoolStatus::Expired,
            () if today < credit.starts_on => PoolStatus::Pending,
            () if !self.balances[pool].is_positive() => PoolStatus::Exhausted,
            () if credit.paused_from.is_some() => PoolStatus::Paused,
            () => PoolStatus::Active,
        }
    }

    fn exhaustion(&self, outlook: Option<&Outlook>) -> Exhaustion {
        let Some(outlook) = outlook else { return Exhaustion::default() };
        let began = |workload: Option<Workload>| self.uncovered_since(workload).map(DateQuantiles::certain);
        let by_workload = outlook.exhaustion_by_workload.iter().map(|(workload, dates)| WorkloadExhaustion {
            workload: *workload,
            dates: began(Some(*workload)).unwrap_or(*dates),
        });
        Exhaustion { total: began(None).unwrap_or(outlook.exhaustion), by_workload: by_workload.collect() }
    }

    /// If spend that an issued pool could have paid is uncovered on the last complete day, the day since which it is
    /// so without a break. Only streams whose pools are all empty count: a pool that replay takes for empty while AWS
    /// states a balance is our error, and the outlook starts from AWS's figure.
    fn uncovered_since(&self, workload: Option<Workload>) -> Option<NaiveDate> {
        let span = self.span?;
        let pools = &self.ledger.pools;
        let dry: BTreeSet<usize> = (0..self.ledger.streams.len())
            .filter(|&stream| workload.is_none_or(|wanted| self.ledger.streams[stream].workload == wanted))
            .filter(|&stream| {
                let service = &self.ledger.streams[stream].service;
                let issued = payable_from(pools, service).is_some_and(|from| from <= span.through);
                let funded = |(pool, balance): (&CreditPool, &Money)| {
                    pool.pays(service) && balance.is_positive() && pool.window().contains(span.through)
                };
                issued && !pools.iter().zip(&self.balances).any(funded)
            })
            .collect();
        let payable = self.payable_by_day(&dry);
        let covered = self.covered_by_day(&dry);
        let on = |days: &BTreeMap<NaiveDate, Money>, day| days.get(&day).copied().unwrap_or_default();
        run_start(span.through, |day| match on(&payable, day) {
            cost if cost <= UNCOVERED_THRESHOLD => Standing::Quiet,
            cost if cost - on(&covered, day) > UNCOVERED_THRESHOLD => Standing::Uncovered,
            _ => Standing::Covered,
        })
    }

    /// Cost of `streams` per day that an issued pool could have paid.
    fn payable_by_day(&self, streams: &BTreeSet<usize>) -> BTreeMap<NaiveDate, Money> {
        let issued_from = |stream: usize| {
            let stream = &self.ledger.streams[stream];
            let from = payable_from(&self.ledger.pools, &stream.service)?;
            Some(((stream.service.as_str(), stream.workload), from))
        };
        let issued: BTreeMap<(&str, Workload), NaiveDate> = streams.iter().filter_map(|&s| issued_from(s)).collect();
        let mut payable: BTreeMap<NaiveDate, Money> = BTreeMap::new();
        for cost in &self.costs.split {
            if issued.get(&(cost.service.as_str(), cost.workload)).is_some_and(|from| *from <= cost.day) {
                *payable.entry(cost.day).or_default() += cost.payable;
            }
        }
        payable
    }

    /// The credit that paid `streams` per day: AWS's Credit rows where the account shows any, replay's draws where it
    /// does not. Credit rows name a service and no workload, so those of a service count for each of its streams.
    fn covered_by_day(&self, streams: &BTreeSet<usize>) -> BTreeMap<NaiveDate, Money> {
        let mut covered: BTreeMap<NaiveDate, Money> = BTreeMap::new();
        if credit_rows(self.facts).next().is_none() {
            for draw in self.ledger.drawdowns.iter().filter(|draw| streams.contains(&draw.stream)) {
                *covered.entry(draw.day).or_default() += draw.amount;
            }
            return covered;
        }
        let services: BTreeSet<&str> = streams.iter().map(|&s| self.ledger.streams[s].service.as_str()).collect();
        for (_, day, amount) in credit_rows(self.facts).filter(|(service, ..)| services.contains(service)) {
            *covered.entry(day).or_default() += amount;
        }
        covered
    }

    fn coverage(&self) -> Vec<Coverage> {
        let Some(span) = self.span else { return Vec::new() };
        let services: BTreeSet<&str> = self
            .costs
            .split
            .iter()
            .filter(|cost| span.days().contains(cost.day) && !cost.payable.is_zero())
            .map(|cost| cost.service.as_str())
            .collect();
        let today = self.facts.as_of.date_naive();
        let left = |(pool, left): (_, &Money)| FundedPool {
            pool,
            left: if pool.expired_by(today) { Money::ZERO } else { *left },
        };
        let funded: Vec<FundedPool> = self.ledger.pools.iter().zip(&self.balances).map(left).collect();
        coverage(services, &funded, self.facts, span.through)
    }

    fn variance(&self) -> Vec<Variance> {
        let (Some(filing), Some(span)) = (self.context.filing, self.span) else { return Vec::new() };
        variance(&filing.plan, &self.actual_costs(), &filing.projection, self.context.prices, span.through)
    }

    /// Complete days' costs by month and everything that a filing can tell apart.
    fn actual_costs(&self) -> Vec<ActualCost> {
        let Some(span) = self.span else { return Vec::new() };
        let mut sums: BTreeMap<(BillingPeriod, usize), (Money, Quantity)> = BTreeMap::new();
        for row in self.costs.detail.iter().filter(|row| span.days().contains(row.day)) {
            let sum = sums.entry((BillingPeriod::of(row.day), row.kind)).or_default();
            sum.0 += row.cost;
            sum.1 += row.quantity;
        }
        let actual = |((month, kind), (cost, quantity)): ((BillingPeriod, usize), (Money, Quantity))| {
            let kind = &self.costs.kinds[kind];
            let class = &kind.class;
            ActualCost {
                month,
                service: kind.service.clone(),
                workload: class.workload,
                model: class.model.clone(),
                instance_type: class.instance_type.clone(),
                direction: class.direction,
                tier: class.tier,
                routing: class.routing,
                cache_lifetime: class.cache_lifetime,
                cost,
                quantity: class.scale.map(|scale| quantity.times(scale)),
                unit: Some(class.unit.clone()),
            }
        };
        sums.into_iter().map(actual).collect()
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

    fn data_quality(&self) -> DataQuality {
        let unclassified = self.span.map(|span| {
            let month = span.month_to_date();
            let rows = self.costs.detail.iter().filter(|row| month.contains(row.day));
            rows.filter(|row| self.costs.kinds[row.kind].class.workload == Workload::Unclassified)
                .map(|row| row.cost)
                .sum()
        });
        let gap = self.span.map(|span| {
            let months = reconcile::by_month(&self.ledger, self.facts, span.through);
            months.values().map(reconcile::MonthReconciliation::gap).sum()
        });
        DataQuality {
            unclassified_cost: unclassified.unwrap_or_default(),
            reconciliation_gap: gap.unwrap_or_default(),
            moved_in_last_cycle: self.facts.moved_in_last_cycle,
            paid_requests_today: self.facts.paid_requests_today,
            usd_spent_asking_month: request_price().times(Decimal::from(self.facts.paid_requests_month)),
        }
    }
}

/// What AWS charges for one page of Cost Explorer: 0.01 USD.
pub fn request_price() -> Money {
    Money::from_micros(10_000)
}

/// Days without spend in a row that do not end a run of uncovered ones: a team that rests at the weekend does not run
/// out anew every Monday.
const QUIET_DAYS: u32 = 7;

/// How one day's spend was paid.
enum Standing {
    /// Cash, in part at least.
    Uncovered,
    /// Credit paid it.
    Covered,
    /// Nothing to pay.
    Quiet,
}

/// The first day of the run of uncovered days that ends on `last`, or shortly before it.
fn run_start(last: NaiveDate, standing: impl Fn(NaiveDate) -> Standing) -> Option<NaiveDate> {
    let (mut start, mut quiet, mut day) = (None, 0, last);
    loop {
        match standing(day) {
            Standing::Uncovered => (start, quiet) = (Some(day), 0),
            Standing::Quiet if quiet < QUIET_DAYS => quiet += 1,
            Standing::Quiet | Standing::Covered => return start,
        }
        day = plus_days(day, -1);
    }
}

fn trajectory(outlook: &Outlook) -> Vec<MonthlyBill> {
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

fn filing_ref(filing: &Filing) -> FilingRef {
    FilingRef {
        version: filing.version,
        content_hash: filing.projection.content_hash.clone(),
        filed_on: filing.projection.filed_on,
        records: filing.projection.records.iter().map(|record| record.id.clone()).collect(),
        unpriced: filing.unpriced.clone(),
    }
}
