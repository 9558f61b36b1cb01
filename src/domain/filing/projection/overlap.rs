//! What is planned twice: two lines, records or filings that claim the same spend, and by how many dollars a month.

use std::collections::BTreeMap;

use super::plan::plan_line;
use super::problem::{MOST_TOLD, ProjectionProblem, Told};
use super::{Claim, FiledLine, FiledProjection};
use crate::billing::price::PriceBook;
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::service;

/// Months over which a double count is shown.
const MONTHS_SHOWN: i32 = 12;

/// A filing on its own, or one of several that are read together.
#[derive(Debug, Clone, Copy)]
pub struct Part<'f> {
    /// The file, where there are several.
    pub name: Option<&'f str>,
    /// What it says.
    pub filing: &'f FiledProjection,
}

/// Two lines that claim the same spend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// Which of the parts holds the later of the two.
    pub part: usize,
    /// Line of the later of the two in its file, counted from 1.
    pub line: usize,
    /// Who claims what twice, and what is counted double.
    pub problem: String,
    /// What to do.
    pub remedy: String,
    /// What is counted double, by month; empty where one of the two is unpriced, and beyond those that are told.
    pub double_count: Vec<(BillingPeriod, Money)>,
}

/// Every claim that two lines share, in order of file and line.
///
/// Two lines overlap if they claim one model, one instance type or one service; or if an amount is filed for a service
/// that a line of tokens bills under, unless the amount says that it is the `rest` of the service. What both plan for a
/// month, and so the smaller of the two, is counted twice. Two filings that name one record overlap as a whole.
///
/// Work grows with the number of lines: each is looked up among those before it. What is counted twice is worked out for the
/// first [`MOST_TOLD`] overlaps of a file, which are those that are told.
pub fn overlaps(parts: &[Part<'_>], book: &PriceBook, service_of_model: &dyn Fn(&str) -> String) -> Vec<Overlap> {
    let mut lines: Vec<Placed<'_>> = Vec::new();
    let mut found = Vec::new();
    // Who named a record first, in which part.
    let mut records: BTreeMap<&str, (usize, Option<&str>, usize)> = BTreeMap::new();
    for (part, Part { name, filing }) in parts.iter().enumerate() {
        for record in &filing.records {
            let (claimed_in, other, line) = *records.entry(&record.id).or_insert((part, *name, record.line));
            if claimed_in < part {
                let problem =
                    format!("two filings claim the record {:?}: line {line}{} and this one", record.id, of_file(other));
                let remedy = "a record is filed once; give this one an id of its own, or keep it in one of the files";
                found.push(Overlap {
                    part,
                    line: record.line,
                    problem,
                    remedy: remedy.to_owned(),
                    double_count: Vec::new(),
                });
            }
            let placed = |line| Placed { part, file: *name, filing, record: &record.id, line };
            lines.extend(record.lines().map(placed));
        }
    }
    lines.sort_by_key(|placed| (placed.part, placed.line.line()));
    let mut earlier = Earlier::default();
    let mut in_part = (0, 0);
    for (at, later) in lines.iter().enumerate() {
        let claim = Claim::of(later.line);
        let swallowed = Swallowed::of(later.line, service_of_model);
        if let Some(other) = earlier.overlapping(&claim, swallowed.as_ref()) {
            in_part = if in_part.0 == later.part { (later.part, in_part.1 + 1) } else { (later.part, 1) };
            let priced = (in_part.1 <= MOST_TOLD).then_some(book);
            found.push(overlap(&lines[other], later, priced, service_of_model));
        }
        earlier.note(at, claim, swallowed);
    }
    found.sort_by_key(|overlap| (overlap.part, overlap.line));
    found
}

/// The same by part, as problems: at most as many of each as are told.
pub fn told_overlaps(
    parts: &[Part<'_>],
    book: &PriceBook,
    service_of_model: &dyn Fn(&str) -> String,
) -> Vec<Vec<ProjectionProblem>> {
    let mut told: Vec<Told> = parts.iter().map(|_| Told::default()).collect();
    for Overlap { part, line, problem, remedy, .. } in overlaps(parts, book, service_of_model) {
        told[part].add(ProjectionProblem { line, problem, remedy });
    }
    told.into_iter().map(Told::into_list).collect()
}

/// A line with its place.
struct Placed<'f> {
    part: usize,
    file: Option<&'f str>,
    filing: &'f FiledProjection,
    record: &'f str,
    line: FiledLine<'f>,
}

impl Placed<'_> {
    /// What it plans for a month; `None` where it plans nothing, or has no price.
    fn cost(&self, month: BillingPeriod, book: &PriceBook, service_of_model: &dyn Fn(&str) -> String) -> Option<Money> {
        let plan = plan_line(self.filing, self.line, self.record, book, month..month.next(), service_of_model);
        plan.months.first().map(|planned| planned.cost)
    }
}

/// An amount for a service, or tokens that bill under it: one of each is the same spend twice.
enum Swallowed {
    /// An amount that does not say that it is the rest of the service, by its folded name.
    Amount(String),
    /// Tokens, by the folded name of the service that bills them.
    Tokens(String),
}

impl Swallowed {
    fn of(line: FiledLine<'_>, service_of_model: &dyn Fn(&str) -> String) -> Option<Swallowed> {
        match line {
            FiledLine::Service(amount) => (!amount.rest).then(|| Swallowed::Amount(service::fold(&amount.service))),
            FiledLine::Tokens(tokens) => Some(Swallowed::Tokens(service::fold(&service_of_model(&tokens.model)))),
            FiledLine::Accelerators(_) => None,
        }
    }
}

