//! `glidepath serve`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;

use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{AwsAccess, Engine};
use crate::store::Store;

/// The file of this very program, also when another version has taken its place since.
fn this_program() -> Option<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Some(running) } else { std::env::current_exe().ok() }
}

/// Runs the daemon until SIGTERM or Ctrl-C.
pub async fn run(config: Config) -> Result<()> {
    let shutdown = app::shutdown_on_signals()?;
    let store = Store::open_within(&config.store_path, config.store_memory_mb)?;
    let listen = config.listen;
    let engine = Engine::new(store, config, AwsAccess::Environment)?.setting_reports_apart(this_program());
    engine.check_projection_files().await?;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("listening on {listen}; another program may use the port"))?;
    app::run(engine, Clock::System, listener, shutdown).await
}
