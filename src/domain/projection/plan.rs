//! The plan: a filing priced month by month, and spread over days for replay.
//!
//! Conventions, each with its reason:
//! - A monthly value holds until the next entry; growth compounds per month from the entry's own month, so that an
//!   entry states exactly what its month plans. A line plans nothing before its first entry.
//! - Prices are those of the day of filing: the plan is frozen with the filing, and a later price change shows as a
//!   variance of price instead of moving the plan.
//! - `cache_hit` is the share of input that is read from the cache; a model without a cache price reads at the input
//!   price. Writing to the cache is not part of the least form and is planned as plain input.
//! - `batch` is the share of tokens in every direction that runs at the batch price.
//! - A chip-hour costs the instance hour's list price over the instance's chips.
//! - A month is spread evenly over its days; the division's remainder falls on the last day, so days sum to the month.
//! - Amounts are rounded half to even at [`PLAN_SCALE`](crate::domain::price::PLAN_SCALE) digits.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use thiserror::Error;

use super::{AcceleratorLine, EC2_COMPUTE, FiledProjection, ServiceLine, TokenLine, accelerator_workload};
use crate::domain::ledger::DailyCost;
use crate::domain::money::{Money, Quantity};
use crate::domain::period::BillingPeriod;
use crate::domain::price::{PLAN_SCALE, PriceBook, UnitPrice, plan_money};
use crate::domain::workload::{Direction, Tier, Workload};

/// Growth stops here: 10^15 a month, whether tokens or dollars, is beyond any meter and any bill, and sums of planned
/// amounts stay exact below it.
const CEILING: i64 = 1_000_000_000_000_000;

/// A line that the book has no price for. A filing that parsed with the same book has none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} is unpriced, so the filing cannot be planned; add its price to the price book")]
pub struct Unpriced {
    /// Model and direction, or instance type.
    pub what: String,
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
    /// Tokens.
    pub tokens: Quantity,
    /// Their cost.
    pub cost: Money,
}

/// Prices `filing` over `months`, in order of month and then of the file. A line that plans nothing in a month is
/// left out. `service_of_model` names the service that a model bills under.
///
/// # Errors
/// [`Unpriced`] if `book` has no price for a line.
///
/// ```
/// use glidepath::domain::price::PriceBook;
/// use glidepath::domain::projection::{FiledProjection, plan};
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
/// let planned = plan(&filing, &PriceBook::builtin(), months, |_| "Amazon Bedrock".to_owned()).unwrap();
/// assert_eq!(planned[0].cost.to_string(), "84"); // 1000 x 0.06 + 100 x 0.24
/// assert_eq!(planned[1].cost.to_string(), "92.4");
/// ```
pub fn plan(
    filing: &FiledProjection,
    book: &PriceBook,
    months: Range<BillingPeriod>,
    service_of_model: impl Fn(&str) -> String,
) -> Result<Vec<PlannedMonth>, Unpriced> {
    let first = filing.first_month();
    let mut planned = Vec::new();
    let mut month = months.start.max(first);
    while month < months.end {
        for record in &filing.records {
            for line in &record.tokens {
                planned.extend(token_month(line, &record.id, month, filing.filed_on, book, &service_of_model)?);
            }
            for line in &record.accelerators {
                planned.extend(accelerator_month(line, &record.id, month, filing, book)?);
            }
            planned.extend(record.services.iter().filter_map(|line| service_month(line, &record.id, month)));
        }
        month = month.next();
    }
    Ok(planned)
}

fn token_month(
    line: &TokenLine,
    record: &str,
    month: BillingPeriod,
    filed_on: NaiveDate,
    book: &PriceBook,
    service_of_model: &impl Fn(&str) -> String,
) -> Result<Option<PlannedMonth>, Unpriced> {
    let Some(entry) = line.monthly.iter().rev().find(|entry| entry.from <= month) else { return Ok(None) };
    let grow = |quantity: Quantity| grown(quantity.amount(), line.growth_per_month, month.months_since(entry.from));
    let buckets = token_buckets(line, grow(entry.input), grow(entry.output), filed_on, book)?;
    Ok(Some(PlannedMonth {
        month,
        record: record.to_owned(),
        workload: Workload::BedrockInference,
        model: Some(line.model.clone()),
        instance_type: None,
        service: service_of_model(&line.model),
        cost: buckets.iter().map(|bucket| bucket.cost).sum(),
        driver: Driver::Tokens(buckets),
    }))
}

/// Splits a month's tokens by the line's shares and prices each part; empty parts are left out.
fn token_buckets(
    line: &TokenLine,
    input: Decimal,
    output: Decimal,
    filed_on: NaiveDate,
    book: &PriceBook,
) -> Result<Vec<TokenBucket>, Unpriced> {
    let cached = input * line.cache_hit;
    let parts = [(Direction::Input, input - cached), (Direction::CacheRead, cached), (Direction::Output, output)];
    let mut buckets = Vec::new();
    for (direction, tokens) in parts {
        let batch = tokens * line.batch;
        for (tier, tokens) in [(Tier::OnDemand, tokens - batch), (Tier::Batch, batch)] {
            let tokens = Quantity::from_decimal(tokens);
            if tokens.is_zero() {
                continue;
            }
            let price = planning_price(book, line, direction, tier, filed_on)?;
            buckets.push(TokenBucket { direction, tier, tokens, cost: price.cost(tokens) });
        }
    }
    Ok(buckets)
}

/// The price of a line's tokens as of the day of filing; a cache read without a price of its own costs plain input.
fn planning_price(
    book: &PriceBook,
    line: &TokenLine,
    direction: Direction,
    tier: Tier,
    filed_on: NaiveDate,
) -> Result<UnitPrice, Unpriced> {
    let price = |direction| book.price(&line.model, direction, None, tier, line.routing, filed_on);
    let own = price(direction);
    let price = if direction == Direction::CacheRead { own.or_else(|| price(Direction::Input)) } else { own };
    price.ok_or_else(|| Unpriced { what: format!("{} ({direction:?}, {tier:?})", line.model) })
}

fn accelerator_month(
    line: &AcceleratorLine,
    record: &str,
    month: BillingPeriod,
    filing: &FiledProjection,
    book: &PriceBook,
) -> Result<Option<PlannedMonth>, Unpriced> {
    if line.from.is_some_and(|from| month < from) {
        return Ok(None);
    }
    let unpriced = || Unpriced { what: line.instance_type.clone() };
    let chip_hours = line.chip_hours_per_run.times(line.runs_per_month);
    let price = book.accelerator(&line.instance_type, filing.filed_on).ok_or_else(unpriced)?;
    Ok(Some(PlannedMonth {
        month,
        record: record.to_owned(),
        workload: accelerator_workload(&line.instance_type).ok_or_else(unpriced)?,
        model: None,
        instance_type: Some(line.instance_type.clone()),
        service: EC2_COMPUTE.to_owned(),
        cost: price.cost(chip_hours).ok_or_else(unpriced)?,
        driver: Driver::ChipHours(chip_hours),
    }))
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
        .map(|((day, service, workload), payable)| DailyCost {
            day,
            service: service.to_owned(),
            workload,
            payable,
            other: Money::ZERO,
        })
        .collect()
}
