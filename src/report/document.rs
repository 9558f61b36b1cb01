//! The document model: what a report says, before anybody decides how it looks.
//!
//! Cells keep their type and every digit; a renderer chooses between [`Cell::shown`] (for people, rounded to the cent)
//! and [`Cell::exact`] (for machines). Charts are data, so that a renderer that cannot draw can still tell.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::logo::Logo;
use super::notice::Notice;
use super::{ReportKind, words};
use crate::domain::position::Position;
use crate::domain::values::money::{Money, Quantity};
use crate::domain::values::period::BillingPeriod;
use crate::domain::values::quantiles::{DayAmount, DayBand};
use crate::domain::values::words::whole_usd_text;

/// A report or the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Name of the kind, as in URLs.
    pub kind: &'static str,
    /// Title for people, with the customer's name.
    pub title: String,
    /// Whose it is, where the filing names the customer.
    pub customer: Option<String>,
    /// Who made it for them, where somebody did: a partner.
    pub prepared_by: Option<PreparedBy>,
    /// Clock of the newest included cycle.
    pub as_of: DateTime<Utc>,
    /// Last complete day; null before any data.
    pub data_through: Option<NaiveDate>,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// What the document rests on besides the data: the filing, its reader's records, the program.
    pub about: Vec<About>,
    /// The message in sentences, the most important first.
    pub summary: Vec<String>,
    /// The few figures that matter.
    pub figures: Vec<Figure>,
    /// What deserves attention, most severe first.
    pub findings: Vec<Notice>,
    /// The body.
    pub sections: Vec<Section>,
    /// What a careful reader should know about the figures.
    pub notes: Vec<String>,
}

/// Up to when data is complete, and when that was known.
pub(super) fn dateline(as_of: DateTime<Utc>, data_through: Option<NaiveDate>) -> String {
    let as_of = as_of.format("%-d %b %Y %H:%M UTC");
    match data_through {
        Some(day) => format!("Data through {} · as of {as_of}", words::day(day)),
        None => format!("No data yet · as of {as_of}"),
    }
}

impl Document {
    /// One of a kind that says nothing yet.
    pub(super) fn new(kind: ReportKind, position: &Position) -> Document {
        Document {
            kind: kind.as_str(),
            title: kind.title().to_owned(),
            customer: None,
            prepared_by: None,
            as_of: position.as_of,
            data_through: position.data_through,
            currency: position.currency.clone(),
            about: Vec::new(),
            summary: Vec::new(),
            figures: Vec::new(),
            findings: Vec::new(),
            sections: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// "Data through 21 Nov 2026 · as of 23 Nov 2026 06:00 UTC".
    pub fn dateline(&self) -> String {
        if self.kind == ReportKind::Ask.as_str() && self.data_through.is_none() {
            return format!("From the filing alone, without a bill · as of {}", words::day(self.as_of.date_naive()));
        }
        dateline(self.as_of, self.data_through)
    }

    /// "Filing: version 2 · filed on: 1 Feb 2026", empty where there is nothing to say.
    pub fn about_line(&self) -> String {
        let parts = self.about.iter().map(|about| format!("{}: {}", about.label, about.value.shown()));
        parts.collect::<Vec<_>>().join(" · ")
    }

    /// "Prepared by Alder Partners"; none where nobody is named.
    pub fn prepared_line(&self) -> Option<String> {
        self.prepared_by.as_ref().map(|by| format!("Prepared by {}", by.name))
    }

    /// The tables of the body, in order; those that stand for a chart are the chart's.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        let blocks = self.sections.iter().flat_map(|section| &section.blocks);
        blocks.filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None })
    }

    /// The paragraphs of the body, in order, each with its section.
    pub fn texts(&self) -> impl Iterator<Item = (&Section, &str)> {
        self.sections.iter().flat_map(|section| section.texts().map(move |text| (section, text)))
    }

    /// The charts of the body, in order.
    pub fn charts(&self) -> impl Iterator<Item = &Chart> {
        let blocks = self.sections.iter().flat_map(|section| &section.blocks);
        blocks.filter_map(|block| if let Block::Chart(chart) = block { Some(chart) } else { None })
    }
}

