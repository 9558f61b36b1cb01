//! Who reads a report, and what of a position that reader may see.
//!
//! Invariant: [`Audience::scope`] is the only gate, and it stands before any document is built. A partner's position
//! holds the rows of the partner's own records, the awards by programme and number, all credit together (at the ends of
//! months, and today), the monthly bill, and that credit ends; everything else is emptied. No text that somebody else wrote
//! passes: what a partner reads of credit is put into words here, from what the partner may see, so that no name of a
//! credit, service or workload can stand in it. A credit can pay for one service alone, so that any figure of a single one
//! is that service's spend: none is left. Nothing is left either that rests on what others filed, unless all that is filed is the
//! reader's own: two accounts that differ in others' plans alone give the same bytes, as long as the outlook is the same. What the
//! sums that are left still tell is said to the reader in its notes.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;

use super::words;
use crate::domain::credit::reconcile::Reconciliation;
use crate::domain::facts::history::MissingHistory;
use crate::domain::filing::filing_ref::FilingRef;
use crate::domain::filing::next_award::Meant;
use crate::domain::filing::review::{Claim, EarnedValue, NextAsk, PoolValue, Review};
use crate::domain::filing::usage::Usage;
use crate::domain::outlook::MadeWith;
use crate::domain::outlook::monthly_bill::MonthlyBill;
use crate::domain::outlook::track_record::{Horizon, TrackRecord};
use crate::domain::position::buys::{Buys, BuysUnit};
use crate::domain::position::finding::{Finding, Rule, Severity};
use crate::domain::position::series::{PoolSeries, Series};
use crate::domain::position::{Credits, DataQuality, Exhaustion, PoolPosition, PoolStatus, Position, Spend};
use crate::domain::values::money::Money;
use crate::domain::values::period::{BillingPeriod, plus_days};
use crate::domain::values::quantiles::{DateQuantiles, DayAmount, MoneyQuantiles};

/// The record of spend that no filed record claims.
pub(super) const OUTSIDE: &str = "outside";

/// Who reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// The startup itself: everything.
    Owner,
    /// Somebody who filed records for it: these, the credits and the bill after them.
    Partner {
        /// Record ids of the filing.
        records: Vec<String>,
    },
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Audience::Owner => f.write_str("owner"),
            Audience::Partner { records } => write!(f, "partner: {}", records.join(", ")),
        }
    }
}

impl Audience {
    /// What this audience should know about what it was shown.
    pub(super) fn note(&self) -> Option<String> {
        let Audience::Partner { records } = self else { return None };
        Some(format!(
            "Actual against projected covers these records only: {}. Credits, the next ask and the monthly bill are those \
             of the whole account, all credit together; from them can be worked out what it spends in all, and so what lies \
             outside these records together.",
            records.join(", ")
        ))
    }

    /// True if it may see what rests on the whole filing: it is the owner, or filed all records of it.
    pub(super) fn sees_whole(&self, filing: Option<&FilingRef>) -> bool {
        match self {
            Audience::Owner => true,
            Audience::Partner { records } => filing.is_some_and(|filing| is_all(filing, records)),
        }
    }

    /// The part of a position and its series that this audience may see.
    pub fn scope(&self, position: &Position, series: &Series) -> (Position, Series) {
        match self {
            Audience::Owner => (position.clone(), series.clone()),
            Audience::Partner { records } => (scope_position(position, records), scope_series(series)),
        }
    }
}

fn is_all(filing: &FilingRef, records: &[String]) -> bool {
    filing.records.iter().all(|record| records.contains(record))
}

