//! The rules themselves: each takes what it judges as values and returns what it found.

use std::fmt;

use super::source::{Source, Token, numbered};

/// A place where a rule is broken, shown as `file:line: message`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub path: String,
    pub line: usize,
    pub message: String,
}

impl Violation {
    pub fn new(path: &str, line: usize, message: impl Into<String>) -> Violation {
        Violation { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// A text file that is not judged as Rust.
pub struct TextFile {
    pub path: String,
    pub text: String,
}

/// Who may import whom, as `docs/architecture.md` has it. A module may always import itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("aws", &["domain"]),
    ("store", &["domain"]),
    ("notify", &["domain"]),
    // Config validates into the types of those whom it configures.
    ("config", &["domain", "aws", "notify", "report"]),
    ("report", &["domain"]),
    ("cycle", &["domain", "aws", "store", "notify", "report", "config"]),
    ("http", &["domain", "report", "cycle", "store", "config", "clock"]),
    ("schedule", &["domain", "cycle", "config", "clock"]),
    ("clock", &["domain"]),
    ("app", &[ANYTHING]),
    ("demo", &[]),
    ("main", &["cli"]),
    ("cli", &[ANYTHING]),
];
const ANYTHING: &str = "*";

/// Crates that one part of the program keeps to itself: name or prefix, where it may be used, why.
const OWNED_CRATES: &[(&str, &[&str], &str)] = &[
    ("duckdb", &["store"], "the store is the only place that knows the database"),
    ("aws_sdk_", &["aws", "app", "demo"], "aws is the only place that knows AWS's shapes"),
    ("axum", &["http", "demo", "app"], "http is the only place that serves"),
    ("typst", &["report"], "only reports are typeset"),
    ("rust_xlsxwriter", &["report"], "only reports are workbooks"),
    ("clap", &["cli", "main"], "only the command line parses arguments"),
    ("clap_", &["cli"], "and only it describes them"),
    ("comfy_table", &["cli"], "only the command line prints tables"),
    ("indicatif", &["cli", "demo"], "only the command line shows progress"),
];

/// Crates that only compute, and so may be used in the pure core, a package of its own.
const DOMAIN_CRATES: &[&str] = &[
    "chrono",
    "csv",
    // Its own lower storeys.
    "glidepath-core",
    "hex",
    "libm",
    "rand",
    "rand_chacha",
    "rand_distr",
    "rust_decimal",
    "serde",
    "serde_json",
    "sha2",
    "strsim",
    "thiserror",
    "toml",
    // A derive beside serde's: what a value looks like as JSON, for the description of the API.
    "utoipa",
];
/// Parts of the standard library that reach outside.
const OUTSIDE_STD: &[&str] = &["env", "fs", "io", "net", "process", "thread"];

/// Where floats are no danger to money: path prefix, why.
const FLOAT_PLACES: &[(&str, &str)] = &[
    ("src/domain/values/money.rs", "Money::to_chart, the one way out of exact decimals"),
    ("src/cli/backtest", "statistics of a forecast"),
    ("src/domain/forecast", "statistics of a forecast"),
    ("src/domain/outlook", "statistics of a forecast"),
    ("src/report/chart", "coordinates of a drawing"),
    ("src/report/logo/svg.rs", "coordinates of a drawing"),
    ("src/report/pdf", "widths of columns on paper"),
    ("src/report/xlsx.rs", "a workbook's numbers are doubles"),
    ("src/http/metrics", "a Prometheus sample is a float"),
];

/// Where the clock may be read: path prefix, why. Everywhere else time is an argument.
const CLOCK_PLACES: &[(&str, &str)] = &[
    ("src/clock.rs", "the one type that reads it for the rest"),
    ("src/app", "the place where the program is wired to the world"),
    ("src/main.rs", "start-up"),
    ("src/cli", "a command without `--as-of` runs now"),
    ("src/schedule", "cron lines are due at a time of day"),
    ("src/http/pulse.rs", "how long a read has not returned is measured by a clock that only runs on"),
    ("src/http/serve.rs", "so is the pause between two lines of the log"),
    ("src/store/health.rs", "and so are the pauses between two tries to open the store again"),
];
const CLOCK_READS: &[&str] = &["SystemTime::now", "Instant::now", "Utc::now", "Local::now"];

const LONGEST_LINE: usize = 140;
const LONGEST_FILE: usize = 600;

/// Imports between the crate's own modules.
pub fn imports(source: &Source, modules: &[String]) -> Vec<Violation> {
    let here = source.module();
    if here.is_empty() {
        return Vec::new();
    }
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(module, _)| *module == here) else {
        let message =
            format!("module `{here}` has no row in the table of who may import whom (tests/it/tidy/rules.rs)");
        return vec![Violation::new(&source.path, 1, message)];
    };
    let mut found = Vec::new();
    for (line, target) in imported_modules(source) {
        let known = modules.contains(&target);
        if known && target != here && !allowed.contains(&ANYTHING) && !allowed.contains(&target.as_str()) {
            found.push(Violation::new(&source.path, line, format!("`{here}` may not import `{target}`")));
        }
    }
    found
}

/// The first name after `crate::`, `glidepath::` or as many `super::` as lead to the crate's root, with its line.
fn imported_modules(source: &Source) -> Vec<(usize, String)> {
    let tokens = source.product_tokens();
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let depth = source.module_path().len();
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let starts_path = at == 0 || text(at - 1) != "::";
        let supers = (0..).take_while(|step| text(at + 2 * step) == "super" && text(at + 2 * step + 1) == "::").count();
        let root = match text(at) {
            "crate" | "glidepath" if starts_path && text(at + 1) == "::" => at + 2,
            "super" if starts_path && supers == depth => at + 2 * supers,
            _ => continue,
        };
        found.extend(names_at(&tokens[root..]));
    }
    found
}

