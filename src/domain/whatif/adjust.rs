//! A scenario made into other inputs of the outlook.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::change::{Award, Change, Launch, Training};
use super::refused::{Problem, Refused};
use super::tokens::{Tokens, WORKLOAD};
use super::{Base, Scenario};
use crate::billing::daily_cost::DailyCost;
use crate::billing::price::plan_money;
use crate::credit::ledger::{AWS_ORDER, drawing_order};
use crate::credit::{CreditPool, EligibleServices};
use crate::facts::plan::Volume;
use crate::filing::projection::{EC2_COMPUTE, SAGEMAKER};
use crate::outlook::{Changes, HORIZON_DAYS, Outlook, OutlookInputs, days_ahead, outlook};
use crate::plan::{Days, Priced, Reading};
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};
use crate::values::service::ServiceMatcher;
use crate::values::workload::Workload;

/// Changes that are made together at most: a question is asked by a person, and each costs time and memory.
const MOST_CHANGES: usize = 20;

/// The inputs after a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjusted {
    /// Daily costs, all of the past scaled as the last 28 days change.
    pub recurring: Vec<DailyCost>,
    /// Pools in drawing order.
    pub pools: Vec<CreditPool>,
    /// What is left in each.
    pub balances: Vec<Money>,
    /// Ids of the pools that the scenario lands.
    pub landed: Vec<String>,
    /// Models that a change of all models leaves as they are, for want of a price.
    pub left_out: BTreeSet<String>,
    /// Services that the scenario brings cost to which another one billed, or nothing did.
    pub moved_to: BTreeSet<String>,
    /// Costs of days to come.
    pub added: Vec<DailyCost>,
    /// Growth per month beyond the forecast.
    pub growth_per_month: Decimal,
}

impl Adjusted {
    /// The inputs as they are.
    fn unchanged(base: &Base) -> Adjusted {
        Adjusted {
            recurring: base.inputs.recurring.to_vec(),
            pools: base.inputs.pools.to_vec(),
            balances: base.inputs.balances.to_vec(),
            landed: base.inputs.changes.landed.to_vec(),
            left_out: BTreeSet::new(),
            moved_to: BTreeSet::new(),
            added: Vec::new(),
            growth_per_month: Decimal::ZERO,
        }
    }

    /// The outlook after the scenario.
    pub fn outlook(&self, base: &Base) -> Outlook {
        outlook(&OutlookInputs {
            recurring: &self.recurring,
            pools: &self.pools,
            balances: &self.balances,
            changes: Changes {
                added: &self.added,
                landed: &self.landed,
                growth_per_month: self.growth_per_month,
                ..base.inputs.changes
            },
            ..*base.inputs
        })
    }
}

/// Applies all changes together: tokens in the order of the changes, each to what the one before left.
///
/// # Errors
/// [`Refused`] with everything that has no price, no tokens, or lies outside the days looked at; or for more changes than
/// are answered together.
pub fn adjust(base: &Base, scenario: &Scenario) -> Result<Adjusted, Refused> {
    let excess = excess(scenario);
    if !excess.is_empty() {
        return Err(Refused(excess));
    }
    let mut adjusted = Adjusted::unchanged(base);
    let mut tokens = Tokens::of(base.costs, base.prices, base.classifier, base.on);
    let before: BTreeMap<(String, String), Money> = owned(&tokens);
    let mut problems = Vec::new();
    for change in scenario {
        problems.extend(match change {
            Change::Switch { from, to } => tokens.switch(from, to),
            Change::CacheHits { model, target } => tokens.cache_hits(model.as_deref(), *target),
            Change::Batch { model, target } => tokens.batch(model.as_deref(), *target),
            Change::Growth(share) => {
                adjusted.growth_per_month = *share;
                Vec::new()
            }
            Change::Train(training) => train(base, training, &mut adjusted.added),
            Change::Award(award) => land(base, award, &mut adjusted),
            Change::Launch(launch) => begin(base, launch, &mut adjusted.added),
        });
    }
    let factors = factors(base, &before, &owned(&tokens));
    match factors {
        Ok(factors) if problems.is_empty() => {
            adjusted.left_out.clone_from(tokens.left_out());
            let moved = factors.keys().filter(|(was, is)| was != is).map(|(_, is)| is);
            adjusted.moved_to = moved.chain(adjusted.added.iter().map(|cost| &cost.service)).cloned().collect();
            if !factors.is_empty() {
                adjusted.recurring = scaled(base.inputs.recurring, &factors);
            }
            Ok(adjusted)
        }
        Ok(_) => Err(Refused(problems)),
        Err(problem) => {
            problems.push(problem);
            Err(Refused(problems))
        }
    }
}

