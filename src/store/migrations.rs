//! Migrations: a numbered list, applied in order, never edited once released.

use std::path::Path;

use super::error::{Result, StoreError};
use super::shortened::shorten;
use duckdb::{Connection, params};

/// One step of the schema.
struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// In order; a migration's version is its place in the list, counted from 1.
const MIGRATIONS: [Migration; 19] = [
    Migration { name: "0001_facts.sql", sql: include_str!("migrations/0001_facts.sql") },
    Migration { name: "0002_alerts.sql", sql: include_str!("migrations/0002_alerts.sql") },
    Migration { name: "0003_views.sql", sql: include_str!("migrations/0003_views.sql") },
    Migration { name: "0004_mutes.sql", sql: include_str!("migrations/0004_mutes.sql") },
    Migration { name: "0005_notices.sql", sql: include_str!("migrations/0005_notices.sql") },
    Migration { name: "0006_reports.sql", sql: include_str!("migrations/0006_reports.sql") },
    Migration { name: "0007_links_and_audit.sql", sql: include_str!("migrations/0007_links_and_audit.sql") },
    Migration { name: "0008_sent_reports.sql", sql: include_str!("migrations/0008_sent_reports.sql") },
    Migration { name: "0009_known_filings.sql", sql: include_str!("migrations/0009_known_filings.sql") },
    Migration { name: "0010_failed_cycles.sql", sql: include_str!("migrations/0010_failed_cycles.sql") },
    Migration { name: "0011_plan.sql", sql: include_str!("migrations/0011_plan.sql") },
    Migration { name: "0012_remade_outlooks.sql", sql: include_str!("migrations/0012_remade_outlooks.sql") },
    Migration { name: "0013_late_words.sql", sql: include_str!("migrations/0013_late_words.sql") },
    Migration { name: "0014_account_plans.sql", sql: include_str!("migrations/0014_account_plans.sql") },
    Migration { name: "0015_bounded_reads.sql", sql: include_str!("migrations/0015_bounded_reads.sql") },
    Migration { name: "0016_aws_clock.sql", sql: include_str!("migrations/0016_aws_clock.sql") },
    Migration { name: "0017_store_id.sql", sql: include_str!("migrations/0017_store_id.sql") },
    Migration { name: "0018_healings.sql", sql: include_str!("migrations/0018_healings.sql") },
    Migration { name: "0019_counted_audit.sql", sql: include_str!("migrations/0019_counted_audit.sql") },
];

/// The version that brought the audit, and the one from which on its rows are short.
const AUDIT: i64 = 7;
const SHORT_AUDIT: i64 = 19;

/// The newest version of the schema that this program knows.
pub const fn known() -> i64 {
    MIGRATIONS.len() as i64
}

/// Brings the schema up to date.
pub fn migrate(path: &Path, connection: &mut Connection) -> Result<()> {
    let known = known();
    let found = version(connection)?;
    if found > known {
        return Err(StoreError::TooNew { path: path.to_owned(), found, known });
    }
    if found == known {
        return Ok(());
    }
    if (AUDIT..SHORT_AUDIT).contains(&found) {
        let failed = |source| StoreError::Migration { name: MIGRATIONS[SHORT_AUDIT as usize - 1].name, source };
        shorten(connection).map_err(failed)?;
    }
    // Around a change of schema the file alone must hold everything: DuckDB refuses a log it cannot replay.
    connection.execute_batch("CHECKPOINT")?;
    for (step, migration) in (1_i64..).zip(&MIGRATIONS).filter(|(step, _)| *step > found) {
        apply(connection, step, migration).map_err(|source| StoreError::Migration { name: migration.name, source })?;
    }
    connection.execute_batch("CHECKPOINT")?;
    Ok(())
}

/// Makes an empty database one of the version `version`, or of the newest that is known where that is older.
pub(super) fn migrate_to(connection: &mut Connection, version: i64) -> Result<()> {
    self::version(connection)?;
    for (step, migration) in (1_i64..).zip(&MIGRATIONS).take_while(|(step, _)| *step <= version) {
        apply(connection, step, migration).map_err(|source| StoreError::Migration { name: migration.name, source })?;
    }
    Ok(())
}

fn apply(connection: &mut Connection, step: i64, migration: &Migration) -> duckdb::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(migration.sql)?;
    transaction.execute("INSERT INTO schema_version VALUES (?, ?)", params![step, migration.name])?;
    transaction.commit()
}

/// The version of a store that can only be read, and so has to be one already.
pub fn version_of(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("SELECT coalesce(max(version), 0) FROM schema_version", [], |row| row.get(0))?)
}