/// `aws::…` is one name; `{aws::{a, b}, store}` is the names that stand directly in the braces.
fn names_at(tokens: &[Token]) -> Vec<(usize, String)> {
    let named = |token: &Token| (token.line, token.text.clone());
    if tokens.first().is_none_or(|token| token.text != "{") {
        return tokens.first().map(named).into_iter().collect();
    }
    let mut found = Vec::new();
    let mut depth = 0;
    for pair in tokens.windows(2) {
        match pair[0].text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(pair[0].text.as_str(), "{" | ",") && pair[1].text != "}" {
            found.push(named(&pair[1]));
        }
    }
    found
}

/// Crates outside their owner, and anything but computing in the pure core.
pub fn outside_crates(source: &Source) -> Vec<Violation> {
    let here = source.module();
    let tokens = source.product_tokens();
    let mut found = Vec::new();
    let mut report = |line, message: String| found.push(Violation::new(&source.path, line, message));
    for (at, token) in tokens.iter().enumerate() {
        let before = if at == 0 { "" } else { tokens[at - 1].text.as_str() };
        let after = |step: usize| tokens.get(at + step).map_or("", |token| token.text.as_str());
        let name = token.text.as_str();
        if here == "domain" && matches!(name, "async" | "await") {
            report(token.line, "the domain is not async".to_owned());
        }
        if before == "::" || after(1) != "::" {
            continue;
        }
        for (owned, owners, why) in OWNED_CRATES {
            let matches = name == *owned || owned.ends_with('_') && name.starts_with(owned);
            if matches && !here.is_empty() && !owners.contains(&here) {
                report(token.line, format!("`{name}` is used outside {}: {why}", owners.join(", ")));
            }
        }
        if here != "domain" {
            continue;
        }
        if name == "std" && OUTSIDE_STD.contains(&after(2)) {
            report(token.line, format!("the domain is pure: no std::{}", after(2)));
        }
    }
    found
}

/// Where the core's manifest lies.
pub const CORE_MANIFESTS: &[&str] = &["src/domain/Cargo.toml", "src/domain/core/Cargo.toml"];

/// Crates in a manifest of the core, at `path`, that do more than compute.
pub fn core_manifest(path: &str, text: &str) -> Vec<Violation> {
    let parsed: toml::Table = text.parse().expect("cargo has read it before");
    let names = parsed["dependencies"].as_table().expect("dependencies are a table").keys();
    let impure = names.filter(|name| !DOMAIN_CRATES.contains(&name.as_str()));
    impure.map(|name| Violation::new(path, 1, format!("the domain is pure: no `{name}`"))).collect()
}

/// Floats near money.
pub fn floats(source: &Source) -> Vec<Violation> {
    if allowed_at(FLOAT_PLACES, &source.path) {
        return Vec::new();
    }
    let floats = source.product_tokens().into_iter().filter(|token| token.text == "f64" || token.text == "f32");
    floats.map(|token| Violation::new(&source.path, token.line, "a float; money and quantities are exact")).collect()
}

fn allowed_at(places: &[(&str, &str)], path: &str) -> bool {
    places.iter().any(|(prefix, _why)| path.starts_with(prefix))
}

/// SQL outside the store.
pub fn sql(source: &Source) -> Vec<Violation> {
    if source.path.starts_with("src/store") {
        return Vec::new();
    }
    let strings = source.strings.iter().filter(|(line, text)| !source.is_test(*line) && looks_like_sql(text));
    strings.map(|(line, _)| Violation::new(&source.path, *line, "SQL outside src/store")).collect()
}

/// Upper-case statements anywhere, lower-case ones only at the start: "select a pool from the list" is English.
fn looks_like_sql(text: &str) -> bool {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let statements = ["INSERT INTO ", "DELETE FROM ", "CREATE TABLE ", "CREATE VIEW ", "ALTER TABLE ", "DROP TABLE "];
    let pairs = [("SELECT ", " FROM "), ("UPDATE ", " SET ")];
    let starts = |statement: &str| words.starts_with(&statement.to_lowercase());
    statements.iter().any(|statement| words.contains(statement) || starts(statement))
        || pairs.iter().any(|(first, second)| words.contains(first) && words.contains(second))
        || starts("select * from ")
}

