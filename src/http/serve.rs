//! Serves until told to stop.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::{debug, info, warn};

use super::browser;
use super::failure::Failure;
use super::gate::{Entered, Full, Gate};
use super::patience::Impatient;
use super::router::{BODY_TIME, HEAD_LIMIT, router_within};
use super::state::State;

/// How long things may take that only a caller decides.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// For a request's head; also how long a connection may stand idle.
    head: Duration,
    /// For a request's body.
    body: Duration,
    /// For an answer to be taken: a report of 600 KB at 5 KB a second, as a phone at the edge of its network has it.
    answer: Duration,
    /// For open connections after the order to stop; an orchestrator kills after 10 seconds.
    end: Duration,
}

const PATIENCE: Patience = Patience {
    head: Duration::from_secs(15),
    body: BODY_TIME,
    answer: Duration::from_secs(120),
    end: Duration::from_secs(8),
};

/// Between two lines of the log on connections that were not let in.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// Serves on `listener` until `shutdown`; then answers what was asked already, for at most 8 seconds. A caller who sends
/// or reads slower than anybody has to is dropped, so that nobody can hold connections for nothing, and there are only as many
/// connections at a time as config says.
///
/// # Errors
/// If the listener fails.
pub async fn serve(listener: TcpListener, state: State, shutdown: CancellationToken) -> Result<()> {
    serve_within(listener, state, shutdown, PATIENCE).await
}

async fn serve_within(
    listener: TcpListener,
    state: State,
    shutdown: CancellationToken,
    patience: Patience,
) -> Result<()> {
    let address = listener.local_addr().context("reading the address that the daemon listens on")?;
    info!(%address, "serving");
    let router = router_within(state.clone(), patience.body);
    let gate = Arc::clone(&state.shared.gate);
    let (mut refusals, mut failures, mut sent_away) = (Refusals::default(), Refusals::default(), SentAway::default());
    let mut connections = JoinSet::new();
    let mut pulse = JoinSet::new();
    let config = state.engine().config().clone();
    pulse.spawn(async move { state.shared.pulse.beat(state.engine().store()).await });
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            // Those that ended are taken out as they do.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => match gate.enter(peer.ip(), config.is_proxy(peer.ip())) {
                    Ok(entered) => {
                        let served = connection((stream, peer, entered), router.clone(), shutdown.clone(), patience);
                        connections.spawn(served);
                    }
                    Err(full) => {
                        refusals.add(&full.why(&gate), peer.ip());
                        sent_away.tell(stream);
                    }
                },
                // A caller who left again, or no descriptors for the moment: the next one may be served.
                Err(error) => {
                    failures.add(&format!("the system says: {error}"), address.ip());
                    tokio::time::sleep(AFTER_REFUSAL).await;
                }
            },
        }
    }
    drop(listener);
    let ended = timeout(patience.end, async { while connections.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        warn!(seconds = patience.end.as_secs(), "connections are still open; they are dropped");
    }
    Ok(())
}

/// What a connection gets that is not let in.
const LATER: &str = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 15\r\nConnection: close\r\n\
    Content-Type: application/problem+json\r\nContent-Length: 160\r\n\r\n\
    {\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"detail\":\"there are too many connections\",\
    \"reason\":\"busy\",\"advice\":\"close some, or come later\"}";

/// The same for a browser.
static LATER_AS_PAGE: LazyLock<String> = LazyLock::new(|| {
    let full = Failure::new(StatusCode::SERVICE_UNAVAILABLE, "there are too many connections");
    let reader = browser::Reader { path: "/", is_outside: true, later: Some(15) };
    let html = browser::page(full.because("busy").advise("close some, or come later").problem(), &reader, None);
    format!(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 15\r\nConnection: close\r\nCache-Control: no-store\r\n\
         Content-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n{html}",
        html.len()
    )
});

/// What one gets that has sent this head.
fn later(head: &[u8]) -> &'static str {
    let head = String::from_utf8_lossy(head);
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let accepted = fields.filter(|(name, _)| name.eq_ignore_ascii_case("accept"));
    let accepted = accepted.filter_map(|(_, list)| Some((header::ACCEPT, HeaderValue::from_str(list.trim()).ok()?)));
    let accepted: HeaderMap = accepted.collect();
    if browser::reads_pages(&accepted) { &LATER_AS_PAGE } else { LATER }
}

