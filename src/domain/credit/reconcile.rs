//! Replay against what AWS reports: Credit rows, allocation history and stated balances. Gaps are shown with their
//! age and never forced to zero; the two views of AWS differ from each other too.
//!
//! Invariants: a gap is replay minus AWS, so a positive one means that replay draws, or leaves, more; gaps are never added
//! with their signs; what only differs because two figures are of different moments is no gap.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ledger::{Drawdown, Ledger};
use crate::credit::rows::credit_rows;
use crate::credit::{CreditPool, Statement, StatementSource};
use crate::facts::Facts;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange, plus_days};

/// Days before a statement that are partial in it: AWS refreshes its estimates once a day, and two days before that the
/// last day is complete.
const PARTIAL_DAYS: i64 = 3;
/// Days of which the costs are known beyond the last complete one, in part.
const KNOWN_IN_PART: i64 = 2;

/// Replay against what AWS reports, with the age of each gap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reconciliation {
    /// Every stored month through `data_through`, oldest first.
    pub months: Vec<MonthReconciliation>,
    /// Every pool with a stated balance that has not expired, in drawing order.
    pub balances: Vec<BalanceReconciliation>,
    /// Credit that AWS has yet to apply to open bills; null where it applied all.
    #[serde(default)]
    pub awaited: Option<AwaitedCredit>,
}

/// Credit that AWS has yet to apply to usage which it pays. It counts as applied until the bill is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AwaitedCredit {
    /// First day without a Credit row.
    pub since: NaiveDate,
    /// What replay draws on these days.
    pub amount: Money,
}

impl Reconciliation {
    /// Sum of the gaps of closed months, each without its sign, so that one does not hide another.
    pub fn closed_gap(&self) -> Money {
        self.months.iter().filter(|month| month.closed).map(|month| month.gap.abs()).sum()
    }
}

/// One month's credit in three views. All amounts but the gap are positive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthReconciliation {
    /// Billing period.
    pub month: BillingPeriod,
    /// Whether its bill is closed; the gap of an open one can still close by itself.
    pub closed: bool,
    /// Drawn by replay.
    pub replayed: Money,
    /// Cost Explorer's Credit rows.
    pub credit_rows: Money,
    /// AWS's allocation history; null where no complete answer is stored.
    pub allocated: Option<Money>,
    /// Replay minus what AWS applied: the Credit rows, and in a closed month the allocation history where the two differ by
    /// more than a dollar.
    pub gap: Money,
    /// First day of the month from which on replay and AWS stay more than a dollar apart; null without such a gap.
    pub since: Option<NaiveDate>,
    /// Days from `since` to the clock.
    pub age_days: Option<i64>,
}

impl MonthReconciliation {
    /// What AWS applied.
    pub fn applied(&self) -> Money {
        self.replayed - self.gap
    }
}

/// One pool's balance in two views, on the day of AWS's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BalanceReconciliation {
    /// Pool id.
    pub id: String,
    /// Pool name.
    pub name: String,
    /// Left by replay at the moment of the statement. Its day and those just before are partial in it; of the balances that
    /// replay passes through on them, this is the one nearest to the statement.
    pub replayed: Money,
    /// The newest statement up to the days of which costs are known.
    pub stated: Money,
    /// Its day.
    pub at: NaiveDate,
    /// Whose it is.
    pub source: StatementSource,
    /// `replayed` minus `stated`.
    pub gap: Money,
    /// Day from which on every statement lies more than a dollar away from replay, as far back as statements are stored; null
    /// without such a gap.
    pub since: Option<NaiveDate>,
    /// Days from `since` to the clock.
    pub age_days: Option<i64>,
    /// True if the credit is older than the first stored month: what it paid before is not known, so replay leaves too much.
    pub early_use_unknown: bool,
}

impl BalanceReconciliation {
    /// True where a reader of the balance should know of the gap: from a dollar and a hundredth of the larger figure on.
    pub fn is_material(&self) -> bool {
        let larger = self.replayed.max(self.stated);
        is_open(self.gap) && self.gap.abs() >= larger.per(100)
    }
}

/// Days and months settle differently by cents.
fn is_open(gap: Money) -> bool {
    gap.abs() > Money::ONE
}

