//! A document as Markdown, written from parser events, so that a name with `|` or `*` in it cannot break a table.
//! Charts are left out: every figure that matters is in a table.

use pulldown_cmark::{Alignment, Event, HeadingLevel, Options, Tag, TagEnd};
use pulldown_cmark_to_cmark::cmark;

use super::document::{Block, Document, Table};

/// Renders the text.
pub(super) fn render(document: &Document) -> String {
    let mut events = Vec::new();
    heading(&mut events, HeadingLevel::H1, &document.title);
    paragraph(&mut events, vec![text(&document.dateline())]);
    summary(&mut events, &document.summary);
    figures(&mut events, document);
    findings(&mut events, document);
    for section in &document.sections {
        heading(&mut events, HeadingLevel::H2, &section.title);
        for block in &section.blocks {
            match block {
                Block::Text(sentence) => paragraph(&mut events, vec![text(sentence)]),
                Block::Table(it) => table(&mut events, it),
                Block::Chart(_) => {}
            }
        }
    }
    if !document.notes.is_empty() {
        heading(&mut events, HeadingLevel::H2, "Notes");
        list(&mut events, document.notes.iter().map(|note| vec![text(note)]));
    }
    let mut out = String::new();
    cmark(events, &mut out, Options::ENABLE_TABLES).expect("events in pairs, written to a string, cannot fail");
    out.push('\n');
    out
}

type Events<'a> = Vec<Event<'a>>;

/// Line breaks would end a heading or a table row.
fn text(words: &str) -> Event<'static> {
    let line: Vec<&str> = words.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect();
    Event::Text(line.join(" ").into())
}

fn strong(words: &str) -> [Event<'static>; 3] {
    [Event::Start(Tag::Strong), text(words), Event::End(TagEnd::Strong)]
}

fn heading(events: &mut Events<'_>, level: HeadingLevel, title: &str) {
    events.push(Event::Start(Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() }));
    events.push(text(title));
    events.push(Event::End(TagEnd::Heading(level)));
}

fn paragraph<'a>(events: &mut Events<'a>, inline: Vec<Event<'a>>) {
    events.push(Event::Start(Tag::Paragraph));
    events.extend(inline);
    events.push(Event::End(TagEnd::Paragraph));
}

fn list<'a>(events: &mut Events<'a>, items: impl Iterator<Item = Vec<Event<'a>>>) {
    events.push(Event::Start(Tag::List(None)));
    for item in items {
        events.push(Event::Start(Tag::Item));
        events.extend(item);
        events.push(Event::End(TagEnd::Item));
    }
    events.push(Event::End(TagEnd::List(false)));
}

/// The first sentence stands out.
fn summary(events: &mut Events<'_>, sentences: &[String]) {
    let Some((first, rest)) = sentences.split_first() else { return };
    paragraph(events, strong(first).to_vec());
    if !rest.is_empty() {
        paragraph(events, vec![text(&rest.join(" "))]);
    }
}

fn figures(events: &mut Events<'_>, document: &Document) {
    if document.figures.is_empty() {
        return;
    }
    list(
        events,
        document.figures.iter().map(|figure| {
            let mut item = vec![Event::Text(format!("{}: ", figure.label).into())];
            item.extend(strong(&figure.value.shown()));
            item.push(Event::Text(format!(" ({})", figure.detail).into()));
            item
        }),
    );
}

fn findings(events: &mut Events<'_>, document: &Document) {
    if document.findings.is_empty() {
        return;
    }
    heading(events, HeadingLevel::H2, "Findings");
    list(
        events,
        document.findings.iter().map(|notice| {
            let mut item = strong(&format!("{}:", notice.severity.as_str())).to_vec();
            let since = super::words::day(notice.since);
            item.push(Event::Text(format!(" {} {} (Since {since}.)", notice.summary, notice.reason).into()));
            item
        }),
    );
}

fn table(events: &mut Events<'_>, table: &Table) {
    let shown = table.shown_columns();
    heading(events, HeadingLevel::H3, &table.title);
    let alignment = |index: &usize| if table.columns[*index].numeric { Alignment::Right } else { Alignment::Left };
    events.push(Event::Start(Tag::Table(shown.iter().map(alignment).collect())));
    events.push(Event::Start(Tag::TableHead));
    for index in &shown {
        cell(events, table.columns[*index].title, false);
    }
    events.push(Event::End(TagEnd::TableHead));
    for row in &table.rows {
        events.push(Event::Start(Tag::TableRow));
        for index in &shown {
            cell(events, &row.cells[*index].shown(), row.total);
        }
        events.push(Event::End(TagEnd::TableRow));
    }
    events.push(Event::End(TagEnd::Table));
}

fn cell(events: &mut Events<'_>, words: &str, total: bool) {
    events.push(Event::Start(Tag::TableCell));
    if total && !words.is_empty() {
        events.extend(strong(words));
    } else {
        events.push(text(words));
    }
    events.push(Event::End(TagEnd::TableCell));
}
