//! A document as a workbook: a summary sheet, a sheet per table, the figures of the charts, and a last sheet with the notes
//! and what the report says between its tables.
//!
//! Amounts are numbers, days are dates and shares are percentages, so that a reader can go on calculating. A workbook
//! keeps 15 digits of a number; the CSV and JSON forms keep all. The same document gives the same bytes: the only time
//! in the file is the document's own.
//!
//! The rows of a table can be filtered, its heads stay in sight, and a total that is the sum of its rows is a formula with its
//! value beside it. What begins like a formula and is text stays text.

mod totals;

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use rust_decimal::Decimal;
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Workbook, Worksheet, XlsxError,
};

use super::document::{Cell, Document, Table};

/// Rows above a table's header: its title, the dates, and a blank one.
const ABOVE: u32 = 3;
/// What a sheet's name holds at most.
const LONGEST_NAME: usize = 31;
/// What a cell holds at most.
const LONGEST_TEXT: usize = 32_767;
/// Narrowest and widest column, in characters; longer text wraps.
const WIDTHS: (usize, usize) = (9, 60);
/// What a footer shows of a title, at most.
const LONGEST_FOOTER: usize = 100;
/// How far words stand from the edge of their cell, in characters.
const WORDS_INDENT: u8 = 1;
/// More columns than this are printed on a page on its side.
const UPRIGHT_COLUMNS: usize = 6;
/// Characters of a heading's width that the button of a filter takes, and how far numbers' headings keep off it.
const BUTTON: usize = 3;
const BUTTON_INDENT: u8 = 2;
/// Paper size A4.
const A4: u8 = 9;

/// Renders the file.
pub(super) fn render(document: &Document) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let customer = document.customer.as_deref();
    let properties = DocProperties::new()
        .set_title(&document.title)
        .set_subject(document.dateline())
        .set_author(document.prepared_by.as_ref().map(|by| by.name.as_str()).or(customer).unwrap_or("glidepath"))
        .set_company(customer.unwrap_or_default())
        .set_creation_datetime(&moment(document.as_of)?);
    workbook.set_properties(&properties);
    let look = Look::new();
    summary(workbook.add_worksheet(), document, &look)?;
    let mut names = BTreeSet::from(["summary".to_owned(), "notes".to_owned()]);
    let charted = document.charts().filter_map(|chart| chart.table.as_ref());
    for table in document.tables().chain(charted) {
        let sheet = workbook.add_worksheet();
        sheet.set_name(free_name(table.id, &mut names))?;
        write_table(sheet, document, table, &look)?;
    }
    if !document.notes.is_empty() || document.texts().next().is_some() {
        notes(workbook.add_worksheet(), document, &look)?;
    }
    workbook.save_to_buffer()
}

/// How cells look.
struct Look {
    title: Format,
    heading: Format,
    quiet: Format,
    header: Format,
    header_number: Format,
    /// An ordinary row.
    body: Formats,
    /// A row that sums up.
    total: Formats,
}

struct Formats {
    text: Format,
    /// Words that a spreadsheet would take for a formula if somebody entered them again.
    quoted: Format,
    /// Words where a number would stand.
    absent: Format,
    money: Format,
    effect: Format,
    change: Format,
    forecast: Format,
    percent: Format,
    day: Format,
    month: Format,
    quantity: Format,
    count: Format,
}

impl Look {
    fn new() -> Look {
        let quiet = Color::RGB(0x0053_6071);
        // Words keep away from a number that stands to the right in the column before.
        let header = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Bottom)
            .set_background_color(Color::RGB(0x00E8_ECF2))
            .set_border_bottom(FormatBorder::Thin);
        Look {
            title: Format::new().set_bold().set_font_size(14),
            heading: Format::new().set_bold().set_text_wrap(),
            quiet: Format::new().set_font_color(quiet),
            header_number: header.clone().set_align(FormatAlign::Right).set_indent(BUTTON_INDENT),
            header: header.set_indent(WORDS_INDENT),
            body: Formats::over(&Format::new().set_align(FormatAlign::Top)),
            total: Formats::over(&Format::new().set_bold().set_border_top(FormatBorder::Thin)),
        }
    }
}

