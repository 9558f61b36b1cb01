//! Serves until told to stop.

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{State, router};

/// Time that open connections get after the order to stop; an orchestrator kills after 10 seconds.
const GRACE: Duration = Duration::from_secs(8);

/// Serves on `listener` until `shutdown`; then answers what was asked already, for at most 8 seconds.
///
/// # Errors
/// If the listener fails.
pub async fn serve(listener: TcpListener, state: State, shutdown: CancellationToken) -> Result<()> {
    serve_until(listener, state, shutdown, GRACE).await
}

async fn serve_until(listener: TcpListener, state: State, shutdown: CancellationToken, grace: Duration) -> Result<()> {
    let address = listener.local_addr().context("reading the address that the daemon listens on")?;
    info!(%address, "serving");
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let mut serving = pin!(serving.into_future());
    let failed = || format!("serving on {address}");
    tokio::select! {
        ended = &mut serving => return ended.with_context(failed),
        () = shutdown.cancelled() => {}
    }
    match timeout(grace, serving).await {
        Ok(ended) => ended.with_context(failed),
        Err(_) => {
            warn!(seconds = grace.as_secs(), "connections are still open; they are dropped");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;
    use crate::clock::Clock;
    use crate::config::Config;
    use crate::cycle::{AwsAccess, Engine};
    use crate::store::Store;

    #[tokio::test]
    async fn a_connection_that_never_finishes_is_dropped() {
        let config = Config::parse("[store]\npath = \"unused\"\n", Path::new("glidepath.toml")).unwrap();
        let aws = AwsAccess::Endpoint("http://127.0.0.1:9".to_owned());
        let engine = Engine::new(Store::in_memory().unwrap(), config, aws).unwrap();
        let state = State::new(engine, Clock::set_to("2026-11-23T06:00:00Z".parse().unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve_until(listener, state, shutdown.clone(), Duration::from_millis(100)));

        let mut stuck = TcpStream::connect(address).await.unwrap();
        stuck.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        stuck.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        // Half a request: the server would have to wait for the other half.
        stuck.write_all(b"GET /healthz HTTP/1.1\r\nHost: ").await.unwrap();
        shutdown.cancel();
        serving.await.unwrap().unwrap();
        drop(stuck);
        assert!(TcpStream::connect(address).await.is_err(), "it still listens");
    }
}
