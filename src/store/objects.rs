//! What a store is made of: the tables, columns, views, sequences and indexes that its migrations made, to the letter, and nothing else.
//!
//! Invariant: a view, macro, trigger or type in a file runs whatever its maker wrote, under the rights of who reads the file. So a file
//! is asked for these before any other question is put to it, in words that nothing in the file can give another meaning.

use std::collections::BTreeSet;

use super::database::unconnected;
use super::error::{Result, StoreError};
use super::migrations;
use duckdb::Connection;

/// What kinds of objects there are, and the question for the name of each and all that makes it what it is, whether DuckDB itself brings
/// it, and in which database it is. All functions are named in full: a macro in the file can bear the name of one.
const KINDS: [(&str, &str); 11] = [
    (SCHEMA, "SELECT database_name, internal, schema_name FROM system.main.duckdb_schemas()"),
    (TABLE, "SELECT database_name, internal, schema_name, table_name FROM system.main.duckdb_tables()"),
    ("definition", "SELECT database_name, internal, schema_name, table_name, sql FROM system.main.duckdb_tables()"),
    (
        "column",
        "SELECT database_name, internal, schema_name, table_name, column_name, data_type, column_default,
                CAST(is_nullable AS VARCHAR), CAST(column_index AS VARCHAR), generation_expression
         FROM system.main.duckdb_columns()",
    ),
    (
        "constraint",
        "SELECT database_name, false, schema_name, table_name, constraint_type, constraint_text, expression,
                CAST(constraint_column_names AS VARCHAR), referenced_table, CAST(referenced_column_names AS VARCHAR)
         FROM system.main.duckdb_constraints()",
    ),
    (
        "sequence",
        "SELECT database_name, false, schema_name, sequence_name, CAST(start_value AS VARCHAR), CAST(min_value AS VARCHAR),
                CAST(max_value AS VARCHAR), CAST(increment_by AS VARCHAR), CAST(cycle AS VARCHAR)
         FROM system.main.duckdb_sequences()",
    ),
    (
        "index",
        "SELECT database_name, false, schema_name, table_name, index_name, CAST(is_unique AS VARCHAR), CAST(is_primary AS VARCHAR),
                expressions, sql
         FROM system.main.duckdb_indexes()",
    ),
    ("view", "SELECT database_name, internal, schema_name, view_name, sql FROM system.main.duckdb_views()"),
    (
        "macro",
        "SELECT database_name, internal, schema_name, function_name, macro_definition FROM system.main.duckdb_functions()",
    ),
    ("type", "SELECT database_name, internal, schema_name, type_name FROM system.main.duckdb_types()"),
    ("trigger", "SELECT database_name, false, schema_name, trigger_name, sql FROM system.main.duckdb_triggers()"),
];
const SCHEMA: &str = "schema";
const TABLE: &str = "table";
/// The table that every store has, whatever its version.
const VERSIONS: &str = "schema_version";
/// Databases that DuckDB brings.
const OF_DUCKDB: [&str; 2] = ["system", "temp"];
/// More objects than any store has: of a file that has more, the rest is not asked for.
const MOST_OBJECTS: usize = 10_000;
/// More versions than there are.
const MOST_VERSIONS: usize = 1_000;
/// Letters of a name, or of what stands behind it, that are told.
const LONGEST: usize = 60;
/// Objects that are named where many are strange.
const NAMED: usize = 5;

/// What a database is made of: kind and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objects(BTreeSet<(&'static str, String)>);

impl Objects {
    /// Reads it.
    ///
    /// # Errors
    /// DuckDB's.
    pub fn of(connection: &Connection) -> Result<Objects> {
        let mut found = BTreeSet::new();
        for (kind, sql) in KINDS {
            let mut statement = connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()?.filter(|_| found.len() <= MOST_OBJECTS) {
                let (database, internal): (String, Option<bool>) = (row.get(0)?, row.get(1)?);
                if internal == Some(true) || OF_DUCKDB.contains(&database.as_str()) {
                    continue;
                }
                let parts = (2..row.as_ref().column_count()).map(|at| row.get::<_, Option<String>>(at));
                let parts: Vec<String> = parts.map(|part| Ok(part?.unwrap_or_default())).collect::<Result<_>>()?;
                found.insert((kind, parts.join(" ").trim_end().to_owned()));
            }
        }
        Ok(Objects(found))
    }

    /// What a store of the version `version` of the schema is made of.
    fn of_version(version: i64) -> Result<Objects> {
        let mut connection = unconnected()?;
        migrations::migrate_to(&mut connection, version)?;
        Objects::of(&connection)
    }

    /// True if there is nothing.
    pub fn is_blank(&self) -> bool {
        self.0.iter().all(|(kind, _)| *kind == SCHEMA)
    }

    /// The version that the database of `connection` says that it has; `None` where it has no table for it. Nothing in the database has
    /// a part in the question.
    ///
    /// # Errors
    /// DuckDB's.
    pub fn version(&self, connection: &Connection) -> Result<Option<i64>> {
        if !self.has_table(VERSIONS) {
            return Ok(None);
        }
        // Of a table that somebody else filled, no more is read than a store can hold.
        let sql = format!("SELECT version FROM main.{VERSIONS} LIMIT {}", MOST_VERSIONS + 1);
        let mut statement = connection.prepare(&sql)?;
        let versions: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<duckdb::Result<_>>()?;
        if versions.len() > MOST_VERSIONS {
            let reason = format!("it has more than {MOST_VERSIONS} rows, and no store has");
            return Err(StoreError::Unreadable { what: format!("the table {VERSIONS}"), reason });
        }
        Ok(Some(versions.into_iter().max().unwrap_or(0)))
    }

