//! Files that others could read, and links that somebody tries to bring back or to change.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use axum::http::{Method, StatusCode};
use glidepath::config::Config;
use glidepath::domain::values::secret::Secret;
use glidepath::store::{BackupFolders, Opening, Revocation, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::desk::{link, now, opening, patiently};
use crate::cli::{config as write_config, glidepath, text};
use crate::support::served::{Ask, LINK_KEY, OWNER, Served, config, first_cycle, tokens};

/// Every file and folder below `folder`, with what others may do to it.
fn modes(folder: &Path) -> BTreeMap<PathBuf, u32> {
    let mut found = BTreeMap::new();
    for entry in folder.read_dir().unwrap().map(Result::unwrap) {
        let held = entry.metadata().unwrap();
        found.insert(entry.path(), held.permissions().mode() & 0o777);
        if held.is_dir() {
            found.extend(modes(&entry.path()));
        }
    }
    found
}

/// Runs the program under a umask.
fn under(umask: &str, folder: &TempDir, arguments: &str) -> String {
    let program = glidepath(folder.path(), None);
    let path = program.get_program().to_string_lossy().into_owned();
    let mut shell = Command::new("sh");
    shell.current_dir(folder.path()).env_clear();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.args(["-c", &format!("umask {umask}; exec '{path}' {arguments}")]).output().unwrap();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_is_kept_is_its_users_alone_under_any_umask() {
    for umask in ["000", "022", "077", "177"] {
        let folder = TempDir::new().unwrap();
        write_config(&folder, "");
        // It fails for want of AWS, and has made the store.
        under(umask, &folder, "cycle");
        let said = under(umask, &folder, "backup");
        let store = folder.path().join("store");
        let backup = modes(&store).into_keys().find(|path| path.to_string_lossy().contains("-glidepath-"));
        let backup = backup.unwrap_or_else(|| panic!("{said}")).display().to_string();
        let said = under(umask, &folder, &format!("restore {backup}"));
        assert!(said.contains("is restored from"), "{said}");
        under(umask, &folder, "status");
        let modes = modes(&store);
        let names: Vec<String> = modes.keys().map(|path| path.display().to_string()).collect();
        for part in [".duckdb", ".duckdb.id", ".duckdb.lock", ".damaged-", "/backups", "-glidepath-"] {
            assert!(names.iter().any(|name| name.contains(part)), "{part} is none of {names:?}");
        }
        for (path, mode) in &modes {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(format!("{mode:o}"), format!("{expected:o}"), "{} under {umask}", path.display());
        }
        assert!(!under(umask, &folder, "check").contains("others may"), "{umask}");
    }
}

#[test]
fn what_a_command_writes_to_hand_on_has_the_rights_of_the_umask() {
    for (umask, mode) in [("022", 0o644), ("027", 0o640), ("077", 0o600)] {
        let folder = TempDir::new().unwrap();
        write_config(&folder, "");
        under(umask, &folder, "cycle");
        let said = under(umask, &folder, "report --kind trajectory --format md -o paper.md");
        let paper = folder.path().join("paper.md");
        assert!(paper.exists(), "{said}");
        assert_eq!(paper.metadata().unwrap().permissions().mode() & 0o777, mode, "{umask}");
    }
}

#[test]
fn check_tells_what_others_may_read_and_what_goes_in_the_open() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("key"), LINK_KEY).unwrap();
    std::fs::write(folder.path().join("hook"), "http://hooks.example.com/x").unwrap();
    std::fs::write(folder.path().join("short"), "whsec_c2hvcnQ=").unwrap();
    write_config(
        &folder,
        "[http]\nlink_key = { file = \"key\" }\ndashboard_url = \"http://glidepath.example.com/\"\n[[channel]]\nname = \"hook\"\n\
         type = \"webhook\"\nurl = { file = \"hook\" }\nsecret = { file = \"short\" }\n[[channel]]\nname = \"am\"\n\
         type = \"alertmanager\"\nurl = \"http://alertmanager.internal:9093\"\n",
    );
    for name in ["key", "hook"] {
        std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    std::fs::set_permissions(folder.path().join("short"), std::fs::Permissions::from_mode(0o600)).unwrap();
    under("022", &folder, "cycle");
    let store = folder.path().join("store/glidepath.duckdb");
    std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o640)).unwrap();
    let said = under("022", &folder, "check");
    for warning in [
        "key holds a secret, and others may read or change it (mode 644): chmod 600 ",
        "hook holds a secret, and others may read or change it (mode 644): chmod 600 ",
        "others may read or change store/glidepath.duckdb (mode 640): chmod 600 ",
        "the channel hook: its address is http and leads to another machine",
        "the channel hook: its secret is shorter than the 24 bytes",
        "no links to reports are made while dashboard_url in [http] is http://glidepath.example.com/",
    ] {
        assert!(said.contains(warning), "{warning} is not in {said}");
    }
    assert!(!said.contains("short holds") && !said.contains("channel am"), "{said}");
}