/// Reconciles the months and balances of `ledger` as of the facts' clock, over the complete days `span`; `awaited` is what
/// AWS has yet to apply.
pub fn reconcile(ledger: &Ledger, facts: &Facts, awaited: &[Drawdown], span: DayRange) -> Reconciliation {
    let amount = |draws: &mut dyn Iterator<Item = &Drawdown>| draws.map(|draw| draw.amount).sum::<Money>();
    let of = |pool: usize| awaited.iter().filter(|draw| draw.pool == pool).copied().collect::<Vec<_>>();
    Reconciliation {
        months: by_month(ledger, facts, span),
        balances: (0..ledger.pools.len()).filter_map(|pool| balance(ledger, facts, (pool, &of(pool)), span)).collect(),
        awaited: awaited
            .iter()
            .map(|draw| draw.day)
            .min()
            .map(|since| AwaitedCredit { since, amount: amount(&mut awaited.iter()) }),
    }
}

/// A month's replay and Credit rows by day.
#[derive(Default)]
struct MonthDays {
    replayed: BTreeMap<NaiveDate, Money>,
    credit_rows: BTreeMap<NaiveDate, Money>,
    allocated: Option<Money>,
}

fn by_month(ledger: &Ledger, facts: &Facts, span: DayRange) -> Vec<MonthReconciliation> {
    let mut months: BTreeMap<BillingPeriod, MonthDays> = BTreeMap::new();
    for draw in ledger.drawdowns.iter().filter(|draw| span.contains(draw.day)) {
        let month = months.entry(BillingPeriod::of(draw.day)).or_default();
        *month.replayed.entry(draw.day).or_default() += draw.amount;
    }
    for (_, day, amount) in credit_rows(facts).filter(|(_, day, _)| span.contains(*day)) {
        *months.entry(BillingPeriod::of(day)).or_default().credit_rows.entry(day).or_default() += amount;
    }
    let stored = |month: BillingPeriod| BillingPeriod::of(span.start) <= month && month.first_day() < span.end;
    for row in facts.allocations.iter().filter(|row| stored(row.month)) {
        *months.entry(row.month).or_default().allocated.get_or_insert(Money::ZERO) += row.amount;
    }
    let today = facts.as_of.date_naive();
    let closed = |month: BillingPeriod| month.range().end <= span.end && facts.bill_closed(month, today);
    months.into_iter().map(|(month, days)| days.reconciled(month, closed(month), today)).collect()
}

impl MonthDays {
    fn reconciled(self, month: BillingPeriod, closed: bool, today: NaiveDate) -> MonthReconciliation {
        let sum = |days: &BTreeMap<NaiveDate, Money>| days.values().copied().sum::<Money>();
        let (replayed, credit_rows) = (sum(&self.replayed), sum(&self.credit_rows));
        let history = self.allocated.filter(|allocated| closed && is_open(*allocated - credit_rows));
        let gap = replayed - history.unwrap_or(credit_rows);
        // The history knows months only.
        let began = if history.is_some() { month.first_day() } else { self.apart_since(month) };
        let since = is_open(gap).then_some(began);
        MonthReconciliation {
            month,
            closed,
            replayed,
            credit_rows,
            allocated: self.allocated,
            gap,
            since,
            age_days: since.map(|since| (today - since).num_days()),
        }
    }

    /// First day from which on the month's sums by replay and by Credit rows stay apart.
    fn apart_since(&self, month: BillingPeriod) -> NaiveDate {
        let on = |days: &BTreeMap<NaiveDate, Money>, day| days.get(&day).copied().unwrap_or_default();
        let (mut gap, mut since) = (Money::ZERO, month.first_day());
        for day in month.range().days() {
            gap += on(&self.replayed, day) - on(&self.credit_rows, day);
            if !is_open(gap) {
                since = plus_days(day, 1);
            }
        }
        since
    }
}

