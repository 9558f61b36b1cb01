//! A document as HTML through the templates in `dashboards/`. The templates only place what this module hands them.

use askama::Template;

use super::chart::{self, LegendItem, Picture, Size};
use super::chart_data;
use super::document::{Block, Cell, Chart, Document, Figure, Row, Section, Table};
use super::nav::{Nav, NavLink, NavReport};
use super::notice::Notice;
use crate::domain::position::finding::Severity;

/// The one stylesheet: inlined in reports, so that a saved file stands alone; inlined or linked by the page.
pub const STYLESHEET: &str = include_str!("../../dashboards/style.css");
/// So few columns that a full width would tear them apart.
const FEW_COLUMNS: usize = 2;
/// More columns than fit on a desktop at the usual size.
const MANY_COLUMNS: usize = 9;

/// A self-contained report.
pub(super) fn render(document: &Document) -> String {
    let page = ReportPage { document, sections: sections(document, &Look::default()), stylesheet: STYLESHEET };
    page.render().expect("a template over values in memory cannot fail")
}

/// How the page is set beyond what its document says.
pub(super) struct Setting<'a> {
    /// Ids of tables that open on demand.
    pub folded: &'a [&'a str],
    /// Ids of charts that do.
    pub folded_charts: Vec<&'a str>,
    /// Ids of sections that stand open. What a reader can do follows on them, then the parts that open on demand.
    pub open: &'a [&'a str],
    /// Parts that hold several sections, of which one is open at a time.
    pub drawers: &'a [Drawer],
    /// Keys of the figures that are not folded away.
    pub answers: &'a [&'a str],
}

/// A part of the page that holds several sections.
pub(super) struct Drawer {
    /// Anchor, unique in a page.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// Ids of its sections, in order.
    pub sections: &'static [&'static str],
}

/// The page, with its way to the reports; above all else stands `banner`, where there is one.
pub(super) fn render_page(document: &Document, banner: Option<&str>, nav: &Nav, setting: &Setting<'_>) -> String {
    let look = Look { setting: Some(setting), live: nav.assets.is_some() };
    let (open, closed): (Vec<_>, Vec<_>) = sections(document, &look).into_iter().partition(|section| section.open);
    let open: Vec<PartView<'_>> = open.into_iter().map(PartView::of_one).collect();
    let closed = parts(closed, setting.drawers);
    let (answers, figures) = document.figures.iter().partition(|figure| setting.answers.contains(&figure.key));
    let (known, urgent) = document.findings.iter().partition(|notice| notice.severity == Severity::Info);
    let downloads = Downloads::of(nav);
    let stylesheet = STYLESHEET;
    let page =
        DashboardPage { document, banner, nav, downloads, answers, figures, urgent, known, open, closed, stylesheet };
    page.render().expect("a template over values in memory cannot fail")
}

/// How the blocks of a document are set.
#[derive(Default)]
struct Look<'a> {
    /// What opens on demand; nothing does in a report.
    setting: Option<&'a Setting<'a>>,
    /// Charts bring their figures for the page's script.
    live: bool,
}

impl Look<'_> {
    fn is_open(&self, section: &str) -> bool {
        self.setting.is_none_or(|setting| setting.open.contains(&section))
    }

    fn folds_table(&self, id: &str) -> bool {
        self.setting.is_some_and(|setting| setting.folded.contains(&id))
    }

    fn folds_chart(&self, id: &str) -> bool {
        self.setting.is_some_and(|setting| setting.folded_charts.contains(&id))
    }
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
    downloads: Downloads<'a>,
    /// Figures that answer at once.
    answers: Vec<&'a Figure>,
    /// Those that open on demand.
    figures: Vec<&'a Figure>,
    /// Findings that ask for something.
    urgent: Vec<&'a Notice>,
    /// Those that are worth knowing.
    known: Vec<&'a Notice>,
    /// Parts that stand open.
    open: Vec<PartView<'a>>,
    /// Those that open on demand.
    closed: Vec<PartView<'a>>,
    stylesheet: &'static str,
}

