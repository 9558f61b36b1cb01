//! What changed between two versions.

use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::filing::projection::{Change, FiledProjection, FilingDiff, diff, diff_months};
use glidepath::domain::values::money::Money;

use crate::support::filing::{GOOD, any_filing, good, month, service_of, usd};
use proptest::prelude::*;

fn compare(before: &FiledProjection, after: &FiledProjection) -> FilingDiff {
    diff(before, after, &PriceBook::builtin(), diff_months(before, after), &service_of)
}

fn to(text: &str) -> FilingDiff {
    compare(&good(), &FiledProjection::parse(text).unwrap_or_else(|problems| panic!("{problems:?}")))
}

/// A line before the database's.
const LAMBDA: &str = "[[record.service]]\nservice = \"AWS Lambda\"\nmonthly = [{ from = \"2026-04\", usd = 10 }]\n\
                      [[record.service]]";

#[test]
fn the_same_filing_has_no_difference() {
    let same = to(&format!("{GOOD}# a note\n"));
    assert!(same.is_empty(), "{same:?}");
    assert_eq!(same.months.len(), 12);
    assert!(same.total.difference.is_zero() && same.total.before.is_positive());
}

#[test]
fn values_lines_and_records_are_told_apart_with_what_they_mean_in_dollars() {
    let text = GOOD
        .replace("filed_on = \"2026-02-01\"", "filed_on = \"2026-02-15\"\nasked_usd = \"300000\"\ncustomer = \"Acme\"")
        .replace("\"0.08\"", "\"0\"")
        .replace("\"0.40\"", "\"0.20\"")
        .replace("[[record.service]]", LAMBDA)
        .replace("[[record.accelerators]]\ninstance_type = \"trn1.32xlarge\"\nchip_hours_per_run = 9216\nruns_per_month = 1\n", "");
    let diff = to(&text);
    let head: Vec<_> = diff.head.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(head, ["filed_on", "customer", "asked_usd"]);
    assert_eq!((diff.head[1].before.as_deref(), diff.head[1].after.as_deref()), (None, Some("Acme")));
    assert_eq!((diff.head[2].before.as_deref(), diff.head[2].after.as_deref()), (None, Some("$300,000.00")));
    let lines: Vec<_> = diff
        .lines
        .iter()
        .map(|line| format!("{} {} {} {}", line.change.as_str(), line.record, line.line, line.difference.unwrap()))
        .collect();
    // 12,384 a month for a year; 10 a month for ten months.
    assert_eq!(lines[1..], ["added portfolio AWS Lambda 100", "removed ai trn1.32xlarge -148608"]);
    let sonnet = &diff.lines[0];
    assert_eq!(sonnet.change, Change::Changed);
    let fields: Vec<_> = sonnet
        .fields
        .iter()
        .map(|change| {
            format!("{} {:?} {:?}", change.field, change.before.as_deref().unwrap(), change.after.as_deref().unwrap())
        })
        .collect();
    assert_eq!(fields, ["growth_per_month \"0.08\" \"0\"", "cache_hit \"0.4\" \"0.2\""]);
    // February: 320 x 2 + 80 x 0.2 + 900 = 1556 against 1412.
    assert_eq!((sonnet.months[0].month, sonnet.months[0].difference), (month("2026-02"), usd("144")));
    let february = diff.months[0];
    assert_eq!((february.before, february.after, february.difference), (usd("14196"), usd("1956"), usd("-12240")));
}

#[test]
fn a_line_that_moves_to_another_record_is_one_change() {
    let mut moved = good();
    let line = moved.records[1].services.remove(0);
    moved.records[0].services.push(line);
    let diff = compare(&good(), &moved);
    let [line] = &diff.lines[..] else { panic!("{:?}", diff.lines) };
    assert_eq!((line.change, line.fields[0].field.as_str()), (Change::Changed, "record"));
    assert!(line.months.is_empty() && diff.total.difference.is_zero());
}

#[test]
fn a_price_that_moved_between_the_days_of_filing_is_told() {
    let book = "read_on = \"2026-01-01\"\nsource = \"x\"\n[[model]]\nname = \"Claude Sonnet 5\"\nfrom = \"2026-02-10\"\noutput = \"5\"\n";
    let book = PriceBook::builtin().with_overrides(book).unwrap();
    let later = FiledProjection::parse(&GOOD.replace("2026-02-01", "2026-02-15")).unwrap();
    let months = diff_months(&good(), &later);
    let diff = diff(&good(), &later, &book, months, &service_of);
    let [line] = &diff.lines[..] else { panic!("{:?}", diff.lines) };
    assert_eq!((line.change, line.months[0].difference), (Change::Repriced, usd("-450")));
}

#[test]
fn what_has_no_price_is_named_on_its_side() {
    let diff = to(&GOOD.replace("trn1.32xlarge", "trn2.48xlarge"));
    assert!(diff.unpriced_before.is_empty());
    assert_eq!(diff.unpriced_after[0].what, "trn2.48xlarge");
    // Its dollars are not known, which is not zero.
    let [trn2, trn1] = &diff.lines[..] else { panic!("{:?}", diff.lines) };
    assert_eq!((trn2.change, trn2.before, trn2.after, trn2.difference), (Change::Added, Some(Money::ZERO), None, None));
    assert_eq!((trn1.change, trn1.after, trn1.difference), (Change::Removed, Some(Money::ZERO), Some(usd("-148608"))));
    assert!(trn1.fields.iter().all(|field| field.field != "record"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn lines_add_up_to_months_and_there_and_back_is_nothing(one in any_filing(), other in any_filing()) {
        let (there, back) = (compare(&one, &other), compare(&other, &one));
        prop_assert_eq!(there.total.difference, -back.total.difference);
        let lines: Money = there.lines.iter().filter_map(|line| line.difference).sum();
        prop_assert_eq!(lines, there.total.difference);
        let after: Money = there.months.iter().map(|month| month.after).sum();
        prop_assert_eq!(after, there.total.after);
        prop_assert!(compare(&one, &one).is_empty());
    }
}
