//! Store files that somebody else made or changed: what stands in them reads no other file, and they are refused.

use std::path::PathBuf;

use duckdb::Connection;
use glidepath::store::{Depth, Examined, Store};
use tempfile::TempDir;

use super::desk::{examiner, opening, patiently};

/// What a file can hold that runs when it is read.
const STRANGE: [(&str, &str); 9] = [
    ("CREATE VIEW more AS SELECT content FROM read_text('SECRET')", "view"),
    ("DROP TABLE audit; CREATE VIEW audit AS SELECT content FROM read_text('SECRET')", "view"),
    ("CREATE OR REPLACE VIEW told AS SELECT content AS key FROM read_text('SECRET')", "view"),
    ("CREATE VIEW environment AS SELECT content FROM read_blob('/proc/self/environ')", "view"),
    ("CREATE MACRO epoch_us(moment) AS (SELECT length(content) FROM read_text('SECRET'))", "macro"),
    ("CREATE MACRO duckdb_tables() AS TABLE SELECT content FROM read_text('SECRET')", "macro"),
    ("CREATE TYPE mood AS ENUM ('good', 'bad')", "type"),
    ("CREATE SCHEMA other; CREATE TABLE other.charges (i INTEGER)", "table"),
    ("CREATE TABLE theirs AS SELECT 1 AS i", "table"),
];
/// What nothing in a store may do, however it got there.
const FORBIDDEN: [&str; 11] = [
    "CREATE TEMP TABLE got AS SELECT * FROM read_text('SECRET')",
    "CREATE TEMP TABLE got AS SELECT * FROM read_blob('/proc/self/environ')",
    "CREATE TEMP TABLE got AS SELECT * FROM read_csv('SECRET')",
    "CREATE TEMP TABLE got AS SELECT * FROM 'SECRET'",
    "CREATE TEMP TABLE got AS SELECT * FROM glob('FOLDER/*')",
    "COPY (SELECT 1) TO 'FOLDER/written'",
    "EXPORT DATABASE 'FOLDER/exported'",
    "ATTACH 'FOLDER/attached.duckdb' AS other",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "LOAD 'FOLDER/extension'",
];
const SECRET: &str = "a key that is nobody's business";

/// A folder with a store of ours in it, a backup of that, and somebody's key.
async fn with_a_store() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("key"), SECRET).unwrap();
    std::fs::create_dir(folder.path().join("backups")).unwrap();
    let store = patiently(|| Store::open_or_heal(opening(folder.path()))).unwrap();
    let backup = folder.path().join("backups").join(format!("{}-glidepath-20260320T063000Z.duckdb", store.id()));
    store.backup(&backup).await.unwrap();
    (folder, backup)
}

fn of(folder: &TempDir, sql: &str) -> String {
    let text = |path: PathBuf| path.display().to_string();
    sql.replace("SECRET", &text(folder.path().join("key"))).replace("FOLDER", &text(folder.path().to_owned()))
}

