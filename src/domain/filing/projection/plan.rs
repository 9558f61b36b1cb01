//! The plan: a filing priced month by month, and spread over days for replay.
//!
//! Conventions, each with its reason:
//! - A monthly value holds until the next entry; growth compounds per month from the entry's own month, so that an
//!   entry states exactly what its month plans. A line plans nothing before its first entry.
//! - Prices are those of the day of filing: the plan is frozen with the filing, and a later price change shows as a
//!   variance of price instead of moving the plan.
//! - `cache_hit` and `cache_write` are the shares of input that are read from and written to the cache; a model without
//!   a cache price reads and writes at the input price. A line that states no writes plans them as plain input.
//! - `batch` is the share of tokens in every direction that runs at the batch price.
//! - What has no price is left out of the months and listed as unpriced, with the reason.
//! - A chip-hour costs the instance hour's list price over the instance's chips.
//! - A month is spread evenly over its days; the division's remainder falls on the last day, so days sum to the month.
//! - Amounts are rounded half to even at [`PLAN_SCALE`](crate::billing::price::PLAN_SCALE) digits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    AcceleratorLine, EC2_COMPUTE, FiledLine, FiledProjection, SAGEMAKER, ServiceLine, TokenLine, accelerator_workload,
};
use crate::billing::daily_cost::DailyCost;
use crate::billing::price::{PLAN_SCALE, PriceBook, PriceQuery, UnitPrice, Unpriced, plan_money};
use crate::values::money::{Money, Quantity};
use crate::values::period::BillingPeriod;
use crate::values::workload::{CacheLifetime, Direction, Tier, Workload};

/// Growth stops here: 10^15 a month, whether tokens or dollars, is beyond any meter and any bill, and sums of planned
/// amounts stay exact below it.
const CEILING: i64 = 1_000_000_000_000_000;

/// A plan: what is priced, month by month, and what is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Priced months, in order of month and then of the file.
    pub months: Vec<PlannedMonth>,
    /// What has no price, in the file's order. Its dollars are missing from `months`.
    pub unpriced: Vec<UnpricedLine>,
}

/// A line, or a direction of one, whose dollars are not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct UnpricedLine {
    /// Record id.
    pub record: String,
    /// Model with direction, or instance type.
    pub what: String,
    /// Why there is no price.
    pub reason: String,
    /// First month that plans it.
    pub since: BillingPeriod,
}

impl fmt::Display for UnpricedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnpricedLine { record, what, reason, since } = self;
        write!(f, "record {record} plans {what} from {since}, which is unpriced and in no planned figure: {reason}")
    }
}

/// What one line plans for one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMonth {
    /// Billing period.
    pub month: BillingPeriod,
    /// Record id.
    pub record: String,
    /// Purpose.
    pub workload: Workload,
    /// Model, where the line is inference.
    pub model: Option<String>,
    /// Instance type, where the line is accelerators.
    pub instance_type: Option<String>,
    /// Service that the spend will bill under.
    pub service: String,
    /// Planned cost.
    pub cost: Money,
    /// What the cost is made of.
    pub driver: Driver,
}

/// What a planned cost is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Driver {
    /// Tokens, by direction and tier.
    Tokens(Vec<TokenBucket>),
    /// Accelerator time.
    ChipHours(Quantity),
    /// A plain amount.
    Amount,
}

/// Planned tokens of one direction and tier; the line says the routing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenBucket {
    /// Direction as filed: a cached share is `CacheRead` even where the model has no price of its own for it.
    pub direction: Direction,
    /// On demand or batch.
    pub tier: Tier,
    /// Lifetime of a cache write; `None` in every other direction.
    pub cache_lifetime: Option<CacheLifetime>,
    /// Tokens.
    pub tokens: Quantity,
    /// Their cost.
    pub cost: Money,
}

