//! What a large account takes of a small machine: a daemon with its first pull, a report as PDF and cycles, measured as Linux
//! shares out memory (Pss), over the daemon and all that it starts.

use std::fs;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{Days, Utc};
use glidepath::demo::{FakeAccount, FakeAws, FakeCredit};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{config, glidepath, text};
use crate::support::port;

/// Between two looks at the memory.
const LOOK: Duration = Duration::from_millis(50);

/// An account with so much on its bill each day for 13 months.
fn account(services: usize, usage_types: usize) -> FakeAccount {
    let today = Utc::now().date_naive();
    let names: Vec<String> = (0..services)
        .map(|number| match number {
            0 => "Amazon Bedrock".to_owned(),
            number => format!("Amazon Fictional Service {number}"),
        })
        .collect();
    let listed: Vec<&str> = names.iter().map(String::as_str).collect();
    let begins = (today - Days::new(395)).to_string();
    let ends = (today + Days::new(400)).to_string();
    let credit = FakeCredit::new("4711", "100000", &begins, &ends, &listed);
    let days = (0..=395).map(|ago| (today - Days::new(395 - ago), ago));
    days.fold(FakeAccount::new("123456789012").credit(credit), |account, (day, number)| {
        let day = day.to_string();
        (0..usage_types).fold(account, |account, of_day| {
            let usage_type = format!("USE1-Fictional:Type-{of_day}");
            let cost = format!("0.{:010}", 500_000_000 + (number * 7_919 + of_day as u64 * 104_729) % 400_000_000);
            account.usage(&day, &names[of_day % services], &usage_type, "Hrs", "24.5", &cost)
        })
    })
}

/// Kilobytes that Linux counts for a process and all its children, at this moment.
fn pss_of_family(process: u32) -> u64 {
    let own = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let own = own
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .and_then(|value| value.trim().strip_suffix(" kB")?.trim().parse().ok());
    let mut family: u64 = own.unwrap_or(0);
    for task in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        family += children.split_whitespace().filter_map(|child| child.parse().ok()).map(pss_of_family).sum::<u64>();
    }
    family
}

/// Looks at the memory of a process again and again, until it is told to stop.
struct Watch {
    most: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Watch {
    fn over(process: u32) -> Watch {
        let watch = Watch { most: Arc::default(), over: Arc::default() };
        let (most, over) = (watch.most.clone(), watch.over.clone());
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(pss_of_family(process), Ordering::Relaxed);
                std::thread::park_timeout(LOOK);
            }
        });
        watch
    }

    /// The most since the last time this was asked, in MiB.
    fn most(&self) -> u64 {
        self.most.swap(0, Ordering::Relaxed) / 1024
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Killed where the test fails: what goes on would keep the test's output open.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Daemon {
    /// Started on an account, and ready.
    async fn ready(folder: &TempDir, fake: &FakeAws, port: u16) -> (Daemon, Watch) {
        config(folder, &format!("[http]\nlisten = \"127.0.0.1:{port}\"\n[aws]\npaid_requests_per_day = 10000\n"));
        let log = folder.path().join("log");
        let mut started = glidepath(folder.path(), Some(&fake.endpoint()));
        let started = started.arg("serve").stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
        let mut daemon = Daemon(started);
        let watch = Watch::over(daemon.0.id());
        let (began, mut looks) = (Instant::now(), tokio::time::interval(LOOK));
        loop {
            let ready = reqwest::get(format!("http://127.0.0.1:{port}/readyz")).await;
            if ready.is_ok_and(|answer| answer.status() == 200) {
                return (daemon, watch);
            }
            let said = text(&fs::read(&log).unwrap());
            assert!(daemon.0.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(300), "{said}");
            looks.tick().await;
        }
    }
}

async fn of(services: usize, usage_types: usize, limit: u64) {
    let fake = FakeAws::start(account(services, usage_types), Utc::now()).await.unwrap();
    let (folder, port, client) = (TempDir::new().unwrap(), port::reserved(), reqwest::Client::new());
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let began = Instant::now();
    let (daemon, watch) = Daemon::ready(&folder, &fake, port).await;
    let mut most = vec![("first pull", began.elapsed(), watch.most())];
    for (what, path) in [("first PDF", "funding-pack.pdf"), ("second PDF", "funding-pack.pdf")] {
        let began = Instant::now();
        let answer = client.get(at(&format!("/api/v1/reports/{path}"))).send().await.unwrap();
        let status = answer.status();
        assert!(status == 200, "{path}: {status}, {}", answer.text().await.unwrap());
        assert!(answer.bytes().await.unwrap().starts_with(b"%PDF"));
        most.push((what, began.elapsed(), watch.most()));
    }
    let position: Value = client.get(at("/api/v1/position")).send().await.unwrap().json().await.unwrap();
    assert_eq!(position["data_quality"]["missing_history"], Value::Null, "all of it was pulled");
    for what in ["a cycle", "another cycle"] {
        let began = Instant::now();
        let answer = client.post(at("/api/v1/cycle")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{what}: {}", answer.text().await.unwrap());
        most.push((what, began.elapsed(), watch.most()));
    }
    drop(daemon);
    for (what, took, mib) in &most {
        println!("{what}: {:.1} s, at most {mib} MiB", took.as_secs_f64());
    }
    let most = most.iter().map(|(.., mib)| *mib).max().unwrap();
    assert!(most <= limit, "{most} MiB, of {limit}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; .ci/faults runs it"]
async fn a_thousand_cycles_of_a_small_account_take_no_more_memory_than_a_hundred() {
    let fake = FakeAws::start(account(3, 6), Utc::now()).await.unwrap();
    let (folder, port, client) = (TempDir::new().unwrap(), port::reserved(), reqwest::Client::new());
    let (daemon, _watch) = Daemon::ready(&folder, &fake, port).await;
    let (mut after, began) = (Vec::new(), Instant::now());
    for number in 1..=1_000 {
        let cycle = client.post(format!("http://127.0.0.1:{port}/api/v1/cycle"));
        let answer = cycle.send().await.unwrap();
        assert_eq!(answer.status(), 200, "cycle {number}: {}", answer.text().await.unwrap());
        if number % 100 == 0 {
            after.push(pss_of_family(daemon.0.id()));
            let store = fs::metadata(folder.path().join("store/glidepath.duckdb")).unwrap().len() / 1024;
            println!("after {number} cycles {} KB, of a store of {store} KB", after[after.len() - 1]);
        }
    }
    println!("{:.2} s a cycle", began.elapsed().as_secs_f64() / 1_000.0);
    let (after_a_hundred, after_a_thousand) = (after[0], after[after.len() - 1]);
    assert!(after_a_thousand * 10 <= after_a_hundred * 11, "{after_a_hundred} KB, then {after_a_thousand} KB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; .ci/faults runs it"]
async fn a_large_account_fits_into_a_small_machine() {
    of(300, 400, 256).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; .ci/faults runs it"]
async fn a_huge_account_fits_into_twice_that() {
    of(300, 4_000, 512).await;
}
