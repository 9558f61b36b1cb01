//! Backups: a consistent copy of a live store, opened and read before it counts.

use std::fs;
use std::path::Path;

use super::copying::{Contents, contents, copy_bytes};
use super::database::{blocking, undo};
use super::disk::sync_folder;
use super::error::{Result, StoreError};
use super::examine::read_only;
use super::handle::{Store, checkpoint};
use super::names::log_of;
use super::regular::{LONGEST_STORE, Links};
use super::verify::{VerifiedTable, read_tables};
use super::whole::unguessable;
use duckdb::Connection;

/// The copy's name while it is attached. Detached before it is used too: a copy that failed must not fail the next one.
const COPY: &str = "copy_of_store";

impl Store {
    /// Copies everything into a new database file at `target`, which must not exist yet. The copy is opened and read whole, and
    /// appears under its name only if it holds what the store held; of one that fails nothing stays.
    ///
    /// # Errors
    /// [`StoreError::Backup`] if `target` exists, or the copy cannot be written or does not read back; DuckDB's if the store
    /// cannot be read.
    pub async fn backup(&self, target: &Path) -> Result<()> {
        let (store, target) = (self.clone(), target.to_owned());
        blocking(move || {
            make(&target, |partial, failed| store.copy_to(partial, failed))?;
            store.write(|_, connection| store.keep_revoked(connection, None)).map(|_| ())
        })
        .await
    }

    /// Copies the finished backup `from` to `target`, as [`Store::backup`] does the store; nothing waits for it meanwhile, however
    /// slow the disk. The list of revoked links goes with it.
    ///
    /// # Errors
    /// As [`Store::backup`].
    pub async fn backup_again(&self, from: &Path, target: &Path) -> Result<()> {
        let (store, from, target) = (self.clone(), from.to_owned(), target.to_owned());
        let memory_mb = self.inner.memory_mb;
        blocking(move || {
            make(&target, |partial, failed| {
                // With the rights of a new file: an older backup may be open to others.
                let written = copy_bytes(&from, partial, Links::Refused, LONGEST_STORE)
                    .map_err(|error| failed(format!("{} cannot be copied: {error}", from.display())))?;
                check_bytes(partial, written, memory_mb, failed)
            })?;
            store.write(|_, connection| store.keep_revoked(connection, None)).map(|_| ())
        })
        .await
    }

    /// Writes the copy, and reads it again.
    fn copy_to(&self, partial: &Path, failed: &dyn Fn(String) -> StoreError) -> Result<()> {
        let name = partial.to_str().ok_or_else(|| failed("its name is not valid UTF-8".to_owned()))?;
        let _long = self.long();
        let copied = self.write(|opened, connection| {
            checkpoint(opened, connection)?;
            self.inner.health.takes_writes();
            copy(connection, name).map_err(|error| failed(error.to_string()))
        })?;
        check_copy(partial, &copied, self.inner.memory_mb, failed)
    }
}