/// Prices `filing` over `months`, in order of month and then of the file. A line that plans nothing in a month is
/// left out. `service_of_model` names the service that a model bills under.
///
/// ```
/// use glidepath_domain::billing::price::PriceBook;
/// use glidepath_domain::filing::projection::{FiledProjection, plan};
/// let filing = FiledProjection::parse(
///     r#"
///     filed_on = "2026-02-01"
///     [[record]]
///     id = "ai"
///     [[record.tokens]]
///     model = "Nova Lite"
///     monthly = [{ from = "2026-02", input_millions = 1000, output_millions = 100 }]
///     growth_per_month = "0.10"
///     "#,
/// )
/// .unwrap();
/// let months = filing.first_month()..filing.first_month().plus_months(2);
/// let planned = plan(&filing, &PriceBook::builtin(), months, |_| "Amazon Bedrock".to_owned()).months;
/// assert_eq!(planned[0].cost.to_string(), "84"); // 1000 x 0.06 + 100 x 0.24
/// assert_eq!(planned[1].cost.to_string(), "92.4");
/// ```
pub fn plan(
    filing: &FiledProjection,
    book: &PriceBook,
    months: Range<BillingPeriod>,
    service_of_model: impl Fn(&str) -> String,
) -> Plan {
    let mut pricing = Pricing::of(filing, book, &service_of_model);
    let mut plan = Plan::default();
    let mut month = months.start.max(filing.first_month());
    while month < months.end {
        for record in &filing.records {
            for line in record.lines() {
                pricing.add(line, &record.id, month, &mut plan);
            }
        }
        month = month.next();
    }
    plan
}

/// [`plan`] of one line alone.
pub(super) fn plan_line(
    filing: &FiledProjection,
    line: FiledLine<'_>,
    record: &str,
    book: &PriceBook,
    months: Range<BillingPeriod>,
    service_of_model: &dyn Fn(&str) -> String,
) -> Plan {
    let mut pricing = Pricing::of(filing, book, service_of_model);
    let mut plan = Plan::default();
    let mut month = months.start;
    while month < months.end {
        pricing.add(line, record, month, &mut plan);
        month = month.next();
    }
    plan
}

/// What a plan is priced with.
struct Pricing<'a> {
    book: &'a PriceBook,
    filed_on: NaiveDate,
    service_of_model: &'a dyn Fn(&str) -> String,
    /// What was found to have no price, by record: it is listed once.
    listed: BTreeMap<&'a str, BTreeSet<String>>,
}

impl<'a> Pricing<'a> {
    fn of(filing: &FiledProjection, book: &'a PriceBook, service_of_model: &'a dyn Fn(&str) -> String) -> Self {
        Pricing { book, filed_on: filing.filed_on, service_of_model, listed: BTreeMap::new() }
    }

    /// Adds what `line` plans for `month`.
    fn add(&mut self, line: FiledLine<'_>, record: &'a str, month: BillingPeriod, plan: &mut Plan) {
        let mut unpriced = Vec::new();
        let planned = match line {
            FiledLine::Tokens(line) => self.token_month(line, record, month, &mut unpriced),
            FiledLine::Accelerators(line) => self.accelerator_month(line, record, month, &mut unpriced),
            FiledLine::Service(line) => service_month(line, record, month),
        };
        plan.months.extend(planned);
        for Unpriced { what, reason } in unpriced {
            if self.listed.entry(record).or_default().insert(what.clone()) {
                plan.unpriced.push(UnpricedLine { record: record.to_owned(), what, reason, since: month });
            }
        }
    }

