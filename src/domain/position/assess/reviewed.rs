//! What a reviewer would ask, answered from the facts.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Assessment;
use super::span::Span;
use crate::billing::daily_cost::{CostRow, SplitCost, Stream};
use crate::credit::coverage::{Coverage, CoverageState};
use crate::credit::ledger::{Ledger, replay_rows};
use crate::credit::programme::{Programme, Purpose};
use crate::facts::account_plan::AccountPlan;
use crate::filing::next_award::{Known, Meant};
use crate::filing::projection::{PlannedMonth, daily_costs, daily_plan};
use crate::filing::review::assumptions::{Used, WINDOW_DAYS, assumptions};
use crate::filing::review::credibility::{self, Claim, Elsewhere, Months};
use crate::filing::review::earned_value::{Ahead, EarnedValue, PoolValue, Rate, at_run_rate, days_ahead};
use crate::filing::review::next_ask::{Basis, LEVEL_DAYS, MONTHS, NextAsk, NoAsk, next_ask};
use crate::filing::review::{GrantedBand, Review};
use crate::filing::variance::Variance;
use crate::forecast::has_changed_within;
use crate::position::{Credits, PoolPosition, PoolStatus};
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange, plus_days};

/// What the rest of the position contributes.
pub(super) struct Inputs<'a> {
    pub variance: &'a [Variance],
    pub credits: &'a Credits,
    pub coverage: &'a [Coverage],
    /// Of the next 365 days, at the median.
    pub uncovered: Option<Money>,
}

