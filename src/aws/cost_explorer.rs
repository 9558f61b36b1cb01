//! Costs and usage by day: two queries to Cost Explorer, mapped to [`Charge`] and [`Usage`].
//!
//! The first query, SERVICE by RECORD_TYPE, is the money; the second, SERVICE by USAGE_TYPE without credits, refunds
//! and tax, is its detail. A third, the money by month, tells which closed months AWS has corrected. Invariants: all
//! pages or nothing, one request at a time, every parameter but the token unchanged between pages; every day of the
//! window is answered; no row comes twice; every amount is exact and in the configured currency.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_costexplorer::operation::RequestId;
use aws_sdk_costexplorer::operation::get_cost_and_usage::GetCostAndUsageOutput;
use aws_sdk_costexplorer::operation::get_cost_and_usage::builders::GetCostAndUsageFluentBuilder;
use aws_sdk_costexplorer::types::{
    DateInterval, Dimension, DimensionValues, Expression, Granularity, Group, GroupDefinition, GroupDefinitionType,
    MetricValue, ResultByTime,
};
use chrono::NaiveDate;

use super::client::AwsClients;
use super::error::AwsError;
use super::operation::Operation;
use crate::domain::facts::charge::{Charge, Usage};
use crate::domain::facts::corrections::{MonthlySums, Sums};
use crate::domain::values::money::{Money, Quantity};
use crate::domain::values::period::{BillingPeriod, DayRange, plus_days};

const COST: &str = "UnblendedCost";
const QUANTITY: &str = "UsageQuantity";

/// A window of costs, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostPull {
    /// Days that it covers.
    pub window: DayRange,
    /// The money, by day, service and record type.
    pub charges: Vec<Charge>,
    /// Its detail, by day, service and usage type.
    pub usage: Vec<Usage>,
    /// Pages read, each of which AWS charged for.
    pub pages: u32,
    /// AWS's id of each page's request, for support cases.
    pub aws_request_ids: Vec<String>,
}

/// Reads `window`, all of it or nothing. Rows that say nothing (no cost and no quantity) are left out; a free row
/// with a quantity stays, since hours inside a Capacity Block are such.
///
/// # Errors
/// [`AwsError`]: why AWS gave no answer, or what is wrong with the one it gave.
pub async fn pull(clients: &AwsClients, window: DayRange) -> Result<CostPull, AwsError> {
    let money = read(clients, Query::Money, window).await?;
    let detail = read(clients, Query::Detail, window).await?;
    let pages = money.pages + detail.pages;
    let aws_request_ids = [money.request_ids.clone(), detail.request_ids.clone()].concat();
    let charges = money.told_rows().map(|((day, service, record_type), row)| Charge {
        day,
        service,
        record_type,
        billed_cost: row.cost,
        estimated: row.estimated,
    });
    let usage = detail.told_rows().map(|((day, service, usage_type), row)| Usage {
        day,
        service,
        usage_type,
        cost: row.cost,
        quantity: row.quantity,
        unit: row.unit,
        estimated: row.estimated,
    });
    Ok(CostPull { window, charges: charges.collect(), usage: usage.collect(), pages, aws_request_ids })
}

/// Reads `window`, or of it what AWS keeps: a start that it refuses moves to the next month's first day.
///
/// # Errors
/// As [`pull`]; the last refusal if AWS refuses every start.
pub async fn pull_kept(clients: &AwsClients, mut window: DayRange) -> Result<CostPull, AwsError> {
    loop {
        let next = BillingPeriod::of(window.start).next().first_day();
        match pull(clients, window).await {
            Err(AwsError::TooOld { .. } | AwsError::DataUnavailable { .. }) if next < window.end => {
                window = DayRange::new(next, window.end);
            }
            result => return result,
        }
    }
}

/// Reads the money of `window` by month, service and record type; the first and the last month cut to it. What sums to
/// nothing is left out; every month of the window is there.
///
/// # Errors
/// As [`pull`].
pub async fn monthly_sums(clients: &AwsClients, window: DayRange) -> Result<MonthlySums, AwsError> {
    let answer = read(clients, Query::Months, window).await?;
    let mut sums: MonthlySums = answer.periods.keys().map(|day| (BillingPeriod::of(*day), Sums::new())).collect();
    for ((day, service, record_type), row) in answer.told_rows() {
        sums.entry(BillingPeriod::of(day)).or_default().insert((service, record_type), row.cost);
    }
    Ok(sums)
}