/// What a dollar of each service brings to which service once all tokens of a model go to another.
///
/// # Errors
/// [`Refused`] if the model has no tokens, or the other one no price.
pub fn switch_factors(base: &Base, from: &str, to: &str) -> Result<BTreeMap<(String, String), Decimal>, Refused> {
    let mut tokens = Tokens::of(base.costs, base.prices, base.classifier, base.on);
    let before = owned(&tokens);
    let problems = tokens.switch(from, to);
    if !problems.is_empty() {
        return Err(Refused(problems));
    }
    factors(base, &before, &owned(&tokens)).map_err(|problem| Refused(vec![problem]))
}

/// What keeps a scenario from being looked at at all.
fn excess(scenario: &Scenario) -> Vec<Problem> {
    let (changes, most) = (scenario.len(), MOST_CHANGES);
    let growths = scenario.iter().filter(|change| matches!(change, Change::Growth(_))).count();
    let too_many = (changes > most).then_some(Problem::TooMany { changes, most });
    let repeated = (growths > 1).then_some(Problem::Repeated { change: "growth", times: growths });
    too_many.into_iter().chain(repeated).collect()
}

fn owned(tokens: &Tokens) -> BTreeMap<(String, String), Money> {
    tokens.by_service().into_iter().map(|((was, is), cost)| ((was.to_owned(), is.to_owned()), cost)).collect()
}

/// By service that billed and service that bills: what is added for each dollar that the first one cost.
type Factors = BTreeMap<(String, String), Decimal>;

fn factors(
    base: &Base,
    before: &BTreeMap<(String, String), Money>,
    after: &BTreeMap<(String, String), Money>,
) -> Result<Factors, Problem> {
    let mut factors = Factors::new();
    for key in before.keys().chain(after.keys()) {
        let cost = |of: &BTreeMap<(String, String), Money>| of.get(key).copied().unwrap_or_default();
        let change = cost(after) - cost(before);
        if change.is_zero() {
            continue;
        }
        let days = base.prices.implied.range;
        let billed = base.inputs.recurring.iter().filter(|cost| days.contains(cost.day));
        let billed = billed.filter(|cost| cost.workload == WORKLOAD && cost.service == key.0);
        let billed: Money = billed.map(|cost| cost.payable).sum();
        let factor = change.ratio(billed).filter(|_| billed.is_positive());
        let factor = factor.ok_or_else(|| Problem::NoCost { service: key.0.clone() })?;
        // Discounts are no part of the detail: a service does not cost less than nothing for them.
        let factor = if key.0 == key.1 { factor.max(-Decimal::ONE) } else { factor };
        factors.insert(key.clone(), factor);
    }
    Ok(factors)
}

fn scaled(recurring: &[DailyCost], factors: &Factors) -> Vec<DailyCost> {
    let mut costs = Vec::with_capacity(recurring.len());
    for cost in recurring {
        let of_service = |(was, _): &(String, String)| cost.workload == WORKLOAD && *was == cost.service;
        let mut stays = cost.clone();
        for ((_, service), factor) in factors.iter().filter(|(key, _)| of_service(key)) {
            let change = plan_money(cost.payable.amount() * factor);
            if *service == cost.service {
                stays.payable += change;
            } else {
                let moved = DailyCost::payable(cost.day, service.as_str(), cost.workload, change);
                costs.push(DailyCost { purchase: cost.purchase, ..moved });
            }
        }
        costs.push(stays);
    }
    costs
}

fn train(base: &Base, training: &Training, added: &mut Vec<DailyCost>) -> Vec<Problem> {
    let Training { instance_type, chip_hours, on, days, repeats, every } = training;
    let mut problems = Vec::new();
    problems.extend(outside(base, format!("training on {instance_type}"), *on));
    match base.prices.quote_chip_hour(instance_type, base.on) {
        Ok(price) => {
            let daily = plan_money(chip_hours.amount().saturating_mul(price) / Decimal::from(*days));
            let (service, workload) = billed_as(base, instance_type);
            let ahead = days_ahead(base.inputs.data_through);
            let first_days = (0..i64::from(*repeats)).map(|run| plus_days(*on, run * i64::from(*every)));
            let run = |first| (0..i64::from(*days)).map(move |day| plus_days(first, day));
            let seen = first_days.flat_map(run).filter(|day| ahead.contains(*day));
            added.extend(seen.map(|day| DailyCost::payable(day, service.as_str(), workload, daily)));
        }
        Err(unpriced) => problems.push(unpriced.into()),
    }
    problems
}