/// Who made a report for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedBy {
    /// The name for people.
    pub name: String,
    /// The logo, where there is one.
    pub logo: Option<Logo>,
}

/// One thing that a document rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Name for machines.
    pub key: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// Which.
    pub value: Cell,
}

/// One figure that matters.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Name for machines.
    pub key: &'static str,
    /// Name for people.
    pub label: String,
    /// The figure.
    pub value: Cell,
    /// What it rests on, in a few words.
    pub detail: String,
}

/// A part of the body.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Anchor, unique in a document.
    pub id: &'static str,
    /// Heading.
    pub title: String,
    /// Content, in order.
    pub blocks: Vec<Block>,
}

impl Section {
    /// Its paragraphs, in order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().filter_map(|block| if let Block::Text(text) = block { Some(text.as_str()) } else { None })
    }
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A table.
    Table(Table),
    /// A chart.
    Chart(Chart),
}

/// A table with typed cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name for machines, unique in a document.
    pub id: &'static str,
    /// Caption.
    pub title: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows, each with one cell per column.
    pub rows: Vec<Row>,
}

impl Table {
    /// A table without rows.
    pub fn new(id: &'static str, title: impl Into<String>, columns: impl IntoIterator<Item = Column>) -> Self {
        Table { id, title: title.into(), columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// The same with these rows below, each with one cell per column.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        self.rows.extend(rows.into_iter().map(Row::new));
        self
    }

    /// The same with a row that sums up the rows above.
    #[must_use]
    pub fn total(mut self, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.rows.push(Row::total(cells.into_iter().collect()));
        self
    }

    /// The same with a row that says what the steps above come to.
    #[must_use]
    pub fn outcome(mut self, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.rows.push(Row::outcome(cells.into_iter().collect()));
        self
    }

    /// The rows before the first that sums up or says what they come to.
    pub fn lines(&self) -> &[Row] {
        let end = self.rows.iter().position(Row::is_total).unwrap_or(self.rows.len());
        &self.rows[..end]
    }

    /// The same with the columns of these keys first, in this order; the others follow as they were.
    #[must_use]
    pub fn leading(mut self, keys: &[&str]) -> Self {
        let place = |column: &Column| keys.iter().position(|key| *key == column.key).unwrap_or(keys.len());
        let mut order: Vec<usize> = (0..self.columns.len()).collect();
        // Stable, so that columns without a place of their own stay in order.
        order.sort_by_key(|index| place(&self.columns[*index]));
        self.columns = order.iter().map(|index| self.columns[*index].clone()).collect();
        for row in &mut self.rows {
            row.cells = order.iter().map(|index| row.cells[*index].clone()).collect();
        }
        self
    }

    /// Indices of the columns that people get to see: an optional column without any value is left out.
    pub fn shown_columns(&self) -> Vec<usize> {
        let useful = |index: &usize| {
            !self.columns[*index].optional || self.rows.iter().any(|row| !row.cells[*index].is_nothing())
        };
        (0..self.columns.len()).filter(useful).collect()
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name for machines.
    pub key: &'static str,
    /// Heading.
    pub title: &'static str,
    /// Digits are compared by place, so numbers stand to the right.
    pub numeric: bool,
    /// Left out for people where no row has a value; machines always get it.
    pub optional: bool,
    /// What a percentage is of what: the keys of the column of the part and of that of the whole. A total's is then that of the
    /// totals, and never the sum of percentages.
    pub percent_of: Option<(&'static str, &'static str)>,
}

impl Column {
    /// A column of words or days.
    pub const fn text(key: &'static str, title: &'static str) -> Self {
        Column { key, title, numeric: false, optional: false, percent_of: None }
    }

    /// A column of numbers.
    pub const fn number(key: &'static str, title: &'static str) -> Self {
        Column { key, title, numeric: true, optional: false, percent_of: None }
    }

    /// The same column, left out for people where no row has a value.
    #[must_use]
    pub const fn optional(self) -> Self {
        Column { optional: true, ..self }
    }

    /// The same column, whose percentages are the amounts under `part` of those under `whole`.
    #[must_use]
    pub const fn percent_of(self, part: &'static str, whole: &'static str) -> Self {
        Column { percent_of: Some((part, whole)), ..self }
    }
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// One per column.
    pub cells: Vec<Cell>,
    /// What it is to the rows above.
    pub kind: RowKind,
}

/// What a row is to the rows above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// A row like the others.
    Line,
    /// Its amounts are the sums of those above, where a column can be added up: dates, percentages and odds cannot.
    Sum,
    /// What the rows above come to as steps of a calculation, some of which are sums themselves.
    Outcome,
}

impl Row {
    /// An ordinary row.
    pub fn new(cells: Vec<Cell>) -> Self {
        Row { cells, kind: RowKind::Line }
    }

