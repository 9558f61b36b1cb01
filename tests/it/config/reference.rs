//! `docs/config.md`, made of what the reader of configs says itself: which keys there are (it names them beside one that it does not
//! know), what each takes (it says so of a value that it does not take), and what the example explains.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use glidepath::config::Config;

use super::examples::{EXAMPLE, known_keys};
use super::parse;
use crate::support::places::package_root;

const PAGE: &str = "docs/config.md";
/// Set to anything, it has the page written anew.
const RENEW: &str = "RENEW";

const HEAD: &str = r#"# Config, key by key

Made from the code by a test, and not written by hand: after a change of keys, bounds or of `config/glidepath.example.toml` renew it with
`RENEW=1 cargo test --release --test it config::reference`.

Only `[store] path` is needed. Relative paths are relative to the config file. Amounts and shares are text, since a TOML number with a
decimal point is not kept exactly; a whole number may also stand without quotes. A secret is `{ env = "NAME" }` or `{ file = "PATH" }` and
never stands in the file itself. An unknown key is an error, never ignored: `glidepath check` lists every problem at once. The same
keys as a file to copy: [`config/glidepath.example.toml`](../config/glidepath.example.toml).

The daemon reads its config when it starts: restart it after a change.
"#;

/// A table of the file, as it is told from others in the example and given to the reader.
struct Part {
    title: &'static str,
    /// The line that opens it in the example.
    opens: &'static str,
    /// The type of a channel, which decides its keys.
    kind: Option<&'static str>,
}

const fn part(title: &'static str, opens: &'static str) -> Part {
    Part { title, opens, kind: None }
}

const fn channel(title: &'static str, kind: &'static str) -> Part {
    Part { title, opens: "[[channel]]", kind: Some(kind) }
}

const PARTS: [Part; 19] = [
    part("[store]", "[store]"),
    part("[aws]", "[aws]"),
    part("[aws.model_aliases]", "[aws.model_aliases]"),
    part("[schedule]", "[schedule]"),
    part("[[pool]]", "[[pool]]"),
    part("[projection]", "[projection]"),
    part("[alerts]", "[alerts]"),
    part("[alerts.repeat]", "[alerts.repeat]"),
    channel("[[channel]] of type slack", "slack"),
    channel("[[channel]] of type pagerduty", "pagerduty"),
    channel("[[channel]] of type email", "email"),
    channel("[[channel]] of type alertmanager", "alertmanager"),
    channel("[[channel]] of type webhook", "webhook"),
    channel("[[channel]] of type log", "log"),
    part("[[report]]", "[[report]]"),
    part("[partner]", "[partner]"),
    part("[heartbeat]", "[heartbeat]"),
    part("[http]", "[http]"),
    part("[[http.tokens]]", "[[http.tokens]]"),
];

/// The example of a key that is a name, of which there can be any.
const ALIAS: &str = "\"my-imported-model\"";
/// Keys that are tables of their own, with a heading of their own.
const TABLES: [&str; 3] = ["model_aliases", "repeat", "tokens"];

