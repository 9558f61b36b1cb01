//! Looks into a store's file without changing it: whether it opens, what it says of itself, and, where asked, whether every row
//! can be read and fits the others.
//!
//! DuckDB ends the whole process over some logs that it cannot read. So a file is looked into by a process of its own first.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use duckdb::{AccessMode, Config, Connection, OptionalExt as _};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::child::{self, Ended};
use super::copying::copy_bytes;
use super::database::confine;
use super::error::Result;
use super::known_links::KnownLinks;
use super::names::{beside, log_of};
use super::objects::{Difference, Objects};
use super::regular::{self, LONGEST_LOG, LONGEST_STORE, Links};
use super::verify::{self, Verified};
use super::{log_file, migrations, trouble};

/// The command of this program that looks into a file.
pub const EXAMINE: &str = "examine-store";
/// How thoroughly to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// It opens, and says what it is.
    Opens,
    /// Every row is read and checked, too.
    Whole,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Examined {
    /// A store that opens.
    Store(Opens),
    /// A database of nobody's: there is no table in it.
    Blank,
    /// A database of another program.
    Foreign,
    /// A store with objects in it that no store has.
    Altered {
        /// Which, in words.
        what: String,
    },
    /// Not what was written.
    Damaged {
        /// Why.
        reason: String,
    },
    /// It could not be looked into, for a reason that lies outside it.
    Unknown {
        /// Why.
        reason: String,
    },
    /// A newer DuckDB wrote it.
    NewerFormat,
}

/// What a store that opens says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opens {
    /// The version of its schema.
    pub version: i64,
    /// Its id; `None` in an older version's.
    pub id: Option<String>,
    /// The account of its data.
    pub account: Option<String>,
    /// Its links to reports.
    #[serde(default)]
    pub links: Box<KnownLinks>,
    /// What reading it whole brought; `None` where it was only opened.
    pub verified: Option<Verified>,
}

/// Who looks.
#[derive(Debug, Clone, Default)]
pub struct Examiner {
    /// The program to start for it; this process looks itself without one.
    pub program: Option<PathBuf>,
}

impl Examiner {
    /// Looks into the file `path` and its log; DuckDB may use `memory_mb` megabytes for it.
    pub fn examine(&self, path: &Path, depth: Depth, memory_mb: u32) -> Examined {
        let Some(program) = &self.program else { return examine(path, depth, memory_mb) };
        examine_by(program, path, depth, memory_mb).unwrap_or_else(|error| {
            warn!("{} looks into {} itself: no other process can: {error}", std::process::id(), path.display());
            examine(path, depth, memory_mb)
        })
    }
}

impl Examiner {
    /// Copies the file `path` and its log, as they lie on the disk, to a name beside it, which is given back. A process of its own
    /// does it where there is a program to start: one that has the store open loses its lock on the file by closing it a second time.
    pub fn copy(&self, path: &Path) -> std::io::Result<PathBuf> {
        let copy = beside(path, COPY);
        remove_copy(&copy);
        let program = self.program.as_ref().ok_or_else(|| std::io::Error::other("no program is there to do it"))?;
        let mut command = command(program);
        command.arg("--copy-to").arg(&copy).arg(path).stdout(Stdio::null()).stderr(Stdio::piped());
        let why = match child::run(command, patience(path), LONGEST_ANSWER)? {
            Ended::Itself(status, _) if status.success() => return Ok(copy),
            Ended::Itself(_, said) => String::from_utf8_lossy(&said).trim().to_owned(),
            Ended::Late => "its disk does not answer in time".to_owned(),
        };
        remove_copy(&copy);
        Err(std::io::Error::other(why))
    }
}

/// The name of a copy that is only looked into.
const COPY: &str = "as-it-lies";

/// Copies the file `path` and its log to `to`.
///
/// # Errors
/// The system's.
pub fn copy_with_log(path: &Path, to: &Path) -> std::io::Result<()> {
    copy_bytes(path, to, Links::Followed, LONGEST_STORE)?;
    match copy_bytes(&log_of(path), &log_of(to), Links::Followed, LONGEST_LOG) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        copied => copied.map(|_| ()),
    }
}