impl Assessment<'_> {
    pub(super) fn review(&self, inputs: &Inputs<'_>) -> Review {
        let Some(span) = self.span else { return Review::default() };
        let earned_value = self.earned_value(span, &inputs.credits.pools);
        let ask = self.next_ask(span, inputs);
        Review {
            assumptions: self.assumptions(span),
            claims: self.claims(span, inputs, earned_value.as_ref()),
            no_ask: ask.as_ref().err().copied(),
            next_ask: ask.ok(),
            granted_band: self.granted_band(),
            earned_value,
        }
    }

    /// Balances had spend gone as filed since it was filed, and as it did before; `None` while nothing is filed.
    pub fn planned_ledger(&self, end: NaiveDate) -> Option<Ledger> {
        let span = self.span?;
        let until = |plan: &&PlannedMonth| plan.month.first_day() < end;
        let months: Vec<PlannedMonth> = self.filing()?.plan.iter().filter(until).cloned().collect();
        let plan = daily_costs(&daily_plan(&months));
        let first = plan.iter().map(|cost| cost.day).min()?;
        let before = self.costs.split.iter().filter(|cost| cost.day < first).map(SplitCost::row);
        let rows = before.chain(plan.iter().map(CostRow::from));
        Some(replay_rows(&self.ledger.pools, rows, DayRange::new(first.min(span.first), end)))
    }

    fn assumptions(&self, span: Span) -> Vec<crate::filing::review::Assumption> {
        let Some(filing) = self.filing() else { return Vec::new() };
        let used: Vec<Used<'_>> = self
            .costs
            .detail
            .iter()
            .filter(|row| span.days().contains(row.day))
            .map(|row| {
                let class = &self.costs.kinds[row.kind].class;
                let quantity = class.scale.map(|scale| row.quantity.times(scale).amount());
                Used { day: row.day, class, cost: row.cost, quantity }
            })
            .collect();
        assumptions(&filing.projection, &filing.plan, &used, span.days())
    }

    fn claims(&self, span: Span, inputs: &Inputs<'_>, value: Option<&EarnedValue>) -> Vec<Claim> {
        let Some(filing) = self.filing() else { return Vec::new() };
        let months = Months::of(span.days(), filing.projection.first_month());
        let held = value.into_iter().flat_map(|value| value.pools.iter().zip(&inputs.credits.pools));
        let mut claims: Vec<Claim> = held
            .filter(|(_, pool)| matches!(pool.status, PoolStatus::Active | PoolStatus::Pending))
            .map(|(value, pool)| {
                let days_left = (pool.expires_on - span.through).num_days() - 1;
                credibility::pace(value, pool.expires_on, days_left)
            })
            .collect();
        claims.extend(credibility::projections(&filing.projection, inputs.variance, months));
        claims.extend(credibility::commitments(&filing.projection, inputs.variance, months));
        claims.extend(credibility::elsewhere(inputs.variance, &self.model_spend_elsewhere(months), months));
        claims
    }

    /// Hours on GPU instances by service, and models that are sold outside Bedrock.
    fn model_spend_elsewhere(&self, months: Option<Months>) -> BTreeMap<Elsewhere, Money> {
        let mut spend: BTreeMap<Elsewhere, Money> = BTreeMap::new();
        let Some(months) = months else { return spend };
        for row in self.costs.detail.iter().filter(|row| months.contains(BillingPeriod::of(row.day))) {
            let kind = &self.costs.kinds[row.kind];
            let service = || kind.service.clone();
            let place = if self.context.classifier.sells_models_elsewhere(&kind.service) {
                Elsewhere::Models(service())
            } else if kind.usage_type.as_deref().is_some_and(credibility::is_gpu) {
                Elsewhere::Gpus(service())
            } else {
                continue;
            };
            *spend.entry(place).or_default() += row.cost;
        }
        spend
    }

    /// From what credit could pay in each full month: services that no pool's list names are left out.
    fn next_ask(&self, span: Span, inputs: &Inputs<'_>) -> Result<NextAsk, NoAsk> {
        if self.is_on_free_plan() {
            return Err(NoAsk::FreePlan);
        }
        let uncovered = |service: &str| {
            inputs.coverage.iter().any(|row| row.service == service && row.state == CoverageState::Uncovered)
        };
        let mut months: BTreeMap<BillingPeriod, Money> = BTreeMap::new();
        for cost in self.costs.split.iter().filter(|cost| !uncovered(&cost.service)) {
            *months.entry(BillingPeriod::of(cost.day)).or_default() += cost.payable;
        }
        let whole =
            |month: BillingPeriod| span.first <= month.first_day() && month.next().first_day() <= span.days().end;
        let months: Vec<_> = months.into_iter().filter(|(month, _)| whole(*month)).collect();
        let daily = self.payable_days(span, uncovered);
        let since = months.len().checked_sub(MONTHS).map(|at| (span.through - months[at].0.first_day()).num_days() + 1);
        let changed = since.is_some_and(|days| has_changed_within(&daily, usize::try_from(days).unwrap_or(0)));
        let newest = span.last(LEVEL_DAYS);
        let since_change = (changed && newest.len() == LEVEL_DAYS).then(|| {
            let in_days = self.costs.split.iter().filter(|cost| newest.contains(cost.day) && !uncovered(&cost.service));
            in_days.map(|cost| cost.payable).sum()
        });
        next_ask(&Basis {
            months: &months,
            since_change,
            held: inputs.credits.remaining,
            uncovered: inputs.uncovered,
            programme: self.award_meant().programme,
            granted: &self.granted(),
        })
    }

    /// What is granted of the band that all awards but the accelerator's reach together.
    fn granted_band(&self) -> Option<GrantedBand> {
        let unnamed = self.ledger.pools.iter().filter(|pool| pool.programme.is_none()).map(|pool| pool.granted);
        GrantedBand::of(&self.granted(), unnamed.sum()).filter(|_| !self.is_on_free_plan())
    }

    fn is_on_free_plan(&self) -> bool {
        self.facts.account_plan.as_ref().is_some_and(AccountPlan::is_free)
    }

    /// The award that is meant next.
    pub(super) fn award_meant(&self) -> Meant {
        let known = Known { granted: self.granted(), yearly: self.yearly() };
        self.context.next_award.meant(&known, self.facts.as_of.date_naive())
    }

    /// A year at the pace of the newest days, of what credit could pay, by purpose.
    pub(super) fn yearly(&self) -> BTreeMap<Purpose, Money> {
        let mut yearly: BTreeMap<Purpose, Money> = BTreeMap::new();
        if let Some(span) = self.span {
            let newest = span.last(WINDOW_DAYS);
            for cost in self.costs.split.iter().filter(|cost| newest.contains(cost.day)) {
                *yearly.entry(Purpose::of(cost.workload)).or_default() += cost.payable;
            }
            yearly
                .values_mut()
                .for_each(|sum| *sum = Money::from_decimal(sum.times(365.into()).per(newest.len()).cents()));
        }
        yearly
    }

    /// What each programme granted, every pool of it ever seen.
    pub(super) fn granted(&self) -> BTreeMap<Programme, Money> {
        let mut granted: BTreeMap<Programme, Money> = BTreeMap::new();
        for pool in &self.ledger.pools {
            if let Some(programme) = pool.programme {
                *granted.entry(programme).or_default() += pool.granted;
            }
        }
        granted
    }

    /// What credit could have paid on each complete day.
    fn payable_days(&self, span: Span, uncovered: impl Fn(&str) -> bool) -> Vec<Money> {
        let mut daily: BTreeMap<NaiveDate, Money> = span.days().days().map(|day| (day, Money::ZERO)).collect();
        for cost in self.costs.split.iter().filter(|cost| !uncovered(&cost.service)) {
            if let Some(sum) = daily.get_mut(&cost.day) {
                *sum += cost.payable;
            }
        }
        daily.into_values().collect()
    }

    fn earned_value(&self, span: Span, shown: &[PoolPosition]) -> Option<EarnedValue> {
        let pools = &self.ledger.pools;
        let window = span.last(WINDOW_DAYS);
        let mut sums: BTreeMap<Stream, (Money, Money)> = BTreeMap::new();
        for cost in self.costs.split.iter().filter(|cost| window.contains(cost.day)) {
            let (payable, discount) = sums.entry(Stream::from(&cost.recurring())).or_default();
            *payable += cost.payable;
            *discount += cost.discount;
        }
        let days = window.len();
        let per_day = |(stream, (payable, discount)): (Stream, (Money, Money))| Rate {
            stream,
            payable: payable.per(days),
            discount: discount.per(days),
        };
        let rate: Vec<Rate> = sums.into_iter().map(per_day).collect();
        let left: Vec<Money> = shown.iter().map(|pool| pool.remaining).collect();
        let ahead = at_run_rate(pools, &left, &rate, days_ahead(pools, &left, span.through));
        let planned = self.planned_ledger(plus_days(span.through, 1));
        let value = |(index, (pool, ahead)): (usize, (&PoolPosition, Ahead))| {
            let draws = || self.ledger.drawdowns.iter().filter(|draw| draw.pool == index && draw.day <= span.through);
            let recent: Money = draws().filter(|draw| window.contains(draw.day)).map(|draw| draw.amount).sum();
            let estimate = pool.drawn + ahead.drawn;
            let used_up = pool.drawn == pool.granted;
            let planned_to_date = planned.as_ref().map(|ledger| {
                let planned = ledger.drawdowns.iter().filter(|draw| draw.pool == index).map(|draw| draw.amount);
                planned.sum::<Money>()
            });
            PoolValue {
                id: pool.id.clone(),
                name: pool.name.clone(),
                granted: pool.granted,
                planned_to_date,
                drawn_to_date: pool.drawn,
                ahead_of_plan: planned_to_date.map(|planned| pool.drawn - planned),
                run_rate: recent.per(window.len()),
                estimate_at_completion: estimate,
                variance_at_completion: pool.granted - estimate,
                completes_on: if used_up { draws().map(|draw| draw.day).max() } else { ahead.empty_on },
            }
        };
        EarnedValue::of(shown.iter().zip(ahead).enumerate().map(value).collect())
    }
}
