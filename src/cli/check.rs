//! `glidepath check`. The config itself was read before; its problems end the command with status 2.

mod backups;
mod private;

use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::clock::Clock;
use crate::config::{Config, ConfigError, Problem, ScheduledReport};
use crate::cycle::{CheckReport, Engine, FiledView, TestedChannel, TriedPermission};
use crate::domain::position::assess::request_price;
use crate::domain::values::words::days_text;
use crate::http::client::with_query;

use super::access::Access;
use super::out::{self, outln};

/// Requests of a steady day: two questions, a page each, and now and then a third page.
const STEADY_REQUESTS_PER_DAY: u32 = 3;

/// Questions for the sums of whole months, one after each of AWS's dates for corrections.
const MONTHLY_QUESTIONS: u32 = 3;

/// Days ahead that an expiring token is warned of.
const EXPIRY_WARNING_DAYS: i64 = 14;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Try the credentials and each permission, and send a test message through each channel. Asks Cost Explorer once,
    /// for 0.01 USD.
    #[arg(long)]
    online: bool,
    /// With --online, send no test messages.
    #[arg(long, requires = "online")]
    no_channels: bool,
    /// As JSON: problems, warnings, and what was tried.
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Says as JSON what is wrong with a config that cannot be used, if JSON is asked for.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn say_problems(&self, error: &anyhow::Error) -> Result<()> {
        match error.downcast_ref::<ConfigError>() {
            Some(ConfigError { path, problems }) if self.json => {
                out::json(&Checked { config: path, problems, warnings: Vec::new(), settings: Vec::new(), online: None })
            }
            _ => Ok(()),
        }
    }
}

/// What a check found, as JSON.
#[derive(Serialize)]
struct Checked<'a> {
    /// The config's path; empty where it is not known here.
    config: &'a Path,
    /// What is wrong with the config, each with its line.
    problems: &'a [Problem],
    /// What is allowed and unwise, or not there yet.
    warnings: Vec<String>,
    /// What holds, in the words that people read.
    settings: Vec<Setting>,
    /// What was tried; null without `--online`.
    online: Option<&'a CheckReport>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Setting {
    about: String,
    says: String,
}

/// Characters before the words of a line: what it is about.
const ABOUT: usize = 10;

/// Lines for people, apart: warnings, and everything else with the lines that go on from it.
fn apart(lines: &[String]) -> (Vec<String>, Vec<Setting>) {
    let (mut warnings, mut settings) = (Vec::new(), Vec::<Setting>::new());
    for line in lines {
        let (about, says) = line.split_at_checked(ABOUT).unwrap_or((line, ""));
        match (about.trim(), settings.last_mut()) {
            ("warning", _) => warnings.push(says.to_owned()),
            ("", Some(last)) => last.says = format!("{} {says}", last.says),
            (about, _) => settings.push(Setting { about: about.to_owned(), says: says.to_owned() }),
        }
    }
    (warnings, settings)
}

/// Says what is configured, what asking will cost and, online, what AWS allows and whether channels carry. `path` is the config's.
pub async fn run(config: Config, path: &Path, args: &Args) -> Result<()> {
    let now = Clock::System.now();
    let mut lines = configured(&config);
    lines.extend(reports(&config, now));
    lines.extend(tokens(&config, now.date_naive()));
    lines.extend(config.cautions().into_iter().map(|caution| format!("warning   {caution}")));
    lines.extend(folders(&config));
    lines.extend(private::lines(&config));
    // A daemon that holds the store says the same on its page and in its log; that a store cannot be opened is no matter of
    // the config.
    let held = config.store_path.exists().then(|| Access::open(config.clone())).and_then(Result::ok);
    lines.extend(backups::lines(&config, held.as_ref(), now).await?);
    if let Some(Access::Store(engine)) = &held {
        lines.extend(filing(engine).await?);
    }
    if !args.json {
        lines.iter().for_each(|line| outln!("{line}"));
    }
    let checked = match args.online {
        true => Some(try_online(config, held, args).await?),
        false => None,
    };
    if args.json {
        let (warnings, settings) = apart(&lines);
        out::json(&Checked { config: path, problems: &[], warnings, settings, online: checked.as_ref() })?;
    } else if let Some(checked) = &checked {
        tried(checked).iter().for_each(|line| outln!("{line}"));
    }
    match checked.as_ref().and_then(CheckReport::problem) {
        None => Ok(()),
        Some((problem, about)) => Err(about.said(format!("{problem}; see above")).into()),
    }
}

