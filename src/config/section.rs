//! One section of the file, read key by key, so that one bad value hides no other.
//!
//! Invariants: a value of the wrong type is a problem of its own key and of no other; a key that nobody asked for is a
//! problem; no message quotes a value that may be a secret.

use std::collections::BTreeSet;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;
use toml::{Table, Value};

use crate::domain::credit::programme::{Programme, Route};
use crate::domain::filing::projection::suggest;
use crate::domain::values::bounds::Bound;
use crate::domain::values::money::Money;

use super::lines::At;
use super::problem::Problem;

/// A section, or one entry of a section that may stand several times.
pub struct Section<'p> {
    place: String,
    at: At,
    keys: Table,
    /// The keys that stand in the file.
    given: BTreeSet<String>,
    asked: Vec<&'static str>,
    problems: &'p mut Vec<Problem>,
}

impl<'p> Section<'p> {
    /// A section that stands at `place`.
    pub fn new(place: impl Into<String>, keys: Table, problems: &'p mut Vec<Problem>) -> Self {
        let place = place.into();
        let given = keys.keys().cloned().collect();
        Section { at: At::section(&place), place, keys, given, asked: Vec::new(), problems }
    }

    /// Adds the entry's own name to its place: "[[pool]] 2" is easier to find as "[[pool]] 2 (poc)".
    pub fn name_place(&mut self, name: &str) {
        self.place = format!("{} ({name})", self.place);
    }

    /// Reports a problem of a key.
    pub fn problem(&mut self, key: &str, message: impl Into<String>) {
        self.problem_near(key, message, None);
    }

    /// Reports a value that is none of the names that there are, with the one that was probably meant.
    pub fn problem_near(&mut self, key: &str, message: impl Into<String>, meant: Option<&str>) {
        let place = format!("{} {key}", self.place);
        self.problems.push(Problem::at(self.at.key(key), place, message).meant(meant));
    }

