//! What is told of one bill, one ask and one end of credit is the same wherever it is told.

use glidepath::domain::alert::{AlertRules, IngestHealth, evaluate};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::outlook::monthly_bill::MonthlyBill;
use glidepath::domain::position::Position;
use glidepath::domain::position::basis::AtLeast;
use glidepath::domain::position::observations::Observations;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::plus_days;
use glidepath::domain::values::quantiles::DateQuantiles;
use glidepath::domain::values::words::{day_text, usd_text};
use glidepath::report::{self, Audience, Format, Nav, ReportKind};

use crate::support::{paper, sample};

/// Positions that differ in when credit ends, with and without tax, and in what AWS shows of the newest days.
fn worlds() -> Vec<Position> {
    let base = sample::position();
    let through = base.data_through.unwrap();
    let mut worlds = Vec::new();
    for ends in [-40, -1, 1, 2, 8, 9, 20, 37, 38, 120, 300] {
        for taxed in [true, false] {
            let mut world = base.clone();
            let end = plus_days(through, ends);
            world.exhaustion.total = if ends <= 0 {
                DateQuantiles::certain(end)
            } else {
                DateQuantiles { p10: Some(plus_days(end, -ends / 2)), p50: Some(end), p90: Some(plus_days(end, ends)) }
            };
            if !taxed {
                world.trajectory = world.trajectory.into_iter().map(|bill| MonthlyBill { tax: None, ..bill }).collect();
            }
            world.bills.cash_per_day = (ends <= 0).then_some(Money::ONE);
            world.at_least = (ends % 2 == 0).then(|| AtLeast {
                through: plus_days(through, 1),
                gross: "123.45".parse().unwrap(),
                credit_left_at_most: "9876".parse().unwrap(),
            });
            world.bills = AlertRules::default().bills(&world);
            world.next_ask = world.review.next_ask.as_ref().and_then(|ask| ask.asked());
            worlds.push(world);
        }
    }
    worlds
}

/// All that is told of a position, by where.
fn told(position: &Position) -> Vec<(String, String)> {
    let mut texts: Vec<(String, String)> = [ReportKind::Trajectory, ReportKind::FundingPack]
        .into_iter()
        .map(|kind| {
            let document = report::build(kind, position, &sample::series(), &Audience::Owner);
            (kind.to_string(), paper::text_of(&report::render(&document, Format::Markdown).unwrap(), Format::Markdown))
        })
        .collect();
    texts.push(("page".to_owned(), report::page(position, &sample::series(), None, &Nav::default())));
    let status = [report::credit_sentences(position), report::bill_sentences(position)].concat();
    texts.push(("status".to_owned(), status.join("\n")));
    let health = IngestHealth {
        as_of: position.as_of,
        data_through: position.data_through,
        last_success: Some(position.as_of),
        costs: Outcome::Ok,
        credits: Outcome::Ok,
        is_too_short: false,
    };
    let findings = evaluate(position, &health, &Observations::default(), &AlertRules::default()).findings;
    texts.extend(findings.into_iter().map(|found| (found.key, format!("{}\n{}", found.summary, found.reason))));
    texts
}

/// The rest of each sentence that begins with `start`; tags and line ends count as ends.
fn sentences<'t>(text: &'t str, start: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(start).map(move |(at, _)| {
        let rest = &text[at..];
        let end = rest.match_indices(['<', '\n', '|']).map(|(at, _)| at).next().unwrap_or(rest.len());
        let stop = rest.find(". ").unwrap_or(rest.len());
        &rest[..end.min(stop)]
    })
}

/// The months that a sentence names, as `January 2027` or `Jan 2027`.
fn months(sentence: &str) -> Vec<String> {
    let words: Vec<&str> = sentence.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_year = |word: &str| word.len() == 4 && word.starts_with("20") && word.bytes().all(|b| b.is_ascii_digit());
    let is_month = |word: &str| NAMES.iter().any(|name| *name == word || name[..3] == *word);
    let pairs = words.windows(2).filter(|pair| is_month(pair[0]) && is_year(pair[1]));
    pairs.map(|pair| format!("{} {}", &pair[0][..3], pair[1])).collect()
}

const NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[test]
fn the_first_full_bill_is_one_bill() {
    let mut said = 0;
    for world in worlds() {
        let ends = world.exhaustion.total.p50.unwrap();
        let expected = world.first_full_bill().map(|bill| {
            let first = bill.month.first_day();
            (first.format("%b %Y").to_string(), usd_text(bill.cash), bill.tax.is_some())
        });
        if ends > world.data_through.unwrap() {
            assert_eq!(world.bills.first_full_month.map(|month| month.first_day() > ends), Some(true));
        }
        for (place, text) in told(&world) {
            for sentence in
                sentences(&text, "The first full bill without").chain(sentences(&text, "the first full bill after"))
            {
                let named = months(sentence);
                if named.is_empty() {
                    continue;
                }
                let (month, cash, taxed) = expected.clone().unwrap_or_else(|| panic!("{place}, {ends}: {sentence}"));
                assert!(named.iter().all(|named| *named == month), "{place}, {ends}: {sentence}, not {month}");
                if sentence.contains('$') {
                    said += 1;
                    assert!(sentence.contains(&cash), "{place}, {ends}: {sentence}, not {cash}");
                    let words = if taxed { "with tax" } else { "before tax" };
                    assert!(sentence.contains(words), "{place}, {ends}: {sentence}, not {words}");
                }
            }
        }
    }
    assert!(said > 60, "{said}");
}

#[test]
fn the_next_ask_is_one_ask() {
    for world in worlds() {
        let (ask, asked) = (world.review.next_ask.clone().unwrap(), world.next_ask.unwrap());
        assert_eq!((ask.amount, ask.steps.last().unwrap().amount), (asked.amount, asked.amount));
        let json = serde_json::to_value(&world).unwrap();
        assert_eq!(json["next_ask"]["amount"], json["review"]["next_ask"]["amount"]);
        assert_eq!(json["next_ask"]["programme"], "ai-record");
        let mut said = 0;
        for (place, text) in told(&world) {
            for sentence in sentences(&text, "a next ask of ") {
                said += 1;
                assert!(
                    sentence.contains(&ask.amount.dollars()) && sentence.contains("before tax"),
                    "{place}: {sentence}"
                );
            }
        }
        assert!(said >= 2, "{said}");
    }
}

#[test]
fn what_newer_days_show_is_told_as_the_least() {
    for world in worlds() {
        let shown: Vec<String> = told(&world)
            .into_iter()
            .filter(|(place, _)| ["page", "status"].contains(&place.as_str()))
            .map(|(_, text)| text)
            .collect();
        for text in shown {
            assert_eq!(text.contains("AWS already shows at least $123 of usage after"), world.at_least.is_some());
        }
    }
}

/// A date and a bill in one message are of one path, or the message says of which.
#[test]
fn a_date_and_a_bill_are_of_the_same_path() {
    let mut said = 0;
    for world in worlds() {
        let message = told(&world).into_iter().find(|(place, _)| place == "exhaustion:total");
        let Some((_, text)) = message.filter(|(_, text)| text.contains("first full bill")) else { continue };
        said += 1;
        let median = day_text(world.exhaustion.total.p50.unwrap());
        let opening = text.split(". ").next().unwrap();
        assert!(opening.contains(&median) || text.contains(&format!("The median date is {median}")), "{text}");
    }
    assert!(said >= 10, "{said}");
}
