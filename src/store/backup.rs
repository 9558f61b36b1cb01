//! Backups: a consistent copy of a live store, opened and read before it counts.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use duckdb::{AccessMode, Config, Connection};

use super::error::{Result, StoreError};
use super::{Store, blocking};

/// The copy's name while it is attached. Detached before it is used too: a copy that failed must not fail the next one.
const COPY: &str = "copy_of_store";

/// Memory for reading a copy.
const READING_MB: u32 = 64;

/// Rows of each table, and the sum of their hashes, which says whether two tables hold the same rows in whatever order.
type Contents = BTreeMap<String, (u64, String)>;

impl Store {
    /// Copies everything into a new database file at `target`, which must not exist yet. The copy is opened and read whole, and
    /// appears under its name only if it holds what the store held; of one that fails nothing stays.
    ///
    /// # Errors
    /// [`StoreError::Backup`] if `target` exists, or the copy cannot be written or does not read back; DuckDB's if the store
    /// cannot be read.
    pub async fn backup(&self, target: &Path) -> Result<()> {
        let (store, target) = (self.clone(), target.to_owned());
        blocking(move || make(&target, |partial, failed| store.copy_to(partial, failed))).await
    }

    /// Copies the finished backup `from` to `target`, as [`Store::backup`] does the store; nothing waits for it meanwhile, however
    /// slow the disk.
    ///
    /// # Errors
    /// As [`Store::backup`].
    pub async fn backup_again(from: &Path, target: &Path) -> Result<()> {
        let (from, target) = (from.to_owned(), target.to_owned());
        blocking(move || {
            make(&target, |partial, failed| {
                fs::copy(&from, partial)
                    .and_then(|_| File::open(partial)?.sync_all())
                    .map_err(|error| failed(format!("{} cannot be copied: {error}", from.display())))?;
                check_copy(partial, &read_back(&from)?, failed)
            })
        })
        .await
    }

    /// Writes the copy, and reads it again.
    fn copy_to(&self, partial: &Path, failed: &dyn Fn(String) -> StoreError) -> Result<()> {
        let name = partial.to_str().ok_or_else(|| failed("its name is not valid UTF-8".to_owned()))?;
        let copied = self.call_blocking(|connection| {
            self.checkpoint_on(connection)?;
            copy(connection, name)
        })?;
        check_copy(partial, &copied, failed)
    }
}

/// Has `write` make the file at `target` under another name first.
fn make(target: &Path, write: impl FnOnce(&Path, &dyn Fn(String) -> StoreError) -> Result<()>) -> Result<()> {
    let failed = |reason: String| StoreError::Backup { path: target.to_owned(), reason };
    check_target(target).map_err(failed)?;
    let partial = target.with_extension("partial");
    // A leftover of a copy that was cut short is of no use to anybody.
    remove(&partial);
    let made = write(&partial, &failed).and_then(|()| give_name(&partial, target).map_err(failed));
    made.map_err(|error| {
        remove(&partial);
        match error {
            StoreError::Duckdb(error) => failed(error.to_string()),
            StoreError::OutOfMemory(_) => failed(error.to_string()),
            other => other,
        }
    })
}

/// Reads a copy, and compares it with what was copied.
fn check_copy(partial: &Path, copied: &Contents, failed: &dyn Fn(String) -> StoreError) -> Result<()> {
    let found =
        read_back(partial).map_err(|error| failed(format!("it was written and cannot be read again: {error}")))?;
    difference(copied, &found).map_or(Ok(()), |reason| Err(failed(reason)))
}

