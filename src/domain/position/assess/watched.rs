//! What the rules look at beside the position: the pace, what rose and why, and where credit went.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Assessment;
use crate::billing::costs::DetailRow;
use crate::credit::coverage::Coverage;
use crate::credit::programme::{Programme, Programmes, Purpose};
use crate::facts::charge::BillPart;
use crate::facts::vanished::runs;
use crate::position::observations::{
    ChangeCause, DrainedCredit, GoneCredit, ModelSpend, Observations, SpendChange, VanishedDays,
};
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};
use crate::values::quantiles::DayAmount;
use crate::values::workload::Workload;

/// Days of the pace.
const BURN_DAYS: i64 = 28;
/// Complete days that a rise is looked for in.
const RECENT_DAYS: i64 = 3;
/// Days before them that it is measured against, and how many of these there must be.
const BEFORE_DAYS: i64 = 28;
const LEAST_BEFORE_DAYS: i64 = 14;
/// Days in which nothing may have been as high.
const QUARTER_DAYS: i64 = 90;

impl Assessment<'_> {
    /// Everything but what only the caller knows: channels, and what was told. `own` are the accounts that are watched.
    pub fn observations(&self, coverage: &[Coverage], own: &BTreeSet<String>) -> Observations {
        Observations {
            uncovered: self.uncovered(coverage),
            unknown_record_types: self.unknown_record_types(),
            order_contradictions: self.order_contradictions(),
            burn: self.burn(),
            changes: self.changes(),
            rising: self.rising(),
            model_spend: self.model_spend(),
            gone: self.gone(),
            drained: self.drained(own),
            vanished: self.vanished(),
            first_names: self.renames.first_names(),
            ..Observations::default()
        }
    }

    /// What the last four weeks cost on models whose makers' credit pays, and on accelerators on demand.
    fn model_spend(&self) -> ModelSpend {
        let Some(span) = self.span else { return ModelSpend::default() };
        let days = span.last(BURN_DAYS);
        let table = Programmes::builtin();
        let classifier = &self.context.classifier;
        let pays = |model: &String| classifier.model_makers(model).any(|maker| table.pays_models_of(maker));
        let models = self.costs.detail.iter().filter(|row| days.contains(row.day)).filter(|row| {
            let class = &self.costs.kinds[row.kind].class;
            class.workload == Workload::BedrockInference && class.model.as_ref().is_some_and(pays)
        });
        let on_chips = |workload| matches!(workload, Workload::Trainium | Workload::Inferentia);
        let chips = self.costs.split.iter().filter(|cost| days.contains(cost.day) && on_chips(cost.workload));
        let last_28_days = models.map(|row| row.cost).sum::<Money>() + chips.map(|cost| cost.payable).sum::<Money>();
        let (granted, yearly) = (self.granted(), self.yearly());
        let fits = |programme: &Programme| {
            let terms = table.of(*programme);
            let meant = terms.funds(Purpose::Inference) || terms.funds(Purpose::Training);
            *programme != Programme::Founders && meant && terms.fits(&yearly) && !terms.is_held_at_ceiling(&granted)
        };
        ModelSpend { last_28_days, fits: Programme::ALL.into_iter().filter(fits).collect() }
    }

    /// Cost per day that some credit could pay.
    pub(super) fn burn(&self) -> Vec<DayAmount> {
        let Some(span) = self.span else { return Vec::new() };
        let days = span.last(BURN_DAYS);
        let mut by_day: BTreeMap<NaiveDate, Money> = days.days().map(|day| (day, Money::ZERO)).collect();
        for cost in self.costs.split.iter().filter(|cost| days.contains(cost.day)) {
            if self
                .ledger
                .pools
                .iter()
                .any(|pool| pool.pays_purchase(&cost.service, cost.purchase) && pool.window().contains(cost.day))
            {
                *by_day.entry(cost.day).or_default() += cost.payable;
            }
        }
        by_day.into_iter().map(|(day, amount)| DayAmount { day, amount }).collect()
    }

    /// Models and services that cost more over the last days than in the weeks before.
    fn changes(&self) -> Vec<SpendChange> {
        let Some(span) = self.span else { return Vec::new() };
        let recent = span.last(RECENT_DAYS);
        let before = DayRange::new(plus_days(recent.start, -BEFORE_DAYS).max(span.first), recent.start);
        if before.len() < LEAST_BEFORE_DAYS {
            return Vec::new();
        }
        let quarter = DayRange::new(plus_days(recent.start, -QUARTER_DAYS).max(span.first), recent.start);
        let subjects = self.by_subject(DayRange::new(quarter.start, recent.end));
        let change = |(subject, rows): (&str, Vec<&DetailRow>)| {
            let windows = Windows { recent, before, quarter };
            self.change(subject, &rows, &windows)
        };
        subjects.into_iter().filter_map(change).collect()
    }

    /// Rows of `days` by what people call them: the model, or the service where no model is known.
    pub(super) fn by_subject(&self, days: DayRange) -> BTreeMap<&str, Vec<&DetailRow>> {
        let mut subjects: BTreeMap<&str, Vec<&DetailRow>> = BTreeMap::new();
        // One-off fees are cash of their day, and no spend that goes on.
        let goes_on = |row: &&DetailRow| row.one_off.is_zero() || !row.recurring().is_zero();
        for row in self.costs.detail.iter().filter(|row| days.contains(row.day)).filter(goes_on) {
            subjects.entry(self.costs.kinds[row.kind].subject()).or_default().push(row);
        }
        subjects
    }

    fn change(&self, subject: &str, rows: &[&DetailRow], windows: &Windows) -> Option<SpendChange> {
        let mut by_day: BTreeMap<NaiveDate, Money> = BTreeMap::new();
        for row in rows {
            *by_day.entry(row.day).or_default() += row.recurring();
        }
        let sum = |days: DayRange| by_day.range(days.start..days.end).map(|(_, cost)| *cost).sum::<Money>();
        let average = |days: DayRange| sum(days).per(days.len());
        let (recent, before) = (average(windows.recent), average(windows.before));
        if recent <= before {
            return None;
        }
        let threes = windows.quarter.days().map(|day| DayRange::new(day, plus_days(day, RECENT_DAYS)));
        let threes = threes.filter(|three| three.end <= windows.recent.start);
        let highest = threes.map(average).max().unwrap_or_default();
        // The rise began with the last run of days that are nearer to what is now than to what was.
        let middle = (recent + before).per(2);
        let rose = |day: NaiveDate| by_day.get(&day).is_some_and(|cost| *cost > middle);
        let last = plus_days(windows.recent.end, -1);
        let back = (0..QUARTER_DAYS).map(|days| plus_days(last, -days));
        let since = back.skip_while(|day| !rose(*day)).take_while(|day| rose(*day)).last().unwrap_or(last);
        let (cause, cause_amount) = self.cause(rows, windows);
        Some(SpendChange {
            subject: subject.to_owned(),
            recent_per_day: recent,
            before_per_day: before,
            highest_before: highest,
            since,
            cause,
            cause_amount,
        })
    }

    /// Divides the rise a day into volume, price, mix and what is new, and names the largest. Where all is counted in one
    /// unit, volume is what the old mix at old prices would have cost more; where it is not, each usage type has its own.
    pub(super) fn cause(&self, rows: &[&DetailRow], windows: &Windows) -> (ChangeCause, Money) {
        let mut kinds: BTreeMap<usize, [Metered; 2]> = BTreeMap::new();
        for row in rows {
            let side = match row.day {
                day if windows.recent.contains(day) => 1,
                day if windows.before.contains(day) => 0,
                _ => continue,
            };
            let kind = &mut kinds.entry(row.kind).or_default()[side];
            kind.cost += row.recurring();
            let scale = self.costs.kinds[row.kind].class.scale.unwrap_or(Decimal::ONE);
            kind.quantity += row.quantity.times(scale).amount();
        }
        let lengths = [windows.before.len(), windows.recent.len()];
        for sides in kinds.values_mut() {
            for (side, days) in sides.iter_mut().zip(lengths) {
                *side = Metered { cost: side.cost.per(days), quantity: side.quantity / Decimal::from(days) };
            }
        }
        let units: BTreeSet<&str> = kinds.keys().map(|kind| self.costs.kinds[*kind].class.unit.as_str()).collect();
        let total = |side: usize| kinds.values().map(|sides| sides[side].quantity).sum::<Decimal>();
        let ratio = (units.len() == 1 && total(0) > Decimal::ZERO).then(|| total(1).checked_div(total(0))).flatten();

        let (mut volume, mut price, mut mix, mut new) = (Money::ZERO, Money::ZERO, Money::ZERO, Money::ZERO);
        let mut dearest: Option<(Money, usize)> = None;
        for (kind, [was, is]) in &kinds {
            let (Some(old), Some(now)) = (was.price(), is.price()) else {
                if was.quantity.is_zero() && ratio.is_none() {
                    new += is.cost;
                    dearest = dearest.max(Some((is.cost, *kind)));
                } else {
                    mix += is.cost - was.cost;
                }
                continue;
            };
            let at_old_price = Money::from_decimal(old.saturating_mul(is.quantity));
            price += Money::from_decimal(now.saturating_mul(is.quantity)) - at_old_price;
            let grown = ratio.map_or(at_old_price, |ratio| was.cost.times(ratio));
            volume += grown - was.cost;
            mix += at_old_price - grown;
        }
        let unit = units.first().map_or_else(String::new, |unit| (*unit).replace('_', " "));
        let name = |kind: usize| self.costs.kinds[kind].usage_type.clone().unwrap_or_default();
        let new_usage = ChangeCause::New { usage_type: dearest.map(|(_, kind)| name(kind)).unwrap_or_default() };
        let parts = [
            (mix, ChangeCause::Mix),
            (new, new_usage),
            (price, ChangeCause::Price),
            (volume, ChangeCause::Volume { ratio, unit }),
        ];
        let [first, rest @ ..] = parts;
        let (amount, cause) = rest.into_iter().fold(first, |best, part| if part.0 >= best.0 { part } else { best });
        (cause, amount)
    }

    /// Credits that AWS lists no more and of which nothing is taken to be left.
    fn gone(&self) -> Vec<GoneCredit> {
        let pools = self.ledger.pools.iter().filter(|pool| pool.is_gone());
        let seen = pools.filter_map(|pool| self.facts.credits.iter().find(|seen| seen.snapshot.credit_id == pool.id));
        seen.map(|seen| GoneCredit {
            pool: seen.snapshot.credit_id.clone(),
            name: self.pool_name(&seen.snapshot.credit_id),
            last_seen: seen.seen_on,
            held: seen.snapshot.usable_balance().unwrap_or_default(),
        })
        .collect()
    }

    /// What credits paid for other accounts, by AWS's allocation history. Without any own account nobody is another.
    fn drained(&self, own: &BTreeSet<String>) -> Vec<DrainedCredit> {
        let mut drained: BTreeMap<&str, DrainedCredit> = BTreeMap::new();
        let others = self.facts.allocations.iter().filter(|row| !own.is_empty() && !own.contains(&row.account));
        for row in others.filter(|row| !row.amount.is_zero()) {
            let fresh = || DrainedCredit {
                pool: row.credit_id.clone(),
                name: self.pool_name(&row.credit_id),
                since: row.month,
                accounts: BTreeSet::new(),
                amount: Money::ZERO,
            };
            let credit = drained.entry(&row.credit_id).or_insert_with(fresh);
            credit.since = credit.since.min(row.month);
            credit.accounts.insert(row.account.clone());
            credit.amount += row.amount;
        }
        drained.into_values().collect()
    }

    /// Days that AWS no longer shows, in runs.
    fn vanished(&self) -> Vec<VanishedDays> {
        let kept = &self.facts.vanished;
        let days: Vec<NaiveDate> = kept.iter().map(|kept| kept.day).collect();
        let parts = self.bill_parts();
        let cost = |days: DayRange| {
            let rows = self.facts.charges.iter().filter(|row| days.contains(row.day));
            rows.filter(|row| parts[row.kind] == BillPart::Gross).map(|row| row.cost).sum()
        };
        let noticed = |days: DayRange| {
            let of = kept.iter().filter(|kept| days.contains(kept.day));
            of.map(|kept| kept.noticed_on).min().unwrap_or(days.end)
        };
        let run = |days: DayRange| VanishedDays { days, cost: cost(days), noticed_on: noticed(days) };
        runs(&days).into_iter().map(run).collect()
    }

    fn pool_name(&self, id: &str) -> String {
        let pool = self.ledger.pools.iter().find(|pool| pool.id == id);
        pool.map_or_else(|| id.to_owned(), |pool| pool.name.clone())
    }
}

/// The days that a change is measured over.
pub(super) struct Windows {
    pub recent: DayRange,
    pub before: DayRange,
    pub quarter: DayRange,
}

/// Cost and quantity a day.
#[derive(Default)]
struct Metered {
    cost: Money,
    quantity: Decimal,
}

impl Metered {
    fn price(&self) -> Option<Decimal> {
        self.cost.amount().checked_div(self.quantity).filter(|_| self.quantity > Decimal::ZERO)
    }
}
