//! Tries everything that a cycle needs: credentials, each permission, whose the store is, and each channel.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::aws::AwsClients;
use crate::aws::probe::{self, PermissionCheck};
use crate::domain::values::money::Money;
use crate::domain::wording::trouble::Trouble;
use crate::store::StoreError;

use super::engine::Engine;
use super::outbox::TestedChannel;

/// What was answered when each thing was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckReport {
    /// Each permission, in the order tried.
    pub permissions: Vec<TriedPermission>,
    /// What AWS charges for having been asked.
    pub usd_spent: Money,
    /// Why the store would not take what these credentials bring, where whose they are is known.
    pub refused_by_store: Option<String>,
    /// How a test message went through each channel; null where none was sent.
    pub channels: Option<Vec<TestedChannel>>,
}

/// One permission, tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TriedPermission {
    /// What was called.
    pub operation: String,
    /// The account asked about, where the call names one.
    pub account: Option<String>,
    /// True if AWS answered.
    pub allowed: bool,
    /// True if nothing else changes where AWS does not.
    #[serde(default)]
    pub optional: bool,
    /// What it answered, or why it did not.
    pub answer: String,
    /// What the user can do, where it did not.
    pub advice: Option<String>,
}

impl CheckReport {
    /// What is wrong, in a few words, and what that is about; `None` if everything works.
    pub fn problem(&self) -> Option<(&'static str, Trouble)> {
        if self.refused_by_store.is_some() {
            return Some(("a cycle would be refused", Trouble::StoreOfAnotherAccount));
        }
        if self.permissions.iter().any(|tried| !tried.allowed && !tried.optional) {
            return Some(("not everything is allowed", Trouble::AwsRefuses));
        }
        let lost = self.channels.iter().flatten().any(|channel| !channel.arrived);
        lost.then_some(("not every test message arrived", Trouble::MessageNotDelivered))
    }
}

impl From<PermissionCheck> for TriedPermission {
    fn from(check: PermissionCheck) -> TriedPermission {
        let (allowed, answer, advice) = match check.result {
            Ok(answer) => (true, answer, None),
            Err(error) => (false, error.without_operation(), Some(error.advice())),
        };
        let (operation, optional) = (check.operation.to_string(), check.operation.is_optional());
        TriedPermission { operation, account: check.account, allowed, optional, answer, advice }
    }
}

impl Engine {
    /// Tries each permission, for 0.01 USD if Cost Explorer answers, and, `with_channels`, sends a test message through
    /// each channel. Nothing of it is stored but the count of paid requests.
    ///
    /// # Errors
    /// If the `[aws]` settings cannot work, or the store fails. What AWS or a receiver refuses is in the report.
    pub async fn check_online(&self, now: DateTime<Utc>, with_channels: bool) -> Result<CheckReport> {
        let clients = self.clients(now).await.context("preparing to ask AWS")?;
        let probe = probe::probe(&clients, now.date_naive()).await;
        let refused_by_store = self.other_account(&clients).await?.map(|error| error.to_string());
        let channels = if with_channels { self.test_channels(None, now).await } else { None };
        let permissions = probe.checks.into_iter().map(TriedPermission::from).collect();
        Ok(CheckReport { permissions, usd_spent: probe.usd_spent, refused_by_store, channels })
    }

    /// Why the store would not take what these credentials bring, if whose they are is known.
    async fn other_account(&self, clients: &AwsClients) -> Result<Option<StoreError>> {
        let Ok(accounts) = clients.account_ids().await else { return Ok(None) };
        match self.store().check_account(accounts.join(",")).await {
            Ok(()) => Ok(None),
            Err(other @ StoreError::OtherAccount { .. }) => Ok(Some(other)),
            Err(error) => Err(error.into()),
        }
    }
}
