//! From the file's text to a [`Config`], collecting every problem on the way.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use toml::{Table, Value};

use crate::aws::AwsSettings;
use crate::domain::billing::price::PriceBook;
use crate::domain::filing::projection::{FiledProjection, Part, service_of_model, told_overlaps};
use crate::domain::values::bounds;

use super::lines::{At, Lines, rename};
use super::problem::{Problem, syntax_problem};
use super::schedule::{CronLine, cron};
use super::section::{Section, kind, nearest};
use super::settings::Config;
use super::{alerts, channels, given, heartbeat, http, partner, pools, reports};

const SECTIONS: [&str; 11] =
    ["store", "aws", "schedule", "pool", "projection", "alerts", "channel", "report", "partner", "heartbeat", "http"];
/// Once a day, when Cost Explorer has settled on the day before last in every time zone.
const DEFAULT_CYCLE: &str = "0 30 6 * * *";
/// At night, before the cycle.
const DEFAULT_BACKUP: &str = "0 0 3 * * *";
/// Monday morning, after the cycle.
const DEFAULT_DIGEST: &str = "0 0 7 * * 1";
/// In place of a cron line.
const NEVER: &str = "never";
/// One dollar a day at the worst; a steady day needs two or three requests, and the past what is left of it.
const DEFAULT_PAID_REQUESTS_PER_DAY: u64 = 100;
/// A first cycle fetches 13 months for half of it.
const DEFAULT_CYCLE_MINUTES: u64 = 30;
const DEFAULT_BACKUPS_KEPT: usize = 7;
/// The shortest time for which a receiver is told that an alert fires.
const FIRING_AT_LEAST: TimeDelta = TimeDelta::days(1);
/// Cycles that may be missed before such an alert ends by itself.
const FIRING_CYCLES: i32 = 3;
const RATE: &str = "a rate between \"0\" and \"1\", such as \"0.19\" for 19 %";

/// Passes over one file: a section that was misspelt shows its own keys only when it is read by its name.
const PASSES: usize = 3;

/// A file, read.
pub struct Read {
    /// What it says, with the default in place of each part that cannot be used; `None` where no store or no address can be told
    /// from it.
    pub config: Option<Config>,
    /// Everything that is wrong with it, in order of line.
    pub problems: Vec<Problem>,
}

/// Reads the whole file. What is misspelt is told, and read as what was meant, so that what it would have said is not missing as
/// well: one cause is one problem.
pub fn read(text: &str, folder: &Path) -> Read {
    let mut table: Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => return Read { config: None, problems: vec![syntax_problem(text, &error)] },
    };
    let mut lines = Lines::of(text);
    let mut told: Vec<Problem> = path_above_its_section(&mut table).into_iter().collect();
    told.iter_mut().for_each(|problem| problem.find_in(&lines));
    // Whether a value fits a name is told once that name is sure.
    let mut guessed: Vec<At> = Vec::new();
    let mut pass = 0;
    loop {
        pass += 1;
        let mut problems = strays(&table);
        let config = config(&mut table.clone(), folder, text, &mut problems);
        problems.retain(|problem| !guessed.iter().any(|at| problem.is_at(at)));
        problems.iter_mut().for_each(|problem| problem.find_in(&lines));
        let misspelt = |problem: &Problem| problem.misspelt().is_some();
        if pass == PASSES || !problems.iter().any(misspelt) {
            told.append(&mut problems);
            told.sort_by_key(|problem| problem.line);
            return Read { config, problems: told };
        }
        for problem in problems.into_iter().filter(misspelt) {
            if let Some((at, name)) = problem.misspelt() {
                lines.rename(at, name);
                rename(&mut table, at, name);
                guessed.push(at.called(name));
            }
            told.push(problem);
        }
    }
}

/// Moves the store's path into its section, where somebody wrote it without that line.
fn path_above_its_section(table: &mut Table) -> Option<Problem> {
    let known = table.get("store").is_some_and(|store| store.as_table().is_none_or(|keys| keys.contains_key("path")));
    if known || !table.get("path").is_some_and(Value::is_str) {
        return None;
    }
    let path = table.remove("path")?;
    let store = table.entry("store").or_insert_with(|| Value::Table(Table::new()));
    store.as_table_mut()?.insert("path".to_owned(), path);
    let message = "stands in no section: write a line [store] above it";
    Some(Problem::at(At::default().key("path"), "path", message))
}

