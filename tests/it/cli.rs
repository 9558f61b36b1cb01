//! The binary as its users meet it: exit status, words, the lock, signals.

mod access;
mod budgets;
mod checks;
mod credentials;
mod demo;
mod failed;
mod first_day;
mod hard_year;
mod init;
mod killed;
mod log_lines;
mod own_store;
mod reading;
mod shells;
mod troubles;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use glidepath::demo::{FakeAws, startup};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::store::{CreditPull, IngestRun, Store};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::port;

pub(crate) use killed::account;

/// `glidepath` with nothing of the caller's AWS environment but the given endpoint.
pub(crate) fn glidepath(folder: &Path, endpoint: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glidepath-under-test"));
    command.current_dir(folder).env_clear();
    command.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")]);
    command.env("AWS_ENDPOINT_URL", endpoint.unwrap_or("http://127.0.0.1:9"));
    // Without these two the SDK looks for an instance's metadata service and the user's files.
    command.envs([("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_CONFIG_FILE", "/dev/null")]);
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the binary starts")
}

pub(crate) fn config(folder: &TempDir, more: &str) {
    let text = format!("[store]\npath = \"store/glidepath.duckdb\"\n{more}");
    std::fs::write(folder.path().join("glidepath.toml"), text).unwrap();
}

#[test]
fn a_bad_config_is_status_2_with_every_problem() {
    let folder = TempDir::new().unwrap();
    config(&folder, "colour = \"blue\"\n[schedule]\ncycle = \"every day\"\n");
    let output = run(glidepath(folder.path(), None).arg("check"));
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("2 problems") && said.contains("colour") && said.contains("every day"), "{said}");
    let output = run(glidepath(folder.path(), None).args(["--config", "elsewhere.toml", "status"]));
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let output = run(glidepath(folder.path(), None).arg("fly"));
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn a_reader_that_has_had_enough_ends_the_program_quietly() {
    use std::io::Read as _;
    let folder = TempDir::new().unwrap();
    // More than a pipe holds, so that the program is still writing when the pipe closes.
    let mut command = glidepath(folder.path(), None);
    let mut child = command.arg("openapi").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

/// An empty store would stand in the way of the backups that are about to be copied to a new machine.
#[test]
fn what_only_reads_makes_no_store() {
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    let reads = [
        "status",
        "alerts list",
        "plan list",
        "audit list",
        "credits list",
        "credits history",
        "report --list",
        "projection list",
        "projection draft",
        "projection size",
        "verify",
    ];
    for args in reads.map(|args| args.split(' ').collect::<Vec<_>>()) {
        let output = run(glidepath(folder.path(), None).args(&args));
        assert!(matches!(output.status.code(), Some(0 | 1)), "{args:?}: {}", text(&output.stderr));
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["glidepath.toml"], "{args:?}");
    }
}