fn begin(base: &Base, launch: &Launch, added: &mut Vec<DailyCost>) -> Vec<Problem> {
    let Launch { on, volume } = launch;
    let complete = DayRange::new(base.inputs.first_day, first(base));
    let reading = Reading {
        days: Days { costs: base.costs, complete },
        prices: base.prices,
        classifier: base.classifier,
        on: base.on,
        pools: base.inputs.pools,
    };
    let volume = match volume {
        Volume::Tokens { model, input_millions, output_millions, per } => Volume::Tokens {
            model: base.classifier.model_name(model).unwrap_or(model).to_owned(),
            input_millions: *input_millions,
            output_millions: *output_millions,
            per: *per,
        },
        Volume::UsdPerDay(usd) => Volume::UsdPerDay(*usd),
    };
    let mut problems = outside(base, "a launch".to_owned(), *on);
    match reading.launch(&volume) {
        Ok(Priced { per_day, service, workload }) => {
            let ahead = days_ahead(base.inputs.data_through);
            let days = ahead.days().filter(|day| day >= on);
            added.extend(days.map(|day| DailyCost::payable(day, service.as_str(), workload, per_day)));
        }
        Err(unpriced) => problems.push(unpriced.into()),
    }
    problems
}

/// Service and workload of an instance type: as the bill shows it, else as it is billed in general.
fn billed_as(base: &Base, instance_type: &str) -> (String, Workload) {
    let shown = base.costs.kinds.iter().find(|kind| kind.class.instance_type.as_deref() == Some(instance_type));
    if let Some(kind) = shown {
        return (kind.service.clone(), kind.class.workload);
    }
    let known = base.classifier.accelerator(instance_type.trim_start_matches("ml."));
    let workload = known.map_or(Workload::Trainium, |accelerator| accelerator.workload);
    let service = if instance_type.starts_with("ml.") { SAGEMAKER } else { EC2_COMPUTE };
    (service.to_owned(), workload)
}

fn land(base: &Base, award: &Award, adjusted: &mut Adjusted) -> Vec<Problem> {
    let aliases = base.classifier.service_aliases();
    let listed =
        |names: &Vec<String>| EligibleServices::Listed(ServiceMatcher::new(names.iter().map(String::as_str), aliases));
    let services = award.services.as_ref().map_or(EligibleServices::Unknown, listed);
    let id = format!("what-if award {}", adjusted.landed.len() + 1);
    let pool = CreditPool::new(&id, award.amount, award.from, award.until, services);
    let mut problems = outside(base, format!("an award of {}", award.amount.dollars()), award.from);
    problems.extend(pays_nothing(base, award, &pool));
    adjusted.landed.push(id);
    adjusted.pools.push(pool);
    adjusted.balances.push(award.amount);
    let left: Vec<(String, Money)> =
        adjusted.pools.iter().map(|pool| pool.id.clone()).zip(adjusted.balances.iter().copied()).collect();
    adjusted.pools = drawing_order(&adjusted.pools, &AWS_ORDER);
    let of_pool = |pool: &CreditPool| left.iter().find(|(id, _)| *id == pool.id).map_or(Money::ZERO, |(_, left)| *left);
    adjusted.balances = adjusted.pools.iter().map(of_pool).collect();
    problems
}

/// An award whose list names nothing that is used is a slip of the pen.
fn pays_nothing(base: &Base, award: &Award, pool: &CreditPool) -> Option<Problem> {
    let services: BTreeSet<&str> = base.inputs.recurring.iter().map(|cost| cost.service.as_str()).collect();
    let names = award.services.as_ref().filter(|_| !services.iter().any(|service| pool.pays(service)))?;
    let services = services.into_iter().map(str::to_owned).collect();
    Some(Problem::PaysNothing { names: names.join(", "), services })
}

fn first(base: &Base) -> NaiveDate {
    plus_days(base.inputs.data_through, 1)
}

fn outside(base: &Base, what: String, day: NaiveDate) -> Vec<Problem> {
    let (first, last) = (first(base), plus_days(first(base), HORIZON_DAYS - 1));
    let outside = || Problem::Outside { what, day, first, last };
    if day < first || day > last { vec![outside()] } else { Vec::new() }
}
