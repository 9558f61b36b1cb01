//! Answers of Cost Explorer as they stand in a file, page by page.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::Value;

use super::IntakeError;
use crate::facts::charge::record_kind;
use crate::facts::intake::problem::{ASK, CURRENCY, below};
use crate::values::money::{Money, Quantity};
use crate::values::period::{DayRange, plus_days};

const COST: &str = "UnblendedCost";
const QUANTITY: &str = "UsageQuantity";
const SERVICE: &str = "SERVICE";
const ACCOUNT: &str = "LINKED_ACCOUNT";

/// One row of an answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub cost: Money,
    pub quantity: Quantity,
    pub unit: String,
}

/// Rows by day, service and second name, which is empty where there is none.
pub(super) type Rows = BTreeMap<(NaiveDate, String, String), Row>;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    /// SERVICE by RECORD_TYPE.
    Money,
    /// SERVICE by USAGE_TYPE.
    Detail,
    /// SERVICE alone.
    Services,
}

/// The pages of one question so far.
#[derive(Default)]
struct Pages {
    place: String,
    rows: Rows,
    days: BTreeSet<NaiveDate>,
    /// Days that AWS still calls estimated.
    estimated: BTreeSet<NaiveDate>,
    /// Pages, and those that say that another follows.
    pages: usize,
    followed: usize,
}

/// All answers of a file.
#[derive(Default)]
pub(super) struct Answers {
    asked: BTreeMap<Question, Pages>,
}

/// The answers once they are known to be whole.
pub(super) struct Whole {
    pub place: String,
    /// The days that every question covers.
    pub days: DayRange,
    pub estimated_at_end: bool,
    pub charges: Option<Rows>,
    pub detail: Option<Rows>,
    pub services: Option<Rows>,
}

/// Which key of a row is what.
struct Grouped {
    question: Question,
    service: usize,
    second: Option<usize>,
    account: Option<usize>,
    keys: usize,
}

impl Answers {
    /// Adds a page. Accounts that it names are added to `accounts`.
    pub fn add(&mut self, path: &str, page: &Value, accounts: &mut BTreeSet<String>) -> Result<(), IntakeError> {
        let results = below(path, "ResultsByTime");
        let Some(list) = page["ResultsByTime"].as_array() else {
            return Err(IntakeError::new(results, "ResultsByTime is no list", ASK));
        };
        let grouped = grouped(path, page, list)?;
        let pages = self.asked.entry(grouped.question).or_default();
        if pages.pages == 0 {
            pages.place.clone_from(&results);
        }
        pages.pages += 1;
        let token = page.get("NextPageToken").and_then(Value::as_str);
        pages.followed += usize::from(token.is_some_and(|token| !token.is_empty()));
        for (at, result) in list.iter().enumerate() {
            let place = format!("{results}[{at}]");
            let day = day_of(&place, result)?;
            pages.days.insert(day);
            if result["Estimated"].as_bool().unwrap_or(false) {
                pages.estimated.insert(day);
            }
            let groups = result.get("Groups").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let total = result.get("Total").and_then(Value::as_object);
            if groups.is_empty() && total.is_some_and(|total| !total.is_empty()) {
                return Err(IntakeError::new(place, "the day has a total and no groups", ASK));
            }
            for (number, group) in groups.iter().enumerate() {
                pages.add_row(&format!("{place}.Groups[{number}]"), day, group, &grouped, accounts)?;
            }
        }
        Ok(())
    }