#[tokio::test]
async fn where_an_address_goes_in_the_open_no_link_is_made() {
    let order = json!({ "kind": "trajectory", "formats": ["md"], "records": ["ai"], "days": 7 });
    for (url, made) in [
        ("http://glidepath.example.com/", false),
        ("http://10.0.0.7:8437/", false),
        ("http://127.0.0.1:8437/", true),
        ("http://[::1]:8437/", true),
        ("http://localhost:8437/", true),
        ("https://glidepath.example.com/", true),
    ] {
        let link_key = Some(Secret::new(LINK_KEY));
        let served =
            Served::fed(Config { tokens: tokens(), link_key, dashboard_url: Some(url.to_owned()), ..config() }).await;
        let answer = served.send(Ask::post("/api/v1/links").bearer(OWNER).json(&order)).await;
        let expected = if made { StatusCode::CREATED } else { StatusCode::CONFLICT };
        assert_eq!(answer.status, expected, "{url}: {}", answer.body);
        assert_eq!(served.engine.config().may_link(), made, "{url}");
        assert_eq!(served.engine.config().cautions().is_empty(), made, "{url}");
    }
}

async fn daemon() -> (Served, Value) {
    let (link_key, dashboard_url) = (Some(Secret::new(LINK_KEY)), Some("https://x.example/".to_owned()));
    let served = Served::fed(Config { tokens: tokens(), link_key, dashboard_url, ..config() }).await;
    let order = json!({ "kind": "trajectory", "formats": ["md"], "records": ["ai"], "days": 7,
        "as_of": "2026-03-20T06:30:00Z" });
    let made = served.send(Ask::post("/api/v1/links").bearer(OWNER).json(&order)).await.json();
    (served, made)
}

fn address(made: &Value) -> String {
    made["url"].as_str().unwrap().strip_prefix("https://x.example").unwrap().to_owned()
}

