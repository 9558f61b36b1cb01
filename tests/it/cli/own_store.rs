//! A command meets its own store, or nobody: whatever listens where the config says that its daemon does.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use glidepath::demo::{FakeAws, startup};
use glidepath::store::{Store, StoreId};
use serde_json::Value;
use tempfile::TempDir;

use super::{Daemon, config, glidepath, run, text};

const TOKEN: &str = "founder-token-f4b7";
const PATH: &str = "store/glidepath.duckdb";

/// Commands that ask a daemon, or tell it something.
const COMMANDS: &[&[&str]] = &[
    &["status"],
    &["status", "--json"],
    &["cycle"],
    &["check", "--online"],
    &["report", "--kind", "trajectory", "--format", "md"],
    &["report", "--list"],
    &["projection", "file", "projection.toml"],
    &["projection", "check", "projection.toml"],
    &["projection", "list"],
    &["projection", "show"],
    &["projection", "prices"],
    &["credits", "list"],
    &["credits", "history"],
    &["credits", "record", "--pool", "p", "--remaining", "1"],
    &["accept", "vanished", "--from", "2026-01-01", "--to", "2026-01-02"],
    &["plan", "add", "fee", "--usd", "1", "--on", "2026-12-24"],
    &["plan", "list"],
    &["plan", "remove", "1"],
    &["whatif"],
    &["alerts", "list"],
    &["alerts", "ack", "exhaustion:total", "--why", "w", "--by", "b"],
    &["alerts", "test"],
    &["replay", "--from", "2026-01-01", "--to", "2026-01-02"],
    &["backup"],
    &["share", "list"],
    &["share", "new", "--kind", "trajectory", "--format", "html", "--records", "ai", "--days", "7"],
    &["share", "revoke", "00"],
    &["audit", "list"],
];

/// A listener that answers everything with `answer`, and keeps what it was sent.
fn stranger(answer: String) -> (SocketAddr, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(String::new()));
    let keeps = heard.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 16_384];
            let read = stream.read(&mut buffer).unwrap_or_default();
            keeps.lock().unwrap().push_str(&text(&buffer[..read]));
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, heard)
}

fn answer(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// A folder whose store this process has open, with a config that looks for its daemon at `address`.
fn busy(address: SocketAddr) -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    config(&folder, &format!("[http]\nlisten = \"{address}\"\n"));
    std::fs::write(folder.path().join("projection.toml"), startup::PROJECTION_TOML).unwrap();
    let store = Store::open(&folder.path().join(PATH)).unwrap();
    (folder, store)
}