    /// The answers, once every page and every day of them is there.
    pub fn whole(mut self) -> Result<Whole, IntakeError> {
        let mut days: Option<DayRange> = None;
        let (mut place, mut estimated_at_end) = (String::new(), false);
        for pages in self.asked.values() {
            let own = pages.whole()?;
            days = Some(days.map_or(own, |days| days.intersect(own)));
            place.clone_from(&pages.place);
        }
        let days = days.filter(|days| !days.is_empty()).ok_or_else(|| {
            let problem =
                if self.asked.is_empty() { "there is no answer" } else { "its answers have no day in common" };
            IntakeError::new(if place.is_empty() { "ResultsByTime" } else { &place }, problem, ASK)
        })?;
        for pages in self.asked.values() {
            estimated_at_end |= pages.estimated.contains(&plus_days(days.end, -1));
        }
        let mut rows = |question| self.asked.remove(&question).map(|pages| pages.rows);
        let (charges, detail, services) = (rows(Question::Money), rows(Question::Detail), rows(Question::Services));
        Ok(Whole { place, days, estimated_at_end, charges, detail, services })
    }
}

impl Pages {
    /// Its days, from the first to the last.
    fn whole(&self) -> Result<DayRange, IntakeError> {
        if self.followed >= self.pages {
            let problem = format!(
                "all {} of its pages say that another follows (NextPageToken): the last is missing",
                self.pages
            );
            let remedy = "ask on with --next-page-token until an answer has none, and put all answers into the file";
            return Err(IntakeError::new(&self.place, problem, remedy));
        }
        let (Some(first), Some(last)) = (self.days.first(), self.days.last()) else {
            return Err(IntakeError::new(&self.place, "it holds no day", ASK));
        };
        let days = DayRange::new(*first, plus_days(*last, 1));
        match days.days().find(|day| !self.days.contains(day)) {
            Some(missing) => {
                let problem = format!("{missing} is missing between {first} and {last}");
                Err(IntakeError::new(
                    &self.place,
                    problem,
                    "ask for all days at once, or add the answer with the missing ones",
                ))
            }
            None => Ok(days),
        }
    }

    fn add_row(
        &mut self,
        place: &str,
        day: NaiveDate,
        group: &Value,
        grouped: &Grouped,
        accounts: &mut BTreeSet<String>,
    ) -> Result<(), IntakeError> {
        let keys: Vec<&str> = group["Keys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if keys.len() != grouped.keys {
            let problem = format!("the row has {} keys, where {} are due", keys.len(), grouped.keys);
            return Err(IntakeError::new(below(place, "Keys"), problem, ASK));
        }
        if let Some(at) = grouped.account {
            accounts.insert(keys[at].to_owned());
        }
        let cost_place = below(place, &format!("Metrics.{COST}"));
        let (amount, unit) = metric(&cost_place, group, COST)?;
        if unit != CURRENCY {
            let problem = format!("the cost is in {unit:?}, and only {CURRENCY} is read");
            let remedy = "ask in an account that AWS bills in US dollars; list prices and credits are in them";
            return Err(IntakeError::new(below(&cost_place, "Unit"), problem, remedy));
        }
        let unreadable = |error: crate::values::money::AmountError| {
            IntakeError::new(below(&cost_place, "Amount"), error.to_string(), "give AWS's own answer, unchanged")
        };
        let cost: Money = amount.parse().map_err(unreadable)?;
        let (quantity, unit) = if grouped.question == Question::Detail {
            let place = below(place, &format!("Metrics.{QUANTITY}"));
            let (amount, unit) = metric(&place, group, QUANTITY)?;
            (Quantity::parse(amount).map_err(unreadable)?, unit.to_owned())
        } else {
            (Quantity::ZERO, String::new())
        };
        let second = grouped.second.map(|at| keys[at]).unwrap_or_default();
        let key = (day, keys[grouped.service].to_owned(), second.to_owned());
        // Two accounts that use one service are told as such, once all of them are known.
        if self.rows.insert(key, Row { cost, quantity, unit }).is_some() && accounts.len() < 2 {
            let problem = format!("{day} has the row {keys:?} twice");
            return Err(IntakeError::new(place, problem, "put each answer and each page into the file once"));
        }
        Ok(())
    }
}