async fn try_online(config: Config, held: Option<Access>, args: &Args) -> Result<CheckReport> {
    let with_channels = !args.no_channels;
    match held.map_or_else(|| Access::open(config), Ok)? {
        Access::Store(engine) => engine.check_online(Clock::System.now(), with_channels).await,
        Access::Daemon(daemon) => {
            if !args.json {
                outln!("daemon    it holds the store and tries this itself, with the config that it was started with");
            }
            let path = with_query("/api/v1/check", &[("channels", with_channels.to_string())]);
            daemon.order(&path).await
        }
    }
}

/// What the config says, and what asking AWS costs under it.
fn configured(config: &Config) -> Vec<String> {
    let month = |requests: u64| request_price().times((requests * 31).into()).dollars();
    let mut lines = vec!["config    no problems".to_owned()];
    lines.extend(store(&config.store_path));
    lines.push(format!("schedule  {} (UTC)", config.cycle_schedule));
    lines.push(format!("pools     {} named in config", config.pools.len()));
    lines.push(format!("channels  {}", config.channels.len()));
    if config.channels.is_empty() {
        lines.push(
            "warning   no [[channel]] is configured, so alerts reach nobody: they are seen on the page and in `status` alone".to_owned(),
        );
    }
    lines.push(format!(
        "asking    about {} a month, at {STEADY_REQUESTS_PER_DAY} paid requests a day or fewer; the ceiling of {} a day keeps \
         it below {}",
        month(STEADY_REQUESTS_PER_DAY.into()),
        config.paid_requests_per_day,
        month(config.paid_requests_per_day)
    ));
    lines.push(format!(
        "          and {} a month for {MONTHLY_QUESTIONS} questions about corrections of closed months, with {} more for each month \
         that AWS corrected",
        request_price().times(MONTHLY_QUESTIONS.into()).dollars(),
        request_price().times(2.into()).dollars()
    ));
    lines
}

/// A line for each folder that somebody named and that is not there. The folder of backups beside the store is made with the first
/// one.
fn folders(config: &Config) -> Vec<String> {
    let of_store = folder_of(&config.store_path);
    let named =
        |folder: &Path| folder != of_store.join("backups") && folder != config.store_path.with_file_name("backups");
    let mut lines = Vec::new();
    let mut look = |what: &str, folder: &Path| {
        if !folder.exists() {
            lines.push(format!(
                "warning   the folder {} {what} does not exist, and is made when it is needed: if a disk belongs there, mount it first",
                folder.display()
            ));
        }
    };
    look("of the store", of_store);
    if named(&config.backup_folder) {
        look("for backups", &config.backup_folder);
    }
    lines
}

