//! Disks that are full: nothing is torn, nothing is paid for in vain, somebody is told once, and it comes back by itself. A limit on
//! the size of files stands for the disk: it can be lifted from outside.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant, SystemTime};

use glidepath::demo::FakeAws;
use glidepath::http::client;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{Daemon, account, config, glidepath, run, text};

const FIRST: &str = "2026-03-20T06:30:00Z";
const SECOND: &str = "2026-03-21T06:30:00Z";
const CHANNEL: &str = "[[channel]]\nname = \"log\"\ntype = \"log\"\n";
const STORE: &str = "store/glidepath.duckdb";

/// `glidepath` after `first`, a line of shell.
fn told(folder: &Path, endpoint: &str, first: &str) -> Command {
    let program = glidepath(folder, Some(endpoint));
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("{first}exec \"$0\" \"$@\"")]).arg(program.get_program());
    command.current_dir(folder).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// `glidepath` that may write no file beyond `bytes`.
fn limited(folder: &Path, endpoint: &str, bytes: u64, args: &[&str]) -> Output {
    run(told(folder, endpoint, &format!("ulimit -f {}; ", bytes / 512)).args(args))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_once_costs_no_request_and_leaves_all_as_it_was() {
    let fake = FakeAws::start(account(), FIRST.parse().unwrap()).await.unwrap();
    let (folder, undisturbed) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for folder in [&folder, &undisturbed] {
        config(folder, CHANNEL);
    }
    let ask = |folder: &TempDir, args: &[&str]| run(glidepath(folder.path(), Some(&fake.endpoint())).args(args));
    let tight = |args: &[&str]| limited(folder.path(), &fake.endpoint(), 40_960, args);

    // A first start leaves no half of a store behind.
    let first = tight(&["cycle", "--as-of", FIRST]);
    assert_eq!(first.status.code(), Some(1));
    let said = text(&first.stderr);
    assert!(said.contains("File too large") && said.contains("disk_full"), "{said}");
    assert_eq!(names(&folder.path().join("store")), ["glidepath.duckdb.lock"]);
    assert!(fake.requests().is_empty(), "AWS is not asked for what cannot be kept");
    let again = text(&tight(&["cycle", "--as-of", FIRST]).stderr);
    assert!(!again.contains("The disk of glidepath's store"), "told within the hour already: {again}");

    assert!(ask(&folder, &["cycle", "--as-of", FIRST]).status.success(), "there is room again");
    assert!(ask(&undisturbed, &["cycle", "--as-of", FIRST]).status.success());
    fs::write(folder.path().join("old.md"), "the report of last week\n").unwrap();
    let before = ask(&folder, &["status", "--json"]);
    fake.set_now(SECOND.parse().unwrap());
    let asked = fake.requests().len();
    for _ in 0..2 {
        let cycle = tight(&["cycle", "--as-of", SECOND]);
        assert_eq!(cycle.status.code(), Some(1), "{}", text(&cycle.stderr));
    }
    assert_eq!(fake.requests().len(), asked, "AWS is not asked for what cannot be kept");
    let status = tight(&["status", "--json"]);
    assert!(status.status.success(), "what is stored can be read: {}", text(&status.stderr));
    let figures = |output: &Output| -> Value {
        let position: Value = serde_json::from_slice(&output.stdout).unwrap();
        serde_json::json!([position["as_of"], position["spend"], position["credits"], position["exhaustion"]])
    };
    assert_eq!(figures(&status), figures(&before));
    let report = limited(
        folder.path(),
        &fake.endpoint(),
        1024,
        &["report", "--kind", "funding-pack", "--format", "md", "-o", "old.md"],
    );
    assert_eq!(report.status.code(), Some(1), "{}", text(&report.stderr));
    assert_eq!(fs::read_to_string(folder.path().join("old.md")).unwrap(), "the report of last week\n");
    assert_eq!(names(folder.path()), ["glidepath.toml", "old.md", "store"], "and no half of a new one");

    // The all-clear comes an hour after it was told last.
    let lock = fs::File::open(folder.path().join("store/glidepath.duckdb.lock")).unwrap();
    lock.set_modified(SystemTime::now() - Duration::from_secs(61 * 60)).unwrap();
    let clears = |folder: &TempDir| {
        let cycle = ask(folder, &["cycle", "--as-of", SECOND]);
        assert!(cycle.status.success(), "{}", text(&cycle.stderr));
        text(&cycle.stderr).contains("All clear: a disk that takes no writes")
    };
    assert!(clears(&folder) && !clears(&undisturbed));
    assert!(!clears(&folder), "once");
    let position = |folder: &TempDir| {
        let mut position: Value = serde_json::from_slice(&ask(folder, &["status", "--json"]).stdout).unwrap();
        position["data_quality"] = Value::Null;
        position
    };
    assert_eq!(position(&folder), position(&undisturbed));
}

/// A checkpoint that fails makes DuckDB refuse everything from then on: the daemon opens its store anew, and reads meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_comes_back_after_a_checkpoint_that_failed() {
    let fake = FakeAws::start(account(), FIRST.parse().unwrap()).await.unwrap();
    let folder = TempDir::new().unwrap();
    config(&folder, CHANNEL);
    let ask = |args: &[&str]| run(glidepath(folder.path(), Some(&fake.endpoint())).args(args));
    assert!(ask(&["cycle", "--as-of", FIRST]).status.success());
    let daemon = Daemon::started_by(told(folder.path(), &fake.endpoint(), ""), &folder, CHANNEL);
    let process = daemon.child.id().to_string();
    let limit = |bytes: &str| {
        let limited = run(Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}:unlimited")]));
        assert!(limited.status.success(), "{}", text(&limited.stderr));
    };
    let backup = ask(&["backup"]);
    assert!(backup.status.success(), "{}", text(&backup.stderr));
    let size = fs::metadata(folder.path().join(STORE)).unwrap().len();
    limit(&size.to_string());
    // What is entered goes into the log, for which there is room; a backup begins with a checkpoint, for which there is none.
    let mut failed = 0;
    for amount in 1..=40 {
        let entered = ask(&["credits", "record", "--pool", "4711", "--remaining", &amount.to_string()]);
        assert!(entered.status.success(), "{}", text(&entered.stderr));
        let backup = ask(&["backup"]);
        failed += u32::from(!backup.status.success());
        let status = ask(&["status", "--json"]);
        assert!(status.status.success(), "after {amount}: {}", text(&status.stderr));
        if failed == 3 {
            break;
        }
    }
    assert_eq!(failed, 3, "no checkpoint failed");
    limit("unlimited");
    let backup = ask(&["backup"]);
    assert!(backup.status.success(), "{}", text(&backup.stderr));
    let history = text(&ask(&["credits", "list", "--json"]).stdout);
    assert!(history.contains("4711"), "{history}");
    assert!(ask(&["verify"]).status.success());

    // A cycle that found no room asked nothing, and so is none that failed.
    limit("40960");
    assert_eq!(ask(&["cycle"]).status.code(), Some(1));
    limit("unlimited");
    assert!(ask(&["credits", "record", "--pool", "4711", "--remaining", "41"]).status.success());
    let listen = fs::read_to_string(folder.path().join("glidepath.toml")).unwrap();
    let listen = listen.lines().find_map(|line| line.strip_prefix("listen = ")).unwrap().trim_matches('"').to_owned();
    let ready = client::ask(&client::Address::Listen(listen.parse().unwrap()), None, "/readyz").await;
    assert!(!format!("{ready:?}").contains("cycle_failed"), "{ready:?}");
    assert_eq!(daemon.terminate(), Some(0));
}