    fn token_month(
        &self,
        line: &TokenLine,
        record: &str,
        month: BillingPeriod,
        unpriced: &mut Vec<Unpriced>,
    ) -> Option<PlannedMonth> {
        let entry = line.monthly.iter().rev().find(|entry| entry.from <= month)?;
        let grow = |quantity: Quantity| grown(quantity.amount(), line.growth_per_month, month.months_since(entry.from));
        let buckets = self.token_buckets(line, grow(entry.input), grow(entry.output), unpriced);
        // A month of which nothing has a price is not a month of zero dollars.
        if buckets.is_empty() && !unpriced.is_empty() {
            return None;
        }
        Some(PlannedMonth {
            month,
            record: record.to_owned(),
            workload: Workload::BedrockInference,
            model: Some(line.model.clone()),
            instance_type: None,
            service: (self.service_of_model)(&line.model),
            cost: buckets.iter().map(|bucket| bucket.cost).sum(),
            driver: Driver::Tokens(buckets),
        })
    }

    /// Splits a month's tokens by the line's shares and prices each part; empty parts are left out.
    fn token_buckets(
        &self,
        line: &TokenLine,
        input: Decimal,
        output: Decimal,
        unpriced: &mut Vec<Unpriced>,
    ) -> Vec<TokenBucket> {
        let (read, written) = (input * line.cache_hit, input * line.cache_write);
        let parts = [
            (Direction::Input, None, input - read - written),
            (Direction::CacheRead, None, read),
            (Direction::CacheWrite, Some(line.cache_lifetime), written),
            (Direction::Output, None, output),
        ];
        let mut buckets = Vec::new();
        for (direction, cache_lifetime, tokens) in parts {
            let batch = tokens * line.batch;
            for (tier, tokens) in [(Tier::OnDemand, tokens - batch), (Tier::Batch, batch)] {
                let tokens = Quantity::from_decimal(tokens);
                if tokens.is_zero() {
                    continue;
                }
                match self.price(line, direction, cache_lifetime, tier) {
                    Ok(price) => {
                        let cost = price.cost(tokens);
                        buckets.push(TokenBucket { direction, tier, cache_lifetime, tokens, cost });
                    }
                    Err(reason) => unpriced.push(reason),
                }
            }
        }
        buckets
    }

    /// The price of a line's tokens as of the day of filing; a cache direction without a price of its own costs plain
    /// input.
    fn price(
        &self,
        line: &TokenLine,
        direction: Direction,
        lifetime: Option<CacheLifetime>,
        tier: Tier,
    ) -> Result<UnitPrice, Unpriced> {
        let ask = |direction, lifetime| {
            let query = PriceQuery { model: &line.model, direction, lifetime, tier, routing: line.routing };
            self.book.lookup(query, self.filed_on)
        };
        let own = ask(direction, lifetime);
        match direction {
            Direction::CacheRead | Direction::CacheWrite => own.or_else(|_| ask(Direction::Input, None)),
            Direction::Input | Direction::Output => own,
        }
    }

    fn accelerator_month(
        &self,
        line: &AcceleratorLine,
        record: &str,
        month: BillingPeriod,
        unpriced: &mut Vec<Unpriced>,
    ) -> Option<PlannedMonth> {
        let entry = line.monthly.iter().rev().find(|entry| entry.from <= month)?;
        let base = entry.chip_hours_per_run.times(entry.runs);
        let chip_hours =
            Quantity::from_decimal(grown(base.amount(), line.growth_per_month, month.months_since(entry.from)));
        let price = self.book.accelerator(&line.instance_type, self.filed_on);
        let listed = price.as_ref().and_then(|price| price.cost(chip_hours));
        let own = || line.usd_per_chip_hour.map(|usd| plan_money(chip_hours.amount().saturating_mul(usd.amount())));
        let Some(cost) = listed.or_else(own) else {
            let unknown = || Unpriced {
                what: line.instance_type.clone(),
                reason: "the price book does not list the instance type".to_owned(),
            };
            unpriced.push(price.and_then(|price| price.unpriced()).unwrap_or_else(unknown));
            return None;
        };
        let on_sagemaker = line.instance_type.starts_with("ml.");
        Some(PlannedMonth {
            month,
            record: record.to_owned(),
            workload: accelerator_workload(&line.instance_type)?,
            model: None,
            instance_type: Some(line.instance_type.clone()),
            service: if on_sagemaker { SAGEMAKER } else { EC2_COMPUTE }.to_owned(),
            cost,
            driver: Driver::ChipHours(chip_hours),
        })
    }
}