fn scope_position(position: &Position, records: &[String]) -> Position {
    let own = |record: &String| records.contains(record);
    let all_own = position.filing.as_ref().is_some_and(|filing| is_all(filing, records));
    // `outside` is no record: a partner whose list happens to say so still does not see it.
    let rows = position.variance.iter().filter(|row| own(&row.record) && row.record != OUTSIDE);
    let mut scoped = Position {
        as_of: position.as_of,
        data_through: position.data_through,
        currency: position.currency.clone(),
        spend: Spend::default(),
        credits: Credits {
            granted: position.credits.granted,
            remaining: position.credits.remaining,
            left: position.credits.left,
            pools: awards(position),
            unlisted: position.credits.unlisted,
        },
        exhaustion: scope_exhaustion(&position.exhaustion, all_own),
        workloads: Vec::new(),
        coverage: Vec::new(),
        variance: rows.cloned().collect(),
        trajectory: position.trajectory.iter().map(|bill| MonthlyBill { lines: Vec::new(), ..bill.clone() }).collect(),
        findings: Vec::new(),
        // Which days are missing, and not what AWS said of them: that can name a service.
        data_quality: DataQuality { missing_history: missing_days(position), ..DataQuality::default() },
        reconciliation: scope_reconciliation(&position.reconciliation),
        // How each workload is forecast names them.
        outlook_basis: position.outlook_basis.as_ref().map(|_| BASIS.to_owned()),
        outlook_made_with: position
            .outlook_made_with
            .as_ref()
            .map(|made| MadeWith { workloads: Vec::new(), ..made.clone() }),
        exposure: position.exposure,
        outlook_reaches: position.outlook_reaches,
        uncovered: position.uncovered,
        // Names models and workloads, of which a partner sees none.
        sensitivity: None,
        filing: position.filing.as_ref().map(|filing| FilingRef {
            records: filing.records.iter().filter(|record| own(record)).cloned().collect(),
            unpriced: filing.unpriced.iter().filter(|line| own(&line.record)).cloned().collect(),
            // What the whole filing asks for is of others' records too, unless there are none.
            asked_usd: filing.asked_usd.filter(|_| all_own),
            granted_usd: filing.granted_usd.filter(|_| all_own),
            deal_size_usd: filing.deal_size_usd.filter(|_| all_own),
            post_credit_growth_per_month: filing.post_credit_growth_per_month.filter(|_| all_own),
            applications: filing.applications.iter().filter(|it| own(&it.record)).cloned().collect(),
            // Who can guess what others filed could see by it whether that is right.
            content_hash: if all_own { filing.content_hash.clone() } else { String::new() },
            ..filing.clone()
        }),
        review: scope_review(&position.review, all_own, &own),
        track_record: scope_track_record(&position.track_record),
        // What the account means to ask for is told by its owner.
        award_meant: Meant::default(),
        next_award: None,
        planned: position.planned.iter().filter(|row| row.record.as_ref().is_some_and(own)).cloned().collect(),
        // When its owner entered something says nothing of the partner's records.
        entered_through: None,
        outlook_state: position.outlook_state,
        at_least: None,
        bills: position.bills,
        buys: scope_buys(position, records),
        next_ask: position.next_ask,
        account_plan: position.account_plan.clone(),
        usage: scope_usage(&position.usage, &own),
    };
    scoped.findings = ends(position, &scoped, all_own);
    scoped
}

/// Of what credit buys, what is of models and types that the partner's own records alone use: with any other's use in it, the days
/// at today's rate would tell what that is. Where not all credit may pay for it, the amount would tell a single credit's balance.
fn scope_buys(position: &Position, records: &[String]) -> Vec<Buys> {
    let Some(newest) = position.data_through.map(BillingPeriod::of) else { return Vec::new() };
    let is_own =
        |record: &Option<String>| record.as_ref().is_some_and(|record| records.contains(record) && record != OUTSIDE);
    // The rate is that of four weeks, which lie in two months at most.
    let recent = |month: BillingPeriod| newest.months_since(month) <= 1;
    let mut models: BTreeMap<&str, bool> = BTreeMap::new();
    for row in position.usage.models.iter().filter(|row| recent(row.month)) {
        *models.entry(&row.model).or_insert(true) &= is_own(&row.record);
    }
    let mut types: BTreeMap<&str, bool> = BTreeMap::new();
    for row in position.usage.accelerators.iter().filter(|row| recent(row.month)) {
        *types.entry(&row.instance_type).or_insert(true) &= is_own(&row.record);
    }
    let alone = |of: &BTreeMap<&str, bool>, name: &Option<String>| {
        name.as_ref().is_some_and(|name| of.get(name.as_str()) == Some(&true))
    };
    let own = |it: &&Buys| match it.unit {
        BuysUnit::Days => false,
        BuysUnit::MillionTokens => alone(&models, &it.model),
        BuysUnit::ChipHours => alone(&types, &it.instance_type),
    };
    let of_all = |it: &&Buys| it.credit == position.credits.remaining;
    position.buys.iter().filter(own).filter(of_all).cloned().collect()
}