/// Has `write` make the file at `target` under another name first.
fn make(target: &Path, write: impl FnOnce(&Path, &dyn Fn(String) -> StoreError) -> Result<()>) -> Result<()> {
    let failed = |reason: String| StoreError::Backup { path: target.to_owned(), reason };
    check_target(target).map_err(failed)?;
    let partial =
        target.with_extension(format!("{}.partial", unguessable().map_err(|error| failed(error.to_string()))?));
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

/// Reads a copy of a file, which nobody but who made it has to be asked about: it is the same bytes, and they are a whole store.
fn check_bytes(partial: &Path, written: Contents, memory_mb: u32, failed: &dyn Fn(String) -> StoreError) -> Result<()> {
    let read = contents(partial).map_err(|error| failed(format!("the copy cannot be read again: {error}")))?;
    if read != written {
        return Err(failed("what was written is not what was copied".to_owned()));
    }
    let found = read_back(partial, memory_mb)
        .map_err(|error| failed(format!("it was written and cannot be read again: {error}")))?;
    difference(&found, &found).map_or(Ok(()), |reason| Err(failed(reason)))
}

/// Reads a copy, and compares it with what was copied.
fn check_copy(
    partial: &Path,
    copied: &[VerifiedTable],
    memory_mb: u32,
    failed: &dyn Fn(String) -> StoreError,
) -> Result<()> {
    let found = read_back(partial, memory_mb)
        .map_err(|error| failed(format!("it was written and cannot be read again: {error}")))?;
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
fn copy(connection: &Connection, name: &str) -> Result<Vec<VerifiedTable>> {
    let source: String = connection.query_row("SELECT current_database()", [], |row| row.get(0))?;
    let detach = format!("DETACH DATABASE IF EXISTS {COPY}");
    connection.execute_batch(&detach)?;
    let copied = copy_within(connection, &source, name);
    if copied.is_err() {
        undo(connection);
    }
    let detached = connection.execute_batch(&detach);
    // What failed first is the cause of the other.
    let tables = copied?;
    detached?;
    Ok(tables)
}

fn copy_within(connection: &Connection, source: &str, name: &str) -> Result<Vec<VerifiedTable>> {
    connection.execute_batch(&format!("ATTACH '{}' AS {COPY}", name.replace('\'', "''")))?;
    // Notes on who read what are appended meanwhile: only a transaction sees one moment.
    connection.execute_batch("BEGIN TRANSACTION")?;
    connection.execute_batch(&format!("COPY FROM DATABASE \"{}\" TO {COPY}", source.replace('"', "\"\"")))?;
    let tables = read_tables(connection)?;
    connection.execute_batch("COMMIT")?;
    Ok(tables)
}

/// Opens the copy by itself, so that whatever is wrong with it stays there, and reads every row: DuckDB compares the checksum of
/// each block that it reads.
fn read_back(partial: &Path, memory_mb: u32) -> Result<Vec<VerifiedTable>> {
    read_tables(&read_only(partial, memory_mb)?)
}

/// Why the copy is not what was copied; `None` if it is.
fn difference(copied: &[VerifiedTable], found: &[VerifiedTable]) -> Option<String> {
    let unread = |tables: &[VerifiedTable]| tables.iter().find_map(|it| Some((it.name.clone(), it.problem.clone()?)));
    if let Some((name, problem)) = unread(copied).or_else(|| unread(found)) {
        return Some(format!("the table {name} cannot be read: {problem}"));
    }
    let of = |tables: &[VerifiedTable], name: &str| tables.iter().find(|table| table.name == name).cloned();
    let mut names = copied.iter().chain(found).map(|table| table.name.as_str());
    let table = names.find(|name| of(copied, name) != of(found, name))?;
    let rows = |tables| of(tables, table).map_or(0, |table| table.rows);
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
    sync_folder(target).map_err(|error| {
        remove(target);
        format!("its folder cannot be written to disk: {error}")
    })
}

/// Copies all that the database of `connection` holds into the file at `target`, and reads it again.
pub(super) fn copy_whole(connection: &Connection, target: &Path, memory_mb: u32) -> Result<()> {
    remove(target);
    let failed = |reason: String| StoreError::Backup { path: target.to_owned(), reason };
    let name = target.to_str().ok_or_else(|| failed("its name is not valid UTF-8".to_owned()))?;
    let copied = copy(connection, name)?;
    check_copy(target, &copied, memory_mb, &failed)
}

/// Removes a copy that is not whole, with its log. Where that fails, the next copy says so.
pub(super) fn remove(partial: &Path) {
    for file in [partial.to_owned(), log_of(partial)] {
        let _ = fs::remove_file(file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(rows: &[(&str, u64, &str)]) -> Vec<VerifiedTable> {
        let table = |(name, rows, digest): &(&str, u64, &str)| VerifiedTable {
            name: (*name).to_owned(),
            rows: *rows,
            digest: (*digest).to_owned(),
            problem: None,
        };
        rows.iter().map(table).collect()
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
        let held = store.read(read_tables).await.unwrap();
        assert_eq!(read_back(&target, 64).unwrap(), held);
        assert!(held.iter().any(|table| table.name == "filler" && table.rows == 50_000));

        let whole = fs::read(&target).unwrap();
        // Blocks are far smaller than the steps are many, and no byte of one is free but at its end.
        let mut noticed = 0;
        for at in (0..whole.len()).step_by(whole.len() / 12) {
            let mut torn = whole.clone();
            torn[at] ^= 0x55;
            let path = folder.path().join("torn.duckdb");
            fs::write(&path, torn).unwrap();
            noticed += u32::from(read_back(&path, 64).map_or(true, |found| difference(&held, &found).is_some()));
        }
        assert!(noticed >= 6, "only {noticed} of 12 flipped bytes were noticed");
        fs::write(folder.path().join("short.duckdb"), &whole[..whole.len() / 2]).unwrap();
        let short = read_back(&folder.path().join("short.duckdb"), 64);
        assert!(short.map_or(true, |found| difference(&held, &found).is_some()));
    }
}
