//! The tables of text forms, each read by a parser that glidepath did not write.

use std::collections::BTreeMap;

use quick_xml::events::Event;

/// Rows of cells.
pub type Grid = Vec<Vec<String>>;

/// The tables of a page with their headers, in order.
pub fn html_tables(html: &str) -> Vec<Grid> {
    let mut reader = quick_xml::Reader::from_str(html);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let (mut tables, mut cell): (Vec<Grid>, Option<String>) = (Vec::new(), None);
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return tables,
            Event::Start(tag) => match tag.name().into_inner() {
                "table" => tables.push(Grid::new()),
                "tr" => tables.last_mut().unwrap().push(Vec::new()),
                "td" | "th" => cell = Some(String::new()),
                _ => {}
            },
            Event::End(tag) if matches!(tag.name().into_inner(), "td" | "th") => {
                let row = tables.last_mut().and_then(|table| table.last_mut()).unwrap();
                row.push(cell.take().unwrap());
            }
            Event::Text(text) => {
                if let Some(cell) = &mut cell {
                    cell.push_str(&text.html_content());
                }
            }
            Event::GeneralRef(name) => {
                if let Some(cell) = &mut cell {
                    let character = name.resolve_char_ref().unwrap();
                    cell.push(character.unwrap_or_else(|| panic!("{name:?}")));
                }
            }
            _ => {}
        }
    }
}

/// The tables of a Markdown text with their headers, in order.
pub fn markdown_tables(markdown: &str) -> Vec<Grid> {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
    let mut tables: Vec<Grid> = Vec::new();
    let mut cell = None;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Table(_)) => tables.push(Grid::new()),
            Event::Start(Tag::TableHead | Tag::TableRow) => tables.last_mut().unwrap().push(Vec::new()),
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::Text(text) => {
                if let Some(cell) = &mut cell {
                    cell.push_str(&text);
                }
            }
            Event::End(TagEnd::TableCell) => {
                let row = tables.last_mut().and_then(|table| table.last_mut()).unwrap();
                row.push(cell.take().unwrap());
            }
            _ => {}
        }
    }
    tables
}

/// The sections of a CSV file with their headers, by name.
pub fn csv_sections(bytes: &[u8]) -> BTreeMap<String, Grid> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(bytes);
    let mut sections = BTreeMap::<String, Grid>::new();
    for record in reader.records() {
        let fields: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        sections.entry(fields[0].clone()).or_default().push(fields[1..].to_vec());
    }
    sections
}
