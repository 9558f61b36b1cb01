//! How a table is set on paper: the widths of its columns, the size of its text, and whether its section has to be turned.
//!
//! Invariant: no text is smaller than [`SMALLEST`]. A table that is too wide for it lets its words wrap, then has its section
//! turned on its side, and as a last resort its rows fill several lines. Figures and dates are never broken.
//!
//! Widths are measured from the fonts, in em: multiplied by a size they are points.

use serde_json::{Value, json};

use super::super::document::{Cell, Row, Table};
use super::press::{known, width};

/// The smallest text of a document, in points.
pub(super) const SMALLEST: f64 = 7.5;
/// The text of a table that has room.
const USUAL: f64 = 8.0;
/// The margins at the sides of a page, upright and on its side, in millimetres, and the room between them, in points.
pub(super) const SIDE: f64 = 14.0;
pub(super) const TURNED_SIDE: f64 = 12.0;
const UPRIGHT: f64 = (210.0 - 2.0 * SIDE) * POINTS;
const TURNED: f64 = (297.0 - 2.0 * TURNED_SIDE) * POINTS;
/// Points of a millimetre.
const POINTS: f64 = 72.0 / 25.4;
/// From this many rows on a table is for looking up, and set as tight as it can be read.
const LONG: usize = 60;
/// Room on each side of a column's text, in points; and that in a long table.
const GAP: f64 = 3.0;
const TIGHT_GAP: f64 = 1.9;
/// What a column gets where there is room to spare: at most so much where the table then fills the page, else so much.
const MOST_SPARE: f64 = 14.0;
const SPARE: f64 = 10.0;
/// Words longer than this are broken; the next one where the table does not fit. The first is a hash in hex.
const LONGEST_WORDS: [usize; 4] = [64, 32, 20, 12];
/// A table no higher than this stays on one page; of a higher one so much of its beginning and of its end does, up to so many
/// rows each, so that no page holds a row alone.
const KEPT: f64 = 150.0;
const KEPT_END: f64 = 90.0;
const KEPT_ROWS: usize = 4;
/// What a row takes beside its text, its first line and each line after it, the lines in em.
const ROW: f64 = 5.8;
const FIRST_LINE: f64 = 0.7;
const LINE: f64 = 1.12;
/// What the measure of a text lacks of its place at most, in em.
const SLACK: f64 = 0.05;

/// The least and the most that a column can use, in em.
#[derive(Debug, Clone, Copy, Default)]
struct Room {
    least: f64,
    most: f64,
}

impl Room {
    fn both(self, other: Room) -> Room {
        Room { least: self.least.max(other.least), most: self.most.max(other.most) }
    }
}

/// How a table is set.
#[derive(Debug)]
pub(super) struct Setting {
    size: f64,
    gap: f64,
    /// Of the columns beside each other, in points, with their gaps.
    widths: Vec<f64>,
    /// The first columns, which name a row.
    keys: usize,
    /// Lines of a row: more than one where its columns do not fit beside each other.
    lines: usize,
    longest_word: usize,
}

/// Upright, in one line a row; `None` where that does not fit.
pub(super) fn upright(table: &Table) -> Option<Setting> {
    fitting(table, UPRIGHT, 1)
}

/// On its side, in as few lines a row as fit.
pub(super) fn turned(table: &Table) -> Setting {
    let columns = table.shown_columns().len();
    let fit = (1..=columns.max(1)).find_map(|lines| fitting(table, TURNED, lines));
    // Nothing fits where dozens of columns name a row: the words of the narrowest setting are then broken as they come.
    fit.unwrap_or_else(|| narrowest(table, columns.max(1)))
}

fn narrowest(table: &Table, lines: usize) -> Setting {
    let longest_word = LONGEST_WORDS[LONGEST_WORDS.len() - 1];
    let (rooms, keys) = beside_each_other(rooms(table, longest_word, false), table, lines);
    let share = TURNED / rooms.len().max(1) as f64;
    Setting { size: SMALLEST, gap: TIGHT_GAP, widths: vec![share; rooms.len()], keys, lines, longest_word }
}

fn fitting(table: &Table, room: f64, lines: usize) -> Option<Setting> {
    let long = table.rows.len() >= LONG;
    let (gap, sizes) = if long { (TIGHT_GAP, &[SMALLEST][..]) } else { (GAP, &[USUAL, SMALLEST][..]) };
    LONGEST_WORDS.into_iter().find_map(|longest_word| {
        let [(whole, keys), (wrapped, _)] =
            [true, false].map(|whole| beside_each_other(rooms(table, longest_word, whole), table, lines));
        let between = whole.len().saturating_sub(1) as f64 * 2.0 * gap;
        let fits = |size: f64, of: fn(&Room) -> f64, rooms: &[Room]| {
            rooms.iter().map(of).sum::<f64>() * size + between <= room
        };
        let size = sizes.iter().copied().find(|size| fits(*size, |it| it.least, &wrapped))?;
        let rooms = if fits(size, |it| it.most, &whole) { whole } else { wrapped };
        let widths = spread(&rooms, size, gap, room);
        Some(Setting { size, gap, widths, keys, lines, longest_word })
    })
}