/// Removes what [`Examiner::copy`] made. What stays is in nobody's way: the next copy takes its place.
pub fn remove_copy(copy: &Path) {
    for file in [copy.to_owned(), log_of(copy)] {
        let _ = fs::remove_file(file);
    }
}

/// `program`, to be started without the environment of this process, whose secrets it does not need; but for where its libraries lie.
pub fn without_secrets(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(std::env::var_os(LIBRARIES).map(|folders| (LIBRARIES, folders)));
    command
}

/// The command that looks into a file.
fn command(program: &Path) -> Command {
    let mut command = without_secrets(program);
    command.arg(EXAMINE).stdin(Stdio::null());
    command
}

fn examine_by(program: &Path, path: &Path, depth: Depth, memory_mb: u32) -> std::io::Result<Examined> {
    let whole = (depth == Depth::Whole).then_some("--whole");
    let mut command = command(program);
    command.args(whole).arg(format!("--memory-mb={memory_mb}")).arg(path).stdout(Stdio::piped()).stderr(Stdio::null());
    let patience = patience(path);
    let (status, said) = match child::run(command, patience, LONGEST_ANSWER)? {
        Ended::Itself(status, said) => (status, said),
        Ended::Late => {
            let reason = format!("the process that looked into it was not done after {} seconds", patience.as_secs());
            return Ok(Examined::Unknown { reason: format!("{reason}; does its disk answer?") });
        }
    };
    if let Ok(found) = serde_json::from_slice(&said) {
        return Ok(found);
    }
    match status.signal() {
        Some(SIGXCPU) => {
            let reason = "to read it takes longer than a store of its length can";
            Ok(Examined::Damaged { reason: reason.to_owned() })
        }
        Some(SIGILL | SIGABRT | SIGBUS | SIGFPE | SIGSEGV) => {
            Ok(Examined::Damaged { reason: format!("DuckDB broke off while it read it ({status})") })
        }
        Some(_) => {
            let reason =
                format!("the process that looked into it was killed ({status}); is the machine short of memory?");
            Ok(Examined::Unknown { reason })
        }
        // Not looked into by this process: whatever ended that one could end this one.
        None => Ok(Examined::Unknown {
            reason: format!("the process that looked into it ended ({status}) and said nothing"),
        }),
    }
}

/// Bytes of what a process that looks into a file may say.
const LONGEST_ANSWER: u64 = 128 << 20;
/// Seconds of a processor in which a file without a byte is read, and the bytes that are read in one more, at the slowest.
const LEAST_SECONDS: u64 = 30;
const BYTES_A_SECOND: u64 = 4 << 20;
/// So many times longer may it take by the clock, where disk and processor are shared.
const SHARED: u64 = 4;

/// Seconds of a processor that looking into the file `path` and its log may take.
pub fn seconds_for(path: &Path) -> u64 {
    let bytes = |path: &Path| fs::metadata(path).map_or(0, |held| held.len()).min(LONGEST_STORE);
    LEAST_SECONDS + (bytes(path) + bytes(&log_of(path))) / BYTES_A_SECOND
}

fn patience(path: &Path) -> Duration {
    Duration::from_secs(SHARED * seconds_for(path))
}

// As Linux numbers them.
const SIGILL: i32 = 4;
const SIGABRT: i32 = 6;
const SIGBUS: i32 = 7;
const SIGFPE: i32 = 8;
const SIGSEGV: i32 = 11;
const SIGXCPU: i32 = 24;
/// Where a library lies that the program is linked with.
const LIBRARIES: &str = "LD_LIBRARY_PATH";