impl Formats {
    fn over(base: &Format) -> Formats {
        let number = |format: &str| base.clone().set_num_format(format).set_align(FormatAlign::Right);
        Formats {
            text: base.clone().set_text_wrap().set_indent(WORDS_INDENT),
            quoted: base.clone().set_text_wrap().set_indent(WORDS_INDENT).set_quote_prefix(),
            absent: base.clone().set_align(FormatAlign::Right).set_font_color(Color::RGB(0x0053_6071)),
            money: number("\"$\"#,##0.00;[Red]-\"$\"#,##0.00"),
            effect: number("\"$\"#,##0.00;[Red]-\"$\"#,##0.00;\"–\""),
            change: number("\"+$\"#,##0;[Red]\"-$\"#,##0;\"–\""),
            forecast: number("\"$\"#,##0;[Red]-\"$\"#,##0"),
            percent: number("0.0%;[Red]-0.0%"),
            day: base.clone().set_num_format("d mmm yyyy").set_align(FormatAlign::Left).set_indent(WORDS_INDENT),
            month: base.clone().set_num_format("mmm yyyy").set_align(FormatAlign::Left).set_indent(WORDS_INDENT),
            quantity: number("#,##0.##"),
            count: number("0"),
        }
    }
}

fn summary(sheet: &mut Worksheet, document: &Document, look: &Look) -> Result<(), XlsxError> {
    sheet.set_name("Summary")?;
    sheet.set_column_width(0, 34)?;
    sheet.set_column_width(1, 22)?;
    sheet.set_column_width(2, 70)?;
    sheet.write_string_with_format(0, 0, clipped(&document.title), &look.title)?;
    let mut row = 2;
    let mut line = |sheet: &mut Worksheet, label: &str, value: &Cell, detail: &str| -> Result<(), XlsxError> {
        sheet.write_string_with_format(row, 0, clipped(label), &look.body.text)?;
        match value {
            // A content hash or a list of records is wider than a figure, and nothing stands beside it.
            Cell::Text(text) if detail.is_empty() => {
                sheet.merge_range(row, 1, row, 2, &clipped(text), &look.body.text)?;
            }
            value => {
                write_cell(sheet, row, 1, value, &look.body)?;
                sheet.write_string_with_format(row, 2, clipped(detail), &look.body.text)?;
            }
        }
        row += 1;
        Ok(())
    };
    line(sheet, "As of", &Cell::text(document.as_of.format("%-d %b %Y %H:%M UTC").to_string()), "")?;
    line(sheet, "Data through", &Cell::day_or(document.data_through, "no data yet"), "last complete day")?;
    line(sheet, "Currency", &Cell::text(&document.currency), "")?;
    if let Some(by) = &document.prepared_by {
        line(sheet, "Prepared by", &Cell::text(&by.name), "")?;
    }
    for about in &document.about {
        line(sheet, about.label, &about.value, "")?;
    }
    line(sheet, "", &Cell::Absent(""), "")?;
    for figure in &document.figures {
        line(sheet, &figure.label, &figure.value, &figure.detail)?;
    }
    row += 1;
    let findings = document.findings.iter();
    let findings =
        findings.map(|it| format!("{}: {} {} Since {}.", it.urgency(), it.summary, it.reason, it.since_shown()));
    for sentence in document.summary.iter().cloned().chain(findings) {
        sheet.merge_range(row, 0, row, 2, &clipped(&sentence), &look.body.text)?;
        sheet.set_row_height(row, lines(&sentence, 126) * 15)?;
        row += 1;
    }
    print_setup(sheet, document, 3)
}