/// What the user can mend is said before anything is written.
fn check_target(target: &Path) -> std::result::Result<(), String> {
    if target.exists() {
        return Err("a file of that name exists already; choose another name".to_owned());
    }
    match target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => {
            Err(format!("there is no folder {}; create it, or choose another place", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Copies all into the file `name`; says what was copied, of the same moment.
fn copy(connection: &Connection, name: &str) -> Result<Contents> {
    let source: String = connection.query_row("SELECT current_database()", [], |row| row.get(0))?;
    let detach = format!("DETACH DATABASE IF EXISTS {COPY}");
    connection.execute_batch(&detach)?;
    let copied = copy_within(connection, &source, name);
    if copied.is_err() {
        super::undo(connection);
    }
    let detached = connection.execute_batch(&detach);
    // What failed first is the cause of the other.
    let contents = copied?;
    detached?;
    Ok(contents)
}

fn copy_within(connection: &Connection, source: &str, name: &str) -> Result<Contents> {
    connection.execute_batch(&format!("ATTACH '{}' AS {COPY}", name.replace('\'', "''")))?;
    // Notes on who read what are appended meanwhile: only a transaction sees one moment.
    connection.execute_batch("BEGIN TRANSACTION")?;
    connection.execute_batch(&format!("COPY FROM DATABASE \"{}\" TO {COPY}", source.replace('"', "\"\"")))?;
    let contents = contents(connection)?;
    connection.execute_batch("COMMIT")?;
    Ok(contents)
}

/// Opens the copy by itself, so that whatever is wrong with it stays there, and reads every row: DuckDB compares the checksum of
/// each block that it reads.
fn read_back(partial: &Path) -> Result<Contents> {
    let config = Config::default()
        .access_mode(AccessMode::ReadOnly)?
        .max_memory(&format!("{READING_MB}MB"))?
        .threads(1)?
        .enable_autoload_extension(false)?;
    let copy = Connection::open_with_flags(partial, config)?;
    contents(&copy)
}

fn contents(connection: &Connection) -> Result<Contents> {
    let sql = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal";
    let mut statement = connection.prepare(sql)?;
    let tables: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<duckdb::Result<_>>()?;
    let mut contents = Contents::new();
    for table in tables {
        let sql = format!(
            "SELECT count(*), CAST(coalesce(sum(hash(one)), 0) AS VARCHAR) FROM \"{}\" AS one",
            table.replace('"', "\"\"")
        );
        let held = connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        contents.insert(table, held);
    }
    Ok(contents)
}

/// Why the copy is not what was copied; `None` if it is.
fn difference(copied: &Contents, found: &Contents) -> Option<String> {
    let differs = |table: &&String| copied.get(*table) != found.get(*table);
    let table = copied.keys().chain(found.keys()).find(differs)?;
    let rows = |contents: &Contents| contents.get(table).map_or(0, |(rows, _)| *rows);
    Some(format!(
        "what was written is not what the store holds: the table {table} has {} rows there and {} in the store, or their values \
         differ",
        rows(found),
        rows(copied)
    ))
}

/// Gives a copy that is whole its name, for good.
fn give_name(partial: &Path, target: &Path) -> std::result::Result<(), String> {
    fs::rename(partial, target).map_err(|error| format!("the finished copy cannot be given its name: {error}"))?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| {
        remove(target);
        format!("its folder {} cannot be written to disk: {error}", folder.display())
    })
}

/// Removes a copy that is not whole, with its log. Where that fails, the next copy says so.
fn remove(partial: &Path) {
    let mut log = partial.as_os_str().to_owned();
    log.push(".wal");
    for file in [partial.to_owned(), PathBuf::from(log)] {
        let _ = fs::remove_file(file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(rows: &[(&str, u64, &str)]) -> Contents {
        rows.iter().map(|(table, count, hash)| ((*table).to_owned(), (*count, (*hash).to_owned()))).collect()
    }

    #[test]
    fn a_copy_that_lacks_something_is_no_backup() {
        let store = held(&[("charges", 2, "17"), ("cycles", 1, "5")]);
        assert_eq!(difference(&store, &store.clone()), None);
        for (copy, table) in [
            (held(&[("charges", 2, "18"), ("cycles", 1, "5")]), "charges"),
            (held(&[("charges", 1, "17"), ("cycles", 1, "5")]), "charges"),
            (held(&[("charges", 2, "17")]), "cycles"),
            (held(&[("charges", 2, "17"), ("cycles", 1, "5"), ("more", 0, "0")]), "more"),
        ] {
            let said = difference(&store, &copy).unwrap();
            assert!(said.contains(&format!("the table {table} ")), "{said}");
        }
    }

    #[tokio::test]
    async fn what_is_read_back_is_every_row_and_a_torn_copy_does_not_pass() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::in_memory().unwrap();
        let fill = "CREATE TABLE filler AS SELECT range AS number, hash(range) AS noise FROM range(50000)";
        store.call(move |connection| Ok(connection.execute_batch(fill)?)).await.unwrap();
        let target = folder.path().join("copy.duckdb");
        store.backup(&target).await.unwrap();
        let held = store.read(contents).await.unwrap();
        assert_eq!(read_back(&target).unwrap(), held);
        assert_eq!(held["filler"].0, 50_000);

        let whole = fs::read(&target).unwrap();
        // Blocks are far smaller than the steps are many, and no byte of one is free but at its end.
        let mut noticed = 0;
        for at in (0..whole.len()).step_by(whole.len() / 12) {
            let mut torn = whole.clone();
            torn[at] ^= 0x55;
            let path = folder.path().join("torn.duckdb");
            fs::write(&path, torn).unwrap();
            noticed += u32::from(read_back(&path).map_or(true, |found| found != held));
        }
        assert!(noticed >= 6, "only {noticed} of 12 flipped bytes were noticed");
        fs::write(folder.path().join("short.duckdb"), &whole[..whole.len() / 2]).unwrap();
        assert!(read_back(&folder.path().join("short.duckdb")).is_err());
    }
}