    /// A row that sums up the rows above.
    pub fn total(cells: Vec<Cell>) -> Self {
        Row { cells, kind: RowKind::Sum }
    }

    /// A row that says what the steps above come to.
    pub fn outcome(cells: Vec<Cell>) -> Self {
        Row { cells, kind: RowKind::Outcome }
    }

    /// True if it stands below the others and is set apart from them.
    pub fn is_total(&self) -> bool {
        self.kind != RowKind::Line
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// An amount.
    Money(Money),
    /// What a cause adds: an amount, and a dash where it adds nothing.
    Effect(Money),
    /// What an assumption changes about an amount that nobody knows yet: whole dollars with their sign.
    Change(Money),
    /// An amount that nobody knows yet: people are shown whole dollars, as cents would claim more than is known.
    Forecast(Money),
    /// A percentage.
    Percent(Decimal),
    /// A UTC day.
    Day(NaiveDate),
    /// A billing period.
    Month(BillingPeriod),
    /// A metered quantity.
    Quantity(Quantity),
    /// A count.
    Count(u64),
    /// Words.
    Text(String),
    /// Nothing to show, and in a few words why; null for machines.
    Absent(&'static str),
}

impl Cell {
    /// Words, from anything that is a string.
    pub fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    /// A day, or why there is none.
    pub fn day_or(day: Option<NaiveDate>, absent: &'static str) -> Self {
        day.map_or(Cell::Absent(absent), Cell::Day)
    }

    /// An amount, or why there is none.
    pub fn money_or(money: Option<Money>, absent: &'static str) -> Self {
        money.map_or(Cell::Absent(absent), Cell::Money)
    }

    /// An amount that nobody knows yet, or why there is none.
    pub fn forecast_or(money: Option<Money>, absent: &'static str) -> Self {
        money.map_or(Cell::Absent(absent), Cell::Forecast)
    }

    /// A percentage, or why there is none.
    pub fn percent_or(percent: Option<Decimal>, absent: &'static str) -> Self {
        percent.map_or(Cell::Absent(absent), Cell::Percent)
    }

    /// Zero, or absent without a reason.
    pub fn is_nothing(&self) -> bool {
        match self {
            Cell::Money(money) | Cell::Effect(money) | Cell::Change(money) | Cell::Forecast(money) => money.is_zero(),
            // A reason is something to show.
            Cell::Absent(why) => why.is_empty(),
            Cell::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    /// For people: rounded to the cent, or to the dollar where it is a forecast, with thousands and units.
    pub fn shown(&self) -> String {
        match self {
            Cell::Effect(money) | Cell::Change(money) if money.is_zero() => "–".to_owned(),
            Cell::Change(money) if money.is_positive() => format!("+{}", whole_usd_text(*money)),
            Cell::Money(money) | Cell::Effect(money) => money.dollars(),
            Cell::Change(money) | Cell::Forecast(money) => whole_usd_text(*money),
            // Normalized, since a decimal knows a zero with a sign.
            Cell::Percent(percent) => format!("{:.1} %", percent.round_dp(1).normalize()),
            Cell::Day(day) => words::day(*day),
            Cell::Month(month) => words::month(*month),
            Cell::Quantity(quantity) => words::quantity(*quantity),
            Cell::Count(count) => count.to_string(),
            Cell::Text(text) => text.clone(),
            Cell::Absent(why) => (*why).to_owned(),
        }
    }

    /// For machines: every digit, ISO dates, no units; `None` where there is nothing.
    pub fn exact(&self) -> Option<String> {
        match self {
            Cell::Money(money) | Cell::Effect(money) | Cell::Change(money) | Cell::Forecast(money) => {
                Some(money.to_string())
            }
            Cell::Percent(percent) => Some(percent.normalize().to_string()),
            Cell::Day(day) => Some(day.to_string()),
            Cell::Month(month) => Some(month.to_string()),
            Cell::Quantity(quantity) => Some(quantity.to_string()),
            Cell::Count(count) => Some(count.to_string()),
            Cell::Text(text) => Some(text.clone()),
            Cell::Absent(_) => None,
        }
    }
}

/// A chart as data.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Anchor, unique in a document.
    pub id: String,
    /// Caption.
    pub title: String,
    /// What it shows, in a sentence, for those who do not see it.
    pub description: String,
    /// The curves or bars.
    pub plot: Plot,
    /// The same figures as a table, coarser in time where the chart is by day; none where one stands right below.
    pub table: Option<Table>,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Plot {
    /// Amounts over days.
    Days(DayPlot),
    /// Stacked bars by month.
    Months(MonthPlot),
}

/// Amounts over days.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DayPlot {
    /// First and last day of the axis; charts to be compared share it. Curves may go beyond it: it is what a picture shows.
    pub span: Option<(NaiveDate, NaiveDate)>,
    /// Lower than usual, for charts that stand in a stack.
    pub low: bool,
    /// Curves.
    pub lines: Vec<Line>,
    /// Bands between a low and a high curve, with a curve in the middle.
    pub bands: Vec<Band>,
    /// Days of note.
    pub marks: Vec<Mark>,
}

/// A curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Name.
    pub label: String,
    /// Look.
    pub tone: Tone,
    /// Points, by day.
    pub points: Vec<DayAmount>,
}

/// A fan.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Name.
    pub label: String,
    /// Look.
    pub tone: Tone,
    /// Points, by day.
    pub points: Vec<DayBand>,
}

/// A day of note.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The day.
    pub day: NaiveDate,
    /// What it is.
    pub label: String,
    /// An end (credit gone) rather than a place in time: one behind the last day of the chart is named at its edge.
    pub cliff: bool,
}

/// Stacked bars by month.
#[derive(Debug, Clone, PartialEq)]
pub struct MonthPlot {
    /// The months, in order.
    pub months: Vec<BillingPeriod>,
    /// The layers, from the bottom up.
    pub layers: Vec<Layer>,
    /// A low and a high value of the bottom layer, per month; empty where there is none.
    pub whiskers: Vec<(Money, Money)>,
}

/// A layer of stacked bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Name.
    pub label: String,
    /// Look.
    pub tone: Tone,
    /// One amount per month.
    pub amounts: Vec<Money>,
}

/// Look of a curve or layer; the stylesheet gives it a colour in light, dark and print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// What happened.
    Actual,
    /// What was filed.
    Plan,
    /// What is expected.
    Outlook,
    /// Paid by credit.
    Covered,
    /// Paid in cash.
    Cash,
    /// One of several equals, counted from 0.
    Series(u8),
}

impl Tone {
    /// How many equals have a colour of their own.
    pub const SERIES: u8 = 8;

    /// Every look.
    pub fn all() -> impl Iterator<Item = Tone> {
        [Tone::Actual, Tone::Plan, Tone::Outlook, Tone::Covered, Tone::Cash]
            .into_iter()
            .chain((0..Tone::SERIES).map(Tone::Series))
    }

    /// The name in JSON and in class names.
    pub fn name(self) -> String {
        match self {
            Tone::Actual => "actual".to_owned(),
            Tone::Plan => "plan".to_owned(),
            Tone::Outlook => "outlook".to_owned(),
            Tone::Covered => "covered".to_owned(),
            Tone::Cash => "cash".to_owned(),
            Tone::Series(number) => format!("series-{}", number % Tone::SERIES + 1),
        }
    }
}