/// As [`Examiner::examine`], in this process, which some damaged logs end.
pub fn examine(path: &Path, depth: Depth, memory_mb: u32) -> Examined {
    if let Err(error) = regular::open(path, Links::Followed, LONGEST_STORE) {
        return Examined::Unknown { reason: format!("it cannot be read: {error}") };
    }
    match log(path) {
        Ok(Some(log)) => {
            if let Some(damage) = log_file::damage(&log) {
                return Examined::Damaged { reason: format!("its log is damaged: {damage}") };
            }
        }
        Ok(None) => {}
        Err(error) => return Examined::Unknown { reason: format!("its log cannot be read: {error}") },
    }
    look(path, depth, memory_mb).unwrap_or_else(|error| {
        let reason = error.to_string();
        if trouble::is_of_newer_duckdb(&reason) {
            Examined::NewerFormat
        } else if trouble::says_nothing_of_the_file(&reason) {
            Examined::Unknown { reason }
        } else {
            Examined::Damaged { reason }
        }
    })
}

/// What the log of the file `path` holds; `None` if there is none.
fn log(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let file = match regular::open(&log_of(path), Links::Followed, LONGEST_LOG) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut log = Vec::new();
    file.take(LONGEST_LOG).read_to_end(&mut log)?;
    Ok(Some(log))
}

fn look(path: &Path, depth: Depth, memory_mb: u32) -> Result<Examined> {
    let connection = read_only(path, memory_mb)?;
    let objects = Objects::of(&connection)?;
    let Some(version) = objects.version(&connection)? else {
        return Ok(if objects.is_blank() { Examined::Blank } else { Examined::Foreign });
    };
    // What a newer version made is not known here; it is not opened either.
    let difference = if version > migrations::known() { None } else { objects.difference(version)? };
    match difference {
        Some(Difference::Strange(what)) => return Ok(Examined::Altered { what }),
        Some(Difference::Missing(what)) => return Ok(Examined::Damaged { reason: format!("it lacks {what}") }),
        // The first migration was not committed.
        None if version == 0 => return Ok(Examined::Blank),
        None => {}
    }
    let text =
        |sql| -> Result<Option<String>> { Ok(connection.query_row(sql, [], |row| row.get(0)).optional()?.flatten()) };
    let id = if objects.has_table("store_id") { text("SELECT id FROM store_id LIMIT 1")? } else { None };
    let has_links = objects.has_table("link_revocations");
    let links = if has_links { KnownLinks::of(&connection)? } else { KnownLinks::default() };
    let account = text("SELECT account FROM ingest_runs WHERE account IS NOT NULL ORDER BY run_id DESC LIMIT 1")?;
    let verified = match depth {
        Depth::Opens => None,
        Depth::Whole => Some(verify::verify(&connection)?),
    };
    Ok(Examined::Store(Opens { version, id, account, links: Box::new(links), verified }))
}

/// Opens a file that nothing is written to: what its log holds is read into memory. Nothing in it reaches another file.
pub fn read_only(path: &Path, memory_mb: u32) -> Result<Connection> {
    let config = Config::default()
        .access_mode(AccessMode::ReadOnly)?
        .max_memory(&format!("{memory_mb}MB"))?
        .threads(1)?
        .enable_autoload_extension(false)?;
    let connection = Connection::open_with_flags(path, config)?;
    confine(&connection, &[], &[])?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_the_other_process_says_nothing_of_is_looked_into_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.duckdb");
        fs::write(&file, "text").unwrap();
        let by = |program: &str| Examiner { program: Some(program.into()) }.examine(&file, Depth::Opens, 64);
        let found = by("/bin/false");
        assert!(matches!(&found, Examined::Unknown { reason } if reason.contains("said nothing")), "{found:?}");
        // Where none can be started, this process does it.
        assert!(matches!(by("/nowhere"), Examined::Damaged { .. }));
    }

    #[test]
    fn a_longer_file_has_more_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.duckdb");
        assert_eq!(seconds_for(&file), LEAST_SECONDS);
        fs::File::create(&file).unwrap().set_len(100 << 20).unwrap();
        fs::File::create(log_of(&file)).unwrap().set_len(20 << 20).unwrap();
        assert_eq!(seconds_for(&file), LEAST_SECONDS + 30);
        fs::File::options().write(true).open(&file).unwrap().set_len(1 << 43).unwrap();
        assert!(seconds_for(&file) < 5 * 3600, "no longer than the longest store");
    }
}
