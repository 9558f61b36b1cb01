//! A document as Markdown, written from parser events, so that a name with `|` or `*` in it cannot break a table.
//! Charts are left out: every figure that matters is in a table.
//!
//! Nothing is set in bold or italics: the writer then never has to search for delimiters that survive whatever text
//! they surround, and refuses nothing.

use pulldown_cmark::{Alignment, Event, HeadingLevel, Options, Tag, TagEnd};
use pulldown_cmark_to_cmark::cmark;

use super::document::{Block, Document, Row, Table};
use super::notice::Notice;

/// Renders the text.
pub(super) fn render(document: &Document) -> String {
    let mut events = Vec::new();
    heading(&mut events, HeadingLevel::H1, &document.title);
    paragraph(&mut events, &document.dateline());
    if let Some(by) = document.prepared_line() {
        paragraph(&mut events, &by);
    }
    if !document.about.is_empty() {
        paragraph(&mut events, &document.about_line());
    }
    summary(&mut events, &document.summary);
    figures(&mut events, document);
    findings(&mut events, document);
    for section in &document.sections {
        heading(&mut events, HeadingLevel::H2, &section.title);
        for block in &section.blocks {
            match block {
                Block::Text(sentence) => paragraph(&mut events, sentence),
                Block::Table(it) => table(&mut events, it),
                Block::Chart(_) => {}
            }
        }
    }
    if !document.notes.is_empty() {
        heading(&mut events, HeadingLevel::H2, "Notes");
        list(&mut events, document.notes.iter().cloned());
    }
    let mut out = String::new();
    cmark(events, &mut out, Options::ENABLE_TABLES).expect("events in pairs without delimiters cannot be refused");
    out.push('\n');
    out
}

type Events<'a> = Vec<Event<'a>>;

/// Line breaks would end a heading or a table row.
fn text(words: &str) -> Event<'static> {
    let line: Vec<&str> = words.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect();
    Event::Text(line.join(" ").into())
}

fn heading(events: &mut Events<'_>, level: HeadingLevel, title: &str) {
    events.push(Event::Start(Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() }));
    events.push(text(title));
    events.push(Event::End(TagEnd::Heading(level)));
}

fn paragraph(events: &mut Events<'_>, words: &str) {
    events.push(Event::Start(Tag::Paragraph));
    events.push(text(words));
    events.push(Event::End(TagEnd::Paragraph));
}

fn list(events: &mut Events<'_>, items: impl Iterator<Item = String>) {
    events.push(Event::Start(Tag::List(None)));
    for item in items {
        events.push(Event::Start(Tag::Item));
        events.push(text(&item));
        events.push(Event::End(TagEnd::Item));
    }
    events.push(Event::End(TagEnd::List(false)));
}

/// The first sentence stands by itself.
fn summary(events: &mut Events<'_>, sentences: &[String]) {
    let Some((first, rest)) = sentences.split_first() else { return };
    paragraph(events, first);
    if !rest.is_empty() {
        paragraph(events, &rest.join(" "));
    }
}

fn figures(events: &mut Events<'_>, document: &Document) {
    if document.figures.is_empty() {
        return;
    }
    let rows =
        document.figures.iter().map(|figure| [figure.label.clone(), figure.value.shown(), figure.detail.clone()]);
    let alignments = vec![Alignment::Left, Alignment::Right, Alignment::Left];
    grid(events, alignments, ["Figure", "Value", "Detail"].map(str::to_owned), rows);
}

fn findings(events: &mut Events<'_>, document: &Document) {
    if document.findings.is_empty() {
        return;
    }
    heading(events, HeadingLevel::H2, "Findings");
    let item = |notice: &Notice| {
        format!("{}: {} {} Since {}.", notice.urgency(), notice.summary, notice.reason, notice.since_shown())
    };
    list(events, document.findings.iter().map(item));
}

fn table(events: &mut Events<'_>, table: &Table) {
    let shown = table.shown_columns();
    heading(events, HeadingLevel::H3, &table.title);
    let alignment = |index: &usize| if table.columns[*index].numeric { Alignment::Right } else { Alignment::Left };
    let headings = shown.iter().map(|index| table.columns[*index].title.to_owned());
    let row = |row: &Row| shown.iter().map(|index| row.cells[*index].shown()).collect::<Vec<_>>();
    grid(events, shown.iter().map(alignment).collect(), headings, table.rows.iter().map(row));
}

fn grid<R: IntoIterator<Item = String>>(
    events: &mut Events<'_>,
    alignments: Vec<Alignment>,
    headings: impl IntoIterator<Item = String>,
    rows: impl Iterator<Item = R>,
) {
    events.push(Event::Start(Tag::Table(alignments)));
    events.push(Event::Start(Tag::TableHead));
    cells(events, headings);
    events.push(Event::End(TagEnd::TableHead));
    for row in rows {
        events.push(Event::Start(Tag::TableRow));
        cells(events, row);
        events.push(Event::End(TagEnd::TableRow));
    }
    events.push(Event::End(TagEnd::Table));
}

fn cells(events: &mut Events<'_>, words: impl IntoIterator<Item = String>) {
    for words in words {
        events.push(Event::Start(Tag::TableCell));
        events.push(text(&words));
        events.push(Event::End(TagEnd::TableCell));
    }
}
