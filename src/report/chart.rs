//! Charts to SVG, drawn by plotters and themed by the stylesheet.
//!
//! plotters draws in fixed colours. Each look gets a sentinel colour, which is then replaced by a class name, so that
//! the stylesheet decides on colours, dashes and opacity in light, dark and print. Text sizes come from there as well:
//! nothing here measures text. Floats are coordinates only.

use chrono::{Datelike, NaiveDate};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::document::{Band, Chart, DayPlot, Mark, MonthPlot, Plot, Tone};
use super::words;
use crate::domain::values::period::{BillingPeriod, plus_days};

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// How wide a chart is drawn. The first two are put on the page, and the stylesheet shows the one that fits, because text in a
/// picture that is shrunk to a phone's width cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Desktop and a page that is printed.
    Wide,
    /// Phone.
    Narrow,
    /// A typeset document, where height is dearer than on a screen.
    Paper,
}

impl Size {
    const fn name(self) -> &'static str {
        match self {
            Size::Wide => "wide",
            Size::Narrow => "narrow",
            Size::Paper => "paper",
        }
    }

    fn pixels(self, plot: &Plot) -> (u32, u32) {
        let low = matches!(plot, Plot::Days(days) if days.low);
        match (self, low) {
            (Size::Wide, false) => (1000, 320),
            (Size::Wide, true) => (1000, 190),
            (Size::Narrow, false) => (350, 260),
            (Size::Narrow, true) => (350, 190),
            (Size::Paper, false) => (1000, 250),
            (Size::Paper, true) => (1000, 160),
        }
    }

    /// How wide a plot and the room to its right are, and about how wide a label is, in tenths of a pixel: nothing here measures text.
    fn tenths_of(self, label: &str) -> (i64, i64, i64) {
        let letters = i64::try_from(label.chars().count()).unwrap_or(i64::MAX / 1000);
        if self == Size::Narrow { (2_920, 80, letters * 70) } else { (9_280, 160, letters * 74) }
    }

    /// Labels on an axis of months that fit.
    const fn month_labels(self) -> usize {
        match self {
            Size::Wide | Size::Paper => 14,
            Size::Narrow => 5,
        }
    }
}

/// What is drawn with a sentinel colour; its name is the class that the stylesheet knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paint {
    Grid,
    Label,
    Mark,
    Cliff,
    Whisker,
    Curve(Tone),
    Fan(Tone),
    Bar(Tone),
}

impl Paint {
    fn all() -> Vec<Paint> {
        let mut all = vec![Paint::Grid, Paint::Label, Paint::Mark, Paint::Cliff, Paint::Whisker];
        for tone in Tone::all() {
            all.extend([Paint::Curve(tone), Paint::Fan(tone), Paint::Bar(tone)]);
        }
        all
    }

    fn class(self) -> String {
        match self {
            Paint::Grid => "grid".to_owned(),
            Paint::Label => "label".to_owned(),
            Paint::Mark => "mark".to_owned(),
            Paint::Cliff => "cliff".to_owned(),
            Paint::Whisker => "whisker".to_owned(),
            Paint::Curve(tone) => format!("curve {}", tone.name()),
            Paint::Fan(tone) => format!("fan {}", tone.name()),
            Paint::Bar(tone) => format!("bar {}", tone.name()),
        }
    }

    /// A colour that stands for this paint: its place in the list.
    fn sentinel(self) -> RGBColor {
        let place = Paint::all().iter().position(|paint| *paint == self).unwrap_or(0);
        RGBColor(1, 2, u8::try_from(place).unwrap_or(u8::MAX))
    }
}

/// A drawn chart: what stands inside the `<svg>` element, which the template writes with title and description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) size: &'static str,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) body: String,
}

/// Draws a chart.
pub(super) fn draw(chart: &Chart, size: Size) -> Picture {
    let (width, height) = size.pixels(&chart.plot);
    let mut drawn = String::new();
    {
        let root = SVGBackend::with_string(&mut drawn, (width, height)).into_drawing_area();
        let outcome = match &chart.plot {
            Plot::Days(plot) => draw_days(&root, plot, size),
            Plot::Months(plot) => draw_months(&root, plot, size),
        };
        outcome.and_then(|()| Ok(root.present()?)).expect("the backend writes to a string, which cannot fail");
    }
    Picture { size: size.name(), width, height, body: themed(&drawn) }
}

