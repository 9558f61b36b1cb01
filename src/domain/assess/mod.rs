//! From facts to a [`Position`]: classify, replay three times, compare, reconcile.
//!
//! An [`Assessment`] holds what every view of one moment shares. The outlook is made from it once a cycle and stored;
//! the position is put together from it and a stored outlook, so that reading never forecasts.

//! Each file beside this one derives one part of the position, and adds it as methods of [`Assessment`].

mod ahead;
mod at_least;
mod bill;
mod buys;
mod drafted;
mod exhausted;
mod filed;
mod newest_names;
mod planned;
mod pools;
mod quality;
mod returned;
mod reviewed;
mod rising;
mod run;
mod span;
mod track;
mod uncovered;
mod watched;

use rust_decimal::Decimal;
use std::borrow::Cow;

pub use self::filed::Filing;
use self::newest_names::Known;
use self::planned::Plans;
pub use self::quality::request_price;
use self::span::Span;
use super::awaited::awaited;
use super::bills::Bills;
use super::classify::Classifier;
use super::costs::{Costs, SplitCost, split_costs, workload_spend};
use super::facts::Facts;
use super::ledger::{Drawdown, Ledger, replay_rows};
use super::money::Money;
use super::next_award::Wanted;
use super::outlook::Outlook;
use super::period::{DayRange, plus_days};
use super::pools::ConfiguredPool;
use super::position::{OutlookState, Position};
use super::price::PriceBook;
use super::reconcile::{Reconciliation, reconcile};
use super::renamed::Renames;
use super::review::NextAsk;
use super::statement::statements;
use super::track_record::TrackRecord;

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
    /// What config says of the award meant next.
    pub next_award: Wanted,
}

/// All that is derived from the facts of one moment.
#[derive(Debug)]
pub struct Assessment<'a> {
    facts: Cow<'a, Facts>,
    context: Known<'a>,
    /// Which names of the bill are one service. Facts, filing and rules are read under the newest of each.
    renames: Renames,
    costs: Costs,
    /// Replay of the actual costs, partial newest days included; its pools are in drawing order.
    pub ledger: Ledger,
    /// Balance of each pool at the end of `data_through`, AWS's statement first; of a pool that was over by then,
    /// what was left in it.
    balances: Vec<Money>,
    /// What replay draws of open bills and AWS has yet to apply.
    awaited: Vec<Drawdown>,
    /// First stored and last complete day, if there is one.
    span: Option<Span>,
    /// What is planned, beside the bill.
    plans: Plans,
}

impl<'a> Assessment<'a> {
    /// Derives everything from the facts.
    pub fn new(facts: &'a Facts, context: Context<'a>) -> Self {
        let renames = Renames::learn(facts, context.classifier);
        let (facts, context) = newest_names::read(facts, context, &renames);
        let costs = split_costs(&facts, &context.classifier);
        let pools = super::pools::pools(&facts, context.pools, context.classifier.service_aliases());
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

    /// The position, with findings and the next award left to the alert rules, and the track record to
    /// [`Assessment::track_record`].
    pub fn position(&self, outlook: Option<&Outlook>) -> Position {
        let (credits, coverage, variance) = (self.credits(outlook), self.coverage(), self.variance());
        let inputs = reviewed::Inputs {
            variance: &variance,
            credits: &credits,
            coverage: &coverage,
            uncovered: outlook.and_then(|outlook| outlook.uncovered.p50),
        };
        let review = self.review(&inputs);
        let reconciliation = self.reconciliation();
        let at_least = self.at_least(&credits);
        Position {
            as_of: self.facts.as_of,
            data_through: self.facts.data_through(),
            currency: self.facts.currency.clone(),
            spend: self.spend(),
            buys: self.buys(&credits.pools),
            credits,
            exhaustion: self.exhaustion(outlook),
            workloads: self.span.map(|span| workload_spend(&self.costs, span.month_to_date())).unwrap_or_default(),
            coverage,
            variance,
            trajectory: outlook.map(|outlook| self.trajectory(outlook)).unwrap_or_default(),
            findings: Vec::new(),
            data_quality: self.data_quality(&reconciliation),
            reconciliation,
            outlook_basis: outlook.map(|outlook| outlook.basis.clone()),
            outlook_reaches: outlook.and_then(|outlook| outlook.reaches),
            outlook_made_with: outlook.and_then(|outlook| outlook.made_with.clone()),
            exposure: outlook.and_then(|outlook| outlook.exposure),
            uncovered: outlook.map(|outlook| outlook.uncovered).unwrap_or_default(),
            sensitivity: outlook.and_then(|outlook| outlook.sensitivity.clone()),
            filing: self.filing().map(Filing::reference),
            next_ask: review.next_ask.as_ref().and_then(NextAsk::asked),
            review,
            track_record: TrackRecord::default(),
            award_meant: self.award_meant(),
            next_award: None,
            planned: self.plans.rows(),
            entered_through: self.facts.entered_through,
            outlook_state: OutlookState::Current,
            at_least,
            account_plan: self.facts.account_plan.clone(),
            usage: self.usage(),
            bills: Bills { cash_per_day: self.cash_per_day(), ..Bills::default() },
        }
    }

    /// Replay against what AWS reports; nothing before the first complete day.
    fn reconciliation(&self) -> Reconciliation {
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
