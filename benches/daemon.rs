//! The real program on a store of two years of fresh data: from its start to `/readyz` answering 200 (meant to stay under
//! 300 ms), and, printed at the end, its resident memory while idle (meant to stay under 100 MB), as Linux counts it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::Utc;
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Builder;

#[path = "support/busy.rs"]
mod busy;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/stored.rs"]
mod stored;
use daemon::Daemon;

fn benches(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder");
    // The daemon looks at the real clock, and asks AWS at once where the data is older than its schedule.
    drop(runtime.block_on(stored::stored(&folder.path().join("bench.duckdb"), Utc::now(), 2)));
    let config = daemon::config(folder.path(), "bench.duckdb");
    criterion.bench_function("start to ready on two years", |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| start(&config)).sum());
    });
    print_memory(&config);
}

fn start(config: &(PathBuf, SocketAddr)) -> Duration {
    let started = Instant::now();
    let daemon = Daemon::start(config);
    let taken = started.elapsed();
    drop(daemon);
    taken
}

/// The config is another than the store was written with, so the first page is put together from all facts: the most
/// that reading can cost.
fn print_memory(config: &(PathBuf, SocketAddr)) {
    let daemon = Daemon::start(config);
    print("ready", &daemon);
    for path in ["/", "/api/v1/position", "/metrics", "/api/v1/reports/funding-pack.html"] {
        let (status, _) = daemon.get(path).expect("an answer");
        assert_eq!(status, 200, "{path}");
        print(path, &daemon);
    }
    for _ in 0..100 {
        daemon.get("/").expect("an answer");
    }
    print("/, 100 times more", &daemon);
    for cycles in 1..=3 {
        let (status, _) = daemon.post("/api/v1/cycle").expect("an answer");
        assert_eq!(status, 200, "a cycle that gets no answer ends well all the same");
        print(&format!("cycle {cycles}, without AWS"), &daemon);
        daemon.get("/").expect("an answer");
        print("/", &daemon);
    }
    for format in ["pdf", "xlsx"] {
        let path = format!("/api/v1/reports/funding-pack.{format}");
        for times in 1..=3 {
            let (status, _) = daemon.get(&path).expect("an answer");
            assert_eq!(status, 200, "{path}");
            print(&format!("a funding pack as {format}, time {times}"), &daemon);
        }
    }
}

fn print(after: &str, daemon: &Daemon) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.id())).expect("a Linux kernel");
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a known field");
        let kib: f64 = line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().expect("a number");
        kib * 1024.0 / 1e6
    };
    let [resident, own, mapped, peak] = ["VmRSS", "RssAnon", "RssFile", "VmHWM"].map(value);
    println!("{after:35} {resident:6.1} MB resident (own {own:.1}, files {mapped:.1}), {peak:.1} MB at most so far");
}

criterion_group! {
    name = group;
    config = Criterion::default().sample_size(20);
    targets = benches
}
criterion_main!(group);
