//! The shape of the file, section by section. `unknown` collects what no section knows, so that all of it is named.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Value;

use crate::domain::credit::Programme;

/// Keys that a section does not have.
pub type Unknown = BTreeMap<String, Value>;

/// `[store]`
#[derive(Debug, Default, Deserialize)]
pub struct Store {
    pub path: Option<String>,
    pub backup_folder: Option<String>,
    pub backups_kept: Option<usize>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `[aws]`
#[derive(Debug, Default, Deserialize)]
pub struct Aws {
    #[serde(default)]
    pub accounts: Vec<String>,
    pub region: Option<String>,
    pub currency: Option<String>,
    pub paid_requests_per_day: Option<u64>,
    pub max_pages: Option<u32>,
    pub tax_rate: Option<String>,
    #[serde(default)]
    pub model_aliases: BTreeMap<String, String>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `[schedule]`
#[derive(Debug, Default, Deserialize)]
pub struct Schedule {
    pub cycle: Option<String>,
    pub backup: Option<String>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `[[pool]]`
#[derive(Debug, Default, Deserialize)]
pub struct Pool {
    pub id: Option<String>,
    pub name: Option<String>,
    pub programme: Option<Programme>,
    pub granted: Option<String>,
    pub starts_on: Option<Day>,
    pub expires_on: Option<Day>,
    pub services: Option<Vec<String>>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// A day, as a TOML date or as text.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Day {
    Date(toml::value::Datetime),
    Text(String),
}

impl Day {
    /// The day meant.
    pub fn parse(&self) -> Result<NaiveDate, String> {
        let text = match self {
            Day::Date(date) => date.to_string(),
            Day::Text(text) => text.clone(),
        };
        text.parse().map_err(|_| format!("{text:?} is not a day, which is written like 2026-02-01"))
    }
}

/// `[projection]`
#[derive(Debug, Default, Deserialize)]
pub struct Projection {
    #[serde(default)]
    pub files: Vec<String>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `[[channel]]`
#[derive(Debug, Default, Deserialize)]
pub struct Channel {
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub url: Option<Value>,
    pub secret: Option<Value>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `[http]`
#[derive(Debug, Default, Deserialize)]
pub struct Http {
    pub listen: Option<String>,
    pub dashboard_url: Option<String>,
    #[serde(default)]
    pub tokens: Vec<Token>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// `[[http.tokens]]`
#[derive(Debug, Default, Deserialize)]
pub struct Token {
    pub name: Option<String>,
    pub token: Option<Value>,
    pub role: Option<String>,
    #[serde(default)]
    pub records: Vec<String>,
    #[serde(flatten)]
    pub unknown: Unknown,
}