/// What the partner's own records use.
fn scope_usage(usage: &Usage, own: &impl Fn(&String) -> bool) -> Usage {
    let is_own = |record: &Option<String>| record.as_ref().is_some_and(|record| own(record) && record != OUTSIDE);
    Usage {
        models: usage.models.iter().filter(|row| is_own(&row.record)).cloned().collect(),
        accelerators: usage.accelerators.iter().filter(|row| is_own(&row.record)).cloned().collect(),
    }
}

/// When credit ends. The day on which it would if all went as filed is worked out from the plans of all.
fn scope_exhaustion(exhaustion: &Exhaustion, all_own: bool) -> Exhaustion {
    Exhaustion {
        by_workload: Vec::new(),
        as_filed: exhaustion.as_filed.filter(|_| all_own),
        filed: exhaustion.filed && all_own,
        ..exhaustion.clone()
    }
}

/// How an outlook is made, whatever it was made of.
const BASIS: &str = "each kind of spend is forecast by itself, from its own past or the filed projection, and the credits are \
    drawn against all of them. The odds come from how far such forecasts were off on 30 public daily series. AWS draws credit \
    once a month; this draws it day by day.";

/// What each award is, by programme and number, and where it is in its life: not what it paid, what is left of it or when
/// that will be gone, which is the spend of what it pays for.
fn awards(position: &Position) -> Vec<PoolPosition> {
    let names = award_names(position);
    // All credit that is left is switched off: the sum is told, and stands at the first of them.
    let off = position.switched_off();
    let first_off = off.as_ref().and_then(|_| {
        position.credits.pools.iter().position(|pool| pool.status == PoolStatus::Paused && pool.left >= Money::ONE)
    });
    let award = |(at, (pool, name)): (usize, (&PoolPosition, String))| {
        // Whether it ends by expiry or by use, without how much of it.
        let unused = pool.breakage.p50.filter(|unused| *unused < Money::ONE).map(|_| Money::ZERO);
        PoolPosition {
            id: String::new(),
            name,
            drawn: Money::ZERO,
            remaining: Money::ZERO,
            left: off.as_ref().filter(|_| first_off == Some(at)).map_or(Money::ZERO, |off| off.left),
            stated: None,
            delisted: None,
            exhausts_on: DateQuantiles::default(),
            exhausted_on: None,
            breakage: MoneyQuantiles { p50: unused, ..MoneyQuantiles::default() },
            ..pool.clone()
        }
    };
    position.credits.pools.iter().zip(names).enumerate().map(award).collect()
}

/// "Activate Portfolio, credit 2", in the order of the pools. Numbers go by the first day, then by AWS's id, so that an
/// award that comes later changes no earlier one's.
fn award_names(position: &Position) -> Vec<String> {
    let pools = &position.credits.pools;
    let mut order: Vec<usize> = (0..pools.len()).collect();
    order.sort_by_key(|at| (pools[*at].starts_on, &pools[*at].id));
    let numbers: BTreeMap<usize, usize> = order.into_iter().zip(1..).collect();
    let name = |(at, pool): (usize, &PoolPosition)| match pool.programme {
        Some(programme) => format!("{}, credit {}", programme.label(), numbers[&at]),
        None => format!("Credit {}", numbers[&at]),
    };
    pools.iter().enumerate().map(name).collect()
}

