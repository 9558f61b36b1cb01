//! The founder's page, and a cycle, while 300 requests of a partner for a PDF come and go, each given up after three seconds: the page
//! is meant to stay under 250 ms at p99, and a cycle within twice its time at rest. It prints both beside each other.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

#[path = "support/busy.rs"]
mod busy;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/stored.rs"]
mod stored;
use daemon::Daemon;

const FOUNDER: &str = "a founder's token of many bytes";
const PARTNER: &str = "a partner's token of many bytes";
/// Callers at a time.
const CALLERS: usize = 300;
/// What a caller waits for its PDF, and how often it asks for one.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pages that are asked for, at rest and in the flood.
const PAGES: usize = 300;
/// Between two of them, as a page is looked at and not hammered at.
const PAUSE: Duration = Duration::from_millis(50);
/// Cycles that are run, at rest and in the flood.
const CYCLES: usize = 5;

fn main() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder");
    drop(runtime.block_on(stored::stored(&folder.path().join("bench.duckdb"), Utc::now(), 2)));
    let (path, address) = daemon::config(folder.path(), "bench.duckdb");
    let hash = |token: &str| hex::encode(Sha256::digest(token));
    let tokens = format!(
        "max_connections = 1000\n[[http.tokens]]\nname = \"founder\"\nrole = \"founder\"\ntoken_sha256 = \"{}\"\n\
         [[http.tokens]]\nname = \"partner\"\nrole = \"partner\"\nrecords = [\"outside\"]\ntoken_sha256 = \"{}\"\n",
        hash(FOUNDER),
        hash(PARTNER)
    );
    let mut config = OpenOptions::new().append(true).open(&path).expect("the config");
    config.write_all(tokens.as_bytes()).expect("the config can be written");
    let mut daemon = Daemon::start(&(path, address));
    daemon.token = Some(FOUNDER);
    let rest = Measured::of(&daemon);
    let (over, flood) = (Arc::new(AtomicBool::new(false)), Arc::new(Flood::default()));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (over, flood) = (Arc::clone(&over), Arc::clone(&flood));
        let calls = async move {
            let mut turns = interval(PATIENCE);
            while !over.load(Ordering::Relaxed) {
                turns.tick().await;
                flood.call(address).await;
            }
        };
        callers.spawn_on(calls, runtime.handle());
    }
    std::thread::park_timeout(PATIENCE);
    let flooded = Measured::of(&daemon);
    over.store(true, Ordering::Relaxed);
    runtime.block_on(callers.join_all());
    let [made, sent_away, given_up] =
        [&flood.made, &flood.sent_away, &flood.given_up].map(|count| count.load(Ordering::Relaxed));
    println!(
        "in the flood {made} PDFs were handed out, {sent_away} requests sent away, {given_up} given up by their callers"
    );
    println!("page at rest:        p50 {:?}, p99 {:?}; {} threads at most", rest.page(50), rest.page(99), rest.threads);
    let [p50, p99] = [50, 99].map(|percent| flooded.page(percent));
    println!("page in the flood:   p50 {p50:?}, p99 {p99:?} (meant: 250 ms); {} threads at most", flooded.threads);
    let ratio = flooded.cycle.as_secs_f64() / rest.cycle.as_secs_f64();
    println!("cycle: {:?} at rest, {:?} in the flood: {ratio:.2} times (meant: 2)", rest.cycle, flooded.cycle);
}

/// How long things took.
struct Measured {
    pages: Vec<Duration>,
    /// The middle one.
    cycle: Duration,
    /// Threads of the daemon, at most.
    threads: usize,
}

impl Measured {
    fn of(daemon: &Daemon) -> Measured {
        let (mut pages, mut threads) = (Vec::new(), 0);
        for _ in 0..PAGES {
            let began = Instant::now();
            assert_eq!(daemon.get("/").map(|(status, _)| status), Some(200), "the founder's page");
            pages.push(began.elapsed());
            let tasks = std::fs::read_dir(format!("/proc/{}/task", daemon.id())).expect("a Linux kernel");
            threads = threads.max(tasks.count());
            std::thread::park_timeout(PAUSE);
        }
        pages.sort();
        let cycle = || {
            let began = Instant::now();
            assert_eq!(daemon.post("/api/v1/cycle").map(|(status, _)| status), Some(200), "a cycle");
            began.elapsed()
        };
        let mut cycles: Vec<Duration> = (0..CYCLES).map(|_| cycle()).collect();
        cycles.sort();
        Measured { pages, cycle: cycles[CYCLES / 2], threads }
    }

    fn page(&self, percent: usize) -> Duration {
        self.pages[(self.pages.len() * percent / 100).min(self.pages.len() - 1)]
    }
}

/// What became of the partner's requests.
#[derive(Default)]
struct Flood {
    made: AtomicUsize,
    sent_away: AtomicUsize,
    given_up: AtomicUsize,
}

impl Flood {
    async fn call(&self, address: SocketAddr) {
        let answer = timeout(PATIENCE, ask(address)).await;
        let count = match answer {
            Ok(Some(200)) => &self.made,
            Ok(_) => &self.sent_away,
            Err(_) => &self.given_up,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// The status of a partner's report; `None` if there is no answer.
async fn ask(address: SocketAddr) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let head = format!(
        "GET /api/v1/reports/funding-pack.pdf HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {PARTNER}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}