/// A chart as an SVG file of its own, under `style`.
#[cfg_attr(not(feature = "pdf"), expect(dead_code, reason = "only a PDF takes charts as files"))]
pub(super) fn file(chart: &Chart, style: &str) -> String {
    let Picture { width, height, body, .. } = draw(chart, Size::Paper);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\"><style>{style}</style>{body}</svg>"
    )
}

/// Replaces sentinels by classes, and takes off the element around them, whose size is fixed.
fn themed(drawn: &str) -> String {
    let inside = drawn.split_once('>').map_or("", |(_, inside)| inside);
    let mut body = inside.trim().trim_end_matches("</svg>").to_owned();
    for paint in Paint::all() {
        let RGBColor(red, green, blue) = paint.sentinel();
        let class = format!(" class=\"{}\"", paint.class());
        for attribute in ["fill", "stroke"] {
            body = body.replace(&format!(" {attribute}=\"#{red:02X}{green:02X}{blue:02X}\""), &class);
        }
    }
    // The stylesheet says all of this, and a page without it is a good deal smaller.
    for redundant in [" opacity=\"1\"", " stroke=\"none\"", " font-family=\"sans-serif\"", " stroke-width=\"1\""] {
        body = body.replace(redundant, "");
    }
    body
}

/// An entry of a chart's legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LegendItem {
    pub(super) class: String,
    /// Path of the swatch in a box of 24 by 12: a stroke for a curve, a field for a fan or a bar.
    pub(super) swatch: &'static str,
    pub(super) label: String,
}

/// The legend, which is text beside the picture, so that it wraps on a phone.
pub(super) fn legend(chart: &Chart) -> Vec<LegendItem> {
    let item = |paint: Paint, label: &str| LegendItem {
        class: paint.class(),
        swatch: if matches!(paint, Paint::Curve(_)) { "M0 6H24" } else { "M0 0H24V12H0Z" },
        label: label.to_owned(),
    };
    match &chart.plot {
        Plot::Days(plot) => {
            let lines = plot.lines.iter().map(|line| item(Paint::Curve(line.tone), &line.label));
            lines.chain(plot.bands.iter().map(|band| item(Paint::Fan(band.tone), &band.label))).collect()
        }
        Plot::Months(plot) => plot.layers.iter().map(|layer| item(Paint::Bar(layer.tone), &layer.label)).collect(),
    }
}

type DayChart<'a, 'b> = ChartContext<
    'a,
    SVGBackend<'b>,
    Cartesian2d<plotters::coord::combinators::WithKeyPoints<RangedDate<NaiveDate>>, RangedCoordf64>,
>;

fn draw_days(root: &Canvas<'_>, plot: &DayPlot, size: Size) -> Drawn {
    let Some((first, last)) = plot.span.or_else(|| extent(plot)) else { return Ok(()) };
    // An axis needs a length.
    let last = last.max(plus_days(first, 1));
    let inside = |day: NaiveDate| first <= day && day <= last;
    let top = highest(plot, inside) * headroom(plot, size);
    let mut chart = frame(root, size)
        .build_cartesian_2d((first..last).with_key_points(month_starts(first, last, size)), 0.0..top)?;
    draw_axes(&mut chart, if plot.low { 4 } else { 6 })?;
    for band in &plot.bands {
        draw_band(&mut chart, band, inside)?;
    }
    for line in &plot.lines {
        let points = line.points.iter().filter(|point| inside(point.day));
        let points: Vec<(NaiveDate, f64)> = points.map(|point| (point.day, point.amount.to_chart())).collect();
        chart.draw_series(LineSeries::new(points, Paint::Curve(line.tone).sentinel()))?;
    }
    let beyond = |mark: &Mark| mark.cliff && mark.day > last;
    let marks: Vec<&Mark> = plot.marks.iter().filter(|mark| inside(mark.day) || beyond(mark)).collect();
    for (row, mark) in marks.iter().enumerate() {
        if beyond(mark) {
            let label = format!("{} \u{2192}", mark.label);
            draw_label(root, chart.backend_coord(&(last, top)), label, row, HPos::Right)?;
            continue;
        }
        let side = label_side(mark, &marks, (first, last), size);
        draw_mark(root, &mut chart, mark, row, side, top)?;
    }
    Ok(())
}

/// How much higher than its highest value a plot is, so that labels lie above the curves. On a wide one curves and
/// labels seldom meet, and one line of labels is room enough.
fn headroom(plot: &DayPlot, size: Size) -> f64 {
    match (size, plot.marks.len()) {
        (Size::Wide | Size::Paper, _) => 1.15,
        (Size::Narrow, ..=1) => 1.2,
        (Size::Narrow, 2) => 1.35,
        (Size::Narrow, _) => 1.55,
    }
}

