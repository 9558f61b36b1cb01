//! What is no regular file where glidepath looks for one of its own: a pipe, a device, a link, a folder. It is named, counts as
//! missing, and holds nobody up. And logs that somebody lays beside backups, which have none.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use duckdb::Connection;
use glidepath::store::{BackupFile, BackupFolders, Opening, Revocation, Store};
use tempfile::TempDir;

use super::desk::{self, link, now, patiently};

/// With a second place for backups.
fn opening(folder: &Path) -> Opening {
    let opening = desk::opening(folder);
    Opening { backups: BackupFolders { second: Some(folder.join("second")), ..opening.backups }, ..opening }
}

fn opened(folder: &Path) -> Store {
    patiently(|| Store::open_or_heal(opening(folder))).unwrap()
}

/// Puts something odd there.
fn put(what: &str, path: &Path) {
    match what {
        "pipe" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        "endless" => symlink("/dev/zero", path).unwrap(),
        "folder" => std::fs::create_dir(path).unwrap(),
        other => panic!("{other}"),
    }
}

/// A store with two links, a backup of it at both places.
async fn world() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    for place in ["backups", "second"] {
        std::fs::create_dir(folder.path().join(place)).unwrap();
    }
    std::fs::write(folder.path().join("second/glidepath-backups"), "").unwrap();
    let store = opened(folder.path());
    store.keep_link(link("one", 30)).await.unwrap();
    store.keep_link(link("two", 30)).await.unwrap();
    let name = format!("{}-glidepath-20260320T063000Z.duckdb", store.id());
    let backup = folder.path().join("backups").join(&name);
    store.backup(&backup).await.unwrap();
    store.backup_again(&backup, &folder.path().join("second").join(&name)).await.unwrap();
    (folder, backup)
}

#[tokio::test]
async fn an_odd_list_of_revoked_links_holds_nobody_up_and_is_replaced_or_named() {
    for what in ["pipe", "endless", "folder"] {
        for list in ["a.duckdb.revoked", "backups/a.duckdb.revoked", "second/a.duckdb.revoked"] {
            let (folder, _) = world().await;
            let list = folder.path().join(list);
            std::fs::remove_file(&list).unwrap();
            put(what, &list);
            let store = opened(folder.path());
            let revocation = Revocation { at: now(), by: "founder".to_owned() };
            let said = store.revoke_link("one".to_owned(), revocation).await.unwrap();
            if what == "folder" {
                assert!(
                    said.iter().any(|it| it.contains(&format!("{} cannot be written", list.display()))),
                    "{said:?}"
                );
            } else {
                assert!(std::fs::read_to_string(&list).unwrap().ends_with("\none\n"), "{what} at {}", list.display());
            }
        }
    }
}

#[tokio::test]
async fn an_odd_file_under_the_name_of_a_backup_is_none_and_is_named() {
    for what in ["pipe", "endless", "folder"] {
        for place in ["backups", "second"] {
            let (folder, backup) = world().await;
            let id = backup.file_name().unwrap().to_string_lossy().split('-').next().unwrap().to_owned();
            let odd = folder.path().join(place).join(format!("{id}-glidepath-20260320T235959Z.duckdb"));
            put(what, &odd);
            assert_eq!(BackupFile::all_in(odd.parent().unwrap()).unwrap().len(), 1);
            let said = BackupFile::odd_in(odd.parent().unwrap()).unwrap();
            assert!(said.len() == 1 && said[0].contains("counts as missing: remove it"), "{said:?}");

            let named = patiently(|| Store::restore(&opening(folder.path()), Some(&odd))).unwrap_err().to_string();
            let is = if what == "endless" {
                "a device"
            } else if what == "pipe" {
                "a pipe"
            } else {
                "a folder"
            };
            assert!(named.contains(&format!("is {is}, and counts as missing")), "{named}");
            let healing = patiently(|| Store::restore(&opening(folder.path()), None)).unwrap();
            assert!(healing.copied.unwrap().contains("20260320T063000Z"), "the good one is taken");

            for file in ["a.duckdb", "a.duckdb.wal"] {
                let _ = std::fs::remove_file(folder.path().join(file));
            }
            assert_eq!(opened(folder.path()).links().await.unwrap().len(), 2, "and so it is where a store is healed");
        }
    }
}