/// Whether this process may write a file, or in a folder.
fn may_write(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

/// The folder that a file lies in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A line for each thing that was tried; what failed for the same reason is told once.
fn tried(checked: &CheckReport) -> Vec<String> {
    let mut lines = Vec::new();
    let same = |a: &TriedPermission, b: &TriedPermission| {
        !a.allowed && (a.optional, &a.answer, &a.advice) == (b.optional, &b.answer, &b.advice)
    };
    for alike in checked.permissions.chunk_by(same) {
        let TriedPermission { allowed, optional, answer, advice, .. } = &alike[0];
        let name = |TriedPermission { operation, account, .. }: &TriedPermission| {
            let account = account.as_ref().map(|account| format!(" ({account})")).unwrap_or_default();
            format!("{operation}{account}")
        };
        let word = match (allowed, optional) {
            (true, _) => "allowed",
            (false, true) => "optional",
            (false, false) => "refused",
        };
        lines.push(format!("{word:9} {}: {answer}", alike.iter().map(name).collect::<Vec<_>>().join(", ")));
        lines.extend(advice.as_ref().map(|advice| format!("          {advice}")));
    }
    lines.push(format!("asking this cost {}", checked.usd_spent.dollars()));
    lines.extend(checked.refused_by_store.as_ref().map(|why| format!("refused   the store: {why}")));
    for TestedChannel { channel, kind, arrived, error } in checked.channels.iter().flatten() {
        let word = if *arrived { "arrived" } else { "lost" };
        let why = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        lines.push(format!("{word:9} a test message to the channel {channel} ({kind}){why}"));
    }
    lines
}

/// A line for the store; one that is not there yet is made by the first cycle, or something is in its way.
fn store(path: &Path) -> Vec<String> {
    let shown = path.display();
    if path.is_dir() {
        let why = "is a folder: name a file in it, with path in [store]";
        return vec![format!("store     {shown}"), format!("warning   the store cannot be made: {shown} {why}")];
    }
    let folder = folder_of(path);
    if path.exists() {
        let hindered = [path, folder].into_iter().find(|it| !may_write(it)).map(|it| {
            format!(
                "warning   the user who runs this may not write in {}: if it is not the one who runs the daemon, check as that one",
                it.display()
            )
        });
        return [format!("store     {shown}")].into_iter().chain(hindered).collect();
    }
    // The last ancestor of a relative path is the folder that one stands in, and has no name.
    let named = |it: &Path| if it.as_os_str().is_empty() { PathBuf::from(".") } else { it.to_owned() };
    let Some(there) = folder.ancestors().map(named).find(|it| it.exists()) else {
        return vec![format!("store     {shown}, which the first cycle makes")];
    };
    let (name, hindered) = (there.display(), "warning   the store cannot be made");
    if !there.is_dir() {
        let advice = "correct path in [store]";
        return vec![format!("store     {shown}"), format!("{hindered}: {name} is no folder; {advice}")];
    }
    if !may_write(&there) {
        let advice = "give it the right to, check as the one who runs the daemon, or correct path in [store]";
        return vec![
            format!("store     {shown}"),
            format!("{hindered}: the user who runs this may not write in {name}; {advice}"),
        ];
    }
    let with = if there == folder { "" } else { " with its folder" };
    vec![format!("store     {shown}, which the first cycle makes{with}")]
}

/// A line for each report that goes out by itself, and one for each channel that is there for reports and gets none.
fn reports(config: &Config, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = Vec::new();
    for ScheduledReport { name, kind, formats, schedule, channels } in &config.reports {
        let formats = formats.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let to = channels.iter().map(|channel| match &config.hears(channel).records {
            Some(records) => format!("{channel} (a partner: {})", records.join(", ")),
            None => channel.clone(),
        });
        let to = to.collect::<Vec<_>>().join(", ");
        let next = schedule.next_after(now).map(|next| format!(", next on {}", next.format("%Y-%m-%d %H:%M UTC")));
        lines.push(format!("report    {name}: {kind} as {formats} to {to}{}", next.unwrap_or_default()));
    }
    let served = |name: &str| config.reports.iter().any(|report| report.channels.iter().any(|it| it == name));
    let idle = config.listeners().filter(|(name, hears)| hears.records.is_some() && !served(name));
    lines.extend(idle.map(|(name, _)| {
        format!("warning   the channel {name} is a partner's, and no [[report]] names it: nothing goes there by itself")
    }));
    lines
}

/// A line for the tokens, and one for each that is of no use any more or soon.
fn tokens(config: &Config, today: NaiveDate) -> Vec<String> {
    let mut lines = vec![format!("tokens    {}", config.tokens.len())];
    for token in &config.tokens {
        let Some(expires_on) = token.expires_on else { continue };
        let (name, days) = (&token.name, (expires_on - today).num_days());
        if days <= 0 {
            lines.push(format!("warning   token {name} expired on {expires_on}; `glidepath token new` makes another"));
        } else if days <= EXPIRY_WARNING_DAYS {
            lines.push(format!("warning   token {name} expires on {expires_on}, in {}", days_text(days)));
        }
    }
    lines
}

/// A line for each part of the newest filing that the price book does not price, or no longer does; or why it cannot be
/// read.
async fn filing(engine: &Engine) -> Result<Vec<String>> {
    if engine.store().projections().await?.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match engine.filed_view(None, Clock::System.now()).await {
        Ok(FiledView { version, unpriced, .. }) => {
            unpriced.iter().map(|line| format!("warning   version {version} of the filing: {line}")).collect()
        }
        Err(error) => vec![format!("warning   {error:#}")],
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_store_that_is_not_there_is_told_with_what_becomes_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| store(&folder.path().join(path)).pop().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(at("file").ends_with("/file"), "{}", at("file"));
        assert!(at("new.duckdb").ends_with("/new.duckdb, which the first cycle makes"), "{}", at("new.duckdb"));
        assert!(
            at("a/b/new.duckdb").ends_with("which the first cycle makes with its folder"),
            "{}",
            at("a/b/new.duckdb")
        );
        assert!(
            at("file/new.duckdb").ends_with("/file is no folder; correct path in [store]"),
            "{}",
            at("file/new.duckdb")
        );
        assert!(at("").contains("is a folder: name a file in it"), "{}", at(""));
        assert_eq!(store(Path::new("new.duckdb")), ["store     new.duckdb, which the first cycle makes"]);
    }

    #[test]
    fn a_folder_that_somebody_named_and_that_is_not_there_is_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        let warned = |text: &str| folders(&Config::parse(text, &folder.path().join("glidepath.toml")).unwrap());
        assert!(
            warned("[store]\npath = \"x\"\n").is_empty(),
            "the folder of backups beside it is made with the first one"
        );
        let lines = warned("[store]\npath = \"data/x\"\nbackup_folder = \"copies\"\n");
        let [store, backups] = &lines[..] else { panic!("{lines:#?}") };
        assert!(store.contains("/data of the store does not exist"), "{store}");
        assert!(backups.contains("/copies for backups does not exist"), "{backups}");
    }

    #[test]
    fn json_has_warnings_apart_and_lines_that_go_on_together() {
        let lines = ["config    no problems", "warning   beware", "asking    1", "          and 2"].map(str::to_owned);
        let setting = |about: &str, says: &str| Setting { about: about.to_owned(), says: says.to_owned() };
        let (warnings, settings) = apart(&lines);
        assert_eq!(warnings, ["beware"]);
        assert_eq!(settings, [setting("config", "no problems"), setting("asking", "1 and 2")]);
    }

    #[test]
    fn what_fails_for_one_reason_is_told_once() {
        let tried_one = |operation: &str, answer: &str| TriedPermission {
            operation: operation.to_owned(),
            account: None,
            allowed: false,
            optional: false,
            answer: answer.to_owned(),
            advice: Some(format!("mend {answer}")),
        };
        let permissions = vec![tried_one("A", "no keys"), tried_one("B", "no keys"), tried_one("C", "denied")];
        let checked = CheckReport {
            permissions,
            usd_spent: crate::domain::values::money::Money::ZERO,
            refused_by_store: None,
            channels: None,
        };
        let lines = tried(&checked);
        let told =
            ["refused   A, B: no keys", "          mend no keys", "refused   C: denied", "          mend denied"];
        assert_eq!(lines[..4], told);
    }

    #[test]
    fn a_token_is_warned_of_two_weeks_before_its_end_and_after_it() {
        let token = |name: &str, day: &str| {
            let hash = hex::encode([name.as_bytes()[0]; 32]);
            format!(
                "[[http.tokens]]\nname = \"{name}\"\ntoken_sha256 = \"{hash}\"\nrole = \"ops\"\nexpires_on = \"{day}\"\n"
            )
        };
        let days = [("gone", "2026-11-22"), ("today", "2026-11-23"), ("soon", "2026-12-07"), ("later", "2026-12-08")];
        let text: String = days.iter().map(|(name, day)| token(name, day)).collect();
        let config = Config::parse(&format!("[store]\npath = \"x\"\n{text}"), Path::new("glidepath.toml")).unwrap();
        assert_eq!(
            tokens(&config, "2026-11-23".parse().unwrap()),
            [
                "tokens    4",
                "warning   token gone expired on 2026-11-22; `glidepath token new` makes another",
                "warning   token today expired on 2026-11-23; `glidepath token new` makes another",
                "warning   token soon expires on 2026-12-07, in 14 days",
            ]
        );
    }
}