/// A label stands to the right of its line, unless it would leave the picture there or cross the line of a later day.
fn label_side(mark: &Mark, marks: &[&Mark], (first, last): (NaiveDate, NaiveDate), size: Size) -> HPos {
    let days = (last - first).num_days();
    let (plot, margin, needed) = size.tenths_of(&mark.label);
    let at = (mark.day - first).num_days() * plot / days.max(1);
    let crossed = marks.iter().any(|other| {
        let ahead = (other.day - mark.day).num_days();
        0 < ahead && ahead * 5 < days
    });
    let (fits_right, fits_left) = (at + needed + BESIDE <= plot + margin, at >= needed + BESIDE);
    let right = if fits_left { fits_right && !crossed } else { fits_right || at <= plot / 2 };
    if right { HPos::Left } else { HPos::Right }
}

/// How far a label stands from its line, in tenths of a pixel.
const BESIDE: i64 = 50;

const TRANSPARENT: RGBAColor = RGBAColor(0, 0, 0, 0.0);

fn frame<'a, 'b>(root: &'a Canvas<'b>, size: Size) -> ChartBuilder<'a, 'b, SVGBackend<'b>> {
    let mut builder = ChartBuilder::on(root);
    builder.margin_top(8).margin_right(if size != Size::Narrow { 16 } else { 8 });
    builder.set_label_area_size(LabelAreaPosition::Left, if size != Size::Narrow { 56 } else { 50 });
    builder.set_label_area_size(LabelAreaPosition::Bottom, 26);
    builder
}

fn draw_axes(chart: &mut DayChart<'_, '_>, amounts: usize) -> Drawn {
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(Paint::Grid.sentinel())
        .light_line_style(TRANSPARENT)
        .axis_style(Paint::Grid.sentinel())
        .label_style(("sans-serif", 15, &Paint::Label.sentinel()))
        .y_labels(amounts)
        .x_label_formatter(&|day| axis_month(BillingPeriod::of(*day)))
        .y_label_formatter(&|amount| axis_dollars(*amount))
        .draw()?;
    Ok(())
}

fn draw_band(chart: &mut DayChart<'_, '_>, band: &Band, inside: impl Fn(NaiveDate) -> bool) -> Drawn {
    let points: Vec<_> = band.points.iter().filter(|point| inside(point.day)).collect();
    let upper = points.iter().map(|point| (point.day, point.p90.to_chart()));
    let lower = points.iter().rev().map(|point| (point.day, point.p10.to_chart()));
    let outline: Vec<(NaiveDate, f64)> = upper.chain(lower).collect();
    let fill = Paint::Fan(band.tone).sentinel().filled();
    chart.draw_series(std::iter::once(Polygon::new(outline, fill)))?;
    let middle = points.iter().map(|point| (point.day, point.p50.to_chart()));
    chart.draw_series(LineSeries::new(middle, Paint::Curve(band.tone).sentinel()))?;
    Ok(())
}

/// A vertical line with its label beside it.
fn draw_mark(root: &Canvas<'_>, chart: &mut DayChart<'_, '_>, mark: &Mark, row: usize, side: HPos, top: f64) -> Drawn {
    let paint = if mark.cliff { Paint::Cliff } else { Paint::Mark };
    chart.draw_series(LineSeries::new([(mark.day, 0.0), (mark.day, top)], paint.sentinel()))?;
    draw_label(root, chart.backend_coord(&(mark.day, top)), mark.label.clone(), row, side)
}

/// A label beside a point of the upper edge; each further mark writes one row lower, so that labels of near days do not lie
/// on each other.
fn draw_label(root: &Canvas<'_>, (x, y): (i32, i32), label: String, row: usize, side: HPos) -> Drawn {
    // The anchor is the end of the text that touches the line.
    let x = if matches!(side, HPos::Right) { x - 5 } else { x + 5 };
    let ink = Paint::Label.sentinel();
    let style = TextStyle::from(("sans-serif", 15)).color(&ink).pos(Pos::new(side, VPos::Top));
    let row = i32::try_from(row).unwrap_or(0);
    root.draw(&Text::new(label, (x, y + 2 + row * 15), style))?;
    Ok(())
}