impl Full {
    /// Why nobody else is let in, with the key of the config.
    fn why(self, gate: &Gate) -> String {
        let (key, most) = match self {
            Full::InAll => ("max_connections", gate.most),
            Full::OfOne => ("max_connections_per_address", gate.most_of_one),
        };
        format!("there are as many as {key} = {most} in [http] allows")
    }
}

/// Connections that were not let in, told in the log once a minute at most.
#[derive(Default)]
struct Refusals {
    since: u64,
    said: Option<Instant>,
}

impl Refusals {
    fn add(&mut self, why: &str, peer: IpAddr) {
        self.since += 1;
        if self.said.is_some_and(|said| said.elapsed() < SAID_EVERY) {
            return;
        }
        warn!(%peer, refused = self.since, "connections were not let in: {why}");
        *self = Refusals { since: 0, said: Some(Instant::now()) };
    }
}

/// Callers at a time who are told why they are sent away once they have asked; more are told at once, and may miss it.
const TOLD_AT_A_TIME: usize = 32;
/// How long one of them has to ask.
const TO_ASK: Duration = Duration::from_secs(1);

/// Callers who are told that there is no room. What is sent before a caller has asked, is taken by some for a broken connection, and
/// is lost where the connection is closed over what it sent.
#[derive(Default)]
struct SentAway(JoinSet<()>);

impl SentAway {
    fn tell(&mut self, mut stream: TcpStream) {
        while self.0.try_join_next().is_some() {}
        if self.0.len() >= TOLD_AT_A_TIME {
            // Who does not take the few bytes at once goes without them.
            let _ = stream.try_write(LATER.as_bytes());
            return;
        }
        self.0.spawn(async move {
            let (mut asked, mut some) = (Vec::new(), [0; 1024]);
            let ask = async {
                while !asked.windows(4).any(|end| end == b"\r\n\r\n") && asked.len() < HEAD_LIMIT {
                    match stream.read(&mut some).await {
                        Ok(0) | Err(_) => return,
                        Ok(read) => asked.extend_from_slice(&some[..read]),
                    }
                }
            };
            let _ = timeout(TO_ASK, ask).await;
            let told = async {
                stream.write_all(later(&asked).as_bytes()).await?;
                stream.shutdown().await
            };
            let _ = timeout(TO_ASK, told).await;
        });
    }
}