/// Where each claim was made first.
#[derive(Default)]
struct Earlier {
    claims: BTreeMap<Claim, usize>,
    amounts: BTreeMap<String, usize>,
    tokens: BTreeMap<String, usize>,
}

impl Earlier {
    /// The first line that claims the same spend.
    fn overlapping(&self, claim: &Claim, swallowed: Option<&Swallowed>) -> Option<usize> {
        let same = self.claims.get(claim);
        let other = match swallowed {
            Some(Swallowed::Amount(service)) => self.tokens.get(service),
            Some(Swallowed::Tokens(service)) => self.amounts.get(service),
            None => None,
        };
        same.into_iter().chain(other).min().copied()
    }

    fn note(&mut self, at: usize, claim: Claim, swallowed: Option<Swallowed>) {
        self.claims.entry(claim).or_insert(at);
        match swallowed {
            Some(Swallowed::Amount(service)) => self.amounts.entry(service).or_insert(at),
            Some(Swallowed::Tokens(service)) => self.tokens.entry(service).or_insert(at),
            None => return,
        };
    }
}

/// Two lines that claim the same; what is counted twice is worked out where there is a book.
fn overlap(
    earlier: &Placed<'_>,
    later: &Placed<'_>,
    book: Option<&PriceBook>,
    service_of_model: &dyn Fn(&str) -> String,
) -> Overlap {
    let whose = |placed: &Placed<'_>| format!("record {:?}", placed.record);
    let place = format!("line {}{}", earlier.line.line(), of_file(earlier.file.filter(|_| earlier.part != later.part)));
    let (problem, remedy) = match billed_under(earlier.line, later.line) {
        Some((service, model)) => {
            let problem = format!(
                "{} of {} here and {} of {} in {place} are the same spend: {service:?} is where {model} bills",
                what(later.line),
                whose(later),
                what(earlier.line),
                whose(earlier),
            );
            (problem, "take the tokens out of the amount and say rest = true in its line, or keep one of the two")
        }
        None => {
            let name = later.line.name();
            let problem =
                format!("{name:?} is planned twice: by {} in {place} and by {} here", whose(earlier), whose(later));
            (
                problem,
                "each spend belongs to one line of one record: plan it in one of the two, in all months that it has",
            )
        }
    };
    let (part, line, remedy) = (later.part, later.line.line(), remedy.to_owned());
    let Some(book) = book else { return Overlap { part, line, problem, remedy, double_count: Vec::new() } };
    let double_count = double_count(earlier, later, book, service_of_model);
    let counted = match &double_count[..] {
        [] => "what is counted twice cannot be said, since one of them is unpriced or they share no month".to_owned(),
        months => format!("counted twice: {}", words(months)),
    };
    Overlap { part, line, problem: format!("{problem}; {counted}"), remedy, double_count }
}

fn of_file(name: Option<&str>) -> String {
    name.map(|name| format!(" of {name}")).unwrap_or_default()
}

fn what(line: FiledLine<'_>) -> String {
    match line {
        FiledLine::Service(line) => format!("the amount for {:?}", line.service),
        other => format!("the {} of {:?}", other.driver(), other.name()),
    }
}

/// The service and the model, where one of the two lines is an amount and the other one tokens.
fn billed_under<'f>(a: FiledLine<'f>, b: FiledLine<'f>) -> Option<(&'f str, &'f str)> {
    match (a, b) {
        (FiledLine::Service(amount), FiledLine::Tokens(tokens))
        | (FiledLine::Tokens(tokens), FiledLine::Service(amount)) => Some((&amount.service, &tokens.model)),
        _ => None,
    }
}

/// The smaller of the two in each of the first months that both plan.
fn double_count(
    earlier: &Placed<'_>,
    later: &Placed<'_>,
    book: &PriceBook,
    service_of_model: &dyn Fn(&str) -> String,
) -> Vec<(BillingPeriod, Money)> {
    let starts = [earlier, later].map(|placed| placed.line.months().next());
    let [Some(one), Some(other)] = starts else { return Vec::new() };
    let mut month = one.max(other);
    let last = |placed: &Placed<'_>| {
        placed.filing.last_listed_month().max(placed.filing.first_month().plus_months(MONTHS_SHOWN))
    };
    let last = last(earlier).min(last(later));
    let mut counted: Vec<(BillingPeriod, Money)> = Vec::new();
    while month <= last && counted.first().is_none_or(|(first, _)| month.months_since(*first) < MONTHS_SHOWN) {
        let cost = |placed: &Placed<'_>| placed.cost(month, book, service_of_model).filter(|usd| usd.is_positive());
        counted.extend(cost(later).and_then(|usd| Some((month, usd.min(cost(earlier)?)))));
        month = month.next();
    }
    counted
}

/// Dollars a month: one figure where they are all alike, else the months one by one; and their sum.
fn words(months: &[(BillingPeriod, Money)]) -> String {
    let total: Money = months.iter().map(|(_, usd)| *usd).sum();
    let (first, usd) = months[0];
    let listed = if months.iter().all(|(_, other)| *other == usd) {
        format!("{} a month from {first}", usd.dollars())
    } else {
        let each = months.iter().map(|(month, usd)| format!("{} in {month}", usd.dollars()));
        each.collect::<Vec<_>>().join(", ")
    };
    format!("{listed} ({} in {} months)", total.dollars(), months.len())
}
