//! A cycle that cannot finish, and a store that an earlier version filled with what nobody can read, on the command line.

use glidepath::demo::FakeAws;
use glidepath::store::Store;
use serde_json::Value;
use tempfile::TempDir;

use super::killed::account;
use super::{config, glidepath, run, text};
use crate::support::plain::unpack_outlooks;

const FIRST: &str = "2026-03-20T06:30:00Z";
const SECOND: &str = "2026-03-21T06:30:00Z";
const THIRD: &str = "2026-03-22T06:30:00Z";

fn alter(folder: &TempDir, sql: &str) {
    let store = Store::open(&folder.path().join("store/glidepath.duckdb")).unwrap();
    let alter = |connection: &mut duckdb::Connection| {
        unpack_outlooks(connection);
        Ok(connection.execute(sql, []).map(drop)?)
    };
    store.call_blocking(alter).unwrap();
    store.checkpoint().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_with_1_and_status_shows_the_last_position_with_0() {
    let fake = FakeAws::start(account(), FIRST.parse().unwrap()).await.unwrap();
    let folder = TempDir::new().unwrap();
    config(&folder, "[[channel]]\nname = \"log\"\ntype = \"log\"\n");
    let said = |args: &[&str]| {
        let output = run(glidepath(folder.path(), Some(&fake.endpoint())).args(args));
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let cycle = |clock: &str| {
        fake.set_now(clock.parse().unwrap());
        said(&["cycle", "--as-of", clock])
    };
    assert_eq!(cycle(FIRST).0, Some(0));
    let broken = "INSERT INTO credit_snapshots SELECT max(run_id) + 1, DATE '2026-03-21', 'broken', true, '[]', NULL FROM ingest_runs";
    alter(&folder, broken);
    let (status, _, errors) = cycle(SECOND);
    assert_eq!(status, Some(1));
    assert!(errors.contains("a credit snapshot in the store cannot be read"), "{errors}");

    let (status, shown, errors) = said(&["status"]);
    assert_eq!(status, Some(0), "{errors}");
    assert!(shown.contains("as of 2026-03-20T06:30:00+00:00"), "{shown}");
    assert!(shown.contains("The cycle of 21 March 2026, 06:30 UTC asked AWS and could not finish."), "{shown}");
    let (_, shown, _) = said(&["alerts", "list", "--json"]);
    let listed: Value = serde_json::from_str(&shown).unwrap();
    assert!(listed["alerts"].as_array().unwrap().iter().any(|row| row["key"] == "cycle_failed:cycle"), "{shown}");

    alter(&folder, "DELETE FROM credit_snapshots WHERE credit_id = 'broken'");
    assert_eq!(cycle(THIRD).0, Some(0));
    assert!(!said(&["status"]).1.contains("could not finish"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_fails_over_what_cannot_be_read() {
    let fake = FakeAws::start(account(), FIRST.parse().unwrap()).await.unwrap();
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    let said = |args: &[&str]| {
        let output = run(glidepath(folder.path(), Some(&fake.endpoint())).args(args));
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    said(&["cycle", "--as-of", FIRST]);
    let huge =
        r#"UPDATE cycles SET outlook = regexp_replace(outlook, '"p90":"[^"]*"', '"p90":"139000000000000"', 'g')"#;
    alter(&folder, huge);
    alter(&folder, "DELETE FROM views");
    let position: Value = serde_json::from_str(&said(&["status", "--json"])).unwrap();
    assert!(position["data_quality"]["unreadable"][0].as_str().unwrap().contains("computed again"), "{position}");
    assert!(position["uncovered"]["p50"].is_string(), "{position}");
    for args in [
        ["status", "--as-of", FIRST].as_slice(),
        &["report", "--kind", "funding-pack", "--format", "json", "-o", "pack.json"],
        &["alerts", "list"],
        &["credits", "list"],
        &["whatif"],
        &["replay", "--from", "2026-03-18", "--to", "2026-03-20"],
    ] {
        said(args);
    }
    fake.set_now(SECOND.parse().unwrap());
    said(&["cycle", "--as-of", SECOND]);
    let healed: Value = serde_json::from_str(&said(&["status", "--json"])).unwrap();
    assert_eq!(healed["data_quality"]["unreadable"], Value::Null);
}
