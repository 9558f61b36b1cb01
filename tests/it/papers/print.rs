//! What is printed can be read: no text is too small, and none lies off its page.

use glidepath::domain::position::Exhaustion;
use glidepath::report::document::About;

use super::*;
use crate::support::print::{Page, pages};

/// In points.
const SMALLEST: f64 = 7.5;
/// What is lost where numbers are written with few digits.
const ROUNDED: f64 = 0.01;

fn assert_readable(document: &Document) -> Vec<Page> {
    let pages = pages(&rendered(document, Format::Pdf));
    let prints: Vec<_> = pages.iter().flat_map(|page| &page.prints).collect();
    assert!(prints.len() > 40, "{}: next to nothing was read: {}", document.kind, prints.len());
    for page in &pages {
        for print in &page.prints {
            assert!(print.size >= SMALLEST - ROUNDED, "{}: {print:?}", document.kind);
            let (x, y) = print.at;
            assert!((0.0..page.width).contains(&x) && (0.0..page.height).contains(&y), "{}: {print:?}", document.kind);
        }
    }
    pages
}

#[test]
fn nothing_is_smaller_than_can_be_read() {
    for document in every_document().into_iter().chain([asked()]) {
        assert_readable(&document);
    }
    assert_readable(&report::build(ReportKind::FundingPack, &sample::empty(), &Series::default(), &Audience::Owner));
}

/// Names as AWS and people give them, words without a blank, and amounts of large accounts.
#[test]
fn nor_is_it_where_names_are_long_and_amounts_large() {
    let words = "Larkspur Laboratories for Language and Learning, Department of Retrieval and Evaluation, ".repeat(2);
    let names =
        [words, "Wide".repeat(40), "arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude-v9:2".into()];
    for name in names {
        let mut position = sample::position();
        for pool in &mut position.credits.pools {
            pool.name.clone_from(&name);
        }
        for row in &mut position.variance {
            row.model = row.model.take().map(|_| name.clone());
            for amount in [&mut row.projected, &mut row.actual, &mut row.amount] {
                *amount = "-987654321.12".parse().unwrap();
            }
        }
        for service in &mut position.coverage {
            service.service.clone_from(&name);
        }
        position.findings[0].summary = name.clone();
        for audience in audiences() {
            for kind in [ReportKind::FundingPack, ReportKind::Trajectory] {
                assert_readable(&report::build(kind, &position, &sample::series(), &audience));
            }
        }
    }
}

/// Numbers of pages and of tables are worked out from where all else stands: they are only right where that came to rest.
#[test]
fn each_page_and_each_table_has_a_number_of_its_own() {
    for document in every_document().into_iter().chain([asked()]) {
        let bytes = rendered(&document, Format::Pdf);
        let (text, count) = (squeezed(&pdf_text(&bytes)), pages(&bytes).len());
        for page in 1..=count {
            assert!(text.contains(&format!("Page{page}of{count}")), "{}: page {page} of {count}", document.kind);
        }
        for number in 1..=document.tables().count() {
            assert!(text.contains(&format!("Table{number}.")), "{}: table {number}", document.kind);
        }
    }
}

/// A section whose table is too wide for a page upright is on its side, the others are not.
#[test]
fn a_wide_table_has_its_section_turned() {
    let pages = assert_readable(&document(ReportKind::ActualVsProjected, &Audience::Owner));
    let (turned, upright): (Vec<&Page>, Vec<&Page>) = pages.iter().partition(|page| page.width > page.height);
    assert!(!turned.is_empty() && upright.len() > turned.len(), "{} {}", turned.len(), upright.len());
    let nothing = Position { variance: Vec::new(), exhaustion: Exhaustion::default(), ..sample::position() };
    let short = report::build(ReportKind::Trajectory, &nothing, &Series::default(), &Audience::Owner);
    assert!(assert_readable(&short).iter().all(|page| page.width < page.height));
}

/// What a document rests on stands in two columns, and what is long on a line of its own, however many there are of each.
#[test]
fn any_number_of_things_that_a_document_rests_on_is_set() {
    let document = document(ReportKind::Trajectory, &Audience::Owner);
    let (short, long) = (document.about[1].clone(), document.about.last().unwrap().clone());
    let long = About { value: Cell::text("a long value ".repeat(9)), ..long };
    for (shorts, longs) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (3, 2), (4, 1), (5, 0)] {
        let about = vec![short.clone(); shorts].into_iter().chain(vec![long.clone(); longs]).collect();
        let set = report::render(&Document { about, ..document.clone() }, Format::Pdf);
        assert!(set.is_ok(), "{shorts} and {longs}: {:?}", set.err());
    }
}