/// A file system of its own, taken away again.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Disk {
        fs::create_dir_all(at).unwrap();
        let mounted = run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(at));
        assert!(mounted.status.success(), "only root may mount a disk: {}", text(&mounted.stderr));
        Disk(at.to_owned())
    }

    fn remount(&self, how: &str) {
        let mounted = run(Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(&self.0));
        assert!(mounted.status.success(), "{}", text(&mounted.stderr));
    }

    /// Leaves no block free.
    fn fill(&self) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.0.join("fill")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("fill")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run(Command::new("umount").arg("-l").arg(&self.0));
    }
}

/// A disk that is full, has room again, can only be read, and can be written again, under commands and a daemon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "mounts a disk, which only root may, and waits for minutes of a daemon; .ci/faults runs it"]
async fn a_disk_of_its_own() {
    let fake = FakeAws::start(account(), FIRST.parse().unwrap()).await.unwrap();
    let folder = TempDir::new().unwrap();
    let disk = Disk::mount(&folder.path().join("store"));
    let backups = format!("backup_folder = \"{}\"\n", folder.path().join("backups").display());
    config(&folder, &format!("{backups}{CHANNEL}"));
    let ask = |args: &[&str]| {
        let output = run(glidepath(folder.path(), Some(&fake.endpoint())).args(args));
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    disk.fill();
    let (status, _, said) = ask(&["cycle", "--as-of", FIRST]);
    assert!(status == Some(1) && said.contains("The disk of glidepath's store is full"), "{said}");
    assert_eq!(names(&folder.path().join("store")), ["fill", "glidepath.duckdb.lock"]);
    disk.make_room();
    assert_eq!(ask(&["cycle", "--as-of", FIRST]).0, Some(0));

    disk.remount("ro");
    let (status, shown, said) = ask(&["status"]);
    assert!(status == Some(0) && shown.contains("as of 2026-03-20"), "{said}");
    let (status, _, said) = ask(&["report", "--kind", "trajectory", "--format", "md"]);
    assert_eq!(status, Some(0), "{said}");
    let (status, _, said) = ask(&["cycle", "--as-of", SECOND]);
    assert!(status == Some(1) && said.contains("Read-only file system"), "{said}");
    disk.remount("rw");

    let daemon = Daemon::start_with(&folder, &fake.endpoint(), CHANNEL);
    disk.fill();
    // A block that is begun takes some more.
    let entries =
        (1..200).map(|amount| ask(&["credits", "record", "--pool", "4711", "--remaining", &amount.to_string()]));
    let (_, _, said) = entries.into_iter().find(|(status, ..)| *status != Some(0)).expect("the disk is full");
    assert!(said.contains("No space left on device"), "{said}");
    let (status, shown, said) = ask(&["status"]);
    // Its clock is the real one, so it may have gone on from there.
    assert!(status == Some(0) && shown.contains("as of "), "it reads: {shown}{said}");
    disk.make_room();
    // The daemon looks every minute.
    let until = Instant::now() + Duration::from_secs(150);
    loop {
        let (status, _, said) = ask(&["credits", "record", "--pool", "4711", "--remaining", "5"]);
        if status == Some(0) {
            break;
        }
        assert!(Instant::now() < until, "{said}");
        std::thread::yield_now();
    }
    assert_eq!(ask(&["verify"]).0, Some(0));
    assert_eq!(daemon.terminate(), Some(0));
}
