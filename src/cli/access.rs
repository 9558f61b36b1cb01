//! How a command reaches the data: the store itself, or the daemon that holds it.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::DeserializeOwned;

use crate::config::{Config, Role};
use crate::cycle::{AwsAccess, Engine};
use crate::domain::secret::Secret;
use crate::http::client;
use crate::store::{Store, StoreError};

/// Where the data is.
pub enum Access {
    /// No daemon runs: the store is open here.
    Store(Engine),
    /// A daemon holds the store, and is asked over HTTP.
    Daemon(Daemon),
}

/// A running daemon.
pub struct Daemon {
    listen: SocketAddr,
    token: Option<Secret>,
}

impl Daemon {
    /// The body of its answer to a GET.
    ///
    /// # Errors
    /// If none answers, or it refuses.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>> {
        Ok(client::ask(self.listen, self.token.as_ref(), path).await?)
    }

    /// JSON from it, read into a value.
    ///
    /// # Errors
    /// If none answers, it refuses, or the answer has another shape.
    pub async fn fetch<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let body = self.get(path).await?;
        serde_json::from_slice(&body).with_context(|| format!("reading the daemon's answer to {path}"))
    }

    /// Has it store `entry`, and reads its answer into a value.
    ///
    /// # Errors
    /// If none answers, it refuses, or the answer has another shape.
    pub async fn enter<T: DeserializeOwned>(&self, path: &str, entry: client::Entry) -> Result<T> {
        let body = client::enter(self.listen, self.token.as_ref(), path, entry).await?;
        serde_json::from_slice(&body).with_context(|| format!("reading the daemon's answer to {path}"))
    }

    /// Gives it an order, waits until it is carried out, and reads what it did into a value.
    ///
    /// # Errors
    /// If none answers, it refuses, or the answer has another shape.
    pub async fn order<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let body = client::order(self.listen, self.token.as_ref(), path).await?;
        serde_json::from_slice(&body).with_context(|| format!("reading the daemon's answer to {path}"))
    }

    /// Gives it an order with particulars, waits until it is carried out, and reads what it answers into a value.
    ///
    /// # Errors
    /// If none answers, it refuses, or the answer has another shape.
    pub async fn order_with<T: DeserializeOwned>(&self, path: &str, entry: client::Entry) -> Result<T> {
        let body = client::order_with(self.listen, self.token.as_ref(), path, entry).await?;
        serde_json::from_slice(&body).with_context(|| format!("reading the daemon's answer to {path}"))
    }
}

impl Access {
    /// Opens the store, or finds the daemon that has it open.
    ///
    /// # Errors
    /// If the store cannot be opened for another reason than a running daemon.
    pub fn open(config: Config) -> Result<Access> {
        match Store::open(&config.store_path) {
            Ok(store) => Ok(Access::Store(Engine::new(store, config, AwsAccess::Environment)?)),
            Err(StoreError::InUse { .. }) => {
                let owner = config.tokens.iter().find(|token| token.role == Role::Owner);
                let token = owner.map(|token| token.secret.clone());
                Ok(Access::Daemon(Daemon { listen: config.listen, token }))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// `?as_of=...` for a path, or nothing.
pub fn as_of_query(as_of: Option<DateTime<Utc>>) -> String {
    as_of.map(|at| format!("?as_of={}", at.to_rfc3339_opts(SecondsFormat::AutoSi, true))).unwrap_or_default()
}

/// A clock on the command line: RFC 3339, or a day for its midnight UTC.
pub fn parse_clock(text: &str) -> std::result::Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<chrono::NaiveDate>() {
        return Ok(day.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| format!("{text:?} is not a time such as 2026-11-20T06:30:00Z"))
}
