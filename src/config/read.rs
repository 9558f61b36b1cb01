//! From the file's text to a [`Config`], collecting every problem on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use toml::{Table, Value};

use crate::aws::AwsSettings;
use crate::domain::alert::AlertRules;
use crate::domain::money::Money;
use crate::domain::pools::ConfiguredPool;
use crate::domain::secret::Secret;
use crate::notify::Channel;

use super::problem::Problem;
use super::raw::{self, Unknown};
use super::schedule::CronLine;
use super::{Config, Role, Token};

const SECTIONS: [&str; 8] = ["store", "aws", "schedule", "pool", "projection", "alerts", "channel", "http"];
/// Once a day, when Cost Explorer has settled on the day before last in every time zone.
const DEFAULT_CYCLE: &str = "0 30 6 * * *";
/// One dollar a day at the worst; a steady day needs two or three requests, the first backfill a few dozen.
const DEFAULT_PAID_REQUESTS_PER_DAY: u64 = 100;
const DEFAULT_LISTEN: &str = "127.0.0.1:8437";
const DEFAULT_BACKUPS_KEPT: usize = 7;

/// Problems found so far, and where paths start.
struct Reader<'a> {
    folder: &'a Path,
    problems: Vec<Problem>,
}

/// Reads the whole file.
pub fn read(text: &str, folder: &Path) -> Result<Config, Vec<Problem>> {
    let mut table: Table = toml::from_str(text).map_err(|error| vec![Problem::new("", error.to_string())])?;
    let mut reader = Reader { folder, problems: Vec::new() };
    for key in table.keys().filter(|key| !SECTIONS.contains(&key.as_str())) {
        reader.problem("", format!("there is no section [{key}]; the sections are {}", SECTIONS.join(", ")));
    }
    let config = reader.config(&mut table, hex::encode(Sha256::digest(text)));
    match config {
        Some(config) if reader.problems.is_empty() => Ok(config),
        _ => Err(reader.problems),
    }
}

