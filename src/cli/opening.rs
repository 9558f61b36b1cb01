//! How commands and the daemon open the store of a config: with patience for who holds it, and put together again where it is
//! damaged or gone.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{AwsAccess, Engine, Unopened, tell_unopened};
use crate::store::{BackupFolders, Claim, Examiner, Opening, Store, StoreError};

/// How long a command waits for who holds the store.
pub const COMMAND_PATIENCE: Duration = Duration::from_secs(10);
/// How long a daemon does: longer than the one before it takes to end.
pub const DAEMON_PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at the lock.
pub const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The file of this very program, also when another version has taken its place since.
pub fn this_program() -> Option<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Some(running) } else { std::env::current_exe().ok() }
}

/// How to open the store of `config`.
pub fn opening(config: &Config) -> Opening {
    Opening {
        path: config.store_path.clone(),
        memory_mb: config.store_memory_mb,
        examiner: Examiner { program: this_program() },
        backups: BackupFolders { first: config.backup_folder.clone(), second: config.backup_to.clone(), copy: None },
        claim: Claim::None,
        now,
    }
}

fn now() -> DateTime<Utc> {
    Clock::System.now()
}

/// Opens the store for who runs cycles, who may also begin one: empty where that is asked for with `new`, else from backups whose
/// account is that of the credentials.
///
/// # Errors
/// Those of [`Store::open_or_heal`]. That its disk takes no writes, or that it could not be healed, is told to the channels.
pub async fn open_for_cycles(config: &Config, new: bool, patience: Duration) -> Result<Store> {
    let mut opening = opening(config);
    if new {
        opening.claim = Claim::New;
    }
    let opened = match patiently(&opening, patience).await {
        Err(StoreError::Unclaimed(unclaimed)) => {
            let Some((of, Some(account))) = unclaimed.sole.clone() else {
                return Err(StoreError::Unclaimed(unclaimed).into());
            };
            match own_account(config).await {
                Ok(own) if own == account => {
                    info!(account, "the backups that are there are of the account of these credentials");
                    opening.claim = Claim::Backups { of };
                    patiently(&opening, patience).await
                }
                Ok(own) => {
                    warn!("the backups that are there are of account {account}, and these credentials stand for {own}");
                    Err(StoreError::Unclaimed(unclaimed))
                }
                Err(error) => {
                    warn!(
                        "whose credentials these are could not be asked, so no backup is taken for this account's: {error:#}"
                    );
                    Err(StoreError::Unclaimed(unclaimed))
                }
            }
        }
        opened => opened,
    };
    if let Some(unopened) = opened.as_ref().err().and_then(Unopened::of)
        && let Err(error) = tell_unopened(config, &unopened, now()).await
    {
        warn!("nobody could be told of the store: {error:#}");
    }
    Ok(opened?)
}

/// Opens the store once nobody else holds it any more, or as long as `patience` lasts.
async fn patiently(opening: &Opening, patience: Duration) -> Result<Store, StoreError> {
    let began = Instant::now();
    let mut said = false;
    loop {
        match Store::open_or_heal(opening.clone()) {
            Err(error @ StoreError::InUse { .. }) if began.elapsed() < patience => {
                if !said {
                    warn!("waiting up to {} seconds: {error}", patience.as_secs());
                    said = true;
                }
                sleep(LOOK_AGAIN).await;
            }
            opened => return opened,
        }
    }
}

/// The accounts that the credentials stand for, as a store keeps them. Nothing is stored.
async fn own_account(config: &Config) -> Result<String> {
    let engine = Engine::new(Store::in_memory()?, config.clone(), AwsAccess::Environment)?;
    let clients = engine.clients(now()).await.context("preparing to ask STS")?;
    clients.check_own_account().await?;
    Ok(clients.account_ids().await.context("asking STS whose credentials these are")?.join(","))
}
