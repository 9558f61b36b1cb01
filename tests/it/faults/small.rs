//! What a large account takes of a small machine: a daemon with its first pull, a report as PDF and cycles, measured as Linux
//! shares out memory (Pss), over the daemon and all that it starts.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{Days, Utc};
use glidepath::demo::{FakeAccount, FakeAws, FakeCredit};
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

async fn measure(folder: &Path, fake: &FakeAws, port: u16, limit: u64) {
    let mut daemon = glidepath(folder, Some(&fake.endpoint()))
        .arg("serve")
        .stderr(fs::File::create(folder.join("log")).unwrap())
        .spawn()
        .unwrap();
    let watch = Watch::over(daemon.id());
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let began = Instant::now();
    loop {
        let ready = reqwest::get(at("/readyz")).await;
        if ready.is_ok_and(|answer| answer.status() == 200) {
            break;
        }
        let said = text(&fs::read(folder.join("log")).unwrap());
        assert!(daemon.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(600), "{said}");
        tokio::task::yield_now().await;
    }
    let mut most = vec![("first pull", began.elapsed(), watch.most())];
    let client = reqwest::Client::new();
    for (what, path) in [("first PDF", "funding-pack.pdf"), ("second PDF", "funding-pack.pdf")] {
        let began = Instant::now();
        let answer = client.get(at(&format!("/api/v1/reports/{path}"))).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.bytes().await.unwrap().starts_with(b"%PDF"));
        most.push((what, began.elapsed(), watch.most()));
    }
    for what in ["a cycle", "another cycle"] {
        let began = Instant::now();
        let answer = client.post(at("/api/v1/cycle")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{what}: {}", answer.text().await.unwrap());
        most.push((what, began.elapsed(), watch.most()));
    }
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    for (what, took, mib) in &most {
        println!("{what}: {:.1} s, at most {mib} MiB", took.as_secs_f64());
    }
    let most = most.iter().map(|(.., mib)| *mib).max().unwrap();
    assert!(most <= limit, "{most} MiB, of {limit}");
}

async fn of(services: usize, usage_types: usize, limit: u64) {
    let fake = FakeAws::start(account(services, usage_types), Utc::now()).await.unwrap();
    let folder = TempDir::new().unwrap();
    let port = port::reserved();
    config(&folder, &format!("[http]\nlisten = \"127.0.0.1:{port}\"\n[aws]\npaid_requests_per_day = 10000\n"));
    measure(folder.path(), &fake, port, limit).await;
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