/// That credit ends, that an award expires with something left in it, or that figures are old, where the owner is told so. A
/// warning that credit ends can come of what others filed; that it is critical never does.
fn ends(position: &Position, scoped: &Position, all_own: bool) -> Vec<Finding> {
    let told = |finding: &Finding| {
        let summary = match finding.rule {
            Rule::Exhaustion if all_own || finding.severity == Severity::Critical => {
                format!("{}.", words::headline(scoped))
            }
            Rule::ExpiringCredit => {
                let of = |pool: &PoolPosition| finding.key == format!("{}:{}", finding.rule.as_str(), pool.id);
                let award = &scoped.credits.pools[position.credits.pools.iter().position(of)?];
                let (name, day) = (&award.name, words::day(award.expires_on));
                format!("{name} expires on {day}, and some of it will probably be unused.")
            }
            // That figures are old bears on every reader; why they are is the owner's.
            Rule::StaleData => {
                let through = position.data_through.map_or_else(|| "any day".to_owned(), words::day);
                format!("No newer figures have come from AWS: everything here is as of {through}.")
            }
            _ => return None,
        };
        // The advice is for the owner.
        Some(Finding { named: None, key: String::new(), summary, reason: String::new(), ..finding.clone() })
    };
    let mut all: Vec<Finding> = position.findings.iter().filter_map(told).collect();
    // What differs only in what was struck is one.
    all.dedup_by(|a, b| a.summary == b.summary);
    all
}

/// How often the odds held, and the days; what the account spent stays its owner's.
fn scope_track_record(record: &TrackRecord) -> TrackRecord {
    let scope = |horizon: &Horizon| Horizon { spend: None, ..horizon.clone() };
    TrackRecord { horizons: record.horizons.iter().map(scope).collect() }
}

/// What all credit together paid by month. Balances are of single credits.
fn scope_reconciliation(all: &Reconciliation) -> Reconciliation {
    Reconciliation { months: all.months.clone(), balances: Vec::new(), awaited: all.awaited }
}

/// The assumptions and claims of one's own records. The ask and the earned value are the account's, all awards together, but
/// without the months that the ask rests on, and without the plan of others.
fn scope_review(review: &Review, all_own: bool, own: &impl Fn(&String) -> bool) -> Review {
    // A claim without a record is of one credit, or of what nobody filed.
    let may_see = |claim: &&Claim| claim.record.as_ref().is_some_and(|record| own(record) && record != OUTSIDE);
    let without_others = |value: &PoolValue| PoolValue {
        planned_to_date: value.planned_to_date.filter(|_| all_own),
        ahead_of_plan: value.ahead_of_plan.filter(|_| all_own),
        ..value.clone()
    };
    Review {
        assumptions: review.assumptions.iter().filter(|row| own(&row.record)).cloned().collect(),
        claims: review.claims.iter().filter(may_see).cloned().collect(),
        // Spend outside of every record is in its months too, so even who filed all records is not shown them.
        next_ask: review.next_ask.as_ref().map(NextAsk::without_months),
        no_ask: review.no_ask,
        granted_band: review.granted_band,
        earned_value: review
            .earned_value
            .as_ref()
            .map(|value| EarnedValue { pools: Vec::new(), total: without_others(&value.total) }),
    }
}

/// What the one curve of credit that is left is called.
pub(super) const TOGETHER: &str = "All credit together";

/// The account's curves of spend mix all records, and a credit's own can be the spend of one service. What stays is the balance
/// of all credit together, at the ends of months and today.
fn scope_series(series: &Series) -> Series {
    let mut days: BTreeMap<NaiveDate, Money> = BTreeMap::new();
    for point in series.pools.iter().flat_map(|pool| &pool.balance) {
        *days.entry(point.day).or_default() += point.amount;
    }
    let through = days.last_key_value().map(|(day, _)| *day);
    let month_end = |day: NaiveDate| BillingPeriod::of(day) != BillingPeriod::of(plus_days(day, 1));
    let kept = days.into_iter().filter(|(day, _)| month_end(*day) || Some(*day) == through);
    let balance: Vec<DayAmount> = kept.map(|(day, amount)| DayAmount { day, amount }).collect();
    let Some(expires_on) = series.pools.iter().map(|pool| pool.expires_on).max() else { return Series::default() };
    let together = PoolSeries {
        id: String::new(),
        name: TOGETHER.to_owned(),
        granted: series.pools.iter().map(|pool| pool.granted).sum(),
        expires_on,
        balance,
        outlook: Vec::new(),
        planned: Vec::new(),
    };
    Series { pools: vec![together], ..Series::default() }
}

fn missing_days(position: &Position) -> Option<MissingHistory> {
    let missing = position.data_quality.missing_history.clone()?;
    Some(MissingHistory { problem: String::new(), advice: String::new(), ..missing })
}
