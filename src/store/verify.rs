//! Reads a store whole: every row of every table, and whether the facts fit each other.

use super::error::Result;
use super::objects::{Difference, Objects};
use super::{migrations, trouble};
use duckdb::Connection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What reading a store whole brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verified {
    /// Its tables, by name.
    pub tables: Vec<VerifiedTable>,
    /// What has to hold of the facts, and what does not.
    pub invariants: Vec<Invariant>,
    /// What is wrong with the file and its log as they lie on the disk; null if nothing is, or they were not looked at.
    #[serde(default)]
    pub file: Option<String>,
    /// Why they were not looked at; null if they were, or need not be.
    #[serde(default)]
    pub unread: Option<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerifiedTable {
    /// Its name.
    pub name: String,
    /// Rows read.
    pub rows: u64,
    /// A sum over the contents of all rows, in whatever order they lie.
    pub digest: String,
    /// Why it cannot be read; null if it can.
    pub problem: Option<String>,
}

/// What has to hold of the facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invariant {
    /// What holds, in words.
    pub says: String,
    /// What contradicts it; null if nothing does.
    pub problem: Option<String>,
}

impl Verified {
    /// Everything that is wrong, in words.
    pub fn problems(&self) -> Vec<String> {
        let tables = self.tables.iter().filter_map(|table| {
            table.problem.as_ref().map(|problem| format!("the table {} cannot be read: {problem}", table.name))
        });
        let broken = self.invariants.iter().filter_map(|invariant| {
            invariant.problem.as_ref().map(|problem| format!("{}, but {problem}", invariant.says))
        });
        let file = self.file.as_ref().map(|problem| format!("its file on the disk is not what was written: {problem}"));
        tables.chain(broken).chain(file).collect()
    }

    /// What has to hold and does not.
    pub fn broken(&self) -> Vec<&str> {
        self.invariants.iter().filter(|it| it.problem.is_some()).map(|it| it.says.as_str()).collect()
    }

    /// True if every row could be read.
    pub fn is_readable(&self) -> bool {
        self.tables.iter().all(|table| table.problem.is_none())
    }

    /// True if nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.is_readable() && self.broken().is_empty() && self.file.is_none()
    }
}

/// What has to hold, the table that it is about, and a query for one text that says what contradicts it.
const INVARIANTS: [(&str, &str, &str); 5] = [
    ("the store has one id", "store_id", "SELECT 'it has ' || count(*) FROM store_id HAVING count(*) <> 1"),
    (
        "every charge belongs to a pull",
        "charges",
        "SELECT 'some of run ' || min(run_id) || ' belong to none' FROM charges ANTI JOIN ingest_runs USING (run_id) HAVING count(*) > 0",
    ),
    (
        "every row of usage belongs to a pull",
        "usage",
        "SELECT 'some of run ' || min(run_id) || ' belong to none' FROM usage ANTI JOIN ingest_runs USING (run_id) HAVING count(*) > 0",
    ),
    (
        "every finished cycle belongs to a pull",
        "cycles",
        "SELECT 'that of run ' || min(run_id) || ' belongs to none' FROM cycles ANTI JOIN ingest_runs USING (run_id) HAVING count(*) > 0",
    ),
    (
        "every filing is what was frozen",
        "filed_projections",
        "SELECT 'version ' || min(version) || ' is not' FROM filed_projections
         WHERE sha256(replace(body, chr(13) || chr(10), chr(10))) <> content_hash HAVING count(*) > 0",
    ),
];

/// Reads every row of the newest moment; DuckDB compares the checksum of each block that it reads.
///
/// # Errors
/// If DuckDB fails for a reason that lies outside the file.
pub fn verify(connection: &Connection) -> Result<Verified> {
    let mut found = Verified { tables: read_tables(connection)?, ..Verified::default() };
    if !found.is_readable() {
        return Ok(found);
    }
    let strange =
        Objects::of(connection)?.difference(migrations::version_of(connection)?)?.map(|difference| match difference {
            Difference::Strange(what) => format!("it holds {what}"),
            Difference::Missing(what) => format!("it lacks {what}"),
        });
    found.invariants.push(Invariant {
        says: "the store holds its own objects and no other program's".to_owned(),
        problem: strange,
    });
    for (says, table, sql) in INVARIANTS {
        // An older version's store lacks tables, and columns of them are not asked for.
        if !found.tables.iter().any(|found| found.name == table) {
            continue;
        }
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let problem = rows.next()?.map(|row| row.get(0)).transpose()?;
        found.invariants.push(Invariant { says: says.to_owned(), problem });
    }
    Ok(found)
}

/// Reads every row of every table.
///
/// # Errors
/// If DuckDB fails for a reason that lies outside the file.
pub(super) fn read_tables(connection: &Connection) -> Result<Vec<VerifiedTable>> {
    let sql = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal ORDER BY table_name";
    let mut statement = connection.prepare(sql)?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<duckdb::Result<_>>()?;
    let read = |name: String| {
        let sql = format!(
            "SELECT count(*), CAST(coalesce(sum(hash(one)), 0) AS VARCHAR) FROM \"{}\" AS one",
            name.replace('"', "\"\"")
        );
        match connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))) {
            Ok((rows, digest)) => Ok(VerifiedTable { name, rows, digest, problem: None }),
            Err(error) if trouble::says_nothing_of_the_file(&error.to_string()) => Err(error.into()),
            Err(error) => Ok(VerifiedTable { name, rows: 0, digest: String::new(), problem: Some(error.to_string()) }),
        }
    };
    names.into_iter().map(read).collect()
}
