//! Workbooks that a reader goes on working in: filters, heads that stay, and totals that are worked out from their rows.

use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _, Xlsx};
use glidepath::report::document::{Block, Column, Row, Section};
use zip::ZipArchive;

use super::*;
use crate::support::sample::days::usd;

/// A sheet: its name, its cells, and its formulas by row and column.
struct Sheet {
    name: String,
    cells: Vec<Vec<Data>>,
    formulas: Vec<((usize, usize), String)>,
}

fn read(bytes: &[u8]) -> Vec<Sheet> {
    let mut book = Xlsx::new(Cursor::new(bytes)).unwrap();
    let cells = sheets(bytes);
    let with_formulas = |(name, cells): (String, Vec<Vec<Data>>)| {
        let range = book.worksheet_formula(&name).unwrap();
        let (top, left) = range.start().unwrap_or_default();
        let place = |row: usize, column: usize| (row + top as usize, column + left as usize);
        let formulas = range.used_cells().filter(|(.., text)| !text.is_empty());
        let formulas = formulas.map(|(row, column, text)| (place(row, column), text.clone())).collect();
        Sheet { name, cells, formulas }
    };
    cells.into_iter().map(with_formulas).collect()
}

fn amount(cell: &Data) -> f64 {
    match cell {
        Data::Float(amount) => *amount,
        // Words count as nothing.
        Data::String(_) | Data::Empty => 0.0,
        other => panic!("{other:?} is no amount"),
    }
}

/// Row and column of "$C$5" or "C5", from 0.
fn place(name: &str) -> (usize, usize) {
    let name = name.replace('$', "");
    let (letters, digits) = name.split_at(name.find(|it: char| it.is_ascii_digit()).unwrap());
    let column = letters.bytes().fold(0, |column, letter| column * 26 + usize::from(letter - b'A') + 1);
    (digits.parse::<usize>().unwrap() - 1, column - 1)
}

/// What a formula comes to: a sum of the rows that are shown, or a part of a whole.
fn worked_out(formula: &str, cells: &[Vec<Data>]) -> f64 {
    let at = |name: &str| {
        let (row, column) = place(name);
        amount(&cells[row][column])
    };
    if let Some(range) = formula.strip_prefix("SUBTOTAL(109,").and_then(|rest| rest.strip_suffix(')')) {
        let (first, last) = range.split_once(':').map(|(first, last)| (place(first), place(last))).unwrap();
        assert_eq!(first.1, last.1, "{formula}");
        return (first.0..=last.0).map(|row| amount(&cells[row][first.1])).sum();
    }
    let share = formula.strip_prefix("IFERROR(").and_then(|rest| rest.strip_suffix(",\"\")"));
    let (part, whole) = share.unwrap_or_else(|| panic!("{formula}")).split_once('/').unwrap();
    at(part) / at(whole)
}

/// The XML of each sheet, in order.
fn markup(bytes: &[u8]) -> Vec<String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let sheets = (1..).map_while(|number| {
        let mut text = String::new();
        archive.by_name(&format!("xl/worksheets/sheet{number}.xml")).ok()?.read_to_string(&mut text).unwrap();
        Some(text)
    });
    sheets.collect()
}

/// The tables in the order of their sheets.
fn tables(document: &Document) -> Vec<&Table> {
    document.tables().chain(document.charts().filter_map(|chart| chart.table.as_ref())).collect()
}

fn with_ask() -> Vec<Document> {
    every_document().into_iter().chain([asked()]).collect()
}

#[test]
fn totals_are_formulas_that_come_to_what_stands_there() {
    for document in with_ask() {
        let bytes = rendered(&document, Format::Xlsx);
        let sheets = read(&bytes);
        let mut summed = 0;
        for (sheet, table) in sheets[1..].iter().zip(tables(&document)) {
            let lines = table.rows.iter().take_while(|row| !row.is_total()).count();
            for ((row, column), formula) in &sheet.formulas {
                let (cell, shown) = (&sheet.cells[*row][*column], &table.rows[row - 4].cells[*column]);
                let (stored, found) = (amount(cell), worked_out(formula, &sheet.cells));
                let close = if matches!(shown, Cell::Percent(_)) { 0.0005 } else { 0.005 };
                assert!((stored - found).abs() < close, "{} {formula}: {stored} {found}", sheet.name);
                assert!(table.rows[row - 4].is_total() && is_same(cell, shown), "{} {formula}", sheet.name);
                if let Some(range) = formula.strip_prefix("SUBTOTAL(109,") {
                    let (first, last) = range.trim_end_matches(')').split_once(':').unwrap();
                    assert_eq!((place(first).0, place(last).0), (4, 3 + lines), "all rows above and no total");
                }
                summed += 1;
            }
        }
        // Evidence counts nothing up.
        let least = if document.kind == ReportKind::Evidence.as_str() { 0 } else { 3 };
        assert!(sheets[0].formulas.is_empty() && summed >= least, "{}: {summed}", document.kind);
    }
}

