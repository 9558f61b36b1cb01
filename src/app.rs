//! Runs the daemon: the one place where the parts are wired to a listener, a schedule and a shutdown.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::cycle::Engine;
use crate::http;
use crate::schedule::{self, Occasion};
use crate::store::{Store, StoreError};

/// Time to write the store at the end. With the 8 seconds that open connections get it stays below the 10 after which
/// an orchestrator kills; a damaged store, which is rare, takes one more.
const CHECKPOINT_TIME: Duration = Duration::from_secs(1);
/// Time to write what the audit counted in the last minute.
const COUNTS_TIME: Duration = Duration::from_millis(500);
/// Time to heal a store that is known to be damaged at the end.
const HEAL_TIME: Duration = Duration::from_secs(1);
/// Between two looks at whether the store is still written to.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// Serves until `shutdown` is cancelled: pages and API on `listener`, cycles and backups on schedule, missed ones at once. A
/// cycle that is running then is dropped between two transactions; the next start does it again.
///
/// # Errors
/// If the scheduler or the server cannot start, or the store cannot be written at the end.
pub async fn run(engine: Engine, clock: Clock, listener: TcpListener, shutdown: CancellationToken) -> Result<()> {
    Served::start(engine, clock, listener, shutdown)?.keep().await
}

/// Pages and API of an engine whose cycles somebody else runs, until [`Served::keep`] puts them on schedule.
pub struct Served {
    engine: Engine,
    clock: Clock,
    shutdown: CancellationToken,
    state: http::State,
    server: JoinHandle<Result<()>>,
}

impl Served {
    /// Serves on `listener` from now on, until `shutdown` is cancelled.
    ///
    /// # Errors
    /// If the listener has no address.
    pub fn start(engine: Engine, clock: Clock, listener: TcpListener, shutdown: CancellationToken) -> Result<Served> {
        let address = listener.local_addr().context("reading the address listened on")?;
        info!(%address, store = %engine.store().path().display(), version = env!("CARGO_PKG_VERSION"), "serving");
        let state = http::State::with_log(engine.clone(), clock.clone(), crate::cli::dropped_lines);
        let server = tokio::spawn(http::serve(listener, state.clone(), shutdown.clone()));
        Ok(Served { engine, clock, shutdown, state, server })
    }

    /// Runs cycles and backups on schedule, missed ones at once, until the shutdown; then writes the store.
    ///
    /// # Errors
    /// If the scheduler or the server cannot start, or the store cannot be written at the end.
    pub async fn keep(self) -> Result<()> {
        let Served { engine, clock, shutdown, state, server } = self;
        let first = tokio::spawn({
            let (engine, clock) = (engine.clone(), clock.clone());
            async move {
                let now = clock.now();
                // A disk that does not answer holds up no cycle.
                tokio::join!(
                    schedule::catch_up(&engine, now, Occasion::Start),
                    schedule::catch_up_backup(&engine, now)
                );
                engine.verify_and_heal(clock.now()).await;
            }
        });
        let kept = schedule::keep(&engine, &clock, &shutdown).await;
        info!("stopping");
        first.abort();
        kept?;
        server.await.context("waiting for the server")??;
        if tokio::time::timeout(COUNTS_TIME, state.write_counts()).await.is_err() {
            warn!("the store is busy; what the audit counted in the last minute is lost");
        }
        // What this process still holds of a damaged store, the next one does not.
        if engine.store().damage().is_some()
            && tokio::time::timeout(HEAL_TIME, engine.heal_if_damaged(clock.now())).await.is_err()
        {
            warn!("healing the store takes too long; the next start does it");
        }
        write_to_disk(engine.store()).await?;
        info!("stopped");
        Ok(())
    }
}

/// Moves the write-ahead log into the file. Nobody waits for an answer any more, so a statement that still runs is cut
/// short; what cannot be written in time stays in the log, which the next start reads.
async fn write_to_disk(store: &Store) -> Result<()> {
    store.interrupt();
    match tokio::time::timeout(CHECKPOINT_TIME, checkpoint_once_quiet(store)).await {
        Ok(written) => written.context("writing the store to disk"),
        Err(_) => {
            warn!("the store is busy; the next start reads its log");
            Ok(())
        }
    }
}

/// A cycle that was dropped may still be at its last statement; it ends within moments.
async fn checkpoint_once_quiet(store: &Store) -> Result<()> {
    loop {
        let writer = store.clone();
        match tokio::task::spawn_blocking(move || writer.checkpoint()).await.context("waiting for the store")? {
            Err(StoreError::Busy) => tokio::time::sleep(BUSY_PAUSE).await,
            written => return Ok(written?),
        }
    }
}

/// Cancelled by SIGTERM or Ctrl-C. SIGHUP, which a terminal sends as it closes, ends nothing.
///
/// # Errors
/// If the signals cannot be listened to.
pub fn shutdown_on_signals() -> Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let mut hangup = signal(SignalKind::hangup()).context("listening for SIGHUP")?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => info!("SIGHUP changes nothing; restart the daemon to read its config anew"),
            }
        }
        cancelled.cancel();
    });
    Ok(token)
}
