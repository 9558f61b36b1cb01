//! A bill out of a file: what `aws ce get-cost-and-usage` printed, or what the script in `config/intake` gathered, before anything
//! is installed.
//!
//! Invariants: all pages or nothing, every day between the first and the last, one currency, one account; what cannot be read is
//! said with its place in the file and a remedy. Days that may not be complete are no complete days: two days before the moment
//! at which the script ran, or, where nobody says when, before the end of an answer that AWS still calls estimated.

mod answer;
mod credits;
mod problem;

use crate::facts::intake::problem::FILTER;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde_json::{Deserializer, Value};

use super::charge::{BillPart, record_kind};
use crate::facts::Facts;
use crate::facts::rows::{ChargeKind, ChargeRow, UsageKind, UsageRow};
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};
use crate::values::printable::shortened;
use answer::{Answers, Rows};
pub use problem::IntakeError;
use problem::{ASK, CURRENCY, below};

/// Days at the end of an answer that may not be complete.
const SETTLES_DAYS: i64 = 2;
/// The key by which the script's output is known.
const INTAKE: &str = "glidepath_intake";
/// The only version of it.
const VERSION: u64 = 1;
/// Reads a file: one answer of Cost Explorer, several behind each other or in a JSON list, or the output of the script. The facts
/// are those of a store that was fed with it once; their clock is the moment at which the bill was read off.
///
/// # Errors
/// [`IntakeError`]: the first thing that is wrong.
///
/// ```
/// use glidepath_core::facts::intake::facts_from;
/// let cut = facts_from("{\"ResultsByTime\": [").unwrap_err();
/// assert_eq!(cut.place, "line 1, column 19");
/// ```
pub fn facts_from(text: &str) -> Result<Facts, IntakeError> {
    let mut read = Read::default();
    for (at, value) in values(text)?.into_iter().enumerate() {
        match value {
            Value::Array(list) => {
                for (place, value) in list.into_iter().enumerate() {
                    read.value(&format!("[{place}]"), &value)?;
                }
            }
            value => read.value(&if at == 0 { String::new() } else { format!("answer {}", at + 1) }, &value)?,
        }
    }
    read.facts()
}

/// Every JSON value of a text.
fn values(text: &str) -> Result<Vec<Value>, IntakeError> {
    let text = text.trim_start_matches('\u{feff}');
    let values: Result<Vec<Value>, _> = Deserializer::from_str(text).into_iter().collect();
    let values = values.map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        if error.is_eof() {
            return IntakeError::new(place, "the file is cut: it ends within a value", "save AWS's whole answer again");
        }
        let words = error.to_string();
        let words = words.split(" at line ").next().unwrap_or_default();
        IntakeError::new(
            place,
            format!("the file is no JSON: {words}"),
            "save AWS's answer as it is, with `--output json`",
        )
    })?;
    if values.is_empty() {
        return Err(IntakeError::new("line 1", "the file is empty", ASK));
    }
    Ok(values)
}

/// What was read so far.
#[derive(Default)]
struct Read {
    answers: Answers,
    accounts: BTreeSet<String>,
    made_at: Option<DateTime<Utc>>,
    credits: Vec<(String, Value)>,
}

impl Read {
    fn value(&mut self, path: &str, value: &Value) -> Result<(), IntakeError> {
        let place = || if path.is_empty() { "line 1".to_owned() } else { path.to_owned() };
        if value.get(INTAKE).is_some() {
            return self.intake(path, value);
        }
        if value.get("ResultsByTime").is_some() {
            return self.answer(path, value);
        }
        let what = match value {
            Value::Object(members) => {
                let keys: Vec<&str> = members.keys().take(4).map(String::as_str).collect();
                format!("an object with the keys {keys:?}")
            }
            Value::Array(_) => "a list within a list".to_owned(),
            other => format!("the value {}", shortened(&other.to_string(), 40)),
        };
        Err(IntakeError::new(place(), format!("{what} is no answer of Cost Explorer, which has ResultsByTime"), ASK))
    }

    fn answer(&mut self, path: &str, value: &Value) -> Result<(), IntakeError> {
        self.answers.add(path, value, &mut self.accounts)?;
        self.one_account(path)
    }

    fn one_account(&self, path: &str) -> Result<(), IntakeError> {
        let accounts: Vec<&str> = self.accounts.iter().map(String::as_str).collect();
        if accounts.len() < 2 {
            return Ok(());
        }
        let remedy = "give a file of one account: a filter on LINKED_ACCOUNT chooses it, and credits are an account's";
        let place = if path.is_empty() { "line 1" } else { path };
        Err(IntakeError::new(place, format!("the file holds several accounts: {}", accounts.join(", ")), remedy))
    }

    fn intake(&mut self, path: &str, value: &Value) -> Result<(), IntakeError> {
        if value[INTAKE].as_u64() != Some(VERSION) {
            let problem = format!("{INTAKE} is {}, and this version reads {VERSION}", value[INTAKE]);
            return Err(IntakeError::new(below(path, INTAKE), problem, "take the script that comes with this version"));
        }
        let made_at = value.get("made_at").and_then(Value::as_str).and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let made_at = made_at.ok_or_else(|| {
            let problem = "the moment at which the script ran is missing, or no time like 2026-11-23T06:30:00Z";
            IntakeError::new(below(path, "made_at"), problem, "run the script again")
        })?;
        self.made_at = Some(self.made_at.map_or(made_at, |other| other.min(made_at)));
        if let Some(account) = value.get("caller").and_then(|caller| caller.get("Account")).and_then(Value::as_str) {
            self.accounts.insert(account.to_owned());
            self.one_account(&below(path, "caller.Account"))?;
        }
        for key in ["money", "detail"] {
            let pages = value.get(key).and_then(Value::as_array).filter(|pages| !pages.is_empty());
            let Some(pages) = pages else {
                let problem = "the script's answer from Cost Explorer is missing";
                return Err(IntakeError::new(
                    below(path, key),
                    problem,
                    "run the script again, and look at what it says",
                ));
            };
            for (at, page) in pages.iter().enumerate() {
                self.answer(&below(path, &format!("{key}[{at}]")), page)?;
            }
        }
        // Denied, or a command line that does not know the call yet.
        let credits = value.get("credits").and_then(|answer| answer.get("credits")).and_then(Value::as_array);
        for (at, credit) in credits.into_iter().flatten().enumerate() {
            self.credits.push((below(path, &format!("credits.credits[{at}]")), credit.clone()));
        }
        Ok(())
    }