fn notes(sheet: &mut Worksheet, document: &Document, look: &Look) -> Result<(), XlsxError> {
    sheet.set_name("Notes")?;
    sheet.set_column_width(0, 110)?;
    sheet.write_string_with_format(0, 0, "How to read this", &look.title)?;
    let mut row = 2;
    let mut line = |text: &str, format: &Format| -> Result<(), XlsxError> {
        sheet.write_string_with_format(row, 0, clipped(text), format)?;
        row += 1;
        Ok(())
    };
    for note in &document.notes {
        line(note, &look.body.text)?;
    }
    for section in document.sections.iter().filter(|section| section.texts().next().is_some()) {
        line(&section.title, &look.heading)?;
        section.texts().try_for_each(|text| line(text, &look.body.text))?;
    }
    print_setup(sheet, document, 1)
}

fn write_table(sheet: &mut Worksheet, document: &Document, table: &Table, look: &Look) -> Result<(), XlsxError> {
    sheet.write_string_with_format(0, 0, clipped(&table.title), &look.title)?;
    sheet.write_string_with_format(1, 0, clipped(&document.dateline()), &look.quiet)?;
    for (at, column) in (0..).zip(&table.columns) {
        let format = if column.numeric { &look.header_number } else { &look.header };
        sheet.write_string_with_format(ABOVE, at, column.title, format)?;
        sheet.set_column_width(at, width(table, usize::from(at)))?;
    }
    let first = ABOVE + 1;
    for (at, row) in (first..).zip(&table.rows) {
        let formats = if row.is_total() { &look.total } else { &look.body };
        for (column, cell) in (0..).zip(&row.cells) {
            match totals::formula(table, row, usize::from(column), at, first) {
                Some(formula) => write_formula(sheet, at, column, formula, cell, formats)?,
                None => write_cell(sheet, at, column, cell, formats)?,
            }
        }
    }
    let wide = table.columns.len() > UPRIGHT_COLUMNS;
    sheet.set_freeze_panes(first, u16::from(wide))?;
    let (rows, columns) = (u32::try_from(table.lines().len()), u16::try_from(table.columns.len()));
    // Totals stay out of it, so that no filter hides them.
    if let (Ok(rows @ 1..), Ok(columns @ 1..)) = (rows, columns) {
        sheet.autofilter(ABOVE, 0, ABOVE + rows, columns - 1)?;
    }
    sheet.set_repeat_rows(ABOVE, ABOVE)?;
    print_setup(sheet, document, table.columns.len())
}

/// A formula, and what it comes to, so that who only reads the file sees it too.
fn write_formula(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    formula: String,
    cell: &Cell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let (value, format) = match cell {
        Cell::Effect(money) => (money.amount(), &formats.effect),
        Cell::Change(money) => (money.amount(), &formats.change),
        Cell::Forecast(money) => (money.amount(), &formats.forecast),
        Cell::Money(money) => (money.amount(), &formats.money),
        Cell::Percent(percent) => (percent / Decimal::ONE_HUNDRED, &formats.percent),
        Cell::Quantity(quantity) => (quantity.amount(), &formats.quantity),
        Cell::Count(count) => ((*count).into(), &formats.count),
        Cell::Day(_) | Cell::Month(_) | Cell::Text(_) | Cell::Absent(_) => {
            return write_cell(sheet, row, column, cell, formats);
        }
    };
    let formula = Formula::new(formula).set_result(value.normalize().to_string());
    sheet.write_formula_with_format(row, column, formula, format)?;
    Ok(())
}

fn write_cell(sheet: &mut Worksheet, row: u32, column: u16, cell: &Cell, formats: &Formats) -> Result<(), XlsxError> {
    match cell {
        Cell::Money(money) => sheet.write_number_with_format(row, column, number(money.amount()), &formats.money),
        Cell::Effect(money) => sheet.write_number_with_format(row, column, number(money.amount()), &formats.effect),
        Cell::Change(money) => sheet.write_number_with_format(row, column, number(money.amount()), &formats.change),
        Cell::Forecast(money) => sheet.write_number_with_format(row, column, number(money.amount()), &formats.forecast),
        Cell::Percent(percent) => {
            sheet.write_number_with_format(row, column, number(percent / Decimal::ONE_HUNDRED), &formats.percent)
        }
        Cell::Quantity(quantity) => {
            sheet.write_number_with_format(row, column, number(quantity.amount()), &formats.quantity)
        }
        Cell::Count(count) => sheet.write_number_with_format(row, column, number((*count).into()), &formats.count),
        Cell::Day(day) => write_day(sheet, row, column, *day, &formats.day),
        Cell::Month(month) => write_day(sheet, row, column, month.first_day(), &formats.month),
        Cell::Text(text) => {
            let format = if text.starts_with(['=', '+', '-', '@']) { &formats.quoted } else { &formats.text };
            sheet.write_string_with_format(row, column, clipped(text), format)
        }
        Cell::Absent("") => sheet.write_blank(row, column, &formats.text),
        Cell::Absent(why) => sheet.write_string_with_format(row, column, *why, &formats.absent),
    }?;
    Ok(())
}

