//! Config files to validated domain values; every problem reported at once.
//!
//! Invariants: an unknown key is a problem, never ignored; a secret is read from a file or variable that config names
//! and is nowhere else; a [`Config`] that exists is usable.

mod alerts;
mod channels;
mod http;
mod pools;
mod problem;
mod read;
mod schedule;
mod secret;
mod section;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rust_decimal::Decimal;

use crate::aws::AwsSettings;
use crate::domain::alert::{AlertRules, Hears};
use crate::domain::pools::ConfiguredPool;
use crate::domain::price::PriceBook;
use crate::domain::secret::Secret;
use crate::notify::Channel;

pub use alerts::read_rules;
pub use problem::{ConfigError, Problem};
pub use schedule::{CronLine, CronProblem};

/// Everything that config decides.
#[derive(Debug, Clone)]
pub struct Config {
    /// The store's file.
    pub store_path: PathBuf,
    /// Folder that backups go to.
    pub backup_folder: PathBuf,
    /// How to ask AWS.
    pub aws: AwsSettings,
    /// Cost Explorer requests that may leave in one UTC day.
    pub paid_requests_per_day: u64,
    /// Tax on what credit does not pay, for example 0.19.
    pub tax_rate: Option<Decimal>,
    /// Billing slug or model id to the name wanted.
    pub model_aliases: BTreeMap<String, String>,
    /// When cycles run.
    pub cycle_schedule: CronLine,
    /// When digests are made; `None` = never.
    pub digest_schedule: Option<CronLine>,
    /// When backups are made; `None` = never by itself.
    pub backup_schedule: Option<CronLine>,
    /// Backups kept; older ones of ours are removed.
    pub backups_kept: usize,
    /// Pools that config names.
    pub pools: Vec<ConfiguredPool>,
    /// The filing that is frozen when nothing is filed yet.
    pub projection_file: Option<PathBuf>,
    /// The price book, with the prices of `[projection] prices` over it.
    pub prices: PriceBook,
    /// When alert rules speak.
    pub rules: AlertRules,
    /// Where the dashboard is, for links in messages.
    pub dashboard_url: Option<String>,
    /// Where messages go, by name.
    pub channels: BTreeMap<String, Channel>,
    /// What each of them wants to hear; everything, where nothing is said.
    pub hears: BTreeMap<String, Hears>,
    /// Address that the daemon listens on.
    pub listen: SocketAddr,
    /// Who may read what.
    pub tokens: Vec<Token>,
    /// SHA-256 of the config text and of the prices it names, which alerts name as the rules that decided.
    pub digest: String,
}

/// An API token.
#[derive(Debug, Clone)]
pub struct Token {
    /// Name for the log.
    pub name: String,
    /// The token itself.
    pub secret: Secret,
    /// What it opens.
    pub role: Role,
}

/// What a token opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Owner,
    /// The reports of these records, and nothing else.
    Partner {
        /// Record ids of the filing.
        records: Vec<String>,
    },
}

impl Config {
    /// The channels, and what each wants to hear.
    pub fn listeners(&self) -> impl Iterator<Item = (&str, &Hears)> {
        self.channels.keys().map(|name| (name.as_str(), self.hears.get(name).unwrap_or(Hears::all())))
    }

    /// Reads and checks a config file. Relative paths in it are relative to the file.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
            path: path.to_owned(),
            problems: vec![Problem::new("", format!("the file cannot be read: {error}"))],
        })?;
        Config::parse(&text, path)
    }

    /// Checks the text of a config file; `path` is where it came from.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found.
    pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        read::read(text, path.parent().unwrap_or_else(|| Path::new("")))
            .map_err(|problems| ConfigError { path: path.to_owned(), problems })
    }
}