    /// True if there is a table `name` where stores have theirs.
    pub fn has_table(&self, name: &str) -> bool {
        self.0.contains(&(TABLE, format!("main {name}")))
    }

    /// How this differs from what a store of the version `version` is made of; `None` if it does not.
    ///
    /// # Errors
    /// DuckDB's.
    pub fn difference(&self, version: i64) -> Result<Option<Difference>> {
        let own = Objects::of_version(version)?;
        if let Some(strange) = listed(self.0.difference(&own.0)) {
            return Ok(Some(Difference::Strange(strange)));
        }
        Ok(listed(own.0.difference(&self.0)).map(Difference::Missing))
    }
}

/// How a file differs from a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It has what no store has.
    Strange(String),
    /// It lacks what every store has.
    Missing(String),
}

/// Some of `objects` in words; `None` if there is none.
fn listed<'a>(objects: impl Iterator<Item = &'a (&'static str, String)>) -> Option<String> {
    let shown = |name: &str| name.chars().take(LONGEST).collect::<String>();
    let mut names: Vec<String> = objects.map(|(kind, name)| format!("the {kind} {:?}", shown(name))).collect();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_of_every_version_is_what_its_migrations_made_and_nothing_else() {
        for version in 1..=migrations::known() {
            let mut connection = unconnected().unwrap();
            migrations::migrate_to(&mut connection, version).unwrap();
            let objects = Objects::of(&connection).unwrap();
            assert_eq!(objects.difference(version).unwrap(), None);
            assert_eq!(objects.version(&connection).unwrap(), Some(version));
            assert!(!objects.is_blank());
        }
    }

    #[test]
    fn a_backup_of_every_version_becomes_what_the_migrations_make_of_a_store() {
        for version in 1..=migrations::known() {
            let mut connection = Connection::open_in_memory().unwrap();
            migrations::migrate_to(&mut connection, version).unwrap();
            let copied = "ATTACH ':memory:' AS copied; COPY FROM DATABASE memory TO copied; USE copied; DETACH memory";
            connection.execute_batch(copied).unwrap();
            assert_eq!(Objects::of(&connection).unwrap().difference(version).unwrap(), None, "{version}");
            migrations::migrate(std::path::Path::new("copied"), &mut connection).unwrap();
            assert_eq!(Objects::of(&connection).unwrap().difference(migrations::known()).unwrap(), None, "{version}");
        }
    }

    #[test]
    fn each_strange_object_is_named_whatever_bears_the_name_of_a_function() {
        let shadows = "CREATE MACRO duckdb_views() AS TABLE SELECT 1; CREATE MACRO count(x) AS 7; CREATE MACRO coalesce(a, b) AS 99";
        for (sql, name) in [
            ("CREATE VIEW secrets AS SELECT 1", "the view \"main secrets "),
            ("CREATE OR REPLACE VIEW told AS SELECT 1", "the view \"main told "),
            (shadows, "the macro \"main duckdb_views"),
            ("CREATE TYPE mood AS ENUM ('good')", "the type \"main mood"),
            ("CREATE SCHEMA other", "the schema \"other"),
            ("CREATE TABLE more (i INTEGER)", "the table \"main more"),
            ("CREATE SEQUENCE numbers", "the sequence \"main numbers"),
            ("CREATE INDEX faster ON store_id (id)", "the index \"main store_id faster"),
            ("ALTER TABLE healings ADD COLUMN more VARCHAR DEFAULT 'x'", "the column \"main healings more VARCHAR"),
            ("ALTER TABLE store_id ALTER COLUMN id SET DEFAULT uuid()", "the column \"main store_id id VARCHAR uuid"),
            ("ALTER TABLE store_id ALTER COLUMN id DROP NOT NULL", "the column \"main store_id id VARCHAR"),
            ("ALTER TABLE audit ALTER COLUMN status TYPE BIGINT", "the column \"main audit status BIGINT"),
            (
                "DROP TABLE link_revocations; CREATE TABLE link_revocations (link_id VARCHAR NOT NULL, revoked_at TIMESTAMP NOT NULL, \
              revoked_by VARCHAR NOT NULL)",
                "the definition \"main link_revocations CREATE TABLE",
            ),
            (
                "DROP TABLE backup_places; CREATE TABLE backup_places (path VARCHAR NOT NULL CHECK (length(path) < 9), \
              marked_at TIMESTAMP NOT NULL)",
                "the constraint \"main backup_places CHECK",
            ),
            (
                "DROP TABLE backup_places; CREATE TABLE backup_places (path VARCHAR NOT NULL UNIQUE, marked_at TIMESTAMP NOT NULL)",
                "the constraint \"main backup_places UNIQUE",
            ),
            (
                "DROP TABLE backup_places; CREATE TABLE backup_places (path VARCHAR NOT NULL COLLATE NOCASE, \
              marked_at TIMESTAMP NOT NULL)",
                "the definition \"main backup_places CREATE TABLE",
            ),
        ] {
            let mut connection = unconnected().unwrap();
            migrations::migrate_to(&mut connection, migrations::known()).unwrap();
            connection.execute_batch(sql).unwrap();
            let found = Objects::of(&connection).unwrap().difference(migrations::known()).unwrap();
            assert!(matches!(&found, Some(Difference::Strange(what)) if what.contains(name)), "{sql}: {found:?}");
        }
        let mut connection = unconnected().unwrap();
        migrations::migrate_to(&mut connection, migrations::known()).unwrap();
        connection.execute_batch("DROP TABLE store_id").unwrap();
        let found = Objects::of(&connection).unwrap().difference(migrations::known()).unwrap();
        assert!(matches!(&found, Some(Difference::Missing(what)) if what.contains("\"main store_id\"")), "{found:?}");
    }
}