fn draw_months(root: &Canvas<'_>, plot: &MonthPlot, size: Size) -> Drawn {
    let (Some(first), Some(last)) = (plot.months.first(), plot.months.last()) else { return Ok(()) };
    let stacked = |index: usize| plot.layers.iter().map(|layer| bar_height(layer.amounts[index])).sum::<f64>();
    let bars = (0..plot.months.len()).map(stacked);
    let top = bars.chain(plot.whiskers.iter().map(|(_, high)| high.to_chart())).fold(1.0, f64::max) * 1.08;
    let step = plot.months.len().div_ceil(size.month_labels()).max(1);
    let labelled = plot.months.iter().step_by(step).map(|month| middle_of(*month)).collect();
    let days = first.first_day()..last.next().first_day();
    let mut chart = frame(root, size).build_cartesian_2d(days.with_key_points(labelled), 0.0..top)?;
    draw_axes(&mut chart, 6)?;
    for (index, month) in plot.months.iter().enumerate() {
        let (left, right) = (plus_days(month.first_day(), 4), plus_days(month.next().first_day(), -4));
        let mut base = 0.0;
        for layer in &plot.layers {
            let height = bar_height(layer.amounts[index]);
            if height > 0.0 {
                let corners = [(left, base), (right, base + height)];
                let fill = Paint::Bar(layer.tone).sentinel().filled();
                chart.draw_series(std::iter::once(Rectangle::new(corners, fill)))?;
            }
            base += height;
        }
        if let Some((low, high)) = plot.whiskers.get(index).filter(|(low, high)| low != high) {
            let middle = middle_of(*month);
            let line = [(middle, low.to_chart()), (middle, high.to_chart())];
            chart.draw_series(LineSeries::new(line, Paint::Whisker.sentinel()))?;
        }
    }
    Ok(())
}

fn middle_of(month: BillingPeriod) -> NaiveDate {
    plus_days(month.first_day(), month.days() / 2)
}

/// A stack cannot show less than nothing; the table beside it can.
fn bar_height(amount: crate::domain::values::money::Money) -> f64 {
    amount.at_least_zero().to_chart()
}

fn extent(plot: &DayPlot) -> Option<(NaiveDate, NaiveDate)> {
    let lines = plot.lines.iter().flat_map(|line| line.points.iter().map(|point| point.day));
    let days: Vec<NaiveDate> =
        lines.chain(plot.bands.iter().flat_map(|band| band.points.iter().map(|point| point.day))).collect();
    Some((*days.iter().min()?, *days.iter().max()?))
}

/// The highest value on the days shown, and at least a dollar, so that an axis has a length.
fn highest(plot: &DayPlot, inside: impl Fn(NaiveDate) -> bool) -> f64 {
    let lines = plot.lines.iter().flat_map(|line| line.points.iter().map(|point| (point.day, point.amount)));
    let bands = plot.bands.iter().flat_map(|band| band.points.iter().map(|point| (point.day, point.p90)));
    let shown = lines.chain(bands).filter(|(day, _)| inside(*day));
    shown.map(|(_, amount)| amount.to_chart()).fold(1.0, f64::max)
}

/// First days of months, as many as can be labelled.
fn month_starts(first: NaiveDate, last: NaiveDate, size: Size) -> Vec<NaiveDate> {
    let months = std::iter::successors(Some(BillingPeriod::of(first)), |month| Some(month.next()));
    let starts: Vec<NaiveDate> =
        months.map(BillingPeriod::first_day).take_while(|day| *day <= last).filter(|day| *day >= first).collect();
    // A divisor of twelve, counted from January: labels are evenly spaced and the years' beginnings keep theirs.
    let needed = starts.len().div_ceil(size.month_labels());
    let step = [1, 2, 3, 4, 6].into_iter().find(|step| *step >= needed).unwrap_or(12);
    let step = u32::try_from(step).unwrap_or(12);
    starts.into_iter().filter(|day| day.month0() % step == 0).collect()
}

/// "Feb", and the year where it begins.
fn axis_month(month: BillingPeriod) -> String {
    if month.first_day().month0() == 0 { words::month(month) } else { month.first_day().format("%b").to_string() }
}

/// "$25k".
fn axis_dollars(amount: f64) -> String {
    let (scaled, unit) = match amount {
        amount if amount >= 1_000_000.0 => (amount / 1_000_000.0, "M"),
        amount if amount >= 1_000.0 => (amount / 1_000.0, "k"),
        amount => (amount, ""),
    };
    let whole = (scaled - scaled.round()).abs() < 0.01;
    if whole { format!("${scaled:.0}{unit}") } else { format!("${scaled:.1}{unit}") }
}
