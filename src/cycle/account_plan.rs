//! Asks once a day at most which plan the account is on. Nothing depends on the answer but what is said of the account's end.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use tracing::debug;

use crate::aws::{AwsClients, account_plan};

use super::engine::Engine;

impl Engine {
    /// Asks and keeps the answer, or that there was none; `check --online` says why.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn ask_account_plan(&self, clients: &AwsClients, now: DateTime<Utc>) -> Result<()> {
        let asked_at = self.store().plan_asked_at().await.context("reading when the account's plan was asked for")?;
        if asked_at.is_some_and(|at| at.date_naive() >= now.date_naive()) {
            return Ok(());
        }
        let plan = account_plan::ask(clients, now.date_naive()).await.unwrap_or_else(|error| {
            debug!(%error, "AWS does not say which plan the account is on");
            None
        });
        self.store().keep_account_plan(now, plan).await.context("keeping the account's plan")
    }
}
