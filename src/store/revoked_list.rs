//! What a list of revoked links says, as text.
//!
//! Invariant: a list holds ids, which open nothing, and places; what an older version does not know stands in lines that it passes over.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::id::StoreId;
use chrono::{DateTime, Utc};

/// What the first line of a list begins with.
const OF_STORE: &str = "# links that were revoked, of the store ";
const AS_OF: &str = ", as of ";
/// What a line begins with that names a folder of backups with such a list in it.
pub(super) const PLACE: &str = "# place ";
/// What a line begins with that names a link which was open.
const OPEN: &str = "# open ";

/// A list as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct List {
    /// Whose it is; `None` for one of an older version.
    pub store: Option<StoreId>,
    /// When it was last brought up to the store's rows; `None` for one of an older version.
    pub as_of: Option<DateTime<Utc>>,
    /// Links that were revoked.
    pub ids: BTreeSet<String>,
    /// Links that were open; only the list beside the store says so.
    pub open: BTreeSet<String>,
    /// Folders of backups that such a list was written to; only the list beside the store says so.
    pub places: BTreeSet<String>,
}

impl List {
    /// Reads it.
    pub fn parse(text: &str) -> List {
        let mut list = List::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some((store, as_of)) = line.strip_prefix(OF_STORE).and_then(|rest| rest.split_once(AS_OF)) {
                (list.store, list.as_of) = (store.parse().ok(), as_of.parse().ok());
            } else if let Some(place) = line.strip_prefix(PLACE) {
                list.places.insert(place.to_owned());
            } else if let Some(id) = line.strip_prefix(OPEN) {
                list.open.insert(id.to_owned());
            } else if !line.starts_with('#') {
                list.ids.insert(line.to_owned());
            }
        }
        list
    }

    /// Its text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Some((store, as_of)) = self.store.as_ref().zip(self.as_of) {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "{OF_STORE}{store}{AS_OF}{}", as_of.to_rfc3339());
        }
        for place in &self.places {
            let _ = writeln!(text, "{PLACE}{place}");
        }
        for id in &self.open {
            let _ = writeln!(text, "{OPEN}{id}");
        }
        for id in &self.ids {
            let _ = writeln!(text, "{id}");
        }
        text
    }

    /// True unless it is another store's.
    pub fn is_of(&self, store: &StoreId) -> bool {
        self.store.as_ref().is_none_or(|of| of == store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_list_reads_back_and_one_of_an_older_version_is_anybodys() {
        let (store, as_of) = ("00ffa3b17c9e2d54".parse().unwrap(), "2026-11-23T06:00:00Z".parse().unwrap());
        let list = List {
            store: Some(store),
            as_of: Some(as_of),
            ids: set(&["b", "a"]),
            open: set(&["c"]),
            places: set(&["/mnt/two words"]),
        };
        assert_eq!(List::parse(&list.text()), list);
        assert!(list.text().ends_with("\n# place /mnt/two words\n# open c\na\nb\n"), "{}", list.text());
        assert!(list.is_of(list.store.as_ref().unwrap()) && !list.is_of(&"11ffa3b17c9e2d54".parse().unwrap()));
        let older = List::parse("a\n\n b \n");
        assert_eq!(older, List { ids: set(&["a", "b"]), ..List::default() });
        assert!(older.is_of(list.store.as_ref().unwrap()));
    }
}