/// What each column can use, where words of more than `longest_word` letters are broken and headings are `whole`.
fn rooms(table: &Table, longest_word: usize, whole: bool) -> Vec<Room> {
    let of = |index: usize| {
        let cells = table.rows.iter().map(|row| cell_room(&row.cells[index], row, longest_word));
        let cells = cells.fold(Room::default(), Room::both);
        let room = cells.both(heading_room(table.columns[index].title, whole));
        Room { least: room.least + SLACK, most: room.most.max(room.least) + SLACK }
    };
    table.shown_columns().into_iter().map(of).collect()
}

fn cell_room(cell: &Cell, row: &Row, longest_word: usize) -> Room {
    let text = breakable(&shown(cell), longest_word);
    let bold = row.is_total();
    let most = text.split('\n').map(|line| width(line, bold)).fold(0.0, f64::max);
    if !matches!(cell, Cell::Text(_) | Cell::Absent(_)) {
        return Room { least: most, most };
    }
    let words = text.split(|it: char| it.is_whitespace() || it == '\u{200b}');
    Room { least: words.map(|word| width(word, bold)).fold(0.0, f64::max), most }
}

/// A heading wraps between its words, into no more than two lines where there is room for that, and not at all where there is room
/// for `whole` ones.
fn heading_room(title: &str, whole: bool) -> Room {
    let title = heading(title);
    let words: Vec<&str> = title.split(' ').collect();
    let least = words.iter().map(|word| width(word, true)).fold(0.0, f64::max);
    let lines = |at: usize| width(&words[..at].join(" "), true).max(width(&words[at..].join(" "), true));
    let in_two = (0..words.len()).map(lines).fold(f64::INFINITY, f64::min);
    Room { least, most: if whole { width(&title, true) } else { in_two } }
}

/// A heading whose percent signs stay with their numbers.
fn heading(title: &str) -> String {
    known(title).replace(" %", "\u{a0}%")
}

/// The columns of a row that fills `lines` lines: those that name the row, and the others below each other.
fn beside_each_other(rooms: Vec<Room>, table: &Table, lines: usize) -> (Vec<Room>, usize) {
    if lines == 1 {
        let keys = rooms.len();
        return (rooms, keys);
    }
    let shown = table.shown_columns();
    let names = shown.iter().take_while(|index| !table.columns[**index].numeric).count();
    let keys = names.clamp(1, (rooms.len() / 2).max(1)).min(rooms.len());
    let (first, rest) = rooms.split_at(keys);
    let across = rest.len().div_ceil(lines);
    let below = |at: usize| rest.iter().skip(at).step_by(across).copied().fold(Room::default(), Room::both);
    (first.iter().copied().chain((0..across).map(below)).collect(), keys)
}

/// The widths in points, gaps included. Short columns get what they ask for; those that are long share the rest, the longer the
/// more, though not in proportion: a text twice as long is not twice as wide.
fn spread(rooms: &[Room], size: f64, gap: f64, page: f64) -> Vec<f64> {
    let count = rooms.len();
    let inner = |at: usize| gap * f64::from(u8::from(at > 0) + u8::from(at + 1 < count));
    let free = page - (0..count).map(inner).sum::<f64>();
    let at_level = |level: f64| -> Vec<f64> {
        let wished = |room: &Room| (level * room.most.sqrt()).clamp(room.least, room.most);
        rooms.iter().map(|room| wished(room) * size).collect()
    };
    let total = |widths: &[f64]| widths.iter().sum::<f64>();
    // Above this every column has all it asks for.
    let mut high = rooms.iter().map(|room| room.most.sqrt()).fold(1.0, f64::max);
    let mut widths = at_level(high);
    if total(&widths) > free {
        let mut low = 0.0;
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if total(&at_level(middle)) > free { high = middle } else { low = middle }
        }
        widths = at_level(low);
    }
    let spare = (free - total(&widths)).max(0.0) / count.max(1) as f64;
    let spare = if spare > MOST_SPARE { SPARE } else { spare };
    (0..count).zip(widths).map(|(at, width)| width + spare + inner(at)).collect()
}

