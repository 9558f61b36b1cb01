//! Reads rendered reports back, each form by a reader that glidepath did not write.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use glidepath::report::Format;
use lopdf::Document as Pdf;

/// All text in a file, whatever its form.
pub fn text_of(bytes: &[u8], format: Format) -> String {
    match format {
        Format::Pdf => pdf_text(bytes),
        Format::Xlsx => {
            let sheets = sheets(bytes).into_iter();
            let cells = sheets.flat_map(|(name, rows)| {
                std::iter::once(name).chain(rows.into_iter().flatten().map(|cell| cell.to_string()))
            });
            cells.collect::<Vec<_>>().join("\n")
        }
        _ => String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// The text of a PDF in reading order, page after page.
pub fn pdf_text(bytes: &[u8]) -> String {
    let pdf = Pdf::load_mem(bytes).unwrap();
    let pages: Vec<u32> = pdf.get_pages().keys().copied().collect();
    pages.iter().map(|page| pdf.extract_text(&[*page]).unwrap()).collect()
}

/// The sheets of a workbook, in order.
pub fn sheets(bytes: &[u8]) -> Vec<(String, Vec<Vec<Data>>)> {
    let mut book = Xlsx::new(Cursor::new(bytes)).unwrap();
    let names = book.sheet_names();
    let rows = |range: calamine::Range<Data>| {
        // A range begins at its first used cell, which is the first of the sheet.
        assert_eq!(range.start(), Some((0, 0)));
        range.rows().map(<[Data]>::to_vec).collect()
    };
    names.into_iter().map(|name| (name.clone(), rows(book.worksheet_range(&name).unwrap()))).collect()
}