    fn facts(self) -> Result<Facts, IntakeError> {
        let Read { answers, made_at, credits, .. } = self;
        let whole = answers.whole()?;
        let (days, estimated) = (whole.days, whole.estimated_at_end);
        let last = plus_days(days.end, -1);
        let through = match made_at {
            Some(at) => last.min(plus_days(at.date_naive(), -SETTLES_DAYS)),
            None if estimated => plus_days(last, -SETTLES_DAYS),
            None => last,
        };
        if through < days.start {
            let problem =
                format!("the newest {SETTLES_DAYS} days may not be complete, and there are no others before them");
            return Err(IntakeError::new(whole.place, problem, "ask for more days; 28 tell a pace, and 84 its growth"));
        }
        let clock = moment(plus_days(through, SETTLES_DAYS));
        let as_of = made_at.unwrap_or(clock);
        let mut facts = Facts { costs_pulled_at: Some(clock), ..Facts::none(as_of, CURRENCY) };
        let charges =
            whole.charges.as_ref().map(|rows| (rows, true)).or(whole.services.as_ref().map(|rows| (rows, false)));
        let (charges, named) = charges.or(whole.detail.as_ref().map(|rows| (rows, false))).ok_or_else(no_rows)?;
        add_charges(&mut facts, charges, named, days);
        if let Some(detail) = &whole.detail {
            add_usage(&mut facts, detail, days);
        }
        if facts.charges.is_empty() && facts.usage.is_empty() {
            return Err(no_rows());
        }
        if !named {
            refuse_net_of_credit(&facts, through, &whole.place)?;
        }
        for (path, credit) in credits {
            facts.credits.push(credits::seen(&path, &credit, as_of.date_naive())?);
        }
        Ok(facts)
    }
}

fn no_rows() -> IntakeError {
    IntakeError::new("ResultsByTime", "no day has a row with a cost: the answer holds no bill", ASK)
}

fn moment(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// An answer by usage type or by service alone has no record types. If credit is taken off in it, little or nothing is left.
fn refuse_net_of_credit(facts: &Facts, through: NaiveDate, place: &str) -> Result<(), IntakeError> {
    let newest = DayRange::new(plus_days(through, -27), plus_days(through, 1));
    let gross =
        |row: &&ChargeRow| record_kind(&facts.charge_kinds[row.kind].record_type, row.cost).part == BillPart::Gross;
    let sum: Money =
        facts.charges.iter().filter(|row| newest.contains(row.day)).filter(gross).map(|row| row.cost).sum();
    let used = facts.usage.iter().any(|row| newest.contains(row.day) && !row.quantity.is_zero());
    if sum.is_negative() || !sum.is_positive() && used {
        let problem = format!(
            "the newest days cost {} in all although something was used: credits are taken off in it",
            sum.dollars()
        );
        return Err(IntakeError::new(place, problem, FILTER));
    }
    Ok(())
}

/// `named` says that the second name of a row is its record type; else all is usage, but for the service that is called Tax.
fn add_charges(facts: &mut Facts, rows: &Rows, named: bool, days: DayRange) {
    let mut sums: BTreeMap<(NaiveDate, &str, &str), Money> = BTreeMap::new();
    for ((day, service, second), row) in rows.iter().filter(|((day, ..), _)| days.contains(*day)) {
        let record_type = match (named, service.as_str()) {
            (true, _) => second,
            (false, "Tax") => "Tax",
            (false, _) => "Usage",
        };
        *sums.entry((*day, service, record_type)).or_default() += row.cost;
    }
    let mut numbers = BTreeMap::new();
    for ((day, service, record_type), cost) in sums.into_iter().filter(|(_, cost)| !cost.is_zero()) {
        let next = facts.charge_kinds.len();
        let kind = *numbers.entry((service, record_type)).or_insert(next);
        if kind == next {
            facts.charge_kinds.push(ChargeKind { service: service.to_owned(), record_type: record_type.to_owned() });
        }
        facts.charges.push(ChargeRow { day, kind, cost });
    }
}

fn add_usage(facts: &mut Facts, rows: &Rows, days: DayRange) {
    let mut numbers = BTreeMap::new();
    for ((day, service, usage_type), row) in rows.iter().filter(|((day, ..), _)| days.contains(*day)) {
        if row.cost.is_zero() && row.quantity.is_zero() || service == "Tax" {
            continue;
        }
        let next = facts.usage_kinds.len();
        let kind = *numbers.entry((service, usage_type, &row.unit)).or_insert(next);
        if kind == next {
            let [service, usage_type, unit] = [service, usage_type, &row.unit].map(Clone::clone);
            facts.usage_kinds.push(UsageKind { service, usage_type, unit });
        }
        facts.usage.push(UsageRow { day: *day, kind, cost: row.cost, quantity: row.quantity });
    }
}