/// What stands at the top and is no section.
fn strays(table: &Table) -> Vec<Problem> {
    let stray = |(key, value): (&String, &Value)| {
        if SECTIONS.contains(&key.as_str()) {
            return None;
        }
        let at = At::default().key(key);
        if !value.is_table() && !value.is_array() {
            let message = format!("stands in no section: {key:?}; the sections are {}", SECTIONS.join(", "));
            return Some(Problem::at(at, "", message));
        }
        let meant = nearest(key, SECTIONS);
        let message = match &meant {
            Some(name) => format!("there is no section {key:?}; did you mean {name:?}?"),
            None => format!("there is no section {key:?}; the sections are {}", SECTIONS.join(", ")),
        };
        Some(Problem::at(at, "", message).meant_key(meant.as_deref()))
    };
    table.iter().filter_map(stray).collect()
}

fn config(table: &mut Table, folder: &Path, text: &str, problems: &mut Vec<Problem>) -> Option<Config> {
    let secret_files = secret_files(table, folder);
    let store = store(section(table, "store", problems), folder, problems);
    let aws = aws(section(table, "aws", problems), problems);
    let Schedules { cycle: cycle_schedule, backup: backup_schedule, digest: digest_schedule } =
        schedule(section(table, "schedule", problems), problems);
    let pools = pools::read(table.remove("pool"), problems);
    let projection = projection(section(table, "projection", problems), folder, problems);
    let rules = alerts::read(section(table, "alerts", problems), problems);
    let lasts = firing_lasts(&cycle_schedule);
    let channels = channels::read(table.remove("channel"), folder, lasts, problems);
    let heartbeat = table.contains_key("heartbeat").then(|| section(table, "heartbeat", problems));
    let heartbeat = heartbeat::read(heartbeat, folder, problems);
    let http = http::read(section(table, "http", problems), folder, problems);
    let reports = reports::read(table.remove("report"), &channels, http.may_link, problems);
    let partner = table.contains_key("partner").then(|| section(table, "partner", problems));
    let partner = partner::read(partner, folder, problems);
    let store = store?;
    Some(Config {
        store_path: store.path,
        backup_folder: store.backup_folder,
        backup_to: store.backup_to,
        backups_kept: store.backups_kept,
        store_memory_mb: store.memory_mb,
        aws: aws.settings,
        paid_requests_per_day: aws.paid_requests_per_day,
        cycle_limit: aws.cycle_limit,
        tax_rate: aws.tax_rate,
        model_aliases: aws.model_aliases.into_iter().collect(),
        cycle_schedule,
        backup_schedule,
        digest_schedule,
        pools,
        projection_file: projection.file,
        prices: projection.prices,
        filing_problems: None,
        set_aside: None,
        rules,
        dashboard_url: http.dashboard_url,
        channels: channels.channels,
        hears: channels.hears,
        reports,
        partner: partner.partner,
        heartbeat,
        listen: http.listen?,
        tokens: http.tokens,
        link_key: http.link_key,
        link_days: http.link_days,
        audit_days: http.audit_days,
        proxies: http.proxies,
        max_connections: http.max_connections,
        max_connections_per_address: http.max_connections_per_address,
        secret_files,
        shown_token: None,
        daemon_url: None,
        is_without_file: false,
        digest: hex::encode(Sha256::digest(format!("{text}{}{}", projection.prices_text, partner.files_text))),
    })
}