#[test]
fn without_aws_a_cycle_fails_tells_and_is_recorded() {
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    let output = run(glidepath(folder.path(), None).args(["cycle", "--as-of", "2026-11-20T06:00:00Z"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("AWS_ENDPOINT_URL"), "{}", text(&output.stderr));
    let output = run(glidepath(folder.path(), None).arg("status"));
    let said = text(&output.stdout);
    assert!(said.contains("no complete day yet") && !said.contains("Credits last"), "nothing is known yet: {said}");
    let output = run(glidepath(folder.path(), None).args(["status", "--json"]));
    let position: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(position["data_through"], Value::Null);
    assert_eq!(position["credits"]["pools"], Value::Array(Vec::new()));
    let rules: Vec<&str> =
        position["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"stale_data") && rules.contains(&"ingest_failed"), "{rules:?}");
}

#[test]
fn a_test_message_through_every_channel_and_status_1_if_one_fails() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("url"), "http://127.0.0.1:9/hook").unwrap();
    std::fs::write(folder.path().join("key"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let log = "[[channel]]\nname = \"log\"\ntype = \"log\"\n";
    let hook =
        "[[channel]]\nname = \"hook\"\ntype = \"webhook\"\nurl = { file = \"url\" }\nsecret = { file = \"key\" }\n";
    config(&folder, &format!("{log}{hook}"));
    let test = |args: &[&str]| run(glidepath(folder.path(), None).args(["alerts", "test"]).args(args));
    let one = test(&["--channel", "log"]);
    assert_eq!(one.status.code(), Some(0), "{}", text(&one.stderr));
    assert!(text(&one.stdout).contains("arrived"), "{}", text(&one.stdout));
    let all = test(&["--json"]);
    assert_eq!(all.status.code(), Some(1));
    let tested: Value = serde_json::from_slice(&all.stdout).unwrap();
    assert_eq!((&tested[0]["channel"], &tested[0]["arrived"]), (&Value::from("hook"), &Value::from(false)));
    assert!(text(&all.stderr).contains("1 of 2 test messages did not arrive"), "{}", text(&all.stderr));
    let unknown = test(&["--channel", "pigeon"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("there are: hook, log"), "{}", text(&unknown.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_founder_s_session() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    std::fs::write(folder.path().join("projection.toml"), startup::PROJECTION_TOML).unwrap();
    let endpoint = fake.endpoint();
    let ask = |args: &[&str]| {
        let output = run(glidepath(folder.path(), Some(&endpoint)).args(args));
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    assert!(ask(&["check"]).contains("$0.93 a month"));
    assert!(ask(&["projection", "file", "projection.toml"]).starts_with("version 1, filed on 2026-02-01"));
    assert!(ask(&["cycle", "--as-of", "2026-11-20T06:00:00Z"]).contains("costs     ok"));
    assert!(ask(&["status"]).contains("Credits last until about "));
    assert!(ask(&["credits", "list"]).contains(startup::AI_RECORD_ID));
    assert!(ask(&["credits", "history", "--json"]).contains("\"credit_id\""));
    assert!(ask(&["projection", "list"]).contains("2026-02-01"));
    assert!(ask(&["report", "--kind", "funding-pack", "--format", "md"]).contains("|Month|"));
    ask(&["report", "--kind", "actual-vs-projected", "--format", "csv", "-o", "report.csv"]);
    assert!(std::fs::read_to_string(folder.path().join("report.csv")).unwrap().contains("portfolio"));
    let written: Value = serde_json::from_str(&ask(&[
        "report",
        "--kind",
        "funding-pack",
        "--format",
        "pdf",
        "-o",
        "pack.pdf",
        "--json",
    ]))
    .unwrap();
    let pack = std::fs::read(folder.path().join("pack.pdf")).unwrap();
    assert_eq!(written["sha256"], glidepath::report::sha256(&pack).as_str());
    assert_eq!(written["bytes"], pack.len());
    let listed: Value = serde_json::from_str(&ask(&["report", "--list", "--json"])).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 3, "{listed}");
    assert!(ask(&["report", "--list"]).contains(written["sha256"].as_str().unwrap()));
    assert!(ask(&["report", "--verify", "pack.pdf"]).contains("is the funding-pack report as pdf for owner"));
    std::fs::write(folder.path().join("pack.pdf"), [pack, b" ".to_vec()].concat()).unwrap();
    let refuse = |args: &[&str], status, words: &str| {
        let output = run(glidepath(folder.path(), Some(&endpoint)).args(args));
        assert_eq!(output.status.code(), Some(status), "{args:?}");
        assert!(text(&output.stderr).contains(words), "{args:?}: {}", text(&output.stderr));
    };
    refuse(&["report", "--verify", "pack.pdf"], 1, "or it was changed since");
    refuse(&["report", "--verify", "nothing.pdf"], 1, "the report nothing.pdf cannot be read: ");
    let trajectory = ["report", "--kind", "trajectory", "--format", "pdf", "--as-of"];
    refuse(&[&trajectory[..], &["2999-01-01"]].concat(), 2, "lies in the future");
    refuse(&[&trajectory[..], &["2026-11-19"]].concat(), 1, "the first one finished at 2026-11-20T06:00:00Z");
    refuse(&["report", "--kind", "trajectory", "--format", "docx"], 2, "html, pdf, xlsx, csv, json and md");
    refuse(&["report"], 2, "--kind");
    refuse(&["status", "--as-of", "2999-01-01"], 2, "lies in the future");
    refuse(&["status", "--as-of", "2026-11-19"], 1, "the first one finished at 2026-11-20T06:00:00Z");
    refuse(&["report", "--kind", "trajectory", "--format", "md", "--json"], 2, "name a file with -o");
    refuse(&["alerts", "silence", "exhaustion:total", "--why", "w", "--by", "b"], 2, "a silence needs an end");
    refuse(
        &["replay", "--from", "2026-11-01", "--to", "2026-11-19", "--rules", "nope.toml"],
        2,
        "the rules in nope.toml",
    );
    ask(&["backup", "copy.duckdb"]);
    assert!(folder.path().join("copy.duckdb").exists());
    refuse(&["backup", "copy.duckdb"], 1, "the backup copy.duckdb was not made: a file of that name exists already");
    refuse(&["backup", "nowhere/copy.duckdb"], 1, "there is no folder nowhere; create it");
    let same = ask(&["status", "--json"]);
    assert_eq!(ask(&["status", "--json", "--as-of", "2026-11-21T00:00:00Z"]), same, "the newest cycle by then");
    let early = run(glidepath(folder.path(), Some(&endpoint)).args(["status", "--as-of", "2026-11-19T00:00:00Z"]));
    assert_eq!(early.status.code(), Some(1), "nothing was known then");
}

#[test]
fn a_store_that_another_command_holds_is_waited_for_and_no_daemon_is_missed() {
    let folder = TempDir::new().unwrap();
    config(&folder, "[http]\nlisten = \"127.0.0.1:9\"\n");
    let _held = Store::open(&folder.path().join("store/glidepath.duckdb")).unwrap();
    for args in [&["status"][..], &["cycle"], &["credits", "record", "--pool", "p", "--remaining", "1"]] {
        let output = run(glidepath(folder.path(), None).args(args));
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("glidepath.duckdb is in use by another glidepath process"), "{said}");
        assert!(said.contains("which is no daemon at 127.0.0.1:9: wait for it to end"), "{said}");
        assert!(!said.contains("glidepath serve"), "{said}");
    }
}

#[test]
fn arguments_that_contradict_each_other_are_status_2() {
    let folder = TempDir::new().unwrap();
    let output =
        run(glidepath(folder.path(), None).args(["token", "new", "--name", "n", "--role", "ops", "--records", "x"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--records belongs to --role partner"), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty(), "no token is printed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_of_another_account_are_a_problem_of_check_online() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    let endpoint = fake.endpoint();
    let check = || run(glidepath(folder.path(), Some(&endpoint)).args(["check", "--online"]));
    config(&folder, "[aws]\naccounts = [\"999900001111\"]\n");
    let output = check();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("refused   GetCallerIdentity: the credentials belong to account"), "{said}");
    assert!(said.contains("999900001111") && said.contains("set payer_account in [aws]"), "{said}");

    let store = Store::open(&folder.path().join("store/glidepath.duckdb")).unwrap();
    let stranger = IngestRun {
        clock: "2026-11-01T06:30:00Z".parse().unwrap(),
        aws_clock: Some("2026-11-01T06:30:00Z".parse().unwrap()),
        account: Some("999900001111".to_owned()),
        costs: None,
        costs_outcome: Outcome::NotTried,
        credits: CreditPull::default(),
        credits_outcome: Outcome::NotTried,
    };
    store.append_run(stranger).await.unwrap();
    drop(store);
    config(&folder, "");
    let output = check();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("refused   the store: the store holds data of account 999900001111"), "{said}");
}

/// A daemon on a port of its own choosing, killed if a test fails.
pub(crate) struct Daemon {
    pub(crate) child: Child,
}

impl Daemon {
    pub(crate) fn start(folder: &TempDir, endpoint: &str) -> Daemon {
        Daemon::start_with(folder, endpoint, "")
    }

    /// With `more` in the section [http] and below.
    pub(crate) fn start_with(folder: &TempDir, endpoint: &str, more: &str) -> Daemon {
        Daemon::started_by(glidepath(folder.path(), Some(endpoint)), folder, more)
    }

    pub(crate) fn started_by(command: Command, folder: &TempDir, more: &str) -> Daemon {
        let port = port::reserved();
        config(folder, &format!("[http]\nlisten = \"127.0.0.1:{port}\"\n{more}"));
        Daemon::of(command)
    }

    /// Under the config that is there.
    pub(crate) fn of(mut command: Command) -> Daemon {
        let mut child = command.arg("serve").stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        // Serving is said once the listener is open; every line is JSON. Read on, so that the pipe never fills.
        let mut lines = log.lines().map(Result::unwrap);
        let said = lines.find(|line| {
            let line: Value = serde_json::from_str(line).expect("a JSON log line");
            line["message"] == "serving"
        });
        assert!(said.is_some(), "it never served");
        std::thread::spawn(move || lines.for_each(drop));
        Daemon { child }
    }

    pub(crate) fn terminate(mut self) -> Option<i32> {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_daemon_holds_the_store_answers_and_ends_on_sigterm() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    let endpoint = fake.endpoint();
    let command = |args: &[&str]| run(glidepath(folder.path(), Some(&endpoint)).args(args));
    assert!(command(&["cycle", "--as-of", "2026-11-20T06:00:00Z"]).status.success());
    let alone = command(&["status", "--json"]);
    // The daemon's clock is the real one, so it finds a cycle overdue and asks; the fake refuses what lies ahead of its
    // own clock. Whatever comes of that, it serves.
    let daemon = Daemon::start(&folder, &endpoint);
    assert!(command(&["health"]).status.success());
    let mut second = glidepath(folder.path(), Some(&endpoint));
    let mut second = second.arg("serve").stderr(Stdio::piped()).spawn().unwrap();
    let mut waits = String::new();
    BufReader::new(second.stderr.take().unwrap()).read_line(&mut waits).unwrap();
    let holder = format!("in use by another glidepath process, number {}", daemon.child.id());
    assert!(waits.contains("waiting up to 60 seconds") && waits.contains(&holder), "{waits}");
    second.kill().unwrap();
    second.wait().unwrap();
    let beside = command(&["status", "--json", "--as-of", "2026-11-20T06:00:00Z"]);
    assert!(beside.status.success(), "{}", text(&beside.stderr));
    assert_eq!(text(&beside.stdout), text(&alone.stdout), "the daemon gives the same answer");
    assert_eq!(daemon.terminate(), Some(0));
    let after = command(&["status", "--json", "--as-of", "2026-11-20T06:00:00Z"]);
    assert_eq!(text(&after.stdout), text(&alone.stdout), "the store is whole");
}

/// The environment that the process of a daemon was started with, the last time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn environment(daemon: &Daemon) -> Vec<String> {
    let bytes = std::fs::read(format!("/proc/{}/environ", daemon.child.id())).unwrap();
    let mut set: Vec<String> =
        bytes.split(|byte| *byte == 0).map(text).filter(|it| it.starts_with("MALLOC_")).collect();
    set.sort();
    set
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn a_daemon_sets_its_allocator_unless_somebody_did() {
    let folder = TempDir::new().unwrap();
    let daemon = Daemon::start(&folder, "http://127.0.0.1:9");
    let own = ["MALLOC_ARENA_MAX=1", "MALLOC_MMAP_THRESHOLD_=65536", "MALLOC_TRIM_THRESHOLD_=131072"];
    assert_eq!(environment(&daemon), own, "under the process id that it was started with");
    let line = std::fs::read(format!("/proc/{}/cmdline", daemon.child.id())).unwrap();
    assert!(text(&line).contains("\0serve\0"), "{}", text(&line));
    assert_eq!(daemon.terminate(), Some(0));

    let folder = TempDir::new().unwrap();
    let mut chosen = glidepath(folder.path(), Some("http://127.0.0.1:9"));
    chosen.env("MALLOC_ARENA_MAX", "4");
    let daemon = Daemon::started_by(chosen, &folder, "");
    assert_eq!(environment(&daemon), ["MALLOC_ARENA_MAX=4"]);
    assert_eq!(daemon.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_starts_without_the_file_of_a_frozen_filing() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    let gone = "[projection]\nfiles = [\"gone.toml\"]\n";
    config(&folder, gone);
    let serve = run(glidepath(folder.path(), Some(&fake.endpoint())).arg("serve"));
    assert_eq!(serve.status.code(), Some(2), "nothing is filed yet");
    assert!(text(&serve.stderr).contains("gone.toml cannot be read"), "{}", text(&serve.stderr));
    config(&folder, "");
    std::fs::write(folder.path().join("projection.toml"), startup::PROJECTION_TOML).unwrap();
    let filed = run(glidepath(folder.path(), None).args(["projection", "file", "projection.toml"]));
    assert!(filed.status.success(), "{}", text(&filed.stderr));
    let daemon = Daemon::start_with(&folder, &fake.endpoint(), gone);
    assert_eq!(daemon.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_entered_beside_a_daemon_is_stored_by_it() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    let projection = folder.path().join("projection.toml");
    std::fs::write(&projection, startup::PROJECTION_TOML).unwrap();
    let endpoint = fake.endpoint();
    let command = |args: &[&str]| run(glidepath(folder.path(), Some(&endpoint)).args(args));
    let ask = |args: &[&str]| {
        let output = command(args);
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    ask(&["cycle", "--as-of", "2026-11-20T06:00:00Z"]);
    ask(&["projection", "file", "projection.toml"]);
    let readings: [&[&str]; 8] = [
        &["credits", "list"],
        &["credits", "list", "--json"],
        &["credits", "history"],
        &["credits", "history", "--json"],
        &["projection", "list", "--json"],
        &["projection", "show", "1"],
        &["projection", "show", "--json"],
        &["projection", "prices"],
    ];
    let alone = readings.map(&ask);
    let daemon = Daemon::start(&folder, &endpoint);
    // The daemon's own first cycle may change what pools hold, but not what was listed and filed before.
    for (args, alone) in readings.iter().zip(&alone).skip(4) {
        assert_eq!(&ask(args), alone, "{args:?}");
    }
    assert!(ask(readings[0]).contains(startup::AI_RECORD_ID));
    assert!(ask(readings[3]).starts_with(alone[3].trim_end_matches("\n]\n")), "the history only grows");

    let record = ["credits", "record", "--pool", startup::AI_RECORD_ID, "--remaining", "12.50", "--on", "2026-11-19"];
    let said = ask(&record);
    assert!(said.contains("recorded: $12.50 left in") && said.contains("but AWS states $"), "{said}");
    let typo = command(&["credits", "record", "--pool", "typo", "--remaining", "1"]);
    assert_eq!(typo.status.code(), Some(1));
    assert!(text(&typo.stderr).contains("no pool has the id \"typo\""), "{}", text(&typo.stderr));
    let backup = ask(&["backup"]);
    assert!(Path::new(backup.trim()).is_file() || folder.path().join(backup.trim()).is_file(), "{backup}");
    std::fs::write(&projection, startup::PROJECTION_TOML.replace("2026-02-01", "2026-02-02")).unwrap();
    assert!(ask(&["projection", "file", "projection.toml"]).starts_with("version 2, filed on 2026-02-02"));
    std::fs::write(&projection, "filed_on = 7\n").unwrap();
    let wrong = command(&["projection", "file", "projection.toml"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("\n  - "), "{}", text(&wrong.stderr));
    assert_eq!(daemon.terminate(), Some(0));

    assert!(ask(&["projection", "show"]).starts_with("version 2"), "the daemon stored it");
    let typo = command(&["credits", "record", "--pool", "typo", "--remaining", "1"]);
    assert!(text(&typo.stderr).contains("no pool has the id \"typo\""), "the same without a daemon");
}
