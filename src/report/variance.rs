//! Variance as tables: by cause, by month, by record, by line of the filing, and every line.
//!
//! Invariant: every total is the exact sum of the rows it stands for, taken from the same [`Variance`] rows.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::document::{Cell, Column, Table};
use super::words;
use crate::domain::filing::variance::Variance;
use crate::domain::position::Position;
use crate::domain::values::money::Money;
use crate::domain::values::period::BillingPeriod;
use crate::domain::values::workload::Workload;

/// A cause as people see it: accelerators have hours and a rate where tokens have volume and price.
struct Cause {
    key: &'static str,
    title: &'static str,
    /// In a sentence: "the largest single cause is …".
    sentence: &'static str,
    of: fn(&Variance) -> Money,
}

const CAUSES: [Cause; 9] = [
    Cause { key: "volume", title: "Volume", sentence: "volume", of: |row| unless(is_hours(row), row.causes.volume) },
    Cause {
        key: "hours",
        title: "Hours",
        sentence: "accelerator hours",
        of: |row| unless(!is_hours(row), row.causes.volume),
    },
    Cause { key: "mix", title: "Mix", sentence: "the mix of models", of: |row| row.causes.mix },
    Cause { key: "price", title: "Price", sentence: "price", of: |row| unless(is_hours(row), row.causes.price) },
    Cause {
        key: "rate",
        title: "Rate",
        sentence: "the rate of accelerators",
        of: |row| unless(!is_hours(row), row.causes.price),
    },
    Cause { key: "cache", title: "Cache", sentence: "caching", of: |row| row.causes.cache },
    Cause { key: "batch", title: "Batch", sentence: "the share of batch", of: |row| row.causes.batch },
    Cause { key: "routing", title: "Routing", sentence: "routing", of: |row| row.causes.routing },
    Cause {
        key: "other",
        title: "Other",
        sentence: "what the filed drivers do not explain",
        of: |row| row.causes.other,
    },
];

const fn is_hours(row: &Variance) -> bool {
    matches!(row.workload, Workload::Trainium | Workload::Inferentia)
}

fn unless(not: bool, amount: Money) -> Money {
    if not { Money::ZERO } else { amount }
}

/// Projected, actual, and the causes of the difference, added up.
#[derive(Debug, Clone, Default)]
pub(super) struct Totals {
    pub projected: Money,
    pub actual: Money,
    causes: [Money; CAUSES.len()],
}

impl Totals {
    pub(super) fn of<'a>(rows: impl IntoIterator<Item = &'a Variance>) -> Self {
        let mut totals = Totals::default();
        for row in rows {
            totals.add(row);
        }
        totals
    }

    fn add(&mut self, row: &Variance) {
        self.projected += row.projected;
        self.actual += row.actual;
        for (sum, cause) in self.causes.iter_mut().zip(&CAUSES) {
            *sum += (cause.of)(row);
        }
    }

    pub(super) fn amount(&self) -> Money {
        self.actual - self.projected
    }

    /// One digit, as in the rows; none where nothing was planned.
    pub(super) fn percent(&self) -> Option<Decimal> {
        let ratio = self.amount().ratio(self.projected)?;
        Some((ratio * Decimal::ONE_HUNDRED).round_dp(1))
    }

    /// The cause that explains most, in either direction, in words.
    pub(super) fn largest_cause(&self) -> Option<(&'static str, Money)> {
        let named = CAUSES.iter().zip(self.causes).map(|(cause, amount)| (cause.sentence, amount));
        // `max_by_key` takes the last of equals; the order of causes then decides, which is as good and always the same.
        named.max_by_key(|(_, amount)| amount.abs()).filter(|(_, amount)| !amount.is_zero())
    }

    fn cells(&self) -> [Cell; 5] {
        [
            Cell::Money(self.projected),
            Cell::Money(self.actual),
            Cell::Money(self.amount()),
            Cell::percent_or(self.percent(), "no plan"),
            standing(self.amount()),
        ]
    }

    fn cause_cells(&self) -> impl Iterator<Item = Cell> {
        self.causes.into_iter().map(Cell::Effect)
    }
}

/// On which side of the plan, without a judgement: AWS would rather see more spend, the startup less.
fn standing(amount: Money) -> Cell {
    Cell::text(match (amount.is_negative(), amount.is_zero()) {
        (_, true) => "on plan",
        (true, _) => "under",
        (false, _) => "over",
    })
}

const COMPARED: [Column; 5] = [
    Column::number("projected", "Projected"),
    Column::number("actual", "Actual"),
    Column::number("amount", "Difference"),
    Column::number("percent", "Percent").percent_of("amount", "projected"),
    Column::text("standing", "Standing"),
];

fn cause_columns() -> impl Iterator<Item = Column> {
    CAUSES.iter().map(|cause| Column::number(cause.key, cause.title).optional())
}

/// What each cause adds to the difference, over everything compared.
pub(super) fn by_cause(position: &Position) -> Table {
    let totals = Totals::of(&position.variance);
    let shown = CAUSES.iter().zip(totals.causes).filter(|(_, amount)| !amount.is_zero());
    let row = |label, amount, share, meaning| {
        vec![Cell::text(label), Cell::Money(amount), Cell::percent_or(share, "no plan"), meaning]
    };
    let causes = shown.map(|(cause, amount)| {
        let share = amount.ratio(totals.projected).map(|share| (share * Decimal::ONE_HUNDRED).round_dp(1));
        row(cause.title, amount, share, Cell::text(meaning(cause.key)))
    });
    let columns = [
        Column::text("cause", "Cause"),
        Column::number("amount", "Adds to spend"),
        Column::number("percent", "Of the projection"),
        Column::text("meaning", "What it is"),
    ];
    Table::new("variance_by_cause", "By cause", columns).rows(causes).total(row(
        "Total",
        totals.amount(),
        totals.percent(),
        Cell::Absent(""),
    ))
}

