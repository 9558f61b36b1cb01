//! DuckDB's write-ahead log, as far as it takes to see that commits in it can no longer be read.
//!
//! A log that was cut off while it was written is sound up to there: nobody was told that what it lacks was stored. DuckDB takes
//! every log for such a one whose head, or the length of one of whose entries, it cannot make sense of, and leaves out all that
//! follows. It says nothing then, so this does.

/// What the head begins with: field 100, the kind of an entry, is 98, the version of the log.
const HEAD: [u8; 3] = [100, 0, 98];
/// A log shorter than this may be a head alone: 16 numbers of two bytes at most, two others, and what names them.
const LONGEST_HEAD: usize = 64;
/// Ends the head, and each entry's fields.
const END: [u8; 2] = [0xff, 0xff];
/// A commit: an entry of kind 100.
const COMMIT: [u8; 5] = [100, 0, 100, 0xff, 0xff];
/// Its length, before its checksum.
const COMMIT_LENGTH: [u8; 8] = [COMMIT.len() as u8, 0, 0, 0, 0, 0, 0, 0];
/// Bytes of an entry's length, and of its checksum.
const NUMBER: usize = 8;

/// Why commits in the log cannot be read; `None` if all can be that were ever finished.
pub fn damage(log: &[u8]) -> Option<String> {
    let Some(entries) = after_head(log) else {
        // Behind a head that was cut off there is nothing.
        let cut_off = log.len() < LONGEST_HEAD && HEAD.iter().zip(log).all(|(head, byte)| head == byte);
        return (!cut_off).then(|| "its head cannot be read".to_owned());
    };
    let mut rest = entries;
    loop {
        let (length, behind) = rest.split_first_chunk::<NUMBER>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        match length.checked_add(NUMBER).and_then(|length| behind.get(length..)) {
            Some(next) if length > 0 => rest = next,
            _ if holds_commit(rest) => {
                let at = log.len() - rest.len();
                return Some(format!("a commit stands behind byte {at}, where no entry can be read"));
            }
            _ => return None,
        }
    }
}

/// What follows on the head: its kind, version, the database's id of 16 numbers, and the number of the checkpoint before.
fn after_head(log: &[u8]) -> Option<&[u8]> {
    let rest = log.strip_prefix(&HEAD)?;
    let rest = number(rest.strip_prefix(&[101, 0])?)?;
    let mut rest = rest.strip_prefix(&[102, 0, 16])?;
    for _ in 0..16 {
        rest = number(rest)?;
    }
    number(rest.strip_prefix(&[103, 0])?)?.strip_prefix(&END)
}

/// What follows on a number, of whose bytes each but the last has its highest bit set.
fn number(bytes: &[u8]) -> Option<&[u8]> {
    let last = bytes.iter().take(10).position(|byte| byte & 0x80 == 0)?;
    bytes.get(last + 1..)
}

/// True if a whole commit stands in what is left of a log; its end, where its own length is what cannot be read.
fn holds_commit(rest: &[u8]) -> bool {
    let whole = COMMIT_LENGTH.len() + NUMBER + COMMIT.len();
    let commit = |part: &[u8]| part.starts_with(&COMMIT_LENGTH) && part.ends_with(&COMMIT);
    rest.windows(whole).any(commit) || (rest.len() >= whole && rest.ends_with(&COMMIT))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use duckdb::Connection;

    use super::*;

    /// A log as a killed process leaves it, and the place of its database.
    fn written(folder: &Path) -> (PathBuf, Vec<u8>) {
        let path = folder.join("made.duckdb");
        let connection = Connection::open(&path).unwrap();
        let sql = "CREATE TABLE a (i INTEGER); CHECKPOINT; INSERT INTO a VALUES (1); INSERT INTO a SELECT range FROM range(900);
                   CREATE TABLE b AS SELECT range AS i, 'some text' AS t FROM range(3000); DELETE FROM a WHERE i = 3";
        connection.execute_batch(sql).unwrap();
        // Before it is closed, which empties the log.
        let (file, log) = (std::fs::read(&path).unwrap(), std::fs::read(folder.join("made.duckdb.wal")).unwrap());
        drop(connection);
        std::fs::write(&path, file).unwrap();
        (path, log)
    }

    /// What DuckDB reads from the file with this log beside it; `None` if it refuses.
    fn read(path: &Path, log: &[u8]) -> Option<(i64, i64)> {
        let copy = path.with_file_name("copy.duckdb");
        std::fs::copy(path, &copy).unwrap();
        std::fs::write(path.with_file_name("copy.duckdb.wal"), log).unwrap();
        let config = duckdb::Config::default().access_mode(duckdb::AccessMode::ReadOnly).unwrap();
        let connection = Connection::open_with_flags(&copy, config).ok()?;
        let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap_or(-1);
        Some((count("SELECT count(*) FROM a"), count("SELECT count(*) FROM b")))
    }

    #[test]
    fn a_whole_log_is_sound_and_so_is_one_that_was_cut_off_while_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let (path, log) = written(folder.path());
        assert_eq!(read(&path, &log), Some((900, 3000)));
        assert_eq!(damage(&log), None);
        assert_eq!(damage(&[]), None);
        for end in 0..log.len() {
            assert_eq!(damage(&log[..end]), None, "cut off at {end} of {}", log.len());
        }
    }

    /// Each byte in turn, and each way in which it can be another: either DuckDB refuses the log, or it is told here, or nothing
    /// is lost.
    #[test]
    fn no_commit_is_lost_without_a_word() {
        let folder = tempfile::tempdir().unwrap();
        let (path, log) = written(folder.path());
        let whole = read(&path, &log);
        let mut told = 0;
        for at in (0..log.len()).filter(|at| *at < 400 || at % 61 == 0 || log.len() - at < 64) {
            let mut bent = log.clone();
            bent[at] ^= 1 << (at % 8);
            if damage(&bent).is_some() {
                told += 1;
                continue;
            }
            let read = read(&path, &bent);
            assert!(read.is_none() || read == whole, "byte {at} of {}: {read:?}", log.len());
        }
        assert!(told > 20, "{told}");
    }

    #[test]
    fn what_is_no_log_is_damaged() {
        let noise: Vec<u8> = (0..5000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert!(damage(&noise).is_some());
        assert!(damage(&[0; 4096]).is_some());
        assert!(damage(b"this is a shopping list").is_some());
    }
}