fn said(folder: &TempDir, args: &[&str]) -> (Option<i32>, String, String) {
    let output = run(glidepath(folder.path(), None).args(args).env("GLIDEPATH_TOKEN", TOKEN));
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn nothing_reaches_who_does_not_hold_this_store() {
    let other = "glidepath-store: 00000000000000ff\r\n";
    for (headers, body, words) in [
        (other, "ok", "holds another store (id 00000000000000ff)"),
        ("", "ok", "does not say whose store it holds"),
        ("glidepath-store: yours\r\n", "ok", "does not say whose store it holds"),
        (other, "<html>a router</html>", "which is no daemon at"),
    ] {
        let (address, heard) = stranger(answer(headers, body));
        let (folder, _store) = busy(address);
        let mut asked = 0;
        for args in COMMANDS {
            let (status, out, err) = said(&folder, args);
            assert_eq!(status, Some(1), "{args:?}: {out}{err}");
            assert!(err.contains(words), "{args:?}: {err}");
            // What the config and the file of the caller say is no figure of a store.
            assert!(out.is_empty() || args.contains(&"check"), "{args:?}: {out}");
            asked += 1;
        }
        let heard = heard.lock().unwrap().to_ascii_lowercase();
        assert_eq!(heard.matches("get /healthz http/1.1").count(), asked, "{heard}");
        assert_eq!(heard.matches("http/1.1").count(), asked, "and nothing else is asked: {heard}");
        assert!(!heard.contains("authorization") && !heard.contains(TOKEN), "{heard}");
        let (status, _, err) = said(&folder, &["health"]);
        assert_eq!(status, Some(1), "{err}");
    }
}

#[test]
fn a_store_that_is_busy_and_does_not_say_which_it_is_is_told_with_the_remedy() {
    let (address, heard) = stranger(answer("glidepath-store: 00000000000000ff\r\n", "ok"));
    let (folder, store) = busy(address);
    let file = folder.path().join(format!("{PATH}.id"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{}\n", store.id()));
    std::fs::write(&file, "00000000").unwrap();
    let (status, _, err) = said(&folder, &["status"]);
    assert_eq!(status, Some(1));
    assert!(err.contains("glidepath.duckdb.id") && err.contains("cannot be read: \"00000000\" is not the id"), "{err}");
    std::fs::remove_file(&file).unwrap();
    let (status, _, err) = said(&folder, &["status"]);
    assert_eq!(status, Some(1));
    assert!(
        err.contains("glidepath.duckdb.id is missing") && err.contains("start it again, with this version"),
        "{err}"
    );
    assert!(heard.lock().unwrap().is_empty(), "nobody is asked");
    // As the words say: the next who opens it writes the file.
    let id = store.id().clone();
    drop(store);
    let store = Store::open(&folder.path().join(PATH)).unwrap();
    assert_eq!((store.id(), StoreId::beside(store.path())), (&id, Ok(Some(id.clone()))));
}

/// Two startups on one machine, and a config that names the other one's address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_store_s_daemon_shows_nothing_and_takes_nothing() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let endpoint = fake.endpoint();
    let command = |folder: &TempDir, args: &[&str]| run(glidepath(folder.path(), Some(&endpoint)).args(args));
    let (ours, theirs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for folder in [&ours, &theirs] {
        config(folder, "");
        std::fs::write(folder.path().join("projection.toml"), startup::PROJECTION_TOML).unwrap();
        assert!(command(folder, &["cycle", "--as-of", "2026-11-20T06:00:00Z"]).status.success());
    }
    let (our_daemon, their_daemon) = (Daemon::start(&ours, &endpoint), Daemon::start(&theirs, &endpoint));
    assert!(command(&ours, &["status"]).status.success() && command(&theirs, &["status"]).status.success());
    let (our_config, their_config) = (ours.path().join("glidepath.toml"), theirs.path().join("glidepath.toml"));
    let right = std::fs::read_to_string(&our_config).unwrap();
    std::fs::copy(&their_config, &our_config).unwrap();
    for args in [&["status"][..], &["projection", "file", "projection.toml"], &["backup"], &["health"]] {
        let output = command(&ours, args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}: {}", text(&output.stdout));
        assert!(text(&output.stderr).contains(" store"), "{args:?}: {}", text(&output.stderr));
    }
    let filed = command(&theirs, &["projection", "list", "--json"]);
    assert_eq!(serde_json::from_slice::<Value>(&filed.stdout).unwrap(), Value::Array(Vec::new()), "nothing came in");
    // With its own address again it is met.
    std::fs::write(&our_config, right).unwrap();
    let filed = command(&ours, &["projection", "file", "projection.toml"]);
    assert!(filed.status.success(), "{}", text(&filed.stderr));
    assert!(command(&ours, &["health"]).status.success());
    // The daemon says where its backup is from anywhere, and whose it is.
    let made = text(&command(&ours, &["backup"]).stdout);
    let id = StoreId::beside(&ours.path().join(PATH)).unwrap().unwrap();
    let name = std::path::Path::new(made.trim()).file_name().unwrap().to_str().unwrap();
    assert!(std::path::Path::new(made.trim()).is_absolute() && name.starts_with(&format!("{id}-glidepath-")), "{made}");
    assert_eq!((our_daemon.terminate(), their_daemon.terminate()), (Some(0), Some(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_says_whose_backups_lie_where_and_what_is_in_their_way() {
    let folder = TempDir::new().unwrap();
    let check = || text(&run(glidepath(folder.path(), None).arg("check")).stdout);
    config(&folder, "backup_to = \"disk\"\n");
    assert!(check().contains("backups   0 0 3 * * * (UTC); the newest 7 of this store are kept"), "{}", check());
    assert!(check().contains("warning   backup_to in [store]: there is no folder"), "{}", check());
    std::fs::create_dir(folder.path().join("disk")).unwrap();
    let backup = run(glidepath(folder.path(), None).arg("backup"));
    let made = text(&backup.stdout);
    assert_eq!((backup.status.code(), made.lines().count()), (Some(0), 2), "{made}");
    for path in made.lines() {
        assert!(std::path::Path::new(path).is_file(), "{path}");
    }
    let stranger = "store/backups/0123456789abcdef-glidepath-20261123T063000Z.duckdb";
    std::fs::write(folder.path().join(stranger), "").unwrap();
    let said = check();
    let id = StoreId::beside(&folder.path().join(PATH)).unwrap().unwrap();
    assert!(said.contains(&format!("store/backups: 1 of this store ({id}), the newest of ")), "{said}");
    assert!(said.contains("and 1 of another store (0123456789abcdef), the newest of 2026-11-23"), "{said}");
    assert!(said.contains("lies on the disk of the store, and is lost with it"), "{said}");
    std::fs::remove_file(folder.path().join("disk/glidepath-backups")).unwrap();
    assert!(check().contains("lacks the file glidepath-backups"), "{}", check());
    // One place fails, and the other does not: its path is told, and so is the failure.
    let backup = run(glidepath(folder.path(), None).arg("backup"));
    let (out, err) = (text(&backup.stdout), text(&backup.stderr));
    assert_eq!(backup.status.code(), Some(1), "{err}");
    assert!(out.contains("store/backups/") && !out.contains("/disk/"), "{out}");
    assert!(err.contains("backup_to in [store]: ") && err.contains("lacks the file"), "{err}");
}
