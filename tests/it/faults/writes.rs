//! A cycle, also one that brings an older version's store up to date, in which each write to the store fails, or at each of which
//! the process is killed: nothing is lost, nothing is
//! told twice under two names, and the next run ends where an undisturbed one does. `strace` makes the calls fail.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use glidepath::demo::FakeAws;
use glidepath::domain::facts::outcome::Outcome;
use rust_decimal::Decimal;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{account, config, glidepath, run, text};
use crate::cycle::hook::{Hook, Manner};

pub(super) const FIRST: &str = "2026-03-20T06:30:00Z";
pub(super) const SECOND: &str = "2026-03-21T06:30:00Z";
/// When what failed for a while is sent again.
const AFTER: &str = "2026-03-21T08:45:00Z";
/// When what was told while something was missing has had its all-clear.
const LATER: &str = "2026-03-25T06:30:00Z";
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
            let from = self.folder.path().join(name);
            if from.exists() {
                fs::copy(from, copy.folder.path().join(name)).unwrap();
            }
        }
        copy
    }

    /// Puts a store there as an older version left it, whose schema had so many steps: a pull of AWS's with a day in January.
    fn age(&self, steps: usize) {
        fs::create_dir(self.folder.path().join("store")).unwrap();
        let connection = duckdb::Connection::open(self.store()).unwrap();
        connection.execute_batch("CREATE TABLE schema_version (version BIGINT PRIMARY KEY, name VARCHAR)").unwrap();
        for (step, (name, sql)) in (1..).zip(migrations()).take(steps) {
            connection.execute_batch(&sql).unwrap_or_else(|error| panic!("{name}: {error}"));
            connection.execute("INSERT INTO schema_version VALUES (?, ?)", duckdb::params![step, name]).unwrap();
        }
        let ok = serde_json::to_string(&Outcome::Ok).unwrap();
        connection
            .execute(
                "INSERT INTO ingest_runs (run_id, clock, account, window_start, window_end, pages, request_ids, costs_outcome,
                                          credits_outcome, moved)
                 VALUES (1, CAST(? AS TIMESTAMPTZ), '123456789012', '2026-01-01', '2026-03-20', 1, [], ?, ?, 0)",
                [FIRST, &ok, &ok],
            )
            .unwrap();
        let of_january = "INSERT INTO charges VALUES (1, '2026-01-05', 'Amazon Bedrock', 'Usage', 'Usage', 412.5, false);
                          INSERT INTO usage VALUES (1, '2026-01-05', 'Amazon Bedrock', 'USE1-Tokens', 412.5, 10, 'Units', false);";
        connection.execute_batch(of_january).unwrap();
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

/// The schema's steps, in order, with their names.
fn migrations() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/store/migrations");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let named =
        |file: PathBuf| (file.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&file).unwrap());
    files.into_iter().map(named).collect()
}

/// Has each call of a cycle fail, after `prepare` made the place in which it runs.
async fn every(faults: &[Fault], prepare: impl Fn(&Place<'_>)) {
    let (fake, hook) = (FakeAws::start(account(), FIRST.parse().unwrap()).await.unwrap(), Hook::start().await);
    let first = Place::new(&fake, &hook);
    prepare(&first);
    hook.posts();
    fake.set_now(AFTER.parse().unwrap());
    let calm = first.copy(&hook);
    for clock in [SECOND, AFTER, LATER] {
        fake.set_now(clock.max(AFTER).parse().unwrap());
        assert!(calm.run(&["cycle", "--as-of", clock]).status.success());
    }
    let (expected, expected_told) = (calm.picture(), told(&hook));
    assert!(!expected_told.is_empty(), "the second cycle has something to tell");

    for fault in faults {
        let mut hits = 0;
        for number in 1.. {
            let place = first.copy(&hook);
            fake.set_now(AFTER.parse().unwrap());
            let manner = MANNERS[number % MANNERS.len()];
            hook.take(manner, 1);
            let what = format!("{fault:?} at call {number}, a receiver that takes {manner:?}");
            let Some(output) = place.faulty(*fault, number, &["cycle", "--as-of", SECOND]) else { break };
            hits += 1;
            assert!(!text(&output.stderr).contains("panicked"), "{what}: {}", text(&output.stderr));
            hook.take(Manner::Well, 0);
            // Whatever was left behind, the next run ends where an undisturbed one does; a later one sends what still waits.
            for clock in [SECOND, AFTER, LATER] {
                fake.set_now(clock.max(AFTER).parse().unwrap());
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a quarter of an hour; .ci/faults runs it"]
async fn every_write_of_a_cycle_fails_or_is_the_last() {
    every(&FAULTS, |place| assert!(place.run(&["cycle", "--as-of", FIRST]).status.success())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a quarter of an hour; .ci/faults runs it"]
async fn every_write_of_a_migration_fails_or_is_the_last() {
    for steps in [1, 10] {
        every(&[FAULTS[1], FAULTS[5]], |place| place.age(steps)).await;
    }
}

/// What the long run starts from is a store that this version takes up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_of_every_older_version_are_taken_up() {
    let (fake, hook) = (FakeAws::start(account(), FIRST.parse().unwrap()).await.unwrap(), Hook::start().await);
    fake.set_now(AFTER.parse().unwrap());
    for steps in 1..=migrations().len() {
        let place = Place::new(&fake, &hook);
        place.age(steps);
        let cycle = place.run(&["cycle", "--as-of", SECOND]);
        assert!(cycle.status.success(), "{steps} steps: {}", text(&cycle.stderr));
        assert!(place.run(&["verify"]).status.success(), "{steps} steps");
        let spend = place.picture().0["spend"].clone();
        let [all, of_march] =
            ["gross_to_date", "gross_month_to_date"].map(|name| spend[name].as_str().unwrap().parse::<Decimal>());
        assert_eq!(
            all.unwrap() - of_march.unwrap(),
            "412.5".parse().unwrap(),
            "{steps} steps: what was stored is there"
        );
    }
}
