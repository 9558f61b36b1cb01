//! On which line of the file each part of it stands.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

/// A part of the file, from its beginning down: `[[pool]]`, its second entry, `granted`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    /// An entry of a list, the first one 0.
    Entry(usize),
}

impl At {
    /// What a section calls itself before its own name is added: `[alerts.repeat]`, or `[[http.tokens]] 2`.
    pub fn section(place: &str) -> At {
        let (name, number) = place.rsplit_once(']').unwrap_or((place, ""));
        let keys = name.trim_matches(['[', ']']).split('.').map(|key| Step::Key(key.to_owned()));
        let entry = number.trim().parse::<usize>().ok().map(|number| Step::Entry(number.saturating_sub(1)));
        At(keys.chain(entry).collect())
    }

    /// A key within it.
    pub fn key(&self, key: &str) -> At {
        At(self.0.iter().cloned().chain([Step::Key(key.to_owned())]).collect())
    }

    /// The section that it lies in; `None` for the file as a whole.
    pub fn top(&self) -> Option<&str> {
        match self.0.first() {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// The keys and the entries on the way to it, and the key that it ends in.
    fn parts(&self) -> Option<(&[Step], &str)> {
        match self.0.split_last() {
            Some((Step::Key(key), way)) => Some((way, key)),
            _ => None,
        }
    }
}

/// The lines of a file's keys, sections and entries.
#[derive(Debug, Default)]
pub struct Lines(Node);

#[derive(Debug, Default)]
struct Node {
    line: Option<usize>,
    keys: BTreeMap<String, Node>,
    entries: Vec<Node>,
}

impl Lines {
    /// Of a file's text; of what is no TOML, as far as it reads.
    pub fn of(text: &str) -> Lines {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts: Vec<usize> = starts.collect();
        let line = |span: Range<usize>| starts.partition_point(|start| *start <= span.start) + 1;
        let (table, _) = DeTable::parse_recoverable(text);
        Lines(Node { line: None, keys: keys(table.get_ref(), &line), entries: Vec::new() })
    }

    /// The line of a part, or of the closest around it that is there; the first line is 1.
    pub fn line(&self, at: &At) -> Option<usize> {
        let (mut node, mut line) = (&self.0, None);
        for step in &at.0 {
            let below = match step {
                Step::Key(key) => node.keys.get(key),
                Step::Entry(number) => node.entries.get(*number),
            };
            // A section with one bracket that should have two is its own first entry.
            let Some(below) = below.or_else(|| matches!(step, Step::Entry(0)).then_some(node)) else { break };
            (node, line) = (below, below.line.or(line));
        }
        line
    }

    /// Those of a file that holds the keys of `section` without its line.
    pub fn within(self, section: &str) -> Lines {
        Lines(Node { keys: BTreeMap::from([(section.to_owned(), self.0)]), ..Node::default() })
    }

    /// What stood at `at` is called `name` from now on.
    pub fn rename(&mut self, at: &At, name: &str) {
        let Some((way, key)) = at.parts() else { return };
        let mut node = &mut self.0;
        for step in way {
            let below = match step {
                Step::Key(key) => node.keys.get_mut(key),
                Step::Entry(number) => node.entries.get_mut(*number),
            };
            let Some(below) = below else { return };
            node = below;
        }
        let Some(moved) = node.keys.remove(key) else { return };
        let there = node.keys.entry(name.to_owned()).or_default();
        there.line = there.line.or(moved.line);
        for (key, below) in moved.keys {
            there.keys.entry(key).or_insert(below);
        }
        there.entries.extend(moved.entries);
    }
}

fn keys(table: &DeTable<'_>, line: &impl Fn(Range<usize>) -> usize) -> BTreeMap<String, Node> {
    table.iter().map(|(key, value)| (key.get_ref().to_string(), node(line(key.span()), value, line))).collect()
}

fn node(at: usize, value: &Spanned<DeValue<'_>>, line: &impl Fn(Range<usize>) -> usize) -> Node {
    let (mut below, mut entries) = (BTreeMap::new(), Vec::new());
    match value.get_ref() {
        DeValue::Table(table) => below = keys(table, line),
        DeValue::Array(items) => entries = items.iter().map(|item| node(line(item.span()), item, line)).collect(),
        _ => {}
    }
    Node { line: Some(at), keys: below, entries }
}

/// Calls what stands at `at` in the file's values `name`. Where something of that name is there, they become one: `[htpp]` beside
/// `[[http.tokens]]` is the rest of that section.
pub fn rename(table: &mut Table, at: &At, name: &str) {
    let Some((way, key)) = at.parts() else { return };
    let mut here = table;
    let mut steps = way.iter().peekable();
    while let Some(step) = steps.next() {
        let Step::Key(key) = step else { return };
        let entry = steps.next_if(|step| matches!(step, Step::Entry(_)));
        let below = match (here.get_mut(key), entry) {
            (Some(Value::Array(items)), Some(Step::Entry(number))) => items.get_mut(*number),
            (below, _) => below,
        };
        let Some(Value::Table(below)) = below else { return };
        here = below;
    }
    let Some(moved) = here.remove(key) else { return };
    match (here.get_mut(name), moved) {
        (None, moved) => drop(here.insert(name.to_owned(), moved)),
        (Some(Value::Table(there)), Value::Table(moved)) => {
            for (key, value) in moved {
                there.entry(key).or_insert(value);
            }
        }
        (Some(Value::Array(there)), Value::Array(moved)) => there.extend(moved),
        // What is there counts.
        (Some(_), _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a comment\n[store]\npath = \"x\"\n\n[[http.tokens]]\nname = \"a\"\n[[http.tokens]]\n\nrole = \"ops\"\n\
                        [alerts.repeat]\ncritical_hours = 1\n[pool]\nid = \"p\"\n";

    #[test]
    fn each_part_has_its_line_and_what_is_missing_that_of_what_is_around_it() {
        let lines = Lines::of(TEXT);
        let at = |place: &str, key: &str| lines.line(&At::section(place).key(key));
        assert_eq!(at("[store]", "path"), Some(3));
        assert_eq!(at("[store]", "backups_kept"), Some(2));
        assert_eq!(at("[[http.tokens]] 1", "name"), Some(6));
        assert_eq!(at("[[http.tokens]] 2", "name"), Some(7));
        assert_eq!(at("[[http.tokens]] 2", "role"), Some(9));
        assert_eq!(at("[alerts.repeat]", "critical_hours"), Some(11));
        assert_eq!(at("[[pool]] 1", "id"), Some(13), "written with one bracket");
        assert_eq!(at("[aws]", "accounts"), None);
        assert_eq!(lines.line(&At::default()), None);
        assert_eq!(Lines::of("[store]\npath = \n").line(&At::section("[store]")), Some(1));
    }

    #[test]
    fn what_is_renamed_keeps_its_line_and_its_value() {
        let (mut lines, mut table) = (Lines::of(TEXT), TEXT.parse::<Table>().unwrap());
        let role = At::section("[[http.tokens]] 2").key("role");
        lines.rename(&role, "part");
        rename(&mut table, &role, "part");
        assert_eq!(lines.line(&At::section("[[http.tokens]] 2").key("part")), Some(9));
        assert_eq!(table["http"]["tokens"][1]["part"].as_str(), Some("ops"));
        let pool = At::default().key("pool");
        lines.rename(&pool, "credit");
        rename(&mut table, &pool, "credit");
        assert_eq!(lines.line(&At::section("[credit]").key("id")), Some(13));
        assert!(table.contains_key("credit") && !table.contains_key("pool"));
        rename(&mut table, &At::section("[none]").key("x"), "y");
        let (mut lines, mut table) = (Lines::of(TEXT), TEXT.parse::<Table>().unwrap());
        let store = At::default().key("store");
        lines.rename(&store, "http");
        rename(&mut table, &store, "http");
        assert_eq!(table["http"]["path"].as_str(), Some("x"), "beside the tokens that are there");
        assert_eq!(table["http"]["tokens"].as_array().unwrap().len(), 2);
        assert_eq!(lines.line(&At::section("[http]").key("path")), Some(3));
        assert_eq!(lines.line(&At::section("[[http.tokens]] 2").key("role")), Some(9));
    }
}