#[tokio::test]
async fn a_store_with_anything_that_no_store_has_is_neither_opened_nor_restored() {
    for (sql, kind) in STRANGE {
        let (folder, backup) = with_a_store().await;
        let path = folder.path().join("a.duckdb");
        let crafted = folder.path().join("crafted.duckdb");
        std::fs::copy(&backup, &crafted).unwrap();
        Connection::open(&crafted).unwrap().execute_batch(&of(&folder, sql)).unwrap();

        let before = std::fs::read(&path).unwrap();
        let refused = patiently(|| Store::restore(&opening(folder.path()), Some(&crafted))).unwrap_err().to_string();
        assert!(refused.contains("another program's objects") && refused.contains(kind), "{sql}: {refused}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "nothing was changed");
        for whole in [Depth::Opens, Depth::Whole] {
            let found = examiner().examine(&crafted, whole, 64);
            assert!(matches!(&found, Examined::Altered { what } if what.contains(kind)), "{sql}: {found:?}");
        }

        std::fs::copy(&crafted, &path).unwrap();
        let Err(refused) = patiently(|| Store::open_or_heal(opening(folder.path()))) else { panic!("{sql} is opened") };
        let refused = refused.to_string();
        assert!(refused.contains("another program's objects") && refused.contains(kind), "{sql}: {refused}");
        assert!(!refused.contains(SECRET), "{refused}");
        assert!(
            path.exists()
                && !folder
                    .path()
                    .read_dir()
                    .unwrap()
                    .any(|entry| { entry.unwrap().file_name().to_string_lossy().contains(".damaged-") })
        );
        // A good backup takes its place.
        patiently(|| Store::restore(&opening(folder.path()), Some(&backup))).unwrap();
        patiently(|| Store::open_or_heal(opening(folder.path()))).unwrap();
    }
}

/// A store whose parts are not what its migrations make: later each of them would fail, or take its time.
#[tokio::test]
async fn a_file_whose_tables_differ_in_anything_is_not_restored() {
    const REVOCATIONS: &str = "CREATE TABLE link_revocations (link_id VARCHAR PRIMARY KEY, revoked_at TIMESTAMP NOT NULL, \
                               revoked_by VARCHAR NOT NULL";
    let anew = |table: &str, definition: String| format!("DROP TABLE {table}; {definition})");
    let of_links = |definition: String| anew("link_revocations", definition);
    for (sql, what) in [
        (of_links(REVOCATIONS.replace(" PRIMARY KEY", " NOT NULL")), "link_revocations"),
        (of_links(format!("{REVOCATIONS}, CHECK (length(revoked_by) < 3)")), "link_revocations"),
        (of_links(format!("{REVOCATIONS} DEFAULT 'x'")), "link_revocations"),
        (of_links(format!("{REVOCATIONS} COLLATE NOCASE")), "link_revocations"),
        (of_links(format!("{REVOCATIONS} UNIQUE")), "link_revocations"),
        (of_links(REVOCATIONS.replace("VARCHAR NOT NULL", "VARCHAR")), "link_revocations"),
        (of_links(REVOCATIONS.replace("TIMESTAMP", "VARCHAR")), "link_revocations"),
        ("CREATE INDEX slow ON audit (path)".to_owned(), "index"),
        ("CREATE SEQUENCE numbers START 7".to_owned(), "sequence"),
    ] {
        let (folder, backup) = with_a_store().await;
        Connection::open(&backup).unwrap().execute_batch(&sql).unwrap();
        let refused = patiently(|| Store::restore(&opening(folder.path()), Some(&backup))).unwrap_err().to_string();
        assert!(refused.contains("another program's objects") && refused.contains(what), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn of_a_table_of_versions_without_end_no_more_is_read_than_a_store_can_have() {
    let (folder, backup) = with_a_store().await;
    let sql = "DROP TABLE schema_version; CREATE TABLE schema_version (version BIGINT, name VARCHAR);
               INSERT INTO schema_version SELECT 19, 'x' FROM range(5000000)";
    Connection::open(&backup).unwrap().execute_batch(sql).unwrap();
    let refused = patiently(|| Store::restore(&opening(folder.path()), Some(&backup))).unwrap_err().to_string();
    assert!(refused.contains("more than 1000 rows"), "{refused}");
}

#[tokio::test]
async fn a_backup_with_such_things_is_passed_over_when_a_store_is_healed() {
    let (folder, backup) = with_a_store().await;
    Connection::open(&backup).unwrap().execute_batch(&of(&folder, STRANGE[0].0)).unwrap();
    std::fs::write(folder.path().join("a.duckdb"), "broken").unwrap();
    let _ = std::fs::remove_file(folder.path().join("a.duckdb.wal"));
    let healed = patiently(|| Store::open_or_heal(opening(folder.path()))).unwrap();
    assert_eq!(healed.healings().await.unwrap().last().unwrap().copied, None, "it begins anew");
}

#[tokio::test]
async fn an_open_store_reaches_no_file_but_its_own_and_its_backups() {
    let (folder, _) = with_a_store().await;
    let store = patiently(|| Store::open_or_heal(opening(folder.path()))).unwrap();
    for sql in FORBIDDEN {
        let sql = of(&folder, sql);
        let refused = store.call_blocking(|connection| Ok(connection.execute_batch(&sql)?));
        assert!(refused.is_err(), "{sql}");
    }
    let names: Vec<String> = folder
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| ["written", "exported", "attached.duckdb"].contains(&name.as_str()))
        .collect();
    assert_eq!(names, [""; 0]);
    let verified = store.verify().await.unwrap();
    assert!(verified.is_sound(), "{verified:?}");
    store.checkpoint().unwrap();
    let again = folder.path().join("backups").join(format!("{}-glidepath-20260321T063000Z.duckdb", store.id()));
    store.backup(&again).await.unwrap();
    assert!(again.exists());
}
