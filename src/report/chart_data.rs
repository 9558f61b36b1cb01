//! A chart as data for the page's script: columns of equal length, so that it draws what the picture beside it shows.
//! Amounts become floats of whole cents, or whole dollars, here, because a script has no other number; tables and JSON keep
//! every digit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::Serialize;

use super::document::{Chart, DayPlot, MonthPlot, Plot, Tone};
use super::words;
use crate::domain::values::money::Money;

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Data<'a> {
    Days(Days<'a>),
    Months(Months<'a>),
}

/// Days are counted from 1 January 1970.
#[derive(Serialize)]
struct Days<'a> {
    /// The first day, then the steps from each to the next: a page of them is short once it is compressed.
    days: Vec<i64>,
    span: Option<(i64, i64)>,
    /// Day on which the readout starts: the last complete one.
    through: Option<i64>,
    low: bool,
    lines: Vec<Curve<'a>>,
    bands: Vec<Fan<'a>>,
    marks: Vec<Note<'a>>,
}

#[derive(Serialize)]
struct Curve<'a> {
    label: &'a str,
    tone: String,
    values: Vec<Option<Amount>>,
}

#[derive(Serialize)]
struct Fan<'a> {
    tone: String,
    low: Vec<Option<Amount>>,
    middle: Vec<Option<Amount>>,
    high: Vec<Option<Amount>>,
    label: &'a str,
}

/// An amount of a curve, which is read out in whole dollars: where it is large, the rest of it is too small to be drawn.
#[derive(Serialize)]
#[serde(untagged)]
enum Amount {
    Dollars(i64),
    Cents(f64),
}

/// From here on an amount of a curve is whole dollars.
const LARGE: Decimal = Decimal::ONE_THOUSAND;

impl Amount {
    fn of(amount: Money) -> Self {
        let whole = amount.amount().round();
        let dollars = whole.to_i64().filter(|_| whole.abs() >= LARGE);
        dollars.map_or_else(|| Amount::Cents(cents(amount)), Amount::Dollars)
    }
}

#[derive(Serialize)]
struct Note<'a> {
    day: i64,
    label: &'a str,
    cliff: bool,
}

#[derive(Serialize)]
struct Months<'a> {
    months: Vec<String>,
    layers: Vec<Layer<'a>>,
    ranges: Vec<(f64, f64)>,
    /// Nobody knows these amounts yet: they are read out in whole dollars.
    ahead: bool,
}

#[derive(Serialize)]
struct Layer<'a> {
    label: &'a str,
    tone: String,
    values: Vec<f64>,
}

/// The chart in JSON that can stand inside a `<script>` element: nothing in it can end that element.
pub(super) fn json(chart: &Chart) -> String {
    let data = match &chart.plot {
        Plot::Days(plot) => Data::Days(days(plot)),
        Plot::Months(plot) => Data::Months(months(plot)),
    };
    let json = serde_json::to_string(&data).expect("strings and finite numbers under string keys always serialize");
    json.replace('<', "\\u003c")
}

/// The last day that is known, from where a reader looks back and ahead.
fn last_actual(plot: &DayPlot) -> Option<NaiveDate> {
    let actual = plot.lines.iter().filter(|line| line.tone == Tone::Actual);
    actual.flat_map(|line| &line.points).map(|point| point.day).max()
}

