//! A document as CSV.
//!
//! One file holds all tables, one after another. The first column, `section`, names the table on every line, and the
//! first line of a section is its header: filtering a spreadsheet by that column gives exactly one table with its own
//! headings, and no line is blank. Amounts are plain numbers with every digit, days are ISO, absent is empty. The
//! first section, `report`, holds title, dates and figures as key, value and label; the section `texts` holds what stands
//! between the tables, with the id of the part of the report that says it.
//!
//! Invariant: every field is quoted, and no text begins like a formula, nor goes on like one behind what a spreadsheet may take for the
//! end of a field: some split lines at semicolons or tabs, whatever the quotes say.

use csv::{QuoteStyle, Writer, WriterBuilder};

use super::document::{Cell, Document, Table};

/// Renders the file.
pub(super) fn render(document: &Document) -> Vec<u8> {
    // Sections differ in width, so lines do.
    let mut writer = WriterBuilder::new().flexible(true).quote_style(QuoteStyle::Always).from_writer(Vec::new());
    header(&mut writer, document);
    findings(&mut writer, document);
    document.tables().for_each(|table| write_table(&mut writer, table));
    texts(&mut writer, document);
    for (name, texts) in [("summary", &document.summary), ("notes", &document.notes)] {
        line(&mut writer, [name.to_owned(), "text".to_owned()]);
        for text in texts {
            line(&mut writer, [name.to_owned(), guarded(text)]);
        }
    }
    writer.into_inner().expect("writing to memory cannot fail")
}

fn header(writer: &mut Writer<Vec<u8>>, document: &Document) {
    let key_value =
        |key: &str, value: String, label: &str| ["report".to_owned(), key.to_owned(), value, guarded(label)];
    line(writer, ["report", "key", "value", "label"].map(str::to_owned));
    line(writer, key_value("kind", document.kind.to_owned(), &document.title));
    line(writer, key_value("as_of", document.as_of.to_rfc3339(), "As of"));
    let through = document.data_through.map_or_else(String::new, |day| day.to_string());
    line(writer, key_value("data_through", through, "Last complete day"));
    line(writer, key_value("currency", document.currency.clone(), "Currency"));
    if let Some(by) = &document.prepared_by {
        line(writer, key_value("prepared_by", guarded(&by.name), "Prepared by"));
    }
    for about in &document.about {
        line(writer, key_value(about.key, machine(&about.value), about.label));
    }
    for figure in &document.figures {
        line(writer, key_value(figure.key, machine(&figure.value), &figure.label));
    }
}

fn findings(writer: &mut Writer<Vec<u8>>, document: &Document) {
    if document.findings.is_empty() {
        return;
    }
    line(writer, ["findings", "severity", "since", "summary", "reason"].map(str::to_owned));
    for notice in &document.findings {
        let (summary, reason) = (guarded(&notice.summary), guarded(&notice.reason));
        let severity = notice.severity.as_str().to_owned();
        line(writer, ["findings".to_owned(), severity, notice.since.to_string(), summary, reason]);
    }
}

fn texts(writer: &mut Writer<Vec<u8>>, document: &Document) {
    if document.texts().next().is_none() {
        return;
    }
    line(writer, ["texts", "part", "text"].map(str::to_owned));
    for (section, text) in document.texts() {
        line(writer, ["texts".to_owned(), section.id.to_owned(), guarded(text)]);
    }
}

fn write_table(writer: &mut Writer<Vec<u8>>, table: &Table) {
    let keys = table.columns.iter().map(|column| column.key.to_owned());
    line(writer, std::iter::once(table.id.to_owned()).chain(keys));
    for row in &table.rows {
        let cells = row.cells.iter().map(machine);
        line(writer, std::iter::once(table.id.to_owned()).chain(cells));
    }
}

fn line(writer: &mut Writer<Vec<u8>>, fields: impl IntoIterator<Item = String>) {
    writer.write_record(fields).expect("writing to memory cannot fail");
}

fn machine(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => guarded(text),
        cell => cell.exact().unwrap_or_default(),
    }
}

/// A spreadsheet runs a cell that begins like a formula; names come from AWS and from config, so such text bears an apostrophe.
fn guarded(text: &str) -> String {
    let mut guarded = String::with_capacity(text.len() + 1);
    // What comes next may be taken for the beginning of a field.
    let mut begins = true;
    for letter in text.chars() {
        if begins && FORMULA.contains(&letter) {
            guarded.push('\'');
        }
        guarded.push(letter);
        // Spaces and quotes before a formula are left out by some.
        begins = SEPARATORS.contains(&letter) || (begins && (letter.is_whitespace() || letter == '"'));
    }
    guarded
}

/// What a formula begins with, in the widths that are read as one.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
/// What may end a field. A comma is the separator of the file, and no quoted one ends a field.
const SEPARATORS: [char; 5] = [';', '\t', '\n', '\r', '|'];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_may_be_taken_for_a_field_begins_like_a_formula() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("Amazon RDS;=HYPERLINK(\"http://x\")", "Amazon RDS;'=HYPERLINK(\"http://x\")"),
            ("x\t=1+1", "x\t'=1+1"),
            ("\t@x", "'\t'@x"),
            (" =1", " '=1"),
            ("a; \" +1", "a; \" '+1"),
            ("a\n-1", "a\n'-1"),
            ("\u{ff1d}1;\u{ff0b}1;\u{ff0d}1;\u{ff20}x", "'\u{ff1d}1;'\u{ff0b}1;'\u{ff0d}1;'\u{ff20}x"),
            ("pay-as-you-go, a=b; fine", "pay-as-you-go, a=b; fine"),
            ("'=1", "'=1"),
            ("", ""),
        ] {
            assert_eq!(guarded(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_name_holds_no_field_is_a_formula(text in "[=+@;|\t\r\n \"'a1\u{ff1d}\u{ff0d}-]{0,12}") {
            let guarded = guarded(&text);
            for field in guarded.split([';', '\t', '\n', '\r', '|']) {
                let field = field.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '"');
                prop_assert!(!field.starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0d}']), "{text:?} {guarded:?}");
            }
            prop_assert_eq!(guarded.replace('\'', ""), text.replace('\'', ""), "nothing else is changed");
        }
    }
}
