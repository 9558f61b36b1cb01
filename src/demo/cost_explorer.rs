//! Cost Explorer's GetCostAndUsage (JSON 1.1, 2017-10-25): refuses what AWS refuses, then groups, adds and pages.
//!
//! Known of the range: daily data reach back over the current month and the 13 full months before it, and an older
//! start is a ValidationException about historical data beyond 14 months. Not known is how far ahead `End` may lie;
//! the fake takes tomorrow, which is all that a reader of costs needs, and refuses what is later.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::account::{FakeAccount, Line, first_of_month};
use super::books::{Books, is_final};
use super::filter::{Dimension, Filter, wrong_type};
use super::refusal::Refusal;

/// All metrics of the API. The fake's account has no commitments or private discounts, so every cost metric is the
/// unblended cost.
const METRICS: [&str; 7] = [
    "AmortizedCost",
    "BlendedCost",
    "NetAmortizedCost",
    "NetUnblendedCost",
    "NormalizedUsageAmount",
    "UnblendedCost",
    "UsageQuantity",
];

/// Dimensions that can be grouped by, whether or not the fake's lines carry them.
const GROUPABLE: [&str; 12] = [
    "AZ",
    "INSTANCE_TYPE",
    "INVOICING_ENTITY",
    "LEGAL_ENTITY_NAME",
    "LINKED_ACCOUNT",
    "OPERATION",
    "PLATFORM",
    "PURCHASE_TYPE",
    "RECORD_TYPE",
    "SERVICE",
    "TENANCY",
    "USAGE_TYPE",
];

/// A request that was understood.
struct Query {
    start: NaiveDate,
    end: NaiveDate,
    monthly: bool,
    metrics: Vec<String>,
    groups: Vec<GroupKey>,
    filter: Option<Filter>,
    /// First entry of the page asked for.
    offset: usize,
}

/// One group key.
enum GroupKey {
    Dimension(Dimension),
    /// A tag or cost category that nothing carries: every group reads `key$`.
    Untagged(String),
}

/// Which page a request asks for, counted from 1; for fault rules and the request log.
pub(super) fn page_of(request: &Value, page_size: usize) -> usize {
    let token = request.get("NextPageToken").and_then(Value::as_str);
    token.and_then(read_token).map_or(1, |(_, offset)| offset / page_size + 1)
}

/// Answers one request at `now`.
pub(super) fn get_cost_and_usage(
    request: &Value,
    account: &FakeAccount,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    let query = Query::parse(request, account, now)?;
    let entries = entries(&query, account, books);
    if query.offset > 0 && query.offset >= entries.len() {
        return Err(Refusal::new("InvalidNextTokenException", "The pagination token is invalid."));
    }
    let end = entries.len().min(query.offset + account.page_size);
    let mut answer = json!({
        "ResultsByTime": results_by_time(&entries[query.offset..end], &query, now),
        "DimensionValueAttributes": attributes(&query, account),
    });
    if let Some(definitions) = request.get("GroupBy").filter(|_| !query.groups.is_empty()) {
        answer["GroupDefinitions"] = definitions.clone();
    }
    if end < entries.len() {
        answer["NextPageToken"] = json!(token(request, end));
    }
    Ok(answer)
}

impl Query {
    fn parse(request: &Value, account: &FakeAccount, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let members = request.as_object().ok_or_else(|| wrong_type("The request", "an object"))?;
        let (start, end) = time_period(members)?;
        check_range(start, end, account.months_kept, now.date_naive())?;
        let monthly = match members.get("Granularity").and_then(Value::as_str) {
            Some("DAILY") => false,
            Some("MONTHLY") => true,
            Some("HOURLY") => return Err(Refusal::validation("Hourly granularity is not enabled for this account")),
            other => return Err(Refusal::validation(format!("Granularity {other:?} is not DAILY, MONTHLY or HOURLY"))),
        };
        let filter = members.get("Filter").map(Filter::parse).transpose()?;
        let offset = match members.get("NextPageToken") {
            None => 0,
            Some(token) => offset(token, &digest(request))?,
        };
        Ok(Query { start, end, monthly, metrics: metrics(members)?, groups: groups(members)?, filter, offset })
    }
}