impl Setting {
    /// The table as the template reads it.
    pub(super) fn data(&self, table: &Table) -> Value {
        let columns = table.shown_columns();
        let heights: Vec<f64> = table.rows.iter().map(|row| self.height(row, &columns)).collect();
        let ending = |heights: &mut dyn Iterator<Item = &f64>| {
            let mut high = 0.0;
            let below = |height: &&f64| {
                high += **height;
                high <= KEPT_END
            };
            heights.take(KEPT_ROWS).take_while(below).count().max(1)
        };
        let (first, last) = (ending(&mut heights.iter()), ending(&mut heights.iter().rev()));
        let kept = heights.iter().sum::<f64>() <= KEPT || (first + last >= heights.len() && heights.len() > 2);
        let title = |index: &usize| json!({ "title": heading(table.columns[*index].title), "numeric": table.columns[*index].numeric });
        let row = |row: &Row| {
            let cell = |index: &usize| breakable(&shown(&row.cells[*index]), self.longest_word);
            json!({ "total": row.is_total(), "cells": columns.iter().map(cell).collect::<Vec<_>>() })
        };
        json!({
            "is": "table",
            "title": known(&table.title),
            "columns": columns.iter().map(title).collect::<Vec<_>>(),
            "rows": table.rows.iter().map(row).collect::<Vec<_>>(),
            "size": self.size,
            "gap": self.gap,
            "widths": self.widths,
            "keys": self.keys,
            "lines": self.lines,
            "kept": kept,
            "first": first,
            "last": last,
        })
    }

    /// About how high a row is, in points.
    fn height(&self, row: &Row, columns: &[usize]) -> f64 {
        let lines_of = |(at, index): (usize, &usize)| {
            let at =
                if at < self.keys { at } else { self.keys + (at - self.keys) % (self.widths.len() - self.keys).max(1) };
            let room = (self.widths[at] - 2.0 * self.gap).max(1.0) / self.size;
            let text = shown(&row.cells[*index]);
            text.split('\n').map(|line| (width(line, row.is_total()) / room).ceil().max(1.0)).sum::<f64>()
        };
        let most = columns.iter().enumerate().map(lines_of).fold(1.0, f64::max) * self.lines as f64;
        ROW + self.size * (FIRST_LINE + LINE * (most - 1.0))
    }
}

/// What stands in a cell, as the fonts have it.
pub(super) fn shown(cell: &Cell) -> String {
    known(&cell.shown())
}

/// The text with places to break inside of words of more than `longest` letters.
fn breakable(text: &str, longest: usize) -> String {
    let mut run = 0;
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        run = if character.is_whitespace() { 0 } else { run + 1 };
        if run > longest {
            out.push('\u{200b}');
            run = 1;
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::document::Column;
    use super::*;

    fn cells(kind: usize, amount: i64, name: &str) -> Cell {
        match kind {
            0 => Cell::text(name),
            1 => Cell::Absent("too early to tell"),
            2 => Cell::Count(u64::try_from(amount).unwrap_or_default()),
            _ => Cell::Money(crate::domain::values::money::Money::from_micros(amount)),
        }
    }

    proptest! {
        /// Whatever a table holds, its text can be read, it stays on its page, and no figure is broken.
        #[test]
        fn a_table_fits_its_page_at_a_size_that_can_be_read(
            kinds in proptest::collection::vec(0_usize..5, 1..24),
            rows in proptest::collection::vec((any::<i64>(), "[A-Za-z ]{0,70}"), 0..70),
        ) {
            let heading = |kind: &usize| if *kind < 2 {
                Column::text("words", "What it is called")
            } else {
                Column::number("number", "Amount, middle (50 %)")
            };
            let row = |(amount, name): &(i64, String)| kinds.iter().map(|kind| cells(*kind, *amount, name)).collect();
            let table = Table::new("any", "Any", kinds.iter().map(heading)).rows(rows.iter().map(row));
            let settings = [(upright(&table), UPRIGHT), (Some(turned(&table)), TURNED)];
            for (setting, page) in settings {
                let Some(setting) = setting else { continue };
                prop_assert!(setting.size >= SMALLEST);
                prop_assert!(setting.widths.iter().sum::<f64>() <= page + 0.01, "{setting:?}");
                prop_assert!(setting.keys + setting.lines * (setting.widths.len() - setting.keys) >= kinds.len());
                for cell in table.rows.iter().flat_map(|row| row.cells.iter().enumerate()) {
                    let (index, Cell::Money(money)) = cell else { continue };
                    let across = (setting.widths.len() - setting.keys).max(1);
                    let at = if index < setting.keys { index } else { setting.keys + (index - setting.keys) % across };
                    let needed = width(&money.dollars(), false) * setting.size;
                    prop_assert!(needed <= setting.widths[at] + 0.01, "{needed} {setting:?}");
                }
            }
        }
    }
}