impl Part {
    /// What stands before a key of it in a file, but for the lines of `key` itself.
    fn head(&self, key: &str) -> String {
        let mut lines = Vec::new();
        // `parse` opens the file with [store].
        if self.opens != "[store]" {
            lines.push(self.opens.to_owned());
        }
        if let Some(kind) = self.kind {
            lines.extend(["name = \"a\"".to_owned(), format!("type = \"{kind}\"")]);
        }
        lines.retain(|line| !line.starts_with(&format!("{key} =")));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn keys(&self) -> Vec<String> {
        if self.title == "[aws.model_aliases]" {
            return vec![ALIAS.to_owned()];
        }
        let keys = known_keys(self.head("").trim_end());
        keys.into_iter().filter(|key| !TABLES.contains(&key.as_str())).collect()
    }

    /// What the reader says of `key` with `value`, if it is not content with it.
    fn said(&self, key: &str, value: &str) -> Option<String> {
        let text = format!("{}{key} = {value}\n", self.head(key));
        let read = match (self.opens, key) {
            // Which the other tests' texts have already.
            ("[store]", "path") => Config::parse(&format!("[store]\n{text}"), Path::new("glidepath.toml")),
            _ => parse(&text),
        };
        let error = read.err()?;
        let of_key = |place: &str| place.ends_with(&format!(" {key}"));
        let own = error.problems.iter().find(|it| of_key(&it.place)).map(|it| it.message.clone());
        // Rules are judged together, and then named in the message.
        own.or_else(|| {
            error.problems.iter().find_map(|it| it.message.strip_prefix(&format!("{key} ")).map(str::to_owned))
        })
    }

    /// What `key` takes, in a few words.
    fn takes(&self, key: &str) -> String {
        let said = |value: &str| self.said(key, value).unwrap_or_default();
        let of_table = said("{ \"?\" = 1 }");
        let choice = |text: &str| {
            let mut known = ["; write one of ", "; write some of ", "; there are ", "; write "].into_iter();
            let found = known.find_map(|words| text.split_once(words)).map(|(_, choice)| choice.to_owned());
            found.filter(|choice| choice.split(", ").count() < 12)
        };
        let at_most = |text: &str| text.split_once("it must ").map(|(_, bound)| bound.to_owned());
        if let Some((_, bound)) = of_table.split_once("write a whole number without quotes, which must ") {
            return format!("a whole number; must {bound}");
        }
        if of_table.contains("write the number as text") {
            let bound = at_most(&said("\"-1000001\"")).map(|bound| format!("; must {bound}")).unwrap_or_default();
            return format!("a number as text{bound}");
        }
        if of_table.contains("write true or false") {
            return "true or false".to_owned();
        }
        if of_table.contains("write a day like") {
            return "a day, such as 2026-02-01".to_owned();
        }
        if of_table.contains("whole percentages") {
            return "a list of whole numbers from 1 to 100, ascending".to_owned();
        }
        if of_table.contains("is not a list") {
            return choice(&said("[\"?\"]"))
                .map_or_else(|| "a list of texts".to_owned(), |it| format!("a list of: {it}"));
        }
        let of_text = said("\"?\"");
        if of_table.contains("must name where the secret is") {
            let is_secret = of_text.contains("must name where the secret is");
            return if is_secret { "a secret" } else { "text, or a secret" }.to_owned();
        }
        assert!(of_table.contains("write text in quotes"), "{} {key}: {of_table}", self.title);
        if of_text.contains("is not a cron line") {
            return "a cron line of six fields".to_owned();
        }
        choice(&of_text).map_or_else(|| "text".to_owned(), |it| format!("one of: {it}"))
    }
}

/// What the example says: of each part and of each of its keys, by the line that opens the part and the type of a channel.
#[derive(Default)]
struct Explained {
    parts: BTreeMap<String, String>,
    keys: BTreeMap<(String, String, String), (String, String)>,
    /// The first explanation of a key in any channel, which holds for all of them.
    first: BTreeMap<(String, String), (String, String)>,
}

fn explained() -> Explained {
    let mut explained = Explained::default();
    let (mut part, mut kind, mut words) = (String::new(), String::new(), Vec::new());
    for line in EXAMPLE.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            words.push(comment.trim().to_owned());
            continue;
        }
        let setting = line.trim_start_matches('#');
        let said = words.join(" ");
        if setting.starts_with('[') {
            part = setting.to_owned();
            kind = String::new();
            explained.parts.entry(part.clone()).or_insert(said);
        } else if let Some((key, value)) = setting.split_once(" = ") {
            if key == "type" {
                kind = value.trim_matches('"').to_owned();
            }
            let row = (value.to_owned(), said);
            if !row.1.is_empty() {
                explained.first.entry((part.clone(), key.to_owned())).or_insert_with(|| row.clone());
            }
            let of_key = explained.keys.entry((part.clone(), kind.clone(), key.to_owned()));
            // Of a key with several examples, all that is said.
            of_key.and_modify(|(_, before)| *before = format!("{before} {}", row.1).trim().to_owned()).or_insert(row);
        }
        words.clear();
    }
    explained
}

impl Explained {
    /// An example of a key, and what is said of it.
    fn of(&self, part: &Part, key: &str) -> (String, String) {
        let kind = part.kind.unwrap_or_default().to_owned();
        let own = self.keys.get(&(part.opens.to_owned(), kind, key.to_owned()));
        let first = self.first.get(&(part.opens.to_owned(), key.to_owned()));
        let example = own.or(first).map(|(example, _)| example.clone()).unwrap_or_default();
        let said = own.map(|(_, said)| said).filter(|said| !said.is_empty());
        (example, said.or(first.map(|(_, said)| said)).cloned().unwrap_or_default())
    }
}

fn page() -> String {
    let explained = explained();
    let mut page = HEAD.to_owned();
    for part in &PARTS {
        write!(page, "\n## `{}`\n\n", part.title).unwrap();
        let is_first_channel = part.kind.is_none_or(|kind| kind == "slack");
        if let Some(words) = explained.parts.get(part.opens).filter(|words| !words.is_empty() && is_first_channel) {
            write!(page, "{words}\n\n").unwrap();
        }
        page.push_str("| Key | Takes | For example | What it is |\n| --- | --- | --- | --- |\n");
        for key in part.keys() {
            let (mut example, said) = explained.of(part, &key);
            let takes = if key == ALIAS { "text".to_owned() } else { part.takes(&key) };
            if let (Some(kind), "type") = (part.kind, key.as_str()) {
                example = format!("\"{kind}\"");
            }
            assert!(!said.is_empty() && !example.is_empty(), "the example does not explain {} {key}", part.title);
            let cell = |text: &str| text.replace('|', "\\|");
            writeln!(page, "| `{key}` | {} | `{}` | {} |", cell(&takes), cell(&example), cell(&said)).unwrap();
        }
    }
    page
}

#[test]
fn the_page_says_what_the_reader_and_the_example_say() {
    let (path, made) = (package_root().join(PAGE), page());
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    assert!(
        made == kept,
        "{PAGE} is not what the code says (first difference: {differs:?}); renew it with \
         `{RENEW}=1 cargo test --release --test it config::reference`"
    );
}
