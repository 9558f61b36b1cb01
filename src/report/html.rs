//! A document as HTML through the templates in `dashboards/`. The templates only place what this module hands them.

use askama::Template;

use super::STYLESHEET;
use super::chart::{self, LegendItem, Picture, Size};
use super::chart_data;
use super::document::{Block, Cell, Chart, Document, Row, Section, Table};
use super::page::Nav;

/// So few columns that a full width would tear them apart.
const FEW_COLUMNS: usize = 2;
/// More columns than fit on a desktop at the usual size.
const MANY_COLUMNS: usize = 9;

/// A self-contained report.
pub(super) fn render(document: &Document) -> String {
    let page = ReportPage { document, sections: sections(document, &Look::default()), stylesheet: STYLESHEET };
    page.render().expect("a template over values in memory cannot fail")
}

/// The page, with its way to the reports; above all else stands `banner`, where there is one; tables of the ids in `folded`
/// open on demand, and what a reader can do follows the section `pictured`, or the last one.
pub(super) fn render_page(
    document: &Document,
    banner: Option<&str>,
    nav: &Nav,
    folded: &[&str],
    pictured: &str,
) -> String {
    let look = Look { folded, live: nav.assets.is_some() };
    let mut first = sections(document, &look);
    let place = first.iter().position(|section| section.id == pictured).map_or(first.len(), |at| at + 1);
    let rest = first.split_off(place);
    let page = DashboardPage { document, banner, nav, first, rest, stylesheet: STYLESHEET };
    page.render().expect("a template over values in memory cannot fail")
}

/// How a document is set beyond what it says.
#[derive(Default)]
struct Look<'a> {
    /// Ids of tables that open on demand.
    folded: &'a [&'a str],
    /// Charts bring their figures for the page's script.
    live: bool,
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    document: &'a Document,
    sections: Vec<SectionView<'a>>,
    stylesheet: &'static str,
}

#[derive(Template)]
#[template(path = "page.html")]
struct DashboardPage<'a> {
    document: &'a Document,
    banner: Option<&'a str>,
    nav: &'a Nav,
    /// Before what a reader can do.
    first: Vec<SectionView<'a>>,
    /// After it.
    rest: Vec<SectionView<'a>>,
    stylesheet: &'static str,
}

struct SectionView<'a> {
    id: &'static str,
    title: &'a str,
    blocks: Vec<BlockView<'a>>,
}

enum BlockView<'a> {
    Text(&'a str),
    Table(TableView<'a>),
    /// Shown on demand.
    Folded(TableView<'a>),
    Chart(ChartView<'a>),
}

struct TableView<'a> {
    title: &'a str,
    /// Few columns are set narrow, many small.
    class: &'static str,
    columns: Vec<CellView>,
    rows: Vec<RowView>,
}

struct RowView {
    class: &'static str,
    cells: Vec<CellView>,
}

struct CellView {
    class: &'static str,
    text: String,
}

struct ChartView<'a> {
    id: &'a str,
    title: &'a str,
    description: &'a str,
    legend: Vec<LegendItem>,
    pictures: [Picture; 2],
    /// The figures in JSON, for a page with a script.
    data: Option<String>,
    table: Option<TableView<'a>>,
}

fn sections<'a>(document: &'a Document, look: &Look<'_>) -> Vec<SectionView<'a>> {
    let section = |section: &'a Section| SectionView {
        id: section.id,
        title: &section.title,
        blocks: section.blocks.iter().map(|it| block(it, look)).collect(),
    };
    document.sections.iter().map(section).collect()
}

fn block<'a>(block: &'a Block, look: &Look<'_>) -> BlockView<'a> {
    match block {
        Block::Text(text) => BlockView::Text(text),
        Block::Table(it) if look.folded.contains(&it.id) => BlockView::Folded(table(it)),
        Block::Table(it) => BlockView::Table(table(it)),
        Block::Chart(it) => BlockView::Chart(chart_view(it, look)),
    }
}

fn chart_view<'a>(chart: &'a Chart, look: &Look<'_>) -> ChartView<'a> {
    ChartView {
        id: &chart.id,
        title: &chart.title,
        description: &chart.description,
        legend: chart::legend(chart),
        pictures: [chart::draw(chart, Size::Wide), chart::draw(chart, Size::Narrow)],
        data: look.live.then(|| chart_data::json(chart)),
        table: chart.table.as_ref().map(table),
    }
}

fn table(table: &Table) -> TableView<'_> {
    let shown = table.shown_columns();
    let align = |index: usize| if table.columns[index].numeric { "n" } else { "" };
    let heading = |index: &usize| CellView { class: align(*index), text: table.columns[*index].title.to_owned() };
    let row = |row: &Row| RowView {
        class: if row.is_total() { "total" } else { "" },
        cells: shown
            .iter()
            .map(|index| CellView { class: class(&row.cells[*index], align(*index)), text: row.cells[*index].shown() })
            .collect(),
    };
    TableView {
        title: &table.title,
        class: match shown.len() {
            ..=FEW_COLUMNS => "slim",
            MANY_COLUMNS.. => "dense",
            _ => "",
        },
        columns: shown.iter().map(heading).collect(),
        rows: table.rows.iter().map(row).collect(),
    }
}

/// Text from here on wraps, and needs some width to be read.
const WORDY: usize = 20;

/// Dates stay on one line; long text keeps a width that can be read where the table is wider than the screen.
fn class(cell: &Cell, align: &'static str) -> &'static str {
    match cell {
        Cell::Text(text) if text.chars().count() >= WORDY && align.is_empty() => "w",
        Cell::Day(_) | Cell::Month(_) => "d",
        _ => align,
    }
}
