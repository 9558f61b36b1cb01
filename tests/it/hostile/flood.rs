//! Floods of requests for what keeps a core busy: the daemon goes on serving others, holds no more threads and processes than it
//! has turns, and tells those beyond when to come again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::Utc;
use glidepath::demo::{FakeAws, startup};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::cli::{Daemon, glidepath};
use crate::support::port;

const FOUNDER: &str = "a founder's token of many bytes";
const PARTNER: &str = "a partner's token of many bytes";
/// Requests of a flood.
const MANY: usize = 300;
/// A pause between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// Threads that a flood may add: those that block, one that DuckDB adds, and one for each sheet of two workbooks while they are
/// written. Without lanes eight workbooks would be written at a time.
const MORE_THREADS: usize = 60;

/// A daemon with a founder's and a partner's token, after its first cycle.
struct Served {
    daemon: Daemon,
    at: String,
    client: reqwest::Client,
    _fake: FakeAws,
    _folder: TempDir,
}

impl Served {
    async fn start() -> Served {
        // The flood comes from this machine, whose connections are counted all together: they must not be what holds it back.
        let fake = FakeAws::start(startup::account(), Utc::now()).await.unwrap();
        let (folder, port) = (TempDir::new().unwrap(), port::reserved());
        let hash = |token: &str| hex::encode(Sha256::digest(token));
        let config = format!(
            "[store]\npath = \"store/glidepath.duckdb\"\n[http]\nlisten = \"127.0.0.1:{port}\"\nlink_key = {{ file = \"key\" }}\n\
             max_connections = 1000\n\
             [[http.tokens]]\nname = \"founder\"\nrole = \"founder\"\ntoken_sha256 = \"{}\"\n\
             [[http.tokens]]\nname = \"aws\"\nrole = \"partner\"\nrecords = [\"ai\"]\ntoken_sha256 = \"{}\"\n",
            hash(FOUNDER),
            hash(PARTNER)
        );
        fs::write(folder.path().join("glidepath.toml"), config).unwrap();
        fs::write(folder.path().join("key"), "0123456789abcdef0123456789abcdef").unwrap();
        fs::write(folder.path().join("projection.toml"), startup::PROJECTION_TOML).unwrap();
        let filed =
            glidepath(folder.path(), Some(&fake.endpoint())).args(["projection", "file", "projection.toml"]).status();
        assert!(filed.unwrap().success());
        let daemon = Daemon::of(glidepath(folder.path(), Some(&fake.endpoint())));
        let served = Served {
            daemon,
            at: format!("127.0.0.1:{port}"),
            client: reqwest::Client::new(),
            _fake: fake,
            _folder: folder,
        };
        let mut looks = tokio::time::interval(LOOK);
        while served.get("/readyz").await != 200 {
            looks.tick().await;
        }
        served
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }

    /// The status of what the founder gets.
    async fn get(&self, path: &str) -> u16 {
        let asked = self.client.get(self.url(path)).bearer_auth(FOUNDER).send().await;
        asked.expect("the daemon answers the founder").status().as_u16()
    }

    fn threads(&self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.daemon.child.id())).unwrap().count()
    }

    /// Processes that the daemon has started and that are still there.
    fn children(&self) -> usize {
        let of = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).unwrap_or_default();
        let tasks = fs::read_dir(Path::new("/proc").join(self.daemon.child.id().to_string()).join("task")).unwrap();
        tasks.map(|task| of(task.unwrap()).split_whitespace().count()).sum()
    }
}

/// Sends `head`, and reads the answer; `None` for one who leaves at once.
async fn ask(at: String, head: String, leaves: bool) -> Option<String> {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    if leaves {
        return None;
    }
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    Some(if answer.starts_with("HTTP/1.1 ") { answer } else { format!("cut off: {read:?}") })
}