/// Every file that a `{ file = "PATH" }` names, once.
fn secret_files(table: &Table, folder: &Path) -> Vec<PathBuf> {
    fn collect(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Table(table) => match table.get("file").filter(|_| table.len() == 1) {
                Some(Value::String(path)) => drop(found.insert(path.clone())),
                _ => table.values().for_each(|value| collect(value, found)),
            },
            Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    table.values().for_each(|value| collect(value, &mut found));
    found.into_iter().map(|path| folder.join(path)).collect()
}

/// The keys of `[name]`, none if it is not there.
fn section(table: &mut Table, name: &str, problems: &mut Vec<Problem>) -> Table {
    let (message, keys) = match table.remove(name) {
        None => return Table::new(),
        Some(Value::Table(keys)) => return keys,
        Some(Value::Array(items)) => {
            let first = items.into_iter().next().and_then(|item| item.as_table().cloned());
            (format!("write [{name}], with one bracket and only once"), first.unwrap_or_default())
        }
        Some(other) => {
            (format!("is {}; write a line [{name}] with its keys on the lines below", kind(&other)), Table::new())
        }
    };
    let place = format!("[{name}]");
    problems.push(Problem::at(At::section(&place), place, message));
    keys
}

struct Store {
    path: PathBuf,
    backup_folder: PathBuf,
    backup_to: Option<PathBuf>,
    backups_kept: usize,
    memory_mb: u32,
}

fn store(keys: Table, folder: &Path, problems: &mut Vec<Problem>) -> Option<Store> {
    let mut section = Section::new("[store]", keys, problems);
    let path = section.required("path", "the file that the data is kept in, such as \"glidepath.duckdb\"");
    let backup_folder = section.text("backup_folder").map(|path| folder.join(path));
    let backup_to = backup_to(&mut section).map(|path| folder.join(path));
    let backups_kept = section.count("backups_kept", bounds::BACKUPS).unwrap_or(DEFAULT_BACKUPS_KEPT);
    let memory_mb = section.count("memory_mb", bounds::STORE_MEMORY_MB).unwrap_or(bounds::DEFAULT_STORE_MEMORY_MB);
    let beside = path.as_ref().map(|path| {
        let path = folder.join(path);
        path.parent().unwrap_or_else(|| Path::new("")).join("backups")
    });
    let backup_folder = backup_folder.or(beside);
    if backup_to.is_some() && backup_to == backup_folder {
        section.problem(
            "backup_to",
            "is the same folder as backup_folder: name another, on another disk, or leave it out",
        );
    }
    section.finish();
    Some(Store { path: folder.join(path?), backup_folder: backup_folder?, backup_to, backups_kept, memory_mb })
}

/// The second place, a folder.
fn backup_to(section: &mut Section<'_>) -> Option<String> {
    let place = section.text("backup_to")?;
    if place.contains("://") {
        section
            .problem("backup_to", format!("{place:?} is an address: write a folder, such as where a disk is mounted"));
        return None;
    }
    Some(place)
}

struct Aws {
    settings: AwsSettings,
    paid_requests_per_day: u64,
    cycle_limit: Duration,
    tax_rate: Option<Decimal>,
    model_aliases: Vec<(String, String)>,
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn aws(keys: Table, problems: &mut Vec<Problem>) -> Aws {
    let defaults = AwsSettings::default();
    let mut section = Section::new("[aws]", keys, problems);
    let accounts = section.texts("accounts").unwrap_or_default();
    for account in &accounts {
        if !is_account(account) {
            section.problem("accounts", format!("{account:?} is not an account number of 12 digits"));
        }
    }
    let payer_account = section.text("payer_account");
    if let Some(payer) = payer_account.as_ref().filter(|payer| !is_account(payer)) {
        section.problem("payer_account", format!("{payer:?} is not an account number of 12 digits"));
    }
    let region = section.text("region");
    if let Some(region) = &region
        && !region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    {
        section.problem("region", format!("{region:?} is not a region such as \"us-east-1\""));
    }
    let currency = section.text("currency").unwrap_or_else(|| defaults.currency.clone());
    if currency != defaults.currency {
        let message = "prices, filings and every figure shown are US dollars, so only \"USD\" can be watched";
        section.problem("currency", format!("is {currency:?}; {message}"));
    }
    let max_pages = section.count("max_pages", bounds::PAGES).unwrap_or(defaults.max_pages);
    let paid_requests_per_day =
        section.count("paid_requests_per_day", bounds::PAID_REQUESTS).unwrap_or(DEFAULT_PAID_REQUESTS_PER_DAY);
    let cycle_minutes = section.count("cycle_minutes", bounds::CYCLE_MINUTES).unwrap_or(DEFAULT_CYCLE_MINUTES);
    let cycle_limit = Duration::from_secs(60 * cycle_minutes);
    let tax_rate = section.decimal("tax_rate", RATE);
    if let Some(rate) = tax_rate
        && !bounds::TAX_RATE.holds(rate)
    {
        section.problem("tax_rate", bounds::TAX_RATE.refusal(rate));
    }
    let model_aliases = section.text_table("model_aliases");
    section.finish();
    let settings = AwsSettings { accounts, payer_account, region, currency, max_pages, ..AwsSettings::default() };
    Aws { settings, paid_requests_per_day, cycle_limit, tax_rate, model_aliases }
}

struct Schedules {
    cycle: CronLine,
    backup: Option<CronLine>,
    digest: Option<CronLine>,
}

fn schedule(keys: Table, problems: &mut Vec<Problem>) -> Schedules {
    let mut section = Section::new("[schedule]", keys, problems);
    let cycle = cron(&mut section, "cycle");
    let cycle = cycle.unwrap_or_else(|| DEFAULT_CYCLE.parse().expect("the default is a cron line, as a test shows"));
    let backup = cron_or_never(&mut section, "backup", DEFAULT_BACKUP);
    let digest = cron_or_never(&mut section, "digest", DEFAULT_DIGEST);
    section.finish();
    Schedules { cycle, backup, digest }
}

/// A cron line that may be turned off, `default` where it is not given.
fn cron_or_never(section: &mut Section<'_>, key: &'static str, default: &str) -> Option<CronLine> {
    if section.peek(key) == Some(NEVER) {
        return section.value(key).and(None);
    }
    if !section.has(key) {
        // Asked for, so that it is among the keys that there are.
        section.value(key);
        return Some(default.parse().expect("the default is a cron line, as a test shows"));
    }
    cron(section, key)
}

/// How long a firing alert lasts where somebody has to be told again: three of the longest waits between two cycles, so that
/// a daemon that is down for a day gives no all-clear by its silence.
fn firing_lasts(schedule: &CronLine) -> TimeDelta {
    let mut longest = TimeDelta::zero();
    let mut last = DateTime::UNIX_EPOCH;
    for number in 0..60 {
        let Some(next) = schedule.next_after(last) else { break };
        // The first wait begins at no cycle.
        if number > 0 {
            longest = longest.max(next - last);
        }
        last = next;
    }
    (longest * FIRING_CYCLES).max(FIRING_AT_LEAST)
}

struct Projection {
    file: Option<PathBuf>,
    prices: PriceBook,
    /// The user's price file, verbatim; empty without one.
    prices_text: String,
}

fn projection(keys: Table, folder: &Path, problems: &mut Vec<Problem>) -> Projection {
    // A filing that is frozen in the store needs none of the files, so what is wrong with them is marked.
    let mut unfit = Vec::new();
    let mut section = Section::new("[projection]", keys, problems);
    let files: Vec<PathBuf> =
        section.texts("files").unwrap_or_default().into_iter().map(|file| folder.join(file)).collect();
    if files.len() > 1 {
        let message = "name one file; one filing with several [[record]] entries holds what was filed";
        section.problem("files", message);
    }
    let mut texts = Vec::new();
    for file in &files {
        match given::text(file, given::LONGEST_DOCUMENT) {
            Ok(text) => texts.push((file, text)),
            Err(error) => unfit.push(unreadable("files", file, &error)),
        }
    }
    let prices_file = section.text("prices").map(|file| folder.join(file));
    let prices_text = prices_file.as_ref().map(|file| given::text(file, given::LONGEST_DOCUMENT));
    if let (Some(file), Some(Err(error))) = (&prices_file, &prices_text) {
        unfit.push(unreadable("prices", file, error));
    }
    section.finish();
    let prices_text = prices_text.and_then(Result::ok).unwrap_or_default();
    let prices = prices(prices_file.as_deref(), &prices_text, problems);
    check_filings(&texts, &prices, &mut unfit);
    problems.extend(unfit.into_iter().map(Problem::of_filing));
    Projection { file: files.into_iter().next(), prices, prices_text }
}

fn unreadable(key: &str, file: &Path, error: &std::io::Error) -> Problem {
    let remedy = "correct the path; a relative one starts in the config's folder";
    let message = format!("{} cannot be read: {error}; {remedy}", file.display());
    Problem::at(At::section("[projection]").key(key), format!("[projection] {key}"), message)
}

/// A problem of a file that the section names; it says the line of that file itself.
fn in_file(file: &impl Display, problem: &impl ToString) -> Problem {
    Problem::at(At::section("[projection]"), format!("[projection] {file}"), problem.to_string()).elsewhere()
}

/// The built-in prices, and the user's own over them where a file names some.
fn prices(file: Option<&Path>, text: &str, problems: &mut Vec<Problem>) -> PriceBook {
    let builtin = PriceBook::builtin();
    let Some(file) = file.filter(|_| !text.is_empty()) else { return builtin };
    match builtin.with_overrides(text) {
        Ok(prices) => prices,
        Err(error) => {
            problems.extend(error.problems.iter().map(|problem| in_file(&file.display(), problem)));
            PriceBook::builtin()
        }
    }
}

/// Every problem of every file, and what several of them claim twice.
fn check_filings(texts: &[(&PathBuf, String)], prices: &PriceBook, problems: &mut Vec<Problem>) {
    let mut filings = Vec::new();
    for (file, text) in texts {
        match FiledProjection::parse_with(text, prices) {
            Ok(filing) => filings.push((file.display().to_string(), filing)),
            Err(found) => {
                problems.extend(found.iter().map(|problem| in_file(&file.display(), problem)));
            }
        }
    }
    let parts: Vec<Part> = filings.iter().map(|(name, filing)| Part { name: Some(name), filing }).collect();
    for (told, (name, _)) in told_overlaps(&parts, prices, &service_of_model).iter().zip(&filings) {
        problems.extend(told.iter().map(|problem| in_file(name, problem)));
    }
}
