//! Reads values out of a positioned TOML tree and collects problems. It knows TOML and numbers, nothing of filings.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::problem::{Lines, MOST_TOLD, ProjectionProblem, Told, suggest};
use crate::values::bounds::{self, Bound};
use crate::values::money::Money;
use crate::values::period::BillingPeriod;

/// Years that a plan may name. AWS has billed since 2006; anything outside is a slip of the pen.
const YEARS: RangeInclusive<i32> = 2006..=2099;

/// Keys under which something is told in sentences; every other text is a name.
const PROSE: [&str; 6] = ["use_case", "why_model", "building", "validates", "outcome", "engagement_type"];
/// Characters of a text that is told in sentences: each stands beside every record in each view that is kept.
const MOST_PROSE: usize = 1_000;
/// Characters of a name, which stands in each row of the comparison.
const MOST_NAME: usize = 200;

/// Problems after which no near names are looked for: those of the first that are told stand among them in any file but one
/// that is wrong from end to end.
const SUGGESTED: usize = 10 * MOST_TOLD;

/// Collects problems while values are read.
pub(super) struct Reader<'t> {
    text: &'t str,
    /// It was checked when it was frozen, and is read whatever it holds.
    frozen: bool,
    lines: Lines,
    problems: Told,
    /// What is legal and worth a second look.
    remarks: Told,
    /// Lines of the filing by line of their name in the file, with the line of their first month.
    first_months: BTreeMap<usize, usize>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, frozen: bool) -> Self {
        let (problems, remarks) = (Told::default(), Told::default());
        Reader { text, frozen, lines: Lines::of(text), problems, remarks, first_months: BTreeMap::new() }
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// The problems and the remarks, each in order of line.
    pub(super) fn into_problems(self) -> (Vec<ProjectionProblem>, Vec<ProjectionProblem>) {
        (self.problems.into_list(), self.remarks.into_list())
    }

    /// Names of `known` that are close to `name`.
    pub(super) fn near<'k>(&self, name: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<String> {
        if self.problems.count() < SUGGESTED { suggest(name, known) } else { Vec::new() }
    }

    /// Notes a line of the filing that is named at `at`; gives its line in the file.
    pub(super) fn note_line(&mut self, at: &Range<usize>, table: &DeTable<'_>) -> usize {
        let line = self.line(at);
        let rows = table.get("monthly").and_then(|rows| rows.get_ref().as_array());
        let row = rows.and_then(|rows| rows.iter().next()).and_then(|row| row.get_ref().as_table());
        if let Some(from) = row.unwrap_or(table).get("from") {
            let first = self.line(&from.span());
            self.first_months.entry(line).or_insert(first);
        }
        line
    }

    /// The line of the first month of the line that is named in `line`.
    pub(super) fn first_month_line(&self, line: usize) -> Option<usize> {
        self.first_months.get(&line).copied()
    }

    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        self.lines.at(span.start)
    }

    pub(super) fn problem(&mut self, span: Range<usize>, problem: impl Into<String>, remedy: impl Into<String>) {
        let line = self.line(&span);
        self.problem_in(line, problem, remedy);
    }

    pub(super) fn problem_in(&mut self, line: usize, problem: impl Into<String>, remedy: impl Into<String>) {
        self.problems.add(ProjectionProblem { line, problem: problem.into(), remedy: remedy.into() });
    }

    pub(super) fn remark(&mut self, line: usize, remark: impl Into<String>, remedy: impl Into<String>) {
        self.remarks.add(ProjectionProblem { line, problem: remark.into(), remedy: remedy.into() });
    }

    /// Reports every key that is not in `known`.
    pub(super) fn known_keys(&mut self, table: &DeTable<'_>, of: &str, known: &[&str]) {
        for (key, _) in table {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let near = self.near(name, known.iter().copied());
                let remedy = near.first().map_or_else(
                    || format!("remove it; {of} knows {}", known.join(", ")),
                    |near| format!("did you mean {near}?"),
                );
                self.problem(key.span(), format!("{name:?} is not a key of {of}"), remedy);
            }
        }
    }

    /// The tables of an array of tables; none if the key is absent.
    pub(super) fn tables<'d, 'i>(&mut self, table: &'d DeTable<'i>, key: &str) -> Vec<(&'d DeTable<'i>, Range<usize>)> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let items = value.get_ref().as_array().map(|array| array.iter().collect::<Vec<_>>());
        let tables = items.and_then(|items| {
            items.into_iter().map(|item| Some((item.get_ref().as_table()?, item.span()))).collect::<Option<Vec<_>>>()
        });
        tables.unwrap_or_else(|| {
            let problem = format!("{key} is not a list of tables");
            self.problem(value.span(), problem, format!("write each entry of {key} as a table of its own"));
            Vec::new()
        })
    }

    /// A text that may be absent; anything but a filled text is a problem.
    pub(super) fn text_value(&mut self, table: &DeTable<'_>, key: &str) -> Option<(String, Range<usize>)> {
        let value = table.get(key)?;
        match value.get_ref().as_str().map(str::trim) {
            Some(text) if !text.is_empty() => Some((self.within_length(key, text, value.span())?, value.span())),
            _ => {
                self.problem(value.span(), format!("{key} is not a text"), format!("write it as {key} = \"...\""));
                None
            }
        }
    }

    /// The text, if it is no longer than its key allows; of a frozen filing sentences are cut there, and names stay.
    fn within_length(&mut self, key: &str, text: &str, at: Range<usize>) -> Option<String> {
        let prose = PROSE.contains(&key);
        let most = if prose { MOST_PROSE } else { MOST_NAME };
        let Some((cut, _)) = text.char_indices().nth(most) else { return Some(text.to_owned()) };
        if self.frozen {
            return Some(if prose { format!("{}…", &text[..cut]) } else { text.to_owned() });
        }
        let problem = format!("{key} has {} characters, and {most} are the most", text.chars().count());
        self.problem(at, problem, if prose { "say it in fewer words" } else { "write a shorter name" });
        None
    }

    pub(super) fn optional_text(&mut self, table: &DeTable<'_>, key: &str) -> Option<String> {
        self.text_value(table, key).map(|(text, _)| text)
    }

    pub(super) fn required_text(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        key: &str,
        example: &str,
    ) -> Option<(String, Range<usize>)> {
        if !table.contains_key(key) {
            self.problem(span, format!("{key} is missing"), format!("add it, like {key} = \"{example}\""));
        }
        self.text_value(table, key)
    }

    /// A day that has to be there.
    pub(super) fn required_day(&mut self, table: &DeTable<'_>, span: Range<usize>, key: &str) -> Option<NaiveDate> {
        let Some(value) = table.get(key) else {
            self.problem(span, format!("{key} is missing"), format!("add the day, like {key} = \"2026-02-01\""));
            return None;
        };
        // TOML has dates of its own; what people mean by both spellings is the same day.
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            other => format!("a {}", other.type_str()),
        };
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let problem = format!("{key} is {text:?}, which is not a day");
            self.problem(value.span(), problem, format!("write it like {key} = \"2026-02-01\""));
        }
        parsed
    }

    /// True or false; false where absent.
    pub(super) fn flag(&mut self, table: &DeTable<'_>, key: &str) -> bool {
        let Some(value) = table.get(key) else { return false };
        if let DeValue::Boolean(flag) = value.get_ref() {
            return *flag;
        }
        self.problem(value.span(), format!("{key} is neither true nor false"), format!("write {key} = true"));
        false
    }

    /// The number of a version, from 1 up; `None` where absent.
    pub(super) fn version(&mut self, table: &DeTable<'_>, key: &str) -> Option<u32> {
        let value = table.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
            _ => None,
        };
        let version = number.filter(|version| *version > 0);
        if version.is_none() {
            let remedy = format!("write the number that `projection list` shows, like {key} = 1");
            self.problem(value.span(), format!("{key} is not the number of a version"), remedy);
        }
        version
    }

    pub(super) fn month(&mut self, text: &str, at: Range<usize>) -> Option<BillingPeriod> {
        let parsed = text.parse().ok().filter(|month: &BillingPeriod| YEARS.contains(&month.first_day().year()));
        if parsed.is_none() {
            let remedy = format!("write months like \"2026-02\", from {} to {}", YEARS.start(), YEARS.end());
            self.problem(at, format!("{text:?} is not a month to plan"), remedy);
        }
        parsed
    }

    /// A month table: entries in order of month, none twice, each read by `entry`.
    pub(super) fn monthly<T>(
        &mut self,
        table: &DeTable<'_>,
        span: &Range<usize>,
        keys: &[&str],
        entry: fn(&mut Self, &DeTable<'_>, Range<usize>, BillingPeriod) -> Option<T>,
    ) -> Vec<T> {
        let rows = self.tables(table, "monthly");
        if lacks(table, "monthly") {
            let at = table.get("monthly").map_or(span.clone(), Spanned::span);
            let remedy = format!("add monthly = [{{ from = \"2026-02\", {} = ... }}]", keys[1..].join(" = ..., "));
            self.problem(at, "the line has no month", remedy);
        }
        let mut read = Vec::new();
        let mut newest: Option<BillingPeriod> = None;
        for (row, at) in rows {
            self.known_keys(row, "a month", keys);
            let Some((text, from_at)) = self.required_text(row, at.clone(), "from", "2026-02") else { continue };
            let Some(from) = self.month(&text, from_at.clone()) else { continue };
            if let Some(before) = newest.filter(|newest| *newest >= from) {
                let problem = format!("{from} comes after {before} in the month table");
                self.problem(from_at, problem, "list each month once, in order of time");
            }
            newest = newest.max(Some(from));
            read.extend(entry(self, row, at, from));
        }
        read
    }

    /// A share between 0 and 1; 0 where absent.
    pub(super) fn share(&mut self, table: &DeTable<'_>, key: &str) -> Decimal {
        let remedy = format!("write a share of the whole, so 40 % is {key} = \"0.40\"");
        self.number_within(table, key, bounds::SHARE, &remedy).ok().flatten().unwrap_or_default()
    }

    /// Growth per month.
    pub(super) fn growth(&mut self, table: &DeTable<'_>, key: &str) -> Option<Decimal> {
        let remedy = format!("write a share, so 8 % a month is {key} = \"0.08\"; plan faster growth as a month table");
        self.number_within(table, key, bounds::GROWTH, &remedy).ok().flatten()
    }

    /// A volume from zero up; `Some(None)` where absent, `None` where it is a problem.
    pub(super) fn optional_volume(&mut self, table: &DeTable<'_>, key: &str, bound: Bound) -> Option<Option<Decimal>> {
        let remedy = format!("write a number; it must {bound}");
        self.number_within(table, key, bound, &remedy).ok()
    }

    pub(super) fn required_volume(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        key: &str,
        example: &str,
        bound: Bound,
    ) -> Option<Decimal> {
        if !table.contains_key(key) {
            self.problem(span, format!("{key} is missing"), format!("add it, like {key} = {example}"));
        }
        self.optional_volume(table, key, bound).flatten()
    }

    /// An amount of dollars from zero up.
    pub(super) fn optional_usd(&mut self, table: &DeTable<'_>, key: &str) -> Option<Money> {
        let value = table.get(key)?;
        let text = self.number_text(value, key)?;
        match text.parse::<Money>() {
            Ok(usd) if bounds::USD.holds(usd.amount()) => Some(usd),
            Ok(usd) => {
                let problem = format!("{key} {}", bounds::USD.refusal(usd));
                self.problem(value.span(), problem, "write what you plan to spend");
                None
            }
            Err(error) => {
                self.problem(value.span(), format!("{key}: {error}"), format!("write dollars like {key} = \"400\""));
                None
            }
        }
    }

    /// `Ok(None)` where absent, `Err` where a problem was reported.
    fn number_within(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        bound: Bound,
        remedy: &str,
    ) -> Result<Option<Decimal>, ()> {
        let Some(value) = table.get(key) else { return Ok(None) };
        let text = self.number_text(value, key).ok_or(())?;
        let Ok(number) = Decimal::from_str_exact(&text) else {
            self.problem(value.span(), format!("{key} is {text:?}, which is not a decimal number"), remedy);
            return Err(());
        };
        if let Some(problem) = bound.refuse(key, number) {
            self.problem(value.span(), problem, remedy);
            return Err(());
        }
        Ok(Some(number.normalize()))
    }

    /// A number's text: a TOML integer, or a decimal written as text. A TOML float is refused, since it would not
    /// hold the figure that was filed.
    fn number_text(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.trim().to_owned()),
            DeValue::Integer(number) if number.radix() == 10 => {
                Some(number.as_str().trim_start_matches('+').replace('_', ""))
            }
            DeValue::Float(float) => {
                let problem = format!("{key} = {} is a float, which cannot hold every decimal exactly", float.as_str());
                self.problem(value.span(), problem, format!("put it in quotes: {key} = \"{}\"", float.as_str()));
                None
            }
            other => {
                let problem = format!("{key} is not a decimal number (TOML type: {})", other.type_str());
                self.problem(value.span(), problem, format!("write it in digits, like {key} = \"0.5\""));
                None
            }
        }
    }
}

/// True if the list is absent or has no entry.
pub(super) fn lacks(table: &DeTable<'_>, list: &str) -> bool {
    table.get(list).is_none_or(|value| value.get_ref().as_array().is_some_and(|entries| entries.is_empty()))
}