/// The questions.
#[derive(Clone, Copy)]
enum Query {
    Money,
    Detail,
    Months,
}

impl Query {
    /// The request but for the page.
    fn request(self, clients: &AwsClients, window: DayRange) -> GetCostAndUsageFluentBuilder {
        let interval = DateInterval::builder()
            .start(window.start.to_string())
            .end(window.end.to_string())
            .build()
            .expect("both ends are given");
        let second = match self {
            Query::Money | Query::Months => "RECORD_TYPE",
            Query::Detail => "USAGE_TYPE",
        };
        let granularity = match self {
            Query::Money | Query::Detail => Granularity::Daily,
            Query::Months => Granularity::Monthly,
        };
        let by = |key: &str| GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key(key).build();
        let request = clients
            .cost_explorer
            .get_cost_and_usage()
            .time_period(interval)
            .granularity(granularity)
            .metrics(COST)
            .group_by(by("SERVICE"))
            .group_by(by(second))
            .set_filter(self.filter(clients.configured_accounts()));
        match self {
            Query::Money | Query::Months => request,
            Query::Detail => request.metrics(QUANTITY),
        }
    }

    /// The periods that `window` is answered in, each by its first day.
    fn periods(self, window: DayRange) -> BTreeMap<NaiveDate, NaiveDate> {
        match self {
            Query::Money | Query::Detail => window.days().map(|day| (day, plus_days(day, 1))).collect(),
            Query::Months => window.by_month().map(|part| (part.start, part.end)).collect(),
        }
    }

    fn filter(self, accounts: Vec<String>) -> Option<Expression> {
        let one_of = |dimension, values| {
            let values = DimensionValues::builder().key(dimension).set_values(Some(values)).build();
            Expression::builder().dimensions(values).build()
        };
        let accounts = (!accounts.is_empty()).then(|| one_of(Dimension::LinkedAccount, accounts));
        match self {
            Query::Money | Query::Months => accounts,
            Query::Detail => {
                let outside = ["Credit", "Refund", "Tax"].map(str::to_owned).to_vec();
                let inside = Expression::builder().not(one_of(Dimension::RecordType, outside)).build();
                Some(match accounts {
                    // AWS takes one operator at the root, and no And of one.
                    Some(accounts) => Expression::builder().and(inside).and(accounts).build(),
                    None => inside,
                })
            }
        }
    }
}

async fn read(clients: &AwsClients, query: Query, window: DayRange) -> Result<Answer, AwsError> {
    let operation = Operation::GetCostAndUsage;
    let limit = clients.settings().max_pages;
    let request = query.request(clients, window);
    let mut answer = Answer::new(query, window, clients.settings().currency.clone());
    let mut seen = BTreeSet::new();
    let mut token = None;
    for page in 1..=limit {
        let sent = request.clone().set_next_page_token(token).send().await;
        let output = sent.map_err(|error| AwsError::from_sdk(operation, &error))?;
        answer.add_page(&output)?;
        let Some(next) = output.next_page_token.filter(|next| !next.is_empty()) else {
            return answer.checked_whole();
        };
        if !seen.insert(next.clone()) {
            return Err(AwsError::RepeatedToken { operation, page });
        }
        token = Some(next);
    }
    Err(AwsError::TooManyPages { operation, limit })
}

struct Row {
    cost: Money,
    quantity: Quantity,
    unit: String,
    estimated: bool,
}

type RowKey = (NaiveDate, String, String);

/// The pages of one query so far.
struct Answer {
    query: Query,
    window: DayRange,
    currency: String,
    /// The periods that are due, by first day.
    periods: BTreeMap<NaiveDate, NaiveDate>,
    answered: BTreeSet<NaiveDate>,
    rows: BTreeMap<RowKey, Row>,
    pages: u32,
    request_ids: Vec<String>,
}

impl Answer {
    fn new(query: Query, window: DayRange, currency: String) -> Self {
        Answer {
            query,
            window,
            currency,
            periods: query.periods(window),
            answered: BTreeSet::new(),
            rows: BTreeMap::new(),
            pages: 0,
            request_ids: Vec::new(),
        }
    }