fn version(connection: &Connection) -> Result<i64> {
    connection.execute_batch("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, name VARCHAR)")?;
    version_of(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_survive_the_change_of_their_check() {
        let mut connection = Connection::open_in_memory().unwrap();
        version(&connection).unwrap();
        for (step, migration) in (1_i64..).zip(&MIGRATIONS[..7]) {
            apply(&mut connection, step, migration).unwrap();
        }
        let at = "TIMESTAMP '2026-03-23 07:00:00'";
        let sql = format!("INSERT INTO notices VALUES ('e', 'digest', 'digest', 'info', {at}, {at}, '{{}}')");
        connection.execute(&sql, []).unwrap();
        migrate(Path::new("somewhere.duckdb"), &mut connection).unwrap();
        let told: String = connection.query_row("SELECT key FROM told", [], |row| row.get(0)).unwrap();
        assert_eq!(told, "digest");
        assert!(connection.execute(&sql, []).is_err(), "an id is told once");
        connection.execute(&sql.replace("'e', 'digest'", "'f', 'report'"), []).unwrap();
    }

    #[test]
    fn what_aws_stated_of_a_credit_is_read_out_of_its_snapshots() {
        let mut connection = Connection::open_in_memory().unwrap();
        version(&connection).unwrap();
        for (step, migration) in (1_i64..).zip(&MIGRATIONS[..14]) {
            apply(&mut connection, step, migration).unwrap();
        }
        let told = [
            ("stated", r#"{"credit_id":"1","remaining":"9","estimated":"1234.5000000001","currency":"USD"}"#),
            ("silent", r#"{"credit_id":"1","remaining":"9","estimated":null,"currency":"USD"}"#),
            ("quoted", r#"{"credit_id":"1","description":",\"estimated\":\"7\"","estimated":"-3","currency":"USD"}"#),
        ];
        for (credit, snapshot) in told {
            let sql = "INSERT INTO credit_snapshots VALUES (1, DATE '2026-03-20', ?, true, ?)";
            connection.execute(sql, params![credit, snapshot]).unwrap();
        }
        migrate(Path::new("somewhere.duckdb"), &mut connection).unwrap();
        let sql = "SELECT coalesce(CAST(estimated AS VARCHAR), '-') FROM credit_snapshots WHERE credit_id = ?";
        let estimated = |credit| connection.query_row(sql, [credit], |row| row.get::<_, String>(0)).unwrap();
        assert!(estimated("stated").starts_with("1234.5000000001"), "{}", estimated("stated"));
        assert_eq!(estimated("silent"), "-");
        assert!(estimated("quoted").starts_with("-3."), "{}", estimated("quoted"));
    }

    /// Addresses as older versions kept them: what 600 of them did to a backup, and thousands to the log, which DuckDB could not
    /// write into the file any more.
    #[tokio::test]
    async fn an_audit_of_long_addresses_is_shortened_and_then_listed_copied_and_pruned() {
        for (rows, address) in [(700, "md5(range::VARCHAR)"), (2_600, "'0123456789abcdef0123456789abcdef'")] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("old.duckdb");
            // As those versions opened it: with all of DuckDB's patience for its log.
            let config = duckdb::Config::default().max_memory("64MB").unwrap().threads(2).unwrap();
            let mut old = Connection::open_with_flags(&path, config).unwrap();
            version(&old).unwrap();
            for (step, migration) in (1_i64..).zip(&MIGRATIONS[..18]) {
                apply(&mut old, step, migration).unwrap();
            }
            let sql = format!(
                "INSERT INTO audit SELECT coalesce(max(number), 0) + 1, TIMESTAMP '2026-03-20 06:30:00', 'partner', 'read',
                 (SELECT '/api/v1/plan/' || string_agg({address}, '') FROM range(2000)), 403 FROM audit"
            );
            // Until the log cannot be written into the file: DuckDB ends then, and so did the daemon's store.
            let noted = (0..rows).take_while(|_| old.execute(&sql, []).is_ok()).count();
            assert!(noted >= 700, "{noted}");
            drop(old);

            let store = crate::Store::open_within(&path, 64).unwrap();
            let listed = store.audited(None, 5_000).await.unwrap();
            assert!(listed.len() >= noted, "{noted} were noted, and {} are listed", listed.len());
            let is_short = |path: &str| path.len() == 200 && path.starts_with("/api/v1/plan/");
            assert!(listed.iter().all(|row| row.times == 1 && is_short(&row.entry.path)));
            let numbers = listed.iter().rev().map(|row| row.number);
            assert!(numbers.eq(1..=i64::try_from(listed.len()).unwrap()), "the numbers are the old ones");
            store.backup(&folder.path().join("copy.duckdb")).await.unwrap();
            assert_eq!(store.prune_audit("2026-03-21T00:00:00Z".parse().unwrap()).await.unwrap(), listed.len() - 1);
            store.checkpoint().unwrap();
            store.backup(&folder.path().join("again.duckdb")).await.unwrap();
        }
    }

    #[test]
    fn every_migration_applies_once_and_a_newer_store_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = Path::new("somewhere.duckdb");
        migrate(path, &mut connection).unwrap();
        migrate(path, &mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), MIGRATIONS.len() as i64);
        connection.execute("INSERT INTO schema_version VALUES (99, 'from the future')", []).unwrap();
        let refused = migrate(path, &mut connection).unwrap_err();
        assert!(matches!(refused, StoreError::TooNew { found: 99, .. }), "{refused}");
    }
}
