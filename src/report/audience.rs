//! Who reads a report, and what of a position that reader may see.
//!
//! Invariant: [`Audience::scope`] is the only gate, and it stands before any document is built. A partner's position
//! holds the rows of the partner's own records, the credit pools without ids, how their balances agree with AWS's, the
//! monthly bill, and what happened to credit that ends, without the advice; everything else is emptied, and ids that
//! reached a text are struck out. What the sums that are left still tell is said to the reader in its notes.

use std::fmt;

use crate::domain::finding::{Finding, Rule};
use crate::domain::history::MissingHistory;
use crate::domain::money::Money;
use crate::domain::next_award::Meant;
use crate::domain::outlook::MadeWith;
use crate::domain::position::{
    Credits, DataQuality, Exhaustion, FilingRef, MonthlyBill, PoolPosition, PoolSeries, Position, Series, Spend,
};
use crate::domain::reconcile::{BalanceReconciliation, Reconciliation};
use crate::domain::review::{Claim, EarnedValue, NextAsk, PoolValue, Review, Step};
use crate::domain::track_record::{Horizon, TrackRecord};

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
             of the whole account; from them can be worked out what it spends in all, and so what lies outside these \
             records together.",
            records.join(", ")
        ))
    }

    /// What a pool is called for this audience; an id that AWS gave is not for partners.
    pub(super) fn pool_name(&self, id: &str, position: &Position) -> String {
        let pool = position.credits.pools.iter().find(|pool| pool.id == id);
        let name = pool.map_or(id, |pool| pool.name.as_str());
        match self {
            Audience::Owner => name.to_owned(),
            Audience::Partner { .. } if pool.is_none() => "a credit".to_owned(),
            Audience::Partner { .. } => strike_ids(name, position),
        }
    }

    /// The part of a position and its series that this audience may see.
    pub fn scope(&self, position: &Position, series: &Series) -> (Position, Series) {
        match self {
            Audience::Owner => (position.clone(), series.clone()),
            Audience::Partner { records } => (scope_position(position, records), scope_series(position, series)),
        }
    }
}

fn scope_position(position: &Position, records: &[String]) -> Position {
    let own = |record: &String| records.contains(record);
    // `outside` is no record: a partner whose list happens to say so still does not see it.
    let rows = position.variance.iter().filter(|row| own(&row.record) && row.record != OUTSIDE);
    let spoken = position.findings.iter().filter(|finding| speaks_of_credit_ending(finding.rule));
    Position {
        as_of: position.as_of,
        data_through: position.data_through,
        currency: position.currency.clone(),
        spend: Spend::default(),
        credits: Credits {
            granted: position.credits.granted,
            remaining: position.credits.remaining,
            left: position.credits.left,
            pools: position.credits.pools.iter().map(|pool| anonymous_pool(pool, position)).collect(),
            unlisted: position.credits.unlisted,
        },
        exhaustion: Exhaustion { by_workload: Vec::new(), ..position.exhaustion.clone() },
        workloads: Vec::new(),
        coverage: Vec::new(),
        variance: rows.cloned().collect(),
        trajectory: position.trajectory.iter().map(|bill| MonthlyBill { lines: Vec::new(), ..bill.clone() }).collect(),
        findings: spoken.map(|finding| anonymous_finding(finding, position)).collect(),
        // Which days are missing, and not what AWS said of them: that can name a service.
        data_quality: DataQuality { missing_history: missing_days(position), ..DataQuality::default() },
        reconciliation: scope_reconciliation(&position.reconciliation, position),
        outlook_basis: position.outlook_basis.as_deref().map(|basis| strike_ids(basis, position)),
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
            ..filing.clone()
        }),
        review: scope_review(&position.review, position, &own),
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
        next_ask: position.next_ask,
        account_plan: position.account_plan.clone(),
    }
}

/// How often the odds held, and the days; what the account spent stays its owner's.
fn scope_track_record(record: &TrackRecord) -> TrackRecord {
    let scope = |horizon: &Horizon| Horizon { spend: None, ..horizon.clone() };
    TrackRecord { horizons: record.horizons.iter().map(scope).collect() }
}

/// The credits' balances without ids, and what credit paid by month, as the pools' curves show it too.
fn scope_reconciliation(all: &Reconciliation, position: &Position) -> Reconciliation {
    let balance = |balance: &BalanceReconciliation| BalanceReconciliation {
        id: String::new(),
        name: strike_ids(&balance.name, position),
        ..balance.clone()
    };
    Reconciliation {
        months: all.months.clone(),
        balances: all.balances.iter().map(balance).collect(),
        awaited: all.awaited,
    }
}