/// Every report in every format, as one table.
struct Downloads<'a> {
    /// One row for each report: its title, and a place for each format that any report has.
    rows: Vec<(&'static str, Vec<Option<&'a NavLink>>)>,
}

impl<'a> Downloads<'a> {
    fn of(nav: &'a Nav) -> Self {
        let mut formats: Vec<&str> = Vec::new();
        for link in nav.reports.iter().flat_map(|report| &report.formats) {
            if !formats.contains(&link.label.as_str()) {
                formats.push(&link.label);
            }
        }
        let place = |report: &'a NavReport, format: &str| report.formats.iter().find(|link| link.label == format);
        let row = |report: &'a NavReport| {
            (report.title, formats.iter().map(|format| place(report, format)).collect::<Vec<_>>())
        };
        Downloads { rows: nav.reports.iter().map(row).collect() }
    }
}

struct SectionView<'a> {
    id: &'static str,
    title: &'a str,
    /// Whether it stands open on the page.
    open: bool,
    /// Of the headings within it.
    level: u8,
    /// Of what opens on demand within it, one is open at a time: the name that they share; empty in a report.
    view: &'static str,
    blocks: Vec<BlockView<'a>>,
}

/// A part of the page: a section, or several under one heading.
struct PartView<'a> {
    id: &'static str,
    title: &'a str,
    open: bool,
    sections: Vec<SectionView<'a>>,
}

impl<'a> PartView<'a> {
    fn of_one(section: SectionView<'a>) -> Self {
        PartView { id: section.id, title: section.title, open: section.open, sections: vec![section] }
    }

    /// Whether it is a section and no more.
    fn is_one(&self) -> bool {
        self.sections.first().is_some_and(|section| section.id == self.id)
    }
}

/// Sections in their drawers, each drawer where its first section stood; what no drawer holds is a part of its own.
fn parts<'a>(sections: Vec<SectionView<'a>>, drawers: &[Drawer]) -> Vec<PartView<'a>> {
    let mut parts: Vec<PartView<'a>> = Vec::new();
    for mut section in sections {
        let Some(drawer) = drawers.iter().find(|drawer| drawer.sections.contains(&section.id)) else {
            parts.push(PartView::of_one(section));
            continue;
        };
        section.level += 1;
        match parts.iter_mut().find(|part| part.id == drawer.id) {
            Some(part) => part.sections.push(section),
            None => parts.push(PartView { id: drawer.id, title: drawer.title, open: false, sections: vec![section] }),
        }
    }
    for part in &mut parts {
        let order = drawers.iter().find(|drawer| drawer.id == part.id).map_or(&[][..], |drawer| drawer.sections);
        part.sections.sort_by_key(|section| order.iter().position(|id| *id == section.id));
    }
    parts
}

enum BlockView<'a> {
    Text(&'a str),
    Table(TableView<'a>),
    /// Shown on demand.
    Folded(TableView<'a>),
    Chart(ChartView<'a>),
    /// Shown on demand.
    FoldedChart(ChartView<'a>),
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
        open: look.is_open(section.id),
        level: 3,
        view: if look.setting.is_some() { section.id } else { "" },
        blocks: section.blocks.iter().map(|it| block(it, look)).collect(),
    };
    document.sections.iter().map(section).collect()
}

fn block<'a>(block: &'a Block, look: &Look<'_>) -> BlockView<'a> {
    match block {
        Block::Text(text) => BlockView::Text(text),
        Block::Table(it) if look.folds_table(it.id) => BlockView::Folded(table(it)),
        Block::Table(it) => BlockView::Table(table(it)),
        Block::Chart(it) if look.folds_chart(&it.id) => BlockView::FoldedChart(chart_view(it, look)),
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
