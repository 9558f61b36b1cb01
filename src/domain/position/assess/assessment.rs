//! All that is derived from the facts of one moment.

use super::context::Context;
use super::newest_names;
use super::newest_names::Known;
use super::plans::Plans;
use super::span::Span;
use crate::billing::costs::{Costs, split_costs};
use crate::billing::daily_cost::SplitCost;
use crate::billing::renamed::Renames;
use crate::credit::awaited::awaited;
use crate::credit::ledger::{Drawdown, Ledger, replay_rows};
use crate::credit::reconcile::{Reconciliation, reconcile};
use crate::credit::statement::statements;
use crate::facts::Facts;
use crate::filing::Filing;
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};
use std::borrow::Cow;

/// All that is derived from the facts of one moment.
#[derive(Debug)]
pub struct Assessment<'a> {
    pub(super) facts: Cow<'a, Facts>,
    pub(super) context: Known<'a>,
    /// Which names of the bill are one service. Facts, filing and rules are read under the newest of each.
    pub(super) renames: Renames,
    pub(super) costs: Costs,
    /// Replay of the actual costs, partial newest days included; its pools are in drawing order.
    pub ledger: Ledger,
    /// Balance of each pool at the end of `data_through`, AWS's statement first; of a pool that was over by then,
    /// what was left in it.
    pub(super) balances: Vec<Money>,
    /// What replay draws of open bills and AWS has yet to apply.
    pub(super) awaited: Vec<Drawdown>,
    /// First stored and last complete day, if there is one.
    pub(super) span: Option<Span>,
    /// What is planned, beside the bill.
    pub(super) plans: Plans,
}

impl<'a> Assessment<'a> {
    /// Derives everything from the facts.
    pub fn new(facts: &'a Facts, context: Context<'a>) -> Self {
        let renames = Renames::learn(facts, context.classifier);
        let (facts, context) = newest_names::read(facts, context, &renames);
        let costs = split_costs(&facts, &context.classifier);
        let pools = crate::credit::pools::pools(&facts, context.pools, context.classifier.service_aliases());
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
        let mut ledger = replay_rows(&pools, costs.split.iter().map(SplitCost::row), range);
        let stated = statements(&facts, &ledger);
        ledger.pools.iter_mut().zip(stated).for_each(|(pool, stated)| pool.stated = stated);
        let awaited = span.map(|span| awaited(&ledger, &facts, span.days())).unwrap_or_default();
        let (balances, plans) = (Vec::new(), Plans::default());
        let mut assessment = Assessment { facts, context, renames, costs, ledger, balances, awaited, span, plans };
        assessment.balances = (0..assessment.ledger.pools.len()).map(|pool| assessment.balance(pool)).collect();
        assessment.plans = assessment.read_plans();
        assessment
    }

    /// Replay against what AWS reports; nothing before the first complete day.
    pub(super) fn reconciliation(&self) -> Reconciliation {
        self.span.map(|span| reconcile(&self.ledger, &self.facts, &self.awaited, span.days())).unwrap_or_default()
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
        self.context.filing.as_deref()
    }
}