#[tokio::test]
async fn an_odd_log_beside_a_backup_is_not_read_and_one_beside_the_store_is_named() {
    for what in ["pipe", "endless", "folder"] {
        let (folder, backup) = world().await;
        let log = PathBuf::from(format!("{}.wal", backup.display()));
        put(what, &log);
        let said = BackupFile::odd_in(backup.parent().unwrap()).unwrap();
        assert!(said.len() == 1 && said[0].contains("the backup is read without it; remove it"), "{said:?}");
        patiently(|| Store::restore(&opening(folder.path()), Some(&backup))).unwrap();
        assert_eq!(opened(folder.path()).links().await.unwrap().len(), 2);

        let own = folder.path().join("a.duckdb.wal");
        let _ = std::fs::remove_file(&own);
        put(what, &own);
        let Err(refused) = patiently(|| Store::open_or_heal(opening(folder.path()))) else { panic!("{what} is a log") };
        let refused = refused.to_string();
        assert!(refused.contains("a.duckdb.wal is a") && refused.contains("Nothing was moved or changed"), "{refused}");
    }
}

#[tokio::test]
async fn an_odd_lock_is_refused_and_an_odd_id_is_replaced() {
    for what in ["pipe", "endless"] {
        let (folder, _) = world().await;
        let (id, lock) = (folder.path().join("a.duckdb.id"), folder.path().join("a.duckdb.lock"));
        std::fs::remove_file(&id).unwrap();
        put(what, &id);
        let own = opened(folder.path()).id().to_string();
        assert_eq!(std::fs::read_to_string(&id).unwrap().trim_end(), own);
        std::fs::remove_file(&lock).unwrap();
        put(what, &lock);
        assert_eq!(glidepath::store::told(&folder.path().join("a.duckdb")).and_then(|told| told.rule), None);
        let Err(refused) = patiently(|| Store::open_or_heal(opening(folder.path()))) else {
            panic!("{what} is a lock")
        };
        assert!(refused.to_string().contains("a.duckdb.lock is a"), "{refused}");
    }
}

/// Runs `sql` on a file so that it stands in its log alone, as a process that was killed leaves it.
fn into_the_log(file: &Path, sql: &str) {
    let busy = file.with_extension("busy");
    std::fs::copy(file, &busy).unwrap();
    let connection = Connection::open(&busy).unwrap();
    connection.execute_batch(&format!("SET wal_autocheckpoint = '1TB'; {sql}")).unwrap();
    let log = |file: &Path| PathBuf::from(format!("{}.wal", file.display()));
    std::fs::copy(log(&busy), log(file)).unwrap();
    drop(connection);
}

#[tokio::test]
async fn what_a_log_beside_a_backup_says_counts_neither_for_it_nor_against_it() {
    const VIEW: &str = "CREATE VIEW more AS SELECT content FROM read_text('/etc/hostname')";
    // The file holds what no store has, and the log takes it away.
    let (folder, backup) = world().await;
    Connection::open(&backup).unwrap().execute_batch(VIEW).unwrap();
    into_the_log(&backup, "DROP VIEW more");
    let refused = patiently(|| Store::restore(&opening(folder.path()), Some(&backup))).unwrap_err().to_string();
    assert!(refused.contains("another program's objects"), "{refused}");
    assert!(!folder.path().join("a.duckdb.restoring").exists(), "and nothing of it stays");
    std::fs::write(folder.path().join("a.duckdb"), "broken").unwrap();
    let healing = patiently(|| Store::open_or_heal(opening(folder.path()))).unwrap().healings().await.unwrap();
    assert!(healing.last().unwrap().copied.as_ref().unwrap().contains("/second/"), "{healing:?}");

    // The file is good, and the log is not.
    for sql in [VIEW, "DELETE FROM link_revocations; DELETE FROM shared_links WHERE link_id = 'one'"] {
        let (folder, backup) = world().await;
        into_the_log(&backup, sql);
        patiently(|| Store::restore(&opening(folder.path()), Some(&backup))).unwrap();
        let store = opened(folder.path());
        assert_eq!(store.links().await.unwrap().len(), 2, "the file alone is restored");
        assert!(store.verify().await.unwrap().is_sound());
    }
}