fn meaning(key: &str) -> &'static str {
    match key {
        "volume" => "more or fewer tokens",
        "hours" => "more or fewer accelerator hours",
        "mix" => "other models, or instance types, than filed",
        "price" => "other token prices than on the day of filing",
        "rate" => "another price per accelerator hour",
        "cache" => "another share of input read from or written to the cache",
        "batch" => "another share of batch",
        "routing" => "another share of in-region routing",
        _ => "plain amounts, spend outside the filing, and what is not metered",
    }
}

pub(super) fn by_month(position: &Position) -> Table {
    let mut months: BTreeMap<BillingPeriod, Totals> = BTreeMap::new();
    for row in &position.variance {
        months.entry(row.month).or_default().add(row);
    }
    let row = |month, totals: &Totals, days| [vec![month], totals.cells().to_vec(), vec![days]].concat();
    let columns =
        [vec![Column::text("month", "Month")], COMPARED.to_vec(), vec![Column::text("days", "Days")]].concat();
    Table::new("variance_by_month", "By month", columns)
        .rows(
            months.iter().map(|(month, totals)| row(Cell::Month(*month), totals, Cell::text(extent(position, *month)))),
        )
        .total(row(Cell::text("Total"), &Totals::of(&position.variance), Cell::Absent("")))
}

pub(super) fn by_record(position: &Position) -> Table {
    let mut records: BTreeMap<&str, Totals> = BTreeMap::new();
    for row in &position.variance {
        records.entry(&row.record).or_default().add(row);
    }
    let row = |name: &str, totals: &Totals| [vec![Cell::text(name)], totals.cells().to_vec()].concat();
    let columns = [vec![Column::text("record", "Record")], COMPARED.to_vec()].concat();
    Table::new("variance_by_record", "By record of the filing", columns)
        .rows(records.iter().map(|(record, totals)| row(record, totals)))
        .total(row("Total", &Totals::of(&position.variance)))
}

/// What a row is about, without its month.
type Line<'a> = (&'a str, Workload, Option<&'a str>);

/// Each line of the filing over all its months: the difference and its causes, which is all that fits side by side.
pub(super) fn by_line(position: &Position) -> Table {
    let mut lines: BTreeMap<Line<'_>, Totals> = BTreeMap::new();
    for row in &position.variance {
        lines.entry((&row.record, row.workload, row.model.as_deref())).or_default().add(row);
    }
    let row = |names: [Cell; 3], totals: &Totals| {
        names.into_iter().chain([Cell::Money(totals.amount())]).chain(totals.cause_cells()).collect::<Vec<_>>()
    };
    let columns = [
        Column::text("record", "Record"),
        Column::text("workload", "Workload"),
        Column::text("model", "Model").optional(),
        Column::number("amount", "Difference"),
    ];
    let named = |(record, workload, model): &Line<'_>| {
        [Cell::text(*record), Cell::text(workload.label()), model.map_or(Cell::Absent(""), Cell::text)]
    };
    Table::new("variance_by_line", "By workload and model, with causes", columns.into_iter().chain(cause_columns()))
        .rows(lines.iter().map(|(line, totals)| row(named(line), totals)))
        .total(row([Cell::text("Total"), Cell::Absent(""), Cell::Absent("")], &Totals::of(&position.variance)))
}

/// Whether a month is whole, or to which day it runs.
fn extent(position: &Position, month: BillingPeriod) -> String {
    match position.data_through {
        Some(through) if month.range().contains(through) && through.succ_opt() != Some(month.next().first_day()) => {
            format!("month to date, through {}", words::day(through))
        }
        _ => "full month".to_owned(),
    }
}

/// Every row with its causes.
pub(super) fn lines(position: &Position) -> Table {
    let mut sorted: Vec<&Variance> = position.variance.iter().collect();
    sorted.sort_by_key(|row| (row.month, &row.record, row.workload, &row.model));
    let totals = Totals::of(sorted.iter().copied());
    let mut total = vec![Cell::text("Total"), Cell::Absent(""), Cell::Absent(""), Cell::Absent(""), Cell::Absent("")];
    total.extend(totals.cells().into_iter().chain(totals.cause_cells()));
    let columns = [
        Column::text("month", "Month"),
        Column::text("days", "Days").optional(),
        Column::text("record", "Record"),
        Column::text("workload", "Workload"),
        Column::text("model", "Model").optional(),
    ];
    let columns = columns.into_iter().chain(COMPARED).chain(cause_columns());
    Table::new("variance", "Every line of every month with its causes", columns)
        .rows(sorted.iter().map(|row| line(position, row)))
        .total(total)
}

fn line(position: &Position, row: &Variance) -> Vec<Cell> {
    let partial = extent(position, row.month) != "full month";
    let mut cells = vec![
        Cell::Month(row.month),
        if partial { Cell::text("to date") } else { Cell::Absent("") },
        Cell::text(&row.record),
        Cell::text(row.workload.label()),
        row.model.as_ref().map_or(Cell::Absent(""), Cell::text),
        Cell::Money(row.projected),
        Cell::Money(row.actual),
        Cell::Money(row.amount),
        Cell::percent_or(row.percent, "no plan"),
        standing(row.amount),
    ];
    cells.extend(Totals::of([row]).cause_cells());
    cells
}