    /// Rows that say something, in order.
    fn told_rows(self) -> impl Iterator<Item = (RowKey, Row)> {
        self.rows.into_iter().filter(|(_, row)| !row.cost.is_zero() || !row.quantity.is_zero())
    }

    fn add_page(&mut self, output: &GetCostAndUsageOutput) -> Result<(), AwsError> {
        self.pages += 1;
        self.request_ids.extend(output.request_id().map(str::to_owned));
        // A day may run on over a page's end, so only within one page is a second entry for it a fault; its rows
        // are held apart by their keys.
        let mut on_page = BTreeSet::new();
        for result in output.results_by_time() {
            let day = self.day_of(result)?;
            if !on_page.insert(day) {
                return Err(malformed(format!("{day} comes twice on page {}", self.pages)));
            }
            self.answered.insert(day);
            self.add_day(day, result)?;
        }
        Ok(())
    }

    fn day_of(&self, result: &ResultByTime) -> Result<NaiveDate, AwsError> {
        let period = result.time_period().ok_or_else(|| malformed("an entry without a period".to_owned()))?;
        let (start, end) = (period.start(), period.end());
        let day: NaiveDate =
            start.parse().map_err(|_| malformed(format!("{start:?} as a day, where YYYY-MM-DD is due")))?;
        if !self.window.contains(day) {
            return Err(malformed(format!("{day}, which lies outside the window {} asked for", self.window)));
        }
        match self.periods.get(&day) {
            Some(due) if end == due.to_string() => Ok(day),
            Some(due) => Err(malformed(format!("the period {start}..{end}, where {start}..{due} was asked for"))),
            None => Err(malformed(format!("a period from {start}, where whole months were asked for"))),
        }
    }

    fn add_day(&mut self, day: NaiveDate, result: &ResultByTime) -> Result<(), AwsError> {
        if result.groups().is_empty() && result.total().is_some_and(|total| !total.is_empty()) {
            return Err(malformed(format!("{day} has a total and no groups, where groups were asked for")));
        }
        for group in result.groups() {
            let [service, second] = group.keys() else {
                return Err(malformed(format!("{day} has a row with the keys {:?}, where two are due", group.keys())));
            };
            let row = self.row(day, service, group, result.estimated())?;
            if self.rows.insert((day, service.clone(), second.clone()), row).is_some() {
                return Err(malformed(format!("{day} has the row {service:?}, {second:?} twice")));
            }
        }
        Ok(())
    }

    fn row(&self, day: NaiveDate, service: &str, group: &Group, estimated: bool) -> Result<Row, AwsError> {
        let (text, currency) = metric(day, service, group, COST)?;
        if currency != self.currency {
            return Err(AwsError::CurrencyMismatch {
                service: service.to_owned(),
                day,
                expected: self.currency.clone(),
                found: currency.to_owned(),
            });
        }
        let unreadable = |error| malformed(format!("an amount of {service:?} on {day}: {error}"));
        let cost = text.parse().map_err(unreadable)?;
        let (quantity, unit) = match self.query {
            Query::Money | Query::Months => (Quantity::ZERO, String::new()),
            Query::Detail => {
                let (text, unit) = metric(day, service, group, QUANTITY)?;
                (Quantity::parse(text).map_err(unreadable)?, unit.to_owned())
            }
        };
        Ok(Row { cost, quantity, unit, estimated })
    }

    /// The answer, once every period of the window is in it.
    fn checked_whole(self) -> Result<Answer, AwsError> {
        match self.periods.keys().find(|day| !self.answered.contains(day)) {
            Some(missing) => Err(malformed(format!("{missing} is missing from the window {}", self.window))),
            None => Ok(self),
        }
    }
}

/// Text and unit of one metric of a row.
fn metric<'a>(day: NaiveDate, service: &str, group: &'a Group, name: &str) -> Result<(&'a str, &'a str), AwsError> {
    let value: Option<&MetricValue> = group.metrics().and_then(|metrics| metrics.get(name));
    let amount = value.and_then(MetricValue::amount);
    let amount = amount.ok_or_else(|| malformed(format!("{service:?} on {day} has no {name}")))?;
    Ok((amount, value.and_then(MetricValue::unit).unwrap_or_default()))
}

fn malformed(what: String) -> AwsError {
    AwsError::Malformed { operation: Operation::GetCostAndUsage, what }
}