    /// Reports a value that is none of `names`. `what` says what it is not, such as `"slak" is not a type`, and `else_wise` what to
    /// write where no name is close.
    pub fn not_among<'n>(
        &mut self,
        key: &str,
        (what, word): (String, &str),
        names: impl IntoIterator<Item = &'n str>,
        else_wise: &str,
    ) {
        let meant = nearest(word, names);
        let message = match &meant {
            Some(name) => format!("{what}; did you mean {name:?}?"),
            None => format!("{what}; {else_wise}"),
        };
        self.problem_near(key, message, meant.as_deref());
    }

    /// Reports a problem of the section as a whole.
    pub fn problem_here(&mut self, message: impl Into<String>) {
        self.problems.push(Problem::at(self.at.clone(), self.place.clone(), message));
    }

    /// True if the key is given and not read yet.
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// The text of a key, if it is given and text; empty if it is given and something else.
    pub fn peek(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(|value| value.as_str().unwrap_or_default())
    }

    /// The value as it stands.
    pub fn value(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.keys.remove(key)
    }

    /// Text that is not blank.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) if !text.trim().is_empty() => Some(text),
            Value::String(_) => {
                self.problem(key, "is empty: write a value, or leave the key out");
                None
            }
            other => {
                self.problem(key, format!("is {}; write text in quotes, such as {key} = \"...\"", kind(&other)));
                None
            }
        }
    }

    /// Text that has to be there; `wanted` says what it is.
    pub fn required(&mut self, key: &'static str, wanted: &str) -> Option<String> {
        if !self.has(key) {
            self.asked.push(key);
            self.problem(key, format!("is missing: {wanted}"));
            return None;
        }
        self.text(key)
    }

    /// A list of texts, none of them blank.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let Value::Array(items) = self.value(key)? else {
            self.problem(key, format!("is not a list; write {key} = [\"...\", \"...\"]"));
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            match item {
                Value::String(text) if !text.trim().is_empty() => texts.push(text),
                Value::String(_) => self.problem(key, "holds an empty text: write a value, or remove it"),
                Value::Integer(number) => {
                    self.problem(key, format!("holds the number {number}; write it as text: \"{number}\""));
                }
                other => self.problem(key, format!("holds {}; write each entry as text in quotes", kind(&other))),
            }
        }
        Some(texts)
    }

    /// A whole number within `bound`.
    pub fn count<T: TryFrom<i64>>(&mut self, key: &'static str, bound: Bound) -> Option<T> {
        match self.value(key)? {
            Value::Integer(number) => {
                let count = T::try_from(number).ok().filter(|_| bound.holds(number));
                if count.is_none() {
                    self.problem(key, bound.refusal(number));
                }
                count
            }
            other => {
                let message = format!("is {}; write a whole number without quotes, which must {bound}", kind(&other));
                self.problem(key, message);
                None
            }
        }
    }

    /// True or false.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        match self.value(key)? {
            Value::Boolean(flag) => Some(flag),
            other => {
                self.problem(key, format!("is {}; write true or false, without quotes", kind(&other)));
                None
            }
        }
    }

    /// The text of an exact number: in quotes, or a whole number as it is. A TOML number with a decimal point has gone
    /// through binary, where 0.19 is not 0.19 any more.
    fn exact(&mut self, key: &'static str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) => Some(text),
            Value::Integer(number) => Some(number.to_string()),
            Value::Float(number) => {
                let message = format!(
                    "is a number with a decimal point, which TOML does not keep exactly; write it as text: {key} = \
                     \"{number}\""
                );
                self.problem(key, message);
                None
            }
            other => {
                self.problem(key, format!("is {}; write the number as text, such as {key} = \"100\"", kind(&other)));
                None
            }
        }
    }

    /// A number of dollars.
    pub fn money(&mut self, key: &'static str) -> Option<Money> {
        let text = self.exact(key)?;
        let money = text.parse::<Money>();
        money.map_err(|error| self.problem(key, format!("{error}; write dollars, such as \"100000\""))).ok()
    }

    /// An exact number that is no amount; `wanted` says what it is.
    pub fn decimal(&mut self, key: &'static str, wanted: &str) -> Option<Decimal> {
        let text = self.exact(key)?;
        let number = Decimal::from_str_exact(text.trim());
        number.map_err(|_| self.problem(key, format!("{text:?} is not {wanted}"))).ok()
    }

    /// A day, as a TOML date or as text.
    pub fn day(&mut self, key: &'static str) -> Option<NaiveDate> {
        let text = match self.value(key)? {
            Value::Datetime(date) => date.to_string(),
            Value::String(text) => text,
            other => {
                self.problem(key, format!("is {}; write a day like 2026-02-01", kind(&other)));
                return None;
            }
        };
        // A year has four digits wherever days are written and read again.
        let day = NaiveDate::from_str(&text).ok().filter(|day| (0..=9999).contains(&day.year()));
        day.ok_or_else(|| self.problem(key, format!("{text:?} is not a day, which is written like 2026-02-01"))).ok()
    }

    /// A credit programme.
    pub fn programme(&mut self, key: &'static str) -> Option<Programme> {
        let text = self.text(key)?;
        let found = Programme::from_name(&text);
        if found.is_none() {
            let names = Programme::ALL.map(Programme::as_str);
            let what = (format!("{text:?} is not a programme"), text.as_str());
            self.not_among(key, what, names, &format!("write one of {}", names.join(", ")));
        }
        found
    }

    /// The route of an application.
    pub fn route(&mut self, key: &'static str) -> Option<Route> {
        let text = self.text(key)?;
        let found = Route::ALL.into_iter().find(|route| route.as_str() == text);
        if found.is_none() {
            let names = Route::ALL.map(Route::as_str);
            let what = (format!("{text:?} is not a route"), text.as_str());
            self.not_among(key, what, names, &format!("write one of {}", names.join(", ")));
        }
        found
    }

    /// A list of whole percentages. Whether they lie between 1 and 100 is checked with the other bounds.
    pub fn percentages(&mut self, key: &'static str) -> Option<Vec<u8>> {
        let value = self.value(key)?;
        let whole = |value: &Value| value.as_integer().and_then(|percent| u8::try_from(percent).ok());
        let found = value.as_array().and_then(|values| values.iter().map(whole).collect());
        if found.is_none() {
            self.problem(key, format!("{value} is not a list of whole percentages such as [50, 75, 90]"));
        }
        found
    }

    /// Names and texts of any number.
    pub fn text_table(&mut self, key: &'static str) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (name, value) in self.table(key).unwrap_or_default() {
            match value {
                Value::String(text) if !text.trim().is_empty() => texts.push((name, text)),
                other => {
                    let (at, place) = (self.at.key(key).key(&name), format!("{} {key}", self.place));
                    let message = format!("{name:?} is {}; write text in quotes", kind(&other));
                    self.problems.push(Problem::at(at, place, message));
                }
            }
        }
        texts
    }

    /// A table inside the section.
    pub fn table(&mut self, key: &'static str) -> Option<Table> {
        match self.value(key)? {
            Value::Table(table) => Some(table),
            other => {
                self.problem(key, format!("is {}; write {key} = {{ ... }}", kind(&other)));
                None
            }
        }
    }

    /// Ends the section: what is left was asked for by nobody.
    pub fn finish(self) {
        self.tell_unknown(true);
    }

    /// Ends a section of which only some keys were asked for: what is close to one of those is a slip, and of the others nothing can be
    /// said.
    pub fn finish_early(self) {
        self.tell_unknown(false);
    }

    fn tell_unknown(self, all: bool) {
        for key in self.keys.keys() {
            let missing = self.asked.iter().copied().filter(|asked| !self.given.contains(*asked));
            let meant = nearest(key, missing);
            if meant.is_none() && !all {
                continue;
            }
            let message = match &meant {
                Some(name) => format!("there is no key {key:?} here; did you mean {name:?}?"),
                None => format!("there is no key {key:?} here; the keys are {}", self.asked.join(", ")),
            };
            self.problems.push(Problem::at(self.at.key(key), self.place.clone(), message).meant_key(meant.as_deref()));
        }
    }
}

/// The name that was probably meant by `word`, which is none of `names`.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    suggest(word, names).into_iter().next()
}

/// What a value is, for people who have never read the TOML specification.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(text) if text.trim().is_empty() => "an empty text",
        Value::String(_) => "text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number with a decimal point",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// The entries of `[[name]]`, each with its place.
pub fn entries(name: &str, value: Option<Value>, problems: &mut Vec<Problem>) -> Vec<(String, Table)> {
    let section = format!("[{name}]");
    let items = match value {
        None => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(other) => {
            let message = format!("write [[{name}]], with two brackets, once for each");
            problems.push(Problem::at(At::section(&section), section, message));
            // Read all the same, so that what names it does not complain as well.
            if other.is_table() { vec![other] } else { Vec::new() }
        }
    };
    let mut tables = Vec::new();
    for (number, item) in (1..).zip(items) {
        let place = format!("[[{name}]] {number}");
        match item {
            Value::Table(table) => tables.push((place, table)),
            other => problems.push(Problem::at(
                At::section(&place),
                place,
                format!("is {}; write a line [[{name}]] with its keys on the lines below", kind(&other)),
            )),
        }
    }
    tables
}