fn time_period(members: &Map<String, Value>) -> Result<(NaiveDate, NaiveDate), Refusal> {
    let period = members.get("TimePeriod").and_then(Value::as_object);
    let period = period.ok_or_else(|| Refusal::validation("TimePeriod is required"))?;
    let day = |name: &str| {
        let text = period.get(name).and_then(Value::as_str).unwrap_or_default();
        // chrono also reads 2026-2-1, which AWS's pattern does not.
        let parsed = (text.len() == 10).then(|| text.parse::<NaiveDate>().ok()).flatten();
        parsed.ok_or_else(|| Refusal::validation(format!("{name} date {text:?} is not in the form yyyy-MM-dd")))
    };
    Ok((day("Start")?, day("End")?))
}

fn check_range(start: NaiveDate, end: NaiveDate, months_kept: u32, today: NaiveDate) -> Result<(), Refusal> {
    if start >= end {
        return Err(Refusal::validation("Start date (and hour) should be before end date (and hour)"));
    }
    if start > today {
        return Err(Refusal::validation("Start date must be no later than the current date"));
    }
    if start < first_of_month(today) - Months::new(months_kept) {
        return Err(Refusal::validation("You haven't enabled historical data beyond 14 months"));
    }
    if end > today + Days::new(1) {
        return Err(Refusal::validation("End date lies in the future"));
    }
    Ok(())
}

fn metrics(members: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let list = members.get("Metrics").and_then(Value::as_array).filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| Refusal::validation("Metrics is required and must not be empty"))?;
    list.iter()
        .map(|metric| match metric.as_str() {
            Some(name) if METRICS.contains(&name) => Ok(name.to_owned()),
            _ => Err(Refusal::validation(format!("Metric {metric} is not one of {}", METRICS.join(", ")))),
        })
        .collect()
}

fn groups(members: &Map<String, Value>) -> Result<Vec<GroupKey>, Refusal> {
    let Some(value) = members.get("GroupBy") else { return Ok(Vec::new()) };
    let list = value.as_array().ok_or_else(|| wrong_type("GroupBy", "a list"))?;
    if list.len() > 2 {
        return Err(Refusal::validation("GroupBy can have at most 2 group definitions"));
    }
    list.iter().map(group_key).collect()
}

fn group_key(definition: &Value) -> Result<GroupKey, Refusal> {
    let member = |name: &str| definition.get(name).and_then(Value::as_str).unwrap_or_default();
    match (member("Type"), member("Key")) {
        (_, "") => Err(Refusal::validation("A group definition needs a Key")),
        ("DIMENSION", key) if GROUPABLE.contains(&key) => Dimension::parse(key).map(GroupKey::Dimension),
        ("DIMENSION", key) => Err(Refusal::validation(format!("Dimension {key} cannot be grouped by"))),
        ("TAG" | "COST_CATEGORY", key) => Ok(GroupKey::Untagged(format!("{key}$"))),
        (kind, _) => Err(Refusal::validation(format!("Group definition type {kind:?} is not valid here"))),
    }
}

/// What must stay the same between the pages of one query.
fn digest(request: &Value) -> String {
    let members = request.as_object().into_iter().flatten();
    let same: BTreeMap<&String, &Value> = members.filter(|(name, _)| *name != "NextPageToken").collect();
    hex::encode(Sha256::digest(json!(same).to_string()))[..16].to_owned()
}

/// The page token of `request` that leads to its entry `offset`.
pub(super) fn token(request: &Value, offset: usize) -> String {
    hex::encode(format!("{}:{offset}", digest(request)))
}

fn read_token(token: &str) -> Option<(String, usize)> {
    let text = String::from_utf8(hex::decode(token).ok()?).ok()?;
    let (digest, offset) = text.split_once(':')?;
    Some((digest.to_owned(), offset.parse().ok()?))
}

fn offset(token: &Value, digest: &str) -> Result<usize, Refusal> {
    match token.as_str().and_then(read_token) {
        None => Err(Refusal::new("InvalidNextTokenException", "The pagination token is invalid.")),
        Some((made_for, _)) if made_for != digest => Err(Refusal::new(
            "RequestChangedException",
            "Your request parameters changed between pages. Try again with the old parameters or without a page token.",
        )),
        Some((_, offset)) => Ok(offset),
    }
}