/// The day of one entry; only days are read.
fn day_of(place: &str, result: &Value) -> Result<NaiveDate, IntakeError> {
    let place = below(place, "TimePeriod");
    let text = |key: &str| result["TimePeriod"][key].as_str().unwrap_or_default();
    let (start, end) = (text("Start"), text("End"));
    let days = start.parse::<NaiveDate>().ok().zip(end.parse::<NaiveDate>().ok());
    match days {
        Some((start, end)) if end == plus_days(start, 1) => Ok(start),
        Some((from, to)) => {
            let problem = format!("the period runs from {from} to {to}, which is no day");
            Err(IntakeError::new(place, problem, "ask with `--granularity DAILY`"))
        }
        None => {
            let problem = format!("the period from {start:?} to {end:?} is no day");
            Err(IntakeError::new(place, problem, "ask with `--granularity DAILY`"))
        }
    }
}

/// Amount and unit of one metric of a row.
fn metric<'v>(place: &str, group: &'v Value, name: &str) -> Result<(&'v str, &'v str), IntakeError> {
    let Some(value) = group["Metrics"].get(name) else {
        let problem = format!("the row has no {name}");
        return Err(IntakeError::new(place, problem, format!("add {name} to `--metrics`: {ASK}")));
    };
    let Some(amount) = value["Amount"].as_str() else {
        let problem = "the amount is no text, as AWS writes it, so digits may be lost";
        return Err(IntakeError::new(below(place, "Amount"), problem, "give AWS's own answer, unchanged"));
    };
    Ok((amount, value["Unit"].as_str().unwrap_or_default()))
}

/// By what an answer is grouped: AWS says so in it. Where that was cut off, by the names in its rows.
fn grouped(path: &str, page: &Value, results: &[Value]) -> Result<Grouped, IntakeError> {
    let place = below(path, "GroupDefinitions");
    let definitions = page.get("GroupDefinitions").and_then(Value::as_array).filter(|list| !list.is_empty());
    let names: Vec<String> = match definitions {
        Some(list) => list.iter().map(|one| one["Key"].as_str().unwrap_or_default().to_owned()).collect(),
        None => guessed(results),
    };
    let find = |name: &str| names.iter().position(|other| other == name);
    let second = |name: &str, question| find(name).map(|at| (Some(at), question));
    let (at, question) = second("RECORD_TYPE", Question::Money)
        .or_else(|| second("USAGE_TYPE", Question::Detail))
        .unwrap_or((None, Question::Services));
    let known = |name: &String| [SERVICE, ACCOUNT, "RECORD_TYPE", "USAGE_TYPE"].contains(&name.as_str());
    match (find(SERVICE), names.iter().find(|name| !known(name))) {
        (Some(service), None) => {
            Ok(Grouped { question, service, second: at, account: find(ACCOUNT), keys: names.len() })
        }
        (_, Some(other)) => Err(IntakeError::new(place, format!("the answer is grouped by {other:?}"), ASK)),
        (None, None) => Err(IntakeError::new(place, "the answer is not grouped by SERVICE", ASK)),
    }
}

/// What the rows are grouped by, where the answer does not say: services first, then record types if every second name is one.
fn guessed(results: &[Value]) -> Vec<String> {
    let rows = || results.iter().flat_map(|result| result["Groups"].as_array().into_iter().flatten());
    let keys = |row: &Value| row["Keys"].as_array().map(Vec::len).unwrap_or_default();
    let second = |row: &Value| row["Keys"][1].as_str().map(str::to_owned);
    match rows().map(keys).max() {
        Some(1) => vec![SERVICE.to_owned()],
        Some(2) => {
            let record_types = rows().filter_map(second).all(|name| record_kind(&name, Money::ONE).known);
            vec![SERVICE.to_owned(), if record_types { "RECORD_TYPE" } else { "USAGE_TYPE" }.to_owned()]
        }
        _ => Vec::new(),
    }
}