/// So that a system without descriptors is not asked for one without end.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// Serves one caller until it leaves, is too slow, or the daemon stops.
async fn connection(
    (stream, peer, _entered): (TcpStream, SocketAddr, Entered),
    router: Router,
    shutdown: CancellationToken,
    patience: Patience,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(HEAD_LIMIT);
    let mut serving =
        std::pin::pin!(server.serve_connection(TokioIo::new(Impatient::new(stream, patience.answer)), service));
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::net::TcpSocket;

    use super::*;
    use crate::clock::Clock;
    use crate::config::Config;
    use crate::cycle::{AwsAccess, Engine};
    use crate::store::Store;

    async fn daemon(patience: Patience) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<Result<()>>) {
        let text = "[store]\npath = \"unused\"\n[http]\nmax_connections = 8\n";
        let config = Config::parse(text, Path::new("glidepath.toml")).unwrap();
        let aws = AwsAccess::Endpoint("http://127.0.0.1:9".to_owned());
        let engine = Engine::new(Store::in_memory().unwrap(), config, aws).unwrap();
        let state = State::new(engine, Clock::set_to("2026-11-23T06:00:00Z".parse().unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve_within(listener, state, shutdown.clone(), patience));
        (address, shutdown, serving)
    }

    #[tokio::test]
    async fn a_connection_that_never_finishes_is_dropped() {
        let (address, shutdown, serving) = daemon(Patience { end: Duration::from_millis(100), ..PATIENCE }).await;
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

    /// All that is answered until the connection is closed.
    async fn answered(mut stream: TcpStream) -> String {
        let mut answer = Vec::new();
        let whole = stream.read_to_end(&mut answer);
        timeout(Duration::from_secs(20), whole).await.expect("the connection stays open").unwrap();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn beyond_as_many_as_there_may_be_a_connection_is_told_to_come_later() {
        let (address, shutdown, serving) = daemon(PATIENCE).await;
        let mut inside = Vec::new();
        for _ in 0..8 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            inside.push(stream);
        }
        for _ in 0..100 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
            let answer = answered(stream).await;
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 503") && head.contains("Retry-After: 15"), "{answer}");
            assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
            let problem: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(problem["status"], 503);
        }
        let mut browser = TcpStream::connect(address).await.unwrap();
        let asked = b"GET / HTTP/1.1\r\nHost: localhost\r\naccept: text/html,*/*;q=0.8\r\n\r\n";
        browser.write_all(asked).await.unwrap();
        let answer = answered(browser).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503") && head.contains("Content-Type: text/html"), "{answer}");
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
        assert!(
            body.contains("There are too many connections.") && body.contains("Try again in 15 seconds."),
            "{body}"
        );
        // Those inside are served on, and a place that is left is taken again.
        let mut first = inside.remove(0);
        first.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        assert!(answered(first).await.contains("200 OK"));
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        assert!(answered(next).await.contains("200 OK"));
        shutdown.cancel();
        serving.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_head_beyond_64_kib_is_refused_whatever_token_it_shows() {
        let (address, shutdown, serving) = daemon(PATIENCE).await;
        let asked = async |padding: usize| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let head = format!(
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Padding: {}\r\n\r\n",
                "x".repeat(padding)
            );
            // It may be cut off before it has sent all.
            let _ = stream.write_all(head.as_bytes()).await;
            let mut answer = Vec::new();
            let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("it stays open");
            String::from_utf8(answer).unwrap()
        };
        assert!(asked(60 * 1024).await.contains("200 OK"));
        for padding in [HEAD_LIMIT, 400 * 1024] {
            assert!(!asked(padding).await.contains("200 OK"));
        }
        shutdown.cancel();
        serving.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_is_not_waited_for() {
        let (address, shutdown, serving) = daemon(Patience { head: Duration::from_millis(50), ..PATIENCE }).await;
        for begun in ["", "GET /healthz HT", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
            let mut slow = TcpStream::connect(address).await.unwrap();
            slow.write_all(begun.as_bytes()).await.unwrap();
            let answer = answered(slow).await;
            assert!(!answer.contains("200 OK"), "{begun:?}: {answer}");
        }
        shutdown.cancel();
        serving.await.unwrap().unwrap();
    }

    /// Asks over and over, and never reads, until the connection is closed.
    async fn ask_without_reading(stream: &mut TcpStream) {
        let asked = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        while stream.write_all(asked).await.is_ok() {}
    }

    #[tokio::test]
    async fn a_caller_who_does_not_take_its_answers_is_dropped() {
        let (address, shutdown, serving) = daemon(Patience { answer: Duration::from_millis(50), ..PATIENCE }).await;
        let socket = TcpSocket::new_v4().unwrap();
        // So that the system does not take megabytes in the caller's stead.
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stuck = socket.connect(address).await.unwrap();
        timeout(Duration::from_secs(20), ask_without_reading(&mut stuck)).await.expect("the connection stays open");
        // Who reads gets the whole of it.
        let mut stream = TcpStream::connect(address).await.unwrap();
        let asked = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(asked).await.unwrap();
        let answer = answered(stream).await;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok(), "{answer}");
        shutdown.cancel();
        serving.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_told_so() {
        let (address, shutdown, serving) = daemon(Patience { body: Duration::from_millis(50), ..PATIENCE }).await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /api/v1/credits/statements HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: 100\r\n\r\n{{\"pool\""
        );
        slow.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        timeout(Duration::from_secs(20), slow.read_exact(&mut answer)).await.expect("no answer comes").unwrap();
        assert_eq!(answer, b"HTTP/1.1 408");
        shutdown.cancel();
        serving.await.unwrap().unwrap();
    }
}