/// One group of one period, or a period without any.
struct Entry<'a> {
    start: NaiveDate,
    end: NaiveDate,
    group: Option<(Vec<&'a str>, Sum<'a>)>,
}

/// Everything the query selects, in the order of the answer.
fn entries<'a>(query: &'a Query, account: &'a FakeAccount, books: &'a Books) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for (start, end) in periods(query) {
        let mut groups: BTreeMap<Vec<&str>, Sum<'_>> = BTreeMap::new();
        if query.groups.is_empty() {
            groups.insert(Vec::new(), Sum::default());
        }
        for line in books.days.range(start..end).flat_map(|(_, lines)| lines) {
            if query.filter.as_ref().is_none_or(|filter| filter.passes(line, &account.id)) {
                let keys = query.groups.iter().map(|key| key.of(line, &account.id)).collect();
                groups.entry(keys).or_default().add(line);
            }
        }
        if groups.is_empty() {
            entries.push(Entry { start, end, group: None });
        }
        entries.extend(groups.into_iter().map(|group| Entry { start, end, group: Some(group) }));
    }
    entries
}

/// The days or months of the query, the first and last month cut to it.
fn periods(query: &Query) -> Vec<(NaiveDate, NaiveDate)> {
    let mut periods = Vec::new();
    let mut start = query.start;
    while start < query.end {
        let next = if query.monthly { first_of_month(start) + Months::new(1) } else { start + Days::new(1) };
        let end = next.min(query.end);
        periods.push((start, end));
        start = end;
    }
    periods
}

impl GroupKey {
    fn of<'a>(&'a self, line: &'a Line, account: &'a str) -> &'a str {
        match self {
            GroupKey::Dimension(dimension) => dimension.of(line, account),
            GroupKey::Untagged(key) => key,
        }
    }
}

/// Cost and quantity of a group. Quantities are added up whatever their unit, as AWS does; the unit then says `N/A`.
#[derive(Default)]
struct Sum<'a> {
    cost: Decimal,
    quantity: Decimal,
    unit: Option<&'a str>,
    mixed: bool,
}

impl<'a> Sum<'a> {
    fn add(&mut self, line: &'a Line) {
        self.cost += line.cost;
        self.quantity += line.quantity;
        self.mixed |= *self.unit.get_or_insert(&line.unit) != line.unit;
    }

    fn metrics(&self, asked: &[String]) -> Map<String, Value> {
        let unit = self.unit.filter(|unit| !self.mixed && !unit.is_empty()).unwrap_or("N/A");
        let value = |metric: &str| match metric {
            "UsageQuantity" => json!({"Amount": self.quantity.normalize().to_string(), "Unit": unit}),
            "NormalizedUsageAmount" => json!({"Amount": "0", "Unit": "N/A"}),
            _ => json!({"Amount": self.cost.normalize().to_string(), "Unit": "USD"}),
        };
        asked.iter().map(|metric| (metric.clone(), value(metric))).collect()
    }
}

/// Folds entries into days. A day that was cut by a page appears on both, with different groups.
fn results_by_time(entries: &[Entry<'_>], query: &Query, now: DateTime<Utc>) -> Vec<Value> {
    let mut results: Vec<Value> = Vec::new();
    let mut open: Option<NaiveDate> = None;
    for entry in entries {
        if open != Some(entry.start) {
            open = Some(entry.start);
            results.push(json!({
                "TimePeriod": {"Start": entry.start.to_string(), "End": entry.end.to_string()},
                "Total": {},
                "Groups": [],
                "Estimated": !is_final(entry.start, now),
            }));
        }
        let (Some((keys, sum)), Some(result)) = (&entry.group, results.last_mut()) else { continue };
        let metrics = Value::Object(sum.metrics(&query.metrics));
        if query.groups.is_empty() {
            result["Total"] = metrics;
        } else {
            let group = json!({"Keys": keys, "Metrics": metrics});
            result["Groups"].as_array_mut().expect("built as a list above").push(group);
        }
    }
    results
}

/// Names of the accounts, where accounts are grouped by.
fn attributes(query: &Query, account: &FakeAccount) -> Value {
    let by_account = query.groups.iter().any(|key| matches!(key, GroupKey::Dimension(Dimension::LinkedAccount)));
    if by_account { json!([{"Value": account.id, "Attributes": {"description": account.name}}]) } else { json!([]) }
}
