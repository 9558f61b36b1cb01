//! What earlier outlooks said, against what came: one sentence and two small tables.

use std::fmt::Write as _;

use super::document::{Block, Cell, Column, Section, Table};
use super::words;
use crate::domain::outlook::track_record::{CLAIMED_PERCENT, DateCheck, Horizon, Place, SpendCheck};
use crate::domain::position::Position;

/// "Our 80 % ranges held 39 of 46 times (84.8 %), judged after 30 days."; `None` while no outlook is old enough.
pub(super) fn sentence(position: &Position) -> Option<String> {
    let (first, longer) = position.track_record.horizons.split_first()?;
    let plural = if first.outlooks == 1 { "time" } else { "times" };
    let mut said = format!(
        "Our {CLAIMED_PERCENT} % ranges held {} of {} {plural} ({}), judged after {} days",
        first.held,
        first.outlooks,
        Cell::Percent(first.held_percent()).shown(),
        first.days
    );
    for it in longer {
        let _ = write!(said, "; {} of {} after {} days", it.held, it.outlooks, it.days);
    }
    said.push('.');
    Some(said)
}

/// The section; `None` while there is nothing to judge.
pub(super) fn section(position: &Position) -> Option<Section> {
    let said = sentence(position)?;
    let horizons = &position.track_record.horizons;
    let mut meaning =
        "An outlook held if spend over the days after it, one-off fees left out, came between its low (10 %) \
                       and its high (90 %)."
            .to_owned();
    if horizons.iter().any(|it| it.overlap) {
        meaning.push_str(
            " Outlooks made days apart are judged over overlapping days: they are not so many independent trials.",
        );
    }
    let checks: Vec<Vec<Cell>> = horizons.iter().flat_map(check_rows).collect();
    let mut blocks = vec![Block::Text(format!("{said} {meaning}"))];
    if !checks.is_empty() {
        blocks.push(Block::Table(checks_table(checks)));
    }
    if horizons.iter().any(|it| it.exhaustion.is_some()) {
        blocks.push(Block::Text(
            "The days that credit ends were said of the credits known then: an award that came since moves the day."
                .to_owned(),
        ));
    }
    blocks.push(Block::Table(tally_table(horizons)));
    Some(Section { id: "track-record", title: "What earlier outlooks said".to_owned(), blocks })
}

fn check_rows(horizon: &Horizon) -> Vec<Vec<Cell>> {
    let row = |what: &str, cells: [Cell; 4], place| {
        let [low, middle, high, came] = cells;
        let made = Cell::Day(horizon.data_through);
        vec![made, Cell::text(what), low, middle, high, came, Cell::text(place)]
    };
    let spend = horizon.spend.map(|SpendCheck { p10, p50, p90, actual, place }| {
        let [low, middle, high] = [p10, p50, p90].map(Cell::Forecast);
        let cells = [low, middle, high, Cell::Money(actual)];
        row(&format!("Spend over {} days", horizon.days), cells, spend_place(place))
    });
    let dates = horizon.exhaustion.map(|DateCheck { said, came, now, place }| {
        let day = |day| Cell::day_or(day, "over a year away");
        let came = match (came, now.p50) {
            (Some(came), _) => Cell::Day(came),
            (None, Some(now)) => Cell::text(format!("not yet; now about {}", words::day(now))),
            (None, None) => Cell::text("not yet; now over a year away"),
        };
        row("Credits end", [day(said.p10), day(said.p50), day(said.p90), came], date_place(place))
    });
    spend.into_iter().chain(dates).collect()
}

const fn spend_place(place: Place) -> &'static str {
    match place {
        Place::Inside => "held",
        Place::Below => "less than said",
        Place::Above => "more than said",
        Place::Open => "open",
    }
}

const fn date_place(place: Place) -> &'static str {
    match place {
        Place::Inside => "held",
        Place::Below => "earlier than said",
        Place::Above => "later than said",
        Place::Open => "open",
    }
}

fn checks_table(rows: Vec<Vec<Cell>>) -> Table {
    let columns = [
        Column::text("known_through", "Said with data through"),
        Column::text("of", "Of"),
        Column::number("p10", "Said, low (10 %)"),
        Column::number("p50", "Said, middle (50 %)"),
        Column::number("p90", "Said, high (90 %)"),
        Column::number("came", "Came"),
        Column::text("odds", "80 % odds"),
    ];
    Table::new("track_record", "Forecast against actual", columns).rows(rows)
}

fn tally_table(horizons: &[Horizon]) -> Table {
    let row = |horizon: &Horizon| {
        vec![
            Cell::text(format!("{} days", horizon.days)),
            Cell::Count(horizon.outlooks),
            Cell::Count(horizon.held),
            Cell::Percent(horizon.held_percent()),
        ]
    };
    let columns = [
        Column::text("horizon", "Over"),
        Column::number("outlooks", "Outlooks old enough"),
        Column::number("held", "Held"),
        Column::number("share", "Share"),
    ];
    Table::new("track_record_tally", "How often the odds on spend held", columns).rows(horizons.iter().map(row))
}