#[tokio::test]
async fn a_link_opens_what_was_ordered_in_every_field() {
    for change in [
        "kind = 'funding-pack'",
        "formats = '[\"md\",\"pdf\"]'",
        "records = '[\"moonbase\"]'",
        "records = '[\"ai\",\"moonbase\"]'",
        "expires_at = expires_at + INTERVAL 1 SECOND",
        "expires_at = expires_at - INTERVAL 1 MICROSECOND",
        "as_of = as_of + INTERVAL 1 SECOND",
        "as_of = NULL",
    ] {
        let (served, made) = daemon().await;
        assert_eq!(served.get(&address(&made)).await.status, StatusCode::OK);
        let sql = format!("UPDATE shared_links SET {change}");
        served.engine.store().call_blocking(|connection| Ok(connection.execute(&sql, [])?)).unwrap();
        let answer = served.get(&address(&made)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{change}: {}", answer.body);
    }
}

#[tokio::test]
async fn nobody_keeps_or_lists_what_a_link_answers() {
    let (served, made) = daemon().await;
    let id = made["id"].as_str().unwrap();
    let good = address(&made);
    let mut asked = vec![(good.clone(), StatusCode::OK), ("/shared/x.y".to_owned(), StatusCode::NOT_FOUND)];
    asked.push((format!("{good}?format=pdf"), StatusCode::NOT_FOUND));
    asked.push((format!("{good}?colour=blue"), StatusCode::BAD_REQUEST));
    asked.push(("/shared/%ff".to_owned(), StatusCode::NOT_FOUND));
    let judged = async |asked: &[(String, StatusCode)]| {
        for (path, status) in asked {
            let answer = served.get(path).await;
            assert_eq!(answer.status, *status, "{path}: {}", answer.body);
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            assert_eq!(answer.header("x-robots-tag"), "noindex", "{path}");
        }
    };
    judged(&asked).await;
    served.send(Ask::method(Method::DELETE, &format!("/api/v1/links/{id}")).bearer(OWNER)).await;
    judged(&[(good, StatusCode::GONE)]).await;
}

/// A store with two links, of which one was revoked after the backup whose path is given.
async fn with_a_backup_from_before(folder: &Path) -> PathBuf {
    let store = patiently(|| Store::open_or_heal(opening(folder))).unwrap();
    assert!(!folder.join("a.duckdb.revoked").exists(), "without a link there is nothing to list");
    store.keep_link(link("kept", 30)).await.unwrap();
    store.keep_link(link("ended", 30)).await.unwrap();
    std::fs::create_dir(folder.join("backups")).unwrap();
    let backup = folder.join("backups").join(format!("{}-glidepath-20260320T063000Z.duckdb", store.id()));
    store.backup(&backup).await.unwrap();
    let revocation = Revocation { at: first_cycle(), by: "founder".to_owned() };
    store.revoke_link("ended".to_owned(), revocation).await.unwrap();
    backup
}

fn id_of(backup: &Path) -> String {
    backup.file_name().unwrap().to_string_lossy().split('-').next().unwrap().to_owned()
}

async fn revoked(folder: &Path) -> Vec<String> {
    revoked_in(&opening(folder)).await
}

async fn revoked_in(opening: &Opening) -> Vec<String> {
    let store = patiently(|| Store::open_or_heal(opening.clone())).unwrap();
    let links = store.links().await.unwrap();
    let mut ended: Vec<String> = links.into_iter().filter(|link| link.revoked.is_some()).map(|link| link.id).collect();
    ended.sort();
    ended
}

#[tokio::test]
async fn a_revoked_link_stays_so_in_a_store_that_is_restored_from_before() {
    let lists = ["a.duckdb.revoked", "backups/a.duckdb.revoked"];
    // With both lists, and with either of them alone.
    for missing in [None, Some(lists[0]), Some(lists[1])] {
        let folder = TempDir::new().unwrap();
        let backup = with_a_backup_from_before(folder.path()).await;
        for list in lists {
            let text = std::fs::read_to_string(folder.path().join(list)).unwrap();
            let said =
                format!("# links that were revoked, of the store {}, as of 2026-03-21T06:30:00+00:00", id_of(&backup));
            let place = format!("# place {}", folder.path().join("backups").display());
            let more = if list == lists[0] { vec![place.as_str(), "# open kept"] } else { Vec::new() };
            assert_eq!(text.lines().collect::<Vec<_>>(), [vec![said.as_str()], more, vec!["ended"]].concat());
        }
        if let Some(missing) = missing {
            std::fs::remove_file(folder.path().join(missing)).unwrap();
        }
        let healing = patiently(|| Store::restore(&opening(folder.path()), Some(&backup))).unwrap();
        assert_eq!(healing.links_ended, 0);
        assert_eq!(revoked(folder.path()).await, ["ended"], "without {missing:?}");
        assert!(lists.iter().all(|list| folder.path().join(list).exists()), "what was missing is written again");
    }
}

#[tokio::test]
async fn without_any_list_every_link_ends_and_it_is_said() {
    let folder = TempDir::new().unwrap();
    let backup = with_a_backup_from_before(folder.path()).await;
    for list in ["a.duckdb.revoked", "backups/a.duckdb.revoked"] {
        std::fs::remove_file(folder.path().join(list)).unwrap();
    }
    let healing = patiently(|| Store::restore(&opening(folder.path()), Some(&backup))).unwrap();
    assert_eq!(healing.links_ended, 1, "that the other was revoked, the old store knew");
    let said =
        "No list tells for certain that 1 of the links to reports were not revoked, so these are ended: make new ones";
    assert!(healing.not_brought_back().ends_with(said), "{healing:?}");
    assert_eq!(revoked(folder.path()).await, ["ended", "kept"]);
    let store = patiently(|| Store::open_or_heal(opening(folder.path()))).unwrap();
    assert_eq!(store.healings().await.unwrap().last().unwrap().links_ended, 1, "and it is told by the store too");
}

/// With a second place for backups, on a disk that can be away.
fn with_second(folder: &Path) -> Opening {
    let second = Some(folder.join("second"));
    Opening { backups: BackupFolders { first: folder.join("backups"), second, copy: None }, ..opening(folder) }
}

/// Two links, backed up to both places; the second place is away while one of them is revoked.
async fn revoked_while_the_second_place_is_away(folder: &Path) -> PathBuf {
    let (opening, second) = (with_second(folder), folder.join("second"));
    for place in ["backups", "second"] {
        std::fs::create_dir(folder.join(place)).unwrap();
    }
    let store = patiently(|| Store::open_or_heal(opening.clone())).unwrap();
    store.keep_link(link("kept", 30)).await.unwrap();
    store.keep_link(link("ended", 30)).await.unwrap();
    let name = format!("{}-glidepath-20260320T063000Z.duckdb", store.id());
    store.backup(&folder.join("backups").join(&name)).await.unwrap();
    // The first copy that goes to a new second place brings the list, as the mark was left before it.
    std::fs::write(second.join("glidepath-backups"), "").unwrap();
    store.note_mark(&second, now()).await.unwrap();
    store.backup_again(&folder.join("backups").join(&name), &second.join(&name)).await.unwrap();
    assert!(second.join("a.duckdb.revoked").exists());
    let revocation = || Revocation { at: first_cycle(), by: "founder".to_owned() };
    std::fs::rename(&second, folder.join("away")).unwrap();
    let said = store.revoke_link("ended".to_owned(), revocation()).await.unwrap();
    assert!(said.len() == 1 && said[0].contains("second, where backups go, is not there"), "{said:?}");
    std::fs::rename(folder.join("away"), &second).unwrap();
    second.join(name)
}

#[tokio::test]
async fn a_list_that_was_away_when_a_link_was_revoked_opens_it_again_in_no_restore() {
    let lists = ["a.duckdb.revoked", "backups/a.duckdb.revoked"];
    // What is left beside the second place: the store and its lists, the store alone, a list alone, and nothing.
    for (store_is_left, left, ended_in_all) in [
        (true, vec![lists[0], lists[1]], false),
        (true, vec![], true),
        (false, vec![lists[0]], false),
        (false, vec![lists[1]], true),
        (false, vec![], true),
    ] {
        let folder = TempDir::new().unwrap();
        let backup = revoked_while_the_second_place_is_away(folder.path()).await;
        for list in lists.iter().filter(|list| !left.contains(list)) {
            std::fs::remove_file(folder.path().join(list)).unwrap();
        }
        if !store_is_left {
            for file in ["a.duckdb", "a.duckdb.wal", "a.duckdb.id"] {
                let _ = std::fs::remove_file(folder.path().join(file));
            }
        }
        let opening = with_second(folder.path());
        let healing = patiently(|| Store::restore(&opening, Some(&backup))).unwrap();
        assert_eq!(healing.links_ended > 0, ended_in_all, "{store_is_left} {left:?}: {healing:?}");
        let expected: &[&str] = if ended_in_all { &["ended", "kept"] } else { &["ended"] };
        assert_eq!(revoked_in(&opening).await, expected, "{store_is_left} {left:?}");
        assert_eq!(healing.not_brought_back().contains("make new ones"), ended_in_all);
    }
}

#[tokio::test]
async fn a_second_place_that_knows_all_that_the_old_store_knew_is_believed() {
    let folder = TempDir::new().unwrap();
    let backup = revoked_while_the_second_place_is_away(folder.path()).await;
    let opening = with_second(folder.path());
    // It is there again: the next start brings its list up.
    assert_eq!(revoked_in(&opening).await, ["ended"]);
    for list in ["a.duckdb.revoked", "backups/a.duckdb.revoked"] {
        std::fs::remove_file(folder.path().join(list)).unwrap();
    }
    let healing = patiently(|| Store::restore(&opening, Some(&backup))).unwrap();
    assert_eq!(healing.links_ended, 0, "{healing:?}");
    assert_eq!(revoked_in(&opening).await, ["ended"]);
}

#[tokio::test]
async fn a_list_of_another_store_and_one_that_lacks_something_are_no_lists() {
    for text in [
        "# links that were revoked, of the store 0123456789abcdef, as of 2026-03-21T06:30:00+00:00\nended\n",
        "other\n",
    ] {
        let folder = TempDir::new().unwrap();
        let backup = with_a_backup_from_before(folder.path()).await;
        for list in ["a.duckdb.revoked", "backups/a.duckdb.revoked"] {
            std::fs::write(folder.path().join(list), text).unwrap();
        }
        let healing = patiently(|| Store::restore(&opening(folder.path()), Some(&backup))).unwrap();
        assert_eq!(healing.links_ended, 1, "{text}");
        assert_eq!(revoked(folder.path()).await, ["ended", "kept"]);
    }
}

/// Who may write in a folder plants links under the names that files have for a moment.
#[tokio::test]
async fn nothing_that_somebody_planted_is_written_through() {
    let folder = TempDir::new().unwrap();
    let (at, mine) = (|name: &str| folder.path().join(name), b"mine".to_vec());
    std::fs::create_dir(at("backups")).unwrap();
    let (before, own) = (at("victim"), at("a.duckdb"));
    std::fs::write(&before, &mine).unwrap();
    let id = patiently(|| Store::open_or_heal(opening(folder.path()))).unwrap().id().to_string();
    let backup = format!("{id}-glidepath-20260320T063000Z");
    for name in [
        "a.duckdb.id.partial",
        "a.duckdb.revoked.partial",
        "a.duckdb.room",
        "a.duckdb.held",
        "a.duckdb.restoring",
        "a.duckdb.as-it-lies",
        "backups/a.duckdb.revoked.partial",
        &format!("backups/{backup}.partial"),
    ] {
        std::os::unix::fs::symlink(&before, at(name)).unwrap();
    }
    std::fs::remove_file(at("a.duckdb.id")).unwrap();
    let backup = at(&format!("backups/{backup}.duckdb"));
    {
        let store = patiently(|| Store::open_or_heal(opening(folder.path()))).unwrap();
        store.find_room().await.unwrap();
        store.keep_link(link("ended", 30)).await.unwrap();
        let revocation = Revocation { at: first_cycle(), by: "founder".to_owned() };
        store.revoke_link("ended".to_owned(), revocation).await.unwrap();
        store.backup(&backup).await.unwrap();
        assert!(store.verify().await.unwrap().is_sound());
    }
    patiently(|| Store::restore(&opening(folder.path()), Some(&backup))).unwrap();
    assert!(own.exists() && !own.is_symlink());
    assert_eq!(std::fs::read(&before).unwrap(), mine);

    write_config(&folder, "");
    under("022", &folder, "cycle");
    let said = under("022", &folder, "report --kind trajectory --format md -o paper.md");
    assert!(at("paper.md").exists() && std::fs::read(&before).unwrap() == mine, "{said}");
}
