//! A cycle and a backup in which each write to the store fails, or at each of which the process is killed: nothing is lost, nothing is
//! told twice under two names, and the next run ends where an undisturbed one does. `strace` makes the calls fail.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use glidepath::demo::FakeAws;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{account, config, glidepath, run, text};
use crate::cycle::hook::{Hook, Manner};

pub(super) const FIRST: &str = "2026-03-20T06:30:00Z";
pub(super) const SECOND: &str = "2026-03-21T06:30:00Z";
/// When what failed for a while is sent again.
const AFTER: &str = "2026-03-21T08:45:00Z";
const STORE: &str = "store/glidepath.duckdb";

/// What happens at a call.
#[derive(Debug, Clone, Copy)]
struct Fault {
    /// The calls, as strace names them.
    calls: &'static str,
    /// What is injected.
    what: &'static str,
    /// Whether every later call fails too.
    stays: bool,
}

const FAULTS: [Fault; 6] = [
    Fault { calls: "pwrite64,write", what: "error=ENOSPC", stays: true },
    Fault { calls: "pwrite64,write", what: "error=EIO", stays: false },
    Fault { calls: "fsync,fdatasync", what: "error=EIO", stays: false },
    Fault { calls: "ftruncate,unlink,unlinkat", what: "error=EIO", stays: false },
    Fault { calls: "rename,renameat,renameat2", what: "error=ENOSPC", stays: true },
    Fault { calls: "pwrite64,write,fsync,fdatasync,ftruncate", what: "signal=KILL", stays: false },
];

/// How the receiver takes the messages of a run.
const MANNERS: [Manner; 5] = [Manner::Well, Manner::Status(500), Manner::Status(429), Manner::Slowly, Manner::Cutting];

pub(super) struct Place<'a> {
    folder: TempDir,
    fake: &'a FakeAws,
}