/// The assumptions and claims of one's own records and of the awards. The ask and the earned value are the account's, as are
/// the credits, but without the months that the ask rests on, and without the plan of others.
fn scope_review(review: &Review, position: &Position, own: &impl Fn(&String) -> bool) -> Review {
    let strike = |text: &str| strike_ids(text, position);
    let steps = |steps: &[Step]| steps.iter().map(|step| Step::new(strike(&step.label), step.amount)).collect();
    let may_see = |claim: &&Claim| claim.record.as_ref().is_none_or(|record| own(record) && record != OUTSIDE);
    let claim = |claim: &Claim| Claim {
        subject: String::new(),
        about: strike(&claim.about),
        statement: strike(&claim.statement),
        figures: steps(&claim.figures),
        ..claim.clone()
    };
    let all_own = position.filing.as_ref().is_some_and(|filing| filing.records.iter().all(own));
    let without_others = |value: &PoolValue| PoolValue {
        planned_to_date: value.planned_to_date.filter(|_| all_own),
        ahead_of_plan: value.ahead_of_plan.filter(|_| all_own),
        ..value.clone()
    };
    let pool = |pool: &PoolValue| PoolValue { id: String::new(), name: strike(&pool.name), ..without_others(pool) };
    Review {
        assumptions: review.assumptions.iter().filter(|row| own(&row.record)).cloned().collect(),
        claims: review.claims.iter().filter(may_see).map(claim).collect(),
        // Spend outside of every record is in its months too, so even who filed all records is not shown them.
        next_ask: review.next_ask.as_ref().map(|ask| NextAsk {
            average_month: Money::ZERO,
            steps: Vec::new(),
            ..ask.clone()
        }),
        no_ask: review.no_ask,
        earned_value: review.earned_value.as_ref().map(|value| EarnedValue {
            pools: value.pools.iter().map(pool).collect(),
            total: without_others(&value.total),
        }),
    }
}

/// The account's curves of spend mix all records, so only the pools' own curves stay, without what was planned for
/// all records together.
fn scope_series(position: &Position, series: &Series) -> Series {
    let anonymous = |pool: &PoolSeries| PoolSeries {
        id: String::new(),
        name: strike_ids(&pool.name, position),
        planned: Vec::new(),
        ..pool.clone()
    };
    Series { pools: series.pools.iter().map(anonymous).collect(), ..Series::default() }
}

const fn speaks_of_credit_ending(rule: Rule) -> bool {
    matches!(rule, Rule::Exhaustion | Rule::ExpiringCredit)
}

fn missing_days(position: &Position) -> Option<MissingHistory> {
    let missing = position.data_quality.missing_history.clone()?;
    Some(MissingHistory { problem: String::new(), advice: String::new(), ..missing })
}

fn anonymous_pool(pool: &PoolPosition, position: &Position) -> PoolPosition {
    PoolPosition { id: String::new(), name: strike_ids(&pool.name, position), ..pool.clone() }
}

fn anonymous_finding(finding: &Finding, position: &Position) -> Finding {
    Finding {
        named: None,
        key: String::new(),
        summary: strike_ids(&finding.summary, position),
        // The advice is for the owner, and can name services and models of other records.
        reason: String::new(),
        ..finding.clone()
    }
}

/// Replaces credit ids and account numbers. A pool that config does not name can be called by its id.
fn strike_ids(text: &str, position: &Position) -> String {
    let mut struck = text.to_owned();
    for pool in position.credits.pools.iter().filter(|pool| !pool.id.is_empty()) {
        struck = struck.replace(&pool.id, "(credit)");
    }
    strike_account_numbers(&struck)
}

/// An AWS account number is 12 digits that stand alone.
fn strike_account_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut digits = String::new();
    for character in text.chars().chain(std::iter::once('\0')) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        out.push_str(if digits.len() == 12 { "(account)" } else { &digits });
        digits.clear();
        if character != '\0' {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_are_struck_and_other_digits_stay() {
        assert_eq!(strike_account_numbers("by 123456789012, $1,200 in 2026"), "by (account), $1,200 in 2026");
        assert_eq!(strike_account_numbers("123456789012"), "(account)");
        assert_eq!(strike_account_numbers("1234567890123 and 2026-11-23"), "1234567890123 and 2026-11-23");
    }
}