fn service_month(line: &ServiceLine, record: &str, month: BillingPeriod) -> Option<PlannedMonth> {
    let entry = line.monthly.iter().rev().find(|entry| entry.from <= month)?;
    let usd = grown(entry.usd.amount(), line.growth_per_month, month.months_since(entry.from));
    Some(PlannedMonth {
        month,
        record: record.to_owned(),
        workload: workload_of_service(&line.service),
        model: None,
        instance_type: None,
        service: line.service.clone(),
        cost: plan_money(usd),
        driver: Driver::Amount,
    })
}

/// What a plain amount is for, by AWS's own naming of services: Bedrock under any of its names, SageMaker, or
/// supporting. Actual rows keep their own, finer workload, so such a line can meet its spend in another row of the
/// same record; the record's total is unaffected.
fn workload_of_service(service: &str) -> Workload {
    if service.starts_with("Amazon Bedrock") || service.ends_with("(Amazon Bedrock Edition)") {
        Workload::BedrockInference
    } else if service.starts_with("Amazon SageMaker") {
        Workload::SageMaker
    } else {
        Workload::Supporting
    }
}

/// `base` after compounding for `months`, at most [`CEILING`].
fn grown(base: Decimal, growth_per_month: Decimal, months: i32) -> Decimal {
    let ceiling = Decimal::from(CEILING);
    // Nothing, and what does not grow, is the same after one month as after a hundred.
    let months = if base.is_zero() || growth_per_month.is_zero() { months.min(1) } else { months };
    let factor = Decimal::ONE + growth_per_month;
    let grown =
        (0..months).fold(base, |value, _| value.checked_mul(factor).map_or(ceiling, |grown| grown.min(ceiling)));
    Quantity::from_decimal(grown).amount()
}

/// One line's planned cost of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedDay {
    /// UTC day.
    pub day: NaiveDate,
    /// Record id.
    pub record: String,
    /// Purpose.
    pub workload: Workload,
    /// Model, where the line is inference.
    pub model: Option<String>,
    /// Service that the spend will bill under.
    pub service: String,
    /// Planned cost.
    pub cost: Money,
}

/// Spreads each month evenly over its days; the days of a month sum to it exactly. In order of day and then of the
/// plan.
pub fn daily_plan(planned: &[PlannedMonth]) -> Vec<PlannedDay> {
    let mut days = Vec::new();
    for month in planned {
        let count = month.month.days();
        let share = (month.cost.amount() / Decimal::from(count)).trunc_with_scale(PLAN_SCALE);
        let last = month.cost.amount() - share * Decimal::from(count - 1);
        for (index, day) in (1..=count).zip(month.month.range().days()) {
            days.push(PlannedDay {
                day,
                record: month.record.clone(),
                workload: month.workload,
                model: month.model.clone(),
                service: month.service.clone(),
                cost: Money::from_decimal(if index == count { last } else { share }),
            });
        }
    }
    days.sort_by_key(|planned| planned.day);
    days
}

/// The daily plan in the shape that replay reads, one row per day, service and workload. All of it is payable: a
/// filing plans usage, not upfront or support fees.
pub fn daily_costs(days: &[PlannedDay]) -> Vec<DailyCost> {
    let mut sums: BTreeMap<(NaiveDate, &str, Workload), Money> = BTreeMap::new();
    for planned in days {
        *sums.entry((planned.day, &planned.service, planned.workload)).or_default() += planned.cost;
    }
    sums.into_iter()
        .map(|((day, service, workload), payable)| DailyCost::payable(day, service, workload, payable))
        .collect()
}