fn balance(
    ledger: &Ledger,
    facts: &Facts,
    (pool, awaited): (usize, &[Drawdown]),
    span: DayRange,
) -> Option<BalanceReconciliation> {
    let (credit, today) = (&ledger.pools[pool], facts.as_of.date_naive());
    if credit.expired_by(today) {
        return None;
    }
    // Where costs were not pulled since, replay cannot know what AWS has drawn.
    let comparable = |stated: &Statement| span.start <= stated.at && stated.at < plus_days(span.end, KNOWN_IN_PART);
    let earlier = facts.stated.iter().filter(|stated| stated.credit_id == credit.id).map(|stated| Statement {
        amount: stated.amount,
        at: stated.at,
        source: StatementSource::Aws,
    });
    let mut statements: Vec<Statement> = earlier.chain(credit.stated).filter(comparable).collect();
    // Stable, so that of one day the statement that counts stays last.
    statements.sort_by_key(|stated| stated.at);
    let newest = *statements.last()?;
    let replayed = |stated: Statement| {
        let left = |day| left_on(ledger, pool, day);
        // AWS's figure may know of the newest usage and of the credit that its rows do not show yet, or not.
        let owed: Money = awaited.iter().filter(|draw| draw.day <= stated.at).map(|draw| draw.amount).sum();
        stated.amount.clamp(left(stated.at), left(plus_days(stated.at, -PARTIAL_DAYS)) + owed)
    };
    let apart = |stated: &&Statement| is_open(replayed(**stated) - stated.amount);
    let run = statements.iter().rev().take_while(apart).last();
    let early_use_unknown = issued_before(credit, span.start);
    let gap = replayed(newest) - newest.amount;
    let since = run.map(|oldest| {
        // What was used before the first stored day is missing from that day on.
        let from_the_start = early_use_unknown && gap.is_positive() && oldest.at == statements[0].at;
        if from_the_start { span.start } else { oldest.at }
    });
    Some(BalanceReconciliation {
        id: credit.id.clone(),
        name: credit.name.clone(),
        replayed: replayed(newest),
        stated: newest.amount,
        at: newest.at,
        source: newest.source,
        gap,
        since,
        age_days: since.map(|since| (today - since).num_days()),
        early_use_unknown,
    })
}

/// What replay leaves in a pool at the end of `day`; of a day beyond the replayed ones, what it left last.
pub(super) fn left_on(ledger: &Ledger, pool: usize, day: NaiveDate) -> Money {
    let reached = ledger.balances.partition_point(|balances| balances.day <= day);
    reached.checked_sub(1).map_or(ledger.pools[pool].granted, |last| ledger.balances[last].left[pool])
}

/// True if `credit` may have paid in months before the stored ones. Months are stored whole.
fn issued_before(credit: &CreditPool, first: NaiveDate) -> bool {
    BillingPeriod::of(credit.starts_on) < BillingPeriod::of(first)
}

/// Credits that AWS drew in another order than replay did: `(month, pool, AWS's figure less ours)` for the months in
/// which the history shows one pool paying what replay took from another. Only closed months are compared. A month
/// whose total alone differs is a gap to reconcile and says nothing about the order; nor does a pool that is older than the
/// first stored day, since replay takes it for full then.
pub fn contradictions(
    ledger: &Ledger,
    facts: &Facts,
    first: NaiveDate,
    data_through: NaiveDate,
) -> Vec<(BillingPeriod, String, Money)> {
    let mut replayed: BTreeMap<(BillingPeriod, &str), Money> = BTreeMap::new();
    for draw in ledger.drawdowns.iter().filter(|draw| draw.day <= data_through) {
        let pool = ledger.pools[draw.pool].id.as_str();
        *replayed.entry((BillingPeriod::of(draw.day), pool)).or_default() += draw.amount;
    }
    let mut gaps: BTreeMap<(BillingPeriod, &str), Money> = BTreeMap::new();
    for allocation in facts.allocations.iter().filter(|allocation| !allocation.estimated) {
        *gaps.entry((allocation.month, allocation.credit_id.as_str())).or_default() += allocation.amount;
    }
    let compared: Vec<BillingPeriod> = gaps.keys().map(|(month, _)| *month).collect();
    for ((month, pool), amount) in replayed {
        if compared.contains(&month) {
            *gaps.entry((month, pool)).or_default() -= amount;
        }
    }
    let early = |id: &str| ledger.pools.iter().any(|pool| pool.id == id && issued_before(pool, first));
    // An order that differs moves dollars, from one pool to another.
    gaps.retain(|(_, pool), gap| is_open(*gap) && !early(pool));
    let moved = |month: BillingPeriod| {
        let of_month = || gaps.range((month, "")..(month.next(), "")).map(|(_, gap)| gap);
        of_month().any(|gap| gap.is_positive()) && of_month().any(|gap| gap.is_negative())
    };
    gaps.iter()
        .filter(|((month, _), _)| moved(*month))
        .map(|((month, pool), gap)| (*month, (*pool).to_owned(), *gap))
        .collect()
}