/// The clock read away from the edge.
pub fn clock(source: &Source) -> Vec<Violation> {
    if allowed_at(CLOCK_PLACES, &source.path) {
        return Vec::new();
    }
    find_in_code(source, CLOCK_READS, "the clock is read at the edge; take the time as an argument")
}

/// A panic that says nothing.
pub fn unwraps(source: &Source) -> Vec<Violation> {
    find_in_code(source, &[".unwrap()"], "say with `expect` why it cannot fail, or return an error")
}

fn find_in_code(source: &Source, needles: &[&str], message: &str) -> Vec<Violation> {
    let lines = source.product_code().filter(|(_, code)| needles.iter().any(|needle| code.contains(needle)));
    lines.map(|(line, _)| Violation::new(&source.path, line, message)).collect()
}

/// Waiting in a test, in `tests/` or under `#[cfg(test)]`.
pub fn sleeps(source: &Source) -> Vec<Violation> {
    let sleeping = |code: &str| code.contains("thread::sleep") || code.contains("time::sleep");
    let lines = numbered(&source.code).filter(|(line, code)| source.is_test(*line) && sleeping(code));
    lines.map(|(line, _)| Violation::new(&source.path, line, "a test does not sleep; wait for what it needs")).collect()
}

/// Files that may write to the terminal themselves: the mechanism, the log, the start, and one whose other end is a program.
const PRINTERS: &[&str] = &["src/cli/out.rs", "src/cli/log.rs", "src/main.rs", "src/cli/credential_process.rs"];

/// What is printed goes through one place, which lets nothing from outside move the terminal.
pub fn prints(source: &Source) -> Vec<Violation> {
    if !source.path.starts_with("src/") || PRINTERS.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let needles = ["print!(", "println!(", "eprint!(", "eprintln!(", "dbg!(", "stdout()", "stderr()"];
    find_in_code(source, &needles, "what is printed goes through cli::out, where what moves the terminal is escaped")
}

/// What was left open, silenced or is too long to read.
pub fn leftovers(source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut report = |line, message: &str| found.push(Violation::new(&source.path, line, message));
    for (line, text) in numbered(&source.raw) {
        // Joined here, so that this file does not find itself.
        if text.contains(concat!("TO", "DO")) || text.contains(concat!("FIX", "ME")) {
            report(line, "do it, or file it");
        }
        if text.chars().count() > LONGEST_LINE {
            report(line, "longer than 140 characters");
        }
    }
    for (line, code) in numbered(&source.code) {
        if ["dbg!(", "todo!(", "unimplemented!("].iter().any(|left| code.contains(left)) {
            report(line, "left over from development");
        }
        if code.contains("#[allow(") || code.contains("#![allow(") {
            report(line, "silence a lint with `expect` and a reason");
        }
    }
    if source.path.starts_with("src/") && source.raw.len() > LONGEST_FILE {
        report(LONGEST_FILE + 1, "longer than 600 lines; does it hold one idea?");
    }
    found
}

/// Tabs, and paths of one developer's machine.
pub fn text(file: &TextFile) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let mut report = |message: &str| found.push(Violation::new(&file.path, index + 1, message));
        if line.contains('\t') {
            report("a tab; indent with spaces");
        }
        if line.contains(concat!("/wo", "rk/")) || line.contains(concat!("/ro", "ot/")) {
            report("a path that exists on one machine only");
        }
        // Joined here, as above.
        if line.contains(concat!("target", "-cpu")) || line.contains(concat!("-mar", "ch=")) {
            report("builds are for every x86-64 and 64-bit ARM, however old");
        }
    }
    found
}

/// Files that nothing names: a migration that the runner does not list, an example that no test loads.
pub fn unmentioned<'a>(files: &[String], readers: impl Iterator<Item = &'a str> + Clone) -> Vec<Violation> {
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let unread = files.iter().filter(|path| !readers.clone().any(|text| text.contains(&name(path))));
    unread.map(|path| Violation::new(path, 1, "nothing names this file; use it or remove it")).collect()
}

/// Files compiled into the program that the image's build would not see. `kept` are the entries of `.dockerignore`
/// that start with an exclamation mark, without it.
pub fn missing_from_image(source: &Source, kept: &[&str]) -> Vec<Violation> {
    let mut found = Vec::new();
    for (line, code) in source.product_code() {
        if !code.contains("include_str!") && !code.contains("include_bytes!") {
            continue;
        }
        // rustfmt puts a long path on a line of its own.
        let strings = |at: usize| source.strings.iter().filter(move |(line, _)| *line == at);
        let at = if strings(line).next().is_some() { line } else { line + 1 };
        for (_, path) in strings(at).filter(|(_, text)| text.starts_with("..")) {
            let up = path.split('/').take_while(|part| *part == "..").count();
            let folder = source.path.matches('/').count();
            let top = path.split('/').nth(up).unwrap_or("");
            if up == folder && !kept.contains(&top) {
                found.push(Violation::new(&source.path, line, format!("`{top}` is not in .dockerignore's list")));
            }
        }
    }
    found
}