/// What the documents say of their totals is so: each dollar and each token of a sum's row that the rows above have is a formula.
#[test]
fn sums_of_the_sample_are_formulas_and_steps_are_none() {
    let found = |document: &Document, id: &str| {
        let at = tables(document).iter().position(|table| table.id == id).unwrap();
        let sheets = read(&rendered(document, Format::Xlsx));
        let formulas =
            sheets[at + 1].formulas.iter().map(|((_, column), text)| (*column, text.split('(').next().unwrap()));
        formulas
            .map(|(column, function)| format!("{}{function}", tables(document)[at].columns[column].key))
            .collect::<Vec<_>>()
    };
    let pack = document(ReportKind::FundingPack, &Audience::Owner);
    assert_eq!(
        found(&pack, "variance_by_month"),
        ["projectedSUBTOTAL", "actualSUBTOTAL", "amountSUBTOTAL", "percentIFERROR"]
    );
    assert_eq!(found(&pack, "pools"), ["grantedSUBTOTAL", "drawnSUBTOTAL", "remainingSUBTOTAL"]);
    let ask = asked();
    // The other sum differs by a cent from the cents that are shown: each amount is rounded by itself.
    assert_eq!(found(&ask, "ask_months"), ["usdSUBTOTAL"]);
    assert_eq!(found(&ask, "ask_steps"), [""; 0], "the steps of a calculation are no sum");
}

#[test]
fn rows_can_be_filtered_under_heads_that_stay() {
    for document in with_ask() {
        let markup = markup(&rendered(&document, Format::Xlsx));
        for (xml, table) in markup[1..].iter().zip(tables(&document)) {
            let lines = table.rows.iter().take_while(|row| !row.is_total()).count();
            let filter = xml.split_once("<autoFilter ref=\"").map(|(_, rest)| rest.split_once('"').unwrap().0);
            let range =
                filter.map(|range| range.split_once(':').unwrap()).map(|(first, last)| (place(first), place(last)));
            let expected = (lines > 0).then(|| ((3, 0), (3 + lines, table.columns.len() - 1)));
            assert_eq!(range, expected, "{}: the header and the rows, and no total", table.id);
            let wide = table.columns.len() > 6;
            assert!(xml.contains("ySplit=\"4\"") && xml.contains("state=\"frozen\""), "{}", table.id);
            assert_eq!(xml.contains("xSplit=\"1\""), wide, "{}", table.id);
        }
    }
}

fn made_of(tables: Vec<Table>) -> Document {
    let blocks = tables.into_iter().map(Block::Table).collect();
    let section = Section { id: "made", title: "Made".into(), blocks };
    Document {
        sections: vec![section],
        ..report::build(ReportKind::Ask, &sample::empty(), &Series::default(), &Audience::Owner)
    }
}

/// A total that its rows do not come to stays what the document says.
#[test]
fn what_does_not_add_up_to_the_cent_is_a_value() {
    let columns = [
        Column::text("of", "Of"),
        Column::number("usd", "USD"),
        Column::number("near", "Near"),
        Column::number("off", "Off"),
        Column::number("share", "Share").percent_of("usd", "off"),
        Column::number("mixed", "Mixed"),
    ];
    let money = |text: &str| Cell::Money(text.parse().unwrap());
    let line = |usd: &str| {
        let off = money("100");
        vec![
            Cell::text("=1+1"),
            Cell::Money(usd.parse().unwrap()),
            money("0.0004"),
            off,
            Cell::Absent(""),
            Cell::Count(2),
        ]
    };
    let percent = Cell::Percent(Decimal::from(25));
    let last = |mixed| vec![Cell::text("Total"), money("50.25"), money("0.001"), money("201"), percent.clone(), mixed];
    let sum = Table::new("sums", "Sums", columns.clone()).rows([line("20"), line("30.25")]).total(last(money("4")));
    let mut steps = Table { id: "steps", ..sum.clone() };
    steps.rows.pop();
    steps.rows.push(Row::outcome(last(Cell::Count(4))));
    let none = Table::new("none", "No rows", columns).total(last(Cell::Count(0)));
    let sheets = read(&rendered(&made_of(vec![sum, steps, none]), Format::Xlsx));
    let formulas = |sheet: &Sheet| sheet.formulas.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
    // 50.25 of 201 is 25 %.
    let share = "IFERROR(B7/D7,\"\")";
    assert_eq!(formulas(&sheets[1]), ["SUBTOTAL(109,$B$5:$B$6)", "SUBTOTAL(109,$C$5:$C$6)", share]);
    assert_eq!(formulas(&sheets[2]), [share]);
    assert_eq!(formulas(&sheets[3]), ["IFERROR(B5/D5,\"\")"]);
}

#[test]
fn text_that_begins_like_a_formula_stays_text() {
    let texts = ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://x\")"];
    let rows = texts.map(|text| vec![Cell::text(text), Cell::Money(usd(100))]);
    let table = Table::new("names", "=Names", [Column::text("name", "Name"), Column::number("usd", "USD")]).rows(rows);
    let document = made_of(vec![table.total([Cell::text("=Total"), Cell::Money(usd(500))])]);
    let bytes = rendered(&document, Format::Xlsx);
    let sheet = &read(&bytes)[1];
    for (text, row) in texts.iter().chain(&["=Total"]).zip(&sheet.cells[4..]) {
        assert_eq!(row[0], Data::String((*text).to_owned()));
    }
    assert_eq!(sheet.formulas.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [(9, 1)], "the total's amount alone");
    // So does what somebody enters again.
    let mut styles = String::new();
    let mut archive = ZipArchive::new(Cursor::new(bytes.as_slice())).unwrap();
    archive.by_name("xl/styles.xml").unwrap().read_to_string(&mut styles).unwrap();
    assert!(styles.contains("quotePrefix=\"1\""), "{styles}");
}
