//! What is planned twice: two lines, records or filings that claim the same spend, and by how many dollars a month.

use std::collections::BTreeMap;

use super::plan::plan_line;
use super::{Claim, FiledLine, FiledProjection};
use crate::domain::money::Money;
use crate::domain::period::BillingPeriod;
use crate::domain::price::PriceBook;
use crate::domain::service;

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
    /// What is counted double, by month; empty where one of the two is unpriced.
    pub double_count: Vec<(BillingPeriod, Money)>,
}

/// Every claim that two lines share, in order of file and line.
///
/// Two lines overlap if they claim one model, one instance type or one service; or if an amount is filed for a service
/// that a line of tokens bills under, unless the amount says that it is the `rest` of the service. What both plan for a
/// month, and so the smaller of the two, is counted twice. Two filings that name one record overlap as a whole.
pub fn overlaps(parts: &[Part<'_>], book: &PriceBook, service_of_model: &dyn Fn(&str) -> String) -> Vec<Overlap> {
    let mut lines: Vec<Placed<'_>> = Vec::new();
    let mut found = Vec::new();
    for (part, Part { name, filing }) in parts.iter().enumerate() {
        let last = filing.last_listed_month().max(filing.first_month().plus_months(MONTHS_SHOWN));
        let months = filing.first_month()..last.next();
        for record in &filing.records {
            let earlier = parts[..part].iter().find_map(|other| {
                let claimed = other.filing.records.iter().find(|known| known.id == record.id)?;
                Some((other.name, claimed.line))
            });
            if let Some((other, line)) = earlier {
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
            for line in record.lines() {
                let planned = plan_line(filing, line, &record.id, book, months.clone(), service_of_model).months;
                let by_month = planned.iter().map(|month| (month.month, month.cost)).collect();
                lines.push(Placed { part, file: *name, record: &record.id, line, by_month });
            }
        }
    }
    lines.sort_by_key(|placed| (placed.part, placed.line.line()));
    for (at, later) in lines.iter().enumerate() {
        found.extend(lines[..at].iter().find_map(|earlier| overlap(earlier, later, service_of_model)));
    }
    found.sort_by_key(|overlap| (overlap.part, overlap.line));
    found
}

/// A line with its place and its plan.
struct Placed<'f> {
    part: usize,
    file: Option<&'f str>,
    record: &'f str,
    line: FiledLine<'f>,
    by_month: BTreeMap<BillingPeriod, Money>,
}

fn overlap(earlier: &Placed<'_>, later: &Placed<'_>, service_of_model: &dyn Fn(&str) -> String) -> Option<Overlap> {
    let whose = |placed: &Placed<'_>| format!("record {:?}", placed.record);
    let place = format!("line {}{}", earlier.line.line(), of_file(earlier.file.filter(|_| earlier.part != later.part)));
    let (problem, remedy) = if Claim::of(earlier.line) == Claim::of(later.line) {
        let name = later.line.name();
        let problem =
            format!("{name:?} is planned twice: by {} in {place} and by {} here", whose(earlier), whose(later));
        (problem, "each spend belongs to one line of one record; keep one of the two")
    } else if let Some(swallowed) = swallowed(earlier.line, later.line, service_of_model) {
        let problem = format!(
            "{} of {} here and {} of {} in {place} are the same spend: {:?} is where {} bills",
            what(later.line),
            whose(later),
            what(earlier.line),
            whose(earlier),
            swallowed.service,
            swallowed.model
        );
        (problem, "take the tokens out of the amount and say rest = true in its line, or keep one of the two")
    } else {
        return None;
    };
    let double_count = double_count(&earlier.by_month, &later.by_month);
    let counted = match &double_count[..] {
        [] => "what is counted twice cannot be said, since one of them is unpriced or they share no month".to_owned(),
        months => format!("counted twice: {}", words(months)),
    };
    let (part, line, remedy) = (later.part, later.line.line(), remedy.to_owned());
    Some(Overlap { part, line, problem: format!("{problem}; {counted}"), remedy, double_count })
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

struct Swallowed<'f> {
    service: &'f str,
    model: &'f str,
}

/// The amount and the tokens, where one line is an amount for the service that the other's model bills under.
fn swallowed<'f>(
    a: FiledLine<'f>,
    b: FiledLine<'f>,
    service_of_model: &dyn Fn(&str) -> String,
) -> Option<Swallowed<'f>> {
    let (FiledLine::Service(amount), FiledLine::Tokens(tokens)) = (a, b) else {
        return if matches!((a, b), (FiledLine::Tokens(_), FiledLine::Service(_))) {
            swallowed(b, a, service_of_model)
        } else {
            None
        };
    };
    let same = service::fold(&service_of_model(&tokens.model)) == service::fold(&amount.service);
    (same && !amount.rest).then_some(Swallowed { service: &amount.service, model: &tokens.model })
}

/// The smaller of the two in each of the first months that both plan.
fn double_count(a: &BTreeMap<BillingPeriod, Money>, b: &BTreeMap<BillingPeriod, Money>) -> Vec<(BillingPeriod, Money)> {
    let both = a.iter().filter_map(|(month, one)| Some((*month, (*one).min(*b.get(month)?))));
    let counted: Vec<_> = both.filter(|(_, usd)| usd.is_positive()).collect();
    let Some((first, _)) = counted.first().copied() else { return counted };
    counted.into_iter().take_while(|(month, _)| month.months_since(first) < MONTHS_SHOWN).collect()
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