fn write_day<'a>(
    sheet: &'a mut Worksheet,
    row: u32,
    column: u16,
    day: NaiveDate,
    format: &Format,
) -> Result<&'a mut Worksheet, XlsxError> {
    // A spreadsheet's calendar begins in 1900.
    match date(day) {
        Ok(date) => sheet.write_datetime_with_format(row, column, &date, format),
        Err(_) => sheet.write_string_with_format(row, column, day.to_string(), format),
    }
}

fn date(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    let part = |number: u32| u8::try_from(number).unwrap_or_default();
    ExcelDateTime::from_ymd(u16::try_from(day.year()).unwrap_or_default(), part(day.month()), part(day.day()))
}

fn moment(at: DateTime<Utc>) -> Result<ExcelDateTime, XlsxError> {
    let part = |number: u32| u8::try_from(number).unwrap_or_default();
    date(at.date_naive())?.and_hms(u16::try_from(at.hour()).unwrap_or_default(), part(at.minute()), part(at.second()))
}

/// The double nearest to a decimal: by its text, because that way is exact to the last bit.
fn number(decimal: Decimal) -> f64 {
    decimal.to_string().parse().unwrap_or(f64::NAN)
}

fn width(table: &Table, column: usize) -> u32 {
    let cells = table.rows.iter().map(|row| row.cells[column].shown().chars().count());
    // A heading wraps at its words, and keeps off the button of the filter.
    let words = table.columns[column].title.split(' ').map(|word| word.chars().count());
    let heading = words.max().unwrap_or(0) + BUTTON;
    let widest = cells.max().unwrap_or(0).max(heading) + 2;
    u32::try_from(widest.clamp(WIDTHS.0, WIDTHS.1)).unwrap_or(u32::MAX)
}

/// Lines that a text fills at `width` characters.
fn lines(text: &str, width: usize) -> u32 {
    u32::try_from(text.chars().count().div_ceil(width).max(1)).unwrap_or(1)
}

fn clipped(text: &str) -> String {
    if text.chars().count() <= LONGEST_TEXT {
        return text.to_owned();
    }
    text.chars().take(LONGEST_TEXT - 1).chain(['…']).collect()
}

/// "Variance by month", with a number where that is taken already.
fn free_name(id: &str, taken: &mut BTreeSet<String>) -> String {
    let words = id.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let words: String = first.into_iter().chain(letters).collect();
    let numbered = |number: usize| {
        let end = if number == 1 { String::new() } else { format!(" {number}") };
        words.chars().take(LONGEST_NAME - end.len()).chain(end.chars()).collect::<String>()
    };
    let name = (1..).map(numbered).find(|name| !taken.contains(&name.to_lowercase())).unwrap_or_default();
    taken.insert(name.to_lowercase());
    name
}

fn print_setup(sheet: &mut Worksheet, document: &Document, columns: usize) -> Result<(), XlsxError> {
    sheet.set_paper_size(A4);
    if columns > UPRIGHT_COLUMNS {
        sheet.set_landscape();
    }
    sheet.set_print_fit_to_pages(1, 0);
    // An ampersand begins a command there, and the whole holds 255 characters.
    let title: String = document.title.chars().take(LONGEST_FOOTER).collect();
    let title = title.replace('&', "&&");
    sheet.set_footer(format!("&L{title} · as of {}&RPage &P of &N", document.as_of.date_naive()));
    Ok(())
}
