//! Reading the page and the position over loopback while cycles run, from three years of 40 services and 100 usage types
//! (meant to stay under 50 ms at p99), and the same at rest.
//!
//! The server is the daemon's own on two threads, the cycles ask the fake AWS, one after the other without a pause, and a
//! reader opens a connection for each request, as a script does. Readers, server, cycles and the fake share the machine.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::clock::Clock;
use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, Engine};
use glidepath::demo::{CreditRows, FakeAccount, FakeAws, FakeCredit};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::values::period::{DayRange, plus_days};
use glidepath::http::{State, serve};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

#[path = "support/busy.rs"]
mod busy;
#[path = "support/stored.rs"]
mod stored;
use busy::{ACCOUNT, SIZE, pull};
use stored::stored;

const YEARS: i64 = 3;
/// As the program has them.
const WORKERS: usize = 2;
const BLOCKING_THREADS: usize = 8;
const READERS: usize = 2;
/// Requests of each reader for each address.
const REQUESTS: usize = 500;
const ADDRESSES: [&str; 2] = ["/", "/api/v1/position"];
const CONFIG: &str = "[store]\npath = \"unused\"\n[aws]\npaid_requests_per_day = 1000000\ntax_rate = \"0.20\"\n";
/// Days that the fake bills: more than a cycle asks for.
const BILLED_DAYS: i64 = 75;

fn main() {
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(WORKERS).max_blocking_threads(BLOCKING_THREADS);
    let runtime = builder.enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clock: DateTime<Utc> = "2026-11-20T06:00:00Z".parse().expect("a time");
    let store = runtime.block_on(stored(&folder.path().join("bench.duckdb"), clock, YEARS)).store().clone();
    let fake = runtime.block_on(FakeAws::start(account(clock), clock)).expect("a loopback port");
    let config = Config::parse(CONFIG, Path::new("glidepath.toml")).expect("a config");
    let engine = Engine::new(store, config, AwsAccess::Endpoint(fake.endpoint())).expect("an engine");

    let mut later = clock;
    let mut cycle = || {
        later += TimeDelta::seconds(1);
        fake.set_now(later);
        let report = runtime.block_on(engine.cycle(later)).expect("a cycle").expect("no other cycle runs");
        assert_eq!((report.costs, report.credits), (Outcome::Ok, Outcome::Ok));
    };
    // The first one takes in what the fake bills otherwise than the store has it.
    cycle();

    let shutdown = CancellationToken::new();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("its number");
    let server = runtime.spawn(serve(listener, State::new(engine.clone(), Clock::set_to(clock)), shutdown.clone()));
    ask(address, ADDRESSES[0]);

    print("at rest", &read(address, || {}));
    let mut cycles = 0;
    let taken = Instant::now();
    let times = read(address, || {
        cycle();
        cycles += 1;
    });
    print(
        &format!("while {cycles} cycles ran, {:.2} s each", taken.elapsed().as_secs_f64() / f64::from(cycles)),
        &times,
    );

    shutdown.cancel();
    runtime.block_on(server).expect("the server ends").expect("without an error");
    runtime.block_on(fake.stop()).expect("it stops");
}

/// What the newest days of the store are made of, and five credits.
fn account(clock: DateTime<Utc>) -> FakeAccount {
    let today = clock.date_naive();
    let billed = pull(DayRange::new(plus_days(today, -BILLED_DAYS), plus_days(today, 1)), SIZE, today);
    let mut account = FakeAccount::new(ACCOUNT).credit_rows(CreditRows::None);
    for usage in &billed.usage {
        let (day, quantity, cost) = (usage.day.to_string(), usage.quantity.amount(), usage.cost.amount());
        let (quantity, cost) = (quantity.to_string(), cost.to_string());
        account = account.usage(&day, &usage.service, &usage.usage_type, &usage.unit, &quantity, &cost);
    }
    for charge in billed.charges.iter().filter(|charge| charge.record_type == "Credit") {
        let (day, cost) = (charge.day.to_string(), charge.billed_cost.amount().to_string());
        account = account.charge(&day, &charge.service, &charge.record_type, &cost);
    }
    for number in 0..5 {
        let (starts, expires) = (plus_days(today, -700), plus_days(today, 60 + 30 * number));
        let named = ["Amazon Bedrock", "Amazon Made-up Service 1", "Amazon Made-up Service 2"];
        let (id, starts, expires) = (number.to_string(), starts.to_string(), expires.to_string());
        account = account.credit(FakeCredit::new(&id, "400000", &starts, &expires, &named));
    }
    account
}

/// Reads with every reader, and does `meanwhile` again and again until they are through; gives the times by address.
fn read(address: SocketAddr, mut meanwhile: impl FnMut()) -> Vec<Vec<Duration>> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers = scope.spawn(|| {
            let times = std::thread::scope(|scope| {
                let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(|| times(address))).collect();
                let times = readers.into_iter().map(|reader| reader.join().expect("a reader that ends"));
                times.reduce(|a, b| a.into_iter().zip(b).map(|(a, b)| [a, b].concat()).collect())
            });
            done.store(true, Ordering::Relaxed);
            times.expect("there are readers")
        });
        while !done.load(Ordering::Relaxed) {
            meanwhile();
            std::thread::yield_now();
        }
        readers.join().expect("the readers end")
    })
}

fn times(address: SocketAddr) -> Vec<Vec<Duration>> {
    let mut times = vec![Vec::with_capacity(REQUESTS); ADDRESSES.len()];
    for _ in 0..REQUESTS {
        for (path, times) in ADDRESSES.iter().zip(&mut times) {
            let started = Instant::now();
            ask(address, path);
            times.push(started.elapsed());
        }
    }
    times
}

fn ask(address: SocketAddr, path: &str) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("the server reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the server answers");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..answer.len().min(200)]));
}

fn print(when: &str, times: &[Vec<Duration>]) {
    for (path, times) in ADDRESSES.iter().zip(times) {
        let mut sorted = times.clone();
        sorted.sort_unstable();
        let at = |permille: usize| sorted[(sorted.len() - 1) * permille / 1000].as_secs_f64() * 1e3;
        let (requests, p50, p99, most) = (sorted.len(), at(500), at(990), at(1000));
        println!("GET {path:17} {requests} times {when}: p50 {p50:.1} ms, p99 {p99:.1} ms, at most {most:.1} ms");
    }
}