impl<'a> Place<'a> {
    pub(super) fn new(fake: &'a FakeAws, hook: &Hook) -> Place<'a> {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("url"), format!("http://127.0.0.1:{}/hook", hook.port)).unwrap();
        fs::write(folder.path().join("key"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let channel =
            "[[channel]]\nname = \"hook\"\ntype = \"webhook\"\nurl = { file = \"url\" }\nsecret = { file = \"key\" }\n";
        config(&folder, &format!("[alerts.repeat]\ncritical_hours = 24\n{channel}"));
        Place { folder, fake }
    }

    pub(super) fn store(&self) -> PathBuf {
        self.folder.path().join(STORE)
    }

    fn copy(&self, hook: &Hook) -> Place<'a> {
        let copy = Place::new(self.fake, hook);
        fs::create_dir(copy.folder.path().join("store")).unwrap();
        for name in ["store/glidepath.duckdb", "store/glidepath.duckdb.id"] {
            fs::copy(self.folder.path().join(name), copy.folder.path().join(name)).unwrap();
        }
        copy
    }

    pub(super) fn run(&self, args: &[&str]) -> Output {
        run(glidepath(self.folder.path(), Some(&self.fake.endpoint())).args(args))
    }

    /// Runs it with `fault` at the call `number` on the store's files; `None` if there are not so many.
    fn faulty(&self, fault: Fault, number: usize, args: &[&str]) -> Option<Output> {
        let program = glidepath(self.folder.path(), Some(&self.fake.endpoint()));
        let trace = self.folder.path().join("trace");
        let mut command = Command::new("strace");
        command.args(["-f", "-q", "-o"]).arg(&trace);
        for end in ["", ".wal", ".restoring", ".restored", ".id", ".id.partial", ".room"] {
            command.arg("-P").arg(format!("{}{end}", self.store().display()));
        }
        let when = if fault.stays { format!("{number}+") } else { number.to_string() };
        command.args(["-e", &format!("trace={}", fault.calls)]);
        command.args(["-e", &format!("inject={}:{}:when={when}", fault.calls, fault.what)]);
        command.arg(program.get_program()).args(args).current_dir(self.folder.path()).env_clear();
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = run(&mut command);
        let traced = fs::read_to_string(&trace).unwrap();
        let hit = traced.contains("(INJECTED)") || traced.contains("killed by SIGKILL");
        hit.then_some(output)
    }

    /// What the user sees, less what a second try may change.
    pub(super) fn picture(&self) -> (Value, Value) {
        let json = |args: &[&str]| -> Value {
            let output = self.run(args);
            assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
            serde_json::from_slice(&output.stdout).unwrap()
        };
        let mut status = json(&["status", "--json"]);
        status["data_quality"] = Value::Null;
        status["track_record"] = Value::Null;
        // A cycle that failed is told, and over by now.
        let mut alerts = json(&["alerts", "list", "--json"]);
        alerts["as_of"] = Value::Null;
        if let Some(rows) = alerts["alerts"].as_array_mut() {
            rows.retain(|row| row["rule"] != "cycle_failed" && row["rule"] != "disk_full");
        }
        (status, alerts)
    }
}

/// Messages by their kind: key and decision; under which ids each came.
pub(super) fn told(hook: &Hook) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut told = BTreeMap::<_, BTreeSet<String>>::new();
    for post in hook.posts() {
        let field = |name: &str| {
            let field = post.body.get(name).or_else(|| post.body["data"].get(name));
            field.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let key = field("key");
        if !key.starts_with("cycle_failed") && !key.starts_with("disk_full") {
            told.entry((key, field("decision"))).or_default().insert(post.id);
        }
    }
    told
}

async fn every(stride: usize, faults: &[Fault]) {
    let (fake, hook) = (FakeAws::start(account(), FIRST.parse().unwrap()).await.unwrap(), Hook::start().await);
    let first = Place::new(&fake, &hook);
    assert!(first.run(&["cycle", "--as-of", FIRST]).status.success());
    hook.posts();
    fake.set_now(AFTER.parse().unwrap());
    let calm = first.copy(&hook);
    assert!(calm.run(&["cycle", "--as-of", SECOND]).status.success());
    let (expected, expected_told) = (calm.picture(), told(&hook));
    assert!(!expected_told.is_empty(), "the second cycle has something to tell");

    for fault in faults {
        let mut hits = 0;
        for number in (1..).step_by(stride) {
            let place = first.copy(&hook);
            let manner = MANNERS[number % MANNERS.len()];
            hook.take(manner, 1);
            let what = format!("{fault:?} at call {number}, a receiver that takes {manner:?}");
            let Some(output) = place.faulty(*fault, number, &["cycle", "--as-of", SECOND]) else { break };
            hits += 1;
            assert!(!text(&output.stderr).contains("panicked"), "{what}: {}", text(&output.stderr));
            hook.take(Manner::Well, 0);
            // Whatever was left behind, the next run ends where an undisturbed one does; a later one sends what still waits.
            for clock in [SECOND, AFTER] {
                let output = place.run(&["cycle", "--as-of", clock]);
                let back = text(&output.stderr).contains("lies before that of the newest stored cycle");
                assert!(output.status.success() || back, "{what}: {}", text(&output.stderr));
            }
            assert!(place.run(&["verify"]).status.success(), "{what}");
            let told = told(&hook);
            for (message, ids) in &expected_told {
                assert_eq!(told.get(message), Some(ids), "{what}: {message:?}");
            }
            let (status, alerts) = place.picture();
            assert_eq!(status["spend"], expected.0["spend"], "{what}");
            assert_eq!(status["credits"], expected.0["credits"], "{what}");
            assert_eq!(status["findings"], expected.0["findings"], "{what}");
            let open = |alerts: &Value| -> Vec<Value> {
                alerts["alerts"].as_array().unwrap().iter().map(|row| row["key"].clone()).collect()
            };
            assert_eq!(open(&alerts), open(&expected.1), "{what}");
        }
        println!("{fault:?}: {hits} calls");
    }
}

/// A few of each, where strace is there and may trace; all of them in `.ci/faults`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a quarter of an hour; .ci/faults runs it"]
async fn every_write_of_a_cycle_fails_or_is_the_last() {
    every(1, &FAULTS).await;
}