impl Reader<'_> {
    fn config(&mut self, table: &mut Table, digest: String) -> Option<Config> {
        let store: raw::Store = self.section(table, "store");
        self.unknown("[store]", &store.unknown);
        let store_path = store.path.as_deref().map(|path| self.folder.join(path));
        if store_path.is_none() {
            self.problem("[store] path", "is missing: the file that the data is kept in, such as \"glidepath.duckdb\"");
        }
        let aws: raw::Aws = self.section(table, "aws");
        let (aws_settings, tax_rate) = self.aws(&aws);
        let schedule: raw::Schedule = self.section(table, "schedule");
        self.unknown("[schedule]", &schedule.unknown);
        let cycle_schedule = self.cron("[schedule] cycle", schedule.cycle.as_deref().unwrap_or(DEFAULT_CYCLE));
        let backup_schedule = schedule.backup.as_deref().map(|line| self.cron("[schedule] backup", line));
        let pools = self.pools(table);
        let projection: raw::Projection = self.section(table, "projection");
        let projection_file = self.projection(&projection);
        let rules = self.rules(table);
        let channels = self.channels(table);
        let http: raw::Http = self.section(table, "http");
        let (listen, tokens) = self.http(&http);
        let store_path = store_path?;
        let default_folder = || store_path.parent().unwrap_or_else(|| Path::new("")).join("backups");
        Some(Config {
            backup_folder: store.backup_folder.map_or_else(default_folder, |path| self.folder.join(path)),
            store_path,
            aws: aws_settings,
            paid_requests_per_day: aws.paid_requests_per_day.unwrap_or(DEFAULT_PAID_REQUESTS_PER_DAY),
            tax_rate,
            model_aliases: aws.model_aliases,
            cycle_schedule: cycle_schedule?,
            backup_schedule: backup_schedule.flatten(),
            backups_kept: store.backups_kept.unwrap_or(DEFAULT_BACKUPS_KEPT),
            pools,
            projection_file,
            rules,
            dashboard_url: http.dashboard_url,
            channels,
            listen: listen?,
            tokens,
            digest,
        })
    }

    fn problem(&mut self, place: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem::new(place, message));
    }

    fn section<T: DeserializeOwned + Default>(&mut self, table: &mut Table, name: &str) -> T {
        let Some(value) = table.remove(name) else { return T::default() };
        self.value(&format!("[{name}]"), value)
    }

    fn list<T: DeserializeOwned + Default>(&mut self, table: &mut Table, name: &str) -> Vec<(String, T)> {
        match table.remove(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => (1..)
                .zip(items)
                .map(|(number, item)| {
                    let place = format!("[[{name}]] {number}");
                    let read = self.value(&place, item);
                    (place, read)
                })
                .collect(),
            Some(_) => {
                self.problem(format!("[{name}]"), format!("write [[{name}]], with two brackets, once for each"));
                Vec::new()
            }
        }
    }

    fn value<T: DeserializeOwned + Default>(&mut self, place: &str, value: Value) -> T {
        value.try_into().unwrap_or_else(|error: toml::de::Error| {
            self.problem(place, error.message().trim().to_owned());
            T::default()
        })
    }

    fn unknown(&mut self, place: &str, unknown: &Unknown) {
        for key in unknown.keys() {
            self.problem(place, format!("there is no key {key:?} here"));
        }
    }

    fn aws(&mut self, aws: &raw::Aws) -> (AwsSettings, Option<Decimal>) {
        self.unknown("[aws]", &aws.unknown);
        for account in &aws.accounts {
            if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
                self.problem("[aws] accounts", format!("{account:?} is not an account number of 12 digits"));
            }
        }
        if aws.paid_requests_per_day.is_some_and(|ceiling| ceiling < 2) {
            self.problem("[aws] paid_requests_per_day", "must be at least 2: one cycle asks two questions");
        }
        let currency = aws.currency.clone().unwrap_or_else(|| "USD".to_owned());
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            self.problem("[aws] currency", format!("{currency:?} is not a currency code such as \"USD\""));
        }
        let tax_rate = aws.tax_rate.as_deref().and_then(|text| match Decimal::from_str(text) {
            Ok(rate) if rate >= Decimal::ZERO && rate < Decimal::ONE => Some(rate),
            _ => {
                let message = format!("{text:?} is not a rate between \"0\" and \"1\", such as \"0.19\" for 19 %");
                self.problem("[aws] tax_rate", message);
                None
            }
        });
        let defaults = AwsSettings::default();
        if aws.max_pages == Some(0) {
            self.problem("[aws] max_pages", "must be at least 1");
        }
        let settings = AwsSettings {
            accounts: aws.accounts.clone(),
            region: aws.region.clone(),
            currency,
            max_pages: aws.max_pages.unwrap_or(defaults.max_pages),
            ..defaults
        };
        (settings, tax_rate)
    }

    fn cron(&mut self, place: &str, line: &str) -> Option<CronLine> {
        line.parse().map_err(|problem: super::CronProblem| self.problem(place, problem.to_string())).ok()
    }

    fn pools(&mut self, table: &mut Table) -> Vec<ConfiguredPool> {
        let mut ids = BTreeSet::new();
        let mut pools = Vec::new();
        for (place, pool) in self.list::<raw::Pool>(table, "pool") {
            self.unknown(&place, &pool.unknown);
            if let Some(id) = &pool.id
                && !ids.insert(id.clone())
            {
                self.problem(&place, format!("the id {id:?} is used by an earlier pool"));
            }
            pools.extend(self.pool(&place, pool));
        }
        pools
    }

    fn pool(&mut self, place: &str, pool: raw::Pool) -> Option<ConfiguredPool> {
        let Some(id) = pool.id.filter(|id| !id.trim().is_empty()) else {
            self.problem(
                place,
                "id is missing: the credit id from the console's Credits page, or any name of your own",
            );
            return None;
        };
        let place = format!("{place} ({id})");
        let granted = pool.granted.as_deref().and_then(|text| match text.parse::<Money>() {
            Ok(amount) if amount.is_positive() => Some(amount),
            Ok(amount) => {
                self.problem(&place, format!("granted is {amount}; a grant is more than zero"));
                None
            }
            Err(error) => {
                self.problem(&place, format!("granted: {error}"));
                None
            }
        });
        let mut day = |key: &str, day: Option<&raw::Day>| {
            let parsed = day.map(raw::Day::parse)?;
            parsed.map_err(|message| self.problem(&place, format!("{key}: {message}"))).ok()
        };
        let starts_on = day("starts_on", pool.starts_on.as_ref());
        let expires_on = day("expires_on", pool.expires_on.as_ref());
        if let (Some(start), Some(end)) = (starts_on, expires_on)
            && start >= end
        {
            self.problem(&place, format!("its window is reversed: it starts on {start} and expires on {end}"));
        }
        if pool.services.as_ref().is_some_and(Vec::is_empty) {
            let message = "services is empty: name what the credit pays for, or leave the key out to take AWS's list";
            self.problem(&place, message);
        }
        // Either the pool only names what AWS lists, or it stands on its own and then needs all of it.
        let given = [pool.granted.is_some(), pool.starts_on.is_some(), pool.expires_on.is_some()];
        if given.contains(&true) && given.contains(&false) {
            self.problem(&place, "granted, starts_on and expires_on belong together: give all three or none");
        }
        Some(ConfiguredPool {
            id,
            name: pool.name,
            programme: pool.programme,
            granted,
            starts_on,
            expires_on,
            services: pool.services,
        })
    }

    fn projection(&mut self, projection: &raw::Projection) -> Option<PathBuf> {
        self.unknown("[projection]", &projection.unknown);
        if projection.files.len() > 1 {
            let message = "name one file; one filing with several [[record]] entries holds what was filed";
            self.problem("[projection] files", message);
        }
        let file = self.folder.join(projection.files.first()?);
        match std::fs::read_to_string(&file) {
            Err(error) => self.problem("[projection] files", format!("{} cannot be read: {error}", file.display())),
            Ok(text) => {
                if let Err(problems) = crate::domain::projection::FiledProjection::parse(&text) {
                    for problem in problems {
                        self.problem(format!("[projection] {}", file.display()), problem.to_string());
                    }
                }
            }
        }
        Some(file)
    }

    fn rules(&mut self, table: &mut Table) -> AlertRules {
        let rules: AlertRules = self.section(table, "alerts");
        for problem in rules.problems() {
            self.problem("[alerts]", problem);
        }
        rules
    }

    fn channels(&mut self, table: &mut Table) -> BTreeMap<String, Channel> {
        let mut channels = BTreeMap::new();
        for (place, channel) in self.list::<raw::Channel>(table, "channel") {
            self.unknown(&place, &channel.unknown);
            let Some(name) = channel.name.clone() else {
                self.problem(&place, "name is missing");
                continue;
            };
            let place = format!("{place} ({name})");
            let Some(built) = self.channel(&place, &channel) else { continue };
            if let Err(error) = built.validate() {
                self.problem(&place, error.to_string());
            }
            if channels.insert(name, built).is_some() {
                self.problem(&place, "the name is used by an earlier channel");
            }
        }
        channels
    }

    fn channel(&mut self, place: &str, channel: &raw::Channel) -> Option<Channel> {
        match channel.kind.as_deref() {
            Some("slack") => Some(Channel::Slack { webhook_url: self.secret(place, "url", channel.url.as_ref())? }),
            Some("webhook") => {
                let url = self.secret(place, "url", channel.url.as_ref());
                let secret = self.secret(place, "secret", channel.secret.as_ref());
                Some(Channel::Webhook { url: url?, secret: secret? })
            }
            Some("log") => Some(Channel::Log),
            other => {
                let found = other.map_or_else(|| "missing".to_owned(), |kind| format!("{kind:?}"));
                self.problem(place, format!("type is {found}; it is one of slack, webhook, log"));
                None
            }
        }
    }

    fn secret(&mut self, place: &str, key: &str, value: Option<&Value>) -> Option<Secret> {
        let mut failed = |message: String| {
            self.problems.push(Problem::new(place, message));
            None
        };
        let Some(value) = value else {
            return failed(format!("{key} is missing: write {{ env = \"NAME\" }} or {{ file = \"PATH\" }}"));
        };
        let secret = match Source::deserialize(value.clone()) {
            Ok(Source { env: Some(name), file: None }) => match std::env::var(&name) {
                Ok(text) => Secret::new(text),
                Err(_) => return failed(format!("{key}: the environment variable {name} is not set")),
            },
            Ok(Source { env: None, file: Some(file) }) => match std::fs::read_to_string(self.folder.join(&file)) {
                Ok(text) => Secret::new(text),
                Err(error) => return failed(format!("{key}: the file {file} cannot be read: {error}")),
            },
            _ => {
                let message = "must be { env = \"NAME\" } or { file = \"PATH\" }; a secret never stands in the config";
                return failed(format!("{key} {message}"));
            }
        };
        if secret.is_empty() {
            return failed(format!("{key}: the secret is empty"));
        }
        Some(secret)
    }

    fn http(&mut self, http: &raw::Http) -> (Option<SocketAddr>, Vec<Token>) {
        self.unknown("[http]", &http.unknown);
        let text = http.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
        let listen = text.parse::<SocketAddr>().map_err(|_| {
            self.problem("[http] listen", format!("{text:?} is not an address and port such as \"{DEFAULT_LISTEN}\""));
        });
        let mut tokens = Vec::new();
        for (number, token) in (1..).zip(&http.tokens) {
            tokens.extend(self.token(&format!("[[http.tokens]] {number}"), token));
        }
        if let Ok(address) = listen
            && !address.ip().is_loopback()
            && http.tokens.is_empty()
        {
            let message = format!(
                "{address} can be reached from other machines, so at least one token is needed: add [[http.tokens]], or \
                 listen on 127.0.0.1"
            );
            self.problem("[http] listen", message);
        }
        (listen.ok(), tokens)
    }

    fn token(&mut self, place: &str, token: &raw::Token) -> Option<Token> {
        self.unknown(place, &token.unknown);
        let name = token.name.clone().unwrap_or_else(|| place.to_owned());
        let secret = self.secret(place, "token", token.token.as_ref());
        let role = match token.role.as_deref() {
            Some("owner") if token.records.is_empty() => Role::Owner,
            Some("owner") => {
                self.problem(place, "records belong to role \"partner\"; an owner sees everything");
                return None;
            }
            Some("partner") if token.records.is_empty() => {
                self.problem(place, "records is missing: the record ids of the filing that the partner may see");
                return None;
            }
            Some("partner") => Role::Partner { records: token.records.clone() },
            other => {
                let found = other.map_or_else(|| "missing".to_owned(), |role| format!("{role:?}"));
                self.problem(place, format!("role is {found}; it is owner or partner"));
                return None;
            }
        };
        Some(Token { name, secret: secret?, role })
    }
}

/// Where a secret is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    env: Option<String>,
    file: Option<String>,
}