/// What came of a flood: how often each status.
async fn flood(served: &Served, heads: Vec<String>) -> BTreeMap<String, usize> {
    let before = served.threads();
    let mut asked = JoinSet::new();
    for (number, head) in heads.into_iter().enumerate() {
        asked.spawn(ask(served.at.clone(), head, number % 3 == 2));
    }
    let (mut statuses, mut threads, mut children) = (BTreeMap::new(), 0, 0);
    let mut looks = tokio::time::interval(LOOK);
    let cycle = served.client.post(served.url("/api/v1/cycle")).bearer_auth(FOUNDER).send();
    let mut cycle = std::pin::pin!(cycle);
    let mut cycled = None;
    loop {
        tokio::select! {
            answer = asked.join_next() => match answer {
                None => break,
                Some(answer) => {
                    let Some(answer) = answer.unwrap() else { continue };
                    let status = answer.strip_prefix("HTTP/1.1 ").map_or(answer.as_str(), |rest| &rest[..3]).to_owned();
                    assert!(status != "503" || answer.to_lowercase().contains("retry-after:"), "{answer}");
                    *statuses.entry(status).or_insert(0) += 1;
                }
            },
            answer = &mut cycle, if cycled.is_none() => cycled = Some(answer.unwrap().status().as_u16()),
            _ = looks.tick() => {
                threads = threads.max(served.threads());
                children = children.max(served.children());
                assert_eq!(served.get("/healthz").await, 200, "health, in the flood");
                assert_eq!(served.get("/").await, 200, "the founder's page, in the flood");
            }
        }
    }
    if cycled.is_none() {
        cycled = Some(cycle.await.unwrap().status().as_u16());
    }
    assert_eq!(cycled, Some(200), "a cycle, in the flood");
    assert!(threads <= before + MORE_THREADS, "{threads} threads, {before} before");
    assert!(children <= 2, "{children} processes at a time: one sets a report, and one may look into a backup");
    // Once, on a machine with much else to do, a connection ended without an answer; why is not known.
    let cut_off: Vec<String> =
        statuses.extract_if(.., |status, _| status.starts_with("cut off")).map(|it| it.0).collect();
    assert!(cut_off.len() < 3, "{cut_off:?}");
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_reports_at_once_starve_nobody() {
    let served = Served::start().await;
    let get = |method: &str, path: &str, token: &str| {
        let at = &served.at;
        let show = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        format!("{method} {path} HTTP/1.1\r\nHost: {at}\r\n{show}Connection: close\r\n\r\n")
    };
    let order = json!({"kind": "funding-pack", "formats": ["pdf"], "records": ["ai"], "days": 14});
    let made = served.client.post(served.url("/api/v1/links")).bearer_auth(FOUNDER).json(&order).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    let link = made["url"].as_str().unwrap().split_once("/shared/").unwrap().1.to_owned();

    // A partner asks for each kind in each format, so that little of it was made before; a third of the callers leave at once.
    let kinds = ["actual-vs-projected", "trajectory", "funding-pack"];
    let formats = ["pdf", "pdf", "xlsx", "html", "csv", "json", "md"];
    let names = kinds.iter().flat_map(|kind| formats.map(|format| format!("/api/v1/reports/{kind}.{format}")));
    let reports = names.cycle().take(MANY).map(|path| get("GET", &path, PARTNER)).collect();
    let statuses = flood(&served, reports).await;
    assert!(statuses.keys().all(|status| status == "200" || status == "503"), "{statuses:?}");
    assert!(statuses["200"] > 0 && statuses["503"] > 0, "{statuses:?}");

    let heads = (0..MANY).map(|_| get("HEAD", &format!("/shared/{link}"), "")).collect();
    let statuses = flood(&served, heads).await;
    assert!(statuses.keys().all(|status| status == "200" || status == "503"), "{statuses:?}");

    // Questions of the house itself.
    let growth = |number: usize| format!("/api/v1/whatif?growth={}%25", number % 7 + 1);
    let questions = (0..MANY).map(|number| get("GET", &growth(number), FOUNDER)).collect();
    let statuses = flood(&served, questions).await;
    assert!(statuses.keys().all(|status| status == "200" || status == "503"), "{statuses:?}");

    // Views of the past, each another one.
    let past = |number: usize| {
        let at = Utc::now() - chrono::TimeDelta::minutes(i64::try_from(number).unwrap());
        format!("/?as_of={}", at.format("%Y-%m-%dT%H:%M:%SZ"))
    };
    let looks = (0..MANY).map(|number| get("GET", &past(number), FOUNDER)).collect();
    let statuses = flood(&served, looks).await;
    assert!(statuses.keys().all(|status| ["200", "404", "503"].contains(&status.as_str())), "{statuses:?}");

    // Afterwards all is as before: ten at once are all answered.
    let mut asked = JoinSet::new();
    for _ in 0..10 {
        asked.spawn(ask(served.at.clone(), get("GET", "/api/v1/reports/funding-pack.pdf", PARTNER), false));
    }
    let answers = asked.join_all().await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().starts_with("HTTP/1.1 200")));
    let metrics =
        served.client.get(served.url("/metrics")).bearer_auth(FOUNDER).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("glidepath_work_requests{work=\"partner_reports\"} 0"), "{metrics}");
}