fn days(plot: &DayPlot) -> Days<'_> {
    let lines = plot.lines.iter().flat_map(|line| line.points.iter().map(|point| point.day));
    let bands = plot.bands.iter().flat_map(|band| band.points.iter().map(|point| point.day));
    let shown = |day: &NaiveDate| plot.span.is_none_or(|(first, last)| first <= *day && *day <= last);
    let axis: BTreeSet<NaiveDate> = lines.chain(bands).filter(shown).collect();
    let curve = |points: &mut dyn Iterator<Item = (NaiveDate, Money)>| -> Vec<Option<Amount>> {
        let points: BTreeMap<NaiveDate, Money> = points.collect();
        axis.iter().map(|day| points.get(day).map(|amount| Amount::of(*amount))).collect()
    };
    let days = axis.iter().map(|day| number(*day));
    let before = std::iter::once(0).chain(days.clone());
    Days {
        days: days.zip(before).map(|(day, before)| day - before).collect(),
        span: plot.span.map(|(first, last)| (number(first), number(last))),
        through: last_actual(plot).map(number),
        low: plot.low,
        lines: plot
            .lines
            .iter()
            .map(|line| Curve {
                label: &line.label,
                tone: line.tone.name(),
                values: curve(&mut line.points.iter().map(|point| (point.day, point.amount))),
            })
            .collect(),
        bands: plot
            .bands
            .iter()
            .map(|band| Fan {
                label: &band.label,
                tone: band.tone.name(),
                low: curve(&mut band.points.iter().map(|point| (point.day, point.p10))),
                middle: curve(&mut band.points.iter().map(|point| (point.day, point.p50))),
                high: curve(&mut band.points.iter().map(|point| (point.day, point.p90))),
            })
            .collect(),
        marks: plot
            .marks
            .iter()
            .map(|mark| Note { day: number(mark.day), label: &mark.label, cliff: mark.cliff })
            .collect(),
    }
}

fn months(plot: &MonthPlot) -> Months<'_> {
    Months {
        months: plot.months.iter().map(|month| words::month(*month)).collect(),
        layers: plot
            .layers
            .iter()
            .map(|layer| Layer {
                label: &layer.label,
                tone: layer.tone.name(),
                values: layer.amounts.iter().map(|amount| cents(*amount)).collect(),
            })
            .collect(),
        ahead: plot.layers.iter().any(|layer| layer.tone == Tone::Cash),
        ranges: plot.whiskers.iter().map(|(low, high)| (cents(*low), cents(*high))).collect(),
    }
}

fn number(day: NaiveDate) -> i64 {
    (day - NaiveDate::default()).num_days()
}

fn cents(amount: Money) -> f64 {
    (amount.to_chart() * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Band, Line, Mark, Tone};
    use crate::domain::values::quantiles::{DayAmount, DayBand};

    fn usd(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn curves_of_different_days_share_an_axis() {
        let at = |day_text: &str, amount: &str| DayAmount { day: day(day_text), amount: usd(amount) };
        let fan = DayBand { day: day("1970-01-04"), p10: usd("1"), p50: usd("2.005"), p90: usd("3") };
        let plot = DayPlot {
            span: None,
            low: true,
            lines: vec![Line {
                label: "Actual </script>".to_owned(),
                tone: Tone::Actual,
                points: vec![at("1970-01-02", "10.123456"), at("1970-01-03", "0"), at("1970-01-05", "-1234.56")],
            }],
            bands: vec![Band { label: "Fan".to_owned(), tone: Tone::Outlook, points: vec![fan] }],
            marks: vec![Mark { day: day("1970-01-03"), label: "data through".to_owned(), cliff: false }],
        };
        let chart = |plot| Chart {
            id: "x".to_owned(),
            title: String::new(),
            description: String::new(),
            plot: Plot::Days(plot),
            table: None,
        };
        let cut = DayPlot { span: Some((day("1970-01-03"), day("1970-01-09"))), ..plot.clone() };
        let cut: serde_json::Value = serde_json::from_str(&json(&chart(cut))).unwrap();
        assert_eq!(cut["days"], serde_json::json!([2, 1, 1]), "a picture shows its span");
        let text = json(&chart(plot));
        assert!(!text.contains('<'), "{text}");
        let data: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(data["days"], serde_json::json!([1, 1, 1, 1]), "the first, then steps");
        assert_eq!(data["lines"][0]["label"], "Actual </script>");
        assert_eq!(data["lines"][0]["values"], serde_json::json!([10.12, 0.0, null, -1235]));
        assert_eq!(data["bands"][0]["middle"], serde_json::json!([null, null, 2.01, null]));
        assert_eq!(data["through"], 4);
    }
}
